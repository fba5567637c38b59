/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/hits.h"

#include "base/mem.h"

#include <stdlib.h>

/* --- sets --- */

void hits_add(struct hits *h, int64_t id)
{
    if (h->count == h->room) {
        h->room = h->room ? h->room * 2 : 64;
        h->id = mem_grow(h->id, h->room, sizeof *h->id);
    }
    h->id[h->count++] = id;
}

static int by_id(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

void hits_sort(struct hits *h)
{
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 1; i < h->count && sorted; i++)
        sorted = h->id[i - 1] < h->id[i];
    if (sorted)
        return;
    qsort(h->id, h->count, sizeof *h->id, by_id);
    for (size_t i = 0; i < h->count; i++)
        if (!kept || h->id[kept - 1] != h->id[i])
            h->id[kept++] = h->id[i];
    h->count = kept;
}

void hits_unite(struct hits *h, const struct hits *other)
{
    for (size_t i = 0; i < other->count; i++)
        hits_add(h, other->id[i]);
    hits_sort(h);
}

/* Keeps those that the other has (or has not). */
static void sift(struct hits *h, const struct hits *other, bool common)
{
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < h->count; i++) {
        while (at < other->count && other->id[at] < h->id[i])
            at++;
        if ((at < other->count && other->id[at] == h->id[i]) == common)
            h->id[kept++] = h->id[i];
    }
    h->count = kept;
}

void hits_intersect(struct hits *h, const struct hits *other)
{
    sift(h, other, true);
}

void hits_subtract(struct hits *h, const struct hits *other)
{
    sift(h, other, false);
}

void hits_done(struct hits *h)
{
    mem_free(h->id);
    *h = (struct hits){0};
}

/* --- the table --- */

enum { COLUMN_ID, COLUMN_SOURCE };
enum { PLAN_SOURCE = 1, PLAN_DOWN = 2 };

struct cursor {
    sqlite3_vtab_cursor base;
    const struct hits *hits;
    size_t at;
    bool down;
};

static int connect_table(sqlite3 *db, void *context, int argc, const char *const *argv,
                         sqlite3_vtab **ret, char **message)
{
    (void)context, (void)argc, (void)argv, (void)message;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(id INTEGER, source HIDDEN)");
    sqlite3_vtab *t = rc == SQLITE_OK ? sqlite3_malloc(sizeof *t) : NULL;
    if (!t)
        return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
    *t = (sqlite3_vtab){0};
    *ret = t;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *t)
{
    sqlite3_free(t);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t;
    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn != COLUMN_SOURCE ||
            info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        info->aConstraintUsage[i].argvIndex = 1;
        info->aConstraintUsage[i].omit = 1;
        info->idxNum |= PLAN_SOURCE;
    }
    if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == COLUMN_ID) {
        info->orderByConsumed = 1;
        info->idxNum |= info->aOrderBy[0].desc ? PLAN_DOWN : 0;
    }
    info->estimatedCost = info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *t, sqlite3_vtab_cursor **ret)
{
    (void)t;
    struct cursor *c = sqlite3_malloc(sizeof *c);
    if (!c)
        return SQLITE_NOMEM;
    memset(c, 0, sizeof *c);
    *ret = &c->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *c)
{
    sqlite3_free(c);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *cursor, int plan, const char *name, int argc,
                  sqlite3_value **argv)
{
    struct cursor *c = (struct cursor *)cursor;
    (void)name;
    assert(argc == (plan & PLAN_SOURCE));
    c->at = 0;
    c->hits = argc ? sqlite3_value_pointer(argv[0], HITS_POINTER) : NULL;
    c->down = plan & PLAN_DOWN;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *c)
{
    ((struct cursor *)c)->at++;
    return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *cursor)
{
    const struct cursor *c = (const struct cursor *)cursor;
    return !c->hits || c->at >= c->hits->count;
}

static int64_t id_at(const struct cursor *c)
{
    return c->hits->id[c->down ? c->hits->count - 1 - c->at : c->at];
}

static int column(sqlite3_vtab_cursor *c, sqlite3_context *out, int i)
{
    if (i == COLUMN_ID)
        sqlite3_result_int64(out, id_at((const struct cursor *)c));
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *ret)
{
    *ret = id_at((const struct cursor *)c);
    return SQLITE_OK;
}

bool hits_register(struct db *db, struct err *err)
{
    static const sqlite3_module module = {.xConnect = connect_table,
                                          .xBestIndex = best_index,
                                          .xDisconnect = disconnect,
                                          .xOpen = open_cursor,
                                          .xClose = close_cursor,
                                          .xFilter = filter,
                                          .xNext = next,
                                          .xEof = eof,
                                          .xColumn = column,
                                          .xRowid = rowid};
    return sqlite3_create_module(db->handle, "hits", &module, NULL) == SQLITE_OK ||
           db_error(db, err, "the database");
}
