# SPDX-License-Identifier: Apache-2.0
"""Every reason for which a file cannot be read at all, provoked by a file, in both languages, beside a golden table.

CLIENTELE_UPDATE_GOLDEN=1 writes the table anew: read it as a person would before committing it.
"""
import gzip
import io
import os
import subprocess
import unittest
import zipfile

import harness

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "file_errors.txt")
HEADER = "external_id;email;name;phone;created_at\n"


def package(parts, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, text in parts.items():
            z.writestr(name, text)
    return out.getvalue()


CONTENT_TYPES = ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                 '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                 '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>')
RELS = ('<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>')
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(sheet, name="Клиенты", state="", method=zipfile.ZIP_DEFLATED, **more):
    return package({
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELS,
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOC}"><sheets><sheet name="{name}" sheetId="1" {state} r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
                                      f'Type="{DOC}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet, **more,
    }, method)


SHEET = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>'
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'


def sheet(rows):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def huge(size):
    """A workbook whose directory says in its ZIP64 field that the sheet unpacks to size bytes."""
    book = bytearray(workbook(SHEET, method=zipfile.ZIP_STORED))
    end = book.rindex(b"PK\5\6")
    entry = book.rindex(b"PK\1\2")
    assert book[entry + 46:].startswith(b"xl/worksheets/sheet1.xml")
    book[entry + 24:entry + 28] = b"\xff" * 4
    book[entry + 30:entry + 32] = (12).to_bytes(2, "little")
    book[end + 12:end + 16] = (int.from_bytes(book[end + 12:end + 16], "little") + 12).to_bytes(4, "little")
    return bytes(book[:end] + b"\1\0\x08\0" + size.to_bytes(8, "little") + book[end:])


def many(entries, name):
    out = io.BytesIO(workbook(SHEET))
    with zipfile.ZipFile(out, "a") as z:
        for i in range(entries):
            z.writestr(name.format(i), b"")
    return out.getvalue()


STYLES = (f'<styleSheet xmlns="{MAIN}"><cellXfs>' + '<xf numFmtId="0"/>' * 65537 + "</cellXfs></styleSheet>")
CFB = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504

