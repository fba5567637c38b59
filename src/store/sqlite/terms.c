/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/terms.h"

#include "base/mem.h"
#include "domain/consumer_search.h"
#include "sql_terms.h"

#include <stdlib.h>

enum {
    WRITE_ENTRIES = 2000, // of one piece: some milliseconds
    SWEEP_ENTRIES = 1000,
    DUE_BETWEEN = 20000, // so many wait: not before the writer is idle
    STALE_MIN = 1000,    // customers; fewer are left
    STALE_PART = 4,      // or this part of all
};

struct term_entry {
    str term;
    uint64_t head; /* the term's first bytes, as a number that compares as they do */
    int64_t id;
};

static const char sql_read[] = SQL_TERMS_READ, sql_add[] = SQL_TERMS_ADD,
                  sql_drop[] = SQL_TERMS_DROP, sql_sweep[] = SQL_TERMS_SWEEP;

void terms_drop(struct applier *p)
{
    struct terms_load *l = &p->terms;
    mem_free(l->entry);
    arena_reset(&l->arena);
    *l = (struct terms_load){.arena = l->arena};
}

void terms_done(struct applier *p)
{
    terms_drop(p);
    arena_done(&p->terms.arena);
}

/* --- gathering --- */

static void add_entry(struct terms_load *l, str term, int64_t id)
{
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : (size_t)1 << 14;
        l->entry = mem_grow(l->entry, l->room, sizeof *l->entry);
    }
    l->entry[l->count++] = (struct term_entry){term, slice_sort_key(term, 0), id};
}

static void add_terms(struct terms_load *l, struct arena *scratch, int64_t id,
                      const struct consumer *c)
{
    str term[CONSUMER_TERMS];
    size_t count = consumer_terms(scratch, c, term);
    for (size_t i = 0; i < count; i++)
        add_entry(l, arena_str(&l->arena, term[i]), id);
}

static void read_columns(sqlite3_stmt *s, int first, struct arena *a, struct consumer *ret)
{
    *ret = (struct consumer){.phone = db_column_str(s, first, a),
                             .name = db_column_str(s, first + 1, a),
                             .first_name = db_column_str(s, first + 2, a)};
}

static int compare(const void *x, const void *y)
{
    const struct term_entry *a = x, *b = y;
    int order = a->head < b->head ? -1 : a->head > b->head;
    if (!order)
        order = str_cmp(a->term, b->term);
    return order ? order : a->id < b->id ? -1 : a->id > b->id;
}

static bool gather(struct applier *p, struct err *err)
{
    struct terms_load *l = &p->terms;
    AUTO(arena_done) struct arena scratch = {0};
    const size_t from = l->count;
    int64_t to, count;
    int step = 0;
    if (!changes_next_blocks(p, l->to, INT64_MAX, &to, &count, err))
        return false;
    sqlite3_stmt *s = db_statement(p->db, sql_read, err);
    if (!s)
        return false;
    db_bind_int(s, 1, l->to);
    db_bind_int(s, 2, to);
    while ((step = db_step(p->db, s, err)) == SQLITE_ROW) {
        struct consumer c;
        read_columns(s, 1, &scratch, &c);
        add_terms(l, &scratch, sqlite3_column_int64(s, 0), &c);
        arena_reset(&scratch);
    }
    (void)sqlite3_reset(s);
    if (!step)
        return false;
    if (l->count > from) {
        qsort(l->entry + from, l->count - from, sizeof *l->entry, compare);
        l->run[l->runs++] = (struct terms_run){from, l->count};
    }
    l->to = to;
    l->changes += count;
    if (!count)
        l->changes = INT64_MAX; // that was all
    if (!count || l->runs == TERMS_RUNS ||
        l->arena.used + l->count * sizeof *l->entry >= LIMIT_TERMS_BYTES)
        l->step = TERMS_WRITE;
    return true;
}

/* --- writing --- */

/* The least of what the runs begin with; NULL: they are over. */
static const struct term_entry *next_entry(struct terms_load *l)
{
    struct terms_run *least = NULL;
    for (size_t i = 0; i < l->runs; i++) {
        struct terms_run *run = &l->run[i];
        if (run->at < run->end && (!least || compare(&l->entry[run->at], &l->entry[least->at]) < 0))
            least = run;
    }
    return least ? &l->entry[least->at++] : NULL;
}

static bool write_some(struct applier *p, struct err *err)
{
    struct terms_load *l = &p->terms;
    AUTO(arena_done) struct arena a = {0};
    struct key_slot *k = ARENA_NEW(&a, struct key_slot, WRITE_ENTRIES),
                    **slot = ARENA_NEW(&a, struct key_slot *, WRITE_ENTRIES);
    const struct term_entry *e;
    size_t count = 0;
    for (; count < WRITE_ENTRIES && (e = next_entry(l)); count++) {
        k[count] = (struct key_slot){.text = e->term, .now = e->id};
        slot[count] = &k[count];
    }
    p->feed.key = slot;
    p->feed.keys = count;
    sqlite3_stmt *s = count ? db_statement(p->db, sql_add, err) : NULL;
    if (count && (!s || !db_run(p->db, s, err)))
        return false;
    if (count == WRITE_ENTRIES)
        return true;
    // What was written meanwhile waits still; of what a sweep took away nothing does.
    p->meta.untermed = l->changes < p->meta.untermed ? p->meta.untermed - l->changes : 0;
    p->meta.termed_to = l->to;
    terms_drop(p);
    return true;
}

