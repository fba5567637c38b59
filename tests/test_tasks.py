# SPDX-License-Identifier: Apache-2.0
"""The import task by API and command line: uploads, what can be asked of it, its events, files and history."""
import contextlib
import csv
import glob
import gzip
import io
import json
import os
import re
import socket
import sqlite3
import subprocess
import time
import unittest
import zipfile

import harness

HEAD = "external_id;email;name;phone;created_at;Город\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
END = ("completed", "completed_with_errors", "failed", "cancelled", "reverted")
RU = {"Accept-Language": "ru"}


def rows(count, prefix="c", city="Омск", bad=()):
    """A file of that many customers; in those of `bad` the e-mail is none."""
    return (HEAD + "".join(f"{prefix}{i};{'bad' if i in bad else f'{prefix}{i}@example.com'};Анна;;;{city}\n"
                           for i in range(1, count + 1))).encode()


def form(content, name="clients.csv", **fields):
    """A multipart body and its type."""
    parts = [f'--b0undary\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    parts.append(f'--b0undary\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n")
    return b"".join(parts) + b"--b0undary--\r\n", "multipart/form-data; boundary=b0undary"


class WithServer(unittest.TestCase):
    ARGUMENTS = ()

    def setUp(self):
        self.context = harness.temporary_data("Test")
        self.data = self.context.__enter__()
        self.addCleanup(self.context.__exit__, None, None, None)
        self.token = harness.new_token(self.data)
        self.server = harness.Server(self.data, *self.ARGUMENTS)
        self.addCleanup(self.server.__exit__, None, None, None)
        self.c = harness.Client(self.server, self.token)
        self.addCleanup(lambda: self.c.close())

    def upload(self, content, query="", c=None, **more):
        more.setdefault("content_type", "text/csv")
        return (c or self.c).post("/v4/import_tasks" + query, content, **more)

    def made(self, content, query="", c=None, **more):
        answer = self.upload(content, query, c, **more)
        self.assertEqual(answer.status, 202, answer)
        number = answer.json["data"]["id"]
        self.assertEqual(answer.headers["Location"], f"/v4/import_tasks/{number}")
        return number

    def get(self, number, c=None, **more):
        answer = (c or self.c).get(f"/v4/import_tasks/{number}", **more)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["data"]["attributes"]

    def wait(self, number, *states, c=None, until=None):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            task = self.get(number, c)
            if task["state"] in (states or END) and (not until or until(task)):
                return task
            self.assertFalse(task["state"] == "failed" and states, task["failure"])
            time.sleep(0.02)
        raise AssertionError(f"task {number} stays {task['state']}")

    def ask(self, number, action, body=None, method="POST", c=None, **more):
        return (c or self.c).request(method, f"/v4/import_tasks/{number}/{action}", body, content_type="application/json", **more)

    def message(self, answer):
        return answer.json["errors"]["details"]["message"]

    def ready(self, content, **more):
        number = self.made(content, "?start=manual", **more)
        self.wait(number, "ready")
        return number

    def tried(self, number):
        self.assertEqual(self.ask(number, "dry_run").status, 202)
        return self.wait(number, "ready", until=lambda t: t["dry_run"]["state"] == "done")["dry_run"]["result"]


class Uploads(WithServer):
    ARGUMENTS = ("--upload-limit", "4000000")

    def test_each_type_is_taken_and_others_are_told_which(self):
        sheet = io.BytesIO()
        with zipfile.ZipFile(sheet, "w", zipfile.ZIP_DEFLATED) as z:
            cells = "".join(f'<c t="inlineStr"><is><t>{x}</t></is></c>' for x in ("external_id", "email", "name", "phone", "created_at"))
            z.writestr("[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'><Override PartName='/xl/workbook.xml' ContentType='application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'/></Types>")
            z.writestr("_rels/.rels", "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'><Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument' Target='xl/workbook.xml'/></Relationships>")
            z.writestr("xl/workbook.xml", "<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets><sheet name='A' sheetId='1' r:id='r1'/></sheets></workbook>")
            z.writestr("xl/_rels/workbook.xml.rels", "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'><Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet' Target='worksheets/sheet1.xml'/></Relationships>")
            z.writestr("xl/worksheets/sheet1.xml", f"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData><row>{cells}</row><row><c t='inlineStr'><is><t>x1</t></is></c></row></sheetData></worksheet>")
        line = b'{"external_id":"j1","email":"j1@example.com"}\n'
        taken = [("text/csv", rows(1, "a")), ("text/csv; charset=utf-8; header=present", rows(1, "b")), (XLSX, sheet.getvalue()),
                 ("application/x-ndjson", line), ("application/octet-stream", rows(1, "d")), (None, rows(1, "e")),
                 ("application/vnd.ms-excel", rows(1, "f")),
                 ("text/csv; charset=windows-1251", rows(1, "g", city="Тула").decode().encode("windows-1251"))]
        for kind, content in taken:
            with self.subTest(kind):
                task = self.wait(self.made(content, content_type=kind))
                self.assertEqual((task["state"], task["created"]), ("completed", 1), task)
        self.assertEqual(self.c.get("/v4/consumers/g1").json["data"]["attributes"]["custom_attributes"], {"Город": "Тула"})
        for kind in ("application/x-www-form-urlencoded", "application/json", "image/png", "text/html"):
            english, russian = self.upload(rows(1), content_type=kind), self.upload(rows(1), content_type=kind, headers=RU)
            self.assertEqual((english.status, russian.status), (415, 415))
            for answer, word in ((english, "as the body"), (russian, "телом запроса")):
                self.assertIn(word, self.message(answer))
                self.assertIn("text/csv", self.message(answer))
                self.assertIn("text/csv", answer.headers["Accept"])
        self.assertEqual(len(self.c.get("/v4/import_tasks").json["data"]), len(taken))

    def test_gzip_is_unpacked_as_it_comes(self):
        packed = gzip.compress(rows(1000, "p"))
        two = gzip.compress(rows(1, "q")) + gzip.compress("q2;q2@example.com;;;;\n".encode())
        body, kind = form(rows(3, "r"))
        inner, inner_kind = form(gzip.compress(rows(4, "s")), "clients.csv.gz")
        coded = {"Content-Encoding": "gzip"}
        cases = [("coded", packed, "text/csv", coded, 1000), ("two members", two, "text/csv", coded, 2),
                 ("coded form", gzip.compress(body), kind, coded, 3), ("packed file in a form", inner, inner_kind, {}, 4),
                 ("packed file as the body", gzip.compress(rows(5, "t")), "application/gzip", {}, 5),
                 ("x-gzip", gzip.compress(rows(6, "u")), "text/csv", {"Content-Encoding": "x-gzip"}, 6)]
        for name, content, kind, headers, count in cases:
            with self.subTest(name):
                task = self.wait(self.made(content, content_type=kind, headers=headers))
                self.assertEqual((task["state"], task["created"]), ("completed", count), task)
        refused = [("cut off", packed[:-9], coded, 400), ("damaged", packed[:-6] + b"XXXXXX", coded, 400), ("no gzip", rows(1), coded, 400),
                   ("cut off, as a file", packed[:-9], {}, 422), ("a bomb", gzip.compress(bytes(100_000_000)), coded, 413),
                   ("a bomb, as a file", gzip.compress(bytes(100_000_000)), {}, 413), ("brotli", rows(1), {"Content-Encoding": "br"}, 415)]
        for name, content, headers, status in refused:
            with self.subTest(name):
                answer = self.upload(content, headers=headers)
                self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.upload(rows(1), headers={"Content-Encoding": "br"}).headers["Accept-Encoding"], "gzip")
        self.assertEqual(len(self.c.get("/v4/import_tasks").json["data"]), len(cases))
        self.assertEqual([n for n in os.listdir(os.path.join(self.data, "uploads")) if n.endswith(".part")], [])

    def test_sizes_and_odd_bodies(self):
        self.assertEqual(self.upload(b"x" * 4_000_001).status, 413)
        big = self.upload(b"x" * 6_000_000, headers=RU)
        self.assertEqual(big.status, 413)
        self.assertIn("4000000", self.message(big))
        self.assertIn("разделите", self.message(big))
        for name, (body, kind), status in (("no file", (b'--b\r\nContent-Disposition: form-data; name="mode"\r\n\r\nboth\r\n--b--\r\n', "multipart/form-data; boundary=b"), 422),
                                           ("cut off", (form(rows(1))[0][:-6], form(b"")[1]), 400),
                                           ("two files", (form(rows(1))[0].replace(b"--b0undary--", form(rows(1))[0]), form(b"")[1]), 422),
                                           ("a setting that is none", form(rows(1), mode="sideways"), 422),
                                           ("no such setting", form(rows(1), colour="red"), 422)):
            with self.subTest(name):
                answer = self.upload(body, content_type=kind)
                self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.upload(rows(1), "?mode=sideways").status, 422)
        self.assertIn("auto or manual", str(self.upload(rows(1), "?start=later").json))
        self.assertIn("укажите auto или manual", str(self.upload(rows(1), "?start=later", headers=RU).json))
        body, kind = form(rows(1), mode="all")
        self.assertIn("mode: укажите одно из: both", str(self.upload(body, content_type=kind, headers=RU).json))
        number = self.made(rows(1), "?start=manual")
        answer = self.ask(number, "settings", {"header_row": 0}, "PUT", headers=RU)
        self.assertEqual((answer.status, self.message(answer)), (422, "header_row: укажите число от 1"))
        empty = self.wait(self.made(b""))
        self.assertEqual(empty["state"], "failed")

    def test_settings_come_in_a_form_or_a_query(self):
        body, kind = form(rows(2, "m"), start="manual", mode="update_only", taken_email="leave_out")
        number = self.made(body, content_type=kind)
        task = self.wait(number, "ready")
        self.assertEqual(task["settings"], {"mode": "update_only", "taken_email": "leave_out"})
        self.assertEqual((task["start"], task["file_name"]), ("manual", "clients.csv"))
        task = self.get(self.made(rows(2), "?start=manual&file_name=%D0%B0.csv&update_only=true"))
        self.assertEqual((task["settings"], task["file_name"]), ({"mode": "update_only"}, "а.csv"))

    def test_the_same_content_again(self):
        first = self.made(rows(3))
        self.wait(first)
        answer = self.upload(rows(3))
        self.assertEqual(answer.json["meta"], {"same_content_as": first})
        self.assertEqual(answer.json["data"]["meta"]["same_content_as"], first)
        again = self.wait(answer.json["data"]["id"])
        self.assertEqual((again["state"], again["unchanged"], again["same_content_as"]), ("completed", 3, first))
        number = self.made(rows(3), "?duplicate=refuse")
        refused = {**self.wait(number), "number": number}
        self.assertEqual((refused["state"], refused["failure"]["code"], refused["records"]), ("failed", "same_content", 0))
        self.assertIn("уже загружен", self.get(refused["number"], headers=RU)["failure"]["message"])
        # The setting that it names answers it.
        self.assertEqual((refused["failure"]["setting"], refused["possible"]), ("go_on", ["settings"]))
        self.assertEqual(self.ask(number, "settings", {"go_on": True}, "PUT").status, 202)
        self.assertEqual(self.wait(number, "completed", until=lambda t: True)["unchanged"], 3)
        self.assertEqual(self.wait(self.made(rows(4), "?duplicate=refuse"))["state"], "completed")


