# SPDX-License-Identifier: Apache-2.0
"""What the vendor's command line does on the wire, and what it needs of the answers: its own acceptance list, line by line."""
import json
import os
import re
import sqlite3
import unittest
from urllib.parse import quote

import harness

JSON = "application/json"


class CommandLine:
    """As the vendor's: Bearer, JSON:API accepted, plain JSON sent, the id as one encoded segment, never a redirect followed."""

    def __init__(self, case, token=None):
        self.case = case
        self.client = harness.Client(case.server, None)
        case.addCleanup(self.client.close)
        self.headers = {"Authorization": f"Bearer {token or case.token}", "Accept": "application/vnd.api+json"}
        self.sent = []

    def request(self, method, path, body=None, **headers):
        self.sent.append((method, path))
        answer = self.client.request(method, "/v4/" + path, body, {**self.headers, **headers}, content_type=JSON)
        self.case.assertTrue(answer.headers["x-request-id"])
        self.case.assertTrue(answer.headers["Date"])
        self.case.assertFalse(300 <= answer.status < 400, answer)
        return answer

    @staticmethod
    def path(external_id, include=None):
        return f"consumers/{quote(external_id, safe='')}" + (f"?include={include}" if include else "")

    def create(self, **attributes):
        return self.request("POST", "consumers", harness.consumer(**attributes))

    def get(self, external_id, include=None):
        return self.request("GET", self.path(external_id, include))

    def update(self, external_id, upsert=False, **attributes):
        """(exit code, answer): without --upsert it looks first."""
        if not upsert and self.get(external_id).status == 404:
            return 5, None
        return 0, self.request("PUT", self.path(external_id), harness.consumer(**attributes))


def error_of(answer):
    """(code, field, message) as its parser finds them: details sorted, `message` no field, any of the three envelopes."""
    body = json.loads(answer.body)
    error = body.get("errors", body)
    error = error[0] if isinstance(error, list) else error
    details = error.get("details") or error.get("detail") or {}
    fields = sorted(k for k in details if k != "message")
    code = {400: "bad_request", 403: "forbidden", 404: "not_found", 422: "validation_failed"}.get(answer.status, f"http_{answer.status}")
    return code, fields[0] if fields else None, json.dumps(details, ensure_ascii=False)


