/* Import tasks: rows of the company's own database, so that a file's rows and its task's state
 * share a transaction.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "sql_company.h"
#include "store/sqlite/apply_priv.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/store_priv.h"

static const char sql_task_insert[] = SQL_TASK_INSERT, sql_task_update[] = SQL_TASK_UPDATE,
                  sql_task_progress[] = SQL_TASK_PROGRESS, sql_error_insert[] = SQL_ERROR_INSERT,
                  sql_task_list[] = SQL_TASK_LIST,
                  sql_task_list_unfinished[] = SQL_TASK_LIST_UNFINISHED,
                  sql_task_list_pending[] = SQL_TASK_LIST_PENDING,
                  sql_task_list_uploading[] = SQL_TASK_LIST_UPLOADING,
                  sql_task_from[] = SQL_TASK_FROM, sql_task_same[] = SQL_TASK_SAME,
                  sql_task_remembered[] = SQL_TASK_REMEMBERED,
                  sql_task_by_request[] = SQL_TASK_BY_REQUEST,
                  sql_task_corrected[] = SQL_TASK_CORRECTED,
                  sql_task_corrections[] = SQL_TASK_CORRECTIONS, sql_error_list[] = SQL_ERROR_LIST,
                  sql_error_list_after[] = SQL_ERROR_LIST_AFTER, sql_error_drop[] = SQL_ERROR_DROP,
                  sql_error_groups[] = SQL_ERROR_GROUPS,
                  sql_error_group_lines[] = SQL_ERROR_GROUP_LINES,
                  sql_undo_progress[] = SQL_UNDO_PROGRESS, sql_undo_made[] = SQL_UNDO_MADE,
                  sql_undo_changed[] = SQL_UNDO_CHANGED, sql_kept_insert[] = SQL_KEPT_INSERT,
                  sql_kept_drop[] = SQL_KEPT_DROP, sql_kept_list[] = SQL_KEPT_LIST;

static const char *const state_names[TASK_STATE_COUNT] = {
    [TASK_UPLOADING] = "uploading",
    [TASK_ANALYSED] = "analysed",
    [TASK_NEEDS_ANSWER] = "needs_answer",
    [TASK_READY] = "ready",
    [TASK_QUEUED] = "queued",
    [TASK_PROCESSING] = "processing",
    [TASK_COMPLETED] = "completed",
    [TASK_COMPLETED_WITH_ERRORS] = "completed_with_errors",
    [TASK_FAILED] = "failed",
    [TASK_CANCELLED] = "cancelled",
    [TASK_REVERTING] = "reverting",
    [TASK_REVERTED] = "reverted",
};

const char *task_state_name(enum task_state state)
{
    return state_names[state];
}

enum task_state task_state_of(str name)
{
    enum task_state state = 0;
    while (state < TASK_STATE_COUNT && !str_eq(name, str_of(state_names[state])))
        state++;
    return state;
}

const char *trial_state_name(enum trial_state state)
{
    static const char *const names[TRIAL_COUNT] = {[TRIAL_NONE] = "none",
                                                   [TRIAL_QUEUED] = "queued",
                                                   [TRIAL_RUNNING] = "running",
                                                   [TRIAL_DONE] = "done",
                                                   [TRIAL_FAILED] = "failed"};
    return names[state];
}

/* --- what a slice did --- */

static bool add_problem(struct db *db, const struct store_batch *batch,
                        const struct store_change *c, enum problem_list which, int64_t seq,
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
    db_bind_int(s, 2, which);
    db_bind_int(s, 3, (int64_t)c->record);
    db_bind_int(s, 4, seq);
    db_bind_int(s, 5, (int64_t)c->line);
    db_bind_str(s, 6, str_of(problem_code_name(p->code)));
    db_bind_str(s, 7, header);
    db_bind_str(s, 8, p->field);
    db_bind_str(s, 9, p->key);
    db_bind_str(s, 10, p->value);
    db_bind_int(s, 11, p->other_id);
    db_bind_int(s, 12, c->failed_id);
    return db_run(db, s, err);
}

