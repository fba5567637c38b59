/* zip_end: what the end of a zip archive says about it, before a library reads its whole directory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_ZIP_END_H
#define FORMATS_ZIP_END_H

#include "formats/file_problem.h"

/* False when the archive at path announces more entries or a larger directory than is allowed:
 * FILE_WORKBOOK_ENTRIES, FILE_WORKBOOK_DIRECTORY.  What is no archive, or a broken one, is left to
 * the library. */
MUST_CHECK bool zip_end_check(const char *path, struct file_problem *ret_problem);

#endif
