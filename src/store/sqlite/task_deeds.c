/* Who did what with a task, when and from where.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql_company.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/task_priv.h"

static const char sql_deed_insert[] = SQL_DEED_INSERT, sql_deed_list[] = SQL_DEED_LIST;

bool task_add_deed(struct db *db, int64_t task_id, const struct store_deed *deed, int64_t at_us,
                   struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_deed_insert, err);
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_str(s, 2, deed->what);
    db_bind_int(s, 3, deed->origin);
    db_bind_str(s, 4, deed->address.len ? deed->address : (str){0});
    db_bind_int(s, 5, at_us);
    return db_run(db, s, err);
}

bool store_task_deeds(struct store_reader *r, struct arena *a, int64_t id, size_t limit,
                      struct store_deed **ret_deed, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_deed_list, err);
    struct store_deed *deed = ARENA_NEW(a, struct store_deed, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, id);
    db_bind_int(s, 2, db_limit(limit));
    // The newest first: the rows fill the place from its end.
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        deed[limit - ++count] = (struct store_deed){.what = db_column_str(s, 0, a),
                                                    .origin = sqlite3_column_int64(s, 1),
                                                    .address = db_column_str(s, 2, a),
                                                    .at_us = sqlite3_column_int64(s, 3)};
    (void)sqlite3_reset(s);
    *ret_deed = deed + (limit - count);
    *ret_count = count;
    return step != 0;
}
