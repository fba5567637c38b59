/* err: why something failed, for the program and its logs.  Holds no personal values.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

enum err_code {
    ERR_NONE,
    ERR_INVALID,
    ERR_NOT_FOUND,
    ERR_CONFLICT,
    ERR_LIMIT,
    ERR_BUSY,
    ERR_INTERNAL
};
struct err {
    enum err_code code;
    char msg[256]; /* for a person: lower case, one line, no secrets */
};

/* Records a failure; always false: report-and-leave is one line, and code and text cannot disagree.
 */
bool err_set(struct err *err, enum err_code code, const char *format, ...) PRINTF(3, 4);
/* As err_set() with errno's code and text appended: ERR_NOT_FOUND for ENOENT, ERR_LIMIT for a full
 * disk, else ERR_INTERNAL. */
bool err_errno(struct err *err, const char *format, ...) PRINTF(2, 3);
/* Puts "row 17: " before the message already there, on the way up; always false. */
bool err_context(struct err *err, const char *format, ...) PRINTF(2, 3);

#endif
