/* Import tasks: rows of the company's own database, so that a file's rows and its task's state
 * share a transaction.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "sql_company.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_priv.h"

static const char sql_task_insert[] = SQL_TASK_INSERT, sql_task_update[] = SQL_TASK_UPDATE,
                  sql_task_progress[] = SQL_TASK_PROGRESS, sql_error_insert[] = SQL_ERROR_INSERT,
                  sql_task_list[] = SQL_TASK_LIST,
                  sql_task_list_unfinished[] = SQL_TASK_LIST_UNFINISHED,
                  sql_error_list[] = SQL_ERROR_LIST;

const char *task_state_name(enum task_state state)
{
    static const char *const names[TASK_STATE_COUNT] = {
        [TASK_QUEUED] = "queued",       [TASK_PROCESSING] = "processing",
        [TASK_COMPLETED] = "completed", [TASK_COMPLETED_WITH_ERRORS] = "completed_with_errors",
        [TASK_FAILED] = "failed",
    };
    return names[state];
}

/* --- what a slice did --- */

static bool add_problem(struct db *db, const struct store_batch *batch,
                        const struct store_change *c, bool warning, int64_t seq,
                        const struct problem *p, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_error_insert, err);
    if (!s)
        return false;
    enum consumer_field field = consumer_field_of(p->field);
    str header = !str_is_null(p->key)                    ? p->key
                 : batch->header && field != FIELD_COUNT ? batch->header[field]
                                                         : (str){0};
    db_bind_int(s, 1, batch->task_id);
    db_bind_int(s, 2, warning);
    db_bind_int(s, 3, (int64_t)c->record);
    db_bind_int(s, 4, seq);
    db_bind_int(s, 5, (int64_t)c->line);
    db_bind_str(s, 6, str_of(problem_code_name(p->code)));
    db_bind_str(s, 7, header);
    db_bind_str(s, 8, p->field);
    db_bind_str(s, 9, p->key);
    db_bind_str(s, 10, p->value);
    db_bind_int(s, 11, p->other_id);
    return db_run(db, s, err);
}

static bool add_problems(struct db *db, const struct store_batch *batch,
                         const struct store_change *c, bool warning, struct err *err)
{
    int64_t seq = 0;
    for (const struct problem *p = warning ? c->warnings.first : c->problems.first; p; p = p->next)
        if (!add_problem(db, batch, c, warning, seq++, p, err))
            return false;
    return true;
}

bool task_record(struct db *db, const struct store_batch *batch, const struct store_change *change,
                 size_t count, bool last, struct err *err)
{
    int64_t outcome[OUTCOME_COUNT] = {0}, with_warnings = 0;
    for (size_t i = 0; i < count; i++) {
        outcome[change[i].outcome]++;
        with_warnings += change[i].warnings.count > 0;
        if (!add_problems(db, batch, &change[i], false, err) ||
            !add_problems(db, batch, &change[i], true, err))
            return false;
    }
    sqlite3_stmt *s = db_statement(db, sql_task_progress, err);
    if (!s)
        return false;
    const int64_t value[] = {batch->task_id,
                             (int64_t)count,
                             outcome[OUTCOME_CREATED],
                             outcome[OUTCOME_UPDATED],
                             outcome[OUTCOME_UNCHANGED],
                             outcome[OUTCOME_SKIPPED],
                             outcome[OUTCOME_FAILED],
                             with_warnings,
                             last ? (int64_t)batch->bytes_done : 0,
                             clock_now_us()};
    for (size_t i = 0; i < COUNT(value); i++)
        db_bind_int(s, (int)i + 1, value[i]);
    return db_run(db, s, err);
}

/* --- the task itself: rare writes on the writer's file, by a connection of their own --- */

static bool open_own(struct store_company *c, struct db *db, struct err *err)
{
    return db_open(db, c->path, false, 64 * 1024, err);
}

bool store_task_create(struct store_company *c, struct store_task *task, struct err *err)
{
    struct db db;
    if (!open_own(c, &db, err))
        return false;
    sqlite3_stmt *s = db_statement(&db, sql_task_insert, err);
    bool ok = s != NULL;
    task->created_at_us = task->updated_at_us = clock_now_us();
    if (ok) {
        db_bind_int(s, 1, task->state);
        db_bind_str(s, 2, task->file_name.ptr ? task->file_name : STR(""));
        db_bind_str(s, 3, task->settings.ptr ? task->settings : STR("{}"));
        db_bind_str(s, 4, task->sha256.ptr ? task->sha256 : STR(""));
        db_bind_str(s, 5, task->upload.ptr ? task->upload : STR(""));
        db_bind_int(s, 6, (int64_t)task->bytes);
        db_bind_int(s, 7, task->created_at_us);
        ok = db_run(&db, s, err);
        task->id = sqlite3_last_insert_rowid(db.handle);
    }
    db_close(&db);
    return ok;
}

