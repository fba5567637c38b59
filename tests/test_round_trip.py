# SPDX-License-Identifier: Apache-2.0
"""What goes out comes back: an export imported again finds every record unchanged, in every format, whatever the values
are.  The customers are made by the API, which takes more than a spreadsheet can show."""
import codecs
import csv
import io
import json
import os
import random
import unittest

import harness
from harness import consumer

FORMATS = ("csv", "xlsx", "jsonl")

# Texts that some program on the way would like to change.
TEXTS = [
    "", " ", "0", "007", "00", "-1", "+1", "1.10", "1e5", "1E+5", "1e400", "7.9E+10", "7,9E+10", "12345678901234567890", "347771386000123",
    "+79161234567", "+7 (916) 123-45-67", "8 916 123 45 67", "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "-", "+", "@x", "@SUM(A1)",
    "\t=1+1", "\r=1+1", "\n=1+1", "\tx", "\rx", "\nx", " =1+1", "\u00a0=1", "＝1+1", "＋1", "－1", "＠x", "'", "''", "'x", "'=1+1", "''=1", "'[clear]",
    "[clear]", "[очистить]", " [clear] ", "\u00a0[clear]", "[clear]\u200b", "'7.9E+10", "[CLEAR]", "clear", "true", "false", "ИСТИНА", "TRUE", "null", "NULL",
    "-5", "N/A", "#N/A", "2018-01-01", "01.02.2018", "1/2/2018", "10:30", "1-2", "{}", "[]", '{"a":1}', "[1]", '"', '""', '"a"', 'a"b', 'a;b',
    "a,b", "a\tb", "a|b", ";", ",", "\n", "a\nb", "a\r\nb", "a\rb", "\r\n", "a\n", "\na", "line\u2028sep", "\u0085", "  two  spaces  ",
    "trailing ", " leading", "\u00a0nbsp\u00a0", "\u200bzero\u200b", "\ufeffbom", "\ufffe", "\uffff", "\U0001fffe", "\x01\x02\x1f", "\x7f", "\x0b\x0c",
    "_x0001_", "_x005F_x0001_", "_x", "_x000D_", "_xD83D_", "a_x0041_b", "<b>&amp;</b>", "]]>", "&#10;", "😀👨‍👩‍👧‍👦🇷🇺", "שלום עולם", "\u202eabc\u202c", "مرحبا",
    "e\u0301", "\u00e9", "Ёжик", "ё", "\\", "\\n", "\\u0041", "a\\", "%00", "import_error", "sep=;", "x" * 32767, "я" * 16000,
    ]
# Keys that are other columns' names, or no names at all.
KEYS = [
    "email", "E-mail", "external_id", "ID", "id", "name", "Имя", "phone", "created_at", "Телефон", "Телефон клиента", "a.b", "a", "A", "a ", " a",
    "Регион", "регион", "РЕГИОН", "attributes.x", "attributes.id", "attributes.email", "custom_attributes.y", "custom_attributes.", "custom_attributes",
    "import_error", "Import_Error", "", " ", "_", "-", ".", "\u00a0", "x\u200b", "\ufeffz", "=1+1", "'=1+1", "@x", "+1", "-1", "[clear]", "\t", "a\nb",
    "a\r\nb", '"', '"q"', "a;b", "a,b", "#1", "#5", "unsubscribed", "first_name", "updated_at", "legacy_id", "extrnal_id", "😀", "שם", "e\u0301", "\u00e9",
    "_x0041_", "\x01", "k" * 255, "я" * 127, "Ё", "Е", "null", "true", "1", "01",
]
VALUES = [0, 7, -7, 3.5, True, False, [], {}, [1, "a", None, True, {"k": [1.5]}], {"a": {"b": [1, 2]}, "=1+1": "=1+1"}, {"": ""}, ["[clear]"], [[[]]]]
# Numbers whose text says more than their value.
NUMBERS = ["1.10", "1e400", "-1e400", "12345678901234567890", "0.1e-7", "1E5", "-0", "-0.0", "100000000000000000000.50", "1e+2"]
RECORDS = [
    {"phone": "+7 916 123-45-67 доб. 12"}, {"phone": "7.9E+10"}, {"phone": "7,9E+10"}, {"phone": "позвонить соседке"}, {"phone": "[clear]"},
    {"phone": "=1+1"}, {"phone": "79161234567, 74951234567"}, {"phone": "+79161234567"}, {"phone": "81234567890"}, {"phone": "00499123456789"},
    {"email": "Anna.Petrova@Example.COM"}, {"email": "+x@example.com"}, {"email": "=x@example.com"}, {"email": "-1@example.com"},
    {"email": "'x@example.com"}, {"email": "почта@пример.рф"},
    {"name": "=1+1"}, {"name": "[clear]"}, {"name": "[очистить]"}, {"name": "'"}, {"name": "-"}, {"name": "Анна\nПетрова"}, {"name": "a\r\nb"}, {"name": "x" * 4000},
    {"name": "NULL"}, {"first_name": "@x"}, {"first_name": "[clear]"}, {"avatar_url": "=HYPERLINK(1)"}, {"avatar_url": "https://example.com/a?b=1;2"},
    {"unsubscribed": True}, {"complained": True}, {"unsubscribed": True, "complained": True}, {"unsubscribed": False},
    {"created_at": "2018-01-01T00:11:22+03:00"}, {"created_at": "2018-01-01T00:11:22.123456Z"}, {"created_at": "2018-01-01T00:11:22.000001+05:30"},
    {"created_at": "1900-01-02T00:00:00.5Z"}, {"created_at": "1910-06-01T12:00:00Z"}, {"created_at": "2010-10-30T22:30:00Z"}, {"created_at": "2010-10-30T23:30:00Z"},
    {"created_at": "2014-10-25T22:30:00.25Z"}, {"created_at": "1999-12-31T23:59:59.999999Z"},
    {"legacy_id": "5c9b8f0e1a2b3c4d5e6f7a8b"}, {"legacy_id": "=1"}, {"legacy_id": "7.9E+10"},
]
EXTERNAL_IDS = ["007", "0", "347771386000123", "12345678901234567890", "=1+1", "+79161234567", "-1", "@x", "'", "'=1", "[clear]", "[очистить]", "7.9E+10",
                "7,9E+10", "1e5", "a;b", "a,b", 'a"b', "a/b", "шифр", "😀", "true", "null", "primer-1", "x" * 255, "external_id", "A", "a", "＝1", "'7.9E+10"]


