/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

bool buf_grow(struct buf *b, size_t more)
{
    size_t max = b->max ? b->max : BUF_MAX, need;
    if (__builtin_add_overflow(b->len, more, &need) || need > max) {
        b->over = true;
        return false;
    }
    if (need <= b->room)
        return true;
    size_t room = MAX(need, b->room ? b->room * 2 : 256);
    room = MIN(room, max); // never more than the ceiling: buf_reserve() looks at the room alone
    b->ptr = mem_grow(b->ptr, room, 1);
    b->room = room;
    return true;
}

void buf_format(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    if (buf_reserve(b, (size_t)len + 1)) {
        (void)vsnprintf(b->ptr + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->over = false;
}

void buf_done(struct buf *b)
{
    mem_free(b->ptr);
    *b = (struct buf){.max = b->max};
}
