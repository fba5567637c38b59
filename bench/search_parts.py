# SPDX-License-Identifier: Apache-2.0
"""GET /v4/consumers?search= over many customers, beside SQLite's FTS5 and LIKE on the same names, phones and keys."""
import http.client
import json
import os
import random
import sqlite3
import time
import urllib.parse

from common import COMPANY, FIRST_KEY, Server, measure

FIRST = ["Анна", "Борис", "Вера", "Глеб", "Дарья", "Елена", "Пётр", "Иван", "Мария", "Ольга", "Сергей", "Алексей", "Наталья", "Дмитрий", "Ирина",
         "Александр", "Татьяна", "Андрей", "Юлия", "Максим", "Екатерина", "Роман", "Светлана", "Артём", "Людмила", "Виктория", "Олег", "Галина"]
ROOTS = ["Иван", "Петр", "Сидор", "Кузнец", "Смирн", "Попов", "Волк", "Соловь", "Медвед", "Лебед", "Козл", "Нов", "Мороз", "Павл", "Семён", "Голуб",
         "Виноград", "Богдан", "Воробь", "Фёдор", "Михайл", "Беля", "Тарас", "Жук", "Комар", "Орл", "Кисел", "Макар", "Андре", "Гаври", "Ефим", "Титов"]
MIDDLES = ["", "ен", "ин", "ич", "ю", "ян", "ух", "ар", "ил", "ак", "ец", "оч", "ул", "иш", "ей", "он"]
ENDS = ["ов", "ова", "ев", "ева", "ко", "ский", "ская", "енко", "ян", "швили", "ич", "ин", "ина", "ук", "юк"]
PER_PAGE, TIMES = 25, 60


def customer(n, r):
    """external_id, e-mail, name, phone: of a customer's number alone, with some 200,000 names, some of them frequent."""
    last = ROOTS[int(len(ROOTS) * r.random() ** 2)] + MIDDLES[int(len(MIDDLES) * r.random() ** 2)] + ENDS[int(len(ENDS) * r.random() ** 1.5)]
    name = f"{FIRST[int(len(FIRST) * r.random() ** 1.5)]} {last}"
    return str(FIRST_KEY + n), f"user{r.randrange(10 ** 9)}.{n}@example.com", name, f"79{r.randrange(10 ** 9):09d}"


def people(rows):
    for n in range(rows):
        yield customer(n, random.Random(n))


