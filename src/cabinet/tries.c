/* Guesses of passwords and codes: so many of an account from an address, of an account from
 * everywhere, and from an address of any account.
 *
 * The narrowest comes first: who guesses from elsewhere must not keep the account's owner out,
 * until they are very many.  What turned out right is given back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "domain/consumer.h"

enum { QUARTER_S = 900, HOUR_S = 3600, PAIR_TRIES = 10, ACCOUNT_TRIES = 100, ADDRESS_TRIES = 100 };

struct tries {
    struct throttle *pair, *account, *address;
    uint64_t seed; /* of the keys */
};

struct tries *tries_new(void)
{
    struct tries *t = mem_new(1, sizeof *t);
    t->pair = throttle_new((struct throttle_rate){PAIR_TRIES, QUARTER_S});
    t->account = throttle_new((struct throttle_rate){ACCOUNT_TRIES, HOUR_S});
    t->address = throttle_new((struct throttle_rate){ADDRESS_TRIES, QUARTER_S});
    crypto_random(&t->seed, sizeof t->seed);
    return t;
}

void tries_free(struct tries *t)
{
    if (!t)
        return;
    throttle_free(t->pair);
    throttle_free(t->account);
    throttle_free(t->address);
    mem_free(t);
}

static uint64_t key_of(const struct tries *t, str text)
{
    uint64_t key = crypto_hash64(text) ^ t->seed;
    return key ? key : 1;
}

/* 0, or how long until one more is let through. */
static int64_t take(struct throttle *t, uint64_t key, int64_t now_us)
{
    struct throttle_state state = {0};
    return !key || throttle_take(t, key, now_us, &state) ? 0 : state.wait_us;
}

static void give(struct throttle *t, uint64_t key, int64_t now_us)
{
    if (key)
        throttle_give(t, key, now_us);
}

bool tries_take(struct cabinet *c, struct http_request *r, str account, struct tried *ret_tried)
{
    struct tries *t = c->tries;
    str site = address_site(http_client(r)), key = consumer_email_key(http_arena(r), account);
    int64_t now_us = clock_monotonic_us(), wait_us;
    struct tried keys = {.taken = true};
    if (key.len) {
        AUTO(buf_done) struct buf pair = {0}; // a site is bytes, of which many are 0
        buf_add(&pair, site);
        buf_add(&pair, key);
        keys.pair = key_of(t, buf_str(&pair));
        keys.account = key_of(t, key);
    }
    // Whoever shares this machine with a proxy that is not made known would share its failures.
    if (!address_is_loopback(http_client(r)))
        keys.address = key_of(t, site);
    if ((wait_us = take(t->pair, keys.pair, now_us)) != 0)
        keys = (struct tried){0};
    else if ((wait_us = take(t->account, keys.account, now_us)) != 0)
        give(t->pair, keys.pair, now_us);
    else if ((wait_us = take(t->address, keys.address, now_us)) != 0) {
        give(t->pair, keys.pair, now_us);
        give(t->account, keys.account, now_us);
    }
    if (!wait_us) {
        *ret_tried = keys;
        return true;
    }
    http_add_header(
        r, "Retry-After",
        arena_format(http_arena(r), "%lld", (long long)((wait_us + 999999) / 1000000)).ptr);
    error_say(r, &(struct error){.status = 429, .code = "too_many_tries"}, "%s",
              SAY(r, "Too many tries: the Retry-After header says when to come again",
                  "Слишком много попыток: когда повторить, говорит заголовок Retry-After"));
    return false;
}

void tries_right(struct cabinet *c, const struct tried *tried)
{
    int64_t now_us = clock_monotonic_us();
    if (!tried->taken)
        return;
    give(c->tries->pair, tried->pair, now_us);
    give(c->tries->account, tried->account, now_us);
    give(c->tries->address, tried->address, now_us);
}
