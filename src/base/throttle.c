/* SPDX-License-Identifier: Apache-2.0 */
#include "base/throttle.h"

#include "base/mem.h"

#include <pthread.h>

enum { SETS = 8192, WAYS = 4 }; // half a MiB; a key has its place among the four of its set

struct place {
    uint64_t key;
    int64_t full_at_us; /* not after now: it may as well be empty */
};
struct throttle {
    int64_t each_us, all_us; /* one comes back after; all of them */
    pthread_mutex_t lock;
    struct place place[SETS][WAYS]; /* guarded by lock */
};

struct throttle *throttle_new(struct throttle_rate rate)
{
    struct throttle *t = mem_new(1, sizeof *t);
    assert(rate.count && rate.period_s);
    t->all_us = (int64_t)rate.period_s * 1000000;
    t->each_us = t->all_us / rate.count;
    if (!t->each_us)
        t->each_us = 1;
    t->all_us = t->each_us * rate.count;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    mem_free(t);
}

static struct place *find(struct throttle *t, uint64_t key)
{
    struct place *set = t->place[key % SETS], *first = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].full_at_us < first->full_at_us)
            first = &set[i];
    }
    *first = (struct place){.key = key};
    return first;
}

static void describe(const struct throttle *t, int64_t behind_us, struct throttle_state *ret)
{
    int64_t free_us = t->all_us - behind_us;
    ret->left = (unsigned)(free_us / t->each_us);
    ret->full_us = behind_us;
    ret->wait_us = free_us >= t->each_us ? 0 : t->each_us - free_us;
}

static int64_t behind(const struct place *p, int64_t now_us)
{
    return p->full_at_us > now_us ? p->full_at_us - now_us : 0;
}

bool throttle_take(struct throttle *t, uint64_t key, int64_t now_us,
                   struct throttle_state *ret_state)
{
    pthread_mutex_lock(&t->lock);
    struct place *p = find(t, key);
    int64_t behind_us = behind(p, now_us);
    bool ok = behind_us + t->each_us <= t->all_us;
    if (ok) {
        behind_us += t->each_us;
        p->full_at_us = now_us + behind_us;
    }
    pthread_mutex_unlock(&t->lock);
    describe(t, behind_us, ret_state);
    return ok;
}

void throttle_give(struct throttle *t, uint64_t key, int64_t now_us)
{
    pthread_mutex_lock(&t->lock);
    struct place *p = find(t, key);
    if (behind(p, now_us))
        p->full_at_us -= t->each_us;
    pthread_mutex_unlock(&t->lock);
}

void throttle_look(struct throttle *t, uint64_t key, int64_t now_us,
                   struct throttle_state *ret_state)
{
    pthread_mutex_lock(&t->lock);
    int64_t behind_us = behind(find(t, key), now_us);
    pthread_mutex_unlock(&t->lock);
    describe(t, behind_us, ret_state);
}
