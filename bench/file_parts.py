# SPDX-License-Identifier: Apache-2.0
"""Files alone: workbooks and CSV read, CSV written."""
import json
import os
import shutil
import subprocess
import sys

import workbook
from common import COMPANY, best, measure
from import_parts import customers_base

SHEETJS = """
const XLSX = require("xlsx");
const book = XLSX.readFile(process.argv[1], {dense: true});
let rows = 0;
for (const row of XLSX.utils.sheet_to_json(book.Sheets[book.SheetNames[0]], {header: 1})) rows += row.length > 0;
console.log(rows);
"""
OPENPYXL = """
import sys
from openpyxl import load_workbook
rows = 0
for row in load_workbook(sys.argv[1], read_only=True).worksheets[0].iter_rows(values_only=True):
    rows += 1
print(rows)
"""


def sheetjs(b):
    """The command that reads a workbook with SheetJS, fetched once from npm."""
    folder = b.path("npm")
    if not os.path.exists(os.path.join(folder, "node_modules", "xlsx")):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, "xlsx@0.18.5"],
                       check=True, cwd=folder)
    script = os.path.join(folder, "read.js")
    with open(script, "w") as f:
        f.write(SHEETJS.replace('"xlsx"', json.dumps(os.path.join(folder, "node_modules", "xlsx"))))
    # As much of the heap as it asks for: with less it dies of the larger workbooks.
    return ["node", "--max-old-space-size=8192", "-e", open(script).read()]


def bench_xlsx(b):
    path = b.path("book.xlsx")
    sheet, strings = workbook.write(path, 300000) if not os.path.exists(path) else workbook.sizes(path)
    print(f"A workbook of 300,000 rows and 10 columns ({sheet / 1e6:.0f} MB of sheet, {strings / 1e6:.0f} MB of shared strings)")
    floor = best(3, [b.tool("xlsx_floor"), path, "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
    ours = best(3, [b.clientele, "rows", path])
    held = measure([b.tool("xlsx_floor"), "--strings", path])[2]
    print(f"  inflate + Expat (namespaces), nothing done   {floor[0]:6.2f} s   processor {floor[1]:.2f} s   peak {floor[2]:.0f} MiB")
    print(f"  clientele rows                               {ours[0]:6.2f} s   processor {ours[1]:.2f} s   peak {ours[2]:.0f} MiB"
          f" (the texts of its shared strings: {held:.0f} MiB)", flush=True)
    print(f"  ratio to the floor: {ours[0] / floor[0]:.2f} (at most 1.4)", flush=True)
    for name, command in (("SheetJS 0.18.5", sheetjs(b)), ("openpyxl, read-only", ["/usr/bin/python3", "-c", OPENPYXL])):
        with open(b.path("peer.txt"), "w+") as out:
            peer = measure([*command, path], out)
            out.seek(0)
            assert out.read().strip() == "300001", f"{name} did not read the workbook"
        print(f"  {name:44} {peer[0]:6.2f} s   processor {peer[1]:.2f} s   peak {peer[2]:.0f} MiB   clientele/it {ours[0] / peer[0]:.3f}", flush=True)


def bench_csv(b):
    path = b.file("scan.csv", lambda: range(2000000))
    quoted = b.path("quoted.csv")
    if not os.path.exists(quoted):
        with open(path, encoding="utf-8") as f, open(quoted, "w", encoding="utf-8") as out:
            for line in f:
                out.write('"' + line.rstrip("\n").replace(";", '";"') + '"\n')
    print("CSV scanned on one core (700 MB/s or more), in MB/s of the file")
    for label, file in (("plain", path), ("every cell in quotes", quoted)):
        size = os.path.getsize(file) / 1e6
        wc = best(3, ["wc", "-l", file])[0]
        for name, argv in (("wc -l", ["wc", "-l", file]), ("a loop of memchr", [b.tool("csv_scan"), "memchr", file]),
                           ("libcsv 3.0.3", [b.tool("csv_scan"), "libcsv", file]),
                           ("clientele's scanner", [b.tool("csv_scan"), "scan", file]),
                           ("the same, checked to be UTF-8 first", [b.tool("csv_scan"), "rows", file]),
                           ("clientele rows, whole", [b.clientele, "rows", file])):
            seconds = best(3, argv)[0]
            print(f"  {label}: {name:38} {size / seconds:7,.0f} MB/s   {seconds:5.2f} s   {seconds / wc:5.1f} times wc -l", flush=True)


def bench_export(b):
    print(f"Export of {b.rows:,} customers (500,000 rows/s or more as CSV), beside sqlite3 printing the same table")
    data, _ = customers_base(b, "export", b.rows)
    for name in ("csv", "jsonl"):
        seconds, _, peak = measure([b.clientele, "export", "--data", data, *COMPANY, "--format", name])
        print(f"  {name:6} {b.rows / seconds:9,.0f} rows/s   {seconds:5.2f} s   peak memory {peak:.0f} MiB", flush=True)
    folder = os.path.join(data, "companies")
    seconds = measure(["sqlite3", "-csv", os.path.join(folder, "1.db"), "SELECT * FROM consumer ORDER BY id"])[0]
    print(f"  sqlite3 -csv, what is stored as it is {b.rows / seconds:9,.0f} rows/s   {seconds:5.2f} s")
    shutil.rmtree(data)


PARTS = {"xlsx": bench_xlsx, "csv": bench_csv, "export": bench_export}
