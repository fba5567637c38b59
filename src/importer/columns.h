/* columns: what each column of a file means, told from its header.
 *
 * A header is read in this order: exact after normalising (case, spaces, '_', '-', '.' do not
 * matter), alias, reserved name, near miss; what is left is a custom attribute under its own text.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_COLUMNS_H
#define IMPORTER_COLUMNS_H

#include "importer/import.h"

/* The five columns a file must have, in the order in which they are named. */
enum { REQUIRED_COLUMNS = 5 };
extern const enum consumer_field columns_required[REQUIRED_COLUMNS];

/* Reads a header row; the columns and their slices live in the arena. When the file cannot be
 * taken, *ret_problem says why and the result is false. */
MUST_CHECK bool columns_read(struct arena *a, const struct row *header,
                             const struct import_settings *settings,
                             struct import_column **ret_column, struct file_problem *ret_problem);
/* The same without judging: what the columns of a header that cannot be taken would be. */
struct import_column *columns_guess(struct arena *a, const struct row *header,
                                    const struct import_settings *settings);
/* True when the row holds every required column: for finding a header further down. */
bool columns_row_is_header(struct arena *a, const struct row *row, bool update_only);
/* True when an empty header stands over this column and nobody said what it is: it must hold no
 * values. */
bool columns_is_nameless(const struct import_column *column);

#endif
