/* request_log: the last requests of each company's programs, in memory, and how many there were.
 *
 * Each loop keeps its own, so that no loop waits for another; whoever reads puts them together.  It
 * holds no personal values: of a request its route's pattern, never the address that was asked for,
 * and of its client's own id only what looks random.  A request that names no company is nowhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REQUEST_LOG_H
#define API_REQUEST_LOG_H

#include "api/api.h"

/* What the API notes of a request on its way. */
struct request_note {
    struct limited *limited; /* limits.c's own */
    int64_t company_id;      /* 0: not known yet */
    int64_t token_id;        /* 0: none, it is no program's */
    const char *code;        /* of the error that was answered; NULL: not said */
    void *extension;         /* api_extension_note() */
};
/* The request's note, made when it has none. */
struct request_note *request_note(struct http_request *r);
/* Notes whose it is. */
void request_note_token(struct http_request *r, const struct token *token);
/* Notes the code of its error, which lives as long as the request; the first one counts. */
void request_note_code(struct http_request *r, const char *code);

enum { REQUEST_ID_BYTES = 65, REQUEST_CODE_BYTES = 40 };
struct request_seen {
    uint64_t seq; /* grows with time; never 0 */
    int64_t at_us, duration_us;
    int64_t token_id;
    const char *method, *route;    /* route: NULL when there is none of that address */
    char code[REQUEST_CODE_BYTES]; /* "": no error */
    int status;
    struct address address;
    char request_id[REQUEST_ID_BYTES]; /* "": not kept */
};
struct request_log;
/* The one that the request will be noted in. */
struct request_log *request_log_of(const struct http_request *r);
/* Starts it for so many loops, and the thread that writes down the counts. */
MUST_CHECK bool request_log_start(struct store *store, size_t loops, struct request_log **ret_log,
                                  struct err *err);
/* Writes down what was counted, and frees it; NULL is fine. */
void request_log_stop(struct request_log *log);
/* Adds an answered request, on its loop's thread. */
void request_log_add(struct http_request *r, int status);
/* The newest requests of a company after that seq, the newest first, at most limit, in the arena.
 * *ret_until: where to go on; nothing up to there comes later.  Any thread. */
size_t request_log_read(struct request_log *log, struct arena *a, int64_t company_id,
                        uint64_t after, size_t limit, struct request_seen **ret_seen,
                        uint64_t *ret_until);
/* Writes the counts down now. */
MUST_CHECK bool request_log_flush(struct request_log *log, struct err *err);

#endif
