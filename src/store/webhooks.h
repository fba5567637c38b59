/* webhooks: whom a company tells of what happens, what happened, and what was sent.
 *
 * An event is a row of the company's own database, written in the transaction of the change that it
 * tells of, and only while some webhook wants it.  Webhooks, how far each has read the events, and
 * its deliveries are rows of control.db, so that sending never waits for a company's writer.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_WEBHOOKS_H
#define STORE_WEBHOOKS_H

#include "domain/webhook.h"
#include "store/store.h"

/* --- events --- */

struct event {
    int64_t id; /* 0: of no row */
    enum event_kind kind;
    int64_t subject; /* the customer's id, or the task's */
    int64_t at_us;
    unsigned changed; /* FIELD_BIT()s of a change; 0: not known */
    int64_t origin;   /* who did it: origin_of() */
    str external_id;  /* of a deleted one */
    int64_t place; /* of what EVENT_RECORDS stands for: which of its customers or changes; or 0 */
};
/* Has tell called after each commit that holds events, on the writer's thread: it must be quick.
 * NULL: nobody any more; returns when no call is under way. */
void store_watch_events(struct store *s, void (*tell)(void *context), void *context);
/* Events after this one, in order; the slices live in the arena. */
MUST_CHECK bool store_event_list(struct store_reader *r, struct arena *a, int64_t after,
                                 size_t limit, struct event **ret_event, size_t *ret_count,
                                 struct err *err);
/* The number of the newest event; 0: there was never one. */
MUST_CHECK bool store_event_last(struct store_reader *r, int64_t *ret_id, struct err *err);
/* Drops events up to that one, and those from before that time. */
MUST_CHECK bool store_event_purge(struct store_company *c, int64_t up_to, int64_t before_us,
                                  struct err *err);
/* How far a list of what an import did has come: {0} is its beginning. */
struct import_change_place {
    int pass; /* 0: customers whom it made; 1: those whom it changed; 2: the end */
    int64_t position;
};
/* Customers whom the task made, then those that it changed and who are there, from the place on,
 * which moves past them: as events of the task's end.  One who was changed twice may come twice. */
MUST_CHECK bool store_import_changes(struct store_reader *r, struct arena *a,
                                     const struct store_task *task,
                                     struct import_change_place *place, size_t limit,
                                     struct event **ret_event, size_t *ret_count, struct err *err);

/* --- webhooks; any thread.  Who asks for a change stands in the audit log, in the same
 * transaction; by NULL: nobody does. --- */

enum webhook_state {
    WEBHOOK_ENABLED,
    WEBHOOK_DISABLED, /* by a person */
    WEBHOOK_GONE,     /* its receiver said 410 */
    WEBHOOK_FAILING,  /* for days */
};
/* "enabled", "disabled", "gone", "failing". */
const char *webhook_state_name(enum webhook_state state);
struct webhook_place {
    int64_t event;                     /* the last event that has become deliveries */
    struct import_change_place inside; /* of the next one, when it is EVENT_RECORDS */
};
struct webhook {
    int64_t id, company_id;
    str url;
    unsigned events;        /* EVENT_BIT()s */
    str secret, old_secret; /* {0}: none */
    int64_t old_until_us;   /* messages are signed with the old secret, too, until then */
    int64_t created_at_us;
    enum webhook_state state;
    int64_t failing_since_us; /* 0: the last attempt was a success */
    struct webhook_place place;
};
/* Makes a webhook that is told of what happens from now on.  Errors: ERR_LIMIT. */
MUST_CHECK bool store_webhook_create(struct store_company *c, const struct asker *by, str url,
                                     unsigned events, str secret, int64_t *ret_id, struct err *err);
/* A company's webhooks by number, secrets opened; company_id 0: of all companies. */
MUST_CHECK bool store_webhook_list(struct store *s, struct arena *a, int64_t company_id,
                                   struct webhook **ret_webhook, size_t *ret_count,
                                   struct err *err);
