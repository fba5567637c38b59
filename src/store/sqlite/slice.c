/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/slice.h"

#include "base/mem.h"

#include <stdlib.h>

static uint64_t hash_bytes(str s, uint64_t h)
{
    // FNV-1a over eight bytes at a time, mixed at the end: the keys are short and come by the
    // million.
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t w;
        memcpy(&w, s.ptr + i, 8);
        h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    for (; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 29;
    h *= UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 32;
}

void slice_begin(struct slice *s, size_t changes)
{
    size_t buckets = 64;
    while (buckets < changes * 2)
        buckets *= 2;
    // Only what was used is cleared: a handful of requests may follow a large batch.
    for (size_t i = 0; i < s->slots; i++)
        *s->slot[i]->bucket = NULL;
    for (size_t i = 0; i < s->entries; i++)
        *s->entry[i]->bucket = NULL;
    s->slots = s->entries = 0;
    arena_reset(&s->arena);
    if (buckets > s->buckets) {
        mem_free(s->slot_bucket);
        mem_free(s->entry_bucket);
        s->slot_bucket = mem_new(buckets, sizeof *s->slot_bucket);
        s->entry_bucket = mem_new(buckets, sizeof *s->entry_bucket);
        s->buckets = buckets;
    }
}

struct key_slot *slice_slot(struct slice *s, enum key_kind kind, str text)
{
    struct key_slot **bucket = &s->slot_bucket[hash_bytes(text, kind) & (s->buckets - 1)];
    for (struct key_slot *k = *bucket; k; k = k->next)
        if (k->kind == kind && str_eq(k->text, text))
            return k;
    struct key_slot *k = ARENA_NEW(&s->arena, struct key_slot, 1);
    k->kind = kind;
    k->text = text;
    k->next = *bucket;
    k->bucket = bucket;
    *bucket = k;
    if (s->slots == s->slot_room) {
        s->slot_room = s->slot_room ? s->slot_room * 2 : 256;
        s->slot = mem_grow(s->slot, s->slot_room, sizeof(struct key_slot *));
    }
    s->slot[s->slots++] = k;
    return k;
}

static struct entry **entry_bucket(const struct slice *s, int64_t id)
{
    return &s->entry_bucket[hash_bytes((str){(const char *)&id, sizeof id}, 7) & (s->buckets - 1)];
}

struct entry *slice_find(const struct slice *s, int64_t id)
{
    struct entry *e = *entry_bucket(s, id);
    while (e && e->now.id != id)
        e = e->next;
    return e;
}

struct entry *slice_entry(struct slice *s, int64_t id)
{
    struct entry *e = slice_find(s, id), **bucket = entry_bucket(s, id);
    if (e)
        return e;
    e = ARENA_NEW(&s->arena, struct entry, 1);
    e->now.id = id;
    e->next = *bucket;
    e->bucket = bucket;
    *bucket = e;
    if (s->entries == s->entry_room) {
        s->entry_room = s->entry_room ? s->entry_room * 2 : 256;
        s->entry = mem_grow(s->entry, s->entry_room, sizeof(struct entry *));
    }
    s->entry[s->entries++] = e;
    return e;
}

static int by_key(const void *x, const void *y)
{
    const struct key_slot *a = *(struct key_slot *const *)x, *b = *(struct key_slot *const *)y;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : str_cmp(a->text, b->text);
}

static int by_id(const void *x, const void *y)
{
    const struct entry *a = *(struct entry *const *)x, *b = *(struct entry *const *)y;
    return a->now.id < b->now.id ? -1 : a->now.id > b->now.id;
}

void slice_sort_slots(struct slice *s)
{
    if (s->slots)
        qsort(s->slot, s->slots, sizeof(struct key_slot *), by_key);
}

void slice_sort_entries(struct slice *s)
{
    if (s->entries)
        qsort(s->entry, s->entries, sizeof(struct entry *), by_id);
}

void slice_done(struct slice *s)
{
    arena_done(&s->arena);
    mem_free(s->slot_bucket);
    mem_free(s->entry_bucket);
    mem_free(s->slot);
    mem_free(s->entry);
    *s = (struct slice){0};
}
