# SPDX-License-Identifier: Apache-2.0
"""Twenty times the server is killed under load; every customer it acknowledged is found afterwards."""
import http.client
import json
import os
import threading
import unittest

import harness

KILLS = 20
ACKNOWLEDGED = 200  # at least so many before each kill
WRITERS = 8
FILE_ROWS = 60000


class Load:
    """Writers, each on a connection of its own; `acknowledged` holds only what was answered."""

    def __init__(self, server, token, prefix):
        self.server, self.token, self.prefix = server, token, prefix
        self.acknowledged, self.lock, self.enough = {}, threading.Lock(), threading.Event()
        self.surprises = []
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(WRITERS)]
        for t in self.threads:
            t.start()

    def write(self, n):
        c = harness.Client(self.server, self.token)
        i = 0
        while True:
            key = f"{self.prefix}-{n}-{i}"
            try:
                # Every third write changes the one before it: updates must survive, too.
                if i % 3 == 2:
                    key = f"{self.prefix}-{n}-{i - 1}"
                    answer = c.put(f"/v4/consumers/{key}", harness.consumer(name=f"changed {i}"))
                    name = f"changed {i}"
                else:
                    name = f"new {i}"
                    answer = c.post("/v4/consumers", harness.consumer(external_id=key, name=name, email=f"{key}@example.com"))
            except (OSError, http.client.HTTPException):
                break
            if answer.status not in (200, 201):
                self.surprises.append(repr(answer))
                break
            with self.lock:
                self.acknowledged[key] = name
                if len(self.acknowledged) >= ACKNOWLEDGED:
                    self.enough.set()
            i += 1
        c.close()

    def wait(self):
        for t in self.threads:
            t.join()


class Crash(unittest.TestCase):
    def test_no_acknowledged_customer_is_lost(self):
        with harness.temporary_data("Test") as data:
            token = harness.new_token(data)
            server = harness.Server(data)
            acknowledged, imports_cut = {}, 0
            for kill in range(KILLS):
                with_import = kill % 2 == 1
                if with_import:
                    content = "external_id;email;name;phone;created_at\n" + "".join(
                        f"file-{kill}-{i};;Клиент {i};;\n" for i in range(FILE_ROWS))
                    c = harness.Client(server, token)
                    started = c.post("/v4/import_tasks", content, content_type="text/csv")
                    self.assertEqual(started.status, 202, started)
                    task = started.json["data"]["id"]
                else:
                    # What the kill before cut off goes on by itself and ends, before it is cut off again: a file
                    # that dies three times at one place is given up by design.
                    c = harness.Client(server, token)
                    for unfinished in c.get("/v4/import_tasks").json["data"]:
                        self.finish(c, unfinished["id"])
                    c.close()
                load = Load(server, token, f"k{kill}")
                self.assertTrue(load.enough.wait(60), "too few writes were acknowledged")
                if with_import:
                    state = c.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]["state"]
                    imports_cut += state in ("queued", "processing")
                    c.close()
                server.kill()
                load.wait()
                self.assertEqual(load.surprises, [])
                acknowledged.update(load.acknowledged)
                server.start()
                c = harness.Client(server, token)
                for key, name in load.acknowledged.items():
                    found = c.get(f"/v4/consumers/{key}")
                    self.assertEqual(found.status, 200, (kill, key))
                    got = found.json["data"]["attributes"]
                    self.assertEqual(got["email"], f"{key}@example.com")
                    # A change that was on its way when the power went may have arrived or not.
                    self.assertIn(got["name"], (name, f"changed {int(key.rsplit('-', 1)[1]) + 1}"))
                c.close()
            self.assertGreaterEqual(imports_cut, KILLS // 4, "the kills came after the imports")
            # What was cut off went on by itself, and every row of every file is there, once.
            c = harness.Client(server, token)
            for task in c.get("/v4/import_tasks").json["data"]:
                self.finish(c, task["id"])
            c.close()
            server.stop()
            records = [json.loads(line) for line in harness.run("export", "--data", data, "--company", "Test", "--format", "jsonl").stdout.splitlines()]
            keys = [r.get("attributes", r)["external_id"] for r in records]
            self.assertEqual(len(keys), len(set(keys)))
            found = set(keys)
            self.assertEqual([k for k in acknowledged if k not in found], [])
            for kill in range(1, KILLS, 2):
                self.assertEqual(sum(k.startswith(f"file-{kill}-") for k in found), FILE_ROWS, kill)

    def finish(self, c, number):
        import time
        until = time.monotonic() + 120
        while time.monotonic() < until:
            got = c.get(f"/v4/import_tasks/{number}").json["data"]["attributes"]
            if got["state"] not in ("uploading", "analysed", "ready", "queued", "processing"):
                self.assertEqual(got["state"], "completed", got)
                self.assertEqual(got["records"], FILE_ROWS)
                return
            time.sleep(0.1)
        self.fail("an import that was cut off did not end")


if __name__ == "__main__":
    unittest.main()
