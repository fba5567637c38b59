/* idempotency: Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) of requests that make
 * something: who sends one again gets the answer of the first time.
 *
 * What a key did stands in the company's own database, in the transaction that did it; here are the
 * keys of requests in flight.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include "api/api_priv.h"

struct request_key; /* one that a request in flight holds */
/* Reads the header and takes the key: NULL when there is none.  Answers and returns false when it
 * is malformed, or held by another request of the same token. */
bool request_key_take(struct http_request *r, int64_t company_id, int64_t origin,
                      struct request_key **ret_key);
/* What the store is to know of the request; print: what the request is, as request_print() makes
 * it.  It borrows both. */
struct store_request request_key_store(const struct request_key *k, str print);
/* The same, looked up: what an earlier request with the key did, to decide by its replay. */
MUST_CHECK bool request_key_find(const struct request_key *k, struct store_company *company,
                                 struct arena *a, str print, struct store_request *ret_request,
                                 struct err *err);
/* Gives it back: the request is over, or what it did is stored; NULL is fine. */
void request_key_release(struct api *api, struct request_key *k);
/* A hash of the method, the address with its query and the content, in the arena. */
str request_print(struct http_request *r, struct arena *a, str content);
/* 422: the key was another request's. */
void request_key_reused(struct http_request *r);
/* Tells the client that the answer is that of an earlier request. */
void request_replayed(struct http_request *r);

#endif
