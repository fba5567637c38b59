# SPDX-License-Identifier: Apache-2.0
"""The rows behind the counts of an import, the groups of its errors with examples, and the history by who, when and what."""
import unittest

import harness

HEADER = "external_id;email;name;phone;created_at\n"
OUTCOMES = ("created", "updated", "unchanged", "skipped", "failed")


class Case(harness.ServerCase):
    def setUp(self):
        self.http = self.client()

    def imported(self, text, name="clients.csv", **settings):
        query = "&".join([f"file_name={name}"] + [f"{k}={v}" for k, v in settings.items()])
        task = self.http.request("POST", f"/v4/import_tasks?{query}", text.encode(), content_type="text/csv").json["data"]["id"]
        return self.settled(task)

    def settled(self, task):
        while True:
            data = self.http.get(f"/v4/import_tasks/{task}").json["data"]
            if data["attributes"]["state"] in ("completed", "completed_with_errors", "failed"):
                return data

    def rows(self, task, outcome, per_page=100, more=""):
        path, found = f"/v4/import_tasks/{task}/rows?outcome={outcome}&per_page={per_page}{more}", []
        while path:
            answer = self.http.get(path)
            self.assertEqual(answer.status, 200, answer)
            found += answer.json["data"]
            path = answer.json["links"]["next"]
        return [row["attributes"] for row in found]

    def test_every_row_is_behind_exactly_one_count(self):
        self.imported(HEADER + "".join(f"k{n};;Имя {n};;\n" for n in range(40)))
        text = HEADER + "".join(f"k{n};;{'Имя' if n % 3 else 'Новое'} {n};;\n" for n in range(40)) + "new;;;;\nbad;no address;;;\nworse;a@b@c;;;\n"
        done = self.imported(text)
        counts, records = done["attributes"], []
        for outcome in OUTCOMES:
            rows = self.rows(done["id"], outcome, per_page=7)
            self.assertEqual(len(rows), counts[outcome], outcome)
            records += [row["record"] for row in rows]
        self.assertEqual(sorted(records), list(range(1, counts["records"] + 1)))
        bad = self.rows(done["id"], "failed")
        self.assertEqual([row["cells"][0] for row in bad], ["bad", "worse"])
        self.assertEqual([row["line"] for row in bad], [43, 44])
        self.assertEqual(bad[0]["errors"][0]["place"], 1)
        self.assertIn("e-mail", bad[0]["errors"][0]["problem"]["detail"])
        self.assertEqual([row["cells"][0] for row in self.rows(done["id"], "created")], ["new"])

    def test_a_row_that_a_rule_skips(self):
        self.imported(HEADER + "skip;;;;\n")
        done = self.imported(HEADER + "skip;;x;;\nnot;;y;;\n", mode="create_only")
        self.assertEqual([row["cells"][0] for row in self.rows(done["id"], "skipped")], ["skip"])

    def test_groups_show_examples_and_open_their_rows(self):
        done = self.imported(HEADER + "".join(f"e{n};bad{n};;;\n" for n in range(5)) + "p;;;7,9E+10;\n")
        groups = self.http.get(f"/v4/import_tasks/{done['id']}/error_groups").json["data"]
        first = groups[0]["attributes"]
        self.assertEqual((first["code"], first["field"], first["count"]), ("email_invalid", "email", 5))
        self.assertEqual([(e["line"], e["value"], e["external_id"]) for e in first["examples"]], [(2, "bad0", "e0"), (3, "bad1", "e1"), (4, "bad2", "e2")])
        path = f"/v4/import_tasks/{done['id']}/errors?filter[code]=email_invalid&filter[field]=email&filter[key]=&per_page=2"
        lines = []
        while path:
            page = self.http.get(path).json
            lines += [row["attributes"]["line"] for row in page["data"]]
            path = page["links"]["next"]
        self.assertEqual(lines, [2, 3, 4, 5, 6])

    def test_the_history_by_file_by_who_and_by_day(self):
        self.imported(HEADER + "a;;;;\n", name="october.csv")
        self.imported(HEADER + "b;;;;\n", name="november.csv")
        found = lambda query: [task["attributes"]["file_name"] for task in self.http.get(f"/v4/import_tasks?{query}").json["data"]]
        self.assertEqual(found("filter[file_name]=OCTO"), ["october.csv"])
        self.imported(HEADER + "c;;;;\n", name="%D0%9A%D0%BB%D0%B8%D0%B5%D0%BD%D1%82%D1%8B.csv")
        self.assertEqual(found("filter[file_name]=%D0%BA%D0%BB%D0%B8%D0%B5%D0%BD%D1%82"), ["Клиенты.csv"])
        self.assertEqual(found("filter[created_by]=inbox"), [])
        self.assertEqual(found("filter[from]=2020-01-01")[:2], ["Клиенты.csv", "november.csv"])
        self.assertEqual(found("filter[to]=2020-01-01"), [])
        answer = self.http.get("/v4/import_tasks?filter[from]=yesterday")
        self.assertEqual(answer.status, 422)


if __name__ == "__main__":
    unittest.main()
