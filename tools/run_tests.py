#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds with sanitizers and runs every test; the last line is `N passed, N failed, N skipped`.

usage: tools/run_tests.py [--show] [NAME...]   only suites whose names begin so; --show: with what they say
"""
import glob
import os
import re
import shutil
import subprocess
import sys

import fuzz

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(ROOT, "tests"))
import npm  # noqa: E402

BUILD = os.path.join(ROOT, "build-test")
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
TIMEOUT_S = 900
RECORDED = os.path.join(BUILD, "recorded.jsonl")  # what the tests in Python asked and were answered
FUZZ_S = int(os.environ.get("CLIENTELE_FUZZ_S", "60"))  # of each target


class Tally:
    def __init__(self, show):
        self.show = show
        self.passed = self.failed = self.skipped = 0

    def suite(self, name, passed, failed, skipped, output):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        print(f"{'FAIL' if failed else 'ok  '} {name}: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
        if self.show and not failed:
            print("     " + "\n     ".join(line for line in output.splitlines() if line.strip()))
        if failed or skipped:
            for line in output.splitlines()[-60:] if failed else []:
                print("     " + line)
            for line in sorted(set(re.findall(r"skipped [\"'].*", output))):
                print("     " + line)


def run(command, timeout=TIMEOUT_S, **env):
    try:
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **SANITIZERS, **env}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as e:
        return 124, (e.stdout or b"").decode("utf-8", "replace") + f"\nstopped after {timeout} s"


def must(command, **env):
    code, output = run(command, 3600, **env)
    if code:
        print(output)
        print("0 passed, 1 failed, 0 skipped")
        sys.exit(1)


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        must(["meson", "setup", BUILD, "-Db_sanitize=address,undefined"])
    must(["ninja", "-C", BUILD])


def compiled(tally, name, options, compiler):
    """Everything compiles this way, too, without a warning."""
    folder = f"{BUILD}-{name}"
    code, output = 0, ""
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        code, output = run(["meson", "setup", folder, *options], CC=compiler)
    if not code:
        code, output = run(["ninja", "-C", folder], 3600)
    tally.suite(name, int(not code), int(bool(code)), 0, output)


def unit(tally, name, path):
    code, output = run([path], CMOCKA_MESSAGE_OUTPUT="TAP", CLIENTELE_ROOT=ROOT)
    lines = re.findall(r"^(ok|not ok) \d+(.*)", output, re.M)
    skipped = sum("# SKIP" in rest for _, rest in lines)  # cmocka writes "not ok 5 # SKIP name"
    passed = sum(word == "ok" and "# SKIP" not in rest for word, rest in lines)
    failed = len(lines) - passed - skipped
    if (code and not failed) or not lines:
        failed += 1  # it crashed, leaked, or ran nothing
    tally.suite(name, passed, failed, skipped, output)


def python(tally, name, path):
    code, output = run([sys.executable, "-X", "dev", path, "-v"], None if tally.show else TIMEOUT_S, CLIENTELE_BIN=os.path.join(BUILD, "clientele"),
                       PYTHONPATH=os.path.join(ROOT, "tests"), CLIENTELE_RECORD=RECORDED)
    ran = re.search(r"^Ran (\d+) tests?", output, re.M)
    counts = {k: int(n) for k, n in re.findall(r"(failures|errors|skipped)=(\d+)", output)}
    failed, skipped = counts.get("failures", 0) + counts.get("errors", 0), counts.get("skipped", 0)
    total = int(ran[1]) if ran else 0
    if (code and not failed) or not total:
        failed += 1
    tally.suite(name, max(0, total - failed - skipped), failed, skipped, output)


def browser(tally, name, path):
    """Tests of the cabinet in Debian's Chromium, by node's own runner."""
    folder = os.path.dirname(path)
    npm.install(folder)
    code, output = run(["node", "--test", "--test-reporter=tap", "--test-timeout=300000", path], CLIENTELE_BIN=os.path.join(BUILD, "clientele"))
    counts = {k: int(n) for k, n in re.findall(r"^# (pass|fail|cancelled|skipped|todo) (\d+)", output, re.M)}
    passed, skipped = counts.get("pass", 0), counts.get("skipped", 0) + counts.get("todo", 0)
    failed = counts.get("fail", 0) + counts.get("cancelled", 0)
    if (code and not failed) or not passed + failed + skipped:
        failed += 1
    tally.suite(name, passed, failed, skipped, output)


def described(tally):
    """Whatever any of them was answered is as docs/openapi.yaml says."""
    if os.path.exists(RECORDED) and shutil.which("node") and shutil.which("npm"):
        code, output = run([sys.executable, os.path.join(ROOT, "tests", "openapi.py"), RECORDED])
        tally.suite("tests/answers", int(not code), int(bool(code)), 0, output)


def fuzzing(tally, wanted):
    """Every fuzz target from its seeds, for a minute: a crash, a leak, an input of seconds fails it."""
    chosen = [name for name, _ in fuzz.targets() if f"fuzz/{name}".startswith(wanted)]
    output = fuzz.build() if chosen else ""
    if output:
        tally.suite("fuzz", 0, 1, 0, output)
        return
    for name, ok, said in fuzz.run_all(FUZZ_S, chosen.__contains__):
        tally.suite(f"fuzz/{name}", int(ok), int(not ok), 0, said)


def main():
    wanted = tuple(a for a in sys.argv[1:] if a != "--show") or ("",)
    tally = Tally("--show" in sys.argv)
    build()
    suites = [("clang", compiled, ((), "clang")),  # the optimiser of a release sees more than the others
              ("release", compiled, (("--buildtype=release", "-Db_ndebug=false", "-Dtests=false"), "gcc"))]
    for path in sorted(glob.glob(os.path.join(BUILD, "src", "*", "*_test"))):
        floor = os.path.basename(os.path.dirname(path))
        suites.append((f"{floor}/{os.path.basename(path)[len(floor) + 1:-5]}", unit, (path,)))
    for path in sorted(glob.glob(os.path.join(ROOT, "t*", "test_*.py"))):
        suites.append((os.path.relpath(path, ROOT)[:-3], python, (path,)))
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "web", "*.test.mjs"))):
        suites.append((f"web/{os.path.basename(path)[:-9]}", browser, (path,)))
    if os.path.exists(RECORDED):
        os.remove(RECORDED)
    for name, function, arguments in suites:
        if name.startswith(wanted):
            function(tally, name, *arguments)
    described(tally)
    fuzzing(tally, wanted)
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    sys.exit(1 if tally.failed or not tally.passed else 0)


main()
