# SPDX-License-Identifier: Apache-2.0
"""GET /v4/scroll/consumers: everyone, page by page; the same cursor always gives the same page."""
import unittest
import urllib.parse

from harness import Client, Server, consumer, new_token, run, temporary_data

SCROLL = "/v4/scroll/consumers"


def path(**query):
    return SCROLL + "?" + urllib.parse.urlencode(query)


class Scroll(unittest.TestCase):
    def setUp(self):
        stack = temporary_data()
        self.data = stack.__enter__()
        self.addCleanup(stack.__exit__, None, None, None)
        run("company", "create", "--data", self.data, "Other")
        self.token, other = new_token(self.data), new_token(self.data, "Other")
        self.server = Server(self.data)
        self.addCleanup(lambda: self.server.stop())
        self.c, self.other = Client(self.server, self.token), Client(self.server, other)
        self.addCleanup(self.c.close)
        self.addCleanup(self.other.close)
        for i in range(25):
            answer = self.c.post("/v4/consumers", consumer(external_id=f"k{i}", created_at=f"20{10 + i * 7 % 9}-01-01T00:00:00Z", unsubscribed=i % 2 == 0))
            self.assertEqual(answer.status, 201, answer)

    def page(self, client=None, status=200, **query):
        answer = (client or self.c).get(path(**query))
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def keys(self, page):
        return [r["attributes"]["external_id"] for r in page["data"]]

    def walk(self, **query):
        pages = [self.page(**query)]
        while pages[-1]["meta"]["has_more"]:
            pages.append(self.page(cursor=pages[-1]["meta"]["cursor"]))
        return pages

    def test_the_shape(self):
        pages = self.walk(per_page=10, filter="id:gt:" + "0" * 24, include="orders")
        self.assertEqual([p["meta"]["count"] for p in pages], [10, 10, 5])
        first, second, last = pages
        self.assertEqual(set(first["meta"]), {"has_more", "count", "cursor", "total_count", "applied_filter"})
        self.assertEqual((first["meta"]["total_count"], first["meta"]["applied_filter"]), (25, "id:gt:" + "0" * 24))
        self.assertEqual(set(second["meta"]), {"has_more", "count", "cursor"})
        self.assertEqual(last["meta"], {"has_more": False, "count": 5})
        self.assertNotIn("next", last["links"])
        self.assertTrue(first["links"]["next"].endswith(f"{SCROLL}?cursor={first['meta']['cursor']}"))
        for p in pages:
            self.assertEqual(p["included"], [])
            self.assertEqual(p["data"][0]["relationships"], {"orders": {"data": []}})

    def test_everyone_is_met_once_in_each_order(self):
        for sort, attribute in (("", "updated_at"), ("updated_at:asc", "updated_at"), ("created_at", "created_at"), ("id:asc", None)):
            records = [r for p in self.walk(per_page=4, sort=sort) for r in p["data"]]
            self.assertEqual(len({r["id"] for r in records}), 25)
            self.assertEqual(len(records), 25)
            values = [r["attributes"][attribute] if attribute else r["id"] for r in records]
            self.assertEqual(values, sorted(values))
        self.assertEqual(self.page()["meta"], {"has_more": False, "count": 25, "total_count": 25, "applied_filter": ""})
        filtered = self.walk(per_page=4, filter="unsubscribed:eq:true", **{"fields[consumers]": "external_id"})
        self.assertEqual([k for p in filtered for k in self.keys(p)], [f"k{i}" for i in range(0, 25, 2)])
        self.assertEqual(filtered[1]["data"][0]["attributes"], {"external_id": "k8"})
        self.assertEqual(filtered[0]["meta"]["total_count"], 13)

    def test_the_same_cursor_gives_the_same_page(self):
        first = self.page(per_page=10)
        cursor = first["meta"]["cursor"]
        second = self.page(cursor=cursor)
        self.assertEqual(self.page(cursor=cursor), second)
        self.assertEqual(self.page(cursor=cursor, per_page=10, sort="updated_at:asc"), second)
        self.server.stop()
        self.server = self.c.server = Server(self.data)
        self.c.close()
        self.assertEqual(self.keys(self.page(cursor=cursor)), self.keys(second))
        # New ones come behind; who changes moves there, and is met again.
        self.c.post("/v4/consumers", consumer(external_id="new"))
        self.c.put("/v4/consumers/k12", consumer(name="Changed"))
        self.c.put("/v4/consumers/k2", consumer(name="Changed"))
        keys = self.keys(self.page(cursor=cursor)) + [k for p in self.walk_from(self.page(cursor=cursor)) for k in self.keys(p)]
        self.assertEqual(keys, [f"k{i}" for i in range(10, 25) if i != 12] + ["new", "k12", "k2"])

    def walk_from(self, page):
        while page["meta"]["has_more"]:
            page = self.page(cursor=page["meta"]["cursor"])
            yield page

    def test_a_cursor_is_bound(self):
        cursor = self.page(per_page=10, filter="unsubscribed:eq:true")["meta"]["cursor"]
        different, invalid = "Cursor was issued for a different query", "Invalid cursor"
        for query, client, want in (({"filter": "unsubscribed:eq:false"}, self.c, different), ({"sort": "created_at"}, self.c, different),
                                    ({"per_page": 11}, self.c, different), ({"include": "orders"}, self.c, different), ({}, self.other, invalid)):
            errors = self.page(client=client, status=400, cursor=cursor, **query)["errors"]
            self.assertEqual((errors["status"], errors["title"], errors["details"]["message"]), (400, "Bad request", want))
        flipped = cursor[:5] + ("A" if cursor[5] != "A" else "B") + cursor[6:]
        listed = urllib.parse.parse_qs(urllib.parse.urlsplit(self.c.get("/v4/consumers?per_page=1").json["links"]["next"]).query)["page[after]"][0]
        for wrong in ("", "x", cursor[:-1], cursor + "AAAA", flipped, listed):
            self.assertEqual(self.page(status=400, cursor=wrong)["errors"]["details"]["message"], invalid)

    def test_what_cannot_be_scrolled_is_refused(self):
        self.assertEqual(self.c.get("/v4/scroll/reviews").status, 404)
        self.assertIn("sort", self.page(status=422, sort="created_at:desc")["errors"]["details"])
        self.assertIn("sort", self.page(status=422, sort="name")["errors"]["details"])
        self.assertIn("per_page", self.page(status=422, per_page=101)["errors"]["details"])
        self.assertIn("filter", self.page(status=422, filter="foo:eq:1")["errors"]["details"])
        self.page(status=400, filter="foo")
        nobody = Client(self.server, None)
        self.addCleanup(nobody.close)
        self.assertEqual(nobody.get(SCROLL).status, 401)


if __name__ == "__main__":
    unittest.main()
