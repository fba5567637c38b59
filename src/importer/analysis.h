/* analysis: what was understood of a file, for people: as JSON for a task.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_ANALYSIS_H
#define IMPORTER_ANALYSIS_H

#include "importer/report.h"

/* The members "format" to "preview" of a JSON object, without braces: how the file was read, what
 * each column becomes with a few of its values, the first rows.  reader is asked which custom
 * attributes the company's customers have already; NULL: nobody is. */
MUST_CHECK bool analysis_text(struct import_plan *p, struct store_reader *reader, struct arena *a,
                              str *ret_json, struct err *err);
/* The same of a file that could not be taken as it is, as far as it can be read: so that whoever
 * is asked about it sees what it is about.  {0}: nothing of it can be.  *ret_sheets is how many
 * sheets a workbook has, else 0. */
MUST_CHECK bool analysis_unsure(const char *path, const struct import_settings *settings,
                                struct store_reader *reader, struct arena *a, str *ret_json,
                                size_t *ret_sheets, struct err *err);
/* The first rows of a text with each delimiter that it may have: a JSON array of {"delimiter",
 * "rows"}. */
str analysis_delimiters(struct arena *a, const char *path, const struct import_settings *settings);
/* The same line of a file that is not UTF-8, and its first one, in each encoding that fits: a JSON
 * array of {"encoding", "lines"}. */
str analysis_encodings(struct arena *a, const char *path, const struct import_settings *settings,
                       uint64_t line);
/* The encodings that are tried on a file which is not UTF-8, by number from 0; NULL past the last.
 */
const char *analysis_encoding(size_t i);
/* The import whose failed rows the file holds, as its first records say; {0}: it is no such file.
 */
struct report_mark analysis_mark(struct arena *a, const char *path,
                                 const struct import_settings *settings);
struct analysis_header {
    str fingerprint;
    uint64_t line;
};
/* The fingerprints of the rows that may be the header, taken or not: the one asked for, or the
 * first and those in which another is looked for.  None for JSON Lines or an unreadable file. */
void analysis_headers(struct arena *a, const char *path, const struct import_settings *settings,
                      struct analysis_header **ret_header, size_t *ret_count);
/* True when it is the sample file, as it was downloaded. */
bool analysis_is_sample(const char *path, const struct import_plan *p);
/* The setting that answers a file problem ("encoding"); NULL: none does. */
const char *analysis_answer(enum file_problem_code code);
/* The same of a workbook with so many sheets, 0 for others: an empty one may not be the one meant.
 */
const char *analysis_answer_of(enum file_problem_code code, size_t sheets);

#endif
