/* Import tasks: rows of the company's own database, so that a file's rows and its task's state
 * share a transaction.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/unicode.h"
#include "sql_company.h"
#include "store/sqlite/apply_priv.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/request.h"
#include "store/sqlite/store_priv.h"
#include "store/sqlite/task_priv.h"

static const char sql_task_insert[] = SQL_TASK_INSERT, sql_task_update[] = SQL_TASK_UPDATE,
                  sql_task_progress[] = SQL_TASK_PROGRESS, sql_task_list[] = SQL_TASK_LIST,
                  sql_task_list_unfinished[] = SQL_TASK_LIST_UNFINISHED,
                  sql_task_list_pending[] = SQL_TASK_LIST_PENDING,
                  sql_task_list_uploading[] = SQL_TASK_LIST_UPLOADING,
                  sql_task_list_files[] = SQL_TASK_LIST_FILES, sql_task_from[] = SQL_TASK_FROM,
                  sql_task_same[] = SQL_TASK_SAME, sql_task_remembered[] = SQL_TASK_REMEMBERED,
                  sql_task_corrected[] = SQL_TASK_CORRECTED,
                  sql_task_corrections[] = SQL_TASK_CORRECTIONS,
                  sql_undo_progress[] = SQL_UNDO_PROGRESS, sql_kept_insert[] = SQL_KEPT_INSERT,
                  sql_kept_drop[] = SQL_KEPT_DROP;

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

bool task_run_numbers(struct db *db, const char *sql, const int64_t *value, size_t count,
                      struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql, err);
    if (!s)
        return false;
    for (size_t i = 0; i < count; i++)
        db_bind_int(s, (int)i + 1, value[i]);
    return db_run(db, s, err);
}

int64_t db_limit(size_t limit)
{
    return limit > INT32_MAX ? INT32_MAX : (int64_t)limit;
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
    return task_run_numbers(db, sql_undo_progress, value, COUNT(value), err);
}

bool task_record(struct db *db, const struct store_batch *batch, const struct store_change *change,
                 size_t count, bool last, const struct apply_meta *before,
                 const struct apply_meta *after, struct err *err)
{
    if (batch->undo)
        return !count || record_undo(db, batch, change, count, err);
    if (batch->judge && !batch->judge(batch->judge_context, change, count, err))
        return false;
    int64_t outcome[OUTCOME_COUNT] = {0}, with_warnings = 0;
    for (size_t i = 0; i < count; i++) {
        outcome[change[i].outcome]++;
        with_warnings += change[i].warnings.count > 0;
        if (!task_add_problems(db, batch, &change[i], PROBLEMS_REFUSE, PROBLEMS_WARN, err))
            return false;
    }
    if (!task_add_outcomes(db, batch->task_id, change, count, err))
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
                             clock_now_us(),
                             before->last_id + 1,
                             after->last_id,
                             before->last_trail + 1,
                             after->last_trail};
    return task_run_numbers(db, sql_task_progress, value, COUNT(value), err);
}

/* --- the task itself: rare writes on the writer's file, by a connection of their own --- */

bool task_db_open(struct store_company *c, struct db *db, struct err *err)
{
    return db_open(db, c->path, false, 64 * 1024, err);
}

/* SQLite's lock is not fair, and a cancel must not wait for the whole import. */
bool task_enter(struct store_company *c, struct db *db, struct err *err)
{
    writer_enter(c);
    if (task_db_open(c, db, err))
        return true;
    writer_leave(c);
    return false;
}

void task_exit(struct store_company *c, struct db *db)
{
    db_close(db);
    writer_leave(c);
}

bool store_task_create(struct store_company *c, struct store_task *task,
                       const struct store_deed *deed, struct err *err)
{
    struct db db;
    if (!task_enter(c, &db, err))
        return false;
    bool ok = db_exec(&db, "BEGIN IMMEDIATE", err);
    sqlite3_stmt *s = ok ? db_statement(&db, sql_task_insert, err) : NULL;
    task->created_at_us = task->updated_at_us = clock_now_us();
    ok = s != NULL;
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
        ok = db_run(&db, s, err);
        task->id = sqlite3_last_insert_rowid(db.handle);
    }
    ok = ok && task_add_deed(&db, task->id, deed, task->created_at_us, err) &&
         (!task->request || request_keep(&db, task->request, task->id, (str){0}, err)) &&
         db_exec(&db, "COMMIT", err);
    task_exit(c, &db); // which rolls back what was not committed
    return ok;
}

