/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/memtable.h"

#include "base/mem.h"

#include <stdlib.h>

enum { FIRST_BUCKETS = 1024 };
/* Lengths of a text that is null, and of an email_key that is the e-mail itself. */
#define LEN_NULL UINT32_MAX
#define LEN_SAME (UINT32_MAX - 1)

enum { TEXTS = 9 };
_Static_assert(sizeof(struct consumer) == TEXTS * sizeof(str) + 7 * sizeof(int64_t),
               "a field of a customer is packed and unpacked here");
struct held_row {
    struct held_row *next;
    int64_t id;
    int64_t created_at_us, updated_at_us, origin, trail;
    uint64_t record;
    uint32_t len[TEXTS];
    bool exists : 1, unsubscribed : 1, permanent_failed : 1, complained : 1;
    char text[];
};
struct held_key {
    struct held_key *next;
    uint64_t hash, imprint;
    int64_t owner; /* 0: nobody */
    uint32_t len;
    uint8_t kind;
    char text[];
};

bool memtable_is_empty(const struct memtable *m)
{
    return !m->rows && !m->keys;
}

size_t memtable_bytes(const struct memtable *m)
{
    return m->arena.used + (m->row_buckets + m->key_buckets) * sizeof(void *);
}

static size_t row_hash(int64_t id)
{
    uint64_t h = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 32);
}

/* The places of a packed record's texts. */
static void texts_of(struct consumer *c, str *ret_text[TEXTS])
{
    str *const text[TEXTS] = {&c->external_id, &c->legacy_id,  &c->email,
                              &c->email_key,   &c->phone,      &c->name,
                              &c->first_name,  &c->avatar_url, &c->custom_attributes};
    memcpy(ret_text, text, sizeof text);
}

static struct held_row **row_bucket(const struct memtable *m, int64_t id)
{
    return &m->row_bucket[row_hash(id) & (m->row_buckets - 1)];
}

static void grow_rows(struct memtable *m)
{
    struct held_row **old = m->row_bucket;
    size_t buckets = m->row_buckets;
    m->row_buckets = buckets ? buckets * 2 : FIRST_BUCKETS;
    m->row_bucket = mem_new(m->row_buckets, sizeof(struct held_row *));
    for (size_t i = 0; i < buckets; i++)
        for (struct held_row *h = old[i], *next; h; h = next) {
            struct held_row **bucket = row_bucket(m, h->id);
            next = h->next;
            h->next = *bucket;
            *bucket = h;
        }
    mem_free(old);
}