class Room(WithServer):
    ARGUMENTS = ("--upload-limit", "4000000000000000")

    def test_what_does_not_fit_is_refused_before_it_travels(self):
        for headers, pattern in (({}, r"about \d[\d.]* TB are needed, \d[\d.]* (MB|GB|TB) are free"), (RU, r"нужно ~\d[\d,]* ТБ, свободно \d[\d,]* (МБ|ГБ|ТБ)")):
            lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
            with socket.create_connection(("127.0.0.1", self.server.port), 20) as s:
                s.sendall(f"POST /v4/import_tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={self.token}\r\n{lines}"
                          "Content-Type: text/csv\r\nExpect: 100-continue\r\nContent-Length: 3000000000000000\r\n\r\n".encode())
                answer = s.recv(65536).decode()
            self.assertTrue(answer.startswith("HTTP/1.1 507 "), answer)
            self.assertRegex(answer, pattern)
        self.assertEqual(self.c.get("/v4/import_tasks").json["data"], [])


class Idempotency(WithServer):
    def keyed(self, key, content=None, query="", **more):
        return self.upload(rows(2, "k") if content is None else content, query, headers={"Idempotency-Key": key, **more.pop("headers", {})}, **more)

    def test_a_repeated_request_is_answered_with_its_task(self):
        first = self.keyed('"one"')
        self.assertEqual(first.status, 202, first)
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        number = first.json["data"]["id"]
        for key in ('"one"', "one"):
            again = self.keyed(key)
            self.assertEqual((again.status, again.json["data"]["id"], again.headers["Location"], again.headers["Idempotent-Replayed"]),
                             (202, number, f"/v4/import_tasks/{number}", "true"))
        body, kind = form(rows(2, "k"))
        self.assertEqual(self.keyed('"one"', body, content_type=kind).json["data"]["id"], number)  # the file counts, not its wrapping
        for name, answer in (("other content", self.keyed('"one"', rows(3, "k"))), ("another setting", self.keyed('"one"', query="?mode=create_only")),
                             ("another start", self.keyed('"one"', query="?start=manual")), ("Russian", self.keyed('"one"', rows(3), headers=RU))):
            with self.subTest(name):
                self.assertEqual(answer.status, 422, answer)
                self.assertIn("новый ключ" if name == "Russian" else "new key", self.message(answer))
        self.assertNotEqual(self.keyed('"two"').json["data"]["id"], number)
        self.assertNotEqual(self.upload(rows(2, "k")).json["data"]["id"], number)
        harness.run("company", "create", "--data", self.data, "Other")
        other = harness.Client(self.server, harness.new_token(self.data, "Other"))
        answer = self.keyed('"one"', c=other)
        self.assertIsNone(answer.headers["Idempotent-Replayed"])
        other.close()

    def test_a_malformed_key_is_refused(self):
        for key in ("", '"', '"a', 'a"', '"a"b"', "a b", '""', "x" * 256, '"\\n"', "a,b", "ключ".encode().decode("latin-1")):
            with self.subTest(key):
                answer = self.keyed(key)
                self.assertEqual(answer.status, 400, answer)
        self.assertIn("неверен", self.message(self.keyed('"', headers=RU)))
        for key in ('"' + "x" * 255 + '"', '"a b"', '"a\\"b\\\\"', "8e03978e-40d5-43dd-bc93-6894a57f9324"):
            self.assertEqual(self.keyed(key).status, 202, key)
        self.assertEqual(self.c.get("/v4/import_tasks").json["data"][0]["attributes"]["state"] in END + ("analysed", "queued", "processing"), True)

    def test_a_key_outlives_the_server(self):
        number = self.keyed('"kept"').json["data"]["id"]
        self.server.kill()
        self.c.close()
        self.server.start()
        again = self.keyed('"kept"')
        self.assertEqual((again.status, again.json["data"]["id"]), (202, number))
        self.assertEqual(self.keyed('"kept"', rows(9)).status, 422)
        self.wait(number)
        self.assertEqual(len(self.c.get("/v4/import_tasks").json["data"]), 1)

    def test_a_request_in_flight_holds_its_key(self):
        content = rows(2, "k")
        with socket.create_connection(("127.0.0.1", self.server.port), 20) as s:
            s.sendall(f"POST /v4/import_tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={self.token}\r\nContent-Type: text/csv\r\n"
                      f'Idempotency-Key: "slow"\r\nContent-Length: {len(content)}\r\n\r\n'.encode() + content[:10])
            until = time.monotonic() + 10
            while (answer := self.keyed('"slow"', query="?start=manual")).status != 409 and time.monotonic() < until:
                self.fail(f"not held: {answer}") if answer.status != 202 else time.sleep(0.05)
            self.assertEqual((answer.status, answer.headers["Retry-After"]), (409, "1"))
            self.assertIn("ещё выполняется", self.message(self.keyed('"slow"', headers=RU)))
            self.assertEqual(self.keyed('"other"').status, 202)
            s.sendall(content[10:])
            self.assertIn(b" 202 ", s.recv(65536))
        self.assertEqual(self.keyed('"slow"').headers["Idempotent-Replayed"], "true")
        with socket.create_connection(("127.0.0.1", self.server.port), 20) as s:  # who leaves gives the key back
            s.sendall(f"POST /v4/import_tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={self.token}\r\nContent-Type: text/csv\r\n"
                      'Idempotency-Key: "left"\r\nContent-Length: 1000\r\n\r\nabc'.encode())
            time.sleep(0.3)
        until = time.monotonic() + 10
        while self.keyed('"left"').status == 409 and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(self.keyed('"left"').status, 202)


