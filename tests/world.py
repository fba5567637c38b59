# SPDX-License-Identifier: Apache-2.0
"""A server with one company, its database to look into, and commands handed over to it."""
import contextlib
import os
import socket
import sqlite3
import struct
import tempfile
import time

import harness

WAIT_S = 20
STATES = ["uploading", "analysed", "needs_answer", "ready", "queued", "processing", "completed", "completed_with_errors", "failed",
          "cancelled", "reverting", "reverted"]


def in_memory():
    """Where a sync to disk costs nothing: these tests are about what is written, not about power."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class World:
    """A server with one company, and what was sent to it.  Batches of so many rows are committed each (0: of as many as
    there may be), or held in memory and committed several at once."""

    def __init__(self, rows, loads=False):
        self.stack = contextlib.ExitStack()
        tempfile.tempdir = in_memory()
        self.data = self.stack.enter_context(harness.temporary_data("Test"))
        self.tokens = [harness.new_token(self.data) for _ in range(2)]
        arguments = ["--batch-rows", str(rows)] if rows and not loads else []
        env = {"CLIENTELE_FAULT_BATCH_ROWS": str(rows), "CLIENTELE_FAULT_QUIET_US": "0"} if loads else {}
        self.server = harness.Server(self.data, *arguments, env=env)
        self.clients = [harness.Client(self.server, t) for t in self.tokens]
        self.db = sqlite3.connect(f"file:{self.data}/companies/1.db?mode=ro", uri=True, isolation_level=None)
        self.null = os.open(os.devnull, os.O_RDWR)

    def close(self):
        self.db.close()
        for c in self.clients:
            c.close()
        self.server.stop()
        self.stack.close()

    def restart(self):
        self.server.kill()
        for c in self.clients:
            c.close()
        self.server.start()

    def rows(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    def begin(self, *words, out=None):
        """Hands a command over as the command line does; the socket tells when it is done."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(WAIT_S)
        s.connect(os.path.join(self.data, "control.sock"))
        text = b"\0" + b"".join(str(w).encode() + b"\0" for w in words)
        out = self.null if out is None else out
        socket.send_fds(s, [struct.pack("=I", len(text))], [self.null, out, out, self.null])
        s.sendall(text)
        return s

    def command(self, *words):
        """(exit code, what it wrote)."""
        out_read, out_write = os.pipe()
        with self.begin(*words, out=out_write) as s:
            os.close(out_write)
            code = s.recv(1)
        with open(out_read, encoding="utf-8") as f:
            return (code[0] if code else None), f.read()

    def undo(self, task, *more):
        return self.command("task", "undo", task, "--data", self.data, "--company", "Test", *more)

    def wait(self, task, *states):
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            (state,), = self.rows("SELECT state FROM import_task WHERE id = ?", task)
            if STATES[state] in states:
                return STATES[state]
            time.sleep(0.001)
        raise AssertionError(f"task {task} is {STATES[state]}, not one of {states}")
