# SPDX-License-Identifier: Apache-2.0
"""The readers and the server, judged by files and requests that nobody here wrote.

They lie beside the project and are no part of it: without them these tests are skipped, and say so.
"""
import http.client
import os
import re
import subprocess
import sys
import unittest

import harness

SAMPLES = os.path.join(harness.SHARED, "samples")
WRAPPER = """import subprocess, sys
done = subprocess.run([{binary!r}, "rows", *(a for a in sys.argv[1:] if a)], stdout=subprocess.PIPE)
sys.stdout.buffer.write(b"[" + b",".join(done.stdout.splitlines()) + b"]")
sys.exit(done.returncode if 0 <= done.returncode < 126 else 139)
"""


@unittest.skipUnless(os.path.exists(os.path.join(SAMPLES, "score.py")), "the samples are not here")
class Samples(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        import tempfile
        cls.folder = tempfile.TemporaryDirectory()
        cls.wrapper = os.path.join(cls.folder.name, "rows.py")
        with open(cls.wrapper, "w", encoding="utf-8") as f:
            f.write(WRAPPER.format(binary=harness.BIN))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def score(self, kind, *arguments):
        done = subprocess.run([sys.executable, os.path.join(SAMPLES, "score.py"), kind, "-v", sys.executable, self.wrapper, "{}", *arguments],
                              capture_output=True, text=True, check=False)
        total = re.search(r"^pass (\d+)/(\d+)", done.stdout, re.M)
        self.assertTrue(total, done.stdout[-2000:] + done.stderr[-2000:])
        bad = [line for line in done.stdout.splitlines() if re.match(r"(fail|soft-fail|lenient)\b", line)]
        return int(total[1]), int(total[2]), bad

    def test_csv_with_encoding_and_delimiter(self):
        passed, total, bad = self.score("csv", "--encoding={enc}", "--delimiter={delim}")
        # Two ask for an error that only who knows the wanted header can give: an empty file, a short row.
        self.assertEqual([re.split(" ", b)[:2] for b in bad],
                         [["lenient", "csvtd-bad-header-less-fields"], ["lenient", "csvtd-bad-header-no-header"]])
        self.assertEqual(passed, total - 2)

    def test_csv_told_nothing_is_never_misread(self):
        _, _, bad = self.score("csv")
        refused = [b for b in bad if b.startswith("fail")]
        # Of bytes that are no UTF-8 a person must say what they are; all else is told from the bytes.
        self.assertEqual([b for b in refused if " refused " not in b or not re.search(r"\benc cp125[12]\b", b)], [])

    def test_workbooks(self):
        passed, total, bad = self.score("xlsx")
        self.assertEqual((passed, bad), (total, []))

    def test_hostile_workbooks(self):
        passed, total, bad = self.score("hostile")
        self.assertEqual((passed, bad), (total, []))

    def test_requests(self):
        with harness.temporary_data("Test") as data, harness.Server(data) as server:
            done = subprocess.run([sys.executable, os.path.join(SAMPLES, "run_http.py"), str(server.port), "--map", "/=/healthz", "-v"],
                                  capture_output=True, text=True, check=False)
        percent = re.search(r"scored pass \d+/\d+ \((\d+(?:\.\d+)?) %\)", done.stdout)
        self.assertTrue(percent, done.stdout[-2000:] + done.stderr[-2000:])
        self.assertGreaterEqual(float(percent[1]), 89)
        self.assertNotIn("smuggled", done.stdout)

    def test_bodies(self):
        """Bodies that are no JSON are 400, those that are never are refused as malformed, and none is an error of ours."""
        self.send_bodies("/v4/consumers", "application/vnd.api+json")

    def test_bodies_as_operations(self):
        self.send_bodies("/v4/operations", 'application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"')

    def send_bodies(self, path, content_type):
        folder = os.path.join(SAMPLES, "json", "test_parsing")
        bad, token = [], None
        with harness.temporary_data("Test") as data:
            token = harness.new_token(data)
            with harness.Server(data) as server:
                for name in sorted(os.listdir(folder)):
                    with open(os.path.join(folder, name), "rb") as f:
                        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
                        connection.request("POST", path, f.read(), {"Authorization": f"Token token={token}", "Content-Type": content_type})
                    answer = connection.getresponse()
                    malformed = b"not valid JSON" in answer.read()
                    connection.close()
                    if answer.status >= 500 or (name[0] == "n" and answer.status != 400) or (name[0] == "y" and malformed):
                        bad.append((name, answer.status))
        self.assertEqual(bad, [])


if __name__ == "__main__":
    unittest.main()
