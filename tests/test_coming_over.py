# SPDX-License-Identifier: Apache-2.0
"""From the vendor: his exports come in with their ids, again and again, and nginx splits requests by path."""
import gzip
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import workbook

HEADER = ["ID", "EMAIL", "PHONE", "NAME", "FIRST_NAME", "CUSTOM_ATTRIBUTES", "AVATAR_URL", "EXTERNAL_ID", "CREATED_AT", "UPDATED_AT",
          "UNSUBSCRIBED", "PERMANENT_FAILED", "COMPLAINED", "Регион"]
ROWS = [
    ["6abf3c1e4b63424b5778e701", "luka@example.com", "79000000000", "Александр Лука", "", '{"orders_count":"12","ltv":27456,"nested":{"a":[1]}}', "",
     "347771386", "2014-01-20T00:00:00.000+04:00", "2026-09-25T14:03:11.482+03:00", "true", "false", "false", ""],
    ["6abf3c1e4b63424b5778e702", "anna@example.com", "", "Анна", "Анна", "{}", "https://example.com/a.png", "", "2024-02-07T17:35:35.394+03:00",
     "2026-09-25T14:03:11.482+03:00", "false", "false", "true", "74"],
    ["6abf3c1e4b63424b5778e703", "", "", "", "", "", "", "", "", "", "", "", "", ""],
]
WANT = {
    "6abf3c1e4b63424b5778e701": {"external_id": "347771386", "email": "luka@example.com", "phone": "79000000000", "name": "Александр Лука",
                                 "first_name": None, "created_at": "2014-01-20T00:00:00.000000+04:00", "unsubscribed": True, "complained": False,
                                 "avatar_url": None, "custom_attributes": {"orders_count": "12", "ltv": 27456, "nested": {"a": [1]}}},
    "6abf3c1e4b63424b5778e702": {"external_id": None, "email": "anna@example.com", "phone": None, "name": "Анна", "first_name": "Анна",
                                 "created_at": "2024-02-07T17:35:35.394000+03:00", "unsubscribed": False, "complained": True,
                                 "avatar_url": "https://example.com/a.png", "custom_attributes": {"Регион": "74"}},
    "6abf3c1e4b63424b5778e703": {"external_id": None, "email": None, "name": None, "custom_attributes": {}},
}


def as_csv(rows):
    return "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [HEADER, *rows]).encode()


def as_json_lines(rows, resources):
    lines = []
    for row in rows:
        a = {name.lower(): cell or None for name, cell in zip(HEADER, row)}
        record_id, region = a.pop("id"), a.pop("регион")
        a["custom_attributes"] = json.loads(a["custom_attributes"] or "{}")
        if region:
            a["custom_attributes"]["Регион"] = region
        for flag in ("unsubscribed", "permanent_failed", "complained"):
            a[flag] = a[flag] == "true"
        lines.append(json.dumps({"id": record_id, "type": "consumers", "attributes": a} if resources else {"id": record_id, **a}))
    return "\n".join(lines).encode()


class Exports(unittest.TestCase):
    def setUp(self):
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.folder = os.path.dirname(self.data)
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)

    def bring(self, name, content, *arguments):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(content)
        done = harness.run("import", "--data", self.data, "--from", "aplaut", "--json", *arguments, path, check=False)
        return json.loads(done.stdout)

    def customers(self):
        lines = harness.run("export", "--data", self.data, "--format", "jsonl").stdout.splitlines()
        return {c["attributes"].get("legacy_id"): c["attributes"] for c in map(json.loads, lines)}

    def holds(self):
        have = self.customers()
        self.assertEqual(set(have), set(WANT))
        for legacy_id, want in WANT.items():
            self.assertEqual({k: have[legacy_id][k] for k in want}, want, legacy_id)

    def counts(self, result):
        return tuple(result[k] for k in ("created", "updated", "unchanged", "failed"))

    def test_every_format_brings_the_same_and_again_nothing(self):
        files = [("a.csv", as_csv(ROWS)), ("a.xlsx", workbook.book([HEADER, *ROWS])), ("a.jsonl", as_json_lines(ROWS, False)), ("b.jsonl", as_json_lines(ROWS, True))]
        files += [("a.csv.gz", gzip.compress(as_csv(ROWS))), ("b.jsonl.gz", gzip.compress(as_json_lines(ROWS, True))), ("unnamed", gzip.compress(as_csv(ROWS)))]
        for n, (name, content) in enumerate(files):
            dry = self.bring(name, content, "--dry-run")
            self.assertEqual(self.counts(dry), (0, 0, 3, 0) if n else (3, 0, 0, 0), name)
            self.assertEqual(self.counts(self.bring(name, content)), (0, 0, 3, 0) if n else (3, 0, 0, 0), name)
            self.holds()

    def test_a_newer_export_changes_what_changed_there(self):
        self.bring("a.csv", as_csv(ROWS))
        newer = [ROWS[0][:3] + ["Александр"] + ROWS[0][4:], ROWS[1][:5] + ['{"ltv":5}'] + ROWS[1][6:], ROWS[2]]
        self.assertEqual(self.counts(self.bring("b.csv", as_csv(newer))), (0, 2, 1, 0))
        have = self.customers()
        self.assertEqual(have[ROWS[0][0]]["name"], "Александр")
        self.assertEqual(have[ROWS[1][0]]["custom_attributes"], {"Регион": "74", "ltv": 5})
        self.assertEqual(len(have), 3)

    def test_who_is_here_already_is_found_by_his_external_id(self):
        with harness.Server(self.data) as server:
            client = harness.Client(server, self.token)
            self.assertEqual(client.put("/v4/consumers/347771386", harness.consumer(name="Саша")).status, 201)
            client.close()
        self.assertEqual(self.counts(self.bring("a.csv", as_csv(ROWS))), (2, 1, 0, 0))
        self.holds()

    def test_stored_ids_go_on_working(self):
        self.bring("a.csv", as_csv(ROWS))
        with harness.Server(self.data) as server:
            client = harness.Client(server, self.token)
            got = client.get("/v4/consumers/6abf3c1e4b63424b5778e702")
            self.assertEqual((got.status, got.json["data"]["attributes"]["email"]), (200, "anna@example.com"))
            self.assertEqual(client.put("/v4/consumers/6abf3c1e4b63424b5778e702", harness.consumer(name="Анна П.")).status, 200)
            client.close()
        self.assertEqual(len(self.customers()), 3)

    def test_what_is_wrong_is_told(self):
        other = [["6abf3c1e4b63424b5778e709", *ROWS[1][1:]]]  # the same e-mail under another id
        bad = [[ROWS[0][0], *ROWS[0][1:5], "{not json", *ROWS[0][6:]], [""] + ROWS[2][1:], ["6abf3c1e4b63424b5778e703"] + ROWS[2][1:]]
        self.bring("a.csv", as_csv(ROWS))
        self.assertEqual(self.counts(self.bring("b.csv", as_csv(other))), (0, 0, 0, 1))
        result = self.bring("c.csv", as_csv([*bad, bad[2]]), "--repeats", "fail")
        self.assertEqual(self.counts(result), (0, 0, 1, 2))
        self.assertEqual(len(self.customers()), 3)
        # Without saying whose export it is, the columns are what any file's are.
        path = os.path.join(self.folder, "a.csv")
        plain = json.loads(harness.run("import", "--data", self.data, "--json", "--dry-run", path, check=False).stdout)
        self.assertEqual(plain["failed"], 2)

    def test_it_can_be_undone(self):
        self.bring("a.csv", as_csv(ROWS))
        harness.run("task", "undo", "1", "--data", self.data)
        self.assertEqual(self.customers(), {})


