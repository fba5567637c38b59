# SPDX-License-Identifier: Apache-2.0
"""Findings and their repairs, from a file with one of each to the undo of what the repairs wrote."""
import csv
import io
import json
import os
import time
import unittest
import zipfile

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


class FindingsCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = harness.temporary_data()
        cls.data = cls.holder.__enter__()
        cls.server = harness.Server(cls.data)
        cls.client = harness.Client(cls.server, harness.new_token(cls.data))

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()
        cls.holder.__exit__(None, None, None)

    def begin(self, body, query="start=manual"):
        body = body if isinstance(body, bytes) else body.encode()
        kind = "application/octet-stream" if body[:2] == b"PK" else "text/csv"
        answer = self.client.request("POST", f"/v4/import_tasks?{query}", body, content_type=kind)
        self.assertIn(answer.status, (200, 201, 202), answer)
        return answer.json["data"]["id"]

    def task(self, task):
        return self.client.get(f"/v4/import_tasks/{task}").json["data"]["attributes"]

    def wait(self, task, *states):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            now = self.task(task)
            if now["state"] in states and now["dry_run"]["state"] not in ("queued", "running"):
                return now
            time.sleep(0.02)
        raise AssertionError(f"{now['state']}, not {states}: {now}")

    def settings(self, task, settings, *states):
        answer = self.client.put(f"/v4/import_tasks/{task}/settings", settings)
        self.assertIn(answer.status, (200, 202), answer)
        return self.wait(task, *states)

    def act(self, task, verb, *states):
        answer = self.client.post(f"/v4/import_tasks/{task}/{verb}", b"")
        self.assertIn(answer.status, (200, 202), answer)
        return self.wait(task, *states)

    def consumer(self, key):
        answer = self.client.get(f"/v4/consumers/{key}")
        return answer.json["data"]["attributes"] if answer.status == 200 else None