static bool add_problems(struct db *db, const struct store_batch *batch,
                         const struct store_change *c, struct err *err)
{
    const struct problems *list[] = {&c->problems, &c->warnings};
    for (size_t i = 0; i < COUNT(list); i++) {
        int64_t seq = 0;
        for (const struct problem *p = list[i]->first; p; p = p->next)
            if (!add_problem(db, batch, c, i ? PROBLEMS_WARN : PROBLEMS_REFUSE, seq++, p, err))
                return false;
    }
    return true;
}

static bool run_numbers(struct db *db, const char *sql, const int64_t *value, size_t count,
                        struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql, err);
    if (!s)
        return false;
    for (size_t i = 0; i < count; i++)
        db_bind_int(s, (int)i + 1, value[i]);
    return db_run(db, s, err);
}

static bool add_kept(struct db *db, int64_t task_id, const struct store_kept *k, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_kept_insert, err);
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, k->consumer_id);
    db_bind_str(s, 3, k->external_id);
    db_bind_int(s, 4, (int64_t)k->record);
    db_bind_str(s, 5, str_of(problem_code_name(k->code)));
    db_bind_str(s, 6, k->field);
    db_bind_str(s, 7, k->key);
    db_bind_str(s, 8, k->undone);
    db_bind_str(s, 9, k->now);
    db_bind_int(s, 10, k->origin);
    db_bind_int(s, 11, k->at_us);
    db_bind_int(s, 12, k->other_id);
    return db_run(db, s, err);
}

void store_undo_count(struct store_undo_counts *n, const struct store_change *c)
{
    bool updated = c->outcome == OUTCOME_UPDATED;
    n->removed += c->outcome == OUTCOME_DELETED;
    n->restored += updated && !c->kept_count;
    n->partly += updated && c->kept_count;
    if (!updated && c->kept_count)
        (c->kept->code == PROBLEM_DELETED_SINCE ? &n->gone : &n->kept)[0]++;
    n->pending += c->pending;
}

/* Waited for another import's undo before, and is said anew now if it still does. */
static bool forget_waiting(struct db *db, int64_t task_id, const struct store_change *c,
                           struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_kept_drop, err);
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, c->consumer_id);
    return db_run(db, s, err);
}

static bool record_undo(struct db *db, const struct store_batch *batch,
                        const struct store_change *change, size_t count, struct err *err)
{
    struct store_undo_counts n = {0};
    for (size_t i = 0; i < count; i++) {
        const struct store_change *c = &change[i];
        if (batch->retry && !forget_waiting(db, batch->task_id, c, err))
            return false;
        store_undo_count(&n, c);
        for (const struct store_kept *k = c->kept; k; k = k->next)
            if (!add_kept(db, batch->task_id, k, err))
                return false;
    }
    const struct store_change *last = &change[count - 1];
    bool made = last->op == STORE_UNDO_MADE;
    // A retry takes off, in the same transaction, those that wait no more: all of them did.
    int64_t pending = (int64_t)n.pending - (batch->retry ? (int64_t)count : 0);
    if (batch->retry)
        n = (struct store_undo_counts){0};
    const int64_t value[] = {batch->task_id,
                             batch->retry ? -1
                             : made       ? UNDO_MADE
                                          : UNDO_CHANGED, // a retry moves no place
                             (made ? last->consumer_id : last->trail_id) - 1,
                             (int64_t)n.removed,
                             (int64_t)n.restored,
                             (int64_t)n.partly,
                             (int64_t)n.kept,
                             (int64_t)n.gone,
                             pending,
                             clock_now_us()};
    return run_numbers(db, sql_undo_progress, value, COUNT(value), err);
}

bool task_record(struct db *db, const struct store_batch *batch, const struct store_change *change,
                 size_t count, bool last, const struct apply_meta *before,
                 const struct apply_meta *after, struct err *err)
{
    if (batch->undo)
        return !count || record_undo(db, batch, change, count, err);
    int64_t outcome[OUTCOME_COUNT] = {0}, with_warnings = 0;
    for (size_t i = 0; i < count; i++) {
        outcome[change[i].outcome]++;
        with_warnings += change[i].warnings.count > 0;
        if (!add_problems(db, batch, &change[i], err))
            return false;
    }
    const int64_t value[] = {batch->task_id,
                             (int64_t)count,
                             outcome[OUTCOME_CREATED],
                             outcome[OUTCOME_UPDATED],
                             outcome[OUTCOME_UNCHANGED],
                             outcome[OUTCOME_SKIPPED],
                             outcome[OUTCOME_FAILED],
                             with_warnings,
                             last ? (int64_t)batch->bytes_done : 0,
                             clock_now_us(),
                             before->last_id + 1,
                             after->last_id,
                             before->last_trail + 1,
                             after->last_trail};
    return run_numbers(db, sql_task_progress, value, COUNT(value), err);
}

