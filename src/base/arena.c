/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *older;
    size_t size; /* of data */
    alignas(max_align_t) char data[];
};

#if defined(__SANITIZE_ADDRESS__)
#define SINGLE_PIECES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SINGLE_PIECES 1
#endif
#endif
#ifndef SINGLE_PIECES
#define SINGLE_PIECES 0
#endif

enum { BLOCK_BYTES = 16 * 1024 - 64, BLOCK_BYTES_MAX = 256 * 1024 };

static void arena_grow(struct arena *a, size_t bytes)
{
    // Blocks double, so that a large batch costs few mallocs and a small request little memory.
    size_t size = a->blocks ? a->blocks->size * 2 : BLOCK_BYTES;
    if (size > BLOCK_BYTES_MAX)
        size = BLOCK_BYTES_MAX;
    if (SINGLE_PIECES || size < bytes)
        size = bytes;
    struct arena_block *b = malloc(sizeof *b + size);
    if (!b)
        die("out of memory: %zu bytes asked for", size);
    b->older = a->blocks;
    b->size = size;
    a->blocks = b;
    a->next = b->data;
    a->left = size;
}

static char *take(struct arena *a, size_t bytes, size_t align)
{
    size_t pad = -(uintptr_t)a->next & (align - 1);
    if (SINGLE_PIECES || !a->blocks || a->left < pad || a->left - pad < bytes) {
        arena_grow(a, bytes + align);
        pad = -(uintptr_t)a->next & (align - 1);
    }
    char *p = a->next + pad;
    a->next = p + bytes;
    a->left -= pad + bytes;
    a->used += bytes;
    return p;
}

void *arena_alloc(struct arena *a, size_t count, size_t size, size_t align)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        die("arena: %zu x %zu bytes asked for", count, size);
    return memset(take(a, bytes, align), 0, bytes);
}

str arena_str(struct arena *a, str s)
{
    if (!s.ptr)
        return s;
    char *p = take(a, s.len + 1, 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    return (str){p, s.len};
}

str arena_format(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *p = arena_alloc(a, (size_t)len + 1, 1, 1);
    (void)vsnprintf(p, (size_t)len + 1, format, again);
    va_end(again);
    return (str){p, (size_t)len};
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = SINGLE_PIECES ? NULL : a->blocks;
    struct arena_block *b = keep ? keep->older : a->blocks;
    while (b) {
        struct arena_block *older = b->older;
        free(b);
        b = older;
    }
    *a = (struct arena){0};
    if (keep) {
        keep->older = NULL;
        a->blocks = keep;
        a->next = keep->data;
        a->left = keep->size;
    }
}

void arena_done(struct arena *a)
{
    struct arena_block *b = a->blocks;
    while (b) {
        struct arena_block *older = b->older;
        free(b);
        b = older;
    }
    *a = (struct arena){0};
}
