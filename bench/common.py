# SPDX-License-Identifier: Apache-2.0
"""What the measurements share: a program run and measured, a data directory, a server, files of customers."""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COMPANY = ("--company", "Bench")


class Bench:
    def __init__(self, build, work, rows, seconds):
        self.clientele = os.path.join(build, "clientele")
        self.build, self.work, self.rows, self.seconds = build, work, rows, seconds
        self.tokens = {}  # of the bases of customers, by size

    def run(self, *args, **options):
        return subprocess.run([self.clientele, *args], check=True, capture_output=True, text=True, **options).stdout

    def new_data(self, name):
        data = os.path.join(self.work, name)
        shutil.rmtree(data, ignore_errors=True)
        password = os.path.join(self.work, "password")
        with open(password, "w") as f:
            f.write("correct horse battery\n")
        self.run("init", "--data", data, "--company", "Bench", "--admin", "admin@example.com", "--password-file", password)
        token = self.run("token", "create", "--data", data, "--company", "Bench", "--name", "bench").strip()
        return data, token

    def path(self, name):
        return os.path.join(self.work, name)

    def tool(self, name):
        return os.path.join(self.build, "bench", name)

    def file(self, name, keys, **options):
        """A file of customers, made once."""
        path = self.path(name)
        if not os.path.exists(path):
            write_csv(path, keys(), **options)
        return path


def measure(argv, stdout=subprocess.DEVNULL):
    """Runs a command: (seconds on the wall, seconds of processor, peak memory of its process in MiB)."""
    began, peak = time.monotonic(), 0
    process = subprocess.Popen(argv, stdout=stdout, stderr=subprocess.PIPE, text=True)
    # Not ru_maxrss: that begins at the size of this process, which forked it.
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        try:
            with open(f"/proc/{process.pid}/status") as f:
                peak = max([peak, *(int(line.split()[1]) for line in f if line.startswith("VmHWM"))])
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.004)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {' '.join(argv)}: exit {process.returncode}\n{process.stderr.read()}")
    process.stderr.close()
    return seconds, usage.ru_utime + usage.ru_stime, peak / 1024


def best(times, argv):
    """The least of several runs: (seconds, processor, the greatest peak)."""
    runs = [measure(argv) for _ in range(times)]
    return min(r[0] for r in runs), min(r[1] for r in runs), max(r[2] for r in runs)


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


FIRST_KEY = 1000000000
NAMES = ["Анна Петрова", "Борис Иванов", "Вера Смирнова", "Глеб Кузнецов", "Дарья Попова"]
HEADER = "external_id;email;name;phone;created_at;orders_count;ltv;region\n"


def keys_of(rows, shuffled=None, step=1, first=0):
    """Keys of customers, in order, or shuffled by a seed."""
    keys = list(range(first, first + rows * step, step))
    if shuffled is not None:
        random.Random(shuffled).shuffle(keys)
    return keys


def write_csv(path, keys, regions=99):
    """A file of customers; what a customer has depends on his key alone, his region on `regions` too."""
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEADER)
        for n in keys:
            k = FIRST_KEY + n
            f.write(f"{k};user{k}@example.com;{NAMES[n % 5]};79{k % 1000000000:09d};2018-01-{1 + n % 28:02d} 00:{n % 60:02d}:22;"
                    f"{n % 50};{n % 90000};{n % regions}\n")