/* --- the task itself: rare writes on the writer's file, by a connection of their own --- */

static bool open_own(struct store_company *c, struct db *db, struct err *err)
{
    return db_open(db, c->path, false, 64 * 1024, err);
}

/* While somebody is in, the writer does not begin another slice of a file: SQLite's lock is not
 * fair, and a cancel must not wait for the whole import. */
static bool enter(struct store_company *c, struct db *db, struct err *err)
{
    c->visitors++;
    if (open_own(c, db, err))
        return true;
    c->visitors--;
    return false;
}

static void leave(struct store_company *c, struct db *db)
{
    db_close(db);
    c->visitors--;
}

bool store_task_create(struct store_company *c, struct store_task *task, struct err *err)
{
    struct db db;
    if (!enter(c, &db, err))
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
        db_bind_int(s, 8, task->origin);
        db_bind_int(s, 9, task->manual);
        db_bind_int(s, 10, task->parent);
        db_bind_int(s, 11, task->same_as);
        db_bind_int(s, 12, task->wanted);
        db_bind_str(s, 13, task->source.ptr ? task->source : STR(""));
        db_bind_str(s, 14, task->request_key);
        db_bind_str(s, 15, task->request_print);
        ok = db_run(&db, s, err);
        task->id = sqlite3_last_insert_rowid(db.handle);
    }
    leave(c, &db);
    return ok;
}

bool store_task_update(struct store_company *c, const struct store_task *task, struct err *err)
{
    struct db db;
    if (!enter(c, &db, err))
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
        db_bind_int(s, 9, task->manual);
        db_bind_int(s, 10, task->parent);
        db_bind_int(s, 11, task->wanted);
        db_bind_str(s, 12, task->analysis);
        db_bind_str(s, 13, task->header.ptr ? task->header : STR(""));
        db_bind_int(s, 14, task->trial);
        db_bind_int(s, 15, (int64_t)task->trial_records);
        db_bind_int(s, 16, (int64_t)task->trial_bytes);
        db_bind_str(s, 17, task->trial_result);
        db_bind_str(s, 18, task->expected);
        db_bind_str(s, 19, task->undo_preview);
        db_bind_int(s, 20, task->same_as);
        db_bind_str(s, 21, task->upload.ptr ? task->upload : STR(""));
        db_bind_str(s, 22, task->sha256.ptr ? task->sha256 : STR(""));
        db_bind_int(s, 23, (int64_t)task->bytes);
        db_bind_int(s, 24, (int64_t)task->died_reading);
        db_bind_int(s, 25, (int64_t)task->died_applying);
        db_bind_int(s, 26, task->deaths);
        ok = db_run(&db, s, err);
        if (ok && sqlite3_changes(db.handle) != 1)
            ok = err_set(err, ERR_NOT_FOUND, "there is no import task %lld", (long long)task->id);
    }
    leave(c, &db);
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
        .origin = sqlite3_column_int64(s, 21),
        .manual = sqlite3_column_int(s, 22),
        .parent = sqlite3_column_int64(s, 23),
        .same_as = sqlite3_column_int64(s, 24),
        .wanted = (unsigned)sqlite3_column_int(s, 25),
        .analysis = db_column_str(s, 26, a),
        .header = db_column_str(s, 27, a),
        .trial = (enum trial_state)sqlite3_column_int(s, 28),
        .trial_records = (uint64_t)sqlite3_column_int64(s, 29),
        .trial_bytes = (uint64_t)sqlite3_column_int64(s, 30),
        .trial_result = db_column_str(s, 31, a),
        .expected = db_column_str(s, 32, a),
        .first_id = sqlite3_column_int64(s, 33),
        .last_id = sqlite3_column_int64(s, 34),
        .first_trail = sqlite3_column_int64(s, 35),
        .last_trail = sqlite3_column_int64(s, 36),
        .undo_pass = sqlite3_column_int(s, 37),
        .undo_position = sqlite3_column_int64(s, 38),
        .undo = {.removed = (uint64_t)sqlite3_column_int64(s, 39),
                 .restored = (uint64_t)sqlite3_column_int64(s, 40),
                 .partly = (uint64_t)sqlite3_column_int64(s, 41),
                 .kept = (uint64_t)sqlite3_column_int64(s, 42),
                 .gone = (uint64_t)sqlite3_column_int64(s, 43),
                 .pending = (uint64_t)sqlite3_column_int64(s, 44)},
        .undo_preview = db_column_str(s, 45, a),
        .source = db_column_str(s, 46, a),
        .died_reading = (uint64_t)sqlite3_column_int64(s, 47),
        .died_applying = (uint64_t)sqlite3_column_int64(s, 48),
        .deaths = (uint32_t)sqlite3_column_int64(s, 49),
    };
}

