/* Two rows of a file that swap their customers' e-mails: in file order each finds the e-mail taken.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/mem.h"
#include "sql_company.h"
#include "store/sqlite/store_priv.h"

enum { NAMED_AT_ONCE = 500 }; // the writer waits for no longer than that takes

static const char sql_swaps_find[] = SQL_SWAPS_FIND, sql_swap_name[] = SQL_SWAP_NAME;

struct swap {
    int64_t record[2], line[2];
};
struct swaps {
    struct swap *list;
    size_t count, room;
};

static bool find(struct db *db, int64_t task_id, enum problem_list which, struct swaps *ret,
                 struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_swaps_find, err);
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, which);
    while ((step = db_step(db, s, err)) == SQLITE_ROW) {
        if (ret->count == ret->room) {
            ret->room = ret->room ? ret->room * 2 : 64;
            ret->list = mem_grow(ret->list, ret->room, sizeof *ret->list);
        }
        struct swap *swap = &ret->list[ret->count++];
        for (int i = 0; i < 2; i++) {
            swap->record[i] = sqlite3_column_int64(s, 2 * i);
            swap->line[i] = sqlite3_column_int64(s, 2 * i + 1);
        }
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

static bool name_one(struct db *db, int64_t task_id, enum problem_list which, int64_t record,
                     int64_t other_line, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_swap_name, err);
    if (!s)
        return false;
    db_bind_int(s, 1, task_id);
    db_bind_int(s, 2, which);
    db_bind_int(s, 3, record);
    db_bind_int(s, 4, other_line);
    return db_run(db, s, err);
}

static bool name_some(struct store_company *c, struct db *db, int64_t task_id,
                      enum problem_list which, const struct swap *swap, size_t count,
                      struct err *err)
{
    writer_enter(c);
    bool ok = db_exec(db, "BEGIN IMMEDIATE", err);
    for (size_t i = 0; ok && i < count; i++)
        for (int side = 0; ok && side < 2; side++)
            ok = name_one(db, task_id, which, swap[i].record[side], swap[i].line[!side], err);
    ok = ok && db_exec(db, "COMMIT", err);
    writer_leave(c);
    return ok;
}

bool store_name_swaps(struct store_company *c, int64_t task_id, enum problem_list which,
                      struct err *err)
{
    struct swaps swaps = {0};
    struct db db;
    if (!db_open(&db, c->path, false, MIB, err))
        return false;
    bool ok = find(&db, task_id, which, &swaps, err);
    for (size_t i = 0; ok && i < swaps.count; i += NAMED_AT_ONCE)
        ok = name_some(c, &db, task_id, which, swaps.list + i,
                       MIN((size_t)NAMED_AT_ONCE, swaps.count - i), err);
    mem_free(swaps.list);
    db_close(&db);
    return ok;
}