class Actions(WithServer):
    def test_the_life_of_a_manual_import(self):
        number = self.ready(rows(3, bad={2}))
        task = self.get(number)
        self.assertEqual((task["possible"], task["records"]), (["settings", "dry_run", "start", "cancel"], 0))
        answer = self.ask(number, "settings", {"bad_values": "leave_out"}, "PUT")
        self.assertIn(answer.status, (200, 202), answer)
        self.wait(number, "ready")
        result = self.tried(number)
        self.assertEqual((result["records"], result["created"], result["failed"], result["with_warnings"]), (3, 3, 0, 1))
        self.assertEqual(self.c.get("/v4/consumers").json["meta"]["total_count"], 0)
        answer = self.ask(number, "start", {"fingerprint": result["fingerprint"]})
        self.assertEqual(answer.status, 202, answer)
        task = self.wait(number)
        self.assertEqual((task["state"], task["created"], task["with_warnings"], task["settings"]), ("completed", 3, 1, {"bad_values": "leave_out"}))
        for stamp in ("created_at", "started_at", "finished_at", "undo_until", "files_until"):
            self.assertRegex(task[stamp], r"^20\d\d-\d\d-\d\dT.*\+03:00$")
        self.assertEqual((task["possible"], task["progress"]["phase"], task["created_by"]["type"]), (["revert"], "idle", "token"))
        answer = self.ask(number, "revert", {"dry_run": True})
        self.assertIn(answer.status, (200, 202))
        preview = self.wait(number, until=lambda t: t["undo_preview"])["undo_preview"]
        self.assertEqual((preview["removed"], self.c.get("/v4/consumers").json["meta"]["total_count"]), (3, 3))
        self.assertEqual(self.ask(number, "revert?dry_run=true").status, 202)
        self.wait(number, "completed", until=lambda t: t["undo_preview"])
        self.assertIn(self.ask(number, "revert").status, (200, 202))
        task = self.wait(number, "reverted")
        self.assertEqual((task["undo"]["removed"], task["possible"]), (3, []))
        self.assertEqual(self.c.get("/v4/consumers").json["meta"]["total_count"], 0)

    def test_each_is_safe_to_repeat(self):
        number = self.ready(rows(2))
        for _ in range(2):
            self.assertIn(self.ask(number, "settings", {"mode": "create_only"}, "PUT").status, (200, 202))
        self.wait(number, "ready")
        answers = [self.ask(number, "dry_run").status for _ in range(3)]
        self.assertTrue(set(answers) <= {200, 202}, answers)
        self.wait(number, "ready", until=lambda t: t["dry_run"]["state"] == "done")
        self.assertIn(self.ask(number, "settings", {"mode": "create_only"}, "PUT").status, (200, 202))
        self.assertEqual(self.get(number)["dry_run"]["state"], "done")  # what came of it stays
        for action, last in (("start", "completed"), ("revert", "reverted")):
            for _ in range(3):
                answer = self.ask(number, action)
                self.assertIn(answer.status, (200, 202), answer)
            self.wait(number, last)
            answer = self.ask(number, action)
            self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.get(number)["created"], 2)
        self.assertEqual(self.ask(number, "settings", {"mode": "create_only"}, "PUT").status, 200)  # as it was
        number = self.ready(rows(2, "x"))
        for _ in range(2):
            self.assertEqual(self.ask(number, "cancel").status, 200)
        self.assertEqual(self.get(number)["state"], "cancelled")
        self.assertEqual(self.c.get("/v4/consumers").json["meta"]["total_count"], 0)

    def test_the_wrong_state_is_named_with_what_is_possible(self):
        done, cancelled, ready = self.made(rows(2)), self.ready(rows(2, "x")), self.ready(rows(2, "y"))
        self.wait(done)
        self.ask(cancelled, "cancel")
        nobody = self.made(rows(2))
        self.wait(nobody)
        cases = [(done, "cancel", None, "completed (completed)|cannot be cancelled|undo it (revert)", "завершён (completed)|отменить его нельзя|вернуть всё как было (revert)"),
                 (done, "dry_run", None, "cannot be tried out", "проверить его без записи нельзя"),
                 (cancelled, "start", None, "cancelled (cancelled)|cannot be started|Nothing can be done", "отменён (cancelled)|запустить его нельзя|ничего сделать нельзя"),
                 (cancelled, "dry_run", None, "cannot be tried out", "проверить его без записи нельзя"),
                 (cancelled, "revert", None, "changed nobody", "никого не изменил"),
                 (nobody, "revert", {"dry_run": True}, "changed nobody", "никого не изменил"),
                 (ready, "revert", None, "ready to start (ready)|start it (start)|change the settings (settings)|cancel it (cancel)", "готов к запуску (ready)|запустить (start)"),
                 (ready, "start", {"fingerprint": "abc"}, "no finished dry run", "нет законченной проверки")]
        for number, action, body, english, russian in cases:
            for headers, words in (({}, english), (RU, russian)):
                with self.subTest(f"{action} {words}"):
                    answer = self.ask(number, action, body, headers=headers)
                    self.assertEqual(answer.status, 409, answer)
                    for word in words.split("|"):
                        self.assertIn(word, self.message(answer))
        self.assertEqual(self.ask(done, "settings", {"mode": "create_only"}, "PUT").status, 409)

    def test_wrong_bodies(self):
        number = self.ready(rows(2))
        cases = [("settings", "PUT", "{", 400), ("settings", "PUT", "[]", 400), ("settings", "PUT", {"mode": "sideways"}, 422),
                 ("settings", "PUT", {"colour": "red"}, 422), ("start", "POST", {"fingerprint": 5}, 422), ("start", "POST", {"finger": "x"}, 422),
                 ("revert", "POST", {"dry_run": "perhaps"}, 422), ("cancel", "POST", {"now": True}, 422), ("dry_run", "POST", "nonsense", 400),
                 ("start", "PUT", None, 405), ("settings", "POST", {}, 405)]
        for action, method, body, status in cases:
            with self.subTest(f"{action} {body}"):
                answer = self.ask(number, action, body, method)
                self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.get(number)["state"], "ready")
        for body in ({"data": {"type": "import_tasks", "attributes": {"settings": {"mode": "update_only"}}}},
                     {"data": {"attributes": {"mode": "create_only"}}}, {"mode": None}, {}):
            self.assertIn(self.ask(number, "settings", body, "PUT").status, (200, 202), body)

    def test_an_answer_lets_a_question_go_on(self):
        lacking = "external_id;email\n1;a@example.com\n".encode()
        number = self.made(lacking, "?start=manual")
        task = self.wait(number, "needs_answer")
        self.assertEqual((task["failure"]["code"], task["possible"]), ("columns_missing", ["settings", "cancel"]))
        setting = task["failure"]["setting"]
        self.assertTrue(setting)
        self.assertIn(self.ask(number, "settings", {"blank_missing": True}, "PUT").status, (200, 202))
        self.wait(number, "ready")
        # Without a person the question fails the task, and an answer takes it up again.
        number = self.made(lacking)
        self.assertEqual(self.wait(number)["possible"], ["settings"])
        self.assertIn(self.ask(number, "settings", {"mode": "update_only"}, "PUT").status, (200, 202))
        self.assertEqual(self.wait(number, "completed")["skipped"], 1)

    def test_a_changed_base_is_shown_instead_of_imported(self):
        number = self.ready(rows(3))
        fingerprint = self.tried(number)["fingerprint"]
        self.assertEqual(self.c.post("/v4/consumers", harness.consumer(external_id="other", email="c2@example.com")).status, 201)
        self.assertEqual(self.ask(number, "start", {"fingerprint": fingerprint}).status, 202)
        task = self.wait(number, "ready", until=lambda t: "difference" in json.dumps(t["dry_run"]))
        self.assertEqual((task["records"], task["dry_run"]["result"]["difference"]["count"]), (0, 1))
        self.assertEqual(self.c.get("/v4/consumers").json["meta"]["total_count"], 1)

    def test_cancel_while_it_runs(self):
        number = self.made(rows(400_000))
        first = self.wait(number, "processing", until=lambda t: t["progress"]["phase"] == "import" and t["progress"]["bytes_done"] > 0)
        progress = first["progress"]
        self.assertTrue(0 < progress["records"] <= 400_000 and 0 < progress["bytes_done"] <= progress["bytes"] == first["size"], progress)
        self.assertGreater(progress["records_per_second"], 0)
        waiting = self.made(rows(1, "w"))
        queued = self.get(waiting)
        if queued["progress"]["phase"] == "idle" and queued["state"] == "analysed":
            self.assertEqual(queued["progress"]["queue_position"], 1)
        self.assertIn(self.ask(number, "cancel").status, (200, 202))
        self.assertIn(self.ask(number, "cancel").status, (200, 202))
        task = self.wait(number, "cancelled", "completed")
        self.assertEqual(task["state"], "cancelled")
        self.assertLess(task["records"], 400_000)
        self.assertEqual(task["possible"], ["revert"])
        self.wait(waiting)
        self.assertEqual(self.c.get("/v4/consumers").json["meta"]["total_count"], task["created"] + 1)

    def test_who_may(self):
        number = self.ready(rows(2))
        harness.run("company", "create", "--data", self.data, "Other")
        other = harness.Client(self.server, harness.new_token(self.data, "Other"))
        narrow = harness.Client(self.server, harness.new_token(self.data, "Test", "--scope", "consumers:read,consumers:write"))
        nobody = harness.Client(self.server, "x" * 32)
        paths = [("GET", ""), ("GET", "/errors"), ("GET", "/error_groups"), ("GET", "/undo_kept"), ("GET", "/diff"), ("GET", "/missing"), ("GET", "/file"),
                 ("GET", "/failed_rows"), ("GET", "/events"), ("PUT", "/settings"), ("POST", "/dry_run"), ("POST", "/start"), ("POST", "/cancel"), ("POST", "/revert")]
        for c, status in ((other, 404), (narrow, 403), (nobody, 401)):
            for method, path in paths:
                with self.subTest(f"{method} {path} {status}"):
                    self.assertEqual(c.request(method, f"/v4/import_tasks/{number}{path}", "{}" if method != "GET" else None).status, status)
            self.assertEqual(self.upload(rows(1), c=c).status, 202 if c is other else status)
            c.close()
        for number in ("0", "999", "-1", "x", "99999999999999999999"):
            answer = self.c.get(f"/v4/import_tasks/{number}/errors", headers=RU)
            self.assertEqual(answer.status, 404, answer)
        self.assertIn("нет", self.message(answer))


