# SPDX-License-Identifier: Apache-2.0
"""`serve --inbox DIR`: what falls into a company's folder is imported once, and its file and report can be found."""
import contextlib
import glob
import gzip
import hashlib
import json
import os
import random
import shutil
import sqlite3
import tempfile
import time
import unittest

import harness

HEADER = "external_id;email;name;phone;created_at"
SLOW_S = 60


def rows(*ids, header=HEADER, email=""):
    return "\n".join([header, *(f"{i};{email};Имя {i};;" for i in ids)]) + "\n"


class Inbox(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.data = self.stack.enter_context(harness.temporary_data("Acme"))
        self.inbox = tempfile.mkdtemp(prefix="clientele-inbox-")
        self.addCleanup(shutil.rmtree, self.inbox)
        self.token = harness.new_token(self.data, "Acme")
        os.mkdir(self.path("Acme"))

    def server(self, **env):
        return harness.Server(self.data, "--inbox", self.inbox, "--lang", "ru", env=env)

    def client(self, server, token=None):
        client = harness.Client(server, token or self.token)
        self.addCleanup(client.close)
        return client

    def path(self, *parts):
        return os.path.join(self.inbox, *parts)

    def drop(self, name, text, company="Acme", mode=0o644):
        """As a careful program does: written elsewhere on the same disk, moved in whole."""
        path = self.path(f".{name}")
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        os.rename(path, self.path(company, name))

    def wait_for(self, what, seconds=SLOW_S):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            time.sleep(0.05)
        listing = [os.path.relpath(p, self.inbox) for p in glob.glob(self.inbox + "/**", recursive=True)]
        with open(os.path.join(self.data, "test-server.log"), encoding="utf-8") as f:
            raise AssertionError(f"not in time; the inbox holds {listing}\n{f.read()[-3000:]}")

    def report(self, *parts):
        """The report of a file, once the file itself is where it belongs."""
        path = self.path(*parts)
        self.wait_for(lambda: os.path.exists(path))
        with open(path + ".report.json", encoding="utf-8") as f:
            return json.load(f)["data"]

    def names(self, *parts):
        path = self.path(*parts)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def tasks(self, company="Acme"):
        found = []
        for path in glob.glob(os.path.join(self.data, "companies", "*.db")):
            db = sqlite3.connect(path)
            with contextlib.closing(db):
                found.append(db.execute("SELECT id, state, sha256 FROM import_task ORDER BY id").fetchall())
        return found[0] if len(found) == 1 else found

    def test_a_file_moved_in_is_imported_and_its_report_lies_beside_it(self):
        with self.server() as server:
            self.drop("clients.csv", rows(1, 2, 3))
            report = self.report("Acme", "done", "clients.csv")
            self.assertEqual(report["type"], "import_tasks")
            told = report["attributes"]
            self.assertEqual((told["state"], told["created"], told["file_name"]), ("completed", 3, "clients.csv"))
            self.assertEqual(told["created_by"], {"type": "inbox"})
            self.assertEqual(self.client(server).get(f"/v4/import_tasks/{report['id']}").json["data"]["attributes"]["sha256"],
                             told["sha256"])
            self.assertEqual(self.names("Acme", "done"), ["clients.csv", "clients.csv.report.json"])
            self.wait_for(lambda: not self.names("Acme", "processing"))
            # The same name every night: the files of the nights before stay.
            self.drop("clients.csv", rows(1, 2, 3, 4))
            second = self.wait_for(lambda: glob.glob(self.path("Acme", "done", "[0-9]*-clients.csv")))[0]
            self.assertEqual(self.report(second)["attributes"]["unchanged"], 3)

    def test_a_gzip_file_is_unpacked_and_kept_as_it_came(self):
        text = rows(1, 2, 3).encode() + b"4;wrong;;;\n"
        packed = gzip.compress(text)
        with self.server():
            self.drop("clients.csv.gz", packed)
            told = self.report("Acme", "done", "clients.csv.gz")["attributes"]
            self.assertEqual((told["state"], told["created"], told["failed"]), ("completed_with_errors", 3, 1))
            self.assertEqual((told["sha256"], told["size"]), (hashlib.sha256(text).hexdigest(), len(text)))
            with open(self.path("Acme", "done", "clients.csv.gz"), "rb") as f:
                self.assertEqual(f.read(), packed)
            self.assertIn("clients.csv.gz.failed.csv", self.names("Acme", "done"))
            self.drop("cut.csv.gz", packed[:-9])
            told = self.report("Acme", "failed", "cut.csv.gz")["attributes"]
            self.assertEqual(told["failure"]["code"], "gzip_damaged")
            # Packed twice is no table; the same content, packed otherwise, is the same.
            self.drop("twice.csv.gz", gzip.compress(packed))
            self.assertEqual(self.report("Acme", "failed", "twice.csv.gz")["attributes"]["failure"]["code"], "gzip")
            self.drop("again.csv", text)
            self.assertEqual(self.report("Acme", "done", "again.csv")["attributes"]["same_content_as"], "1")

    def test_failed_rows_lie_beside_it_in_their_own_columns(self):
        with self.server():
            self.drop("clients.csv", HEADER + "\n1;a@example.com;A;;\n2;nonsense;B;;\n")
            told = self.report("Acme", "done", "clients.csv")["attributes"]
            self.assertEqual((told["state"], told["created"], told["failed"]), ("completed_with_errors", 1, 1))
            with open(self.path("Acme", "done", "clients.csv.failed.csv"), encoding="utf-8-sig") as f:
                lines = f.read().splitlines()
            self.assertEqual(len(lines), 2)
            self.assertTrue(lines[0].startswith(HEADER), lines)
            self.assertIn("nonsense", lines[1])

    def test_a_bad_file_goes_to_failed_with_the_reason(self):
        with self.server():
            self.drop("clients.csv", b"%PDF-1.7\n1 0 obj\n")
            told = self.report("Acme", "failed", "clients.csv")["attributes"]
            self.assertEqual((told["state"], told["failure"]["code"]), ("failed", "pdf"))
            self.assertRegex(told["failure"]["message"], "[а-я]")
            self.assertEqual(self.names("Acme", "done"), [])

    def test_an_unknown_header_waits_for_a_person_and_is_remembered(self):
        strange = "Номер;Почта;Кто;Тел;Когда"
        with self.server() as server:
            client = self.client(server)
            self.drop("clients.csv", rows(1, 2, header=strange))
            waiting = self.wait_for(lambda: [n for n in self.names("Acme", "waiting") if n.endswith("-clients.csv")])[0]
            report = self.report("Acme", "waiting", waiting)
            task = report["id"]
            self.assertEqual((report["attributes"]["state"], report["attributes"]["failure"]["code"]),
                             ("needs_answer", "columns_missing"))
            self.assertEqual(report["attributes"]["start"], "manual")
            self.assertEqual(waiting, f"{task}-clients.csv")
            self.answer(server, task, mapping={"Номер": "external_id", "Кто": "name", "Тел": "phone", "Когда": "created_at"})
            told = self.report("Acme", "done", "clients.csv")["attributes"]
            self.assertEqual((told["state"], told["created"]), ("completed", 2))
            self.wait_for(lambda: not self.names("Acme", "waiting"))
            # The next night nobody is asked.
            self.drop("next.csv", rows(1, 2, 3, header=strange))
            told = self.report("Acme", "done", "next.csv")["attributes"]
            self.assertEqual((told["created"], told["unchanged"], told["analysis"]["remembered"]), (1, 2, True))
            self.assertEqual(client.get("/v4/consumers/3").status, 200)

    def answer(self, server, task, **settings):
        """As a person does: settings, then start."""
        client = self.client(server)
        answer = client.put(f"/v4/import_tasks/{task}/settings", settings, content_type="application/json")
        self.assertLess(answer.status, 300, answer)
        self.wait_for(lambda: client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]["state"] == "ready")
        self.assertLess(client.post(f"/v4/import_tasks/{task}/start", {}).status, 300)

    def test_an_encoding_that_a_person_confirmed_is_remembered(self):
        with self.server() as server:
            self.drop("a.csv", rows(1).encode("cp1251"))
            waiting = self.wait_for(lambda: [n for n in self.names("Acme", "waiting") if n.endswith("-a.csv")])[0]
            report = self.report("Acme", "waiting", waiting)
            self.assertEqual(report["attributes"]["failure"]["code"], "encoding")
            self.answer(server, report["id"], encoding="windows-1251")
            self.assertEqual(self.report("Acme", "done", "a.csv")["attributes"]["created"], 1)
            self.drop("b.csv", rows(1, 2).encode("cp1251"))
            told = self.report("Acme", "done", "b.csv")["attributes"]
            self.assertEqual((told["created"], told["unchanged"], told["settings"]["encoding"]), (1, 1, "windows-1251"))

    def test_two_companies_and_a_folder_that_is_no_company(self):
        harness.run("company", "create", "--data", self.data, "Рога и копыта")
        for name in ("Рога и копыта", "Nobody"):
            os.mkdir(self.path(name))
        with self.server() as server:
            self.drop("x.csv", rows(1), "Nobody")
            self.drop("x.csv", rows(1, 2), "Рога и копыта")
            self.drop("x.csv", rows(1, 2, 3))
            self.assertEqual(self.report("Рога и копыта", "done", "x.csv")["attributes"]["created"], 2)
            self.assertEqual(self.report("Acme", "done", "x.csv")["attributes"]["created"], 3)
            self.drop("y.csv", rows(1))
            self.report("Acme", "done", "y.csv")
            self.assertEqual(self.names("Nobody"), ["x.csv"])
            self.assertEqual(server.log_text().count("no company 'Nobody'"), 1)

    def test_what_is_not_whole_or_not_meant_is_left_alone(self):
        with self.server():
            for name in ("a.tmp", "b.part", ".hidden", "c.csv~"):
                with open(self.path("Acme", name), "w", encoding="utf-8") as f:
                    f.write(rows(1))
            os.symlink("/etc/hostname", self.path("Acme", "link.csv"))
            with open(self.path("Acme", "slow.csv"), "w", encoding="utf-8") as slow:
                slow.write(HEADER + "\n1;;A;;\n")
                slow.flush()
                old = time.time() - 3600
                os.utime(self.path("Acme", "slow.csv"), (old, old))  # it rests for an hour, and is still open
                self.drop("whole.csv", rows(7))
                self.report("Acme", "done", "whole.csv")
                time.sleep(2.5)  # a look at everything, too
                self.assertIn("slow.csv", self.names("Acme"))
                slow.write("2;;B;;\n")
            self.assertEqual(self.report("Acme", "done", "slow.csv")["attributes"]["created"], 2)
            os.rename(self.path("Acme", "a.tmp"), self.path("Acme", "a.csv"))
            self.assertEqual(self.report("Acme", "done", "a.csv")["attributes"]["records"], 1)
            self.assertEqual(set(self.names("Acme")) - {"done", "processing"}, {"b.part", ".hidden", "c.csv~", "link.csv"})

    def test_files_from_before_the_start_are_taken_oldest_first(self):
        for number in range(3):
            self.drop(f"{9 - number}.csv", HEADER + f"\n1;;Имя {number};;\n")
            old = time.time() - 3600 + number
            os.utime(self.path("Acme", f"{9 - number}.csv"), (old, old))
        self.drop("fresh.csv", rows(5))  # may still be being written by another machine: it is taken when it has rested
        with self.server() as server:
            for number in range(3):
                self.report("Acme", "done", f"{9 - number}.csv")
            self.assertEqual(self.client(server).get("/v4/consumers/1").json["data"]["attributes"]["name"], "Имя 2")
            self.assertEqual([r[0] for r in self.tasks()][:3], [1, 2, 3])
            self.report("Acme", "done", "fresh.csv")

    def test_killed_at_each_step_it_imports_once_and_loses_nothing(self):
        for number, step in enumerate(("moved", "imported", "reported")):
            text = rows(*range(number * 10, number * 10 + 5))
            server = self.server(CLIENTELE_FAULT=f"inbox-{step}")
            self.drop(f"{step}.csv", text)
            server.process.wait(SLOW_S)
            server.log.close()
            self.assertEqual(self.names("Acme", "done").count(f"{step}.csv"), 0)
            with self.server():
                told = self.report("Acme", "done", f"{step}.csv")
                self.assertEqual(told["attributes"]["created"], 5)
                self.wait_for(lambda: not self.names("Acme", "processing"))
            self.assertEqual(len(self.tasks()), number + 1)
            self.assertEqual([n for n in self.names("Acme", "done") if step in n], [f"{step}.csv", f"{step}.csv.report.json"])

    def test_killed_at_random_moments_every_file_is_imported_once(self):
        chance = random.Random(20)
        wanted = 12
        dropped = 0
        while dropped < wanted or self.names("Acme", "processing") or [n for n in self.names("Acme") if n.endswith(".csv")]:
            server = self.server()
            for _ in range(2 if dropped < wanted else 0):
                self.drop(f"{dropped}.csv", rows(*range(dropped * 1000, dropped * 1000 + 300)))
                old = time.time() - 60
                with contextlib.suppress(OSError):  # taken already
                    os.utime(self.path("Acme", f"{dropped}.csv"), (old, old))
                dropped += 1
            time.sleep(chance.uniform(0, 0.8))
            server.kill()
        tasks = self.tasks()
        self.assertEqual(len(tasks), wanted)
        self.assertEqual(len({sha for _, _, sha in tasks}), wanted)
        self.assertEqual({state for _, state, _ in tasks}, {6})
        for number in range(wanted):
            told = self.report("Acme", "done", f"{number}.csv")["attributes"]
            self.assertEqual((told["records"], told["created"]), (300, 300))

    def test_what_is_done_goes_when_its_time_is_over(self):
        with self.server():
            self.drop("old.csv", HEADER + "\n1;a@example.com;A;;\n2;nonsense;B;;\n")
            self.report("Acme", "done", "old.csv")
            self.drop("new.csv", rows(3))
            self.report("Acme", "done", "new.csv")
        with open(self.path("Acme", "done", "mine.txt"), "w", encoding="utf-8") as f:
            f.write("not ours\n")
        old = time.time() - 8 * 86400
        for name in ("old.csv.report.json", "mine.txt"):
            os.utime(self.path("Acme", "done", name), (old, old))
        with self.server():
            self.wait_for(lambda: "old.csv" not in self.names("Acme", "done"))
            self.wait_for(lambda: self.names("Acme", "done") == ["mine.txt", "new.csv", "new.csv.report.json"])

    def test_a_report_may_be_read_by_whom_the_file_may(self):
        with self.server():
            for name, mode in (("open.csv", 0o644), ("closed.csv", 0o600)):
                self.drop(name, HEADER + "\n1;nonsense;A;;\n", mode=mode)
                self.report("Acme", "done", name)
                for end in ("", ".report.json", ".failed.csv"):
                    self.assertEqual(os.stat(self.path("Acme", "done", name + end)).st_mode & 0o777, mode, name + end)
            self.assertEqual(os.stat(self.path("Acme", "done")).st_mode & 0o777, 0o700)

    def test_an_inbox_that_is_none_is_said_at_the_start(self):
        done = harness.run("serve", "--data", self.data, "--listen", "127.0.0.1:0", "--inbox", self.path("missing"), check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("missing", done.stderr)


if __name__ == "__main__":
    unittest.main()