def random_text(r):
    pieces = ["=", "+", "-", "@", "'", "\t", "\r", "\n", "\r\n", ";", ",", '"', " ", "\u00a0", "[clear]", "_x0041_", "_x", "0", "1", "7", ".", "e", "E+1", "a", "Я",
              "😀", "ש", "\ufeff", "\u200b", "\uffff", "\x01", "\x1b", "\x7f", "\u2028", "{", "}", "[", "]", "true", "null", "&", "<", "\\", "/"]
    return "".join(r.choice(pieces) for _ in range(r.randint(0, 6)))


def random_json(r, depth=0):
    kind = r.randint(0, 9 if depth < 3 else 6)
    if kind <= 3:
        return json.dumps(random_text(r))
    if kind <= 5:
        return r.choice(NUMBERS) if r.random() < 0.5 else str(r.randint(-10**r.randint(1, 30), 10**r.randint(1, 30)))
    if kind == 6:
        return r.choice(("true", "false"))
    if kind <= 8:
        return "[" + ",".join(random_json(r, depth + 1) for _ in range(r.randint(0, 3))) + "]"
    keys = {random_text(r) for _ in range(r.randint(0, 3))}
    return "{" + ",".join(json.dumps(k) + ":" + random_json(r, depth + 1) for k in keys) + "}"


