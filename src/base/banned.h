/* banned: functions of the C library that nothing here may call.  Those that write without knowing
 * the room, leave a text without its end, keep a hidden state, or cannot tell "0" from nonsense.
 *
 * Every file is compiled with this one in front (-include, see the top meson.build).  A call
 * becomes an unknown name that says what happened.  The library's own headers come first, for they
 * declare the functions.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANNED(function) function##_is_banned_see_base_banned_h

/* No room is known: slices, struct buf and arena_format() know it; snprintf() for C strings. */
#undef strcpy
#define strcpy(to, from) BANNED(strcpy)
#undef strcat
#define strcat(to, from) BANNED(strcat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(to, format, args) BANNED(vsprintf)
#undef gets
#define gets(to) BANNED(gets)
/* May leave no NUL, and fills the rest with them: snprintf(). */
#undef strncpy
#define strncpy(to, from, n) BANNED(strncpy)
/* A state that threads share, and it writes into its argument: str_split(). */
#undef strtok
#define strtok(text, delimiters) BANNED(strtok)
/* No errors, undefined when too large: str_to_u64(). */
#undef atoi
#define atoi(text) BANNED(atoi)
#undef atol
#define atol(text) BANNED(atol)

#endif
