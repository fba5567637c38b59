# SPDX-License-Identifier: Apache-2.0
"""A server that is stopped ends soon and in good order whatever it is at, and goes on there; what was cancelled stays so."""
import os
import subprocess
import threading
import time
import unittest

import harness

ROWS, BATCH_ROWS = 20000, 100
STOP_S = 10  # with sanitizers, on a busy machine
END_S = 120


class Shutdown(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)
        self.server = harness.Server(self.data, "--batch-rows", str(BATCH_ROWS))
        self.addCleanup(self.server.end)

    def post(self, query=""):
        text = "external_id;email;name;phone;created_at\n" + "".join(f"k{i};;x {i};;\n" for i in range(ROWS))
        client = harness.Client(self.server, self.token)
        answer = client.post("/v4/import_tasks" + query, text, content_type="text/csv")
        client.close()
        self.assertEqual(answer.status, 202, answer)
        return answer.json["data"]["id"]

    def wait(self, task, until):
        return harness.wait_for_task(self.server, self.token, task, END_S, until=until)

    def reach(self, task, phase):
        self.wait(task, lambda t: t["progress"]["phase"] == phase)

    def stop_and_start(self):
        began = time.monotonic()
        self.server.stop()  # asserts that it ends with 0
        self.assertLess(time.monotonic() - began, STOP_S)
        self.server.start()

    def test_another_file_in_the_place_of_the_one_that_was_begun(self):
        task = self.post()
        self.wait(task, lambda t: t["records"] > 0)
        self.server.stop()
        folder = os.path.join(self.data, "uploads")
        [path] = [os.path.join(folder, name) for name in os.listdir(folder)
                  if os.path.getsize(os.path.join(folder, name)) > ROWS and "." not in name]
        with open(path, "r+b") as f:
            f.seek(-3, os.SEEK_END)
            f.write(b"?")
        self.server.start()
        got = self.wait(task, lambda t: t["state"] in harness.OVER)
        self.assertEqual((got["state"], got["failure"]["code"]), ("failed", "changed"), got)
        self.assertLess(got["records"], ROWS)  # and what is in can be undone
        self.assertIsNotNone(got["undo_until"])

    def test_in_each_phase(self):
        trial = self.post("?dry_run=true")
        self.reach(trial, "dry_run")
        self.stop_and_start()
        self.assertEqual(self.wait(trial, lambda t: t["dry_run"]["state"] in ("done", "failed"))["dry_run"]["result"]["created"], ROWS)
        task = self.post()
        self.stop_and_start()  # in its analysis, or just before or after
        self.reach(task, "import")
        self.stop_and_start()
        got = self.wait(task, lambda t: t["state"] in harness.OVER)
        self.assertEqual((got["state"], got["created"], got["records"]), ("completed", ROWS, ROWS))
        undo = threading.Thread(target=subprocess.run, kwargs={"args": [harness.BIN, "task", "undo", "--data", self.data, "--company", "Test", task], "capture_output": True})
        undo.start()
        self.reach(task, "undo")
        self.stop_and_start()
        undo.join()
        self.assertEqual(self.wait(task, lambda t: t["state"] in harness.OVER)["undo"]["removed"], ROWS)
        self.server.stop()

    def test_one_process_owns_the_directory(self):
        task = self.post()
        self.reach(task, "import")
        second = harness.run("serve", "--data", self.data, "--listen", "127.0.0.1:0", check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("another process owns", second.stderr)
        self.assertEqual(self.wait(task, lambda t: t["state"] in harness.OVER)["created"], ROWS)
        # A lock that a dead process left is none.
        self.server.kill()
        self.server.start()
        self.server.stop()

    def test_cancelled_stays_cancelled(self):
        """A cancel that was acknowledged holds after a kill, takes effect within a batch, and says what stays."""
        task = self.post()
        self.wait(task, lambda t: t["progress"]["phase"] == "import" and t["records"] > 0)
        client = harness.Client(self.server, self.token)
        answer = client.post(f"/v4/import_tasks/{task}/cancel", None)
        self.assertIn(answer.status, (200, 202), answer)
        at_cancel = answer.json["data"]["attributes"]["records"]
        client.close()
        self.server.kill()
        self.server.start()
        got = self.wait(task, lambda t: t["state"] in harness.OVER)
        self.assertEqual(got["state"], "cancelled", got)
        self.assertLessEqual(got["records"], at_cancel + 3 * BATCH_ROWS)
        self.assertEqual(got["created"], got["records"])
        self.assertIsNotNone(got["undo_until"])
        self.server.stop()
        kept = harness.run("export", "--data", self.data, "--company", "Test", "--format", "jsonl").stdout.count("\n")
        self.assertEqual(kept, got["created"])

    def test_a_cancelled_import_that_had_to_be_whole(self):
        task = self.post("?all_or_nothing=true")
        self.wait(task, lambda t: t["records"] > 0)
        client = harness.Client(self.server, self.token)
        self.assertIn(client.post(f"/v4/import_tasks/{task}/cancel", None).status, (200, 202))
        client.close()
        got = self.wait(task, lambda t: t["state"] in harness.OVER)
        self.assertEqual((got["state"], got["failure"], got["undo_until"]), ("cancelled", None, None), got)
        self.assertEqual(got["undo"]["removed"], got["created"])
        self.server.stop()
        self.assertEqual(harness.run("export", "--data", self.data, "--company", "Test", "--format", "jsonl").stdout, "")


if __name__ == "__main__":
    unittest.main()
