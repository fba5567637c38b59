# SPDX-License-Identifier: Apache-2.0
"""Findings and their repairs, from a file with one of each to the undo of what the repairs wrote."""
import csv
import io
import json
import os
import time
import unittest
import zipfile
from urllib.parse import quote

import harness

HEADER = ["ID клиента", "Почта", "ФИО", "Телефон", "Дата создания", "ltv", "vip", "код", "отказ"]
ROWS = [
    ["1000001", "a@x.ru", "-", "8 900 000-00-01", "13/01/2018", "12,50", "ИСТИНА", "АB-1", "1"],
    ["1000002", "b@mail,ru", "Пётр", "89000000002", "01/02/2018", "1 234,5", "ЛОЖЬ", "AB-2", "2"],
    ["1000003", "no@x.ru", "Н/Д", "7,9E+10", "02/02/2018", "7", "да", "AB-3", "3"],
    ["1000004", "no@x.ru", "Иван", "+79000000004", "03/02/2018", "8.5", "нет", "AB-4", "4"],
    ["1000005", "no@x.ru", "нет", "4276123456789010000", "03/02/2018", "9", "да", "AB-5", "5"],
    ["1000006", "NO@x.ru", "Иван", "79000000006 ", "03/02/2018", "-", "да", "AB-6", "нет ответа"],
    ["900007", "сc@x.ru", "Иван", "79000000007", "03/02/2018", "10", "да", "AB-7", "7"],
]
FOUND = {
    ("lost_zeros", "ID клиента"): 1, ("lookalike_letters", "Почта"): 1, ("email_comma", "Почта"): 1,
    ("shared_email", "Почта"): 4, ("no_data", "ФИО"): 2, ("bare_no", "ФИО"): 1,
    ("scientific_number", "Телефон"): 1, ("lost_digits", "Телефон"): 1, ("phone_8", "Телефон"): 2,
    ("outer_spaces", "Телефон"): 1, ("slashed_dates", "Дата создания"): 7, ("no_data", "ltv"): 1,
    ("decimal_comma", "ltv"): 2, ("boolean_words", "vip"): 7, ("lookalike_letters", "код"): 1,
}


def table(rows, header=HEADER, delimiter=";"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows([header, *rows])
    return out.getvalue()


def workbook(rows):
    """rows: a list of (hidden, cells); a cell is (type, value)."""
    def cell(kind, value):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>' if kind == "s" else f'<c t="{kind}"><v>{value}</v></c>'
    sheet = "".join(f'<row r="{n}"{" hidden=" + chr(34) + "1" + chr(34) if hidden else ""}>{"".join(cell(*c) for c in cells)}</row>'
                    for n, (hidden, cells) in enumerate(rows, 1))
    main, relations = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        z.writestr("_rels/.rels", f'<Relationships xmlns="{package}"><Relationship Id="a" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        z.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>')
        z.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}"><Relationship Id="b" Type="{relations}/worksheet" Target="worksheets/s.xml"/></Relationships>')
        z.writestr("xl/worksheets/s.xml", f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>')
    return out.getvalue()


class Company:
    """A company that imports are made into by command line."""

    def __init__(self, data):
        self.data = data
        self.path = os.path.join(data, "in.file")

    def do(self, body, *options, code=0):
        with open(self.path, "wb") as f:
            f.write(body if isinstance(body, bytes) else body.encode())
        done = harness.run("import", "--data", self.data, "--json", *options, self.path, check=False)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def show(self, task):
        return json.loads(harness.run("task", "show", "--data", self.data, task).stdout)

    def diff(self, task):
        text = harness.run("task", "diff", "--data", self.data, task).stdout
        return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))

    def undo(self, task):
        harness.run("task", "undo", "--data", self.data, task)

    def everybody(self):
        lines = harness.run("export", "--data", self.data, "--format", "jsonl").stdout.splitlines()
        found = (json.loads(line) for line in lines)
        found = (c.get("attributes", c) for c in found)
        return {c["external_id"]: c for c in found}


