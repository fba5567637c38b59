# SPDX-License-Identifier: Apache-2.0
"""Real clients that nobody here wrote, on one scripted tour: against this server, and against a stand-in for the vendor.

clients/tour.json has the steps; a driver per client plays them and tells what came; WANTED has what must come, the same for
both servers: what differs by design, e-mails and phones that a PUT keeps, this server does by a setting of the company.
"""
import contextlib
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import harness
import npm
import vendor_standin

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")
TIMEOUT_S = 60
JSON_API = re.compile(r"application/vnd\.api\+json(;.*)?")
ARRAYS = 'application/vnd.api+json; profile="urn:clientele:jsonapi-errors"'  # asks for errors as JSON:API has them


class Has:
    """An object with at least these members; the others are not looked at."""

    def __init__(self, **members):
        self.members = members


ABSENT = object()
EXISTING = {"id": re.compile("[0-9a-f]{24}"), "type": "consumers", "external_id": "347771386", "email": "luka@president.by",
            "name": "Александр Лукашенко", "avatar_url": None, "permanent_failed": False, "complained": False,
            "created_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+03:00")}
CREATED = {**EXISTING, "phone": None, "first_name": None, "unsubscribed": False,
           "custom_attributes": {"orders_count": "12", "ltv": "27456", "region": "74"}}
UPDATED = {**CREATED, "custom_attributes": {"orders_count": "12", "ltv": 37456, "region": "74"}}
CONTACTS = {**UPDATED, "first_name": "Саша", "unsubscribed": True}
CLEARED = {**CONTACTS, "first_name": None, "custom_attributes": {"orders_count": "12", "ltv": 37456}}
UPSERTED = Has(external_id="tour-1", name="Анна Петрова", phone="79000000001", email=None, unsubscribed=False)
NOT_FOUND = Has(status=404, title="Document not found",
                details={"message": "Document(s) not found for class Consumer with id(s) 347771386."})
# Each of a list has an external id of its own; the list is in the order asked for.
UNSUBSCRIBED = ["347771386", "tour-3", "tour-4", "tour-5", "tour-6", "tour-7", "tour-8"]
ALL = ["347771386", "tour-1", *UNSUBSCRIBED[1:]]
FILTERS = re.compile(r"unknown field 'foo', allowed: .*\bcreated_at\b.*\bunsubscribed\b.*\bupdated_at\b.*")

WANTED = {
    "denied": {"status": 401, "authenticate": 'Token realm="Aplaut Platform API v4"', "text": "HTTP Token: Access denied.\n",
               "type": re.compile("text/plain.*")},
    "missing": {"status": 404, "errors": NOT_FOUND},
    "create": {"status": 201, "record": Has(**CREATED)},
    "conflict": {"status": 422, "errors": Has(status=422, title="Validation error", details={
        "external_id": ["is already taken"], "email": ["is already taken"], "model": "Validation of Consumer failed."})},
    "read": {"status": 200, "record": Has(**CREATED)},
    "read_by_id": {"status": 200, "record": Has(**CREATED)},
    "include": {"status": 200, "record": Has(**CREATED)},
    "update": {"status": 200, "record": Has(**UPDATED)},
    # With the company's setting put_contacts=ignore this server keeps them, too.
    "contacts": {"status": 200, "record": Has(**CONTACTS)},
    "upsert": {"status": 201, "record": UPSERTED},
    "upsert_again": {"status": 200, "record": UPSERTED},
    "upsert_taken": {"status": 422, "errors": Has(details={"email": ["is already taken"], "model": "Validation of Consumer failed."})},
    "clear": {"status": 200, "record": Has(**CLEARED)},
    "cleared": {"status": 200, "record": Has(**CLEARED)},
    "more": {"status": 201, "record": Has(type="consumers", unsubscribed=True)},
    "list": {"status": 200, "records": ALL},
    "first_page": {"status": 200, "records": UNSUBSCRIBED[:5]},
    "second_page": {"status": 200, "records": UNSUBSCRIBED[5:]},
    "past_the_end": {"status": 200, "records": []},
    "newest_first": {"status": 200, "records": ALL[:-6:-1]},
    "newer": {"status": 200, "records": ALL[1:]},
    "changed": {"status": 200, "records": UNSUBSCRIBED},
    "wrong_filter": {"status": 422, "errors": Has(status=422, title="Invalid query params", details={"filter": [FILTERS]})},
    "delete": {"status": 204, "record": ABSENT, "text": ABSENT},
    "deleted": {"status": 404, "errors": NOT_FOUND},
    "delete_again": {"status": 404, "errors": NOT_FOUND},
}

# devour-client reads errors itself: what it makes of the vendor's object, and of the array that it asks this server for.
BREAKS = {"thrown": re.compile(r"TypeError: .*\.entries is not a function")}
DEVOUR_AT_THE_VENDOR = {step: BREAKS for step in ("missing", "conflict", "upsert_taken", "wrong_filter", "deleted", "delete_again")}


def array(**fields):
    """An array of errors, each at an attribute, and what devour-client makes of it."""
    return {"errors": [Has(status="422", code="taken", title="Validation error", detail=detail, source={"pointer": f"/data/attributes/{name}"})
                       for name, detail in fields.items()],
            "thrown": {name: {"title": "Validation error", "detail": detail} for name, detail in fields.items()}}