static sqlite3_stmt *bind_list(struct store_reader *r, int64_t from_id, int64_t to_id,
                               unsigned states, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_task_list, err);
    if (!s)
        return NULL;
    db_bind_int(s, 1, from_id);
    db_bind_int(s, 2, to_id);
    db_bind_int(s, 3, states);
    return s;
}

bool store_task_get(struct store_reader *r, struct arena *a, int64_t id,
                    struct store_task *ret_task, struct err *err)
{
    sqlite3_stmt *s = bind_list(r, id, id, TASKS_ALL, err);
    if (!s)
        return false;
    db_bind_int(s, 4, 1);
    db_bind_int(s, 5, 0);
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

/* All rows of a statement that is bound. */
static bool read_tasks(struct store_reader *r, sqlite3_stmt *s, struct arena *a,
                       struct store_task **ret_task, size_t *ret_count, struct err *err)
{
    struct store_task *task = NULL;
    size_t count = 0, room = 0;
    int step;
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

bool store_task_list(struct store_reader *r, struct arena *a, enum task_filter filter, size_t skip,
                     size_t limit, struct store_task **ret_task, size_t *ret_count, struct err *err)
{
    static const char *const sql[] = {[TASKS_UNFINISHED] = sql_task_list_unfinished,
                                      [TASKS_UNDO_PENDING] = sql_task_list_pending,
                                      [TASKS_UPLOADING] = sql_task_list_uploading};
    sqlite3_stmt *s = db_statement(&r->db, sql[filter], err);
    if (!s)
        return false;
    db_bind_int(s, 1, limit_of(limit));
    db_bind_int(s, 2, limit_of(skip));
    return read_tasks(r, s, a, ret_task, ret_count, err);
}

bool store_task_history(struct store_reader *r, struct arena *a, unsigned states, uint64_t skip,
                        size_t limit, struct store_task **ret_task, size_t *ret_count,
                        struct err *err)
{
    sqlite3_stmt *s = bind_list(r, 0, INT64_MAX, states, err);
    if (!s)
        return false;
    db_bind_int(s, 4, limit_of(limit));
    db_bind_int(s, 5, (int64_t)MIN(skip, (uint64_t)INT64_MAX));
    return read_tasks(r, s, a, ret_task, ret_count, err);
}

bool store_task_by_request(struct store_reader *r, struct arena *a, str key, int64_t since_us,
                           int64_t *ret_id, str *ret_print, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_task_by_request, err);
    if (!s)
        return false;
    db_bind_str(s, 1, key);
    db_bind_int(s, 2, since_us);
    int step = db_step(&r->db, s, err);
    *ret_id = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    *ret_print = step == SQLITE_ROW ? db_column_str(s, 1, a) : (str){0};
    (void)sqlite3_reset(s);
    return step != 0;
}

static struct store_task_error read_error(sqlite3_stmt *s, struct arena *a)
{
    return (struct store_task_error){.record = (uint64_t)sqlite3_column_int64(s, 0),
                                     .line = (uint64_t)sqlite3_column_int64(s, 1),
                                     .column = db_column_str(s, 2, a),
                                     .field = db_column_str(s, 3, a),
                                     .key = db_column_str(s, 4, a),
                                     .value = db_column_str(s, 5, a),
                                     .code = problem_code_of(db_column_str(s, 6, a)),
                                     .other_id = sqlite3_column_int64(s, 7),
                                     .other_line = (uint64_t)sqlite3_column_int64(s, 8),
                                     .seq = (uint64_t)sqlite3_column_int64(s, 9)};
}

bool store_task_errors_after(struct store_reader *r, struct arena *a, int64_t task_id,
                             enum problem_list which, uint64_t after, size_t limit,
                             struct store_task_error **ret_error, size_t *ret_count,
                             struct err *err)
{
    enum { OF_ONE_RECORD = LIMIT_COLUMNS + LIMIT_ATTRIBUTES }; // never more problems than that
    sqlite3_stmt *s = db_statement(&r->db, sql_error_list_after, err);
    size_t room = limit + OF_ONE_RECORD, count = 0;
    struct store_task_error *error = ARENA_NEW(a, struct store_task_error, room);
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, which);
    db_bind_int(s, 3, (int64_t)after);
    db_bind_int(s, 4, (int64_t)room);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        if (count >= limit && error[count - 1].record != (uint64_t)sqlite3_column_int64(s, 0))
            break;
        error[count++] = read_error(s, a);
    }
    (void)sqlite3_reset(s);
    *ret_error = error;
    *ret_count = count;
    return step != 0;
}

