#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures clientele beside peers, on this machine, in one run.

usage: bench/run.py BUILD_DIR [--rows N] [--seconds S] [creates] [reads] [import] [memory]

Figures of a shared machine wander: read the ratios, which are taken in the same run.
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE_BYTES = 32 << 20  # of the peer's loop: twice what the import's writer has


def need(program):
    if not shutil.which(program):
        sys.exit(f"bench: '{program}' is missing; ./dev bench installs it")


class Bench:
    def __init__(self, build, work, rows, seconds):
        self.clientele = os.path.join(build, "clientele")
        self.loop = os.path.join(build, "bench", "insert_loop")
        self.work, self.rows, self.seconds = work, rows, seconds

    def run(self, *args, **options):
        return subprocess.run([self.clientele, *args], check=True, capture_output=True, text=True, **options).stdout

    def new_data(self, name):
        data = os.path.join(self.work, name)
        password = os.path.join(self.work, "password")
        with open(password, "w") as f:
            f.write("correct horse battery\n")
        self.run("init", "--data", data, "--company", "Bench", "--admin", "admin@example.com", "--password-file", password)
        token = self.run("token", "create", "--data", data, "--company", "Bench", "--name", "bench").strip()
        return data, token


class Server:
    def __init__(self, bench, data, *options):
        self.process = subprocess.Popen([bench.clientele, "serve", "--data", data, "--listen", "127.0.0.1:0", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.url = None
        for line in self.process.stdout:
            if "listening on http://" in line:
                self.url = "http://" + line.split("http://")[1].strip().rstrip("/")
                break
        if not self.url:
            sys.exit("bench: the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def wrk(url, connections, seconds, script, *args, threads=1):
    out = subprocess.run(["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s",
                          "--latency", "-s", os.path.join(HERE, script), url, "--", *args],
                         check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    sys.exit("bench: wrk printed no result:\n" + out)


def bench_creates(b):
    print("Durable creates: POST /v4/consumers, 201 after the commit is on disk (wrk, 1 thread, the same machine)")
    rates = {}
    for label, options in (("group commit", []), ("one commit per request", ["--commit-each"])):
        data, token = b.new_data("creates-" + label.split()[0])
        with Server(b, data, *options) as server:
            for connections in (16, 64, 256):
                r = wrk(server.url, connections, b.seconds, "create.lua", token, f"c{connections}")
                if r["refused"] or r["errors"]:
                    print(f"  !! {r['refused']} refused, {r['errors']} errors")
                rate = r["created"] / r["seconds"]
                rates[label, connections] = rate
                print(f"  {label:24} {connections:4} connections {rate:9,.0f}/s   p50 {r['p50_ms']:7.2f} ms   p99 {r['p99_ms']:7.2f} ms")
    for connections in (16, 64, 256):
        ratio = rates["group commit", connections] / rates["one commit per request", connections]
        print(f"  ratio at {connections}: {ratio:.1f}")


NGINX = """
daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir}; uwsgi_temp_path {dir};
 scgi_temp_path {dir}; keepalive_requests 1000000000;
 server {{ listen 127.0.0.1:{port}; location / {{ default_type application/vnd.api+json; return 200 '{body}'; }} }} }}
"""


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def bench_reads(b):
    print("Reads by id: GET /v4/consumers/{external_id} of 100,000 customers, 64 connections")
    data, token = b.new_data("reads")
    path = os.path.join(b.work, "reads.csv")
    write_csv(path, 100000, shuffled=False)
    b.run("import", "--data", data, "--company", "Bench", path)
    with Server(b, data) as server:
        r = wrk(server.url, 64, b.seconds, "read.lua", token, str(FIRST_KEY), str(FIRST_KEY + 99999))
    ours = r["requests"] / r["seconds"]
    print(f"  clientele                {ours:9,.0f}/s   p50 {r['p50_ms']:.2f} ms   p99 {r['p99_ms']:.2f} ms   errors {r['errors']}")
    folder, port = tempfile.mkdtemp(dir=b.work), free_port()
    body = json.dumps({"data": {"id": "0" * 24, "type": "consumers", "attributes": {"name": "x" * 400}}})
    with open(os.path.join(folder, "nginx.conf"), "w") as f:
        f.write(NGINX.format(dir=folder, port=port, body=body))
    nginx = subprocess.Popen(["nginx", "-c", os.path.join(folder, "nginx.conf"), "-p", folder], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    try:
        r = wrk(f"http://127.0.0.1:{port}", 64, b.seconds, "read.lua", token, str(FIRST_KEY), str(FIRST_KEY + 99999))
    finally:
        nginx.terminate()
        nginx.wait()
    peer = r["requests"] / r["seconds"]
    print(f"  nginx, a fixed answer    {peer:9,.0f}/s   p50 {r['p50_ms']:.2f} ms   p99 {r['p99_ms']:.2f} ms   (nothing looked up)")
    print(f"  ratio: {ours / peer:.2f}")


FIRST_KEY = 1000000000
NAMES = ["Анна Петрова", "Борис Иванов", "Вера Смирнова", "Глеб Кузнецов", "Дарья Попова"]


def write_csv(path, rows, shuffled):
    keys = list(range(FIRST_KEY, FIRST_KEY + rows))
    if shuffled:
        random.Random(1).shuffle(keys)
    with open(path, "w", encoding="utf-8") as f:
        f.write("external_id;email;name;phone;created_at;orders_count;ltv;region\n")
        for n, k in enumerate(keys):
            f.write(f"{k};user{k}@example.com;{NAMES[n % 5]};79{k % 1000000000:09d};2018-01-{1 + n % 28:02d} 00:{n % 60:02d}:22;"
                    f"{n % 50};{n % 90000};{n % 99}\n")


def timed_import(b, data, path):
    """Runs the command; its JSON, and the peak memory of its process in MiB."""
    out = os.path.join(b.work, "import.json")
    with open(out, "w") as f:
        process = subprocess.Popen([b.clientele, "import", "--data", data, "--company", "Bench", path, "--json"],
                                   stdout=f, stderr=subprocess.DEVNULL)
        # Not ru_maxrss: that begins at the size of this process, which forked it.
        peak = 0
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    peak = max([peak, *(int(line.split()[1]) for line in status if line.startswith("VmHWM"))])
            except (FileNotFoundError, ProcessLookupError):
                pass
            time.sleep(0.005)
    if process.returncode:
        sys.exit(f"bench: the import ended with {process.returncode}")
    with open(out) as f:
        return json.load(f), peak / 1024


def company_db(data):
    folder = os.path.join(data, "companies")
    return os.path.join(folder, [n for n in os.listdir(folder) if n.endswith(".db")][0])


def content(data):
    """What the company's files hold, log included: a repeated import changes no byte."""
    folder = os.path.join(data, "companies")
    return {n: hashlib.sha256(open(os.path.join(folder, n), "rb").read()).hexdigest()
            for n in os.listdir(folder) if not n.endswith("-shm") and os.stat(os.path.join(folder, n)).st_size}


def run_loop(b, data, path):
    b.run("export", "--data", data, "--company", "Bench", "--format", "jsonl")  # makes the empty database
    out = subprocess.run([b.loop, company_db(data), path, str(CACHE_BYTES)], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def bench_import(b):
    print(f"Import of {b.rows:,} rows beside a plain loop of prepared inserts (transactions of 10,000 rows, the same schema and file, a cache of 32 MiB; the import has 16)")
    for label, shuffled, limit in (("keys in order", False, 1.25), ("keys shuffled", True, 0.6)):
        path = os.path.join(b.work, "import.csv")
        write_csv(path, b.rows, shuffled)
        loop = run_loop(b, b.new_data("loop-" + label.split()[1])[0], path)
        data, _ = b.new_data("import-" + label.split()[1])
        fresh, peak = timed_import(b, data, path)
        before = content(data)
        again, peak_again = timed_import(b, data, path)
        assert fresh["created"] == b.rows and again["unchanged"] == b.rows, (fresh, again)
        assert content(data) == before, "a repeated import wrote something"
        for name, r in (("loop", loop), ("import, fresh", fresh), ("import, repeated", again)):
            print(f"  {label}: {name:18} {r['records'] / r['seconds']:9,.0f} rows/s   {r['seconds']:6.2f} s")
        print(f"  {label}: fresh/loop {fresh['seconds'] / loop['seconds']:.2f} (at most {limit}), "
              f"repeated/fresh {again['seconds'] / fresh['seconds']:.2f} (at most 0.33), peak memory {max(peak, peak_again):.0f} MiB")


def bench_memory(b):
    print("Peak memory of an import of 10,000 rows of 64 KiB (under 128 MiB)")
    path = os.path.join(b.work, "wide.csv")
    with open(path, "w") as f:
        f.write("external_id;email;name;phone;created_at;note\n")
        for n in range(10000):
            f.write(f"wide-{n};;;;;{chr(97 + n % 26) * 65000}\n")
    data, _ = b.new_data("memory")
    for label in ("fresh", "repeated"):
        result, peak = timed_import(b, data, path)
        assert result["records"] == 10000 and result["failed"] == 0, result
        print(f"  {label:9} {result['seconds']:6.2f} s   peak memory {peak:.0f} MiB")


SECTIONS = {"creates": bench_creates, "reads": bench_reads, "import": bench_import, "memory": bench_memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--work", help="a folder on the disk to be measured")
    parser.add_argument("section", nargs="*", choices=[*SECTIONS, []])
    o = parser.parse_args()
    for program in ("wrk", "nginx"):
        need(program)
    with tempfile.TemporaryDirectory(prefix="clientele-bench-", dir=o.work) as work:
        bench = Bench(os.path.abspath(o.build), work, o.rows, o.seconds)
        for name in o.section or SECTIONS:
            SECTIONS[name](bench)
            sys.stdout.flush()


main()
