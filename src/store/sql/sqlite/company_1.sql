-- Version 1 of a company's database.  What is unique lives in tables of its own, written by the one writer in the
-- order of their keys: an index that SQLite keeps would be written in the order of the rows.
CREATE TABLE consumer (
    id                INTEGER PRIMARY KEY,
    external_id       TEXT,
    legacy_id         TEXT,
    email             TEXT,
    email_key         TEXT, -- NULL when it is the same text as email
    phone             TEXT,
    name              TEXT,
    first_name        TEXT,
    avatar_url        TEXT,
    custom_attributes TEXT NOT NULL DEFAULT '{}',
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    flags             INTEGER NOT NULL DEFAULT 0 -- 1 unsubscribed, 2 permanent_failed, 4 complained
) STRICT;
CREATE TABLE external_key (
    external_id TEXT PRIMARY KEY,
    id          INTEGER NOT NULL,
    imprint     INTEGER NOT NULL DEFAULT 0 -- of the file row that left the customer as he is; 0: of none
) STRICT, WITHOUT ROWID;
CREATE TABLE email_key (email_key TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE legacy_key (legacy_id TEXT PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    last_id     INTEGER NOT NULL,
    last_stamp  INTEGER NOT NULL,
    consumers   INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, 0, 0, 0);
CREATE TABLE import_task (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    state         INTEGER NOT NULL,
    file_name     TEXT NOT NULL,
    settings      TEXT NOT NULL,
    sha256        TEXT NOT NULL,
    upload        TEXT NOT NULL,
    bytes         INTEGER NOT NULL,
    bytes_done    INTEGER NOT NULL DEFAULT 0,
    records       INTEGER NOT NULL DEFAULT 0,
    created       INTEGER NOT NULL DEFAULT 0,
    updated       INTEGER NOT NULL DEFAULT 0,
    unchanged     INTEGER NOT NULL DEFAULT 0,
    skipped       INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    with_warnings INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    started_at    INTEGER NOT NULL DEFAULT 0,
    finished_at   INTEGER NOT NULL DEFAULT 0,
    updated_at    INTEGER NOT NULL,
    failure       TEXT,
    attempts      INTEGER NOT NULL DEFAULT 0,
    CHECK (records = created + updated + unchanged + skipped + failed)
) STRICT;
CREATE TABLE import_error (
    task_id  INTEGER NOT NULL,
    warning  INTEGER NOT NULL,
    record   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    line     INTEGER NOT NULL,
    code     TEXT NOT NULL,
    header   TEXT,
    field    TEXT NOT NULL,
    key      TEXT,
    value    TEXT,
    other_id INTEGER NOT NULL,
    PRIMARY KEY (task_id, warning, record, seq)
) STRICT, WITHOUT ROWID;
