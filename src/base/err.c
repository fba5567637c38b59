/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err->code = code;
    (void)vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    return false;
}

bool err_errno(struct err *err, const char *format, ...)
{
    int number = errno;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    size_t len = strlen(err->msg);
    char text[96];
    // The XSI and the GNU strerror_r differ; strerrordesc_np is plain, constant and thread safe.
    (void)snprintf(text, sizeof text, "%s",
                   strerrordesc_np(number) ? strerrordesc_np(number) : "error");
    (void)snprintf(err->msg + len, sizeof err->msg - len, ": %s", text);
    err->code = number == ENOENT                                          ? ERR_NOT_FOUND
                : number == ENOSPC || number == EDQUOT || number == EFBIG ? ERR_LIMIT
                                                                          : ERR_INTERNAL;
    return false;
}

bool err_context(struct err *err, const char *format, ...)
{
    char text[sizeof err->msg];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof text)
        (void)snprintf(text + len, sizeof text - (size_t)len, "%s", err->msg);
    memcpy(err->msg, text, sizeof err->msg);
    return false;
}
