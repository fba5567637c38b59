/* Which e-mail address stands in how many rows: 8 bytes an address, in a table that grows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"
#include "base/limits.h"
#include "importer/findings_priv.h"

#include <stdlib.h>

enum { FIRST_ROOM = 4096, SHARED_SLOTS = 4 * SHARED_KEPT };
#define COUNT_BITS UINT64_C(3)

static uint64_t hash_of(str email)
{
    char text[LIMIT_EMAIL_BYTES];
    size_t len = MIN(email.len, sizeof text);
    for (size_t i = 0; i < len; i++) {
        char c = email.ptr[i];
        text[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
    }
    uint64_t hash = crypto_hash64((str){text, len}) & ~COUNT_BITS;
    return hash ? hash : COUNT_BITS + 1;
}

/* Where the hash is, or where there is room for it. */
static uint64_t *place(uint64_t *slot, size_t room, uint64_t hash)
{
    size_t at = (size_t)(hash >> 2) & (room - 1);
    while (slot[at] && (slot[at] & ~COUNT_BITS) != hash)
        at = (at + 1) & (room - 1);
    return &slot[at];
}

static void grow(struct emails_seen *e)
{
    size_t room = e->room ? e->room * 2 : FIRST_ROOM;
    uint64_t *slot = mem_new(room, sizeof *slot);
    for (size_t i = 0; i < e->room; i++)
        if (e->slot[i])
            *place(slot, room, e->slot[i] & ~COUNT_BITS) = e->slot[i];
    mem_free(e->slot);
    e->slot = slot;
    e->room = room;
}

static uint32_t *shared_place(struct emails_seen *e, uint64_t hash)
{
    size_t at = (size_t)(hash >> 2) % SHARED_SLOTS;
    if (!e->shared_slot)
        e->shared_slot = mem_new(SHARED_SLOTS, sizeof *e->shared_slot);
    while (e->shared_slot[at] && e->shared[e->shared_slot[at] - 1].hash != hash)
        at = (at + 1) % SHARED_SLOTS;
    return &e->shared_slot[at];
}

/* The row in which an address has become one of many, or a later one. */
static void add_shared(struct emails_seen *e, struct arena *a, uint64_t hash, uint64_t line,
                       str email)
{
    uint32_t *at = shared_place(e, hash);
    if (!*at) {
        if (e->shared_count == SHARED_KEPT)
            return;
        if (e->shared_count == e->shared_room) {
            e->shared_room = e->shared_room ? e->shared_room * 2 : 16;
            e->shared = mem_grow(e->shared, e->shared_room, sizeof *e->shared);
        }
        e->shared[e->shared_count++] =
            (struct shared_email){.hash = hash,
                                  .email = arena_str(a, str_shown(email, LIMIT_EMAIL_BYTES)),
                                  .found = {.count = SHARED_FROM - 1}};
        *at = (uint32_t)e->shared_count;
    }
    struct shared_email *s = &e->shared[*at - 1];
    s->found.count++;
    if (s->found.examples < FINDING_EXAMPLES)
        s->found.example[s->found.examples++] = (struct finding_example){line, s->email};
}

void emails_seen_add(struct emails_seen *e, struct arena *a, uint64_t line, str email)
{
    uint64_t hash = hash_of(email);
    if (e->count * 4 >= e->room * 3 && e->count < LIMIT_FINDING_EMAILS)
        grow(e);
    uint64_t *at = place(e->slot, e->room, hash);
    if (!*at) {
        if (e->count < LIMIT_FINDING_EMAILS) {
            e->count++;
            *at = hash;
        }
    } else if ((*at & COUNT_BITS) < SHARED_FROM - 2) {
        (*at)++;
    } else {
        add_shared(e, a, hash, line, email);
    }
}

static int more_rows(const void *x, const void *y)
{
    const struct shared_email *a = x, *b = y;
    if (a->found.count != b->found.count)
        return a->found.count < b->found.count ? 1 : -1;
    return str_cmp(a->email, b->email);
}

size_t emails_seen_shared(struct emails_seen *e, const struct shared_email **ret_shared)
{
    if (e->shared_count)
        qsort(e->shared, e->shared_count, sizeof *e->shared, more_rows);
    mem_free(e->shared_slot); // it names other places now
    e->shared_slot = NULL;
    for (size_t i = 0; i < e->shared_count; i++)
        *shared_place(e, e->shared[i].hash) = (uint32_t)i + 1;
    *ret_shared = e->shared;
    return MIN(e->shared_count, (size_t)SHARED_SHOWN);
}

void emails_seen_done(struct emails_seen *e)
{
    mem_free(e->slot);
    mem_free(e->shared);
    mem_free(e->shared_slot);
}
