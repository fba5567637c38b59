# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml says what the server does: every operation is driven, every answer compared with it, every status that it
names is seen; its addresses are those of the server's own table."""
import base64
import contextlib
import json
import os
import re
import socket
import tempfile
import time
import unittest
import unittest.mock

import harness
import npm
import openapi
import recorder
from harness import consumer

ROOT = harness.ROOT
ARRAY = {"Accept": 'application/vnd.api+json; profile="urn:clientele:jsonapi-errors"'}
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"
LIMIT, TOO_MUCH, NO_ROOM = "100000G", 10 ** 15, 9 * 10 ** 13
HEADER = "external_id;email;name;phone;created_at\n"
FILE = (HEADER + "1;anna@example.com;Анна;+7 900 000-00-01;2024-05-01\n2;not an address;Борис;;\n").encode()
# Which statuses are not seen here, and why not.
UNSEEN = {
    ("GET /v4/export_tasks/{id}/archive", "409"): "only while the file is made",
    ("GET /v4/export_tasks/{id}/archive", "410"): "only when its days are over",
    ("POST /v4/operations", "409"): "only between a request with the same key and its commit",
    ("GET /v4/import_tasks/{id}/diff", "409"): "only while a dry run is under way",
    ("GET /v4/import_tasks/{id}/missing", "409"): "only while a dry run is under way",
    ("GET /v4/import_tasks/{id}/outcomes", "409"): "only while a dry run is under way",
    ("GET /v4/import_tasks/{id}/missing_customers", "409"): "only while a dry run is under way",
}
# 200 or 202: whether a worker was faster than the answer.
EITHER = {f"{method} /v4/import_tasks/{{id}}/{action}" for method, action in
          [("PUT", "settings"), ("POST", "dry_run"), ("POST", "start"), ("POST", "cancel"), ("POST", "revert")]}


def metadata(**values):
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in values.items())


@unittest.skipUnless(npm.AVAILABLE, "node and npm are missing")
class Description(unittest.TestCase):
    def test_it_is_free_of_lint(self):
        self.assertEqual(openapi.lint(), "")

    def test_the_pages_are_made_from_it(self):
        for language in ("en", "ru"):
            name = os.path.join("src", "api", f"docs.{language}.html")
            with open(os.path.join(ROOT, name), "rb") as f:
                self.assertTrue(f.read() == openapi.page(language), f"{name} is old: ./dev docs makes it anew")

    def test_it_has_the_addresses_of_the_servers_table(self):
        with open(os.path.join(ROOT, "src", "api", "api.c"), encoding="utf-8") as f:
            table = re.search(r"^static const struct http_route routes\[\] = {\n(.*?)^};", f.read(), re.M | re.S)[1]
        routes, entries = set(), 0
        for entry in re.findall(r'[A-Z_]+\((?:[^()"]|"[^"]*")*\)|{[^{}"]*"[^"]*"[^}]*}', table):
            methods = re.findall(r"\bHTTP_([A-Z]+)\b", entry) or (["GET"] if entry.startswith("READ(") else [])
            self.assertTrue(methods, f"which method has {entry}?")
            address = re.search(r'"(/[^"]*)"', entry)[1]
            routes |= {f"{method} {address}" for method in methods}
            entries += 1
        self.assertEqual(entries, table.count('"/'), "every entry of the table is understood")
        with tempfile.NamedTemporaryFile() as nothing:
            described = set(openapi.compare(nothing.name)["operations"])
        self.assertEqual(routes, described)


