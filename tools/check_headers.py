#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header below src/ stands alone: a file that includes it and nothing else, twice, compiles without a warning.

usage: tools/check_headers.py [ROOT]   CC names the compiler
"""
import os
import re
import shlex
import subprocess
import tempfile

import house

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wstrict-prototypes", "-Wundef", "-Wno-missing-braces",
            "-Wno-missing-field-initializers"]
BATCH = 16  # headers of one run of the compiler


def library_flags(top):
    """The include flags of the libraries that the meson.build files name, as far as they are installed."""
    names = {name for path in house.files(top, "meson.build")
             for name in re.findall(r"dependency\('([\w.-]+)'", house.read(top, path))}
    flags = []
    for name in sorted(names - {"threads"}):  # Meson's own word
        done = subprocess.run(["pkg-config", "--cflags", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        flags += shlex.split(done.stdout.decode()) if done.returncode == 0 else []
    return list(dict.fromkeys(flags))


def main():
    top, faults = house.root(), []
    headers = [path[len("src/"):] for path in house.files(top, ".h") if path.startswith("src/")]
    command = [*shlex.split(os.environ.get("CC") or "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", *WARNINGS,
               "-I", os.path.join(top, "src"), *library_flags(top)]
    with tempfile.TemporaryDirectory() as folder:
        sources = []
        for header in headers:
            sources.append(os.path.join(folder, re.sub(r"\W", "_", header) + ".c"))
            with open(sources[-1], "w", encoding="utf-8") as f:
                f.write(f'#include "{header}"\n#include "{header}"\n')
        for at in range(0, len(sources), BATCH):
            done = subprocess.run(command + sources[at:at + BATCH], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                faults.append(done.stdout.decode("utf-8", "replace").replace(folder + os.sep, "").rstrip())
    house.finish(faults, f"{len(headers)} headers stand alone")


main()
