/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/reader.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/consumer_members.h"
#include "sql_company.h"
#include "store/sqlite/rowio.h"
#include "store/sqlite/store_priv.h"

#include <stdatomic.h>

enum { READER_CACHE_BYTES = 16 * 1024 * 1024 };

static const char sql_get[] = SQL_CONSUMER_GET, sql_external[] = SQL_CONSUMER_BY_EXTERNAL,
                  sql_legacy[] = SQL_CONSUMER_BY_LEGACY, sql_list[] = SQL_CONSUMER_LIST,
                  sql_meta[] = SQL_META_GET, sql_keys[] = SQL_ATTRIBUTE_KEYS,
                  sql_newest[] = SQL_ATTRIBUTE_NEWEST;

bool store_reader_open(struct store_company *c, struct store_reader **ret_reader, struct err *err)
{
    struct store_reader *r = mem_new(1, sizeof *r);
    r->company = c;
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

bool store_reader_hold(struct store_reader *r, struct err *err)
{
    static const char sql_begin[] = "BEGIN";
    // Read before the transaction begins: what is committed in between is seen, and read anew.
    uint64_t commits = atomic_load(&r->company->commits);
    if (r->held && r->held_at == commits)
        return true;
    store_reader_rest(r);
    sqlite3_stmt *s = db_statement(&r->db, sql_begin, err);
    r->held = s && db_run(&r->db, s, err);
    r->held_at = commits;
    return r->held;
}

void store_reader_rest(struct store_reader *r)
{
    static const char sql_commit[] = "COMMIT";
    struct err ignored = {0};
    if (!r->held)
        return;
    r->held = false;
    sqlite3_stmt *s = db_statement(&r->db, sql_commit, &ignored);
    if (!s || !db_run(&r->db, s, &ignored))
        log_error("a reader of company %lld does not let go: %s", (long long)r->company->id,
                  ignored.msg);
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

struct keys {
    str *text; /* as JSON */
    size_t count, max;
};

/* Notes the keys of a record that are new; the guess is that all have the same ones. */
static void note_keys(struct keys *k, struct arena *a, str attributes)
{
    struct member member[LIMIT_ATTRIBUTES];
    size_t count = consumer_members_split(attributes, member, LIMIT_ATTRIBUTES);
    for (size_t i = 0; i < count && k->count <= k->max; i++) {
        bool known = i < k->count && str_eq(k->text[i], member[i].key_text);
        for (size_t n = 0; n < k->count && !known; n++)
            known = str_eq(k->text[n], member[i].key_text);
        if (!known)
            k->text[k->count++] = arena_str(a, member[i].key_text);
    }
}

bool store_attribute_keys(struct store_reader *r, struct arena *a, size_t max, str **ret_key,
                          size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_keys, err);
    struct keys k = {.text = ARENA_NEW(a, str, max + 1), .max = max};
    int step;
    if (!s)
        return false;
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && k.count <= max)
        note_keys(&k, a, db_column_borrow(s, 0));
    (void)sqlite3_reset(s);
    if (!step)
        return false;
    for (size_t i = 0; i < k.count; i++) {
        struct json key;
        struct json_place place;
        if (!json_parse(k.text[i], a, &key, &place, err))
            return err_context(err, "a stored customer's custom_attributes: ");
        k.text[i] = key.text;
    }
    *ret_key = k.text;
    *ret_count = MIN(k.count, max);
    return k.count <= max ||
           err_set(err, ERR_LIMIT, "more than %zu different custom attributes", max);
}

/* Marks those of the keys that the record has; how many were new. */
static size_t mark_known(str attributes, const str *key_text, size_t count, enum store_known *known)
{
    struct member member[LIMIT_ATTRIBUTES];
    size_t members = consumer_members_split(attributes, member, LIMIT_ATTRIBUTES), found = 0;
    for (size_t i = 0; i < count; i++)
        if (key_text[i].len && known[i] != STORE_KNOWN &&
            consumer_members_find(member, members, i, key_text[i])) {
            known[i] = STORE_KNOWN;
            found++;
        }
    return found;
}

bool store_attributes_known(struct store_reader *r, struct arena *a, const str *key, size_t count,
                            size_t among, enum store_known *ret_known, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_newest, err);
    str *text = ARENA_NEW(a, str, count);
    size_t wanted = 0, seen = 0;
    int step = SQLITE_DONE;
    if (!s)
        return false;
    for (size_t i = 0; i < count; i++) {
        AUTO(buf_done) struct buf b = {0};
        ret_known[i] = STORE_KNOWN_UNSURE;
        if (!key[i].len)
            continue;
        json_write_string(&b, key[i]);
        text[i] = arena_str(a, buf_str(&b));
        wanted++;
    }
    db_bind_int(s, 1, (int64_t)among);
    while (wanted && (step = db_step(&r->db, s, err)) == SQLITE_ROW) {
        wanted -= mark_known(db_column_borrow(s, 0), text, count, ret_known);
        seen++;
    }
    (void)sqlite3_reset(s);
    for (size_t i = 0; i < count && seen < among; i++)
        if (text[i].len && ret_known[i] != STORE_KNOWN)
            ret_known[i] = STORE_UNKNOWN;
    return step != 0;
}
