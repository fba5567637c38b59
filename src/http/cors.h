/* cors: which web pages may read the answers (the Fetch standard, "CORS protocol"), by a list of
 * origins.  Cookies and other credentials of a browser are never allowed: a token is sent by the
 * page itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include "http/http.h"

struct cors {
    const char *const *origin; /* "https://example.com", or "*" for all */
    size_t count;              /* 0: nobody may */
};

/* Errors: ERR_INVALID names the origin that is none. */
MUST_CHECK bool cors_check(const struct cors *c, struct err *err);
/* Answers what a browser asks before the request itself; false: r is no such question of a page
 * that may. */
bool cors_answer_preflight(const struct cors *c, struct http_request *r);
/* Adds what lets the page read the answer. */
void cors_add_headers(const struct cors *c, struct http_request *r);

#endif
