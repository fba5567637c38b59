#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns SQL files into a C header of string macros: embed_sql.py OUT.h FILE.sql...

A file without "-- name: x" lines becomes one macro, SQL_<FILE NAME>; a file with such lines
becomes one macro per named statement, SQL_<X>.  The files stay runnable in the database's shell.
"""
import os
import re
import sys


def macros_of(path):
    with open(path, encoding="utf-8") as f:
        parts = re.split(r"^-- name: *(\w+) *\n", f.read(), flags=re.M)
    if len(parts) == 1:
        yield os.path.splitext(os.path.basename(path))[0], parts[0]
    for name, body in zip(parts[1::2], parts[2::2]):
        yield name, body


def c_string(sql):
    lines = [re.sub(r"\s+--.*|^--.*", "", line).rstrip() for line in sql.splitlines()]
    quoted = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines if line]
    return " \\\n".join('    "%s\\n"' % line for line in quoted)


def main():
    out, seen = [], {}
    for path in sys.argv[2:]:
        for name, sql in macros_of(path):
            if name in seen:
                sys.exit("%s: '%s' is also in %s" % (path, name, seen[name]))
            seen[name] = path
            out.append("#define SQL_%s \\\n%s\n" % (name.upper(), c_string(sql)))
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write("/* made by tools/embed_sql.py */\n#pragma once\n\n" + "\n".join(out))


main()
