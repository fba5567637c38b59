# SPDX-License-Identifier: Apache-2.0
"""TLS in the binary, as clients and operators meet it: curl, Python's ssl (OpenSSL), certificates by openssl."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import harness


def make_certificate(folder, name):
    """A certificate that signs itself: (certificate, key)."""
    cert, key = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "30", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
                    "-out", cert], check=True, capture_output=True)
    return cert, key


def common_name(certificate):
    return dict(pair for rdn in certificate["subject"] for pair in rdn)["commonName"]


class Serving(contextlib.ExitStack):
    """A server with a plain port and one with TLS, whose certificate is self.cert."""

    def __init__(self, *arguments):
        super().__init__()
        self.folder = self.enter_context(tempfile.TemporaryDirectory())
        self.cert, self.key = make_certificate(self.folder, "first")
        self.data = self.enter_context(harness.temporary_data())
        self.token = harness.new_token(self.data)
        self.server = self.enter_context(harness.Server(self.data, "--tls-cert", self.cert, "--tls-key", self.key, "--listen-tls",
                                                        "127.0.0.1:0", *arguments))
        self.port = self.tls_port()

    def tls_port(self):
        return int(re.findall(r"https://127\.0\.0\.1:(\d+)", self.server.log_text())[-1])

    def context(self, cert=None):
        return ssl.create_default_context(cafile=cert or self.cert)

    def socket(self, context=None, timeout=30):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout)
        try:
            return (context or self.context()).wrap_socket(plain, server_hostname="localhost")
        except BaseException:
            plain.close()
            raise

    def connect(self, timeout=60):
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.context())

    def ask(self, connection, method, path, body=None, **headers):
        headers.setdefault("Authorization", "Token token=" + self.token)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return harness.Answer(response.status, response.headers, response.read())


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.serving = Serving()

    @classmethod
    def tearDownClass(cls):
        cls.serving.close()

    def test_curl_speaks_with_it_over_tls_12_and_13_and_not_below(self):
        s = self.serving
        for options, code in (["--tlsv1.3"], 0), (["--tls-max", "1.2"], 0), (["--tls-max", "1.1"], 35):
            done = subprocess.run(["curl", "-sS", "--cacert", s.cert, *options, "-w", "%{http_version} %{ssl_verify_result}",
                                   f"https://localhost:{s.port}/healthz"], capture_output=True, timeout=30)
            self.assertEqual(done.returncode, code, done.stderr)
            if not code:
                self.assertEqual(done.stdout, b'{"status":"ok"}\n1.1 0')

    def test_the_plain_port_still_serves(self):
        with contextlib.closing(self.serving.server.connect()) as plain:
            plain.request("GET", "/healthz")
            self.assertEqual(plain.getresponse().status, 200)

    def test_one_connection_carries_many_requests_and_writes(self):
        s = self.serving
        with contextlib.closing(s.connect()) as c:
            for i in range(50):  # each write is put aside until its commit
                created = s.ask(c, "POST", "/v4/consumers", json.dumps({"data": {"type": "consumers", "attributes": {
                    "external_id": f"tls-{i}"}}}), **{"Content-Type": "application/json"})
                self.assertEqual(created.status, 201, created)
                self.assertEqual(s.ask(c, "GET", f"/v4/consumers/tls-{i}").json["data"]["id"], created.json["data"]["id"])
            self.assertIsNotNone(c.sock)

    def test_large_bodies_go_both_ways(self):
        s = self.serving
        row = b"%d,u%d@example.com,N,,2020-01-01 00:00:00," + b"x" * 2000 + b"\n"
        csv = b"external_id,email,name,phone,created_at,text\n" + b"".join(row % (i, i) for i in range(4000))
        with contextlib.closing(s.connect()) as c:
            begun = s.ask(c, "POST", "/v4/import_tasks", csv, **{"Content-Type": "text/csv"})
            self.assertEqual(begun.status, 202, begun)
            again = s.ask(c, "GET", f"/v4/import_tasks/{begun.json['data']['id']}/file")  # an answer that is a file
            self.assertEqual(again.body, csv)

    def test_events_come_as_they_happen(self):
        s = self.serving
        with contextlib.closing(s.connect()) as c:
            begun = s.ask(c, "POST", "/v4/import_tasks", b"external_id,email,name,phone,created_at\n1,,,,\n", **{"Content-Type": "text/csv"})
            task = begun.json["data"]["id"]
            c.request("GET", f"/v4/import_tasks/{task}/events", headers={"Authorization": "Token token=" + s.token})
            response = c.getresponse()
            self.assertEqual(response.headers["Content-Type"].split(";")[0], "text/event-stream")
            seen = b""
            while b"completed" not in seen:
                line = response.readline()
                self.assertTrue(line, seen)
                seen += line

    def test_a_refused_body_gets_its_answer(self):
        s = self.serving
        with s.socket() as c:
            c.sendall(b"POST /v4/consumers HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n")
            with contextlib.suppress(OSError):
                for _ in range(400):
                    c.sendall(b"x" * 65536)
            answer = c.recv(65536)
            self.assertIn(b" 413 ", answer[:20])

    def test_the_end_of_an_answer_is_the_end_of_the_session(self):
        s = self.serving
        context = s.context()
        with s.socket(context) as c:
            c.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            got = b""
            while piece := c.recv(4096):  # raises on an end without close_notify
                got += piece
            self.assertTrue(got.endswith(b'{"status":"ok"}\n'), got)

    def test_a_session_is_resumed(self):
        s = self.serving
        context = s.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with s.socket(context) as c:
            session = c.session
        plain = socket.create_connection(("127.0.0.1", s.port), 30)
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as c:
            self.assertTrue(c.session_reused)

    def test_alpn_offers_http_1_1(self):
        context = self.serving.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.serving.socket(context) as c:
            self.assertEqual(c.selected_alpn_protocol(), "http/1.1")

    def test_plain_http_is_told_where_it_came(self):
        with socket.create_connection(("127.0.0.1", self.serving.port), 30) as c:
            c.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(c.recv(4096).startswith(b"HTTP/1.1 400 "))

    def test_many_clients_at_once(self):
        s = self.serving

        def visit(_):
            with contextlib.closing(s.connect()) as c:
                return [s.ask(c, "GET", "/healthz").status for _ in range(5)]

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual({status for got in pool.map(visit, range(128)) for status in got}, {200})

    def test_a_handshake_that_pauses_costs_nothing_and_is_cut(self):
        s = self.serving
        hello = ssl.MemoryBIO()
        client = s.context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        begun = hello.read()
        slow = [socket.create_connection(("127.0.0.1", s.port), 30) for _ in range(100)]
        try:
            for one in slow:
                one.sendall(begun[:len(begun) // 2])
            time.sleep(0.5)
            before, start = cpu_s(s.server.process.pid), time.monotonic()
            for _ in range(10):
                with contextlib.closing(s.connect()) as c:
                    self.assertEqual(s.ask(c, "GET", "/healthz").status, 200)
            self.assertLess(cpu_s(s.server.process.pid) - before, 0.5 * (time.monotonic() - start) + 0.5)
            before = cpu_s(s.server.process.pid)
            time.sleep(3)  # a loop that spins takes what it is given, some of a core even on a busy machine
            self.assertLess(cpu_s(s.server.process.pid) - before, 0.2)
            slow[0].sendall(begun[len(begun) // 2:])  # who goes on is served
            self.assertTrue(slow[0].recv(4096))
            for one in slow[1:]:  # who does not is cut after the time that a head may take
                self.assertEqual(one.recv(1), b"")
            self.assertLess(time.monotonic() - start, 25)
        finally:
            for one in slow:
                one.close()

    def test_garbage_ends_the_connection_only(self):
        for bytes_ in b"\x16\x03\x01\x00\x05hello", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 70000, b"\x80\x2e\x01\x00\x02":
            with socket.create_connection(("127.0.0.1", self.serving.port), 30) as c:
                with contextlib.suppress(OSError):
                    c.sendall(bytes_)
                    c.shutdown(socket.SHUT_WR)
                    while c.recv(4096):
                        pass
        self.test_many_clients_at_once()


class Operators(unittest.TestCase):
    def test_a_renewed_certificate_is_taken_without_dropping_anybody(self):
        with Serving() as s, contextlib.closing(s.connect()) as old:
            self.assertEqual(s.ask(old, "GET", "/healthz").status, 200)
            kept = old.sock
            cert, key = make_certificate(s.folder, "second")
            os.replace(cert, s.cert)
            os.replace(key, s.key)
            s.server.process.send_signal(signal.SIGHUP)
            until = time.monotonic() + 20
            while s.server.log_text().count("certificate is valid until") < 2:
                self.assertLess(time.monotonic(), until, s.server.log_text())
                time.sleep(0.02)
            with s.socket() as c:
                self.assertEqual(common_name(c.getpeercert()), "second")
            self.assertEqual(s.ask(old, "GET", "/healthz").status, 200)
            self.assertIs(old.sock, kept)
            # A certificate without its key, or a half-written file, changes nothing, and says why.
            trusted = s.context()
            with open(s.cert, encoding="ascii") as f:
                second = f.read()
            os.replace(make_certificate(s.folder, "third")[0], s.cert)
            self.read_again(s, "does not belong to the first certificate")
            with s.socket(trusted) as c:
                self.assertEqual(common_name(c.getpeercert()), "second")
            with open(s.cert, "w", encoding="ascii") as f:
                f.write(second)
            with open(s.key, "w", encoding="ascii") as f:
                f.write("-----BEGIN PRIVATE")
            self.read_again(s, "holds no private key")
            with s.socket() as c:
                self.assertEqual(common_name(c.getpeercert()), "second")

    def read_again(self, s, says):
        s.server.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 20
        while says not in s.server.log_text():
            self.assertLess(time.monotonic(), until, s.server.log_text())
            time.sleep(0.02)

    def test_a_certificate_and_no_listen_tls_means_all(self):
        with tempfile.TemporaryDirectory() as folder, harness.temporary_data() as data:
            cert, key = make_certificate(folder, "only")
            with harness.Server(data, "--tls-cert", cert, "--tls-key", key) as server:
                self.assertIn(f"listening on https://127.0.0.1:{server.port}\n", server.log_text())
                self.assertNotIn("http://", server.log_text())
                done = subprocess.run(["curl", "-sS", "--cacert", cert, f"https://localhost:{server.port}/healthz"],
                                      capture_output=True, timeout=30)
                self.assertEqual(done.stdout, b'{"status":"ok"}\n', done.stderr)

    def test_what_cannot_be_used_is_named(self):
        with tempfile.TemporaryDirectory() as folder, harness.temporary_data() as data:
            cert, key = make_certificate(folder, "one")
            _, other = make_certificate(folder, "two")
            text = os.path.join(folder, "text")
            with open(text, "w", encoding="ascii") as f:
                f.write("no certificate\n")
            sealed = os.path.join(folder, "sealed.key")
            subprocess.run(["openssl", "pkcs8", "-topk8", "-in", key, "-out", sealed, "-passout", "pass:secret"], check=True)
            for arguments, says in (
                    (("--tls-cert", cert), "both a certificate and its key"),
                    (("--tls-key", key), "both a certificate and its key"),
                    (("--listen-tls", "127.0.0.1:0"), "a certificate and its key are needed"),
                    (("--tls-cert", cert, "--tls-key", other), "does not belong to the first certificate"),
                    (("--tls-cert", text, "--tls-key", key), "holds no certificate in PEM"),
                    (("--tls-cert", cert, "--tls-key", text), "holds no private key in PEM"),
                    (("--tls-cert", cert, "--tls-key", sealed), "is encrypted"),
                    (("--tls-cert", cert + "x", "--tls-key", key), "cannot open"),
                    (("--tls-cert", folder, "--tls-key", key), "cannot read")):
                done = harness.run("serve", "--data", data, "--listen", "127.0.0.1:0", *arguments, check=False, timeout=60)
                self.assertNotEqual(done.returncode, 0, arguments)
                self.assertIn(says, done.stderr)

    def test_it_stops_at_once_when_nobody_asks(self):
        with Serving() as s, s.socket() as quiet, socket.create_connection(("127.0.0.1", s.port)) as half:
            half.sendall(b"\x16\x03\x01")
            s.socket().close()
            time.sleep(0.3)
            start = time.monotonic()
            s.server.stop()
            self.assertLess(time.monotonic() - start, 5)
            self.assertEqual(quiet.recv(1), b"")

    def test_an_expired_certificate_is_a_warning(self):
        with tempfile.TemporaryDirectory() as folder, harness.temporary_data() as data:
            cert, key = make_certificate(folder, "old")
            with open(os.path.join(folder, "ca.cnf"), "w", encoding="ascii") as f:
                f.write("[ca]\ndefault_ca=d\n[d]\ndatabase=index\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\n"
                        "policy=p\n[p]\ncommonName=supplied\n")
            open(os.path.join(folder, "index"), "w", encoding="ascii").close()
            for command in (["req", "-new", "-key", key, "-subj", "/CN=old", "-out", "old.csr"],
                            ["ca", "-selfsign", "-batch", "-notext", "-config", "ca.cnf", "-keyfile", key, "-in", "old.csr", "-out",
                             cert, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]):
                subprocess.run(["openssl", *command], check=True, capture_output=True, cwd=folder)
            with harness.Server(data, "--tls-cert", cert, "--tls-key", key) as server:
                self.assertIn("has expired", server.log_text())


if __name__ == "__main__":
    unittest.main()
