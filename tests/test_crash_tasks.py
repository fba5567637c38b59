# SPDX-License-Identifier: Apache-2.0
"""Killed at random moments over imports, dry runs and undos, the server ends where an uninterrupted one does.

CLIENTELE_CRASH_KILLS says how often it is killed (`./dev crash` sets it), CLIENTELE_SEED with which dice.
"""
import collections
import csv
import http.client
import io
import itertools
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest

import harness

KILLS = int(os.environ.get("CLIENTELE_CRASH_KILLS", "16"))
SEED = int(os.environ.get("CLIENTELE_SEED", "0")) or random.randrange(1 << 32)
ROWS, BATCH_ROWS = 3000, 100
KILLS_AT_ONCE = 2  # of one step: three deaths at one place are a reason to give up
END_S = 120
# Batches as small as those, but held in memory and written together: dozens of loads for a file.
# How often a customer counts as changed, and so as restored, depends on where a slice ends: here that is where a batch does.
WHOLE = {"CLIENTELE_FAULT_QUIET_US": "0"}
LOADS = {"CLIENTELE_FAULT_BATCH_ROWS": "50", "CLIENTELE_FAULT_HELD_BYTES": str(64 * 1024), "CLIENTELE_FAULT_QUIET_US": "0"}
STAMP = re.compile(r"20(?!20-01)\d\d-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d")  # those of the files are of January 2020


def table(dice, first, count, note):
    """Rows that create, change and fail, with every kind of hand-over that a batch's border can cut."""
    out = []
    for i in range(first, first + count):
        key, mail = f"k{i}", f"k{i}@example.com"
        turn = dice.randrange(40)
        if turn == 0:
            mail = "no e-mail"
        elif turn == 1:
            mail = f"k{dice.randrange(first, first + count)}@example.com"  # often taken
        elif turn == 2:
            key = ""
        elif turn == 3:
            key = f"k{dice.randrange(first, first + count)}"  # comes twice
        out.append(f"{key};{mail};Имя {note} {i % 7};{'12' if turn == 4 else ''};2020-01-{1 + i % 28:02d};{note}-{dice.randrange(3)};{i % 5}")
    dice.shuffle(out)  # rows that come in order are not held
    return "\n".join(["external_id;email;name;phone;created_at;note;region", *out]) + "\n"


