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
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++) {
        for (size_t i = 0; i < s->keys[kind].count; i++)
            *s->keys[kind].slot[i]->bucket = NULL;
        s->keys[kind].count = 0;
        s->keys[kind].scattered = false;
    }
    for (size_t i = 0; i < s->entries; i++)
        *s->entry[i]->bucket = NULL;
    s->entries = s->trails = 0;
    s->scattered = false;
    arena_reset(&s->arena);
    if (buckets > s->buckets) {
        mem_free(s->slot_bucket);
        mem_free(s->entry_bucket);
        s->slot_bucket = mem_new(buckets, sizeof *s->slot_bucket);
        s->entry_bucket = mem_new(buckets, sizeof *s->entry_bucket);
        s->buckets = buckets;
    }
}

static struct key_slot *in_bucket(struct key_slot *k, enum key_kind kind, uint64_t hash, str text)
{
    while (k && (k->hash != hash || k->kind != kind || !str_eq(k->text, text)))
        k = k->next;
    return k;
}

struct key_slot *slice_slot(struct slice *s, enum key_kind kind, str text)
{
    uint64_t hash = hash_bytes(text, kind);
    struct key_slot **bucket = &s->slot_bucket[hash & (s->buckets - 1)],
                    *k = in_bucket(*bucket, kind, hash, text);
    if (k)
        return k;
    k = ARENA_NEW(&s->arena, struct key_slot, 1);
    *k = (struct key_slot){
        .kind = kind, .hash = hash, .text = text, .next = *bucket, .bucket = bucket};
    *bucket = k;
    struct key_list *list = &s->keys[kind];
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 256;
        list->slot = mem_grow(list->slot, list->room, sizeof(struct key_slot *));
    }
    list->slot[list->count++] = k;
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

struct trail_row *slice_trail(struct slice *s)
{
    struct trail_row *row = ARENA_NEW(&s->arena, struct trail_row, 1);
    if (s->trails == s->trail_room) {
        s->trail_room = s->trail_room ? s->trail_room * 2 : 256;
        s->trail = mem_grow(s->trail, s->trail_room, sizeof(struct trail_row *));
    }
    s->trail[s->trails++] = row;
    return row;
}

/* What is compared stands beside the pointer: sorting a hundred thousand keys through pointers
 * waits for memory most of the time. */
struct sort_item {
    uint64_t high, low; /* the first 16 bytes, as numbers that compare as the bytes do */
    struct key_slot *slot;
};

uint64_t slice_sort_key(str s, size_t from)
{
    unsigned char bytes[8] = {0};
    if (s.len > from)
        memcpy(bytes, s.ptr + from, MIN(s.len - from, sizeof bytes));
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        n = n << 8 | bytes[i];
    return n;
}

static int by_key(const void *x, const void *y)
{
    const struct sort_item *a = x, *b = y;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return str_cmp(a->slot->text, b->slot->text);
}

static int by_id(const void *x, const void *y)
{
    const struct entry *a = *(struct entry *const *)x, *b = *(struct entry *const *)y;
    return a->now.id < b->now.id ? -1 : a->now.id > b->now.id;
}

void slice_sort_slots(struct slice *s, enum key_kind kind)
{
    struct key_list *list = &s->keys[kind];
    size_t i, ups = 0;
    for (i = 1; i < list->count; i++)
        ups += str_cmp(list->slot[i - 1]->text, list->slot[i]->text) < 0;
    if (ups + 1 >= list->count)
        return; // files are often in order
    list->scattered = list->scattered || ups;
    struct sort_item *item = mem_new(list->count, sizeof *item);
    for (i = 0; i < list->count; i++) {
        struct key_slot *k = list->slot[i];
        item[i] = (struct sort_item){slice_sort_key(k->text, 0), slice_sort_key(k->text, 8), k};
    }
    qsort(item, list->count, sizeof *item, by_key);
    for (i = 0; i < list->count; i++)
        list->slot[i] = item[i].slot;
    mem_free(item);
}

void slice_sort_entries(struct slice *s)
{
    size_t ups = 0;
    for (size_t i = 1; i < s->entries; i++)
        ups += s->entry[i - 1]->now.id < s->entry[i]->now.id;
    if (ups + 1 >= s->entries)
        return;
    s->scattered = s->scattered || ups;
    qsort(s->entry, s->entries, sizeof(struct entry *), by_id);
}

void slice_done(struct slice *s)
{
    arena_done(&s->arena);
    mem_free(s->slot_bucket);
    mem_free(s->entry_bucket);
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        mem_free(s->keys[kind].slot);
    mem_free(s->entry);
    mem_free(s->trail);
    *s = (struct slice){0};
}
