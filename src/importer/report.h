/* report: the rows that failed, as a file that can be corrected and imported again.
 *
 * It has the columns of the imported file, in their order, and one more, import_error, which says
 * what is wrong and, in brackets at its end, of which import and record: "[17:345]".  Import passes
 * over that column and knows by it what the file corrects.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_REPORT_H
#define IMPORTER_REPORT_H

#include "domain/header.h"
#include "importer/import.h"
#include "importer/wording.h"

#define REPORT_COLUMN HEADER_ERROR

/* Writes the failed rows of a task to fd, as CSV, XLSX or, when the file was that, JSON Lines.  path
 * is the imported file, settings those that it was imported with.  On failure *ret_problem may say
 * why for a person. */
MUST_CHECK bool report_write(const char *path, const struct import_settings *settings,
                             struct store_reader *reader, const struct store_task *task,
                             enum rows_format format, int fd, enum language language,
                             struct file_problem *ret_problem, struct err *err);
/* The import that an import_error cell names; 0: none. */
int64_t report_parent(str cell);

#endif
