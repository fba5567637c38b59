# SPDX-License-Identifier: Apache-2.0
"""The cabinet's office: settings, the last requests, the audit log, the overview, the sample."""
import datetime
import json
import os
import sqlite3
import tempfile
import time
import unittest
import urllib.parse

import harness
from cabinet import API, PASSWORD, logged_in, new_user

DAY_US = 86400 * 10**6


def attributes(answer):
    return [one["attributes"] for one in answer.json["data"]]


class Office(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.context = harness.temporary_data("Test")
        cls.data = cls.context.__enter__()
        harness.run("company", "create", "--data", cls.data, "Other")
        new_user(cls.data, "chief@example.com", "company_admin")
        new_user(cls.data, "manager@example.com", "company_manager")
        new_user(cls.data, "other@example.com", "company_admin", "Other")
        cls.token = harness.new_token(cls.data)
        cls.server = harness.Server(cls.data)
        cls.admin = logged_in(cls.server, "chief@example.com")
        cls.manager = logged_in(cls.server, "manager@example.com")
        cls.other = logged_in(cls.server, "other@example.com")
        cls.program = harness.Client(cls.server, cls.token)

    @classmethod
    def tearDownClass(cls):
        for c in (cls.admin, cls.manager, cls.other, cls.program):
            c.close()
        cls.server.stop()
        cls.context.__exit__(None, None, None)

    def control(self, sql, *values):
        db = sqlite3.connect(os.path.join(self.data, "control.db"))
        with db:
            rows = db.execute(sql, values).fetchall()
        db.close()
        return rows

    def log(self, query="", who=None):
        who = who or self.admin
        answer = who.request("GET", f"{who.company}/audit_log?page%5Bsize%5D=100{query}")
        self.assertEqual(answer.status, 200, answer)
        return attributes(answer)

    def actions(self, query=""):
        return [entry["action"] for entry in self.log(query)]

    def customer(self, **more):
        return {"data": {"type": "consumers", "attributes": more}}

    # --- settings ---

    def settings(self, **changes):
        return self.admin.ask("PATCH", f"{self.admin.company}/settings", "settings", **changes)

    def test_settings_are_shown_and_changed_as_far_as_they_are_named(self):
        shown = self.admin.request("GET", f"{self.admin.company}/settings").json["data"]
        self.assertEqual((shown["type"], shown["attributes"]["name"], shown["attributes"]["import_defaults"]), ("settings", "Test", {}))
        self.assertEqual(shown["meta"]["server"], {"keep_files_days": 7, "keep_trail_days": 30, "keep_audit_days": 1096})
        self.assertIn("mode", shown["meta"]["import_defaults_names"])
        self.assertNotIn("encoding", shown["meta"]["import_defaults_names"])
        changed = self.settings(keep_files_days=3, import_webhooks="record", put_contacts="ignore")
        self.assertEqual(changed.status, 200, changed)
        now = changed.json["data"]["attributes"]
        self.assertEqual((now["keep_files_days"], now["import_webhooks"], now["put_contacts"], now["keep_trail_days"]), (3, "record", "ignore", None))
        self.settings(keep_files_days=None, import_webhooks="digest", put_contacts="update")
        [entry] = [e for e in self.log("&filter%5Baction%5D=company.changed") if "keep_files_days" in e["details"]][1:2]
        self.assertEqual(entry["details"]["keep_files_days"], {"old": None, "new": 3})
        self.assertEqual(entry["details"]["import_webhooks"], {"old": "digest", "new": "record"})
        self.assertNotIn("name", entry["details"])
        self.assertEqual((entry["who"]["kind"], entry["who"]["name"], entry["address"]), ("user", "chief@example.com", "127.0.0.1"))

    def test_what_is_none_is_told_with_its_place(self):
        for change, code in (({"keep_files_days": 8}, "invalid"), ({"keep_files_days": 0}, "invalid"), ({"keep_trail_days": "3"}, "invalid"),
                             ({"zone": "Mars/Olympus"}, "invalid"), ({"name": ""}, "blank"), ({"name": "Other"}, "taken"), ({"put_contacts": "x"}, "invalid"),
                             ({"import_webhooks": "default"}, "invalid"), ({"import_defaults": {"encoding": "utf-8"}}, "invalid"),
                             ({"import_defaults": {"mode": "x"}}, "invalid"), ({"import_defaults": []}, "invalid"), ({"colour": "red"}, "invalid")):
            with self.subTest(change):
                for language, letters in (("en", "[a-z]"), ("ru", "[а-я]")):
                    answer = self.admin.request("PATCH", f"{self.admin.company}/settings", {"data": {"type": "settings", "attributes": change}},
                                                {"Accept-Language": language})
                    [error] = answer.json["errors"]
                    self.assertEqual((answer.status, error["code"], error["source"]["pointer"]), (422, code, f"/data/attributes/{list(change)[0]}"))
                    self.assertRegex(error["detail"], letters)

    def test_defaults_hold_for_imports_that_say_nothing_else(self):
        self.assertEqual(self.settings(import_defaults={"mode": "create_only", "taken_email": "leave_out"}).status, 200)
        try:
            for query, want in (("", "create_only"), ("?mode=both", "both")):
                made = self.program.post("/v4/import_tasks" + query, "external_id;email;name;phone;created_at\nd1;;x;;\n", content_type="text/csv")
                task = harness.wait_for_task(self.server, self.token, made.json["data"]["id"])
                self.assertEqual((task["settings"].get("mode"), task["settings"].get("taken_email")), (want, "leave_out"), task)
        finally:
            self.settings(import_defaults={})

    def test_a_zone_is_that_of_the_next_look_but_not_while_imports_move(self):
        self.program.post("/v4/consumers", self.customer(external_id="z1"))
        zone = self.admin.request("GET", f"{self.admin.company}/settings").json["data"]["attributes"]["zone"]
        try:
            self.assertEqual(self.settings(zone="Asia/Tokyo").status, 200)
            self.assertTrue(self.program.get("/v4/consumers/z1").json["data"]["attributes"]["created_at"].endswith("+09:00"))
            db = sqlite3.connect(os.path.join(self.data, "companies", "1.db"))
            with db:
                db.execute("INSERT INTO import_task (state, file_name, settings, sha256, upload, bytes, created_at, updated_at, origin, manual) "
                           "VALUES (5, 'x', '{}', '', '', 1, 1, 1, 0, 0)")
            refused = self.settings(zone="UTC")
            self.assertEqual((refused.status, refused.json["errors"][0]["code"]), (409, "imports_under_way"))
            with db:
                db.execute("DELETE FROM import_task WHERE file_name = 'x'")
            db.close()
        finally:
            self.assertEqual(self.settings(zone=zone).status, 200)

    # --- the last requests ---

    def requests(self, query="", who=None):
        who = who or self.manager
        return who.request("GET", f"{who.company}/requests{query}")

    def test_requests_are_there_without_values(self):
        until = self.requests().json["meta"]["until"]
        secret = "vera.secret@example.com"
        self.program.post("/v4/consumers", self.customer(external_id="secret-1", email=secret), headers={"X-Request-Id": "vera"})
        self.program.get("/v4/consumers/secret-1?secret=" + secret)
        self.program.get("/v4/consumers?filter=email:eq:" + secret)
        self.program.post("/v4/consumers", self.customer(external_id="secret-1", email=secret))
        self.program.get("/v4/nothing/secret-1")
        self.program.request("DELETE", "/v4/import_tasks")
        # A moment, for the log ends where the clock stood.
        time.sleep(0.01)
        answer = self.requests(f"?after={until}")
        seen = attributes(answer)[::-1]
        self.assertEqual([(s["method"], s["route"], s["status"], s["code"]) for s in seen],
                         [("POST", "/v4/consumers", 201, None), ("GET", "/v4/consumers/{id}", 200, None), ("GET", "/v4/consumers", 200, None),
                          ("POST", "/v4/consumers", 422, "taken"), ("GET", None, 404, "no_route"), ("DELETE", None, 405, "method_not_allowed")])
        self.assertNotIn("secret", answer.body.decode())
        self.assertNotIn("vera", answer.body.decode())
        self.assertEqual({(s["token"]["id"], s["token"]["name"], s["address"]) for s in seen}, {("1", "test", "127.0.0.1")})
        self.assertIsNone(seen[0]["request_id"])
        self.assertRegex(seen[1]["request_id"], "^[0-9a-f]{32}$")
        self.assertEqual(self.requests("?after=" + answer.json["meta"]["until"]).json["data"], [])
        self.assertEqual(len(self.requests(f"?after={until}&page%5Bsize%5D=2").json["data"]), 2)

    def test_another_companys_requests_are_nowhere(self):
        self.program.get("/v4/consumers/nobody")
        self.assertEqual(self.requests(who=self.other).json["data"], [])
        stranger = harness.Client(self.server, "no-such-token-at-all")
        until = self.requests().json["meta"]["until"]
        self.assertEqual(stranger.get("/v4/consumers").status, 401)
        stranger.close()
        time.sleep(0.01)
        self.assertEqual(self.requests(f"?after={until}").json["data"], [])

    def test_a_token_that_holds_no_more_is_seen(self):
        with harness.temporary_data("Test") as data:
            new_user(data, "a@example.com", "company_admin")
            token = harness.new_token(data)
            with harness.Server(data) as server:
                client, browser = harness.Client(server, token), logged_in(server, "a@example.com")
                browser.request("DELETE", f"{browser.company}/tokens/1")
                self.assertEqual(client.get("/v4/consumers").status, 401)
                time.sleep(0.01)
                [seen] = attributes(browser.request("GET", f"{browser.company}/requests"))
                self.assertEqual((seen["status"], seen["code"]), (401, "token_revoked"))
                client.close()
                browser.close()

    # --- the audit log ---

    def test_what_a_person_does_with_a_customer_is_noted_and_what_a_program_does_is_not(self):
        made = self.manager.request("POST", f"{self.manager.company}/consumers", self.customer(external_id="a1", email="anna@example.com"))
        self.assertEqual(made.status, 201, made)
        number = made.json["data"]["id"]
        self.manager.request("PATCH", f"{self.manager.company}/consumers/{number}", self.customer(name="Анна", phone="+79161234567"))
        self.program.request("PATCH", f"/v4/consumers/{number}", self.customer(name="Анна П."))
        self.manager.request("PATCH", f"{self.manager.company}/consumers/{number}", self.customer(name="Анна П."))  # changes nothing
        self.manager.request("DELETE", f"{self.manager.company}/consumers/{number}")
        entries = [e for e in self.log("&filter%5Baction%5D=consumer")[::-1] if e["subject"]["id"] == number]
        self.assertEqual([e["action"] for e in entries], ["consumer.created", "consumer.edited", "consumer.deleted"])
        self.assertEqual(entries[1]["details"], {"fields": ["name", "phone"]} if entries[1]["details"]["fields"][0] == "name" else {"fields": ["phone", "name"]})
        self.assertEqual({(e["who"]["kind"], e["who"]["name"], e["address"]) for e in entries}, {("user", "manager@example.com", "127.0.0.1")})
        for word in ("anna", "Анна", "7916"):
            self.assertNotIn(word, json.dumps(entries, ensure_ascii=False))

    def test_an_entry_and_its_change_are_one_transaction(self):
        self.assertEqual(self.program.post("/v4/consumers", self.customer(external_id="t1", name="before")).status, 201)
        db = sqlite3.connect(os.path.join(self.data, "companies", "1.db"))
        with db:
            db.execute("CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END")
        try:
            refused = self.manager.request("PATCH", f"{self.manager.company}/consumers/t1", self.customer(name="after"))
            self.assertGreaterEqual(refused.status, 500)
            self.assertEqual(self.program.get("/v4/consumers/t1").json["data"]["attributes"]["name"], "before")
        finally:
            with db:
                db.execute("DROP TRIGGER refuse")
            db.close()
        self.control("CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END")
        try:
            self.assertGreaterEqual(self.settings(name="Renamed").status, 400)
            made = self.admin.ask("POST", f"{self.admin.company}/webhooks", "webhooks", url="https://93.184.216.34/x")
            self.assertGreaterEqual(made.status, 500)
        finally:
            self.control("DROP TRIGGER refuse")
        self.assertEqual(self.control("SELECT name FROM company WHERE id = 1"), [("Test",)])
        self.assertEqual(self.control("SELECT count(*) FROM webhook"), [(0,)])

    def test_webhooks_exports_imports_and_commands_are_one_list(self):
        hook = self.admin.ask("POST", f"{self.admin.company}/webhooks", "webhooks", url="https://93.184.216.34/x").json["data"]["id"]
        self.admin.request("POST", f"{self.admin.company}/webhooks/{hook}/rotate")
        self.admin.ask("PATCH", f"{self.admin.company}/webhooks/{hook}", "webhooks", state="disabled")
        self.admin.request("DELETE", f"{self.admin.company}/webhooks/{hook}")
        export = self.manager.ask("POST", f"{self.manager.company}/export_tasks", "export_tasks", records_type="consumers").json["data"]["id"]
        until = time.monotonic() + 20
        while True:
            told = self.manager.request("GET", f"{self.manager.company}/export_tasks/{export}")
            self.assertEqual(told.status, 200, told)
            if told.json["data"]["attributes"]["state"] == "completed":
                break
            self.assertLess(time.monotonic(), until, told)
            time.sleep(0.05)
        self.assertEqual(self.manager.request("GET", f"{self.manager.company}/export_tasks/{export}/archive").status, 200)
        self.manager.request("DELETE", f"{self.manager.company}/export_tasks/{export}")
        task = self.manager.request("POST", f"{self.manager.company}/import_tasks?file_name=people.csv", b"external_id;email;name;phone;created_at\n",
                                    content_type="text/csv").json["data"]["id"]
        harness.run("company", "set", "--data", self.data, "Test", "--keep-trail-days", "20")
        harness.run("company", "set", "--data", self.data, "Test", "--keep-trail-days", "server")
        entries = self.log()
        for action, kind, who in (("webhook.created", "webhooks", "user"), ("webhook.secret_rotated", "webhooks", "user"),
                                  ("webhook.disabled", "webhooks", "user"), ("webhook.deleted", "webhooks", "user"),
                                  ("export.created", "export_tasks", "user"), ("export.downloaded", "export_tasks", "user"),
                                  ("export.deleted", "export_tasks", "user"), ("import.create", "import_tasks", "user"),
                                  ("company.changed", "companies", "command_line")):
            with self.subTest(action):
                [entry] = [e for e in entries if e["action"] == action and e["who"]["kind"] == who][:1]
                self.assertEqual(entry["subject"]["type"], kind)
        [made] = [e for e in entries if e["action"] == "import.create" and e["subject"]["id"] == task]
        self.assertEqual(made["who"]["name"], "manager@example.com")
        times = [datetime.datetime.fromisoformat(e["at"]) for e in entries]
        self.assertEqual(times, sorted(times, reverse=True))

    def test_pages_go_on_where_they_ended_over_both_lists(self):
        for i in range(3):
            self.settings(keep_audit_days=100 + i)
            self.manager.request("POST", f"{self.manager.company}/consumers", self.customer(external_id=f"p{i}"))
        self.settings(keep_audit_days=None)
        whole = [one["id"] for one in self.admin.request("GET", f"{self.admin.company}/audit_log?page%5Bsize%5D=100").json["data"]]
        pages, path = [], f"{self.admin.company}/audit_log?page%5Bsize%5D=3&filter%5Baction%5D=company,consumer,user,webhook,export,import,token"
        while path and len(pages) < len(whole) + 9:
            answer = self.admin.request("GET", path)
            pages += [one["id"] for one in answer.json["data"]]
            following = answer.json["links"]["next"]
            path = following and urllib.parse.urlsplit(following)._replace(scheme="", netloc="").geturl()
        self.assertEqual(len(set(pages)), len(pages))
        self.assertEqual(pages[:len(whole)], whole)

    def test_filters_and_what_they_refuse(self):
        self.settings(keep_files_days=2)
        self.settings(keep_files_days=None)
        admin, manager = (who.session["user"]["id"] for who in (self.admin, self.manager))
        self.assertEqual({e["who"]["id"] for e in self.log(f"&filter%5Buser%5D={admin}&filter%5Baction%5D=company")}, {admin})
        self.assertEqual({e["subject"]["id"] if e["subject"]["type"] == "users" else e["who"]["id"]
                          for e in self.log(f"&filter%5Buser%5D={manager}")}, {manager})
        self.assertEqual(self.log("&filter%5Bto%5D=2020-01-01"), [])
        self.assertEqual(self.log("&filter%5Bfrom%5D=2020-01-01"), self.log())
        for query, parameter in (("filter%5Baction%5D=A", "filter[action]"), ("filter%5Buser%5D=x", "filter[user]"), ("filter%5Bfrom%5D=yesterday", "filter[from]"),
                                 ("filter%5Bto%5D=2026-02-30", "filter[to]"), ("page%5Bsize%5D=101", "page[size]"), ("page%5Bbefore%5D=1", "page[before]")):
            with self.subTest(query):
                answer = self.admin.request("GET", f"{self.admin.company}/audit_log?{query}")
                self.assertEqual((answer.status, answer.json["errors"][0]["source"]["parameter"]), (422, parameter))

    def test_another_companys_entries_are_never_shown(self):
        self.settings(keep_files_days=2)
        self.settings(keep_files_days=None)
        theirs = self.log(who=self.other)
        self.assertTrue(theirs)
        self.assertNotIn("company.changed", [e["action"] for e in theirs])
        self.assertEqual({e["who"]["name"] for e in theirs if e["who"]["kind"] == "user"}, {"other@example.com"})

    def test_who_was_removed_keeps_his_name(self):
        new_user(self.data, "gone@example.com", "company_manager")
        gone = logged_in(self.server, "gone@example.com")
        number = gone.session["user"]["id"]
        gone.request("POST", f"{gone.company}/consumers", self.customer(external_id="gone-1"))
        gone.close()
        self.assertEqual(self.admin.request("DELETE", f"{self.admin.company}/users/{number}").status, 204)
        entries = self.log(f"&filter%5Buser%5D={number}")
        self.assertIn("consumer.created", [e["action"] for e in entries])
        self.assertEqual({e["who"]["name"] for e in entries if e["who"]["id"] == number}, {"gone@example.com"})
        self.assertEqual([e["subject"]["name"] for e in entries if e["action"] == "user.deleted"], ["gone@example.com"])

    def test_entries_go_when_their_time_is_over(self):
        with harness.temporary_data("Test") as data:
            new_user(data, "a@example.com", "company_admin")
            with harness.Server(data) as server:
                browser = logged_in(server, "a@example.com")
                browser.request("POST", f"{browser.company}/consumers", self.customer(external_id="1"))
                browser.ask("PATCH", f"{browser.company}/settings", "settings", keep_audit_days=10)
                browser.close()
            for name in ("control.db", "companies/1.db"):
                db = sqlite3.connect(os.path.join(data, name))
                with db:
                    db.execute("UPDATE audit SET at = at - ? WHERE action <> 'company.changed'", (11 * DAY_US,))
                db.close()
            with harness.Server(data) as server:
                browser = logged_in(server, "a@example.com")
                actions = [e["action"] for e in attributes(browser.request("GET", f"{browser.company}/audit_log"))]
                self.assertEqual(actions, ["user.login", "company.changed"])
                browser.close()

    # --- retention of a company's own ---

    def test_a_shorter_time_is_promised_and_kept(self):
        with harness.temporary_data("Test") as data:
            token = harness.new_token(data)
            with harness.Server(data) as server:
                client = harness.Client(server, token)
                task = client.post("/v4/import_tasks", "external_id;email;name;phone;created_at\n1;;x;;\n", content_type="text/csv").json["data"]["id"]
                harness.wait_for_task(server, token, task)
                harness.run("company", "set", "--data", data, "Test", "--keep-trail-days", "3", "--keep-files-days", "2")
                told = client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]
                at = {name: datetime.datetime.fromisoformat(told[name]) for name in ("created_at", "started_at", "undo_until", "files_until")}
                self.assertEqual((at["undo_until"] - at["started_at"], at["files_until"] - at["created_at"]),
                                 (datetime.timedelta(days=3), datetime.timedelta(days=2)))
                client.request("PATCH", "/v4/consumers/1", self.customer(name="y"))
                client.close()
            self.assertEqual(harness.run("company", "set", "--data", data, "Test", "--keep-files-days", "8", check=False).returncode, 2)
            db = sqlite3.connect(os.path.join(data, "companies", "1.db"))
            with db:
                for sql in ("UPDATE import_task SET created_at = created_at - ?, started_at = started_at - ?", "UPDATE trail SET at = at - ? WHERE ? > 0"):
                    db.execute(sql, (4 * DAY_US, 4 * DAY_US))
            [(upload,)] = db.execute("SELECT upload FROM import_task").fetchall()
            db.close()
            path = os.path.join(data, "uploads", upload)
            self.assertTrue(os.path.exists(path))
            with harness.Server(data) as server:
                until = time.monotonic() + 20
                while os.path.exists(path) and time.monotonic() < until:
                    time.sleep(0.05)
                self.assertFalse(os.path.exists(path))
                # What was forgotten is not promised again.
                harness.run("company", "set", "--data", data, "Test", "--keep-trail-days", "server")
                client = harness.Client(server, token)
                told = client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]
                self.assertEqual((told["undo_until"], "revert" in told["possible"]), (None, False))
                self.assertEqual(client.post(f"/v4/import_tasks/{task}/revert", None).status, 409)
                client.close()

    # --- the overview ---

    def test_the_overview_counts_what_there_was(self):
        with harness.temporary_data("Test") as data:
            new_user(data, "a@example.com", "company_moderator")
            token = harness.new_token(data)
            with harness.Server(data) as server:
                client, browser = harness.Client(server, token), logged_in(server, "a@example.com")
                task = client.post("/v4/import_tasks?file_name=p.csv", "external_id;email;name;phone;created_at\n1;;x;;\n2;no;;;\n",
                                   content_type="text/csv").json["data"]["id"]
                harness.wait_for_task(server, token, task)
                client.request("DELETE", "/v4/consumers/1")
                client.get("/v4/consumers/none")
                answer = browser.request("GET", f"{browser.company}/overview?days=7")
                self.assertEqual(answer.status, 200, answer)
                it = answer.json["data"]["attributes"]
                self.assertEqual(it["consumers"], 0)
                self.assertEqual((len(it["consumers_by_day"]), it["consumers_by_day"][-1]["created"], it["consumers_by_day"][-1]["deleted"]), (7, 1, 1))
                self.assertEqual((it["imports"]["last"]["id"], it["imports"]["last"]["file_name"], it["imports"]["last"]["failed"]), (task, "p.csv", 1))
                month = it["imports"]["this_month"]
                self.assertEqual((month["total"], month["by_state"], month["created"], month["failed"]), (1, {"completed_with_errors": 1}, 1, 1))
                today = it["api_calls"]["by_day"][-1]
                self.assertEqual((len(it["api_calls"]["by_day"]), len(it["api_calls"]["by_hour"])), (7, 48))
                self.assertEqual((today["errors"], it["api_calls"]["by_hour"][-1]["errors"]), (1, 1))
                self.assertGreaterEqual(today["calls"], 4)
                client.get("/v4/consumers/none")
                client.close()
                browser.close()
            # Written down when the server stops.
            with harness.Server(data) as server:
                browser = logged_in(server, "a@example.com")
                again = browser.request("GET", f"{browser.company}/overview").json["data"]["attributes"]["api_calls"]["by_day"]
                self.assertEqual((len(again), again[-1]["calls"], again[-1]["errors"]), (30, today["calls"] + 1, 2))
                self.assertEqual(browser.request("GET", f"{browser.company}/overview?days=91").status, 422)
                browser.close()

    # --- the sample ---

    def test_the_sample_has_the_companys_attributes_and_is_known_when_it_comes_back(self):
        with harness.temporary_data("Test") as data:
            new_user(data, "a@example.com", "company_manager")
            with harness.Server(data) as server:
                browser = logged_in(server, "a@example.com")

                def header(kind):
                    answer = browser.request("GET", f"{browser.company}/sample?format={kind}&lang=ru")
                    self.assertEqual(answer.status, 200, answer)
                    self.assertRegex(answer.headers["Content-Disposition"], f'^attachment; filename="[a-z-]+\\.{kind}"$')
                    with tempfile.NamedTemporaryFile(suffix="." + kind) as f:
                        f.write(answer.body)
                        f.flush()
                        return json.loads(harness.run("rows", f.name).stdout.splitlines()[0]), answer.body
                self.assertEqual(header("csv")[0][5:], ["orders_count", "ltv", "region"])
                browser.request("POST", f"{browser.company}/consumers",
                                self.customer(external_id="1", custom_attributes={"Город": "Омск", "=sum": 1}))
                for kind in ("csv", "xlsx"):
                    self.assertEqual(len(header(kind)[0]), 7)
                    self.assertIn("Город", header(kind)[0])
                # And once the idle writer has seen it.
                db = sqlite3.connect(f"file:{data}/companies/1.db?mode=ro", uri=True)
                until = time.monotonic() + 20
                while len(db.execute("SELECT name FROM attribute").fetchall()) < 2 and time.monotonic() < until:
                    time.sleep(0.05)
                self.assertEqual({name for name, in db.execute("SELECT name FROM attribute")}, {"Город", "=sum"})
                db.close()
                names, body = header("csv")
                self.assertIn("Город", names)
                made = browser.request("POST", f"{browser.company}/import_tasks", body, content_type="text/csv").json["data"]["id"]
                until = time.monotonic() + 20
                while True:
                    task = browser.request("GET", f"{browser.company}/import_tasks/{made}").json["data"]["attributes"]
                    if task["state"] not in ("analysed", "uploading") or time.monotonic() > until:
                        break
                    time.sleep(0.05)
                self.assertEqual((task["state"], task["failure"]["code"]), ("needs_answer", "sample"), task)
                self.assertEqual(browser.request("GET", f"{browser.company}/sample?format=pdf").status, 422)
                browser.close()


if __name__ == "__main__":
    unittest.main()
