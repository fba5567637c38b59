/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/changes.h"

#include "base/mem.h"
#include "sql_changes.h"
#include "store/sqlite/attributes.h"
#include "store/sqlite/changes_priv.h"

#include <stdlib.h>

enum {
    TIDY_ENTRIES = 2000,       // of one piece: some milliseconds
    DUE_BETWEEN = 20000,       // so many are not sorted in: not before the writer is idle
    DUE_BESIDE_FILE = 2000000, // reads by created_at would take seconds
    SLACK_ENTRIES = 10000,     // that count no more are left lying
};

static const char sql_change_add[] = SQL_CHANGE_ADD, sql_change_counts[] = SQL_CHANGE_COUNTS,
                  sql_created_add[] = SQL_CREATED_ADD, sql_change_live[] = SQL_CHANGE_LIVE,
                  sql_change_drop[] = SQL_CHANGE_DROP, sql_created_end[] = SQL_CREATED_END,
                  sql_created_drop[] = SQL_CREATED_DROP;

/* --- packing --- */

static size_t put(char *to, uint64_t n)
{
    size_t len = 0;
    for (; n >= 0x80; n >>= 7)
        to[len++] = (char)(n | 0x80);
    to[len++] = (char)n;
    return len;
}

static bool take(str *s, uint64_t *ret)
{
    uint64_t n = 0;
    for (unsigned shift = 0; s->len && shift < 64; shift += 7) {
        unsigned char byte = (unsigned char)s->ptr[0];
        *s = str_from(*s, 1);
        n |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret = n;
            return true;
        }
    }
    return false;
}

size_t changes_pack(const struct change_entry *entry, size_t count,
                    char ret_bytes[CHANGES_BLOCK_BYTES])
{
    struct change_entry before = {0};
    size_t len = 0;
    assert(count <= CHANGES_BLOCK);
    for (size_t i = 0; i < count; before = entry[i++]) {
        uint64_t id = (uint64_t)entry[i].id - (uint64_t)before.id;
        len += put(ret_bytes + len, (uint64_t)entry[i].stamp - (uint64_t)before.stamp);
        len += put(ret_bytes + len, id << 1 ^ (0 - (id >> 63)));
    }
    return len;
}

size_t changes_unpack(str bytes, struct change_entry ret_entry[CHANGES_BLOCK])
{
    uint64_t stamp = 0, id = 0, more;
    size_t count = 0;
    while (count < CHANGES_BLOCK && take(&bytes, &more)) {
        stamp += more;
        if (!take(&bytes, &more))
            break;
        id += more >> 1 ^ (0 - (more & 1));
        ret_entry[count++] = (struct change_entry){(int64_t)stamp, (int64_t)id};
    }
    return count;
}

/* --- noting what is written --- */

static bool add_block(struct applier *p, const struct change_entry *entry, size_t count,
                      struct err *err)
{
    char bytes[CHANGES_BLOCK_BYTES];
    sqlite3_stmt *s = db_statement(p->db, sql_change_add, err);
    if (!s)
        return false;
    db_bind_int(s, 1, entry[count - 1].stamp);
    db_bind_int(s, 2, (int64_t)count);
    db_bind_blob(s, 3, bytes, changes_pack(entry, count, bytes));
    return db_run(p->db, s, err);
}

static bool add_blocks(struct applier *p, const struct change_entry *entry, size_t count,
                       struct err *err)
{
    for (size_t at = 0; at < count; at += CHANGES_BLOCK)
        if (!add_block(p, entry + at, MIN(count - at, (size_t)CHANGES_BLOCK), err))
            return false;
    return true;
}

static int by_stamp(const void *x, const void *y)
{
    const struct change_entry *a = x, *b = y;
    return a->stamp < b->stamp ? -1 : a->stamp > b->stamp;
}

bool changes_add(struct applier *p, struct err *err)
{
    struct slice *s = &p->slice;
    struct change_entry *entry = ARENA_NEW(&s->arena, struct change_entry, s->entries);
    size_t count = 0;
    bool sorted = true;
    for (size_t i = 0; i < s->entries; i++) {
        const struct entry *e = s->entry[i];
        // Whose stamp is older was noted with it: an undo may write no more of him than his trail.
        if (!e->dirty || !e->exists || e->now.updated_at_us <= p->noted_to)
            continue;
        entry[count] = (struct change_entry){e->now.updated_at_us, e->now.id};
        sorted = sorted && (!count || entry[count - 1].stamp < entry[count].stamp);
        count++;
    }
    if (!sorted) // of new customers the order of ids is that of stamps
        qsort(entry, count, sizeof *entry, by_stamp);
    if (!count)
        return true;
    p->meta.changes += (int64_t)count;
    p->meta.unindexed += (int64_t)count;
    p->meta.untermed += (int64_t)count;
    return add_blocks(p, entry, count, err);
}

/* --- tidying --- */

static bool is_slack(int64_t entries, int64_t consumers)
{
    return entries > 2 * consumers + SLACK_ENTRIES;
}

