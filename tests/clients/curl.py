# SPDX-License-Identifier: Apache-2.0
"""The tour by curl.  The vendor's own lines create and update, with no more than host and token changed; the other steps
are made as they are, without an Accept header of their own.  usage: python3 curl.py BASE_URL KEY [ACCEPT]"""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

FOLDER = os.path.dirname(os.path.abspath(__file__))
SEED = {"create": "seed_create.sh", "conflict": "seed_create.sh", "update": "seed_update.sh"}
MEDIA_TYPE = "application/vnd.api+json"
MARK = "<-- body | head -->"
base, key, accept = (sys.argv[1:] + [None])[:3]


def flat(resource):
    return {"id": resource["id"], "type": resource["type"], **resource["attributes"]}


def command(step, path, query):
    if step["step"] in SEED:
        with open(os.path.join(FOLDER, SEED[step["step"]]), encoding="utf-8") as f:
            line = f.read().replace("http://api.aplaut.io/v4", base).replace("xxxxxxxxxxxx", key)
        return ["sh", "-c", line]
    words = ["curl", "-X", step["method"], "-H", f"Authorization: Token token={step.get('key', key)}"]
    if "attributes" in step:
        document = {"data": {"type": "consumers", "attributes": step["attributes"]}}
        words += ["-H", f"Content-Type: {MEDIA_TYPE}", "-d", json.dumps(document, ensure_ascii=False)]
    if accept:
        words += ["-H", f"Accept: {accept}"]
    return [*words, "--url", base + path + (f"?{query}" if query else "")]


def play(step, path, query, home):
    # Of the settings of its user, curl is only told to say what else came.
    done = subprocess.run(command(step, path, query), env={**os.environ, "CURL_HOME": home}, check=True, stdout=subprocess.PIPE)
    body, _, head = done.stdout.decode().rpartition(MARK)
    head = json.loads(head)
    headers = {name: values[0] for name, values in head["headers"].items()}
    told = {"status": head["status"], "type": headers.get("content-type"), "authenticate": headers.get("www-authenticate"),
            "request_id": headers.get("x-request-id")}
    if not (told["type"] or "").startswith(MEDIA_TYPE):
        return {**told, **({"text": body} if body else {})}
    document = json.loads(body)
    if "errors" in document:
        return {**told, "errors": document["errors"]}
    data = document["data"]
    return {**told, **({"records": [flat(one) for one in data]} if isinstance(data, list) else {"record": flat(data)})}


def main():
    came = {}
    with open(os.path.join(FOLDER, "tour.json"), encoding="utf-8") as f:
        steps = json.load(f)
    with tempfile.TemporaryDirectory() as home:
        with open(os.path.join(home, ".curlrc"), "w", encoding="utf-8") as f:
            f.write('silent\nshow-error\nwrite-out = "' + MARK + '{\\"status\\":%{http_code},\\"headers\\":%{header_json}}"\n')
        for step in steps:
            def fill(text):
                return re.sub(r"{(\w+)\.(\w+)}", lambda found: came[found[1]]["record"][found[2]], str(text))
            query = urllib.parse.urlencode({name: fill(value) for name, value in step.get("query", {}).items()})
            came[step["step"]] = play(step, fill(step["path"]), query, home)
            print(json.dumps({"step": step["step"], **came[step["step"]]}), flush=True)


main()
