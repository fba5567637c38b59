/* days: how many customers came and went, day by day, as the company's clock has them.
 *
 * Whatever makes or removes customers counts: requests, files, undos.  The writer adds to a day
 * once per transaction, in it, so the sum of all days is always the number of customers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_DAYS_H
#define STORE_DAYS_H

#include "store/store.h"

struct store_day {
    int64_t day; /* since 1970-01-01: zone_date_of_days() */
    uint64_t created, deleted;
};
/* The day of a moment in the company's zone. */
int64_t store_company_day(const struct store_company *c, int64_t at_us);
/* The days from first to last, both included, on which anybody came or went, in the arena. */
MUST_CHECK bool store_days(struct store_reader *r, struct arena *a, int64_t first, int64_t last,
                           struct store_day **ret_day, size_t *ret_count, struct err *err);

#endif
