/* hits: customers' ids as a table of a statement: hits(source), in the order of ids.
 *
 * Source: https://www.sqlite.org/vtab.html#eponymous_virtual_tables, bindptr.html.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_HITS_H
#define STORE_SQLITE_HITS_H

#include "store/sqlite/db.h"

#define HITS_POINTER "hits" /* the type under which a struct hits is bound as `source` */
struct hits {               /* {0} is empty */
    int64_t *id;            /* ascending, each once, after hits_sort() */
    size_t count, room;
};

/* Adds an id at the end. */
void hits_add(struct hits *h, int64_t id);
/* Brings them into order, each once. */
void hits_sort(struct hits *h);
/* Adds what the other has; keeps only what both have; takes away what the other has.  Both in
 * order: */
void hits_unite(struct hits *h, const struct hits *other);
void hits_intersect(struct hits *h, const struct hits *other);
void hits_subtract(struct hits *h, const struct hits *other);
/* Frees it; it is empty then. */
void hits_done(struct hits *h);
DEFINE_AUTO_STRUCT(struct hits, hits_done)
/* Makes the table of the connection. */
MUST_CHECK bool hits_register(struct db *db, struct err *err);

#endif
