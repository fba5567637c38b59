/* errand: what a request waits for off the loops: a sync to disk, a file being made.
 *
 * A handler's context begins with a struct errand; errand_resumed() and errand_end() stand in its
 * route.  The loop may end the request while the errand is still under way (a server that stops
 * does not wait for ever): then the context is freed when that is over, so it must hold copies of
 * all it needs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ERRAND_H
#define API_ERRAND_H

#include "http/http.h"

struct errands; /* threads that run them, in the order in which they come */
struct errand {
    void (*run)(struct errand *e);                            /* on one of the threads */
    void (*answer)(struct http_request *r, struct errand *e); /* afterwards, on the loop's */
    void (*free)(struct errand *e);
    /* errand.c's own: */
    struct errands *errands; /* NULL: not sent on its way */
    struct http_request *request;
    bool under_way, left; /* guarded by the errands' lock */
    struct errand *next;
};
/* Starts the threads; NULL when that fails. */
struct errands *errands_start(size_t threads);
/* Waits until all that was sent is done; the HTTP server must have stopped.  NULL is fine. */
void errands_stop(struct errands *s);
/* Puts the request aside and sends e, its context, on its way. */
void errand_send(struct errands *s, struct http_request *r, struct errand *e);
/* A route's `resumed`. */
void errand_resumed(struct http_request *r);
/* A route's `end`. */
void errand_end(struct http_request *r);

#endif
