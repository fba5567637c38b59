# SPDX-License-Identifier: Apache-2.0
"""Answers packed for who asks: lists and other JSON of some size, never single records or streams of events."""
import contextlib
import gzip
import subprocess
import unittest

import harness


class Compression(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = harness.temporary_data()
        data = cls.data.__enter__()
        cls.server = harness.Server(data)
        cls.token = harness.new_token(data)
        cls.client = harness.Client(cls.server, cls.token)
        for i in range(100):
            cls.client.post("/v4/consumers", harness.consumer(external_id=f"c{i}", name="Анна Петрова", email=f"c{i}@example.com"))

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()
        cls.data.__exit__(None, None, None)

    def get(self, path, accept):
        return self.ask("GET", path, accept)

    def ask(self, method, path, accept):
        """Over a connection of its own: the body as it came."""
        with contextlib.closing(self.server.connect()) as c:
            c.request(method, path, headers={"Authorization": "Token token=" + self.token, "Accept-Encoding": accept or "identity"})
            response = c.getresponse()
            return harness.Answer(response.status, response.headers, response.read())

    def test_a_list_is_packed_for_who_asks(self):
        plain = self.get("/v4/consumers?per_page=100", None)
        packed = self.get("/v4/consumers?per_page=100", "br, gzip;q=0.8")
        self.assertIsNone(plain.headers["Content-Encoding"])
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertLess(len(packed.body), len(plain.body) / 4)
        self.assertEqual(int(packed.headers["Content-Length"]), len(packed.body))
        for answer in plain, packed:  # a cache must know
            self.assertIn("Accept-Encoding", ", ".join(answer.headers.get_all("Vary")))
        self.assertEqual(packed.headers["Content-Type"], plain.headers["Content-Type"])

    def test_who_does_not_want_it_does_not_get_it(self):
        for accept in "gzip;q=0", "identity", "deflate", "gzip;q=0.2, identity":
            self.assertIsNone(self.get("/v4/consumers?per_page=100", accept).headers["Content-Encoding"], accept)

    def test_small_answers_go_as_they_are(self):
        one = self.get("/v4/consumers/c1", "gzip")
        self.assertEqual(one.status, 200)
        self.assertIsNone(one.headers["Content-Encoding"])
        self.assertNotIn("Accept-Encoding", one.headers["Vary"] or "")
        self.assertIsNone(self.get("/healthz", "gzip").headers["Content-Encoding"])

    def test_what_has_an_etag_goes_as_it_is(self):
        made = self.client.put("/v4/consumers/large", harness.consumer(custom_attributes={f"k{i}": "x" * 250 for i in range(20)}))
        self.assertEqual(made.status, 201, made)
        one = self.get("/v4/consumers/large", "gzip")
        self.assertGreater(len(one.body), 4096)
        self.assertTrue(one.headers["ETag"])
        self.assertIsNone(one.headers["Content-Encoding"])

    def test_a_head_says_what_a_get_would(self):
        get = self.get("/v4/consumers?per_page=100", "gzip")
        head = self.ask("HEAD", "/v4/consumers?per_page=100", "gzip")
        self.assertEqual(head.headers["Content-Encoding"], "gzip")
        self.assertEqual(head.headers["Content-Length"], get.headers["Content-Length"])

    def test_curl_unpacks_it(self):
        done = subprocess.run(["curl", "-sS", "--compressed", "-H", "Authorization: Token token=" + self.token,
                               f"http://127.0.0.1:{self.server.port}/v4/consumers?per_page=100"], capture_output=True, check=True)
        self.assertEqual(done.stdout, self.get("/v4/consumers?per_page=100", None).body)


if __name__ == "__main__":
    unittest.main()
