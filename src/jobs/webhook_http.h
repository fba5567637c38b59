/* webhook_http: messages to addresses that somebody else chose, many at once (libcurl).
 *
 * Nothing that an address, what it resolves to or what it answers can be leads anywhere else: each
 * address is judged when the socket to it is made, so that a name that changes its mind in between
 * gains nothing; redirects are answers like any other; proxies of the environment are not asked;
 * the body of an answer is dropped.  Threads: one, but for webhook_http_wake().
 *
 * Sources: https://curl.se/libcurl/c/CURLOPT_OPENSOCKETFUNCTION.html, libcurl-multi.html
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_WEBHOOK_HTTP_H
#define JOBS_WEBHOOK_HTTP_H

#include "domain/webhook.h"

struct webhook_http;
/* networks and ca (a file of certificates; NULL: the system's) outlive it. */
MUST_CHECK bool webhook_http_open(const struct webhook_networks *networks, const char *ca,
                                  struct webhook_http **ret_http, struct err *err);
/* Breaks off what is under way; NULL is fine. */
void webhook_http_free(struct webhook_http *h);
DEFINE_AUTO(struct webhook_http *, webhook_http_free)

enum { WEBHOOK_HEADERS = 4 };
struct webhook_request {
    str url, body;
    str header[WEBHOOK_HEADERS]; /* "Name: value"; {0}: none */
};
/* Begins to send a copy of it; context comes back with the result. */
MUST_CHECK bool webhook_http_send(struct webhook_http *h, const struct webhook_request *request,
                                  void *context, struct err *err);
/* Moves everything on, and waits for something to happen, at most so long. */
void webhook_http_wait(struct webhook_http *h, int timeout_ms);
/* Ends a webhook_http_wait(), or the next one; any thread. */
void webhook_http_wake(struct webhook_http *h);
struct webhook_result {
    void *context;
    int status;        /* of HTTP; 0: there was no answer */
    const char *error; /* without an answer: "resolve", "private_address", "connect", "tls",
                          "timeout", "broken"; else NULL */
    int64_t took_ms;
    int64_t retry_after_s; /* as the answer asked; 0: it did not */
};
/* The next message that is over; false: none. */
MUST_CHECK bool webhook_http_done(struct webhook_http *h, struct webhook_result *ret_result);

#endif
