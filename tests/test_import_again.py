# SPDX-License-Identifier: Apache-2.0
"""A file that comes again changes exactly those customers whom somebody changed in between."""
import json
import os
import unittest

import harness
from harness import consumer

HEADER = "external_id;email;name;phone;created_at;Город\n"


class Again(unittest.TestCase):
    def setUp(self):
        context = harness.temporary_data("Test")
        self.data = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.token = harness.new_token(self.data)

    def run_import(self, text, *arguments, name="in.csv"):
        path = os.path.join(self.data, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        done = harness.run("import", "--data", self.data, "--company", "Test", path, "--json", *arguments, check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def counts(self, result):
        return {k: result[k] for k in ("created", "updated", "unchanged", "failed") if result[k]}

    def names(self):
        out = harness.run("export", "--data", self.data, "--company", "Test", "--format", "jsonl").stdout
        records = [json.loads(x) for x in out.splitlines()]
        return {r.get("attributes", r)["external_id"]: r.get("attributes", r)["name"] for r in records}

    def test_only_who_was_changed_in_between(self):
        text = HEADER + "".join(f"{i};c{i}@example.com;Клиент {i};;2018-01-01;Омск\n" for i in range(300))
        self.assertEqual(self.counts(self.run_import(text)), {"created": 300})
        self.assertEqual(self.counts(self.run_import(text)), {"unchanged": 300})
        with harness.Server(self.data) as server:
            c = harness.Client(server, self.token)
            ids = [c.get(f"/v4/consumers/{i}").json["data"]["id"] for i in range(10)]
            self.assertEqual(c.put("/v4/consumers/1", consumer(name="по external_id")).status, 200)
            self.assertEqual(c.put(f"/v4/consumers/{ids[2]}", consumer(custom_attributes={"Город": "Уфа"})).status, 200)
            self.assertEqual(c.request("PATCH", f"/v4/consumers/{ids[3]}", consumer(email=None)).status, 200)
            self.assertEqual(c.request("DELETE", f"/v4/consumers/{ids[4]}").status, 204)
            self.assertEqual(c.put("/v4/consumers/5", consumer(name="Клиент 5")).status, 200)  # changes nothing
            self.assertEqual(c.put("/v4/consumers/6", consumer(email="other@example.com")).status, 200)
            self.assertEqual(c.post("/v4/consumers", consumer(external_id="taker", email="c6@example.com")).status, 201)
            self.assertEqual(c.put("/v4/consumers/7", consumer(first_name="Имя")).status, 200)  # the file says nothing of it
            c.close()
        # A dry run says the same as the run.
        for arguments in (("--dry-run",), ()):
            result = self.run_import(text, *arguments)
            self.assertEqual(self.counts(result), {"created": 1, "updated": 3, "unchanged": 295, "failed": 1}, result["errors"])
            self.assertEqual([(e["line"], e["code"]) for e in result["errors"]], [(8, "taken")])
        self.assertEqual(self.counts(self.run_import(text)), {"unchanged": 299, "failed": 1})
        self.assertEqual(self.names()["1"], "Клиент 1")

    def test_other_rules_are_another_row(self):
        text = HEADER + "1;;Анна;;;Омск\n"
        self.run_import(text)
        self.assertEqual(self.counts(self.run_import(text, "--clear-blank")), {"unchanged": 1})
        self.assertEqual(self.counts(self.run_import(HEADER + "1;;;;;\n", "--clear-blank")), {"updated": 1})
        self.assertEqual(self.counts(self.run_import(text)), {"updated": 1})

    def test_rows_of_one_customer_act_in_order_every_time(self):
        text = HEADER + "1;;A;;;\n1;;B;;;\n2;;C;;;\n"
        self.assertEqual(self.counts(self.run_import(text)), {"created": 2, "updated": 1})
        for _ in range(2):
            self.assertEqual(self.counts(self.run_import(text)), {"updated": 2, "unchanged": 1})
            self.assertEqual(self.names(), {"1": "B", "2": "C"})

    def test_a_row_by_id_in_the_same_file_counts(self):
        self.run_import(HEADER + "1;;A;;;\n")
        out = harness.run("export", "--data", self.data, "--company", "Test", "--format", "jsonl").stdout
        number = json.loads(out)["id"]
        lines = [{"type": "consumers", "id": number, "attributes": {"name": "by id"}}, {"external_id": "1", "name": "A"}]
        text = "\n".join(json.dumps(x) for x in lines)
        for _ in range(2):
            self.assertEqual(self.counts(self.run_import(text, name="in.jsonl")), {"updated": 2})
            self.assertEqual(self.names(), {"1": "A"})


if __name__ == "__main__":
    unittest.main()
