/* SPDX-License-Identifier: Apache-2.0 */
#include "api/errand.h"

#include "base/mem.h"

#include <pthread.h>

enum { THREADS_MAX = 8 };

struct errands {
    pthread_t thread[THREADS_MAX];
    size_t threads;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct errand *first, **last; /* guarded by lock */
    bool stopping;                /* guarded by lock */
};

static struct errand *take(struct errands *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->first && !s->stopping)
        pthread_cond_wait(&s->changed, &s->lock);
    struct errand *e = s->first;
    if (e && !(s->first = e->next))
        s->last = &s->first;
    pthread_mutex_unlock(&s->lock);
    return e;
}

static void *run(void *context)
{
    struct errands *s = context;
    struct errand *e;
    while ((e = take(s)) != NULL) {
        struct http_request *r = e->request;
        e->run(e);
        pthread_mutex_lock(&s->lock);
        e->under_way = false;
        bool left = e->left;
        pthread_mutex_unlock(&s->lock);
        if (left) // nobody else knows of it any more
            e->free(e);
        http_resume(r);
    }
    return NULL;
}

struct errands *errands_start(size_t threads)
{
    struct errands *s = mem_new(1, sizeof *s);
    assert(threads <= THREADS_MAX);
    s->last = &s->first;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    for (; s->threads < threads; s->threads++)
        if (pthread_create(&s->thread[s->threads], NULL, run, s) != 0) {
            errands_stop(s);
            return NULL;
        }
    return s;
}

void errands_stop(struct errands *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->threads; i++)
        (void)pthread_join(s->thread[i], NULL);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->changed);
    mem_free(s);
}

void errand_send(struct errands *s, struct http_request *r, struct errand *e)
{
    assert(http_context(r) == e);
    e->errands = s;
    e->request = r;
    e->under_way = true;
    http_defer(r);
    pthread_mutex_lock(&s->lock);
    *s->last = e;
    s->last = &e->next;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void errand_resumed(struct http_request *r)
{
    struct errand *e = http_context(r);
    e->answer(r, e);
}

void errand_end(struct http_request *r)
{
    struct errand *e = http_context(r);
    bool under_way = false;
    if (!e)
        return;
    if (e->errands) {
        pthread_mutex_lock(&e->errands->lock);
        under_way = e->left = e->under_way;
        pthread_mutex_unlock(&e->errands->lock);
    }
    if (!under_way)
        e->free(e);
}