class Events(WithServer):
    def open(self, number, headers=""):
        s = socket.create_connection(("127.0.0.1", self.server.port), 60)
        self.addCleanup(s.close)
        s.sendall(f"GET /v4/import_tasks/{number}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={self.token}\r\n{headers}\r\n".encode())
        return s

    def read(self, s, enough, seconds=60):
        got, until = b"", time.monotonic() + seconds
        s.settimeout(seconds)
        while not enough(got) and time.monotonic() < until:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
        return got

    def events(self, got):
        """[(id, event, data)] of a chunked answer."""
        body = b""
        rest = got.split(b"\r\n\r\n", 1)[1]
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            body += rest[:int(size, 16)]
            rest = rest[int(size, 16) + 2:]
        found = []
        for block in body.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
            if "data" in fields:
                found.append((fields["id"], fields["event"], json.loads(fields["data"])))
        return found

    def test_progress_and_then_the_end(self):
        number = self.made(rows(300_000))
        began = time.monotonic()
        s = self.open(number, "Last-Event-ID: 7\r\n")
        got = self.read(s, lambda b: b.endswith(b"0\r\n\r\n"))
        seconds = time.monotonic() - began
        head = got.split(b"\r\n\r\n")[0].decode().lower()
        self.assertIn("200 ok", head)
        self.assertIn("content-type: text/event-stream", head)
        self.assertIn("cache-control: no-store", head)
        found = self.events(got)
        self.assertGreater(len(found), 2)
        self.assertLessEqual(len(found), seconds * 4.2 + 3)
        self.assertEqual([e[1] for e in found], ["progress"] * (len(found) - 1) + ["end"])
        self.assertEqual([e[0] for e in found[:-1]], [str(i) for i in range(1, len(found))])
        records = [e[2]["records"] for e in found]
        self.assertEqual(records, sorted(records))
        self.assertEqual((records[-1], found[-1][2]["state"]), (300_000, "completed"))
        self.assertTrue(any(e[2]["progress"]["phase"] == "import" and e[2]["progress"]["records"] for e in found))
        # Once it is over: the end at once; and a browser that comes back after the end is sent away.
        got = self.read(self.open(number), lambda b: b.endswith(b"0\r\n\r\n"))
        self.assertEqual([e[:2] for e in self.events(got)], [("end", "end")])
        self.assertEqual(self.c.get(f"/v4/import_tasks/{number}/events", headers={"Last-Event-ID": "end"}).status, 204)

    def test_a_stream_waits_with_a_person_and_says_that_it_lives(self):
        number = self.ready(rows(3))
        s = self.open(number)
        got = self.read(s, lambda b: b'"state":"ready"' in b)
        began = time.monotonic()
        got = self.read(s, lambda b: b": still here\n" in b, 15)
        self.assertIn(b": still here\n", got)
        self.assertTrue(8 < time.monotonic() - began < 13)
        self.ask(number, "start")
        got += self.read(s, lambda b: b.endswith(b"0\r\n\r\n"))
        self.assertIn(b"event: end\n", got)
        self.assertIn(b'"state":"completed"', got)

    def test_a_stream_ends_with_its_token(self):
        number = self.ready(rows(3))
        s = self.open(number)
        self.read(s, lambda b: b'"state":"ready"' in b)
        harness.run("token", "revoke", "--data", self.data, "--company", "Test", "test")
        self.assertTrue(self.read(s, lambda b: b.endswith(b"0\r\n\r\n"), 5).endswith(b"0\r\n\r\n"))
        self.assertIn(b" 401 ", self.read(self.open(number), lambda b: b"\r\n\r\n" in b))

    def test_a_company_has_so_many_and_a_server_that_stops_ends_them(self):
        number = self.ready(rows(3))
        streams = [self.open(number) for _ in range(16)]
        for s in streams:
            self.read(s, lambda b: b"event: progress" in b)
        for headers, word in (({}, "16 streams"), (RU, "16 потоков")):
            answer = self.c.get(f"/v4/import_tasks/{number}/events", headers=headers)
            self.assertEqual(answer.status, 429)
            self.assertIn(word, self.message(answer))
            self.assertTrue(answer.headers["Retry-After"])
        harness.run("company", "create", "--data", self.data, "Other")
        other = harness.Client(self.server, harness.new_token(self.data, "Other"))
        theirs = self.made(rows(1), c=other)
        self.wait(theirs, c=other)
        self.assertEqual(other.get(f"/v4/import_tasks/{theirs}/events").status, 200)  # another company's have their own number
        other.close()
        self.c.close()
        began = time.monotonic()
        self.server.stop()
        self.assertLess(time.monotonic() - began, 5)
        for s in streams:
            self.assertTrue(self.read(s, lambda b: False).endswith(b"0\r\n\r\n"))
        self.server.start()


