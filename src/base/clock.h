/* clock: what time it is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now_us(void);
/* Microseconds of a clock that never jumps: for durations and deadlines. */
int64_t clock_monotonic_us(void);

#endif
