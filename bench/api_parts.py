# SPDX-License-Identifier: Apache-2.0
"""The API: durable creates, reads."""
import json
import os
import socket
import subprocess
import tempfile
import time

from common import FIRST_KEY, Server, keys_of, wrk, write_csv


def bench_creates(b):
    print("Durable creates: POST /v4/consumers, 201 after the commit is on disk (wrk, 1 thread, the same machine)")
    rates = {}
    for label, options in (("group commit", []), ("one commit per request", ["--commit-each"])):
        data, token = b.new_data("creates-" + label.split()[0])
        with Server(b, data, *options) as server:
            for connections in (16, 64, 256):
                r = wrk(server.url, connections, b.seconds, "create.lua", token, f"c{connections}")
                if r["refused"] or r["errors"]:
                    print(f"  !! {r['refused']} refused, {r['errors']} errors")
                rate = r["created"] / r["seconds"]
                rates[label, connections] = rate
                print(f"  {label:24} {connections:4} connections {rate:9,.0f}/s   p50 {r['p50_ms']:7.2f} ms   p99 {r['p99_ms']:7.2f} ms")
    for connections in (16, 64, 256):
        ratio = rates["group commit", connections] / rates["one commit per request", connections]
        print(f"  ratio at {connections}: {ratio:.1f}")


NGINX = """
daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir}; uwsgi_temp_path {dir};
 scgi_temp_path {dir}; keepalive_requests 1000000000;
 server {{ listen 127.0.0.1:{port}; location / {{ default_type application/vnd.api+json; return 200 '{body}'; }} }} }}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def bench_reads(b):
    print("Reads by id: GET /v4/consumers/{external_id} of 100,000 customers, 64 connections")
    data, token = b.new_data("reads")
    path = os.path.join(b.work, "reads.csv")
    write_csv(path, keys_of(100000))
    b.run("import", "--data", data, "--company", "Bench", path)
    with Server(b, data) as server:
        r = wrk(server.url, 64, b.seconds, "read.lua", token, str(FIRST_KEY), str(FIRST_KEY + 99999))
    ours = r["requests"] / r["seconds"]
    print(f"  clientele                {ours:9,.0f}/s   p50 {r['p50_ms']:.2f} ms   p99 {r['p99_ms']:.2f} ms   errors {r['errors']}")
    folder, port = tempfile.mkdtemp(dir=b.work), free_port()
    body = json.dumps({"data": {"id": "0" * 24, "type": "consumers", "attributes": {"name": "x" * 400}}})
    with open(os.path.join(folder, "nginx.conf"), "w") as f:
        f.write(NGINX.format(dir=folder, port=port, body=body))
    nginx = subprocess.Popen(["nginx", "-c", os.path.join(folder, "nginx.conf"), "-p", folder], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    try:
        r = wrk(f"http://127.0.0.1:{port}", 64, b.seconds, "read.lua", token, str(FIRST_KEY), str(FIRST_KEY + 99999))
    finally:
        nginx.terminate()
        nginx.wait()
    peer = r["requests"] / r["seconds"]
    print(f"  nginx, a fixed answer    {peer:9,.0f}/s   p50 {r['p50_ms']:.2f} ms   p99 {r['p99_ms']:.2f} ms   (nothing looked up)")
    print(f"  ratio: {ours / peer:.2f}")


PARTS = {"creates": bench_creates, "reads": bench_reads}
