#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every floor has a README.md of one title and four lines, and what it says is so.

usage: tools/check_readmes.py [ROOT]

    # formats - bytes to rows, and back

    Does: ...
    May include: base.  Used by: importer, exporter, cli.
    Start at: csv_reader.h, then xlsx_reader.h.
    Promise: ...

The floors named are those of src/FLOORS ("no floor" when there are none); the files named are there, seen from
the floor's folder or from src/.
"""
import re

import house

FILE = r"\b[\w/]+\.(?:c|h|sql|py|md)\b"


def names(floors):
    return ", ".join(floors) or "no floor"


def check(top, floors, floor, known, faults):
    path = f"src/{floor}/README.md"
    if path not in known:
        faults.append(f"{path} is missing")
        return
    text = house.read(top, path)
    lines = [line for line in text.split("\n") if line]
    wanted = [f"# {floor} - ", "Does: ", f"May include: {names(floors.may[floor])}.  "
              f"Used by: {names(floors.used_by(floor))}.", "Start at: ", "Promise: "]
    for at, start in enumerate(wanted):
        line = lines[at] if at < len(lines) else ""
        whole = start.startswith("May include")
        if line != start if whole else not line.startswith(start) or line == start.strip():
            faults.append(f"{path}: line {at + 1} of {len(wanted)} should {'be' if whole else 'begin'} '{start}'")
    if len(lines) > len(wanted):
        faults.append(f"{path}: more than a title and four lines")
    for name in re.findall(FILE, text):
        if f"src/{floor}/{name}" not in known and f"src/{name}" not in known:
            faults.append(f"{path}: {name} does not exist")


def main():
    top, faults = house.root(), []
    floors, known = house.Floors(top), set(house.files(top))
    for floor in floors.may:
        check(top, floors, floor, known, faults)
    house.finish(faults, f"{len(floors.may)} floors have a README.md that is so")


main()