bool store_task_errors(struct store_reader *r, struct arena *a, int64_t task_id,
                       enum problem_list which, const struct store_errors_from *from, size_t limit,
                       struct store_task_error **ret_error, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_error_list, err);
    struct store_task_error *error = ARENA_NEW(a, struct store_task_error, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, which);
    db_bind_int(s, 3, limit_of(limit));
    db_bind_int(s, 4, (int64_t)MIN(from->skip, (uint64_t)INT64_MAX));
    db_bind_int(s, 5, (int64_t)MIN(from->record, (uint64_t)INT64_MAX));
    db_bind_int(s, 6, (int64_t)MIN(from->seq, (uint64_t)INT64_MAX));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        error[count++] = read_error(s, a);
    (void)sqlite3_reset(s);
    *ret_error = error;
    *ret_count = count;
    return step != 0;
}

/* One number of the tasks. */
static bool get_number(struct store_reader *r, const char *sql, str text, int64_t number,
                       int64_t *ret, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql, err);
    if (!s)
        return false;
    if (!str_is_null(text))
        db_bind_str(s, 1, text);
    db_bind_int(s, str_is_null(text) ? 1 : 2, number);
    int step = db_step(&r->db, s, err);
    *ret = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    (void)sqlite3_reset(s);
    return step != 0;
}

bool store_task_same(struct store_reader *r, str sha256, int64_t besides, int64_t *ret_id,
                     struct err *err)
{
    return get_number(r, sql_task_same, sha256, besides, ret_id, err);
}

bool store_task_remembered(struct store_reader *r, str header, int64_t before, int64_t *ret_id,
                           struct err *err)
{
    return get_number(r, sql_task_remembered, header, before, ret_id, err);
}

bool store_task_corrected(struct store_reader *r, int64_t parent, int64_t *ret_count,
                          struct err *err)
{
    return get_number(r, sql_task_corrected, (str){0}, parent, ret_count, err);
}

bool store_task_from(struct store_reader *r, str source, int64_t *ret_id, struct err *err)
{
    return get_number(r, sql_task_from, source, 0, ret_id, err);
}

bool store_task_corrections(struct store_reader *r, struct arena *a, int64_t parent,
                            int64_t **ret_id, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_task_corrections, err);
    int64_t *id = NULL;
    size_t count = 0, room = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, parent);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        if (count == room) {
            int64_t *more = ARENA_NEW(a, int64_t, room = room ? room * 2 : 8);
            if (count)
                memcpy(more, id, count * sizeof *id);
            id = more;
        }
        id[count++] = sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_reset(s);
    *ret_id = id;
    *ret_count = count;
    return step != 0;
}

/* --- undo --- */

static bool read_undo(sqlite3_stmt *s, struct arena *a, bool made, struct store_change *c,
                      struct err *err)
{
    *c = (struct store_change){.op = made ? STORE_UNDO_MADE : STORE_UNDO_CHANGED};
    if (made) {
        c->consumer_id = sqlite3_column_int64(s, 0);
        c->record = (uint64_t)sqlite3_column_int64(s, 1);
        return true;
    }
    c->trail_id = sqlite3_column_int64(s, 0);
    c->consumer_id = sqlite3_column_int64(s, 1);
    c->record = (uint64_t)sqlite3_column_int64(s, 2);
    c->made = sqlite3_column_int(s, 3) == TRAIL_MADE;
    c->trail_prev = sqlite3_column_int64(s, 5);
    if (!consumer_former_parse(a, db_column_borrow(s, 4), &c->former, &c->formers))
        return err_set(err, ERR_INTERNAL, "the trail's row %lld is damaged",
                       (long long)c->trail_id);
    consumer_former_patch(a, c->former, c->formers, &c->patch); // its keys are looked up
    return true;
}

