# SPDX-License-Identifier: Apache-2.0
"""GET /v4/consumers: filters, orders, pages by number and by place, and the vendor's recipes while others write."""
import threading
import time
import unittest
import urllib.parse

import harness
from harness import Client, Server, consumer, new_token, temporary_data, wait_for_task


def path(**query):
    return "/v4/consumers?" + urllib.parse.urlencode({k.replace("__", "["): v for k, v in query.items()})


class List(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = temporary_data()
        cls.data = cls.stack.__enter__()
        cls.token = new_token(cls.data)
        cls.server = Server(cls.data)
        cls.c = Client(cls.server, cls.token)
        people = [
            dict(external_id="a,b", email="Anna@Example.com", phone="8 (900) 000-00-01", name="Анна", custom_attributes={"ltv": 10, "a.b:c": "x|y"}),
            dict(external_id="2", email="boris@example.com", phone="+7 900 000-00-02", unsubscribed=True, custom_attributes={"ltv": "200", "city": "Пермь"}),
            dict(external_id="3", created_at="2018-01-01T00:11:22.5+03:00", custom_attributes={"ltv": "30"}),
            dict(name="Никто", created_at="2019-01-01T00:00:00Z"),
        ]
        for p in people:
            answer = cls.c.post("/v4/consumers", consumer(**p))
            assert answer.status == 201, answer
        cls.all = cls.c.get("/v4/consumers").json["data"]

    @classmethod
    def tearDownClass(cls):
        cls.c.close()
        cls.server.stop()
        cls.stack.__exit__(None, None, None)

    def found(self, **query):
        answer = self.c.get(path(**query))
        self.assertEqual(answer.status, 200, answer)
        places = {r["id"]: i for i, r in enumerate(self.all)}
        return [places[r["id"]] for r in answer.json["data"]]

    def refused(self, status, **query):
        answer = self.c.get(path(**query))
        self.assertEqual(answer.status, status, answer)
        return answer.json["errors"]

    def test_filters(self):
        stamps = [r["attributes"]["updated_at"] for r in self.all]
        ids = [r["id"] for r in self.all]
        for text, want in (
                ("unsubscribed:eq:true", [1]), ("unsubscribed:neq:true", [0, 2, 3]), ("complained:eq:true", []),
                ("external_id:eq:a\\,b", [0]), ("external_id:in:a\\,b|3", [0, 2]), ("external_id:exists:false", [3]),
                ("email:eq:anna@EXAMPLE.com", [0]), ("email:eq:none", []), ("email:neq:anna@example.com", [1, 2, 3]),
                ("phone:eq:79000000001", [0]), ("phone:in:89000000002|89000000001", [0, 1]),
                ("custom_attributes.ltv:gt:20", [1, 2]), ("custom_attributes.ltv:eq:10", [0]), ("custom_attributes.city:eq:Пермь", [1]),
                ("custom_attributes.a.b\\:c:eq:x|y", [0]), ("custom_attributes.a.b\\:c:in:x\\|y|z", [0]),
                ("created_at:eq:2017-12-31T21:11:22.500Z", [2]), ("created_at:lt:2019-01-01T03:00:00+03:00", [2]),
                ("created_at:lte:2019-01-01T03:00:00+0300", [2, 3]),
                (f"updated_at:gte:{stamps[2]}", [2, 3]), (f"updated_at:eq:{stamps[1]}", [1]), (f"updated_at:in:{stamps[1]}|{stamps[3]}", [1, 3]),
                (f"id:gt:{ids[1]}", [2, 3]), (f"id:in:{ids[1]}|{ids[0]}", [0, 1]), (f"id:neq:{ids[1]},name:exists:true", [0, 3]),
                ("name:eq:Анна", [0]), ("", [0, 1, 2, 3])):
            with self.subTest(text):
                self.assertEqual(self.found(filter=text), want)
        # A plus that was not escaped arrives as a space.
        answer = self.c.get("/v4/consumers?filter=updated_at:gt:" + stamps[2])
        self.assertEqual([r["id"] for r in answer.json["data"]], ids[3:])

    def test_orders(self):
        for text, want in (("created_at:asc", [2, 3, 0, 1]), ("-created_at", [1, 0, 3, 2]), ("external_id", [1, 2, 0, 3]), ("external_id:desc", [0, 2, 1, 3]),
                           ("email", [0, 1, 2, 3]), ("-id", [3, 2, 1, 0]), ("updated_at:desc", [3, 2, 1, 0]), ("name:asc,-id", [0, 3, 2, 1]),
                           ("phone:desc", [1, 0, 3, 2])):
            with self.subTest(text):
                self.assertEqual(self.found(sort=text), want)
                self.assertEqual(self.walk(sort=text, per_page="1"), want)
                self.assertEqual(self.walk(sort=text, per_page="3"), want)

    def walk(self, **query):
        """All pages, as links.next leads."""
        places, got, address = {r["id"]: i for i, r in enumerate(self.all)}, [], path(**query)
        while address:
            answer = self.c.get(address)
            self.assertEqual(answer.status, 200, answer)
            got += [places[r["id"]] for r in answer.json["data"]]
            address = answer.json["links"]["next"]
            if address:
                self.assertTrue(address.startswith(f"http://127.0.0.1:{self.server.port}/v4/consumers?"), address)
                address = address[address.index("/v4/"):]
        return got

    def test_pages_by_number(self):
        self.assertEqual(self.found(page="2", per_page="3"), [3])
        self.assertEqual(self.found(**{"page[number]": "2", "page[size]": "3"}), [3])
        self.assertEqual(self.found(page="50", per_page="25"), [])
        self.assertEqual(self.found(per_page="1000"), [0, 1, 2, 3])
        second = self.c.get(path(page="2", per_page="1", filter="external_id:exists:true", include="orders")).json
        prev = urllib.parse.urlsplit(second["links"]["prev"])
        self.assertEqual(dict(urllib.parse.parse_qsl(prev.query)),
                         {"filter": "external_id:exists:true", "include": "orders", "page": "1", "per_page": "1"})
        self.assertIn("page%5Bafter%5D=", second["links"]["next"])
        self.assertEqual(second["data"][0]["relationships"], {"orders": {"data": []}})
        self.assertEqual(second["included"], [])
        for query in ({"page": "0"}, {"page": "x"}, {"per_page": "1001"}, {"per_page": "-1"}):
            self.refused(422, **query)

    def test_totals(self):
        self.assertEqual(self.c.get("/v4/consumers?per_page=1").json["meta"], {"total_count": 4})
        self.assertEqual(self.c.get(path(filter="name:exists:true", per_page="1")).json["meta"], {})
        self.assertEqual(self.c.get(path(filter="name:exists:true", per_page="1", count="true")).json["meta"], {"total_count": 2})

    def test_places_are_of_one_list(self):
        first = self.c.get(path(per_page="1", filter="external_id:exists:true", sort="external_id")).json
        after = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(first["links"]["next"]).query))["page[after]"]
        self.assertEqual(self.found(**{"page[after]": after, "filter": "external_id:exists:true", "sort": "external_id"}), [2, 0])
        message = self.refused(400, **{"page[after]": after, "sort": "external_id"})["details"]["message"]
        self.assertEqual(message, "Cursor was issued for a different query")
        for wrong in (after[:-2] + ("AA" if after[-2:] != "AA" else "BB"), after[1:], "", "!"):
            message = self.refused(400, **{"page[after]": wrong, "filter": "external_id:exists:true", "sort": "external_id"})["details"]["message"]
            self.assertEqual(message, "Invalid cursor")
        self.refused(422, **{"page[after]": after, "page": "2", "filter": "external_id:exists:true", "sort": "external_id"})

    def test_what_is_no_filter_is_refused(self):
        errors = self.refused(422, filter="foo:eq:1")
        self.assertEqual(errors["title"], "Invalid query params")
        self.assertEqual(errors["details"], {"filter": [
            "unknown field 'foo', allowed: complained, created_at, custom_attributes.KEY, email, external_id, first_name, id, "
            "legacy_id, name, permanent_failed, phone, unsubscribed, updated_at"]})
        errors = self.refused(422, sort="foo")
        self.assertEqual(errors["details"], {"sort": [
            "unknown field 'foo', allowed: created_at, email, external_id, first_name, id, legacy_id, name, phone, updated_at"]})
        errors = self.refused(400, filter="unsubscribed:eq:true,email:is:x")
        self.assertEqual((errors["title"], errors["details"]["message"]),
                         ("Bad request", "filter: at character 28: unknown operator 'is', allowed: eq, exists, gt, gte, in, lt, lte, neq"))
        errors = self.refused(400, sort="created_at:up")
        self.assertEqual(errors["details"]["message"], "sort: at character 12: unknown direction 'up', allowed: asc, desc")
        for text in ("created_at:gt:yesterday", "unsubscribed:eq:1", "id:eq:1", "unsubscribed:gt:true"):
            self.assertIn("filter", self.refused(422, filter=text)["details"])
        answer = self.c.get(path(filter="foo:eq:1"), headers={"Accept-Language": "ru"})
        self.assertIn("нет поля 'foo'; есть: complained", answer.json["errors"]["details"]["filter"][0])

    def test_sparse_fields(self):
        one = self.c.get(path(**{"fields[consumers]": "email,name", "per_page": "1"})).json["data"][0]
        self.assertEqual(one["attributes"], {"email": "Anna@Example.com", "name": "Анна"})
        one = self.c.get(f"/v4/consumers/{one['id']}?fields[consumers]=unsubscribed").json["data"]
        self.assertEqual(one["attributes"], {"unsubscribed": False})
        one = self.c.get(f"/v4/consumers/{one['id']}?fields[consumers]=&include=orders").json["data"]
        self.assertEqual((one["attributes"], one.get("relationships")), ({}, None))
        self.assertIn("fields[consumers]", self.refused(422, **{"fields[consumers]": "email,foo"})["details"])
        self.assertEqual(self.c.get(f"/v4/consumers/{one['id']}?fields[consumers]=foo").status, 422)