bool store_task_update(struct store_company *c, const struct store_task *task,
                       const struct store_deed *deed, struct err *err)
{
    struct db db;
    const int64_t now_us = clock_now_us();
    if (!task_enter(c, &db, err))
        return false;
    bool told = false, ok = db_exec(&db, "BEGIN IMMEDIATE", err);
    sqlite3_stmt *s = ok ? db_statement(&db, sql_task_update, err) : NULL;
    ok = s != NULL;
    if (ok) {
        db_bind_int(s, 1, task->id);
        db_bind_int(s, 2, task->state);
        db_bind_str(s, 3, task->settings.ptr ? task->settings : STR("{}"));
        db_bind_str(s, 4, task->failure);
        db_bind_int(s, 5, task->attempts);
        db_bind_int(s, 6, task->started_at_us);
        db_bind_int(s, 7, task->finished_at_us);
        db_bind_int(s, 8, now_us);
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
    ok = ok && (!deed || task_add_deed(&db, task->id, deed, now_us, err)) &&
         event_add_task(&db, c->events, task, &told, err) && db_exec(&db, "COMMIT", err);
    task_exit(c, &db);
    if (ok && told)
        events_announce(c->store);
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
                               const struct store_history *which, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_task_list, err);
    if (!s)
        return NULL;
    db_bind_int(s, 1, from_id);
    db_bind_int(s, 2, to_id);
    db_bind_int(s, 3, which->states);
    db_bind_int(s, 4, which->origin);
    db_bind_int(s, 5, which->from_us);
    db_bind_int(s, 6, which->before_us ? which->before_us : INT64_MAX);
    return s;
}

bool store_task_get(struct store_reader *r, struct arena *a, int64_t id,
                    struct store_task *ret_task, struct err *err)
{
    sqlite3_stmt *s = bind_list(r, id, id, &(struct store_history){.states = TASKS_ALL}, err);
    if (!s)
        return false;
    int step = db_step(&r->db, s, err);
    if (step == SQLITE_ROW)
        read_task(s, a, ret_task);
    (void)sqlite3_reset(s);
    return step == SQLITE_ROW ||
           (step && err_set(err, ERR_NOT_FOUND, "there is no import task %lld", (long long)id));
}

enum { FILE_NAME_COLUMN = 2 };

/* Whether the row's file is called so; named: unicode_plain() of what is looked for. */
static bool is_named(sqlite3_stmt *s, str named)
{
    AUTO(arena_done) struct arena a = {0};
    str name = db_column_borrow(s, FILE_NAME_COLUMN);
    if (!named.len)
        return true;
    name = unicode_plain(&a, name);
    return memmem(name.ptr, name.len, named.ptr, named.len);
}

/* The rows of a statement that is bound, of files that are called so, past the first `skip`. */
static bool read_some(struct store_reader *r, sqlite3_stmt *s, struct arena *a, str named,
                      uint64_t skip, size_t limit, struct store_task **ret_task, size_t *ret_count,
                      struct err *err)
{
    struct store_task *task = NULL;
    size_t count = 0, room = 0;
    int step = SQLITE_ROW;
    while (count < limit && (step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        if (!is_named(s, named) || (skip && skip--))
            continue;
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

/* All rows of a statement that is bound. */
static bool read_tasks(struct store_reader *r, sqlite3_stmt *s, struct arena *a,
                       struct store_task **ret_task, size_t *ret_count, struct err *err)
{
    return read_some(r, s, a, (str){0}, 0, SIZE_MAX, ret_task, ret_count, err);
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
    db_bind_int(s, 1, db_limit(limit));
    db_bind_int(s, 2, db_limit(skip));
    return read_tasks(r, s, a, ret_task, ret_count, err);
}

bool store_task_totals(struct store_reader *r, int64_t from_us,
                       struct store_task_totals *ret_totals, struct err *err)
{
    static const char sql[] = SQL_TASK_TOTALS;
    sqlite3_stmt *s = db_statement(&r->db, sql, err);
    int step;
    if (!s)
        return false;
    *ret_totals = (struct store_task_totals){.tasks = 0};
    db_bind_int(s, 1, from_us);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        struct store_counts *n = &ret_totals->counts;
        uint64_t tasks = (uint64_t)sqlite3_column_int64(s, 1);
        ret_totals->tasks += tasks;
        ret_totals->of_state[sqlite3_column_int(s, 0)] = tasks;
        n->created += (uint64_t)sqlite3_column_int64(s, 2);
        n->updated += (uint64_t)sqlite3_column_int64(s, 3);
        n->unchanged += (uint64_t)sqlite3_column_int64(s, 4);
        n->skipped += (uint64_t)sqlite3_column_int64(s, 5);
        n->failed += (uint64_t)sqlite3_column_int64(s, 6);
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

bool store_task_with_files(struct store_reader *r, struct arena *a, int64_t from_us,
                           int64_t before_us, struct store_task **ret_task, size_t *ret_count,
                           struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_task_list_files, err);
    if (!s)
        return false;
    db_bind_int(s, 1, from_us);
    db_bind_int(s, 2, before_us);
    return read_tasks(r, s, a, ret_task, ret_count, err);
}

bool store_task_history(struct store_reader *r, struct arena *a, const struct store_history *which,
                        uint64_t skip, size_t limit, struct store_task **ret_task,
                        size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = bind_list(r, 0, INT64_MAX, which, err);
    return s && read_some(r, s, a, unicode_plain(a, which->file_name), skip, limit, ret_task,
                          ret_count, err);
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
