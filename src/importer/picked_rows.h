/* picked_rows: some rows of an imported file, by the numbers of their records.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_PICKED_ROWS_H
#define IMPORTER_PICKED_ROWS_H

#include "importer/import.h"

struct picked_row {
    uint64_t record, line; /* line 0: the file does not have it */
    const str *cell;
    size_t count;
};
struct picked_rows {
    bool lines;        /* JSON Lines: a row is one cell, its line, and there are no columns */
    const str *column; /* the header's cells, as in the file */
    size_t columns;
    size_t mark_column; /* import_error; SIZE_MAX: there is none */
    struct picked_row *row;
    size_t count; /* as many as were asked for, or fewer: a page ends with so many bytes */
};
/* Reads the rows of those records, which stand in ascending order, of the file at path as it was
 * imported; all lives in the arena.  On failure *ret_problem may say why for a person. */
MUST_CHECK bool picked_rows_read(const char *path, const struct import_settings *settings,
                                 struct arena *a, const uint64_t *record, size_t count,
                                 struct picked_rows *ret, struct file_problem *ret_problem,
                                 struct err *err);

#endif
