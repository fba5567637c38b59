# SPDX-License-Identifier: Apache-2.0
"""Who may do what in the cabinet: every route with every role, in one's own company, another's and none."""
import json
import re
import unittest

import harness
from cabinet import API, Browser, logged_in, new_user

COMPANY = API + "/companies/{company}"
ROLES = ["company_moderator", "company_manager", "company_admin", "admin"]
NOBODY, ANYBODY = "nobody", "anybody"
# What each route needs.  The server tells its routes: one that is missing here is a failure.
NEEDED = {
    API: {
        NOBODY: ["GET session", "POST session", "DELETE session", "POST setup", "POST invitation", "POST invitation/accept"],
        ANYBODY: ["GET sessions", "DELETE sessions", "PUT password"],
        "admin": ["GET companies", "POST companies"],
    },
    COMPANY: {
        "company_moderator": [
            "GET consumers", "GET consumers/{id}",
            "GET import_tasks", "GET import_tasks/{id}", "GET import_tasks/{id}/errors", "GET import_tasks/{id}/error_groups",
            "GET import_tasks/{id}/undo_kept", "GET import_tasks/{id}/changes", "GET import_tasks/{id}/diff", "GET import_tasks/{id}/missing",
            "GET import_tasks/{id}/outcomes", "GET import_tasks/{id}/rows", "GET import_tasks/{id}/missing_customers", "GET import_tasks/{id}/file", "GET import_tasks/{id}/failed_rows", "GET import_tasks/{id}/events",
            "GET export_tasks", "GET export_tasks/{id}", "GET export_tasks/{id}/archive", "GET overview", "GET sample",
        ],
        "company_manager": [
            "POST consumers", "PUT consumers/{id}", "PATCH consumers/{id}", "DELETE consumers/{id}", "POST operations",
            "POST import_tasks", "PUT import_tasks/{id}/settings", "POST import_tasks/{id}/dry_run", "POST import_tasks/{id}/start",
            "POST import_tasks/{id}/cancel", "POST import_tasks/{id}/revert",
            "POST import_uploads", "PATCH import_uploads/{id}", "POST import_uploads/{id}", "HEAD import_uploads/{id}", "DELETE import_uploads/{id}",
            "POST export_tasks", "DELETE export_tasks/{id}", "GET requests",
        ],
        "company_admin": [
            "GET settings", "PATCH settings", "GET audit_log", "GET users", "POST users", "PATCH users/{id}", "DELETE users/{id}", "POST users/{id}/invitation",
            "GET tokens", "POST tokens", "POST tokens/{id}/reveal", "DELETE tokens/{id}",
            "GET webhooks", "POST webhooks", "GET webhooks/{id}", "PATCH webhooks/{id}", "DELETE webhooks/{id}", "POST webhooks/{id}/rotate",
            "POST webhooks/{id}/test", "GET webhooks/{id}/deliveries", "POST webhooks/{id}/deliveries/{delivery}/redeliver",
        ],
    },
}
ROUTES = {f"{name.split(' ')[0]} {prefix}/{name.split(' ')[1]}": needed
          for prefix, of_prefix in NEEDED.items() for needed, names in of_prefix.items() for name in names}
REFUSALS = ("no_session", "no_company", "role", "csrf_token", "cross_site", "no_route")
NO_ID = "999999"


def may(needed, role):
    return needed in (NOBODY, ANYBODY) or ROLES.index(role) >= ROLES.index(needed)


