/* SPDX-License-Identifier: Apache-2.0 */
#include "base/background.h"
#include "base/clock.h"

#include <sched.h>
#include <stdatomic.h>

enum { WHILE_US = 200000 };

static _Atomic int64_t came_us = INT64_MIN / 2;

void background_request_came(void)
{
    atomic_store_explicit(&came_us, clock_monotonic_us(), memory_order_relaxed);
}

void background_pause(void)
{
    if (clock_monotonic_us() - atomic_load_explicit(&came_us, memory_order_relaxed) < WHILE_US)
        (void)sched_yield();
}