class FindingsCase(unittest.TestCase):
    def setUp(self):
        holder = harness.temporary_data()
        self.company = Company(holder.__enter__())
        self.addCleanup(holder.__exit__, None, None, None)


class TestFindings(FindingsCase):
    def test_one_of_each_is_found_repaired_imported_and_undone(self):
        c = self.company
        tried = c.do(table(ROWS), "--dry-run", code=3)
        found = tried["findings"]
        self.assertEqual({(f["code"], f["column"]): f["count"] for f in found}, FOUND)
        self.assertIs(tried["findings_complete"], True)
        for finding in found:
            self.assertTrue(finding["message"]["ru"] and finding["message"]["en"])
            self.assertTrue(all(e["line"] in range(2, 9) for e in finding["examples"]))
            self.assertFalse(finding.get("accepted"))
        eight = next(f for f in found if f["code"] == "phone_8")
        self.assertEqual(eight["examples"][0], {"line": 2, "old": "8 900 000-00-01", "new": "+7 900 000-00-01"})
        self.assertEqual(eight["offer"], {"en": "Repair all 2", "ru": "Исправить все 2"})
        self.assertEqual(eight["repair"], "phone_8_to_7")
        # Unasked nothing is repaired.
        self.assertEqual((tried["failed"], tried["dry_run_result"]["warnings"].get("repaired")), (7, None))

        # All of them accepted, as the findings themselves say.
        repairs = [r for f in found for r in f.get("accept", {}).get("repairs", [])]
        accept = ("--repairs", json.dumps(repairs), "--date-order", "dmy")
        tried = c.do(table(ROWS), "--dry-run", *accept)
        self.assertEqual((tried["created"], tried["failed"], tried["with_warnings"]), (7, 0, 7))
        repaired = tried["dry_run_result"]["warnings"]["repaired"]
        self.assertEqual(repaired, 25)
        for finding in tried["findings"]:
            self.assertIs(finding.get("accepted", True), True, finding)
        by_field = {(line["line"], line["field"]): line for line in c.diff(tried["import_task"])}
        self.assertEqual((by_field["2", "phone"]["new"], by_field["2", "phone"]["repaired"]), ("79000000001", "8 900 000-00-01"))
        self.assertEqual((by_field["3", "custom_attributes.ltv"]["new"], by_field["3", "custom_attributes.ltv"]["repaired"]), ("1234.5", "1 234,5"))
        self.assertEqual(by_field["5", "phone"]["repaired"], "")

        done = c.do(table(ROWS), *accept)
        self.assertEqual((done["created"], done["with_warnings"]), (7, 7))
        self.assertEqual(c.show(done["import_task"])["settings"]["repairs"], repairs)
        now = c.everybody()
        self.assertEqual((now["1000001"]["phone"], now["1000001"].get("name"), now["1000001"]["created_at"][:10]), ("79000000001", None, "2018-01-13"))
        self.assertEqual(now["1000001"]["custom_attributes"], {"ltv": "12.50", "vip": "true", "код": "AB-1", "отказ": "1"})
        self.assertEqual((now["1000002"]["email"], now["1000002"]["created_at"][:10]), ("b@mail.ru", "2018-02-01"))
        self.assertEqual([now[f"100000{n}"].get("email") for n in (3, 4, 5, 6)], [None] * 4)
        self.assertEqual([now[f"100000{n}"].get("phone") for n in (3, 5)], [None] * 2)
        self.assertEqual(now["1000005"].get("name"), None)
        self.assertEqual(now["1000004"]["custom_attributes"]["vip"], "false")
        self.assertNotIn("ltv", now["1000006"]["custom_attributes"])
        self.assertEqual(now["0900007"]["email"], "cc@x.ru")

        # The same file by the same rules changes nothing; undo takes what they wrote.
        self.assertEqual(c.do(table(ROWS), *accept)["unchanged"], 7)
        c.undo(done["import_task"])
        self.assertEqual(c.everybody(), {})

    def test_what_a_finding_offers_is_what_the_settings_of_a_task_take(self):
        with harness.Server(self.company.data) as server:
            client = harness.Client(server, harness.new_token(self.company.data))

            def rest(task, *states):
                return harness.wait_for_task(server, client.token, task, 60, until=lambda t: t["state"] in states and t["dry_run"]["state"] not in ("queued", "running"))

            def ask(task, verb, *states, body=b"", method="POST"):
                answer = client.request(method, f"/v4/import_tasks/{task}/{verb}", body, content_type="application/json")
                self.assertIn(answer.status, (200, 202), answer)
                return rest(task, *states)

            task = client.request("POST", "/v4/import_tasks?start=manual", table(ROWS).encode(), content_type="text/csv").json["data"]["id"]
            found = rest(task, "ready")["analysis"]["findings"]
            self.assertEqual({(f["code"], f["column"]): f["count"] for f in found}, FOUND)
            accept = {"repairs": [], "date_order": "dmy"}
            for finding in found:
                offered = finding.get("accept") or {}
                accept["repairs"] += offered.get("repairs", [])
                if offered and "repairs" not in offered:
                    accept.update(offered)
                # Each by itself is taken as it stands.
                self.assertEqual(ask(task, "settings", "ready", body=offered, method="PUT")["failure"], None, finding)
            ready = ask(task, "settings", "ready", body=accept, method="PUT")
            self.assertEqual(ready["settings"]["repairs"], accept["repairs"])
            for finding in ready["analysis"]["findings"]:
                self.assertIs(finding.get("accepted", True), True, finding)
            tried = ask(task, "dry_run", "ready")["dry_run"]["result"]
            self.assertEqual((tried["created"], tried["failed"], tried["with_warnings"], tried["warnings"]["repaired"]), (7, 0, 7, 25))
            diff = list(csv.DictReader(io.StringIO(client.get(f"/v4/import_tasks/{task}/diff").body.decode("utf-8-sig")), delimiter=";"))
            told = {(line["line"], line["field"]): (line["new"], line["repaired"]) for line in diff}
            self.assertEqual(told["2", "phone"], ("79000000001", "8 900 000-00-01"))
            done = ask(task, "start", "completed")
            self.assertEqual((done["created"], done["with_warnings"]), (7, 7))
            warned = client.get(f"/v4/import_tasks/{task}/errors?warnings=true&per_page=100").rows
            self.assertIn(("phone", "8 900 000-00-01", "repaired"), [(w["field"], w["value"], w["code"]) for w in warned])
            self.assertEqual(sum(w["code"] == "repaired" for w in warned), 25)
            self.assertEqual(client.get("/v4/consumers/0900007").json["data"]["attributes"]["email"], "cc@x.ru")
            ask(task, "revert", "reverted")
            self.assertEqual(client.get("/v4/consumers").json["meta"]["total_count"], 0)
            client.close()

    def test_a_repair_changes_a_customer_and_its_undo_gives_the_old_value_back(self):
        c = self.company
        c.do(table([["u-1", "", "", "79001112233", "", "5"]], HEADER[:6]))
        done = c.do(table([["u-1", "", "", "89004445566", "", "12,5"]], HEADER[:6]), "--repair", "Телефон=phone_8_to_7", "--repair", "#6=decimal_point")
        now = c.everybody()["u-1"]
        self.assertEqual((now["phone"], now["custom_attributes"]), ("79004445566", {"ltv": "12.5"}))
        c.undo(done["import_task"])
        now = c.everybody()["u-1"]
        self.assertEqual((now["phone"], now["custom_attributes"]), ("79001112233", {"ltv": "5"}))

    def test_the_dry_run_counts_what_the_first_look_did_not_see(self):
        rows = [[str(5000000 + n), "", "", "79000000000" if n < 1500 else "89000000000", ""] for n in range(2500)]
        whole = self.company.do(table(rows, HEADER[:5]), "--dry-run")
        self.assertEqual([(f["code"], f["count"], f["examples"][0]["line"]) for f in whole["findings"]], [("phone_8", 1000, 1502)])
        self.assertEqual((whole["findings_complete"], whole["findings_records"]), (True, 2500))
        first = self.company.do(table(rows, HEADER[:5]))
        self.assertEqual((first["findings"], first["findings_complete"], first["findings_records"]), ([], False, 1000))
        self.assertEqual(whole["preview"], first["preview"])

    def test_hidden_rows_are_counted_and_may_be_left_out(self):
        c, texts = self.company, lambda *cells: [("s", t) for t in cells]
        book = workbook([(False, texts("external_id", "email", "name", "phone", "created_at", "x")),
                         (False, texts("h-1", "", "", "", "", "1")), (True, texts("h-2", "", "", "", "", "2")),
                         (False, texts("h-3", "bad", "", "", "", "3")), (True, texts("", "", "", "", "", ""))])
        tried = c.do(book, "--dry-run", code=3)
        self.assertEqual([(f["code"], f["count"], f["accept"], f["accepted"]) for f in tried["findings"]],
                         [("hidden_rows", 1, {"hidden_rows": "leave_out"}, False)])
        done = c.do(book, "--hidden-rows", "leave_out", code=3)
        self.assertEqual((done["records"], done["created"], done["failed"]), (2, 1, 1))
        self.assertEqual([(f["count"], f["accepted"]) for f in done["findings"]], [(1, True)])
        self.assertEqual(list(c.everybody()), ["h-1"])
        # The report finds the row that failed, though a hidden one stands before it.
        self.assertIn("h-3", harness.run("task", "failed-rows", "--data", c.data, done["import_task"]).stdout)

    def test_the_error_of_a_formula_fails_its_row(self):
        c, texts = self.company, lambda *cells: [("s", t) for t in cells]
        book = workbook([(False, texts("external_id", "email", "name", "phone", "created_at", "x")),
                         (False, texts("e-1", "", "", "", "") + [("e", "#N/A")]), (False, texts("e-2", "", "", "", "", "2"))])
        done = c.do(book, code=3)
        self.assertEqual([(e["code"], e["value"], e["line"]) for e in done["errors"]], [("formula_error", "#N/A", 2)])
        self.assertEqual(c.do(book, "--repair", "x=blank_no_data")["created"], 1)


