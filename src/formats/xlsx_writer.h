/* xlsx_writer: rows of text as a workbook (libxlsxwriter, row by row).
 *
 * A sheet that is full is continued on the next, which begins with the same header and is named
 * after the first ("clients-continued-2"); xlsx_reader reads such sheets as one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_XLSX_WRITER_H
#define FORMATS_XLSX_WRITER_H

#include "base/err.h"
#include "base/str.h"

#define XLSX_CONTINUED "-continued-"

struct xlsx_writer;
/* The workbook is made in a temporary file and copied to fd at the end.  Errors: ERR_INTERNAL. */
MUST_CHECK bool xlsx_writer_open(int fd, struct xlsx_writer **ret_writer, struct err *err);
/* So many rows on a sheet, the header included, instead of 1,048,576; call before the first. */
void xlsx_writer_split(struct xlsx_writer *w, uint32_t rows);
/* A note on a cell of the first row. */
void xlsx_writer_note(struct xlsx_writer *w, size_t column, const char *text);
/* Errors: ERR_INVALID (more columns or characters than a sheet holds), ERR_INTERNAL. */
MUST_CHECK bool xlsx_writer_add(struct xlsx_writer *w, const str *cell, size_t count,
                                struct err *err);
/* Finishes the workbook and copies it to the fd.  Errors: ERR_INTERNAL. */
MUST_CHECK bool xlsx_writer_end(struct xlsx_writer *w, struct err *err);
/* Frees w and removes its temporary file; NULL is fine. */
void xlsx_writer_free(struct xlsx_writer *w);

#endif