class ReadAsShown(WithServer):
    def test_an_import_reads_what_its_preview_showed_whatever_would_be_found_now(self):
        number = self.ready(HEAD.encode() + "r1;;Жанна;;;Омск\nr2;never;Жанна;;;Омск\n".encode())
        self.c.close()
        self.server.stop()
        # As if an earlier version had found another encoding, and shown the rows in it.
        for path in glob.glob(os.path.join(self.data, "companies", "*.db")):
            with contextlib.closing(sqlite3.connect(path)) as db, db:
                db.execute("UPDATE import_task SET analysis = replace(analysis, '\"encoding\":\"UTF-8\"', '\"encoding\":\"windows-1251\"')")
        self.server.start()
        shown = "Жанна".encode().decode("windows-1251")
        self.tried(number)
        self.assertIn(shown, self.c.get(f"/v4/import_tasks/{number}/diff").body.decode())
        self.ask(number, "start")
        task = self.wait(number, "completed_with_errors")
        self.assertEqual(task["settings"], {}, "what was found is no setting that somebody stated")
        self.assertEqual(self.c.get("/v4/consumers/r1").json["data"]["attributes"]["name"], shown)
        self.assertIn(shown, self.c.get(f"/v4/import_tasks/{number}/failed_rows").body.decode())


