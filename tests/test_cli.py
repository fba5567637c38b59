# SPDX-License-Identifier: Apache-2.0
"""The commands as an operator runs them, with and without a server on the same data."""
import csv
import json
import os
import re
import stat
import subprocess
import unittest

import harness

FILE = ("external_id;email;name;phone;created_at;Город\r\n"
        "1;anna@example.com;Анна;+7 900 000-00-01;2018-01-01 00:11:22;Омск\r\n"
        "2;no at sign;Борис;;;\r\n"
        "003;;Вера;;;=1+1\r\n").encode()


class Cli(unittest.TestCase):
    def setUp(self):
        context = harness.temporary_data("Test")
        self.data = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)

    def command(self, words, *arguments, **more):
        return harness.run(*words.split(), "--data", self.data, *arguments, **more)

    def fails(self, code, words, *arguments, **more):
        done = self.command(words, *arguments, check=False, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = done.stderr.strip().splitlines()
        self.assertEqual(len(lines), 1, "one line that says what to do")
        self.assertTrue(lines[0].startswith("clientele: "), lines[0])
        return lines[0]

    def path(self, name, content):
        path = os.path.join(self.data, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def test_every_command_has_help(self):
        listed = re.findall(r"^  ([a-z-]+(?: [a-z-]+)?)  ", harness.run("--help").stdout, re.M)
        self.assertGreaterEqual(len(listed), 20)
        for name in listed:
            shown = harness.run(*name.split(), "--help").stdout
            self.assertTrue(shown.startswith(f"usage: clientele {name} "), name)
            self.assertIn("Exit codes:", shown)

    def test_wrong_words_say_what_to_do(self):
        for arguments, code in ((("nonsense",), 2), (("company", "nonsense"), 2), (("import",), 2), (("export", "--data", self.data), 2),
                                (("rows",), 2), (("rows", "--colour", "red", "x"), 2), (("token", "create", "--data", self.data), 2),
                                (("import", "--data", "/nonexistent", "x"), 5), (("export", "--data", self.data, "--company", "No", "--format", "csv"), 5)):
            done = harness.run(*arguments, check=False)
            self.assertEqual(done.returncode, code, (arguments, done.stderr))
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_the_data_is_the_owners_alone(self):
        for folder, _, files in os.walk(self.data):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode) & 0o077, 0, folder)
            for name in files:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) & 0o077, 0, name)
        done = self.command("init", "--company", "X", "--admin", "a@example.com", "--password-file", self.path("pw", b"long enough\n"), check=False)
        self.assertNotEqual(done.returncode, 0, "a directory that is in use is not made anew")

    def test_companies(self):
        self.command("company create", "Second", "--zone", "Asia/Yekaterinburg")
        self.command("company rename", "Second", "Вторая")
        listed = self.command("company list").stdout
        self.assertIn("Вторая", listed)
        self.assertIn("Asia/Yekaterinburg", listed)
        self.assertIn("--company", self.fails(2, "export", "--format", "csv"))
        self.fails(2, "company delete", "Вторая")
        self.command("company delete", "Вторая", "--yes")
        self.assertNotIn("Вторая", self.command("company list").stdout)
        self.fails(5, "company create", "Third", "--zone", "Mars/Olympus")

    def test_users(self):
        link = self.command("user create", "boss@example.com").stdout.strip()
        self.assertRegex(link, r"^http://127\.0\.0\.1:8080/cabinet/invite#[A-Za-z0-9_-]{43}$")
        self.command("user role", "boss@example.com", "company_moderator")
        self.command("user disable", "boss@example.com")
        listed = self.command("user list").stdout
        self.assertRegex(listed, r"boss@example\.com\s.*company_moderator")
        self.assertIn("disabled", listed)
        self.command("user enable", "boss@example.com")
        again = self.command("user reset-password", "boss@example.com").stdout.strip()
        self.assertNotEqual(again, link)
        self.fails(5, "user role", "nobody@example.com", "company_moderator")
        self.assertIn("the last one in charge", self.fails(1, "user disable", "admin@example.com"))
        self.command("user create", "second@example.com", "--role", "admin")
        self.fails(2, "user create", "third@example.com", "--role", "admin", "--company", "Test")
        self.fails(2, "user role", "second@example.com", "company_manager")
        self.command("company create", "Other")
        self.command("user create", "boss@example.com", "--company", "Other")
        self.assertIn("--company", self.fails(2, "user disable", "boss@example.com"))
        self.command("user disable", "boss@example.com", "--company", "Other")

    def test_tokens(self):
        token = harness.new_token(self.data, "Test")
        self.assertRegex(token, r"^[A-Za-z0-9_-]{43}$")
        self.assertEqual(self.command("token show", "1").stdout.strip(), token)
        kept = self.command("token create", "--name", "old", "--value-file", self.path("key", b"old-key-of-the-integration\n")).stdout
        self.assertEqual(kept, "old-key-of-the-integration\n")
        self.command("token create", "--name", "short", "--expires", "1d")
        listed = self.command("token list").stdout
        self.assertNotIn(token, listed)
        self.assertIn("expires", listed)
        self.command("token revoke", "old")
        self.assertIn("revoked", self.command("token list").stdout)
        with harness.Server(self.data) as server:
            for key, status in ((token, 200), ("old-key-of-the-integration", 401)):
                c = harness.Client(server, key)
                self.assertEqual(c.get("/v4/consumers").status, status)
                c.close()
            # Kept in memory and written down now and then: the list is right at once, and after the end.
            while_it_runs = self.command("token list").stdout.splitlines()
            self.assertRegex(while_it_runs[0], r"\tall\texpires 20.*\tused 20")
            self.assertIn("\tused never", while_it_runs[2])
        self.assertEqual(self.command("token list").stdout.splitlines(), while_it_runs)

    def test_a_token_lasts_two_years_at_most(self):
        import datetime
        self.command("token create", "--name", "usual")
        year = (datetime.date.today() + datetime.timedelta(days=730)).year
        self.assertIn(f"expires {year}-", [line for line in self.command("token list").stdout.splitlines() if "usual" in line][0])
        self.command("token create", "--name", "longest", "--expires", "730d")
        self.assertIn("at most 730 days", self.fails(1, "token create", "--name", "longer", "--expires", "800d"))
        with harness.Server(self.data, "--token-max-days", "10"):
            self.fails(1, "token create", "--name", "longer", "--expires", "20d")
            self.command("token create", "--name", "ten", "--expires", "10d")

    def test_import_says_what_became_of_every_row(self):
        path, errors = self.path("in.csv", FILE), os.path.join(self.data, "errors.csv")
        trial = json.loads(self.command("import", path, "--dry-run", "--json", check=False).stdout)
        self.assertEqual((trial["created"], trial["failed"], trial["records"]), (2, 1, 3))
        self.assertEqual(self.command("export", "--format", "jsonl").stdout, "", "a dry run writes nothing")
        done = self.command("import", path, "--errors", errors, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("3 rows = 2 created + 0 updated + 0 unchanged + 0 skipped + 1 failed", done.stdout)
        self.assertIn("line 3: email 'no at sign' is not an e-mail address", done.stdout)
        with open(errors, encoding="utf-8-sig", newline="") as f:
            table = list(csv.reader(f, delimiter=";"))
        self.assertEqual(table, [["record", "line", "column", "value", "code", "reason", "other_id"],
                                 ["2", "3", "email", "no at sign", "email_invalid", "is not an e-mail address", ""]])
        russian = self.command("import", path, "--lang", "ru", check=False).stdout
        self.assertIn("3 строки = 0 добавлено + 0 обновлено + 2 без изменений + 0 пропущено + 1 не загружено", russian)

    def test_update_only_and_blank_missing(self):
        short = self.path("short.csv", "external_id;Баллы\n1;5\nnobody;7\n".encode())
        self.assertIn("email", self.fails(4, "import", short))
        self.command("import", self.path("in.csv", FILE), check=False)
        result = json.loads(self.command("import", short, "--update-only", "--json", check=False).stdout)
        self.assertEqual((result["updated"], result["skipped"], result["created"]), (1, 1, 0))
        result = json.loads(self.command("import", short, "--blank-missing", "--json").stdout)
        self.assertEqual((result["unchanged"], result["created"]), (1, 1))

    def test_an_export_imported_again_changes_nothing(self):
        self.command("import", self.path("in.csv", FILE), check=False)
        lines = ['{"external_id":"[clear]","name":"=1+1","custom_attributes":{"email":"x","n":1.10,"o":{"a":[1]},"t":true,"s":"1"}}',
                 '{"external_id":"b","unsubscribed":true,"first_name":"Б","custom_attributes":{"[clear]":"[clear]"}}']
        self.command("import", self.path("in.jsonl", "\n".join(lines).encode()), "--format", "jsonl")
        for kind in ("csv", "xlsx", "jsonl"):
            out = os.path.join(self.data, "out." + kind)
            self.command("export", "--format", kind, "--output", out)
            result = json.loads(self.command("import", out, "--json").stdout)
            self.assertEqual((result["unchanged"], result["records"]), (4, 4), (kind, result))

    def test_sample_is_a_file_that_imports(self):
        for kind in ("csv", "xlsx"):
            sample = subprocess.run([harness.BIN, "sample", "--format", kind], capture_output=True, check=True).stdout
            path = self.path("sample." + kind, sample)
            rows = [json.loads(x) for x in harness.run("rows", path).stdout.splitlines()]
            self.assertEqual(rows[0][:5], ["external_id", "email", "name", "phone", "created_at"])
            self.assertEqual([r[0] for r in rows[1:]], ["primer-1", "primer-2", "primer-3"])
            result = json.loads(self.command("import", path, "--json").stdout)
            self.assertEqual(result["failed"], 0)

    def test_rows_prints_what_the_importer_reads(self):
        path = self.path("rows.csv", "\ufeffa;b\r\n\r\n\"x\ny\";\r\n".encode())
        self.assertEqual(harness.run("rows", path).stdout, '["a","b"]\n["x\\ny",""]\n')
        path = self.path("old.csv", "имя,город\nАнна,Омск\n".encode("cp1251"))
        done = harness.run("rows", path, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("windows-1251", done.stderr)
        self.assertEqual(harness.run("rows", path, "--encoding", "windows-1251", "--delimiter", ",").stdout, '["имя","город"]\n["Анна","Омск"]\n')

    def test_commands_work_while_a_server_runs(self):
        with harness.Server(self.data) as server:
            token = harness.new_token(self.data)
            done = self.command("import", self.path("in.csv", FILE), "--json", check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertEqual(json.loads(done.stdout)["created"], 2)
            c = harness.Client(server, token)
            self.assertEqual(c.get("/v4/consumers/003").json["data"]["attributes"]["name"], "Вера")
            c.close()
            self.assertIn("003", self.command("export", "--format", "csv").stdout)
            self.fails(6, "serve", "--listen", "127.0.0.1:0")

    def test_serve_is_configured_by_file_variable_and_option(self):
        ini = self.path("c.ini", f"[server]\ndata = {self.data}\nlisten = 127.0.0.1:0\nupload_limit = 1K\n".encode())
        process = subprocess.Popen([harness.BIN, "serve", "--config", ini], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env={**os.environ, "CLIENTELE_LOG_LEVEL": "debug"})
        line = process.stdout.readline()
        self.assertRegex(line, r"listening on http://127\.0\.0\.1:\d+")
        process.terminate()
        self.assertEqual(process.wait(30), 0, "SIGTERM finishes and exits 0")
        process.stdout.close()
        self.fails(2, "serve", "--threads", "none")
        bad = self.path("bad.ini", b"listen 1\n")
        self.assertIn("line 1", self.fails(2, "serve", "--config", bad))

    def test_a_list_in_a_variable_has_spaces_or_commas_between(self):
        ini = self.path("l.ini", b"listen = 127.0.0.1:0\n")
        for given, count in (("127.0.0.1:0", 1), ("127.0.0.1:0 127.0.0.2:0", 2), ("127.0.0.1:0, 127.0.0.2:0,127.0.0.3:0", 3), (" ,127.0.0.1:0, ", 1)):
            process = subprocess.Popen([harness.BIN, "serve", "--data", self.data, "--config", ini], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, env={**os.environ, "CLIENTELE_LISTEN": given})
            lines = [process.stdout.readline() for _ in range(count)]
            process.terminate()
            lines += process.stdout.readlines()
            self.assertEqual(process.wait(30), 0)
            process.stdout.close()
            self.assertEqual(len([line for line in lines if line.startswith("listening on")]), count, given)
        done = subprocess.run([harness.BIN, "serve", "--data", self.data], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "CLIENTELE_TRUSTED_PROXY": "127.0.0.1,nowhere"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nowhere", done.stderr)

    def test_every_setting_is_in_the_documented_file_and_an_option(self):
        with open(os.path.join(harness.ROOT, "src/cli/config.c"), encoding="utf-8") as f:
            table = re.search(r"names\[\] = \{(.*?)\};", f.read(), re.S).group(1)
        with open(os.path.join(harness.ROOT, "docs/clientele.ini"), encoding="utf-8") as f:
            documented = set(re.findall(r"^(?:# )?([a-z_]+) = ", f.read(), re.M))
        settings = set(re.findall(r'"([a-z_]+)"', table))
        self.assertEqual(documented, settings)
        said = harness.run("serve", "--help").stdout
        options = set(re.findall(r"--([a-z-]+)", said)) - {"config", "commit-each", "help", "lang"}
        self.assertEqual(options, {name.replace("_", "-") for name in settings})


if __name__ == "__main__":
    unittest.main()
