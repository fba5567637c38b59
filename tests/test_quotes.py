# SPDX-License-Identifier: Apache-2.0
"""What quotes the cells of a CSV file: told from its header, or stated; kept with the task and used whenever it is read."""
import contextlib
import sqlite3
import unittest

from test_retention import database
from test_tasks import WithServer

SINGLE = ("'external_id','email','name','phone','created_at','Город'\r\n"
          "'q1','q1@example.com','d''Artagnan, Шарль','','','Тарб'\r\n"
          "'q2','bad','Анна\nПетрова','','','Омск'\r\n").encode()
NONE = "external_id;email;name;phone;created_at\nn1;;\"Ромашка;;\nn2;;\"A\";;\n".encode()


class Quotes(WithServer):
    def name_of(self, key):
        return self.c.get(f"/v4/consumers/{key}").json["data"]["attributes"]["name"]

    def test_single_quotes_are_told_from_the_header_and_the_failed_row_comes_back(self):
        task = self.wait(number := self.made(SINGLE))
        self.assertEqual((task["state"], task["created"], task["failed"]), ("completed_with_errors", 1, 1), task)
        self.assertEqual((task["analysis"]["delimiter"], task["analysis"]["quote"], task["settings"]), (",", "single", {}))
        self.assertEqual(self.name_of("q1"), "d'Artagnan, Шарль")
        failed = self.c.get(f"/v4/import_tasks/{number}/failed_rows").body
        self.assertIn('"Анна\nПетрова"', failed.decode())
        again = self.wait(self.made(failed.replace(b"bad", b"q2@example.com")))
        self.assertEqual((again["state"], again["created"], again["corrects"]), ("completed", 1, number))

    def test_a_stated_one_is_kept_and_shown(self):
        task = self.wait(self.made(NONE, "?quote=none"))
        self.assertEqual((task["state"], task["created"], task["settings"]), ("completed", 2, {"quote": "none"}), task)
        self.assertEqual((task["analysis"]["quote"], self.name_of("n1"), self.name_of("n2")), ("none", '"Ромашка', '"A"'))
        task = self.wait(self.made(NONE.replace(b"\"A\"", b"A")))
        self.assertEqual((task["state"], task["failure"]["code"]), ("failed", "quote_open"))
        self.assertIn("quote=none", task["failure"]["message"])

    def test_settings_change_it_and_what_cannot_be_is_refused(self):
        number = self.made(SINGLE, "?start=manual&quote=double&go_on=true&delimiter=,")
        self.wait(number, "ready", "needs_answer", "failed")
        self.assertEqual(self.ask(number, "settings", {"quote": "auto"}, "PUT").status, 202)
        self.assertEqual(self.wait(number, "ready")["analysis"]["quote"], "single")
        answer = self.ask(number, "settings", {"quote": "single", "delimiter": "'"}, "PUT")
        self.assertEqual(answer.status, 422)
        self.assertIn("another character than the quote", str(answer.json))
        self.assertIn("разными", str(self.ask(number, "settings", {"delimiter": "'", "quote": "single"}, "PUT",
                                              headers={"Accept-Language": "ru"}).json))
        self.assertEqual(self.ask(number, "settings", {"quote": "x"}, "PUT").status, 422)

    def test_what_the_analysis_found_is_what_all_later_reads_use(self):
        number = self.made(b"external_id;email;name;phone;created_at\nw1;;'A';;\nw2;never;'B';;\n", "?start=manual")
        self.assertEqual(self.wait(number, "ready")["analysis"]["quote"], "double")
        self.c.close()
        self.server.stop()
        with contextlib.closing(sqlite3.connect(database(self.data))) as db, db:  # as another version may have found it
            db.execute("""UPDATE import_task SET analysis = replace(analysis, '"quote":"double"', '"quote":"single"')""")
        self.server.start()
        self.ask(number, "start")
        self.wait(number, "completed_with_errors")
        self.assertEqual(self.name_of("w1"), "A")
        self.assertNotIn("'B'", self.c.get(f"/v4/import_tasks/{number}/failed_rows").body.decode())


if __name__ == "__main__":
    unittest.main()
