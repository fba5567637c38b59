# SPDX-License-Identifier: Apache-2.0
"""A browser without a page: what the tests of the cabinet ask with."""
import harness

API = "/cabinet/api"
PASSWORD = "correct horse battery"


class Browser(harness.Client):
    """Requests with a session's cookie and its token, as the web app makes them."""

    def __init__(self, server):
        super().__init__(server, None)
        self.cookie = self.csrf = self.session = None

    def request(self, method, path, body=None, headers=None, content_type="application/vnd.api+json"):
        sent = {"Cookie": f"clientele_session={self.cookie}"} if self.cookie else {}
        if method not in ("GET", "HEAD"):
            sent["X-CSRF-Token"] = self.csrf or "1"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        answer = super().request(method, path if path.startswith(("/cabinet", "http")) else API + path, body, sent, content_type)
        given = answer.headers["Set-Cookie"]
        if given:
            self.cookie = given.partition(";")[0].partition("=")[2] or None
        if answer.status == 201 and given:
            self.session = answer.json["data"]["attributes"]
            self.csrf = self.session["csrf_token"]
        return answer

    def ask(self, method, path, kind, **attributes):
        return self.request(method, path, {"data": {"type": kind, "attributes": attributes}})

    def login(self, email, password=PASSWORD, **more):
        return self.ask("POST", "/session", "sessions", email=email, password=password, **more)

    @property
    def company(self):
        """The path of the (first) company that the session is of."""
        return f"{API}/companies/{self.session['companies'][0]['id']}"


def new_user(data, email, role, company="Test", password=PASSWORD):
    """Through the command line; company: its name."""
    with harness.tempfile.NamedTemporaryFile("w") as f:
        f.write(password + "\n")
        f.flush()
        harness.run("user", "create", "--data", data, *(["--company", company] if role != "admin" else []), email, "--role", role,
                    "--password-file", f.name)


def logged_in(server, email, password=PASSWORD, **more):
    browser = Browser(server)
    answer = browser.login(email, password, **more)
    assert answer.status == 201, repr(answer)
    return browser
