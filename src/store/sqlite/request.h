/* request: requests that may come again with the same key; private to store/sqlite.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_REQUEST_H
#define STORE_SQLITE_REQUEST_H

#include "store/sqlite/db.h"
#include "store/store.h"

/* Fills in what came of an earlier request with the key. */
MUST_CHECK bool request_find(struct db *db, struct arena *a, struct store_request *q,
                             struct err *err);
/* Keeps the request, within the transaction of what it did: the task that it made, or its answer.
 */
MUST_CHECK bool request_keep(struct db *db, const struct store_request *q, int64_t made_id,
                             str answer, struct err *err);

#endif