class Acceptance(harness.ServerCase):
    def setUp(self):
        self.cli = CommandLine(self)

    def data_of(self, answer, status):
        self.assertEqual(answer.status, status, answer)
        data = answer.json["data"]
        self.assertIsInstance(data, dict)
        self.assertIsInstance(data["id"], str)
        return data

    def test_01_create_keeps_types(self):
        data = self.data_of(self.cli.create(external_id="a-1", email="a-1@example.com", name="A", unsubscribed=True), 201)
        self.assertIs(data["attributes"]["unsubscribed"], True)
        self.assertEqual(self.cli.sent, [("POST", "consumers")])

    def test_02_an_external_id_alone(self):
        self.assertEqual(self.data_of(self.cli.create(external_id="a-2"), 201)["attributes"]["external_id"], "a-2")

    def test_03_a_duplicate_points_to_update(self):
        self.cli.create(external_id="a-3", email="a-3@example.com")
        for attributes, field in (({"external_id": "a-3"}, "external_id"), ({"email": "a-3@example.com"}, "email")):
            answer = self.cli.create(**attributes)
            self.assertEqual(answer.status, 422)
            code, found, text = error_of(answer)
            self.assertEqual((code, found), ("validation_failed", field))
            self.assertIn("is already taken", text)

    def test_04_update_looks_first(self):
        self.cli.create(external_id="a 4/ж", name="A")
        self.cli.sent.clear()
        code, answer = self.cli.update("a 4/ж", name="B")
        self.assertEqual((code, self.data_of(answer, 200)["attributes"]["name"]), (0, "B"))
        path = "consumers/a%204%2F%D0%B6"
        self.assertEqual(self.cli.sent, [("GET", path), ("PUT", path)])
        self.cli.sent.clear()
        self.assertEqual(self.cli.update("a-4-nobody", name="B"), (5, None))
        self.assertEqual(self.cli.sent, [("GET", "consumers/a-4-nobody")])
        self.assertEqual(error_of(self.cli.get("a-4-nobody"))[0], "not_found")

    def test_05_upsert_and_its_replay(self):
        _, answer = self.cli.update("a-5", upsert=True, name="A")
        self.assertEqual(self.data_of(answer, 201)["attributes"]["external_id"], "a-5")
        _, again = self.cli.update("a-5", upsert=True, name="A")  # as after a 500 or a lost answer
        self.assertEqual(self.data_of(again, 200)["id"], answer.json["data"]["id"])
        self.assertEqual(self.cli.sent, [("PUT", "consumers/a-5")] * 2)

    def test_06_null_clears(self):
        self.cli.create(external_id="a-6", first_name="F", custom_attributes={"old": 1, "kept": 2})
        self.cli.update("a-6", first_name=None, custom_attributes={"old": None})
        attributes = self.data_of(self.cli.get("a-6"), 200)["attributes"]
        self.assertIsNone(attributes["first_name"])
        self.assertEqual(attributes["custom_attributes"], {"kept": 2})

    def test_07_include_and_both_ids(self):
        made = self.data_of(self.cli.create(external_id="a-7", name="A"), 201)
        by_external, by_id = self.cli.get("a-7", "orders"), self.cli.get(made["id"], "orders")
        self.assertEqual(self.cli.sent[1:], [("GET", "consumers/a-7?include=orders"), ("GET", f"consumers/{made['id']}?include=orders")])
        self.assertEqual(self.data_of(by_external, 200), self.data_of(by_id, 200))
        self.assertEqual(by_id.json["data"]["relationships"], {"orders": {"data": []}})
        self.assertEqual(by_id.json["included"], [])

    def test_08_what_is_sent_again_says_so(self):
        """A POST is repeated after 429 and 503 with Retry-After alone: then nothing was done.  The key makes any repeat safe."""
        key = {"Idempotency-Key": '"a-8"'}
        body = harness.consumer(name="A")
        first = self.cli.request("POST", "consumers", body, **key)
        again = self.cli.request("POST", "consumers", body, **key)
        self.assertEqual((first.status, again.status, again.json["data"]["id"]), (201, 201, first.json["data"]["id"]))
        with harness.temporary_data() as data, harness.Server(data) as server:
            client = harness.Client(server, harness.new_token(data))
            db = sqlite3.connect(os.path.join(data, "companies", "1.db"), isolation_level=None)
            client.post("/v4/consumers", body)
            db.execute("ALTER TABLE consumer RENAME TO consumer_hidden")  # the store fails
            failed = client.post("/v4/consumers", harness.consumer(external_id="a-8"))
            self.assertEqual((failed.status, failed.headers["Retry-After"]), (503, "1"), failed)
            db.execute("ALTER TABLE consumer_hidden RENAME TO consumer")
            db.close()
            self.assertEqual(client.post("/v4/consumers", harness.consumer(external_id="a-8")).status, 201, "nothing was done")
            client.close()

    def test_09_a_wrong_token(self):
        for token, wanted in (("definitely-not-a-token", None), ("a" * 43, "invalid_token")):
            answer = CommandLine(self, token).get("a-9")
            self.assertEqual(answer.status, 401)
            found = re.search(r'error="([^"]*)"', answer.headers["WWW-Authenticate"])
            self.assertEqual(found and found[1], wanted)
        reader = CommandLine(self, harness.new_token(self.data, "Test", "--scope", "consumers:read"))
        self.assertEqual(error_of(reader.create(name="A"))[0], "forbidden")

    def test_10_what_was_not_sent_stays(self):
        self.cli.create(external_id="a-10", email="a-10@example.com", first_name="F", unsubscribed=False)
        self.cli.update("a-10", first_name="G", unsubscribed=True)
        attributes = self.data_of(self.cli.get("a-10"), 200)["attributes"]
        self.assertEqual((attributes["email"], attributes["first_name"], attributes["unsubscribed"]), ("a-10@example.com", "G", True))

    def test_11_ids_that_look_internal_warn(self):
        _, answer = self.cli.update("0123456789abcdef01234567", upsert=True, name="A")
        self.data_of(answer, 201)
        self.assertEqual([w["code"] for w in answer.json["meta"]["warnings"]], ["looks_like_internal_id"])
        _, answer = self.cli.update("0123456789abcdef01234567", upsert=True, name="A")
        self.assertNotIn("meta", answer.json)


if __name__ == "__main__":
    unittest.main()
