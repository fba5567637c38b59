# SPDX-License-Identifier: Apache-2.0
"""Conditional requests (RFC 9110 13) of one customer."""
import threading
import unittest

import harness
from harness import consumer

PATH = "/v4/consumers/"


class Conditions(harness.ServerCase):
    def setUp(self):
        self.c = self.client()

    def refused(self, answer, status=412, code="precondition_failed"):
        self.assertEqual((answer.status, answer.json["errors"]["code"]), (status, code), answer)

    def test_the_tag_is_of_the_document(self):
        made = self.c.post("/v4/consumers", consumer(external_id="t-1", name="A"))
        tag = made.headers["ETag"]
        self.assertRegex(tag, '^"[0-9a-f]+-[0-9a-f]{8}"$')
        got = self.c.get(PATH + "t-1")
        self.assertEqual((got.headers["ETag"], got.headers["Vary"]), (tag, "Accept"))
        self.assertEqual(self.c.get(PATH + made.json["data"]["id"]).headers["ETag"], tag)
        self.assertEqual(self.c.request("HEAD", PATH + "t-1").headers["ETag"], tag)
        self.assertEqual(self.c.put(PATH + "t-1", consumer(name="A")).headers["ETag"], tag, "nothing changed")
        changed = self.c.request("PATCH", PATH + "t-1", consumer(name="B")).headers["ETag"]
        self.assertNotEqual(changed, tag)
        self.assertEqual(self.c.get(PATH + "t-1").headers["ETag"], changed)
        self.assertNotEqual(self.c.get(PATH + "t-1?include=orders").headers["ETag"], changed, "another document")
        self.c.request("DELETE", PATH + "t-1")
        self.assertNotEqual(self.c.put(PATH + "t-1", consumer(name="B")).headers["ETag"], changed, "another customer")

    def test_not_modified(self):
        tag = self.c.put(PATH + "n-1", consumer(name="A")).headers["ETag"]
        for sent in (tag, f"W/{tag}", f'"x", {tag}', f'W/"y",\t{tag} , "z"', "*"):
            answer = self.c.get(PATH + "n-1", headers={"If-None-Match": sent})
            self.assertEqual((answer.status, answer.body, answer.headers["ETag"]), (304, b"", tag), sent)
            self.assertEqual(self.c.request("HEAD", PATH + "n-1", headers={"If-None-Match": sent}).status, 304)
        for sent in ('"x"', tag.strip('"'), f'{tag[:-1]}', ""):
            self.assertEqual(self.c.get(PATH + "n-1", headers={"If-None-Match": sent}).status, 200, sent)
        self.assertEqual(self.c.get(PATH + "n-1?include=orders", headers={"If-None-Match": tag}).status, 200)
        self.assertEqual(self.c.get(PATH + "n-2", headers={"If-None-Match": "*"}).status, 404)
        self.c.put(PATH + "n-1", consumer(name="B"))
        self.assertEqual(self.c.get(PATH + "n-1", headers={"If-None-Match": tag}).status, 200)

    def test_a_change_goes_by_the_state_that_was_seen(self):
        for method, body in (("PUT", consumer(name="N")), ("PATCH", consumer(name="M")), ("DELETE", None)):
            tag = self.c.put(PATH + "m-1", consumer(name=method)).headers["ETag"]
            view = self.c.get(PATH + "m-1?include=orders").headers["ETag"]
            for sent in ('"x"', f"W/{tag}", f'"y", W/{view}'):
                self.refused(self.c.request(method, PATH + "m-1", body, {"If-Match": sent}))
            answer = self.c.request(method, PATH + "m-1", body, {"If-Match": f'"x", {view}'})
            self.assertLess(answer.status, 300, answer)
        self.assertEqual(self.c.get(PATH + "m-1").status, 404)

    def test_each_view_has_a_tag_and_any_of_them_will_do(self):
        profile = {"Accept": 'application/vnd.api+json; profile="urn:clientele:jsonapi-errors"'}
        views = ("", "?fields[consumers]=name", "?fields[consumers]=email", "?include=orders")
        for n in range(len(views)):
            self.c.put(PATH + "v-1", consumer(name=f"A{n}"))
            tags = [self.c.get(PATH + "v-1" + view, headers=profile).headers["ETag"] for view in views]
            self.assertEqual(len(set(tags)), len(views), tags)
            for view, tag in zip(views, tags):
                for other in tags:
                    answer = self.c.get(PATH + "v-1" + view, headers={**profile, "If-None-Match": other})
                    self.assertEqual(answer.status, 304 if other == tag else 200, (view, other))
            self.assertEqual(self.c.request("PATCH", PATH + "v-1", consumer(name=f"B{n}"), {**profile, "If-Match": tags[n]}).status, 200)
            stale = self.c.request("PATCH", PATH + "v-1", consumer(name="C"), {**profile, "If-Match": tags[n]})
            self.assertEqual((stale.status, stale.json["errors"][0]["code"]), (412, "precondition_failed"))

    def test_update_only_and_create_only(self):
        any_ = {"If-Match": "*"}
        self.refused(self.c.put(PATH + "o-1", consumer(name="A"), headers=any_))
        self.assertEqual(self.c.get(PATH + "o-1").status, 404)
        self.assertEqual(self.c.put(PATH + "o-1", consumer(name="A"), headers={"If-None-Match": "*"}).status, 201)
        self.refused(self.c.put(PATH + "o-1", consumer(name="B"), headers={"If-None-Match": "*"}))
        self.assertEqual(self.c.put(PATH + "o-1", consumer(name="B"), headers=any_).status, 200)
        tag = self.c.get(PATH + "o-1").headers["ETag"]
        self.refused(self.c.put(PATH + "o-1", consumer(name="C"), headers={"If-None-Match": tag}))
        # A condition does not turn "there is none" into something else (RFC 9110 13.2.1).
        for method in ("PATCH", "DELETE"):
            self.assertEqual(self.c.request(method, PATH + "nobody", consumer(name="A"), any_).status, 404)

    def test_a_malformed_condition_changes_nothing(self):
        self.c.put(PATH + "x-1", consumer(name="A"))
        for name in ("If-Match", "If-None-Match"):
            for sent in ("abc", '"a', '"a" "b"', "", '"a", b', ", ".join(['"a"'] * 65)):
                answer = self.c.put(PATH + "x-1", consumer(name="B"), headers={name: sent})
                self.refused(answer, 400, "malformed_condition")
                self.assertEqual(answer.json["errors"]["source"], {"header": name})
        self.assertEqual(self.c.get(PATH + "x-1").json["data"]["attributes"]["name"], "A")

    def test_no_update_is_lost(self):
        """Many read, add one and write back what they read, under If-Match: each success counts."""
        self.c.put(PATH + "sum", consumer(custom_attributes={"n": 0}))
        won = []

        def add():
            client = self.client()
            for _ in range(25):
                got = client.get(PATH + "sum")
                n = got.json["data"]["attributes"]["custom_attributes"]["n"]
                answer = client.put(PATH + "sum", consumer(custom_attributes={"n": n + 1}), headers={"If-Match": got.headers["ETag"]})
                if answer.status == 200:
                    won.append(1)
                elif answer.status != 412:
                    won.append(repr(answer))

        threads = [threading.Thread(target=add) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(won), {1})
        self.assertEqual(self.c.get(PATH + "sum").json["data"]["attributes"]["custom_attributes"]["n"], len(won))
        self.assertLess(len(won), 150, "they came between each other")


if __name__ == "__main__":
    unittest.main()
