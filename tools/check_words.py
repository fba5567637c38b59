#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No file speaks of the place where it was written: no path of one machine, no host that served a package, nothing of
how the work was organised.  A reader elsewhere can do nothing with them.

usage: tools/check_words.py [ROOT]
"""
import os
import re

import house

# A letter in [brackets] keeps a line of this list from being found by the list.
WORDS = [
    # Paths.
    r"(?<![\w.])/[w]ork/",
    r"/tmp/[b](?:-|ash_)",
    # Hosts of package registries and mirrors.
    r"\b(?:registry\.npmjs[.]org|(?:deb|security)\.debian[.]org|(?:archive|security)\.ubuntu[.]com"
    r"|pypi[.]org|files\.pythonhosted[.]org|proxy\.golang[.]org|crates[.]io)\b",
    # Who did the work, and when: a browser's User-Agent, its session and a TCP session are something else.
    r"(?<!user )(?<![\w-])[a]gents?(?![\w-])",
    r"\b(?:previous|earlier|later|parallel|in this)\s+[s]essions?\b",
    r"\b[i]ssues?\s+(?:no\.?\s*|number\s*|#\s*)?\d+",
    r"\b(?:fixes|fixed|closes|resolves|see)\s+#\d+\b",
]
PATTERN = re.compile("|".join(f"(?:{word})" for word in WORDS), re.I)


def main():
    top, faults, count = house.root(), [], 0
    for path in house.files(top):
        with open(os.path.join(top, path), "rb") as f:
            data = f.read()
        if b"\0" in data:
            continue  # no text
        count += 1
        text = data.decode("utf-8", "replace")
        for match in PATTERN.finditer(text):
            faults.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: '{match[0]}'")
    house.finish(faults, f"{count} files speak of the project alone")


main()
