/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gzip_text.h"

#include "base/mem.h"

#include <limits.h>
#include <zlib.h>

enum { LEVEL = 1, GZIP_WRAP = 16, MEMORY = 8 };

struct gzip_text {
    z_stream z;
};

struct gzip_text *gzip_text_new(void)
{
    struct gzip_text *g = mem_new(1, sizeof *g);
    if (deflateInit2(&g->z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_WRAP, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        die("gzip: out of memory");
    return g;
}

str gzip_text_pack(struct gzip_text *g, struct arena *a, str text)
{
    if (text.len < 2 || text.len > UINT_MAX || deflateReset(&g->z) != Z_OK)
        return (str){0};
    // Room for less than the text itself: what does not fit is not worth it.
    char *to = ARENA_NEW(a, char, text.len - 1);
    g->z.next_in = (unsigned char *)(uintptr_t)text.ptr; // zlib does not write there
    g->z.avail_in = (unsigned)text.len;
    g->z.next_out = (unsigned char *)to;
    g->z.avail_out = (unsigned)text.len - 1;
    if (deflate(&g->z, Z_FINISH) != Z_STREAM_END)
        return (str){0};
    return (str){to, text.len - 1 - g->z.avail_out};
}

void gzip_text_free(struct gzip_text *g)
{
    if (!g)
        return;
    (void)deflateEnd(&g->z);
    mem_free(g);
}
