# SPDX-License-Identifier: Apache-2.0
"""A byte that the encoding cannot have, stated or told, is named before the first row is applied, however far down it stands."""
import unittest

from test_tasks import WithServer

ROWS = 200_000
HEAD = "external_id;email;name;phone;created_at\r\n"


def file_with(bad, encoding):
    """Its last line has a letter and then the bad bytes where the name stands."""
    text = HEAD + "".join(f"b{i};;Жанна;;\r\n" for i in range(1, ROWS)) + "last;;Я"
    return text.encode(encoding) + bad + ";;\r\n".encode(encoding)


class BadBytes(WithServer):
    def refused(self, content, encoding, code, column, offset_back):
        number = self.made(content, f"?encoding={encoding}" if encoding else "")
        task = self.wait(number)
        failure = task["failure"]
        self.assertEqual((task["state"], failure["code"], failure["line"], failure["column"]), ("failed", code, ROWS + 1, column), failure)
        self.assertEqual(failure["offset"], len(content) - offset_back)
        self.assertEqual((task["records"], task["started_at"]), (0, None), "nothing had begun")
        self.assertEqual(self.c.get("/v4/consumers").json["meta"]["total_count"], 0)
        return task

    def test_windows_1251(self):
        task = self.refused(file_with(b"\x98", "windows-1251"), "windows-1251", "encoding_mismatch", 8, 5)
        self.assertIn("KOI8-R", [e["encoding"] for e in task["analysis"]["encodings"]])

    def test_koi8_r_has_a_letter_for_every_byte_but_none_of_them_is_nul(self):
        self.refused(file_with(b"\0", "koi8-r"), "koi8-r", "binary", 8, 5)

    def test_utf_8(self):
        self.refused(file_with(b"\xff", "utf-8"), "utf-8", "encoding_mismatch", 8, 5)
        self.refused(file_with(b"\xff", "utf-8"), None, "encoding", 8, 5)

    def test_utf_16(self):
        lone = b"\x3d\xd8"  # the first half of a pair
        self.refused(file_with(lone, "utf-16-le"), "utf-16le", "encoding_mismatch", 8, 10)
        self.refused(b"\xff\xfe" + file_with(lone, "utf-16-le"), None, "encoding_mismatch", 8, 10)
        self.refused(b"\xff\xfe" + file_with(lone, "utf-16-le"), "utf-16", "encoding_mismatch", 8, 10)

    def test_a_text_that_ends_within_a_letter(self):
        content = file_with(b"", "shift_jis")[:-2] + b"\x83"
        self.refused(content, "shift_jis", "encoding_mismatch", 11, 1)  # its columns are bytes


if __name__ == "__main__":
    unittest.main()
