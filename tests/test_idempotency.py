# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key: a request whose answer was lost may be sent again, whatever happened in between."""
import os
import signal
import sqlite3
import threading
import time
import unittest

import harness
from harness import consumer

PATH = "/v4/consumers"


class Idempotency(unittest.TestCase):
    def setUp(self):
        context = harness.temporary_data("Test")
        self.data = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        self.token = harness.new_token(self.data)
        self.server = harness.Server(self.data)
        self.addCleanup(lambda: self.server.end())
        self.c = harness.Client(self.server, self.token)
        self.addCleanup(lambda: self.c.close())

    def again(self):
        self.c.close()
        self.server.start()

    def keyed(self, key, body, path=PATH, client=None, **headers):
        return (client or self.c).post(path, body, headers={"Idempotency-Key": f'"{key}"', **headers})

    def same(self, answer, first):
        for name in ("Location", "ETag", "Content-Type"):
            self.assertEqual(answer.headers[name], first.headers[name])
        self.assertEqual((answer.status, answer.body, answer.headers["Idempotent-Replayed"]), (first.status, first.body, "true"))

    def count(self):
        return len(self.c.get(PATH + "?per_page=100").json["data"])

    def test_the_stored_answer_comes_again(self):
        body = consumer(name="A", email="a@example.com", phone="x")
        first = self.keyed("k-1", body)
        self.assertEqual((first.status, first.headers["Idempotent-Replayed"]), (201, None))
        self.assertTrue(first.json["meta"]["warnings"])
        self.same(self.keyed("k-1", body), first)
        # It is what was answered, not what has become of him since.
        self.c.request("PATCH", PATH + "/" + first.json["data"]["id"], consumer(name="B"))
        self.same(self.keyed("k-1", body), first)
        self.c.request("DELETE", PATH + "/" + first.json["data"]["id"])
        self.same(self.keyed("k-1", body), first)
        self.assertEqual(self.count(), 0)
        # Another spelling of the same document is the same request.
        self.same(self.keyed("k-1", '{ "data": {"type":"consumers", "attributes": {"name":"A","email":"a@example.com","phone":"x"}}}'), first)
        self.server.stop()
        self.again()
        self.same(self.keyed("k-1", body), first)

    def test_another_request_with_the_key(self):
        self.assertEqual(self.keyed("k-2", consumer(name="A")).status, 201)
        for path, body in ((PATH, consumer(name="B")), (PATH + "?include=orders", consumer(name="A"))):
            answer = self.keyed("k-2", body, path)
            self.assertEqual((answer.status, answer.json["errors"]["code"]), (422, "idempotency_key_reused"))
            self.assertEqual(answer.json["errors"]["source"], {"header": "Idempotency-Key"})
        answer = self.keyed("k-2", {"atomic:operations": [{"op": "add", "data": {"type": "consumers"}}]}, "/v4/operations")
        self.assertEqual((answer.status, answer.json["errors"][0]["code"]), (422, "idempotency_key_reused"))
        self.assertEqual(self.count(), 1)
        # Another token has keys of its own.
        other = harness.Client(self.server, harness.new_token(self.data))
        self.addCleanup(other.close)
        self.assertEqual(self.keyed("k-2", consumer(name="A"), client=other).headers["Idempotent-Replayed"], None)
        self.assertEqual(self.count(), 2)

    def test_what_was_refused_runs_anew(self):
        self.c.post(PATH, consumer(external_id="taken"))
        self.assertEqual(self.keyed("k-3", consumer(external_id="taken")).status, 422)
        self.c.request("DELETE", PATH + "/taken")
        answer = self.keyed("k-3", consumer(external_id="taken"))
        self.assertEqual((answer.status, answer.headers["Idempotent-Replayed"]), (201, None))
        self.assertEqual(self.keyed("k-3", consumer(external_id="taken")).headers["Idempotent-Replayed"], "true")

    def test_malformed_keys(self):
        for key in ("", '""', '"a', '"' + "x" * 256 + '"', "a b", '"\x80"'):
            answer = self.c.post(PATH, consumer(name="A"), headers={"Idempotency-Key": key.encode("latin-1")})
            self.assertEqual((answer.status, answer.json["errors"]["code"]), (400, "malformed_idempotency_key"), key)
        self.assertEqual(self.c.post(PATH, consumer(name="A"), headers={"Idempotency-Key": "8e03978e-40d5"}).status, 201)

    def test_many_at_once_make_one(self):
        statuses = []

        def send():
            client = harness.Client(self.server, self.token)
            for _ in range(10):
                answer = self.keyed("k-4", consumer(name="A"), client=client)
                statuses.append((answer.status, answer.body if answer.status == 201 else answer.json["errors"]["code"]))
            client.close()

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.count(), 1)
        self.assertEqual(len({body for status, body in statuses if status == 201}), 1)
        self.assertLessEqual({status for status, _ in statuses}, {201, 409})

    def test_killed_between_request_and_answer(self):
        """Whether the answer arrived or not, and wherever the server died: the key makes one customer, and its answer is his."""
        for n in range(25):
            body, answered = consumer(external_id=f"c-{n}", custom_attributes={"n": n}), []

            def send():
                try:
                    answered.append(self.keyed(f"c-{n}", body))
                except OSError:
                    pass

            thread = threading.Thread(target=send)
            thread.start()
            time.sleep(0.0004 * n)
            os.kill(self.server.process.pid, signal.SIGKILL)
            thread.join()
            self.server.kill()
            self.again()
            answer = self.keyed(f"c-{n}", body)
            self.assertEqual(answer.status, 201, answer)
            if answered:
                self.same(answer, answered[0])
            self.assertEqual(self.c.get(f"{PATH}/c-{n}").json["data"], answer.json["data"])
        self.assertEqual(self.count(), 25)

    def test_an_export_is_asked_for_once(self):
        path, key = "/v4/export_tasks", "e-1"

        def task(**attributes):
            return {"data": {"type": "export_tasks", "attributes": {"records_type": "consumers", **attributes}}}

        first = self.keyed(key, task(format="csv"), path)
        self.assertEqual((first.status, first.headers["Idempotent-Replayed"]), (201, None))
        end = time.monotonic() + 30
        while not self.c.get(first.headers["Location"]).json["data"]["attributes"]["finished_at"] and time.monotonic() < end:
            time.sleep(0.01)

        def again(body):
            """The answer is the same task, as it is now."""
            answer = self.keyed(key, body, path)
            self.assertEqual((answer.status, answer.headers["Idempotent-Replayed"]), (201, "true"), answer)
            self.assertEqual((answer.headers["Location"], answer.json["data"]["id"]), (first.headers["Location"], first.json["data"]["id"]))
            self.assertEqual(answer.json["data"]["attributes"]["state"], "completed")

        again(task(format="csv"))
        again('{ "data": {"type":"export_tasks","attributes":{"records_type":"consumers","format":"csv"}}}')
        for other, where in ((task(format="jsonl"), path), (consumer(name="A"), PATH)):
            answer = self.keyed(key, other, where)
            self.assertEqual((answer.status, answer.json["errors"]["code"]), (422, "idempotency_key_reused"), answer)
        self.assertEqual(self.keyed("", task(), path).json["errors"]["code"], "malformed_idempotency_key")
        # What was refused kept no key.
        self.assertEqual(self.keyed("e-2", task(export_format="no program"), path).status, 422)
        self.assertEqual(self.keyed("e-2", task(), path).headers["Idempotent-Replayed"], None)
        os.kill(self.server.process.pid, signal.SIGKILL)
        self.server.kill()
        self.again()
        again(task(format="csv"))
        self.assertEqual(len(self.c.get(path).json["data"]), 2)
        # One that was deleted meanwhile is not made anew.
        self.assertEqual(self.c.request("DELETE", first.headers["Location"]).status, 204)
        self.assertEqual(self.keyed(key, task(format="csv"), path).status, 404)

    def test_exports_at_once_make_one(self):
        body = {"data": {"type": "export_tasks", "attributes": {"records_type": "consumers", "export_format": "{a: .name}"}}}
        got = []

        def send():
            client = harness.Client(self.server, self.token)
            for _ in range(3):
                answer = self.keyed("e-3", body, "/v4/export_tasks", client=client)
                got.append((answer.status, answer.headers["Location"] or answer.json["errors"]["code"]))
            client.close()

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(self.c.get("/v4/export_tasks").json["data"]), 1)
        self.assertLessEqual({g for g in got if g[0] != 201}, {(409, "request_in_flight")})
        self.assertEqual(len({where for status, where in got if status == 201}), 1)
        self.assertIn((409, "request_in_flight"), got)

    def test_keys_go_after_a_day(self):
        first = self.keyed("k-5", consumer(name="A"))
        self.server.stop()
        with sqlite3.connect(os.path.join(self.data, "companies", "1.db")) as db:
            db.execute("UPDATE request SET at = at - 86400000000")
        db.close()
        self.again()
        second = self.keyed("k-5", consumer(name="A"))
        self.assertNotEqual(second.json["data"]["id"], first.json["data"]["id"])


if __name__ == "__main__":
    unittest.main()
