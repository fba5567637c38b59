/* days: counting who came and went, within the writer's transactions.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_DAYS_H
#define STORE_SQLITE_DAYS_H

#include "store/days.h"
#include "store/sqlite/apply.h"

/* Adds what the counters gathered to the day of this moment, in the transaction that is open. */
MUST_CHECK bool days_add(struct applier *p, struct err *err);

#endif
