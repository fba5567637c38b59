# SPDX-License-Identifier: Apache-2.0
"""Findings and their repairs, from a file with one of each to the undo of what the repairs wrote."""
import csv
import io
import json
import os
import unittest

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

def table(rows, header=HEADER, delimiter=";"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows([header, *rows])
    return out.getvalue()


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
