/* What is forgotten when its time is over: trails, reports, and at last the tasks themselves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql_audit.h"
#include "sql_company.h"
#include "store/sqlite/task_priv.h"

static const char sql_trail_forget[] = SQL_TRAIL_FORGET, sql_trail_purge[] = SQL_TRAIL_PURGE,
                  sql_gone_purge[] = SQL_GONE_PURGE, sql_purge_samples[] = SQL_PURGE_SAMPLES,
                  sql_purge_errors[] = SQL_PURGE_ERRORS, sql_purge_outcomes[] = SQL_PURGE_OUTCOMES,
                  sql_purge_kept[] = SQL_PURGE_KEPT, sql_purge_previews[] = SQL_PURGE_PREVIEWS,
                  sql_purge_tasks[] = SQL_PURGE_TASKS, sql_purge_deeds[] = SQL_AUDIT_PURGE_TASKS;

enum {
    AT_ONCE = 10000
}; /* rows of one transaction: the writer waits for no longer than it takes */

static bool purge(struct db *db, const char *sql, int64_t before_us, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql, err);
    if (!s)
        return false;
    db_bind_int(s, 1, before_us);
    return db_run(db, s, err);
}

/* The same in pieces: the statement has a limit. */
static bool purge_many(struct db *db, const char *sql, int64_t before_us, struct err *err)
{
    do {
        sqlite3_stmt *s = db_statement(db, sql, err);
        if (!s)
            return false;
        db_bind_int(s, 1, before_us);
        db_bind_int(s, 2, AT_ONCE);
        if (!db_run(db, s, err))
            return false;
    } while (sqlite3_changes(db->handle) == AT_ONCE);
    return true;
}

bool trail_from_load(struct store_company *c, struct db *db, struct err *err)
{
    static const char sql[] = SQL_TRAIL_FROM;
    sqlite3_stmt *s = db_statement(db, sql, err);
    int step = s ? db_step(db, s, err) : 0;
    if (step == SQLITE_ROW)
        c->trail_from = sqlite3_column_int64(s, 0);
    if (s)
        (void)sqlite3_reset(s);
    return step != 0;
}

int64_t store_trail_from(const struct store_company *c)
{
    return c->trail_from;
}

bool store_trail_purge(struct store_company *c, int64_t before_us, struct err *err)
{
    struct db db;
    if (!task_enter(c, &db, err))
        return false;
    // First it is said, then it is done: there is no moment at which an undo misses what it needs.
    bool ok = purge(&db, sql_trail_forget, before_us, err) && trail_from_load(c, &db, err) &&
              purge(&db, sql_gone_purge, before_us, err) &&
              purge_many(&db, sql_trail_purge, before_us, err);
    task_exit(c, &db);
    return ok;
}

bool store_task_purge(struct store_company *c, int64_t files_us, int64_t reports_us,
                      int64_t audit_us, struct err *err)
{
    struct db db;
    if (!task_enter(c, &db, err))
        return false;
    bool ok = purge(&db, sql_purge_samples, files_us, err) &&
              purge_many(&db, sql_purge_errors, reports_us, err) &&
              purge(&db, sql_purge_outcomes, reports_us, err) &&
              purge(&db, sql_purge_kept, reports_us, err) &&
              purge(&db, sql_purge_previews, reports_us, err) &&
              // Together: there is no moment at which what was asked belongs to no task.
              db_exec(&db, "BEGIN IMMEDIATE", err) && purge(&db, sql_purge_tasks, audit_us, err) &&
              db_exec(&db, sql_purge_deeds, err) && db_exec(&db, "COMMIT", err);
    task_exit(c, &db);
    return ok;
}
