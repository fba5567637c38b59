# SPDX-License-Identifier: Apache-2.0
"""Who may ask how often, from where, and from which web page: rate limits, proxies, CORS, request ids."""
import contextlib
import time
import unittest
from email.utils import parsedate_to_datetime
from datetime import datetime

import harness

LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


class Serving(contextlib.ExitStack):
    def __init__(self, *arguments):
        super().__init__()
        self.data = self.enter_context(harness.temporary_data())
        self.tokens = [harness.new_token(self.data) for _ in range(2)]
        self.server = self.enter_context(harness.Server(self.data, *arguments))
        self.connection = self.enter_context(contextlib.closing(self.server.connect()))

    def ask(self, path="/v4/consumers", method="GET", body=None, token=0, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers.setdefault("Authorization", "Token token=" + (self.tokens[token] if isinstance(token, int) else token))
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        return harness.Answer(response.status, response.headers, response.read())


class RateLimits(unittest.TestCase):
    def test_a_token_has_so_many_and_is_told(self):
        with Serving("--rate-limit-token", "5/60s") as s:
            for left in range(4, -1, -1):
                answer = s.ask()
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual([answer.headers[name] for name in LIMITS[:2]], ["5", str(left)])
                self.assertTrue(1 <= int(answer.headers["RateLimit-Reset"]) <= 60)
                self.assertEqual(answer.headers["RateLimit-Policy"], "5;w=60")
            refused = s.ask()
            self.assertEqual((refused.status, refused.body), (429, b"Throttled\n"))
            self.assertEqual(refused.headers.get_content_type(), "text/plain")
            self.assertEqual((refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Period"]), ("5", "60"))
            self.assertRegex(refused.headers["X-RateLimit-Reset"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$")
            reset = datetime.fromisoformat(refused.headers["X-RateLimit-Reset"]) - parsedate_to_datetime(refused.headers["Date"])
            wait = int(refused.headers["Retry-After"])
            self.assertTrue(1 <= wait <= 12, wait)
            self.assertTrue(abs(reset.total_seconds() - wait) <= 1, (reset, wait))
            self.assertEqual(refused.headers["RateLimit-Remaining"], "0")
            self.assertEqual(s.ask(token=1).status, 200)  # another token has its own
            self.assertEqual(s.ask(Authorization="Bearer " + s.tokens[0]).status, 429)  # the same in other words
            for language, title in (("en", "Too many requests"), ("ru", "[а-я]")):
                in_array = s.ask(Accept='application/vnd.api+json;profile="urn:clientele:jsonapi-errors"', Accept_Language=language)
                self.assertEqual((in_array.status, in_array.headers.get_content_type()), (429, "application/vnd.api+json"), in_array)
                [error] = in_array.json["errors"]
                self.assertEqual(error["status"], "429")
                self.assertRegex(error["title"], title)
                self.assertRegex(error["detail"], "[а-я]" if language == "ru" else "[a-z]")
                self.assertIsNotNone(in_array.headers["Retry-After"])
            self.assertEqual(s.ask("/healthz").status, 200)  # is not limited
            self.assertEqual(s.ask("/v4/consumers", "OPTIONS").status, 204)

    def test_after_retry_after_it_goes_on(self):
        with Serving("--rate-limit-token", "1/s") as s:
            self.assertEqual(s.ask().status, 200)
            refused = s.ask()
            self.assertEqual(refused.status, 429)
            time.sleep(int(refused.headers["Retry-After"]))
            self.assertEqual(s.ask().status, 200)

    def test_a_refused_write_costs_nothing_and_keeps_the_connection(self):
        with Serving("--rate-limit-token", "1/60s") as s:
            self.assertEqual(s.ask().status, 200)
            kept = s.connection.sock
            for size in 100, 60000:
                refused = s.ask(method="POST", body=b"x" * size, Content_Type="application/json")
                self.assertEqual(refused.status, 429)
                self.assertIs(s.connection.sock, kept)
            large = s.ask(method="POST", body=b"x" * 300000, Content_Type="application/json")  # is closed, but answered
            self.assertEqual(large.status, 429)

    def test_what_is_malformed_gives_back(self):
        with Serving("--rate-limit-token", "2/60s") as s:
            for _ in range(5):
                bad = s.ask(method="POST", body=b"{", Content_Type="application/json")
                self.assertEqual((bad.status, bad.headers["RateLimit-Remaining"]), (400, "2"))
            self.assertEqual(s.ask().headers["RateLimit-Remaining"], "1")

    def test_nobody_is_limited_unless_it_is_configured(self):
        with Serving() as s:
            answers = [s.ask() for _ in range(300)]
            self.assertEqual({a.status for a in answers}, {200})
            self.assertFalse([name for name in LIMITS if answers[-1].headers[name]])

    def test_wrong_rates_are_refused_with_the_right_form(self):
        with harness.temporary_data() as data:
            for rate in "5", "/s", "0/s", "5/", "5/d", "5/0s", "x/s", "-1/s", "5/s/s":
                done = harness.run("serve", "--data", data, "--rate-limit-token", rate, check=False, timeout=30)
                self.assertEqual(done.returncode, 2, rate)
                self.assertIn("use a rate such as 100/s", done.stderr)


class Proxies(unittest.TestCase):
    def test_behind_a_trusted_proxy_each_client_has_his_own_limit(self):
        with Serving("--rate-limit-address", "1/60s", "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8") as s:
            for forwarded, status in (("198.51.100.1", 200), ("198.51.100.1", 429), ("198.51.100.2", 200),
                                      ("192.0.2.66, 198.51.100.1", 429),  # forged in front: still the same client
                                      ("192.0.2.67, 198.51.100.1, 10.1.1.1", 429), ("2001:db8::1", 200),
                                      ("2001:db8::2", 429),  # of the same /64
                                      ("2001:db8:0:1::1", 200), ("198.51.100.9, garbage", 200), ("198.51.100.8, garbage", 429)):
                self.assertEqual(s.ask(X_Forwarded_For=forwarded).status, status, forwarded)

    def test_a_client_cannot_forge_his_address(self):
        with Serving("--rate-limit-address", "1/60s", "--trusted-proxy", "10.0.0.0/8") as s:
            self.assertEqual(s.ask(X_Forwarded_For="198.51.100.1").status, 200)
            self.assertEqual(s.ask(X_Forwarded_For="198.51.100.2", Forwarded="for=198.51.100.3").status, 429)

    def test_only_a_trusted_proxy_says_that_it_was_https(self):
        for proxy, scheme in ("127.0.0.1", "https"), ("10.0.0.0/8", "http"):
            with Serving("--trusted-proxy", proxy) as s:
                for forwarded, want in ("https", scheme), ("http", "http"):
                    link = s.ask("/v4/import_tasks", "POST", b"external_id\n1\n", Content_Type="text/csv",
                                 X_Forwarded_Proto=forwarded).json["data"]["links"]["self"]
                    self.assertEqual(link.split(":")[0], want, (proxy, forwarded))

    def test_guessing_tokens_is_throttled_by_address(self):
        with Serving("--rate-limit-failures", "3/60s", "--trusted-proxy", "127.0.0.1") as s:
            for status in 401, 401, 401, 429:
                answer = s.ask(token="wrong", X_Forwarded_For="198.51.100.1")
                self.assertEqual(answer.status, status)
            self.assertTrue(answer.headers["Retry-After"])
            self.assertEqual(s.ask(X_Forwarded_For="198.51.100.1").status, 429)  # right ones, too: it must not be told
            self.assertEqual(s.ask(X_Forwarded_For="198.51.100.2").status, 200)
            for _ in range(10):  # this machine itself, as a proxy that nobody made known
                self.assertEqual(s.ask(token="wrong").status, 401)

    def test_what_is_no_proxy_is_refused(self):
        with harness.temporary_data() as data:
            for text in "proxy.local", "10.0.0.1/8", "10.0.0.0/33":
                done = harness.run("serve", "--data", data, "--listen", "127.0.0.1:0", "--trusted-proxy", text, check=False, timeout=30)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(text, done.stderr)


class Cors(unittest.TestCase):
    def test_only_pages_that_are_named_may_read(self):
        with Serving("--cors-origin", "https://shop.example.com", "--cors-origin", "http://localhost:3000") as s:
            ok = s.ask(Origin="https://shop.example.com")
            self.assertEqual(ok.headers["Access-Control-Allow-Origin"], "https://shop.example.com")
            self.assertIn("x-request-id", ok.headers["Access-Control-Expose-Headers"])
            self.assertIn("Origin", ", ".join(ok.headers.get_all("Vary")))
            self.assertIsNone(ok.headers["Access-Control-Allow-Credentials"])
            denied = s.ask(token="wrong", Origin="http://localhost:3000")  # the page may read why
            self.assertEqual((denied.status, denied.headers["Access-Control-Allow-Origin"]), (401, "http://localhost:3000"))
            for origin in "https://evil.example.com", "https://shop.example.com.evil.com", "http://shop.example.com", "null":
                answer = s.ask(Origin=origin)
                self.assertEqual(answer.status, 200)
                self.assertIsNone(answer.headers["Access-Control-Allow-Origin"], origin)
                self.assertIn("Origin", ", ".join(answer.headers.get_all("Vary")))

    def test_a_preflight_needs_no_token(self):
        with Serving("--cors-origin", "https://shop.example.com") as s:
            asked = {"Origin": "https://shop.example.com", "Access_Control_Request_Method": "PUT",
                     "Access_Control_Request_Headers": "authorization,content-type,idempotency-key"}
            answer = s.ask("/v4/consumers/1", "OPTIONS", token=None, **asked)
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertIn("PUT", answer.headers["Access-Control-Allow-Methods"])
            self.assertEqual(answer.headers["Access-Control-Allow-Headers"], "authorization,content-type,idempotency-key")
            self.assertTrue(answer.headers["Access-Control-Max-Age"])
            other = s.ask("/v4/consumers/1", "OPTIONS", token=None, **{**asked, "Origin": "https://evil.example.com"})
            self.assertIsNone(other.headers["Access-Control-Allow-Methods"])

    def test_it_is_off_by_default_and_a_star_is_all(self):
        with Serving() as s:
            self.assertIsNone(s.ask(Origin="https://a.example").headers["Access-Control-Allow-Origin"])
        with Serving("--cors-origin", "*") as s:
            self.assertEqual(s.ask(Origin="https://a.example").headers["Access-Control-Allow-Origin"], "*")
        with harness.temporary_data() as data:
            done = harness.run("serve", "--data", data, "--cors-origin", "shop.example.com/", check=False, timeout=30)
            self.assertIn("is no origin", done.stderr)


class Ids(unittest.TestCase):
    def test_a_request_id_is_taken_over_when_it_is_well_formed(self):
        with Serving() as s:
            for sent in "a", "6f1c-Ab_9.x:y@z/+=", "x" * 128:
                self.assertEqual(s.ask(X_Request_Id=sent).headers["x-request-id"], sent)
                self.assertEqual(s.ask(token="wrong", X_Request_Id=sent).headers["x-request-id"], sent)
            for sent in "", "a b", "x" * 129, "a\"b", "<script>", "a%0d", "\u00e9":
                self.assertRegex(s.ask(X_Request_Id=sent).headers["x-request-id"], "^[0-9a-f]{32}$")

    def test_every_answer_has_a_date_and_an_id(self):
        with Serving() as s:
            for request in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                            b"POST /v4/consumers HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"):
                answer = s.server.raw(request)
                self.assertTrue(parsedate_to_datetime(answer.headers["Date"]), answer)
                self.assertTrue(answer.headers["x-request-id"], answer)


if __name__ == "__main__":
    unittest.main()
