# SPDX-License-Identifier: Apache-2.0
"""The cabinet's first run, its users with their invitations and passwords, a company's tokens."""
import re
import time
import unittest

import harness
from cabinet import API, PASSWORD, Browser, logged_in, new_user


def code_of(answer):
    error = answer.json["errors"][0]
    return answer.status, error["code"], error.get("source", {}).get("pointer", "").rpartition("/")[2]


class FirstRun(unittest.TestCase):
    def setUp(self):
        self.folder = harness.tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = self.folder.name + "/data"
        harness.run("init", "--data", self.data)

    def test_who_reads_the_log_makes_the_first_user(self):
        first = {"company": "Ромашка", "zone": "Asia/Yekaterinburg", "email": "first@example.com", "password": PASSWORD}
        with harness.Server(self.data) as server:
            time.sleep(0.2)
            code = re.search(r"one-time code is (\S+)", server.log_text())[1]
            b = Browser(server)
            self.assertEqual(b.request("GET", "/session").json["meta"], {"setup_needed": True})
            self.assertEqual(code_of(b.ask("POST", "/setup", "setups", **{**first, "code": "AAAA-AAAA-AAAA"})), (422, "wrong_code", "code"))
            self.assertEqual(code_of(b.ask("POST", "/setup", "setups", code=code, **{**first, "zone": "Mars/Base"})), (422, "invalid", "zone"))
            self.assertEqual(code_of(b.ask("POST", "/setup", "setups", code=code, **{**first, "password": "short"})), (422, "password_length", "password"))
            self.assertEqual(code_of(b.ask("POST", "/setup", "setups", code=code, **{**first, "email": "none"})), (422, "not_an_email", "email"))
            self.assertEqual(b.request("GET", "/session").json["meta"], {"setup_needed": True})
            made = b.ask("POST", "/setup", "setups", code=code.lower().replace("-", " "), **first)
            self.assertEqual(made.status, 201, made)
            self.assertEqual((b.session["user"]["role"], b.session["companies"][0]["zone"]), ("admin", "Asia/Yekaterinburg"))
            self.assertEqual(code_of(Browser(server).ask("POST", "/setup", "setups", code=code, **first))[:2], (409, "set_up"))
            self.assertEqual(Browser(server).request("GET", "/session").json["meta"], {"setup_needed": False})
        with harness.Server(self.data) as server:
            time.sleep(0.2)
            self.assertEqual(server.log_text().count("one-time code"), 1, "only while there is nobody")

    def test_a_code_is_not_guessed(self):
        with harness.Server(self.data) as server:
            b = Browser(server)
            answers = [b.ask("POST", "/setup", "setups", code="AAAA-AAAA-AAAA") for _ in range(11)]
            self.assertEqual([answer.status for answer in answers], [422] * 10 + [429])
            self.assertGreater(int(answers[-1].headers["Retry-After"]), 60)


