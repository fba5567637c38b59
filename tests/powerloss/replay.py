# SPDX-License-Identifier: Apache-2.0
"""From a directory and the journal of powerloss.c: what a power cut may have left of it.

What was synced is there.  Of what was not, nothing (`dice` None), or of each file's writes any, and of each directory's
changes the first so many: file systems keep their order.
"""
import os
import shutil


class File:
    def __init__(self, content=b""):
        self.content, self.pending = bytearray(content), []  # pending: ("write" or "truncate", at, bytes)

    def apply(self, change):
        what, at, data = change
        if what == "truncate":
            del self.content[at:]
            self.content.extend(bytes(at - len(self.content)))
        else:
            self.content.extend(bytes(max(0, at - len(self.content))))
            self.content[at:at + len(data)] = data

    def sync(self):
        for change in self.pending:
            self.apply(change)
        self.pending = []


class Directory:
    """Entries as they are, and as they are on the disk with the changes that wait for a sync."""

    def __init__(self):
        self.now, self.durable, self.pending = {}, {}, []  # pending: [(name, entry or None)...]

    def change(self, *pairs):
        for name, entry in pairs:
            self.put(self.now, name, entry)
        self.pending.append(pairs)

    @staticmethod
    def put(entries, name, entry):
        if entry is None:
            entries.pop(name, None)
        else:
            entries[name] = entry

    def sync(self):
        self.keep(len(self.pending))

    def keep(self, count):
        for pairs in self.pending[:count]:
            for name, entry in pairs:
                self.put(self.durable, name, entry)
        self.pending = []


def load(folder):
    d = Directory()
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            d.now[entry.name] = load(entry.path)
        elif entry.is_file(follow_symlinks=False):
            with open(entry.path, "rb") as f:
                d.now[entry.name] = File(f.read())
    d.durable = dict(d.now)
    return d


def journal_records(path):
    with open(path, "rb") as f:
        while True:
            line = f.readline()
            if not line.endswith(b"\n"):
                return  # the last one is cut off, or there is none
            words, data = line[:-1].decode().split(" ", 1), b""
            if words[0] == "write":
                size = int(words[1].rsplit(" ", 1)[1])
                data = f.read(size)
                if len(data) < size:
                    return
            yield words[0], words[1], data


class Disk:
    def __init__(self, base):
        self.root, self.file = load(base), {}

    def find(self, path):
        """The directory that holds the path's last name, and that name."""
        d = self.root
        parts = path.split("/") if path else []
        for part in parts[:-1]:
            d = d.now[part]
        return d, parts[-1] if parts else ""

    def play(self, journal):
        for what, rest, data in journal_records(journal):
            if what in ("open", "create"):
                ino, path = rest.split(" ", 1)
                d, name = self.find(path)
                if what == "create":
                    self.file[ino] = File()
                    d.change((name, self.file[ino]))
                else:
                    self.file[ino] = d.now[name]
            elif what == "write":
                ino, at, _ = rest.split()
                self.file[ino].pending.append((what, int(at), data))
            elif what == "truncate":
                ino, size = rest.split()
                self.file[ino].pending.append((what, int(size), b""))
            elif what == "sync":
                self.file[rest].sync()
            elif what == "syncdir":
                d, name = self.find(rest)
                (d.now[name] if name else d).sync()
            elif what == "mkdir":
                d, name = self.find(rest)
                d.change((name, Directory()))
            elif what == "unlink":
                d, name = self.find(rest)
                d.change((name, None))
            elif what == "rename":
                (old, old_name), (new, new_name) = map(self.find, rest.split("\t"))
                assert old is new, "a rename between directories"
                old.change((new_name, old.now[old_name]), (old_name, None))

    def write(self, folder, dice, directory=None):
        """Makes the folder with what is left after the cut."""
        d = directory or self.root
        os.mkdir(folder, 0o700)
        d.keep(dice.randint(0, len(d.pending)) if dice else 0)
        for name, entry in d.durable.items():
            path = os.path.join(folder, name)
            if isinstance(entry, Directory):
                self.write(path, dice, entry)
                continue
            if dice:
                for change in entry.pending:
                    if dice.random() < 0.5:
                        entry.apply(change)
            with open(path, "wb") as f:
                f.write(entry.content)
            os.chmod(path, 0o600)


def cut(base, journal, folder, dice=None):
    """Replaces the folder by what a power cut leaves; base: a copy from before the journal began."""
    disk = Disk(base)
    disk.play(journal)
    shutil.rmtree(folder)
    disk.write(folder, dice)
