# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a data directory, a server on a free port, requests over a real socket."""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import documents
import recorder

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("CLIENTELE_BIN", os.path.join(ROOT, "build", "clientele"))
SHARED = os.environ.get("CLIENTELE_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
START_S = 30
STOP_S = 60


def json_of(text):
    return json.loads(text, parse_constant=None)


def run(*arguments, stdin=None, check=True, env=None, timeout=600):
    """Runs the program; with check, a failure is the test's failure, with what it said."""
    done = subprocess.run([BIN, *map(str, arguments)], input=stdin, capture_output=True, timeout=timeout,
                          env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL if stdin is None else None)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


@contextlib.contextmanager
def temporary_data(company="Test"):
    """A data directory with one company, removed at the end."""
    folder = tempfile.mkdtemp(prefix="clientele-test-")
    data = os.path.join(folder, "data")
    try:
        password = os.path.join(folder, "password")
        with open(password, "w", encoding="utf-8") as f:
            f.write("correct horse battery\n")
        run("init", "--data", data, "--company", company, "--admin", "admin@example.com", "--password-file", password)
        yield data
    finally:
        shutil.rmtree(folder)


def new_token(data, company="Test", *arguments):
    return run("token", "create", "--data", data, "--company", company, "--name", "test", *arguments).stdout.strip()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json_of(self.body)

    @property
    def rows(self):
        """The attributes of all resources of a list."""
        return [resource["attributes"] for resource in self.json["data"]]

    def __repr__(self):
        return f"{self.status} {self.body[:2000].decode('utf-8', 'replace')}"


class Server:
    """A server of its own on loopback.  `kill` leaves as a power cut would; `stop` as an operator would."""

    def __init__(self, data, *arguments, env=None):
        self.data, self.arguments, self.env = data, arguments, env
        self.start()

    def start_only(self):
        """Begins to run, and does not wait for it to listen; where in the log it begins."""
        # The kernel chooses the port and the log names it, so that two tests never race for one.
        self.log_path = os.path.join(self.data, "test-server.log")
        self.log = open(self.log_path, "ab")
        begin = self.log.tell()
        self.process = subprocess.Popen([BIN, "serve", "--data", self.data, "--listen", "127.0.0.1:0", *self.arguments],
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(self.env or {})})
        return begin

    def start(self):
        begin = self.start_only()
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            with open(self.log_path, "rb") as f:
                f.seek(begin)
                found = re.search(rb"127\.0\.0\.1:(\d+)", f.read())
            if found:
                self.port = int(found[1])
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError("the server did not start:\n" + self.log_text())

    def log_text(self):
        with open(self.log_path, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def end(self):
        """Whatever state a failed test left it in."""
        if self.process.poll() is None:
            self.kill()

    def stop(self):
        """SIGTERM; a crash or a leak found by the sanitizers is a failure of the test."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop:\n" + self.log_text()) from None
        finally:
            self.log.close()
        if code:
            raise AssertionError(f"the server ended with {code}:\n" + self.log_text())

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None or not kind:
            self.stop()

    def raw(self, request, timeout=30):
        """Sends bytes as they are and reads the answer to the first request in them."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as s:
            s.sendall(request)
            response = http.client.HTTPResponse(s)
            try:
                response.begin()
                answer = Answer(response.status, response.headers, response.read())
                recorder.note_raw(request, answer.status, answer.headers, answer.body)
                documents.note(answer.headers, answer.body)
                return answer
            finally:
                response.close()

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)


class Client:
    """Requests with a token, over one connection that is opened again when it was closed."""

    def __init__(self, server, token):
        self.server, self.token, self.connection = server, token, None

    def request(self, method, path, body=None, headers=None, content_type="application/vnd.api+json"):
        if isinstance(body, (dict, list)):
            body = json.dumps(body, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode()
        sent = {"Authorization": f"Token token={self.token}"} if self.token else {}
        if body is not None and content_type:
            sent["Content-Type"] = content_type
        sent.update(headers or {})
        path = re.sub("^http://[^/]+", "", path)  # of a link
        self.connection = self.connection or self.server.connect()
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        recorder.note(method, path, sent, body, answer.status, answer.headers, answer.body)
        if response.will_close:
            self.close()
        documents.note(answer.headers, answer.body)
        return answer

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body, **more):
        return self.request("POST", path, body, **more)

    def put(self, path, body, **more):
        return self.request("PUT", path, body, **more)


OVER = ("completed", "completed_with_errors", "failed", "cancelled", "reverted")


def wait_for_task(server, token, task, seconds=60, until=lambda t: t["state"] in OVER and t["progress"]["phase"] == "idle"):
    """Looks on until a task is over, or as far as wanted; its attributes."""
    client, end = Client(server, token), time.monotonic() + seconds
    try:
        while True:
            answer = client.get(f"/v4/import_tasks/{task}")
            if answer.status != 200:
                raise AssertionError(repr(answer))
            got = answer.json["data"]["attributes"]
            if until(got):
                return got
            if time.monotonic() > end:
                raise AssertionError(f"import task {task} did not end: {got}")
            time.sleep(0.02)
    finally:
        client.close()


class ServerCase(unittest.TestCase):
    """Tests that share a server of one company and a token of all scopes."""

    @classmethod
    def setUpClass(cls):
        cls.data_context = temporary_data("Test")
        cls.data = cls.data_context.__enter__()
        cls.token = new_token(cls.data)
        cls.server = Server(cls.data)

    @classmethod
    def tearDownClass(cls):
        try:
            cls.server.stop()
        finally:
            cls.data_context.__exit__(None, None, None)

    def client(self):
        client = Client(self.server, self.token)
        self.addCleanup(client.close)
        return client


def consumer(**attributes):
    return {"data": {"type": "consumers", "attributes": attributes}}
