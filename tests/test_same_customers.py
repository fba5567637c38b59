# SPDX-License-Identifier: Apache-2.0
"""The same 10,000 customers, by every way in, end as the same records; bad rows fail with the same codes."""
import csv
import datetime
import io
import json
import os
import unittest
import zipfile
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import harness

COUNT = 10000
HEADER = ["external_id", "email", "name", "phone", "created_at", "Город", "заметка", "баллы"]
PHONES = ["+7 900 {0:03d}-{1:02d}-{2:02d}", "8 (900) {0:03d} {1:02d} {2:02d}", "007900{0:03d}{1:02d}{2:02d}", "7900{0:03d}{1:02d}{2:02d}"]
EXCEL_DAY_0 = datetime.date(1899, 12, 30)


class Row:
    """A row as its cells (texts; a number or date where a workbook may hold one) and as what the API is sent."""

    def __init__(self, cells, number=(), created=None, bad=None):
        self.cells, self.number, self.created, self.bad = cells, number, created, bad

    @property
    def key(self):
        return self.cells[0]


def customer(i):
    """One good row, the attributes it stands for, and how the API writes them."""
    external_id = f"{i:06d}" if i % 5 == 0 else str(100000000000000 + i) if i % 5 == 1 else f"id-{i}"
    number = {0} if i % 5 == 1 else set()
    email = f"Client{i}@Example.com" if i % 7 else ""
    name = f" Анна {i} «О’Хара» " if i % 3 else ""
    phone = PHONES[i % 4].format(i // 10000 % 1000, i // 100 % 100, i % 100) if i % 11 else ""
    day = datetime.date(2018, 1, 1) + datetime.timedelta(days=i % 2000)
    seconds = i * 37 % 86400
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if i % 6 == 0:
        created, api = f"{day.day:02d}.{day.month:02d}.{day.year} {seconds // 3600}:{seconds // 60 % 60:02d}", f"{day}T{clock[:5]}:00+03:00"
    elif i % 6 == 1:
        created, api, number = str(day), f"{day}T00:00:00+03:00", number | {4}
    elif i % 6 == 2:
        created, api = "01.01.2018 0:11", "2018-01-01T00:11:00+03:00"
    else:
        created, api = f"{day} {clock}", f"{day}T{clock}+03:00"
    note = 'ул. Ленина, 5;\nкв. "7"\tдомофон' if i % 13 == 0 else "'=1+1" if i % 1009 == 0 else ""
    points = str(i * 3) if i % 2 else ""
    cells = [external_id, email, name, phone, created, "Омск" if i % 4 else "", note, points]
    return Row(cells, number | ({7} if points else set()), api)


def bad_rows():
    """Fifty rows of ten kinds; a row fails with (field, code) whatever way it comes in by."""
    kinds = [
        ("email", "email_invalid", lambda n: {1: f"no at sign {n}"}),
        ("email", "control_character", lambda n: {1: f"a\x07{n}@example.com"}),
        ("email", "taken", lambda n: {1: "cLIENT1@EXAMPLE.com"}),
        ("created_at", "date_invalid", lambda n: {4: f"{n}.13.2018"}),
        ("created_at", "date_out_of_range", lambda n: {4: f"1899-01-0{n + 1} 00:00:00"}),
        ("external_id", "too_long", lambda n: {0: "щ" * 128 + str(n)}),
        ("external_id", "control_character", lambda n: {0: f"a\x07{n}"}),
        ("name", "too_long", lambda n: {2: "й" * 2049}),
        ("phone", "too_long", lambda n: {3: "тел. " + "0 " * 2100}),
        ("custom_attributes", "attributes_too_large", lambda n: {6: "ж" * 33000}),
    ]
    rows = []
    for n in range(5):
        for k, (field, code, change) in enumerate(kinds):
            cells = [f"bad-{n}-{k}", "", "", "", "", "", "", ""]
            for at, value in change(n).items():
                cells[at] = value
            rows.append(Row(cells, created=cells[4].replace(" 00:00:00", "T00:00:00+03:00") or None, bad=(field, code)))
    return rows


def rows():
    good = [customer(i) for i in range(COUNT)]
    # Ten come again with nothing but their key and one more value, ten exactly as they were.
    for i in range(105, 115):
        good.append(Row([good[i].key, "", "", "", "", "", "повтор", ""], good[i].number & {0}))
    good += good[200:210]
    bad = bad_rows()
    step = len(good) // len(bad)
    for n, row in enumerate(bad):
        good.insert(50 + n * step, row)
    return good


def want(all_rows):
    """What must be stored in the end, told from the rows alone and from nothing the program says."""
    stored = {}
    for row in all_rows:
        if row.bad:
            continue
        record = stored.setdefault(row.key, {"email": None, "name": None, "phone": None, "created_at": None, "custom_attributes": {}})
        if row.cells[1]:
            record["email"] = row.cells[1]
        if row.cells[2].strip():
            record["name"] = row.cells[2].strip()
        if row.cells[3]:
            digits = "".join(c for c in row.cells[3] if c.isdigit())
            record["phone"] = digits[2:] if digits.startswith("00") else digits
        if row.created:
            record["created_at"] = row.created.replace("+03:00", ".000000+03:00")
        for at in (5, 6, 7):
            if row.cells[at]:
                record["custom_attributes"][HEADER[at]] = row.cells[at].removeprefix("'") if row.cells[at] == "'=1+1" else row.cells[at]
    return stored


def as_csv(all_rows, delimiter, bom, newline):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline)
    writer.writerow(HEADER)
    for n, row in enumerate(all_rows):
        writer.writerow(row.cells)
        if n % 3000 == 0:
            out.write(newline)  # a blank line is no record
    return (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode()


def as_xlsx(all_rows, shared):
    strings, order = {}, []

    def text(value):
        encoded = "".join(f"_x{ord(c):04X}_" if ord(c) < 32 and c not in "\t\n" else c for c in value)
        body = f'<t xml:space="preserve">{escape(encoded)}</t>'
        if not shared:
            return f't="inlineStr"><is>{body}</is></c>'
        if value not in strings:
            strings[value] = len(strings)
            order.append(f"<si>{body}</si>")
        return f't="s"><v>{strings[value]}</v></c>'

    def cell(row, at, line):
        value, ref = row.cells[at], f"{chr(65 + at)}{line}"
        if not value:
            return f'<c r="{ref}" s="0"/>' if line % 2 else ""
        if at not in row.number:
            return f'<c r="{ref}" {text(value)}'
        if at == 4:
            return f'<c r="{ref}" s="1"><v>{(datetime.date.fromisoformat(value) - EXCEL_DAY_0).days}</v></c>'
        return f'<c r="{ref}"><v>{value}</v></c>'

    lines = [f'<row r="{n}">{"".join(cell(row, at, n) for at in range(len(HEADER)))}</row>' for n, row in enumerate([Row(HEADER)] + all_rows, 1)]
    main, doc = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/"
    relation = lambda i, kind, target: f'<Relationship Id="rId{i}" Type="{doc}/{kind}" Target={quoteattr(target)}/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                               '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}relationships">{relation(1, "officeDocument", "xl/workbook.xml")}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{doc}"><sheets><sheet name="Клиенты" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}relationships">{relation(1, "worksheet", "worksheets/sheet1.xml")}'
                                      f'{relation(2, "styles", "styles.xml")}{relation(3, "sharedStrings", "sharedStrings.xml") if shared else ""}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
    }
    if shared:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{main}">{"".join(order)}</sst>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in parts.items():
            z.writestr(name, content)
    return out.getvalue()


