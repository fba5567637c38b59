# SPDX-License-Identifier: Apache-2.0
"""Uploads that can be gone on with: every status over raw HTTP, and npm's tus-js-client against the real server, with the
connection cut and the server killed in between."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import npm

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tus")
HEADER = "external_id;email;name;phone;created_at\n"
BYTES = "application/offset+octet-stream"
PATH = "/v4/import_uploads"


def table(count, width=200):
    return (HEADER + "".join(f"{n};;{'x' * width}{n};;\n" for n in range(count))).encode()


def metadata(**values):
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in values.items())


class Case(unittest.TestCase):
    arguments = ()

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.data = self.stack.enter_context(harness.temporary_data())
        self.token = harness.new_token(self.data)
        self.server = harness.Server(self.data, *self.arguments)
        self.addCleanup(self.stop)

    def stop(self):
        if self.server.process.poll() is None:
            self.server.stop()

    def client(self, token=None):
        client = harness.Client(self.server, token or self.token)
        self.addCleanup(client.close)
        return client

    def tus(self, method, path=PATH, body=None, version="1.0.0", client=None, **headers):
        sent = {"Tus-Resumable": version} if version else {}
        sent.update({k.replace("_", "-"): str(v) for k, v in headers.items()})
        return (client or self.client()).request(method, path, body, sent, content_type=sent.pop("Content-Type", None))

    def create(self, length, body=None, **values):
        more = {"Content_Type": BYTES} if body is not None else {}
        answer = self.tus("POST", body=body, Upload_Length=length, Upload_Metadata=metadata(**values), **more)
        self.assertEqual(answer.status, 201, answer)
        return answer

    def patch(self, url, offset, body, **headers):
        return self.tus("PATCH", url, body, Upload_Offset=offset, **{"Content_Type": BYTES, **headers})

    def task(self, path):
        answer = self.client().get(path)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["data"]["attributes"]

    def finished(self, path, seconds=120):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            told = self.task(path)
            if told["state"] in ("completed", "completed_with_errors", "failed", "cancelled"):
                return told
            time.sleep(0.05)
        raise AssertionError(told)

    def uploads(self):
        return os.listdir(os.path.join(self.data, "uploads"))


class Protocol(Case):
    arguments = ("--upload-limit", "1M")

    def test_options_say_what_is_offered(self):
        for path in (PATH, PATH + "/1"):
            answer = self.tus("OPTIONS", path, version=None)
            self.assertEqual(answer.status, 204)
            self.assertEqual(answer.headers["Tus-Resumable"], "1.0.0")
            self.assertEqual(answer.headers["Tus-Version"], "1.0.0")
            self.assertEqual(answer.headers["Tus-Extension"], "creation,creation-with-upload,expiration,termination")
            self.assertEqual(answer.headers["Tus-Max-Size"], str(1024 * 1024))

    def test_a_file_in_two_pieces(self):
        text = table(20)
        made = self.create(len(text), filename="клиенты.csv", filetype="text/csv")
        url, task = made.headers["Location"], made.headers["Import-Task"]
        self.assertRegex(url, r"^/v4/import_uploads/\d+$")
        self.assertEqual((made.headers["Upload-Offset"], made.headers["Tus-Resumable"]), ("0", "1.0.0"))
        self.assertRegex(made.headers["Upload-Expires"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        told = self.task(task)
        self.assertEqual((told["state"], told["size"], told["file_name"]), ("uploading", len(text), "клиенты.csv"))
        first = self.patch(url, 0, text[:1000])
        self.assertEqual((first.status, first.headers["Upload-Offset"]), (204, "1000"), first)
        self.assertIn("Upload-Expires", first.headers)
        self.assertEqual(self.task(task)["progress"], {"phase": "upload", "bytes_done": 1000, "bytes": len(text)})
        head = self.tus("HEAD", url)
        self.assertEqual(head.status, 200)
        self.assertEqual((head.headers["Upload-Offset"], head.headers["Upload-Length"], head.headers["Cache-Control"]),
                         ("1000", str(len(text)), "no-store"))
        self.assertEqual(head.headers["Upload-Metadata"], metadata(filename="клиенты.csv", filetype="text/csv"))
        last = self.patch(url, 1000, text[1000:])
        self.assertEqual((last.status, last.headers["Upload-Offset"], last.headers["Import-Task"]), (204, str(len(text)), task))
        told = self.finished(task)
        self.assertEqual((told["state"], told["created"]), ("completed", 20))
        self.assertEqual(told["sha256"], hashlib.sha256(text).hexdigest())
        head = self.tus("HEAD", url)  # the last answer may have been lost: it is told again
        self.assertEqual((head.status, head.headers["Upload-Offset"]), (200, str(len(text))))
        self.assertEqual(self.patch(url, len(text), b"").status, 409)

    def test_creation_with_all_of_it_and_with_a_part(self):
        text = table(5)
        whole = self.create(len(text), body=text, filename="a.csv")
        self.assertEqual(whole.headers["Upload-Offset"], str(len(text)))
        self.assertEqual(self.finished(whole.headers["Import-Task"])["sha256"], hashlib.sha256(text).hexdigest())
        part = self.create(len(text), body=text[:100])
        self.assertEqual(part.headers["Upload-Offset"], "100")
        self.assertEqual(self.patch(part.headers["Location"], 100, text[100:]).status, 204)
        told = self.finished(part.headers["Import-Task"])
        self.assertEqual((told["unchanged"], told["sha256"]), (5, hashlib.sha256(text).hexdigest()))

    def test_settings_come_with_the_metadata(self):
        text = table(3)
        made = self.create(len(text), body=text, filename="a.csv", start="manual", mode="update_only")
        told = self.task(made.headers["Import-Task"])
        self.assertEqual((told["start"], told["settings"]["mode"]), ("manual", "update_only"))
        for bad, status in (("mode " + base64.b64encode(b"all").decode(), 422), ("colour cmVk", 422),
                            ("filename ***", 400), ("filename /w==", 400), (",", 400)):
            answer = self.tus("POST", Upload_Length=5, Upload_Metadata=bad)
            self.assertEqual(answer.status, status, (bad, answer))
            self.assertEqual(answer.headers["Tus-Resumable"], "1.0.0")

    def test_refusals(self):
        url = self.create(100).headers["Location"]
        other = harness.new_token(self.data, "Test", "--scope", "consumers:read")
        foreign = "/v4/import_uploads/999"
        cases = [
            ("no version", 412, lambda: self.tus("POST", version=None, Upload_Length=5)),
            ("another version", 412, lambda: self.tus("PATCH", url, b"x", version="0.2.2", Upload_Offset=0, Content_Type=BYTES)),
            ("another version", 412, lambda: self.tus("HEAD", url, version="2.0.0")),
            ("no token", 401, lambda: self.tus("POST", client=self.client("nobody"), Upload_Length=5)),
            ("another scope", 403, lambda: self.tus("HEAD", url, client=self.client(other))),
            ("no length", 400, lambda: self.tus("POST")),
            ("a length that is none", 400, lambda: self.tus("POST", Upload_Length="-1")),
            ("a length told later", 400, lambda: self.tus("POST", Upload_Defer_Length=1)),
            ("parts to be put together", 400, lambda: self.tus("POST", Upload_Length=5, Upload_Concat="partial")),
            ("over the limit", 413, lambda: self.tus("POST", Upload_Length=1024 * 1024 + 1)),
            ("more than promised", 413, lambda: self.patch(url, 0, b"x" * 101)),
            ("more than promised at creation", 413, lambda: self.tus("POST", body=b"123456", Upload_Length=5, Content_Type=BYTES)),
            ("another type", 415, lambda: self.patch(url, 0, b"x", Content_Type="text/csv")),
            ("another type at creation", 415, lambda: self.tus("POST", body=b"12345", Upload_Length=5, Content_Type="text/csv")),
            ("no type", 415, lambda: self.tus("PATCH", url, b"x", Upload_Offset=0)),
            ("no offset", 400, lambda: self.tus("PATCH", url, b"x", Content_Type=BYTES)),
            ("another offset", 409, lambda: self.patch(url, 1, b"x")),
            ("another offset", 409, lambda: self.patch(url, 10 ** 15, b"x")),
            ("no such upload", 404, lambda: self.patch(foreign, 0, b"x")),
            ("no such upload", 404, lambda: self.tus("HEAD", foreign)),
            ("no such upload", 404, lambda: self.tus("HEAD", PATH + "/x")),
            ("no such method", 405, lambda: self.tus("PUT", url, b"x")),
            ("POST without its meaning", 405, lambda: self.tus("POST", url, b"")),
        ]
        for name, status, ask in cases:
            answer = ask()
            self.assertEqual(answer.status, status, (name, answer))
            if status == 412:
                self.assertEqual(answer.headers["Tus-Version"], "1.0.0")
            if status not in (405,):
                self.assertEqual(answer.headers["Tus-Resumable"], "1.0.0", name)
        self.assertEqual(self.tus("HEAD", url).headers["Upload-Offset"], "0")
        plain = self.client().post("/v4/import_tasks", table(1), content_type="text/csv").json["data"]["id"]
        self.assertEqual(self.tus("HEAD", f"{PATH}/{plain}").status, 404)

    def test_the_company_of_another_token_has_no_part_in_it(self):
        url = self.create(100).headers["Location"]
        harness.run("company", "create", "--data", self.data, "Other")
        other = self.client(harness.new_token(self.data, "Other"))
        self.assertEqual(self.tus("HEAD", url, client=other).status, 404)
        self.assertEqual(self.tus("DELETE", url, client=other).status, 404)

    def test_methods_in_a_header(self):
        text = table(2)
        url = self.create(len(text)).headers["Location"]
        answer = self.tus("POST", url, text[:50], X_HTTP_Method_Override="PATCH", Upload_Offset=0, Content_Type=BYTES)
        self.assertEqual((answer.status, answer.headers["Upload-Offset"]), (204, "50"))
        self.assertEqual(self.tus("POST", url, b"", X_HTTP_Method_Override="DELETE").status, 204)
        self.assertEqual(self.tus("HEAD", url).status, 410)

    def open_patch(self, url, offset, length, first):
        """A PATCH whose rest is still to come."""
        s = socket.create_connection(("127.0.0.1", self.server.port), 30)
        self.addCleanup(s.close)
        s.sendall((f"PATCH {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={self.token}\r\nTus-Resumable: 1.0.0\r\n"
                   f"Content-Type: {BYTES}\r\nUpload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n").encode() + first)
        return s

    def received(self, url):
        return int(self.tus("HEAD", url).headers["Upload-Offset"])

    def wait_received(self, url, count):
        until = time.monotonic() + 20
        while self.received(url) != count:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    def test_two_at_once_and_a_connection_that_breaks(self):
        text = table(20)
        made = self.create(len(text))
        url = made.headers["Location"]
        s = self.open_patch(url, 0, len(text), text[:700])
        self.wait_received(url, 700)
        second = self.patch(url, 700, text[700:])
        self.assertEqual(second.status, 423, second)
        s.close()  # what came stays, and the way is free
        until = time.monotonic() + 5
        while (answer := self.patch(url, 700, text[700:])).status == 423:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)
        self.assertEqual(answer.status, 204, answer)
        told = self.finished(made.headers["Import-Task"])
        self.assertEqual((told["created"], told["sha256"]), (20, hashlib.sha256(text).hexdigest()))

    def test_one_that_fell_silent_loses_its_turn_and_writes_nothing_more(self):
        text = table(20)
        made = self.create(len(text))
        url = made.headers["Location"]
        silent = self.open_patch(url, 0, len(text), text[:700])
        self.wait_received(url, 700)
        self.assertEqual(self.patch(url, 700, b"x").status, 423)
        time.sleep(1.2)
        self.assertEqual(self.patch(url, 700, text[700:900]).status, 204)
        silent.sendall(text[700:])
        response = http.client.HTTPResponse(silent)
        response.begin()
        self.assertEqual(response.status, 423)
        response.close()
        self.assertEqual(self.received(url), 900)
        self.assertEqual(self.patch(url, 900, text[900:]).status, 204)
        self.assertEqual(self.finished(made.headers["Import-Task"])["sha256"], hashlib.sha256(text).hexdigest())

    def test_a_body_without_a_length_and_too_long(self):
        text = table(3)
        url = self.create(len(text)).headers["Location"]
        s = socket.create_connection(("127.0.0.1", self.server.port), 30)
        self.addCleanup(s.close)
        s.sendall((f"PATCH {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Token token={self.token}\r\nTus-Resumable: 1.0.0\r\n"
                   f"Content-Type: {BYTES}\r\nUpload-Offset: 0\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
        body = text + b"more"
        s.sendall(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
        response = http.client.HTTPResponse(s)
        response.begin()
        self.assertEqual(response.status, 413)
        response.close()

    def test_termination(self):
        text = table(3)
        made = self.create(len(text), body=text[:50])
        self.assertEqual(len(self.uploads()), 1)
        self.assertEqual(self.tus("DELETE", made.headers["Location"]).status, 204)
        self.assertEqual(self.uploads(), [])
        self.assertEqual(self.task(made.headers["Import-Task"])["state"], "cancelled")
        for answer in (self.tus("HEAD", made.headers["Location"]), self.patch(made.headers["Location"], 50, text[50:]),
                       self.tus("DELETE", made.headers["Location"])):
            self.assertEqual(answer.status, 410, answer)
        whole = self.create(len(text), body=text)
        self.finished(whole.headers["Import-Task"])
        self.assertEqual(self.tus("DELETE", whole.headers["Location"]).status, 409)

    def test_cancelled_in_the_middle_of_a_piece(self):
        text = table(20)
        made = self.create(len(text))
        url = made.headers["Location"]
        s = self.open_patch(url, 0, len(text), text[:700])
        self.wait_received(url, 700)
        self.assertEqual(self.tus("DELETE", url).status, 204)
        s.sendall(text[700:])
        response = http.client.HTTPResponse(s)
        response.begin()
        self.assertEqual(response.status, 410)
        response.close()
        self.assertEqual((self.uploads(), self.task(made.headers["Import-Task"])["state"]), ([], "cancelled"))

    def test_expiry_survives_a_restart_and_leaves_nothing(self):
        text = table(3)
        old = self.create(len(text), body=text[:60], filename="old.csv")
        fresh = self.create(len(text), body=text[:50], filename="fresh.csv")
        names = {os.path.getsize(os.path.join(self.data, "uploads", n)): n for n in self.uploads()}
        self.server.kill()
        past = time.time() - 25 * 3600
        os.utime(os.path.join(self.data, "uploads", names[60]), (past, past))
        self.server = harness.Server(self.data, *self.arguments)
        self.assertEqual(self.uploads(), [names[50]])
        told = self.task(old.headers["Import-Task"])
        self.assertEqual((told["state"], told["failure"]["code"]), ("failed", "upload_expired"))
        self.assertIn("0.1 KB of 0.7 KB", told["failure"]["message"])
        self.assertEqual(self.tus("HEAD", old.headers["Location"]).status, 410)
        self.assertEqual(self.patch(old.headers["Location"], 60, text[60:]).status, 410)
        head = self.tus("HEAD", fresh.headers["Location"])
        self.assertEqual((head.status, head.headers["Upload-Offset"]), (200, "50"))
        self.assertEqual(self.patch(fresh.headers["Location"], 50, text[50:]).status, 204)
        self.assertEqual(self.finished(fresh.headers["Import-Task"])["sha256"], hashlib.sha256(text).hexdigest())
        # Between two sweeps its time counts, too.
        late = self.create(len(text), body=text[:70])
        name = [n for n in self.uploads() if os.path.getsize(os.path.join(self.data, "uploads", n)) == 70][0]
        os.utime(os.path.join(self.data, "uploads", name), (past, past))
        self.assertEqual(self.patch(late.headers["Location"], 70, text[70:]).status, 410)

    def test_nothing_at_all_is_an_upload_too(self):
        made = self.create(0, filename="empty.csv")
        told = self.finished(made.headers["Import-Task"])
        self.assertEqual(told["failure"]["code"], "empty")


class Space(Case):
    arguments = ("--upload-limit", "900T")

    def test_what_does_not_fit_the_disk_is_refused_at_creation(self):
        free = shutil.disk_usage(self.data).free
        for language, sentence in (("ru", r"нужно ~[\d ]+,\d [ГТ]Б, свободно [\d ]+,\d [МГТ]Б"),
                                   ("en", r"about [\d]+\.\d [GT]B are needed, [\d]+\.\d [MGT]B are free")):
            answer = self.tus("POST", Upload_Length=free + 10 ** 9, Accept_Language=language)
            self.assertEqual(answer.status, 507, answer)
            self.assertRegex(answer.body.decode(), sentence)
        self.assertEqual(self.uploads(), [])
        self.assertEqual(self.client().get("/v4/import_tasks").json["data"], [])


class Proxy:
    """A port that stays while servers come and go behind it, and that can cut what goes through."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.target = None
        self.budget = None  # bytes from the client until the next cut; None: no cut
        self.lock = threading.Lock()
        self.cuts = 0
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                client.close()
                continue
            for pair in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self.pump, args=pair, daemon=True)
                thread.start()
                self.threads.append(thread)

    def allowed(self, count):
        with self.lock:
            if self.budget is None:
                return count
            taken = min(count, self.budget)
            self.budget -= taken
            if taken < count:
                self.budget = None
                self.cuts += 1
            return taken

    def pump(self, source, sink, counts):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                taken = self.allowed(len(piece)) if counts else len(piece)
                sink.sendall(piece[:taken])
                if taken < len(piece):
                    break
        for s in (source, sink):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
        if not counts:
            source.close()
            sink.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)


