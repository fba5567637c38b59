# SPDX-License-Identifier: Apache-2.0
"""What a person who checks an import is shown: the rows behind the dry run's counts, who is missing, the rows that
fail, and for each question what it is about and a setting that answers it."""
import unittest

import test_tasks
import workbook

HEAD = test_tasks.HEAD


class Rows(test_tasks.WithServer):
    def setUp(self):
        super().setUp()
        self.before = self.made(test_tasks.rows(5))
        self.wait(self.before)

    def page(self, number, query="", **more):
        answer = self.c.get(f"/v4/import_tasks/{number}/outcomes{query}", **more)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def all(self, number, query=""):
        found, at = [], f"/v4/import_tasks/{number}/outcomes{query}"
        while at:
            answer = self.c.get(at[at.index("/v4"):])
            self.assertEqual(answer.status, 200, answer)
            found += [row["attributes"] for row in answer.json["data"]]
            at = answer.json["links"]["next"]
        return found

    def test_each_count_has_its_rows(self):
        text = (HEAD + "c1;c1@example.com;Анна;;;Омск\n" + 'c2;c2@example.com;Анна;;;"Тве;рь ""Ю"""\n' + "c3;bad;;;;\n" + "n1;n1@example.com;=Борис;;;\n")
        number = self.ready(text.encode())
        self.assertEqual(self.c.get(f"/v4/import_tasks/{number}/outcomes").status, 404)
        result = self.tried(number)
        rows = self.all(number)
        self.assertEqual([(r["record"], r["line"], r["external_id"], r["action"]) for r in rows],
                         [(1, 2, "c1", "unchanged"), (2, 3, "c2", "updated"), (3, 4, "c3", "failed"), (4, 5, "n1", "created")])
        self.assertEqual(rows[1]["changes"], [{"field": "custom_attributes.Город", "old": "Омск", "new": 'Тве;рь "Ю"'}])
        self.assertIn({"field": "name", "old": "", "new": "=Борис"}, rows[3]["changes"])
        for action in ("created", "updated", "unchanged", "skipped", "failed"):
            self.assertEqual(len(self.all(number, f"?action={action}&per_page=1")), result[action])
        self.assertEqual(len(self.all(number, "?action=created,failed")), 2)
        self.assertEqual([r["record"] for r in self.all(number, "?field=custom_attributes.%D0%93%D0%BE%D1%80%D0%BE%D0%B4")], [2])
        self.assertEqual(self.all(number, "?field=phone"), [])
        self.assertEqual([r["record"] for r in self.all(number, "?external_id=c&per_page=2")], [1, 2, 3])
        self.assertEqual(self.page(number, "?after=3")["data"][0]["id"], f"{number}-4")

    def test_the_reason_of_a_skipped_row(self):
        text = HEAD + "c1;;;;;\nn1;;;;;\nn1;;;;;\n"
        for mode, repeats, reasons in (("create_only", "first_wins", ["exists", None, "repeated"]),
                                       ("update_only", "in_order", [None, "missing", "missing"])):
            number = self.made(text.encode(), f"?start=manual&go_on=true&mode={mode}&repeats={repeats}")
            self.wait(number, "ready")
            self.tried(number)
            self.assertEqual([r["reason"] for r in self.all(number)], reasons)

    def test_many_fields_share_the_last_place(self):
        names = [f"f{i}" for i in range(80)]
        head = "external_id;email;name;phone;created_at;" + ";".join(names) + "\n"
        one = self.made((head + "c1;;;;;" + ";".join("x" for _ in names) + "\nc2;;;;;" + ";".join("x" for _ in names) + "\n").encode())
        self.wait(one)
        number = self.ready((head + "c1;;;;;" + ";".join("y" for _ in names) + "\nc2;;;;;" + ";".join("x" for _ in names[:-1]) + ";z\n").encode())
        self.tried(number)
        self.assertEqual([r["record"] for r in self.all(number, "?field=custom_attributes.f78")], [1])
        self.assertEqual([r["record"] for r in self.all(number, "?field=custom_attributes.f79")], [1, 2])

    def test_who_has_a_name(self):
        task = self.get(self.before)
        self.assertEqual(task["created_by"], {**task["created_by"], "type": "token", "name": "test"})
        self.assertEqual(task["deeds"][0]["by"]["name"], "test")

    def test_wrong_queries(self):
        number = self.ready(test_tasks.rows(3, city="Тверь"))
        self.tried(number)
        for query in ("?action=gone", "?after=x", "?per_page=0"):
            self.assertEqual(self.c.get(f"/v4/import_tasks/{number}/outcomes{query}").status, 422, query)
        self.assertEqual(self.c.get(f"/v4/import_tasks/{number}/missing_customers?after=x").status, 422)

    def test_who_is_missing_by_page(self):
        number = self.ready(test_tasks.rows(2, city="Тверь"))
        self.assertEqual(self.c.get(f"/v4/import_tasks/{number}/missing_customers").status, 404)
        self.tried(number)
        answer = self.c.get(f"/v4/import_tasks/{number}/missing_customers?per_page=2")
        self.assertEqual([(m["attributes"]["external_id"], m["attributes"]["line"]) for m in answer.json["data"]], [("c3", 4), ("c4", 5)])
        rest = self.c.get(answer.json["links"]["next"][answer.json["links"]["next"].index("/v4"):])
        self.assertEqual([m["attributes"]["external_id"] for m in rest.json["data"]], ["c5"])
        self.assertIsNone(rest.json["links"]["next"])

    def test_failed_rows_before_the_start(self):
        number = self.ready(test_tasks.rows(3, city="Тверь", bad={2, 3}))
        self.assertEqual(self.c.get(f"/v4/import_tasks/{number}/failed_rows").status, 409)
        self.tried(number)
        answer = self.c.get(f"/v4/import_tasks/{number}/failed_rows")
        self.assertEqual((answer.status, answer.body.decode().count("\n")), (200, 3))
        fixed = answer.body.replace(b"bad", b"")
        again = self.made(fixed, "?start=manual")
        self.assertEqual(self.wait(again, "ready")["corrects"], number)
        good = self.ready(test_tasks.rows(2, city="Пермь"))
        self.tried(good)
        self.assertEqual(self.c.get(f"/v4/import_tasks/{good}/failed_rows").status, 404)


