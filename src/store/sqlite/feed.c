/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/feed.h"

#include "store/sqlite/rowio.h"

enum { AHEAD = 4 };

enum feed_kind { FEED_KEYS, FEED_ROWS, FEED_TRAIL };
struct table {
    sqlite3_vtab base; /* first: SQLite sees only this */
    struct feed *feed;
    enum feed_kind kind;
};
struct cursor {
    sqlite3_vtab_cursor base;
    size_t at;
};

static int table_connect(sqlite3 *db, struct feed *feed, const char *schema, enum feed_kind kind,
                         sqlite3_vtab **ret)
{
    int rc = sqlite3_declare_vtab(db, schema);
    struct table *t = rc == SQLITE_OK ? sqlite3_malloc(sizeof *t) : NULL;
    if (!t)
        return rc == SQLITE_OK ? SQLITE_NOMEM : rc;
    *t = (struct table){.feed = feed, .kind = kind};
    *ret = &t->base;
    return SQLITE_OK;
}

static int keys_connect(sqlite3 *db, void *feed, int argc, const char *const *argv,
                        sqlite3_vtab **ret, char **message)
{
    (void)argc, (void)argv, (void)message;
    return table_connect(db, feed,
                         "CREATE TABLE x(n INTEGER, key TEXT, id INTEGER, imprint INTEGER)",
                         FEED_KEYS, ret);
}

static int rows_connect(sqlite3 *db, void *feed, int argc, const char *const *argv,
                        sqlite3_vtab **ret, char **message)
{
    (void)argc, (void)argv, (void)message;
    return table_connect(
        db, feed,
        "CREATE TABLE x(n INTEGER, id, external_id, legacy_id, email, email_key, phone, name,"
        " first_name, avatar_url, custom_attributes, created_at, updated_at, flags, origin, record,"
        " trail)",
        FEED_ROWS, ret);
}

static int trail_connect(sqlite3 *db, void *feed, int argc, const char *const *argv,
                         sqlite3_vtab **ret, char **message)
{
    (void)argc, (void)argv, (void)message;
    return table_connect(
        db, feed,
        "CREATE TABLE x(n INTEGER, id, consumer_id, prev, origin, record, at, made, former)",
        FEED_TRAIL, ret);
}

static int table_disconnect(sqlite3_vtab *t)
{
    sqlite3_free(t);
    return SQLITE_OK;
}

/* Every plan goes through all rows, in their order. */
static int best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
    (void)t;
    info->estimatedCost = 1000;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *t, sqlite3_vtab_cursor **ret)
{
    (void)t;
    struct cursor *c = sqlite3_malloc(sizeof *c);
    if (!c)
        return SQLITE_NOMEM;
    *c = (struct cursor){.at = 0};
    *ret = &c->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *c)
{
    sqlite3_free(c);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *c, int index, const char *name, int argc,
                         sqlite3_value **argv)
{
    (void)index, (void)name, (void)argc, (void)argv;
    ((struct cursor *)c)->at = 0;
    return SQLITE_OK;
}

/* Sorted slots lie anywhere in memory: the next ones are fetched while SQLite works on this one. */
static void prefetch(const struct feed *f, size_t at)
{
    if (at + 2 * AHEAD < f->keys)
        __builtin_prefetch(f->key[at + 2 * AHEAD]);
    if (at + AHEAD < f->keys)
        __builtin_prefetch(f->key[at + AHEAD]->text.ptr);
}

static int cursor_next(sqlite3_vtab_cursor *c)
{
    const struct table *t = (const struct table *)c->pVtab;
    size_t at = ++((struct cursor *)c)->at;
    if (t->kind == FEED_KEYS)
        prefetch(t->feed, at);
    return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *c)
{
    const struct table *t = (const struct table *)c->pVtab;
    const size_t count[] = {
        [FEED_KEYS] = t->feed->keys, [FEED_ROWS] = t->feed->rows, [FEED_TRAIL] = t->feed->trails};
    return ((struct cursor *)c)->at >= count[t->kind];
}

static void trail_column(sqlite3_context *out, const struct trail_row *row, int column)
{
    const int64_t number[] = {
        0, row->id, row->consumer_id, row->prev, row->origin, (int64_t)row->record, row->at, 0};
    if (column == COUNT(number))
        db_result_str(out, row->former);
    else
        sqlite3_result_int64(out, number[column]);
}

static int cursor_column(sqlite3_vtab_cursor *c, sqlite3_context *out, int column)
{
    const struct table *t = (const struct table *)c->pVtab;
    size_t at = ((struct cursor *)c)->at;
    if (column == 0)
        sqlite3_result_int64(out, (int64_t)at);
    else if (t->kind == FEED_TRAIL)
        trail_column(out, t->feed->trail[at], column);
    else if (t->kind == FEED_ROWS)
        rowio_column(out, &t->feed->row[at]->now, column - 1);
    else if (column == 1)
        db_result_str(out, t->feed->key[at]->text);
    else
        sqlite3_result_int64(out, column == 2 ? t->feed->key[at]->now
                                              : (int64_t)t->feed->key[at]->imprint);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)((struct cursor *)c)->at;
    return SQLITE_OK;
}

#define MODULE(connect)                                                                            \
    {                                                                                              \
        .xConnect = (connect), .xBestIndex = best_index, .xDisconnect = table_disconnect,          \
        .xOpen = cursor_open, .xClose = cursor_close, .xFilter = cursor_filter,                    \
        .xNext = cursor_next, .xEof = cursor_eof, .xColumn = cursor_column, .xRowid = cursor_rowid \
    }

bool feed_register(struct db *db, struct feed *feed, struct err *err)
{
    static const sqlite3_module keys = MODULE(keys_connect), rows = MODULE(rows_connect),
                                trail = MODULE(trail_connect);
    return (sqlite3_create_module(db->handle, "wanted_key", &keys, feed) == SQLITE_OK &&
            sqlite3_create_module(db->handle, "wanted_row", &rows, feed) == SQLITE_OK &&
            sqlite3_create_module(db->handle, "wanted_trail", &trail, feed) == SQLITE_OK) ||
           db_error(db, err, "the database");
}
