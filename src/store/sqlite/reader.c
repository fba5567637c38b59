/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/reader.h"

#include "base/mem.h"
#include "sql_company.h"
#include "store/sqlite/rowio.h"
#include "store/sqlite/store_priv.h"

enum { READER_CACHE_BYTES = 4 * 1024 * 1024 };

static const char sql_get[] = SQL_CONSUMER_GET, sql_external[] = SQL_CONSUMER_BY_EXTERNAL,
                  sql_legacy[] = SQL_CONSUMER_BY_LEGACY, sql_list[] = SQL_CONSUMER_LIST,
                  sql_meta[] = SQL_META_GET, sql_keys[] = SQL_ATTRIBUTE_KEYS;

bool store_reader_open(struct store_company *c, struct store_reader **ret_reader, struct err *err)
{
    struct store_reader *r = mem_new(1, sizeof *r);
    if (!db_open(&r->db, c->path, false, READER_CACHE_BYTES, err) ||
        !db_exec(&r->db, "PRAGMA query_only=1", err)) {
        store_reader_free(r);
        return false;
    }
    *ret_reader = r;
    return true;
}

void store_reader_free(struct store_reader *r)
{
    if (!r)
        return;
    db_close(&r->db);
    mem_free(r);
}

/* SQLITE_ROW with the customer read, SQLITE_DONE when there is none, 0 on failure. */
static int get_one(struct store_reader *r, struct arena *a, sqlite3_stmt *s, struct consumer *ret,
                   struct err *err)
{
    int step = db_step(&r->db, s, err);
    if (step == SQLITE_ROW)
        rowio_read(s, 0, a, ret);
    (void)sqlite3_reset(s);
    return step;
}

static int get_by_id(struct store_reader *r, struct arena *a, int64_t id, struct consumer *ret,
                     struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_get, err);
    if (!s)
        return 0;
    db_bind_int(s, 1, id);
    return get_one(r, a, s, ret, err);
}

static int get_by_key(struct store_reader *r, struct arena *a, const char *sql, str key,
                      struct consumer *ret, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql, err);
    if (!s)
        return 0;
    db_bind_str(s, 1, key);
    return get_one(r, a, s, ret, err);
}

bool store_get(struct store_reader *r, struct arena *a, str key, struct consumer *ret_consumer,
               struct err *err)
{
    int64_t id;
    int step = SQLITE_DONE;
    if (consumer_id_parse(key, &id))
        step = get_by_id(r, a, id, ret_consumer, err);
    if (step == SQLITE_DONE)
        step = get_by_key(r, a, sql_external, key, ret_consumer, err);
    if (step == SQLITE_DONE)
        step = get_by_key(r, a, sql_legacy, key, ret_consumer, err);
    return step == SQLITE_ROW || (step && err_set(err, ERR_NOT_FOUND, "there is no such customer"));
}

bool store_list(struct store_reader *r, struct arena *a, int64_t after_id, uint64_t skip,
                size_t limit, struct consumer **ret_consumer, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_list, err);
    struct consumer *c = ARENA_NEW(a, struct consumer, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, after_id);
    db_bind_int(s, 2, (int64_t)limit);
    db_bind_int(s, 3, (int64_t)MIN(skip, (uint64_t)INT64_MAX));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW)
        rowio_read(s, 0, a, &c[count++]);
    (void)sqlite3_reset(s);
    *ret_consumer = c;
    *ret_count = count;
    return step != 0;
}

bool store_count(struct store_reader *r, uint64_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_meta, err);
    if (!s || !db_step(&r->db, s, err))
        return false;
    *ret_count = (uint64_t)sqlite3_column_int64(s, 2);
    (void)sqlite3_reset(s);
    return true;
}

bool store_attribute_keys(struct store_reader *r, struct arena *a, size_t max, str **ret_key,
                          size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_keys, err);
    str *key = ARENA_NEW(a, str, max + 1);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, (int64_t)max + 1);
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW)
        key[count++] = db_column_str(s, 0, a);
    (void)sqlite3_reset(s);
    *ret_key = key;
    *ret_count = MIN(count, max);
    return step && (count <= max ||
                    err_set(err, ERR_LIMIT, "more than %zu different custom attributes", max));
}
