/* http: an HTTP/1.1 server (libmicrohttpd behind a strict gate) and the requests it hands out.
 *
 * Each daemon is driven by a loop of ours on one thread; handlers run on it and must not block.  A
 * handler either answers at once with http_answer(), or calls http_defer() and later, from any
 * thread, http_resume(), after which its `resumed` callback runs on the loop's thread and answers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/address.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum http_method {
    HTTP_GET = 1,
    HTTP_POST = 2,
    HTTP_PUT = 4,
    HTTP_PATCH = 8,
    HTTP_DELETE = 16,
    HTTP_HEAD = 32,
    HTTP_OPTIONS = 64
};
struct http_request;
struct http_route;
struct http_app;

struct http_route {
    unsigned methods;    /* HTTP_GET | ...; HEAD goes with GET by itself */
    const char *pattern; /* "/v4/consumers/{id}"; {x} matches one non-empty segment, decoded,
                            {x...} all the rest: see router.h */
    /* Called when the headers are complete, before the body: refuse early (401, 404, 413) by
     * answering; optional. */
    void (*begin)(struct http_request *r);
    /* Streamed body: each piece as it comes, in order; optional: without it the body is collected
     * in memory. */
    bool (*data)(struct http_request *r, str piece); /* false: stop, an answer was given */
    /* The whole request is here: answer or defer. */
    void (*handle)(struct http_request *r);
    /* After http_resume(), on the loop's thread: answer. */
    void (*resumed)(struct http_request *r);
    /* Of a stream (http_answer_stream()), on the loop's thread: appends what there is to say now,
     * which may be nothing, to out; false: that was all.  Must not block. */
    bool (*stream)(struct http_request *r, struct buf *out);
    /* The request is over, answered or not (the client left, the server stops): free r's context;
     * optional. */
    void (*end)(struct http_request *r);
    uint64_t max_body_bytes;
};
/* Why http itself refuses a request; the app words the body. */
enum http_refusal {
    HTTP_NO_ROUTE,
    HTTP_WRONG_METHOD /* `Allow` is set by http */,
    HTTP_BODY_TOO_LARGE,
    HTTP_BAD_TARGET /* detail: raw non-ASCII bytes, %00, bad escapes, invalid UTF-8 */,
    HTTP_BAD_REQUEST,
    HTTP_TOO_MANY /* requests waiting */
};
struct http_app {
    const struct http_route *route;
    size_t count;
    void *context; /* http_app_context() */
    /* Of every request with a sound head and a route, before anything of the route is called and
     * before the body is read: answers to refuse it; optional. */
    void (*admit)(struct http_request *r);
    /* When an answer is about to go: adds headers that all answers have; optional. */
    void (*seal)(struct http_request *r, int status);
    /* A loop has handled all that had come, and will wait: optional. */
    void (*at_rest)(void *context, size_t loop_index);
    /* Fills in the body (and content type) of a refusal.  status is what will be sent. */
    void (*refuse)(struct http_request *r, enum http_refusal why, int status, const char *detail);
};
struct http_config {
    const char *const *listen; /* "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses) */
    size_t listen_count;
    /* The same with TLS.  A certificate and none of these: `listen` itself speaks TLS. */
    const char *const *listen_tls;
    size_t listen_tls_count;
    const char *tls_cert, *tls_key; /* paths of PEM files, the chain in the first; NULL: no TLS */
    size_t loops;                   /* threads, each with a daemon; 0: 1 */
    size_t connections;             /* per loop; 0: 4096 */
    unsigned header_timeout_ms;     /* 0: 10,000 */
    unsigned min_bytes_per_s;       /* of a body coming and an answer going; 0: 1024 */
    /* Whose X-Forwarded-For and -Proto are believed: "127.0.0.1", "10.0.0.0/8", "fd00::/8". */
    const char *const *trusted_proxy;
    size_t trusted_proxy_count;
    /* Which web pages may read answers: "https://example.com", or "*". */
    const char *const *cors_origin;
    size_t cors_origin_count;
};
struct http_server;
/* Binds all addresses (SO_REUSEPORT between loops) and starts the loops.
 * Errors: ERR_CONFLICT (address in use), ERR_INVALID (an address that is none), ERR_INTERNAL. */
MUST_CHECK bool http_server_start(const struct http_config *config, const struct http_app *app,
                                  struct http_server **ret_server, struct err *err);
