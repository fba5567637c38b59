# SPDX-License-Identifier: Apache-2.0
"""The readers cannot be hurt: memory stays what it is whatever the file holds, nothing outside of the file is opened,
and what other writers' habits make of an archive is read the same."""
import io
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
import zlib

import harness

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FRAME = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOC}"><sheets><sheet name="A" sheetId="1" r:id="a"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="a" Type="{DOC}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
SMALL_QUARANTINE = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:quarantine_size_mb=1"}
MIB = 1 << 20
# A child's peak begins at what its parent had when it forked: a small process stands between.
MEASURE = """import os, sys
null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0) for fd in (1, 2)]
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=null), 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


def parts(**more):
    return {**FRAME, "xl/worksheets/sheet1.xml": SHEET, **more}


def archive(entries, descriptor=False, zip64=False, method=8, flags=0, comment=b""):
    """An archive made byte by byte: sizes in descriptors behind the data, or in ZIP64 fields everywhere."""
    out, directory = io.BytesIO(), b""
    for name, text in entries.items():
        raw, name = text if isinstance(text, bytes) else text.encode(), name.encode()
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packer.compress(raw) + packer.flush() if method == 8 else raw
        at, crc, bits = out.tell(), zlib.crc32(raw), flags | (8 if descriptor else 0)
        sizes = (0xFFFFFFFF, 0xFFFFFFFF) if zip64 else (len(data), len(raw))
        local = (0, 0, 0) if descriptor else (crc, *sizes)
        extra = struct.pack("<HHQQ", 1, 16, len(raw), len(data)) if zip64 and not descriptor else b""
        out.write(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45, bits, method, 0, 33, *local, len(name), len(extra)) + name + extra + data)
        if descriptor:
            out.write(b"PK\7\x08" + struct.pack("<III", crc, len(data), len(raw)))
        extra = struct.pack("<HHQQQ", 1, 24, len(raw), len(data), at) if zip64 else b""
        directory += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 45, 45, bits, method, 0, 33, crc, *sizes, len(name), len(extra), 0, 0, 0, 0,
                                 0xFFFFFFFF if zip64 else at) + name + extra
    at = out.tell()
    out.write(directory)
    if zip64:
        end = out.tell()
        out.write(b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, len(entries), len(entries), len(directory), at))
        out.write(b"PK\6\7" + struct.pack("<IQI", 0, end, 1))
    counts = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF) if zip64 else (len(entries), len(entries), len(directory), at)
    out.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, *counts, len(comment)) + comment)
    return out.getvalue()


class Readers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="clientele-readers-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "file")

    def write(self, content):
        with open(self.path, "wb") as f:
            f.write(content)

    def write_book(self, writes):
        """writes: for each part its name and a function that writes it to a file."""
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
            for name, text in FRAME.items():
                z.writestr(name, text)
            for name, write in writes.items():
                with z.open(name, "w") as f:
                    write(f)

    def rows(self):
        done = harness.run("rows", self.path, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()] if not done.returncode else done.stderr

    def peak(self, code=0):
        """The most memory in bytes that reading the file takes."""
        done = subprocess.run([sys.executable, "-I", "-c", MEASURE, harness.BIN, "rows", self.path], capture_output=True, text=True, check=True,
                              env={**os.environ, **SMALL_QUARANTINE})
        ended, kib = map(int, done.stdout.split())
        self.assertEqual(ended, code)
        return kib * 1024


class Memory(Readers):
    def grows(self, small, large):
        small()
        before = self.peak()
        large()
        return self.peak() - before

    def test_shared_strings_beyond_a_cap_go_to_the_disk(self):
        def book(strings):
            def sheet(f):
                f.write(b"<worksheet><sheetData>")
                for i in range(strings):
                    f.write(b'<row><c t="s"><v>%d</v></c></row>' % (strings - 1 - i))
                f.write(b"</sheetData></worksheet>")

            def texts(f):
                f.write(b"<sst>")
                for i in range(strings):
                    f.write(b"<si><t>%0200d</t></si>" % i)
                f.write(b"</sst>")
            return lambda: self.write_book({"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": texts})
        self.assertLess(self.grows(book(100), book(200000)), 24 * MIB)  # 40 MB of text
        self.assertEqual(self.rows(), [["%0200d" % i] for i in reversed(range(200000))])

    def test_rows_do_not_add_up(self):
        def sheet(rows):
            def write(f):
                f.write(b"<worksheet><sheetData>")
                for i in range(rows):
                    f.write(b'<row r="%d"><c t="inlineStr"><is><t>%0100d</t></is></c></row>' % (i + 1, i))
                f.write(b"</sheetData></worksheet>")
            return lambda: self.write_book({"xl/worksheets/sheet1.xml": write})

        def table(rows):
            return lambda: self.write(b"a;b\n" + b"".join(b"%d;%0100d\n" % (i, i) for i in range(rows)))
        self.assertLess(self.grows(sheet(100), sheet(200000)), 16 * MIB)
        self.assertLess(self.grows(table(100), table(500000)), 16 * MIB)  # 55 MB

    def test_a_million_formatted_blank_rows_cost_nothing(self):
        def book(blank):
            def sheet(f):
                f.write(b'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>')
                for first in range(2, blank + 2, 1000):
                    f.write(b"".join(b'<row r="%d" spans="1:3" s="1" customFormat="1"><c r="A%d" s="1"/><c r="B%d" s="1"/></row>' % (i, i, i)
                                     for i in range(first, first + 1000)))
                f.write(b'<row r="1048576"><c r="A1048576"><v>2</v></c></row></sheetData></worksheet>')
            return lambda: self.write_book({"xl/worksheets/sheet1.xml": sheet})
        self.assertLess(self.grows(book(1000), book(1000000)), 8 * MIB)
        self.assertEqual(self.rows(), [["1"], ["2"]])

    def test_an_archive_of_very_many_files_is_refused_before_its_directory_is_read(self):
        entry = b"PK\1\2" + bytes(42)
        for count, announced in ((700000, 700000), (700000, 0xFFFF), (700000, 1)):
            directory = entry * count
            end64 = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(directory), 4)
            at = 4 + len(directory)
            locator = b"PK\6\7" + struct.pack("<IQI", 0, at, 1)
            size = len(directory) if announced != 0xFFFF else 0xFFFFFFFF
            end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, announced & 0xFFFF, announced & 0xFFFF, size, 4, 0)
            self.write(b"PK\3\4" + directory + (end64 + locator if announced == 0xFFFF else b"") + end)
            self.assertRegex(self.rows(), "files")
            self.assertLess(self.peak(code=4), 64 * MIB)


class Outside(Readers):
    def test_nothing_outside_of_the_file_is_opened(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.2)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
            secret = os.path.join(os.path.dirname(self.path), "secret")
            with open(secret, "w", encoding="utf-8") as f:
                f.write("do not read this")
            cases = [(f'<!DOCTYPE w [<!ENTITY a SYSTEM "{target}">]>', "&a;", "xl/worksheets/sheet1.xml") for target in (url, "file://" + secret)]
            cases += [(f'<!DOCTYPE w SYSTEM "{url}">', "1", "xl/worksheets/sheet1.xml"),
                      (f'<!DOCTYPE w [<!ENTITY % p SYSTEM "{url}"> %p;]>', "1", "xl/workbook.xml")]
            for doctype, text, part in cases:
                whole = parts()
                whole[part] = doctype + whole[part].replace("<v>1</v>", f"<v>{text}</v>")
                self.write(archive(whole))
                self.assertIn("DOCTYPE", self.rows())
            outside = FRAME["xl/_rels/workbook.xml.rels"].replace("worksheets/sheet1.xml", "../../" + secret.lstrip("/"))
            self.write(archive(parts(**{"xl/_rels/workbook.xml.rels": outside})))
            self.assertIn("is missing", self.rows())
            external = FRAME["xl/_rels/workbook.xml.rels"].replace("worksheets/sheet1.xml", url).replace("/>", ' TargetMode="External"/>')
            self.write(archive(parts(**{"xl/_rels/workbook.xml.rels": external})))
            self.assertIsInstance(self.rows(), str)
            with self.assertRaises(TimeoutError):
                listener.accept()


class Archives(Readers):
    def test_habits_of_other_writers(self):
        backslashes = {name.replace("/", "\\"): text for name, text in parts().items()}
        encoded = {**parts(), "xl/_rels/workbook.xml.rels": FRAME["xl/_rels/workbook.xml.rels"].replace("sheet1", "%D0%9B%201"), "xl/worksheets/Л 1.xml": SHEET}
        del encoded["xl/worksheets/sheet1.xml"]
        wide = {name: b"\xff\xfe" + f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16-le") for name, text in parts().items()}
        big = {name: b"\xfe\xff" + f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16-be") for name, text in parts().items()}
        cases = {
            "deflated": archive(parts()),
            "stored": archive(parts(), method=0),
            "descriptors": archive(parts(), descriptor=True),
            "zip64": archive(parts(), zip64=True),
            "names in UTF-8": archive(parts(), flags=0x800),
            "a comment": archive(parts(), comment=b"PK\5\6" + b"x" * 40),
            "backslashes": archive(backslashes),
            "names in capitals": archive({name.upper(): text for name, text in parts().items()}),
            "an escaped target": archive(encoded, flags=0x800),
            "UTF-16": archive(wide),
            "UTF-16 with the other end first": archive(big),
            "no content types and no relations of the package": archive({k: v for k, v in parts().items() if k not in ("[Content_Types].xml", "_rels/.rels")}),
            "a macro workbook": archive(parts(**{"xl/vbaProject.bin": b"\0" * 100})),
        }
        for name, content in cases.items():
            with self.subTest(name):
                self.write(content)
                self.assertEqual(self.rows(), [["1"]])

    def test_sizes_that_lie(self):
        book = bytearray(archive(parts(**{"xl/worksheets/sheet1.xml": SHEET.replace("<row", " " * (90 * MIB) + "<row", 1)})))
        entry = book.rindex(b"PK\1\2")
        book[entry + 24:entry + 28] = struct.pack("<I", 1000)
        self.write(bytes(book))
        begun = time.monotonic()
        self.assertIsInstance(self.rows(), str)
        self.assertLess(time.monotonic() - begun, 10)


if __name__ == "__main__":
    unittest.main()
