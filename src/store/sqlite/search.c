/* Customers one by one, as a query says; the statements are made in search_sql.c.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/mem.h"
#include "sql_search.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/rowio.h"
#include "store/sqlite/search_sql.h"

enum {
    LOOK_STEPS = 1000, // of SQLite's machine, between two looks at the clock: some 20 microseconds
    QUICK_SKIP = 1000,
};

struct store_search {
    struct store_reader *reader;
    struct store_query query;
    struct search_found found;
    struct search_plan plan;
    struct arena arena;
    struct search_sql sql;
    sqlite3_stmt *stmt; /* NULL: over */
    enum search_part part;
    uint64_t skipped, given;
};

static int is_late(void *context)
{
    return clock_monotonic_us() > *(const int64_t *)context;
}

/* err of the last call, where that was given up. */
static bool explain(struct store_reader *r, struct err *err)
{
    if ((sqlite3_errcode(r->db.handle) & 0xFF) == SQLITE_INTERRUPT)
        return err_set(err, ERR_BUSY, "the search takes too long");
    return false;
}

static bool begin(struct store_reader *r, const struct store_query *q, struct err *err)
{
    if (!r->searches && (!changes_register(&r->db, err) || !search_functions_register(&r->db, err)))
        return false;
    r->searches = true;
    if (q->after && q->order && q->order->count > 1)
        return err_set(err, ERR_INVALID, "a place in an order of several fields");
    if (q->until_us)
        sqlite3_progress_handler(r->db.handle, LOOK_STEPS, is_late,
                                 (void *)(uintptr_t)&q->until_us);
    return db_exec(&r->db, "BEGIN", err);
}

static void end(struct store_reader *r)
{
    struct err ignored = {0};
    sqlite3_progress_handler(r->db.handle, 0, NULL, NULL);
    if (!sqlite3_get_autocommit(r->db.handle))
        IGNORE(db_exec(&r->db, "COMMIT", &ignored));
}

/* Whether the query may be answered at once. */
static bool is_quick(const struct store_query *q, const struct search_plan *plan, bool counts)
{
    return plan->narrow || (!counts && plan->sorted && q->skip <= QUICK_SKIP);
}

/* The caller frees *found, which the plan points to. */
static bool make_plan(struct store_reader *r, const struct store_query *q, bool counts,
                      struct search_found *found, struct search_plan *ret_plan, struct err *err)
{
    if ((q->search && !search_find(r, q->search, q->quick, found, err)) ||
        !search_plan_make(r, q, counts, q->search ? found : NULL, ret_plan, err))
        return explain(r, err);
    return !q->quick || is_quick(q, ret_plan, counts) ||
           err_set(err, ERR_BUSY, "no index serves the search");
}

static bool start(struct store_search *s, enum search_part part, struct err *err)
{
    buf_reset(&s->sql.text);
    s->sql.values = 0;
    s->part = part;
    search_sql_make(&s->sql, &s->plan, &s->query, part);
    s->stmt = search_sql_prepare(&s->reader->db, &s->sql, err);
    return s->stmt || explain(s->reader, err);
}

bool store_search_open(struct store_reader *r, const struct store_query *query,
                       struct store_search **ret_search, struct err *err)
{
    AUTO(store_search_free) struct store_search *s = mem_new(1, sizeof *s);
    s->reader = r;
    s->query = *query;
    s->sql.arena = &s->arena;
    if (!begin(r, &s->query, err) || !make_plan(r, &s->query, false, &s->found, &s->plan, err))
        return false;
    bool rest = s->plan.rest && query->after && query->after->missing;
    if (!start(s, rest ? PART_REST : PART_ALL, err))
        return false;
    *ret_search = TAKE(s);
    return true;
}

static void finish(struct store_search *s)
{
    (void)sqlite3_finalize(s->stmt);
    s->stmt = NULL;
}

enum store_step store_search_next(struct store_search *s, struct arena *a,
                                  struct consumer *ret_consumer, struct err *err)
{
    const struct store_query *q = &s->query;
    while (s->stmt && (!q->limit || s->given < q->limit)) {
        int step = db_step(&s->reader->db, s->stmt, err);
        if (!step) {
            (void)explain(s->reader, err);
            finish(s);
            return STORE_FAILED;
        }
        if (step == SQLITE_ROW && s->skipped++ < q->skip)
            continue;
        if (step == SQLITE_ROW) {
            s->given++;
            rowio_read(s->stmt, 0, a, ret_consumer);
            return STORE_ROW;
        }
        finish(s);
        if (s->plan.rest && s->part == PART_ALL && !start(s, PART_REST, err))
            return STORE_FAILED;
    }
    return STORE_END;
}

