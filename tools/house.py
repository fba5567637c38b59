# SPDX-License-Identifier: Apache-2.0
"""What the checks of the house share: the files, C text without its comments, and the report at the end."""
import os
import re
import subprocess
import sys

UNTRACKED = {"__pycache__", "node_modules", "data"}


def root():
    """The tree to check: the first argument, or the checkout that this file stands in."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else here


def files(top, *endings):
    """Paths below top, sorted, with '/'.  In a checkout: what git tracks or would track; elsewhere: all there are."""
    found = None
    if os.path.exists(os.path.join(top, ".git")):
        try:  # safe.directory: a checkout may belong to another user than the one who runs its tests
            listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", top, "ls-files", "-z", "--cached", "--others",
                                     "--exclude-standard"], check=True, stdout=subprocess.PIPE).stdout.decode()
            # What was deleted in the working tree may still be in the index.
            found = {path for path in listed.split("\0") if path and os.path.isfile(os.path.join(top, path))}
        except FileNotFoundError:
            pass  # no git here
    if found is None:
        found = set()
        for folder, folders, names in os.walk(top):
            folders[:] = [f for f in folders if f not in UNTRACKED and not f.startswith(("build", "."))]
            found |= {os.path.relpath(os.path.join(folder, name), top).replace(os.sep, "/") for name in names}
    return sorted(path for path in found if not endings or path.endswith(endings))


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8") as f:
        return f.read()


LITERAL = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''


def blank(text, literals=True):
    """C text with comments, and what stands inside literals, as spaces: every other byte keeps its place."""
    def spaces(match):
        piece = match[0]
        if piece[0] == "/":
            return re.sub(r"[^\n]", " ", piece)
        return piece[0] + " " * (len(piece) - 2) + piece[0] if literals else piece
    return re.sub(r"/\*.*?\*/|//[^\n]*|" + LITERAL, spaces, text, flags=re.S)


def includes(text):
    """(line, '<' or '"', name) of every #include."""
    for at, line in enumerate(blank(text, literals=False).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if match:
            yield at, match[1], match[2]


class Floors:
    """src/FLOORS: who may include whom, and the places that may touch an outside library."""

    def __init__(self, top):
        self.may = {}    # floor -> the floors that it names, in order
        self.doors = {}  # header, '*' stands for anything -> modules or folders below src/; "*_test" for a kind of file
        self.faults = []
        for at, line in enumerate(read(top, "src/FLOORS").split("\n"), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            left, colon, right = line.rpartition(":")
            if not colon:
                self.faults.append(f"src/FLOORS:{at}: no ':' in this line")
            elif left.startswith("<"):
                for header in re.findall(r"<([^>]+)>", left):
                    self.doors[header] = right.split()
            else:
                for name in right.split():
                    if name not in self.may:
                        self.faults.append(f"src/FLOORS:{at}: {left} names {name}, which has no line above")
                self.may[left.strip()] = right.split()

    def used_by(self, floor):
        return [name for name, may in self.may.items() if floor in may]


def finish(faults, done):
    """Prints the faults, or what was looked at, and ends the program."""
    for fault in faults:
        print(fault)
    print(f"{os.path.basename(sys.argv[0])}: {len(faults)} faults" if faults else done)
    sys.exit(1 if faults else 0)
