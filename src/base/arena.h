/* arena: memory of one lifetime, given back all at once.
 *
 * Threads: one owner; passing an arena is giving it away.  Under AddressSanitizer every piece is a
 * malloc of its own, so that the tool sees each.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

#include <stdalign.h>

struct arena_block;
struct arena { /* {0} is an empty arena, ready for use */
    struct arena_block *blocks;
    char *next;
    size_t left;
    size_t used; /* bytes handed out since the last reset */
};

/* Zeroed; lives until arena_reset().  Never NULL: whatever users control was limited before it got
 * here. */
#define ARENA_NEW(arena, type, n) ((type *)arena_alloc((arena), (n), sizeof(type), alignof(type)))
/* count * size bytes, zeroed and aligned; see ARENA_NEW. */
void *arena_alloc(struct arena *a, size_t count, size_t size, size_t align);
/* A copy of s that lives as long as the arena; a NUL follows it.  {0} stays {0}. */
str arena_str(struct arena *a, str s);
/* The formatted text as a slice; a NUL follows it. */
str arena_format(struct arena *a, const char *format, ...) PRINTF(2, 3);
/* Forgets all that was handed out; keeps one block for the next use. */
void arena_reset(struct arena *a);
/* Frees everything; the arena is empty and usable again. */
void arena_done(struct arena *a);
DEFINE_AUTO_STRUCT(struct arena, arena_done)

#endif