void store_search_free(struct store_search *s)
{
    if (!s)
        return;
    finish(s);
    end(s->reader);
    search_found_done(&s->found);
    buf_done(&s->sql.text);
    arena_done(&s->arena);
    mem_free(s);
}

struct store_place store_place_of(const struct consumer_order *order, const struct consumer *c)
{
    struct store_place place = {.id = c->id, .number = c->id};
    enum consumer_field field = order && order->count ? order->sort[0].field : FIELD_COUNT;
    if (field == FIELD_COUNT)
        return place;
    if (field == FIELD_CREATED_AT || field == FIELD_UPDATED_AT) {
        place.number = field == FIELD_CREATED_AT ? c->created_at_us : c->updated_at_us;
        return place;
    }
    place.text = field == FIELD_EMAIL ? c->email_key : *consumer_text((struct consumer *)c, field);
    place.missing = str_is_null(place.text);
    return place;
}

struct store_place store_search_place(const struct store_search *s, const struct consumer *c)
{
    if (!s->plan.ranked)
        return store_place_of(s->query.order, c);
    return (struct store_place){.missing = s->part == PART_REST, .number = c->id, .id = c->id};
}

bool store_search_unindexed(struct store_reader *r, uint64_t *ret_count, struct err *err)
{
    static const char sql[] = SQL_FIND_UNTERMED;
    sqlite3_stmt *s = db_statement(&r->db, sql, err);
    if (!s || !db_step(&r->db, s, err))
        return false;
    *ret_count = (uint64_t)sqlite3_column_int64(s, 0);
    (void)sqlite3_reset(s);
    return true;
}

static bool count_rows(struct store_reader *r, const struct store_query *q, struct arena *a,
                       uint64_t *ret_count, struct err *err)
{
    AUTO(search_found_done) struct search_found found = {0};
    struct search_sql sql = {.arena = a};
    struct search_plan plan;
    if (!make_plan(r, q, true, &found, &plan, err))
        return false;
    search_sql_make(&sql, &plan, q, PART_COUNT);
    sqlite3_stmt *s = search_sql_prepare(&r->db, &sql, err);
    bool ok = s && db_step(&r->db, s, err) == SQLITE_ROW;
    if (ok)
        *ret_count = (uint64_t)sqlite3_column_int64(s, 0);
    else
        (void)explain(r, err);
    (void)sqlite3_finalize(s);
    buf_done(&sql.text);
    return ok;
}

bool store_search_count(struct store_reader *r, const struct store_query *query,
                        uint64_t *ret_count, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    const struct store_query all = {.search = query->search,
                                    .filter = query->filter,
                                    .count_most = query->count_most,
                                    .until_us = query->until_us,
                                    .quick = query->quick};
    if (!query->search && (!query->filter || !query->filter->count))
        return store_count(r, ret_count, err);
    bool ok = begin(r, &all, err) && count_rows(r, &all, &a, ret_count, err);
    end(r);
    return ok;
}

/* Appends the detail of each step. */
static bool explain_steps(struct store_reader *r, const struct search_sql *sql, struct buf *b,
                          struct err *err)
{
    enum { DETAIL = 3 };
    sqlite3_stmt *s = search_sql_prepare(&r->db, sql, err);
    int step = 0;
    while (s && (step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        buf_add(b, db_column_borrow(s, DETAIL));
        buf_add_char(b, '\n');
    }
    (void)sqlite3_finalize(s);
    return step != 0;
}

bool store_search_plan(struct store_reader *r, struct arena *a, const struct store_query *query,
                       str *ret_plan, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    AUTO(search_found_done) struct search_found found = {0};
    struct search_sql sql = {.arena = a};
    struct search_plan plan;
    buf_add(&sql.text, STR("EXPLAIN QUERY PLAN "));
    bool ok = begin(r, query, err) && make_plan(r, query, false, &found, &plan, err);
    if (ok) {
        search_sql_make(&sql, &plan, query, PART_ALL);
        ok = explain_steps(r, &sql, &b, err);
    }
    end(r);
    buf_done(&sql.text);
    *ret_plan = arena_str(a, buf_str(&b));
    return ok;
}
