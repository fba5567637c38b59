# SPDX-License-Identifier: Apache-2.0
"""What must be committed together: where the database refuses one of the two, the other is not there either."""
import contextlib
import os
import sqlite3
import unittest

import harness

ROWS = "external_id;email;name;phone;created_at\n" + "".join(f"{n};;Имя {n};;\n" for n in range(1, 51))


class Together(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.addCleanup(temporary.__exit__, None, None, None)
        token = harness.new_token(self.data)
        self.server = harness.Server(self.data, "--batch-rows", "10")
        self.addCleanup(self.server.end)
        self.c = harness.Client(self.server, token)
        self.addCleanup(self.c.close)

    def sql(self, text):
        with contextlib.closing(sqlite3.connect(os.path.join(self.data, "companies", "1.db"), isolation_level=None)) as db:
            return db.execute(text).fetchall()

    def refuse(self, when):
        self.sql(f"CREATE TRIGGER refused {when} BEGIN SELECT RAISE(ABORT, 'refused by the test'); END")

    def post(self, query=""):
        return self.c.post(f"/v4/import_tasks{query}", ROWS, content_type="text/csv")

    def end_of(self, answer):
        self.assertEqual(answer.status, 202, answer)
        return harness.wait_for_task(self.server, self.c.token, answer.json["data"]["id"])

    def test_rows_and_the_counters_of_their_task(self):
        self.refuse("BEFORE UPDATE OF records ON import_task WHEN NEW.records > 20")
        got = self.end_of(self.post())
        self.assertEqual((got["state"], got["failure"]["code"], got["records"], got["created"]), ("failed", "store", 20, 20))
        self.assertEqual(self.sql("SELECT count(*) FROM consumer"), [(20,)])

    def test_rows_and_what_an_undo_needs(self):
        self.end_of(self.post())
        self.refuse("BEFORE INSERT ON trail WHEN NEW.record > 20")
        got = self.end_of(self.c.post("/v4/import_tasks", ROWS.replace("Имя", "Другое"), content_type="text/csv"))
        self.assertEqual((got["state"], got["updated"]), ("failed", 20))
        self.assertEqual(self.sql("SELECT count(*) FROM consumer WHERE name LIKE 'Другое%'"), [(20,)])

    def test_rows_and_their_errors(self):
        self.refuse("BEFORE INSERT ON import_error WHEN NEW.record > 20")
        text = ROWS + "51;wrong;;;\n52;;Имя;;\n"
        got = self.end_of(self.c.post("/v4/import_tasks", text, content_type="text/csv"))
        self.assertEqual((got["state"], got["records"]), ("failed", 50))
        self.assertEqual(self.sql("SELECT count(*) FROM consumer"), [(50,)])

    def test_a_task_and_the_deed_that_makes_it(self):
        self.refuse("BEFORE INSERT ON audit")
        self.assertGreaterEqual(self.post().status, 500)
        self.assertEqual(self.sql("SELECT count(*) FROM import_task"), [(0,)])

    def test_what_is_asked_of_a_task_and_its_deed(self):
        task = self.post("?start=manual").json["data"]["id"]
        harness.wait_for_task(self.server, self.c.token, task, until=lambda t: t["state"] == "ready")
        self.refuse("BEFORE INSERT ON audit")
        self.assertGreaterEqual(self.c.post(f"/v4/import_tasks/{task}/start", None).status, 400)
        self.assertEqual(self.c.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]["state"], "ready")
        self.assertEqual(self.sql("SELECT count(*) FROM consumer"), [(0,)])


if __name__ == "__main__":
    unittest.main()