static bool list_pass(struct store_reader *r, struct arena *a, const struct store_task *task,
                      struct store_undo_place *place, size_t limit,
                      struct store_change **ret_change, size_t *ret_count, struct err *err)
{
    bool made = place->pass == UNDO_MADE;
    sqlite3_stmt *s = db_statement(&r->db, made ? sql_undo_made : sql_undo_changed, err);
    struct store_change *change = NULL;
    size_t count = 0, room = 0, texts = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, made ? task->first_id : task->first_trail);
    db_bind_int(s, 2, MIN(place->position, made ? task->last_id : task->last_trail));
    db_bind_int(s, 3, origin_of(ORIGIN_IMPORT, task->id));
    db_bind_int(s, 4, (int64_t)limit);
    if (!made)
        db_bind_int(s, 5, place->pass == UNDO_WAITING);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && texts < LIMIT_BATCH_BYTES / 2) {
        size_t used = a->used;
        if (count == room) {
            // A few, or as many as there may be: what was outgrown stays in the arena.
            room = room ? limit : MIN(limit, (size_t)64);
            struct store_change *more = ARENA_NEW(a, struct store_change, room);
            if (count)
                memcpy(more, change, count * sizeof *more);
            change = more;
            used = a->used;
        }
        place->position = sqlite3_column_int64(s, 0) - 1;
        if (!read_undo(s, a, made, &change[count], err))
            step = 0;
        change[count++].trail_first = task->first_trail;
        texts += a->used - used;
        if (!step)
            break;
    }
    (void)sqlite3_reset(s);
    *ret_change = change;
    *ret_count = count;
    return step != 0;
}

bool store_undo_list(struct store_reader *r, struct arena *a, const struct store_task *task,
                     struct store_undo_place *place, size_t limit, struct store_change **ret_change,
                     size_t *ret_count, struct err *err)
{
    for (*ret_count = 0; place->pass != UNDO_OVER && place->pass != UNDO_WAITED;
         *place = (struct store_undo_place){place->pass + 1, INT64_MAX}) {
        if (!list_pass(r, a, task, place, limit, ret_change, ret_count, err))
            return false;
        if (*ret_count)
            return true;
    }
    return true;
}

bool store_undo_kept(struct store_reader *r, struct arena *a, int64_t task_id, uint64_t skip,
                     size_t limit, struct store_kept **ret_kept, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_kept_list, err);
    struct store_kept *kept = ARENA_NEW(a, struct store_kept, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, limit_of(limit));
    db_bind_int(s, 3, (int64_t)MIN(skip, (uint64_t)INT64_MAX));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        kept[count++] = (struct store_kept){.consumer_id = sqlite3_column_int64(s, 1),
                                            .external_id = db_column_str(s, 2, a),
                                            .record = (uint64_t)sqlite3_column_int64(s, 3),
                                            .code = problem_code_of(db_column_str(s, 4, a)),
                                            .field = db_column_str(s, 5, a),
                                            .key = db_column_str(s, 6, a),
                                            .undone = db_column_str(s, 7, a),
                                            .now = db_column_str(s, 8, a),
                                            .origin = sqlite3_column_int64(s, 9),
                                            .at_us = sqlite3_column_int64(s, 10),
                                            .other_id = sqlite3_column_int64(s, 11)};
    (void)sqlite3_reset(s);
    *ret_kept = kept;
    *ret_count = count;
    return step != 0;
}

/* --- the groups of a report --- */

/* The next problem of a group, in the order of records. */
static void add_to_ranges(struct store_error_group *g, uint64_t *last_record, uint64_t record,
                          uint64_t line)
{
    struct store_line_range *last = g->ranges ? &g->range[g->ranges - 1] : NULL;
    if (!g->more && last && record <= *last_record + 1)
        last->to = line;
    else if (g->ranges < STORE_GROUP_RANGES)
        g->range[g->ranges++] = (struct store_line_range){line, line};
    else
        g->more++;
    *last_record = record;
}

