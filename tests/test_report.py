# SPDX-License-Identifier: Apache-2.0
"""The report of an import: every record in one state, every problem told, and the failed rows as a file that is corrected
and imported again as it is."""
import csv
import io
import json
import os
import unittest

import harness
import workbook

HEADER = ["external_id", "email", "name", "phone", "created_at", "Регион"]
BAD_EMAIL = "is not an e-mail address"


def row(i, email=None, region="74"):
    return [str(i), email or f"p{i}@example.com", f"Имя {i}", f"7900{i:07d}", "2018-01-01 00:11:22", region]


def csv_bytes(rows, delimiter=";", encoding="utf-8-sig"):
    f = io.StringIO(newline="")
    csv.writer(f, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return f.getvalue().encode(encoding)


class Report(unittest.TestCase):
    def setUp(self):
        self.data = self.enterContext(harness.temporary_data())

    def path(self, name, content):
        path = os.path.join(self.data, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def command(self, *words, check=True):
        return harness.run(*words, "--data", self.data, check=check)

    def load(self, path, *options, code=(0, 3)):
        done = self.command("import", path, "--json", *options, check=False)
        self.assertIn(done.returncode, code, done.stderr + done.stdout)
        result = json.loads(done.stdout)
        self.assertEqual(sum(result[k] for k in ("created", "updated", "unchanged", "skipped", "failed")), result["records"])
        return result

    def task(self, result):
        return json.loads(self.command("task", "show", result["import_task"]).stdout)

    def failed_rows(self, result, kind="csv", name=None):
        """The rows of the error file, and where it is."""
        path = os.path.join(self.data, name or f"failed-{result['import_task']}.{kind}")
        self.command("task", "failed-rows", result["import_task"], "--format", kind, "--output", path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        return [json.loads(x) for x in harness.run("rows", path).stdout.splitlines()], path

    def repaired(self, rows, column="email", value=lambda r: f"fixed{r[0]}@example.com", **how):
        at = rows[0].index(column)
        return [rows[0]] + [r[:at] + [value(r)] + r[at + 1:] for r in rows[1:]]

    def mixed_file(self, good=20, bad=10):
        return [HEADER] + [row(i, f"bad{i}" if i % 3 == 0 else None) for i in range(good + bad)]

    # --- the way there and back ---

    def test_failed_rows_have_the_files_columns_and_the_reason(self):
        result = self.load(self.path("in.csv", csv_bytes(self.mixed_file())))
        self.assertEqual((result["created"], result["failed"]), (20, 10))
        for kind in ("csv", "xlsx"):
            rows, _ = self.failed_rows(result, kind)
            self.assertEqual(rows[0], HEADER + ["import_error"])
            self.assertEqual([r[:-1] for r in rows[1:]], [row(i, f"bad{i}") for i in range(0, 30, 3)])
            for r in rows[1:]:
                self.assertRegex(r[-1], rf"\Aemail: {BAD_EMAIL} \[{result['import_task']}:{int(r[0]) + 1}:[0-9a-f]{{6}}\]\Z")
        russian = self.command("task", "failed-rows", result["import_task"], "--lang", "ru").stdout
        self.assertIn("email: ", russian)
        self.assertNotIn(BAD_EMAIL, russian)

    def corrections_hang_under(self, path, rows_bytes, *options):
        result = self.load(self.path(*rows_bytes) if isinstance(rows_bytes, tuple) else rows_bytes, *options)
        return result

    def test_a_corrected_file_hangs_under_its_parent(self):
        for kind in ("csv", "xlsx"):
            with self.subTest(kind):
                start = {"csv": 0, "xlsx": 1000}[kind]
                file = [HEADER] + [row(i, f"bad{i}" if i % 3 == 0 else None) for i in range(start, start + 30)]
                parent = self.load(self.path("in.csv", csv_bytes(file)))
                failed = parent["failed"]
                rows, _ = self.failed_rows(parent, kind)
                fixed = self.repaired(rows)
                fixed[1] = rows[1]  # one is forgotten
                content = csv_bytes(fixed) if kind == "csv" else workbook.book(fixed)
                child = self.load(self.path("fixed." + kind, content))
                self.assertEqual((child["created"], child["failed"], child["with_warnings"], child["corrects"]), (failed - 1, 1, 0, parent["import_task"]))
                self.assertEqual(self.task(parent)["corrected"], {"failed": failed, "accepted": failed - 1, "by": [child["import_task"]]})
                self.assertEqual(self.task(child)["corrects"], parent["import_task"])
                # the same file twice corrects nothing twice
                twice = self.load(self.path("fixed." + kind, content))
                self.assertEqual((twice["unchanged"], twice["same_content_as"]), (failed - 1, child["import_task"]))
                self.assertEqual(self.task(parent)["corrected"]["accepted"], failed - 1)
                # the correction's own failed row: a correction of the correction counts for the first file, too
                rows, _ = self.failed_rows(child, kind)
                self.assertEqual(rows[0], HEADER + ["import_error"], "one column of reasons, not two")
                self.assertIn(f"[{child['import_task']}:", rows[1][-1])
                again = self.load(self.path("again.csv", csv_bytes(self.repaired(rows))))
                self.assertEqual((again["created"], again["corrects"]), (1, child["import_task"]))
                self.assertEqual(self.task(parent)["corrected"]["accepted"], failed)
                # what is undone corrects nothing any more
                self.command("task", "undo", again["import_task"])
                self.assertEqual(self.task(parent)["corrected"]["accepted"], failed - 1)
                exported = self.command("export", "--format", "jsonl").stdout
                self.assertNotIn("import_error", exported, "the reasons are no attribute")

    def test_it_is_known_however_a_spreadsheet_saved_it(self):
        parent = self.load(self.path("in.csv", csv_bytes(self.mixed_file())))
        rows, _ = self.failed_rows(parent)
        fixed = self.repaired(rows)
        moved = [[r[-1]] + r[:-1] for r in fixed]
        partly = [fixed[0]] + [r[:-1] + [""] for r in fixed[1:4]] + fixed[4:]
        for name, content in {"comma.csv": csv_bytes(fixed, ","), "tab.csv": csv_bytes(fixed, "\t", "utf-16"), "no_bom.csv": csv_bytes(fixed, encoding="utf-8"),
                              "saved.xlsx": workbook.book(fixed), "moved.csv": csv_bytes(moved), "emptied.csv": csv_bytes(partly)}.items():
            result = self.load(self.path(name, content))
            self.assertEqual((result.get("corrects"), result["failed"]), (parent["import_task"], 0), name)

    def test_it_is_no_correction_of_something_else(self):
        parent = self.load(self.path("in.csv", csv_bytes(self.mixed_file())))
        rows, _ = self.failed_rows(parent)
        harness.run("company", "create", "--data", self.data, "Other")
        other = [HEADER] + [row(1, "x"), row(2)]
        done = harness.run("import", "--data", self.data, "--company", "Other", self.path("o.csv", csv_bytes(other)), "--json", check=False)
        self.assertEqual(json.loads(done.stdout)["import_task"], parent["import_task"], "another company's import has the same number")
        done = harness.run("import", "--data", self.data, "--company", "Other", self.path("f.csv", csv_bytes(self.repaired(rows))), "--json")
        result = json.loads(done.stdout)
        self.assertEqual((result.get("corrects"), result["created"]), (None, 10))
        for odd in ("", "[1]", "[1:2]", "[x:1:aaaaaa]", f"[{parent['import_task']}:2:ffffff]", "[99:2:aaaaaa]", "[0:0:000000]"):
            odd_path = self.path("odd.csv", csv_bytes([HEADER + ["import_error"], row(7000) + [odd]]))
            result = self.load(odd_path, "--company", "Test")
            self.assertNotIn("corrects", result, odd)

    def test_rules_and_mapping_of_the_parent_hold_for_its_correction(self):
        header = ["Номер", "Адрес почты", "Имя покупателя", "Тел. моб.", "Когда", "Лишнее"]
        mapping = json.dumps({"Номер": "external_id", "Адрес почты": "email", "Имя покупателя": "name", "Тел. моб.": "phone", "Когда": "created_at", "Лишнее": "ignore"})
        self.load(self.path("seed.csv", csv_bytes([HEADER] + [row(i) for i in range(6)])))
        above = [["Отчёт за март"], ["  "], header] + [row(i, "bad" if i % 2 else f"new{i}@example.com") for i in range(8)]
        file = self.path("in.csv", csv_bytes(above, "|", "cp1251"))
        parent = self.load(file, "--mapping", mapping, "--encoding", "windows-1251", "--delimiter", "|", "--header-row", "3", "--update-only", "--repeats", "first_wins")
        self.assertEqual((parent["updated"], parent["skipped"], parent["failed"]), (3, 1, 4))
        rows, _ = self.failed_rows(parent)
        self.assertEqual(rows[0], header + ["import_error"])
        child = self.load(self.path("fixed.csv", csv_bytes(self.repaired(rows, "Адрес почты"))))
        self.assertEqual((child["updated"], child["skipped"], child["failed"], child["corrects"]), (3, 1, 0, parent["import_task"]))
        settings = self.task(child)["settings"]
        self.assertEqual((settings["mode"], settings["repeats"]), ("update_only", "first_wins"))
        for reading in ("encoding", "delimiter", "header_row"):
            self.assertNotIn(reading, settings)
        remembered = self.load(self.path("fixed2.csv", csv_bytes(self.repaired(rows, "Адрес почты", lambda r: f"z{r[0]}@example.com"))), "--remembered")
        self.assertEqual((remembered["updated"], remembered["failed"]), (3, 0), "how the old file was to be read is not remembered for its correction")
        said = self.load(self.path("fixed3.csv", csv_bytes(self.repaired(rows, "Адрес почты", lambda r: f"y{r[0]}@example.com"))), "--mode", "create_only")
        self.assertEqual((said["skipped"], said["created"]), (3, 1), "what is said for this file goes before")

    def test_a_workbooks_chosen_sheet(self):
        sheets = {"Сводка": [["итог", "1"]], "Клиенты": self.mixed_file()}
        parent = self.load(self.path("in.xlsx", workbook.book(sheets)), "--sheet", "Клиенты")
        self.assertEqual(parent["failed"], 10)
        for kind in ("csv", "xlsx"):
            rows, _ = self.failed_rows(parent, kind)
            self.assertEqual(len(rows), 11)
            child = self.load(self.path("fixed." + kind, csv_bytes(self.repaired(rows)) if kind == "csv" else workbook.book(self.repaired(rows))))
            self.assertEqual((child["failed"], child["corrects"]), (0, parent["import_task"]))

    def test_json_lines(self):
        lines = [{"external_id": f"j{i}", "email": "bad" if i % 2 else f"j{i}@example.com", "custom_attributes": {"n": 1.5, "o": [1]}} for i in range(6)]
        text = [json.dumps(line) for line in lines] + [json.dumps({"data": {"type": "consumers", "attributes": {"external_id": "r", "email": "worse"}}}), "not json"]
        parent = self.load(self.path("in.jsonl", "\n".join(text).encode()), "--format", "jsonl")
        self.assertEqual((parent["created"], parent["failed"]), (3, 5))
        path = os.path.join(self.data, "failed.jsonl")
        self.command("task", "failed-rows", parent["import_task"], "--output", path)
        with open(path, encoding="utf-8") as f:
            out = f.read().splitlines()
        self.assertEqual(out[-1], "not json")
        parsed = [json.loads(x) for x in out[:-1]]
        self.assertEqual([list(x)[0] for x in parsed], ["import_error"] * 4)
        self.assertEqual([x["custom_attributes"] for x in parsed[:3]], [{"n": 1.5, "o": [1]}] * 3)
        fixed = "\n".join(out[:-1]).replace('"bad"', '"ok@example.com"', 1).replace('"bad"', '"ok2@example.com"', 1).replace('"bad"', '"ok3@example.com"').replace('"worse"', '"ok4@example.com"')
        child = self.load(self.path("fixed.jsonl", fixed.encode()))
        self.assertEqual((child["created"], child["failed"], child["with_warnings"], child["corrects"]), (4, 0, 0, parent["import_task"]))

    def test_cells_come_back_as_they_were_meant(self):
        """The error file is safe to open, and says the same as the file it came from."""
        header = HEADER + ["=заметка", "b"]
        notes = ["=1+1", "'=1+1", "[clear]", "'[clear]", "@x", "-1", "+7 900", "a;b", 'q"q', "two\nlines", "  x ", "'", "7.9E+10", "\tx", "０"]
        self.load(self.path("seed.csv", csv_bytes([header] + [row(i) + ["old", "old"] for i in range(len(notes))])))
        parent = self.load(self.path("in.csv", csv_bytes([header] + [row(i, "bad") + [note, note] for i, note in enumerate(notes)])), "--go-on")
        self.assertEqual(parent["failed"], len(notes))
        want = self.load(self.path("good.csv", csv_bytes([header] + [row(i) + [note, note] for i, note in enumerate(notes)])))
        self.assertEqual(want["failed"], 0)
        stored = self.command("export", "--format", "jsonl").stdout
        for kind in ("csv", "xlsx"):
            rows, path = self.failed_rows(parent, kind)
            if kind == "csv":
                for r in rows:
                    for cell in r:
                        if cell and cell[0] in "=+-@\t":
                            self.assertRegex(cell, r"\A[+-]?[0-9.]+\Z")
            fixed = self.repaired(rows, value=lambda r: f"p{r[0]}@example.com")
            child = self.load(self.path("fixed." + kind, csv_bytes(fixed) if kind == "csv" else workbook.book(fixed)))
            self.assertEqual((child["unchanged"], child["failed"]), (len(notes), 0), kind)
            self.assertEqual(self.command("export", "--format", "jsonl").stdout, stored)

    def test_too_many_cells_are_not_swallowed_by_the_column_of_reasons(self):
        parent = self.load(self.path("in.csv", csv_bytes([HEADER, row(1) + ["extra"], row(2)[:3], row(3)])))
        self.assertEqual((parent["failed"], parent["created"]), (1, 2))
        rows, path = self.failed_rows(parent)
        self.assertEqual((rows[0], rows[1][:6], rows[1][7]), (HEADER + ["import_error"], row(1), "extra"))
        self.assertEqual(self.load(path)["failed"], 1, "as it is it fails again: nobody has repaired it")
        self.assertEqual(self.load(self.path("fixed.csv", csv_bytes([rows[0], rows[1][:7]])))["created"], 1)

    def test_undo_offers_both(self):
        empty = self.command("export", "--format", "csv").stdout
        parent = self.load(self.path("in.csv", csv_bytes(self.mixed_file())))
        middle = self.command("export", "--format", "jsonl").stdout
        rows, _ = self.failed_rows(parent)
        child = self.load(self.path("fixed.csv", csv_bytes(self.repaired(rows))))
        preview = json.loads(self.command("task", "undo", parent["import_task"], "--dry-run").stdout)
        self.assertEqual(preview["corrections"], [{"id": child["import_task"], "created": 10, "updated": 0}])
        self.assertEqual(preview["removed"], 20)
        said = self.command("task", "undo", parent["import_task"]).stdout
        self.assertIn("--corrections", said)
        self.assertEqual(self.command("export", "--format", "jsonl").stdout.count("\n"), 10, "the corrections stay")
        said = self.command("task", "undo", parent["import_task"], "--corrections").stdout
        self.assertIn(f"{child['import_task']}: Removed 10", said)
        self.assertEqual(self.command("export", "--format", "csv").stdout, empty)
        self.assertEqual([self.task(t)["state"] for t in (parent, child)], ["reverted"] * 2)
        self.command("task", "undo", parent["import_task"], "--corrections")  # safe to repeat
        self.assertGreater(len(middle), 0)

    def test_undo_of_a_correction_leaves_its_parent(self):
        parent = self.load(self.path("in.csv", csv_bytes(self.mixed_file())))
        middle = self.command("export", "--format", "jsonl").stdout
        rows, _ = self.failed_rows(parent)
        child = self.load(self.path("fixed.csv", csv_bytes(self.repaired(rows))))
        self.command("task", "undo", child["import_task"])
        self.assertEqual(self.command("export", "--format", "jsonl").stdout, middle)
        self.assertNotIn("corrected", self.task(parent), "what was undone corrects nothing")

    def test_failed_rows_of_a_dry_run_that_nothing_followed(self):
        result = self.load(self.path("in.csv", csv_bytes(self.mixed_file())), "--dry-run")
        rows, _ = self.failed_rows(result)
        self.assertEqual(len(rows), 11)
        done = self.command("import", self.path("in2.csv", csv_bytes(self.mixed_file() + [row(99)])), "--all-or-nothing", "--json", check=False)
        task = json.loads(done.stdout)["import_task"]
        rows, _ = self.failed_rows({"import_task": task})
        self.assertEqual(len(rows), 11)

    # --- the problems themselves ---

    def test_every_problem_has_line_record_column_value_code_text_and_the_other_customer(self):
        file = [["Код клиента", "Почта", "ФИО", "Телефон", "Дата создания", "unsubscribed"],
                row(1), ["", "", "", "", "", ""], row(2, "p1@example.com"), ["3", "x", "имя\nс переносом", "7.9E+10", "31.02.2018", ""], row(4)]
        for language, words in {"en": ("belongs to another customer", "is not an e-mail address"), "ru": ("", "")}.items():
            with self.subTest(language):
                result = self.load(self.path("in.csv", csv_bytes(file)), "--lang", language)
                errors = result["errors"]
                self.assertEqual([(e["record"], e["line"], e["code"], e["value"]) for e in errors],
                                 [(2, 4, "taken", "p1@example.com"), (3, 5, "email_invalid", "x"), (3, 5, "scientific_number", "7.9E+10"), (3, 5, "date_invalid", "31.02.2018")])
                first = json.loads(self.command("export", "--format", "jsonl").stdout.splitlines()[0])
                self.assertEqual((first["attributes"]["external_id"], errors[0]["other_id"]), ("1", first["id"]))
                for e in errors:
                    self.assertTrue(e["detail"])
                    self.assertEqual(any("а" <= c <= "я" for c in e["detail"]), language == "ru", e)
                self.assertEqual(result["problems"], 4)
                self.assertEqual([e["column"] for e in errors], ["Почта", "Почта", "Телефон", "Дата создания"], "the file's own headers")

    def test_problems_by_reason_with_lines(self):
        file = [HEADER] + [row(i, "bad" if i < 40 or i == 55 else f"p{i}@example.com") for i in range(60)] + [row(70)[:4] + ["вчера", ""]]
        result = self.load(self.path("in.csv", csv_bytes(file)), "--go-on")
        text = self.command("task", "errors", result["import_task"]).stdout
        self.assertEqual(text.splitlines(), [f"41 × email: {BAD_EMAIL}; lines 2–41, 57", "1 × created_at: is not a date; write it as 2018-01-01 00:11:22; line 62"])
        text = self.command("task", "errors", result["import_task"], "--lang", "ru").stdout
        self.assertIn("; строки 2–41, 57", text)
        table = self.command("task", "errors", result["import_task"], "--all").stdout
        rows = list(csv.reader(io.StringIO(table.lstrip("\ufeff")), delimiter=";"))
        self.assertEqual(rows[0], ["record", "line", "column", "value", "code", "reason", "other_id"])
        self.assertEqual(len(rows), 43)
        self.assertEqual(rows[1], ["1", "2", "email", "bad", "email_invalid", BAD_EMAIL, ""])
        warned = self.load(self.path("warn.csv", csv_bytes([HEADER, row(1)[:3] + ["позвонить соседке"] + row(1)[4:]])))
        self.assertEqual(warned["with_warnings"], 1)
        self.assertRegex(self.command("task", "errors", warned["import_task"], "--warnings").stdout, r"\A1 × phone: .*; line 2\n\Z")

    def test_a_group_of_any_size_has_all_its_lines(self):
        # Beyond what is kept of single lines: whole stretches are one range each, however long.
        bad = [i for i in range(6000) if i % 1000 < 900]
        file = [HEADER] + [row(i, "bad" if i % 1000 < 900 else None) for i in range(6000)]
        result = self.load(self.path("in.csv", csv_bytes(file)), "--go-on")
        self.assertEqual(result["failed"], len(bad))
        self.assertEqual(result["problems"], len(bad), "unlimited")
        text = self.command("task", "errors", result["import_task"]).stdout
        self.assertIn("lines 2–901, 1002–1901, 2002–2901, 3002–3901, 4002–4901, 5002–5901\n", text)
        scattered = [HEADER] + [row(i, "bad" if i % 2 else None) for i in range(4000)]
        result = self.load(self.path("in2.csv", csv_bytes(scattered)), "--go-on")
        text = self.command("task", "errors", result["import_task"]).stdout
        self.assertRegex(text, r"lines 3, 5, .* and more, up to 4001\n\Z")
        self.assertLess(len(text), 500)


if __name__ == "__main__":
    unittest.main()
