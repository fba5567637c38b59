# SPDX-License-Identifier: Apache-2.0
"""The disk is full in the middle of an import: nothing is half done, everyone is told, and it goes on when there is room."""
import os
import subprocess
import threading
import unittest

import harness

SHIM = os.path.join(os.path.dirname(harness.BIN), "tests", "powerloss", "powerloss.so")
ROWS = 20000
END_S = 120


class DiskFull(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)
        self.mark = os.path.join(os.path.dirname(self.data), "full")
        options = os.environ.get("ASAN_OPTIONS", "")
        self.server = harness.Server(self.data, "--batch-rows", "100", env={
            "LD_PRELOAD": SHIM, "POWERLOSS_DIR": self.data, "POWERLOSS_FULL": self.mark, "ASAN_OPTIONS": options + ":verify_asan_link_order=0"})
        self.addCleanup(self.server.end)

    def fill(self):
        open(self.mark, "w", encoding="utf-8").close()

    def free(self):
        os.unlink(self.mark)

    def post(self, query=""):
        text = "external_id;email;name;phone;created_at\n" + "".join(f"k{i};;x {i};;\n" for i in range(ROWS))
        answer = self.client.post("/v4/import_tasks" + query, text, content_type="text/csv")
        self.assertEqual(answer.status, 202, answer)
        return answer.json["data"]["id"]

    def wait(self, task, until):
        return harness.wait_for_task(self.server, self.token, task, END_S, until=until)

    def fill_in(self, task, phase):
        """Fills the disk while the task is in that phase, and waits until it says that it waits."""
        self.wait(task, lambda t: t["progress"]["phase"] == phase and (t["progress"]["records"] or t["progress"].get("undone")))
        self.fill()
        return self.wait(task, lambda t: t["progress"]["phase"] in ("waiting", "idle"))

    def refused(self):
        """What the API says meanwhile; what it acknowledged before is there."""
        for answer in (self.client.post("/v4/consumers", harness.consumer(external_id="late", name="x")),
                       self.client.put("/v4/consumers/early", harness.consumer(name="changed"))):
            self.assertEqual(answer.status, 507, answer)
            self.assertIn("disk", answer.body.decode().lower())
        found = self.client.get("/v4/consumers/early")
        self.assertEqual((found.status, found.json["data"]["attributes"]["name"]), (200, "early"))
        self.assertEqual(self.client.post("/v4/import_tasks", "external_id\n", content_type="text/csv").status, 507)

    def test_an_import_goes_on_when_there_is_room(self):
        self.client = harness.Client(self.server, self.token)
        self.addCleanup(self.client.close)
        self.assertEqual(self.client.post("/v4/consumers", harness.consumer(external_id="early", name="early")).status, 201)
        task = self.post()
        got = self.fill_in(task, "import")
        self.assertEqual((got["state"], got["progress"]["phase"]), ("processing", "waiting"), got)
        self.refused()
        self.free()
        got = self.wait(task, lambda t: t["state"] in harness.OVER)
        self.assertEqual((got["state"], got["created"], got["records"]), ("completed", ROWS, ROWS))
        self.assertEqual(self.client.post("/v4/consumers", harness.consumer(external_id="late", name="x")).status, 201)
        # The same on the way back, and the process is killed meanwhile.
        undo = threading.Thread(target=subprocess.run, kwargs={"args": [harness.BIN, "task", "undo", "--data", self.data, "--company", "Test", task], "capture_output": True})
        undo.start()
        got = self.fill_in(task, "undo")
        self.assertEqual((got["state"], got["progress"]["phase"]), ("reverting", "waiting"), got)
        self.server.kill()
        undo.join()
        self.free()
        self.server.start()
        self.client.close()
        self.assertEqual(self.wait(task, lambda t: t["state"] == "reverted")["undo"]["removed"], ROWS)
        self.assertEqual(sorted(c["attributes"]["external_id"] for c in self.client.get("/v4/consumers").json["data"]), ["early", "late"])
        self.server.stop()

    def test_a_dry_run_goes_on_when_there_is_room(self):
        self.client = harness.Client(self.server, self.token)
        self.addCleanup(self.client.close)
        task = self.post("?dry_run=true")
        got = self.fill_in(task, "dry_run")
        self.assertEqual((got["state"], got["progress"]["phase"]), ("ready", "waiting"), got)
        self.free()
        got = self.wait(task, lambda t: t["dry_run"]["state"] in ("done", "failed"))
        self.assertEqual(got["dry_run"]["result"]["created"], ROWS)
        self.server.stop()


if __name__ == "__main__":
    unittest.main()
