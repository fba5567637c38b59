/* rows_priv: what every kind of file gives to rows.c: a source of rows.
 *
 * rows.c looks at the first bytes, opens the reader that fits and leaves out blank records; a
 * source yields every record it has (blank ones too, or not, as is easier for it), rows.c numbers
 * those that are left.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_ROWS_PRIV_H
#define FORMATS_ROWS_PRIV_H

#include "formats/rows.h"

/* The first member of a reader's own struct; the reader fills it in when it opens. */
struct rows_source {
    /* As rows_next(), but ret_row->record is left alone: rows.c counts. */
    enum rows_step (*next)(struct rows_source *s, struct row *ret_row,
                           struct file_problem *ret_problem, struct err *err);
    /* How far reading has come, in bytes of the file (approximate is fine). */
    uint64_t (*bytes_done)(const struct rows_source *s);
    void (*free)(struct rows_source *s);
};

/* In xlsx_reader.h, of the same kind (ret_about's strings live as long as the source):
 *
 * bool xlsx_reader_open(const char *path, const struct rows_options *options,
 *                       struct rows_source **ret_source, struct rows_about *ret_about,
 *                       struct file_problem *ret_problem, struct err *err);
 *
 * It is given every file that starts as a zip archive and tells the others that look so apart
 * (FILE_ODS, FILE_NUMBERS, FILE_WORD, FILE_XLSB, FILE_ZIP). */

#endif