# name, bytes, more arguments.  The name is the expected code.
CASES = [
    ("empty", b"", []),
    ("empty", "\ufeff\r\n;;\r\n".encode(), ["--delimiter", ";"]),
    ("header_only", HEADER.encode(), []),
    ("encoding", (HEADER + "1;;Анна;;\n").encode("cp1251"), []),
    ("encoding_unknown", HEADER.encode(), ["--encoding", "klingon"]),
    ("encoding_mismatch", (HEADER + "1;;Анна;;\n").encode("cp1251"), ["--encoding", "utf-8"]),
    ("binary", HEADER.encode() + b"1;;a\0b;;\n", []),
    ("delimiter", b"a,b;c\n1,2;3\n4,5;6\n", []),
    ("one_column", b"external_id\n1\n2\n", []),
    ("quote_open", (HEADER + '1;;"Anna;;\n2;;B;;\n').encode(), []),
    ("row_too_large", (HEADER + "1;;" + "x" * 2000000 + ";;\n").encode(), []),
    ("cell_too_large", ("external_id;email;name;phone;created_at;x\n1;;;;;" + "x" * 600000 + "\n").encode(), []),
    ("cell_too_large", workbook(sheet(ROW.format("x" * 600000))), []),
    ("too_many_columns", (HEADER + "1" + ";x" * 2000 + "\n").encode(), []),
    ("xls", CFB + "Workbook".encode("utf-16le") + b"\0" * 2048, []),
    ("encrypted", CFB + b"\0" * 512 + "EncryptedPackage".encode("utf-16le") + b"\0" * 2048, []),
    ("xlsb", package({"[Content_Types].xml": CONTENT_TYPES.replace("sheet.main+xml", "sheet.binary.macroEnabled.main").replace("workbook.xml", "workbook.bin"),
                      "xl/workbook.bin": "x"}), []),
    ("ods", package({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}), []),
    ("numbers", package({"Index/Document.iwa": "x", "Metadata/Properties.plist": "x"}), []),
    ("word", package({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": "<x/>"}), []),
    ("zip", package({"clients.csv": HEADER}), []),
    ("gzip", gzip.compress(gzip.compress(HEADER.encode())), []),
    ("gzip_damaged", gzip.compress(HEADER.encode())[:-9], []),
    ("pdf", b"%PDF-1.7\n1 0 obj\n", []),
    ("html", b"<!DOCTYPE html><html><body><table><tr><td>1</td></tr></table></body></html>", []),
    ("xml", b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>', []),
    ("json", b'[{"external_id": "1"}, {"external_id": "2"}]', []),
    ("workbook_damaged", workbook(SHEET[:-30]), []),
    ("workbook_size", huge(1 << 40), []),
    ("workbook_ratio", workbook(sheet(" " * (80 << 20) + ROW)), []),
    ("workbook_entries", many(65536, "{}"), []),
    ("workbook_directory", many(150, "x" * 60000 + "{}"), []),
    ("workbook_compression", workbook(SHEET, method=zipfile.ZIP_BZIP2), []),
    ("workbook_doctype", workbook('<!DOCTYPE worksheet [<!ENTITY a "aaaa">]>' + SHEET), []),
    ("workbook_depth", workbook(sheet("<a>" * 300 + "</a>" * 300)), []),
    ("workbook_tag", workbook(sheet("<!-- " + "0123456789abcdef" * 200000 + " -->")), []),
    ("workbook_formats", workbook(SHEET, **{"xl/styles.xml": STYLES}), []),
    ("no_sheet", workbook(SHEET, state='state="hidden"'), []),
    ("sheet_not_found", workbook(SHEET), ["--sheet", "Customers"]),
    ("columns_missing", "external_id;emial;name;phone;created_at\n1;;;;\n".encode(), []),
    ("columns_missing", "external_id;email\n1;\n".encode(), []),
    ("header_later", ("Отчёт;;;;\nза 2025 год;;;;\n" + HEADER + "1;;;;\n").encode(), []),
    ("header_id", "ID;email;name;phone;created_at\n1;;;;\n".encode(), []),
    ("header_repeated", (HEADER.strip() + ";Почта\n1;;;;;\n").encode(), []),
    ("header_empty", (HEADER.strip() + ";\n1;;;;;x\n").encode(), []),
    ("header_too_long", (HEADER.strip() + ";" + "щ" * 200 + "\n1;;;;;x\n").encode(), []),
    ("name_parts", "external_id;Фамилия;Имя;email;phone;created_at\n1;;;;;\n".encode(), []),
    ("repair_column", (HEADER + "1;;;;\n").encode(), ["--repair", "Телефон=phone_8_to_7"]),
    ("repair_unfit", (HEADER + "1;;;;\n").encode(), ["--repair", "email=phone_8_to_7"]),
    ("absent", None, []),
    ("is_folder", os.mkdir, []),
]


class FileErrors(unittest.TestCase):
    def sentence(self, data, path, arguments, language):
        done = subprocess.run([harness.BIN, "import", "--data", data, "--company", "Test", path, "--lang", language, *arguments],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 4, (path, done.stderr))
        lines = done.stderr.strip().splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0].replace(os.path.dirname(path) + "/", "")

    def code(self, data, path, arguments):
        done = subprocess.run([harness.BIN, "import", "--data", data, "--company", "Test", path, "--json", *arguments],
                              capture_output=True, text=True)
        return harness.json_of(done.stdout)["failure"]["code"]

    def test_every_error_says_what_where_and_what_to_do(self):
        with harness.temporary_data("Test") as data:
            got = []
            for number, (code, content, arguments) in enumerate(CASES):
                path = os.path.join(data, f"{number:02d}-{code}")
                if callable(content):
                    content(path)
                elif content is not None:
                    with open(path, "wb") as f:
                        f.write(content)
                self.assertEqual(self.code(data, path, arguments), code)
                got.append(f"== {code}\nen: {self.sentence(data, path, arguments, 'en')}\nru: {self.sentence(data, path, arguments, 'ru')}\n")
        text = "\n".join(got)
        if os.environ.get("CLIENTELE_UPDATE_GOLDEN"):
            with open(GOLDEN, "w", encoding="utf-8") as f:
                f.write(text)
        with open(GOLDEN, encoding="utf-8") as f:
            self.assertEqual(text, f.read())


if __name__ == "__main__":
    unittest.main()