static struct held_row **find_row(const struct memtable *m, int64_t id)
{
    struct held_row **at = row_bucket(m, id);
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static struct held_row *pack(struct memtable *m, const struct consumer *c)
{
    struct consumer copy = *c;
    str *text[TEXTS];
    size_t bytes = 0;
    uint32_t len[TEXTS];
    texts_of(&copy, text);
    for (size_t i = 0; i < TEXTS; i++) {
        bool same = text[i] == &copy.email_key && !str_is_null(copy.email) &&
                    str_eq(copy.email_key, copy.email);
        len[i] = str_is_null(*text[i]) ? LEN_NULL : same ? LEN_SAME : (uint32_t)text[i]->len;
        bytes += len[i] < LEN_SAME ? len[i] : 0;
    }
    struct held_row *h =
        (struct held_row *)arena_alloc(&m->arena, 1, sizeof *h + bytes, alignof(struct held_row));
    char *p = h->text;
    for (size_t i = 0; i < TEXTS; i++)
        if (len[i] < LEN_SAME) {
            memcpy(p, text[i]->ptr, len[i]);
            p += len[i];
        }
    memcpy(h->len, len, sizeof len);
    h->created_at_us = c->created_at_us;
    h->updated_at_us = c->updated_at_us;
    h->origin = c->origin;
    h->record = c->record;
    h->trail = c->trail;
    h->unsubscribed = c->unsubscribed;
    h->permanent_failed = c->permanent_failed;
    h->complained = c->complained;
    h->exists = true;
    return h;
}

static void unpack(const struct held_row *h, struct consumer *ret)
{
    str *text[TEXTS];
    const char *p = h->text;
    *ret = (struct consumer){.id = h->id,
                             .created_at_us = h->created_at_us,
                             .updated_at_us = h->updated_at_us,
                             .origin = h->origin,
                             .record = h->record,
                             .trail = h->trail,
                             .unsubscribed = h->unsubscribed,
                             .permanent_failed = h->permanent_failed,
                             .complained = h->complained};
    texts_of(ret, text);
    for (size_t i = 0; i < TEXTS; i++)
        if (h->len[i] == LEN_SAME) {
            *text[i] = ret->email;
        } else if (h->len[i] != LEN_NULL) {
            *text[i] = (str){p, h->len[i]};
            p += h->len[i];
        }
}

void memtable_set_row(struct memtable *m, int64_t id, const struct consumer *c)
{
    if (m->rows >= m->row_buckets)
        grow_rows(m);
    struct held_row *h = c ? pack(m, c) : ARENA_NEW(&m->arena, struct held_row, 1),
                    **at = find_row(m, id), *old = *at;
    h->id = id;
    h->next = old ? old->next : NULL;
    *at = h;
    m->rows += !old;
}

bool memtable_has_row(const struct memtable *m, int64_t id)
{
    return m->rows && *find_row(m, id);
}

bool memtable_find_row(const struct memtable *m, int64_t id, struct consumer *ret, bool *ret_exists)
{
    const struct held_row *h = m->rows ? *find_row(m, id) : NULL;
    if (!h)
        return false;
    *ret_exists = h->exists;
    if (h->exists)
        unpack(h, ret);
    return true;
}

/* --- keys --- */

static struct held_key **key_bucket(const struct memtable *m, uint64_t hash)
{
    return &m->key_bucket[hash & (m->key_buckets - 1)];
}

static void grow_keys(struct memtable *m)
{
    struct held_key **old = m->key_bucket;
    size_t buckets = m->key_buckets;
    m->key_buckets = buckets ? buckets * 2 : FIRST_BUCKETS;
    m->key_bucket = mem_new(m->key_buckets, sizeof(struct held_key *));
    for (size_t i = 0; i < buckets; i++)
        for (struct held_key *h = old[i], *next; h; h = next) {
            struct held_key **bucket = key_bucket(m, h->hash);
            next = h->next;
            h->next = *bucket;
            *bucket = h;
        }
    mem_free(old);
}

static str text_of(const struct held_key *h)
{
    return (str){h->text, h->len};
}

static struct held_key *find_key(const struct memtable *m, const struct key_slot *k)
{
    struct held_key *h = m->keys ? *key_bucket(m, k->hash) : NULL;
    while (h && (h->hash != k->hash || h->kind != k->kind || !str_eq(text_of(h), k->text)))
        h = h->next;
    return h;
}

void memtable_set_key(struct memtable *m, const struct key_slot *k)
{
    struct held_key *h = find_key(m, k);
    if (m->keys >= m->key_buckets)
        grow_keys(m);
    if (!h) {
        struct held_key **bucket = key_bucket(m, k->hash);
        h = (struct held_key *)arena_alloc(&m->arena, 1, sizeof *h + k->text.len,
                                           alignof(struct held_key));
        h->next = *bucket;
        h->hash = k->hash;
        h->kind = (uint8_t)k->kind;
        h->len = (uint32_t)k->text.len;
        memcpy(h->text, k->text.ptr, k->text.len);
        *bucket = h;
        m->keys++;
    }
    h->owner = k->now;
    h->imprint = k->imprint;
}

bool memtable_has_key(const struct memtable *m, const struct key_slot *k)
{
    return find_key(m, k);
}

bool memtable_find_key(const struct memtable *m, struct key_slot *k)
{
    const struct held_key *h = find_key(m, k);
    if (!h)
        return false;
    k->now = h->owner;
    k->imprint = h->imprint;
    return true;
}

struct key_slot memtable_slot(const struct held_key *h)
{
    return (struct key_slot){.text = text_of(h), .now = h->owner, .imprint = h->imprint};
}

/* --- in order --- */

static int by_number(const void *x, const void *y)
{
    const int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

int64_t *memtable_ids(const struct memtable *m, bool exist, size_t *ret_count)
{
    int64_t *id = mem_new(MAX(m->rows, (size_t)1), sizeof *id);
    size_t count = 0;
    for (size_t i = 0; i < m->row_buckets; i++)
        for (const struct held_row *h = m->row_bucket[i]; h; h = h->next)
            if (h->exists == exist)
                id[count++] = h->id;
    qsort(id, count, sizeof *id, by_number);
    *ret_count = count;
    return id;
}

struct sort_item { /* see slice.c */
    uint64_t high;
    struct held_key *key;
};

static int by_text(const void *x, const void *y)
{
    const struct sort_item *a = x, *b = y;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return str_cmp(text_of(a->key), text_of(b->key));
}

struct held_key **memtable_keys(const struct memtable *m, enum key_kind kind, bool owned,
                                size_t *ret_count)
{
    struct sort_item *item = mem_new(MAX(m->keys, (size_t)1), sizeof *item);
    size_t count = 0;
    for (size_t i = 0; i < m->key_buckets; i++)
        for (struct held_key *h = m->key_bucket[i]; h; h = h->next)
            if (h->kind == kind && (h->owner != 0) == owned)
                item[count++] = (struct sort_item){slice_sort_key(text_of(h), 0), h};
    qsort(item, count, sizeof *item, by_text);
    struct held_key **key = mem_new(MAX(count, (size_t)1), sizeof *key);
    for (size_t i = 0; i < count; i++)
        key[i] = item[i].key;
    mem_free(item);
    *ret_count = count;
    return key;
}

void memtable_reset(struct memtable *m)
{
    if (m->rows)
        memset(m->row_bucket, 0, m->row_buckets * sizeof *m->row_bucket);
    if (m->keys)
        memset(m->key_bucket, 0, m->key_buckets * sizeof *m->key_bucket);
    m->rows = m->keys = 0;
    arena_reset(&m->arena);
}

void memtable_done(struct memtable *m)
{
    arena_done(&m->arena);
    mem_free(m->row_bucket);
    mem_free(m->key_bucket);
    *m = (struct memtable){0};
}
