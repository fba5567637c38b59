/* A test message, sent while somebody waits for what comes of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/crypto.h"
#include "jobs/jobs_priv.h"
#include "jobs/webhook_http.h"

#define NOT_BY_THE_SENDER (INT64_MAX / 2)

bool jobs_webhook_url_check(const struct jobs *j, str url, struct err *err)
{
    return webhook_url_check(url, j->webhook_allow.count > 0, err);
}

static bool exchange(struct jobs *j, const struct webhook_request *request,
                     struct webhook_result *ret_result, struct err *err)
{
    AUTO(webhook_http_free) struct webhook_http *http = NULL;
    if (!webhook_http_open(&j->webhook_allow, j->webhook_ca, &http, err) ||
        !webhook_http_send(http, request, NULL, err))
        return false;
    while (!webhook_http_done(http, ret_result))
        webhook_http_wait(http, 1000);
    return true;
}

bool jobs_webhook_test(struct jobs *j, struct store_company *company, struct arena *a,
                       const struct webhook *w, struct delivery *ret_delivery, struct err *err)
{
    AUTO(buf_done) struct buf body = {0};
    struct webhook_result result;
    unsigned char random[8];
    struct delivery d = {.webhook_id = w->id,
                         .event = {.kind = EVENT_TEST, .subject = w->id, .at_us = clock_now_us()},
                         .log = STR("[]"),
                         .next_at_us = NOT_BY_THE_SENDER};
    crypto_random(random, sizeof random);
    d.message = arena_format(a, "test_%.*s", STR_ARG(crypto_hex(a, random, sizeof random)));
    if (message_body(company, NULL, a, &d, &body, err) != MESSAGE_READY)
        return false;
    const struct webhook_request request = message_request(a, w, d.message, buf_str(&body));
    if (!exchange(j, &request, &result, err) ||
        !store_delivery_add(j->store, w->id, &d, 1, NULL, err))
        return false;
    message_note(a, &d, &result);
    d.state = result.status >= 200 && result.status < 300 ? DELIVERY_DELIVERED : DELIVERY_FAILED;
    d.next_at_us = clock_now_us();
    *ret_delivery = d;
    const struct delivery_end end = {.delivery = ret_delivery, .is_test = true};
    return store_delivery_end(j->store, &end, 1, err);
}
