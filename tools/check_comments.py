#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every prototype of a public header (one that is no _priv.h) has a comment that says what it promises.

usage: tools/check_comments.py [ROOT]

The comment stands on lines of its own and ends on the line above the prototype.  One that ends in ':' speaks for
all prototypes below it, up to an empty line, another comment, or a line that is no prototype.  A heading
("--- reading ---") and a comment behind code speak for nobody.  Inline functions show what they do.
"""
import re

import house

ATTRIBUTES = r"\bPRINTF\([^)]*\)|__attribute__\s*\(\(.*?\)\)"
DIRECTIVE = r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*"


def statements(text):
    """(first line, last line, code) of every top-level statement that ends in ';'."""
    code = re.sub(DIRECTIVE, lambda m: re.sub(r"[^\n]", " ", m[0]), house.blank(text), flags=re.M)
    # A line that is a macro's call, without ';', is a statement of its own.
    code = re.sub(r"^[A-Z_]+\([^()]*\)$", lambda m: m[0][:-1] + ";", code, flags=re.M)
    depth = start = 0
    for i, c in enumerate(code):
        depth += (c == "{") - (c == "}")
        if depth:
            continue
        if c == "}" and re.search(r"\)\s*\{", code[start:i]):
            start = i + 1  # a function with a body
        elif c == ";":
            piece = code[start:i]
            begin = start + len(piece) - len(piece.lstrip())
            yield code.count("\n", 0, begin) + 1, code.count("\n", 0, i) + 1, piece.strip()
            start = i + 1


def prototypes(text):
    """(first line, last line, name) of every function that is declared."""
    for first, last, code in statements(text):
        if not re.match(r"typedef\b|static\b|extern\b[^(]*$|_Static_assert\b|DEFINE_", code) and "{" not in code:
            match = re.search(r"\b(\w+)\s*\(", re.sub(ATTRIBUTES, "", code, flags=re.S))
            if match:
                yield first, last, match[1]


def comments(text):
    """Last line -> text, of every comment that stands on lines of its own and is no heading."""
    return {text.count("\n", 0, m.end()) + 1: m[1].strip()
            for m in re.finditer(r"^[ \t]*/\*((?:[^*]|\*(?!/))*)\*/[ \t]*$", text, re.M)
            if not m[1].strip().startswith("---")}


def check(path, text, faults):
    above, covered, count = comments(text), 0, 0  # covered: the line up to which a block goes on
    for first, last, name in prototypes(text):
        count += 1
        comment = above.get(first - 1)
        if comment is None and covered != first - 1:
            faults.append(f"{path}:{first}: {name} has no comment above it")
        covered = last if comment is None and covered == first - 1 or comment and comment.endswith(":") else 0
    return count


def main():
    top, faults, count, headers = house.root(), [], 0, 0
    for path in house.files(top, ".h"):
        if path.startswith("src/") and not path.endswith("_priv.h"):
            headers += 1
            count += check(path, house.read(top, path), faults)
    house.finish(faults, f"{count} prototypes in {headers} public headers have their comments")


main()