class TestFindings(FindingsCase):
    def test_one_of_each_is_found_repaired_imported_and_undone(self):
        task = self.begin(table(ROWS))
        first = self.wait(task, "ready")
        found = first["analysis"]["findings"]
        self.assertEqual({(f["code"], f["column"]): f["count"] for f in found}, FOUND)
        self.assertIs(first["analysis"]["findings_complete"], True)
        for finding in found:
            self.assertTrue(finding["message"]["ru"] and finding["message"]["en"])
            self.assertTrue(all(e["line"] in range(2, 9) for e in finding["examples"]))
            self.assertFalse(finding.get("accepted"))
        eight = next(f for f in found if f["code"] == "phone_8")
        self.assertEqual(eight["examples"][0], {"line": 2, "old": "8 900 000-00-01", "new": "+7 900 000-00-01"})
        self.assertEqual(eight["offer"], {"en": "Repair all 2", "ru": "Исправить все 2"})
        self.assertEqual(eight["repair"], "phone_8_to_7")

        # Unasked nothing is repaired: dates cannot be read, numbers are damaged.
        tried = self.act(task, "dry_run", "ready")["dry_run"]["result"]
        self.assertEqual((tried["failed"], tried["warnings"].get("repaired")), (7, None))

        # All of them accepted, as the findings themselves say.
        repairs = [r for f in found for r in f.get("accept", {}).get("repairs", [])]
        self.assertEqual(len(repairs), 13)
        ready = self.settings(task, {"repairs": repairs, "date_order": "dmy"}, "ready")
        self.assertEqual(ready["settings"]["repairs"], repairs)
        for finding in ready["analysis"]["findings"]:
            self.assertIs(finding.get("accepted", True), True, finding)
        tried = self.act(task, "dry_run", "ready")["dry_run"]["result"]
        self.assertEqual((tried["created"], tried["failed"], tried["with_warnings"]), (7, 0, 7))
        self.assertEqual(tried["warnings"]["repaired"], 24)

        diff = self.client.get(f"/v4/import_tasks/{task}/diff.csv")
        lines = list(csv.DictReader(io.StringIO(diff.body.decode("utf-8-sig"))))
        by_field = {(line["line"], line["field"]): line for line in lines}
        self.assertEqual((by_field["2", "phone"]["new"], by_field["2", "phone"]["repaired"]), ("79000000001", "8 900 000-00-01"))
        self.assertEqual((by_field["3", "custom_attributes.ltv"]["new"], by_field["3", "custom_attributes.ltv"]["repaired"]), ("1234.5", "1 234,5"))
        self.assertEqual(by_field["5", "phone"]["repaired"], "")

        done = self.act(task, "start", "completed")
        self.assertEqual((done["created"], done["with_warnings"]), (7, 7))
        a, b = self.consumer("1000001"), self.consumer("1000002")
        self.assertEqual((a["phone"], a["name"], a["created_at"][:10]), ("79000000001", None, "2018-01-13"))
        self.assertEqual(a["custom_attributes"], {"ltv": "12.50", "vip": "true", "код": "AB-1", "отказ": "1"})
        self.assertEqual((b["email"], b["created_at"][:10]), ("b@mail.ru", "2018-02-01"))
        self.assertEqual([self.consumer(f"100000{n}")["email"] for n in (3, 4, 5, 6)], [None] * 4)
        self.assertEqual([self.consumer(f"100000{n}")["phone"] for n in (3, 5)], [None] * 2)
        self.assertEqual(self.consumer("1000005")["name"], None)
        self.assertEqual(self.consumer("1000004")["custom_attributes"]["vip"], "false")
        self.assertNotIn("ltv", self.consumer("1000006")["custom_attributes"])
        self.assertEqual(self.consumer("0900007")["email"], "cc@x.ru")
        warned = self.client.get(f"/v4/import_tasks/{task}/errors?warnings=true&per_page=100").json["data"]
        self.assertIn(("phone", "8 900 000-00-01", "repaired"), [(w["field"], w["value"], w["code"]) for w in warned])
        self.assertEqual(sum(w["code"] == "repaired" for w in warned), 24)

        self.act(task, "revert", "reverted")
        self.assertEqual([self.consumer(row[0]) for row in ROWS[:6]], [None] * 6)
        self.assertIsNone(self.consumer("0900007"))

    def test_a_repair_changes_a_customer_and_its_undo_gives_the_old_value_back(self):
        key = "undo-1"
        self.client.post("/v4/consumers", harness.consumer(external_id=key, phone="79001112233", custom_attributes={"ltv": "5"}))
        task = self.begin(table([[key, "", "", "89004445566", "", "12,5"]], HEADER[:6]))
        self.wait(task, "ready")
        self.settings(task, {"repairs": [{"column": "Телефон", "rule": "phone_8_to_7"}, {"column": "#6", "rule": "decimal_point"}]}, "ready")
        self.act(task, "start", "completed")
        now = self.consumer(key)
        self.assertEqual((now["phone"], now["custom_attributes"]), ("79004445566", {"ltv": "12.5"}))
        self.act(task, "revert", "reverted")
        now = self.consumer(key)
        self.assertEqual((now["phone"], now["custom_attributes"]), ("79001112233", {"ltv": "5"}))

    def test_the_dry_run_counts_what_the_first_look_did_not_see(self):
        rows = [[str(5000000 + n), "", "", "79000000000" if n < 1500 else "89000000000", ""] for n in range(2500)]
        task = self.begin(table(rows, HEADER[:5]))
        first = self.wait(task, "ready")["analysis"]
        self.assertEqual((first["findings"], first["findings_complete"], first["findings_records"]), ([], False, 1000))
        whole = self.act(task, "dry_run", "ready")["analysis"]
        self.assertEqual([(f["code"], f["count"], f["examples"][0]["line"]) for f in whole["findings"]], [("phone_8", 1000, 1502)])
        self.assertEqual((whole["findings_complete"], whole["findings_records"]), (True, 2500))
        self.assertEqual(whole["preview"], first["preview"])

    def test_repairs_that_cannot_be_are_refused(self):
        task = self.begin(table(ROWS[:1]))
        self.wait(task, "ready")
        for bad, word in [({"repairs": {}}, "list of repairs"), ({"repairs": [{"column": "Телефон", "rule": "guess"}]}, "phone_8_to_7"),
                          ({"repairs": [{"column": "Почта", "rule": "leave_out_value"}]}, "needs a"), ({"date_order": "ymd"}, "dmy")]:
            answer = self.client.put(f"/v4/import_tasks/{task}/settings", bad)
            self.assertEqual(answer.status, 422, answer)
            self.assertIn(word, answer.body.decode())
        asked = self.settings(task, {"repairs": [{"column": "phone", "rule": "phone_8_to_7"}]}, "needs_answer")
        self.assertEqual((asked["failure"]["code"], asked["failure"]["setting"]), ("repair_column", "repairs"))
        asked = self.settings(task, {"repairs": [{"column": "Почта", "rule": "phone_8_to_7"}]}, "needs_answer")
        self.assertEqual((asked["failure"]["code"], asked["failure"]["column"]), ("repair_unfit", 2))
        self.settings(task, {"repairs": []}, "ready")

    def test_hidden_rows_are_counted_and_may_be_left_out(self):
        texts = lambda *cells: [("s", c) for c in cells]
        book = workbook([(False, texts("external_id", "email", "name", "phone", "created_at", "x")),
                         (False, texts("h-1", "", "", "", "", "1")), (True, texts("h-2", "", "", "", "", "2")),
                         (False, texts("h-3", "bad", "", "", "", "3")), (True, texts("", "", "", "", "", ""))])
        task = self.begin(book)
        found = self.wait(task, "ready")["analysis"]["findings"]
        self.assertEqual([(f["code"], f["count"], f["accept"]) for f in found], [("hidden_rows", 1, {"hidden_rows": "leave_out"})])
        ready = self.settings(task, found[0]["accept"], "ready")
        self.assertIs(ready["analysis"]["findings"][0]["accepted"], True)
        tried = self.act(task, "dry_run", "ready")
        self.assertEqual((tried["dry_run"]["result"]["records"], tried["analysis"]["findings"][0]["count"]), (2, 1))
        done = self.act(task, "start", "completed_with_errors")
        self.assertEqual((done["records"], done["created"], done["failed"]), (2, 1, 1))
        self.assertIsNone(self.consumer("h-2"))
        # The report finds the row that failed, though a hidden one stands before it.
        failed = self.client.get(f"/v4/import_tasks/{task}/failed_rows.csv")
        self.assertIn("h-3", failed.body.decode("utf-8-sig"))

    def test_the_error_of_a_formula_fails_its_row(self):
        texts = lambda *cells: [("s", c) for c in cells]
        book = workbook([(False, texts("external_id", "email", "name", "phone", "created_at", "x")),
                         (False, texts("e-1", "", "", "", "") + [("e", "#N/A")]), (False, texts("e-2", "", "", "", "", "2"))])
        task = self.begin(book, "start=auto")
        done = self.wait(task, "completed_with_errors")
        self.assertEqual((done["created"], done["failed"]), (1, 1))
        error = self.client.get(f"/v4/import_tasks/{task}/errors").json["data"][0]
        self.assertEqual((error["code"], error["value"]), ("formula_error", "#N/A"))
        task = self.begin(book, "start=auto&repair=x%3Dblank_no_data")
        self.assertEqual(self.wait(task, "completed")["created"], 1)


