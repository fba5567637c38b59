#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clang's static analyser over every file of a build: tools/analyze.py BUILD

Each file alone; a finding is an error.  usage: see `./dev lint`.
"""
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys


def analyze(entry):
    words = shlex.split(entry["command"])
    keep = [w for w in words[1:] if w.startswith(("-I", "-D", "-std")) or w == "-include" or w.endswith("banned.h")]
    done = subprocess.run(["clang", "--analyze", "-Xclang", "-analyzer-werror", "-Xanalyzer", "-analyzer-output=text", *keep,
                           "-o", os.devnull, entry["file"]], cwd=entry["directory"], capture_output=True, text=True)
    return done.returncode, done.stderr


def main():
    with open(os.path.join(sys.argv[1], "compile_commands.json"), encoding="utf-8") as f:
        entries = [e for e in json.load(f) if os.sep + "src" + os.sep in os.path.normpath(os.path.join(e["directory"], e["file"]))]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for code, text in pool.map(analyze, entries):
            if code:
                failed += 1
                print(text, end="")
    print(f"{len(entries)} files analysed, {failed} with findings")
    sys.exit(1 if failed or not entries else 0)


main()
