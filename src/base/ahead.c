/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ahead.h"

#include "base/file.h"
#include "base/mem.h"

#include <pthread.h>

enum { CHUNKS = 8 };

struct chunk {
    char *bytes;
    int64_t count;
};
struct ahead {
    ahead_read *read;
    void *context;
    size_t chunk_bytes;
    struct chunk chunk[CHUNKS];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned filled, emptied; /* chunks so far; guarded by lock */
    bool stop;                /* guarded by lock */
    bool borrowed;            /* the caller has a chunk */
};

static void start(pthread_t *thread, void *(*run)(void *), void *context)
{
    if (pthread_create(thread, NULL, run, context) != 0)
        die("cannot start a thread");
}

static void *read_main(void *context)
{
    struct ahead *a = context;
    for (unsigned n = 0;; n++) {
        struct chunk *c = &a->chunk[n % CHUNKS];
        pthread_mutex_lock(&a->lock);
        while (n - a->emptied == CHUNKS && !a->stop)
            pthread_cond_wait(&a->changed, &a->lock);
        bool stop = a->stop;
        pthread_mutex_unlock(&a->lock);
        if (stop)
            return NULL;
        c->count = a->read(a->context, c->bytes, a->chunk_bytes);
        bool last = c->count <= 0;
        pthread_mutex_lock(&a->lock);
        a->filled = n + 1;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
        if (last)
            return NULL;
    }
}

struct ahead *ahead_new(ahead_read *read, void *context, size_t chunk_bytes)
{
    struct ahead *a = mem_new(1, sizeof *a);
    a->read = read;
    a->context = context;
    a->chunk_bytes = chunk_bytes;
    for (size_t i = 0; i < CHUNKS; i++)
        a->chunk[i].bytes = mem_new(chunk_bytes, 1);
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->changed, NULL);
    start(&a->thread, read_main, a);
    return a;
}

int64_t ahead_next(struct ahead *a, const char **ret_chunk)
{
    pthread_mutex_lock(&a->lock);
    if (a->borrowed) {
        a->emptied++;
        pthread_cond_signal(&a->changed);
    }
    while (a->filled == a->emptied)
        pthread_cond_wait(&a->changed, &a->lock);
    const struct chunk *c = &a->chunk[a->emptied % CHUNKS];
    pthread_mutex_unlock(&a->lock);
    a->borrowed = c->count > 0; // the end stays where it is, to be met again
    *ret_chunk = c->bytes;
    return c->count;
}

void ahead_free(struct ahead *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    (void)pthread_join(a->thread, NULL);
    (void)pthread_cond_destroy(&a->changed);
    (void)pthread_mutex_destroy(&a->lock);
    for (size_t i = 0; i < CHUNKS; i++)
        mem_free(a->chunk[i].bytes);
    mem_free(a);
}

/* --- behind --- */

struct behind {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buf bytes; /* to be written; the thread's while waiting is true */
    bool waiting;     /* guarded by lock */
    bool stop;        /* guarded by lock */
    struct err err;   /* of the first write that failed */
};

static void *write_main(void *context)
{
    struct behind *b = context;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (!b->waiting && !b->stop)
            pthread_cond_wait(&b->changed, &b->lock);
        if (!b->waiting)
            break;
        pthread_mutex_unlock(&b->lock);
        if (b->err.code == ERR_NONE)
            IGNORE(file_write_fd(b->fd, buf_str(&b->bytes), &b->err));
        pthread_mutex_lock(&b->lock);
        b->waiting = false;
        pthread_cond_signal(&b->changed);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

struct behind *behind_new(int fd)
{
    struct behind *b = mem_new(1, sizeof *b);
    b->fd = fd;
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->changed, NULL);
    start(&b->thread, write_main, b);
    return b;
}

void behind_add(struct behind *b, struct buf *bytes)
{
    pthread_mutex_lock(&b->lock);
    while (b->waiting)
        pthread_cond_wait(&b->changed, &b->lock);
    struct buf empty = b->bytes;
    b->bytes = *bytes;
    buf_reset(&empty);
    *bytes = empty;
    b->waiting = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

bool behind_end(struct behind *b, struct err *err)
{
    pthread_mutex_lock(&b->lock);
    while (b->waiting)
        pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
    if (b->err.code != ERR_NONE)
        *err = b->err;
    return b->err.code == ERR_NONE;
}

void behind_free(struct behind *b)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
    (void)pthread_join(b->thread, NULL);
    (void)pthread_cond_destroy(&b->changed);
    (void)pthread_mutex_destroy(&b->lock);
    buf_done(&b->bytes);
    mem_free(b);
}