class WhileOthersWrite(unittest.TestCase):
    def setUp(self):
        stack = temporary_data()
        self.data = stack.__enter__()
        self.addCleanup(stack.__exit__, None, None, None)
        self.token = new_token(self.data)
        self.server = Server(self.data)
        self.addCleanup(self.server.stop)
        self.c = Client(self.server, self.token)
        self.addCleanup(self.c.close)

    def poll(self, first, over):
        """As the vendor says: the changes since the last one seen, 25 at a time, until `over` and nothing is new."""
        seen, last, stuck = {}, first, 0
        while True:
            done = over()
            answer = self.c.get(path(filter=f"updated_at:gte:{last}", sort="updated_at:asc", per_page="25"))
            self.assertEqual(answer.status, 200, answer)
            records = answer.json["data"]
            before = len(seen)
            for r in records:
                stamp = r["attributes"]["updated_at"]
                self.assertGreaterEqual(stamp, last)
                seen[r["id"], stamp] = r["attributes"]["external_id"]
                last = stamp
            if len(records) == 25:
                self.assertGreater(len(seen), before, "a full page without anything new: the poller is stuck")
            elif done:
                return seen

    def test_a_poller_follows_an_import_to_its_end(self):
        rows = 100000
        file = "external_id;email;name;phone;created_at\n" + "".join(f"k{i * 7919 % rows};;N{i};;201{i % 10}-01-01\n" for i in range(rows))
        task = self.c.post("/v4/import_tasks", file, content_type="text/csv").json["data"]["id"]
        looks = []

        def over():
            looks.append(time.monotonic())
            state = self.c.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]["state"]
            return state in harness.OVER
        seen = self.poll("2020-01-01T00:00:00Z", over)
        self.assertEqual(len(set(seen.values())), rows)
        self.assertEqual(wait_for_task(self.server, self.token, task)["created"], rows)
        # And the same, changed in another order: each once more.
        last = max(stamp for _, stamp in seen)
        task = self.c.post("/v4/import_tasks", file.replace(";N", ";M"), content_type="text/csv").json["data"]["id"]
        seen = self.poll(last, over)
        self.assertEqual(len(set(seen.values())), rows)

    def test_new_ones_are_found_by_id_while_they_come(self):
        made, stop = [], threading.Event()

        def write():
            c = Client(self.server, self.token)
            for i in range(400):
                made.append(c.post("/v4/consumers", consumer(external_id=f"{threading.get_ident()}-{i}")).json["data"]["id"])
            c.close()
        writers = [threading.Thread(target=write) for _ in range(4)]
        for w in writers:
            w.start()
        seen, last = [], "0" * 24
        while True:
            over = not any(w.is_alive() for w in writers)
            page = self.c.get(path(filter=f"id:gt:{last}", sort="created_at:asc", per_page="25")).json["data"]
            seen += [r["id"] for r in page]
            if page:
                last = page[-1]["id"]
            elif over:
                break
        stop.set()
        self.assertEqual(sorted(seen), sorted(made))
        self.assertEqual(seen, sorted(seen))

    def test_a_search_without_an_index_keeps_nobody_waiting(self):
        rows = 60000
        file = "external_id;email;name;phone;created_at;n\n" + "".join(f"k{i};;N{i};;2018-01-01;{i}\n" for i in range(rows))
        task = self.c.post("/v4/import_tasks", file, content_type="text/csv").json["data"]["id"]
        wait_for_task(self.server, self.token, task)
        slow, done = [], threading.Event()

        def search():
            c = Client(self.server, self.token)
            for _ in range(5):
                slow.append(c.get(path(filter="custom_attributes.n:eq:59999", sort="name", count="true")))
            c.close()
            done.set()
        threads = [threading.Thread(target=search) for _ in range(3)]
        for t in threads:
            t.start()
        longest = 0
        while any(t.is_alive() for t in threads):
            began = time.monotonic()
            self.assertEqual(self.c.get("/v4/consumers/k7").status, 200)
            longest = max(longest, time.monotonic() - began)
        for t in threads:
            t.join()
        for answer in slow:
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual([r["attributes"]["external_id"] for r in answer.json["data"]], ["k59999"])
            self.assertEqual(answer.json["meta"], {"total_count": 1})
        deep = self.c.get(path(page="2000", per_page="25")).json["data"]
        self.assertEqual(deep[0]["attributes"]["external_id"], "k49975")
        print(f"longest read beside searches: {longest * 1000:.0f} ms")
        self.assertLess(longest, 0.5)


if __name__ == "__main__":
    unittest.main()
