#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures clientele beside peers, on this machine, in one run.

usage: bench/run.py BUILD_DIR [--rows N] [--seconds S] [--work DIR] [PART...]

Figures of a shared machine wander: read the ratios, which are taken in the same run.  With --work the generated
files stay in that folder and are used again.
"""
import argparse
import os
import shutil
import sys
import tempfile

import api_parts
import file_parts
import import_parts
import latency_parts
import list_parts
import search_parts
from common import Bench

PARTS = {**api_parts.PARTS, **import_parts.PARTS, **file_parts.PARTS, **latency_parts.PARTS, **list_parts.PARTS, **search_parts.PARTS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--work", help="a folder on the disk to be measured; what is generated stays there")
    parser.add_argument("part", nargs="*", choices=[*PARTS, []])
    o = parser.parse_intermixed_args()
    for program in ("wrk", "nginx", "sqlite3", "node", "npm"):
        if not shutil.which(program):
            sys.exit(f"bench: '{program}' is missing; ./dev bench installs it")
    with tempfile.TemporaryDirectory(prefix="clientele-bench-") as scratch:
        bench = Bench(os.path.abspath(o.build), o.work or scratch, o.rows, o.seconds)
        for name in o.part or PARTS:
            PARTS[name](bench)
            sys.stdout.flush()


main()
