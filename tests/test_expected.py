# SPDX-License-Identifier: Apache-2.0
"""Started with its dry run's fingerprint an import ends as that said, or not at all: whoever writes while it runs, and
whenever it is killed."""
import os
import signal
import sqlite3
import threading
import time
import unittest

import harness
from harness import consumer

ROWS, BATCH, SLOW_S = 20000, 500, 120
HEADER = "external_id;email;name;phone;created_at\n"


class Expected(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)

    def serve(self, fault=None):
        self.server = harness.Server(self.data, "--batch-rows", str(BATCH), env={"CLIENTELE_FAULT": fault} if fault else {})
        self.addCleanup(self.server.end)
        self.connect()

    def connect(self):
        self.c = harness.Client(self.server, self.token)
        self.addCleanup(self.c.close)

    def look(self, task):
        return self.c.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]

    def until(self, task, holds):
        end = time.monotonic() + SLOW_S
        while not holds(found := self.look(task)):
            self.assertLess(time.monotonic(), end, found)
        return found

    def tried(self, text):
        """A task whose dry run is over, and its fingerprint."""
        task = self.c.post("/v4/import_tasks?dry_run=true", text, content_type="text/csv").json["data"]["id"]
        found = self.until(task, lambda t: t["state"] == "failed" or t["dry_run"]["state"] == "done")
        return task, found["dry_run"]["result"]["fingerprint"]

    def start(self, task, fingerprint):
        answer = self.c.post(f"/v4/import_tasks/{task}/start", {"fingerprint": fingerprint})
        self.assertEqual(answer.status, 202, answer)

    def customers(self, prefix):
        return sorted(k for line in harness.run("export", "--data", self.data, "--format", "csv", "--fields", "external_id").stdout.splitlines()
                      if (k := line.strip('"')).startswith(prefix))

    def rows(self, prefix, count=ROWS):
        return HEADER + "".join(f"{prefix}{n};;Имя {n};;\n" for n in range(1, count + 1))

    def test_one_who_writes_while_it_runs_has_it_taken_back_and_shown(self):
        self.serve()
        task, fingerprint = self.tried(self.rows("r"))
        self.start(task, fingerprint)
        self.until(task, lambda t: t["progress"]["phase"] == "import" and t["progress"]["records"] > BATCH)
        self.assertEqual(self.c.put(f"/v4/consumers/r{ROWS}", consumer(name="Другой")).status, 201)
        found = self.until(task, lambda t: t["state"] in ("failed", "completed") and t["progress"]["phase"] == "idle")
        self.assertEqual((found["state"], found["failure"]["code"], found["failure"]["line"]), ("failed", "base_changed_meanwhile", ROWS + 1))
        self.assertIn(str(ROWS + 1), found["failure"]["message"])
        self.assertEqual(found["dry_run"]["result"]["difference"], {"count": 1, "first": [{"record": ROWS, "was": "created", "now": "updated"}]})
        self.assertEqual(self.customers("r"), [f"r{ROWS}"])
        self.assertEqual(self.c.get(f"/v4/consumers/r{ROWS}").json["data"]["attributes"]["name"], "Другой")
        # What it says to do helps.
        task, fingerprint = self.tried(self.rows("r") + "\n")
        self.start(task, fingerprint)
        self.assertEqual(self.until(task, lambda t: t["state"] in ("failed", "completed"))["state"], "completed")

    def test_one_who_writes_before_the_first_record_has_the_new_dry_run_shown(self):
        self.serve()
        task, fingerprint = self.tried(self.rows("n"))
        db = sqlite3.connect(os.path.join(self.data, "companies", "1.db"), isolation_level=None)
        self.addCleanup(db.close)
        self.start(task, fingerprint)
        self.until(task, lambda t: t["progress"]["phase"] == "dry_run" and t["progress"]["records"] > 0)
        db.execute("BEGIN IMMEDIATE")  # the writer waits, with whoever came first
        other = harness.Client(self.server, self.token)
        self.addCleanup(other.close)
        waiting = threading.Thread(target=other.put, args=("/v4/consumers/n7", consumer(name="Другой")))
        waiting.start()
        self.until(task, lambda t: t["progress"]["phase"] != "dry_run")
        db.execute("ROLLBACK")
        waiting.join()
        found = self.until(task, lambda t: t["state"] not in ("queued", "processing", "reverting"))
        self.assertEqual((found["state"], found["failure"]["code"]), ("ready", "base_changed"))
        self.assertEqual(found["dry_run"]["result"]["difference"], {"count": 1, "first": [{"record": 7, "was": "created", "now": "updated"}]})
        self.assertEqual(self.customers("n"), ["n7"])

    def test_killed_and_gone_on_with_it_is_still_held_to_it(self):
        for changed in (False, True):
            with self.subTest(changed=changed):
                prefix = f"k{int(changed)}-"
                self.serve()
                task, fingerprint = self.tried(self.rows(prefix, 3000))
                self.c.close()
                self.server.stop()
                self.serve("import:1700")
                self.start(task, fingerprint)
                self.assertEqual(self.server.process.wait(SLOW_S), -signal.SIGABRT)
                self.server.log.close()
                if changed:
                    path = os.path.join(self.data, "one.csv")
                    with open(path, "w", encoding="utf-8") as f:
                        f.write(HEADER + f"{prefix}2900;;Другой;;\n")
                    harness.run("import", "--data", self.data, path)
                self.serve()
                found = self.until(task, lambda t: t["state"] in ("failed", "completed"))
                self.assertEqual(found["state"], "failed" if changed else "completed")
                self.assertEqual(len(self.customers(prefix)), 1 if changed else 3000)
                self.assertEqual((found["failure"] or {}).get("line"), 2901 if changed else None)
                self.c.close()
                self.server.stop()

    def test_a_customer_whom_the_file_itself_makes_and_dates_has_the_same_outcome_each_time(self):
        self.serve()
        task, fingerprint = self.tried(HEADER + "d1;;А;;\nd1;;А;;2020-01-01\n")
        self.start(task, fingerprint)
        found = self.until(task, lambda t: t["state"] in ("failed", "completed", "ready"))
        self.assertEqual((found["state"], found["created"], found["updated"]), ("completed", 1, 1), found["failure"])


if __name__ == "__main__":
    unittest.main()