bool changes_due(const struct applier *p, enum changes_when when)
{
    const struct apply_meta *m = &p->meta;
    switch (when) {
    case CHANGES_IDLE:
        return m->unindexed > 0 || p->tidy.what != TIDY_NOTHING ||
               is_slack(m->changes, m->consumers) || is_slack(m->created, m->consumers);
    case CHANGES_BETWEEN:
        return m->unindexed > DUE_BETWEEN || is_slack(m->changes / 4, m->consumers);
    case CHANGES_BESIDE_FILE:
        return m->unindexed > DUE_BESIDE_FILE;
    }
    return false;
}

bool changes_next_blocks(struct applier *p, int64_t after, int64_t last, int64_t *ret_to,
                         int64_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(p->db, sql_change_counts, err);
    int step = SQLITE_DONE;
    *ret_to = after;
    *ret_count = 0;
    if (!s)
        return false;
    db_bind_int(s, 1, after);
    db_bind_int(s, 2, last);
    while (*ret_count < TIDY_ENTRIES && (step = db_step(p->db, s, err)) == SQLITE_ROW) {
        *ret_to = sqlite3_column_int64(s, 0);
        *ret_count += sqlite3_column_int64(s, 1);
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

static sqlite3_stmt *between(struct applier *p, const char *sql, int64_t after, int64_t to,
                             struct err *err)
{
    sqlite3_stmt *s = db_statement(p->db, sql, err);
    if (s) {
        db_bind_int(s, 1, after);
        db_bind_int(s, 2, to);
    }
    return s;
}

/* Sorts the next customers into created_key. */
static bool index_some(struct applier *p, struct err *err)
{
    int64_t to, count;
    if (!changes_next_blocks(p, p->meta.indexed_to, INT64_MAX, &to, &count, err))
        return false;
    sqlite3_stmt *s = between(p, sql_created_add, p->meta.indexed_to, to, err);
    if (!s || !db_run(p->db, s, err))
        return false;
    p->meta.created += sqlite3_changes(p->db->handle);
    if (!attributes_see(p, p->meta.indexed_to, to, err))
        return false;
    p->meta.indexed_to = to;
    p->meta.unindexed = count ? p->meta.unindexed - count : 0;
    return true;
}

/* Packs what still counts of the next blocks anew. */
static bool sweep_changed(struct applier *p, struct err *err)
{
    int64_t after = p->tidy.at, to, count;
    int step = 0;
    if (!changes_next_blocks(p, after, p->meta.indexed_to, &to, &count, err))
        return false;
    if (!count) {
        p->tidy.what = TIDY_NOTHING;
        return true;
    }
    struct change_entry *entry = mem_new((size_t)count, sizeof *entry);
    size_t live = 0;
    sqlite3_stmt *s = between(p, sql_change_live, after, to, err);
    while (s && (step = db_step(p->db, s, err)) == SQLITE_ROW)
        entry[live++] =
            (struct change_entry){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)};
    bool ok = step && (s = between(p, sql_change_drop, after, to, err)) && db_run(p->db, s, err) &&
              add_blocks(p, entry, live, err);
    mem_free(entry);
    p->meta.changes -= count - (int64_t)live;
    p->tidy.at = to;
    return ok;
}

static bool sweep_created(struct applier *p, struct err *err)
{
    int64_t to = INT64_MAX, to_id = INT64_MAX;
    sqlite3_stmt *s = between(p, sql_created_end, p->tidy.at, p->tidy.id, err);
    if (!s)
        return false;
    db_bind_int(s, 3, TIDY_ENTRIES);
    int step = db_step(p->db, s, err);
    if (step == SQLITE_ROW) {
        to = sqlite3_column_int64(s, 0);
        to_id = sqlite3_column_int64(s, 1);
    }
    (void)sqlite3_reset(s);
    if (!step || !(s = between(p, sql_created_drop, p->tidy.at, p->tidy.id, err)))
        return false;
    db_bind_int(s, 3, to);
    db_bind_int(s, 4, to_id);
    if (!db_run(p->db, s, err))
        return false;
    p->meta.created -= sqlite3_changes(p->db->handle);
    p->tidy = (struct changes_tidy){step == SQLITE_ROW ? TIDY_CREATED : TIDY_NOTHING, to, to_id};
    return true;
}

bool changes_tidy(struct applier *p, struct err *err)
{
    p->wrote = true;
    if (p->meta.unindexed > 0)
        return index_some(p, err);
    if (p->tidy.what == TIDY_NOTHING && is_slack(p->meta.changes, p->meta.consumers))
        p->tidy = (struct changes_tidy){.what = TIDY_CHANGED};
    else if (p->tidy.what == TIDY_NOTHING && is_slack(p->meta.created, p->meta.consumers))
        p->tidy = (struct changes_tidy){TIDY_CREATED, INT64_MIN, INT64_MIN};
    switch (p->tidy.what) {
    case TIDY_CHANGED:
        return sweep_changed(p, err);
    case TIDY_CREATED:
        return sweep_created(p, err);
    case TIDY_NOTHING:
        break;
    }
    return true;
}
