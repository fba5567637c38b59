/* One statement on control.db, under its lock.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/control_priv.h"

sqlite3_stmt *values_bound(struct db *db, const char *sql, const struct value *value, size_t count,
                           struct err *err)
{
    sqlite3_stmt *q = db_statement(db, sql, err);
    for (size_t i = 0; q && i < count; i++) {
        int at = (int)i + 1;
        if (value[i].kind == VALUE_INT)
            db_bind_int(q, at, value[i].number);
        else if (value[i].kind == VALUE_STR)
            db_bind_str(q, at, value[i].bytes);
        else if (value[i].kind == VALUE_BLOB)
            db_bind_blob(q, at, value[i].bytes.ptr, value[i].bytes.len);
    }
    return q;
}

sqlite3_stmt *control_bound(struct store *s, const char *sql, const struct value *value,
                            size_t count, struct err *err)
{
    return values_bound(&s->control, sql, value, count, err);
}

bool control_change_locked(struct store *s, const char *sql, const struct value *value,
                           size_t count, int64_t *ret_id, struct err *err)
{
    sqlite3_stmt *q = control_bound(s, sql, value, count, err);
    if (!q || !db_run(&s->control, q, err))
        return false;
    if (sqlite3_changes(s->control.handle) == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no such row");
    if (ret_id)
        *ret_id = sqlite3_last_insert_rowid(s->control.handle);
    return true;
}

bool control_run_locked(struct store *s, const char *sql, const struct value *value, size_t count,
                        struct err *err)
{
    sqlite3_stmt *q = control_bound(s, sql, value, count, err);
    return q && db_run(&s->control, q, err);
}

bool control_change(struct store *s, const char *sql, const struct value *value, size_t count,
                    int64_t *ret_id, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = control_change_locked(s, sql, value, count, ret_id, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool control_begin(struct store *s, struct err *err)
{
    return db_exec(&s->control, "BEGIN IMMEDIATE", err);
}

bool control_end(struct store *s, bool ok, struct err *err)
{
    struct err ignored = {0};
    if (ok && db_exec(&s->control, "COMMIT", err))
        return true;
    if (!sqlite3_get_autocommit(s->control.handle))
        IGNORE(db_exec(&s->control, "ROLLBACK", &ignored));
    return false;
}

bool control_explain(struct err *err, const char *taken, const char *missing)
{
    if (err->code == ERR_CONFLICT)
        return err_set(err, ERR_CONFLICT, "%s", taken);
    if (err->code == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND, "%s", missing);
    return false;
}

bool control_rows(struct store *s, const char *sql, const struct value *value, size_t values,
                  struct arena *a, size_t size,
                  void (*read_row)(sqlite3_stmt *q, struct arena *a, void *to), void **ret_row,
                  size_t *ret_count, struct err *err)
{
    size_t count = 0, room = 0;
    char *rows = NULL;
    int step = 0;
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = control_bound(s, sql, value, values, err);
    while (q && (step = db_step(&s->control, q, err)) == SQLITE_ROW) {
        if (count == room) {
            room = room ? room * 2 : 8;
            char *more = arena_alloc(a, room, size, alignof(max_align_t));
            if (count)
                memcpy(more, rows, count * size);
            rows = more;
        }
        read_row(q, a, rows + count++ * size);
    }
    if (q)
        (void)sqlite3_reset(q);
    pthread_mutex_unlock(&s->lock);
    *ret_row = rows;
    *ret_count = count;
    return q && step;
}
