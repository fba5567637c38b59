#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every #include below src/ obeys src/FLOORS; unit tests and fuzz targets too.

usage: tools/check_floors.py [ROOT]

"floor/x.h" is of the file's own floor or of one that its floor's line names; x_priv.h stays in its folder; "x.h"
is a header that the floor's meson.build makes.  <x.h> is the system's, or stands in FLOORS as a door, and then
only the modules named there may include it.
"""
import fnmatch
import posixpath

import house

# C11, POSIX and Linux: what is no outside library.
SYSTEM_FOLDERS = ("arpa/", "linux/", "net/", "netinet/", "sys/")
SYSTEM = set("""assert ctype dirent emmintrin endian errno fcntl float getopt grp inttypes iso646 libgen limits locale
    math netdb poll pthread pwd sched semaphore setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint
    stdio stdlib stdnoreturn string strings syslog termios threads time unistd wchar""".split())


def inside(path, place):
    """True when the file src/path is the module or in the folder that place names: formats/xlsx_zip.c in formats/xlsx."""
    stem = posixpath.splitext(path)[0]
    if place.startswith("*"):
        return stem.endswith(place[1:])
    return stem == place or stem.startswith((place + "/", place + "_"))


def fault_of_outside(floors, path, name):
    for header, places in floors.doors.items():
        if fnmatch.fnmatchcase(name, header):
            if not any(inside(path, place) for place in places):
                return f"<{name}> is only for {' and '.join(places)}"
            return None
    if name.startswith(SYSTEM_FOLDERS) or name.removesuffix(".h") in SYSTEM:
        return None
    return f"<{name}> has no door in src/FLOORS"


def fault_of_ours(top, known, floors, path, name):
    floor, theirs = path.split("/")[0], name.split("/")[0]
    if "/" not in name:
        build = f"src/{floor}/meson.build"
        made = build in known and f"'{name}'" in house.read(top, build)
        return None if made else f'"{name}" is no header that {build} makes; write it with its folder'
    if f"src/{name}" not in known:
        return f'"{name}" does not exist'
    if theirs != floor and theirs not in floors.may.get(floor, []):
        return f'"{name}": {floor} may not include {theirs}'
    if name.endswith("_priv.h") and posixpath.dirname(name) != posixpath.dirname(path):
        return f'"{name}" stays in its folder'
    return None


def main():
    top = house.root()
    floors, known = house.Floors(top), set(house.files(top))
    faults, count = floors.faults, 0
    for path in sorted(known):
        if not path.startswith("src/") or not path.endswith((".c", ".h")):
            continue
        inner = path[len("src/"):]
        if inner.split("/")[0] not in floors.may:
            faults.append(f"{path}: its floor has no line in src/FLOORS")
            continue
        for line, kind, name in house.includes(house.read(top, path)):
            count += 1
            fault = (fault_of_outside(floors, inner, name) if kind == "<"
                     else fault_of_ours(top, known, floors, inner, name))
            if fault:
                faults.append(f"{path}:{line}: {fault}")
    for floor in floors.may:
        if not any(path.startswith(f"src/{floor}/") for path in known):
            faults.append(f"src/FLOORS: there is no floor {floor}")
    house.finish(faults, f"{count} includes obey {len(floors.may)} floors and {len(floors.doors)} doors")


main()
