# SPDX-License-Identifier: Apache-2.0
"""Random histories of imports, requests, undos and kills, played by the real server and by tests/reference.py.

SEED=17 tests/test_undo_model.py plays one history and tells its steps; HISTORIES=2000 says how many."""
import json
import multiprocessing
import os
import random
import sys
import time
import traceback
import unittest

import harness
from reference import FIELDS, Change, Registry
from world import World

HISTORIES = int(os.environ.get("HISTORIES", "2000"))
PLAYERS = 4
ORIGINS = {1: "token", 2: "import", 3: "user", 4: "command line"}
DATES = {"2018-01-01": 1514754000000000, "2019-05-05 10:20:30": 1557040830000000}  # in Moscow
HEADER = ["external_id", "email", "name", "phone", "created_at", "attributes.unsubscribed", "Город", "ltv"]
FIELD_OF = {**{h: h for h in HEADER}, "attributes.unsubscribed": "unsubscribed"}


class History:
    """One history: steps drawn from a seed, played on both sides, compared after each."""

    def __init__(self, world, seed):
        self.world, self.seed, self.random = world, seed, random.Random(seed)
        self.name = f"h{seed}-{int(time.time() * 1000) % 100000}"
        self.model, self.steps, self.tasks, self.undone = Registry(), [], {}, []
        self.first_id, = world.rows("SELECT last_id FROM meta")[0]
        self.keys = [f"{self.name}-k{i}" for i in range(self.random.randint(2, 6))]
        self.emails = [f"{self.name}-{x}@example.com" for x in "abcdef"[:self.random.randint(2, 6)]]
        self.emails.append(self.emails[0].upper())
        self.stamps, self.times = {}, {}  # when customers changed; when each origin wrote

    # --- what is drawn ---

    def value(self, field, with_bad=False):
        r = self.random
        if with_bad and field == "email" and r.random() < 0.05:
            return "no address"
        return {"email": lambda: r.choice(self.emails), "name": lambda: r.choice("АБВ"), "phone": lambda: r.choice(["79990000001", "79990000002"]),
                "created_at": lambda: r.choice(list(DATES)), "unsubscribed": lambda: r.random() < 0.6,
                "Город": lambda: r.choice(["Омск", "Уфа"]), "ltv": lambda: r.choice("12")}[field]()

    def draw_settings(self):
        r, chosen = self.random, {}
        for name, values in (("mode", ["create_only", "update_only"]), ("clear_blank", ["true"]), ("allow_opt_in", ["true"]),
                             ("taken_email", ["leave_out", "adopt"]), ("repeats", ["first_wins", "fail"]), ("attributes", ["replace"]),
                             ("bad_values", ["leave_out"]), ("all_or_nothing", ["true"])):
            if r.random() < 0.2:
                chosen[name] = r.choice(values)
        return chosen

    def draw_file(self):
        r = self.random
        rows = []
        for _ in range(r.randint(1, 8)):
            row = {"external_id": r.choice(self.keys)}
            for column in HEADER[1:]:
                field, dice = FIELD_OF[column], r.random()
                sparse = 0.8 if field == "created_at" else 0.35
                if dice < sparse:
                    row[column] = ""
                elif dice < sparse + 0.05:
                    row[column] = "[clear]"
                else:
                    value = self.value(field, True)
                    row[column] = {True: "true", False: "false"}.get(value, value)
            rows.append(row)
        if r.random() < 0.3 and len(self.model.customers) > 1:
            rows += self.draw_hand_over()
        return rows

    def draw_hand_over(self):
        """One gives an e-mail up and another takes it, perhaps round in a ring."""
        known = [c for c in self.model.customers if c.get("external_id") and c.get("email")]
        if len(known) < 2:
            return []
        chosen = self.random.sample(known, min(len(known), self.random.randint(2, 3)))
        emails = [c.get("email") for c in chosen]
        blank = dict.fromkeys(HEADER, "")
        rows = [{**blank, "external_id": chosen[0].get("external_id"), "email": "[clear]"}]
        for c, email in zip(chosen[1:], emails):
            rows.append({**blank, "external_id": c.get("external_id"), "email": email})
        if self.random.random() < 0.5:
            rows.append({**blank, "external_id": chosen[0].get("external_id"), "email": emails[-1]})
        return rows

    # --- a file ---

    def changes(self, rows, settings):
        """The file's rows as changes, by the rules of cells."""
        for row in rows:
            values, refused = {}, []
            for column in HEADER[1:]:
                field, cell = FIELD_OF[column], row[column]
                if cell in ("", "[clear]"):
                    if (cell or settings.get("clear_blank")) and field != "created_at":
                        values[field] = False if field == "unsubscribed" else None
                elif cell == "no address":
                    if settings.get("bad_values") != "leave_out":
                        refused.append(("email_invalid", "email", None))
                else:
                    values[field] = DATES.get(cell, cell) if field == "created_at" else {"true": True, "false": False}.get(cell, cell)
            update_only = settings.get("mode") == "update_only"
            yield Change(row["external_id"], values, settings.get("attributes") == "replace", refused=refused,
                         op="update" if update_only else "upsert", skip_missing=update_only,
                         skip_existing=settings.get("mode") == "create_only", lenient=settings.get("taken_email") == "leave_out",
                         adopt=settings.get("taken_email") == "adopt", keep_opt_outs=not settings.get("allow_opt_in"))

    def send_file(self, text, settings, kill):
        query = "&".join(f"{k}={v}" for k, v in settings.items())
        (before,), = self.world.rows("SELECT ifnull(max(id), 0) FROM import_task")
        client = self.world.clients[0]
        if not kill:
            answer = client.post(f"/v4/import_tasks?{query}", text, content_type="text/csv")
            assert answer.status == 202, answer
            return int(answer.json["data"]["id"])
        answer = client.post(f"/v4/import_tasks?{query}", text, content_type="text/csv")
        time.sleep(self.random.random() * 0.02)
        self.world.restart()
        (task,), = self.world.rows("SELECT max(id) FROM import_task")
        assert task > before
        return task

    def time(self, origin, began):
        self.times.setdefault(origin, []).append((int(began * 1e6), int(time.time() * 1e6) + 1000))

    def play_import(self, again=None, kill=False):
        began = time.time()
        rows, settings = again or (self.draw_file(), self.draw_settings())
        self.steps.append(("import", rows, settings, "killed" if kill else ""))
        text = "\n".join([";".join(HEADER)] + [";".join(row[h] for h in HEADER) for row in rows]) + "\n"
        task = self.send_file(text, settings, kill)
        state = self.world.wait(task, "completed", "completed_with_errors", "failed")
        origin = ("import", task)
        self.time(origin, began)
        trial = self.model.copy()
        outcomes = trial.run(list(self.changes(rows, settings)), origin, settings.get("repeats", "in_order"))
        failed = sum(o == "failed" for o, _ in outcomes)
        if settings.get("all_or_nothing") and failed:
            self.same(state, "failed")
            return
        self.model = trial
        self.same(state, "completed_with_errors" if failed else "completed")
        wanted = {name: sum(o == name for o, _ in outcomes) for name in ("created", "updated", "unchanged", "skipped", "failed")}
        got = dict(zip(wanted, self.world.rows("SELECT created, updated, unchanged, skipped, failed FROM import_task WHERE id = ?", task)[0]))
        self.same(got, wanted)
        codes = [(n + 1, code) for n, (_, problems) in enumerate(outcomes) for code, _, _ in problems]
        self.same([(r, "taken" if c == "email_swap" else c) for r, c in self.world.rows(
            "SELECT record, code FROM import_error WHERE task_id = ? AND warning = 0 ORDER BY record, seq", task)], codes)
        if wanted["created"] + wanted["updated"]:
            self.tasks[task] = (rows, settings)

    # --- a request ---

    def play_request(self):
        r, began = self.random, time.time()
        token = r.randrange(2)
        client, origin = self.world.clients[token], ("token", token + 1)
        known = self.model.customers
        kind = r.choice(["put", "put", "put", "patch", "post", "delete"])
        key, customer = r.choice(self.keys), r.choice(known) if known else None
        values = {}
        for field in ("email", "name", "phone", "unsubscribed", "Город", "ltv"):
            if r.random() < 0.3:
                values[field] = None if r.random() < 0.2 and field != "unsubscribed" else self.value(field)
        sent = {f: v for f, v in values.items() if f in FIELDS}
        attributes = {f: v for f, v in values.items() if f not in FIELDS}
        if attributes:
            sent["custom_attributes"] = attributes
        body = harness.consumer(**sent)
        if kind == "post":
            if r.random() < 0.5:
                values["external_id"] = key
                body["data"]["attributes"]["external_id"] = key
            change, answer = Change(values=values, op="create"), client.post("/v4/consumers", body)
            outcome, problems, customer = self.model.act(change, origin)
        elif kind == "put":
            change, answer = Change(key, values), client.put(f"/v4/consumers/{key}", body)
            outcome, problems, customer = self.model.act(change, origin)
        elif not customer:
            return
        elif kind == "patch":
            answer = client.request("PATCH", f"/v4/consumers/{self.path_of(customer)}", body)
            outcome, problems, customer = self.model.act(Change(values=values, op="update"), origin, customer)
        else:
            answer = client.request("DELETE", f"/v4/consumers/{self.path_of(customer)}")
            outcome, problems, customer = self.model.act(Change(op="delete"), origin, customer)
        self.steps.append((kind, token, key, customer and customer.number, values, outcome, answer.status))
        status = {"created": 201, "updated": 200, "unchanged": 200, "deleted": 204, "failed": 422}[outcome]
        self.same(answer.status, status)
        self.time(origin, began)
        if outcome == "created":
            customer.public_id = answer.json["data"]["id"]

    def path_of(self, customer):
        return customer.get("external_id") or customer.public_id

    # --- an undo ---

    def counts_of(self, task):
        names = ("removed", "restored", "partly", "kept", "gone")
        return dict(zip(names, self.world.rows("SELECT undo_removed, undo_restored, undo_partly, undo_kept, undo_gone"
                                               " FROM import_task WHERE id = ?", task)[0]))

    def play_undo(self, task, kill=False):
        self.steps.append(("undo", task, "killed" if kill else ""))
        again = self.tasks.pop(task)
        code, text = self.world.undo(task, "--dry-run")
        self.same(code, 0)
        preview = json.loads(text)
        before = self.stamps.copy()
        if kill:
            with self.world.begin("task", "undo", task, "--data", self.world.data, "--company", "Test"):
                time.sleep(self.random.random() * 0.015)
                self.world.restart()
        self.same(self.world.undo(task)[0], 0)
        self.same({k: preview[k] for k in self.counts_of(task)}, self.counts_of(task))
        alone = {c.number for c in self.model.customers if not any(w.origin == ("import", task) or w.waits for w in c.log)}
        was = {c.number: dict(c.now) for c in self.model.customers}
        self.model.undo(("import", task))
        self.undone.append(task)
        self.check()
        for c in self.model.customers:
            if c.number in alone:
                self.same((c.number, self.stamps[c.id]), (c.number, before[c.id]))
            elif was[c.number] != c.now:
                assert self.stamps[c.id] > before[c.id], f"updated_at of customer {c.number} did not move on"
        self.check_kept()
        return again

    # --- looking ---

    def same(self, got, wanted):
        if got == wanted:
            return
        if isinstance(got, dict):
            got, wanted = list(got.items()), list(wanted.items())
        if isinstance(got, list):
            got, wanted = [x for x in got if x not in wanted], [x for x in wanted if x not in got]
        raise AssertionError(f"\n  got    {got}\n  wanted {wanted}")

    def stored(self):
        from_hex = {}
        for row in self.world.rows("SELECT id, external_id, email, name, phone, custom_attributes, created_at, updated_at, flags"
                                   " FROM consumer WHERE id > ? ORDER BY id", self.first_id):
            values = dict(zip(("external_id", "email", "name", "phone"), row[1:5]))
            values.update(json.loads(row[5]))
            values["created_at"], values["unsubscribed"] = row[6], bool(row[8] & 1)
            from_hex[row[0]] = ({k: v for k, v in values.items() if v is not None}, row[7])
        return from_hex

    def check(self):
        """Every customer is as the model has him, and there is no other."""
        stored = self.stored()
        known = {c.id: c for c in self.model.customers if c.id}
        fresh = sorted(set(stored) - set(known))
        made = [c for c in self.model.customers if not c.id]
        self.same(len(stored), len(self.model.customers))
        for number, c in zip(fresh, made):  # both in the order in which they were made
            c.id, values = number, stored[number][0]
            for at in (c.now, c.first):
                at.setdefault("created_at", values["created_at"])
        got = {c.number: stored[c.id][0] if c.id in stored else None for c in self.model.customers}
        self.same(got, {c.number: {"unsubscribed": False, **c.now} for c in self.model.customers})
        self.stamps = {c.id: stored[c.id][1] for c in self.model.customers}

    def check_kept(self):
        """What each undo left is listed: which, why, who, when, and both values."""
        names = {c.id: c.number for c, _ in self.model.order} | {c.id: c.number for c in self.model.customers}
        for task in self.undone:
            got, wanted = [], []
            for row in self.world.rows("SELECT consumer_id, code, field, key, undone, now, origin, at, other_id FROM undo_kept"
                                       " WHERE task_id = ? AND consumer_id > ?", task, self.first_id):
                field, code = row[3] or row[2], row[1]
                values = [None if v is None else json.loads(v) for v in row[4:6]] if code == "changed_since" else [None, None]
                who = (ORIGINS[row[6] & 7], row[6] >> 3) if row[6] else None
                got.append((task, names.get(row[0], row[0]), code, field, *values, who, names.get(row[8], row[8])))
                if who:
                    self.check_when(row[7], who)
            for k in self.model.kept.get(("import", task), []):
                wanted.append((task, k.customer.number, k.code, k.field, k.undone, k.now, k.origin, k.other.number if k.other else 0))
            self.same(sorted(got, key=repr), sorted(wanted, key=repr))

    def check_when(self, at, who):
        """The moment lies within a step of that origin."""
        assert any(began <= at <= ended for began, ended in self.times.get(who, [])), (at, who, self.times.get(who))

    # --- playing ---

    def play(self, kills):
        r = self.random
        if r.random() < 0.3:
            self.play_alone(kills)
        else:
            self.play_mixed(kills)

    def play_mixed(self, kills):
        r = self.random
        for _ in range(r.randint(4, 14)):
            self.model.clock += 1
            kill, dice = kills and r.random() < 0.15, r.random()
            if dice < 0.4 or not self.model.customers:
                self.play_import(kill=kill)
            elif dice < 0.65 and self.tasks:
                again = self.play_undo(r.choice(sorted(self.tasks)), kill)
                if r.random() < 0.3:
                    self.play_import(again)
            else:
                self.play_request()
            self.check()

    def play_alone(self, kills):
        """Nobody else writes: undone in any order, imports leave the state before all of them."""
        r = self.random
        for _ in range(r.randint(1, 4)):
            self.play_request() if r.random() < 0.7 else self.play_import()
            self.check()
        self.tasks.clear()
        before = self.stored()
        for _ in range(r.randint(2, 4)):
            self.play_import(kill=kills and r.random() < 0.1)
            self.check()
        for task in r.sample(sorted(self.tasks), len(self.tasks)):
            self.play_undo(task, kills and r.random() < 0.1)
        after = self.stored()
        self.same({n: {**v, "unsubscribed": 0} for n, (v, _) in after.items()},
                  {n: {**v, "unsubscribed": 0} for n, (v, _) in before.items()})
        for number, (values, _) in before.items():
            assert after[number][0]["unsubscribed"] or not values["unsubscribed"], "an opt-out was turned off"


