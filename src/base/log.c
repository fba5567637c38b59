/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic int level_now = LOG_INFO;

void log_level_set(enum log_level level)
{
    level_now = level;
}

void log_write(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    if ((int)level < level_now)
        return;
    struct timespec now;
    struct tm tm;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    char line[1024];
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ %s ", now.tv_nsec / 1000000,
                          names[level]);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line + n, sizeof line - n - 1, format, args);
    va_end(args);
    n = len < 0 ? n : MIN(n + (size_t)len, sizeof line - 2);
    line[n++] = '\n';
    // One write() a line: lines of several threads do not mix.
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}
