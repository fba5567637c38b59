#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns files into a C header of byte arrays: embed_file.py OUT.h NAME=FILE..."""
import sys


def main():
    out = ["/* made by tools/embed_file.py */", "#pragma once", ""]
    for name, _, path in (argument.partition("=") for argument in sys.argv[2:]):
        with open(path, "rb") as f:
            data = f.read()
        out.append(f"static const unsigned char {name}[] = {{")
        out += [",".join(map(str, data[i:i + 32])) + "," for i in range(0, len(data), 32)]
        out += ["};", ""]
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write("\n".join(out))


main()
