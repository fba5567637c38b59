# SPDX-License-Identifier: Apache-2.0
"""GET /v4/consumers?search=: one box for names, phones, e-mails and keys, beside filters, orders and pages."""
import os
import time
import unittest
import urllib.parse

from harness import Client, Server, ServerCase, consumer, new_token, temporary_data, wait_for_task

PEOPLE = [
    dict(external_id="crm-1", email="Anna.P@Example.com", phone="8 (916) 123-45-67", name="Петрова Анна Сергеевна"),
    dict(external_id="crm-10", email="boris@example.com", phone="+7 916 123-45-68", name="Пётр Ёлкин", custom_attributes={"city": "Пермь"}),
    dict(external_id="7916", name="José Muñoz", first_name="Pepe", custom_attributes={"city": "Пермь"}),
    dict(name="Анна-Мария Иванова", phone="+49 170 1234567", created_at="2019-01-01T00:00:00Z"),
    dict(name="Гаврила анна", email="crm-1@example.org"),
]


class Search(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.c = Client(cls.server, cls.token)
        cls.ids = []
        for p in PEOPLE:
            answer = cls.c.post("/v4/consumers", consumer(**p))
            assert answer.status == 201, answer
            cls.ids.append(answer.json["data"]["id"])

    @classmethod
    def tearDownClass(cls):
        cls.c.close()
        super().tearDownClass()

    def page(self, **query):
        answer = self.c.get("/v4/consumers?" + urllib.parse.urlencode(query))
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def found(self, text, **query):
        return [self.ids.index(r["id"]) for r in self.page(search=text, **query)["data"] if r["id"] in self.ids]

    def wait_for_index(self):
        until = time.monotonic() + 30
        while self.page(search="x")["meta"]["search_unindexed"]:
            self.assertLess(time.monotonic(), until, "the index is not brought up to date")
            time.sleep(0.05)

    def check_texts(self):
        for text, want in (
                ("анна", [0, 3, 4]), ("АННА", [0, 3, 4]), ("пет анна", [0]), ("анна пет", [0]), ("петр", [0, 1]), ("пётр ёл", [1]), ("елк", [1]),
                ("jose", [2]), ("Muñ", [2]), ("pepe", [2]), ("анна-мария", [3]), ("мария анна", [3]),
                ("89161234567", [0]), ("+7 916 123 45 6", [0, 1]), ("916123", [0, 1]), ("4567", [0, 3]), ("12345-68", [1]), ("анна 4567", [0, 3]),
                ("anna.p@EXAMPLE.com", [0]), ("anna.p", [0]), ("boris@", [1]), ("crm-1", [0, 1, 4]), ("crm-10", [1]), ("crm", [0, 1, 4]),
                (self.ids[3], [3]), ("нна", []), ("анна борис", []), ("никто", []), (" \u00a0анна ", [0, 3, 4])):
            with self.subTest(text):
                self.assertEqual(self.found(text), want)

    def test_texts(self):
        self.check_texts()
        self.wait_for_index()
        self.check_texts()

    def test_who_is_exact_comes_first(self):
        self.assertEqual(self.found("7916"), [2, 0, 1])
        self.assertEqual(self.found("7916", sort="id"), [0, 1, 2])
        self.assertEqual(self.found("7916", filter="name:exists:true"), [0, 1, 2])
        met, page = [], self.page(search="7916", per_page=1)
        while True:
            met += [self.ids.index(r["id"]) for r in page["data"]]
            if not page["links"]["next"]:
                break
            page = self.c.get(page["links"]["next"][page["links"]["next"].index("/v4/"):]).json
        self.assertEqual(met, [2, 0, 1])

    def test_filters_and_orders(self):
        self.assertEqual(self.found("пе", filter="custom_attributes.city:eq:Пермь"), [1])
        self.assertEqual(self.found("анна", sort="-id"), [4, 3, 0])
        self.assertEqual(self.found("анна", sort="created_at"), [3, 0, 4])
        self.assertEqual(self.found("анна", sort="name"), [3, 4, 0])

    def test_a_place_belongs_to_its_search(self):
        link = self.page(search="анна", per_page=1)["links"]["next"]
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(link).query))
        self.assertEqual(query["search"], "анна")
        self.assertEqual(self.c.get("/v4/consumers?" + urllib.parse.urlencode({**query, "search": "петр"})).status, 400)
        del query["search"]
        self.assertEqual(self.c.get("/v4/consumers?" + urllib.parse.urlencode(query)).status, 400)

    def test_what_is_no_search(self):
        for text, word in (("x" * 513, "512"), ("1 2 3 4 5 6 7 8 9", "8")):
            answer = self.c.get("/v4/consumers?" + urllib.parse.urlencode({"search": text}))
            self.assertEqual(answer.status, 422, answer)
            self.assertIn(word, str(answer.json["errors"]))
        everyone = self.page(search=" ")
        self.assertIn("total_count", everyone["meta"])
        self.assertNotIn("search_unindexed", everyone["meta"])

    def test_totals(self):
        self.assertEqual(self.page(search="анна", count="true")["meta"]["total_count"], 3)
        self.assertEqual(self.page(search="анна", count="some", per_page=1)["meta"]["total_count"], 3)
        self.assertEqual(self.page(search="анна", count="some")["meta"]["total_count"], 3)
        self.assertNotIn("total_count", self.page(search="анна")["meta"])


class Beside(unittest.TestCase):
    """Whom a file brings is found before the index is built, and after; and after a crash while it is."""

    def test_an_import(self):
        with temporary_data("Test") as data:
            token = new_token(data)
            path = os.path.join(data, "people.csv")
            with open(path, "w", encoding="utf-8") as f:
                f.write("external_id;name;phone;email;created_at\n")
                f.writelines(f"p{n};{'Редкий' if n % 1000 == 7 else 'Частый'} Номер{n};7900{n:07d};;2020-01-01 00:00:00\n" for n in range(30000))
            server = Server(data)
            c = Client(server, token)
            with open(path, "rb") as f:
                answer = c.post("/v4/import_tasks", f.read(), content_type="text/csv")
            self.assertEqual(wait_for_task(server, token, answer.json["data"]["id"])["state"], "completed")
            self.look(c)
            c.close()
            server.kill()
            with Server(data) as server:
                c = Client(server, token)
                until = time.monotonic() + 60
                while self.page(c, "x")["meta"]["search_unindexed"]:
                    self.assertLess(time.monotonic(), until)
                    self.look(c)
                self.look(c)
                c.close()

    def page(self, c, text, **more):
        answer = c.get("/v4/consumers?" + urllib.parse.urlencode({"search": text, **more}))
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def look(self, c):
        page = self.page(c, "редк номер", count="some", per_page=10)
        self.assertEqual((len(page["data"]), page["meta"]["total_count"]), (10, 30))
        self.assertEqual(self.page(c, "част", count="some")["meta"]["total_more_than"], 1000)
        self.assertEqual([r["attributes"]["external_id"] for r in self.page(c, "79000012345")["data"]], ["p12345"])
        self.assertEqual([r["attributes"]["external_id"] for r in self.page(c, "номер29999 част")["data"]], ["p29999"])


if __name__ == "__main__":
    unittest.main()
