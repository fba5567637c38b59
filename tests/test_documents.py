# SPDX-License-Identifier: Apache-2.0
"""What judges the documents of all other tests is judged itself (documents.py)."""
import json
import unittest

import documents

RESOURCE = {"type": "consumers", "id": "1", "attributes": {"name": "A"}}
GOOD = [
    {"data": RESOURCE},
    {"data": None},
    {"data": [], "meta": {}, "links": {"next": None, "prev": "http://x/x", "self": {"href": "http://x/y"}}},
    {"data": {**RESOURCE, "relationships": {"orders": {"data": []}}}, "included": []},
    {"errors": [{"status": "422", "code": "taken", "source": {"pointer": "/data/attributes/email"}}]},
    {"meta": {}},
]
BAD = {
    "nothing at the top": {},
    "an unknown member": {"data": RESOURCE, "total": 1},
    "data beside errors": {"data": RESOURCE, "errors": [{"status": "400"}]},
    "included without data": {"meta": {}, "included": []},
    "a numeric id": {"data": {**RESOURCE, "id": 1}},
    "no type": {"data": {"id": "1"}},
    "an attribute called id": {"data": {**RESOURCE, "attributes": {"id": "1"}}},
    "a bare array as a relationship": {"data": {**RESOURCE, "relationships": {"orders": []}}},
    "a numeric status": {"errors": [{"status": 422}]},
    "errors that are one object": {"errors": {"status": "422"}},
    "a link that is no URL": {"data": [], "links": {"next": "/x"}},
    "a link that is a number": {"data": [], "links": {"next": 1}},
}


class Documents(unittest.TestCase):
    def test_structure(self):
        for document in GOOD:
            documents.check(document)
        documents.check({"atomic:results": [{}, {"data": RESOURCE, "meta": {}}]})
        for name, document in BAD.items():
            with self.assertRaises(documents.Malformed, msg=name):
                documents.check(document)

    @unittest.skipUnless(documents.validator(), "the JSON:API validator is not here: documents are judged by their structure alone")
    def test_the_schema_agrees(self):
        self.assertEqual(documents.validate([json.dumps(d) for d in GOOD]), [])
        self.assertEqual(len(documents.validate([json.dumps(d) for d in BAD.values()])), len(BAD))

    def test_every_answer_is_judged(self):
        headers = {"Content-Type": "application/vnd.api+json; charset=utf-8"}
        documents.note(headers, b'{"errors":{"status":422}}')
        documents.note({"Content-Type": "text/plain"}, b"{}")
        with self.assertRaises(documents.Malformed):
            documents.note(headers, b'{"data":{"id":1}}')


if __name__ == "__main__":
    unittest.main()