class History:
    """The same steps for every server; `kills` are those that a server suffers meanwhile.  Batches are committed each,
    or several in a load."""

    def __init__(self, files, loads=False):
        self.files = files
        self.temporary = harness.temporary_data("Test")
        self.data = self.temporary.__enter__()
        self.token = harness.new_token(self.data)
        self.server = (harness.Server(self.data, env=LOADS) if loads
                       else harness.Server(self.data, "--batch-rows", str(BATCH_ROWS), env=WHOLE))
        self.lock, self.up = threading.Lock(), threading.Event()
        self.up.set()
        self.took, self.kills = {}, 0
        self.acknowledged = set()

    def close(self):
        self.server.end()
        self.temporary.__exit__(None, None, None)

    # --- a step, in spite of kills ---

    def again(self, ask):
        """Asks until there is an answer: while the server is dead there is none."""
        until = time.monotonic() + END_S
        while time.monotonic() < until:
            self.up.wait(END_S)
            client = harness.Client(self.server, self.token)
            try:
                return ask(client)
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
            finally:
                client.close()
        raise AssertionError("no answer:\n" + self.server.log_text())

    def tasks(self, client):
        return {t["attributes"]["file_name"]: t["id"] for t in client.get("/v4/import_tasks?per_page=100").json["data"]}

    def submit(self, name, query):
        def ask(client):
            known = self.tasks(client)
            if name in known:
                return known[name]
            if name in self.acknowledged:
                raise AssertionError(f"the import {name} was acknowledged and is gone")
            answer = client.post(f"/v4/import_tasks?file_name={name}{query}", self.files[name], content_type="text/csv")
            if answer.status != 202:
                raise AssertionError(repr(answer))
            self.acknowledged.add(name)
            return answer.json["data"]["id"]
        return self.again(ask)

    def wait(self, task, over):
        until = time.monotonic() + END_S
        while time.monotonic() < until:
            got = self.again(lambda c: c.get(f"/v4/import_tasks/{task}").json["data"]["attributes"])
            if over(got):
                return got
            time.sleep(0.005)
        raise AssertionError(f"import task {task} did not end: {got}\n" + self.server.log_text())

    def imported(self, name, query=""):
        self.wait(self.submit(name, query), lambda t: t["state"] in harness.OVER)

    def tried(self, name):
        self.wait(self.submit(name, "&dry_run=true"), lambda t: t["state"] in harness.OVER or t["dry_run"]["state"] in ("done", "failed"))

    def undone(self, name, *options):
        task = self.again(self.tasks)[name]
        until = time.monotonic() + END_S
        while time.monotonic() < until:
            self.up.wait(END_S)
            done = subprocess.run([harness.BIN, "task", "undo", "--data", self.data, "--company", "Test", task, *options],
                                  capture_output=True, timeout=END_S, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.01)
        raise AssertionError(f"{name} could not be undone: {done.stderr.decode()}\n" + self.server.log_text())

    STEPS = (
        ("import a", lambda h: h.imported("a.csv")),
        ("import b", lambda h: h.imported("b.csv")),
        ("dry run c", lambda h: h.tried("c.csv")),
        ("import d", lambda h: h.imported("d.csv", "&mode=update_only&taken_email=leave_out")),
        ("import e, whole", lambda h: h.imported("e.csv", "&all_or_nothing=true")),
        ("preview b", lambda h: h.undone("b.csv", "--dry-run")),
        ("undo d", lambda h: h.undone("d.csv")),
        ("undo b", lambda h: h.undone("b.csv")),
        ("import f", lambda h: h.imported("f.csv", "&bad_values=leave_out")),
    )

    def base(self):
        client = harness.Client(self.server, self.token)
        for i in range(0, ROWS, 30):
            answer = client.put(f"/v4/consumers/k{i}", harness.consumer(name=f"base {i}", email=f"k{i}@example.com", custom_attributes={"note": "base"}))
            assert answer.status == 201, answer
        client.close()

    def play(self, killer=None):
        if killer:
            self.base()
        for name, step in self.STEPS:
            began = time.monotonic()
            thread = killer.start(self, name) if killer else None
            step(self)
            if thread:
                thread.join()
                step(self)  # a kill after the end must not undo it; and each request is safe to repeat
            self.took[name] = time.monotonic() - began

    # --- what became of it ---

    def customers(self):
        text = harness.run("export", "--data", self.data, "--company", "Test", "--format", "jsonl").stdout
        out = []
        for line in text.splitlines():
            record = json.loads(line)
            record = record.get("attributes", record)
            out.append({k: v for k, v in record.items() if k not in ("id", "updated_at")})
        for r in out:
            if not r["created_at"].startswith("2020-01"):
                del r["created_at"]  # not the file's: a stamp
        return sorted(out, key=lambda r: (r["external_id"] or "", r["email"] or "", json.dumps(r, sort_keys=True)))

    def pages(self, client, path):
        out, page = [], 1
        while True:
            got = client.get(f"{path}{'&' if '?' in path else '?'}page={page}&per_page=100")
            out += [x["attributes"] if x["type"] != "consumers" else x for x in got.json["data"]]
            if not got.json["links"]["next"]:
                return out
            page += 1

    @staticmethod
    def plain(value):
        """Without ids, stamps and timings."""
        if isinstance(value, dict):
            return {k: History.plain(v) for k, v in value.items()
                    if k not in ("id", "consumer_id", "other_id", "seconds", "fingerprint", "at") and not k.endswith("_at") and not k.endswith("_until")}
        if isinstance(value, list):
            return [History.plain(v) for v in value]
        return STAMP.sub("a stamp", value) if isinstance(value, str) else value

    def report(self):
        client, out = harness.Client(self.server, self.token), {}
        for name, task in self.tasks(client).items():
            t = client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]
            if t["records"] != sum(t[k] for k in ("created", "updated", "unchanged", "skipped", "failed")):
                raise AssertionError(f"the counters of {name} do not add up: {t}")
            # A request that was sent again because its answer was lost is noted again.
            t["deeds"] = [what for what, _ in itertools.groupby(d["what"] for d in t["deeds"])]
            if t["dry_run"]["result"]:
                t["diff"] = list(csv.reader(io.StringIO(harness.run("task", "diff", "--data", self.data, "--company", "Test", task).stdout)))
            out[name] = self.plain({**t, "errors": self.pages(client, f"/v4/import_tasks/{task}/errors"),
                                    "warnings": self.pages(client, f"/v4/import_tasks/{task}/errors?warnings=true")})
            if t["state"] == "reverted":
                out[name]["undone"] = harness.run("task", "undo", "--data", self.data, "--company", "Test", task).stdout
        client.close()
        return out

    def all_undone(self):
        for name in ("f.csv", "e.csv", "a.csv"):
            self.undone(name)
        return self.customers()


class Killer:
    """Kills the server at random moments of a step, about as long as the step took without kills."""

    def __init__(self, dice, took, kills):
        self.dice, self.took, self.left = dice, took, kills
        self.places = collections.Counter()

    def start(self, history, step):
        count = min(self.left, self.dice.randint(1, KILLS_AT_ONCE))
        self.left -= count
        # Early moments, too: the analysis is short.
        moments = [self.took[step] * self.dice.random() ** self.dice.choice((1, 1, 3)) for _ in range(count)]
        thread = threading.Thread(target=self.kill, args=(history, moments))
        thread.start()
        return thread

    @staticmethod
    def start_again(server):
        """A command that found no server does its work itself, and owns the directory until it ends."""
        until = time.monotonic() + END_S
        while True:
            at = len(server.log_text())
            try:
                return server.start()
            except AssertionError:
                server.log.close()
                if "another process owns" not in server.log_text()[at:] or time.monotonic() > until:
                    raise
            time.sleep(0.02)

    def kill(self, history, moments):
        for moment in moments:
            time.sleep(moment)
            history.up.clear()
            at = len(history.server.log_text())
            history.server.kill()
            self.start_again(history.server)
            history.kills += 1
            history.up.set()
            time.sleep(0.05)  # what is taken up says so in the log
            found = re.search(r"the process before ended in its (\w+)", history.server.log_text()[at:])
            self.places[found[1] if found else "between"] += 1


