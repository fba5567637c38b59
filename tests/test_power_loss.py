# SPDX-License-Identifier: Apache-2.0
"""The power goes at random moments: what was acknowledged is there afterwards, and every import goes on.

A preloaded journal (tests/powerloss) tells what was synced; what was not is thrown away, directory entries too, or in
every other round kept at random.  CLIENTELE_POWER_CUTS says how often (`./dev crash` sets it).
"""
import http.client
import json
import os
import random
import shutil
import sys
import threading
import time
import unittest

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "powerloss"))
import replay  # noqa: E402

CUTS = int(os.environ.get("CLIENTELE_POWER_CUTS", "16"))
SEED = int(os.environ.get("CLIENTELE_SEED", "0")) or random.randrange(1 << 32)
SHIM = os.path.join(os.path.dirname(harness.BIN), "tests", "powerloss", "powerloss.so")
WRITERS, ROWS, BATCH_ROWS = 4, 1500, 50
LOAD_ROWS = 6000
UNFINISHED_MOST = 3  # imports under way at once
END_S = 120
# Batches held in memory and written together: several loads for a file.
LOADS = {"CLIENTELE_FAULT_BATCH_ROWS": "50", "CLIENTELE_FAULT_HELD_BYTES": str(64 * 1024), "CLIENTELE_FAULT_QUIET_US": "0"}


class Machine:
    """A data directory on a disk that forgets."""

    def __init__(self, dice, loads=False, **env):
        self.dice, self.env = dice, {**(LOADS if loads else {}), **env}
        self.temporary = harness.temporary_data("Test")
        self.data = self.temporary.__enter__()
        folder = os.path.dirname(self.data)
        self.base, self.journal = os.path.join(folder, "base"), os.path.join(folder, "journal")
        self.token = harness.new_token(self.data)
        self.remember()
        self.server = harness.Server(self.data, *(() if loads else ("--batch-rows", str(BATCH_ROWS))), env=self.shim())

    def shim(self):
        options = os.environ.get("ASAN_OPTIONS", "")
        return {"LD_PRELOAD": SHIM, "POWERLOSS_DIR": self.data, "POWERLOSS_JOURNAL": self.journal,
                "ASAN_OPTIONS": options + ":verify_asan_link_order=0", **self.env}

    def remember(self):
        """From here on the journal says what is on the disk."""
        shutil.rmtree(self.base, ignore_errors=True)
        shutil.copytree(self.data, self.base, ignore=lambda folder, names: [n for n in names if n == "control.sock"])
        if os.path.exists(self.journal):
            os.unlink(self.journal)

    def cut(self, strict):
        self.server.kill()
        replay.cut(self.base, self.journal, self.data, None if strict else self.dice)
        self.remember()

    def close(self):
        self.server.end()
        self.temporary.__exit__(None, None, None)


class Promises:
    """What the server said is done, by key; `sent` is what was on its way last."""

    def __init__(self):
        self.lock = threading.Lock()
        self.customer, self.sent, self.task, self.token, self.over = {}, {}, {}, [], {}


