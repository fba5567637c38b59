/* csv_source: a CSV file as a source of rows: encoding, delimiter, records.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_CSV_SOURCE_H
#define FORMATS_CSV_SOURCE_H

#include "formats/rows_priv.h"

/* Opens a text file; the delimiter is found out where it is not stated.  Problems: those of
 * text_source_open(); FILE_DELIMITER, FILE_ONE_COLUMN. */
MUST_CHECK bool csv_source_open(const char *path, const struct rows_options *options,
                                struct rows_source **ret_source, struct rows_about *ret_about,
                                struct file_problem *ret_problem, struct err *err);
/* The lines of a JSON Lines file, each a row of one cell. */
MUST_CHECK bool jsonl_source_open(const char *path, const struct rows_options *options,
                                  struct rows_source **ret_source, struct rows_about *ret_about,
                                  struct file_problem *ret_problem, struct err *err);

#endif