class Files(WithServer):
    def setUp(self):
        super().setUp()
        self.before = self.made(rows(5))
        self.wait(self.before)
        body, kind = form(rows(3, city="Тверь", bad={2, 3}), 'клиенты "май".csv', start="manual")
        self.number = self.made(body, content_type=kind)
        self.wait(self.number, "ready")

    def file(self, name, **more):
        answer = self.c.get(f"/v4/import_tasks/{self.number}/{name}", **more)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertRegex(answer.headers["Content-Disposition"], r"""^attachment; filename="[\w.-]+"; filename\*=UTF-8''[%\w.-]+$""")
        return answer

    def test_what_a_dry_run_leaves(self):
        for name in ("diff", "missing"):
            answer = self.c.get(f"/v4/import_tasks/{self.number}/{name}")
            self.assertEqual(answer.status, 404, answer)
            self.assertIn("нет", self.message(self.c.get(f"/v4/import_tasks/{self.number}/{name}", headers=RU)))
        result = self.tried(self.number)
        diff = self.file("diff")
        self.assertIn("text/csv", diff.headers["Content-Type"])
        self.assertIn("%D0%BA%D0%BB%D0%B8%D0%B5%D0%BD%D1%82%D1%8B", diff.headers["Content-Disposition"])
        found = list(csv.reader(io.StringIO(diff.body.decode("utf-8-sig")), delimiter=";" if b";" in diff.body.split(b"\n")[0] else ","))
        self.assertTrue(any("Омск" in row and "Тверь" in row for row in found), found)
        missing = self.file("missing").body.decode("utf-8-sig")
        self.assertEqual((result["missing_since"]["import_task"], result["missing_since"]["count"]), (self.before, 2))
        self.assertIn("c4", missing)
        self.assertNotIn("c1", missing)
        problems = self.c.get(f"/v4/import_tasks/{self.number}/errors?dry_run=true").rows
        self.assertEqual([p["line"] for p in problems], [3, 4])
        self.assertEqual(self.c.get(f"/v4/import_tasks/{self.number}/errors").json["data"], [])

    def test_the_file_itself(self):
        answer = self.file("file")
        self.assertEqual(answer.body, rows(3, city="Тверь", bad={2, 3}))
        self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
        head = self.c.request("HEAD", f"/v4/import_tasks/{self.number}/file")
        self.assertEqual((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(len(answer.body))))

    def test_failed_rows_come_corrected_again(self):
        answer = self.c.get(f"/v4/import_tasks/{self.number}/failed_rows", headers=RU)
        self.assertEqual(answer.status, 409)
        self.assertIn("ещё не закончен", self.message(answer))
        self.ask(self.number, "start")
        self.wait(self.number, "completed_with_errors")
        self.assertEqual(self.c.get(f"/v4/import_tasks/{self.number}/failed_rows?format=pdf").status, 422)
        self.assertEqual(self.c.get(f"/v4/import_tasks/{self.before}/failed_rows").status, 404)
        table = self.file("failed_rows")
        self.assertIn("-errors.csv", table.headers["Content-Disposition"])
        text = table.body.decode("utf-8-sig")
        self.assertIn("import_error", text)
        self.assertEqual(text.count("\n"), 3)
        russian = self.file("failed_rows", headers=RU).body.decode("utf-8-sig")
        self.assertNotEqual(russian, text)
        book = self.file("failed_rows?format=xlsx")
        self.assertEqual(book.headers["Content-Type"], XLSX)
        self.assertTrue(zipfile.ZipFile(io.BytesIO(book.body)).namelist())
        fixed = re.sub(r"\bbad\b(?=[;,])", lambda m, n=iter(range(9)): f"fixed{next(n)}@example.com", text)
        again = self.made(fixed.encode())
        task = self.wait(again)
        self.assertEqual((task["state"], task["corrects"], task["records"]), ("completed", self.number, 2), task)
        self.assertEqual(self.get(self.number)["corrected"], {"failed": 2, "accepted": 2, "by": [again]})
        # JSON Lines stay that, whatever is asked for.
        self.number = self.made(b'{"external_id":"j","email":"bad"}\n', content_type="application/x-ndjson")
        self.wait(self.number, "completed_with_errors")
        lines = self.file("failed_rows?format=xlsx")
        self.assertEqual(lines.headers["Content-Type"], "application/x-ndjson")
        self.assertEqual(json.loads(lines.body)["external_id"], "j")

    def test_errors_by_page_and_by_reason(self):
        number = self.made(HEAD.encode() + b"".join(f"e{i};{'bad' if i % 7 and i != 20 else f'e{i}@example.com'};;;{'x' if i == 20 else ''};\n".encode() for i in range(1, 61)))
        self.wait(number, "completed_with_errors")
        seen, path = [], f"/v4/import_tasks/{number}/errors?per_page=20"
        while path:
            page = self.c.get(path)
            seen += page.rows
            path = page.json["links"]["next"]
            self.assertTrue(path is None or "after=" in path and "page=" not in path.replace("per_page=", ""), path)
        bad = [i + 1 for i in range(1, 61) if i % 7 and i != 20]
        self.assertEqual([e["line"] for e in seen], sorted(bad + [21]))
        self.assertEqual({(e["code"], e["column"], e["value"]) for e in seen if e["line"] != 21}, {("email_invalid", "email", "bad")})
        for path in (f"/v4/import_tasks/{number}/error_groups", f"/v4/import_tasks/{number}/errors?group=true"):
            groups = self.c.get(path, headers=RU).rows
            self.assertEqual([(g["code"], g["count"], g["first_line"], g["last_line"]) for g in groups], [("email_invalid", len(bad), 2, 61), (groups[1]["code"], 1, 21, 21)])
            self.assertEqual(groups[0]["lines"][:2], [[2, 7], [9, 14]])
            self.assertTrue(groups[0]["where"].startswith("строки 2–7, 9–14, "), groups[0])
            self.assertEqual((groups[1]["lines"], groups[1]["more"]), ([[21, 21]], 0))
            self.assertRegex(groups[0]["detail"], "[а-я]")
        self.assertEqual(self.c.get(f"/v4/import_tasks/{number}/errors?per_page=0").status, 422)
        # By number a page holds the same as by the place where the one before ended.
        where = f"/v4/import_tasks/{number}/errors"
        by_number = [e for page in range(1, 5) for e in self.c.get(f"{where}?page={page}&per_page=20").rows]
        self.assertEqual(by_number, seen)
        self.assertEqual(self.c.get(f"{where}?after=20&per_page=100").rows, [e for e in seen if e["record"] > 20])
        self.assertEqual(self.c.get(f"{where}?after=99999999999999999999").status, 422)
        self.assertEqual(self.c.get(f"{where}?after=99").json, {"data": [], "links": {"next": None}})

    def test_a_page_may_end_within_a_record(self):
        number = self.made(HEAD.encode() + b"".join(f"e{i};bad{i};;;never;\n".encode() for i in range(5)))
        self.wait(number, "completed_with_errors")
        seen, path = [], f"/v4/import_tasks/{number}/errors?per_page=3"
        while path:
            page = self.c.get(path)
            self.assertLessEqual(len(page.rows), 3)
            seen += page.rows
            path = page.json["links"]["next"]
        self.assertEqual([(e["record"], e["column"]) for e in seen], [(i, c) for i in range(1, 6) for c in ("email", "created_at")])

    def test_what_an_undo_left(self):
        self.ask(self.number, "start")
        self.wait(self.number, "completed_with_errors")
        self.c.put("/v4/consumers/c1", harness.consumer(custom_attributes={"Город": "Псков"}))
        self.ask(self.number, "revert", {"dry_run": True})
        shown = self.wait(self.number, until=lambda t: t["undo_preview"])["undo_preview"]["first"]
        self.ask(self.number, "revert")
        self.wait(self.number, "reverted")
        kept = self.c.get(f"/v4/import_tasks/{self.number}/undo_kept").rows
        self.assertEqual([(k["external_id"], k["key"], k["undone"], k["now"], k["changed_by"]["type"]) for k in kept], [("c1", "Город", "Тверь", "Псков", "token")])
        self.assertRegex(self.c.get(f"/v4/import_tasks/{self.number}/undo_kept", headers=RU).rows[0]["detail"], "[а-я]")
        # The preview said the same, and so does the command line.
        kept[0].pop("detail")
        self.assertEqual(shown, kept)
        told = harness.run("task", "kept", "--data", self.data, "--company", "Test", self.number).stdout
        self.assertIn('the import wrote "Тверь", now "Псков"; token 1, ' + kept[0]["changed_at"], told)

    def test_what_an_undo_left_is_paged_by_place(self):
        self.ask(self.number, "start")
        self.wait(self.number, "completed_with_errors")
        more = self.made(rows(5, "k"))
        self.wait(more)
        for i in range(1, 6):
            self.c.put(f"/v4/consumers/k{i}", harness.consumer(name="Иной"))
        self.ask(more, "revert")
        self.wait(more, "reverted")
        path = f"/v4/import_tasks/{more}/undo_kept"
        whole = self.c.get(path).json["data"]
        self.assertEqual(len(whole), 5)
        seen, at = [], path + "?per_page=2"
        while at:
            page = self.c.get(at).json
            seen += page["data"]
            at = page["links"]["next"]
            self.assertIn("after=", at or "after=")
        self.assertEqual(seen, whole)
        self.assertEqual(self.c.get(path + "?page=2&per_page=2").json["data"], whole[2:4])
        self.assertEqual(self.c.get(path + "?after=x").status, 422)


