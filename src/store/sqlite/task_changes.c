/* What an import did to customers: whom it made, and what it changed from what to what.
 *
 * The trail keeps what each change took away.  What it gave is what the next change of that field
 * took away, or what the customer has now.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql_company.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/rowio.h"
#include "store/sqlite/task_priv.h"

static const char sql_task_made[] = SQL_TASK_MADE, sql_task_changed[] = SQL_TASK_CHANGED,
                  sql_consumer[] = SQL_CONSUMER_GET, sql_trail[] = SQL_TRAIL_GET;

enum {
    CHANGES_SINCE = 1000
}; /* of one customer: what he was given before those is not looked for */

static void take_former(struct store_task_change *c, const struct consumer_former *former,
                        size_t count)
{
    for (size_t i = 0; i < c->values; i++)
        for (size_t n = 0; n < count; n++)
            if (former[n].field == c->value[i].field && str_eq(former[n].key, c->value[i].key))
                c->value[i].became = former[n].value;
}

/* Goes from the customer's last change down to that of `place`: the last word is the one next to
 * it. */
static bool walk_down(struct store_reader *r, struct arena *a, struct store_task_change *c,
                      int64_t last, struct err *err)
{
    int64_t at = last;
    for (size_t n = 0; at > c->place; n++) {
        struct consumer_former *former;
        size_t count;
        sqlite3_stmt *s = n < CHANGES_SINCE ? db_statement(&r->db, sql_trail, err) : NULL;
        if (n == CHANGES_SINCE) {
            for (size_t i = 0; i < c->values; i++)
                c->value[i].became = (str){0};
            return true;
        }
        if (!s)
            return false;
        db_bind_int(s, 1, at);
        int step = db_step(&r->db, s, err);
        bool there = step == SQLITE_ROW;
        at = there ? sqlite3_column_int64(s, 1) : 0;
        if (there && consumer_former_parse(a, db_column_str(s, 5, a), &former, &count))
            take_former(c, former, count);
        (void)sqlite3_reset(s);
        if (!step)
            return false;
    }
    return true;
}

static bool find_values(struct store_reader *r, struct arena *a, struct store_task_change *c,
                        struct err *err)
{
    struct consumer now;
    sqlite3_stmt *s = db_statement(&r->db, sql_consumer, err);
    if (!s)
        return false;
    db_bind_int(s, 1, c->consumer_id);
    int step = db_step(&r->db, s, err);
    if (step == SQLITE_ROW)
        rowio_read(s, 0, a, &now);
    (void)sqlite3_reset(s);
    if (step != SQLITE_ROW)
        return step != 0; // he went between two statements
    for (size_t i = 0; i < c->values; i++)
        c->value[i].became = consumer_value_text(a, &now, c->value[i].field, c->value[i].key);
    return walk_down(r, a, c, now.trail, err);
}

static bool read_values(sqlite3_stmt *s, struct arena *a, struct store_task_change *c,
                        struct err *err)
{
    struct consumer_former *former;
    size_t count;
    if (!consumer_former_parse(a, db_column_str(s, 6, a), &former, &count))
        return err_set(err, ERR_INTERNAL, "the trail's row %lld is damaged", (long long)c->place);
    c->value = ARENA_NEW(a, struct store_changed_value, MAX(count, (size_t)1));
    c->values = count;
    for (size_t i = 0; i < count; i++)
        c->value[i] = (struct store_changed_value){
            .field = former[i].field, .key = former[i].key, .was = former[i].value};
    return true;
}

bool store_task_changes(struct store_reader *r, struct arena *a, const struct store_task *task,
                        bool made, int64_t after, size_t limit,
                        struct store_task_change **ret_change, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, made ? sql_task_made : sql_task_changed, err);
    struct store_task_change *change = ARENA_NEW(a, struct store_task_change, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, MAX(made ? task->first_id : task->first_trail, after + 1));
    db_bind_int(s, 2, made ? task->last_id : task->last_trail);
    db_bind_int(s, 3, origin_of(ORIGIN_IMPORT, task->id));
    db_bind_int(s, 4, db_limit(limit));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit) {
        struct store_task_change *c = &change[count++];
        *c = (struct store_task_change){.place = sqlite3_column_int64(s, 0),
                                        .consumer_id = sqlite3_column_int64(s, 1),
                                        .record = (uint64_t)sqlite3_column_int64(s, 2),
                                        .external_id = db_column_str(s, 3, a),
                                        .email = db_column_str(s, 4, a),
                                        .name = db_column_str(s, 5, a)};
        if (!made && !read_values(s, a, c, err)) {
            step = 0;
            break;
        }
    }
    (void)sqlite3_reset(s);
    for (size_t i = 0; step && i < count; i++)
        if (change[i].values && !find_values(r, a, &change[i], err))
            return false;
    *ret_change = change;
    *ret_count = count;
    return step != 0;
}
