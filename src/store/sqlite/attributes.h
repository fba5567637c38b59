/* Which keys custom_attributes have: seen by the writer when it has nothing else to do, never in a
 * batch.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_ATTRIBUTES_H
#define STORE_SQLITE_ATTRIBUTES_H

#include "store/sqlite/apply.h"

/* Notes the keys of customers who were written with stamps in (after, to], in the transaction that
 * is open. */
MUST_CHECK bool attributes_see(struct applier *p, int64_t after, int64_t to, struct err *err);

#endif