class Vendor(http.server.BaseHTTPRequestHandler):
    """What stays elsewhere: says what it was asked."""

    def answer(self):
        body = json.dumps({"vendor": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


class Front:
    """What a client connects to, as it would to the server."""

    def __init__(self, port):
        self.port = port

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)


class Split(unittest.TestCase):
    """The nginx configuration of docs/moving.md, with this test's ports in it and no TLS."""

    def setUp(self):
        self.nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.path.exists(self.nginx):
            self.skipTest("nginx is not installed")
        temporary = harness.temporary_data("Test")
        self.data = temporary.__enter__()
        self.addCleanup(temporary.__exit__, None, None, None)
        self.token = harness.new_token(self.data)
        self.server = harness.Server(self.data, "--trusted-proxy", "127.0.0.1")
        self.addCleanup(self.server.end)
        self.vendor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
        threading.Thread(target=self.vendor.serve_forever, daemon=True).start()
        self.addCleanup(self.vendor.server_close)
        self.addCleanup(self.vendor.shutdown)
        self.start_nginx()

    def start_nginx(self):
        folder = tempfile.mkdtemp(prefix="clientele-test-nginx-")
        self.addCleanup(shutil.rmtree, folder)
        with open(os.path.join(harness.ROOT, "docs", "moving.md"), encoding="utf-8") as f:
            split, ours, theirs = re.findall(r"```nginx\n(.*?)```", f.read(), re.S)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        split = re.sub(r"listen .*;", f"listen 127.0.0.1:{self.port};", re.sub(r"\n *ssl_.*;", "", split))
        split = split.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{self.server.port}")
        split = split.replace("https://api.aplaut.io", f"http://127.0.0.1:{self.vendor.server_address[1]}")
        for name, text in (("proxy_clientele.conf", ours), ("proxy_vendor.conf", theirs), ("nginx.conf", f"""
daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {split}
}}""")):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        log = open(os.path.join(folder, "log"), "wb")  # pylint: disable=consider-using-with
        self.addCleanup(log.close)
        process = subprocess.Popen([self.nginx, "-p", folder, "-c", "nginx.conf"], stdout=log, stderr=log)  # pylint: disable=consider-using-with
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if process.poll() is not None:
                break
            time.sleep(0.05)
        with open(os.path.join(folder, "log"), encoding="utf-8") as f:
            self.fail("nginx did not start: " + f.read())

    def test_each_resource_is_asked_where_it_is_kept(self):
        front = Front(self.port)
        client = harness.Client(front, self.token)
        self.addCleanup(client.close)
        self.assertEqual(client.put("/v4/consumers/a%2Fb.c", harness.consumer(name="x")).status, 201)
        self.assertEqual(client.get("/v4/consumers/a%2Fb.c").json["data"]["attributes"]["external_id"], "a/b.c")
        self.assertEqual(client.get("/v4/consumers").json["data"][0]["attributes"]["name"], "x")
        task = client.post("/v4/import_tasks", "external_id;email;name;phone;created_at\n" + "".join(f"k{i};;n;;\n" for i in range(50000)),
                           content_type="text/csv")
        self.assertEqual(task.status, 202)
        harness.wait_for_task(front, self.token, task.json["data"]["id"])
        for path in ("/v4/reviews", "/v4/orders/17?include=consumer", "/v4/scroll/reviews", "/v4/consumers_of_another_kind"):
            connection = front.connect()
            connection.request("GET", path)
            self.assertEqual(json.loads(connection.getresponse().read()), {"vendor": path})
            connection.close()
        self.server.stop()


if __name__ == "__main__":
    unittest.main()
