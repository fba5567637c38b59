/* report: the rows that failed, as a file that can be corrected and imported again.
 *
 * It has the columns of the imported file, in their order, and one more, import_error, which says
 * what is wrong and, in brackets at its end, of which import and record, and how that import's file
 * began to be hashed: "[17:345:9f3ab2]".  Import passes over that column and knows by it what the
 * file corrects; the hash keeps it from taking another company's import 17 for it.  A record's
 * cells beyond the header stand after import_error.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_REPORT_H
#define IMPORTER_REPORT_H

#include "domain/header.h"
#include "importer/import.h"
#include "importer/wording.h"

/* Writes the failed rows of a task, or of its dry run when that is all there was, to fd, as CSV,
 * XLSX or, when the file was that, JSON Lines.  path is the imported file, settings those that it
 * was imported with.  On failure *ret_problem may say why for a person. */
MUST_CHECK bool report_write(const char *path, const struct import_settings *settings,
                             struct store_reader *reader, const struct store_task *task,
                             enum rows_format format, int fd, enum language language,
                             struct file_problem *ret_problem, struct err *err);
/* The import that an import_error cell names. */
struct report_mark {
    int64_t task_id; /* 0: none */
    str hash;        /* the first digits of its file's SHA-256; borrowed from the cell */
};
/* What the cell says of it; {0} when it says nothing. */
struct report_mark report_mark_of(str cell);
/* True when this is the task that the mark means. */
bool report_mark_fits(const struct report_mark *mark, const struct store_task *task);

/* The mark of a record of the task, as its import_error ends. */
str report_mark_text(struct arena *a, const struct store_task *task, uint64_t record);

#endif
