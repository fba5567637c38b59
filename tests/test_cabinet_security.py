# SPDX-License-Identifier: Apache-2.0
"""What the cabinet keeps out: sessions given to others or grown old, requests of other sites, guesses; what every answer says."""
import http.client
import json
import os
import sqlite3
import time
import unittest

import harness
from cabinet import API, PASSWORD, Browser, logged_in, new_user
from harness import consumer

LOGIN = {"data": {"type": "sessions", "attributes": {"email": "boss@example.com", "password": PASSWORD}}}
FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/plain;charset=UTF-8"]
OTHERS = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
          {"Origin": "https://127.0.0.1.evil.example"}]
DAY_US = 86400 * 10**6


class Case(unittest.TestCase):
    SERVE = ()

    def setUp(self):
        context = harness.temporary_data("Test")
        self.data = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        new_user(self.data, "boss@example.com", "company_admin")
        self.server = harness.Server(self.data, *self.SERVE)
        self.addCleanup(self.server.stop)

    def login(self, email="boss@example.com", **more):
        browser = logged_in(self.server, email, **more)
        self.addCleanup(browser.close)
        return browser

    def browser(self):
        browser = Browser(self.server)
        self.addCleanup(browser.close)
        return browser

    def control(self):
        """control.db of a server that is down."""
        return sqlite3.connect(os.path.join(self.data, "control.db"))


def code_of(answer):
    return answer.status, answer.json["errors"][0]["code"]


class Fixation(Case):
    def test_a_secret_that_somebody_chose_is_never_taken(self):
        b = self.browser()
        b.cookie = chosen = "A" * 43
        self.assertEqual(b.login("boss@example.com").status, 201)
        self.assertNotEqual(b.cookie, chosen)
        thief = self.browser()
        thief.cookie = chosen
        self.assertEqual(thief.request("GET", "/session").status, 401)

    def test_a_login_ends_the_session_that_was_there(self):
        b = self.login()
        before = b.cookie
        self.assertEqual(b.login("boss@example.com").status, 201)
        self.assertNotEqual(b.cookie, before)
        thief = self.browser()
        thief.cookie = before
        self.assertEqual(thief.request("GET", "/session").status, 401)
        self.assertEqual(len(b.request("GET", "/sessions").rows), 1)

    def test_a_logout_is_the_end_of_the_secret(self):
        b = self.login()
        kept = b.cookie
        self.assertEqual(b.request("DELETE", "/session").status, 204)
        b.cookie = kept
        self.assertEqual(b.request("GET", "/session").status, 401)

    def test_the_data_hold_no_secret(self):
        b = self.login()
        b.close()
        self.server.stop()
        for name in os.listdir(self.data):
            path = os.path.join(self.data, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    self.assertNotIn(b.cookie.encode(), f.read(), name)
        self.server.start()
        self.assertEqual(b.request("GET", "/session").status, 200, "but who has it stays logged in over a restart")


class OtherSites(Case):
    def requests(self, b):
        yield "POST", "/session", LOGIN
        yield "POST", "/setup", {"data": {"type": "setups", "attributes": {"code": "x"}}}
        yield "POST", "/invitation/accept", {"data": {"type": "invitations", "attributes": {"secret": "x", "password": PASSWORD}}}
        yield "PUT", "/password", {"data": {"type": "passwords", "attributes": {"current_password": PASSWORD, "password": PASSWORD}}}
        yield "POST", b.company + "/consumers", consumer(name="made by another site")
        yield "POST", b.company + "/import_tasks", b"external_id\n1\n"
        yield "DELETE", b.company + "/consumers/x", None
        yield "PATCH", b.company + "/import_uploads/1", b"x"
        yield "DELETE", "/sessions", None

    def assert_refused(self, answer, code):
        self.assertEqual(code_of(answer), code)
        self.assertIsNone(answer.headers["Set-Cookie"])

    def test_they_change_nothing(self):
        b = self.login()
        foreign = self.login().csrf
        for method, path, body in self.requests(b):
            with self.subTest(method=method, path=path):
                for headers in OTHERS:
                    self.assert_refused(b.request(method, path, body, headers=headers), (403, "cross_site"))
                for headers in [{"X-CSRF-Token": None}, {"X-CSRF-Token": ""}]:
                    self.assert_refused(b.request(method, path, body, headers=headers), (403, "csrf_token"))
                if path not in ("/session", "/setup", "/invitation/accept"):
                    for token in ("1", foreign, b.csrf[:-1], b.csrf + "0", b.csrf.upper()):
                        self.assert_refused(b.request(method, path, body, headers={"X-CSRF-Token": token}), (403, "csrf_token"))
                for form in FORMS:
                    self.assert_refused(b.request(method, path, body, headers={"Content-Type": form}, content_type=None), (415, "form_refused"))
        self.assertEqual(b.request("GET", b.company + "/consumers").json["meta"]["total_count"], 0)
        self.assertEqual(b.request("GET", b.company + "/import_tasks").json["data"], [])
        self.assertEqual(b.request("GET", "/session").status, 200)

    def test_its_own_pages_do(self):
        b = self.login()
        for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{self.server.port}"}, {"Sec-Fetch-Site": "none"},
                        {"Origin": f"https://127.0.0.1:{self.server.port}"}):
            self.assertEqual(b.request("POST", b.company + "/consumers", consumer(name="x"), headers=headers).status, 201, headers)

    def test_what_may_be_read_is_not_read_by_others(self):
        answer = self.login().request("GET", "/session", headers={"Origin": "https://evil.example"})
        self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        self.assertIsNone(answer.headers["Access-Control-Allow-Credentials"])

    def test_a_file_does_not_travel_without_a_login(self):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        for path, headers in ((f"{API}/companies/1/import_tasks", {"Content-Type": "text/csv"}),
                              (f"{API}/companies/1/import_uploads", {"Tus-Resumable": "1.0.0", "Upload-Length": "5"})):
            connection.putrequest("POST", path)
            for name, value in {**headers, "X-CSRF-Token": "1", "Expect": "100-continue", "Content-Length": "1000000"}.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())["errors"][0]["code"]), (401, "no_session"), "before its bytes are sent")
            connection.close()