class History(WithServer):
    def test_newest_first_by_page_and_state(self):
        done = [self.made(rows(1, f"a{i}-")) for i in range(4)]
        for number in done:
            self.wait(number)
        waiting = [self.ready(rows(1, f"b{i}-")) for i in range(2)]
        failed = self.made(b"external_id;email\n1;\n")
        self.wait(failed)

        def listed(query):
            numbers, path = [], "/v4/import_tasks" + query
            while path:
                answer = self.c.get(path)
                self.assertEqual(answer.status, 200, answer)
                numbers += [t["id"] for t in answer.json["data"]]
                path = answer.json["links"]["next"]
            return numbers

        everything = sorted(done + waiting + [failed], key=int, reverse=True)
        self.assertEqual(listed("?per_page=3"), everything)
        self.assertEqual(listed(""), everything)
        self.assertEqual(listed("?state=completed&per_page=1"), sorted(done, key=int, reverse=True))
        self.assertEqual(listed("?filter[state]=ready,failed&per_page=2"), [n for n in everything if n not in done])
        self.assertEqual(listed("?state=reverted"), [])
        self.assertEqual(self.c.get("/v4/import_tasks?state=nonsense").status, 422)
        self.assertIn("completed_with_errors", str(self.c.get("/v4/import_tasks?state=nonsense").json))
        first = self.c.get("/v4/import_tasks?per_page=1").json["data"][0]
        self.assertTrue(first["links"]["self"].endswith(f"/v4/import_tasks/{failed}"), first)


