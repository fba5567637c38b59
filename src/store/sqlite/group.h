/* group: batches of API requests in one transaction; private to store/sqlite.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_GROUP_H
#define STORE_SQLITE_GROUP_H

#include "store/sqlite/apply.h"
#include "store/sqlite/db.h"

/* Applies the batches from first up to end, those that came before left out, and keeps what is to
 * be answered; within a transaction of the caller's. */
MUST_CHECK bool group_apply(struct applier *p, struct store_batch *first, struct store_batch *end,
                            struct err *err);

#endif
