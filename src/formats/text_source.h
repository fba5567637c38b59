/* text_source: the bytes of a text file as valid UTF-8, piece by piece.
 *
 * Without a stated encoding: a byte order mark decides, else it must be strict UTF-8, checked over
 * the whole file when it is opened, so that nothing of a file in another encoding is ever taken.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_TEXT_SOURCE_H
#define FORMATS_TEXT_SOURCE_H

#include "base/err.h"
#include "formats/file_problem.h"

struct text_source;
/* Opens path; encoding NULL: find out. */
MUST_CHECK bool text_source_open(const char *path, const char *encoding,
                                 struct text_source **ret_source, struct file_problem *ret_problem,
                                 struct err *err);
/* Reads up to room bytes; 0 at the end, -1 on failure.  Cuts anywhere, also within a character. */
MUST_CHECK int64_t text_source_read(struct text_source *s, char *to, size_t room,
                                    struct file_problem *ret_problem, struct err *err);
/* How many of the file's bytes were handed out. */
uint64_t text_source_bytes_done(const struct text_source *s);
/* "UTF-8" and so on; borrowed. */
const char *text_source_encoding(const struct text_source *s);
/* True when the file began with a byte order mark; it is not part of what is read. */
bool text_source_had_bom(const struct text_source *s);
/* Closes the file and frees s; NULL is fine. */
void text_source_free(struct text_source *s);
DEFINE_AUTO(struct text_source *, text_source_free)

#endif
