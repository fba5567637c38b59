/* throttle: so many in a period, for each of many keys.
 *
 * A token bucket per key, kept as the one moment at which it will be full again (the generic cell
 * rate algorithm, ITU-T I.371).  Memory is fixed: a table of places, of which the one that is full
 * the soonest gives way; who is pushed out starts with a full bucket again.
 * Threads: any.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_THROTTLE_H
#define BASE_THROTTLE_H

#include "base/base.h"

struct throttle;

struct throttle_rate {
    unsigned count; /* in period_s, and at once; 0: there is no limit */
    unsigned period_s;
};
struct throttle_state {
    unsigned left;   /* how many more would be let through now */
    int64_t full_us; /* from now until all would be */
    int64_t wait_us; /* from now until one would be; 0: now */
};

/* rate.count > 0.  Never NULL. */
struct throttle *throttle_new(struct throttle_rate rate);
/* Frees t; NULL is fine. */
void throttle_free(struct throttle *t);
/* Takes one from key's bucket at now_us of the monotonic clock; false, and nothing is taken, when
 * it is empty. */
bool throttle_take(struct throttle *t, uint64_t key, int64_t now_us,
                   struct throttle_state *ret_state);
/* Puts one back. */
void throttle_give(struct throttle *t, uint64_t key, int64_t now_us);
/* How it stands, with nothing taken. */
void throttle_look(struct throttle *t, uint64_t key, int64_t now_us,
                   struct throttle_state *ret_state);

#endif