class PublicAddress(OtherSites):
    """Behind a proxy that names another host, public_url says what is its own."""
    SERVE = ("--public-url", "https://crm.example.com")

    def test_its_own_pages_do(self):
        b = self.login()
        self.assertEqual(b.request("POST", b.company + "/consumers", consumer(name="x"), headers={"Origin": "https://crm.example.com"}).status, 201)


class Cookies(Case):
    SERVE = ("--trusted-proxy", "127.0.0.1")

    def flags(self, **headers):
        answer = self.browser().request("POST", "/session", LOGIN, headers=headers)
        _, *flags = answer.headers["Set-Cookie"].split("; ")
        return set(flags)

    def test_its_flags(self):
        plain = {"Path=/cabinet", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"}
        self.assertEqual(self.flags(), plain)
        self.assertEqual(self.flags(**{"X-Forwarded-Proto": "https"}), plain | {"Secure"})

    def test_every_answer_has_the_headers(self):
        b = self.login()
        for path in ("/cabinet/", "/cabinet/login", API + "/session", API + "/nothing", API + "/companies/1/consumers", API + "/companies/2/consumers",
                     "/cabinet/%00", API + "/companies/1/import_tasks/9"):
            answer = b.request("GET", path)
            with self.subTest(path=path, status=answer.status):
                policy = answer.headers["Content-Security-Policy"]
                self.assertIn("default-src 'none'", policy)
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertEqual(answer.headers.get_all("X-Content-Type-Options"), ["nosniff"])
                self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
                self.assertEqual(len(answer.headers.get_all("Cache-Control")), 1)
                if path.startswith(API):
                    self.assertEqual(answer.headers["Cache-Control"], "no-store")


class Guesses(Case):
    SERVE = ("--trusted-proxy", "127.0.0.1")

    def guess(self, email, address="192.0.2.1", password="wrong one"):
        return self.browser().request("POST", "/session", {"data": {"type": "sessions", "attributes": {"email": email, "password": password}}},
                                      headers={"X-Forwarded-For": address})

    def test_an_account_is_not_guessed(self):
        # A name that nobody has is refused as one that somebody has, and as late.
        for email in ("boss@example.com", "nobody@example.com"):
            answers = [self.guess(email.upper() if i % 2 else email) for i in range(11)]
            self.assertEqual([a.status for a in answers], [401] * 10 + [429])
            self.assertEqual(code_of(answers[-1]), (429, "too_many_tries"))
            self.assertGreater(int(answers[-1].headers["Retry-After"]), 60)
        self.assertEqual(self.guess("boss@example.com", password=PASSWORD).status, 429, "the right one, too")
        self.assertEqual(self.guess("boss@example.com", "198.51.100.7", PASSWORD).status, 201, "but its owner is not kept out")

    def test_who_is_right_counts_not(self):
        for _ in range(15):
            self.assertEqual(self.guess("boss@example.com", password=PASSWORD).status, 201)

    def test_an_address_does_not_try_many(self):
        tries = 0
        while self.guess(f"user{tries}@example.com").status == 401:
            tries += 1
            self.assertLess(tries, 150)
        self.assertGreaterEqual(tries, 100, "and one more for each nine seconds")
        self.assertEqual(self.guess("boss@example.com", "198.51.100.7").status, 401)

    def test_that_nobody_is_there_takes_as_long(self):
        def fastest(email):
            times = []
            for i in range(5):
                begin = time.perf_counter()
                self.assertEqual(self.guess(email, f"203.0.113.{i}").status, 401)
                times.append(time.perf_counter() - begin)
            return min(times)
        new_user(self.data, "off@example.com", "company_manager")
        harness.run("user", "disable", "--data", self.data, "off@example.com")
        harness.run("user", "create", "--data", self.data, "--company", "Test", "invited@example.com")
        known = fastest("boss@example.com")
        for email in ("nobody@example.com", "off@example.com", "invited@example.com"):
            # A password costs a tenth of a second, all else a hundredth of that.
            self.assertGreater(fastest(email), known / 2, email)


class Ends(Case):
    def age(self, **columns):
        self.server.stop()
        with self.control() as control:
            for name, days in columns.items():
                control.execute(f"UPDATE session SET {name} = {name} - ?", (int(days * DAY_US),))
        control.close()
        self.server.start()

    def test_unused_for_half_a_day_it_is_over(self):
        b = self.login()
        b.close()
        self.age(seen_at=11.5 / 24)
        self.assertEqual(b.request("GET", "/session").status, 200)
        b.close()
        self.age(seen_at=12.5 / 24)
        self.assertEqual(b.request("GET", "/session").status, 401)
        self.assertEqual(self.login().request("GET", "/sessions").rows[0]["current"], True)

    def test_after_a_month_it_is_over_however_used(self):
        b = self.login()
        b.close()
        self.age(created_at=29.5)
        self.assertEqual(b.request("GET", "/session").status, 200)
        b.close()
        self.age(created_at=1)
        self.assertEqual(b.request("GET", "/session").status, 401)
        self.server.stop()
        with self.control() as control:
            self.assertEqual(control.execute("SELECT count(*) FROM session").fetchone(), (0,))
        control.close()
        self.server.start()

    def stream(self, b):
        b.request("POST", b.company + "/import_tasks?file_name=a.csv", b"external_id;email;name;phone;created_at\n1;a@example.com;A;;\n", content_type="text/csv")
        task = b.request("GET", b.company + "/import_tasks").json["data"][0]["id"]
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", f"{b.company}/import_tasks/{task}/events", headers={"Cookie": f"clientele_session={b.cookie}"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.readline().startswith(b"retry:"))
        return answer

    def test_a_stream_ends_with_its_session(self):
        ends = [lambda b: b.request("DELETE", "/session"),
                lambda b: harness.run("user", "disable", "--data", self.data, "watcher@example.com")]
        new_user(self.data, "watcher@example.com", "company_manager")
        for end in ends:
            b = self.login("watcher@example.com")
            answer = self.stream(b)
            end(b)
            begin = time.monotonic()
            answer.read()  # to its end
            self.assertLess(time.monotonic() - begin, 8)

    def test_who_is_logged_in_too_often_is_logged_out_where_he_was_first(self):
        first = self.login()
        for _ in range(49):
            self.login()
        self.assertEqual(first.request("GET", "/session").status, 200)
        self.login()
        self.assertEqual(first.request("GET", "/session").status, 401)


if __name__ == "__main__":
    unittest.main()
