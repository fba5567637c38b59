# SPDX-License-Identifier: Apache-2.0
"""A small stand-in for the vendor's Platform API v4 (consumers), which answers in the shapes recorded of it.

What is observed of the vendor stands here as it was recorded: the envelope of errors and its texts, the two kinds of 401,
indented JSON, ids of 24 hexadecimal digits, stamps in Moscow's time, a PUT that keeps e-mail and phone, what null clears,
names in capitals, phones as digits, an id that ends at its first dot.  What nobody has seen is the mildest guess and says
so: `guess`.  Nothing of it is kept beyond the process.
"""
import datetime
import http.server
import json
import re
import threading
import time
import urllib.parse
import zoneinfo

MEDIA_TYPE = "application/vnd.api+json; charset=utf-8"
README = {"link": "https://aplaut.com/docs/api-references/platform/"}
MOSCOW = zoneinfo.ZoneInfo("Europe/Moscow")
PAGES, PER_PAGE_LEAST, PER_PAGE_MOST = 50, 5, 25
WRITABLE = ("external_id", "email", "name", "first_name", "phone", "created_at", "unsubscribed", "complained", "avatar_url")
KEPT_BY_PUT = ("email", "phone", "external_id")
FIELDS = {"created_at", "unsubscribed", "updated_at"}
INCLUDES = ("reviews", "questions", "orders")
OPERATORS = {"eq": lambda a, b: a == b, "neq": lambda a, b: a != b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b,
             "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}


class Refused(Exception):
    def __init__(self, status, title, details=None, readme=None):
        self.status = status
        self.errors = {"status": status, "title": title}
        if details:
            self.errors["details"] = details
        if readme:
            self.errors["readme"] = readme


def not_found(which):
    return Refused(404, "Document not found", {"message": f"Document(s) not found for class Consumer with id(s) {which}."})


def invalid(fields):
    return Refused(422, "Validation error", {**{name: ["is already taken"] for name in fields}, "model": "Validation of Consumer failed."})


class Vendor:
    """The consumers of one company, in order of their ids."""

    def __init__(self):
        self.consumers, self.count, self.last_ms = {}, 0, 0

    def stamp(self):
        """Two that happen in one millisecond are told apart, so that what comes first is no matter of luck."""
        self.last_ms = max(self.last_ms + 1, time.time_ns() // 1_000_000)
        return datetime.datetime.fromtimestamp(self.last_ms / 1000, MOSCOW).isoformat(timespec="milliseconds")

    def find(self, which):
        which = which.partition(".")[0]  # the rest is taken for a format
        if which in self.consumers:
            return self.consumers[which]
        return next((c for c in self.consumers.values() if c["external_id"] == which), None)

    def must_find(self, which):
        found = self.find(which)
        if not found:
            raise not_found(which)
        return found

    def check_unique(self, sent):
        taken = [name for name in ("external_id", "email") if sent.get(name) is not None and
                 any(c[name] == sent[name] for c in self.consumers.values())]
        if taken:
            raise invalid(taken)

    def write(self, c, sent):
        for name in WRITABLE:
            if name in sent:
                c[name] = sent[name]
        if sent.get("name"):
            c["name"] = " ".join(word.capitalize() for word in sent["name"].split())
        if "name" in sent and "first_name" not in sent:
            c["first_name"] = None
        if sent.get("phone"):
            c["phone"] = re.sub(r"\D", "", sent["phone"])
        custom = {**c["custom_attributes"], **(sent.get("custom_attributes") or {})}
        c["custom_attributes"] = {name: value for name, value in custom.items() if value is not None}
        c["updated_at"] = self.stamp()
        return c

    def create(self, sent):
        self.check_unique(sent)
        self.count += 1
        now = self.stamp()
        c = {"id": f"6abf3c1e4b63424b{self.count:08x}", "email": None, "phone": None, "name": None, "first_name": None,
             "custom_attributes": {}, "avatar_url": None, "external_id": None, "created_at": now, "updated_at": now,
             "unsubscribed": False, "permanent_failed": False, "complained": False}
        self.consumers[c["id"]] = self.write(c, sent)
        return c

    def put(self, which, sent):
        """(201 or 200, the consumer)"""
        c = self.find(which)
        if not c:
            return 201, self.create({**sent, "external_id": which.partition(".")[0]})
        return 200, self.write(c, {name: value for name, value in sent.items() if name not in KEPT_BY_PUT})

    # --- lists ---

    def value_of(self, field, text):
        if field == "unsubscribed":
            return text == "true"
        try:
            return text if field == "id" else datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise Refused(400, "Bad request", {"message": f"Invalid filter value '{text}'"}) from None  # guess

    def field_of(self, c, field):
        return datetime.datetime.fromisoformat(c[field]) if field.endswith("_at") else c[field]

    def list(self, query):
        found = list(self.consumers.values())
        for block in filter(None, query.get("filter", "").split(",")):
            field, _, rest = block.partition(":")
            operator, _, text = rest.partition(":")
            if field not in FIELDS | {"id"}:
                message = f"unknown field '{field}', allowed: {', '.join(sorted(FIELDS))}"
                raise Refused(422, "Invalid query params", {"filter": [message]}, README)
            if operator not in OPERATORS:
                raise Refused(400, "Bad request", {"message": f"Invalid filter expression '{block}'"})  # guess
            value = self.value_of(field, text)
            found = [c for c in found if OPERATORS[operator](self.field_of(c, field), value)]
        for block in reversed(list(filter(None, query.get("sort", "").split(",")))):
            field, _, order = block.partition(":")
            found.sort(key=lambda c, field=field: self.field_of(c, field), reverse=order == "desc")
        page = min(max(1, int(query.get("page", 1))), PAGES)  # guess: too much is made less
        per_page = min(max(PER_PAGE_LEAST, int(query.get("per_page", PER_PAGE_MOST))), PER_PAGE_MOST)  # guess
        return found[(page - 1) * per_page:page * per_page]


def resource(c, includes=()):
    document = {"id": c["id"], "type": "consumers", "attributes": {name: value for name, value in c.items() if name != "id"}}
    if includes:
        document["relationships"] = {name: {"data": []} for name in includes}
    return document


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body=b"", headers=()):
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        self.send_header("x-request-id", f"{id(self) & 0xffffffff:08x}")
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_document(self, status, document):
        body = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
        self.send(status, body, [("Content-Type", MEDIA_TYPE)])

    def deny(self):
        authorization = self.headers.get("Authorization", "")
        if re.fullmatch(r"Bearer (?:[\w-]{43}|[0-9a-f]{64})", authorization):
            self.send(401, b"", [("WWW-Authenticate", 'Bearer realm="Doorkeeper", error="invalid_token", '
                                  'error_description="The access token is invalid"')])
        else:
            self.send(401, b"HTTP Token: Access denied.\n", [("WWW-Authenticate", 'Token realm="Aplaut Platform API v4"'),
                                                            ("Content-Type", "text/plain; charset=utf-8")])

    def attributes(self, body):
        try:
            return json.loads(body)["data"].get("attributes", {})
        except (ValueError, KeyError, AttributeError):
            raise Refused(400, "Bad request", {"message": "Request body is not valid JSON"}) from None  # guess

    def answer(self, body):
        vendor = self.server.vendor
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        includes = [name for name in query.get("include", "").split(",") if name in INCLUDES]
        found = re.fullmatch(r"/v4/consumers(?:/([^/]+))?", path)
        which = found and found[1] and urllib.parse.unquote(found[1])
        method = "PUT" if self.command == "PATCH" else self.command  # guess: Rails takes both for an update
        if not found or (which and "/" in which):
            raise Refused(404, "Not found")
        if (method, bool(which)) == ("POST", False):
            return 201, resource(vendor.create(self.attributes(body)))
        if (method, bool(which)) == ("GET", False):
            return 200, [resource(c, includes) for c in vendor.list(query)]
        if (method, bool(which)) == ("GET", True):
            return 200, resource(vendor.must_find(which), includes)
        if (method, bool(which)) == ("PUT", True):
            status, c = vendor.put(which, self.attributes(body))
            return status, resource(c)
        if (method, bool(which)) == ("DELETE", True):
            del vendor.consumers[vendor.must_find(which)["id"]]
            return 204, None
        raise Refused(404, "Not found")  # guess

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        keys = [f"Token token={self.server.key}", f'Token token="{self.server.key}"', f"Bearer {self.server.key}"]
        if self.headers.get("Authorization") not in keys:
            self.deny()
            return
        try:
            with self.server.lock:
                status, data = self.answer(body)
        except Refused as refused:
            self.send_document(refused.status, {"errors": refused.errors})
            return
        if status == 204:
            self.send(204)
        else:
            self.send_document(status, {"data": data})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request


class StandIn(http.server.ThreadingHTTPServer):
    """On a free port of loopback: `with StandIn("key") as vendor: ... vendor.port`."""
    daemon_threads = True

    def __init__(self, key):
        super().__init__(("127.0.0.1", 0), Handler)
        self.key, self.vendor, self.lock, self.port = key, Vendor(), threading.Lock(), self.server_address[1]
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def __exit__(self, *trace):
        self.shutdown()
        self.thread.join()
        super().__exit__(*trace)
