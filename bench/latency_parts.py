# SPDX-License-Identifier: Apache-2.0
"""How long a create by API takes while a file is imported."""
import json
import subprocess
import time

from common import COMPANY, Server, keys_of, wrk

CONNECTIONS, PAUSE_MS = 10, 10  # of each connection between its requests: some 800 a second
IMPORT_S = 2  # the import must last longer
LIMIT = 5


def creates(server, token, prefix, seconds):
    return wrk(server.url, CONNECTIONS, seconds, "create.lua", token, prefix.replace(" ", "-"), str(PAUSE_MS))


def beside_import(b, server, token, data, path, label):
    """Creates while the server imports the file; what wrk measured, and the task."""
    with open(b.path("beside.json"), "w+", encoding="utf-8") as out:
        process = subprocess.Popen([b.clientele, "import", "--data", data, *COMPANY, path, "--json", "--go-on"],
                                   stdout=out, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        r = creates(server, token, label, IMPORT_S)
        if process.poll() is not None:
            print("  !! the import ended before the measurement did: give it more --rows")
        process.wait()
        out.seek(0)
        return r, json.load(out)


def show(label, idle, beside, task):
    ratio = beside["p99_ms"] / idle["p99_ms"]
    print(f"  {label:18} idle p50 {idle['p50_ms']:5.2f}, p99 {idle['p99_ms']:6.2f} ms; beside p50 {beside['p50_ms']:5.2f}, p99 {beside['p99_ms']:6.2f} ms: "
          f"{ratio:.1f}{'' if ratio < LIMIT else ' !!'}   {beside['created']:,} creates, {beside['refused'] + beside['errors']} refused; "
          f"the import {task['records'] / task['seconds']:,.0f} rows/s")


def bench_latency(b):
    print(f"Creates by API while {b.rows:,} rows are imported ({CONNECTIONS} connections, {PAUSE_MS} ms between their requests): p99 under {LIMIT} times the idle one")
    ordered = b.file("ordered.csv", lambda: keys_of(b.rows))
    shuffled = b.file("shuffled.csv", lambda: keys_of(b.rows, 1))
    changed = b.file("changed.csv", lambda: keys_of(b.rows, 2), regions=98)
    for kinds in ([("keys in order", ordered)], [("keys shuffled", shuffled), ("repeated", shuffled), ("every row changed", changed)]):
        data, token = b.new_data("latency-" + kinds[0][0].split()[1])
        with Server(b, data) as server:
            creates(server, token, "warm", 1)
            for label, path in kinds:
                time.sleep(2)  # what the last import left to be copied and synced
                idle = creates(server, token, "idle " + label, b.seconds)
                show(label, idle, *beside_import(b, server, token, data, path, label))


PARTS = {"latency": bench_latency}
