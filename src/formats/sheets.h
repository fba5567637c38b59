/* sheets: which sheets a workbook has, for whom to choose one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_SHEETS_H
#define FORMATS_SHEETS_H

#include "base/arena.h"
#include "base/err.h"
#include "formats/file_problem.h"

struct sheet_name {
    str name;
    bool hidden;
};
/* The worksheets in the workbook's order, in the arena; at most 4,096.  Problems: as of any
 * workbook that cannot be opened. */
MUST_CHECK bool sheets_list(const char *path, struct arena *a, struct sheet_name **ret_sheet,
                            size_t *ret_count, struct file_problem *ret_problem, struct err *err);

#endif