def attributes(row):
    c = row.cells
    sent = {k: v for k, v in (("email", c[1]), ("name", c[2]), ("phone", c[3]), ("created_at", row.created)) if v}
    custom = {HEADER[at]: c[at].removeprefix("'") if c[at] == "'=1+1" else c[at] for at in (5, 6, 7) if c[at]}
    if custom:
        sent["custom_attributes"] = custom
    return sent


def as_jsonl(all_rows):
    return "".join(json.dumps({"external_id": r.key, **attributes(r)}, ensure_ascii=False) + "\n" for r in all_rows).encode()


class SameCustomers(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.rows = rows()
        cls.want = want(cls.rows)
        cls.bad = [r.bad for r in cls.rows if r.bad]
        cls.context = harness.temporary_data("Test")
        cls.data = cls.context.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.context.__exit__(None, None, None)

    def company(self, name):
        harness.run("company", "create", "--data", self.data, name)
        return name

    def stored(self, company):
        out = harness.run("export", "--data", self.data, "--company", company, "--format", "jsonl").stdout
        records = {}
        for line in out.splitlines():
            record = json.loads(line)
            record = record.get("attributes", record)
            self.assertNotIn(record["external_id"], records)
            records[record["external_id"]] = record
        return records

    def compare(self, company):
        stored = self.stored(company)
        self.assertEqual(len(stored), len(self.want))
        for key, record in self.want.items():
            for field, value in record.items():
                got = stored[key].get(field) if field != "custom_attributes" else stored[key].get(field) or {}
                if field == "created_at" and value is None:
                    continue  # the time of the import
                self.assertEqual(got, value, (company, key, field))

    def imported(self, company, content, *arguments):
        path = os.path.join(self.data, "import-test-file")
        with open(path, "wb") as f:
            f.write(content)
        done = harness.run("import", "--data", self.data, "--company", company, path, "--json", *arguments, check=False)
        self.assertEqual(done.returncode, 3, done.stderr + done.stdout[:500])  # some rows failed
        result = json.loads(done.stdout)
        self.assertEqual(result["created"] + result["updated"] + result["unchanged"] + result["skipped"] + result["failed"], result["records"])
        self.assertEqual(result["records"], len(self.rows))
        self.assertEqual([(e["field"], e["code"]) for e in result["errors"]], self.bad)
        return result

    def way(self, name, content):
        company = self.company(name)
        result = self.imported(company, content)
        self.assertEqual((result["created"], result["failed"]), (COUNT, len(self.bad)))
        self.compare(company)
        again = self.imported(company, content)
        self.assertEqual(again["unchanged"], len(self.rows) - len(self.bad))
        return company

    def test_csv_in_every_dialect(self):
        for delimiter in ",;\t":
            for bom in (False, True):
                for newline in ("\r\n", "\n", "\r"):
                    with self.subTest(delimiter=delimiter, bom=bom, newline=newline):
                        self.way(f"csv {ord(delimiter)} {bom} {newline!r}", as_csv(self.rows, delimiter, bom, newline))

    def test_xlsx_with_shared_and_with_inline_strings(self):
        company = self.way("xlsx shared", as_xlsx(self.rows, True))
        self.way("xlsx inline", as_xlsx(self.rows, False))
        again = self.imported(company, as_csv(self.rows, ";", True, "\r\n"))
        self.assertEqual(again["unchanged"], len(self.rows) - len(self.bad), "another way in changes nothing")

    def test_json_lines(self):
        self.way("json lines", as_jsonl(self.rows))

    def test_api(self):
        company = self.company("api")
        token = harness.new_token(self.data, company)
        with harness.Server(self.data) as server:
            c = harness.Client(server, token)
            for first in (True, False):
                failed = []
                for row in self.rows:
                    answer = c.put("/v4/consumers/" + quote(row.key, safe=""), harness.consumer(**attributes(row)))
                    if answer.status == 422:
                        failed.append(next((p["field"], p["code"]) for p in answer.json["errors"]["problems"]))
                    elif not first:
                        self.assertEqual(answer.status, 200, row.key)
                    else:
                        self.assertIn(answer.status, (200, 201), (row.key, answer))
                self.assertEqual(failed, self.bad)
                if not first:
                    break
            c.close()
        self.compare(company)
        again = self.imported(company, as_xlsx(self.rows, True))
        self.assertEqual(again["unchanged"], len(self.rows) - len(self.bad))


if __name__ == "__main__":
    unittest.main()