NOBODY = {"errors": [Has(status="404", code="not_found", title="Document not found")], "thrown": {"0": Has(title="Document not found")}}
DEVOUR_HERE = {
    "denied": {"text": ABSENT, "type": JSON_API, "errors": [Has(status="401", code="invalid_token")]},
    "missing": NOBODY, "deleted": NOBODY, "delete_again": NOBODY,
    "conflict": array(external_id="is already taken", email="is already taken"),
    "upsert_taken": array(email="is already taken"),
    "wrong_filter": {"errors": [Has(status="422", title="Invalid query params", detail=FILTERS, source={"parameter": "filter"})],
                     "thrown": {"0": Has(detail=FILTERS)}},
}


def fits(wanted, got):
    if isinstance(wanted, re.Pattern):
        return isinstance(got, str) and wanted.fullmatch(got) is not None
    if isinstance(wanted, Has):
        return isinstance(got, dict) and all(name in got and fits(value, got[name]) for name, value in wanted.members.items())
    if isinstance(wanted, dict):
        return isinstance(got, dict) and wanted.keys() == got.keys() and all(fits(value, got[name]) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list) and len(wanted) == len(got) and all(map(fits, wanted, got))
    return type(wanted) is type(got) and wanted == got


class Ours:
    """A server for all drivers; each gets a company of its own."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.data = self.stack.enter_context(harness.temporary_data())
        self.server = self.stack.enter_context(harness.Server(self.data))

    @contextlib.contextmanager
    def company(self, name):
        harness.run("company", "create", "--data", self.data, name)
        harness.run("company", "set", "--data", self.data, name, "--put-contacts", "ignore")
        yield self.server.port, harness.new_token(self.data, name)

    def close(self):
        self.stack.close()


class Vendors:
    @contextlib.contextmanager
    def company(self, name):
        with vendor_standin.StandIn("the-key-of-" + name) as vendor:
            yield vendor.port, vendor.key

    def close(self):
        pass


class Tour:
    """The clients; what they are played against is the subclass's."""
    is_vendor = False

    @classmethod
    def setUpClass(cls):
        if npm.AVAILABLE:
            npm.install(FOLDER)
        cls.place = Vendors() if cls.is_vendor else Ours()
        cls.addClassCleanup(cls.place.close)

    def play(self, *command, accept=None):
        """[(step, what came), ...]"""
        if not shutil.which(command[0]):
            self.skipTest(f"{command[0]} is missing")
        program, script, *options = command
        with self.place.company(script) as (port, key):
            arguments = [program, *options, os.path.join(FOLDER, script), f"http://127.0.0.1:{port}/v4", key, *([accept] if accept else [])]
            done = subprocess.run(arguments, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
        output = done.stdout.decode()
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""), output[-1000:])
        return [(told.pop("step"), told) for told in map(json.loads, output.splitlines())]

    def check_step(self, step, came, instead):
        self.assertRegex(came.pop("request_id") or "", "[0-9a-f]{8,}", (step, came))
        if "records" in came:
            came["records"] = [one["external_id"] for one in came["records"]]
        for name, wanted in {"type": JSON_API, **WANTED[step], **instead.get(step, {})}.items():
            if name == "type" and came["status"] == 204:
                continue
            if wanted is ABSENT:
                self.assertIsNone(came.get(name), (step, name))
            elif not fits(wanted, came.get(name)):
                self.fail(f"{step}: {name} is {came.get(name)!r}, not {getattr(wanted, 'members', wanted)!r}")

    def check(self, played, instead=None):
        """instead: of a step, what this client shows in another way."""
        with open(os.path.join(FOLDER, "tour.json"), encoding="utf-8") as f:
            self.assertEqual([step for step, _ in played], [step["step"] for step in json.load(f)])
        ids = {step: came["record"]["id"] for step, came in played if came.get("record")}
        self.assertEqual(len({ids[step] for step in ("create", "read", "read_by_id", "include", "update", "contacts", "clear")}), 1)
        self.assertEqual(ids["upsert"], ids["upsert_again"])
        for step, came in played:
            self.check_step(step, came, instead or {})

    def test_curl_with_the_vendors_own_lines(self):
        self.check(self.play(sys.executable, "curl.py"))

    def test_php_curl(self):
        self.check(self.play("php", "curl.php"))

    def test_ruby_net_http(self):
        self.check(self.play("ruby", "net_http.rb"))

    def test_npm_unirest(self):
        self.check(self.play("node", "unirest.js"))

    def test_npm_jsona(self):
        self.check(self.play("node", "jsona.js"))

    def test_npm_kitsu(self):
        self.check(self.play("node", "kitsu.js"))

    def test_npm_devour_client(self):
        if self.is_vendor:
            self.check(self.play("node", "devour.js"), DEVOUR_AT_THE_VENDOR)
        else:
            self.check(self.play("node", "devour.js", accept=ARRAYS), DEVOUR_HERE)


class ThisServer(Tour, unittest.TestCase):
    pass


class StandInForTheVendor(Tour, unittest.TestCase):
    is_vendor = True


class Seed(unittest.TestCase):
    def test_the_lines_are_the_vendors(self):
        folder = os.path.join(harness.SHARED, "contract")
        if not os.path.isdir(folder):
            self.skipTest("CLIENTELE_SHARED has no folder contract")
        with open(glob.glob(os.path.join(folder, "000*"))[0], encoding="utf-8") as f:
            page = f.read()
        for name in ("seed_create.sh", "seed_update.sh"):
            with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
                self.assertIn(f.read(), page)


if __name__ == "__main__":
    unittest.main()