class CommandLine(unittest.TestCase):
    """The same without a server; that commands are handed to one is tested elsewhere."""

    def run_task(self, command, *arguments, **more):
        return harness.run("task", command, "--data", self.data, *arguments, **more)

    def test_everything_the_api_does(self):
        with harness.temporary_data("Test") as self.data:
            path = os.path.join(self.data, "a.csv")
            with open(path, "wb") as f:
                f.write(rows(3, bad={2}))
            done = harness.run("import", "--data", self.data, path, "--manual", "--json")
            task = json.loads(done.stdout)
            number = task["id"]
            self.assertEqual((task["state"], task["possible"]), ("ready", ["settings", "dry_run", "start", "cancel"]))
            done = self.run_task("settings", number, "--set", "bad_values=leave_out", "--set", "mode=create_only", "--json")
            self.assertEqual(json.loads(done.stdout)["settings"], {"mode": "create_only", "bad_values": "leave_out"})
            for wrong, word in ((("--set", "mode=sideways"), "create_only"), (("--set", "colour=red"), "colour"), (("--set", "mode"), "NAME=VALUE")):
                done = self.run_task("settings", number, *wrong, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn(word, done.stderr)
            self.run_task("settings", number, "--set", "bad_values=fail")
            result = json.loads(self.run_task("dry-run", number).stdout)
            self.assertEqual((result["created"], result["failed"]), (2, 1))
            self.assertIn("c1", self.run_task("diff", number).stdout)
            self.assertIn("line 3", self.run_task("errors", number).stdout)
            done = self.run_task("start", number, "--fingerprint", result["fingerprint"], "--json", check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertEqual(json.loads(done.stdout)["state"], "completed_with_errors")
            self.assertEqual(json.loads(self.run_task("errors", number, "--all", "--json").stdout)["value"], "bad")
            self.assertEqual(json.loads(self.run_task("errors", number, "--json").stdout)["lines"], [[3, 3]])
            self.assertIn("bad", self.run_task("failed-rows", number).stdout)
            self.assertEqual(self.run_task("file", number).stdout, rows(3, bad={2}).decode())
            self.assertEqual(self.run_task("missing", number, check=False).returncode, 5)
            for language, word in (("en", "You can undo it (revert)"), ("ru", "Можно: вернуть всё как было (revert)")):
                done = self.run_task("cancel", number, "--lang", language, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(word, done.stderr)
            preview = json.loads(self.run_task("revert", number, "--dry-run").stdout)
            self.assertEqual(preview["removed"], 2)
            self.assertIn("Removed 2", self.run_task("revert", number).stdout)
            self.assertEqual(self.run_task("kept", number, "--json").stdout, "")
            self.run_task("undo", number)  # again: nothing more
            other = json.loads(harness.run("import", "--data", self.data, path, "--manual", "--go-on", "--json").stdout)["id"]
            self.assertIn("cancelled", self.run_task("cancel", other).stdout)
            listed = [json.loads(line) for line in self.run_task("list", "--json").stdout.splitlines()]
            self.assertEqual([(t["id"], t["state"]) for t in listed], [(other, "cancelled"), (number, "reverted")])
            self.assertEqual(self.run_task("list", "--state", "reverted").stdout.split("\t")[0], number)
            self.assertEqual(self.run_task("list", "--state", "lost", check=False).returncode, 2)

    def test_what_a_dead_process_left_goes_on_when_asked_for(self):
        count = 100_000
        with harness.temporary_data("Test") as self.data:
            for action, state in (("start", "completed"), ("cancel", "cancelled")):
                server = harness.Server(self.data)
                c = harness.Client(server, harness.new_token(self.data))
                number = c.post("/v4/import_tasks", rows(count, action), content_type="text/csv").json["data"]["id"]
                until = time.monotonic() + 60
                while not c.get(f"/v4/import_tasks/{number}").json["data"]["attributes"]["records"] and time.monotonic() < until:
                    time.sleep(0.002)
                c.close()
                server.kill()
                left = json.loads(self.run_task("show", number).stdout)
                self.assertEqual(left["state"], "processing")
                self.assertIn(state, self.run_task(action, number).stdout)
                done = json.loads(self.run_task("show", number).stdout)
                self.assertEqual((done["state"], done["records"]), (state, count if action == "start" else left["records"]))


class Manual(WithServer):
    """docs/imports.md: its lines run as they stand, and it leaves no setting out."""

    def setUp(self):
        super().setUp()
        with open(os.path.join(harness.ROOT, "docs", "imports.md"), encoding="utf-8") as f:
            self.text = f.read()

    def test_its_lines_run(self):
        blocks = [[line[4:] for line in block.split("\n") if line.startswith("    ")] for block in self.text.split("\n\n")]
        lines = [line for block in blocks if block for line in block]
        content = [line for line in lines if ";" in line and line.split(";")[0] in ("external_id", "1", "2")]
        commands = [line for line in lines if re.match(r"(curl|gzip|until|[A-Z]+=)", line)]
        self.assertEqual((len(content), len(commands) > 20), (3, True))
        folder = os.path.join(self.data, "manual")
        os.mkdir(folder)
        with open(os.path.join(folder, "clients.csv"), "w", encoding="utf-8") as f:
            f.write("\n".join(content) + "\n")
        script = "set -e\n" + "".join(f"{line}\necho\n" for line in commands)
        done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, timeout=100, text=True,
                              env={**os.environ, "URL": f"http://127.0.0.1:{self.server.port}", "AUTH": f"Authorization: Token token={self.token}"})
        self.assertEqual(done.returncode, 0, done.stdout[-1500:] + done.stderr)
        self.assertEqual(self.get("1")["state"], "reverted")
        self.assertEqual(self.get("5")["state"], "completed")  # the manual one: the third and the repeated request made no other
        self.assertTrue({"clients-errors.csv", "clients-errors.xlsx"} <= set(os.listdir(folder)))

    def test_it_names_every_setting_and_path(self):
        with open(os.path.join(harness.ROOT, "src", "importer", "settings.c"), encoding="utf-8") as f:
            names = re.findall(r'^    \{"(\w+)", KIND_', f.read(), re.M)
        with open(os.path.join(harness.ROOT, "src", "api", "api.c"), encoding="utf-8") as f:
            paths = re.findall(r"/v4/import_tasks/\{id\}/(\w+)", f.read())
        self.assertTrue(len(names) > 15 and len(paths) > 10, (names, paths))
        self.assertEqual([n for n in names + paths if f"`{n}`" not in self.text and f"/{n}" not in self.text], [])


if __name__ == "__main__":
    unittest.main()
