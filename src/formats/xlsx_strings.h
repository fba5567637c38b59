/* xlsx_strings: the shared strings of a workbook (ECMA-376 Part 1, 18.4).
 *
 * A few megabytes stay in memory; more goes into an unlinked temporary file, so that memory does
 * not grow with the file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_XLSX_STRINGS_H
#define FORMATS_XLSX_STRINGS_H

#include "base/buf.h"
#include "formats/xlsx_package.h"

struct xlsx_strings;
/* Reads all strings of the part.  Problems: those of xlsx_part_parse();
 * FILE_CELL_TOO_LARGE (a string over LIMIT_CELL_BYTES), FILE_WORKBOOK_SPACE (no room for the
 * temporary file). */
MUST_CHECK bool xlsx_strings_open(struct xlsx_package *p, str part_name,
                                  struct xlsx_strings **ret_strings,
                                  struct file_problem *ret_problem, struct err *err);
/* Appends string i to out; false when there is none or the temporary file cannot be read. */
MUST_CHECK bool xlsx_strings_get(struct xlsx_strings *s, uint64_t i, struct buf *out);
/* Frees s and its temporary file; NULL is fine. */
void xlsx_strings_free(struct xlsx_strings *s);
DEFINE_AUTO(struct xlsx_strings *, xlsx_strings_free)

/* Appends text with _xHHHH_ decoded (ECMA-376 Part 1, 22.9.2.19) and CRLF as LF. */
void xlsx_text_decode(struct buf *out, str text);
/* Appends text so that it is decoded to what it was: "_x0041_" is "_x005F_x0041_", and characters
 * that XML cannot have become escapes. */
void xlsx_text_encode(struct buf *out, str text);

#endif