def tell(history):
    lines = [f"SEED={history.seed} fails at step {len(history.steps)}:"]
    for step in history.steps:
        lines.append("  " + "  ".join(str(x) for x in step if not isinstance(x, list)))
        for row in next((x for x in step if isinstance(x, list)), []):
            lines.append("      " + ";".join(row[h] for h in HEADER))
    for task in history.undone + list(history.tasks):
        lines.append(f"  task {task}")
    lines += [f"  customer {c.number}: {c.get('external_id')} by {c.maker}" for c in history.model.customers]
    return "\n".join(lines).replace(history.name + "-", "")


def check_whole(world):
    """The tables agree with each other, and no row of the trail leads nowhere."""
    rows = world.rows
    assert rows("PRAGMA integrity_check") == [("ok",)]
    for table, column in (("external_key", "external_id"), ("legacy_key", "legacy_id")):
        assert rows(f"SELECT {column}, id FROM {table} ORDER BY 1") == rows(
            f"SELECT {column}, id FROM consumer WHERE {column} IS NOT NULL ORDER BY 1"), table
    assert rows("SELECT email_key, id FROM email_key ORDER BY 1") == rows(
        "SELECT ifnull(email_key, email), id FROM consumer WHERE email IS NOT NULL ORDER BY 1")
    assert rows("SELECT consumers FROM meta") == rows("SELECT count(*) FROM consumer")
    # A customer's trail is stored as 2^40 and the number.
    assert not rows("SELECT * FROM (SELECT id AS of, trail - (1 << 40) AS last FROM consumer) WHERE last <> 0"
                    " AND last NOT IN (SELECT id FROM trail WHERE consumer_id = of)")
    assert not rows("SELECT * FROM trail AS t WHERE prev <> 0 AND consumer_id IN (SELECT id FROM consumer)"
                    " AND prev NOT IN (SELECT id FROM trail WHERE consumer_id = t.consumer_id)")


