/* calls: how many requests each company's programs make, by the hour.
 *
 * Whoever answers requests counts them in memory and writes the counts down now and then.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CALLS_H
#define STORE_CALLS_H

#include "store/store.h"

struct api_calls {
    int64_t company_id;
    int64_t hour;           /* hours since 1970, UTC */
    uint64_t calls, errors; /* errors: of them, those answered with 400 or more */
};
/* Adds to what is there, in one commit; those of a company that is gone are dropped.  Any thread.
 */
MUST_CHECK bool store_calls_add(struct store *s, const struct api_calls *calls, size_t count,
                                struct err *err);
/* A company's, from an hour on, in order; hours without any are not there. */
MUST_CHECK bool store_calls_list(struct store *s, struct arena *a, int64_t company_id,
                                 int64_t from_hour, struct api_calls **ret_calls, size_t *ret_count,
                                 struct err *err);
/* Forgets those of hours before that one. */
MUST_CHECK bool store_calls_purge(struct store *s, int64_t before_hour, struct err *err);

#endif
