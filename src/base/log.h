/* log: one line a fact, on stderr, for the operator.  Personal data never goes in.
 * Threads: any.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Lines below level are dropped; LOG_INFO until said otherwise. */
void log_level_set(enum log_level level);
/* Writes "2026-09-25T11:03:11.482Z info text". */
void log_write(enum log_level level, const char *format, ...) PRINTF(2, 3);
#define log_debug(...)   log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)    log_write(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...)   log_write(LOG_ERROR, __VA_ARGS__)

#endif
