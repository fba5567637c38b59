-- Version 1 of control.db: companies, their users, tokens and webhooks.
CREATE TABLE company (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE,
    zone         TEXT NOT NULL,
    put_contacts INTEGER NOT NULL DEFAULT 0,
    import_webhooks INTEGER NOT NULL DEFAULT 0, -- what imports tell of
    created_at   INTEGER NOT NULL,
    import_defaults TEXT NOT NULL DEFAULT '{}', -- settings of imports that say nothing else
    keep_files_days INTEGER NOT NULL DEFAULT 0, -- 0: as long as the server does
    keep_trail_days INTEGER NOT NULL DEFAULT 0,
    keep_audit_days INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE user (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id       INTEGER REFERENCES company (id) ON DELETE CASCADE, -- NULL: of all companies
    email            TEXT NOT NULL,
    email_key        TEXT NOT NULL,
    role             INTEGER NOT NULL,
    disabled         INTEGER NOT NULL DEFAULT 0,
    password_hash    TEXT,
    reset_hash       BLOB,
    reset_expires_at INTEGER,
    created_at       INTEGER NOT NULL,
    UNIQUE (company_id, email_key)
) STRICT;
CREATE UNIQUE INDEX user_of_all ON user (email_key) WHERE company_id IS NULL;
-- Who is logged in; the secret is the browser's.
CREATE TABLE session (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    hash       BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL, -- written now and then
    address    TEXT NOT NULL,
    browser    TEXT NOT NULL
) STRICT;
CREATE INDEX session_of ON session (user_id, id);
CREATE TABLE token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id INTEGER NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE,
    sealed     BLOB NOT NULL,
    scope      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL DEFAULT 0,
    revoked_at INTEGER NOT NULL DEFAULT 0,
    used_at    INTEGER NOT NULL DEFAULT 0 -- written now and then
) STRICT;
CREATE TABLE webhook (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id    INTEGER NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    url           TEXT NOT NULL,
    events        INTEGER NOT NULL, -- bits
    sealed        BLOB NOT NULL, -- the secret
    old_sealed    BLOB,
    old_until     INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    state         INTEGER NOT NULL DEFAULT 0, -- 0: enabled
    failing_since INTEGER NOT NULL DEFAULT 0,
    at_event      INTEGER NOT NULL, -- events of the company up to this one have become deliveries,
    at_pass       INTEGER NOT NULL DEFAULT 0, -- and of the next one, if it stands for many, those up to here
    at_position   INTEGER NOT NULL DEFAULT 0
) STRICT;
-- An event on its way to a webhook, and what became of it.
CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id  INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    message     TEXT NOT NULL,
    kind        INTEGER NOT NULL,
    subject     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    origin      INTEGER NOT NULL,
    external_id TEXT,
    state       INTEGER NOT NULL DEFAULT 0, -- 0: waits, 1: delivered, 2: failed
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_at     INTEGER NOT NULL, -- waiting: when it is tried; else when it ended
    log         TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX delivery_due ON delivery (webhook_id, next_at) WHERE state = 0;
CREATE INDEX delivery_of ON delivery (webhook_id, id);
-- How many requests of the API came, by the hour.
CREATE TABLE api_calls (
    company_id INTEGER NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    hour       INTEGER NOT NULL, -- since 1970
    calls      INTEGER NOT NULL,
    errors     INTEGER NOT NULL, -- of them
    PRIMARY KEY (company_id, hour)
) STRICT, WITHOUT ROWID;
-- Who did what, when and from where, written with what was done here; names are as they were then.  What is done in a
-- company's database is noted there.
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id   INTEGER REFERENCES company (id) ON DELETE CASCADE, -- NULL: of the server
    at           INTEGER NOT NULL,
    action       TEXT NOT NULL, -- 'token.created'
    origin       INTEGER NOT NULL,
    who          TEXT,
    address      TEXT,
    subject_type TEXT NOT NULL,
    subject_id   INTEGER NOT NULL,
    subject      TEXT,
    details      TEXT NOT NULL -- a JSON object
) STRICT;
CREATE INDEX audit_at ON audit (company_id, at, id);
CREATE INDEX audit_subject ON audit (subject_type, subject_id, id);
