/* db: one SQLite connection and its prepared statements.
 * Threads: one owner.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include "base/arena.h"
#include "base/err.h"

#include <sqlite3.h>

enum { DB_STATEMENTS = 96 };
struct db {
    sqlite3 *handle;
    struct {
        const char *sql; /* the literal's address is the key */
        sqlite3_stmt *stmt;
    } statement[DB_STATEMENTS];
    size_t statements;
    bool lazy; /* db_sync_later() */
};

/* Opens (creating it if asked) with WAL, synchronous=FULL and the given page cache. */
MUST_CHECK bool db_open(struct db *db, const char *path, bool create, size_t cache_bytes,
                        struct err *err);
/* Finalises the statements and closes; a zeroed db is fine. */
void db_close(struct db *db);
/* Brings the schema up to date: version n is reached by migration[n - 1], each in a transaction of
 * its own. Errors: ERR_INVALID when the file is of a newer program. */
MUST_CHECK bool db_migrate(struct db *db, const char *const *migration, size_t count,
                           struct err *err);
/* Runs statements without results. */
MUST_CHECK bool db_exec(struct db *db, const char *sql, struct err *err);
/* Whether the commits that follow are synced with the next one that is (later), or each at once, as
 * they are unless told.  Outside of a transaction. */
MUST_CHECK bool db_sync_later(struct db *db, bool later, struct err *err);
/* The statement for sql (a literal), prepared once, reset and with no values bound; NULL: err says
 * why. */
sqlite3_stmt *db_statement(struct db *db, const char *sql, struct err *err);
/* One step: SQLITE_ROW or SQLITE_DONE; 0 on failure, with err set. */
int db_step(struct db *db, sqlite3_stmt *s, struct err *err);
/* A statement without results: step and reset. */
MUST_CHECK bool db_run(struct db *db, sqlite3_stmt *s, struct err *err);
/* Says why the last call failed: ERR_LIMIT for a full disk, ERR_CONFLICT for a broken UNIQUE,
 * ERR_BUSY; always false. */
bool db_error(struct db *db, struct err *err, const char *what);

/* Bind value i, from 1; {0} is NULL.  The bytes must live until the statement is reset: */
void db_bind_str(sqlite3_stmt *s, int i, str value);
void db_bind_blob(sqlite3_stmt *s, int i, const void *p, size_t bytes);
void db_bind_int(sqlite3_stmt *s, int i, int64_t value);
/* A function's or virtual table's text; the bytes must outlive the statement. */
void db_result_str(sqlite3_context *out, str value);
/* A text column that is not NULL; valid until the next step. */
str db_column_borrow(sqlite3_stmt *s, int i);
/* A column's text in the arena; {0} for NULL. */
str db_column_str(sqlite3_stmt *s, int i, struct arena *a);

#endif
