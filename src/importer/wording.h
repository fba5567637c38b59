/* wording: what people read about problems, in English and Russian.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_WORDING_H
#define IMPORTER_WORDING_H

#include "domain/consumer.h"
#include "formats/file_problem.h"
#include "store/store.h"

enum language { LANGUAGE_EN, LANGUAGE_RU, LANGUAGE_COUNT };

/* One sentence or two: what the file is, where the trouble stands, what to do next. */
str wording_file_problem(struct arena *a, enum language language,
                         const struct file_problem *problem);
/* The reason a record was refused or warned about, with no value in it: "is already taken". */
str wording_problem(struct arena *a, enum language language, const struct problem *problem);
/* "lines 2–41, 57 and 3 more": where a group's problems are, at most `ranges` of them. */
str wording_lines(struct arena *a, enum language language, const struct store_error_group *group,
                  size_t ranges);
/* "ru", "ru-RU,en;q=0.5", "ru_RU.UTF-8": the first language known; fallback otherwise. */
enum language wording_language_of(str text, enum language fallback);

/* A file problem as JSON text, for keeping with a task. */
str wording_failure_text(struct arena *a, const struct file_problem *problem);
/* A file problem from the text of wording_failure_text(); FILE_UNREADABLE when it cannot be
 * read. */
struct file_problem wording_failure_parse(str text);

#endif