class TestHeader(FindingsCase):
    def test_parts_of_a_name_are_joined_as_offered(self):
        task = self.begin("external_id;Фамилия;Имя;Отчество;email;phone;created_at\nn-1;Петрова;Анна;-;;;\n")
        asked = self.wait(task, "needs_answer")
        self.assertEqual((asked["failure"]["code"], asked["failure"]["setting"]), ("name_parts", "mapping"))
        offered = json.loads(asked["failure"]["detail"])
        self.settings(task, {"mapping": offered, "repairs": [{"column": "Отчество", "rule": "blank_no_data"}]}, "ready")
        self.act(task, "start", "completed")
        got = self.consumer("n-1")
        self.assertEqual((got["name"], got["first_name"], got["custom_attributes"]), ("Петрова Анна", "Анна", {}))

    def test_a_person_says_what_a_reserved_header_is(self):
        text = "external_id;email;name;phone;created_at;first_name\nr-1;;Анна Петрова;;;Анна\n"
        task = self.begin(text)
        asked = self.wait(task, "needs_answer")
        self.assertEqual((asked["failure"]["code"], asked["failure"]["column"]), ("header_reserved", 6))
        self.settings(task, {"mapping": {"first_name": "first_name"}}, "ready")
        self.act(task, "start", "completed")
        self.assertEqual(self.consumer("r-1")["first_name"], "Анна")
        # Without a person it is by the letter a custom attribute.
        task = self.begin(text.replace("r-1", "r-2"), "start=auto")
        done = self.wait(task, "completed")
        self.assertEqual(done["analysis"]["columns"][5]["warning"], "reserved_column")
        self.assertEqual(self.consumer("r-2")["custom_attributes"], {"first_name": "Анна"})

    def test_what_was_said_once_is_remembered_by_the_header(self):
        text = "Выгрузка от {0}\nexternal_id;email;name;phone;created_at;m-ltv;m-note\nm-{0};;;;;1,5;-\n"
        said = {"header_row": 2, "delimiter": ";", "mapping": {"m-note": "ignore"}, "mode": "both",
                "repairs": [{"column": "m-ltv", "rule": "decimal_point"}]}
        first = self.begin(text.format(1))
        self.wait(first, "needs_answer")
        self.settings(first, said, "ready")
        self.act(first, "start", "completed")
        # The next file has another title above the same header, and one thing is said otherwise.
        second = self.begin(text.format(2))
        self.wait(second, "needs_answer", "ready")
        ready = self.settings(second, {"delimiter": ";", "mapping": {"m-note": "custom_attributes.note"}, "clear_blank": True}, "ready")
        self.assertEqual(ready["settings"], {"delimiter": ";", "header_row": 2, "mode": "both", "clear_blank": True,
                                             "mapping": {"m-note": "custom_attributes.note"}, "repairs": said["repairs"]})
        self.assertEqual((ready["analysis"]["remembered"], ready["analysis"]["remembered_from"]), (True, first))
        self.act(second, "start", "completed")
        self.assertEqual(self.consumer("m-2")["custom_attributes"], {"m-ltv": "1.5", "note": "-"})
        # What was taken back stays so.
        third = self.begin(text.format(3))
        self.wait(third, "needs_answer", "ready")
        ready = self.settings(third, {"delimiter": ";", "repairs": []}, "ready")
        self.assertEqual(ready["settings"]["repairs"], [])
        self.assertEqual(ready["analysis"]["remembered_from"], second)
        self.act(third, "cancel", "cancelled")

    def test_the_same_error_in_most_rows_stops_with_one_message(self):
        rows = [[f"w-{n}", "no address" if n % 5 < 3 else "", "", "", ""] for n in range(300)]
        task = self.begin(table(rows, HEADER[:5]), "start=auto")
        done = self.wait(task, "failed")
        self.assertEqual((done["failure"]["code"], done["failure"]["limit"], done["failure"]["line"], done["failure"]["value"]),
                         ("hopeless", 180, 300, "Почта"))
        self.assertEqual((done["records"], self.consumer("w-4")), (0, None))
        half = [[f"w-{n}", "no address" if n % 2 else "", "", "", ""] for n in range(300)]
        task = self.begin(table(half, HEADER[:5]), "start=auto")
        self.assertEqual(self.wait(task, "completed_with_errors")["failed"], 150)
        self.assertEqual(self.wait(self.begin(table(rows, HEADER[:5]), "start=auto&go_on=true"), "completed_with_errors")["failed"], 180)


