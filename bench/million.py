#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The failed rows of a large import, corrected by a script and imported again: CSV and XLSX, with time and memory.

usage: bench/million.py PROGRAM [ROWS [FAILURES]]     1,000,000 rows with 300,000 failures unless given
"""
import csv
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time

HEADER = ["external_id", "email", "name", "phone", "created_at", "Регион", "ltv"]


class Failed(Exception):
    pass


def must(condition, *what):
    if not condition:
        raise Failed(" ".join(map(str, what)))


class Million:
    def __init__(self, program, folder, rows, failures, say=print):
        self.program, self.folder, self.rows, self.failures, self.say = program, folder, rows, failures, say
        self.data = os.path.join(folder, "data")
        with open(self.path("password"), "w", encoding="utf-8") as f:
            f.write("correct horse battery\n")
        self.run("init", "--company", "Million", "--admin", "admin@example.com", "--password-file", self.path("password"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words):
        """What the command printed, its seconds and its peak of memory in MiB."""
        out, begin = self.path("stdout"), time.monotonic()
        with open(out, "wb") as f:
            process = subprocess.Popen([self.program, *words, "--data", self.data], stdout=f, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        must(process.returncode in (0, 3), words, "exit", process.returncode)
        with open(out, encoding="utf-8") as f:
            return f.read(), time.monotonic() - begin, usage.ru_maxrss / 1024

    def told(self, what, seconds, mib):
        self.say(f"{what:58} {seconds:7.1f} s {mib:6.0f} MiB")

    def load(self, what, path):
        text, seconds, mib = self.run("import", path, "--json", "--go-on")
        result = json.loads(text)
        must(sum(result[k] for k in ("created", "updated", "unchanged", "skipped", "failed")) == result["records"], "the sum", text[:300])
        self.told(f"{what}: {result['records']:,} rows, {result['failed']:,} failed", seconds, mib)
        return result

    def write(self):
        """Every so many rows one has no e-mail address but something else."""
        path, taken = self.path("clients.csv"), 0
        with open(path, "w", encoding="utf-8", newline="") as f:
            out = csv.writer(f, delimiter=";")
            out.writerow(HEADER)
            for i in range(self.rows):
                bad = (i + 1) * self.failures // self.rows > taken
                taken += bad
                out.writerow([f"id{i}", f"bad address {i}" if bad else f"p{i}@example.com", f"Клиент {i}", f"7900{i:07d}", "2018-01-01 00:11:22", i % 90, i])
        must(taken == self.failures, taken)
        return path

    def repaired(self, path, kind):
        """The e-mail column of every row, corrected; everything else as it is."""
        fixed, count = self.path("fixed." + kind), 0
        rows = self.read_csv(path) if kind == "csv" else self.read_xlsx(path)
        write = self.write_csv if kind == "csv" else self.write_xlsx
        with write(fixed) as add:
            for row in rows:
                if count:
                    must(row[-1].endswith("]") and row[1].startswith("bad address"), row)
                    row[1] = row[1].replace("bad address ", "p") + "@example.com"
                else:
                    must(row == HEADER + ["import_error"], row)
                add(row)
                count += 1
        must(count == self.failures + 1, "rows in the error file:", count)
        return fixed

    def repaired_aside(self, path, kind):
        """In a process of its own: what this one holds would count as its children's peak."""
        process = multiprocessing.Process(target=self.repaired, args=(path, kind))
        process.start()
        process.join()
        must(process.exitcode == 0, "the repair failed")
        return self.path("fixed." + kind)

    @staticmethod
    def read_csv(path):
        with open(path, encoding="utf-8-sig", newline="") as f:
            yield from csv.reader(f, delimiter=";")

    def read_xlsx(self, path):
        process = subprocess.Popen([self.program, "rows", path], stdout=subprocess.PIPE)
        for line in process.stdout:
            yield json.loads(line)
        process.stdout.close()
        must(process.wait() == 0, "rows", path)

    class write_csv:
        def __init__(self, path):
            self.file = open(path, "w", encoding="utf-8-sig", newline="")

        def __enter__(self):
            return csv.writer(self.file, delimiter=";").writerow

        def __exit__(self, *_):
            self.file.close()

    class write_xlsx:
        def __init__(self, path):
            self.path, self.rows = path, []

        def __enter__(self):
            return self.rows.append

        def __exit__(self, *_):
            sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests"))
            import workbook
            with open(self.path, "wb") as f:
                f.write(workbook.book(self.rows))

    def one(self, kind, clients):
        first = self.load("import", clients)
        must(first["failed"] == self.failures and first["created"] == self.rows - self.failures, first["failed"])
        task, errors = first["import_task"], self.path("failed." + kind)
        _, seconds, mib = self.run("task", "failed-rows", task, "--format", kind, "--output", errors)
        self.told(f"its failed rows as {kind}, {os.path.getsize(errors) / 1e6:.0f} MB", seconds, mib)
        second = self.load(f"the same, repaired, as {kind}", self.repaired_aside(errors, kind))
        must(second["created"] == self.failures and second["corrects"] == task and not second["with_warnings"], json.dumps(second)[:600])
        must('"import_error"' not in json.dumps([c for c in second["columns"] if c["becomes"]]), "import_error is no attribute")
        shown = json.loads(self.run("task", "show", task)[0])
        must(shown["corrected"] == {"failed": self.failures, "accepted": self.failures, "by": [second["import_task"]]}, shown["corrected"])
        _, seconds, mib = self.run("task", "undo", task, "--corrections")
        self.told("undo of both", seconds, mib)
        must(self.run("export", "--format", "jsonl")[0] == "", "the base is empty again")

    def all(self):
        clients = self.write()
        for kind in ("csv", "xlsx"):
            self.one(kind, clients)


def main():
    program = os.path.abspath(sys.argv[1])
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    failures = int(sys.argv[3]) if len(sys.argv) > 3 else rows * 3 // 10
    folder = tempfile.mkdtemp(prefix="clientele-million-")
    try:
        Million(program, folder, rows, failures).all()
    except Failed as e:
        print(f"FAILED: {e}")
        return 1
    finally:
        shutil.rmtree(folder)
    print("all accepted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
