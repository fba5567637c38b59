# SPDX-License-Identifier: Apache-2.0
"""Resumable uploads that come as gzip, and creations that are sent again with their Idempotency-Key."""
import gzip
import hashlib
import os
import unittest

from test_tasks import rows
from test_tus import BYTES, Case, metadata

KEY = {"Idempotency_Key": '"8e03978e"'}


class Packed(Case):
    arguments = ("--upload-limit", "1M")

    def sent(self, body, **values):
        """In two pieces."""
        url = self.create(len(body), body[:7], filename="clients.csv.gz", **values).headers["Location"]
        self.assertEqual(self.patch(url, 7, body[7:]).status, 204)
        return self.finished(url.replace("import_uploads", "import_tasks")), url

    def test_what_is_inside_is_imported_and_named_as_with_post(self):
        text = rows(500)
        told, url = self.sent(gzip.compress(text))
        self.assertEqual((told["state"], told["created"]), ("completed", 500), told["failure"])
        self.assertEqual((told["size"], told["sha256"]), (len(text), hashlib.sha256(text).hexdigest()))
        self.assertEqual(len(self.uploads()), 1, "the packed file is gone")
        head = self.tus("HEAD", url)
        self.assertEqual(head.headers["Upload-Offset"], head.headers["Upload-Length"])
        answer = self.client().post("/v4/import_tasks", text, content_type="text/csv")
        self.assertEqual(answer.json["data"]["id"], "2")
        again = self.finished("/v4/import_tasks/2")
        self.assertEqual((again["same_content_as"], again["unchanged"]), ("1", 500))

    def test_damaged_cut_and_too_large(self):
        body = gzip.compress(rows(500))
        broken = bytearray(body)
        broken[-5] ^= 1  # of its checksum
        for content, code in ((bytes(broken), "gzip_damaged"), (body[:-20], "gzip_damaged"), (body + b"more", "gzip_damaged"),
                              (b"\x1f\x8b\x08", "gzip_damaged"), (gzip.compress(b"x" * (1 << 20) + b"y"), "too_large"),
                              (gzip.compress(gzip.compress(b"x")), "gzip")):
            with self.subTest(code=code, size=len(content)):
                url = self.create(len(content), content).headers["Location"]
                told = self.finished(url.replace("import_uploads", "import_tasks"))
                self.assertEqual((told["state"], told["failure"]["code"], told["records"]), ("failed", code, 0))
        self.assertFalse([name for name in self.uploads() if name.endswith(".part")])

    def test_a_plain_file_is_left_as_it_came(self):
        told, _ = self.sent(rows(3))
        self.assertEqual((told["state"], told["size"]), ("completed", len(rows(3))))

    def test_after_a_kill_too(self):
        body = gzip.compress(rows(2000))
        url = self.create(len(body), filename="a.csv.gz").headers["Location"]
        self.patch(url, 0, body)
        self.server.kill()
        self.server.start()
        told = self.finished(url.replace("import_uploads", "import_tasks"))
        self.assertEqual((told["state"], told["created"]), ("completed", 2000))
        self.assertEqual(len([name for name in self.uploads() if "." not in name]), 1)


class Repeated(Case):
    def test_a_creation_is_answered_with_its_upload(self):
        text = rows(9)
        made = self.tus("POST", Upload_Length=len(text), Upload_Metadata=metadata(filename="a.csv"), **KEY)
        self.assertEqual((made.status, made.headers["Idempotent-Replayed"]), (201, None))
        url = made.headers["Location"]
        self.assertEqual(self.patch(url, 0, text[:10]).status, 204)
        again = self.tus("POST", body=text[:5], Upload_Length=len(text), Upload_Metadata=metadata(filename="a.csv"),
                         Content_Type=BYTES, **KEY)
        self.assertEqual((again.status, again.headers["Location"], again.headers["Upload-Offset"], again.headers["Idempotent-Replayed"]),
                         (201, url, "10", "true"))
        for other in ({"Upload_Length": len(text) + 1, "Upload_Metadata": metadata(filename="a.csv")},
                      {"Upload_Length": len(text), "Upload_Metadata": metadata(filename="b.csv")}):
            self.assertEqual(self.tus("POST", **other, **KEY).status, 422)
        self.assertEqual(self.client().post("/v4/import_tasks", text, content_type="text/csv",
                                            headers={"Idempotency-Key": '"8e03978e"'}).status, 422)
        self.stop()
        self.server.start()
        self.assertEqual(self.patch(url, 10, text[10:]).status, 204)
        self.assertEqual(self.finished(url.replace("import_uploads", "import_tasks"))["created"], 9)
        last = self.tus("POST", Upload_Length=len(text), Upload_Metadata=metadata(filename="a.csv"), **KEY)
        self.assertEqual((last.status, last.headers["Location"], last.headers["Upload-Offset"]), (201, url, str(len(text))))
        self.assertEqual(len(self.client().get("/v4/import_tasks").json["data"]), 1)
        self.assertEqual(len(self.uploads()), 1)

    def test_one_that_was_cancelled_is_gone_and_a_malformed_key_is_refused(self):
        made = self.tus("POST", Upload_Length=100, **KEY)
        self.assertEqual(self.tus("DELETE", made.headers["Location"]).status, 204)
        self.assertEqual(self.tus("POST", Upload_Length=100, **KEY).status, 410)
        self.assertEqual(self.tus("POST", Upload_Length=100, Idempotency_Key='"').status, 400)


if __name__ == "__main__":
    unittest.main()
