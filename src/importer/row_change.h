/* row_change: one row of a file as a change for the store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_ROW_CHANGE_H
#define IMPORTER_ROW_CHANGE_H

#include "importer/import.h"

/* What every row of a file shares; borrowed. */
struct row_context {
    const struct import_settings *settings;
    const struct import_column *column;
    size_t count;
    const struct consumer_rules *rules;
    struct buf *scratch; /* for imprints; NULL: changes get none */
};
/* Fills in *ret_change from a row of cells: never fails, a bad row becomes a change that is refused
 * with its problems.  The change's slices live in the arena; record and line are the caller's to
 * set. */
void row_change_from_cells(struct arena *a, const struct row_context *context,
                           const struct row *row, struct store_change *ret_change);
/* The same from a line of JSON Lines: an object of attributes, or a JSON:API resource. */
void row_change_from_json(struct arena *a, const struct row_context *context,
                          const struct json *line, struct store_change *ret_change);

#endif