class Rights(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data_context = harness.temporary_data("Test")
        cls.data = cls.data_context.__enter__()
        harness.run("company", "create", "--data", cls.data, "Other")
        for role in ROLES[:-1]:
            new_user(cls.data, f"{role}@example.com", role, "Test")
        new_user(cls.data, "other@example.com", "company_admin", "Other")
        cls.server = harness.Server(cls.data, "--log-level", "debug")
        cls.browser = {role: logged_in(cls.server, f"{role}@example.com") for role in ROLES}
        cls.other = logged_in(cls.server, "other@example.com")

    @classmethod
    def tearDownClass(cls):
        for browser in [*cls.browser.values(), cls.other]:
            browser.close()
        try:
            cls.server.stop()
        finally:
            cls.data_context.__exit__(None, None, None)

    def ask(self, browser, route, company="1"):
        method, pattern = route.split(" ")
        path = re.sub(r"\{\w+\}", NO_ID, pattern.replace("{company}", company))
        answer = browser.request(method, path, None if method in ("GET", "HEAD", "DELETE") else {})
        code = None
        if answer.status >= 400 and answer.body:
            code = answer.json["errors"][0]["code"]
        elif method == "HEAD":
            code = {401: "no_session", 403: "role"}.get(answer.status)
        return answer, code

    def again(self, route, role):
        """Who was logged out by that."""
        if route.startswith("DELETE " + API + "/session"):
            self.browser[role] = logged_in(self.server, f"{role}@example.com")

    def test_the_table_has_every_route_of_the_server(self):
        told = {f"{method} {pattern}" for pattern, methods in re.findall(r"route (\S+): (.*)", self.server.log_text())
                for method in methods.split(", ") if method != "OPTIONS" and pattern.startswith(API + "/") and not pattern.endswith("...}")}
        heads = {route for route in told if route.startswith("HEAD ") and "GET" + route[4:] in told}
        self.assertEqual(told - heads, set(ROUTES), "a route needs its line in NEEDED, and in src/cabinet/rights.c")

    def test_every_route_with_every_role(self):
        for route, needed in ROUTES.items():
            for role in ROLES:
                with self.subTest(route=route, role=role):
                    answer, code = self.ask(self.browser[role], route)
                    self.assertLess(answer.status, 500, answer)
                    if may(needed, role):
                        self.assertNotIn(code, REFUSALS, answer)
                    else:
                        self.assertEqual((answer.status, code), (403, "role"), answer)
                    self.again(route, role)

    def test_nobody_gets_in_without_a_session(self):
        for route, needed in ROUTES.items():
            with self.subTest(route=route):
                nobody = Browser(self.server)
                answer, code = self.ask(nobody, route)
                nobody.close()
                if needed != NOBODY or route == f"GET {API}/session":
                    self.assertEqual((answer.status, code), (401, "no_session"), answer)
                else:
                    self.assertNotIn(code, REFUSALS)

    def test_another_companys_and_none_look_the_same(self):
        def seen(answer):
            headers = {name: value for name, value in answer.headers.items() if name.lower() not in ("date", "x-request-id")}
            body = json.loads(answer.body) if answer.body else None
            for error in body["errors"] if body else []:
                error.pop("id")
            return answer.status, headers, body
        for route in (route for route in ROUTES if COMPANY in route):
            for role in ROLES[:-1]:
                with self.subTest(route=route, role=role):
                    others, code = self.ask(self.browser[role], route, "2")
                    self.assertEqual(others.status, 404, others)
                    self.assertIn(code, ("no_company", None))
                    for company in ("77", "0", "01", "+1", "x", "-1", "9" * 30):
                        self.assertEqual(seen(self.ask(self.browser[role], route, company)[0]), seen(others), company)
            with self.subTest(route=route, role="admin"):
                self.assertNotIn(self.ask(self.browser["admin"], route, "2")[1], REFUSALS)
                self.assertEqual(self.ask(self.browser["admin"], route, "77")[0].status, 404)

    def test_what_belongs_to_another_company_is_not_found_in_ones_own(self):
        mine, theirs = self.browser["company_admin"], self.other
        token = theirs.ask("POST", theirs.company + "/tokens", "tokens", name="t", scopes=["imports"]).json["data"]["id"]
        user = theirs.session["user"]["id"]
        task = theirs.request("POST", theirs.company + "/import_tasks", b"external_id\n1\n", content_type="text/csv").json["data"]["id"]
        for method, path, kind in [("DELETE", f"/tokens/{token}", None), ("POST", f"/tokens/{token}/reveal", "tokens"),
                                   ("PATCH", f"/users/{user}", "users"), ("DELETE", f"/users/{user}", None),
                                   ("POST", f"/users/{user}/invitation", None), ("GET", f"/import_tasks/{task}", None)]:
            body = {"data": {"type": kind, "attributes": {"password": "correct horse battery", "role": "company_moderator"}}} if kind else None
            answer = mine.request(method, mine.company + path, body)
            nothing = mine.request(method, mine.company + re.sub(r"\d+", NO_ID, path), body)
            self.assertEqual(answer.status, 404, answer)
            self.assertEqual(answer.json["errors"][0]["code"], nothing.json["errors"][0]["code"])
        self.assertEqual(theirs.request("GET", "/session").status, 200)

    def test_a_servers_admin_is_no_companys_user(self):
        b, admin = self.browser["company_admin"], self.browser["admin"].session["user"]["id"]
        self.assertEqual(b.ask("PATCH", f"{b.company}/users/{admin}", "users", disabled=True).status, 404)
        self.assertEqual(b.ask("POST", f"{b.company}/users", "users", email="x@example.com", role="admin").status, 422)


if __name__ == "__main__":
    unittest.main()
