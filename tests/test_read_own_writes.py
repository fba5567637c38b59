# SPDX-License-Identifier: Apache-2.0
"""Who was told of a write reads it, whatever else is read in the same moment."""
import json
import socket
import threading
import unittest

import harness

WRITERS, ROUNDS = 6, 400
READERS, PIPELINED = 4, 64


def head(method, path, token, length=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Token token={token}"]
    if length is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Pipe:
    """Requests sent together, answers read one after another."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.socket.makefile("rb")

    def send(self, requests):
        self.socket.sendall(b"".join(requests))

    def answer(self):
        status = int(self.file.readline().split()[1])
        length = 0
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self.file.read(length)

    def close(self):
        self.file.close()
        self.socket.close()


class ReadOwnWrites(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)
        self.failures, self.over = [], threading.Event()

    def write(self, port, n):
        pipe = Pipe(port)
        try:
            for i in range(ROUNDS):
                body = json.dumps({"data": {"attributes": {"name": f"n{i}"}}}).encode()
                # The second waits in the server while the first is committed.
                pipe.send([head("PUT", f"/v4/consumers/w{n}", self.token, len(body)), body, head("GET", f"/v4/consumers/w{n}", self.token)])
                (put, _), (got, text) = pipe.answer(), pipe.answer()
                name = json.loads(text)["data"]["attributes"]["name"] if got == 200 else got
                if put not in (200, 201) or name != f"n{i}":
                    self.failures.append((n, i, put, name))
                    return
        finally:
            pipe.close()

    def read(self, port):
        pipe = Pipe(port)
        try:
            while not self.over.is_set():
                pipe.send([head("GET", "/v4/consumers/w0", self.token)] * PIPELINED)
                for _ in range(PIPELINED):
                    pipe.answer()
        finally:
            pipe.close()

    def test_a_write_that_was_answered_is_read(self):
        with harness.Server(self.data) as server:
            readers = [threading.Thread(target=self.read, args=(server.port,)) for _ in range(READERS)]
            writers = [threading.Thread(target=self.write, args=(server.port, n)) for n in range(WRITERS)]
            for t in readers + writers:
                t.start()
            for t in writers:
                t.join()
            self.over.set()
            for t in readers:
                t.join()
        self.assertEqual(self.failures, [])


if __name__ == "__main__":
    unittest.main()
