/* xlsx_book: which parts of a workbook are what (ECMA-376 Part 1, 18.2; Part 2, 8.5).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_XLSX_BOOK_H
#define FORMATS_XLSX_BOOK_H

#include "formats/xlsx_package.h"

struct xlsx_book { /* slices live in the arena given */
    str sheet_name, sheet_part;
    str *more_part; /* sheets that continue it */
    size_t more_count;
    str strings_part, styles_part; /* {0}: none */
    bool since_1904;
};
/* Finds the worksheet: wanted NULL: the first visible one; a number from 1, or a name.
 * on: also those that continue it. */
MUST_CHECK bool xlsx_book_read(struct xlsx_package *p, struct arena *a, const char *wanted, bool on,
                               struct xlsx_book *ret_book, struct file_problem *ret_problem,
                               struct err *err);

#endif
