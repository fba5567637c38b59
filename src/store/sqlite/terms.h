/* terms: whose name has a word, and whose phone has digits at its beginning or end.
 *
 * Kept up to date with every write this index would cost more than the customers themselves.  So
 * the writer brings it up to date when it has nothing else to do, from `changed`: it gathers the
 * terms of some 100,000 customers in memory, sorts them, and adds them in the order of the table,
 * which touches each page once.  How far it has come is committed with the last of them; what was
 * added before that is added again after a crash, to no effect.  Whoever reads checks each entry
 * against the customer, and looks at those who were written since one by one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_TERMS_H
#define STORE_SQLITE_TERMS_H

#include "store/sqlite/changes.h"

/* What a customer's terms are made of. */
enum {
    TERMS_FIELDS = FIELD_BIT(FIELD_PHONE) | FIELD_BIT(FIELD_NAME) | FIELD_BIT(FIELD_FIRST_NAME)
};

/* Whether a piece of the work is due. */
bool terms_due(const struct applier *p, enum changes_when when);
/* Does a piece of some milliseconds, in a transaction of the caller's. */
MUST_CHECK bool terms_tidy(struct applier *p, struct err *err);
/* Removes the terms of a customer who is removed, in the transaction that is open. */
MUST_CHECK bool terms_forget(struct applier *p, const struct consumer *c, struct err *err);
/* Forgets what is on its way: it will be gathered anew. */
void terms_drop(struct applier *p);
/* Frees all of it. */
void terms_done(struct applier *p);

#endif
