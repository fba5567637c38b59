# SPDX-License-Identifier: Apache-2.0
"""A task that brings the program down at one record is given up at the third time, in each phase; the rest goes on."""
import json
import os
import signal
import subprocess
import unittest

import harness

ROWS, BATCH, RECORD = 300, "100", 250  # the record is in the third batch
END_S = 60


def rows(prefix, first, count, name="x"):
    return "external_id;email;name;phone;created_at\n" + "".join(
        f"{prefix}-{i};;{name} {i};;\n" for i in range(first, first + count))


class Died(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)

    def serve(self, fault=None):
        env = {"CLIENTELE_FAULT": fault} if fault else {}
        server = harness.Server(self.data, "--batch-rows", BATCH, env=env)
        self.addCleanup(server.end)
        return server

    def post(self, server, content, query=""):
        c = harness.Client(server, self.token)
        answer = c.post("/v4/import_tasks" + query, content, content_type="text/csv")
        c.close()
        self.assertEqual(answer.status, 202, answer)
        return answer.json["data"]["id"]

    def end_of(self, server, task):
        return harness.wait_for_task(server, self.token, task, END_S)

    def dies(self, server, times):
        """The server ends by itself so often, each time it is started."""
        for n in range(times):
            if n:
                server.start_only()
            self.assertEqual(server.process.wait(END_S), -signal.SIGABRT, server.log_text())
            server.log.close()

    def customers(self):
        return len(harness.run("export", "--data", self.data, "--company", "Test", "--format", "jsonl").stdout.splitlines())

    def check(self, server, task, record=RECORD):
        server.start()
        got = self.end_of(server, task)
        self.assertEqual(got["state"], "failed", got)
        self.assertEqual((got["failure"]["code"], got["failure"]["line"]), ("crashed", record))
        self.assertIn(str(record), got["failure"]["message"])
        self.assertEqual(got["records"], sum(got[k] for k in ("created", "updated", "unchanged", "skipped", "failed")))
        # The next task of the same company is not hurt: it is shorter than where the fault is.
        after = self.end_of(server, self.post(server, rows("after", 0, 50)))
        self.assertEqual((after["state"], after["created"]), ("completed", 50))
        return got

    def forward(self, phase, query=""):
        server = self.serve(f"{phase}:{RECORD}")
        try:
            task = self.post(server, rows("a", 0, ROWS), query)
        except (OSError, harness.http.client.HTTPException):
            task = "1"  # it died before it could answer
        self.dies(server, 3)
        got = self.check(server, task)
        server.stop()
        return got

    def test_analysis(self):
        self.assertEqual(self.forward("analysis")["records"], 0)

    def test_dry_run(self):
        self.assertEqual(self.forward("dry_run", "?dry_run=true")["dry_run"]["state"], "failed")

    def test_import(self):
        self.assertEqual(self.forward("import")["created"], 200)
        self.assertEqual(self.customers(), 250)

    def test_reading(self):
        self.assertIn(self.forward("reading-import")["created"], (0, 100, 200))

    def test_import_that_must_be_whole(self):
        got = self.forward("import", "?all_or_nothing=true")
        self.assertEqual(got["created"], 200)
        self.assertEqual(self.customers(), 50)  # those of the next task

    def undo(self, server, task, *options):
        subprocess.run([harness.BIN, "task", "undo", "--data", self.data, "--company", "Test", task, *options],
                       capture_output=True, timeout=END_S, check=False)

    def imported(self):
        with self.serve() as server:
            task = self.post(server, rows("a", 0, ROWS))
            self.assertEqual(self.end_of(server, task)["created"], ROWS)
        return task

    def test_undo(self):
        task = self.imported()
        server = self.serve(f"undo:{ROWS - RECORD}")  # newest first
        self.undo(server, task)
        self.dies(server, 3)
        self.check(server, task, ROWS - RECORD)
        server.stop()
        self.assertEqual(self.customers(), 100 + 50)
        # A program without the fault goes on with the undo where it stopped.
        with self.serve() as server:
            self.undo(server, task)
            self.assertEqual(self.end_of(server, task)["state"], "reverted")
        self.assertEqual(self.customers(), 50)

    def test_dry_run_of_an_undo(self):
        task = self.imported()
        server = self.serve(f"undo:{RECORD}")
        self.undo(server, task, "--dry-run")
        self.dies(server, 3)
        server.start()
        got = harness.wait_for_task(server, self.token, task, END_S, until=lambda t: t["undo_preview"])
        self.assertEqual((got["state"], got["undo_preview"]["failure"]["code"]), ("completed", "crashed"))
        server.stop()

    def test_deaths_at_different_records_are_no_reason_to_give_up(self):
        server = self.serve("import:210")
        task = self.post(server, rows("a", 0, ROWS))
        for record in (220, 230, 240, 250, 260):
            self.dies(server, 1)
            server.env = {"CLIENTELE_FAULT": f"import:{record}"}
            server.start_only()
        self.dies(server, 1)
        server.env = {}
        server.start()
        got = self.end_of(server, task)
        self.assertEqual((got["state"], got["created"]), ("completed", ROWS))
        server.stop()

    def test_a_server_that_is_stopped_is_no_death(self):
        server = self.serve()
        task = self.post(server, rows("a", 0, 20000), "?dry_run=true")
        for _ in range(5):
            server.stop()
            server.start()
        got = harness.wait_for_task(server, self.token, task, END_S, until=lambda t: t["dry_run"]["state"] == "done")
        self.assertEqual(got["state"], "ready")
        server.stop()


if __name__ == "__main__":
    unittest.main()
