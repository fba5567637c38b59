/* Who did what with a task, when and from where: entries of the audit log.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql_audit.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/task_priv.h"

#include <stdio.h>

static const char sql_of_task[] = SQL_AUDIT_OF_TASK;

bool task_add_deed(struct db *db, int64_t task_id, const struct store_deed *deed, int64_t at_us,
                   struct err *err)
{
    char action[64], id[24];
    (void)snprintf(action, sizeof action, "import.%.*s", STR_ARG(deed->what));
    (void)snprintf(id, sizeof id, "%lld", (long long)task_id);
    const struct audit_entry e = {.at_us = at_us,
                                  .action = str_of(action),
                                  .origin = deed->origin,
                                  .address = deed->address,
                                  .subject_type = STR("import_tasks"),
                                  .subject_id = str_of(id)};
    return audit_add(db, &e, err);
}

bool store_task_deeds(struct store_reader *r, struct arena *a, int64_t id, size_t limit,
                      struct store_deed **ret_deed, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_of_task, err);
    struct store_deed *deed = ARENA_NEW(a, struct store_deed, limit);
    size_t count = 0;
    char number[24];
    int step;
    if (!s)
        return false;
    (void)snprintf(number, sizeof number, "%lld", (long long)id);
    db_bind_str(s, 1, str_of(number));
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
