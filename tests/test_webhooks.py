# SPDX-License-Identifier: Apache-2.0
"""Webhooks end to end: a receiver on loopback, signatures checked by others' code, retries, crashes, addresses, imports."""
import base64
import contextlib
import glob
import hashlib
import hmac
import http.server
import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import npm
from harness import consumer
from world import in_memory

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "webhooks")
HEADER = "external_id;email;name;phone;created_at\n"
WAIT_S = 30
QUIET_S = 0.7  # nothing came for so long: nothing comes


class Receiver:
    """Keeps what it is sent; `answer` says what each path answers: a status, (status, headers), or a function of the request."""

    def __init__(self):
        self.got, self.answer, self.connections = [], {}, 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                seen = {"path": self.path, "headers": dict(self.headers), "body": body.decode(), "at": time.monotonic()}
                receiver.got.append(seen)
                said = receiver.answer.get(self.path, 204)
                said = said(seen) if callable(said) else said
                status, headers = said if isinstance(said, tuple) else (said, {})
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 200

            def get_request(self):
                receiver.connections += 1
                return super().get_request()

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/hook", scheme="http", host="127.0.0.1"):
        return f"{scheme}://{host}:{self.port}{path}"

    def of(self, path="/hook"):
        return [g for g in list(self.got) if g["path"] == path]

    def types(self, path="/hook"):
        return [json.loads(g["body"])["type"] for g in self.of(path)]

    def wait(self, count, path="/hook", seconds=WAIT_S):
        until = time.monotonic() + seconds
        while len(self.of(path)) < count:
            if time.monotonic() > until:
                raise AssertionError(f"{len(self.of(path))} of {count} came: {[g['body'] for g in self.of(path)]}")
            time.sleep(0.01)
        return self.of(path)

    def quiet(self, path="/hook"):
        """Waits until nothing has come for a while; what came."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET_S:
            if len(self.of(path)) != seen:
                seen, since = len(self.of(path)), time.monotonic()
            time.sleep(0.02)
        return self.of(path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def signature(secret, got):
    h = got["headers"]
    signed = f"{h['webhook-id']}.{h['webhook-timestamp']}.{got['body']}".encode()
    digest = hmac.new(base64.b64decode(secret[len("whsec_"):]), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Case(unittest.TestCase):
    arguments = ("--webhook-allow", "127.0.0.1")
    env = {"CLIENTELE_FAULT_WEBHOOK_MS": "50"}

    def setUp(self):
        tempfile.tempdir = in_memory()
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.data = self.stack.enter_context(harness.temporary_data())
        self.token = harness.new_token(self.data)
        self.server = harness.Server(self.data, *self.arguments, env=self.env)
        self.addCleanup(self.stop)
        self.client = harness.Client(self.server, self.token)
        self.addCleanup(lambda: self.client.close())
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def stop(self):
        if self.server.process.poll() is None:
            self.server.stop()

    def restart(self, kill=True, env=None):
        self.client.close()
        if self.server.process.poll() is None:
            self.server.kill() if kill else self.server.stop()
        self.server.env = env or self.env
        self.server.start()

    def died(self):
        self.server.process.wait(WAIT_S)
        self.server.log.close()

    def hook(self, path="/hook", **attributes):
        answer = self.client.post("/v4/webhooks", {"data": {"type": "webhooks", "attributes": {
            "url": self.receiver.url(path), **attributes}}})
        self.assertEqual(answer.status, 201, answer)
        data = answer.json["data"]
        return data["id"], data["attributes"]["secret"]

    def state(self, hook):
        return self.client.get(f"/v4/webhooks/{hook}").json["data"]["attributes"]["state"]

    def deliveries(self, hook):
        return [d["attributes"] for d in self.client.get(f"/v4/webhooks/{hook}/deliveries?page[size]=100").json["data"]]

    def until(self, check, seconds=WAIT_S):
        end = time.monotonic() + seconds
        while not check():
            self.assertLess(time.monotonic(), end, "it does not come to that")
            time.sleep(0.02)

    def new(self, external_id, **more):
        answer = self.client.post("/v4/consumers", consumer(external_id=external_id, **more))
        self.assertEqual(answer.status, 201, answer)
        return answer.json["data"]["id"]

    def imports(self, text, query=""):
        answer = self.client.post(f"/v4/import_tasks{query}", text, content_type="text/csv")
        self.assertIn(answer.status, (200, 201, 202), answer)
        task = int(answer.json["data"]["id"])
        return task, harness.wait_for_task(self.server, self.token, task)

    def control(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/control.db?mode=ro", uri=True)) as db:
            return db.execute(sql, values).fetchall()

    def events(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/companies/1.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT kind, changed FROM event ORDER BY id").fetchall()


class Messages(Case):
    def test_a_customer_made_changed_and_deleted(self):
        hook, secret = self.hook()
        id = self.new("A1", name="Анна", email="anna@example.com")
        self.receiver.wait(1)
        self.client.request("PATCH", "/v4/consumers/A1", consumer(name="Анна П.", custom_attributes={"ltv": 7}))
        self.receiver.wait(2)
        self.client.put("/v4/consumers/A1", consumer(name="Анна П."))  # changes nothing
        self.client.request("DELETE", "/v4/consumers/A1")
        got = self.receiver.wait(3)
        bodies = [json.loads(g["body"]) for g in got]
        self.assertEqual([b["type"] for b in bodies], ["consumer.created", "consumer.updated", "consumer.deleted"])
        self.assertEqual([b["data"]["id"] for b in bodies], [id] * 3)
        self.assertEqual(bodies[0]["data"]["attributes"]["email"], "anna@example.com")
        self.assertEqual(bodies[1]["changed"], ["name", "custom_attributes"])
        self.assertEqual(bodies[1]["data"]["attributes"]["custom_attributes"], {"ltv": 7})
        self.assertEqual(bodies[2]["data"], {"id": id, "type": "consumers", "attributes": {"external_id": "A1"}})
        for g, b in zip(got, bodies):
            self.assertEqual(g["headers"]["Content-Type"], "application/json")
            self.assertEqual(g["headers"]["webhook-id"], b["id"])
            self.assertLess(abs(int(g["headers"]["webhook-timestamp"]) - time.time()), 60)
            self.assertEqual(g["headers"]["webhook-signature"], signature(secret, g))
            self.assertEqual((b["company"], b["origin"]), ("Test", {"type": "token", "id": "1"}))
        self.assertEqual(len({b["id"] for b in bodies}), 3)
        self.until(lambda: [d["state"] for d in self.deliveries(hook)] == ["delivered"] * 3)

    @unittest.skipUnless(npm.AVAILABLE, "node and npm are missing")
    def test_the_library_of_the_standard_takes_them(self):
        npm.install(FOLDER)
        _, secret = self.hook()
        self.new("A1", name="Анна \"'\\ 😀")
        self.imports(HEADER + "B;;Ы;;\n")
        lines = "".join(json.dumps({"secret": secret, "headers": g["headers"], "body": g["body"]}) + "\n" for g in self.receiver.wait(2))
        said = subprocess.run(["node", os.path.join(FOLDER, "verify.js")], input=lines, capture_output=True, text=True, timeout=60)
        self.assertEqual(said.stdout, "[true,false]\n[true,false]\n", said.stderr)

    def test_the_examples_of_the_page_take_them(self):
        with open(os.path.join(harness.ROOT, "docs", "webhooks.md"), encoding="utf-8") as f:
            examples = dict(re.findall(r"^```(python|js|php|ruby)\n(.*?)^```", f.read(), re.M | re.S))
        self.assertEqual(set(examples), {"python", "js", "php", "ruby"})
        _, secret = self.hook()
        self.new("A1", name="Анна 😀")
        got, = self.receiver.wait(1)
        good = {"headers": got["headers"], "body": got["body"]}
        old = {**good, "headers": {**got["headers"], "webhook-timestamp": "1600000000"}}
        for language, program in {"python": "python3", "js": "node", "php": "php", "ruby": "ruby"}.items():
            if not shutil.which(program):
                continue
            path = os.path.join(self.data, "example." + language)
            with open(path, "w", encoding="utf-8") as f:
                f.write(examples[language])
            for message, wanted in ((good, "true"), ({**good, "body": got["body"] + " "}, "false"), (old, "false")):
                said = subprocess.run([program, path, secret], input=json.dumps(message), capture_output=True, text=True, timeout=60)
                self.assertEqual(said.stdout.strip().lower(), wanted, (language, said.stderr))

    def test_a_new_secret_signs_beside_the_old_one(self):
        hook, old = self.hook()
        answer = self.client.post(f"/v4/webhooks/{hook}/rotate", "")
        new = answer.json["data"]["attributes"]["secret"]
        self.assertNotEqual(old, new)
        self.new("A1")
        got, = self.receiver.wait(1)
        self.assertEqual(got["headers"]["webhook-signature"], f"{signature(new, got)} {signature(old, got)}")

    def test_only_what_was_asked_for_is_told(self):
        self.hook("/deleted", events=["consumer.deleted"])
        self.hook("/imports", events="import_task.completed")
        self.new("A1")
        self.client.request("DELETE", "/v4/consumers/A1")
        self.imports(HEADER + "B;;x;;\n", "?webhooks=record")
        self.receiver.wait(1, "/imports")
        self.receiver.quiet("/deleted")
        self.assertEqual(self.receiver.types("/deleted"), ["consumer.deleted"])
        self.assertEqual(self.receiver.types("/imports"), ["import_task.completed"])

    def test_without_a_webhook_nothing_is_written(self):
        self.new("A1")
        self.imports(HEADER + "B;;x;;\n", "?webhooks=record")
        self.assertEqual(self.events(), [])
        hook, _ = self.hook()
        self.new("A2")
        self.receiver.wait(1)
        self.client.request("PATCH", f"/v4/webhooks/{hook}", {"state": "disabled"})
        before = len(self.events())
        self.new("A3")
        self.assertEqual(len(self.events()), before)
        self.client.request("PATCH", f"/v4/webhooks/{hook}", {"state": "enabled"})
        self.new("A4")
        self.receiver.wait(2)
        names = [json.loads(g["body"])["data"]["attributes"]["external_id"] for g in self.receiver.quiet()]
        self.assertEqual(names, ["A2", "A4"])

    def test_no_log_and_no_outbox_holds_anybodys_data(self):
        self.receiver.answer["/secret-path"] = 500
        hook, secret = self.hook("/secret-path")
        self.new("A1", name="Секретова", email="secretova@example.com", phone="+79161234567")
        self.receiver.wait(3, "/secret-path")
        self.client.request("DELETE", "/v4/consumers/A1")
        self.stop()
        log = self.server.log_text()
        control = b""
        for path in glob.glob(f"{self.data}/control.db*"):
            with open(path, "rb") as f:
                control += f.read()
        for word in ("Секретова", "secretova", "79161234567", "secret-path", secret):
            self.assertNotIn(word, log)
            if word != "secret-path":
                self.assertNotIn(word.encode(), control, word)


class Api(Case):
    def test_a_webhook_from_its_making_to_its_end(self):
        answer = self.client.post("/v4/webhooks", {"data": {"type": "webhooks", "attributes": {
            "url": self.receiver.url(), "events": ["consumer.*"]}}})
        self.assertEqual(answer.status, 201, answer)
        hook = answer.json["data"]
        self.assertTrue(hook["attributes"]["secret"].startswith("whsec_"))
        self.assertEqual(hook["attributes"]["events"], ["consumer.created", "consumer.updated", "consumer.deleted"])
        self.assertEqual(answer.headers["Location"], f"/v4/webhooks/{hook['id']}")
        one = self.client.get(f"/v4/webhooks/{hook['id']}").json["data"]
        listed, = self.client.get("/v4/webhooks").json["data"]
        self.assertEqual(one, listed)
        self.assertNotIn("secret", one["attributes"])
        changed = self.client.request("PATCH", f"/v4/webhooks/{hook['id']}", {"data": {"type": "webhooks", "attributes": {
            "url": self.receiver.url("/other"), "events": ["consumer.deleted"]}}}).json["data"]["attributes"]
        self.assertEqual((changed["url"], changed["events"]), (self.receiver.url("/other"), ["consumer.deleted"]))
        tried = self.client.post(f"/v4/webhooks/{hook['id']}/test", "")
        self.assertEqual(tried.status, 200, tried)
        self.assertEqual(tried.json["data"]["attributes"]["state"], "delivered")
        self.assertEqual(tried.json["data"]["attributes"]["attempts"][0]["status"], 204)
        self.assertEqual(self.receiver.types("/other"), ["webhook.test"])
        again = self.client.post(f"/v4/webhooks/{hook['id']}/deliveries/{tried.json['data']['id']}/redeliver", "")
        self.assertEqual(again.status, 202, again)
        first, second = self.receiver.wait(2, "/other")
        self.assertEqual(first["headers"]["webhook-id"], second["headers"]["webhook-id"])
        self.assertEqual(self.client.request("DELETE", f"/v4/webhooks/{hook['id']}").status, 204)
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate"), ("GET", "/deliveries")):
            self.assertEqual(self.client.request(method, f"/v4/webhooks/{hook['id']}{path}", "" if method == "POST" else None).status, 404)

    def test_what_is_wrong_is_said_in_both_languages(self):
        cases = [
            ({"url": "http://example.com"}, 201, None),  # the address decides when it is sent to
            ({"url": "ftp://example.com"}, 422, "https://"),
            ({"url": "https://user:pass@example.com"}, 422, "пароля"),
            ({"url": "https://пример.рф/"}, 422, "xn--"),
            ({"url": 7}, 422, "строкой"),
            ({}, 422, "нужно указать"),
            ({"url": "https://example.com", "events": ["consumer.born"]}, 422, "события «consumer.born» нет"),
            ({"url": "https://example.com", "events": []}, 422, "список"),
            ({"url": "https://example.com", "state": "on"}, 422, "enabled"),
            ({"url": "https://example.com", "colour": "red"}, 422, "не годится"),
        ]
        for attributes, status, words in cases:
            answer = self.client.post("/v4/webhooks", {"data": {"attributes": attributes}}, headers={"Accept-Language": "ru"})
            self.assertEqual(answer.status, status, (attributes, answer))
            if words:
                self.assertIn(words, answer.body.decode(), attributes)
        self.assertEqual(self.client.post("/v4/webhooks", "{").status, 400)

    def test_only_the_companys_own_administrator_sees_them(self):
        hook, _ = self.hook()
        for scope in ("consumers:read,consumers:write,imports",):
            weak = harness.Client(self.server, harness.new_token(self.data, "Test", "--scope", scope))
            self.assertEqual(weak.get("/v4/webhooks").status, 403)
            weak.close()
        harness.run("company", "create", "--data", self.data, "Other")
        other = harness.Client(self.server, harness.new_token(self.data, "Other"))
        self.assertEqual(other.get("/v4/webhooks").json["data"], [])
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate"), ("GET", "/deliveries")):
            body = {"state": "disabled"} if method == "PATCH" else "" if method == "POST" else None
            self.assertEqual(other.request(method, f"/v4/webhooks/{hook}{path}", body).status, 404, (method, path))
        other.post("/v4/consumers", consumer(external_id="X"))
        other.close()
        self.assertEqual(self.receiver.quiet(), [])

    def test_deliveries_come_in_pages(self):
        hook, _ = self.hook()
        for i in range(7):
            self.new(f"A{i}")
        self.receiver.wait(7)
        path, seen = f"/v4/webhooks/{hook}/deliveries?page[size]=3", []
        while path:
            answer = self.client.get(path).json
            seen += [int(d["id"]) for d in answer["data"]]
            path = answer["links"]["next"]
        self.assertEqual(seen, sorted(seen, reverse=True))
        self.assertEqual(len(seen), 7)

    def test_the_command_line_does_the_same(self):
        made = harness.run("webhook", "create", "--data", self.data, self.receiver.url(), "--events", "consumer.created")
        self.assertTrue(made.stdout.startswith("whsec_"))
        self.assertIn("enabled\tconsumer.created\t" + self.receiver.url(), harness.run("webhook", "list", "--data", self.data).stdout)
        self.assertIn("delivered: 204", harness.run("webhook", "test", "--data", self.data, "1").stdout)
        harness.run("webhook", "set", "--data", self.data, "1", "--events", "all", "--url", self.receiver.url("/two"))
        self.new("A1")
        self.receiver.wait(1, "/two")
        self.until(lambda: "consumer.created\tdelivered\t1" in harness.run("webhook", "deliveries", "--data", self.data, "1").stdout)
        harness.run("webhook", "redeliver", "--data", self.data, "1", "2")
        self.receiver.wait(2, "/two")
        self.assertTrue(harness.run("webhook", "rotate", "--data", self.data, "1").stdout.startswith("whsec_"))
        harness.run("webhook", "disable", "--data", self.data, "1")
        self.assertEqual(self.state(1), "disabled")
        harness.run("webhook", "enable", "--data", self.data, "1")
        self.receiver.answer["/two"] = 500
        failed = harness.run("webhook", "test", "--data", self.data, "1", check=False)
        self.assertEqual((failed.returncode, "the receiver answered 500" in failed.stderr), (1, True), failed.stderr)
        harness.run("webhook", "delete", "--data", self.data, "1")
        self.assertEqual(harness.run("webhook", "test", "--data", self.data, "1", check=False).returncode, 5)
        self.assertEqual(harness.run("webhook", "create", "--data", self.data, "ftp://x", check=False).returncode, 2)


class Attempts(Case):
    def test_it_is_tried_until_it_arrives_under_one_id_and_with_growing_pauses(self):
        statuses = [500, 404, 301, 200]
        self.receiver.answer["/hook"] = lambda seen: statuses[len(self.receiver.of()) - 1]
        hook, secret = self.hook()
        self.new("A1")
        got = self.receiver.wait(4)
        self.assertEqual(len({g["headers"]["webhook-id"] for g in got}), 1)
        self.assertTrue(all(g["headers"]["webhook-signature"] == signature(secret, g) for g in got))
        pauses = [b["at"] - a["at"] for a, b in zip(got, got[1:])]
        self.assertTrue(pauses[0] >= 0.04 and pauses[1] >= 0.12 and pauses[2] >= 0.36, pauses)
        self.until(lambda: self.deliveries(hook)[0]["state"] == "delivered")
        attempts = self.deliveries(hook)[0]["attempts"]
        self.assertEqual([a["status"] for a in attempts], statuses)
        self.assertEqual(len(self.receiver.quiet()), 4)

    def test_a_redirect_is_not_followed(self):
        self.receiver.answer["/hook"] = (302, {"Location": self.receiver.url("/trap")})
        hook, _ = self.hook()
        self.client.post(f"/v4/webhooks/{hook}/test", "")
        self.new("A1")
        self.receiver.wait(3)
        self.assertEqual(self.receiver.of("/trap"), [])

    def test_a_receiver_that_asks_for_time_gets_it(self):
        answers = [(503, {"Retry-After": "2"}), 204]
        self.receiver.answer["/hook"] = lambda seen: answers[len(self.receiver.of()) - 1]
        self.hook()
        self.new("A1")
        first, second = self.receiver.wait(2)
        self.assertGreaterEqual(second["at"] - first["at"], 1.9)

    def test_one_who_is_gone_is_told_no_more(self):
        self.receiver.answer["/hook"] = 410
        hook, _ = self.hook()
        self.new("A1")
        self.until(lambda: self.state(hook) == "gone")
        self.new("A2")
        self.assertEqual(len(self.receiver.quiet()), 1)
        self.assertIn("410 Gone", self.server.log_text())

    def test_one_that_failed_for_days_is_disabled(self):
        self.receiver.answer["/hook"] = 500
        hook, _ = self.hook()
        self.new("A1")
        self.receiver.wait(2)
        self.stop()
        with contextlib.closing(sqlite3.connect(f"{self.data}/control.db")) as db:
            db.execute("UPDATE webhook SET failing_since = failing_since - 6 * 86400000000")
            db.commit()
        self.restart()
        self.until(lambda: self.state(hook) == "failing")
        self.assertIn("nothing arrived there for days", self.server.log_text())

    def test_a_dead_receiver_is_probed_and_costs_next_to_nothing(self):
        self.receiver.answer["/hook"] = 500
        hook, _ = self.hook()
        for i in range(400):
            self.new(f"A{i}")
        self.receiver.wait(6)
        waiting, = self.control("SELECT count(*) FROM delivery WHERE state = 0")
        self.assertLessEqual(waiting[0], 240)
        self.receiver.answer["/hook"] = 204
        self.until(lambda: len({g["headers"]["webhook-id"] for g in self.receiver.of()}) == 400 and
                   self.control("SELECT count(*) FROM delivery WHERE state = 1") == [(400,)], 60)

    def test_one_that_is_slow_holds_no_other(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.receiver.answer["/slow"] = lambda seen: (release.wait(30), 204)[1]
        self.hook("/slow")
        self.hook("/quick")
        for i in range(50):
            self.new(f"A{i}")
        self.receiver.wait(50, "/quick", 10)
        self.assertEqual(len(self.receiver.of("/slow")), 8)  # as many as one may have under way
        release.set()
        self.receiver.wait(50, "/slow")

    def test_an_answer_without_an_end_is_cut_off(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    while True:
                        connection.sendall(b"x" * 65536)
            threading.Thread(target=serve, daemon=True).start()
            answer = self.client.post("/v4/webhooks", {"url": f"http://127.0.0.1:{listener.getsockname()[1]}/"})
            began = time.monotonic()
            tried = self.client.post(f"/v4/webhooks/{answer.json['data']['id']}/test", "").json["data"]["attributes"]
        self.assertEqual((tried["state"], tried["attempts"][0]["status"]), ("delivered", 200))
        self.assertLess(time.monotonic() - began, 5)

    def test_killed_between_the_commit_and_the_sending_it_is_sent(self):
        hook, secret = self.hook()
        self.restart(env={**self.env, "CLIENTELE_FAULT": "webhook-send"})
        with contextlib.suppress(OSError, harness.http.client.HTTPException):
            self.client.post("/v4/consumers", consumer(external_id="A1"))
        self.died()
        self.assertEqual(self.receiver.got, [])
        self.restart()
        got, = self.receiver.wait(1)
        self.assertEqual(json.loads(got["body"])["data"]["attributes"]["external_id"], "A1")
        self.assertEqual(len(self.receiver.quiet()), 1)

    def test_killed_while_it_is_under_way_it_is_sent_again_under_the_same_id(self):
        entered = threading.Event()
        self.receiver.answer["/hook"] = lambda seen: (entered.set(), time.sleep(3), 204)[2] if not entered.is_set() else 204
        self.hook()
        self.new("A1")
        self.assertTrue(entered.wait(WAIT_S))
        self.restart()
        first, second = self.receiver.wait(2)
        self.assertEqual(first["headers"]["webhook-id"], second["headers"]["webhook-id"])

    def test_what_failed_waits_over_a_restart(self):
        self.receiver.answer["/hook"] = 500
        self.hook()
        self.new("A1")
        self.receiver.wait(1)
        self.restart(kill=False)
        self.receiver.answer["/hook"] = 204
        got = self.receiver.wait(2)
        self.assertEqual(len({g["headers"]["webhook-id"] for g in got}), 1)


class Addresses(Case):
    arguments = ()

    def test_no_address_that_is_not_public_is_connected_to(self):
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"):
            answer = self.client.post("/v4/webhooks", {"url": self.receiver.url("/", "https", host)})
            self.assertEqual(answer.status, 201, answer)
            hook = answer.json["data"]["id"]
            tried = self.client.post(f"/v4/webhooks/{hook}/test", "").json["data"]["attributes"]
            self.assertIn(tried["attempts"][0]["error"], ("private_address", "resolve"), host)
            self.client.request("DELETE", f"/v4/webhooks/{hook}")
        self.assertEqual(self.receiver.connections, 0)
        self.assertEqual(self.client.post("/v4/webhooks", {"url": self.receiver.url()}).status, 422)  # http:// goes nowhere here

    def test_no_proxy_of_the_environment_is_asked(self):
        self.stop()
        self.server.arguments = ("--webhook-allow", "127.0.0.2")
        proxy = f"http://127.0.0.1:{self.receiver.port}"
        self.restart(env={**self.env, "http_proxy": proxy, "https_proxy": proxy, "ALL_PROXY": proxy})
        hook = self.client.post("/v4/webhooks", {"url": "http://127.0.0.2:1/"}).json["data"]["id"]
        tried = self.client.post(f"/v4/webhooks/{hook}/test", "").json["data"]["attributes"]
        self.assertEqual(tried["attempts"][0]["error"], "connect")
        self.assertEqual(self.receiver.connections, 0)

    def test_a_command_without_a_server_goes_nowhere_else_either(self):
        self.stop()
        url = self.receiver.url("/", "https")
        harness.run("webhook", "create", "--data", self.data, url)
        tried = harness.run("webhook", "test", "--data", self.data, "1", check=False)
        self.assertIn("not a public one", tried.stderr)
        self.assertEqual(self.receiver.connections, 0)


class Certificates(Case):
    def test_a_certificate_must_be_trusted(self):
        key, cert = os.path.join(self.data, "key.pem"), os.path.join(self.data, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.receiver.server.socket = context.wrap_socket(self.receiver.server.socket, server_side=True)
        hook = self.client.post("/v4/webhooks", {"url": self.receiver.url("/hook", "https", "localhost")}).json["data"]["id"]
        tried = self.client.post(f"/v4/webhooks/{hook}/test", "").json["data"]["attributes"]
        self.assertEqual(tried["attempts"][0]["error"], "tls")
        self.stop()
        self.server.arguments = ("--webhook-allow", "yes", "--webhook-ca", cert)
        self.restart()
        tried = self.client.post(f"/v4/webhooks/{hook}/test", "").json["data"]["attributes"]
        self.assertEqual(tried["state"], "delivered", tried)


class Imports(Case):
    def changes(self, task, size=2):
        path, seen = f"/v4/import_tasks/{task}/changes?per_page={size}", []
        while path:
            answer = self.client.get(path).json
            seen += [(c["attributes"]["external_id"], c["attributes"]["action"], c["attributes"]["changed"]) for c in answer["data"]]
            path = answer["links"]["next"]
        return seen

    def test_one_digest_says_what_changed_and_where_to_read_whom(self):
        self.hook()
        self.imports(HEADER + "".join(f"{n};;x;;\n" for n in range(5)), "?webhooks=none")
        task, _ = self.imports(HEADER + "0;;x;;\n1;;y;;\n2;;y;;\n3;;y;;\n7;;new;;\n;;bad;;\n8;;new;;\n")
        got, = self.receiver.quiet()
        body = json.loads(got["body"])
        data = body["data"]
        self.assertEqual((body["type"], data["type"], data["id"]), ("import_task.completed", "import_tasks", str(task)))
        counts = {k: data["attributes"][k] for k in ("state", "records", "created", "updated", "unchanged", "failed")}
        self.assertEqual(counts, {"state": "completed_with_errors", "records": 7, "created": 2, "updated": 3, "unchanged": 1, "failed": 1})
        path = data["relationships"]["changes"]["links"]["related"]
        self.assertEqual(path, f"/v4/import_tasks/{task}/changes")
        wanted = [("7", "created", None), ("8", "created", None)] + [(str(n), "updated", ["name"]) for n in (1, 2, 3)]
        for size in (1, 2, 5, 100):
            self.assertEqual(self.changes(task, size), wanted)

    def test_each_record_none_and_what_the_company_says(self):
        self.hook()
        self.imports(HEADER + "1;;x;;\n2;;x;;\n", "?webhooks=record")
        self.imports(HEADER + "2;;y;;\n3;;y;;\n", "?webhooks=none")
        self.receiver.wait(3)
        self.assertEqual(sorted(self.receiver.types()), ["consumer.created", "consumer.created", "import_task.completed"])
        harness.run("company", "set", "--data", self.data, "Test", "--import-webhooks", "record")
        self.imports(HEADER + "2;;z;;\n4;;z;;\n")
        got = [json.loads(g["body"]) for g in self.receiver.wait(6)[3:]]
        self.assertEqual(sorted(b["type"] for b in got), ["consumer.created", "consumer.updated", "import_task.completed"])
        updated, = [b for b in got if b["type"] == "consumer.updated"]
        self.assertEqual((updated["changed"], updated["origin"]), (["name"], {"type": "import_task", "id": "3"}))
        self.assertEqual(len({g["headers"]["webhook-id"] for g in self.receiver.quiet()}), 6)
        self.assertEqual(self.client.post("/v4/import_tasks?webhooks=all", HEADER, content_type="text/csv").status, 422)

    def test_an_undo_tells_as_its_import_did(self):
        self.hook()
        self.imports(HEADER + "1;;x;;\n", "?webhooks=none")
        for how in ("record", "digest", "none"):
            task, _ = self.imports(HEADER + "1;;y;;\n2;;y;;\n", f"?webhooks={how}")
            before = len(self.receiver.quiet())
            self.client.post(f"/v4/import_tasks/{task}/revert", "")
            harness.wait_for_task(self.server, self.token, task, until=lambda t: t["state"] == "reverted")
            self.receiver.quiet()
            types = {"record": ["consumer.deleted", "consumer.updated", "import_task.reverted"], "digest": ["import_task.reverted"], "none": []}
            self.assertEqual(sorted(self.receiver.types()[before:]), types[how], how)

    def test_of_an_import_that_must_be_whole_nothing_is_told_unless_it_is(self):
        self.hook()
        _, ended = self.imports(HEADER + "1;;x;;\n;;bad;;\n", "?all_or_nothing=true&webhooks=record")
        self.assertEqual(ended["state"], "failed")
        self.assertEqual(self.receiver.quiet(), [])
        # Died three times at one record, with rows in: taken back.
        self.stop()
        self.server.arguments = (*self.arguments, "--batch-rows", "1")
        self.restart(env={**self.env, "CLIENTELE_FAULT": "import:4"})
        with contextlib.suppress(OSError, harness.http.client.HTTPException):
            self.client.post("/v4/import_tasks?all_or_nothing=true&webhooks=record", HEADER + "".join(f"{n};;x;;\n" for n in range(6)),
                             content_type="text/csv")
        for _ in range(2):
            self.died()
            self.server.start()
        self.died()
        self.restart()
        ended = harness.wait_for_task(self.server, self.token, 2)
        self.assertEqual((ended["state"], ended["failure"]["code"]), ("failed", "crashed"))
        self.assertGreater(ended["undo"]["removed"], 0)
        self.assertEqual(self.receiver.quiet(), [])
        self.imports(HEADER + "1;;x;;\n2;;x;;\n", "?all_or_nothing=true&webhooks=record")
        self.receiver.wait(3)
        self.assertEqual(sorted(self.receiver.types()), ["consumer.created", "consumer.created", "import_task.completed"])

    def test_what_stays_of_a_failed_import_is_told(self):
        self.hook()
        self.stop()
        self.server.arguments = (*self.arguments, "--batch-rows", "1")
        self.restart(env={**self.env, "CLIENTELE_FAULT": "import:3"})
        with contextlib.suppress(OSError, harness.http.client.HTTPException):
            self.client.post("/v4/import_tasks?webhooks=record", HEADER + "1;;x;;\n2;;x;;\n3;;x;;\n", content_type="text/csv")
        for _ in range(2):
            self.died()
            self.server.start()
        self.died()
        self.restart()
        self.receiver.wait(3)
        self.assertEqual(sorted(self.receiver.types()), ["consumer.created", "consumer.created", "import_task.failed"])

    def test_however_many_records_there_are_few_wait_at_once(self):
        rows, release = 20000, threading.Event()
        self.addCleanup(release.set)
        self.receiver.answer["/hook"] = lambda seen: (release.wait(60), 204)[1]
        self.hook()
        self.imports(HEADER + "".join(f"{n};;x;;\n" for n in range(rows)), "?webhooks=record")
        self.receiver.wait(8)
        self.assertEqual(len(self.events()), 2)
        self.assertLessEqual(self.control("SELECT count(*) FROM delivery")[0][0], 400)
        release.set()
        self.receiver.wait(1000)
        self.assertLessEqual(self.control("SELECT count(*) FROM delivery WHERE state = 0")[0][0], 400)


if __name__ == "__main__":
    unittest.main()
