# SPDX-License-Identifier: Apache-2.0
"""A backup made while others write is whole, goes back as it was, and what is damaged is told."""
import contextlib
import glob
import hashlib
import io
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import tarfile
import threading
import time
import unittest
import urllib.parse

import harness

ROWS = 60000
WRITERS = 4


def backup(data, to, *arguments, **more):
    return harness.run("backup", "--data", data, "--to", to, *arguments, **more)


def restore(backup_file, data, **more):
    return harness.run("restore", "--from", backup_file, "--data", data, **more)


def small_disk(room):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))


def customers(data):
    """What the company's database holds, by external_id, without what an import gives anew each time."""
    with contextlib.closing(sqlite3.connect(os.path.join(data, "companies", "1.db"))) as db:
        return {row[0]: row[1:] for row in db.execute("SELECT external_id, email, phone, name, custom_attributes FROM consumer")}


class Writer(threading.Thread):
    """Puts customers, one after another, and notes what was acknowledged and when."""

    def __init__(self, server, token, number):
        super().__init__()
        self.client, self.number = harness.Client(server, token), number
        self.acknowledged, self.ended, self.failure = [], threading.Event(), None

    def run(self):
        try:
            for n in range(10 ** 9):
                if self.ended.is_set():
                    return
                answer = self.client.put(f"/v4/consumers/w{self.number}-{n}", harness.consumer(name=f"n{n}"))
                assert answer.status == 201, answer
                self.acknowledged.append((time.monotonic(), f"w{self.number}-{n}"))
        except Exception as e:  # pylint: disable=broad-except
            self.failure = e
        finally:
            self.client.close()


class UnderLoad(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.folder = os.path.dirname(self.data)
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)

    def test_what_was_acknowledged_is_in_it_and_an_import_goes_on_from_it(self):
        to, restored = os.path.join(self.folder, "b.tar.zst"), os.path.join(self.folder, "restored")
        text = "external_id;email;name;phone;created_at;city\n" + "".join(
            f"k{i};k{i}@example.com;x {i};7900{i:07d};;c{i % 9}\n" for i in range(ROWS))
        with harness.Server(self.data, "--batch-rows", "500") as server:
            client = harness.Client(server, self.token)
            writers = [Writer(server, self.token, n) for n in range(WRITERS)]
            for w in writers:
                w.start()
            task = client.post("/v4/import_tasks", text, content_type="text/csv").json["data"]["id"]
            harness.wait_for_task(server, self.token, task, until=lambda t: t["records"] > 2000)
            begin = time.monotonic()
            backup(self.data, to)
            end = time.monotonic()
            for w in writers:
                w.ended.set()
                w.join()
                self.assertIsNone(w.failure)
            harness.wait_for_task(server, self.token, task)
            client.close()
        self.assertIn("all is well", restore(to, restored).stdout)
        have = customers(restored)
        for w in writers:
            before = {key for at, key in w.acknowledged if at < begin}
            sent = [key for at, key in w.acknowledged if at <= end]
            mine = [key for key in have if key.startswith(f"w{w.number}-")]
            self.assertGreater(len(before), 10)
            self.assertLessEqual(before, set(mine))
            # One after another: the backup holds them up to some moment, without a hole.
            self.assertEqual(sorted(mine), sorted(f"w{w.number}-{n}" for n in range(len(mine))))
            self.assertLessEqual(len(mine), len(sent) + 1)
        rows = sum(key.startswith("k") for key in have)
        self.assertTrue(2000 < rows < ROWS, f"the backup came too late or too early: {rows} rows")
        # The server on the restored data finishes the import, and both bases hold the same rows of it.
        with harness.Server(restored, "--batch-rows", "5000") as server:
            ended = harness.wait_for_task(server, self.token, task)
            self.assertEqual((ended["state"], ended["created"]), ("completed", ROWS))
        have, want = customers(restored), customers(self.data)
        self.assertEqual({k: v for k, v in have.items() if k.startswith("k")}, {k: v for k, v in want.items() if k.startswith("k")})
        self.assertIn("all is well", harness.run("check", "--data", restored).stdout)

    def test_the_running_server_is_checked(self):
        with harness.Server(self.data):
            self.assertIn("all is well", harness.run("check", "--data", self.data).stdout)


