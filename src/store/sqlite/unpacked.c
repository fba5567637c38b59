/* unpacked(entries, reversed): a block of `changed` as rows, in the order of stamps.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/changes.h"
#include "store/sqlite/changes_priv.h"

enum { COLUMN_STAMP, COLUMN_ID, COLUMN_ENTRIES, COLUMN_REVERSED };
enum { PLAN_ENTRIES = 1, PLAN_REVERSED = 2 };

struct cursor {
    sqlite3_vtab_cursor base;
    struct change_entry entry[CHANGES_BLOCK];
    size_t count, at;
    bool reversed;
};

static int connect_table(sqlite3 *db, void *context, int argc, const char *const *argv,
                         sqlite3_vtab **ret, char **message)
{
    (void)context, (void)argc, (void)argv, (void)message;
    int rc = sqlite3_declare_vtab(
        db, "CREATE TABLE x(stamp INTEGER, id INTEGER, entries HIDDEN, reversed HIDDEN)");
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
    int place[2] = {-1, -1}, argument = 0;
    (void)t;
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn - COLUMN_ENTRIES;
        if (column < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        place[column] = i;
    }
    for (int column = 0; column < 2; column++)
        if (place[column] >= 0) {
            info->aConstraintUsage[place[column]].argvIndex = ++argument;
            info->aConstraintUsage[place[column]].omit = 1;
            info->idxNum |= column ? PLAN_REVERSED : PLAN_ENTRIES;
        }
    info->estimatedCost = info->estimatedRows = CHANGES_BLOCK;
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
    int argument = 0;
    (void)name;
    assert(argc == !!(plan & PLAN_ENTRIES) + !!(plan & PLAN_REVERSED));
    c->at = c->count = 0;
    if (plan & PLAN_ENTRIES) {
        const void *bytes = sqlite3_value_blob(argv[argument]);
        size_t len = (size_t)sqlite3_value_bytes(argv[argument++]);
        c->count = changes_unpack((str){bytes, len}, c->entry);
    }
    c->reversed = (plan & PLAN_REVERSED) && sqlite3_value_int(argv[argument]);
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
    return c->at >= c->count;
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int i)
{
    const struct cursor *c = (const struct cursor *)cursor;
    const struct change_entry *e = &c->entry[c->reversed ? c->count - 1 - c->at : c->at];
    if (i == COLUMN_STAMP)
        sqlite3_result_int64(out, e->stamp);
    else if (i == COLUMN_ID)
        sqlite3_result_int64(out, e->id);
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)((struct cursor *)c)->at;
    return SQLITE_OK;
}

bool changes_register(struct db *db, struct err *err)
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
    return sqlite3_create_module(db->handle, "unpacked", &module, NULL) == SQLITE_OK ||
           db_error(db, err, "the database");
}
