# SPDX-License-Identifier: Apache-2.0
"""The examples that the cabinet shows to developers run as they stand: each language, each operation, against a server."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import harness
import npm

WEB = os.path.join(harness.ROOT, "web")
SOURCE = os.path.join(WEB, "src", "pages", "developers", "examples.ts")
COMMANDS = {"curl": ["sh", "example"], "php": ["php", "example"], "ruby": ["ruby", "example"], "python": ["python3", "example"],
            "javascript": ["node", "example"]}
PROGRAMS = {"curl": "curl", "php": "php", "ruby": "ruby", "python": "python3", "javascript": "node"}


def examples(host, token):
    """{language: {operation: text}}, as the page makes them."""
    script = (f"import {{ example, LANGUAGES, OPERATIONS }} from './examples.mjs';"
              f"console.log(JSON.stringify(Object.fromEntries(LANGUAGES.map((l) => [l, Object.fromEntries(OPERATIONS.map("
              f"(o) => [o, example(l, o, {json.dumps(host)}, {json.dumps(token)})]))]))))")
    with tempfile.TemporaryDirectory() as folder:
        esbuild = os.path.join(WEB, "node_modules", ".bin", "esbuild")
        subprocess.run([esbuild, SOURCE, "--log-level=error", "--format=esm", f"--outfile={folder}/examples.mjs"], check=True, timeout=60)
        done = subprocess.run(["node", "--input-type=module", "-e", script], cwd=folder, check=True, timeout=60, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


@unittest.skipUnless(npm.AVAILABLE, "skipped 'node and npm are missing'")
class ExamplesRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        npm.install(WEB)

    def run_example(self, language, text):
        with open(os.path.join(self.folder, "example"), "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run(COMMANDS[language], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def test_each_language_does_what_it_says(self):
        for language in COMMANDS:
            with self.subTest(language), tempfile.TemporaryDirectory() as self.folder, harness.temporary_data() as data:
                self.assertTrue(shutil.which(PROGRAMS[language]), language)
                token = harness.new_token(data)
                with harness.Server(data) as server, contextlib.closing(harness.Client(server, token)) as client:
                    texts = examples(f"http://127.0.0.1:{server.port}", token)[language]
                    self.run_example(language, texts["create"])
                    made = client.get("/v4/consumers/347771386").json["data"]["attributes"]
                    self.assertEqual((made["name"], made["email"], made["custom_attributes"]),
                                     ("Анна Петрова", "anna@example.com", {"orders_count": "12", "ltv": "27456", "region": "74"}))
                    self.run_example(language, texts["update"])
                    made = client.get("/v4/consumers/347771386").json["data"]["attributes"]
                    self.assertEqual(made["custom_attributes"], {"orders_count": "12", "ltv": "37456", "region": "74"})
                    self.assertIn("anna@example.com", self.run_example(language, texts["find"]))
                    with open(os.path.join(self.folder, "clients.csv"), "w", encoding="utf-8") as f:
                        f.write("external_id,email,name,phone,created_at\n1,boris@example.com,Борис,,\n")
                    self.assertIn("import_tasks", self.run_example(language, texts["import"]))
                    task = client.get("/v4/import_tasks/1").json["data"]["attributes"]
                    self.assertEqual(task["file_name"], "clients.csv")


if __name__ == "__main__":
    unittest.main()
