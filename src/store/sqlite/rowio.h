/* rowio: a customer to and from a row of the table.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_ROWIO_H
#define STORE_SQLITE_ROWIO_H

#include "domain/consumer.h"
#include "store/sqlite/db.h"

enum { ROWIO_COLUMNS = 16 };
/* Gives one of the columns, by its place in the table; the record outlives the statement. */
void rowio_column(sqlite3_context *out, const struct consumer *c, int column);
/* Reads the columns from `first` on of the row a statement stands on into the arena. */
void rowio_read(sqlite3_stmt *s, int first, struct arena *a, struct consumer *ret);

#endif