class Backup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = harness.temporary_data("Test")
        cls.data = cls.temporary.__enter__()
        cls.folder = os.path.dirname(cls.data)
        csv = os.path.join(cls.folder, "f.csv")
        with open(csv, "w", encoding="utf-8") as f:
            f.write("external_id;email;name;phone;created_at\n")
            f.writelines(f"{i};u{i}@example.com;N {i};7900{i:07d};2018-01-01 00:11:22\n" for i in range(2000))
        cls.token = harness.new_token(cls.data)
        harness.run("import", "--data", cls.data, csv)
        cls.plain = os.path.join(cls.folder, "b.tar")
        backup(cls.data, cls.plain)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.__exit__(None, None, None)

    def new(self, name):
        return os.path.join(self.folder, f"{self.id().rsplit('.', 1)[1]}-{name}")

    def test_it_goes_back_as_it_was_however_it_is_packed(self):
        for name in ("b2.tar", "b.tar.gz", "b.tar.zst"):
            to, restored = self.new(name), self.new("r-" + name)
            backup(self.data, to)
            self.assertEqual(os.stat(to).st_mode & 0o777, 0o600)
            self.assertIn("all is well", restore(to, restored).stdout)
            self.assertEqual(customers(restored), customers(self.data))
            self.assertEqual(len(customers(restored)), 2000)
            # Its tokens can be used and shown; what was imported can be undone.
            with harness.Server(restored) as server:
                client = harness.Client(server, self.token)
                self.assertEqual(client.get("/v4/consumers/17").status, 200)
                client.close()
            harness.run("task", "undo", "1", "--data", restored)
            self.assertEqual(customers(restored), {})

    def test_it_goes_through_a_pipe(self):
        restored = self.new("r")
        done = subprocess.run(f"'{harness.BIN}' backup --data '{self.data}' --to - | '{harness.BIN}' restore --from - --data '{restored}'",
                              shell=True, capture_output=True, check=False)
        self.assertIn(b"all is well", done.stdout, done)
        self.assertEqual(customers(restored), customers(self.data))

    def test_nothing_is_written_over(self):
        done = backup(self.data, self.plain, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--force", done.stderr)
        backup(self.data, self.plain, "--force")
        done = restore(self.plain, self.data, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds something", done.stderr)

    def test_a_backup_that_cannot_be_written_leaves_nothing(self):
        done = backup(self.data, os.path.join(self.folder, "nowhere", "b.tar"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot create", done.stderr)
        for room in (200000, 450000):  # ends in the copy of the database, and in the backup itself
            target = self.new(f"target-{room}")
            os.mkdir(target)
            done = subprocess.run([harness.BIN, "backup", "--data", self.data, "--to", os.path.join(target, "b.tar")],
                                  capture_output=True, preexec_fn=lambda: small_disk(room), check=False)  # pylint: disable=cell-var-from-loop
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"no backup was made", done.stderr)
            self.assertEqual(os.listdir(target), [])

    def test_a_key_that_is_kept_elsewhere_is_not_in_it(self):
        data, key, to = self.new("d"), self.new("key"), self.new("b.tar")
        restore(self.plain, data)
        os.rename(os.path.join(data, "seal.key"), key)
        self.assertIn("kept elsewhere", backup(data, to, env={"CLIENTELE_SEAL_KEY": key}).stdout)
        with tarfile.open(to) as tar:
            self.assertNotIn("seal.key", tar.getnames())
        self.assertIn("CLIENTELE_SEAL_KEY", restore(to, self.new("r")).stdout)
        self.assertIn("all is well", restore(to, self.new("r2"), env={"CLIENTELE_SEAL_KEY": key}).stdout)

    # --- what is no backup ---

    def refused(self, path, *words):
        restored = self.new("r")
        done = restore(path, restored, check=False)
        self.assertEqual(done.returncode, 1, done)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(os.path.exists(restored))

    def changed(self, change):
        """The plain backup with its members changed: a list of (TarInfo, bytes)."""
        members = []
        with tarfile.open(self.plain) as tar:
            for info in tar:
                members.append((info, tar.extractfile(info).read()))
        path = self.new("changed.tar")
        with tarfile.open(path, "w") as tar:
            for info, content in change(members):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return path

    def test_one_that_was_cut_short(self):
        with open(self.plain, "rb") as f:
            whole = f.read()
        rand = random.Random(7)
        for at in [0, 100, len(whole) // 2, *(rand.randrange(len(whole) - 11000) for _ in range(10))]:
            path = self.new("cut.tar")
            with open(path, "wb") as f:
                f.write(whole[:at])
            self.refused(path, "nothing was restored")
        # At the border of a file the tar itself looks whole.
        self.refused(self.changed(lambda members: members[:-1]), "cut short")

    def test_one_that_was_changed(self):
        def flip(members):
            info, content = members[1]
            at = len(content) // 2
            return [members[0], (info, content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]), *members[2:]]

        def named(name):
            return lambda members: [(tarfile.TarInfo(name), b"x"), *members]

        def link(members):
            info = tarfile.TarInfo("uploads/x")
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            return [(info, b""), *members]

        self.refused(self.changed(flip), "not as it was")
        self.refused(self.changed(lambda m: [x for x in m if x[0].name != "control.db"]), "damaged")
        self.refused(self.changed(named("uploads/stranger")), "not those in its list")
        for name in ("../evil", "uploads/../../evil", "/etc/evil", "companies/.hidden.db", "LOCK", "control.sock"):
            self.refused(self.changed(named(name)), "it is no backup")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "evil")))
        self.refused(self.changed(link), "no file")
        newer = json.dumps({"format": 2, "files": []}).encode()
        self.refused(self.changed(lambda m: [*m[:-1], (m[-1][0], newer)]), "newer version")

    def test_one_of_another_program(self):
        for content in (b"", b"hello", b"\0" * 100000, bytes(random.Random(3).randrange(256) for _ in range(5000))):
            path = self.new("x")
            with open(path, "wb") as f:
                f.write(content)
            self.refused(path, "nothing was restored")

    # --- damage in the data ---

    def broken(self, *statements, database="companies/1.db"):
        data = self.new(hashlib.sha256(repr(statements).encode()).hexdigest()[:8])
        restore(self.plain, data)
        if statements:
            with contextlib.closing(sqlite3.connect(os.path.join(data, database))) as db:
                db.execute("PRAGMA ignore_check_constraints=1")
                for s in statements:
                    db.execute(s)
                db.commit()
        return data

    def check(self, data, *words):
        done = harness.run("check", "--data", data, check=False)
        self.assertEqual(done.returncode, 1, done)
        for word in words:
            self.assertIn(word, done.stdout)
        self.assertIn("wrong", done.stdout)

    def test_damage_is_told(self):
        for statement, word in (
                ("DELETE FROM external_key WHERE external_id = '5'", "1 customers cannot be found by their external_id"),
                ("UPDATE external_key SET id = 1 WHERE external_id = '5'", "external ids lead to nobody"),
                ("DELETE FROM email_key WHERE email_key LIKE 'u1%'", "cannot be found by their e-mail"),
                ("INSERT INTO email_key VALUES ('x@example.com', 1)", "1 e-mails lead to nobody"),
                ("INSERT INTO legacy_key VALUES ('x', 1)", "legacy ids lead to nobody"),
                ("UPDATE consumer SET legacy_id = 'x' WHERE external_id = '5'", "cannot be found by their legacy_id"),
                ("UPDATE meta SET consumers = 1990", "10 customers more or fewer"),
                ("UPDATE meta SET last_id = 5", "newer than the newest"),
                ("UPDATE consumer SET custom_attributes = '{' WHERE external_id = '5'", "no JSON"),
                ("INSERT INTO trail VALUES (1, 1, 0, 1, 1, 1, 0, '{')", "cannot be undone"),
                ("UPDATE import_task SET records = records + 1", "CHECK constraint failed"),
                ("INSERT INTO import_error VALUES (9, 0, 1, 1, 1, 'x', NULL, 'x', NULL, NULL, 0, 0, 0, NULL)", "belong to no import")):
            with self.subTest(statement):
                self.check(self.broken(statement), word)

    def test_damage_of_what_searches_and_those_who_ask_again_need_is_told(self):
        sorted_in = "INSERT INTO created_key SELECT created_at, id FROM consumer WHERE true ON CONFLICT DO NOTHING"
        all_sorted = "UPDATE meta SET indexed_to = (SELECT max(last) FROM changed)"
        for statements, word in (
                (["DELETE FROM changed WHERE last = (SELECT min(last) FROM changed)"], "128 customers cannot be found by updated_at"),
                (["UPDATE changed SET entries = x'8080' WHERE last = (SELECT min(last) FROM changed)"], "128 customers cannot be found by"),
                (["UPDATE changed SET last = last - 1 WHERE last = (SELECT min(last) FROM changed)"], "1 customers cannot be found by updated_at"),
                (["UPDATE changed SET count = 127 WHERE last = (SELECT min(last) FROM changed)"], "1 blocks of stamps"),
                ([sorted_in, all_sorted, "DELETE FROM created_key WHERE id = (SELECT max(id) FROM consumer)"],
                 "1 customers cannot be found by created_at"),
                (["DELETE FROM created_key", all_sorted], "2000 customers cannot be found by created_at"),
                (["INSERT INTO audit VALUES (9, 1, 'import.start', 1, NULL, 'import_tasks', '9', '{}')"], "1 notes of who asked"),
                (["INSERT INTO undo_kept VALUES (9, 1, 1, NULL, 1, 'x', 'x', NULL, NULL, NULL, 1, 1, 0)"], "1 notes of what an undo left"),
                (["INSERT INTO request VALUES (1, 'k', 1, 'p', 0, NULL)"], "1 requests with an Idempotency-Key"),
                (["INSERT INTO export_task (state, format, options, file, origin, created_at) VALUES (1, 'csv', '{}', '', 1, 1)"],
                 "1 exports are in no state")):
            with self.subTest(statements):
                self.check(self.broken(*statements), word)
        # Whether or not they are sorted in, all is well.
        for statements in ["UPDATE meta SET indexed_to = 0", "DELETE FROM created_key"], [sorted_in, all_sorted]:
            self.assertIn("all is well", harness.run("check", "--data", self.broken(*statements)).stdout)

    def test_damage_of_webhooks_is_told(self):
        hook = "INSERT INTO webhook (company_id, url, events, sealed, created_at, at_event) VALUES (1, 'https://a.example', 1, x'01', 1, 0)"
        delivery = ("INSERT INTO delivery (webhook_id, message, kind, subject, at, changed, origin, next_at, log) "
                    "VALUES (1, 'm', 1, 1, 1, 0, 0, 1, '{}')")
        for statements, word in (
                ([hook, "UPDATE webhook SET sealed = x''"], "1 webhooks have no address, secret or place"),
                ([hook, delivery, "UPDATE delivery SET log = '['"], "1 deliveries to webhooks"),
                ([delivery], "rows belong to a row that is not there")):
            with self.subTest(statements):
                self.check(self.broken(*statements, database="control.db"), word)
        self.assertIn("all is well", harness.run("check", "--data", self.broken(hook, delivery, database="control.db")).stdout)

    def test_files_of_exports_are_not_in_it(self):
        data, to, restored = self.broken(), self.new("b.tar"), self.new("r")
        with harness.Server(data) as server:
            client = harness.Client(server, self.token)
            task = client.post("/v4/export_tasks", {"data": {"type": "export_tasks", "attributes": {
                "records_type": "consumers", "format": "csv"}}}).json["data"]["id"]
            until = time.monotonic() + 60
            while client.get(f"/v4/export_tasks/{task}").json["data"]["attributes"]["state"] != "completed":
                self.assertLess(time.monotonic(), until)
                time.sleep(0.05)
            self.assertIn("exports 1: all is well", harness.run("check", "--data", data).stdout)
            backup(data, to)
            client.close()
        with tarfile.open(to) as tar:
            self.assertFalse([name for name in tar.getnames() if name.startswith("exports")])
        said = restore(to, restored).stdout
        self.assertIn("note: company 1: the files of 1 exports are not there", said)
        self.assertIn("all is well", said)
        with harness.Server(restored) as server:  # who asks for it is told so, not that the server fails
            client = harness.Client(server, self.token)
            link = urllib.parse.urlsplit(client.get(f"/v4/export_tasks/{task}").json["data"]["attributes"]["archive_url"])
            self.assertEqual(client.get(f"{link.path}?{link.query}").status, 410)
            client.close()
        file, = glob.glob(os.path.join(data, "exports", "1", "*"))
        with open(file, "ab") as f:
            f.write(b"x")
        self.check(data, "the file of export 1 is not the one that was made")

    def test_a_damaged_page_and_files_that_miss_or_are_strangers(self):
        data = self.broken()
        path = os.path.join(data, "companies", "1.db")
        with open(path, "r+b") as f:
            f.seek(os.path.getsize(path) // 2 // 4096 * 4096)
            f.write(os.urandom(4096))
        self.check(data, "company 1")
        data = self.broken("SELECT 1")
        upload, = glob.glob(os.path.join(data, "uploads", "*"))
        with open(upload, "ab") as f:
            f.write(b"x")
        open(os.path.join(data, "companies", "77.db"), "w", encoding="utf-8").close()
        self.check(data, "is not the one that was received", "77.db belongs to no company")
        data = self.broken("UPDATE import_task SET state = 3")
        os.unlink(glob.glob(os.path.join(data, "uploads", "*"))[0])
        self.check(data, "the file of import 1 is not there")


if __name__ == "__main__":
    unittest.main()
