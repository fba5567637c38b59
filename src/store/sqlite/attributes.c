/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/attributes.h"

#include "base/json.h"
#include "base/limits.h"
#include "domain/consumer_members.h"
#include "sql_attributes.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/reader.h"

enum {
    SEEN_AT_ONCE = 256, // different keys of one piece; more are seen with the next
    SINCE_ROWS = 20000  // not yet looked at by the writer: a reader looks at so many of them
};

struct seen { /* keys as JSON text */
    str key[SEEN_AT_ONCE];
    size_t count, last; /* last: of the record before, most have the same ones in the same order */
};

/* Notes those of a record that are not there. */
static void see(struct seen *s, struct arena *a, str attributes)
{
    struct member member[LIMIT_ATTRIBUTES];
    size_t count = consumer_members_split(attributes, member, LIMIT_ATTRIBUTES);
    for (size_t i = 0; i < count; i++) {
        size_t n = i < s->count && str_eq(s->key[i], member[i].key_text) ? i : 0;
        while (n < s->count && !str_eq(s->key[n], member[i].key_text))
            n++;
        if (n == s->count && n < SEEN_AT_ONCE)
            s->key[s->count++] = arena_str(a, member[i].key_text);
    }
}

/* Goes through the rows of a statement; false: err says why. */
static bool see_rows(struct db *db, sqlite3_stmt *q, struct seen *s, struct arena *a,
                     struct err *err)
{
    int step;
    while ((step = db_step(db, q, err)) == SQLITE_ROW)
        see(s, a, db_column_borrow(q, 0));
    (void)sqlite3_reset(q);
    return step != 0;
}

static bool key_of(struct arena *a, str text, str *ret_key, struct err *err)
{
    struct json key;
    struct json_place place;
    if (!json_parse(text, a, &key, &place, err))
        return err_context(err, "a stored customer's custom_attributes: ");
    *ret_key = key.text;
    return true;
}

bool attributes_see(struct applier *p, int64_t after, int64_t to, struct err *err)
{
    static const char sql[] = SQL_ATTRIBUTES_WRITTEN, sql_add[] = SQL_ATTRIBUTE_ADD;
    AUTO(arena_done) struct arena a = {0};
    struct seen s = {.count = 0};
    str key;
    sqlite3_stmt *q = db_statement(p->db, sql, err);
    if (!q)
        return false;
    db_bind_int(q, 1, after);
    db_bind_int(q, 2, to);
    if (!see_rows(p->db, q, &s, &a, err))
        return false;
    for (size_t i = 0; i < s.count; i++) {
        if (!key_of(&a, s.key[i], &key, err) || !(q = db_statement(p->db, sql_add, err)))
            return false;
        db_bind_str(q, 1, key);
        db_bind_int(q, 2, LIMIT_ATTRIBUTE_NAMES);
        if (!db_run(p->db, q, err))
            return false;
    }
    return true;
}

/* --- reading --- */

static bool list_known(struct store_reader *r, struct arena *a, size_t max, str *name,
                       size_t *count, struct err *err)
{
    static const char sql[] = SQL_ATTRIBUTE_LIST;
    sqlite3_stmt *q = db_statement(&r->db, sql, err);
    int step = 0;
    if (!q)
        return false;
    db_bind_int(q, 1, (int64_t)max);
    while (*count < max && (step = db_step(&r->db, q, err)) == SQLITE_ROW)
        name[(*count)++] = db_column_str(q, 0, a);
    (void)sqlite3_reset(q);
    return *count == max || step != 0;
}

/* Of those who were written since the writer last looked. */
static bool add_since(struct store_reader *r, struct arena *a, size_t max, str *name, size_t *count,
                      struct err *err)
{
    static const char sql[] = SQL_ATTRIBUTES_SINCE;
    struct seen s = {.count = 0};
    str key;
    sqlite3_stmt *q = db_statement(&r->db, sql, err);
    if (!q)
        return false;
    db_bind_int(q, 1, SINCE_ROWS);
    if (!see_rows(&r->db, q, &s, a, err))
        return false;
    for (size_t i = 0; i < s.count && *count < max; i++) {
        size_t n = 0;
        if (!key_of(a, s.key[i], &key, err))
            return false;
        while (n < *count && !str_eq(name[n], key))
            n++;
        if (n == *count)
            name[(*count)++] = key;
    }
    return true;
}

bool store_attribute_names(struct store_reader *r, struct arena *a, size_t max, str **ret_name,
                           size_t *ret_count, struct err *err)
{
    str *name = ARENA_NEW(a, str, max);
    size_t count = 0;
    if (!r->searches && !changes_register(&r->db, err))
        return false;
    if (!list_known(r, a, max, name, &count, err) ||
        (count < max && !add_since(r, a, max, name, &count, err)))
        return false;
    *ret_name = name;
    *ret_count = count;
    return true;
}
