/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/db.h"
#include "base/fault.h"

#include <pthread.h>
#include <stdio.h>

enum { BUSY_TIMEOUT_MS = 10000 };

bool db_error(struct db *db, struct err *err, const char *what)
{
    int code = db->handle ? sqlite3_extended_errcode(db->handle) : SQLITE_NOMEM;
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return err_set(err, ERR_LIMIT, "%s: the disk is full; make room and try again", what);
    case SQLITE_CONSTRAINT:
        return err_set(err, ERR_CONFLICT, "%s: %s", what, sqlite3_errmsg(db->handle));
    case SQLITE_BUSY:
        return err_set(err, ERR_BUSY, "%s: the database is locked by another program", what);
    default:
        return err_set(err, ERR_INTERNAL, "%s: %s (SQLite %d)", what,
                       db->handle ? sqlite3_errmsg(db->handle) : "out of memory", code);
    }
}

bool db_exec(struct db *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ||
           db_error(db, err, "the database");
}

/* In the log a commit is synced together with all that stands before it. */
bool db_sync_later(struct db *db, bool later, struct err *err)
{
    char pragma[64];
    if (db->lazy == later)
        return true;
    (void)snprintf(pragma, sizeof pragma, "PRAGMA synchronous=%s",
                   later ? "NORMAL" : fault_value("CLIENTELE_FAULT_SYNCHRONOUS", "FULL"));
    if (!db_exec(db, pragma, err))
        return false;
    db->lazy = later;
    return true;
}

/* A connection has one owner, so SQLite needs no locks for it; nor does it count what it allocates.
 */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool db_open(struct db *db, const char *path, bool create, size_t cache_bytes, struct err *err)
{
    char pragmas[256];
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (create ? SQLITE_OPEN_CREATE : 0);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, configure);
    *db = (struct db){0};
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
        db_error(db, err, "cannot open the database");
        db_close(db);
        return false;
    }
    (void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA foreign_keys=ON;"
                   "PRAGMA cache_size=-%zu; PRAGMA wal_autocheckpoint=0",
                   fault_value("CLIENTELE_FAULT_SYNCHRONOUS", "FULL"), cache_bytes / 1024);
    if (!db_exec(db, pragmas, err)) {
        db_close(db);
        return false;
    }
    return true;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < db->statements; i++)
        (void)sqlite3_finalize(db->statement[i].stmt);
    (void)sqlite3_close(db->handle);
    *db = (struct db){0};
}

static bool user_version(struct db *db, size_t *ret_version, struct err *err)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK)
        return db_error(db, err, "the database");
    bool ok = sqlite3_step(s) == SQLITE_ROW;
    *ret_version = ok ? (size_t)sqlite3_column_int64(s, 0) : 0;
    (void)sqlite3_finalize(s);
    return ok || db_error(db, err, "the database");
}

bool db_migrate(struct db *db, const char *const *migration, size_t count, struct err *err)
{
    size_t version = 0;
    char sql[64];
    if (!user_version(db, &version, err))
        return false;
    if (version > count)
        return err_set(
            err, ERR_INVALID,
            "the data is of a newer version (schema %zu; this program knows %zu): install that version",
            version, count);
    for (; version < count; version++) {
        (void)snprintf(sql, sizeof sql, "PRAGMA user_version=%zu; COMMIT", version + 1);
        if (!db_exec(db, "BEGIN IMMEDIATE", err))
            return false;
        if (!db_exec(db, migration[version], err) || !db_exec(db, sql, err)) {
            struct err ignored;
            IGNORE(db_exec(db, "ROLLBACK", &ignored));
            return err_context(err, "schema version %zu: ", version + 1);
        }
    }
    return true;
}

sqlite3_stmt *db_statement(struct db *db, const char *sql, struct err *err)
{
    for (size_t i = 0; i < db->statements; i++)
        if (db->statement[i].sql == sql) {
            sqlite3_stmt *s = db->statement[i].stmt;
            (void)sqlite3_reset(s);
            (void)sqlite3_clear_bindings(s);
            return s;
        }
    sqlite3_stmt *s;
    assert(db->statements < DB_STATEMENTS);
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK) {
        db_error(db, err, "a statement");
        return NULL;
    }
    db->statement[db->statements].sql = sql;
    db->statement[db->statements++].stmt = s;
    return s;
}

int db_step(struct db *db, sqlite3_stmt *s, struct err *err)
{
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return rc;
    db_error(db, err, "the database");
    (void)sqlite3_reset(s);
    return 0;
}

bool db_run(struct db *db, sqlite3_stmt *s, struct err *err)
{
    if (!db_step(db, s, err))
        return false;
    (void)sqlite3_reset(s);
    return true;
}

void db_bind_str(sqlite3_stmt *s, int i, str value)
{
    if (str_is_null(value))
        (void)sqlite3_bind_null(s, i);
    else
        (void)sqlite3_bind_text64(s, i, value.ptr, value.len, SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_blob(sqlite3_stmt *s, int i, const void *p, size_t bytes)
{
    (void)sqlite3_bind_blob64(s, i, p, bytes, SQLITE_STATIC);
}

void db_bind_int(sqlite3_stmt *s, int i, int64_t value)
{
    (void)sqlite3_bind_int64(s, i, value);
}

void db_result_str(sqlite3_context *out, str value)
{
    if (str_is_null(value))
        sqlite3_result_null(out);
    else
        sqlite3_result_text64(out, value.ptr, value.len, SQLITE_STATIC, SQLITE_UTF8);
}

str db_column_borrow(sqlite3_stmt *s, int i)
{
    const void *p = sqlite3_column_blob(s, i);
    size_t bytes = (size_t)sqlite3_column_bytes(s, i);
    return (str){bytes ? p : "", bytes};
}

str db_column_str(sqlite3_stmt *s, int i, struct arena *a)
{
    if (sqlite3_column_type(s, i) == SQLITE_NULL)
        return (str){0};
    const void *p = sqlite3_column_blob(s, i);
    size_t bytes = (size_t)sqlite3_column_bytes(s, i);
    return arena_str(a, (str){bytes ? p : "", bytes});
}