def write_people(path, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.write("external_id;email;name;phone;created_at\n")
        f.writelines(";".join(p) + ";2020-01-01 00:00:00\n" for p in people(rows))


def queries(rows):
    """(what it is, its texts); the same for everyone."""
    some = [customer(n, random.Random(n)) for n in (random.Random(i).randrange(rows) for i in range(TIMES))]
    return [
        ("an e-mail", [p[1] for p in some]),
        ("a phone as written", [f"8 ({p[3][1:4]}) {p[3][4:7]}-{p[3][7:9]}-{p[3][9:]}" for p in some]),
        ("an external_id", [p[0] for p in some]),
        ("the end of a phone", [p[3][-7:] for p in some]),
        ("a surname's beginning and a name", [p[2].split()[1][:5] + " " + p[2].split()[0].lower() for p in some]),
        ("a whole name", [p[2] for p in some]),
        ("three letters", [p[2].split()[1][:3] for p in some]),
        ("one letter", [p[2][0] for p in some]),
        ("nobody", [f"нет{i} никого" for i in range(TIMES)]),
    ]


def times_of(ask, texts):
    seconds, found = [], 0
    for text in texts:
        began = time.monotonic()
        found += ask(text)
        seconds.append(time.monotonic() - began)
    seconds.sort()
    return seconds[len(seconds) // 2] * 1000, seconds[int(len(seconds) * 0.99)] * 1000, found / len(texts)


class Peer:
    """SQLite with an index of words (FTS5, prefixes of one to three letters) over what we index."""

    def __init__(self, path, rows):
        if os.path.exists(path):
            os.remove(path)
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA cache_size=-16384;"
                              "CREATE TABLE consumer (id INTEGER PRIMARY KEY, external_id TEXT, email TEXT, name TEXT, phone TEXT)")
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO consumer (external_id, email, name, phone) VALUES (?, ?, ?, ?)", people(rows))
        self.db.execute("COMMIT")
        before, began = os.path.getsize(path), time.monotonic()
        self.db.executescript("""CREATE VIRTUAL TABLE words USING fts5 (name, phone, email, external_id, content='consumer', content_rowid='id',
                                 tokenize="unicode61 remove_diacritics 2", prefix='1 2 3', detail=none);
                                 INSERT INTO words (words) VALUES ('rebuild'); PRAGMA wal_checkpoint(TRUNCATE)""")
        self.built, self.bytes = time.monotonic() - began, os.path.getsize(path) - before

    def ask(self, text):
        if "(" in text:
            text = "7" + "".join(c for c in text if c.isdigit())[1:]
        terms = " ".join(f'"{w}"*' for w in text.lower().replace("ё", "е").replace("@", " ").replace(".", " ").split())
        return len(self.db.execute("SELECT c.* FROM words AS w CROSS JOIN consumer AS c ON c.id = w.rowid WHERE words MATCH ? LIMIT ?",
                                   (terms, PER_PAGE)).fetchall())

    def like(self, text):
        return len(self.db.execute("SELECT * FROM consumer WHERE name LIKE ? OR email LIKE ? OR phone LIKE ? OR external_id LIKE ? LIMIT ?",
                                   (*[f"%{text}%"] * 4, PER_PAGE)).fetchall())


class Ours:
    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        self.token = token

    def page(self, text):
        path = "/v4/consumers?" + urllib.parse.urlencode({"search": text, "per_page": PER_PAGE})
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return json.loads(body)

    def ask(self, text):
        return len(self.page(text)["data"])


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as f:
        return max(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def bench_search(b):
    path = b.path(f"people-{b.rows}.csv")
    if not os.path.exists(path):
        write_people(path, b.rows)
    data, token = b.new_data("search")
    seconds = measure([b.clientele, "import", path, "--data", data, *COMPANY])[0]
    base = os.path.join(data, "companies", "1.db")
    size = os.path.getsize(base)
    print(f"Search over {b.rows:,} customers ({size >> 20} MiB, imported in {seconds:.1f} s); {PER_PAGE} on a page; p50 and p99 of {TIMES} in ms")
    peer = Peer(b.path("peer.db"), b.rows)
    with Server(b, data) as server:
        ours, began = Ours(server.url, token), time.monotonic()
        lagging = times_of(ours.ask, queries(b.rows)[4][1][:5])
        while ours.page("никого нет")["meta"]["search_unindexed"]:
            time.sleep(0.1)
        built = time.monotonic() - began
        print(f"  index ready {built:.1f} s after the import; peak memory of the server {resident_mib(server.process.pid):.0f} MiB; FTS5 {peer.built:.1f} s,"
              f" {peer.bytes >> 20} MiB; while nothing is indexed a search took {lagging[0]:.0f} ms")
        print(f"  {'':34} {'clientele':>24} {'FTS5':>24}   found: ours, FTS5")
        for what, texts in queries(b.rows):
            o, p = times_of(ours.ask, texts), times_of(peer.ask, texts)
            print(f"  {what:34} {o[0]:10.2f} {o[1]:13.2f} {p[0]:10.2f} {p[1]:13.2f}   {o[2]:.1f}, {p[2]:.1f}", flush=True)
        like = times_of(peer.like, queries(b.rows)[5][1][:5])
        print(f"  a whole name by LIKE: {like[0]:.0f} ms")
    print(f"  the company's file grew from {size >> 20} to {os.path.getsize(base) >> 20} MiB (with the index of created_at)")


PARTS = {"search": bench_search}
