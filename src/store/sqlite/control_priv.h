/* What the modules about control.db share: one statement on it, under its lock.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_CONTROL_PRIV_H
#define STORE_SQLITE_CONTROL_PRIV_H

#include "store/sqlite/store_priv.h"

struct value { /* of a parameter */
    enum { VALUE_NULL, VALUE_INT, VALUE_STR, VALUE_BLOB } kind;
    int64_t number;
    str bytes;
};
#define INT_VALUE(n)     ((struct value){VALUE_INT, (n), {0}})
#define STR_VALUE(s)     ((struct value){VALUE_STR, 0, (s)})
#define BLOB_VALUE(p, n) ((struct value){VALUE_BLOB, 0, {(const char *)(p), (n)}})
#define NULL_VALUE       ((struct value){VALUE_NULL, 0, {0}})

/* The statement with its values; NULL: err says why. */
sqlite3_stmt *values_bound(struct db *db, const char *sql, const struct value *value, size_t count,
                           struct err *err);
/* The same of control.db.  With store->lock held, as the next one. */
sqlite3_stmt *control_bound(struct store *s, const char *sql, const struct value *value,
                            size_t count, struct err *err);
/* Runs a change; *ret_id (may be NULL) is the new row's.  ERR_NOT_FOUND when it changed no row. */
MUST_CHECK bool control_change_locked(struct store *s, const char *sql, const struct value *value,
                                      size_t count, int64_t *ret_id, struct err *err);
/* The same of a statement that may change none. */
MUST_CHECK bool control_run_locked(struct store *s, const char *sql, const struct value *value,
                                   size_t count, struct err *err);
/* The same as the first, taking the lock. */
MUST_CHECK bool control_change(struct store *s, const char *sql, const struct value *value,
                               size_t count, int64_t *ret_id, struct err *err);
/* Begins a transaction, and ends it: with all of it when ok, else with nothing.  With the lock
 * held; false when it was not ok, or could not be committed: */
MUST_CHECK bool control_begin(struct store *s, struct err *err);
MUST_CHECK bool control_end(struct store *s, bool ok, struct err *err);
/* Puts a sentence for people over SQLite's about a broken UNIQUE or a missing row; always false. */
bool control_explain(struct err *err, const char *taken, const char *missing);
/* Reads rows into a growing array in the arena; read_row fills one element of `size` bytes.  Takes
 * the lock. */
MUST_CHECK bool control_rows(struct store *s, const char *sql, const struct value *value,
                             size_t values, struct arena *a, size_t size,
                             void (*read_row)(sqlite3_stmt *q, struct arena *a, void *to),
                             void **ret_row, size_t *ret_count, struct err *err);

#endif