class PowerLoss(unittest.TestCase):
    def setUp(self):
        self.dice = random.Random(SEED)
        print(f"CLIENTELE_SEED={SEED}", flush=True)

    def write(self, machine, promises, prefix):
        client = harness.Client(machine.server, machine.token)
        i = 0
        while True:
            key, name = f"{prefix}-{i // 2}", f"{'changed' if i % 2 else 'new'} {i}"
            with promises.lock:
                promises.sent[key] = name
            try:
                answer = client.put(f"/v4/consumers/{key}", harness.consumer(name=name, email=f"{key}@example.com"))
            except (OSError, http.client.HTTPException):
                break
            self.assertIn(answer.status, (200, 201), answer)
            with promises.lock:
                promises.customer[key] = name
            i += 1
        client.close()

    def begin_import(self, machine, promises, name):
        text = "external_id;email;name;phone;created_at\n" + "".join(f"{name}-{i};{'bad' if i % 100 == 7 else ''};x {i};;\n" for i in range(ROWS))
        client = harness.Client(machine.server, machine.token)
        try:
            answer = client.post(f"/v4/import_tasks?file_name={name}{'&dry_run=true' if self.dice.random() < 0.2 else ''}", text, content_type="text/csv")
            self.assertEqual(answer.status, 202, answer)
            promises.task[answer.json["data"]["id"]] = name
        finally:
            client.close()

    def round(self, machine, promises, n):
        unfinished = len(promises.task) - len(promises.over)
        threads = [threading.Thread(target=self.write, args=(machine, promises, f"c{n}-{w}")) for w in range(WRITERS)]
        for t in threads:
            t.start()
        until = time.monotonic() + 0.02 + 0.4 * self.dice.random()
        if unfinished < UNFINISHED_MOST:
            self.begin_import(machine, promises, f"file{n}")
        if n % 4 == 0:
            done = harness.run("token", "create", "--data", machine.data, "--company", "Test", "--name", f"t{n}", check=False)
            if done.returncode == 0:
                promises.token.append(done.stdout.strip())
        time.sleep(max(0, until - time.monotonic()))
        machine.cut(strict=n % 2 == 0)
        for t in threads:
            t.join()

    def broken_promises(self, machine, promises):
        """What was acknowledged and is not there; customers of the rounds before were looked at then."""
        broken = []
        client = harness.Client(machine.server, machine.token)
        for key, name in promises.customer.items():
            found = client.get(f"/v4/consumers/{key}")
            # A change that was on its way may have arrived or not.
            if found.status != 200 or found.json["data"]["attributes"]["name"] not in (name, promises.sent[key]):
                broken.append((key, name, found))
        for task in promises.task:
            found = client.get(f"/v4/import_tasks/{task}")
            if found.status != 200:
                broken.append(("import", task, found))
                continue
            t = found.json["data"]["attributes"]
            if task in promises.over and t["state"] != promises.over[task]:
                broken.append(("state", task, found))
            if t["state"].startswith("completed"):
                promises.over[task] = t["state"]
        client.close()
        for token in promises.token:
            client = harness.Client(machine.server, token)
            if client.get("/v4/consumers").status != 200:
                broken.append(("token", token, None))
            client.close()
        promises.customer.clear()
        return broken

    def test_what_was_acknowledged_is_there(self):
        machine, promises, customers = Machine(self.dice), Promises(), 0
        self.addCleanup(machine.close)
        for n in range(CUTS):
            self.round(machine, promises, n)
            machine.server.start()
            customers += len(promises.customer)
            self.assertEqual(self.broken_promises(machine, promises), [], f"round {n}")
        for task in promises.task:
            got = harness.wait_for_task(machine.server, machine.token, task, END_S, until=lambda t: t["state"] in harness.OVER or t["dry_run"]["state"] in ("done", "failed"))
            dry = got["dry_run"]["state"] != "none"
            counts = got["dry_run"]["result"] if dry else got
            self.assertEqual(got["state"], "ready" if dry else "completed_with_errors", got)
            self.assertEqual((counts["records"], counts["created"], counts["failed"]), (ROWS, ROWS - ROWS // 100, ROWS // 100), got)
            if dry:
                diff = harness.run("task", "diff", "--data", machine.data, "--company", "Test", task).stdout
                self.assertGreaterEqual(diff.count("\n"), ROWS - ROWS // 100, "the dry run is done, and its diff is not whole")
            else:
                # Undone, too, as if nothing had happened.
                harness.run("task", "undo", "--data", machine.data, "--company", "Test", task)
        left = harness.run("export", "--data", machine.data, "--company", "Test", "--format", "jsonl").stdout
        self.assertNotIn('"file', left)
        machine.server.stop()
        print(f"{CUTS} power cuts, {customers} customers acknowledged, {len(promises.task)} imports", flush=True)

    def test_loads_are_there_or_gone_on_with(self):
        """Nobody but files writes, in random order; each changes the e-mails and names of all customers."""
        machine = Machine(self.dice, loads=True)
        self.addCleanup(machine.close)
        order, tasks, client = list(range(LOAD_ROWS)), [], harness.Client(machine.server, machine.token)

        def begin(n):
            self.dice.shuffle(order)
            text = "external_id;email;name;phone;created_at\n" + "".join(f"k{i};e{(i + n) % LOAD_ROWS}-{n}@example.com;x {n}-{i};;\n" for i in order)
            answer = client.post(f"/v4/import_tasks?file_name=file{n}", text, content_type="text/csv")
            self.assertEqual(answer.status, 202, answer)
            tasks.append(answer.json["data"]["id"])

        def customers():
            out = harness.run("export", "--data", machine.data, "--company", "Test", "--format", "jsonl").stdout
            records = [json.loads(line) for line in out.splitlines()]
            return {r["external_id"]: (r["email"], r["name"]) for r in (r.get("attributes", r) for r in records)}

        began = time.monotonic()
        begin(0)
        first = harness.wait_for_task(machine.server, machine.token, tasks[0], END_S)
        self.assertEqual(first["created"], LOAD_ROWS, first)
        took, before, under_way = time.monotonic() - began, customers(), 0
        for n in range(1, CUTS + 1):
            begin(n)
            time.sleep(took * self.dice.random())
            state = client.get(f"/v4/import_tasks/{tasks[n]}").json["data"]["attributes"]["state"]
            under_way += state not in harness.OVER
            client.close()
            machine.cut(strict=n % 2 == 0)
            machine.server.start()
            got = harness.wait_for_task(machine.server, machine.token, tasks[n], END_S)
            self.assertEqual((got["state"], got["records"], got["updated"]), ("completed", LOAD_ROWS, LOAD_ROWS), (n, got))
            self.assertEqual(customers(), {f"k{i}": (f"e{(i + n) % LOAD_ROWS}-{n}@example.com", f"x {n}-{i}") for i in range(LOAD_ROWS)}, n)
        self.assertGreater(under_way, 0, "the power went after the imports")
        for n, task in reversed(list(enumerate(tasks))[1:]):
            answer = client.post(f"/v4/import_tasks/{task}/revert", "")
            self.assertIn(answer.status, (200, 202), answer)
            time.sleep(took * self.dice.random())
            client.close()
            machine.cut(strict=n % 2 == 0)
            machine.server.start()
            got = harness.wait_for_task(machine.server, machine.token, task, END_S, until=lambda t: t["state"] == "reverted")
            self.assertEqual(got["undo"]["restored"], LOAD_ROWS, got)
        self.assertEqual(customers(), before)
        client.close()
        machine.server.stop()
        self.assertIn("all is well", harness.run("check", "--data", machine.data).stdout)
        print(f"{CUTS} power cuts beside loads, {under_way} in the middle of a file", flush=True)

    def test_without_syncs_it_goes_red(self):
        machine, promises = Machine(self.dice, CLIENTELE_FAULT_SYNCHRONOUS="OFF"), Promises()
        self.addCleanup(machine.close)
        for n in range(0, 20, 2):
            self.round(machine, promises, n)
            try:
                machine.server.start()
            except AssertionError:
                return  # not even the database is whole
            if self.broken_promises(machine, promises):
                return
        self.fail("nothing was lost without a sync: the test cannot fail")

    def test_a_new_data_directory_is_there(self):
        """Whoever was told that the directory, a company or a token is made finds it after a power cut."""
        machine = Machine(self.dice)
        self.addCleanup(machine.close)
        machine.server.stop()
        folder = os.path.dirname(machine.data)
        parent = os.path.join(folder, "new")
        for strict in (True, False):
            shutil.rmtree(parent, ignore_errors=True)
            os.mkdir(parent)
            data = os.path.join(parent, "data")
            machine.base, machine.journal = os.path.join(folder, "base-new"), os.path.join(folder, "journal-new")
            machine.data = parent
            machine.remember()
            env = machine.shim()
            password = os.path.join(folder, "password")
            harness.run("init", "--data", data, "--company", "New", "--admin", "a@example.com", "--password-file", password, env=env)
            token = harness.run("token", "create", "--data", data, "--company", "New", "--name", "t", env=env).stdout.strip()
            harness.run("company", "create", "--data", data, "Second", env=env)
            # The first file that it ever receives is kept in a folder made for it.
            server = harness.Server(data, env=env)
            self.addCleanup(server.end)
            with harness.contextlib.closing(harness.Client(server, token)) as client:
                task = client.post("/v4/import_tasks", "external_id;email;name;phone;created_at\nfirst;;x;;\n", content_type="text/csv").json["data"]["id"]
            server.kill()
            replay.cut(machine.base, machine.journal, parent, None if strict else self.dice)
            with harness.Server(data) as server:
                self.assertEqual(harness.wait_for_task(server, token, task)["created"], 1)
            self.assertIn("Second", harness.run("company", "list", "--data", data).stdout)


if __name__ == "__main__":
    unittest.main()
