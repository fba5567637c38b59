# SPDX-License-Identifier: Apache-2.0
"""The rules of the house hold, and each check notices when its rule is broken."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ESSAY = "/* SPDX-License-Identifier: Apache-2.0 */\n"
README = ("# base - the ground\n\nDoes: nothing.\nMay include: no floor.  Used by: domain.\n"
          "Start at: str.h.\nPromise: none.\n")
README_ABOVE = ("# domain - the thing\n\nDoes: nothing.\nMay include: base.  Used by: no floor.\n"
                "Start at: thing.h.\nPromise: none.\n")
# A house in order: every case below breaks one thing in it.
HOUSE = {
    "src/FLOORS": "# the rule\nbase:\ndomain: base\n<zip.h> <unicode/*>: base/zip\n<cmocka.h>: *_test\n",
    "src/base/README.md": README,
    "src/base/str.h": "#ifndef A\n#define A\n#include <stddef.h>\n/* How long s is. */\nsize_t len(const char *s);\n#endif\n",
    "src/base/str_priv.h": "#ifndef B\n#define B\nint secret(void);\n#endif\n",
    "src/base/str.c": '#include "base/str.h"\n#include "base/str_priv.h"\n#include <sys/stat.h>\n',
    "src/base/zip_file.c": "#include <zip.h>\n#include <unicode/uchar.h>\n",
    "src/domain/README.md": README_ABOVE,
    "src/domain/thing.h": '#ifndef C\n#define C\n#include "base/str.h"\n#endif\n',
    "src/domain/thing.c": '#include "domain/thing.h"\n#include "made.h"\n',
    "src/domain/thing_test.c": '#include "domain/thing.h"\n#include <cmocka.h>\n',
    "src/domain/meson.build": "configure_file(output: 'made.h')\n",
}


def check(name, *arguments, **env):
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", f"check_{name}.py"), *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, env={**os.environ, **env})
    return done.returncode, done.stdout.decode("utf-8", "replace")


class House(unittest.TestCase):
    """The checkout itself."""

    def holds(self, name):
        code, output = check(name)
        self.assertEqual(code, 0, "\n" + output)

    def test_floors(self):
        self.holds("floors")

    def test_headers(self):
        self.holds("headers")

    def test_comments(self):
        self.holds("comments")

    def test_readmes(self):
        self.holds("readmes")

    def test_words(self):
        self.holds("words")

    def test_length(self):
        code, output = check("length")
        self.assertEqual(code, 0, output)
        print(output, file=sys.stderr)

    def test_banned_functions_do_not_compile(self):
        calls = ["strcpy(a, b)", "strcat(a, b)", "sprintf(a, b)", "vsprintf(a, b, l)", "strtok(a, b)", "atoi(b)",
                 "atol(b)", "gets(a)", "strncpy(a, b, 2)", "snprintf(a, 3, b)"]
        for compiler in filter(shutil.which, ["gcc", "clang"]):
            for call in calls:
                with self.subTest(compiler=compiler, call=call):
                    source = f"void f(char *a, char *b, va_list l);\nvoid f(char *a, char *b, va_list l) {{ (void)l; {call}; }}\n"
                    done = subprocess.run(
                        [compiler, "-std=gnu11", "-w", "-fsyntax-only", "-include", os.path.join(ROOT, "src/base/banned.h"),
                         "-include", "stdarg.h", "-x", "c", "-"],
                        input=source.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    output = done.stdout.decode("utf-8", "replace")
                    if call.startswith("snprintf"):
                        self.assertEqual(done.returncode, 0, output)
                    else:
                        self.assertIn(f"{call.split('(')[0]}_is_banned", output)
                        self.assertNotEqual(done.returncode, 0)

    def test_every_file_is_compiled_with_the_ban(self):
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as f:
            self.assertIn("add_project_arguments('-include', meson.current_source_dir() / 'src/base/banned.h'", f.read())


class Checks(unittest.TestCase):
    """The checks, on small houses with one thing wrong."""

    def tree(self, changes):
        top = tempfile.mkdtemp(prefix="house-")
        self.addCleanup(shutil.rmtree, top)
        for path, text in {**HOUSE, **changes}.items():
            if text is not None:
                os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
                with open(os.path.join(top, path), "w", encoding="utf-8") as f:
                    f.write(ESSAY + text if path.endswith((".c", ".h")) else text)
        return top

    def finds(self, name, cases):
        """Each case: what changes in the house, and what the check must say then."""
        code, output = check(name, self.tree({}))
        self.assertEqual(code, 0, f"the house in order: {output}")
        for changes, wanted in cases:
            with self.subTest(wanted):
                code, output = check(name, self.tree(changes))
                self.assertIn(wanted, output)
                self.assertEqual((code, output.count("\n")), (1, 2), f"one fault and the sum: {output}")

    def test_floors_finds(self):
        self.finds("floors", [
            ({"src/base/str.c": '#include "domain/thing.h"\n'},
             'src/base/str.c:2: "domain/thing.h": base may not include domain'),
            ({"src/base/str_test.c": '#include "domain/thing.h"\n'}, "base may not include domain"),
            ({"src/base/str_fuzz.c": '#include "domain/thing.h"\n'}, "base may not include domain"),
            ({"src/base/str.c": '\n #/**/ include "domain/thing.h" // why\n'}, "src/base/str.c:3: "),
            ({"src/base/str.c": '/*\n#include "domain/thing.h"\n*/\n#include "domain/none.h"\n'},
             'src/base/str.c:5: "domain/none.h" does not exist'),
            ({"src/domain/thing.c": '#include "base/str_priv.h"\n'}, '"base/str_priv.h" stays in its folder'),
            ({"src/base/deep/x.c": '#include "base/str_priv.h"\n'}, '"base/str_priv.h" stays in its folder'),
            ({"src/base/str.c": '#include "str.h"\n'}, '"str.h" is no header that src/base/meson.build makes'),
            ({"src/base/str.c": "#include <zip.h>\n"}, "<zip.h> is only for base/zip"),
            ({"src/base/zipper.c": "#include <unicode/uchar.h>\n"}, "<unicode/uchar.h> is only for base/zip"),
            ({"src/domain/thing.c": "#include <cmocka.h>\n"}, "<cmocka.h> is only for *_test"),
            ({"src/base/str.c": "#include <curl/curl.h>\n"}, "<curl/curl.h> has no door"),
            ({"src/attic/old.c": ""}, "src/attic/old.c: its floor has no line"),
            ({"src/FLOORS": HOUSE["src/FLOORS"].replace("base:", "base: domain")},
             "base names domain, which has no line above"),
            ({"src/FLOORS": HOUSE["src/FLOORS"] + "cellar:\n"}, "there is no floor cellar"),
        ])

    @unittest.skipUnless(shutil.which(os.environ.get("CC", "cc")), "no compiler")
    def test_headers_finds(self):
        for text, wanted in [
            ("#ifndef D\n#define D\nsize_t f(void);\n#endif\n", "size_t"),
            ("struct twice { int x; };\n", "redefinition"),
            ('#include "base/none.h"\n', "base/none.h"),
            ("#ifndef D\n#define D\nstatic inline int f(int x) { int y; return x; }\n#endif\n", "unused"),
        ]:
            with self.subTest(wanted):
                code, output = check("headers", self.tree({"src/base/bad.h": text}))
                self.assertEqual(code, 1, output)
                self.assertIn(wanted, output)
        code, output = check("headers", self.tree({}))
        self.assertEqual(code, 0, output)

    def test_comments_finds(self):
        bare = "src/base/bare.h"
        self.finds("comments", [
            ({bare: "\nint f(void);\n"}, f"{bare}:3: f has no comment"),
            ({bare: "/* Why. */\n\nint f(void);\n"}, f"{bare}:4: f has no comment"),
            ({bare: "/* Why. */\nint f(void);\nint g(void);\n"}, f"{bare}:4: g has no comment"),
            ({bare: "/* Both: */\nint f(void);\nint g(int a,\n      int b);\n\nint h(void);\n"}, f"{bare}:7: h has no comment"),
            ({bare: "/* --- reading --- */\nint f(void);\n"}, f"{bare}:3: f has no comment"),
            ({bare: "enum { X }; /* one */\nint f(void);\n"}, f"{bare}:3: f has no comment"),
            ({bare: "/* Its own. */\nint f(void);\nDEFINE_AUTO(int, f)\nstruct s *g(const char *format, ...) PRINTF(1, 2);\n"},
             f"{bare}:5: g has no comment"),
            ({bare: "struct s {\n    int (*event)(void);\n};\n/* Why. */\nstatic inline int f(void)\n{\n    return 1;\n}\n"
                    "extern int g(void);\n"}, f"{bare}:10: g has no comment"),
        ])

    def test_readmes_finds(self):
        path = "src/base/README.md"
        self.finds("readmes", [
            ({path: None}, f"{path} is missing"),
            ({path: README.replace("no floor", "domain")}, "should be 'May include: no floor.  Used by: domain.'"),
            ({path: README.replace("domain.", "cli.")}, "should be 'May include: no floor.  Used by: domain.'"),
            ({path: README.replace("str.h", "none.h")}, f"{path}: none.h does not exist"),
            ({path: README.replace("Promise: none.\n", "")}, "should begin 'Promise: '"),
            ({path: README.replace("# base", "# cellar")}, "should begin '# base - '"),
            ({path: README + "And more.\n"}, "more than a title and four lines"),
        ])

    def test_words_finds(self):
        # Written in two pieces, so that this file does not hold what it looks for.
        for first, second in [
            ("see /wo", "rk/main/src"), ("(/tmp/b", "-clang)"), ("https://registry.npmjs", ".org/x"), ("deb.debian", ".org"),
            ("an age", "nt did it"), ("the previous se", "ssion"), ("is", "sue 17"), ("is", "sue #17"), ("fixes", " #17"),
        ]:
            with self.subTest(first + second):
                code, output = check("words", self.tree({"docs/x.md": f"line\n{first}{second}\n"}))
                self.assertEqual((code, output.count("\n")), (1, 2), output)
                self.assertIn("docs/x.md:2: ", output)
        innocent = ("User-Agent: curl\nr->user_agent\nthe user agent\na TCP session\nthe session's cookie; each session ends\n"
                    "framework/x, ../network/y\n/tmp/clientele-XXXXXX\nissues a token\nan issue of 3 parts\n#17 of the list\n"
                    "www.debian.org\nreagents\ngpg-agent\n")
        code, output = check("words", self.tree({"docs/x.md": innocent}))
        self.assertEqual(code, 0, output)

    def test_length_finds_the_longest(self):
        long = "static int longest(int (*f)(void))\n{\n" + "    f();\n" * 90 + "    return '}';\n}\n"
        short = "struct s {\n    int x;\n};\nint short_one(void)\n{\n    return 1;\n}\n"
        code, output = check("length", self.tree({"src/base/long.c": short + long}))
        self.assertEqual(code, 0, output)
        self.assertEqual(output.splitlines()[0].split(), ["93", "src/base/long.c:10:", "longest"])
        self.assertIn("    3 src/base/long.c:6: short_one", output)

    def test_checks_look_at_what_git_tracks(self):
        if not shutil.which("git"):
            self.skipTest("no git")
        top = self.tree({".gitignore": "build/\n", "build/x.md": "an age" + "nt\n"})
        subprocess.run(["git", "init", "-q", top], check=True)
        self.assertEqual(check("words", top)[0], 0)
        with open(os.path.join(top, "new.md"), "w", encoding="utf-8") as f:
            f.write("an age" + "nt\n")
        self.assertEqual(check("words", top)[0], 1, "a file about to be added counts")


if __name__ == "__main__":
    unittest.main()