class TestHeader(FindingsCase):
    def test_parts_of_a_name_are_joined_as_offered(self):
        text = "external_id;Фамилия;Имя;Отчество;email;phone;created_at\nn-1;Петрова;Анна;-;;;\n"
        offered = self.company.do(text, code=4)["failure"]
        self.assertEqual(offered["code"], "name_parts")
        self.company.do(text, "--mapping", offered["detail"], "--repair", "Отчество=blank_no_data")
        got = self.company.everybody()["n-1"]
        self.assertEqual((got["name"], got["first_name"], got["custom_attributes"]), ("Петрова Анна", "Анна", {}))

    def test_a_person_says_what_a_reserved_header_is(self):
        text = "external_id;email;name;phone;created_at;first_name\nr-1;;Анна Петрова;;;Анна\n"
        # Without a person it is by the letter a custom attribute, with a warning.
        done = self.company.do(text)
        self.assertEqual(done["columns"][5]["warning"], "reserved_column")
        self.assertEqual(self.company.everybody()["r-1"]["custom_attributes"], {"first_name": "Анна"})
        token = harness.new_token(self.company.data)
        with harness.Server(self.company.data) as server:
            client = harness.Client(server, token)
            for query, state in [("start=manual", "needs_answer"), ("start=manual&mapping=" + quote('{"first_name":"first_name"}'), "ready")]:
                task = client.request("POST", f"/v4/import_tasks?{query}", text.replace("r-1", state), content_type="text/csv").json["data"]["id"]
                until = time.monotonic() + 30
                while time.monotonic() < until:
                    now = client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]
                    if now["state"] in ("needs_answer", "ready", "failed"):
                        break
                    time.sleep(0.02)
                self.assertEqual(now["state"], state, now)
                if state == "needs_answer":
                    self.assertEqual((now["failure"]["code"], now["failure"]["column"], now["failure"]["setting"]), ("header_reserved", 6, "mapping"))
            client.close()

    def test_what_was_said_once_is_remembered_by_the_header(self):
        c = self.company
        text = "Выгрузка от {0}\nexternal_id;email;name;phone;created_at;ltv;note\nm-{0};;;;;1,5;-\n"
        repairs = [{"column": "ltv", "rule": "decimal_point"}]
        first = c.do(text.format(1), "--header-row", 2, "--delimiter", ";", "--mapping", '{"note":"ignore"}', "--mode", "both", "--repairs", json.dumps(repairs))
        # The next file has another title above the same header, and one thing is said otherwise.
        second = c.do(text.format(2), "--remembered", "--delimiter", ";", "--clear-blank", "--mapping", '{"note":"custom_attributes.note2"}')
        self.assertEqual((second["remembered"], second["remembered_from"]), (True, first["import_task"]))
        self.assertEqual(c.show(second["import_task"])["settings"],
                         {"delimiter": ";", "header_row": 2, "mode": "both", "clear_blank": True, "mapping": {"note": "custom_attributes.note2"}, "repairs": repairs})
        self.assertEqual(c.everybody()["m-2"]["custom_attributes"], {"ltv": "1.5", "note2": "-"})
        # What was taken back stays so.
        third = c.do(text.format(3), "--remembered", "--delimiter", ";", "--repairs", "[]")
        self.assertEqual((third["remembered_from"], c.everybody()["m-3"]["custom_attributes"]["ltv"]), (second["import_task"], "1,5"))

    def test_the_same_error_in_most_rows_stops_with_one_message(self):
        c = self.company
        most = table([[f"w-{n}", "no address" if n % 5 < 3 else "", "", "", ""] for n in range(300)], HEADER[:5])
        stopped = c.do(most, code=4)
        self.assertEqual({k: stopped["failure"][k] for k in ("code", "limit", "line", "value")}, {"code": "hopeless", "limit": 180, "line": 300, "value": "Почта"})
        self.assertEqual((stopped["records"], c.everybody()), (0, {}))
        half = table([[f"w-{n}", "no address" if n % 2 else "", "", "", ""] for n in range(300)], HEADER[:5])
        self.assertEqual(c.do(half, code=3)["failed"], 150)
        self.assertEqual(c.do(most, "--go-on", code=3)["failed"], 180)


