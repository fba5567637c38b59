# SPDX-License-Identifier: Apache-2.0
"""Errors in both forms: the vendor's envelope, and JSON:API's array for whoever asks for it."""
import json
import unittest

import harness
from harness import consumer

PROFILE = "urn:clientele:jsonapi-errors"
ARRAY = {"Accept": f'application/vnd.api+json; profile="{PROFILE}"'}
RUSSIAN = {"Accept-Language": "ru"}


class Errors(harness.ServerCase):
    def setUp(self):
        self.c = self.client()

    def array(self, answer, status):
        """The errors of an answer in JSON:API's form, each with all its members."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], f'application/vnd.api+json; profile="{PROFILE}"')
        self.assertIn("Accept", answer.headers["Vary"])
        errors = answer.json["errors"]
        self.assertIsInstance(errors, list)
        for error in errors:
            for member in ("id", "status", "code", "title", "detail"):
                self.assertIsInstance(error[member], str, error)
        self.assertEqual(len({e["id"] for e in errors}), len(errors))
        return errors

    def both(self, method, path, status, code, body=None, source=None, headers=None, **more):
        """The same request in both forms."""
        sent = headers or {}
        envelope = self.c.request(method, path, body, sent, **more)
        self.assertEqual(envelope.status, status, envelope)
        object_ = envelope.json["errors"]
        self.assertEqual((object_["status"], object_["code"]), (status, code))
        self.assertEqual(object_.get("source"), source)
        self.assertEqual(envelope.headers["Content-Type"], "application/vnd.api+json; charset=utf-8")
        error = self.array(self.c.request(method, path, body, {**sent, **ARRAY}, **more), status)[0]
        self.assertEqual((error["status"], error["code"], error.get("source")), (str(status), code, source))
        self.assertEqual(error["title"], object_["title"])
        message = object_["details"].get("message") or next(iter(object_["details"].values()))[0]
        self.assertEqual(error["detail"], message)
        russian = self.array(self.c.request(method, path, body, {**sent, **ARRAY, **RUSSIAN}, **more), status)[0]
        self.assertRegex(russian["title"], "[а-я]")
        self.assertRegex(russian["detail"], "[а-я]")
        return error

    def test_what_a_handler_refuses(self):
        self.both("GET", "/v4/consumers/nobody", 404, "not_found")
        self.both("PATCH", "/v4/consumers/nobody", 404, "not_found", consumer(name="A"))
        self.both("DELETE", "/v4/consumers/nobody", 404, "not_found")
        self.both("GET", "/v4/consumers?per_page=0", 422, "invalid_parameter", source={"parameter": "per_page"})
        self.both("POST", "/v4/consumers", 400, "malformed_json", "{")
        self.both("POST", "/v4/consumers", 400, "json_too_deep", "[" * 100 + "]" * 100)
        self.both("POST", "/v4/consumers", 400, "empty_body", "")
        self.both("POST", "/v4/consumers", 400, "missing_data", "[]", source={"pointer": ""})
        self.both("POST", "/v4/consumers", 400, "missing_data", '{"data":1}', source={"pointer": "/data"})
        self.both("POST", "/v4/consumers", 400, "malformed_form", "data[a=1")
        self.both("POST", "/v4/consumers", 409, "wrong_resource_type", '{"data":{"type":"products"}}', source={"pointer": "/data/type"})

    def test_what_is_refused_before_a_handler(self):
        self.both("GET", "/nowhere", 404, "no_route")
        self.both("GET", "/v4/products", 404, "no_route")
        self.both("DELETE", "/v4/consumers", 405, "method_not_allowed")
        self.both("POST", "/v4/consumers", 413, "body_too_large", b" " * ((1 << 20) + 1))
        head = f"GET /v4/consumers/%ZZ HTTP/1.1\r\nHost: x\r\nAccept: {ARRAY['Accept']}\r\n\r\n"
        self.assertEqual(self.array(self.server.raw(head.encode()), 400)[0]["code"], "bad_address")

    def test_where_nothing_is_the_answer_says_what_is_here(self):
        for path in ("/v4/products", "/v4/consumers/1/orders", "/nowhere"):
            text = str(self.c.get(path).json)
            for held in ("consumers", "scroll/consumers", "operations", "import_tasks", "export_tasks", "webhooks"):
                self.assertIn("/v4/" + held, text)

    def test_what_import_tasks_answer(self):
        self.both("GET", "/v4/import_tasks/999", 404, "not_found")
        self.both("POST", "/v4/import_tasks", 415, "unsupported_media_type", b"x", content_type="image/png")
        self.both("POST", "/v4/import_tasks?mode=x", 422, "invalid_parameter", b"x", source={"parameter": "mode"}, content_type="text/csv")
        self.both("POST", "/v4/import_tasks", 400, "malformed_idempotency_key", b"x", source={"header": "Idempotency-Key"},
                  content_type="text/csv", headers={"Idempotency-Key": '"'})
        self.both("PATCH", "/v4/import_uploads/1", 412, "precondition_failed", b"x")

    def test_all_problems_of_a_record_with_pointers(self):
        other = self.c.post("/v4/consumers", consumer(external_id="e-1", email="e-1@example.com")).json["data"]["id"]
        body = consumer(external_id="e-1", email="E-1@example.com")
        errors = self.array(self.c.post("/v4/consumers", body, headers=ARRAY), 422)
        self.assertEqual([(e["code"], e["source"]["pointer"], e["detail"], e["meta"]["other_id"]) for e in errors],
                         [("taken", "/data/attributes/external_id", "is already taken", other),
                          ("taken", "/data/attributes/email", "is already taken", other)])
        body = consumer(email="x", custom_attributes={"a/b~c": "\x00"})
        errors = self.array(self.c.post("/v4/consumers", body, headers=ARRAY), 422)
        self.assertEqual([e["source"]["pointer"] for e in errors], ["/data/attributes/email", "/data/attributes/custom_attributes/a~1b~0c"])
        envelope = self.c.post("/v4/consumers", body).json["errors"]
        self.assertEqual(envelope["code"], "validation_failed")
        self.assertEqual([(p["code"], p["pointer"]) for p in envelope["problems"]],
                         [(e["code"], e["source"]["pointer"]) for e in errors])

    def test_old_clients_read_the_english_phrase_in_any_language(self):
        self.c.post("/v4/consumers", consumer(external_id="e-2"))
        answer = self.c.post("/v4/consumers", consumer(external_id="e-2"), headers=RUSSIAN).json["errors"]
        self.assertEqual((answer["title"], answer["details"]["external_id"]), ("Validation error", ["is already taken"]))
        self.assertRegex(answer["problems"][0]["detail"], "[а-я]")
        error = self.array(self.c.post("/v4/consumers", consumer(external_id="e-2"), headers={**RUSSIAN, **ARRAY}), 422)[0]
        self.assertRegex(error["detail"], "[а-я]")

    def test_who_may_not(self):
        nobody = harness.Client(self.server, None)
        self.addCleanup(nobody.close)
        for form, code, challenge in ((None, "invalid_token", "Token realm="), ("Bearer " + "a" * 43, "invalid_token", 'error="invalid_token"')):
            sent = {"Authorization": form} if form else {}
            error = self.array(nobody.get("/v4/consumers", headers={**ARRAY, **sent}), 401)[0]
            self.assertEqual((error["code"], error["source"]), (code, {"header": "Authorization"}))
            self.assertIn(challenge, nobody.get("/v4/consumers", headers={**ARRAY, **sent}).headers["WWW-Authenticate"])
        token = harness.new_token(self.data, "Test", "--scope", "consumers:read")
        reader = harness.Client(self.server, token)
        self.addCleanup(reader.close)
        answer = reader.post("/v4/consumers", consumer(name="A"))
        self.assertEqual((answer.status, answer.json["errors"]["code"], answer.headers["WWW-Authenticate"]), (403, "insufficient_scope", None))
        self.assertIn("consumers:write", answer.json["errors"]["details"]["message"])
        answer = reader.post("/v4/consumers", consumer(name="A"), headers={"Authorization": f"Bearer {token}", **ARRAY})
        self.assertEqual(self.array(answer, 403)[0]["code"], "insufficient_scope")
        self.assertIn('error="insufficient_scope"', answer.headers["WWW-Authenticate"])
        self.assertIn('scope="consumers:write"', answer.headers["WWW-Authenticate"])

    def test_the_array_only_for_who_asks(self):
        for accept in ("application/vnd.api+json", "*/*", "application/json", 'application/vnd.api+json; profile="urn:other"',
                       f'application/json; profile="{PROFILE}"', f'application/vnd.api+json; profile="{PROFILE}"; q=0'):
            answer = self.c.get("/v4/consumers/nobody", headers={"Accept": accept})
            self.assertIsInstance(answer.json["errors"], dict, accept)
        for accept in (f"application/vnd.api+json;profile={PROFILE}", f'application/vnd.api+json, application/vnd.api+json; profile="urn:x {PROFILE}"'):
            self.array(self.c.get("/v4/consumers/nobody", headers={"Accept": accept}), 404)
        self.c.put("/v4/consumers/there", consumer(name="A"))
        there = self.c.get("/v4/consumers/there", headers=ARRAY)
        self.assertEqual(there.headers["Content-Type"], f'application/vnd.api+json; profile="{PROFILE}"')

    def test_a_server_may_be_set_to_it(self):
        with harness.temporary_data() as data, harness.Server(data, "--errors", "jsonapi") as server:
            nobody = harness.Client(server, None)
            answer = nobody.get("/v4/consumers")
            nobody.close()
            self.assertEqual((answer.status, json.loads(answer.body)["errors"][0]["status"]), (401, "401"))
            self.assertEqual(answer.headers["Content-Type"], "application/vnd.api+json; charset=utf-8")
        done = harness.run("serve", "--data", self.data, "--errors", "xml", check=False)
        self.assertIn("use vendor or jsonapi", done.stderr)


if __name__ == "__main__":
    unittest.main()