/* --- sweeping --- */

static bool has_term(struct arena *a, const struct consumer *c, str term)
{
    str terms[CONSUMER_TERMS];
    size_t count = consumer_terms(a, c, terms);
    for (size_t i = 0; i < count; i++)
        if (str_eq(terms[i], term))
            return true;
    return false;
}

static bool drop(struct applier *p, str term, int64_t id, struct err *err)
{
    sqlite3_stmt *s = db_statement(p->db, sql_drop, err);
    if (!s)
        return false;
    db_bind_str(s, 1, term);
    db_bind_int(s, 2, id);
    return db_run(p->db, s, err);
}

/* The next entries that count no more, in the arena. */
static bool find_stale(struct applier *p, struct arena *a, struct term_entry *stale,
                       size_t *ret_count, bool *ret_end, struct err *err)
{
    struct terms_load *l = &p->terms;
    AUTO(arena_done) struct arena scratch = {0};
    sqlite3_stmt *s = db_statement(p->db, sql_sweep, err);
    size_t seen = 0;
    int step;
    if (!s)
        return false;
    str after = l->swept.ptr ? arena_str(a, l->swept) : STR("");
    db_bind_str(s, 1, after);
    db_bind_int(s, 2, l->swept_id);
    db_bind_int(s, 3, SWEEP_ENTRIES);
    for (; (step = db_step(p->db, s, err)) == SQLITE_ROW; seen++) {
        struct consumer c;
        str term = db_column_borrow(s, 0);
        l->swept_id = sqlite3_column_int64(s, 1);
        if (seen + 1 == SWEEP_ENTRIES) {
            arena_reset(&l->arena);
            l->swept = arena_str(&l->arena, term);
        }
        read_columns(s, 2, &scratch, &c);
        if (!has_term(&scratch, &c, term))
            stale[(*ret_count)++] =
                (struct term_entry){.term = arena_str(a, term), .id = l->swept_id};
        arena_reset(&scratch);
    }
    (void)sqlite3_reset(s);
    *ret_end = seen < SWEEP_ENTRIES;
    return step != 0;
}

static bool sweep(struct applier *p, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct term_entry *stale = ARENA_NEW(&a, struct term_entry, SWEEP_ENTRIES);
    size_t count = 0;
    bool end;
    if (!find_stale(p, &a, stale, &count, &end, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!drop(p, stale[i].term, stale[i].id, err))
            return false;
    if (end)
        terms_drop(p);
    return true;
}

/* --- when --- */

static bool is_stale(const struct applier *p)
{
    return p->meta.stale_terms > MAX(p->meta.consumers / STALE_PART, (int64_t)STALE_MIN);
}

bool terms_due(const struct applier *p, enum changes_when when)
{
    switch (when) {
    case CHANGES_IDLE:
        return p->terms.step != TERMS_REST || p->meta.untermed > 0 || is_stale(p);
    case CHANGES_BETWEEN:
        return p->meta.untermed > DUE_BETWEEN;
    case CHANGES_BESIDE_FILE: // it would cost the import about a third of its speed
        break;
    }
    return false;
}

bool terms_tidy(struct applier *p, struct err *err)
{
    struct terms_load *l = &p->terms;
    p->wrote = true;
    if (l->step == TERMS_REST && p->meta.untermed > 0) {
        l->step = TERMS_GATHER;
        l->to = p->meta.termed_to;
    } else if (l->step == TERMS_REST && is_stale(p)) {
        l->step = TERMS_SWEEP;
        p->meta.stale_terms = 0; // whoever comes while it is under way waits for the next
    }
    switch (l->step) {
    case TERMS_GATHER:
        return gather(p, err);
    case TERMS_WRITE:
        return write_some(p, err);
    case TERMS_SWEEP:
        return sweep(p, err);
    case TERMS_REST:
        break;
    }
    return true;
}

bool terms_forget(struct applier *p, const struct consumer *c, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    str term[CONSUMER_TERMS];
    size_t count = consumer_terms(&a, c, term);
    if (p->trial)
        return true;
    for (size_t i = 0; i < count; i++)
        if (!drop(p, term[i], c->id, err))
            return false;
    // What is on its way may hold his: they are found by the next sweep.
    if (p->terms.step != TERMS_GATHER && p->terms.step != TERMS_WRITE && p->meta.stale_terms > 0)
        p->meta.stale_terms--;
    return true;
}
