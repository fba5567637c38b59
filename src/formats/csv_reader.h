/* csv_reader: the records of a CSV text, one at a time.
 *
 * RFC 4180 with any one-byte delimiter and LF, CRLF or CR.  A quote opens a quoted cell only at the
 * cell's first byte; what follows a closing quote up to the delimiter belongs to the cell.  Memory
 * is bounded by the limits.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_CSV_READER_H
#define FORMATS_CSV_READER_H

#include "formats/rows_priv.h"

struct csv_limits {
    size_t row_bytes, columns; /* of one record, quotes included; both > 0 */
    size_t cell_bytes;         /* of one cell, without its quotes; 0: as many as the record */
};
/* Bytes for a reader: to is filled with up to room bytes; 0 at the end, -1 on failure. */
typedef int64_t csv_read(void *context, char *to, size_t room, struct file_problem *problem,
                         struct err *err);

struct csv_reader;
/* The caller frees.  delimiter and quote are ASCII bytes other than CR, LF and each other; quote 0:
 * no cell is quoted, whatever it begins with. */
struct csv_reader *csv_reader_new(csv_read *read, void *context, char delimiter, char quote,
                                  struct csv_limits limits);
/* Reads one record (blank ones too); *ret_row is set only on ROWS_ROW, its cells are borrowed until
 * the next call. Problems: FILE_QUOTE_OPEN, FILE_ROW_TOO_LARGE, FILE_CELL_TOO_LARGE,
 * FILE_TOO_MANY_COLUMNS. */
MUST_CHECK enum rows_step csv_reader_next(struct csv_reader *r, struct row *ret_row,
                                          struct file_problem *ret_problem, struct err *err);
/* Frees r, not the context; NULL is fine. */
void csv_reader_free(struct csv_reader *r);
DEFINE_AUTO(struct csv_reader *, csv_reader_free)

#endif
