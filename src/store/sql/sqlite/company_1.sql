-- Version 1 of a company's database.  What is unique lives in tables of its own, written by the one writer in the
-- order of their keys: an index that SQLite keeps would be written in the order of the rows.
-- What batches write into says here what a conflict does, not in the statement: a statement of many rows that may have to
-- be taken back alone keeps a copy of every page that it touches.  A failed one takes its transaction with it anyway.
CREATE TABLE consumer (
    id                INTEGER PRIMARY KEY ON CONFLICT REPLACE,
    external_id       TEXT,
    legacy_id         TEXT,
    email             TEXT,
    email_key         TEXT, -- NULL when it is the same text as email
    phone             TEXT,
    name              TEXT,
    first_name        TEXT,
    avatar_url        TEXT,
    custom_attributes TEXT NOT NULL ON CONFLICT FAIL DEFAULT '{}',
    created_at        INTEGER NOT NULL ON CONFLICT FAIL,
    updated_at        INTEGER NOT NULL ON CONFLICT FAIL,
    flags             INTEGER NOT NULL ON CONFLICT FAIL DEFAULT 0, -- 1 unsubscribed, 2 permanent_failed, 4 complained
    origin            INTEGER NOT NULL ON CONFLICT FAIL, -- who made him: domain's origin_of()
    record            INTEGER NOT NULL ON CONFLICT FAIL, -- of the file that made him; 0: none
    trail             INTEGER NOT NULL ON CONFLICT FAIL  -- 2^40 and the number of his last row in trail; 0 of that: none
) STRICT;
-- What each change of a customer took away, the newest pointed at by the customer, each pointing at the one before.  Rows
-- are only ever appended and ids never used again, so that writing it costs next to nothing and purging it is a prefix.
CREATE TABLE trail (
    id          INTEGER PRIMARY KEY,
    consumer_id INTEGER NOT NULL,
    prev        INTEGER NOT NULL, -- the change before; 0: none
    origin      INTEGER NOT NULL,
    record      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    made        INTEGER NOT NULL, -- 1: the customer counts as made by this change, an undone import made him; 2: all that
                                  -- is left of an undone import, an e-mail that waits
    former      TEXT NOT NULL     -- JSON object of former values
) STRICT;
-- Customers who were deleted, for those who ask what became of them.
CREATE TABLE gone (
    consumer_id INTEGER PRIMARY KEY,
    origin      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    made_by     INTEGER NOT NULL -- the origin of his making
) STRICT;
CREATE TABLE external_key (
    external_id TEXT PRIMARY KEY ON CONFLICT REPLACE,
    id          INTEGER NOT NULL ON CONFLICT FAIL,
    imprint     INTEGER NOT NULL ON CONFLICT FAIL DEFAULT 0 -- of the file row that left the customer as he is; 0: of none
) STRICT, WITHOUT ROWID;
CREATE TABLE email_key (email_key TEXT PRIMARY KEY ON CONFLICT REPLACE, id INTEGER NOT NULL ON CONFLICT FAIL) STRICT, WITHOUT ROWID;
CREATE TABLE legacy_key (legacy_id TEXT PRIMARY KEY ON CONFLICT REPLACE, id INTEGER NOT NULL ON CONFLICT FAIL) STRICT, WITHOUT ROWID;
-- Who was written when, in the order of stamps: a block of stamps and ids for what is written together (changes.h).  Of a
-- customer only the entry with his updated_at counts.
CREATE TABLE changed (
    last        INTEGER PRIMARY KEY, -- the block's last stamp
    count       INTEGER NOT NULL,
    entries     BLOB NOT NULL
) STRICT;
-- Customers by created_at: those whose updated_at is up to meta.indexed_to; the others are found in changed.  Only the entry
-- with his created_at counts.
CREATE TABLE created_key (created_at INTEGER, id INTEGER, PRIMARY KEY (created_at, id)) STRICT, WITHOUT ROWID;
-- Customers by the words of their names and the digits of their phones: those whose updated_at is up to meta.termed_to;
-- the others are found in changed.  Only a term that the customer still has counts (terms.h).
CREATE TABLE search_term (term TEXT, id INTEGER, PRIMARY KEY (term, id)) STRICT, WITHOUT ROWID;
-- Customers made and removed, by the company's day; a day on which there were none has no row.
CREATE TABLE day (
    day     INTEGER PRIMARY KEY, -- since 1970-01-01
    created INTEGER NOT NULL,
    deleted INTEGER NOT NULL
) STRICT;
CREATE TABLE meta (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    last_id     INTEGER NOT NULL,
    last_stamp  INTEGER NOT NULL,
    consumers   INTEGER NOT NULL,
    last_trail  INTEGER NOT NULL,
    changes     INTEGER NOT NULL, -- entries in changed
    indexed_to  INTEGER NOT NULL, -- the stamp of the last of them that is in created_key
    unindexed   INTEGER NOT NULL, -- entries after it
    created     INTEGER NOT NULL, -- entries in created_key
    termed_to   INTEGER NOT NULL, -- the stamp of the last of changed whose terms are in search_term
    untermed    INTEGER NOT NULL, -- entries after it, or a few more
    stale_terms INTEGER NOT NULL, -- customers some of whose terms count no more, about
    trail_from  INTEGER NOT NULL  -- rows of trail from before then have been forgotten
) STRICT;
INSERT INTO meta VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
-- The keys of custom_attributes that customers had when the idle writer last looked, in the order of their first sight.
CREATE TABLE attribute (
    name TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
    died_reading  INTEGER NOT NULL DEFAULT 0, -- the records at which the last process died
    died_applying INTEGER NOT NULL DEFAULT 0,
    deaths        INTEGER NOT NULL DEFAULT 0, -- how many died there
    origin        INTEGER NOT NULL, -- who asked for it
    manual        INTEGER NOT NULL, -- 1: waits for a person at every step
    parent        INTEGER NOT NULL DEFAULT 0, -- the task whose failed rows this file corrects
    same_as       INTEGER NOT NULL DEFAULT 0, -- an earlier task with the same content
    wanted        INTEGER NOT NULL DEFAULT 0, -- what was asked for and not begun: bits
    analysis      TEXT, -- the importer's: what was understood
    header        TEXT NOT NULL DEFAULT '', -- fingerprint of the header
    trial         INTEGER NOT NULL DEFAULT 0, -- the dry run's state
    trial_records INTEGER NOT NULL DEFAULT 0,
    trial_bytes   INTEGER NOT NULL DEFAULT 0,
    trial_result  TEXT,
    expected      TEXT, -- the dry run's fingerprint that the run must have
    first_id      INTEGER NOT NULL DEFAULT 0, -- customers made and changes done lie in these ranges
    last_id       INTEGER NOT NULL DEFAULT 0,
    first_trail   INTEGER NOT NULL DEFAULT 0,
    last_trail    INTEGER NOT NULL DEFAULT 0,
    undo_pass     INTEGER NOT NULL DEFAULT 0,
    undo_position INTEGER NOT NULL DEFAULT 0,
    undo_removed  INTEGER NOT NULL DEFAULT 0,
    undo_restored INTEGER NOT NULL DEFAULT 0,
    undo_partly   INTEGER NOT NULL DEFAULT 0,
    undo_kept     INTEGER NOT NULL DEFAULT 0,
    undo_gone     INTEGER NOT NULL DEFAULT 0,
    undo_pending  INTEGER NOT NULL DEFAULT 0, -- e-mails that wait for the undo of another import
    undo_preview  TEXT,
    source        TEXT NOT NULL DEFAULT '', -- the jobs' own mark of where its file comes from
    CHECK (records = created + updated + unchanged + skipped + failed)
) STRICT;
CREATE INDEX import_task_source ON import_task (source) WHERE source <> '';
-- Requests that may come again (Idempotency-Key), each kept in the transaction of what it did.
CREATE TABLE request (
    origin  INTEGER NOT NULL, -- whose key it is
    key     TEXT NOT NULL,
    at      INTEGER NOT NULL,
    print   TEXT NOT NULL,    -- what the request was
    made_id INTEGER NOT NULL, -- the task that it made; 0: none
    answer  TEXT,             -- the API's own
    PRIMARY KEY (origin, key)
) STRICT;
CREATE INDEX request_at ON request (at);
-- Who did what, when and from where, as far as it is done in this database; the rest stands in control.db.
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    action       TEXT NOT NULL, -- 'import.start'
    origin       INTEGER NOT NULL,
    address      TEXT, -- the client's; NULL: it came over no network
    subject_type TEXT NOT NULL,
    subject_id   TEXT NOT NULL,
    details      TEXT NOT NULL -- a JSON object without values of customers
) STRICT;
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_of_task ON audit (subject_id, id) WHERE subject_type = 'import_tasks';
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
    consumer_id INTEGER NOT NULL, -- whom the record is about; 0: nobody who is there
    other_line  INTEGER NOT NULL DEFAULT 0, -- of the row that wants his e-mail and has the one that he wants
    external_id TEXT, -- that the row names
    PRIMARY KEY (task_id, warning, record, seq)
) STRICT, WITHOUT ROWID;
-- What became of each record: a byte for a run of them (task_outcomes.c).
CREATE TABLE import_outcome (
    task_id INTEGER NOT NULL,
    first   INTEGER NOT NULL, -- the record with which the runs begin
    runs    BLOB NOT NULL,
    PRIMARY KEY (task_id, first)
) STRICT, WITHOUT ROWID;
-- What an undo left as it is, and why.
CREATE TABLE undo_kept (
    task_id     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    consumer_id INTEGER NOT NULL,
    external_id TEXT,
    record      INTEGER NOT NULL,
    code        TEXT NOT NULL,
    field       TEXT NOT NULL,
    key         TEXT,
    undone      TEXT, -- the value that the import gave, as JSON
    now         TEXT, -- the value that stays
    origin      INTEGER NOT NULL, -- who changed it since
    at          INTEGER NOT NULL,
    other_id    INTEGER NOT NULL,
    PRIMARY KEY (task_id, seq)
) STRICT, WITHOUT ROWID;
-- An e-mail that waits is said anew at each try.
CREATE INDEX undo_kept_email ON undo_kept (task_id, consumer_id) WHERE field = 'email';
-- Files of customers that were asked for.
CREATE TABLE export_task (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    state       INTEGER NOT NULL,
    format      TEXT NOT NULL,
    options     TEXT NOT NULL, -- search_options as they were sent, a JSON object
    program     TEXT, -- what makes a row of a customer
    file        TEXT NOT NULL, -- its name, whether it is there yet or not; '': it is there no more
    bytes       INTEGER NOT NULL DEFAULT 0,
    records     INTEGER NOT NULL DEFAULT 0,
    total       INTEGER NOT NULL DEFAULT 0, -- customers there were when it began; 0: not known
    attempts    INTEGER NOT NULL DEFAULT 0,
    origin      INTEGER NOT NULL, -- who asked for it
    created_at  INTEGER NOT NULL,
    started_at  INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER NOT NULL DEFAULT 0,
    code        TEXT, -- why there is none
    detail      TEXT
) STRICT;
-- What webhooks are to be told of, in the order in which it happened: added at the end, read from there, dropped from the
-- beginning.  The newest row stays, so that no number is given twice.
CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    kind        INTEGER NOT NULL,
    subject     INTEGER NOT NULL, -- a customer's or a task's id
    at          INTEGER NOT NULL,
    changed     INTEGER NOT NULL, -- bits of fields; 0: not known
    origin      INTEGER NOT NULL,
    external_id TEXT -- of a deleted customer
) STRICT;