class RoundTrip(unittest.TestCase):
    maxDiff = 3000

    def setUp(self):
        self.data = self.enterContext(harness.temporary_data())
        self.server = self.enterContext(harness.Server(self.data))
        self.client = harness.Client(self.server, harness.new_token(self.data))
        self.addCleanup(self.client.close)

    def post(self, body):
        if isinstance(body, dict):
            body = json.dumps(body)
        answer = self.client.post("/v4/consumers", body)
        self.assertEqual(answer.status, 201, (body[:300], answer))

    def command(self, *words, company="Test", check=True):
        return harness.run(*words, "--data", self.data, "--company", company, check=check)

    def all_of_them(self):
        everyone, page = [], 1
        while True:
            answer = self.client.get(f"/v4/consumers?page={page}&per_page=100")
            part = harness.json.loads(answer.body, parse_float=str, parse_int=str)["data"]
            everyone += part
            page += 1
            if len(part) < 100:
                return everyone

    def export(self, kind, company="Test"):
        path = os.path.join(self.data, f"out-{company}.{kind}")
        self.command("export", "--format", kind, "--output", path, company=company)
        return path

    def comes_back(self, formats=FORMATS):
        before = self.all_of_them()
        for kind in formats:
            done = self.command("import", self.export(kind), "--json", check=False)
            self.assertIn(done.returncode, (0, 3), done.stderr)
            result = json.loads(done.stdout)
            wrong = {k: result[k] for k in ("created", "updated", "skipped", "failed") if result[k]}
            now = self.all_of_them()
            changed = [(x, y) for x, y in zip(before, now) if x != y]
            self.assertEqual((wrong, result["errors"][:5], changed[:2]), ({}, [], []), kind)
            self.assertEqual(result["unchanged"], len(before), kind)
            self.assertEqual(now, before, kind)

    def test_values_of_every_kind(self):
        for i, text in enumerate(TEXTS):
            self.post(consumer(external_id=f"t{i}", custom_attributes={"note": text, "list": [text[:2000]], "in": {text[:100]: text[:2000]}}))
        for i, value in enumerate(VALUES):
            self.post(consumer(external_id=f"v{i}", custom_attributes={"note": value}))
        for i, number in enumerate(NUMBERS):
            self.post(f'{{"data":{{"type":"consumers","attributes":{{"external_id":"n{i}","custom_attributes":{{"note":{number},"list":[{number}],"s":"{number}"}}}}}}}}')
        self.comes_back()

    def test_keys_of_every_kind(self):
        for i, key in enumerate(KEYS):
            self.post(consumer(external_id=f"k{i}", custom_attributes={key: f"value {i}"}))
        self.post(consumer(external_id="all", custom_attributes={key: i for i, key in enumerate(KEYS)}))
        self.post(consumer(custom_attributes={key: key for key in KEYS}))
        self.comes_back()

    def test_records_with_and_without_external_id(self):
        for i, attributes in enumerate(RECORDS):
            self.post(consumer(external_id=f"r{i}", **attributes))
        for i, attributes in enumerate(RECORDS):
            alone = {k: v for k, v in attributes.items() if k not in ("email", "legacy_id")}
            self.post(consumer(custom_attributes={"n": i}, **alone))
        for i, external_id in enumerate(EXTERNAL_IDS):
            self.post(consumer(external_id=external_id, name=external_id, phone=external_id, custom_attributes={"id": external_id}))
        self.comes_back()

    def test_random_values(self):
        r = random.Random(20261124)
        keys = [random_text(r) for _ in range(40)] + ["plain", "Регион", "регион"]
        for i in range(250):
            members = ",".join(json.dumps(k) + ":" + random_json(r) for k in {r.choice(keys) for _ in range(r.randint(0, 6))})
            fields = {name: random_text(r) for name in ("name", "first_name", "phone", "avatar_url") if r.random() < 0.5}
            fields = {k: v for k, v in fields.items()}
            if r.random() < 0.7:
                fields["external_id"] = f"{i}" + r.choice(["", "=1", ".5E+3", "'", " x"])
            text = json.dumps(fields)[1:-1]
            self.post(f'{{"data":{{"attributes":{{{text}{"," if text else ""}"custom_attributes":{{{members}}}}}}}}}')
        self.comes_back()

    def test_long_values_go_through_csv_and_json_lines_and_a_workbook_says_so(self):
        self.post(consumer(external_id="long", custom_attributes={"note": "x" * 65000}))
        self.post(consumer(external_id="quotes", custom_attributes={"note": '"' * 32000}))
        self.comes_back(("csv", "jsonl"))
        done = self.command("export", "--format", "xlsx", "--output", os.path.join(self.data, "out.xlsx"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("32767", done.stderr)
        self.assertIn("csv or jsonl", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.data, "out.xlsx")), "a half-made workbook is no workbook")

    def test_a_workbook_cell_counts_characters_as_excel_does(self):
        # Excel counts UTF-16 units: an emoji is two.
        self.post(consumer(external_id="fits", custom_attributes={"note": "😀" * 16000 + "x" * 767}))
        self.comes_back()
        self.post(consumer(external_id="over", custom_attributes={"note": "😀" * 16000 + "x" * 768}))
        self.assertIn("32767", self.command("export", "--format", "xlsx", check=False).stderr)

    def test_another_company_gets_the_same_from_json_lines(self):
        for i, text in enumerate(TEXTS):
            self.post(consumer(external_id=f"t{i}", name=text[:2000], custom_attributes={"note": text, "n": i, "o": {"k": [text[:100]]}}))
        harness.run("company", "create", "--data", self.data, "Other")
        done = self.command("import", self.export("jsonl"), "--json", company="Other", check=False)
        result = json.loads(done.stdout)
        self.assertEqual((result["created"], result["failed"], result["with_warnings"]), (len(TEXTS), 0, 0), result["errors"][:3])
        seen = []
        for name in ("Test", "Other"):
            with open(self.export("jsonl", name), encoding="utf-8") as f:
                seen.append([json.loads(line)["attributes"] for line in f])
        for one, other in zip(*seen):
            for stamp in ("updated_at", "created_at"):
                one.pop(stamp), other.pop(stamp)
            self.assertEqual(one, other)

    def test_a_csv_is_what_excel_wants_and_nothing_in_it_runs(self):
        for i, text in enumerate(TEXTS):
            self.post(consumer(external_id=f"t{i}", custom_attributes={"note": text, "=" + str(i): 1}))
        with open(self.export("csv"), "rb") as f:
            text = f.read()
        self.assertTrue(text.startswith(codecs.BOM_UTF8))
        self.assertTrue(text.endswith(b"\r\n"))
        for row in csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=";"):
            for cell in row:
                if cell and cell[0] in "=+-@\t\r\n＝＋－＠":
                    self.assertRegex(cell, r"\A[+-]?[0-9.]+\Z", "only plain numbers begin so")

    def test_read_only_columns_of_our_own_export_are_no_warnings(self):
        self.post(consumer(external_id="1", email="a@example.com", name="x", custom_attributes={"a": 1}))
        for kind in FORMATS:
            self.assertEqual(json.loads(self.command("import", self.export(kind), "--json").stdout)["with_warnings"], 0, kind)


if __name__ == "__main__":
    unittest.main()
