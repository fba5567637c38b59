/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/days.h"

#include "base/clock.h"
#include "base/zone.h"
#include "sql_days.h"
#include "store/sqlite/reader.h"

enum { DAY_S = 86400, DAYS_FIRST_ROOM = 64 };

static const char sql_add[] = SQL_DAY_ADD, sql_list[] = SQL_DAY_LIST;

static int64_t day_of(const struct zone *z, int64_t at_us)
{
    struct zone_time t = zone_from_us(z, at_us);
    return zone_days(t.year, t.month, t.day);
}

int64_t store_company_day(const struct store_company *c, int64_t at_us)
{
    return day_of(store_company_zone(c), at_us);
}

bool days_add(struct applier *p, struct err *err)
{
    if (!p->meta.came && !p->meta.went)
        return true;
    sqlite3_stmt *s = db_statement(p->db, sql_add, err);
    if (!s)
        return false;
    db_bind_int(s, 1, day_of(p->zone, clock_now_us()));
    db_bind_int(s, 2, p->meta.came);
    db_bind_int(s, 3, p->meta.went);
    p->meta.came = p->meta.went = 0;
    return db_run(p->db, s, err);
}

bool store_days(struct store_reader *r, struct arena *a, int64_t first, int64_t last,
                struct store_day **ret_day, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_list, err);
    struct store_day *day = NULL;
    size_t count = 0, room = 0;
    int step = 0;
    if (!s)
        return false;
    db_bind_int(s, 1, first);
    db_bind_int(s, 2, last);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        if (count == room) {
            room = room ? room * 2 : DAYS_FIRST_ROOM;
            struct store_day *more = ARENA_NEW(a, struct store_day, room);
            if (count)
                memcpy(more, day, count * sizeof *more);
            day = more;
        }
        day[count++] = (struct store_day){.day = sqlite3_column_int64(s, 0),
                                          .created = (uint64_t)sqlite3_column_int64(s, 1),
                                          .deleted = (uint64_t)sqlite3_column_int64(s, 2)};
    }
    (void)sqlite3_reset(s);
    if (!step)
        return false;
    *ret_day = day;
    *ret_count = count;
    return true;
}