@unittest.skipUnless(npm.AVAILABLE, "node and npm are missing")
class Comparison(unittest.TestCase):
    """What compares does find what does not fit."""
    HEADERS = [["X-Request-Id", "1"], ["Content-Type", "application/json; charset=utf-8"]]

    def exchange(self, method="GET", target="/healthz", status=200, headers=None, body=b'{"status":"ok"}', request=None):
        return {"method": method, "target": target, "status": status, "headers": self.HEADERS if headers is None else headers,
                "body": base64.b64encode(body).decode(), "request_headers": {"Content-Type": "application/json"},
                "request_body": base64.b64encode(request).decode() if request else None}

    def test_it_finds_what_does_not_fit(self):
        def typed(name):
            return [self.HEADERS[0], ["Content-Type", name]]
        cases = [
            ("", self.exchange()),
            ("X-Request-Id is missing", self.exchange(headers=self.HEADERS[1:])),
            ("status is not described", self.exchange(status=201)),
            ("operation is not described", self.exchange(method="PUT")),
            ("operation is not described", self.exchange(target="/nowhere")),
            ("", self.exchange(target="/nowhere", status=404)),
            ("body is empty", self.exchange(body=b"")),
            ("required property", self.exchange(body=b"{}")),
            ("additional", self.exchange(body=b'{"status":"ok","new":1}')),
            ("type 'text/html' is not described", self.exchange(headers=typed("text/html"))),
            ("body:", self.exchange(status=503, headers=typed("application/vnd.api+json"), body=b"{}")),
            ("Location is missing", self.exchange(method="POST", target="/v4/consumers", status=201)),
            ("'unknown' is not described", self.exchange(target="/healthz?unknown=1")),
            ("body:", self.exchange(method="PUT", target="/v4/import_tasks/1/settings", request=b'{"mode":"x"}')),
        ]
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as f:
            f.write("".join(json.dumps(told) + "\n" for _, told in cases))
            f.flush()
            found = openapi.compare(f.name, "--requests")
        for number, (wanted, told) in enumerate(cases):
            faults = " ".join(fault for fault, line in zip(found["faults"], found["lines"]) if line == number)
            self.assertEqual(bool(faults), bool(wanted), (faults, told))
            self.assertIn(wanted, faults)


