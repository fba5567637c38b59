# SPDX-License-Identifier: Apache-2.0
"""The cabinet's sessions: they come by a password, let in to the company, and end."""
import base64
import unittest

import harness
from cabinet import API, Browser, logged_in, new_user
from harness import consumer

FILE = b"external_id;email;name;phone;created_at\n1;anna@example.com;\xd0\x90;+7 900 000-00-01;2024-05-01\n"


class Sessions(harness.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new_user(cls.data, "boss@example.com", "company_admin")

    def test_a_session_is_what_the_web_app_begins_with(self):
        b = Browser(self.server)
        nobody = b.request("GET", "/session")
        self.assertEqual((nobody.status, nobody.json["errors"][0]["code"], nobody.json["meta"]), (401, "no_session", {"setup_needed": False}))
        made = b.login("BOSS@example.com")
        self.assertEqual(made.status, 201, made)
        shown = b.request("GET", "/session")
        self.assertEqual(shown.json, made.json)
        attributes = shown.json["data"]["attributes"]
        self.assertEqual(attributes["user"]["role"], "company_admin")
        self.assertEqual([(c["name"], c["zone"], c["role"]) for c in attributes["companies"]], [("Test", "Europe/Moscow", "company_admin")])
        self.assertEqual(attributes["upload_limit_bytes"], 2 << 30)
        self.assertEqual(b.request("DELETE", "/session").status, 204)
        self.assertIsNone(b.cookie)
        self.assertEqual(b.request("GET", "/session").status, 401)

    def test_an_admin_sees_all_companies(self):
        b = logged_in(self.server, "admin@example.com")
        self.assertEqual(b.session["user"]["role"], "admin")
        self.assertEqual([c["name"] for c in b.session["companies"]], ["Test"])
        self.assertEqual(b.request("GET", b.company + "/consumers").status, 200)
        self.assertEqual(b.request("GET", API + "/companies/99/consumers").status, 404)

    def test_wrong_words_are_one_answer(self):
        for email, password in (("boss@example.com", "wrong horse"), ("nobody@example.com", "correct horse battery"), ("no address", "x")):
            answer = Browser(self.server).login(email, password)
            self.assertEqual((answer.status, answer.json["errors"][0]["code"]), (401, "wrong_credentials"))
        answer = Browser(self.server).ask("POST", "/session", "sessions", email="boss@example.com")
        self.assertEqual((answer.status, answer.json["errors"][0]["source"]), (422, {"pointer": "/data/attributes/password"}))

    def test_what_the_api_does_is_done_for_a_session(self):
        b = logged_in(self.server, "boss@example.com")
        made = b.request("POST", b.company + "/consumers", consumer(external_id="of-the-cabinet"))
        self.assertEqual(made.status, 201)
        self.assertTrue(made.headers["Location"].startswith(b.company + "/consumers/"), made.headers["Location"])
        self.assertEqual(b.request("GET", made.headers["Location"]).status, 200)
        wrong = b.request("POST", b.company + "/consumers", consumer(email="none"), headers={"Accept-Language": "ru"})
        self.assertEqual(wrong.status, 422)
        self.assertIn("pointer", wrong.json["errors"][0]["source"])
        done = b.request("POST", b.company + "/operations",
                         {"atomic:operations": [{"op": "remove", "href": b.company + "/consumers/of-the-cabinet"}]},
                         headers={"Accept": 'application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"'},
                         content_type='application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"')
        self.assertEqual(done.status, 200, done)

    def test_a_file_waits_for_its_person(self):
        b = logged_in(self.server, "boss@example.com")
        made = b.request("POST", b.company + "/import_tasks?file_name=a.csv", FILE, content_type="text/csv")
        self.assertEqual(made.status, 202, made)
        task = made.json["data"]
        self.assertEqual(task["attributes"]["start"], "manual")
        self.assertEqual(task["attributes"]["created_by"], {"type": "user", "id": b.session["user"]["id"], "name": "boss@example.com"})
        for link in (task["links"]["self"], made.headers["Location"], task["meta"]["links"]["events"], task["relationships"]["errors"]["links"]["related"]):
            self.assertIn(b.company + "/import_tasks/", link)
        self.assertEqual(b.request("GET", task["links"]["self"]).status, 200)
        answer = b.request("GET", b.company + "/import_tasks/9999?lang=ru")
        self.assertEqual((answer.status, answer.json["errors"][0]["detail"]), (404, "Импорта 9999 нет"))

    def test_a_file_in_parts_comes_with_a_session(self):
        b = logged_in(self.server, "boss@example.com")
        tus = {"Tus-Resumable": "1.0.0"}
        name = base64.b64encode(b"a.csv").decode()
        begun = b.request("POST", b.company + "/import_uploads", headers={**tus, "Upload-Length": str(len(FILE)), "Upload-Metadata": f"filename {name}"})
        self.assertEqual(begun.status, 201, begun)
        place = begun.headers["Location"]
        self.assertTrue(place.startswith(b.company + "/import_uploads/"), place)
        for begin, end in ((0, 10), (10, len(FILE))):
            self.assertEqual(b.request("HEAD", place, headers=tus).headers["Upload-Offset"], str(begin))
            sent = b.request("PATCH", place, FILE[begin:end], headers={**tus, "Upload-Offset": str(begin)}, content_type="application/offset+octet-stream")
            self.assertEqual(sent.status, 204, sent)
        task = b.request("GET", sent.headers["Import-Task"])
        self.assertEqual((task.status, task.json["data"]["attributes"]["start"]), (200, "manual"))

    def test_an_export_opens_with_the_session(self):
        b = logged_in(self.server, "boss@example.com")
        made = b.ask("POST", b.company + "/export_tasks", "export_tasks", records_type="consumers", format="csv")
        self.assertEqual(made.status, 201, made)
        place = made.headers["Location"]
        until = harness.time.monotonic() + 30
        while (task := b.request("GET", place).json["data"]["attributes"])["state"] != "completed":
            self.assertLess(harness.time.monotonic(), until, task)
            harness.time.sleep(0.05)
        self.assertIn(place + "/archive", task["archive_url"])
        self.assertNotIn("signature", task["archive_url"])
        self.assertEqual(b.request("GET", task["archive_url"]).status, 200)


if __name__ == "__main__":
    unittest.main()
