/* feed: what a slice wants of the database, as tables that one statement joins with or inserts
 * from.
 *
 * A statement a key costs a reset, a step, an opened cursor and a seek from the root; a join with
 * the virtual table `wanted_key`, whose rows come in key order, keeps its cursors open for the
 * whole slice.  `wanted_key` (n, key, id, imprint) goes through feed.key, `wanted_row` (n and the
 * columns of consumer) through feed.row, `wanted_trail` (the columns of trail) through feed.trail;
 * n is the place in the array.  Both are read only. Threads: the connection's own.
 *
 * Source: https://www.sqlite.org/vtab.html, "eponymous-only virtual tables".
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_FEED_H
#define STORE_SQLITE_FEED_H

#include "store/sqlite/db.h"
#include "store/sqlite/slice.h"

struct feed {
    struct key_slot *const *key; /* borrowed while a statement runs */
    size_t keys;
    struct entry *const *row;
    size_t rows;
    struct trail_row *const *trail;
    size_t trails;
};

/* Makes the three tables of the connection; feed outlives it. */
MUST_CHECK bool feed_register(struct db *db, struct feed *feed, struct err *err);

#endif
