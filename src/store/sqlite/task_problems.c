/* The problems of a task's records: added with them, listed, put into groups.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/mem.h"
#include "sql_company.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/task_priv.h"

static const char sql_error_insert[] = SQL_ERROR_INSERT, sql_error_list[] = SQL_ERROR_LIST,
                  sql_error_list_after[] = SQL_ERROR_LIST_AFTER, sql_error_drop[] = SQL_ERROR_DROP,
                  sql_error_groups[] = SQL_ERROR_GROUPS, sql_error_codes[] = SQL_ERROR_CODES,
                  sql_error_group_lines[] = SQL_ERROR_GROUP_LINES;

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
    db_bind_str(
        s, 13, c->patch.set & FIELD_BIT(FIELD_EXTERNAL_ID) ? c->patch.value.external_id : (str){0});
    return db_run(db, s, err);
}

bool task_add_problems(struct db *db, const struct store_batch *batch, const struct store_change *c,
                       enum problem_list refuse, enum problem_list warn, struct err *err)
{
    const struct problems *list[] = {&c->problems, &c->warnings};
    for (size_t i = 0; i < COUNT(list); i++) {
        int64_t seq = 0;
        for (const struct problem *p = list[i]->first; p; p = p->next)
            if (!add_problem(db, batch, c, i ? warn : refuse, seq++, p, err))
                return false;
    }
    return true;
}

/* --- as a list --- */

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
                                     .seq = (uint64_t)sqlite3_column_int64(s, 9),
                                     .external_id = db_column_str(s, 10, a)};
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
    db_bind_int(s, 3, db_limit(limit));
    db_bind_int(s, 4, (int64_t)MIN(from->skip, (uint64_t)INT64_MAX));
    db_bind_int(s, 5, (int64_t)MIN(from->record, (uint64_t)INT64_MAX));
    db_bind_int(s, 6, (int64_t)MIN(from->seq, (uint64_t)INT64_MAX));
    db_bind_str(s, 7, from->code);
    db_bind_str(s, 8, from->field);
    db_bind_str(s, 9, from->key);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        error[count++] = read_error(s, a);
    (void)sqlite3_reset(s);
    *ret_error = error;
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

static void add_example(struct store_error_group *g, sqlite3_stmt *s, struct arena *a)
{
    if (g->examples == STORE_GROUP_EXAMPLES)
        return;
    g->example[g->examples++] =
        (struct store_error_example){.record = (uint64_t)sqlite3_column_int64(s, 3),
                                     .line = (uint64_t)sqlite3_column_int64(s, 4),
                                     .value = db_column_str(s, 5, a),
                                     .external_id = db_column_str(s, 6, a),
                                     .other_id = sqlite3_column_int64(s, 7)};
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
        if (tried == count)
            continue;
        add_to_ranges(&group[g], &last_record[g], (uint64_t)sqlite3_column_int64(s, 3),
                      (uint64_t)sqlite3_column_int64(s, 4));
        add_example(&group[g], s, a);
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
    db_bind_int(s, 3, db_limit(limit));
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

bool store_task_error_codes(struct store_reader *r, int64_t task_id, enum problem_list which,
                            uint64_t ret_count[PROBLEM_COUNT], struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_error_codes, err);
    uint64_t count[PROBLEM_COUNT] = {0};
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, which);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        enum problem_code code = problem_code_of(db_column_borrow(s, 0));
        if (code < PROBLEM_COUNT)
            count[code] = (uint64_t)sqlite3_column_int64(s, 1);
    }
    (void)sqlite3_reset(s);
    if (step)
        memcpy(ret_count, count, sizeof count);
    return step != 0;
}

/* --- the problems of a dry run --- */

struct store_problem_log {
    struct store_company *company;
    struct db db;
    struct store_batch batch; /* what task_add_problems() wants to know */
};

bool store_problem_log_open(struct store_company *c, int64_t task_id, const str *header,
                            struct store_problem_log **ret_log, struct err *err)
{
    struct store_problem_log *log = mem_new(1, sizeof *log);
    const int64_t kinds[][2] = {{task_id, PROBLEMS_TRIAL_REFUSE}, {task_id, PROBLEMS_TRIAL_WARN}};
    log->company = c;
    log->batch = (struct store_batch){.task_id = task_id, .header = header};
    writer_enter(c);
    bool ok = task_db_open(c, &log->db, err) &&
              task_run_numbers(&log->db, sql_error_drop, kinds[0], 2, err) &&
              task_run_numbers(&log->db, sql_error_drop, kinds[1], 2, err);
    writer_leave(c);
    if (!ok) {
        store_problem_log_free(log);
        return false;
    }
    *ret_log = log;
    return true;
}

bool store_problem_log_add(struct store_problem_log *log, const struct store_change *const *change,
                           size_t count, struct err *err)
{
    writer_enter(log->company);
    bool ok = db_exec(&log->db, "BEGIN IMMEDIATE", err);
    for (size_t i = 0; ok && i < count; i++)
        ok = task_add_problems(&log->db, &log->batch, change[i], PROBLEMS_TRIAL_REFUSE,
                               PROBLEMS_TRIAL_WARN, err);
    ok = ok && db_exec(&log->db, "COMMIT", err);
    writer_leave(log->company);
    return ok;
}

void store_problem_log_free(struct store_problem_log *log)
{
    if (!log)
        return;
    db_close(&log->db);
    mem_free(log);
}
