/* Tasks that make files of customers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/export_task.h"

#include "base/clock.h"
#include "sql_company.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/request.h"
#include "store/sqlite/store_priv.h"
#include "store/sqlite/task_priv.h"

static const char sql_insert[] = SQL_EXPORT_INSERT, sql_update[] = SQL_EXPORT_UPDATE,
                  sql_delete[] = SQL_EXPORT_DELETE, sql_list[] = SQL_EXPORT_LIST,
                  sql_purge[] = SQL_EXPORT_PURGE;

const char *export_state_name(enum export_state state)
{
    static const char *const names[] = {[EXPORT_WAITING] = "waiting",
                                        [EXPORT_PROCESSING] = "processing",
                                        [EXPORT_COMPLETED] = "completed",
                                        [EXPORT_REJECTED] = "rejected"};
    return names[state];
}

/* --- writing, as of other tasks: rare, by a connection of its own --- */

/* Opens db and says its statement; NULL: err says why, and db is closed. */
static sqlite3_stmt *open_for(struct store_company *c, struct db *db, const char *sql,
                              struct err *err)
{
    if (!task_enter(c, db, err))
        return NULL;
    sqlite3_stmt *s = db_statement(db, sql, err);
    if (!s)
        task_exit(c, db);
    return s;
}

bool store_export_create(struct store_company *c, struct store_export *task, struct err *err)
{
    struct db db;
    sqlite3_stmt *s = open_for(c, &db, sql_insert, err);
    if (!s)
        return false;
    bool ok = db_exec(&db, "BEGIN IMMEDIATE", err);
    task->created_at_us = clock_now_us();
    db_bind_int(s, 1, task->state);
    db_bind_str(s, 2, task->format);
    db_bind_str(s, 3, task->options);
    db_bind_str(s, 4, task->program);
    db_bind_str(s, 5, task->file);
    db_bind_int(s, 6, task->origin);
    db_bind_int(s, 7, task->created_at_us);
    ok = ok && db_run(&db, s, err);
    task->id = sqlite3_last_insert_rowid(db.handle);
    const struct asker by = {task->origin, task->address};
    ok = ok && audit_add_number(&db, &by, "export.created", "export_tasks", task->id, err) &&
         (!task->request || request_keep(&db, task->request, task->id, (str){0}, err)) &&
         db_exec(&db, "COMMIT", err);
    task_exit(c, &db); // which rolls back what was not committed
    return ok;
}

/* Runs a change of one task. */
static bool run_one(struct db *db, sqlite3_stmt *s, int64_t id, struct err *err)
{
    return db_run(db, s, err) &&
           (sqlite3_changes(db->handle) == 1 ||
            err_set(err, ERR_NOT_FOUND, "there is no export task %lld", (long long)id));
}

bool store_export_update(struct store_company *c, const struct store_export *task, struct err *err)
{
    struct db db;
    sqlite3_stmt *s = open_for(c, &db, sql_update, err);
    if (!s)
        return false;
    db_bind_int(s, 1, task->id);
    db_bind_int(s, 2, task->state);
    db_bind_str(s, 3, task->file);
    db_bind_int(s, 4, (int64_t)task->bytes);
    db_bind_int(s, 5, (int64_t)task->records);
    db_bind_int(s, 6, (int64_t)task->total);
    db_bind_int(s, 7, task->attempts);
    db_bind_int(s, 8, task->started_at_us);
    db_bind_int(s, 9, task->finished_at_us);
    db_bind_str(s, 10, task->code);
    db_bind_str(s, 11, task->detail);
    bool ok = run_one(&db, s, task->id, err);
    task_exit(c, &db);
    return ok;
}

bool store_export_delete(struct store_company *c, int64_t id, const struct asker *by,
                         struct err *err)
{
    struct db db;
    sqlite3_stmt *s = open_for(c, &db, sql_delete, err);
    if (!s)
        return false;
    db_bind_int(s, 1, id);
    bool ok = db_exec(&db, "BEGIN IMMEDIATE", err) && run_one(&db, s, id, err) &&
              audit_add_number(&db, by, "export.deleted", "export_tasks", id, err) &&
              db_exec(&db, "COMMIT", err);
    task_exit(c, &db); // which rolls back what was not committed
    return ok;
}

bool store_export_purge(struct store_company *c, int64_t before_us, struct err *err)
{
    struct db db;
    sqlite3_stmt *s = open_for(c, &db, sql_purge, err);
    if (!s)
        return false;
    db_bind_int(s, 1, before_us);
    bool ok = db_run(&db, s, err);
    task_exit(c, &db);
    return ok;
}

/* --- reading --- */

static void read_one(sqlite3_stmt *s, struct arena *a, struct store_export *t)
{
    *t = (struct store_export){
        .id = sqlite3_column_int64(s, 0),
        .state = (enum export_state)sqlite3_column_int(s, 1),
        .format = db_column_str(s, 2, a),
        .options = db_column_str(s, 3, a),
        .program = db_column_str(s, 4, a),
        .file = db_column_str(s, 5, a),
        .bytes = (uint64_t)sqlite3_column_int64(s, 6),
        .records = (uint64_t)sqlite3_column_int64(s, 7),
        .total = (uint64_t)sqlite3_column_int64(s, 8),
        .attempts = (uint32_t)sqlite3_column_int64(s, 9),
        .origin = sqlite3_column_int64(s, 10),
        .created_at_us = sqlite3_column_int64(s, 11),
        .started_at_us = sqlite3_column_int64(s, 12),
        .finished_at_us = sqlite3_column_int64(s, 13),
        .code = db_column_str(s, 14, a),
        .detail = db_column_str(s, 15, a),
    };
}

static bool list(struct store_reader *r, struct arena *a, int64_t from_id, int64_t to_id,
                 unsigned states, uint64_t skip, size_t limit, struct store_export **ret_task,
                 size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_list, err);
    struct store_export *task = NULL;
    size_t count = 0, room = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, from_id);
    db_bind_int(s, 2, to_id);
    db_bind_int(s, 3, states);
    db_bind_int(s, 4, (int64_t)MIN((uint64_t)limit, (uint64_t)INT64_MAX));
    db_bind_int(s, 5, (int64_t)MIN(skip, (uint64_t)INT64_MAX));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        if (count == room) {
            struct store_export *more =
                ARENA_NEW(a, struct store_export, room = room ? room * 2 : 16);
            if (count)
                memcpy(more, task, count * sizeof *task);
            task = more;
        }
        read_one(s, a, &task[count++]);
    }
    (void)sqlite3_reset(s);
    *ret_task = task;
    *ret_count = count;
    return step != 0;
}

bool store_export_get(struct store_reader *r, struct arena *a, int64_t id,
                      struct store_export *ret_task, struct err *err)
{
    struct store_export *task;
    size_t count;
    if (!list(r, a, id, id, EXPORTS_ALL, 0, 1, &task, &count, err))
        return false;
    if (!count)
        return err_set(err, ERR_NOT_FOUND, "there is no export task %lld", (long long)id);
    *ret_task = *task;
    return true;
}

bool store_export_list(struct store_reader *r, struct arena *a, unsigned states, uint64_t skip,
                       size_t limit, struct store_export **ret_task, size_t *ret_count,
                       struct err *err)
{
    return list(r, a, 0, INT64_MAX, states, skip, limit, ret_task, ret_count, err);
}
