/* changes: who was written when, so that customers are found by updated_at and created_at.
 *
 * An index on these would cost every write a change in the middle of a tree.  Instead the writer
 * appends what it writes, in the order of stamps and packed, which costs next to nothing.  When it
 * has nothing else to do it sorts customers into created_key, and sweeps out entries that count no
 * more: whoever reads checks each entry against the customer.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_CHANGES_H
#define STORE_SQLITE_CHANGES_H

#include "store/sqlite/apply.h"

/* How much the writer has to do beside. */
enum changes_when {
    CHANGES_IDLE,       /* nothing for a while */
    CHANGES_BETWEEN,    /* requests come, but none is waiting */
    CHANGES_BESIDE_FILE /* a file is under way */
};

/* Notes the customers that the slice writes, in its transaction. */
MUST_CHECK bool changes_add(struct applier *p, struct err *err);
/* Whether a piece of tidying is due. */
bool changes_due(const struct applier *p, enum changes_when when);
/* Does a piece of some milliseconds, in a transaction of the caller's; several in one transaction
 * write less to the log. */
MUST_CHECK bool changes_tidy(struct applier *p, struct err *err);
/* The blocks after the stamp `after`, some 2,000 entries and not past `last`: the last stamp of
 * them, and how many entries.  None: *ret_count is 0. */
MUST_CHECK bool changes_next_blocks(struct applier *p, int64_t after, int64_t last, int64_t *ret_to,
                                    int64_t *ret_count, struct err *err);
/* The table-valued function unpacked(entries, reversed): stamp, id. */
MUST_CHECK bool changes_register(struct db *db, struct err *err);

#endif
