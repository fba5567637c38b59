/* buf: bytes that grow, up to a ceiling.
 *
 * Appending past the ceiling leaves the buffer as it was and marks it: check buf_over() once, at
 * the end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"

struct buf {
    char *ptr;
    size_t len, room; /* bytes */
    size_t max;       /* the ceiling, bytes; 0 means BUF_MAX */
    bool over;        /* something did not fit */
};
#define BUF_MAX ((size_t)1 << 30)

/* What buf_reserve() does when there is no place yet. */
MUST_CHECK bool buf_grow(struct buf *b, size_t more);
/* Makes place for `more` bytes at b->ptr + b->len, to be filled by the caller, who then adds to
 * b->len; false when the ceiling forbids it. */
MUST_CHECK static inline bool buf_reserve(struct buf *b, size_t more)
{
    return more <= b->room - b->len || buf_grow(b, more);
}
/* Appends s, or a byte; what does not fit marks b as over: */
static inline void buf_add(struct buf *b, str s)
{
    if (!s.len || !buf_reserve(b, s.len))
        return;
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}
static inline void buf_add_char(struct buf *b, char c)
{
    if (buf_reserve(b, 1))
        b->ptr[b->len++] = c;
}
/* Appends the formatted text, which needs one byte more while it is made. */
void buf_format(struct buf *b, const char *format, ...) PRINTF(2, 3);
static inline str buf_str(const struct buf *b)
{
    return (str){b->ptr ? b->ptr : "", b->len};
}
static inline bool buf_over(const struct buf *b)
{
    return b->over;
}
/* Empties b, keeps its memory and its ceiling. */
void buf_reset(struct buf *b);
/* Frees the memory; b is empty and usable again. */
void buf_done(struct buf *b);
DEFINE_AUTO_STRUCT(struct buf, buf_done)

#endif
