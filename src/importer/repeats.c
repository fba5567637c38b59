/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/repeats.h"

#include "base/crypto.h"
#include "base/mem.h"

struct key {
    uint64_t half[2]; /* {0, 0}: free */
};
struct repeats {
    enum import_repeats rule;
    struct key *key;
    size_t count, room; /* room is a power of two */
};

struct repeats *repeats_new(enum import_repeats rule)
{
    struct repeats *r = mem_new(1, sizeof *r);
    r->rule = rule;
    r->room = 1024;
    r->key = mem_new(r->room, sizeof *r->key);
    return r;
}

void repeats_free(struct repeats *r)
{
    if (r)
        mem_free(r->key);
    mem_free(r);
}

/* True when the key was there. */
static bool insert(struct repeats *r, struct key key)
{
    size_t i = key.half[0] & (r->room - 1);
    while (r->key[i].half[0] || r->key[i].half[1]) {
        if (r->key[i].half[0] == key.half[0] && r->key[i].half[1] == key.half[1])
            return true;
        i = (i + 1) & (r->room - 1);
    }
    r->key[i] = key;
    r->count++;
    return false;
}

static void make_room(struct repeats *r)
{
    if (r->count * 2 < r->room)
        return;
    struct key *old = r->key;
    size_t old_room = r->room;
    r->room *= 2;
    r->count = 0;
    r->key = mem_new(r->room, sizeof *r->key);
    for (size_t i = 0; i < old_room; i++)
        if (old[i].half[0] || old[i].half[1])
            (void)insert(r, old[i]);
    mem_free(old);
}

void repeats_judge(struct repeats *r, struct arena *a, struct store_change *change)
{
    unsigned char digest[SHA256_BYTES];
    struct key key;
    if (change->op == STORE_REFUSED)
        return;
    crypto_sha256(change->key_text, digest);
    memcpy(&key, digest, sizeof key);
    make_room(r);
    if (!insert(r, key))
        return;
    change->op = STORE_REFUSED;
    if (r->rule == REPEATS_FIRST_WINS)
        change->outcome = OUTCOME_SKIPPED;
    else
        problem_add(&change->patch.problems, a, PROBLEM_REPEATED_KEY,
                    change->key == STORE_KEY_LEGACY ? STR("id") : STR("external_id"),
                    change->key_text);
}
