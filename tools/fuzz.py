#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the fuzz targets with clang and runs each from its seeds in tests/corpus, two at a time.

usage: tools/fuzz.py [SECONDS [TARGET...]]   60 seconds and every target unless stated

What a run learns stays in build-fuzz/corpus and is where the next begins; what it breaks with goes to build-fuzz/found, and,
once mended, into tests/corpus as found-WHAT.
"""
import concurrent.futures
import glob
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build-fuzz")
OPTIONS = ["-Dfuzz=true", "-Dtests=false", "-Db_lundef=false", "-Db_sanitize=address,undefined"]
AT_ONCE = 2
INPUT_S = 10  # one input that takes longer is a failure
MEMORY_MB = 1024


def build():
    """What the compiler said when it failed, else nothing."""
    commands = [["ninja", "-C", BUILD]]
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        commands.insert(0, ["meson", "setup", BUILD, *OPTIONS])
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "CC": "clang"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            return done.stdout.decode("utf-8", "replace")
    return ""


def targets():
    """The name and program of each target there is a source of; a program that is gone stays in the build directory."""
    for source in sorted(glob.glob(os.path.join(ROOT, "src", "*", "*_fuzz.c"))):
        floor, name = source.split(os.sep)[-2], os.path.basename(source)[:-7]
        yield f"{floor}_{name}", os.path.join(BUILD, "src", floor, f"{floor}_{name}_fuzz")


def run(name, program, seconds):
    """True when nothing was found, and what the target said."""
    learnt, found = os.path.join(BUILD, "corpus", name), os.path.join(BUILD, "found", name + "-")
    seeds = os.path.join(ROOT, "tests", "corpus", name)
    os.makedirs(learnt, exist_ok=True)
    os.makedirs(os.path.dirname(found), exist_ok=True)
    if not os.path.isdir(seeds):
        return False, f"{name} has no seeds: add them to tools/make_corpus.py"
    command = [program, f"-max_total_time={seconds}", f"-timeout={INPUT_S}", f"-rss_limit_mb={MEMORY_MB}", "-verbosity=0",
               f"-artifact_prefix={found}", learnt, seeds]
    try:
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=seconds + 300, check=False)
    except subprocess.TimeoutExpired:
        return False, f"{name} did not end"
    return done.returncode == 0, done.stdout.decode("utf-8", "replace")


def run_all(seconds, wanted):
    """Yields name, whether it held, and what it said, in order."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        running = [(name, pool.submit(run, name, program, seconds)) for name, program in targets() if wanted(name)]
        for name, future in running:
            yield (name, *future.result())


def main():
    seconds, names = int(sys.argv[1]) if len(sys.argv) > 1 else 60, sys.argv[2:]
    output = build()
    if output:
        sys.exit(output)
    bad = 0
    for name, ok, said in run_all(seconds, lambda name: not names or name in names):
        print(f"{'ok  ' if ok else 'FAIL'} {name}, {seconds} s", flush=True)
        if not ok:
            print(said)
            bad += 1
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
