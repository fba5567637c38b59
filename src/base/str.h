/* str: slices of bytes that someone else owns.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

#include <string.h>

/* A slice: owns nothing, is not NUL-terminated, may hold NULs; passed by value.  {0} is "no string"
 * (ptr NULL), which str_eq() takes for empty; str_is_null() tells the two apart. */
typedef struct str {
    const char *ptr;
    size_t len; /* bytes */
} str;

#define STR(literal) ((str){"" literal, sizeof(literal) - 1})
/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).ptr

/* The slice of a C string; NULL gives {0}. */
static inline str str_of(const char *s)
{
    return (str){s, s ? strlen(s) : 0};
}
static inline bool str_is_null(str s)
{
    return s.ptr == NULL;
}
static inline bool str_eq(str a, str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline str str_from(str s, size_t offset)
{
    assert(offset <= s.len);
    return (str){s.ptr + offset, s.len - offset};
}
static inline str str_first(str s, size_t len)
{
    return (str){s.ptr, len < s.len ? len : s.len};
}
/* Bytewise order, as memcmp: <0, 0, >0. */
int str_cmp(str a, str b);
/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(str a, str b);
/* True when s begins (ends) with the other, byte for byte; every text does with an empty one: */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
/* The offset of the first byte c, or s.len. */
size_t str_find(str s, char c);
/* Cuts the part of *rest before the first c off and returns it; the c is dropped. When there is no
 * c, all of it is returned and *rest becomes {0}. */
str str_split(str *rest, char c);
/* s without ASCII space, tab, CR, LF, VT, FF at both ends. */
str str_trim(str s);
/* At most max bytes of s, cut where a character ends: for messages. */
str str_shown(str s, size_t max);
/* The number that the first four characters of s are in hexadecimal; -1 when they are none. */
int str_hex4(str s);
/* All of s as an unsigned decimal number; false when it is none or does not fit. */
MUST_CHECK bool str_to_u64(str s, uint64_t *ret_number);

#endif
