/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/search_find.h"

#include "base/fault.h"
#include "sql_search.h"

enum {
    EXACT_MOST = 100, // with the same phone
    QUICK_MOST = 10000,
    MOST = 250000, // 2 MB a list
};

static const char sql_terms[] = SQL_FIND_TERMS, sql_external[] = SQL_FIND_EXTERNAL,
                  sql_email[] = SQL_FIND_EMAIL, sql_legacy[] = SQL_FIND_LEGACY,
                  sql_rest[] = SQL_FIND_REST;

struct finding {
    struct store_reader *reader;
    struct arena arena;
    size_t most;
    struct err *err;
};
struct candidates {
    struct hits hits;
    bool over; /* there are more than are worth a list: anybody may be one */
};

void search_found_done(struct search_found *f)
{
    hits_done(&f->exact);
    hits_done(&f->other);
    hits_done(&f->all);
}

/* Adds those whose key lies from `from` up to `to`. */
static bool add_between(struct finding *f, const char *sql, str from, str to, size_t most,
                        struct candidates *c)
{
    sqlite3_stmt *s = db_statement(&f->reader->db, sql, f->err);
    int step;
    size_t count = 0;
    if (!s)
        return false;
    db_bind_str(s, 1, from);
    db_bind_str(s, 2, to);
    db_bind_int(s, 3, (int64_t)most + 1);
    while ((step = db_step(&f->reader->db, s, f->err)) == SQLITE_ROW && count++ < most)
        hits_add(&c->hits, sqlite3_column_int64(s, 0));
    c->over = c->over || count > most;
    (void)sqlite3_reset(s);
    hits_sort(&c->hits);
    return step != 0;
}

/* Adds those whose key begins so. */
static bool add_prefix(struct finding *f, const char *sql, str prefix, struct candidates *c)
{
    str end = arena_str(&f->arena, prefix);
    if (!prefix.len || c->over)
        return true;
    ((char *)end.ptr)[end.len - 1]++; // UTF-8 has no byte FF
    return add_between(f, sql, prefix, end, f->most, c);
}

/* Adds those whose key it is. */
static bool add_exact(struct finding *f, const char *sql, str key, struct candidates *c)
{
    str end = arena_format(&f->arena, "%.*s%c", STR_ARG(key), 0);
    return !key.len || add_between(f, sql, key, end, EXACT_MOST, c);
}

/* Adds those who have all the words. */
static bool add_words(struct finding *f, const struct consumer_search_part *p, struct candidates *c)
{
    struct candidates all = {.over = true}, one;
    bool ok = true;
    for (size_t i = 0; i < p->words && ok; i++) {
        one = (struct candidates){0};
        ok = add_prefix(f, sql_terms, p->word[i], &one);
        if (ok && !one.over && all.over)
            all = (struct candidates){.hits = one.hits};
        else if (!one.over)
            hits_intersect(&all.hits, &one.hits);
        if (all.hits.id != one.hits.id)
            hits_done(&one.hits);
    }
    if (p->words) {
        c->over = c->over || all.over;
        hits_unite(&c->hits, &all.hits);
    }
    hits_done(&all.hits);
    return ok;
}

static bool find_part(struct finding *f, const struct consumer_search_part *p, struct candidates *c)
{
    if (!add_prefix(f, sql_external, p->text, c) || !add_prefix(f, sql_legacy, p->text, c) ||
        !add_prefix(f, sql_email, p->email, c))
        return false;
    for (size_t i = 0; i < p->phones; i++)
        if (!add_prefix(f, sql_terms, consumer_phone_term(&f->arena, p->phone[i], false), c))
            return false;
    if (p->phone_end.len &&
        !add_prefix(f, sql_terms, consumer_phone_term(&f->arena, p->phone_end, true), c))
        return false;
    return c->over || add_words(f, p, c);
}

