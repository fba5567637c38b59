# SPDX-License-Identifier: Apache-2.0
"""The promises of docs/promises.md, one test each: the page's own commands, in a fresh folder, and what they do not show."""
import contextlib
import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import harness
from harness import consumer

PAGE = os.path.join(harness.ROOT, "docs", "promises.md")
HEADER = "external_id;email;name;phone;created_at"


def sections():
    """By the first word of its heading: a section's commands."""
    with open(PAGE, encoding="utf-8") as f:
        parts = re.split(r"^## ", f.read(), flags=re.M)[1:]
    return {part.split()[0]: "".join(re.findall(r"^```sh\n(.*?)^```", part, re.M | re.S)) for part in parts}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Openings(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="clientele-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def shell(self, commands, env):
        """A shell of its own; what it leaves running, when a command failed, ends with it."""
        streams = [open(os.path.join(self.folder, name), "w+b") for name in ("stdout", "stderr")]
        process = subprocess.Popen(["bash", "-e", "-c", commands], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=streams[0], stderr=streams[1],
                                   start_new_session=True, env={**os.environ, **env})
        try:
            code = process.wait(90)
        except subprocess.TimeoutExpired:
            code = "it does not end"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        said = []
        for stream in streams:
            with stream:
                stream.seek(0)
                said.append(stream.read().decode())
        return code, *said

    def page(self, name):
        """Pastes the section's commands into a shell and looks for what the page says they print, in its order."""
        part, folder = sections(), self.folder
        self.assertIn("# →", part[name], "the page shows what comes of it")
        link = os.path.join(folder, "bin")
        os.mkdir(link)
        os.symlink(harness.BIN, os.path.join(link, "clientele"))
        commands = (part["Before"] + part[name]).replace("8080", str(free_port())).replace("8090", str(free_port()))
        code, said, complained = self.shell(commands, {"PATH": link + ":" + os.environ["PATH"], "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})
        printed = said + complained
        self.assertEqual(code, 0, printed)
        self.data, rest = os.path.join(folder, "demo", "data"), {True: said, False: complained}
        for line in re.findall(r"^# → (.*)$", part[name], re.M):
            pattern = ".*?".join(map(re.escape, line.split("…")))
            for stream in (True, False):  # what goes wrong is said on the other stream
                found = re.search(pattern, rest[stream])
                if found:
                    rest[stream] = rest[stream][found.end():]
                    break
            self.assertTrue(found, f"'{line}' is not printed, or not there:\n{printed}")

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def command(self, *words, check=True):
        return harness.run(*words, "--data", self.data, check=check)

    def load(self, path, *options):
        return json.loads(self.command("import", path, "--json", *options, check=False).stdout)

    def everybody(self):
        return {c["external_id"]: c for c in (json.loads(line)["attributes"] for line in self.command("export", "--format", "jsonl").stdout.splitlines())}

    # --- the promises ---

    def test_o1_undo_gives_updated_values_back_and_spares_what_was_changed_since(self):
        self.page("O1")
        people = self.everybody()
        self.assertEqual({k: c["custom_attributes"]["Регион"] for k, c in people.items()}, {"1": "99", "2": "74", "3": "74"})
        # a field that somebody changed by API since stays, the customer's other ones come back; the list says who and both values
        with harness.Server(self.data) as server:
            c = harness.Client(server, harness.new_token(self.data, "Demo"))
            task = self.load(self.file("two.csv", HEADER + ";Регион\n2;;Новое имя;;;50\n"))
            self.assertEqual(c.put("/v4/consumers/2", consumer(custom_attributes={"Регион": "51"})).status, 200)
            said = self.command("task", "undo", task["import_task"]).stdout
            self.assertIn("partly 1", said)
            self.assertIn("2: Регион was changed since", said)
            c.close()
        now = self.everybody()["2"]
        self.assertEqual((now["name"], now["custom_attributes"]["Регион"]), ("Борис", "51"))
        self.assertGreater(now["updated_at"], people["2"]["updated_at"])

    def test_o2_every_row_is_accounted_for_and_the_failed_ones_go_back_in(self):
        self.page("O2")
        lines = [HEADER] + [f"{i};{'bad' if i % 4 == 0 else f'q{i}@example.com'};N;;2018-01-01" for i in range(100, 500)] + ["", ";;no key;;", "100;;again;;"]
        result = self.load(self.file("mixed.csv", "\n".join(lines)), "--go-on")
        states = [result[k] for k in ("created", "updated", "unchanged", "skipped", "failed")]
        self.assertEqual((sum(states), result["records"], result["failed"]), (402, 402, 101))
        for kind in ("csv", "xlsx"):
            path = os.path.join(self.folder, "failed." + kind)
            self.command("task", "failed-rows", result["import_task"], "--format", kind, "--output", path)
            rows = [json.loads(line) for line in harness.run("rows", path).stdout.splitlines()]
            self.assertEqual((len(rows), rows[0]), (102, HEADER.split(";") + ["import_error"]))
            self.assertTrue(all(row[5].endswith("]") and ": " in row[5] for row in rows[1:]), "each has its reason")
        again = self.load(path, "--go-on")
        self.assertEqual((again["failed"], again["corrects"]), (101, result["import_task"]), "a workbook of failed rows is known, too")

    def test_o3_a_dry_run_of_the_whole_file_with_every_field_that_would_change(self):
        self.page("O3")
        old = "".join(f"{i};q{i}@example.com;Name {i};;2018-01-01\n" for i in range(5000))
        self.load(self.file("old.csv", HEADER + "\n" + old))
        before = self.command("export", "--format", "jsonl").stdout
        new = "".join(f"{i};q{i}@example.com;{'Other' if i % 2 else 'Name'} {i};;2018-01-01\n" for i in range(6000))
        path = self.file("new.csv", HEADER + "\n" + new)
        trial = self.load(path, "--dry-run")
        self.assertEqual((trial["created"], trial["updated"], trial["unchanged"]), (1000, 2500, 2500))
        diff = list(csv.reader(io.StringIO(self.command("task", "diff", trial["import_task"]).stdout.lstrip("\ufeff")), delimiter=";"))
        changes = [row for row in diff if row[3] == "update"]
        self.assertEqual(len(changes), 2500, "no sample: all of them")
        self.assertEqual(changes[-1][:7], ["5000", "5001", "4999", "update", "name", "Name 4999", "Other 4999"])
        self.assertEqual(self.command("export", "--format", "jsonl").stdout, before, "nothing was written")
        done = self.load(path)
        self.assertEqual([done[k] for k in ("created", "updated", "unchanged")], [trial[k] for k in ("created", "updated", "unchanged")])

    def test_o4_killed_in_the_middle_it_goes_on_exactly_once(self):
        self.page("O4")
        result = json.loads(self.command("task", "show", "1").stdout)
        self.assertEqual((result["state"], result["created"], result["records"]), ("completed", 200000, 200000))
        # again with changes of customers who are there, killed more than once: every change is in the trail once, and undo takes all of it
        before = self.command("export", "--format", "jsonl").stdout
        path = self.file("many.csv", HEADER + "\n" + "".join(f"{i};p{i}@example.com;Changed {i};;2018-01-01\n" for i in range(1, 60001)))
        server = harness.Server(self.data)
        token = harness.new_token(self.data, "Demo")
        with open(path, "rb") as f:
            client = harness.Client(server, token)
            task = client.post("/v4/import_tasks", f.read(), content_type="text/csv").json["data"]["id"]
            client.close()
        kills = 0
        while kills < 3:
            time.sleep(0.15)
            if json.loads(self.command("task", "show", task).stdout)["state"] == "completed":
                break
            server.kill()
            kills += 1
            server = harness.Server(self.data)
        self.assertGreater(kills, 0, "it was killed in the middle")
        with server:
            until = time.monotonic() + 120
            while json.loads(self.command("task", "show", task).stdout)["state"] != "completed" and time.monotonic() < until:
                time.sleep(0.1)
        done = json.loads(self.command("task", "show", task).stdout)
        self.assertEqual((done["state"], done["updated"], done["records"]), ("completed", 60000, 60000))
        self.command("task", "undo", task)
        strip = lambda text: re.sub(r'"updated_at":"[^"]*"', "", text)
        self.assertEqual(strip(self.command("export", "--format", "jsonl").stdout), strip(before))

    def test_o5_an_encoding_is_never_guessed(self):
        self.page("O5")
        self.assertEqual(self.everybody()["1"]["name"], "Анна")
        text = "external_id;email;name;phone;created_at\n1;;Имя;;\n2;;Ёлка;;\n"
        path = os.path.join(self.folder, "late.csv")
        with open(path, "wb") as f:  # good to the last line but one
            f.write((HEADER + "\n" + "1;;ok;;\n" * 3000).encode() + "2;;Ёж;;\n".encode("koi8-r"))
        told = self.load(path)
        self.assertEqual((told["state"], told["failure"]["line"], told["failure"]["column"], told["failure"]["byte"]), ("failed", 3002, 4, 0xB3))
        shown = json.loads(self.command("task", "show", told["import_task"]).stdout)
        names = {e["encoding"]: e["lines"][-1]["cells"][2] for e in shown["analysis"]["encodings"] if e["encoding"] in ("KOI8-R", "windows-1251")}
        self.assertEqual((names["KOI8-R"], names["windows-1251"]), ("Ёж", "іЦ"), "the same line in each")
        for encoding in ("windows-1251", "koi8-r", "utf-16-le"):
            with open(path, "wb") as f:
                f.write(text.encode(encoding))
            self.assertEqual(self.load(path)["state"], "failed" if encoding != "utf-16-le" else self.load(path)["state"])
            self.assertNotIn("\ufffd", self.command("export", "--format", "jsonl").stdout, "nothing is replaced")
            self.assertEqual(self.load(path, "--encoding", encoding, "--delimiter", ";")["failed"], 0)
            self.assertEqual(self.everybody()["2"]["name"], "Ёлка")

    def test_o6_damaged_phones_and_ids_are_told(self):
        self.page("O6")
        people = self.everybody()
        self.assertEqual(list(people), ["009"], "leading zeros stay, damaged ids are no customers")
        self.assertEqual(self.load(self.file("long.csv", HEADER + "\n347771386000123;;A;;\n12345678901234567890;;B;;\n"))["created"], 2)
        self.assertIn("12345678901234567890", self.everybody(), "digits of a text file are all kept")

    def test_o7_nothing_runs_and_all_comes_back(self):
        self.page("O7")
        nasty = ["=1+1", "+1+1", "-1+1", "@x", "\t=1", "\r=1", "'=1", "＝1", "-", "=cmd|' /C calc'!A0", "[clear]", "+79161234567", "-5"]
        with harness.Server(self.data) as server:
            c = harness.Client(server, harness.new_token(self.data, "Demo"))
            for i, text in enumerate(nasty):
                self.assertEqual(c.post("/v4/consumers", consumer(external_id=f"n{i}", custom_attributes={"note": text, "=key": text})).status, 201)
            c.close()
        before = self.everybody()
        for kind in ("csv", "xlsx", "jsonl"):
            path = os.path.join(self.folder, "all." + kind)
            self.command("export", "--format", kind, "--output", path)
            if kind == "csv":
                with open(path, encoding="utf-8-sig", newline="") as f:
                    for row in csv.reader(f, delimiter=";"):
                        for cell in row:
                            self.assertFalse(re.match(r"[=@\t\r＝]|[+-](?![0-9.]+\Z)", cell), cell)
            result = self.load(path)
            self.assertEqual((result["unchanged"], result["records"]), (len(before), len(before)), kind)
        self.assertEqual(self.everybody(), before)

    def test_o8_the_same_content_and_the_same_request_are_known(self):
        self.page("O8")
        with harness.Server(self.data) as server:
            c = harness.Client(server, harness.new_token(self.data, "Demo"))
            with open(os.path.join(self.folder, "demo", "people.csv"), "rb") as f:
                answer = c.post("/v4/import_tasks", f.read(), content_type="text/csv")
            until = time.monotonic() + 30
            while not (task := c.get(answer.headers["Location"]).json["data"])["attributes"]["finished_at"] and time.monotonic() < until:
                time.sleep(0.05)
            self.assertEqual((task["meta"]["same_content_as"], task["attributes"]["unchanged"]), ("4", 3), "known, whatever its name and way in")
            key = {"Idempotency-Key": '"k-1"'}
            file = f"{HEADER}\n900;;A;;\n".encode()
            answers = [c.post("/v4/import_tasks", file, content_type="text/csv", headers=key) for _ in range(3)]
            self.assertEqual(len({a.json["data"]["id"] for a in answers}), 1)
            other = c.post("/v4/import_tasks", file + b"901;;B;;\n", content_type="text/csv", headers=key)
            self.assertIn(other.status, (409, 422), "the same key for another file is a mistake")
            c.close()
        other = self.load(self.file("other.csv", HEADER + "\n1;;A;;\n"))
        self.assertNotIn("same_content_as", other)

    def test_o9_one_message_tells_of_an_import_and_where_to_read_whom(self):
        self.page("O9")

    def test_o10_a_header_that_is_nearly_another_one_is_flagged(self):
        self.page("O10")
        for header, near in {"Телефон клиента": "phone", "E-mail 2": "email", "created_at1": "created_at", "nmae": "name"}.items():
            result = self.load(self.file("n.csv", f"{HEADER};{header}\n1;;A;;;x\n"))
            column = result["columns"][-1]
            self.assertEqual((column["becomes"], column.get("warning"), column.get("near")), ("custom_attributes", "near_miss", near), header)
        for header in ("Город", "ltv", "Скидка"):
            self.assertNotIn("warning", self.load(self.file("n.csv", f"{HEADER};{header}\n1;;A;;;x\n"))["columns"][-1])

    def test_the_page_has_every_promise(self):
        names = [name for name in sections() if name.startswith("O")]
        self.assertEqual(names, ["O1", "O2", "O3", "O4", "O5", "O6", "O7", "O8", "O9", "O10"])
        for name in names:
            self.assertTrue(any(test.startswith(f"test_{name.lower()}_") for test in dir(self)), name)


if __name__ == "__main__":
    unittest.main()
