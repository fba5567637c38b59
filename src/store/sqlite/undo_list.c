/* What an undo has to take back, as changes, and what it left.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "sql_company.h"
#include "store/sqlite/apply_priv.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/task_priv.h"

static const char sql_undo_made[] = SQL_UNDO_MADE, sql_undo_changed[] = SQL_UNDO_CHANGED,
                  sql_kept_list[] = SQL_KEPT_LIST;

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
    limit = MIN(limit, LIMIT_BATCH_BYTES / sizeof *change);
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

bool store_undo_kept(struct store_reader *r, struct arena *a, int64_t task_id, uint64_t after,
                     uint64_t skip, size_t limit, struct store_kept **ret_kept, size_t *ret_count,
                     struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_kept_list, err);
    struct store_kept *kept = ARENA_NEW(a, struct store_kept, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, db_limit(limit));
    db_bind_int(s, 3, (int64_t)MIN(skip, (uint64_t)INT64_MAX));
    db_bind_int(s, 4, (int64_t)MIN(after, (uint64_t)INT64_MAX));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        kept[count++] = (struct store_kept){.seq = (uint64_t)sqlite3_column_int64(s, 0),
                                            .consumer_id = sqlite3_column_int64(s, 1),
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
