/* What the halves of applying share: changes forward (apply.c) and back (undo.c).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_APPLY_PRIV_H
#define STORE_SQLITE_APPLY_PRIV_H

#include "store/sqlite/apply.h"

/* What a row of the trail is besides: trail.made. */
enum { TRAIL_MADE = 1, TRAIL_WAITS = 2 };

/* A customer's value of a kind of key. */
str apply_key_of(const struct consumer *c, enum key_kind kind);
/* The next stamp, later than any before. */
int64_t apply_next_stamp(struct applier *p);
/* Reads one more customer into the slice; not there: an entry that does not exist. */
MUST_CHECK bool apply_load_one(struct applier *p, int64_t id, struct entry **ret_entry,
                               struct err *err);
/* Who has a key that a record wants, besides itself; 0: nobody. */
int64_t apply_rival(struct slice *s, enum key_kind kind, str text, int64_t self);
/* Whose a key is that no change of the slice named; 0: nobody's. */
MUST_CHECK bool apply_find_key(struct applier *p, enum key_kind kind, str text, int64_t *ret_owner,
                               struct err *err);
/* The keys of a customer follow him from before to after; NULL: he is not there.  entry: of
 * `after`, which has its id already. */
void apply_move_keys(struct slice *s, const struct consumer *before, const struct consumer *after,
                     struct entry *entry);
/* Takes the customer away, keys and all. */
void apply_remove(struct applier *p, struct entry *e);
/* One change of an undo. */
MUST_CHECK bool undo_act(struct applier *p, const struct apply_item *item, struct err *err);
/* Writes down as events what the slice that was just written did. */
MUST_CHECK bool event_add_slice(struct applier *p, const struct apply_item *item, struct err *err);
/* The customer is deleted by the batch's origin: what his trail holds of him goes too. */
MUST_CHECK bool trail_forget(struct applier *p, const struct entry *e, int64_t origin,
                             struct err *err);

#endif
