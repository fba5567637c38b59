# SPDX-License-Identifier: Apache-2.0
"""Every JSON:API document that any test is answered is one: its structure at once, its schema at the end of the test program.

The schema and its validator lie beside the project (CLIENTELE_SHARED); without them, or without node, only the structure is
looked at.  The vendor's form of errors, an object, is the one exception.
"""
import json
import os
import re
import subprocess
import tempfile
import unittest

import npm

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "jsonapi")
ALIKE = 3  # documents that look alike and are kept for the schema
TOP = {"data", "errors", "meta", "links", "included", "jsonapi", "atomic:results"}
RESOURCE = {"type", "id", "lid", "attributes", "relationships", "links", "meta"}
ERROR = {"id", "links", "status", "code", "title", "detail", "source", "meta"}
LINK = {"href", "rel", "describedby", "title", "type", "hreflang", "meta"}
NAME = re.compile(r"[a-zA-Z0-9\u0080-\uffff]([-a-zA-Z0-9\u0080-\uffff_ ]*[a-zA-Z0-9\u0080-\uffff])?")
kept = {}


class Malformed(AssertionError):
    pass


def need(condition, *what):
    if not condition:
        raise Malformed(*what)


def check_links(links):
    need(isinstance(links, dict), "links is no object", links)
    for name, link in links.items():
        need(link is None or isinstance(link, str) or (isinstance(link, dict) and "href" in link and set(link) <= LINK), "link", name, link)
        address = link["href"] if isinstance(link, dict) else link
        need(address is None or re.match("https?://[^/]", address), "1.0 wants a URL in a link", name, link)


def check_resource(resource):
    need(isinstance(resource, dict) and set(resource) <= RESOURCE, "members of a resource", resource)
    need(isinstance(resource.get("type"), str) and isinstance(resource.get("id"), str), "type and id are strings", resource)
    attributes, relationships = resource.get("attributes", {}), resource.get("relationships", {})
    need(isinstance(attributes, dict) and isinstance(relationships, dict), "attributes and relationships are objects", resource)
    need(not {"id", "type"} & (set(attributes) | set(relationships)), "fields called id or type", resource)
    need(not set(attributes) & set(relationships), "an attribute called as a relationship", resource)
    for name in [*attributes, *relationships]:
        need(NAME.fullmatch(name), "a member's name", name)
    for relationship in relationships.values():
        need(isinstance(relationship, dict) and {"links", "data", "meta"} & set(relationship), "relationship", relationship)
    check_links(resource.get("links", {}))


def check_errors(errors):
    need(isinstance(errors, list) and errors, "errors is an array", errors)
    for error in errors:
        need(isinstance(error, dict) and error and set(error) <= ERROR, "members of an error", error)
        for name in ("id", "status", "code", "title", "detail"):
            need(isinstance(error.get(name, ""), str), "a string", name, error)
        need(re.fullmatch("[45][0-9]{2}", error["status"]), "status", error)
        source = error.get("source", {})
        need(isinstance(source, dict) and set(source) <= {"pointer", "parameter", "header"}, "source", error)
        need(re.fullmatch("(/.*)?", source.get("pointer", "")), "a JSON pointer", error)


def check(document):
    """Raises Malformed when the document is none of JSON:API 1.1."""
    need(isinstance(document, dict) and set(document) <= TOP, "top-level members", list(document))
    need({"data", "errors", "meta", "atomic:results"} & set(document), "none of data, errors, meta", list(document))
    need(not ("errors" in document and {"data", "atomic:results"} & set(document)), "errors beside data")
    need("included" not in document or "data" in document, "included without data")
    need(isinstance(document.get("meta", {}), dict), "meta is an object")
    check_links(document.get("links", {}))
    if "errors" in document:
        check_errors(document["errors"])
    data = document.get("data")
    for resource in data if isinstance(data, list) else [data] if data is not None else []:
        check_resource(resource)
    for resource in document.get("included", []):
        check_resource(resource)
    for result in document.get("atomic:results", []):
        need(isinstance(result, dict) and set(result) <= {"data", "meta"}, "a result", result)
        if result.get("data") is not None:
            check_resource(result["data"])


def looks(value, depth=0):
    """What makes documents alike: names and kinds, not values."""
    if isinstance(value, dict):
        return {k: looks(v, depth + 1) for k, v in sorted(value.items())} if depth < 5 else "{}"
    if isinstance(value, list):
        return [looks(v, depth + 1) for v in value[:2]]
    return type(value).__name__


def note(headers, body):
    """Of every answer: raises Malformed at once, keeps the document for the schema."""
    if not (headers.get("Content-Type") or "").startswith("application/vnd.api+json") or not body:
        return
    document = json.loads(body)
    if isinstance(document, dict) and isinstance(document.get("errors"), dict):
        return
    check(document)
    # The schema is that of 1.0: of an extension's answer it knows the results alone.
    for one in document["atomic:results"][:20] if "atomic:results" in document else [document]:
        if one:
            text = json.dumps(one) if one is not document else body.decode()
            kept.setdefault(json.dumps(looks(one)), []).append(text)


def validator():
    """The command that validates documents; None where there is none."""
    import harness
    script = os.path.join(harness.SHARED, "samples", "jsonapi", "validate.cjs")
    return ["node", script] if os.path.exists(script) and npm.AVAILABLE else None


def validate(documents):
    """What the validator says against the documents (texts); [] when all are good."""
    command = validator()
    npm.install(FOLDER)
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, document in enumerate(documents):
            names.append(os.path.join(folder, f"{number}.json"))
            with open(names[-1], "w", encoding="utf-8") as f:
                f.write(document)
        said = subprocess.run([*command, *names], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=300)
        bad = [line for line in said.stdout.splitlines() if not line.startswith("valid ")]
        if said.stderr or len(bad) + said.stdout.count("valid " + folder) != len(names):
            bad.append(said.stderr[-2000:] or "it did not look at all of them")
        return [re.sub(re.escape(folder) + r"/(\d+)\.json", lambda m: documents[int(m[1])][:600], line) for line in bad]


def at_the_end():
    documents = [d for alike in kept.values() for d in alike[:ALIKE]]
    kept.clear()
    if documents and validator():
        bad = validate(documents)
        need(not bad, "not valid by JSON:API's schema:\n" + "\n".join(bad))


unittest.addModuleCleanup(at_the_end)
