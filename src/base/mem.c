/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("clientele: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    abort();
}

void *mem_new(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        die("out of memory: %zu x %zu bytes asked for", count, size);
    return p;
}

void *mem_grow(void *p, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        die("out of memory: %zu x %zu bytes asked for", count, size);
    void *q = realloc(p, bytes ? bytes : 1);
    if (!q)
        die("out of memory: %zu bytes asked for", bytes);
    return q;
}

char *mem_strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    return memcpy(mem_new(size, 1), s, size);
}

void mem_free(void *p)
{
    free(p);
}