bool store_task_update(struct store_company *c, const struct store_task *task, struct err *err)
{
    struct db db;
    if (!open_own(c, &db, err))
        return false;
    sqlite3_stmt *s = db_statement(&db, sql_task_update, err);
    bool ok = s != NULL;
    if (ok) {
        db_bind_int(s, 1, task->id);
        db_bind_int(s, 2, task->state);
        db_bind_str(s, 3, task->settings.ptr ? task->settings : STR("{}"));
        db_bind_str(s, 4, task->failure);
        db_bind_int(s, 5, task->attempts);
        db_bind_int(s, 6, task->started_at_us);
        db_bind_int(s, 7, task->finished_at_us);
        db_bind_int(s, 8, clock_now_us());
        ok = db_run(&db, s, err);
        if (ok && sqlite3_changes(db.handle) != 1)
            ok = err_set(err, ERR_NOT_FOUND, "there is no import task %lld", (long long)task->id);
    }
    db_close(&db);
    return ok;
}

/* --- reading --- */

static void read_task(sqlite3_stmt *s, struct arena *a, struct store_task *t)
{
    *t = (struct store_task){
        .id = sqlite3_column_int64(s, 0),
        .state = (enum task_state)sqlite3_column_int(s, 1),
        .file_name = db_column_str(s, 2, a),
        .settings = db_column_str(s, 3, a),
        .sha256 = db_column_str(s, 4, a),
        .upload = db_column_str(s, 5, a),
        .bytes = (uint64_t)sqlite3_column_int64(s, 6),
        .bytes_done = (uint64_t)sqlite3_column_int64(s, 7),
        .counts = {.records = (uint64_t)sqlite3_column_int64(s, 8),
                   .created = (uint64_t)sqlite3_column_int64(s, 9),
                   .updated = (uint64_t)sqlite3_column_int64(s, 10),
                   .unchanged = (uint64_t)sqlite3_column_int64(s, 11),
                   .skipped = (uint64_t)sqlite3_column_int64(s, 12),
                   .failed = (uint64_t)sqlite3_column_int64(s, 13),
                   .with_warnings = (uint64_t)sqlite3_column_int64(s, 14)},
        .created_at_us = sqlite3_column_int64(s, 15),
        .started_at_us = sqlite3_column_int64(s, 16),
        .finished_at_us = sqlite3_column_int64(s, 17),
        .updated_at_us = sqlite3_column_int64(s, 18),
        .failure = db_column_str(s, 19, a),
        .attempts = (uint32_t)sqlite3_column_int64(s, 20),
    };
}

bool store_task_get(struct store_reader *r, struct arena *a, int64_t id,
                    struct store_task *ret_task, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_task_list, err);
    if (!s)
        return false;
    db_bind_int(s, 1, id);
    db_bind_int(s, 2, 1);
    db_bind_int(s, 3, 0);
    int step = db_step(&r->db, s, err);
    if (step == SQLITE_ROW)
        read_task(s, a, ret_task);
    (void)sqlite3_reset(s);
    return step == SQLITE_ROW ||
           (step && err_set(err, ERR_NOT_FOUND, "there is no import task %lld", (long long)id));
}

static int64_t limit_of(size_t limit)
{
    return limit > INT32_MAX ? INT32_MAX : (int64_t)limit;
}

bool store_task_list(struct store_reader *r, struct arena *a, bool unfinished_only, size_t skip,
                     size_t limit, struct store_task **ret_task, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s =
        db_statement(&r->db, unfinished_only ? sql_task_list_unfinished : sql_task_list, err);
    struct store_task *task = NULL;
    size_t count = 0, room = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, unfinished_only ? 1 : 2, limit_of(limit));
    db_bind_int(s, unfinished_only ? 2 : 3, limit_of(skip));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        if (count == room) {
            struct store_task *more = ARENA_NEW(a, struct store_task, room = room ? room * 2 : 16);
            if (count)
                memcpy(more, task, count * sizeof *task);
            task = more;
        }
        read_task(s, a, &task[count++]);
    }
    (void)sqlite3_reset(s);
    *ret_task = task;
    *ret_count = count;
    return step != 0;
}

bool store_task_errors(struct store_reader *r, struct arena *a, int64_t task_id, bool warnings,
                       uint64_t skip, size_t limit, struct store_task_error **ret_error,
                       size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_error_list, err);
    struct store_task_error *error = ARENA_NEW(a, struct store_task_error, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, warnings);
    db_bind_int(s, 3, limit_of(limit));
    db_bind_int(s, 4, (int64_t)MIN(skip, (uint64_t)INT64_MAX));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        error[count++] = (struct store_task_error){.record = (uint64_t)sqlite3_column_int64(s, 0),
                                                   .line = (uint64_t)sqlite3_column_int64(s, 1),
                                                   .column = db_column_str(s, 2, a),
                                                   .field = db_column_str(s, 3, a),
                                                   .key = db_column_str(s, 4, a),
                                                   .value = db_column_str(s, 5, a),
                                                   .code = problem_code_of(db_column_str(s, 6, a)),
                                                   .other_id = sqlite3_column_int64(s, 7)};
    (void)sqlite3_reset(s);
    *ret_error = error;
    *ret_count = count;
    return step != 0;
}
