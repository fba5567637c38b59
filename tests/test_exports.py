# SPDX-License-Identifier: Apache-2.0
"""Exports: asked for, made in the background, fetched by signed links; what is in the files, and what becomes of them when
the server dies, the disk is full, customers are written meanwhile, or their time is over."""
import contextlib
import csv
import glob
import gzip
import hashlib
import hmac
import io
import json
import os
import sqlite3
import threading
import time
import unittest
import urllib.parse

import harness
from harness import consumer

END_S = 120
MANY = 100000
SHIM = os.path.join(os.path.dirname(harness.BIN), "tests", "powerloss", "powerloss.so")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export_task(**attributes):
    return {"data": {"type": "export_tasks", "attributes": {"records_type": "consumers", **attributes}}}


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


def table(text):
    assert text.startswith(b"\xef\xbb\xbf"), text[:20]
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=";"))


class Case(unittest.TestCase):
    maxDiff = 3000

    def ask(self, client, **attributes):
        answer = client.post("/v4/export_tasks", export_task(**attributes))
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["Location"], "/v4/export_tasks/" + answer.json["data"]["id"])
        return answer.json["data"]["id"]

    def look(self, client, task):
        answer = client.get(f"/v4/export_tasks/{task}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["data"]["attributes"]

    def wait(self, client, task, until=lambda t: t["finished_at"]):
        end = time.monotonic() + END_S
        while time.monotonic() < end:
            got = self.look(client, task)
            if until(got):
                return got
            time.sleep(0.01)
        raise AssertionError(got)

    def made(self, client, **attributes):
        """The task's attributes and its file, unpacked."""
        task = self.wait(client, self.ask(client, **attributes))
        self.assertEqual(task["state"], "completed", task)
        answer = client.get(path_of(task["archive_url"]))
        self.assertEqual((answer.status, len(answer.body)), (200, task["archive_size"]), answer)
        packed = task["format"] != "xlsx"
        self.assertEqual((answer.headers["Content-Type"], task["archive_content_type"]), ("application/gzip" if packed else XLSX,) * 2)
        return task, gzip.decompress(answer.body) if packed else answer.body

    def files(self):
        return sorted(glob.glob(os.path.join(self.data, "exports", "*", "*")))


class Exports(Case):
    def setUp(self):
        self.data = self.enterContext(harness.temporary_data())
        self.server = self.enterContext(harness.Server(self.data))
        self.token = harness.new_token(self.data)
        self.client = self.as_(self.token)
        self.ids = []
        for i in range(3):
            answer = self.client.post("/v4/consumers", consumer(external_id=f"c-{i}", email=f"u{i}@example.com", name=f"Анна {i}", phone=f"7900000000{i}",
                                                                unsubscribed=i == 1, custom_attributes={"ltv": i * 100, "region": "74", "a b": f"=x{i}"}))
            self.ids.append(answer.json["data"]["id"])

    def as_(self, token):
        client = harness.Client(self.server, token)
        self.addCleanup(client.close)
        return client

    def refused(self, status=422, client=None, **attributes):
        answer = (client or self.client).post("/v4/export_tasks", export_task(**attributes))
        self.assertEqual(answer.status, status, answer)
        return answer.json["errors"]

    # --- the task ---

    def test_a_task_has_what_the_vendors_has(self):
        answer = self.client.post("/v4/export_tasks", export_task(format="csv"))
        self.assertEqual(answer.status, 201, answer)
        task = answer.json["data"]
        self.assertEqual((task["type"], task["attributes"]["state"]), ("export_tasks", "waiting"))
        got = self.wait(self.client, task["id"])
        self.assertEqual({k: got[k] for k in ("records_type", "format", "export_format", "search_options", "state", "archive_content_type",
                                              "error_message", "refuse_reason", "records", "progress")},
                         {"records_type": "consumers", "format": "csv", "export_format": None, "search_options": {}, "state": "completed",
                          "archive_content_type": "application/gzip", "error_message": None, "refuse_reason": None, "records": 3,
                          "progress": {"records": 3, "total": 3, "percent": 100}})
        for name in ("created_at", "started_at", "finished_at", "expires_at"):
            self.assertRegex(got[name], r"^\d{4}-\d\d-\d\dT.*\+03:00$")
        self.assertLessEqual(got["created_at"], got["started_at"])
        self.assertLessEqual(got["started_at"], got["finished_at"])

    def test_all_tasks_newest_first_by_pages(self):
        tasks = [self.ask(self.client, format=f) for f in ("csv", "xlsx", "jsonl")]
        first = self.client.get("/v4/export_tasks?per_page=2").json
        self.assertEqual([t["id"] for t in first["data"]], tasks[:0:-1])
        second = self.client.get(path_of(first["links"]["next"])).json
        self.assertEqual(([t["id"] for t in second["data"]], second["links"]["next"]), ([tasks[0]], None))

    def test_what_is_wrong_is_said_before_anything_is_made(self):
        for attributes, where, word in (
                ({"records_type": "reviews"}, "/data/attributes/records_type", "consumers"), ({"records_type": None}, "/data/attributes/records_type", "consumers"),
                ({"format": "pdf"}, "/data/attributes/format", "csv, xlsx or jsonl"), ({"format": 5}, "/data/attributes/format", "text"),
                ({"search_options": []}, "/data/attributes/search_options", "object"),
                ({"search_options": {"query": "anna"}}, "/data/attributes/search_options/query", "fields, filter, search, sort"),
                ({"search_options": {"fields": ["rating"]}}, "/data/attributes/search_options/fields", "unknown field 'rating', allowed: avatar_url, complained"),
                ({"export_format": "[.id"}, "/data/attributes/export_format", "syntax error"),
                ({"export_format": 'import "a" as $a; [1]'}, "/data/attributes/export_format", "module not found"),
                ({"export_format": "[.id]", "format": "jsonl"}, "/data/attributes/export_format", "jsonl"),
                ({"export_format": "[.id]", "search_options": {"fields": ["id"]}}, "/data/attributes/export_format", "fields"),
                ({"export_format": "x" * 20000}, "/data/attributes/export_format", "longer than")):
            error = self.refused(**attributes)
            self.assertEqual(error["source"]["pointer"], where, error)
            self.assertIn(word, error["details"]["message"])
        self.assertEqual(self.client.get("/v4/export_tasks").json["data"], [])
        answer = self.client.post("/v4/export_tasks", export_task(records_type="orders"), headers={"Accept-Language": "ru"})
        self.assertIn("этот сервер хранит только consumers", answer.json["errors"]["details"]["message"])
        self.assertEqual(self.client.post("/v4/export_tasks", consumer(format="csv")).status, 409)

    def test_who_may(self):
        task = self.ask(self.client, format="csv")
        other = harness.run("company", "create", "--data", self.data, "Other") and harness.new_token(self.data, "Other")
        reader = harness.new_token(self.data, "Test", "--scope", "consumers:read,consumers:write,imports")
        exporter = harness.new_token(self.data, "Test", "--scope", "exports")
        url = path_of(self.wait(self.client, task)["archive_url"])
        for token, status in ((other, 404), (reader, 403), (None, 401), ("x" * 43, 401), (exporter, 200)):
            client = self.as_(token)
            for path in (f"/v4/export_tasks/{task}", f"/v4/export_tasks/{task}/archive"):
                self.assertEqual(client.get(path).status, status, (token, path))
            self.assertEqual(client.get(url).status, 200)  # whoever has the link
        self.refused(403, self.as_(reader), format="csv")
        self.assertEqual(self.as_(other).get("/v4/export_tasks").json["data"], [])
        self.assertEqual(self.as_(other).request("DELETE", f"/v4/export_tasks/{task}").status, 404)
        self.assertEqual(self.client.get("/v4/export_tasks/x").status, 404)

    def test_one_that_is_given_up_is_gone(self):
        task = self.wait(self.client, number := self.ask(self.client, format="csv"))
        self.assertEqual(len(self.files()), 1)
        self.assertEqual([oct(os.stat(p).st_mode & 0o777) for p in (self.files()[0], os.path.dirname(self.files()[0]))], ["0o600", "0o700"])
        self.assertEqual(self.client.request("DELETE", f"/v4/export_tasks/{number}").status, 204)
        self.assertEqual(self.client.request("DELETE", f"/v4/export_tasks/{number}").status, 404)
        self.assertEqual((self.files(), self.client.get(path_of(task["archive_url"])).status), ([], 404))

    def test_a_company_goes_with_its_files(self):
        harness.run("company", "create", "--data", self.data, "Other")
        client = self.as_(harness.new_token(self.data, "Other"))
        task = self.wait(client, self.ask(client, format="csv"))
        self.assertEqual(len(self.files()), 1)
        harness.run("company", "delete", "--data", self.data, "Other", "--yes")
        self.assertEqual((self.files(), os.listdir(os.path.join(self.data, "exports"))), ([], []))
        self.assertEqual(self.client.get(path_of(task["archive_url"])).status, 404)

    # --- the file ---

    def test_every_format_has_every_customer(self):
        rows = table(self.made(self.client, format="csv")[1])
        self.assertEqual(rows[0][:5] + rows[0][-3:], ["external_id", "email", "name", "phone", "created_at", "ltv", "region", "a b"])
        self.assertEqual([r[:2] + r[-3:] for r in rows[1:]], [[f"c-{i}", f"u{i}@example.com", str(i * 100), "74", f"'=x{i}"] for i in range(3)])
        path = os.path.join(self.data, "out.xlsx")
        with open(path, "wb") as f:
            f.write(self.made(self.client, format="xlsx")[1])
        self.assertEqual([json.loads(line)[0] for line in harness.run("rows", path).stdout.splitlines()], ["external_id", "c-0", "c-1", "c-2"])
        lines = [json.loads(line) for line in self.made(self.client, format="jsonl")[1].splitlines()]
        self.assertEqual(lines, self.client.get("/v4/consumers").json["data"])
        self.assertEqual(lines[0], self.client.get("/v4/consumers/c-0").json["data"])

    def test_what_goes_out_comes_back(self):
        for kind in ("csv", "xlsx", "jsonl"):
            path = os.path.join(self.data, "out." + kind)
            with open(path, "wb") as f:
                f.write(self.made(self.client, format=kind)[1])
            done = json.loads(harness.run("import", "--data", self.data, path, "--json").stdout)
            self.assertEqual((done["unchanged"], done["records"]), (3, 3), done)

    def test_only_the_fields_that_were_asked_for(self):
        fields = ["email", "custom_attributes.ltv", "id", "unsubscribed", "custom_attributes.none"]
        rows = table(self.made(self.client, format="csv", search_options={"fields": fields})[1])
        self.assertEqual(rows, [["email", "ltv", "attributes.id", "attributes.unsubscribed", "none"]] +
                         [[f"u{i}@example.com", str(i * 100), self.ids[i], "true" if i == 1 else "false", ""] for i in range(3)])
        rows = table(self.made(self.client, format="csv", search_options={"fields": "custom_attributes.region,custom_attributes"})[1])
        self.assertEqual(rows[:2], [["region", "ltv", "a b"], ["74", "0", "'=x0"]])
        line = json.loads(self.made(self.client, format="jsonl", search_options={"fields": fields})[1].splitlines()[1])
        self.assertEqual(line, {"id": self.ids[1], "type": "consumers",
                                "attributes": {"email": "u1@example.com", "custom_attributes": {"ltv": 100}, "unsubscribed": True}})
        line = json.loads(self.made(self.client, format="jsonl", search_options={"fields": ["name"]})[1].splitlines()[0])
        self.assertEqual(line["attributes"], {"name": "Анна 0"})

    def test_only_whom_the_filter_lets_through(self):
        for filter_, want in (("unsubscribed:eq:true", ["c-1"]), ({"unsubscribed": {"ne": True}}, ["c-0", "c-2"]), ({"email": ["u2@example.com", "u0@example.com"]}, ["c-0", "c-2"]),
                              ("custom_attributes.ltv:gte:100", ["c-1", "c-2"]), ({"external_id": "none"}, []), ("", ["c-0", "c-1", "c-2"])):
            rows = table(self.made(self.client, format="csv", search_options={"filter": filter_, "fields": ["external_id"]})[1])
            self.assertEqual(rows, [["external_id"]] + [[x] for x in want], filter_)
        for search, sort, want in (("u2@", None, ["c-2"]), ("анна", "-id", ["c-2", "c-1", "c-0"]), ("анна 1", None, ["c-1"]), ("none", None, []), (" ", None, ["c-0", "c-1", "c-2"])):
            rows = table(self.made(self.client, format="csv", search_options={"search": search, "sort": sort, "fields": ["external_id"]})[1])
            self.assertEqual(rows, [["external_id"]] + [[x] for x in want], search)
        for sort, want in (("created_at:desc", "210"), ({"external_id": "desc"}, "210"), ("-id", "210"), ("email:asc", "012")):
            rows = table(self.made(self.client, format="csv", search_options={"sort": sort, "fields": ["external_id"]})[1])
            self.assertEqual("".join(r[0][-1] for r in rows[1:]), want, sort)
        for options, where, word in (({"filter": "rating:eq:5"}, "filter", "unknown field 'rating', allowed: "), ({"filter": "email"}, "filter", "an operator is missing"),
                                     ({"sort": "rating"}, "sort", "unknown field 'rating'"), ({"sort": "created_at,updated_at"}, "sort", "one field"),
                                     ({"search": "a b c d e f g h i"}, "search", "more than 8 words")):
            error = self.refused(format="csv", search_options=options)
            self.assertEqual(error["source"]["pointer"], "/data/attributes/search_options/" + where)
            self.assertIn(word, error["details"]["message"])
        done = harness.run("export", "--data", self.data, "--format", "csv", "--filter", "unsubscribed:eq:true", "--fields", "email", "--sort", "-id")
        self.assertEqual(done.stdout.lstrip("\ufeff").split(), ["email", "u1@example.com"])

    def test_no_customers_are_a_file_too(self):
        for i in self.ids:
            self.client.request("DELETE", f"/v4/consumers/{i}")
        self.assertEqual(self.made(self.client, format="jsonl")[1], b"")
        self.assertEqual(len(table(self.made(self.client, format="csv")[1])), 1)
        self.assertEqual(table(self.made(self.client, format="csv", export_format="[.id, .name]")[1]), [["ID", "NAME"]])

    # --- jq ---

    def by_program(self, program):
        return table(self.made(self.client, format="csv", export_format=program)[1])

    def test_a_program_makes_the_columns(self):
        self.assertEqual(self.by_program("[.id, .email]"), [["ID", "EMAIL"]] + [[self.ids[i], f"u{i}@example.com"] for i in range(3)])
        self.assertEqual(self.by_program('select(.unsubscribed | not) | [.external_id, .first_name, .custom_attributes.ltv, .unsubscribed, {a: 1}, "=1+1"]'),
                         [["EXTERNAL_ID", "FIRST_NAME", "CUSTOM_ATTRIBUTES.LTV", "UNSUBSCRIBED", "COLUMN_5", "COLUMN_6"],
                          ["c-0", "", "0", "false", '{"a":1}', "'=1+1"], ["c-2", "", "200", "false", '{"a":1}', "'=1+1"]])
        self.assertEqual(self.by_program("(.name | split(\" \")) | [.[]], [1]"), [["COLUMN_1", "COLUMN_2"]] + [["Анна", "0"], ["1", ""], ["Анна", "1"], ["1", ""], ["Анна", "2"], ["1", ""]])
        path = os.path.join(self.data, "out.xlsx")
        with open(path, "wb") as f:
            f.write(self.made(self.client, format="xlsx", export_format="[.email]")[1])
        self.assertEqual(harness.run("rows", path).stdout.splitlines()[:2], ['["EMAIL"]', '["u0@example.com"]'])

    def test_a_program_that_fails_rejects_its_task_and_says_where(self):
        for program, word in (("{id}", "it must make an array, and made: object"), (".id", "made: string"), ("[.email + 1]", "cannot be added"),
                              ("[.id], [1, 2]", "a row of 2 values under a header of 1 columns"), ("halt", "it halted"), ('error("no")', "no"),
                              ("[range(0; 2000)]", "more than 1024 values"), ("range(1e9) | [.]", "more than 1048576 bytes of one customer")):
            task = self.wait(self.client, self.ask(self.client, format="csv", export_format=program))
            self.assertEqual((task["state"], task["archive_url"]), ("rejected", None), task)
            self.assertIn(f"customer {self.ids[0]}: ", task["error_message"])
            self.assertIn(word, task["error_message"])
        self.assertEqual(self.files(), [])
        log = self.server.log_text()
        self.assertNotIn("u0@example.com", log)

    def test_a_program_is_locked_up(self):
        environment = self.by_program("[env, $ENV, input_filename, get_search_list]")[1]
        self.assertEqual(environment, ["{}", "{}", "", "[]"])
        for program in ("[input]", 'include "x"; [1]', 'import "/etc/passwd" as $x; [$x]', "[modulemeta]"):
            answer = self.client.post("/v4/export_tasks", export_task(format="csv", export_format=program))
            if answer.status == 201:
                self.assertEqual(self.wait(self.client, answer.json["data"]["id"])["state"], "rejected")
            else:
                self.assertEqual(answer.status, 422)

    def test_a_program_has_neither_all_memory_nor_all_time(self):
        memory = self.wait(self.client, self.ask(self.client, format="csv", export_format='[[range(1e9)] | length]'))
        self.assertIn("it needed more than 256 MiB of memory", memory["error_message"])
        started = time.monotonic()
        endless = self.wait(self.client, self.ask(self.client, format="csv", export_format="def f: f; [f]"))
        self.assertIn("it took more than 20 seconds", endless["error_message"])
        self.assertLess(time.monotonic() - started, 60)
        self.made(self.client, format="csv")

    # --- the link ---

    def sign(self, task, expires, company=1):
        with open(os.path.join(self.data, "seal.key"), "rb") as f:
            key = f.read()
        key = hmac.digest(key if len(key) == 32 else bytes.fromhex(key.decode().strip()), b"export archive", "sha256")
        return f"/v4/export_tasks/{task}/archive?company={company}&expires={expires}&signature=" + hmac.new(key, f"{company}/{task}/{expires}".encode(), hashlib.sha256).hexdigest()

    def test_a_link_is_good_for_an_hour_and_for_one_file(self):
        task = self.ask(self.client, format="csv")
        got = self.wait(self.client, task)
        self.assertTrue(got["archive_url"].startswith(f"http://127.0.0.1:{self.server.port}/v4/export_tasks/{task}/archive?"), got)
        url, nobody = path_of(got["archive_url"]), self.as_(None)
        expires = int(urllib.parse.parse_qs(url.split("?")[1])["expires"][0])
        self.assertAlmostEqual(expires, time.time() + 3600, delta=30)
        self.assertEqual(nobody.get(url).status, 200)
        self.assertEqual(nobody.get(self.sign(task, expires)).status, 200)
        late = nobody.get(self.sign(task, int(time.time()) - 1))
        self.assertEqual((late.status, late.json["errors"]["code"]), (403, "link_expired"), late)
        other = self.ask(self.client, format="csv")
        for wrong in (url.replace(f"expires={expires}", f"expires={expires + 1}"), url + "0", url[:-1], url.replace(f"/{task}/", f"/{other}/"),
                      url.replace("company=1", "company=2"), url.replace("company=1&", ""), url.replace("signature=", "signature=&x=")):
            answer = nobody.get(wrong)
            self.assertEqual((answer.status, answer.json["errors"]["code"]), (403, "link_invalid"), wrong)

    def test_a_link_says_how_clients_reach_the_server(self):
        task = self.ask(self.client, format="csv")
        self.wait(self.client, task)
        url = self.client.get(f"/v4/export_tasks/{task}", headers={"Host": "api.example.com"}).json["data"]["attributes"]["archive_url"]
        self.assertTrue(url.startswith("http://api.example.com/v4/"), url)
        self.server.stop()
        self.server.arguments = ("--public-url", "https://clients.example.com")
        self.server.start()
        self.client.close()
        url = self.look(self.client, task)["archive_url"]
        self.assertTrue(url.startswith("https://clients.example.com/v4/"), url)
        self.assertEqual(self.as_(None).get(path_of(url)).status, 200)  # the key outlives the process

    def test_a_file_is_fetched_in_parts(self):
        task, whole = self.made(self.client, format="xlsx")
        url = path_of(task["archive_url"])
        get = lambda method="GET", **headers: self.client.request(method, url, headers={k.replace("_", "-"): v for k, v in headers.items()})
        all_of_it = get()
        etag, size = all_of_it.headers["ETag"], len(whole)
        self.assertEqual((all_of_it.body, all_of_it.headers["Accept-Ranges"]), (whole, "bytes"))
        self.assertRegex(all_of_it.headers["Content-Disposition"], r'^attachment; filename="consumers-Test-\d{4}-\d\d-\d\d\.xlsx"; ')
        for asked, start, end in (("bytes=0-99", 0, 99), ("bytes=100-", 100, size - 1), ("bytes=-7", size - 7, size - 1), (f"bytes=5-{size * 2}", 5, size - 1)):
            part = get(Range=asked, If_Range=etag)
            self.assertEqual((part.status, part.headers["Content-Range"], part.body), (206, f"bytes {start}-{end}/{size}", whole[start:end + 1]))
        for headers in ({"Range": "bytes=0-1,3-4"}, {"Range": "items=1-2"}, {"Range": "bytes=0-1", "If_Range": '"other"'}, {"Range": "bytes=0-1", "If_Range": "Wed, 25 Nov 2026 00:39:56 GMT"}):
            self.assertEqual((get(**headers).status, get(**headers).body), (200, whole))
        far = get(Range=f"bytes={size}-")
        self.assertEqual((far.status, far.headers["Content-Range"]), (416, f"bytes */{size}"))
        self.assertEqual(get(If_None_Match=etag).status, 304)
        head = get("HEAD", Range="bytes=0-1")
        self.assertEqual((head.status, head.headers["Content-Length"], head.body), (200, str(size), b""))

    # --- their time ---

    def test_what_was_kept_long_enough_is_removed(self):
        task = self.ask(self.client, format="csv")
        got = self.wait(self.client, task)
        database = glob.glob(os.path.join(self.data, "companies", "*.db"))[0]
        with contextlib.closing(sqlite3.connect(database)) as db:
            db.execute("UPDATE export_task SET finished_at = finished_at - ?", (24 * 3600 * 10 ** 6,))
            db.commit()
        gone = self.client.get(path_of(got["archive_url"]))
        self.assertEqual((gone.status, gone.json["errors"]["code"]), (410, "export_expired"))
        self.assertEqual((self.look(self.client, task)["archive_url"], len(self.files())), (None, 1))
        self.server.stop()
        self.server.start()
        self.client.close()
        self.assertEqual((self.look(self.client, task)["state"], self.files()), ("completed", []))
        self.assertEqual(self.client.get(path_of(got["archive_url"])).status, 410)
        with contextlib.closing(sqlite3.connect(database)) as db:
            db.execute("UPDATE export_task SET finished_at = finished_at - ?", (4 * 366 * 86400 * 10 ** 6,))
            db.commit()
        self.server.stop()
        self.server.start()
        self.client.close()
        self.assertEqual(self.client.get(f"/v4/export_tasks/{task}").status, 404)

    # --- the command ---

    def test_the_command_writes_the_same_file(self):
        command = lambda *words: harness.run("export", "--data", self.data, *words, "--output", os.path.join(self.data, "out"))
        written = lambda: open(os.path.join(self.data, "out"), "rb").read()
        command("--format", "csv", "--gzip", "--fields", "email,custom_attributes.a b")
        self.assertEqual(table(gzip.decompress(written()))[:2], [["email", "a b"], ["u0@example.com", "'=x0"]])
        command("--format", "csv", "--jq", "[.email]")
        self.assertEqual(table(written())[:2], [["EMAIL"], ["u0@example.com"]])
        for words, word in ((("--format", "csv", "--fields", "rating"), "unknown field 'rating'"), (("--format", "jsonl", "--jq", "[.id]"), "--jq"),
                            (("--format", "xlsx", "--gzip"), "--gzip"), (("--format", "csv", "--jq", "{a:1}"), "made: object")):
            done = harness.run("export", "--data", self.data, *words, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(word, done.stderr)


class ManyCustomers(Case):
    """One company of many, for what takes a while."""

    @classmethod
    def setUpClass(cls):
        cls.data = cls.enterClassContext(harness.temporary_data())
        path = os.path.join(cls.data, "many.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write("external_id;email;name;phone;created_at;ltv\n")
            f.writelines(f"c-{i};u{i}@example.com;Анна {i};7900{i:07};2018-01-01 00:11:22;{i}\n" for i in range(MANY))
        harness.run("import", "--data", cls.data, path)
        cls.token = harness.new_token(cls.data)

    def serve(self, *arguments, **more):
        server = harness.Server(self.data, *arguments, **more)
        self.addCleanup(server.end)
        client = harness.Client(server, self.token)
        self.addCleanup(client.close)
        return server, client

    def begun(self, client, **attributes):
        task = self.ask(client, **attributes)
        self.wait(client, task, lambda t: t["records"] > 0 or t["finished_at"])
        return task

    def is_whole(self, client, task):
        got = self.wait(client, task)
        self.assertEqual((got["state"], got["records"]), ("completed", MANY), got)
        rows = table(gzip.decompress(client.get(path_of(got["archive_url"])).body))
        self.assertEqual([r[0] for r in rows], ["external_id"] + [f"c-{i}" for i in range(MANY)])

    def test_a_killed_server_makes_the_file_anew(self):
        server, client = self.serve()
        task = self.begun(client, format="csv")
        server.kill()
        server, client = self.serve()
        self.is_whole(client, task)
        self.assertEqual(len(self.files()), 1)
        self.assertEqual(client.request("DELETE", f"/v4/export_tasks/{task}").status, 204)
        server.stop()

    def test_a_server_that_dies_three_times_gives_up(self):
        server, client = self.serve()
        task = self.begun(client, format="jsonl")
        for _ in range(2):
            server.kill()
            server, client = self.serve()
            self.wait(client, task, lambda t: t["records"] > 0 or t["finished_at"])
        server.kill()
        server, client = self.serve()
        got = self.wait(client, task)
        self.assertEqual((got["state"], got["error_code"]), ("rejected", "crashed"))
        self.assertEqual(self.files(), [])
        server.stop()

    def test_a_server_that_stops_goes_on_later(self):
        server, client = self.serve()
        tasks = [self.begun(client, format="csv")] + [self.ask(client, format="csv") for _ in range(3)]
        started = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - started, 10)
        self.assertFalse([p for p in self.files() if p.endswith(".part")])
        server, client = self.serve()
        for task in tasks:
            self.is_whole(client, task)
            client.request("DELETE", f"/v4/export_tasks/{task}")
        server.stop()

    def test_the_kernel_holds_a_program_in_a_filter(self):
        server, client = self.serve()
        task = self.ask(client, format="csv", export_format="def f: f; [f]")
        self.wait(client, task, lambda t: t["state"] == "processing")
        time.sleep(0.5)
        children = []
        for thread in os.listdir(f"/proc/{server.process.pid}/task"):  # a child is its thread's
            with open(f"/proc/{server.process.pid}/task/{thread}/children", encoding="ascii") as f:
                children += f.read().split()
        with open(f"/proc/{children[0]}/status", encoding="utf-8") as f:
            status = dict(line.split(":", 1) for line in f)
        self.assertEqual((status["Seccomp"].strip(), status["NoNewPrivs"].strip()), ("2", "1"))  # SECCOMP_MODE_FILTER
        self.assertEqual(client.request("DELETE", f"/v4/export_tasks/{task}").status, 204)
        server.stop()

    def test_a_server_that_stops_waits_for_no_program(self):
        server, client = self.serve()
        task = self.ask(client, format="csv", export_format="def f: f; [f]")
        self.wait(client, task, lambda t: t["state"] == "processing")
        time.sleep(0.5)
        started = time.monotonic()
        server.stop()
        self.assertLess(time.monotonic() - started, 8)
        server, client = self.serve()
        self.assertEqual(client.request("DELETE", f"/v4/export_tasks/{task}").status, 204)
        self.made_soon(client)  # the one who was deleted holds no worker either
        server.stop()

    def made_soon(self, client):
        started = time.monotonic()
        task = self.ask(client, format="csv", export_format="[.id]", search_options={"filter": {"external_id": "c-1"}})
        self.wait(client, task)
        self.assertLess(time.monotonic() - started, 8)

    def test_one_that_is_given_up_while_it_is_made_leaves_nothing(self):
        server, client = self.serve()
        task = self.begun(client, format="csv")
        self.assertEqual(client.request("DELETE", f"/v4/export_tasks/{task}").status, 204)
        started = time.monotonic()
        after = self.wait(client, self.ask(client, format="csv", search_options={"fields": ["id"]}), lambda t: t["state"] != "waiting")
        self.assertLess(time.monotonic() - started, 5, after)
        for t in client.get("/v4/export_tasks").json["data"]:
            client.request("DELETE", f"/v4/export_tasks/{t['id']}")
        server.stop()
        self.assertEqual(self.files(), [])

    def test_everyone_who_is_there_all_the_time_is_in_the_file_once(self):
        server, client = self.serve()
        stop, wrote = threading.Event(), []

        def write():
            writer = harness.Client(server, self.token)
            while not stop.is_set():
                i = len(wrote) * 7919 % MANY
                wrote.append(writer.put(f"/v4/consumers/c-{i}", consumer(custom_attributes={"ltv": -1})).status)
                made = writer.post("/v4/consumers", consumer(name="x"))
                writer.request("DELETE", f"/v4/consumers/{made.json['data']['id']}")
            writer.close()

        thread = threading.Thread(target=write)
        thread.start()
        try:
            got = self.wait(client, self.ask(client, format="csv"))
        finally:
            stop.set()
            thread.join()
        rows = table(gzip.decompress(client.get(path_of(got["archive_url"])).body))
        ids = [r[0] for r in rows[1:] if r[0]]
        self.assertEqual((len(ids), len(set(ids))), (MANY, MANY))
        self.assertEqual(set(wrote), {200})
        self.assertGreater(len(wrote), 10)  # writers were not held up
        server.stop()

    def test_memory_does_not_grow_with_the_customers(self):
        options = os.environ.get("ASAN_OPTIONS", "")
        server, client = self.serve(env={"ASAN_OPTIONS": options + ":quarantine_size_mb=1"})

        def peak():
            with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
                return int(next(line for line in f if line.startswith("VmHWM")).split()[1])

        self.wait(client, self.ask(client, format="csv", search_options={"fields": ["id"]}))
        before = peak()
        for kind in ("csv", "jsonl"):
            self.wait(client, self.ask(client, format=kind))
        self.assertLess(peak() - before, 40 * 1024)
        server.stop()

    def test_a_full_disk_rejects_it_and_says_so(self):
        mark = os.path.join(os.path.dirname(self.data), "full")
        options = os.environ.get("ASAN_OPTIONS", "")
        server, client = self.serve(env={"LD_PRELOAD": SHIM, "POWERLOSS_DIR": self.data, "POWERLOSS_FULL": mark,
                                         "ASAN_OPTIONS": options + ":verify_asan_link_order=0"})
        task = self.begun(client, format="csv")
        open(mark, "w", encoding="utf-8").close()
        time.sleep(1)
        full = client.post("/v4/export_tasks", export_task(format="csv"))
        self.assertEqual(full.status, 507, full)
        os.unlink(mark)
        got = self.wait(client, task)
        self.assertEqual((got["state"], got["error_code"]), ("rejected", "disk_full"), got)
        self.assertIn("disk is full", got["error_message"])
        self.assertFalse([p for p in self.files() if p.endswith(".part")])
        server.stop()


if __name__ == "__main__":
    unittest.main()
