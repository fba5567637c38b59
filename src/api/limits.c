/* Limits: so many requests of a token and of an address, and so many wrong tokens of an address.
 *
 * They are asked before the body is read and before the store is.  What is refused costs nothing,
 * and a request that turns out to be malformed gives back what it took of its token's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/limits.h"
#include "api/request_log.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/throttle.h"

#include <stdio.h>
#include <time.h>

struct limited {
    bool is_token;           /* the tighter one is the token's */
    uint64_t token, address; /* keys */
    bool took_token;
    struct throttle_state state;
    struct throttle_rate rate;
};

static struct throttle *new_throttle(struct throttle_rate rate)
{
    return rate.count ? throttle_new(rate) : NULL;
}

void limits_open(struct api *api)
{
    api->limits = (struct limits){.token = new_throttle(api->config.token_rate),
                                  .address = new_throttle(api->config.address_rate),
                                  .failures = new_throttle(api->config.failure_rate)};
    crypto_random(&api->limits.seed, sizeof api->limits.seed);
    if (api->limits.token || api->limits.address || api->limits.failures)
        api->app.admit = limits_admit; // else it costs nothing
}

void limits_close(struct api *api)
{
    throttle_free(api->limits.token);
    throttle_free(api->limits.address);
    throttle_free(api->limits.failures);
}

/* Only the API is limited: who watches the server's health must get an answer. */
static bool is_limited(const struct http_request *r)
{
    return str_starts(http_path(r), STR("/v4/")) && http_method(r) != HTTP_OPTIONS;
}

static uint64_t key_of(const struct api *api, str text)
{
    return crypto_hash64(text) ^ api->limits.seed;
}

static uint64_t address_key(const struct api *api, struct http_request *r)
{
    return key_of(api, address_site(http_client(r)));
}

/* Whoever shares this machine with a proxy that is not made known would share its failures. */
static bool is_here(struct http_request *r)
{
    return address_is_loopback(http_client(r));
}

static int64_t seconds_up(int64_t us)
{
    return (us + 999999) / 1000000;
}

static void refuse(struct http_request *r, struct throttle_rate rate, int64_t wait_us)
{
    char text[64];
    struct tm t;
    time_t next = (time_t)seconds_up(clock_now_us() + wait_us);
    (void)snprintf(text, sizeof text, "%u", rate.count);
    http_add_header(r, "X-RateLimit-Limit", text);
    (void)snprintf(text, sizeof text, "%u", rate.period_s);
    http_add_header(r, "X-RateLimit-Period", text);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", gmtime_r(&next, &t));
    http_add_header(r, "X-RateLimit-Reset", text);
    (void)snprintf(text, sizeof text, "%lld", (long long)seconds_up(wait_us));
    http_add_header(r, "Retry-After", text);
    error_throttled(r);
}

/* False: it has failed too often, and was answered. */
static bool check_failures(struct api *api, struct http_request *r, int64_t now_us)
{
    struct throttle_state state;
    if (!api->limits.failures || is_here(r) || str_is_null(http_header(r, "Authorization")))
        return true;
    throttle_look(api->limits.failures, address_key(api, r), now_us, &state);
    if (!state.wait_us)
        return true;
    refuse(r, api->config.failure_rate, state.wait_us);
    return false;
}

static bool check_address(struct api *api, struct http_request *r, struct limited *l,
                          int64_t now_us)
{
    if (!api->limits.address)
        return true;
    l->address = address_key(api, r);
    l->rate = api->config.address_rate;
    return throttle_take(api->limits.address, l->address, now_us, &l->state);
}

static bool check_token(struct api *api, struct http_request *r, struct limited *l, int64_t now_us)
{
    bool bearer;
    str key = auth_key(http_header(r, "Authorization"), &bearer);
    struct throttle_state state;
    if (!api->limits.token || !key.len)
        return true;
    l->token = key_of(api, key);
    l->took_token = throttle_take(api->limits.token, l->token, now_us, &state);
    if (!l->took_token || !l->rate.count || state.left < l->state.left) {
        l->state = state;
        l->rate = api->config.token_rate;
        l->is_token = true;
    }
    if (!l->took_token && api->limits.address)
        throttle_give(api->limits.address, l->address, now_us);
    return l->took_token;
}

void limits_admit(struct http_request *r)
{
    struct api *api = http_app_context(r);
    int64_t now_us = clock_monotonic_us();
    if (!is_limited(r) || !check_failures(api, r, now_us))
        return;
    if (!api->limits.token && !api->limits.address)
        return;
    struct limited *l = ARENA_NEW(http_arena(r), struct limited, 1);
    request_note(r)->limited = l;
    if (!check_address(api, r, l, now_us) || !check_token(api, r, l, now_us))
        refuse(r, l->rate, l->state.wait_us);
}

/* What the client got wrong in the request itself is no use of the service. */
static bool gives_back(int status)
{
    return status == 400 || status == 413 || status == 415 || status == 422;
}

static void tell(struct http_request *r, const struct limited *l)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%u", l->rate.count);
    http_add_header(r, "RateLimit-Limit", text);
    (void)snprintf(text, sizeof text, "%u", l->state.left);
    http_add_header(r, "RateLimit-Remaining", text);
    (void)snprintf(text, sizeof text, "%lld", (long long)seconds_up(l->state.full_us));
    http_add_header(r, "RateLimit-Reset", text);
    (void)snprintf(text, sizeof text, "%u;w=%u", l->rate.count, l->rate.period_s);
    http_add_header(r, "RateLimit-Policy", text);
}

void limits_seal(struct http_request *r, int status)
{
    struct api *api = http_app_context(r);
    const struct request_note *note = http_note(r);
    struct limited *l = note ? note->limited : NULL;
    struct throttle_state state;
    if (status == 401 && api->limits.failures && !is_here(r) &&
        !str_is_null(http_header(r, "Authorization")))
        (void)throttle_take(api->limits.failures, address_key(api, r), clock_monotonic_us(),
                            &state);
    if (!l)
        return;
    if (l->took_token && gives_back(status)) {
        throttle_give(api->limits.token, l->token, clock_monotonic_us());
        if (l->is_token)
            throttle_look(api->limits.token, l->token, clock_monotonic_us(), &l->state);
    }
    tell(r, l);
}