class TestReading(FindingsCase):
    def test_preview_dry_run_and_job_read_the_same_cells(self):
        c = self.company
        lines = ['external_id;email;name;phone;created_at;заметка\r\n', 'd-1;;"Анна; ""А""";;;"две\r\nстроки, запятая"\r\n', "d-2;;Борис;;;x,y;\r\n",
                 'd-3;;"";;; "не в начале"\r\n', "d-4;;Вера\r\n"]
        for encoding in ("utf-8", "windows-1251", "koi8-r"):
            with self.subTest(encoding):
                body, options = "".join(lines).encode(encoding), [] if encoding == "utf-8" else ["--encoding", encoding]
                tried = c.do(body, "--dry-run", *options)
                cells = lambda row: (row[2] if len(row) > 2 else "", row[5] if len(row) > 5 else "")
                previewed = {row["cells"][0]: cells(row["cells"]) for row in tried["preview"]}
                self.assertEqual(len(previewed), 4)
                digest = {key: ["", ""] for key in previewed}
                for line in c.diff(tried["import_task"]):
                    if line["field"] in ("name", "custom_attributes.заметка"):
                        digest[line["external_id"]][line["field"] != "name"] = line["new"]
                self.assertEqual(previewed, {k: tuple(v) for k, v in digest.items()})
                done = c.do(body, *options)
                now = c.everybody()
                self.assertEqual(previewed, {k: (v.get("name") or "", v["custom_attributes"].get("заметка", "")) for k, v in now.items()})
                shown = [c.show(t["import_task"]) for t in (tried, done)]
                self.assertEqual(shown[0]["settings"], shown[1]["settings"])
                c.undo(done["import_task"])

    def test_a_wrong_encoding_is_shown_in_those_that_fit(self):
        c = self.company
        text = "external_id;email;name;phone;created_at\nq-1;;plain;;\nq-2;;Анна;;\n"
        stopped = c.do(text.encode("cp1251"), code=4)
        self.assertEqual({k: stopped["failure"][k] for k in ("code", "line", "column")}, {"code": "encoding", "line": 3, "column": 6})
        encodings = c.show(stopped["import_task"])["analysis"]["encodings"]
        shown = {e["encoding"]: [row["cells"] for row in e["lines"]] for e in encodings}
        self.assertEqual(shown["windows-1251"], [["external_id", "email", "name", "phone", "created_at"], ["q-2", "", "Анна", "", ""]])
        self.assertEqual(shown["KOI8-R"][1][2], "Анна".encode("cp1251").decode("koi8-r"))
        c.do(text.encode("cp1251"), "--encoding", "windows-1251")
        self.assertEqual(c.everybody()["q-2"]["name"], "Анна")