class TestReading(FindingsCase):
    def test_preview_dry_run_and_job_read_the_same_cells(self):
        header = "external_id;email;name;phone;created_at;заметка\r\n"
        lines = ['d-1;;"Анна; ""А""";;;"две\r\nстроки, запятая"\r\n', "d-2;;Борис;;;x,y;\r\n", 'd-3;;"";;; "не в начале"\r\n', "d-4;;Вера\r\n"]
        for name, body in [("utf-8", (header + "".join(lines)).encode()), ("windows-1251", (header + "".join(lines)).encode("cp1251"))]:
            with self.subTest(name):
                task = self.begin(body)
                state = self.wait(task, "ready", "needs_answer")
                if name != "utf-8":
                    self.assertEqual(state["failure"]["code"], "encoding")
                    state = self.settings(task, {"encoding": name}, "ready")
                rows = [row["cells"] for row in state["analysis"]["preview"]]
                previewed = {r[0]: (r[2].strip() if len(r) > 2 else "", r[5] if len(r) > 5 else "") for r in rows}
                self.act(task, "dry_run", "ready")
                tried = {key: ["", ""] for key in previewed}
                diff = self.client.get(f"/v4/import_tasks/{task}/diff.csv").body.decode("utf-8-sig")
                for line in csv.DictReader(io.StringIO(diff, newline="")):
                    if line["field"] in ("name", "custom_attributes.заметка"):
                        tried[line["external_id"]][line["field"] != "name"] = line["new"]
                self.act(task, "start", "completed")
                done = {key: (self.consumer(key)["name"] or "", self.consumer(key)["custom_attributes"].get("заметка", "")) for key in previewed}
                self.assertEqual(previewed, {k: tuple(v) for k, v in tried.items()})
                self.assertEqual(previewed, done)
                self.act(task, "revert", "reverted")

    def test_a_wrong_encoding_is_shown_in_those_that_fit(self):
        text = "external_id;email;name;phone;created_at\nq-1;;plain;;\nq-2;;Анна;;\n"
        task = self.begin(text.encode("cp1251"))
        asked = self.wait(task, "needs_answer")
        self.assertEqual((asked["failure"]["code"], asked["failure"]["line"], asked["failure"]["column"], asked["failure"]["setting"]),
                         ("encoding", 3, 6, "encoding"))
        shown = {e["encoding"]: [row["cells"] for row in e["lines"]] for e in asked["analysis"]["encodings"]}
        self.assertEqual(shown["windows-1251"], [["external_id", "email", "name", "phone", "created_at"], ["q-2", "", "Анна", "", ""]])
        self.assertEqual(shown["KOI8-R"][1][2], text.splitlines()[2].split(";")[2].encode("cp1251").decode("koi8-r"))
        self.settings(task, {"encoding": "windows-1251"}, "ready")
        self.act(task, "start", "completed")
        self.assertEqual(self.consumer("q-2")["name"], "Анна")
        wide = self.begin(text.encode("utf-16-le"))
        state = self.wait(wide, "needs_answer", "ready", "failed")
        if state["state"] == "needs_answer":
            self.assertIn("UTF-16LE", [e["encoding"] for e in state["analysis"]["encodings"]])


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