/* One of a company's webhooks.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_webhook_get(struct store *s, struct arena *a, int64_t company_id, int64_t id,
                                  struct webhook *ret_webhook, struct err *err);
/* Change one thing of a webhook of the company; ERR_NOT_FOUND when it is none of its own: */
MUST_CHECK bool store_webhook_set(struct store_company *c, const struct asker *by, int64_t id,
                                  str url, unsigned events, struct err *err);
/* A new secret; the old one signs, too, until old_until_us. */
MUST_CHECK bool store_webhook_rotate(struct store_company *c, const struct asker *by, int64_t id,
                                     str secret, int64_t old_until_us, struct err *err);
/* Enabled, it is told of what happens from now on; disabled, what waited for it is dropped. */
MUST_CHECK bool store_webhook_set_state(struct store_company *c, const struct asker *by, int64_t id,
                                        enum webhook_state state, struct err *err);
/* It goes with its deliveries. */
MUST_CHECK bool store_webhook_delete(struct store_company *c, const struct asker *by, int64_t id,
                                     struct err *err);

/* --- deliveries --- */

enum delivery_state { DELIVERY_WAITING, DELIVERY_DELIVERED, DELIVERY_FAILED, DELIVERY_STATES };
/* "waiting", "delivered", "failed". */
const char *delivery_state_name(enum delivery_state state);
struct delivery {
    int64_t id, webhook_id;
    str message; /* the header webhook-id: the same over all attempts */
    struct event event;
    enum delivery_state state;
    unsigned attempts;
    int64_t next_at_us; /* waiting: when it is tried */
    str log;            /* the last attempts, a JSON array */
};
/* Adds deliveries (their message and event) that wait to be sent, now or at next_at_us, and moves
 * the webhook's place, in one commit; their ids are filled in.  place NULL: it stays. */
MUST_CHECK bool store_delivery_add(struct store *s, int64_t webhook_id, struct delivery *delivery,
                                   size_t count, const struct webhook_place *place,
                                   struct err *err);
/* Those of a webhook that are to be sent at now_us, the longest due first. */
MUST_CHECK bool store_delivery_due(struct store *s, struct arena *a, int64_t webhook_id,
                                   int64_t now_us, size_t limit, struct delivery **ret_delivery,
                                   size_t *ret_count, struct err *err);
/* When the next one of any enabled webhook is due; INT64_MAX: none waits. */
MUST_CHECK bool store_delivery_next(struct store *s, int64_t *ret_at_us, struct err *err);
/* What became of an attempt (its delivery's state, attempts, next_at_us, log), and what that says
 * of its webhook. */
struct delivery_end {
    const struct delivery *delivery;
    int64_t failing_since_us; /* kept when it failed before; 0: it does not fail */
    bool is_test;             /* says nothing of its webhook */
    bool is_gone;             /* the sender's own: its receiver is no more */
    bool dropped;             /* there is nothing to tell any more: it goes without a trace */
};
/* Notes what became of attempts, in one commit. */
MUST_CHECK bool store_delivery_end(struct store *s, const struct delivery_end *end, size_t count,
                                   struct err *err);
/* A webhook's deliveries, newest first: those with ids below before (0: all). */
MUST_CHECK bool store_delivery_list(struct store *s, struct arena *a, int64_t webhook_id,
                                    int64_t before, size_t limit, struct delivery **ret_delivery,
                                    size_t *ret_count, struct err *err);
/* One of them.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_delivery_get(struct store *s, struct arena *a, int64_t webhook_id, int64_t id,
                                   struct delivery *ret_delivery, struct err *err);
/* Sends one once more, as if it were new.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_delivery_again(struct store *s, int64_t webhook_id, int64_t id,
                                     struct err *err);
/* Forgets those that are over since before that time, and of each webhook all but the newest
 * LIMIT_DELIVERIES_KEPT. */
MUST_CHECK bool store_delivery_purge(struct store *s, int64_t before_us, struct err *err);

#endif
