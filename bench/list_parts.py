# SPDX-License-Identifier: Apache-2.0
"""What a page of a scroll costs, from the first to the last."""
import http.client
import json
import statistics
import time
import urllib.parse

from common import Server
from import_parts import customers_base

PAGES = 100  # at each end
LIMIT = 1.2


def walk(url, token, sort):
    """Seconds of each page, and how many customers were met."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
    path, seconds, met = f"/v4/scroll/consumers?per_page=100&sort={sort}", [], 0
    while path:
        began = time.monotonic()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        seconds.append(time.monotonic() - began)
        assert answer.status == 200, body
        page = json.loads(body)
        met += page["meta"]["count"]
        path = page["meta"]["has_more"] and "/v4/scroll/consumers?cursor=" + page["meta"]["cursor"]
    connection.close()
    return seconds, met


def bench_scroll(b):
    print(f"Scroll over {b.rows:,} customers, 100 per page: the last {PAGES} pages cost at most {LIMIT} times the first")
    data, token = customers_base(b, "scroll", b.rows)
    with Server(b, data) as server:
        time.sleep(5)  # the writer sorts in whom the import brought
        for sort in ("updated_at", "created_at"):
            seconds, met = walk(server.url, token, sort)
            assert met == b.rows, met
            first, last = (statistics.median(part) * 1000 for part in (seconds[1:PAGES + 1], seconds[-PAGES - 1:-1]))
            total = sum(seconds[-PAGES - 1:-1]) / sum(seconds[1:PAGES + 1])
            print(f"  by {sort}: {len(seconds):,} pages in {sum(seconds):.1f} s; median of the first {first:.2f} ms, of the last {last:.2f} ms;"
                  f" last/first, in all: {total:.2f}{'' if total <= LIMIT else ' !!'}", flush=True)


PARTS = {"scroll": bench_scroll}