class People(harness.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new_user(cls.data, "boss@example.com", "company_admin")

    def setUp(self):
        self.boss = logged_in(self.server, "boss@example.com")

    def invite(self, email, role="company_manager"):
        made = self.boss.ask("POST", self.boss.company + "/users", "users", email=email, role=role)
        self.assertEqual(made.status, 201, made)
        user = made.json["data"]
        self.assertEqual(made.headers["Location"], f"{self.boss.company}/users/{user['id']}")
        link = self.boss.request("POST", f"{self.boss.company}/users/{user['id']}/invitation")
        self.assertEqual(link.status, 201, link)
        self.assertRegex(link.json["data"]["attributes"]["link"], rf"^http://127\.0\.0\.1:{self.server.port}/cabinet/invite#[\w-]{{43}}$")
        return user["id"], link.json["data"]["attributes"]["link"].partition("#")[2]

    def accept(self, secret, password):
        b = Browser(self.server)
        return b, b.ask("POST", "/invitation/accept", "invitations", secret=secret, password=password)

    def user(self, user):
        return {u["id"]: u["attributes"] for u in self.boss.request("GET", self.boss.company + "/users").json["data"]}[user]

    def test_a_colleague_comes_by_a_link_once(self):
        user, secret = self.invite("colleague@example.com")
        self.assertEqual((self.user(user)["invited"], self.user(user)["role"]), (True, "company_manager"))
        shown = Browser(self.server).ask("POST", "/invitation", "invitations", secret=secret)
        self.assertEqual(shown.json["data"]["attributes"],
                         {"purpose": "invitation", "company": "Test", "email": "colleague@example.com", "role": "company_manager"})
        self.assertEqual(code_of(self.accept(secret, "short")[1]), (422, "password_length", "password"))
        b, accepted = self.accept(secret, "a new password")
        self.assertEqual(accepted.status, 201, accepted)
        self.assertEqual(b.request("GET", b.company + "/consumers").status, 200)
        self.assertFalse(self.user(user)["invited"])
        self.assertEqual(code_of(self.accept(secret, "another password")[1])[:2], (404, "link_over"))
        self.assertEqual(code_of(Browser(self.server).ask("POST", "/invitation", "invitations", secret="x" * 43))[:2], (404, "link_over"))
        self.assertEqual(logged_in(self.server, "colleague@example.com", "a new password").session["user"]["id"], user)
        self.assertEqual(code_of(self.boss.ask("POST", self.boss.company + "/users", "users", email="Colleague@example.com", role="company_manager")),
                         (422, "taken", "email"))

    def test_the_command_lines_link_sets_a_lost_password(self):
        new_user(self.data, "forgot@example.com", "company_moderator")
        old = logged_in(self.server, "forgot@example.com")
        link = harness.run("user", "reset-password", "--data", self.data, "forgot@example.com", "--base-url", "https://crm.example.com").stdout.strip()
        self.assertTrue(link.startswith("https://crm.example.com/cabinet/invite#"), link)
        shown = Browser(self.server).ask("POST", "/invitation", "invitations", secret=link.partition("#")[2])
        self.assertEqual(shown.json["data"]["attributes"]["purpose"], "password")
        self.assertEqual(self.accept(link.partition("#")[2], "remembered now")[1].status, 201)
        self.assertEqual(old.request("GET", "/session").status, 401, "who knew the old password is out")
        self.assertEqual(Browser(self.server).login("forgot@example.com").status, 401)

    def test_a_change_of_a_user_holds_at_once(self):
        user, secret = self.invite("mover@example.com")
        b, _ = self.accept(secret, "a new password")
        place = f"{self.boss.company}/users/{user}"
        changed = self.boss.ask("PATCH", place, "users", role="company_moderator")
        self.assertEqual(changed.json["data"]["attributes"]["role"], "company_moderator")
        self.assertEqual(b.request("DELETE", b.company + "/consumers/1").status, 403)
        self.assertEqual(self.boss.ask("PATCH", place, "users", disabled=True).status, 200)
        self.assertEqual(b.request("GET", "/session").status, 401)
        self.assertEqual(code_of(Browser(self.server).login("mover@example.com", "a new password"))[:2], (401, "wrong_credentials"))
        self.assertEqual(self.boss.request("POST", place + "/invitation").status, 409)
        self.assertEqual(self.boss.ask("PATCH", place, "users", disabled=False).status, 200)
        self.assertEqual(b.request("GET", "/session").status, 401, "it does not come back")
        again = logged_in(self.server, "mover@example.com", "a new password")
        self.assertEqual(self.boss.request("DELETE", place).status, 204)
        self.assertEqual(again.request("GET", "/session").status, 401)
        self.assertEqual(self.boss.request("DELETE", place).status, 404)

    def test_the_last_company_admin_stays(self):
        place = f"{self.boss.company}/users/{self.boss.session['user']['id']}"
        self.invite("never-came@example.com", "company_admin")
        for answer in (self.boss.ask("PATCH", place, "users", role="company_manager"), self.boss.ask("PATCH", place, "users", disabled=True),
                       self.boss.request("DELETE", place)):
            self.assertEqual(code_of(answer)[:2], (409, "last_admin"))
        self.assertEqual(self.boss.request("GET", "/session").status, 200)
        admin = logged_in(self.server, "admin@example.com")
        self.assertEqual(code_of(admin.request("DELETE", place))[:2], (409, "last_admin"))

    def test_a_password_is_changed_by_who_knows_it(self):
        new_user(self.data, "changer@example.com", "company_manager")
        b, elsewhere = logged_in(self.server, "changer@example.com"), logged_in(self.server, "changer@example.com")
        self.assertEqual(code_of(b.ask("PUT", "/password", "passwords", current_password="wrong one", password="a new password")),
                         (422, "wrong_password", "current_password"))
        self.assertEqual(code_of(b.ask("PUT", "/password", "passwords", current_password=PASSWORD, password="short")), (422, "password_length", "password"))
        self.assertEqual(b.ask("PUT", "/password", "passwords", current_password=PASSWORD, password="a new password").status, 204)
        self.assertEqual(b.request("GET", "/session").status, 200)
        self.assertEqual(elsewhere.request("GET", "/session").status, 401)
        self.assertEqual(Browser(self.server).login("changer@example.com").status, 401)
        statuses = [b.ask("PUT", "/password", "passwords", current_password="wrong one", password="a new password").status for _ in range(11)]
        self.assertEqual(statuses[-1], 429, "who took a session guesses no password with it")

    def test_sessions_are_seen_and_ended(self):
        new_user(self.data, "many@example.com", "company_moderator")
        first = Browser(self.server)
        first.ask("POST", "/session", "sessions", email="many@example.com", password=PASSWORD)
        second = logged_in(self.server, "many@example.com")
        listed = second.request("GET", "/sessions").rows
        self.assertEqual([one["current"] for one in listed].count(True), 1)
        self.assertEqual(({one["address"] for one in listed}, len(listed)), ({"127.0.0.1"}, 2))
        self.assertEqual(second.request("DELETE", "/sessions").status, 204)
        self.assertEqual([b.request("GET", "/session").status for b in (first, second)], [401, 401])

    def test_tokens(self):
        place = self.boss.company + "/tokens"
        made = self.boss.ask("POST", place, "tokens", name="Касса", scopes=["consumers:read", "imports"], expires_at="2027-01-01T00:00:00+03:00")
        self.assertEqual(made.status, 201, made)
        token = made.json["data"]
        key = token["attributes"]["key"]
        self.assertEqual(token["attributes"]["expires_at"], "2026-12-31T21:00:00.000000+00:00")
        listed = self.boss.request("GET", place)
        self.assertNotIn(key, listed.body.decode())
        mine = next(t["attributes"] for t in listed.json["data"] if t["id"] == token["id"])
        self.assertEqual((mine["scopes"], mine["last_used_at"], mine["revoked_at"]), (["consumers:read", "imports"], None, None))
        program = harness.Client(self.server, key)
        self.addCleanup(program.close)
        self.assertEqual(program.get("/v4/consumers").status, 200)
        reveal = f"{place}/{token['id']}/reveal"
        self.assertEqual(code_of(self.boss.ask("POST", reveal, "tokens", password="wrong one")), (422, "wrong_password", "password"))
        self.assertEqual(self.boss.ask("POST", reveal, "tokens", password=PASSWORD).json["data"]["attributes"]["key"], key)
        self.assertEqual(self.boss.request("DELETE", f"{place}/{token['id']}").status, 204)
        self.assertEqual(self.boss.request("DELETE", f"{place}/{token['id']}").status, 204)
        self.assertEqual(program.get("/v4/consumers").status, 401)
        for wrong, code in (({"scopes": ["imports"]}, (422, "blank", "name")), ({"name": "x", "scopes": []}, (422, "unknown_scope", "scopes")),
                            ({"name": "x", "scopes": ["all", "nothing"]}, (422, "unknown_scope", "scopes")),
                            ({"name": "x", "scopes": ["imports"], "expires_at": "tomorrow"}, (422, "not_a_time", "expires_at")),
                            ({"name": "x", "scopes": ["imports"], "expires_at": "2099-01-01T00:00:00Z"}, (422, "too_late", "expires_at"))):
            self.assertEqual(code_of(self.boss.ask("POST", place, "tokens", **wrong)), code)

    def test_an_admin_makes_companies(self):
        admin = logged_in(self.server, "admin@example.com")
        made = admin.ask("POST", "/companies", "companies", name="Вторая", zone="UTC")
        self.assertEqual(made.status, 201, made)
        self.assertEqual(code_of(admin.ask("POST", "/companies", "companies", name="Вторая", zone="UTC")), (422, "taken", "name"))
        self.assertIn("Вторая", [c["name"] for c in admin.request("GET", "/companies").rows])
        self.assertEqual(admin.request("GET", f"{API}/companies/{made.json['data']['id']}/consumers").status, 200)
        # The same e-mail and password in two companies.
        for company in ("Test", "Вторая"):
            new_user(self.data, "both@example.com", "company_manager", company)
        b = Browser(self.server)
        asked = b.login("both@example.com")
        self.assertEqual((asked.status, asked.json["errors"][0]["code"]), (409, "choose_company"))
        self.assertEqual([c["name"] for c in asked.json["meta"]["companies"]], ["Test", "Вторая"])
        self.assertEqual(b.login("both@example.com", company_id=asked.json["meta"]["companies"][1]["id"]).status, 201)
        self.assertEqual(b.session["companies"][0]["name"], "Вторая")


if __name__ == "__main__":
    unittest.main()
