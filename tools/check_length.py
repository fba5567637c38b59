#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the ten longest functions and the three longest files of src/: to look at, never a failure.

Nine functions in ten should be shorter than 75 lines; a file has 150 to 600.  Tests are left out: a table of cases
may be as long as it likes.

usage: tools/check_length.py [ROOT]
"""
import re

import house


def functions(text):
    """(line of the opening brace, lines from it to the closing one, name) of every function with a body."""
    # A macro's text may hold half a block.
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), house.blank(text), flags=re.M)
    depth = start = opened = 0
    for i, c in enumerate(code):
        if c == "{":
            opened = opened if depth else i
            depth += 1
        elif c == "}" and depth:
            depth -= 1
            head = code[start:opened]
            name = re.search(r"(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*$", head)
            if not depth and name:
                yield code.count("\n", 0, opened) + 1, code.count("\n", opened, i) + 1, name[1]
            start = start if depth else i + 1
        elif c == ";" and not depth:
            start = i + 1


def main():
    top, longest, lengths = house.root(), [], []
    for path in house.files(top, ".c", ".h"):
        if path.startswith("src/") and not path.endswith(("_test.c", "_fuzz.c")):
            text = house.read(top, path)
            lengths.append((text.count("\n"), path))
            longest += [(lines, f"{path}:{at}: {name}") for at, lines, name in functions(text)]
    for lines, what in sorted(longest, reverse=True)[:10] + sorted(lengths, reverse=True)[:3]:
        print(f"{lines:5} {what}")
    short = sum(lines < 75 for lines, _ in longest)
    house.finish([], f"{len(longest)} functions, {short * 100 // max(1, len(longest))} % shorter than 75 lines")


main()