class TestCommandLine(unittest.TestCase):
    def test_a_dry_run_names_the_options_that_repair(self):
        with harness.temporary_data() as data:
            path = os.path.join(data, "a.csv")
            with open(path, "w", encoding="utf-8") as f:
                f.write(table(ROWS))
            done = harness.run("import", "--data", data, "--dry-run", "--lang", "ru", path, check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("'8 900 000-00-01' → '+7 900 000-00-01'", done.stdout)
            self.assertIn("Исправить все 2: --repair 'Телефон=phone_8_to_7'", done.stdout)
            self.assertIn("--date-order dmy", done.stdout)
            named = [line.split("--repair ")[1].strip().strip("'") for line in done.stdout.splitlines() if "--repair " in line]
            options = [o for r in named for o in ("--repair", r)]
            done = harness.run("import", "--data", data, "--date-order", "dmy", *options, path)
            self.assertIn("7 created", done.stdout)
            done = harness.run("import", "--data", data, "--repair", "Телефон=guess", path, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("phone_8_to_7", done.stderr)

    def test_the_sample_has_the_companys_own_attributes_and_can_be_imported(self):
        with harness.temporary_data() as data:
            first = os.path.join(data, "first.csv")
            with open(first, "w", encoding="utf-8") as f:
                f.write("external_id,email,name,phone,created_at,Город,custom_attributes.email\n1,,,,,Омск,x\n")
            harness.run("import", "--data", data, first)
            for kind in ("csv", "xlsx"):
                path = os.path.join(data, f"sample.{kind}")
                harness.run("sample", "--data", data, "--format", kind, "--output", path)
                header = json.loads(harness.run("rows", path).stdout.splitlines()[0])
                self.assertEqual(sorted(header[5:]), ["custom_attributes.email", "Город"])
                done = json.loads(harness.run("import", "--data", data, "--json", path).stdout)
                self.assertEqual((done["records"], done["failed"], done["with_warnings"]), (3, 0, 0))
                self.assertEqual([f["code"] for f in done["findings"]], ["phone_8"])
            usual = harness.run("sample", "--format", "csv", "--output", os.path.join(data, "usual.csv"), env={"CLIENTELE_DATA": ""}, check=False)
            self.assertEqual(usual.returncode, 0, usual.stderr)


if __name__ == "__main__":
    unittest.main()
