/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gzip.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>
#include <zlib.h>

enum {
    PIECE_BYTES = 256 * 1024,
    PIPE_BYTES = 1024 * 1024,
    LEVEL = 1,      // customers pack to a fourth at once; the best level saves a fifth more and
                    // takes five times as long
    GZIP_WRAP = 16, // zlib: with gzip's header
    MEMORY = 9,
};

struct gzip {
    int to, in, out; // in: the pipe's end to write to, -1 when all was written
    pthread_t thread;
    bool started;
    struct err err; // the thread's until it is joined
    z_stream z;
    char *piece;
    unsigned char *packed;
};

/* Packs what z has, and all that is left of it with Z_FINISH. */
static bool pack(struct gzip *g, int flush)
{
    int rc;
    do {
        g->z.next_out = g->packed;
        g->z.avail_out = PIECE_BYTES;
        rc = deflate(&g->z, flush);
        if (rc == Z_STREAM_ERROR)
            return err_set(&g->err, ERR_INTERNAL, "gzip: the stream is in disorder");
        str some = {(const char *)g->packed, PIECE_BYTES - g->z.avail_out};
        if (some.len && !file_write_fd(g->to, some, &g->err))
            return false;
    } while (!g->z.avail_out);
    return true;
}

static bool pack_all(struct gzip *g)
{
    for (;;) {
        ssize_t n = read(g->out, g->piece, PIECE_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(&g->err, "gzip: cannot read");
        g->z.next_in = (unsigned char *)g->piece;
        g->z.avail_in = (unsigned)n;
        if (!pack(g, n ? Z_NO_FLUSH : Z_FINISH))
            return false;
        if (!n)
            return true;
    }
}

static void *pack_main(void *context)
{
    struct gzip *g = context;
    (void)pack_all(g);
    (void)close(g->out); // who writes on learns of it
    return NULL;
}

bool gzip_open(int fd, struct gzip **ret_gzip, struct err *err)
{
    AUTO(gzip_free) struct gzip *g = mem_new(1, sizeof *g);
    int ends[2];
    g->in = -1;
    g->to = fd;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, "gzip: cannot make a pipe");
    g->out = ends[0];
    g->in = ends[1];
    (void)fcntl(g->in, F_SETPIPE_SZ, PIPE_BYTES); // a smaller one works, too
    g->piece = mem_new(PIECE_BYTES, 1);
    g->packed = mem_new(PIECE_BYTES, 1);
    if (deflateInit2(&g->z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_WRAP, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        die("gzip: out of memory");
    g->started = pthread_create(&g->thread, NULL, pack_main, g) == 0;
    if (!g->started) {
        (void)close(g->out);
        return err_set(err, ERR_INTERNAL, "gzip: cannot start a thread");
    }
    *ret_gzip = TAKE(g);
    return true;
}

int gzip_fd(const struct gzip *g)
{
    return g->in;
}

static void join(struct gzip *g)
{
    if (g->in >= 0)
        (void)close(g->in);
    g->in = -1;
    if (g->started)
        (void)pthread_join(g->thread, NULL);
    g->started = false;
}

bool gzip_end(struct gzip *g, struct err *err)
{
    join(g);
    if (g->err.code != ERR_NONE)
        *err = g->err;
    return g->err.code == ERR_NONE;
}

void gzip_free(struct gzip *g)
{
    if (!g)
        return;
    join(g);
    (void)deflateEnd(&g->z);
    mem_free(g->piece);
    mem_free(g->packed);
    mem_free(g);
}
