# SPDX-License-Identifier: Apache-2.0
"""Many connections that become ready in the same instant are all answered.

An event loop that takes events in batches of 128 can sleep over the rest when exactly a multiple of
128 is ready, so exactly that is made: the process is stopped, every connection sends its request,
and the process goes on.
"""
import http.client
import os
import signal
import socket
import time
import unittest

import harness


class Ready(unittest.TestCase):
    def answered(self, server, count, request):
        sockets = []
        try:
            for _ in range(count):
                s = socket.create_connection(("127.0.0.1", server.port), 20)
                sockets.append(s)
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")  # accepted and idle from here on
                self.assertEqual(self.read(s), 200)
            os.kill(server.process.pid, signal.SIGSTOP)
            try:
                time.sleep(0.1)
                for n, s in enumerate(sockets):
                    s.sendall(request(n))
                time.sleep(0.3)
            finally:
                os.kill(server.process.pid, signal.SIGCONT)
            return [self.read(s) for s in sockets]
        finally:
            for s in sockets:
                s.close()

    def read(self, s):
        response = http.client.HTTPResponse(s)
        try:
            response.begin()
            response.read()
            return response.status
        finally:
            response.close()

    def test_multiples_of_128_at_once(self):
        with harness.temporary_data("Test") as data:
            token = harness.new_token(data)
            with harness.Server(data) as server:
                for count in (128, 256):
                    get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                    self.assertEqual(self.answered(server, count, lambda n: get), [200] * count)

                    def create(n, count=count):
                        body = f'{{"data":{{"attributes":{{"external_id":"r{count}-{n}"}}}}}}'
                        return (f"POST /v4/consumers HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={token}\r\n"
                                f"Content-Length: {len(body)}\r\n\r\n{body}").encode()

                    self.assertEqual(self.answered(server, count, create), [201] * count)


if __name__ == "__main__":
    unittest.main()