@unittest.skipUnless(npm.AVAILABLE, "node and npm are missing")
class TusJsClient(Case):
    @classmethod
    def setUpClass(cls):
        npm.install(FOLDER)

    def setUp(self):
        super().setUp()
        self.proxy = Proxy()
        self.addCleanup(self.proxy.close)
        self.proxy.target = self.server.port
        self.folder = tempfile.mkdtemp(prefix="clientele-tus-")
        self.addCleanup(shutil.rmtree, self.folder)

    def upload(self, text, chunk_bytes, **values):
        """Starts the client; what it says comes through the queue."""
        path = os.path.join(self.folder, "clients.csv")
        with open(path, "wb") as f:
            f.write(text)
        process = subprocess.Popen(["node", os.path.join(FOLDER, "upload.js"), f"http://127.0.0.1:{self.proxy.port}{PATH}", path,
                                    self.token, str(chunk_bytes), json.dumps({"filename": "clients.csv", **values})],
                                   stdout=subprocess.PIPE, text=True)
        said = queue.Queue()

        def listen():
            for line in process.stdout:
                said.put(json.loads(line))
            said.put(None)
        thread = threading.Thread(target=listen)
        thread.start()

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
            thread.join()
            process.stdout.close()
        self.addCleanup(end)
        return said

    def until(self, said, wanted):
        """Reads what the client says until something fits; returns all of it."""
        heard = []
        while True:
            one = said.get(timeout=90)
            self.assertIsNotNone(one, heard)
            heard.append(one)
            self.assertNotIn("failed", one, heard)
            if wanted(one):
                return heard

    def restart(self):
        self.server.kill()
        self.server = harness.Server(self.data)
        self.proxy.target = self.server.port

    def check(self, heard, text, count):
        task = [h["task"] for h in heard if h.get("task")][-1]
        told = self.finished(task)
        self.assertEqual((told["state"], told["created"]), ("completed", count))
        self.assertEqual((told["sha256"], told["size"]), (hashlib.sha256(text).hexdigest(), len(text)))

    def test_in_pieces_over_cut_connections_and_a_killed_server(self):
        text = table(30000)
        megabyte = 1024 * 1024
        self.assertGreater(len(text), 6 * megabyte)
        self.proxy.budget = megabyte * 5 // 2
        said = self.upload(text, megabyte)
        heard = self.until(said, lambda h: h.get("accepted", 0) >= 2 * megabyte)
        heard += self.until(said, lambda h: "retry" in h)  # the cut in the third piece
        heard += self.until(said, lambda h: h.get("accepted", 0) >= 4 * megabyte)
        self.restart()
        heard += self.until(said, lambda h: "done" in h)
        self.assertEqual(self.proxy.cuts, 1)
        self.assertGreaterEqual(len([h for h in heard if "retry" in h]), 2, heard)
        self.check(heard, text, 30000)

    def test_in_one_request_cut_in_the_middle_nothing_is_sent_twice(self):
        text = table(20000)
        self.proxy.budget = 3 * 1024 * 1024
        said = self.upload(text, 0)
        heard = self.until(said, lambda h: h.get("method") == "HEAD" and h["status"] == 200)
        self.assertGreater(int(heard[-1]["offset"]), 2 * 1024 * 1024)
        heard += self.until(said, lambda h: "done" in h)
        self.check(heard, text, 20000)

    def test_killed_in_the_middle_of_a_request(self):
        text = table(20000)
        self.proxy.budget = 2 * 1024 * 1024
        said = self.upload(text, 0)
        heard = self.until(said, lambda h: "retry" in h)
        self.restart()
        heard += self.until(said, lambda h: "done" in h)
        self.check(heard, text, 20000)


if __name__ == "__main__":
    unittest.main()