class Questions(test_tasks.WithServer):
    """Each is asked, shown with what it is about, and answered by the setting that it names."""

    def asked(self, content, code, query="", **more):
        number = self.made(content, "?start=manual" + query, **more)
        task = self.wait(number, "needs_answer")
        self.assertEqual(task["failure"]["code"], code)
        return number, task

    def answer(self, number, **settings):
        self.assertIn(self.ask(number, "settings", settings, "PUT").status, (200, 202))
        return self.wait(number, "ready")

    def test_encoding(self):
        number, task = self.asked((HEAD + "1;;Анна;;;Омск\n").encode("windows-1251"), "encoding")
        shown = {e["encoding"]: e["lines"] for e in task["analysis"]["encodings"]}
        self.assertIn("Город", shown["windows-1251"][0]["cells"])
        self.assertEqual(task["failure"]["setting"], "encoding")
        self.assertEqual(self.answer(number, encoding="windows-1251")["analysis"]["encoding"], "windows-1251")

    def test_delimiter(self):
        number, task = self.asked(b"a,b;c\n1,2;3\n", "delimiter", "&mode=update_only")
        shown = {d["delimiter"]: d["rows"] for d in task["analysis"]["delimiters"]}
        self.assertEqual(shown[";"][0]["cells"], ["a,b", "c"])
        number, task = self.asked(b"external_id\n1\n2\n", "one_column", "&mode=update_only")
        self.assertEqual(task["failure"]["setting"], "delimiter")
        self.answer(number, delimiter=";")

    def test_quote(self):
        number, task = self.asked((HEAD + '1;;"Анна;;;\n').encode(), "quote_open")
        self.assertEqual(task["failure"]["setting"], "quote")
        self.assertEqual(self.answer(number, quote="none")["analysis"]["quote"], "none")

    def test_sheets(self):
        head = HEAD.strip().split(";")
        content = workbook.book({"Пусто": [], "Клиенты": [head, ["1", "", "Анна", "", "", ""]], "Черновик": [head, ["2", "", "", "", "", ""]]},
                                hidden={"Черновик"})
        number, task = self.asked(content, "empty", content_type=test_tasks.XLSX)
        self.assertEqual(task["analysis"]["sheets"], [{"name": "Пусто", "hidden": False}, {"name": "Клиенты", "hidden": False}, {"name": "Черновик", "hidden": True}])
        self.assertEqual(task["failure"]["setting"], "sheet")
        self.assertEqual(self.answer(number, sheet="Клиенты")["analysis"]["sheet"], "Клиенты")
        self.assertEqual(self.answer(number, sheet="Черновик")["analysis"]["sheet"], "Черновик")
        self.ask(number, "settings", {"sheet": "Нет такого"}, "PUT")
        task = self.wait(number, "needs_answer")
        self.assertEqual((task["failure"]["code"], len(task["analysis"]["sheets"])), ("sheet_not_found", 3))

    def test_header(self):
        number, task = self.asked(("Наши клиенты;;;;;\n" + HEAD + "1;;;;;\n").encode(), "header_later")
        self.assertEqual((task["failure"]["line"], task["analysis"]["head"][1]["cells"][0]), (2, "external_id"))
        self.assertEqual(self.answer(number, header_row=2)["analysis"]["header_line"], 2)
        number, task = self.asked(b"external_id;emal\n1;a@b.ru\n", "columns_missing")
        columns = task["analysis"]["columns"]
        self.assertEqual((columns[1]["near"], columns[1]["samples"]), ("email", ["a@b.ru"]))
        self.answer(number, mapping={"emal": "email"}, blank_missing=True)
        number, task = self.asked(HEAD.replace("external_id", "ID").encode() + b"1;;;;;\n", "header_id")
        self.answer(number, mapping={"ID": "external_id"})
        number, task = self.asked(HEAD.replace("Город", "e-mail").encode() + b"2;;;;;\n", "header_repeated")
        self.assertEqual([c["becomes"] for c in task["analysis"]["columns"]].count("email"), 2)
        self.answer(number, mapping={"#6": "ignore"})
        number, task = self.asked(HEAD.replace("Город", "unsubscribed").encode() + b"3;;;;;\n", "header_reserved")
        self.answer(number, mapping={"unsubscribed": "unsubscribed"})

    def test_columns_without_a_name(self):
        number, task = self.asked(HEAD.replace("Город", "").encode() + "1;;;;;Омск\n".encode(), "header_empty")
        self.assertEqual((task["failure"]["setting"], task["analysis"]["columns"][5]["samples"]), ("mapping", ["Омск"]))
        self.assertEqual(self.answer(number, mapping={"#6": "custom_attributes.Город"})["analysis"]["columns"][5]["attribute"], "Город")
        self.assertIsNone(self.answer(number, mapping={"#6": "ignore"})["analysis"]["columns"][5]["becomes"])
        number, task = self.asked(HEAD.replace("Город", "x" * 300).encode() + b"2;;;;;\n", "header_too_long")
        self.answer(number, mapping={"#6": "ignore"})

    def test_known_attributes(self):
        self.wait(self.made((HEAD + "1;;Анна;;;Омск\n").encode()))
        number = self.ready((HEAD.replace("Город", "Город;Рост") + "2;;;;;;\n").encode())
        columns = {c["header"]: c for c in self.get(number)["analysis"]["columns"]}
        self.assertEqual((columns["Город"]["known"], columns["Рост"]["known"]), (True, False))
        self.assertNotIn("known", columns["email"])

    def test_a_file_that_is_none_still_fails(self):
        number = self.made(b"<html><body>x</body></html>", "?start=manual")
        task = self.wait(number, "failed")
        self.assertEqual(task["failure"]["code"], "html")
        number = self.made((HEAD).encode(), "?start=manual")
        self.assertEqual(self.wait(number, "failed")["failure"]["code"], "header_only")


if __name__ == "__main__":
    unittest.main()
