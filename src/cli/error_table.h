/* error_table: an import's problems as rows of a CSV file: record, line, column, value, code,
 * reason and whose the value is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ERROR_TABLE_H
#define CLI_ERROR_TABLE_H

#include "formats/row_writer.h"
#include "importer/wording.h"

/* Writes the header row.  Errors: ERR_INTERNAL. */
MUST_CHECK bool error_table_begin(struct row_writer *w, struct err *err);
/* Writes one problem.  Errors: ERR_INTERNAL. */
MUST_CHECK bool error_table_add(struct row_writer *w, enum language language,
                                const struct store_task_error *error, struct err *err);
/* The column's header in the file; else what the problem is about. */
str error_table_column(const struct store_task_error *error);

#endif
