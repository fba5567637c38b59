/* xlsx_value: numbers and dates of cells as text; which number formats show dates.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_XLSX_VALUE_H
#define FORMATS_XLSX_VALUE_H

#include "base/buf.h"
#include "formats/xlsx_package.h"

/* Appends the number whose text is in <v>: an integer as it stands, else at most 15 significant
 * digits; what is no number as it stands. */
void xlsx_number_text(struct buf *out, str text);
/* Appends the date of a serial number: "YYYY-MM-DD" when it has no fraction, else "YYYY-MM-DD
 * HH:MM:SS" to the nearest second, below 1 "HH:MM:SS" (ECMA-376 Part 1, 18.17.4).  False (nothing
 * appended) when it is none. */
bool xlsx_date_text(struct buf *out, str text, bool since_1904);
/* Appends the date of a cell that holds one in ISO 8601 (18.18.11): a blank for the T; without a
 * time of zeros, a fraction of zeros and a Z.  What looks otherwise stays as it is. */
void xlsx_iso_date_text(struct buf *out, str text);
/* True when the format code shows a date or a time (ECMA-376 Part 1, 18.8.31). */
bool xlsx_format_is_date(uint64_t id, str code);

/* Which cell formats (the s attribute) are dates. */
struct xlsx_styles;
/* Reads the formats of the part.  Problems: those of xlsx_part_parse(); FILE_WORKBOOK_FORMATS. */
MUST_CHECK bool xlsx_styles_open(struct xlsx_package *p, str part_name,
                                 struct xlsx_styles **ret_styles, struct file_problem *ret_problem,
                                 struct err *err);
/* True when cells of that style show dates; false without styles (NULL). */
bool xlsx_styles_is_date(const struct xlsx_styles *s, uint64_t style);
/* Frees s; NULL is fine. */
void xlsx_styles_free(struct xlsx_styles *s);
DEFINE_AUTO(struct xlsx_styles *, xlsx_styles_free)

#endif
