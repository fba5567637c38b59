# SPDX-License-Identifier: Apache-2.0
"""Keeps what the tests asked and were answered, an exchange a line, for those who check every answer afterwards.

CLIENTELE_RECORD names the file; without it nothing is kept.  A line is a JSON object: method, target (as sent),
request_headers, request_body, status, headers (a list of pairs), body; bodies in Base64, null when they are large.
Of exchanges that look alike (method, path without its numbers, status, type) only the first in a process are kept.
"""
import base64
import collections
import json
import os
import re

PATH = os.environ.get("CLIENTELE_RECORD")
ALIKE, BODY_BYTES = 40, 1 << 20
seen = collections.Counter()


def text_of(body):
    body = body or b""
    return base64.b64encode(body).decode() if isinstance(body, bytes) and len(body) <= BODY_BYTES else None


def note(method, target, request_headers, request_body, status, headers, body):
    """headers: of the answer, as http.client gives them."""
    if not PATH or target.startswith("/cabinet"):  # which docs/openapi.yaml does not describe
        return
    headers = list(headers.items())
    request_headers = {name: value.decode("latin-1") if isinstance(value, bytes) else value for name, value in request_headers.items()}
    types = [value for name, value in headers if name.lower() == "content-type"]
    alike = (method, re.sub(r"[^/]*\d[^/]*", "0", target.partition("?")[0]), status, *types)
    seen[alike] += 1
    if seen[alike] > ALIKE:
        return
    line = json.dumps({"method": method, "target": target, "request_headers": request_headers, "request_body": text_of(request_body),
                       "status": status, "headers": headers, "body": text_of(body)})
    with open(PATH, "a", encoding="ascii") as f:
        f.write(line + "\n")


def note_raw(request, status, headers, body):
    """Of a request that was sent as bytes; what is not even a request line is left out."""
    head, _, sent = request.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    found = re.fullmatch(r"([A-Z]+) (\S+) HTTP/1\.[01]", line)
    if found:
        pairs = dict(field.split(":", 1) for field in fields if ":" in field)
        note(found[1], found[2], {name: value.strip() for name, value in pairs.items()}, sent, status, headers, body)