/* Those who are meant by each part; of a single one the whole has said it. */
static bool find_parts(struct finding *f, const struct consumer_search *q, struct candidates *c)
{
    bool ok = true;
    c->over = q->parts > 1;
    for (size_t i = 0; i < q->parts && q->parts > 1 && ok; i++) {
        struct candidates one = {0};
        ok = find_part(f, &q->part[i], &one);
        if (!one.over && c->over)
            *c = (struct candidates){.hits = one.hits};
        else if (!one.over)
            hits_intersect(&c->hits, &one.hits);
        if (c->hits.id != one.hits.id)
            hits_done(&one.hits);
    }
    return ok;
}

static bool find_exact(struct finding *f, const struct consumer_search *q, struct candidates *c)
{
    if (q->id)
        hits_add(&c->hits, q->id);
    for (size_t i = 0; i < q->whole.phones; i++)
        if (q->whole.phone[i].len >= SEARCH_PHONE_WHOLE &&
            !add_exact(f, sql_terms, consumer_phone_term(&f->arena, q->whole.phone[i], false), c))
            return false;
    return add_exact(f, sql_external, q->whole.text, c) &&
           add_exact(f, sql_legacy, q->whole.text, c) && add_exact(f, sql_email, q->email_key, c);
}

static struct consumer read_columns(struct arena *a, sqlite3_stmt *s)
{
    struct consumer c = {.id = sqlite3_column_int64(s, 0),
                         .external_id = db_column_str(s, 1, a),
                         .legacy_id = db_column_str(s, 2, a),
                         .email = db_column_str(s, 3, a),
                         .email_key = db_column_str(s, 4, a),
                         .phone = db_column_str(s, 5, a),
                         .name = db_column_str(s, 6, a),
                         .first_name = db_column_str(s, 7, a)};
    if (str_is_null(c.email_key))
        c.email_key = c.email;
    return c;
}

/* Those among the customers whom the index does not know yet; other NULL: the exact ones. */
static bool find_rest(struct finding *f, const struct consumer_search *q, struct hits *exact,
                      struct hits *other)
{
    struct db *db = &f->reader->db;
    AUTO(arena_done) struct arena a = {0};
    sqlite3_stmt *s = db_statement(db, sql_rest, f->err);
    int step = 0;
    while (s && (step = db_step(db, s, f->err)) == SQLITE_ROW) {
        struct consumer c = read_columns(&a, s);
        if (consumer_search_is_exact(q, &a, &c) && exact->count < 2 * EXACT_MOST)
            hits_add(exact, c.id);
        else if (other && consumer_search_matches(q, &a, &c))
            hits_add(other, c.id);
        arena_reset(&a);
    }
    (void)sqlite3_reset(s);
    return s && step;
}

bool search_find(struct store_reader *r, const struct consumer_search *search, bool quick,
                 struct search_found *ret_found, struct err *err)
{
    struct finding f = {.reader = r,
                        .most =
                            fault_number("CLIENTELE_FAULT_SEARCH_MOST", quick ? QUICK_MOST : MOST),
                        .err = err};
    struct candidates exact = {0}, whole = {0}, parts = {0};
    struct search_found found = {0};
    bool ok = find_exact(&f, search, &exact) && find_part(&f, &search->whole, &whole) &&
              find_parts(&f, search, &parts);
    found.wide = whole.over || parts.over;
    found.exact = exact.hits;
    if (!found.wide) {
        hits_unite(&whole.hits, &parts.hits);
        found.other = whole.hits;
    } else {
        hits_done(&whole.hits);
    }
    hits_done(&parts.hits);
    if (ok && found.wide && quick)
        ok = err_set(err, ERR_BUSY, "the text means too many");
    ok = ok && find_rest(&f, search, &found.exact, found.wide ? NULL : &found.other);
    hits_sort(&found.exact);
    hits_sort(&found.other);
    hits_subtract(&found.other, &found.exact);
    hits_unite(&found.all, &found.exact);
    hits_unite(&found.all, &found.other);
    arena_done(&f.arena);
    if (ok)
        *ret_found = found;
    else
        search_found_done(&found);
    return ok;
}
