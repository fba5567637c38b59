/* utf8: strict UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/* The length in bytes of the longest valid prefix of s; s.len when all of it is valid. */
size_t utf8_valid_prefix(str s);
static inline bool utf8_valid(str s)
{
    return utf8_valid_prefix(s) == s.len;
}
/* Takes the first character off *s (not empty); an invalid byte gives U+FFFD and is one byte long.
 */
uint32_t utf8_next(str *s);
/* Appends c, a Unicode scalar value. */
void utf8_add(struct buf *b, uint32_t c);
/* The number of characters; an invalid byte counts as one. */
size_t utf8_count(str s);
/* True when s holds a control character: C0, DEL or C1. */
bool utf8_has_control(str s);
/* s without white space at both ends as people see it: ASCII blanks, NBSP, the Unicode spaces, and
 * the zero-width characters and BOM that copying from web pages leaves behind. */
str utf8_trim(str s);

#endif
