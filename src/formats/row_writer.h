/* row_writer: rows of text cells as a file: CSV (BOM, ';', CRLF), XLSX.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_ROW_WRITER_H
#define FORMATS_ROW_WRITER_H

#include "formats/rows.h"

struct row_writer;
/* Starts a file of that format; a workbook is made in a temporary file and copied to the fd at the
 * end.  Errors: ERR_INTERNAL, ERR_INVALID (a format that has no rows). */
MUST_CHECK bool row_writer_open(int fd, enum rows_format format, struct row_writer **ret_writer,
                                struct err *err);
/* Puts a note (comment) on a header cell, workbooks only; call before the header row. */
void row_writer_note(struct row_writer *w, size_t column, const char *text);
/* A workbook goes on to another sheet, with the same first row, after so many rows instead of
 * 1,048,576. */
void row_writer_split(struct row_writer *w, uint32_t rows);
/* Appends a row.  Workbook cells are written as text.  Errors: ERR_INTERNAL, ERR_LIMIT (the disk is
 * full), ERR_INVALID (a workbook's cell holds 32,767 characters, a row 16,384 cells). */
MUST_CHECK bool row_writer_add(struct row_writer *w, const str *cell, size_t count,
                               struct err *err);
/* How many bytes the table has so far: where its next row begins.  CSV only. */
uint64_t row_writer_bytes(const struct row_writer *w);
/* Finishes the file; nothing is complete before it. */
MUST_CHECK bool row_writer_end(struct row_writer *w, struct err *err);
/* Frees w; the fd stays open.  NULL is fine. */
void row_writer_free(struct row_writer *w);
DEFINE_AUTO(struct row_writer *, row_writer_free)

#endif
