/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cors.h"

#define EXPOSED                                                                                    \
    "x-request-id, ETag, Location, Link, Content-Disposition, Retry-After, RateLimit-Limit, "      \
    "RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, X-RateLimit-Limit, "                  \
    "X-RateLimit-Period, X-RateLimit-Reset, WWW-Authenticate, Idempotency-Replayed, "              \
    "Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, "      \
    "Upload-Expires"

static bool is_origin(str s)
{
    str rest = str_starts(s, STR("https://"))  ? str_from(s, 8)
               : str_starts(s, STR("http://")) ? str_from(s, 7)
                                               : (str){0};
    if (str_eq(s, STR("*")))
        return true;
    for (size_t i = 0; i < rest.len; i++)
        if (!memchr("-.:[]_", rest.ptr[i], 6) && !(rest.ptr[i] >= '0' && rest.ptr[i] <= '9') &&
            !((rest.ptr[i] | 32) >= 'a' && (rest.ptr[i] | 32) <= 'z'))
            return false;
    return rest.len > 0;
}

bool cors_check(const struct cors *c, struct err *err)
{
    for (size_t i = 0; i < c->count; i++)
        if (!is_origin(str_of(c->origin[i])))
            return err_set(err, ERR_INVALID,
                           "'%.60s' is no origin: use https://HOST, https://HOST:PORT or *, "
                           "without a path",
                           c->origin[i]);
    return true;
}

/* What to name as allowed: the origin, "*", or NULL. */
static const char *allowed(const struct cors *c, struct http_request *r)
{
    str origin = http_header(r, "Origin");
    if (!origin.len)
        return NULL;
    for (size_t i = 0; i < c->count; i++) {
        if (str_eq(str_of(c->origin[i]), STR("*")))
            return "*";
        if (str_eq_nocase(str_of(c->origin[i]), origin))
            return arena_str(http_arena(r), origin).ptr;
    }
    return NULL;
}

bool cors_answer_preflight(const struct cors *c, struct http_request *r)
{
    str headers = http_header(r, "Access-Control-Request-Headers");
    if (!c->count || http_method(r) != HTTP_OPTIONS || !allowed(c, r) ||
        str_is_null(http_header(r, "Access-Control-Request-Method")))
        return false;
    http_add_header(r, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
    if (headers.len)
        http_add_header(r, "Access-Control-Allow-Headers", arena_str(http_arena(r), headers).ptr);
    http_add_header(r, "Access-Control-Max-Age", "7200");
    http_add_header(r, "Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
    http_answer(r, 204, NULL, STR(""));
    return true;
}

void cors_add_headers(const struct cors *c, struct http_request *r)
{
    if (!c->count)
        return;
    const char *origin = allowed(c, r);
    http_add_header(r, "Vary", "Origin");
    if (!origin)
        return;
    http_add_header(r, "Access-Control-Allow-Origin", origin);
    http_add_header(r, "Access-Control-Expose-Headers", EXPOSED);
}
