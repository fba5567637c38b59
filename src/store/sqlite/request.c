/* Requests that may come again with the same key: found before anything is done, kept with what
 * they did.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/request.h"

#include "base/clock.h"
#include "sql_company.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/task_priv.h"

static const char sql_request_find[] = SQL_REQUEST_FIND, sql_request_keep[] = SQL_REQUEST_KEEP,
                  sql_request_purge[] = SQL_REQUEST_PURGE;

bool request_find(struct db *db, struct arena *a, struct store_request *q, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_request_find, err);
    if (!s)
        return false;
    db_bind_int(s, 1, q->origin);
    db_bind_str(s, 2, q->key);
    db_bind_int(s, 3, q->since_us);
    int step = db_step(db, s, err);
    q->replay = REPLAY_NEW;
    if (step == SQLITE_ROW) {
        q->replay = str_eq(db_column_borrow(s, 0), q->print) ? REPLAY_SAME : REPLAY_OTHER;
        q->made_id = sqlite3_column_int64(s, 1);
        q->answer = db_column_str(s, 2, a);
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

bool request_keep(struct db *db, const struct store_request *q, int64_t made_id, str answer,
                  struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_request_keep, err);
    if (!s)
        return false;
    db_bind_int(s, 1, q->origin);
    db_bind_str(s, 2, q->key);
    db_bind_int(s, 3, clock_now_us());
    db_bind_str(s, 4, q->print);
    db_bind_int(s, 5, made_id);
    db_bind_str(s, 6, answer);
    return db_run(db, s, err);
}

bool store_request_find(struct store_reader *r, struct arena *a, struct store_request *request,
                        struct err *err)
{
    return request_find(&r->db, a, request, err);
}

bool store_request_purge(struct store_company *c, int64_t before_us, struct err *err)
{
    struct db db;
    if (!task_enter(c, &db, err))
        return false;
    sqlite3_stmt *s = db_statement(&db, sql_request_purge, err);
    if (s)
        db_bind_int(s, 1, before_us);
    bool ok = s && db_run(&db, s, err);
    task_exit(c, &db);
    return ok;
}