static bool is_of(const struct store_error_group *g, sqlite3_stmt *s)
{
    return str_eq(db_column_borrow(s, 0), str_of(problem_code_name(g->code))) &&
           str_eq(db_column_borrow(s, 1), g->field) && str_eq(db_column_borrow(s, 2), g->key);
}

static bool read_ranges(struct store_reader *r, struct arena *a, int64_t task_id,
                        enum problem_list which, struct store_error_group *group, size_t count,
                        struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_error_group_lines, err);
    uint64_t *last_record = ARENA_NEW(a, uint64_t, count);
    size_t g = 0;
    int step;
    if (!s)
        return false;
    for (size_t i = 0; i < count; i++)
        group[i].range = ARENA_NEW(a, struct store_line_range, STORE_GROUP_RANGES);
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, which);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        size_t tried = 0;
        for (; tried < count && !is_of(&group[g], s); tried++)
            g = (g + 1) % count; // most often it is the one of the problem before
        if (tried < count)
            add_to_ranges(&group[g], &last_record[g], (uint64_t)sqlite3_column_int64(s, 3),
                          (uint64_t)sqlite3_column_int64(s, 4));
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

bool store_task_error_groups(struct store_reader *r, struct arena *a, int64_t task_id,
                             enum problem_list which, size_t limit,
                             struct store_error_group **ret_group, size_t *ret_count,
                             struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_error_groups, err);
    struct store_error_group *group = ARENA_NEW(a, struct store_error_group, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, which);
    db_bind_int(s, 3, limit_of(limit));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        group[count++] =
            (struct store_error_group){.code = problem_code_of(db_column_str(s, 0, a)),
                                       .column = db_column_str(s, 1, a),
                                       .field = db_column_str(s, 2, a),
                                       .key = db_column_str(s, 3, a),
                                       .count = (uint64_t)sqlite3_column_int64(s, 4),
                                       .first_line = (uint64_t)sqlite3_column_int64(s, 5),
                                       .last_line = (uint64_t)sqlite3_column_int64(s, 6)};
    (void)sqlite3_reset(s);
    if (step && count && !read_ranges(r, a, task_id, which, group, count, err))
        return false;
    *ret_group = group;
    *ret_count = count;
    return step != 0;
}

/* --- the problems of a dry run --- */

struct store_problem_log {
    struct db db;
    struct store_batch batch; /* what add_problem() wants to know */
};

bool store_problem_log_open(struct store_company *c, int64_t task_id, const str *header,
                            struct store_problem_log **ret_log, struct err *err)
{
    struct store_problem_log *log = mem_new(1, sizeof *log);
    const int64_t kinds[][2] = {{task_id, PROBLEMS_TRIAL_REFUSE}, {task_id, PROBLEMS_TRIAL_WARN}};
    log->batch = (struct store_batch){.task_id = task_id, .header = header};
    if (!open_own(c, &log->db, err) || !run_numbers(&log->db, sql_error_drop, kinds[0], 2, err) ||
        !run_numbers(&log->db, sql_error_drop, kinds[1], 2, err)) {
        store_problem_log_free(log);
        return false;
    }
    *ret_log = log;
    return true;
}

bool store_problem_log_add(struct store_problem_log *log, const struct store_change *const *change,
                           size_t count, struct err *err)
{
    bool ok = db_exec(&log->db, "BEGIN IMMEDIATE", err);
    for (size_t i = 0; ok && i < count; i++) {
        const struct problems *list[] = {&change[i]->problems, &change[i]->warnings};
        for (size_t k = 0; ok && k < COUNT(list); k++) {
            int64_t seq = 0;
            for (const struct problem *p = list[k]->first; ok && p; p = p->next)
                ok = add_problem(&log->db, &log->batch, change[i],
                                 k ? PROBLEMS_TRIAL_WARN : PROBLEMS_TRIAL_REFUSE, seq++, p, err);
        }
    }
    return ok && db_exec(&log->db, "COMMIT", err);
}

void store_problem_log_free(struct store_problem_log *log)
{
    if (!log)
        return;
    db_close(&log->db);
    mem_free(log);
}
