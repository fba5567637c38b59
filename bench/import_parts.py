# SPDX-License-Identifier: Apache-2.0
"""Files into the store and back out of it: fresh, repeated, changed, undone, on a large base."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
import urllib.request

from common import COMPANY, HERE, Server, keys_of, measure, wrk

CACHE_BYTES = 32 << 20  # of the peers' loops: about what the import has, which holds 36 MiB of rows beside 4 of pages


def timed_import(b, data, path, *options):
    """Runs the command; its JSON, and the peak memory of its process in MiB."""
    out = b.path("import.json")
    with open(out, "w") as f:
        _, _, peak = measure([b.clientele, "import", "--data", data, *COMPANY, path, "--json", *options], f)
    with open(out) as f:
        return json.load(f), peak


def company_db(data):
    folder = os.path.join(data, "companies")
    return os.path.join(folder, [n for n in os.listdir(folder) if n.endswith(".db")][0])


def customers(data):
    """What the company's database says of its customers: the last id, stamp and change, how many, each one's stamp.
    Not its pages: what is sorted for searches comes in when there is time."""
    with sqlite3.connect(f"file:{company_db(data)}?mode=ro", uri=True) as db:
        meta = db.execute("SELECT last_id, last_stamp, consumers, last_trail FROM meta").fetchall()
        digest = hashlib.blake2b()
        for row in db.execute("SELECT id, updated_at, trail FROM consumer ORDER BY id"):
            digest.update(b"%d %d %d;" % row)
    return meta, digest.hexdigest()


def settle(b, data):
    """A server that has nothing else to do sorts customers for searches by created_at; the seconds that it took."""
    began = time.monotonic()
    with Server(b, data):
        while time.monotonic() - began < 120:
            with sqlite3.connect(f"file:{company_db(data)}?mode=ro", uri=True) as db:
                if db.execute("SELECT indexed_to >= last_stamp FROM meta").fetchone()[0]:
                    break
            time.sleep(0.1)
    return time.monotonic() - began


def assert_wrote_nothing(before, after):
    """A repeated import writes its task, and nothing of any customer."""
    assert before == after, f"a repeated import changed customers: {before} {after}"


def run_loop(b, name, data, path):
    b.run("task", "list", "--data", data, *COMPANY)  # makes the database, if there is none
    out = subprocess.run([b.tool(name), company_db(data), path, str(CACHE_BYTES)], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def show(label, r):
    print(f"  {label:44} {r['records'] / r['seconds']:9,.0f} rows/s   {r['seconds']:6.2f} s", flush=True)


def bench_import(b):
    print(f"Import of {b.rows:,} rows beside a plain loop of prepared inserts (transactions of 10,000 rows, the same schema and file, a cache of 32 MiB; the import has 4, and 36 MiB for what it holds)")
    for label, seed, limit in (("keys in order", None, 1.25), ("keys shuffled", 1, 0.6)):
        path = b.file(f"import-{seed}.csv", lambda seed=seed: keys_of(b.rows, seed))
        loop = run_loop(b, "insert_loop", b.new_data(f"loop-{seed}")[0], path)
        data, _ = b.new_data(f"import-{seed}")
        fresh, peak = timed_import(b, data, path)
        settled = settle(b, data)
        before = customers(data)
        again, peak_again = timed_import(b, data, path)
        assert fresh["created"] == b.rows and again["unchanged"] == b.rows, (fresh, again)
        assert_wrote_nothing(before, customers(data))
        dry, peak_dry = timed_import(b, data, path, "--dry-run")
        dry = dry["dry_run_result"]
        for name, r in (("loop", loop), ("import, fresh", fresh), ("import, repeated", again), ("dry run of it", dry)):
            show(f"{label}: {name}", r)
        print(f"  {label}: fresh/loop {fresh['seconds'] / loop['seconds']:.2f} (at most {limit}), "
              f"repeated/fresh {again['seconds'] / fresh['seconds']:.2f} (at most 0.33), "
              f"sorted for searches in the background {settled:.1f} s, "
              f"peak memory {max(peak, peak_again):.0f} MiB, of the dry run {peak_dry:.0f}")
        shutil.rmtree(data)


def bench_memory(b):
    print("Peak memory of an import of 10,000 rows of 64 KiB (under 128 MiB)")
    path = b.path("wide.csv")
    with open(path, "w") as f:
        f.write("external_id;email;name;phone;created_at;note\n")
        for n in range(10000):
            f.write(f"wide-{n};;;;;{chr(97 + n % 26) * 65000}\n")
    data, _ = b.new_data("memory")
    for label in ("fresh", "repeated"):
        result, peak = timed_import(b, data, path)
        assert result["records"] == 10000 and result["failed"] == 0, result
        print(f"  {label:9} {result['seconds']:6.2f} s   peak memory {peak:.0f} MiB")


def customers_base(b, name, rows):
    """A data directory with customers of keys 0, 1, 2, ..., made once and copied."""
    base = b.path(f"base-{rows}")
    if rows not in b.tokens:
        path = b.file(f"base-{rows}.csv", lambda: keys_of(rows))
        data, token = b.new_data(f"base-{rows}")
        timed_import(b, data, path)
        b.tokens[rows] = token
    shutil.rmtree(b.path(name), ignore_errors=True)
    shutil.copytree(base, b.path(name))
    return b.path(name), b.tokens[rows]


def undo(b, data, task):
    seconds, _, peak = measure([b.clientele, "task", "undo", "--data", data, *COMPANY, task])
    return seconds, peak


def bench_update(b):
    print(f"Import of {b.rows:,} rows, each of which changes one attribute, in random order (60,000 rows/s or more), beside a plain "
          "loop of upserts into one table with its three indexes (transactions of 10,000 rows, a cache of 32 MiB)")
    path = b.file("update.csv", lambda: keys_of(b.rows, 2), regions=98)
    fresh = b.file(f"base-{b.rows}.csv", lambda: keys_of(b.rows))
    out = subprocess.run([b.tool("upsert_loop"), b.path("upsert.db"), str(CACHE_BYTES), fresh, path], check=True, capture_output=True, text=True)
    loop = json.loads(out.stdout)
    data, _ = customers_base(b, "update", b.rows)
    result, peak = timed_import(b, data, path)
    assert result["updated"] + result["unchanged"] == b.rows and result["updated"] > 0.98 * b.rows, result
    show("plain upserts", loop)
    show("import that changes every row", result)
    print(f"  import/loop, in rows/s: {loop['seconds'] / result['seconds']:.1f}; peak memory {peak:.0f} MiB", flush=True)
    seconds, peak = undo(b, data, result["import_task"])
    show("undo of it (60,000 rows/s or more)", {"records": result["updated"], "seconds": seconds})
    print(f"  undo/import, in rows/s: {result['seconds'] / seconds * result['updated'] / b.rows:.2f}; peak memory {peak:.0f} MiB", flush=True)
    made = customers_made(b, data)
    show("undo of an import that created every row", {"records": b.rows, "seconds": made})


def customers_made(b, data):
    path = b.file("more.csv", lambda: keys_of(b.rows, 3, first=b.rows))
    result, _ = timed_import(b, data, path)
    return undo(b, data, result["import_task"])[0]


def request(url, token, path, body=None, content_type="text/csv"):
    r = urllib.request.Request(url + path, data=body, headers={"Authorization": f"Bearer {token}"})
    if body is not None:
        r.add_header("Content-Type", content_type)
    with urllib.request.urlopen(r) as answer:
        return json.load(answer)


def task_of(url, token, answer):
    return request(url, token, f"/v4/import_tasks/{answer['data']['id']}")["data"]["attributes"]


def bench_shared(b):
    print(f"The same import while API writes come (wrk, 16 connections, POST /v4/consumers)")
    path = b.file("update.csv", lambda: keys_of(b.rows, 2), regions=98)
    data, token = customers_base(b, "shared", b.rows)
    with Server(b, data) as server:
        idle = wrk(server.url, 16, b.seconds, "create.lua", token, "i")
        with open(path, "rb") as f:
            answer = request(server.url, token, "/v4/import_tasks", f.read())
        load = subprocess.Popen(["wrk", "-t", "1", "-c", "16", "-d", f"{3 * b.seconds}s", "--timeout", "10s", "--latency", "-s",
                                 os.path.join(HERE, "create.lua"), server.url, "--", token, "s"], stdout=subprocess.PIPE, text=True)
        time.sleep(b.seconds)
        first, began = task_of(server.url, token, answer), time.monotonic()
        time.sleep(b.seconds)
        last, seconds = task_of(server.url, token, answer), time.monotonic() - began
        out = load.communicate()[0]
    r = json.loads(next(line for line in out.splitlines() if line.startswith("RESULT "))[7:])
    done = records_of(last) - records_of(first)
    print(f"  import {done / seconds:9,.0f} rows/s beside {r['created'] / r['seconds']:,.0f} creates/s"
          f" (p50 {r['p50_ms']:.2f} ms, p99 {r['p99_ms']:.2f} ms; without an import {idle['created'] / idle['seconds']:,.0f}/s,"
          f" p50 {idle['p50_ms']:.2f} ms, p99 {idle['p99_ms']:.2f} ms)")


def records_of(task):
    return task.get("records", task.get("counts", {}).get("records", 0))


def bench_large(b):
    base, new = 5 * b.rows, b.rows
    print(f"Import of {new:,} new rows on a base of {base:,} customers")
    ordered = b.file("large-ordered.csv", lambda: keys_of(new, first=2 * base))
    shuffled = b.file("large-shuffled.csv", lambda: keys_of(new, 4, step=2 * base // new, first=1))
    empty, _ = timed_import(b, b.new_data("large-empty")[0], ordered)
    show("keys in order, empty base", empty)
    path = b.file("large-base.csv", lambda: keys_of(base, step=2))
    data, _ = b.new_data("large-base")
    show(f"the base itself, keys in order", timed_import(b, data, path)[0])
    os.unlink(path)
    results = {}
    for name, file, loop in (("ordered", ordered, False), ("shuffled", shuffled, True), ("shuffled", shuffled, False)):
        copy = b.path("large-copy")
        shutil.copytree(data, copy)
        results[name, loop] = run_loop(b, "insert_loop", copy, file) if loop else timed_import(b, copy, file)[0]
        show(f"keys {name}, {'plain loop' if loop else 'import'}, large base", results[name, loop])
        shutil.rmtree(copy)
    print(f"  in order: large base/empty base, in rows/s: {empty['seconds'] / results['ordered', False]['seconds']:.2f} (0.5 or more)")
    print(f"  shuffled: import/loop, in rows/s: {results['shuffled', True]['seconds'] / results['shuffled', False]['seconds']:.2f} (1.5 or more)")


PARTS = {"import": bench_import, "memory": bench_memory, "update": bench_update, "shared": bench_shared, "large": bench_large}
