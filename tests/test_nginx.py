# SPDX-License-Identifier: Apache-2.0
"""The nginx of docs/serving.md in front of the server: real clients' addresses, ids with slashes, large files, events."""
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import harness
from test_tls import make_certificate

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def documented_server(port, upstream, cert, key):
    with open(os.path.join(harness.ROOT, "docs", "serving.md"), encoding="utf-8") as f:
        text = re.search(r"```nginx\n(.*?)```", f.read(), re.S)[1]
    for before, after in (("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("/etc/clientele/tls/fullchain.pem", cert),
                          ("/etc/clientele/tls/privkey.pem", key), ("127.0.0.1:8080", f"127.0.0.1:{upstream}")):
        assert before in text
        text = text.replace(before, after)
    return text


@contextlib.contextmanager
def nginx(folder, server, port):
    paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as f:
        f.write(f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\nhttp {{ access_log off;\n{paths}{server}}}\n")
    process = subprocess.Popen([NGINX, "-p", folder, "-c", os.path.join(folder, "nginx.conf"), "-e", os.path.join(folder, "error.log")])
    try:
        until = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            assert process.poll() is None and time.monotonic() < until, "nginx does not start"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


@unittest.skipUnless(NGINX, "nginx is not installed")
class Nginx(unittest.TestCase):
    def test_the_documented_proxy(self):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            data = stack.enter_context(harness.temporary_data())
            token = harness.new_token(data)
            server = stack.enter_context(harness.Server(data, "--trusted-proxy", "127.0.0.1"))
            cert, key = make_certificate(folder, "proxy")
            port = free_port()
            stack.enter_context(nginx(folder, documented_server(port, server.port, cert, key), port))
            c = stack.enter_context(contextlib.closing(http.client.HTTPSConnection(
                "localhost", port, timeout=60, context=ssl.create_default_context(cafile=cert))))

            def ask(method, path, body=None, **headers):
                headers = {name.replace("_", "-"): value for name, value in headers.items()}
                c.request(method, path, body, {"Authorization": "Token token=" + token, **headers})
                response = c.getresponse()
                return harness.Answer(response.status, response.headers, response.read())

            put = ask("PUT", "/v4/consumers/a%2Fb%20c", json.dumps(harness.consumer(name="N")), Content_Type="application/json")
            self.assertEqual(put.status, 201, put)
            self.assertEqual(ask("GET", "/v4/consumers/a%2Fb%20c").json["data"]["attributes"]["external_id"], "a/b c")
            self.assertRegex(put.headers["x-request-id"], "^[0-9a-f]{32}$")
            csv = b"external_id,email,name,phone,created_at,text\n" + b"".join(b"%d,,,,,%s\n" % (i, b"x" * 2000) for i in range(2000))
            begun = ask("POST", "/v4/import_tasks", csv, Content_Type="text/csv", X_Forwarded_For="192.0.2.66")
            self.assertEqual(begun.status, 202, begun)
            # nginx appends whom it saw to what the client forged; it is of this machine, so trusted in this test: the
            # right-most address that is no proxy is the one that the (trusted) client named.
            self.assertEqual(begun.json["data"]["attributes"]["deeds"][0]["address"], "192.0.2.66")
            c.request("GET", f"/v4/import_tasks/{begun.json['data']['id']}/events", headers={"Authorization": "Token token=" + token})
            events, seen = c.getresponse(), b""
            while b"completed" not in seen:
                line = events.readline()
                self.assertTrue(line, seen)
                seen += line


if __name__ == "__main__":
    unittest.main()
