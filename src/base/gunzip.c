/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gunzip.h"

#include "base/mem.h"

#include <limits.h>
#include <zlib.h>

enum { PIECE_BYTES = 64 * 1024, GZIP_ONLY = 16 };

struct gunzip {
    z_stream z;
    bool (*take)(void *context, str bytes, struct err *err);
    void *context;
    bool over;
    unsigned char piece[PIECE_BYTES];
};

struct gunzip *gunzip_new(bool (*take)(void *context, str bytes, struct err *err), void *context)
{
    struct gunzip *g = mem_new(1, sizeof *g);
    g->take = take;
    g->context = context;
    if (inflateInit2(&g->z, MAX_WBITS + GZIP_ONLY) != Z_OK)
        die("gunzip: out of memory");
    return g;
}

/* Unpacks until there is no more input, or a member ends. */
static bool inflate_some(struct gunzip *g, struct err *err)
{
    do {
        g->z.next_out = g->piece;
        g->z.avail_out = sizeof g->piece;
        int rc = inflate(&g->z, Z_NO_FLUSH);
        if (rc == Z_MEM_ERROR)
            die("gunzip: out of memory");
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return err_set(err, ERR_INVALID, "the gzip data is damaged");
        g->over = rc == Z_STREAM_END;
        str out = {(const char *)g->piece, sizeof g->piece - g->z.avail_out};
        if (out.len && !g->take(g->context, out, err))
            return false;
    } while (!g->over && !g->z.avail_out); // a full piece: there may be more
    return true;
}

bool gunzip_add(struct gunzip *g, str bytes, struct err *err)
{
    while (bytes.len || g->z.avail_in) {
        if (!g->z.avail_in) {
            str some = str_first(bytes, UINT_MAX);
            g->z.next_in = (unsigned char *)(uintptr_t)some.ptr; // zlib does not write there
            g->z.avail_in = (unsigned)some.len;
            bytes = str_from(bytes, some.len);
        }
        // Files put together from several (RFC 1952, 2.2) go on where one ends.
        if (g->over && inflateReset(&g->z) != Z_OK)
            return err_set(err, ERR_INVALID, "the gzip data is damaged");
        g->over = false;
        if (!inflate_some(g, err))
            return false;
    }
    return true;
}

bool gunzip_complete(const struct gunzip *g)
{
    return g->over;
}

void gunzip_free(struct gunzip *g)
{
    if (!g)
        return;
    (void)inflateEnd(&g->z);
    mem_free(g);
}
