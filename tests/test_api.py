# SPDX-License-Identifier: Apache-2.0
"""The platform API against the running server, over a real socket, as its clients really speak."""
import glob
import json
import os
import re
import subprocess
import unittest
from urllib.parse import quote

import harness
from harness import consumer

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
ATTRIBUTES = ["email", "phone", "name", "first_name", "custom_attributes", "avatar_url", "external_id", "created_at", "updated_at",
              "unsubscribed", "permanent_failed", "complained"]


class Api(harness.ServerCase):
    def setUp(self):
        self.c = self.client()

    def assert_error(self, answer, status, title=None):
        self.assertEqual(answer.status, status, answer)
        errors = answer.json["errors"]
        self.assertEqual(errors["status"], status)
        if title:
            self.assertEqual(errors["title"], title)
        self.assertTrue(answer.headers["x-request-id"])
        return errors.get("details", {})

    # --- the seed's samples ---

    def curl(self, method, path, body):
        done = subprocess.run(["curl", "-sS", "-X", method, "-H", "Content-Type: application/vnd.api+json", "-H",
                               f"Authorization: Token token={self.token}", "--url", f"http://127.0.0.1:{self.server.port}{path}",
                               "-d", body, "-w", "\n%{http_code}"], capture_output=True, text=True, check=True)
        text, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(text)

    def test_the_documented_curl_lines_work(self):
        create = """{
"data": {
"type": "consumers",
"attributes": {
"external_id": "347771",
"name": "Александр Лукашенко",
"email": "luka@example.by",
"custom_attributes": {
"orders_count": "12",
"ltv": "27456",
"region": "74"
}
}
}
}"""
        status, document = self.curl("POST", "/v4/consumers", create)
        self.assertEqual(status, 201)
        data = document["data"]
        self.assertRegex(data["id"], "^[0-9a-f]{24}$")
        self.assertEqual(data["type"], "consumers")
        self.assertEqual(list(data["attributes"]), ATTRIBUTES)
        self.assertEqual(data["attributes"]["name"], "Александр Лукашенко")
        self.assertRegex(data["attributes"]["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+03:00$")
        status, document = self.curl("POST", "/v4/consumers", create)
        self.assertEqual(status, 422)
        self.assertEqual(document["errors"]["details"]["external_id"], ["is already taken"])
        # The inner quotes of the document end the shell's: what is sent is a number, and stays one.
        status, document = self.curl("PUT", "/v4/consumers/347771", """{
"data": {
"type": "consumers",
"attributes": {
"custom_attributes": {
"ltv": 37456
}
}
}
}""")
        self.assertEqual(status, 200)
        self.assertEqual(document["data"]["attributes"]["custom_attributes"], {"orders_count": "12", "ltv": 37456, "region": "74"})
        self.assertEqual(document["data"]["attributes"]["email"], "luka@example.by")

    def test_bodies_of_the_php_and_ruby_samples(self):
        for kind in ("php", "ruby", "ruby_escaped"):
            statuses = []
            for name in ("create", "create", "update", "update_absent"):
                with open(os.path.join(FIXTURES, f"{kind}_{name}.http"), "rb") as f:
                    request = f.read().replace(b"@TOKEN@", self.token.encode())
                answer = self.server.raw(request)
                statuses.append(answer.status)
                if name == "update":
                    attributes = answer.json["data"]["attributes"]
                    self.assertEqual(attributes["custom_attributes"]["ltv"], "37456")
                    self.assertEqual(attributes["custom_attributes"]["region"], "74")
                    self.assertEqual(attributes["name"], "Александр Лукашенко")
            self.assertEqual(statuses, [201, 422, 200, 201], kind)
            for gone in ("347771386", "347771387"):
                self.assertEqual(self.c.request("DELETE", f"/v4/consumers/{gone}").status, 204)

    # --- one customer ---

    def test_both_conflicts_at_once_with_the_other_customer(self):
        first = self.c.post("/v4/consumers", consumer(external_id="both-1")).json["data"]["id"]
        second = self.c.post("/v4/consumers", consumer(external_id="both-2", email="both@example.com")).json["data"]["id"]
        answer = self.c.post("/v4/consumers", consumer(external_id="both-1", email="BOTH@example.com"))
        details = self.assert_error(answer, 422, "Validation error")
        self.assertEqual(details["external_id"], ["is already taken"])
        self.assertEqual(details["email"], ["is already taken"])
        self.assertEqual(details["model"], "Validation of Consumer failed.")
        self.assertIn(first, answer.body.decode())
        self.assertIn(second, answer.body.decode())

    def test_put_merges_clears_and_keeps(self):
        self.assertEqual(self.c.put("/v4/consumers/merge-1", consumer(name="A", phone="+7 (900) 000-00-01", custom_attributes={"a": 1, "b": "x"})).status, 201)
        answer = self.c.put("/v4/consumers/merge-1", consumer(name=None, email="merge@example.com", custom_attributes={"b": None, "c": [1, {"d": True}]}))
        self.assertEqual(answer.status, 200)
        attributes = answer.json["data"]["attributes"]
        self.assertIsNone(attributes["name"])
        self.assertEqual(attributes["phone"], "79000000001")
        self.assertEqual(attributes["email"], "merge@example.com")
        self.assertEqual(attributes["custom_attributes"], {"a": 1, "c": [1, {"d": True}]})
        before = attributes["updated_at"]
        again = self.c.put("/v4/consumers/merge-1", consumer(custom_attributes={"a": 1}))
        self.assertEqual(again.json["data"]["attributes"]["updated_at"], before, "an equal record is not written")
        cleared = self.c.put("/v4/consumers/merge-1", consumer(custom_attributes=None)).json["data"]["attributes"]
        self.assertEqual(cleared["custom_attributes"], {})
        self.assertEqual(self.c.put("/v4/consumers/merge-1", consumer(custom_attributes=[])).status, 200)

    def test_external_id_of_a_customer_never_changes(self):
        answer = self.c.put("/v4/consumers/fixed-1", consumer(external_id="fixed-2", name="A"))
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.json["data"]["attributes"]["external_id"], "fixed-1")
        self.assertIn("external_id", answer.json["meta"]["ignored"])
        answer = self.c.post("/v4/consumers", consumer(email="late@example.com"))
        self.assertIsNone(answer.json["data"]["attributes"]["external_id"])
        linked = self.c.put(f"/v4/consumers/{answer.json['data']['id']}", consumer(external_id="late-1"))
        self.assertEqual(linked.json["data"]["attributes"]["external_id"], "late-1")

    def test_empty_and_unknown_attributes_are_named(self):
        answer = self.c.post("/v4/consumers", '{"data":{"type":"consumers","attributes":{"external_id":"meta-1","name":" ","emial":"x",'
                                              '"permanent_failed":true,"phone":"1","phone":"+7 900 1112233"}}}')
        self.assertEqual(answer.status, 201)
        self.assertEqual(sorted(answer.json["meta"]["ignored"]), ["emial", "name", "permanent_failed"])
        self.assertIn("phone", json.dumps(answer.json["meta"]["warnings"]))
        self.assertEqual(answer.json["data"]["attributes"]["phone"], "79001112233")

    def test_numbers_keep_their_text(self):
        text = '{"data":{"type":"consumers","attributes":{"external_id":12345678901234567890,"custom_attributes":' \
               '{"a":1.10,"b":1e400,"c":12345678901234567890,"d":-0,"e":[1.0,{"f":2.50}]}}}}'
        answer = self.c.post("/v4/consumers", text)
        self.assertEqual(answer.status, 201)
        got = answer.body.decode()
        for number in ("1.10", "1e400", "12345678901234567890", "-0", "1.0", "2.50"):
            self.assertRegex(got, r'[:\[]\s*' + re.escape(number) + r'\s*[,}\]]')
        self.assertIn('"external_id": "12345678901234567890"', got.replace('":"', '": "'))
        self.assert_error(self.c.post("/v4/consumers", '{"data":{"attributes":{"external_id":1.5}}}'), 422)

    def test_ids_in_paths(self):
        for given in ("ivan.petrov", "1.5", "a/b", "a b", "Иван Петров", "x#y?z", "100%", "a@b.ru", "..", "п/р.о+б"):
            path = "/v4/consumers/" + quote(given, safe="")
            if given == "..":
                path = "/v4/consumers/%2E%2E"
            created = self.c.put(path, consumer(name=given))
            self.assertEqual(created.status, 201, (given, created))
            self.assertEqual(created.json["data"]["attributes"]["external_id"], given)
            self.assertEqual(self.c.get(path).json["data"]["id"], created.json["data"]["id"])
            by_id = self.c.get("/v4/consumers/" + created.json["data"]["id"])
            self.assertEqual(by_id.json["data"]["attributes"]["name"], given)
            self.assertEqual(self.c.request("DELETE", path).status, 204)
            self.assert_error(self.c.get(path), 404, "Document not found")

    def test_a_path_that_is_not_encoded_says_how(self):
        answer = self.server.raw("GET /v4/consumers/Иван HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertIn("ercent", self.assert_error(answer, 400)["message"])
        for path in ("%ZZ", "a%00b", "%C3", "%"):
            answer = self.server.raw(f"GET /v4/consumers/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={self.token}\r\n\r\n".encode())
            self.assertEqual(answer.status, 400, path)

    def test_patch_never_creates(self):
        details = self.assert_error(self.c.request("PATCH", "/v4/consumers/nobody", consumer(name="A")), 404, "Document not found")
        self.assertEqual(details["message"], "Document(s) not found for class Consumer with id(s) nobody.")
        self.c.put("/v4/consumers/somebody", consumer(name="A"))
        answer = self.c.request("PATCH", "/v4/consumers/somebody", consumer(name="B"))
        self.assertEqual((answer.status, answer.json["data"]["attributes"]["name"]), (200, "B"))

    def test_delete_takes_effect_and_frees_the_keys(self):
        self.c.post("/v4/consumers", consumer(external_id="gone-1", email="gone@example.com"))
        answer = self.c.request("DELETE", "/v4/consumers/gone-1", {"data": {"type": "consumers", "id": "gone-1"}})
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assert_error(self.c.request("DELETE", "/v4/consumers/gone-1"), 404)
        self.assertEqual(self.c.post("/v4/consumers", consumer(external_id="gone-1", email="gone@example.com")).status, 201)

    def test_nothing_is_mandatory(self):
        for body in ({"data": {"type": "consumers", "attributes": {}}}, {"data": {"type": "consumers"}}, {"data": {"attributes": {}}, "meta": {}}):
            self.assertEqual(self.c.post("/v4/consumers", body).status, 201, body)

    def test_lenient_handling_leaves_a_taken_email_out(self):
        self.c.post("/v4/consumers", consumer(email="owner@example.com"))
        self.assert_error(self.c.put("/v4/consumers/lenient", consumer(email="owner@example.com", name="A")), 422)
        answer = self.c.put("/v4/consumers/lenient", consumer(email="owner@example.com", name="A"), headers={"Prefer": "handling=lenient"})
        self.assertEqual(answer.status, 201)
        self.assertIsNone(answer.json["data"]["attributes"]["email"])
        self.assertIn("email", answer.json["meta"]["ignored"])

    def test_bad_values_are_all_named_at_once(self):
        answer = self.c.post("/v4/consumers", consumer(email="no at sign", created_at="yesterday", unsubscribed="maybe", external_id="x" * 256,
                                                       custom_attributes="text"))
        details = self.assert_error(answer, 422, "Validation error")
        for field in ("email", "created_at", "unsubscribed", "external_id", "custom_attributes"):
            self.assertIn(field, details)
        answer = self.c.post("/v4/consumers", '{"data":{"attributes":{"name":"a\\u0000b"}}}')
        self.assertIn("name", self.assert_error(answer, 422))
        answer = self.c.post("/v4/consumers", consumer(custom_attributes={f"k{i}": 1 for i in range(257)}))
        self.assertIn("custom_attributes", self.assert_error(answer, 422))

    def test_created_at_as_clients_write_it(self):
        for number, (given, want) in enumerate([("2018-01-01T00:11:22Z", "2018-01-01T03:11:22.000000+03:00"),
                                                ("2018-01-01T00:11:22.5+0300", "2018-01-01T00:11:22.500000+03:00"),
                                                ("2014-01-20t00:00:00+04:00", "2014-01-20T00:00:00.000000+04:00")]):
            answer = self.c.put(f"/v4/consumers/date-{number}", consumer(created_at=given))
            self.assertEqual(answer.json["data"]["attributes"]["created_at"], want)

    # --- who may ---

    def test_every_form_of_the_token(self):
        for form in (f"Token token={self.token}", f'Token token="{self.token}"', f"Bearer {self.token}", f"Bearer token={self.token}",
                     f"token token={self.token}", f"Token {self.token}"):
            self.assertEqual(self.c.get("/v4/consumers", headers={"Authorization": form}).status, 200, form)

    def test_refused_tokens(self):
        nobody = harness.Client(self.server, None)
        for form in (None, "Token token=wrong", "Bearer definitely-not-a-token", "Basic dTpw", "Token"):
            answer = nobody.get("/v4/consumers", headers={"Authorization": form} if form else {})
            self.assertEqual(answer.status, 401, form)
            self.assertEqual(answer.headers["WWW-Authenticate"], 'Token realm="Aplaut Platform API v4"')
            self.assertEqual(answer.body, b"HTTP Token: Access denied.\n")
            self.assertTrue(answer.headers["x-request-id"])
        answer = nobody.get("/v4/consumers", headers={"Authorization": "Bearer " + "a" * 43})
        self.assertEqual((answer.status, answer.body), (401, b""))
        self.assertIn('error="invalid_token", error_description="The access token is invalid"', answer.headers["WWW-Authenticate"])
        nobody.close()

    def test_scopes_and_revoked_tokens(self):
        reader = harness.Client(self.server, harness.new_token(self.data, "Test", "--scope", "consumers:read"))
        self.assertEqual(reader.get("/v4/consumers").status, 200)
        self.assert_error(reader.post("/v4/consumers", consumer(name="A")), 403, "Forbidden")
        listed = harness.run("token", "list", "--data", self.data, "--company", "Test").stdout
        number = re.findall(r"^(\d+)", listed, re.M)[-1]
        harness.run("token", "revoke", "--data", self.data, "--company", "Test", number)
        self.assertEqual(reader.get("/v4/consumers").status, 401, "a revoked token is refused at once")
        reader.close()

    # --- what is not there, and bodies ---

    def test_routes_and_methods(self):
        for path in ("/v4/products", "/v4/reviews/1", "/nowhere", "/v4/consumers/1/reviews"):
            self.assertIn("consumers", json.dumps(self.assert_error(self.c.get(path), 404)))
        answer = self.c.request("DELETE", "/v4/consumers")
        self.assert_error(answer, 405)
        self.assertEqual(sorted(x.strip() for x in answer.headers["Allow"].split(",")), ["GET", "HEAD", "OPTIONS", "POST"])
        head = self.c.request("HEAD", "/v4/consumers")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertGreater(int(head.headers["Content-Length"]), 0)
        self.assertEqual(self.c.get("/healthz", headers={"Authorization": "none"}).status, 200)

    def test_media_types_as_clients_send_them(self):
        body = json.dumps(consumer(name="A"))
        for kind in ("application/vnd.api+json", "application/vnd.api+json; charset=utf-8", "application/json", None,
                     'application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"', "application/json;charset=UTF-8"):
            self.assertEqual(self.c.post("/v4/consumers", body, content_type=kind).status, 201, kind)

    def test_malformed_json_names_line_and_column(self):
        details = self.assert_error(self.c.post("/v4/consumers", '{"data": {\n  "type": consumers }}'), 400, "Bad request")
        self.assertIn("line 2", details["message"])
        self.assertRegex(details["message"], r"column 1\d")
        self.assert_error(self.c.post("/v4/consumers", ""), 400)
        self.assert_error(self.c.post("/v4/consumers", "[]"), 400)
        self.assert_error(self.c.post("/v4/consumers", '{"data":[]}'), 400)
        self.assert_error(self.c.post("/v4/consumers", b'{"data":{"attributes":{"name":"\xff"}}}'), 400)

    def test_wrong_type_is_a_conflict(self):
        details = self.assert_error(self.c.post("/v4/consumers", {"data": {"type": "products", "attributes": {}}}), 409)
        self.assertIn("consumers", details["message"])

    def test_a_body_over_one_mebibyte_is_refused(self):
        big = json.dumps(consumer(name="A", custom_attributes={"a": "x" * (1 << 20)}))
        details = self.assert_error(self.c.post("/v4/consumers", big), 413)
        self.assertIn("1 MiB", details["message"])
        within = json.dumps(consumer(name="A", custom_attributes={"a": "x" * 60000}))
        self.assertEqual(self.c.post("/v4/consumers", within + " " * ((1 << 20) - len(within))).status, 201)

    def test_list_pages(self):
        for number in range(30):
            self.c.put(f"/v4/consumers/list-{number}", consumer(name="L"))
        seen, page = [], 1
        while True:
            got = self.c.get(f"/v4/consumers?page={page}&per_page=7").json["data"]
            seen += [x["id"] for x in got]
            if len(got) < 7:
                break
            page += 1
        self.assertEqual(len(seen), len(set(seen)))
        self.assertGreaterEqual(len(seen), 30)
        self.assertEqual(seen, sorted(seen), "ids are ordered by time")
        self.assertEqual(len(self.c.get("/v4/consumers").json["data"]), 25)
        for query in ("page=0", "page=x", "per_page=-1", "per_page=1000000"):
            self.assert_error(self.c.get("/v4/consumers?" + query), 422, "Invalid query params")

    def test_russian_on_request(self):
        answer = self.c.post("/v4/consumers", consumer(email="нет"), headers={"Accept-Language": "ru-RU,ru;q=0.9"})
        self.assertEqual(self.assert_error(answer, 422)["email"], ["не является адресом e-mail"])

    def test_what_the_json_test_suite_holds_is_never_our_error(self):
        folder = os.path.join(harness.SHARED, "samples", "json", "test_parsing")
        if not os.path.isdir(folder):
            self.skipTest("the JSONTestSuite samples are not here")
        files = sorted(glob.glob(os.path.join(folder, "*.json")))
        self.assertGreater(len(files), 100)
        for path in files:
            with open(path, "rb") as f:
                value = f.read()
            name = os.path.basename(path)
            status = self.c.post("/v4/consumers", value).status
            self.assertIn(status, (400, 409, 413, 422, 201), name)
            if len(value) < 60000:  # as a value inside a customer
                status = self.c.post("/v4/consumers", b'{"data":{"attributes":{"custom_attributes":{"v":' + value + b"}}}}").status
                self.assertIn(status, {"y": (201, 422), "n": (400, 422), "i": (201, 400, 422)}[name[0]], name)
        self.assertEqual(self.c.get("/healthz").status, 200)


class ImportByApi(unittest.TestCase):
    FILE = "external_id;email;name;phone;created_at;Город\n1;a@example.com;Анна;+7 900 000-00-01;2018-01-01 00:11:22;Омск\n2;bad;Б;;;\n".encode()

    def finished(self, c, number):
        import time
        until = time.monotonic() + 60
        while time.monotonic() < until:
            task = c.get(f"/v4/import_tasks/{number}").json["data"]
            if task["attributes"]["state"] in ("completed", "completed_with_errors", "failed", "cancelled"):
                return task["attributes"]
            time.sleep(0.05)
        raise AssertionError("the import did not end")

    def test_upload_run_and_errors(self):
        with harness.temporary_data("Test") as data:
            token = harness.new_token(data)
            with harness.Server(data) as server:
                c = harness.Client(server, token)
                boundary = "b0undary"
                body = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"клиенты.csv\"\r\n"
                        "Content-Type: text/csv\r\n\r\n").encode() + self.FILE + f"\r\n--{boundary}--\r\n".encode()
                answer = c.post("/v4/import_tasks", body, content_type=f"multipart/form-data; boundary={boundary}")
                self.assertEqual(answer.status, 202, answer)
                task = self.finished(c, answer.json["data"]["id"])
                self.assertEqual(task["state"], "completed_with_errors", task)
                self.assertEqual((task["created"], task["failed"], task["records"]), (1, 1, 2))
                self.assertEqual(task["created"] + task["updated"] + task["unchanged"] + task["skipped"] + task["failed"], task["records"])
                errors = c.get(f"/v4/import_tasks/{answer.json['data']['id']}/errors").rows
                self.assertEqual(len(errors), 1)
                error = errors[0]
                self.assertEqual((error["line"], error["record"], error["column"], error["value"], error["code"]), (3, 2, "email", "bad", "email_invalid"))
                self.assertTrue(error["detail"])
                self.assertEqual(c.get("/v4/consumers/1").json["data"]["attributes"]["custom_attributes"], {"Город": "Омск"})
                # A file that cannot be read ends as failed, with what to do.
                answer = c.post("/v4/import_tasks", b"external_id;email\n1;\n", content_type="text/csv")
                self.assertEqual(answer.status, 202, answer)
                task = self.finished(c, answer.json["data"]["id"])
                self.assertEqual((task["state"], task["failure"]["code"]), ("failed", "columns_missing"))
                self.assertIn("phone", task["failure"]["message"])
                c.close()

    def test_a_half_received_upload_leaves_no_trace(self):
        import socket
        with harness.temporary_data("Test") as data:
            token = harness.new_token(data)
            with harness.Server(data) as server:
                with socket.create_connection(("127.0.0.1", server.port)) as s:
                    s.sendall(f"POST /v4/import_tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={token}\r\nContent-Type: text/csv\r\n"
                              "Content-Length: 1000000\r\n\r\n".encode() + self.FILE)
                    import time
                    time.sleep(0.3)
                time.sleep(0.5)
                c = harness.Client(server, token)
                self.assertEqual(c.get("/v4/import_tasks").json["data"], [])
                c.close()
            self.assertTrue(os.path.isdir(os.path.join(data, "uploads")))
            spool = os.listdir(os.path.join(data, "uploads"))
            self.assertEqual(spool, [])


if __name__ == "__main__":
    unittest.main()