class CrashTasks(unittest.TestCase):
    def same(self, got, want, path="the dump"):
        """As assertEqual, but names the first place that differs: the whole is megabytes."""
        if isinstance(want, dict) and isinstance(got, dict) and got.keys() == want.keys():
            for key in want:
                self.same(got[key], want[key], f"{path} / {key}")
        elif isinstance(want, list) and isinstance(got, list):
            for i, (g, w) in enumerate(zip(got, want)):
                self.same(g, w, f"{path} / {i}")
            self.assertEqual(len(got), len(want), f"{path}: too many or too few")
        else:
            self.assertEqual(got, want, path)

    def test_every_kill_leads_to_the_same_end(self):
        self.kill_over_histories(KILLS)

    def test_every_kill_leads_to_the_same_end_with_loads(self):
        self.kill_over_histories(KILLS // 2, loads=True)

    def kill_over_histories(self, kills, **how):
        dice = random.Random(SEED)
        print(f"CLIENTELE_SEED={SEED}", flush=True)
        files = {f"{n}.csv": table(random.Random(f"{SEED}-{n}"), first, count, n) for n, first, count in (
            ("a", 0, ROWS), ("b", ROWS // 2, ROWS), ("c", 0, ROWS), ("d", 0, ROWS), ("f", ROWS // 3, ROWS))}
        files["e.csv"] = "external_id;email;name;phone;created_at;note\n" + "".join(f"e{i};;e {i};;;whole\n" for i in range(ROWS))
        calm = History(files, **how)
        self.addCleanup(calm.close)
        calm.base()
        before = calm.customers()
        calm.play()
        want, want_report = calm.customers(), calm.report()
        self.assertEqual(want_report["a.csv"]["state"], "completed_with_errors")
        self.assertEqual(want_report["b.csv"]["state"], "reverted")
        self.assertEqual(calm.all_undone(), before)
        calm.close()
        killer, histories = Killer(dice, calm.took, kills), 0
        while killer.left:
            history = History(files, **how)
            self.addCleanup(history.close)
            history.play(killer)
            self.same(history.customers(), want)
            self.same(history.report(), want_report)
            self.same(history.all_undone(), before)
            history.server.stop()
            history.close()
            histories += 1
        print(f"{kills} kills in {histories} histories: {dict(killer.places)}", flush=True)
        if kills >= 100:
            for phase in ("analysis", "dry_run", "import", "undo"):
                self.assertGreater(killer.places[phase], 0, "no kill hit this phase")
        self.assertGreater(sum(n for phase, n in killer.places.items() if phase != "between"), kills // 4, "the kills came at idle moments")

    def test_a_load_is_written_whole_or_not_at_all(self):
        """The process ends in the middle of writing the first load of an import, and of its undo."""
        dice = random.Random(SEED)
        files = {"a.csv": table(dice, 0, ROWS, "a"), "b.csv": table(dice, ROWS // 2, ROWS, "b")}
        calm = History(files, loads=True)
        self.addCleanup(calm.close)
        calm.base()
        calm.imported("a.csv")
        before = calm.customers()
        calm.imported("b.csv")
        want, want_report = calm.customers(), calm.report()
        for fault in ("load-rows", "load-keys"):
            history = History(files, loads=True)
            self.addCleanup(history.close)
            history.base()
            history.imported("a.csv")
            self.dies_in(history, fault, lambda: history.submit("b.csv", ""))
            history.imported("b.csv")
            self.same(history.customers(), want)
            self.same(history.report(), want_report)
            task = history.again(history.tasks)["b.csv"]
            self.dies_in(history, fault, lambda: subprocess.run(
                [harness.BIN, "task", "undo", "--data", history.data, "--company", "Test", task], capture_output=True, timeout=END_S, check=False))
            history.undone("b.csv")
            self.same(history.customers(), before)
            history.server.stop()
            history.close()

    def dies_in(self, history, fault, step):
        history.server.stop()
        history.server.env = {**LOADS, "CLIENTELE_FAULT": fault}
        history.server.start()
        step()
        self.assertEqual(history.server.process.wait(END_S), -signal.SIGKILL, "no load was written")
        history.server.log.close()
        history.server.env = LOADS
        Killer.start_again(history.server)


if __name__ == "__main__":
    unittest.main()
