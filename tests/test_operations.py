# SPDX-License-Identifier: Apache-2.0
"""JSON:API's Atomic Operations (jsonapi.org/ext/atomic): all or nothing, in order, with pointers to what is wrong."""
import json
import threading
import unittest

import harness
from harness import consumer

EXT = 'application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"'
PATH = "/v4/operations"


def add(lid=None, **attributes):
    return {"op": "add", "data": {"type": "consumers", **({"lid": lid} if lid else {}), "attributes": attributes}}


def update(ref, meta=None, **attributes):
    ref = {"type": "consumers", **({"id": ref} if isinstance(ref, str) else ref)}
    return {"op": "update", "ref": ref, "data": {**ref, "attributes": attributes}, **({"meta": meta} if meta else {})}


def remove(ref):
    return {"op": "remove", "ref": {"type": "consumers", **({"id": ref} if isinstance(ref, str) else ref)}}


class Operations(harness.ServerCase):
    def setUp(self):
        self.c = self.client()

    def send(self, *operations, content_type=EXT, **headers):
        answer = self.c.post(PATH, {"atomic:operations": list(operations)}, content_type=content_type, headers=headers)
        self.assertEqual(answer.headers["Content-Type"], EXT)
        return answer

    def results(self, *operations, **more):
        answer = self.send(*operations, **more)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(len(answer.json["atomic:results"]), len(operations))
        return answer.json["atomic:results"]

    def errors(self, status, *operations):
        answer = self.send(*operations)
        self.assertEqual(answer.status, status, answer)
        return [(e["status"], e["code"], e.get("source", {}).get("pointer")) for e in answer.json["errors"]]

    def attributes(self, external_id):
        answer = self.c.get(f"/v4/consumers/{external_id}")
        return answer.json["data"]["attributes"] if answer.status == 200 else None

    def test_in_order_with_local_ids(self):
        self.c.put("/v4/consumers/o-gone", consumer(name="G"))
        got = self.results(add("p", name="A", email="o@example.com"), update({"lid": "p"}, name="B", external_id="o-1"), remove("o-gone"),
                           update("o-1", custom_attributes={"n": 1}), add(None, external_id="o-2"), remove({"lid": "p"}),
                           add("q", email="o@example.com", external_id="o-1"))
        self.assertEqual([("data" in r, (r.get("meta") or {}).get("created")) for r in got],
                         [(True, True), (True, False), (False, None), (True, False), (True, True), (False, None), (True, True)])
        self.assertEqual(len({got[n]["data"]["id"] for n in (0, 1, 3)}), 1)
        self.assertEqual(got[3]["data"]["attributes"]["name"], "B")
        self.assertEqual(got[3]["data"]["attributes"]["custom_attributes"], {"n": 1})
        self.assertIsNone(self.attributes("o-gone"))
        self.assertEqual(self.c.get("/v4/consumers/o-1").json["data"]["id"], got[6]["data"]["id"])

    def test_all_or_nothing(self):
        self.c.put("/v4/consumers/n-1", consumer(name="A", email="n@example.com"))
        before = self.attributes("n-1")
        total = self.c.get("/v4/consumers").json["meta"].get("total_count")
        got = self.errors(400, add("x", external_id="n-2"), update("n-1", name="B"), add(None, email="N@example.com", external_id="n-1"),
                          update("n-none", name="C"), remove("n-none"), update({"lid": "x"}, name="D"))
        self.assertEqual(got, [("422", "taken", "/atomic:operations/2/data/attributes/external_id"),
                               ("422", "taken", "/atomic:operations/2/data/attributes/email"),
                               ("404", "not_found", "/atomic:operations/3"), ("404", "not_found", "/atomic:operations/4")])
        self.assertEqual(self.attributes("n-1"), before)
        self.assertIsNone(self.attributes("n-2"))
        self.assertEqual(self.c.get("/v4/consumers").json["meta"].get("total_count"), total)
        # The status is that of all errors, where they have one.
        self.assertEqual(self.errors(404, remove("n-none")), [("404", "not_found", "/atomic:operations/0")])
        got = self.errors(422, add("x", email="bad"), update({"lid": "x"}, name="D"), add(None, created_at="never"))
        self.assertEqual([(c, p) for _, c, p in got], [("email_invalid", "/atomic:operations/0/data/attributes/email"),
                                                       ("date_invalid", "/atomic:operations/2/data/attributes/created_at")])

    def test_a_failed_one_hurts_nobody_beside_it(self):
        """Requests that share a commit with one that is taken back are kept, and numbers go on."""
        made, failed = [], []

        def single(k):
            client = harness.Client(self.server, self.token)
            for n in range(40):
                made.append(client.put(f"/v4/consumers/b-{k}-{n}", consumer(name="A")).status)
            client.close()

        def doomed():
            client = harness.Client(self.server, self.token)
            for n in range(40):
                body = {"atomic:operations": [add(None, external_id=f"b-doomed-{n}"), remove("b-none")]}
                failed.append(client.post(PATH, body).status)
            client.close()

        threads = [threading.Thread(target=single, args=(k,)) for k in range(3)] + [threading.Thread(target=doomed) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((set(made), set(failed)), ({201}, {404}))
        for k in range(3):
            for n in range(40):
                self.assertIsNotNone(self.attributes(f"b-{k}-{n}"))
        self.assertIsNone(self.attributes("b-doomed-0"))

    def test_upsert(self):
        got = self.results(update("u-1", {"upsert": True}, name="A", email="u@example.com"), update("u-1", {"upsert": True}, name="B"),
                           update("0123456789abcdef01234567", {"upsert": True}, name="C"))
        self.assertEqual([r["meta"]["created"] for r in got], [True, False, True])
        self.assertEqual(got[2]["meta"]["warnings"][0]["code"], "looks_like_internal_id")
        self.assertEqual(self.attributes("u-1")["name"], "B")
        self.errors(404, update("u-2", name="A"))

    def test_href(self):
        self.results({"op": "add", "href": "/v4/consumers", "data": {"type": "consumers", "attributes": {"external_id": "h/1"}}},
                     {"op": "update", "href": "/v4/consumers/h%2F1", "data": {"type": "consumers", "id": "h/1", "attributes": {"name": "H"}}})
        self.assertEqual(self.attributes("h%2F1")["name"], "H")
        self.results({"op": "update", "data": {"type": "consumers", "id": "h/1", "attributes": {"name": "I"}}},
                     {"op": "remove", "href": f"http://127.0.0.1:{self.server.port}/v4/consumers/h%2F1"})
        self.assertIsNone(self.attributes("h%2F1"))

    def test_what_is_malformed_is_named_before_anything_acts(self):
        cases = [
            (7, "malformed_operation", ""), ({}, "malformed_operation", "/op"), ({"op": "replace"}, "malformed_operation", "/op"),
            ({"op": "add"}, "missing_data", ""), ({"op": "add", "data": []}, "missing_data", "/data"),
            ({"op": "add", "ref": {}, "data": {}}, "malformed_operation", "/ref"),
            ({"op": "add", "href": "/v4/products", "data": {}}, "malformed_operation", "/href"),
            ({"op": "add", "data": {"type": "products"}}, "wrong_resource_type", "/data/type"),
            ({"op": "update", "data": {"type": "consumers"}}, "malformed_operation", "/data"),
            ({"op": "update", "ref": {"type": "products", "id": "1"}, "data": {}}, "wrong_resource_type", "/ref/type"),
            ({"op": "update", "ref": {"type": "consumers", "lid": "no"}, "data": {}}, "unknown_lid", "/ref/lid"),
            ({"op": "remove"}, "malformed_operation", ""), ({"op": "remove", "href": "/v4/consumers"}, "malformed_operation", "/href"),
            ({"op": "remove", "ref": {"type": "consumers", "id": "1"}, "href": "/v4/consumers/1"}, "malformed_operation", ""),
            ({"op": "update", "ref": {"type": "consumers", "id": "1", "relationship": "orders"}, "data": {}}, "malformed_operation", "/ref/relationship"),
        ]
        got = self.errors(400, add("z", external_id="m-1"), add("z"), *(operation for operation, _, _ in cases))
        self.assertEqual(got, [("400", "lid_repeated", "/atomic:operations/1/data/lid"),
                               *(("400", code, f"/atomic:operations/{n + 2}{where}") for n, (_, code, where) in enumerate(cases))])
        self.assertIsNone(self.attributes("m-1"))
        for body in ({}, {"atomic:operations": []}, {"atomic:operations": {}}, {"data": {"type": "consumers"}}):
            self.assertEqual(self.c.post(PATH, body).json["errors"][0]["code"], "missing_operations")
        self.assertEqual(self.c.post(PATH, "{").json["errors"][0]["code"], "malformed_json")

    def test_ceilings_name_the_other_way(self):
        got = self.results(*(add(None, external_id=f"c-{n}", name="C") for n in range(1000)))
        self.assertEqual([r["data"]["attributes"]["external_id"] for r in got], [f"c-{n}" for n in range(1000)])
        answer = self.send(*(add() for _ in range(1001)))
        self.assertEqual((answer.status, answer.json["errors"][0]["code"]), (413, "too_many_operations"))
        self.assertIn("/v4/import_tasks", answer.json["errors"][0]["detail"])
        answer = self.c.post(PATH, b" " * (8 << 20) + b" ")
        self.assertEqual((answer.status, answer.json["errors"][0]["code"]), (413, "body_too_large"))
        self.assertIn("8 MiB", answer.json["errors"][0]["detail"])

    def test_media_types_and_who_may(self):
        body = json.dumps({"atomic:operations": [add(name="A")]})
        for kind in (EXT, "application/vnd.api+json", "application/json", None, EXT + "; charset=utf-8"):
            self.assertEqual(self.c.post(PATH, body, content_type=kind).status, 200, kind)
        reader = harness.Client(self.server, harness.new_token(self.data, "Test", "--scope", "consumers:read"))
        self.addCleanup(reader.close)
        self.assertEqual(reader.post(PATH, body).json["errors"][0]["code"], "insufficient_scope")
        nobody = harness.Client(self.server, None)
        self.addCleanup(nobody.close)
        self.assertEqual(nobody.post(PATH, body).json["errors"][0]["code"], "invalid_token")

    def test_the_same_request_again(self):
        key = {"Idempotency-Key": '"operations"'}
        first = self.send(add(name="I", email="i@example.com"), **key)
        again = self.send(add(name="I", email="i@example.com"), **key)
        self.assertEqual((again.body, again.headers["Idempotent-Replayed"]), (first.body, "true"))
        self.assertEqual(self.send(add(name="J"), **key).json["errors"][0]["code"], "idempotency_key_reused")

    def test_lenient_handling(self):
        self.c.put("/v4/consumers/l-1", consumer(email="l@example.com"))
        got = self.results(add(None, email="l@example.com", name="L"), Prefer="handling=lenient")
        self.assertEqual(got[0]["meta"]["ignored"], ["email"])


if __name__ == "__main__":
    unittest.main()