/* The port of the i-th address (for port 0 in the config); those of listen_tls come last. */
uint16_t http_server_port(const struct http_server *s, size_t i);
/* Whether the i-th address speaks TLS. */
bool http_server_is_tls(const struct http_server *s, size_t i);
/* Reads the certificate and its key again, for the connections to come; nobody is dropped, and on
 * failure all stays as it was.  Any thread.  Errors: ERR_INVALID, ERR_NOT_FOUND (also: there is no
 * TLS), ERR_INTERNAL. */
MUST_CHECK bool http_server_reload(struct http_server *s, struct err *err);
/* When the certificate ends: seconds since 1970; INT64_MAX without TLS. */
int64_t http_server_expires_at_s(const struct http_server *s);
/* Stops accepting, lets what is in flight finish for at most grace_ms, closes, frees. */
void http_server_stop(struct http_server *s, unsigned grace_ms);

/* --- a request, on the loop's thread --- */
/* The app's own pointer, from struct http_app. */
void *http_app_context(const struct http_request *r);
/* The number of the loop, from 0: for per-thread state. */
size_t http_loop_index(const struct http_request *r);
/* The route that was found, one of the app's table; NULL: none was. */
const struct http_route *http_route_of(const struct http_request *r);
/* The method, and its name as sent ("PUT"): */
enum http_method http_method(const struct http_request *r);
const char *http_method_name(const struct http_request *r);
/* The name of a method ("PUT"), which lives as long as the program. */
const char *http_method_text(enum http_method method);
/* The path as sent, without the query. */
str http_path(const struct http_request *r);
/* The path and the query, as sent. */
str http_target(const struct http_request *r);
/* The decoded value of {name} in the route's pattern; never {0} for a name of the pattern. */
str http_segment(const struct http_request *r, const char *name);
/* The decoded value of a query parameter (+ is a space); {0} when absent.  The first of several. */
str http_query(const struct http_request *r, const char *name);
/* A header's value, name in any case; {0} when absent. */
str http_header(const struct http_request *r, const char *name);
/* The collected body; empty when the route streams it. */
str http_body(const struct http_request *r);
/* What the client sent as X-Request-Id when that is 1 to 128 letters, digits and ._:@+/=-, else 32
 * hex digits; also sent back; borrowed. */
const char *http_request_id(const struct http_request *r);
/* The client's address, whatever trusted proxies stand in between; lives as long as the request. */
const struct address *http_client(struct http_request *r);
/* The same as text, "192.0.2.1" or "2001:db8::1", whatever trusted proxies stand in between;
 * lives as long as the request. */
const char *http_peer(struct http_request *r);
/* Whether the client asked by https, of us or of a trusted proxy. */
bool http_is_https(const struct http_request *r);
/* For how long the request has been here, in microseconds. */
int64_t http_age_us(const struct http_request *r);
/* Memory that lives as long as the request. */
struct arena *http_arena(struct http_request *r);
/* The handler's own pointer; NULL at first. */
void *http_context(const struct http_request *r);
/* Sets the handler's own pointer; the route's `end` frees it. */
void http_set_context(struct http_request *r, void *context);
/* Another pointer, for the app's admit and seal; NULL at first. */
void *http_note(const struct http_request *r);
/* Sets it; what it points to lives in the request's arena. */
void http_set_note(struct http_request *r, void *note);

/* --- answering, on the loop's thread --- */
/* Adds a header to the answer to come; both are copied. */
void http_add_header(struct http_request *r, const char *name, const char *value);
/* Whether the answer to come has such a header by now. */
bool http_has_header(const struct http_request *r, const char *name);
/* Answers.  body is copied. content_type NULL: no such header.  The first answer counts. */
void http_answer(struct http_request *r, int status, const char *content_type, str body);
/* Answers with what an open file holds from its start; the file is the server's from now on. */
void http_answer_file(struct http_request *r, int status, const char *content_type, int fd);
/* Answers with the file, or with the part of it that the request asks for: Range, If-Range,
 * If-None-Match (RFC 9110, 13 and 14); several ranges are answered with all of it.  etag: a strong
 * entity tag, quotes included; the file is the server's from now on. */
void http_answer_download(struct http_request *r, const char *content_type, int fd,
                          const char *etag);
/* Answers with a body that the route's `stream` makes bit by bit: it is asked at once, and then
 * every every_ms (of at least 100).  A client who has left is only noticed
 * when something is said to it, so say something every few seconds.  A server that stops ends the
 * stream. */
void http_answer_stream(struct http_request *r, int status, const char *content_type,
                        unsigned every_ms);
/* Puts the request aside until http_resume(). */
void http_defer(struct http_request *r);
/* Any thread, once per http_defer(): the loop is woken once for all requests resumed since it last
 * looked. */
void http_resume(struct http_request *r);

#endif
