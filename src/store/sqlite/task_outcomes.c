/* What became of each record of an import: a byte for each run of records that ended alike.
 *
 * A run's low three bits are the outcome, the others one less than its length; a longer one is
 * several.  So a file of new customers takes a byte for 32 rows, and no file more than one a row.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "sql_company.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/task_priv.h"

static const char sql_outcome_add[] = SQL_OUTCOME_ADD, sql_outcome_list[] = SQL_OUTCOME_LIST;

enum { OUTCOME_BITS = 3, OUTCOME_MASK = 7, RUN_MAX = 32 };
static_assert(OUTCOME_COUNT <= OUTCOME_MASK + 1, "an outcome fits its bits");

static void add_run(struct buf *b, enum store_outcome outcome, size_t length)
{
    for (; length; length -= MIN(length, (size_t)RUN_MAX))
        buf_add_char(b, (char)((MIN(length, (size_t)RUN_MAX) - 1) << OUTCOME_BITS | outcome));
}

bool task_add_outcomes(struct db *db, int64_t task_id, const struct store_change *change,
                       size_t count, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    sqlite3_stmt *s;
    size_t length = 0;
    if (!count)
        return true;
    for (size_t i = 0; i < count; i++) {
        length++;
        if (i + 1 < count && change[i + 1].outcome == change[i].outcome)
            continue;
        add_run(&b, change[i].outcome, length);
        length = 0;
    }
    if (!(s = db_statement(db, sql_outcome_add, err)))
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, (int64_t)change->record);
    db_bind_blob(s, 3, b.ptr, b.len);
    return db_run(db, s, err);
}

bool store_task_outcomes(struct store_reader *r, struct arena *a, int64_t task_id,
                         enum store_outcome outcome, uint64_t after, size_t limit,
                         uint64_t **ret_record, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_outcome_list, err);
    uint64_t *found = ARENA_NEW(a, uint64_t, limit);
    size_t count = 0;
    int step = SQLITE_DONE;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, (int64_t)MIN(after, (uint64_t)INT64_MAX));
    while (count < limit && (step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        uint64_t record = (uint64_t)sqlite3_column_int64(s, 0);
        const unsigned char *run = sqlite3_column_blob(s, 1);
        for (int left = sqlite3_column_bytes(s, 1); left > 0 && count < limit; left--, run++) {
            size_t length = (size_t)(*run >> OUTCOME_BITS) + 1;
            for (size_t i = 0; i < length && (*run & OUTCOME_MASK) == outcome && count < limit; i++)
                if (record + i > after)
                    found[count++] = record + i;
            record += length;
        }
    }
    (void)sqlite3_reset(s);
    *ret_record = found;
    *ret_count = count;
    return count == limit || step != 0;
}
