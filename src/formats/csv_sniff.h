/* csv_sniff: which character separates the columns.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_CSV_SNIFF_H
#define FORMATS_CSV_SNIFF_H

#include "base/str.h"
#include "formats/file_problem.h"

/* The quote of a text that begins so: '\'' when each of the two or more cells of its first line
 * stands in such, with the delimiter (0: a usual one) between them, and all records of the sample
 * read as even then; else '"'. */
char csv_sniff_quote(str sample, bool whole, char delimiter);
/* Judges the beginning of a file (UTF-8; `whole`: it is all of the file; quote as for a reader).  0
 * with *ret_problem set (FILE_DELIMITER, FILE_ONE_COLUMN) when that cannot be told without
 * guessing.  An empty text has the delimiter ','.  So has a text in which no sign separates
 * anything: *ret_one_column is set. */
char csv_sniff(str sample, bool whole, char quote, bool *ret_one_column,
               struct file_problem *ret_problem);
/* The delimiter of Excel's own first line "sep=;", and the length of that line with its end; 0 when
 * there is none. */
char csv_sniff_sep_line(str text, size_t *ret_len);

#endif
