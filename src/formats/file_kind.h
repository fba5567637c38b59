/* file_kind: what a file is, told from its first bytes and never from its name.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_FILE_KIND_H
#define FORMATS_FILE_KIND_H

#include "base/err.h"
#include "formats/file_problem.h"
#include "formats/rows.h"

/* Tells the format and the size.  stated: the format asked for, or ROWS_UNKNOWN; encoding_stated:
 * the text may be in any encoding.  Fails (with *ret_problem) for files that are none of the three.
 */
MUST_CHECK bool file_kind_of(const char *path, enum rows_format stated, bool encoding_stated,
                             enum rows_format *ret_format, uint64_t *ret_bytes,
                             struct file_problem *ret_problem, struct err *err);

#endif