@unittest.skipUnless(npm.AVAILABLE, "node and npm are missing")
class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.recorded = os.path.join(folder, "recorded.jsonl")
        cls.stack.enter_context(unittest.mock.patch.multiple(recorder, PATH=cls.recorded, ALIKE=10 ** 9))
        cls.data = cls.stack.enter_context(harness.temporary_data())
        cls.tokens = {"all": harness.new_token(cls.data), "reads": harness.new_token(cls.data, "Test", "--scope", "consumers:read"),
                      "imports": harness.new_token(cls.data, "Test", "--scope", "imports"), "none": None}
        cls.server = cls.stack.enter_context(harness.Server(cls.data, "--upload-limit", LIMIT))
        cls.clients = {name: cls.stack.enter_context(contextlib.closing(harness.Client(cls.server, key))) for name, key in cls.tokens.items()}

    def ask(self, status, method, path, body=None, content_type="application/vnd.api+json", who="all", **headers):
        """status: the one to come, or several."""
        answer = self.clients[who].request(method, path, body, {k.replace("_", "-"): str(v) for k, v in headers.items()}, content_type)
        self.assertIn(answer.status, (status,) if isinstance(status, int) else status, f"{method} {path}: {answer}")
        return answer

    # --- who may not, and what is not there: of every operation alike ---

    def plain(self, operation, number="999999"):
        """A request that its head has nothing against: method, path, body, headers."""
        method, path = operation.split(" ")
        body, headers = None, {}
        path = path.replace("{records_type}", "consumers").replace("{id}", "nobody" if "/consumers/" in path else number)
        path = path.replace("{delivery}", "1")
        if "/import_uploads" in path:
            headers = {**TUS, "Upload-Length": "10", "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
            headers = headers if method in ("POST", "PATCH") else TUS
            body = b"" if method in ("POST", "PATCH") else None
        elif "/webhooks" in path:
            body = {"data": {"type": "webhooks", "attributes": {}}} if method in ("POST", "PATCH") else None
        elif method in ("POST", "PUT", "PATCH") and "/import_tasks" not in path:
            body = consumer(name="Анна")
        return method, path, body, headers

    def drive_all_alike(self, operations):
        for operation, statuses in operations.items():
            method, path, body, headers = self.plain(operation)
            kind = BYTES if "uploads" in path else "application/vnd.api+json"
            if "401" in statuses:
                for more in ({}, {"Authorization": "Bearer " + "a" * 43}, ARRAY):
                    self.ask(401, method, path, body, kind, "none", **headers, **more)
            if "403" in statuses:
                self.ask(403, method, path, body, kind, "imports" if "/consumers" in path else "reads", **headers)
            if "404" in statuses and "{id}" in operation:
                self.ask(404, method, path, body, kind, **headers)
                self.ask(404, method, path, body, kind, **headers, **ARRAY)

    # --- the server itself ---

    def drive_server(self):
        self.ask(200, "GET", "/", who="none")
        self.ask(302, "GET", "/", who="none", Accept="text/html")
        self.ask(200, "GET", "/healthz", who="none")
        with open(openapi.DESCRIPTION, "rb") as f:
            self.assertEqual(self.ask(200, "GET", "/v4/openapi.yaml", who="none").body, f.read())
        for path, language, words in (("/docs", "en", b"Answers"), ("/docs", "ru", "Ответы".encode()), ("/docs?lang=ru", "en", "Ответы".encode())):
            answer = self.ask(200, "GET", path, who="none", Accept_Language=language)
            self.assertIn(words, answer.body)
            self.assertNotRegex(answer.body, rb"<script|<link|src=|@import|url\(")
        self.ask(422, "GET", "/docs?lang=xx", who="none")

    # --- customers ---

    def drive_consumers(self):
        path = "/v4/consumers"
        self.ask(201, "POST", path, consumer(external_id="1", email="anna@example.com", custom_attributes={"a": [1, {}]}, unknown=1))
        self.ask(201, "POST", path, consumer(name=""), "application/json")
        for more in ({}, ARRAY):
            self.ask(422, "POST", path, consumer(external_id="1", email="anna@example.com", custom_attributes={"k": "\0"}), **more)
        for method, target in (("POST", path), ("PUT", path + "/1"), ("PATCH", path + "/1")):
            self.ask(400, method, target, "{")
            self.ask(409, method, target, '{"data":{"type":"products"}}')
            self.ask(413, method, target, b" " * ((1 << 20) + 1))
            self.ask(422, method, target, consumer(email="x"))
        self.ask(200, "PUT", path + "/1", consumer(name="Анна", phone="+7 900 000-00-01"))
        self.ask(201, "PUT", path + "/2", consumer(email="ANNA@example.com"), Prefer="handling=lenient")
        self.ask(200, "PUT", path + "/2", consumer(external_id="3", name="Борис"), If_Match="*")
        self.ask(412, "PUT", path + "/nobody", consumer(), If_Match="*")
        self.ask(200, "PATCH", path + "/1", consumer(custom_attributes=None), Prefer="handling=lenient")
        self.ask(200, "GET", path + "/1?include=orders,reviews")
        self.ask(200, "HEAD", path + "/1")
        self.ask(200, "GET", path + "?page=1&per_page=1&include=orders")
        self.ask(200, "GET", path + "?page[number]=2&page[size]=1", **ARRAY)
        self.ask(422, "GET", path + "?per_page=0")
        tag = self.ask(200, "GET", path + "/1").headers["ETag"]
        self.ask(304, "GET", path + "/1", If_None_Match=tag)
        self.ask(412, "PUT", path + "/1", consumer(name="Вера"), If_None_Match="*")
        for method, body in (("PATCH", consumer(name="Вера")), ("DELETE", None)):
            self.ask(412, method, path + "/1", body, If_Match='"0-00000000"')
            self.ask(400, method, path + "/1", body, If_Match="x")
        for status in (201, 201, 422):
            self.ask(status, "POST", path, consumer(name=str(status)), Idempotency_Key='"c"')
        self.ask(204, "DELETE", path + "/2", If_Match="*")

    def drive_lists(self):
        path, scroll = "/v4/consumers", "/v4/scroll/consumers"
        for number in (1, 2):
            self.ask(201, "PUT", f"{path}/list-{number}", consumer(name="Вера"))
        following = self.ask(200, "GET", path + "?filter=external_id:exists:true&sort=-created_at&count=true&per_page=1&fields[consumers]=name")
        self.ask(200, "GET", following.json["links"]["next"].partition(f":{self.server.port}")[2])
        cursor = self.ask(200, "GET", scroll + "?sort=id:asc&per_page=1&include=orders&filter=id:gt:000000000000000000000000").json["meta"]["cursor"]
        self.ask(200, "GET", f"{scroll}?cursor={cursor}")
        self.ask(200, "GET", path + "/1?fields[consumers]=email")
        self.ask(404, "GET", "/v4/scroll/products")
        for bad in (path + "?filter=x", path + "?page[after]=x", scroll + "?cursor=x", scroll + f"?cursor={cursor}&filter=email:exists:true"):
            self.ask(400, "GET", bad)
        for bad in (path + "?filter=foo:eq:1", path + "/1?fields[consumers]=foo", scroll + "?sort=email"):
            self.ask(422, "GET", bad)

    def drive_exports(self):
        path = "/v4/export_tasks"

        def create(status, **attributes):
            return self.ask(status, "POST", path, {"data": {"type": "export_tasks", "attributes": {"records_type": "consumers", **attributes}}})
        self.ask(400, "POST", path, "{")
        self.ask(409, "POST", path, '{"data":{"type":"products"}}')
        create(422, format="pdf")
        key = {"Idempotency_Key": '"openapi"'}
        body = {"data": {"type": "export_tasks", "attributes": {"records_type": "consumers"}}}
        gone = self.ask(201, "POST", path, body, **key).headers["Location"]
        self.ask(201, "POST", path, body, **key)
        self.ask(204, "DELETE", gone)
        self.ask(404, "POST", path, body, **key)
        for form in ("csv", "xlsx"):
            task = create(201, format=form).headers["Location"]
            self.ask((200, 409), "GET", task + "/archive")
            until = time.monotonic() + 30
            while not (done := self.ask(200, "GET", task).json["data"]["attributes"])["finished_at"]:
                self.assertLess(time.monotonic(), until)
            link = done["archive_url"].partition(f":{self.server.port}")[2]
            tag = self.ask(200, "GET", link, who="none").headers["ETag"]
            self.ask(304, "GET", link, who="none", If_None_Match=tag)
            self.ask(416, "GET", link, who="none", Range="bytes=999999999-")
            self.ask(206, "GET", link, who="none", Range="bytes=0-9")
            self.ask(403, "GET", link + "x", who="none")
        self.ask(200, "GET", path + "?per_page=1")
        self.ask(422, "GET", path + "?page=0")
        self.ask(204, "DELETE", task)

    def drive_operations(self):
        def ask(status, *operations, **headers):
            self.ask(status, "POST", "/v4/operations", {"atomic:operations": list(operations)}, **headers)
        add = {"op": "add", "data": {"type": "consumers", "lid": "a", "attributes": {"external_id": "o-1", "name": "", "unknown": 1}}}
        update = {"op": "update", "ref": {"type": "consumers", "id": "o-2"}, "data": {"type": "consumers", "id": "o-2", "attributes": {}}}
        remove = {"op": "remove", "href": "/v4/consumers/o-1"}
        for _ in range(2):
            ask(200, add, {**update, "meta": {"upsert": True}}, remove, Idempotency_Key='"o"', Prefer="handling=lenient")
        ask(400)
        ask(404, remove)
        ask(400, {**add, "data": {"type": "products"}})
        ask(413, *[add] * 1001)
        ask(422, {"op": "add", "data": {"type": "consumers", "attributes": {"email": "x"}}})

    def drive_webhooks(self):
        path = "/v4/webhooks"

        def ask(status, method, target, **attributes):
            return self.ask(status, method, target, {"data": {"type": "webhooks", "attributes": attributes}})
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            one = ask(201, "POST", path, url=f"https://127.0.0.1:{nobody.getsockname()[1]}/").headers["Location"]
            for method, target in (("POST", path), ("PATCH", one)):
                self.ask(400, method, target, "{")
                ask(422, method, target, url="x")
            self.ask(200, "GET", path)
            self.ask(200, "GET", one)
            ask(200, "PATCH", one, events=["consumer.*"], state="disabled")
            self.ask(200, "POST", one + "/rotate")
            tried = self.ask(200, "POST", one + "/test").json["data"]
            self.assertEqual(tried["attributes"]["attempts"][0]["error"], "private_address")
            self.ask(202, "POST", f"{one}/deliveries/{tried['id']}/redeliver")
            self.ask(200, "GET", one + "/deliveries?page[size]=1")
            self.ask(422, "GET", one + "/deliveries?page[before]=x")
            self.ask(204, "DELETE", one)

    def drive_limits(self, operations):
        """A server that takes one request an hour: every operation that needs a token is limited."""
        with harness.temporary_data() as data:
            key = harness.new_token(data)
            with harness.Server(data, "--rate-limit-token", "1/h") as server, contextlib.closing(harness.Client(server, key)) as client:
                self.assertEqual(client.get("/v4/consumers").status, 200)
                for operation, statuses in operations.items():
                    method, path, body, headers = self.plain(operation)
                    for more in ({}, ARRAY) if "429" in statuses else ():
                        answer = client.request(method, path, body, {**headers, **more}, BYTES if "uploads" in path else "application/json")
                        self.assertEqual(answer.status, 429, operation)

    # --- imports ---

    def whole(self, head, body=b""):
        return f"{head}\r\nHost: x\r\nAuthorization: Token token={self.tokens['all']}\r\n\r\n".encode() + body

    @contextlib.contextmanager
    def held(self, head, body=b""):
        """A request that has begun, and whose answer nobody reads yet."""
        with socket.create_connection(("127.0.0.1", self.server.port), 20) as s:
            s.sendall(self.whole(head, body))
            yield s

    def drive_sending(self):
        path = "/v4/import_tasks"
        form = (b'--x\r\nContent-Disposition: form-data; name="mode"\r\n\r\nboth\r\n'
                b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + FILE + b"\r\n--x--\r\n")
        self.ask(202, "POST", path + "?start=manual&duplicate=go_on", form, "multipart/form-data; boundary=x")
        self.ask(422, "POST", path, b"--x--\r\n", "multipart/form-data; boundary=x")
        self.ask(400, "POST", path, form[:-20], "multipart/form-data; boundary=x")
        for _ in range(2):
            self.ask(202, "POST", path + "?file_name=b.csv&start=manual", FILE, "text/csv", Idempotency_Key='"k"')
        self.ask(422, "POST", path, FILE, "text/csv", Idempotency_Key='"k"')
        self.ask(415, "POST", path, b"x", "image/png")
        self.ask(422, "POST", path + "?mode=x", FILE, "text/csv")
        for length, status in ((TOO_MUCH, 413), (NO_ROOM, 507)):
            answer = self.server.raw(self.whole(f"POST {path} HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: {length}"))
            self.assertEqual(answer.status, status, answer)
        self.while_held(f"POST {path} HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: {len(FILE)}", lambda key: self.ask(
            (202, 409), "POST", path + "?start=manual", FILE, "text/csv", Idempotency_Key=key))

    def while_held(self, head, ask):
        """A request that begins holds its key: ask is 409, unless it came before that."""
        for n in range(100):
            with self.held(f'{head}\r\nIdempotency-Key: "held-{n}"'):
                time.sleep(0.05)
                if ask(f'"held-{n}"').status == 409:
                    return
        self.fail("no request holds its key")

    def task(self, query="?start=manual&go_on=true", content=FILE):
        number = self.ask(202, "POST", "/v4/import_tasks" + query, content, "text/csv").json["data"]["id"]
        self.wait(number)
        return number

    def wait(self, number, *states):
        return harness.wait_for_task(self.server, self.tokens["all"], number, until=lambda t: t["progress"]["phase"] == "idle" and (
            t["state"] in states if states else t["state"] in ("ready", *harness.OVER)) and t["dry_run"]["state"] in ("none", "done"))

    def drive_actions(self):
        self.task("?file_name=the%20one%20before", FILE.replace("Анна".encode(), "Ольга".encode()))
        number = self.task()
        path = f"/v4/import_tasks/{number}"
        for action, method in (("settings", "PUT"), ("dry_run", "POST"), ("start", "POST"), ("cancel", "POST"), ("revert", "POST")):
            self.ask(400, method, f"{path}/{action}", "[")
            self.ask(422, method, f"{path}/{action}", '{"no_setting":"1"}', "application/json")
        self.ask(409, "POST", path + "/revert", "{}", "application/json")
        self.ask((200, 202), "PUT", path + "/settings", {"mode": "both"}, "application/json")
        self.wait(number, "ready")
        self.ask((200, 202), "PUT", path + "/settings", {"data": {"type": "import_tasks", "attributes": {"settings": {"mode": "both"}}}})
        self.wait(number, "ready")
        self.ask(409, "GET", path + "/failed_rows")
        self.ask(409, "GET", path + "/rows?outcome=failed")
        self.ask(422, "GET", path + "/rows?outcome=lost")
        self.ask((200, 202), "POST", path + "/dry_run")
        fingerprint = self.wait(number, "ready")["dry_run"]["result"]["fingerprint"]
        for name in ("diff", "missing", "file", "outcomes", "missing_customers"):
            self.ask(200, "GET", f"{path}/{name}")
        for name in ("outcomes", "missing_customers"):
            self.ask(422, "GET", f"{path}/{name}?after=x")
        self.ask(200, "GET", path + "/errors?dry_run=true&warnings=true")
        self.ask((200, 202), "POST", path + "/start", {"fingerprint": fingerprint}, "application/json")
        self.wait(number, "completed_with_errors")
        self.ask(200, "GET", path + "/rows?outcome=failed")
        self.ask(409, "PUT", path + "/settings", {"mode": "create_only"}, "application/json", **ARRAY)
        self.ask(409, "POST", path + "/dry_run")
        self.ask(409, "POST", path + "/cancel", "{}", "application/json", **ARRAY)
        self.drive_reports(path)
        self.ask((200, 202), "PUT", "/v4/consumers/1", consumer(name="Вера"))
        self.ask((200, 202), "POST", path + "/revert", {"dry_run": True}, "application/json")
        until = time.monotonic() + 30
        while not self.ask(200, "GET", path).json["data"]["attributes"]["undo_preview"]:
            self.assertLess(time.monotonic(), until)
        self.ask((200, 202), "POST", path + "/revert")
        self.wait(number, "reverted")
        self.ask(200, "GET", path)
        self.assertTrue(self.ask(200, "GET", path + "/undo_kept").json["data"])
        other = f"/v4/import_tasks/{self.task()}"
        self.ask((200, 202), "POST", other + "/cancel")
        self.ask(409, "POST", other + "/start")
        self.ask(202, "POST", "/v4/import_tasks", b"external_id;email\n1;2\n", "text/csv")

    def drive_reports(self, path):
        self.ask(200, "GET", "/v4/import_tasks?state=completed_with_errors,ready&per_page=1")
        for query in ("/errors?per_page=1", "/changes", "/errors?after=1.1", "/errors?group=true", "/error_groups", "/undo_kept", "/events",
                      "/failed_rows", "/failed_rows?format=xlsx", "/file"):
            self.ask(200, "GET", path + query)
        for query in ("/changes?after=x", "/errors?page=0", "/errors?after=x", "/undo_kept?after=x", "/failed_rows?format=pdf"):
            self.ask(422, "GET", path + query)
        self.ask(422, "GET", "/v4/import_tasks?state=x")
        self.ask(204, "GET", path + "/events", Last_Event_ID="end")
        jsonl = self.ask(202, "POST", "/v4/import_tasks", b'{"external_id":"7","email":"no"}\n', "application/x-ndjson").json["data"]["id"]
        self.wait(jsonl, "completed_with_errors")
        self.ask(200, "GET", f"/v4/import_tasks/{jsonl}/failed_rows")

    def drive_streams(self, path):
        """As many streams as a company may have, and one more."""
        with contextlib.ExitStack() as stack:
            for _ in range(16):
                s = stack.enter_context(self.held(f"GET {path}/events HTTP/1.1"))
                self.assertIn(b" 200 ", s.recv(200))
            self.ask(429, "GET", path + "/events")

    # --- uploads ---

    def drive_uploads(self):
        path = "/v4/import_uploads"
        self.ask(204, "OPTIONS", path, who="none")
        self.ask(204, "OPTIONS", path + "/1", who="none")

        def begin(status, body=None, kind=None, **headers):
            return self.ask(status, "POST", path, body, kind, **{**TUS, "Upload-Length": len(FILE), **headers})
        begin(412, Tus_Resumable="0.2")
        begin(400, Upload_Length="x")
        begin(413, Upload_Length=TOO_MUCH)
        begin(507, Upload_Length=NO_ROOM)
        begin(415, b"x", "text/csv")
        begin(422, Upload_Metadata=metadata(no_setting="1"))
        for _ in range(2):
            gone = begin(201, Idempotency_Key='"u"')
        self.assertEqual(gone.headers["Idempotent-Replayed"], "true")
        begin(422, Idempotency_Key='"u"', Upload_Length="1")
        self.while_held(f"POST {path} HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nContent-Type: {BYTES}\r\nUpload-Length: 9\r\nContent-Length: 9",
                        lambda key: begin((201, 409), Idempotency_Key=key))
        self.ask(204, "DELETE", gone.headers["Location"], **TUS)
        begin(410, Idempotency_Key='"u"')
        one = begin(201, FILE[:10], BYTES, Upload_Metadata=metadata(filename="a.csv", start="manual")).headers["Location"]

        def part(status, body=b"", kind=BYTES, **headers):
            return self.ask(status, "PATCH", one, body, kind, **{**TUS, "Upload-Offset": 10, **headers})
        self.ask(200, "HEAD", one, **TUS)
        for method in ("HEAD", "PATCH", "DELETE", "POST"):
            self.ask(412, method, one, **({"X-HTTP-Method-Override": "DELETE"} if method == "POST" else {}))
        part(400, Upload_Offset="x")
        part(409, b"x", Upload_Offset=3)
        part(413, b"x" * (len(FILE) + 1))
        part(415, b"x", "text/csv")
        with self.held(f"PATCH {one} HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nContent-Type: {BYTES}\r\nUpload-Offset: 10\r\nContent-Length: 9", FILE[10:12]):
            while self.ask(200, "HEAD", one, **TUS).headers["Upload-Offset"] != "12":
                pass
            part(423, FILE[12:], Upload_Offset=12)
        while self.ask((204, 423), "PATCH", one, FILE[12:20], BYTES, **TUS, Upload_Offset=12).status == 423:
            pass
        self.ask(405, "POST", one, b"", BYTES, **TUS)
        self.ask(204, "POST", one, FILE[20:], BYTES, **TUS, Upload_Offset=20, X_HTTP_Method_Override="PATCH")
        self.ask(409, "DELETE", one, **TUS)
        one = begin(201).headers["Location"]
        self.ask(204, "DELETE", one, **TUS)
        self.ask(410, "DELETE", one, **TUS)
        self.ask(410, "HEAD", one, **TUS)
        part(410, b"x", Upload_Offset=0)

    def test_every_operation_answers_as_described(self):
        with tempfile.NamedTemporaryFile() as nothing:
            operations = openapi.compare(nothing.name)["operations"]
        self.drive_all_alike(operations)
        self.drive_server()
        self.drive_consumers()
        self.drive_lists()
        self.drive_exports()
        self.drive_operations()
        self.drive_webhooks()
        self.drive_limits(operations)
        self.drive_sending()
        self.drive_actions()
        self.drive_uploads()
        self.drive_streams(f"/v4/import_tasks/{self.task()}")
        told = openapi.compare(self.recorded, "--requests")
        self.assertEqual(sorted(set(told["faults"])), [])
        unseen = {(operation, status) for operation, statuses in operations.items() for status in statuses
                  if status != "default" and status not in told["seen"].get(operation, {})}
        late = {(operation, status) for operation, status in unseen if operation in EITHER and status in ("200", "202") and
                {"200", "202"} & told["seen"][operation].keys()}
        self.assertEqual(unseen - late - set(UNSEEN), set())


if __name__ == "__main__":
    unittest.main()
