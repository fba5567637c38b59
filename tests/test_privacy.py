# SPDX-License-Identifier: Apache-2.0
"""What belongs to customers stays with them: files are the owner's alone and have names that nobody guesses; a log names no
customer."""
import json
import os
import re
import stat
import time
import unittest

import harness
from harness import consumer

HEADER = "external_id;email;name;phone;created_at;Секрет"


class Privacy(unittest.TestCase):
    def setUp(self):
        self.data = self.enterContext(harness.temporary_data())

    def wait(self, client, task):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            answer = client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]
            if answer["state"] in ("completed", "completed_with_errors", "failed"):
                return answer
            time.sleep(0.05)
        raise AssertionError(answer)

    def test_no_value_of_a_customer_is_in_the_log(self):
        """A busy time with all that can go wrong; then the log is searched for every value that was used."""
        used = []

        def value(kind, i):
            text = {"email": f"zq{i}e@secret-host.example", "name": f"Zqимя{i}", "phone": f"+7999555{i:04d}", "id": f"zqid-{i}", "note": f"zqnote{i}"}[kind]
            used.append(text)
            return text

        def line(i, **wrong):
            cells = {"id": value("id", i), "email": value("email", i), "name": value("name", i), "phone": value("phone", i), "at": "2018-01-01", "note": value("note", i)}
            return ";".join({**cells, **wrong}.values())

        good = [line(i) for i in range(50)]
        bad = [line(60, email="zqbad at secret-host"), line(61, at="zq-tomorrow"), line(62, phone="7.9E+10"), line(63, email=used[1]), line(64, id=""), line(65) + ";zqextra",
               line(66, id="zq\x01control"), line(67, name="z" * 5000)]
        used += ["zqbad at secret-host", "zq-tomorrow", "7.9E+10", "zqextra", "zq\x01control", "z" * 50]
        files = {"good.csv": "\n".join([HEADER] + good + bad), "one_column.csv": "zqheader\nzqvalue1\nzqvalue2\n", "missing.csv": "zqcolumn;zqother\nzqcell;zqcell2\n",
                 "quote.csv": HEADER + '\n"zqopen;\n', "koi.csv": None, "hopeless.csv": "\n".join([HEADER] + [f"h{i};zqhopeless{i};;;;" for i in range(300)]),
                 "broken.xlsx": "PK\x03\x04zqbroken", "lines.jsonl": '{"external_id":"zqj","email":"zqbadmail"}\n{zqnot json\n'}
        used += ["zqheader", "zqvalue", "zqcolumn", "zqother", "zqcell", "zqopen", "zqhopeless", "zqbroken", "zqj", "zqbadmail", "zqnot json", "zqkoi", "zqbody", "zqpath", "zqname.csv"]
        with harness.Server(self.data) as server:
            c = harness.Client(server, harness.new_token(self.data))
            for name, text in files.items():
                content = f"{HEADER}\n1;;zqkoi Ёж;;;\n".encode("koi8-r") if text is None else text.encode()
                answer = c.post(f"/v4/import_tasks?file_name=zqname.csv&start=auto", content, content_type="application/x-ndjson" if name.endswith("jsonl") else "text/csv")
                self.assertEqual(answer.status, 202, answer)
                self.wait(c, answer.json["data"]["id"])
            for body in (consumer(external_id="zqid-1", email="zqbody@secret-host.example"), '{"data":{"attributes":{"name":zqbody', consumer(external_id="zqbody2", email="zqbody"),
                         consumer(external_id={"zqbody": 1}), consumer(created_at="zqbody")):
                self.assertGreaterEqual(c.post("/v4/consumers", body).status, 400)
            c.get("/v4/consumers/zqpath%00"), c.get("/v4/consumers/zqpath"), c.put("/v4/consumers/zqpath%2Fzqpath", consumer(email="zqbody")), c.get("/v4/zqpath?email=zqbody")
            task = json.loads(harness.run("import", "--data", self.data, os.devnull, "--json", check=False).stdout or "{}")
            self.assertNotEqual(task.get("state"), "completed")
            harness.run("task", "undo", "--data", self.data, "1")
            c.close()
        log = server.log_text()
        self.assertIn("import task", log, "the log does tell what happened")
        for text in used:
            self.assertNotIn(text, log)
        self.assertNotRegex(log, r"(?i)zq")

    def test_files_are_the_owners_alone_and_have_random_names(self):
        with harness.Server(self.data) as server:
            c = harness.Client(server, harness.new_token(self.data))
            text = f"{HEADER}\n1;bad;A;;;\n2;;B;;;\n"
            names = set()
            for start in ("auto", "manual"):
                answer = c.post(f"/v4/import_tasks?file_name=../../clients.csv&start={start}", text + f"{start};;;;;\n", content_type="text/csv")
                self.assertEqual(answer.status, 202, answer)
                names.add(answer.json["data"]["id"])
            self.wait(c, answer.json["data"]["id"]) if start == "auto" else time.sleep(0.5)
            c.close()
        uploads = os.path.join(self.data, "uploads")
        files = os.listdir(uploads)
        self.assertGreaterEqual(len(files), 2)
        for name in files:
            self.assertRegex(name, r"\A[0-9a-f]{32}(\.[a-z.]+)?\Z", "random, and nothing of the file's own name")
        for folder, _, inside in os.walk(self.data):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode) & 0o077, 0, folder)
            for name in inside:
                if name != "test-server.log":  # the test's own
                    self.assertEqual(stat.S_IMODE(os.lstat(os.path.join(folder, name)).st_mode) & 0o077, 0, name)
        for words in (("export", "--format", "csv"), ("export", "--format", "xlsx"), ("task", "failed-rows", "1"), ("import", os.path.join(uploads, sorted(files, key=len)[0]), "--errors")):
            out = os.path.join(self.data, "out")
            if words[-1] == "--errors":
                harness.run(*words, out, "--data", self.data, check=False)
            else:
                harness.run(*words, "--output", out, "--data", self.data)
            self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600, words)
            os.unlink(out)
        self.assertFalse([name for name in os.listdir(uploads) if re.search(r"xlsx|tmp", name)], "what was made for a download is gone")


if __name__ == "__main__":
    unittest.main()
