/* row_writer: rows of text cells as a file: CSV (BOM, ';', CRLF), XLSX.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_ROW_WRITER_H
#define FORMATS_ROW_WRITER_H

#include "formats/rows.h"

struct row_writer;
/* Starts a file of that format at path ("-" or an open fd for CSV: fd >= 0 and path NULL; a
 * workbook is made in a temporary file and copied to the fd at the end).  widths/notes may be NULL.
 * Errors: ERR_INTERNAL, ERR_INVALID (a format that has no rows). */
MUST_CHECK bool row_writer_open(int fd, enum rows_format format, struct row_writer **ret_writer,
                                struct err *err);
/* Puts a note (comment) on a header cell, workbooks only; call before the header row. */
void row_writer_note(struct row_writer *w, size_t column, const char *text);
/* Appends a row.  Workbook cells are written as text.  Errors: ERR_INTERNAL, ERR_LIMIT (more rows
 * or longer cells than a sheet holds: 1,048,576 and 32,767 characters). */
MUST_CHECK bool row_writer_add(struct row_writer *w, const str *cell, size_t count,
                               struct err *err);
/* Finishes the file; nothing is complete before it. */
MUST_CHECK bool row_writer_end(struct row_writer *w, struct err *err);
/* Frees w; the fd stays open.  NULL is fine. */
void row_writer_free(struct row_writer *w);
DEFINE_AUTO(struct row_writer *, row_writer_free)

#endif
