# SPDX-License-Identifier: Apache-2.0
"""What is kept for how long: files, what an undo needs, reports, tasks; and who may read what lies there."""
import datetime
import glob
import contextlib
import json
import os
import re
import sqlite3
import stat
import time
import unittest

import harness

ROWS = "external_id;email;name;phone;created_at\n1;anna@example.com;Анна;89161234567;\n2;no-address;Борис;;\n"
DAY = 86400


def database(data):
    return glob.glob(os.path.join(data, "companies", "*.db"))[0]


def make_older(data, days):
    """Everything the tasks did was so many days ago, their files too."""
    with sqlite3.connect(database(data)) as db:
        for column in ("created_at", "started_at", "finished_at", "updated_at"):
            db.execute(f"UPDATE import_task SET {column} = {column} - ? WHERE {column} > 0", (days * DAY * 10 ** 6,))
        db.execute("UPDATE trail SET at = at - ?", (days * DAY * 10 ** 6,))
    db.close()
    for name in os.listdir(os.path.join(data, "uploads")):
        path = os.path.join(data, "uploads", name)
        os.utime(path, (os.stat(path).st_mtime - days * DAY,) * 2)


class Retention(unittest.TestCase):
    def setUp(self):
        keeper = harness.temporary_data()
        self.data = keeper.__enter__()
        self.addCleanup(keeper.__exit__, None, None, None)
        self.token = harness.new_token(self.data)

    def client(self, server):
        client = harness.Client(server, self.token)
        self.addCleanup(client.close)
        return client

    def imported(self, client, rows=ROWS, query=""):
        answer = client.post("/v4/import_tasks?file_name=klienty.csv" + query, rows, content_type="text/csv")
        self.assertEqual(answer.status, 202, answer)
        return self.finished(client, answer.json["data"]["id"])

    def finished(self, client, task):
        until = time.monotonic() + 30
        while time.monotonic() < until:
            state = self.task(client, task)
            if state["state"] in ("completed", "completed_with_errors", "failed", "cancelled", "reverted"):
                return task
            time.sleep(0.02)
        raise AssertionError(state)

    def task(self, client, task):
        answer = client.get(f"/v4/import_tasks/{task}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["data"]["attributes"]

    def restarted_after(self, days, *arguments):
        make_older(self.data, days)
        return harness.Server(self.data, *arguments)

    def former_values(self):
        with contextlib.closing(sqlite3.connect(database(self.data))) as db:
            return db.execute("SELECT count(*) FROM trail").fetchone()[0]

    def imported_once(self):
        with harness.Server(self.data) as server:
            return self.imported(self.client(server))

    def test_files_go_after_a_week_and_what_was_shown_of_them(self):
        task = self.imported_once()
        with self.restarted_after(6) as server:
            told = self.task(self.client(server), task)
            self.assertEqual(len(os.listdir(os.path.join(self.data, "uploads"))), 1)
            self.assertTrue(told["analysis"]["preview"])
            self.assertTrue(told["analysis"]["columns"][1]["samples"])
            self.assertIn("9161234567", json.dumps(told["analysis"]["findings"]))
        with self.restarted_after(2) as server:
            client = self.client(server)
            told = self.task(client, task)
            self.assertEqual(os.listdir(os.path.join(self.data, "uploads")), [])
            self.assertNotIn("anna", json.dumps(told, ensure_ascii=False).lower())
            self.assertNotIn("9161234567", json.dumps(told, ensure_ascii=False))
            self.assertNotIn("Анна", json.dumps(told, ensure_ascii=False))
            self.assertEqual([c["header"] for c in told["analysis"]["columns"]],
                             ["external_id", "email", "name", "phone", "created_at"])
            self.assertEqual(client.get(f"/v4/import_tasks/{task}/errors").rows[0]["value"], "no-address")

    def test_reports_and_undo_go_after_thirty_days_and_the_task_stays(self):
        with harness.Server(self.data) as server:
            client = self.client(server)
            task = self.imported(client)
            self.imported(client, ROWS.replace("Анна", "Нюра"))
        with self.restarted_after(29) as server:
            client = self.client(server)
            self.assertEqual(self.former_values(), 1)
            self.assertIsNotNone(self.task(client, task)["undo_until"])
            self.assertEqual(len(client.get(f"/v4/import_tasks/{task}/errors").json["data"]), 1)
        with self.restarted_after(2) as server:
            client = self.client(server)
            told = self.task(client, task)
            self.assertIsNone(told["undo_until"])
            self.assertEqual(client.get(f"/v4/import_tasks/{task}/errors").json["data"], [])
            self.assertEqual((told["file_name"], told["records"], told["failed"], len(told["sha256"])),
                             ("klienty.csv", 2, 1, 64))
        self.assertEqual(self.former_values(), 0)
        undo = harness.run("task", "undo", "--data", self.data, task, check=False)
        self.assertNotEqual(undo.returncode, 0)
        self.assertIn("30", undo.stderr)

    def test_the_task_goes_after_three_years(self):
        task = self.imported_once()
        with self.restarted_after(1095) as server:
            self.task(self.client(server), task)
        with self.restarted_after(2) as server:
            self.assertEqual(self.client(server).get(f"/v4/import_tasks/{task}").status, 404)

    def test_the_times_can_be_set(self):
        config = os.path.join(self.data, "test.ini")
        with open(config, "w", encoding="utf-8") as f:
            f.write("keep_files_days = 2\nkeep_trail_days = 3\n")
        with harness.Server(self.data, "--config", config) as server:
            task = self.imported(self.client(server))
            told = self.task(self.client(server), task)
            at = {name: datetime.datetime.fromisoformat(told[name])
                  for name in ("created_at", "started_at", "files_until", "undo_until")}
            self.assertEqual(at["files_until"] - at["created_at"], datetime.timedelta(days=2))
            self.assertEqual(at["undo_until"] - at["started_at"], datetime.timedelta(days=3))
        with self.restarted_after(2.5, "--config", config) as server:
            self.assertEqual(os.listdir(os.path.join(self.data, "uploads")), [])
            self.assertIsNotNone(self.task(self.client(server), task)["undo_until"])
        with self.restarted_after(1, "--config", config) as server:
            self.assertIsNone(self.task(self.client(server), task)["undo_until"])
        for option, value in (("--keep-files-days", "0"), ("--keep-trail-days", "x"), ("--keep-parts-hours", "99999")):
            done = harness.run("serve", "--data", self.data, option, value, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("use a number from 1 to", done.stderr)

    def test_files_are_the_owners_alone_and_the_log_names_nobody(self):
        with harness.Server(self.data) as server:
            client = self.client(server)
            self.imported(client)
            answer = client.post("/v4/import_tasks?dry_run=true", ROWS, content_type="text/csv")
            until = time.monotonic() + 30
            while self.task(client, answer.json["data"]["id"])["dry_run"]["state"] != "done":
                self.assertLess(time.monotonic(), until)
                time.sleep(0.02)
            uploads = os.path.join(self.data, "uploads")
            names = os.listdir(uploads)
            self.assertGreater(len(names), 2)  # files and what the dry run made of one
            for name in names:
                self.assertRegex(name, r"^[0-9a-f]{32}(\.[a-z.]+)?$")
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(uploads, name)).st_mode), 0o600, name)
            self.assertEqual(stat.S_IMODE(os.stat(uploads).st_mode), 0o700)
        log = server_log(self.data)
        for value in ("anna", "Анна", "9161234567", "no-address", "Борис", "klienty", self.token):
            self.assertNotIn(value, log)


def server_log(data):
    with open(os.path.join(data, "test-server.log"), encoding="utf-8") as f:
        return re.sub(r"\s+", " ", f.read())


if __name__ == "__main__":
    unittest.main()
