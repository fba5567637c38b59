# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml and the programs that read it: lint, and the comparison of what was asked and answered with it.

usage: tests/openapi.py RECORDED.jsonl   compares what CLIENTELE_RECORD kept of any tests; says what does not fit
"""
import json
import os
import subprocess
import sys

import npm

TESTS = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(TESTS, "openapi")
DESCRIPTION = os.path.join(os.path.dirname(TESTS), "docs", "openapi.yaml")
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def node(*arguments):
    npm.install(FOLDER)
    return subprocess.run(["node", *arguments], cwd=FOLDER, capture_output=True, timeout=300, check=False, env={**os.environ, **QUIET})


def lint():
    """What the linter says against it; "" when it is clean."""
    done = node(os.path.join("node_modules", "@redocly", "cli", "bin", "cli.js"), "lint", "--config", "redocly.yaml", DESCRIPTION)
    said = done.stdout.decode() + done.stderr.decode()
    return said if done.returncode or " warning" in said else ""


def page(language):
    """The page that the server shows at /docs."""
    done = node("page.js", DESCRIPTION, language)
    assert not done.returncode, done.stderr.decode()
    return done.stdout


def compare(recorded, *options):
    """{"faults": [sentence, ...], "lines": [of each, from 0], "seen": {operation: {status: count}}, "operations": {operation: [status, ...]}, "outside": count}"""
    done = node("validate.js", DESCRIPTION, recorded, *options)
    assert not done.returncode, done.stderr.decode()
    return json.loads(done.stdout)


def main():
    told = compare(os.path.abspath(sys.argv[1]))
    faults = sorted(set(told["faults"]))
    print("\n".join(faults[:100]))
    print(f"{sum(sum(statuses.values()) for statuses in told['seen'].values())} answers of {len(told['seen'])} operations, "
          f"{len(faults)} kinds do not fit docs/openapi.yaml")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
