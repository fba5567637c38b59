# SPDX-License-Identifier: Apache-2.0
"""The failed rows of an import, repaired by a script and imported again: `./dev million` in small."""
import os
import shutil
import sys
import tempfile
import unittest

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "bench"))
import million  # noqa: E402


class Small(unittest.TestCase):
    def test_twelve_thousand_failures_of_forty_thousand_rows(self):
        folder = tempfile.mkdtemp(prefix="clientele-test-")
        self.addCleanup(shutil.rmtree, folder)
        told = []
        million.Million(harness.BIN, folder, 40000, 12000, told.append).all()
        self.assertEqual(len(told), 8)


if __name__ == "__main__":
    unittest.main()
