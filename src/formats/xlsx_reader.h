/* xlsx_reader: a worksheet of an XLSX workbook (ECMA-376 Part 1, SpreadsheetML) as a source of
 * rows, streamed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_XLSX_READER_H
#define FORMATS_XLSX_READER_H

#include "formats/rows_priv.h"

/* Opens the first visible worksheet, or the one options->sheet states.  Blank rows are left out; a
 * row's line is its number in the sheet.  Problems: those of xlsx_package.h; FILE_NO_SHEET,
 * FILE_SHEET_NOT_FOUND. */
MUST_CHECK bool xlsx_reader_open(const char *path, const struct rows_options *options,
                                 struct rows_source **ret_source, struct rows_about *ret_about,
                                 struct file_problem *ret_problem, struct err *err);

#endif
