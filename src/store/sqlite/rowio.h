/* rowio: a customer to and from a row of the table.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_ROWIO_H
#define STORE_SQLITE_ROWIO_H

#include "domain/consumer.h"
#include "store/sqlite/db.h"

/* Binds all 13 columns; the slices must live until the statement is reset. */
void rowio_bind(sqlite3_stmt *s, const struct consumer *c);
/* Reads the row a statement stands on into the arena. */
void rowio_read(sqlite3_stmt *s, struct arena *a, struct consumer *ret);

#endif
