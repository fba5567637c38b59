# SPDX-License-Identifier: Apache-2.0
"""The web app as the binary carries it: any address of it is its page, its files are kept by browsers, it asks no other
host for anything, it stays small; and its sources keep the rules of the house."""
import contextlib
import glob
import gzip
import json
import os
import re
import subprocess
import unittest

import harness
import npm

WEB = os.path.join(harness.ROOT, "web")
MOST_SCRIPT_BYTES = 150 * 1024  # all of it, gzipped
# Namespaces, and the page that Svelte names in its own errors: texts, nothing that is loaded.
NAMED_ONLY = {"www.w3.org", "svelte.dev"}


def sources(*endings):
    for path in sorted(glob.glob(os.path.join(WEB, "**", "*"), recursive=True)):
        if path.endswith(endings) and not {"node_modules", "dist"} & set(path.split(os.sep)):
            with open(path, encoding="utf-8") as f:
                yield os.path.relpath(path, WEB), f.read()


class AppIsServed(harness.ServerCase):
    def get(self, path, **headers):
        with contextlib.closing(harness.Client(self.server, None)) as client:
            return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def files(self):
        """Every file that the page can come to ask for, from the page on: path -> answer."""
        found, left = {}, ["/cabinet/"]
        while left:
            path = left.pop()
            if path in found:
                continue
            found[path] = answer = self.get(path)
            self.assertEqual(answer.status, 200, path)
            text = answer.body.decode()
            left += re.findall(r'(?:src|href)="(/cabinet/[^"]+)"', text)
            left += ["/cabinet/assets/" + name for name in re.findall(r'"(?:\./|assets/|/cabinet/assets/)([\w.-]+\.(?:js|css))"', text)]
        return found

    def test_every_address_of_the_app_is_its_page(self):
        page = self.get("/cabinet/")
        self.assertIn(b'<div id="app">', page.body)
        for path in ("/cabinet", "/cabinet/imports/17", "/cabinet/c/7/consumers?search=x", "/cabinet/settings/import/consumers", "/cabinet/a/b/c.d"):
            answer = self.get(path)
            self.assertEqual((answer.status, answer.body, answer.headers["Content-Type"]), (200, page.body, "text/html; charset=utf-8"), path)
        self.assertEqual(self.get("/cabinet/api/nothing").status, 404)
        self.assertEqual(self.get("/cabinet/assets/gone-12345678.js").status, 404)

    def test_a_browser_that_asks_for_the_root_is_sent_to_the_app(self):
        answer = self.get("/", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
        self.assertEqual((answer.status, answer.headers["Location"], answer.headers["Vary"]), (302, "/cabinet/", "Accept"))
        self.assertEqual(self.get("/", Accept="*/*").status, 200)
        self.assertEqual(self.get("/").status, 200)

    def test_the_page_may_load_what_is_ours_alone(self):
        for path, answer in self.files().items():
            policy = answer.headers["Content-Security-Policy"]
            self.assertEqual(policy, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                                     "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", path)
            self.assertEqual((answer.headers["X-Content-Type-Options"], answer.headers["Referrer-Policy"]), ("nosniff", "no-referrer"), path)
            for host in re.findall(rb"(?:https?:|[\"'`(])//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", answer.body):
                self.assertIn(host.decode(), NAMED_ONLY, path)
        page = self.get("/cabinet/").body.decode()
        self.assertEqual(re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page), [])

    def test_files_are_kept_and_packed(self):
        for path, plain in self.files().items():
            kept = plain.headers["Cache-Control"]
            self.assertEqual(kept, "public, max-age=31536000, immutable" if path.startswith("/cabinet/assets/") else "no-cache", path)
            packed = self.get(path, Accept_Encoding="gzip")
            self.assertEqual(packed.headers["Content-Encoding"], "gzip", path)
            self.assertEqual(gzip.decompress(packed.body), plain.body, path)
            self.assertNotEqual(packed.headers["ETag"], plain.headers["ETag"], path)
            self.assertIn("Accept-Encoding", packed.headers["Vary"])
            for answer, more in ((plain, {}), (packed, {"Accept_Encoding": "gzip"})):
                again = self.get(path, If_None_Match=answer.headers["ETag"], **more)
                self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", answer.headers["ETag"]), path)

    def test_all_scripts_together_are_small(self):
        scripts = {path: len(gzip.compress(answer.body, 9)) for path, answer in self.files().items() if path.endswith(".js")}
        built = [path for path in glob.glob(os.path.join(WEB, "dist", "**", "*.js"), recursive=True)]
        self.assertEqual(len(scripts), len(built))
        self.assertLessEqual(sum(scripts.values()), MOST_SCRIPT_BYTES, scripts)


class SourcesKeepTheRules(unittest.TestCase):
    def test_no_markup_that_the_policy_forbids_or_that_takes_text_for_markup(self):
        for path, text in sources(".svelte", ".html"):
            markup = re.sub(r"<script[\s\S]*?</script>|<style[\s\S]*?</style>|<!--[\s\S]*?-->", "", text) if path.endswith(".svelte") else text
            self.assertEqual(re.findall(r"\sstyle=|\{@html|\son\w+=\"", markup), [], path)
        for path, text in sources(".ts", ".svelte"):
            self.assertEqual(re.findall(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), [], path)

    def test_the_lock_names_no_address(self):
        with open(os.path.join(WEB, "package-lock.json"), encoding="utf-8") as f:
            packages = json.load(f)["packages"]
        self.assertEqual([name for name, one in packages.items() if "resolved" in one], [])

    @unittest.skipUnless(npm.AVAILABLE, "skipped 'node and npm are missing'")
    def test_types_fit_and_the_format_is_prettiers(self):
        npm.install(WEB)
        for command in ("check", "format:check"):
            done = subprocess.run(["npm", "run", "--silent", command], cwd=WEB, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
