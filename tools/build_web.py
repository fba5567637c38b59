#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the web app, and turns it into a C header: build_web.py WEB OUT.h OUT.d

What is built lies in WEB/dist with a stamp of all that it was made of, so that several build directories build it once,
and one that finds it as it should be does not ask npm for anything.  WEB/node_modules is made by `npm ci` when it is not
what package-lock.json says.  OUT.d tells ninja what it depends on.
"""
import fcntl
import gzip
import hashlib
import os
import shutil
import subprocess
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".png": "image/png", ".txt": "text/plain; charset=utf-8"}
MADE = {"node_modules", "dist"}


def sources(web):
    """All files that the app is made of, in order."""
    found = []
    for folder, folders, names in os.walk(web):
        folders[:] = sorted(f for f in folders if f not in MADE and not f.startswith("."))
        found += [os.path.join(folder, name) for name in names if not name.startswith(".") and not name.endswith(".md")]
    return sorted(found)


def stamp_of(web, files):
    digest = hashlib.sha256()
    for path in files:
        with open(path, "rb") as f:
            digest.update(os.path.relpath(path, web).encode() + b"\0" + hashlib.sha256(f.read()).digest())
    return digest.hexdigest()


def npm(web, *arguments):
    done = subprocess.run(["npm", *arguments], cwd=web, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.stderr.buffer.write(done.stdout)
        sys.exit(f"npm {' '.join(arguments)} failed in {web}; meson's -Dweb=false leaves the web app out")


def build(web, files):
    """WEB/dist, made anew unless it is of these sources."""
    dist, stamp = os.path.join(web, "dist"), stamp_of(web, files)
    kept = os.path.join(dist, ".stamp")
    if os.path.exists(kept) and open(kept, encoding="ascii").read() == stamp:
        return dist
    lock, done = os.path.join(web, "package-lock.json"), os.path.join(web, "node_modules", ".package-lock.json")
    if not os.path.exists(done) or os.path.getmtime(done) < os.path.getmtime(lock):
        npm(web, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    shutil.rmtree(dist, ignore_errors=True)
    npm(web, "run", "--silent", "build")
    with open(kept, "w", encoding="ascii") as f:
        f.write(stamp)
    return dist


def array(name, data):
    return [f"static const unsigned char {name}[] = {{",
            *(",".join(map(str, data[i:i + 32])) + "," for i in range(0, len(data), 32)), "};"]


def header(dist):
    out, table = ["/* made by tools/build_web.py */", "#pragma once", "#define WITH_WEB", ""], []
    names = sorted(os.path.relpath(os.path.join(folder, name), dist)
                   for folder, _, names in os.walk(dist) for name in names if not name.startswith("."))
    for i, name in enumerate(names):
        with open(os.path.join(dist, name), "rb") as f:
            data = f.read()
        packed = gzip.compress(data, 9, mtime=0)
        out += array(f"plain_{i}", data) + array(f"packed_{i}", packed)
        # What Vite puts into assets/ has a hash of its content in its name.
        table.append(f'    {{"{name}", "{TYPES[os.path.splitext(name)[1]]}", "{hashlib.sha256(data).hexdigest()[:32]}",'
                     f' {str(name.startswith("assets/")).lower()},'
                     f" plain_{i}, sizeof plain_{i}, packed_{i}, sizeof packed_{i}}},")
    return "\n".join(out + ["", "static const struct asset assets[] = {", *table, "};", ""])


def main():
    web, target, dependencies = sys.argv[1:]
    with open(os.path.join(web, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two build directories at once
        files = sources(web)
        text = header(build(web, files))
    with open(target, "w", encoding="ascii") as f:
        f.write(text)
    with open(dependencies, "w", encoding="utf-8") as f:
        f.write(f"{target}: " + " ".join(path.replace(" ", "\\ ") for path in files) + "\n")


main()
