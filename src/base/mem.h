/* mem: memory that lives as long as its owner says; never NULL.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/base.h"

/* count * size zeroed bytes; die()s when there are none.  The caller frees with mem_free(). */
void *mem_new(size_t count, size_t size);
/* Resizes p (NULL is fine) to count * size bytes; the new part is not zeroed. */
void *mem_grow(void *p, size_t count, size_t size);
/* A copy of the C string s; the caller frees it. */
char *mem_strdup(const char *s);
/* Frees p; NULL is fine. */
void mem_free(void *p);
static inline UNUSED void mem_free_at(void *p)
{
    mem_free(*(void **)p);
}

#endif
