-- Version 1 of control.db: companies, their users and their tokens.
CREATE TABLE company (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE,
    zone         TEXT NOT NULL,
    put_contacts INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE TABLE user (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id       INTEGER NOT NULL REFERENCES company (id) ON DELETE CASCADE,
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
