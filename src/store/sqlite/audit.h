/* Entries of the audit log, in the transaction that is open.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_AUDIT_H
#define STORE_SQLITE_AUDIT_H

#include "store/audit.h"
#include "store/sqlite/control_priv.h"

/* Adds one to a company's database: e's action to details, but who. */
MUST_CHECK bool audit_add(struct db *db, const struct audit_entry *e, struct err *err);
/* The same of something that has a number, at this moment. */
MUST_CHECK bool audit_add_number(struct db *db, const struct asker *by, const char *action,
                                 const char *subject_type, int64_t subject_id, struct err *err);
/* Adds what users changed of customers by these batches, which were applied. */
MUST_CHECK bool audit_add_batches(struct db *db, const struct store_batch *first,
                                  const struct store_batch *end, struct err *err);
/* Adds one to control.db, with its lock held; by NULL: nobody is to be named, and nothing is noted.
 * The subject is there: its name and its company stand in the entry. */
MUST_CHECK bool control_audit_locked(struct store *s, const struct asker *by, const char *action,
                                     const char *subject_type, int64_t subject_id,
                                     const char *details, struct err *err);
/* What a change of control.db is noted as; by NULL: it is not. */
struct control_note {
    const struct asker *by;
    const char *action, *subject_type;
    int64_t subject_id; /* 0: the row that the change adds */
    const char *details;
};
/* control_change() and its entry, in one transaction.  Errors as there. */
MUST_CHECK bool control_change_noted(struct store *s, const char *sql, const struct value *value,
                                     size_t count, const struct control_note *note, int64_t *ret_id,
                                     struct err *err);

#endif
