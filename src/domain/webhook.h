/* webhook: what companies are told of by HTTP, and what makes the telling safe.
 *
 * A message is signed as Standard Webhooks says: three headers, webhook-id (the same over retries),
 * webhook-timestamp (seconds) and webhook-signature, which is "v1," and the Base64 of the
 * HMAC-SHA-256 of "id.timestamp.body".
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_WEBHOOK_H
#define DOMAIN_WEBHOOK_H

#include "base/address.h"
#include "base/arena.h"
#include "base/limits.h"

/* What happened.  Stored by number: new ones go to the end. */
enum event_kind {
    EVENT_NONE,
    EVENT_CONSUMER_CREATED,
    EVENT_CONSUMER_UPDATED,
    EVENT_CONSUMER_DELETED,
    EVENT_IMPORT_COMPLETED,
    EVENT_IMPORT_FAILED,   /* ended before its end, and what is in stays */
    EVENT_IMPORT_REVERTED, /* undone */
    EVENT_TEST,            /* asked for; goes to any webhook */
    EVENT_RECORDS, /* never sent: all that an import did to customers, to be told one by one */
    EVENT_KIND_COUNT
};
#define EVENT_BIT(kind) (1u << (kind))
#define EVENTS_CONSUMERS                                                                           \
    (EVENT_BIT(EVENT_CONSUMER_CREATED) | EVENT_BIT(EVENT_CONSUMER_UPDATED) |                       \
     EVENT_BIT(EVENT_CONSUMER_DELETED))
#define EVENTS_ALL                                                                                 \
    (EVENTS_CONSUMERS | EVENT_BIT(EVENT_IMPORT_COMPLETED) | EVENT_BIT(EVENT_IMPORT_FAILED) |       \
     EVENT_BIT(EVENT_IMPORT_REVERTED))
/* "consumer.created" and so on. */
const char *event_name(enum event_kind kind);
/* The kinds as bits, from names separated by commas; "all" is every one, "consumer.*" those of that
 * prefix.  Errors: ERR_INVALID names the unknown word and those there are. */
MUST_CHECK bool event_bits_of(str text, unsigned *ret_bits, struct err *err);
/* The names, separated by commas, in the arena. */
str event_bits_text(struct arena *a, unsigned bits);

/* --- signing --- */

enum { WEBHOOK_SECRET_BYTES = 51 }; /* "whsec_", the Base64 of 32 random bytes, and a NUL */
/* Makes a new secret. */
void webhook_secret_make(char ret_secret[WEBHOOK_SECRET_BYTES]);
/* "v1,…" for one message, in the arena; the secret is one that webhook_secret_make() made. */
str webhook_sign(struct arena *a, str secret, str id, int64_t at_s, str body);

/* --- where to --- */

/* An https address (or, when plain says so, http): with a host, without user, fragment, blanks and
 * control characters.  Errors: ERR_INVALID says what to do. */
MUST_CHECK bool webhook_url_check(str url, bool plain, struct err *err);
struct webhook_networks { /* that may be sent to though they are not public */
    struct address_range range[LIMIT_WEBHOOK_NETWORKS];
    size_t count;
};
/* Reads addresses and ranges separated by commas or spaces; "no" is none, "yes" the loopback and
 * the private networks (not those of link-local addresses, where clouds keep their machines'
 * secrets). Errors: ERR_INVALID. */
MUST_CHECK bool webhook_networks_parse(str text, struct webhook_networks *ret_networks,
                                       struct err *err);
/* True for an address of the public internet: by the special-purpose registries of IANA (RFC 6890);
 * one that holds an IPv4 address within is judged by that. */
bool webhook_address_public(const struct address *a);
/* True when the address may be connected to: a public one by https, those of the networks by
 * either. */
bool webhook_address_allowed(const struct address *a, const struct webhook_networks *networks,
                             bool https);

/* --- when again --- */

/* How long to wait after so many attempts (at least 1), in milliseconds: base_ms, three times as
 * long with each, at most six hours; a fifth less or more by random, which is any number. */
int64_t webhook_pause_ms(unsigned attempts, int64_t base_ms, uint64_t random);

#endif