def play(number, seeds, results):
    """A player's process: histories one after another in a world of its own."""
    played, failures = 0, []
    try:
        world = World(*((0,), (1,), (3,), (4, True))[number % PLAYERS])
        for seed in seeds:
            history = History(world, seed)
            try:
                history.play(kills=seed % 10 == 0)
                played += 1
            except Exception:  # pylint: disable=broad-except
                failures.append(tell(history) + "\n" + traceback.format_exc(limit=-3))
                if len(failures) == 3:
                    break
        if not failures:
            check_whole(world)
        world.close()
    except Exception:  # pylint: disable=broad-except
        failures.append(traceback.format_exc())
    results.put((played, failures))


class UndoModel(unittest.TestCase):
    def test_histories_agree_with_the_model(self):
        seeds = [int(os.environ["SEED"])] if "SEED" in os.environ else list(range(1, HISTORIES + 1))
        players = 1 if len(seeds) == 1 else PLAYERS
        results, began = multiprocessing.Queue(), time.monotonic()
        processes = [multiprocessing.Process(target=play, args=(seeds[0] % PLAYERS if players == 1 else n, seeds[n::players], results))
                     for n in range(players)]
        for p in processes:
            p.start()
        got = [results.get() for _ in processes]
        for p in processes:
            p.join()
        print(f"{sum(n for n, _ in got)} histories in {time.monotonic() - began:.0f} s", file=sys.stderr)
        failures = [f for _, list_ in got for f in list_]
        if failures:
            self.fail("\n\n".join(failures))
        self.assertEqual(sum(n for n, _ in got), len(seeds))


if __name__ == "__main__":
    unittest.main()
