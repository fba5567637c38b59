/* Sends to webhooks what happened: events become deliveries, deliveries are tried until they
 * arrive.
 *
 * One thread and many requests under way.  Each webhook has its own few, so that one that is slow
 * or dead takes no other's place.  One whose last attempt failed is probed: one request at a time,
 * and of its events no more become deliveries than that needs; the rest wait where they are, in the
 * company's database, so that a dead receiver costs next to nothing.  What an attempt came to is
 * written before anything else is taken: a process that dies in between sends once more, under the
 * same id.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_priv.h"
#include "jobs/webhook_http.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    ATTEMPTS = 20, // over about three days
    PROBE_MOST_MS = 5 * 60 * 1000,
    IDLE_MS = 60000,
    BUSY_MS =
        1000, // while something is under way: a store that could not be written is tried again
    STOP_MS = 3000,
    TEND_EVERY_US = 10 * 1000000,
    KEEP_DELIVERIES_DAYS = 7,
    FAILING_DAYS = 5, // then it is disabled
};

struct hook { /* what is known of a webhook besides its row */
    struct hook *next;
    int64_t id, company_id;
    size_t under_way;
    unsigned failures;     /* attempts that failed, one after another */
    int64_t rest_until_us; /* no new delivery for its probe before that */
    bool listed;           /* in the list that is looked at */
};
struct shop { /* a company that has webhooks */
    struct shop *next;
    int64_t id;
    struct store_company *company;
    struct store_reader *reader;
    int64_t oldest_place; /* up to there nobody needs its events any more */
    bool moved;
};
struct sending {
    struct sending *next;
    struct hook *hook;
    struct arena arena;
    struct delivery delivery;
};
struct sender {
    struct jobs *jobs;
    pthread_t thread;
    bool started;
    struct webhook_http *http;
    _Atomic bool stopping, woken;
    int64_t base_ms;
    /* the thread's own: */
    struct hook *hooks;
    struct shop *shops;
    struct sending *sendings; /* under way */
    size_t under_way;
    struct delivery_end ended[LIMIT_DELIVERIES_PARALLEL]; /* not written yet */
    struct sending *over[LIMIT_DELIVERIES_PARALLEL];      /* theirs */
    size_t overs;
    int64_t tended_us;
    bool failing; /* the store; it was logged */
};

/* --- what is known of webhooks and companies --- */

static struct hook *hook_of(struct sender *s, const struct webhook *w)
{
    struct hook *h = s->hooks;
    while (h && h->id != w->id)
        h = h->next;
    if (!h) {
        h = mem_new(1, sizeof *h);
        h->id = w->id;
        h->company_id = w->company_id;
        h->failures = w->failing_since_us ? 1 : 0; // found so by this process
        h->next = s->hooks;
        s->hooks = h;
    }
    h->listed = true;
    return h;
}

static void shop_free(struct shop *p)
{
    store_reader_free(p->reader);
    mem_free(p);
}

static struct shop *shop_of(struct sender *s, int64_t company_id, struct err *err)
{
    struct shop *p = s->shops;
    while (p && p->id != company_id)
        p = p->next;
    if (p)
        return p;
    p = mem_new(1, sizeof *p);
    p->id = company_id;
    if (!store_company_open(s->jobs->store, company_id, &p->company, err) ||
        !store_reader_open(p->company, &p->reader, err)) {
        shop_free(p);
        return NULL;
    }
    p->next = s->shops;
    s->shops = p;
    return p;
}

/* Forgets webhooks that are no more, once nothing of theirs is under way. */
static void forget_hooks(struct sender *s)
{
    for (struct hook **at = &s->hooks; *at;) {
        struct hook *h = *at;
        if (h->listed || h->under_way) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        mem_free(h);
    }
}

/* --- sending --- */

static void sending_free(struct sending *x)
{
    arena_done(&x->arena);
    mem_free(x);
}

/* There is nothing to tell of it any more. */
static void drop(struct sender *s, struct sending *x)
{
    s->over[s->overs] = x;
    s->ended[s->overs++] = (struct delivery_end){.delivery = &x->delivery, .dropped = true};
}

/* Sends one; false: err says why, and it stays for the next time. */
static bool send_one(struct sender *s, struct shop *shop, const struct webhook *w, struct hook *h,
                     const struct delivery *d, struct err *err)
{
    AUTO(buf_done) struct buf body = {0};
    struct sending *x = mem_new(1, sizeof *x);
    x->hook = h;
    x->delivery = *d;
    x->delivery.webhook_id = w->id;
    x->delivery.message = arena_str(&x->arena, d->message);
    x->delivery.log = arena_str(&x->arena, d->log.ptr ? d->log : STR("[]"));
    x->delivery.event.external_id = arena_str(&x->arena, d->event.external_id);
    enum message made =
        message_body(shop->company, shop->reader, &x->arena, &x->delivery, &body, err);
    if (made == MESSAGE_POINTLESS) {
        drop(s, x);
        return true;
    }
    fault_step("webhook-send");
    const struct webhook_request request =
        message_request(&x->arena, w, x->delivery.message, buf_str(&body));
    if (made == MESSAGE_FAILED || !webhook_http_send(s->http, &request, x, err)) {
        sending_free(x);
        return false;
    }
    x->next = s->sendings;
    s->sendings = x;
    h->under_way++;
    s->under_way++;
    return true;
}

static bool is_under_way(const struct sender *s, int64_t delivery_id)
{
    for (const struct sending *x = s->sendings; x; x = x->next)
        if (x->delivery.id == delivery_id)
            return true;
    for (size_t i = 0; i < s->overs; i++)
        if (s->over[i]->delivery.id == delivery_id)
            return true;
    return false;
}

/* How many more of the webhook may be under way. */
static size_t room_of(const struct sender *s, const struct hook *h)
{
    size_t most = h->failures ? 1 : LIMIT_WEBHOOK_PARALLEL,
           all = LIMIT_DELIVERIES_PARALLEL - s->under_way - s->overs;
    return h->under_way < most ? MIN(most - h->under_way, all) : 0;
}

/* Sends of the deliveries as many as there is room for. */
static bool send_some(struct sender *s, struct shop *shop, const struct webhook *w, struct hook *h,
                      const struct delivery *delivery, size_t count, struct err *err)
{
    for (size_t i = 0; i < count && room_of(s, h); i++)
        if (!is_under_way(s, delivery[i].id) && !send_one(s, shop, w, h, &delivery[i], err))
            return false;
    return true;
}

/* --- events become deliveries --- */

struct taking {
    struct arena *a;
    struct shop *shop;
    const struct webhook *webhook;
    struct delivery *delivery;
    size_t count, most;
    struct webhook_place place;
};

static void take(struct taking *t, const struct event *e, int64_t event_id)
{
    struct event event = *e;
    event.id = event_id;
    if (t->webhook->events & EVENT_BIT(event.kind))
        t->delivery[t->count++] =
            (struct delivery){.event = event, .message = message_id(t->a, t->shop->id, &event)};
}

/* All that an import did, from where the webhook has come to, as far as there is room; false with
 * err->code ERR_NONE: there is more. */
static bool take_records(struct taking *t, const struct event *e, struct err *err)
{
    struct store_task task;
    struct event *change;
    size_t count;
    if (!(t->webhook->events & EVENTS_CONSUMERS))
        return true;
    if (!store_task_get(t->shop->reader, t->a, e->subject, &task, err)) {
        bool gone = err->code == ERR_NOT_FOUND;
        err->code = gone ? ERR_NONE : err->code;
        return gone;
    }
    do {
        size_t room = t->most - t->count;
        if (!store_import_changes(t->shop->reader, t->a, &task, &t->place.inside, room, &change,
                                  &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            change[i].at_us = e->at_us;
            take(t, &change[i], e->id);
        }
        if (count < room)
            return true;
    } while (t->count < t->most);
    return false;
}

static bool take_events(struct taking *t, struct err *err)
{
    struct event *event;
    size_t count;
    if (!store_event_list(t->shop->reader, t->a, t->place.event, LIMIT_DELIVERIES_AT_ONCE, &event,
                          &count, err))
        return false;
    for (size_t i = 0; i < count && t->count < t->most; i++) {
        if (event[i].kind != EVENT_RECORDS)
            take(t, &event[i], event[i].id);
        else if (!take_records(t, &event[i], err))
            return err->code == ERR_NONE;
        t->place = (struct webhook_place){.event = event[i].id};
    }
    return true;
}

static bool is_same_place(const struct webhook_place *x, const struct webhook_place *y)
{
    return x->event == y->event && x->inside.pass == y->inside.pass &&
           x->inside.position == y->inside.position;
}

/* Makes deliveries of the next events and sends the first of them. */
static bool take_more(struct sender *s, struct arena *a, struct shop *shop, struct webhook *w,
                      struct hook *h, struct err *err)
{
    struct taking t = {.a = a, .shop = shop, .webhook = w, .place = w->place};
    t.most = h->failures ? 1 : LIMIT_DELIVERIES_AT_ONCE;
    t.delivery = ARENA_NEW(a, struct delivery, t.most);
    if (!take_events(&t, err))
        return false;
    if (is_same_place(&t.place, &w->place))
        return true;
    if (!store_delivery_add(s->jobs->store, w->id, t.delivery, t.count, &t.place, err)) {
        bool gone = err->code == ERR_NOT_FOUND; // deleted or disabled meanwhile
        err->code = gone ? ERR_NONE : err->code;
        return gone;
    }
    w->place = t.place;
    shop->moved = true;
    return send_some(s, shop, w, h, t.delivery, t.count, err);
}

/* A restored backup may know fewer events than the webhook has read. */
static bool mend_place(struct sender *s, struct shop *shop, struct webhook *w, struct err *err)
{
    int64_t last;
    if (!store_event_last(shop->reader, &last, err))
        return false;
    if (w->place.event <= last)
        return true;
    w->place = (struct webhook_place){.event = last};
    return store_delivery_add(s->jobs->store, w->id, NULL, 0, &w->place, err);
}

static bool look_at(struct sender *s, struct arena *a, struct webhook *w, struct err *err)
{
    struct delivery *due;
    size_t count;
    const int64_t now_us = clock_now_us();
    struct shop *shop = shop_of(s, w->company_id, err);
    bool known = shop != NULL;
    struct hook *h = hook_of(s, w);
    if (!known)
        return false;
    if (!w->place.inside.pass && !w->place.inside.position && !h->under_way &&
        !mend_place(s, shop, w, err))
        return false;
    size_t room = room_of(s, h);
    if (room && !store_delivery_due(s->jobs->store, a, w->id, now_us, room + h->under_way, &due,
                                    &count, err))
        return false;
    bool ok = !room || send_some(s, shop, w, h, due, count, err);
    // Only when what waits is on its way.
    if (ok && room_of(s, h) && (!h->failures || now_us >= h->rest_until_us))
        ok = take_more(s, a, shop, w, h, err);
    shop->oldest_place = MIN(shop->oldest_place, w->place.event);
    return ok;
}

/* --- what became of it --- */

static int64_t pause_us(const struct sender *s, unsigned attempts)
{
    uint64_t random;
    crypto_random(&random, sizeof random);
    return webhook_pause_ms(attempts, s->base_ms, random) * 1000;
}

static void note_failure(struct sender *s, struct sending *x, const struct webhook_result *r)
{
    struct delivery *d = &x->delivery;
    const int64_t now_us = clock_now_us();
    int64_t wait_us = pause_us(s, d->attempts);
    bool asked = r->retry_after_s && (r->status == 429 || r->status == 503);
    if (asked)
        wait_us = MAX(wait_us, r->retry_after_s * 1000000);
    bool hopeless = d->attempts >= ATTEMPTS || r->status == 410;
    d->state = hopeless ? DELIVERY_FAILED : DELIVERY_WAITING;
    d->next_at_us = hopeless ? now_us : now_us + wait_us;
    x->hook->failures++;
    int64_t rest_us = MIN(pause_us(s, x->hook->failures), (int64_t)PROBE_MOST_MS * 1000);
    x->hook->rest_until_us = now_us + (asked ? MAX(rest_us, wait_us) : rest_us);
    log_debug("webhook %lld: delivery %lld, attempt %u: %s %d", (long long)d->webhook_id,
              (long long)d->id, d->attempts, r->error ? r->error : "status", r->status);
}

static void leave_list(struct sender *s, struct sending *x)
{
    struct sending **at = &s->sendings;
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    x->hook->under_way--;
    s->under_way--;
}

/* Takes what is over; the webhook of a receiver that is gone is disabled. */
static void take_results(struct sender *s)
{
    struct webhook_result r;
    while (webhook_http_done(s->http, &r)) {
        struct sending *x = r.context;
        struct delivery *d = &x->delivery;
        const int64_t now_us = clock_now_us();
        bool arrived = r.status >= 200 && r.status < 300;
        leave_list(s, x);
        message_note(&x->arena, d, &r);
        if (arrived) {
            d->state = DELIVERY_DELIVERED;
            d->next_at_us = now_us;
            x->hook->failures = 0;
        } else {
            note_failure(s, x, &r);
        }
        s->over[s->overs] = x;
        s->ended[s->overs++] = (struct delivery_end){
            .delivery = d, .failing_since_us = arrived ? 0 : now_us, .is_gone = r.status == 410};
    }
}

static void disable(struct sender *s, int64_t company_id, int64_t id, enum webhook_state state)
{
    struct err err = {0};
    struct shop *shop = shop_of(s, company_id, &err);
    if (!shop || !store_webhook_set_state(shop->company, NULL, id, state, &err))
        log_warning("webhook %lld cannot be disabled: %s", (long long)id, err.msg);
    else
        log_warning("webhook %lld of company %lld is disabled: %s", (long long)id,
                    (long long)company_id,
                    state == WEBHOOK_GONE ? "its receiver answers 410 Gone"
                                          : "nothing arrived there for days");
}

/* Writes down what became of all that is over; what cannot be written is kept, and no more is
 * taken than there is room for. */
static bool write_results(struct sender *s, struct err *err)
{
    if (!store_delivery_end(s->jobs->store, s->ended, s->overs, err))
        return false;
    for (size_t i = 0; i < s->overs; i++) {
        struct hook *h = s->over[i]->hook;
        if (s->ended[i].is_gone)
            disable(s, h->company_id, h->id, WEBHOOK_GONE);
        sending_free(s->over[i]);
    }
    s->overs = 0;
    return true;
}

/* --- the thread --- */

static bool look(struct sender *s, size_t *ret_webhooks, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct webhook *w;
    size_t count;
    bool ok = true;
    for (struct hook *h = s->hooks; h; h = h->next)
        h->listed = false;
    for (struct shop *p = s->shops; p; p = p->next)
        p->oldest_place = INT64_MAX;
    if (!store_webhook_list(s->jobs->store, &a, 0, &w, &count, err))
        return false;
    *ret_webhooks = 0;
    for (size_t i = 0; i < count; i++) {
        // Whoever was disabled for failing begins anew when a person enables it.
        if (w[i].state != WEBHOOK_ENABLED)
            continue;
        ++*ret_webhooks;
        ok = look_at(s, &a, &w[i], err) && ok;
        if (w[i].failing_since_us && clock_now_us() - w[i].failing_since_us > FAILING_DAYS * DAY_US)
            disable(s, w[i].company_id, w[i].id, WEBHOOK_FAILING);
    }
    forget_hooks(s);
    return ok;
}

/* Drops what nobody needs any more. */
static void tend(struct sender *s)
{
    const int64_t now_us = clock_now_us();
    struct err err = {0};
    bool moved = false;
    if (clock_monotonic_us() - s->tended_us < TEND_EVERY_US)
        return;
    s->tended_us = clock_monotonic_us();
    for (struct shop *p = s->shops; p; p = p->next) {
        moved = moved || p->moved;
        if (p->moved &&
            !store_event_purge(p->company, p->oldest_place, now_us - KEEP_EVENTS_US, &err))
            log_warning("company %lld: events stay for now: %s", (long long)p->id, err.msg);
        p->moved = false;
    }
    if (moved &&
        !store_delivery_purge(s->jobs->store, now_us - KEEP_DELIVERIES_DAYS * DAY_US, &err))
        log_warning("deliveries to webhooks stay for now: %s", err.msg);
}

/* How long there is nothing to do, as far as is known. */
static int idle_ms(struct sender *s, size_t webhooks)
{
    int64_t next_us = INT64_MAX, now_us = clock_now_us();
    struct err err;
    if (s->under_way || s->overs)
        return BUSY_MS;
    if (!webhooks)
        return IDLE_MS;
    if (!store_delivery_next(s->jobs->store, &next_us, &err))
        return BUSY_MS;
    // A rest that is over was looked at just now: there was nothing to take.
    for (const struct hook *h = s->hooks; h; h = h->next)
        if (h->failures && h->rest_until_us > now_us)
            next_us = MIN(next_us, h->rest_until_us);
    int64_t wait_ms = next_us > now_us ? (next_us - now_us) / 1000 + 1 : 1;
    return (int)MIN(wait_ms, (int64_t)IDLE_MS);
}

static void report(struct sender *s, bool ok, const struct err *err)
{
    if (!ok && !s->failing)
        log_error("webhooks: %s; it is tried again until that has passed", err->msg);
    s->failing = !ok;
}

static void *sender_main(void *context)
{
    struct sender *s = context;
    int64_t stop_us = 0;
    while (!stop_us || (s->under_way && clock_monotonic_us() < stop_us)) {
        struct err err = {0};
        size_t webhooks = 0;
        s->woken = false;
        bool ok = write_results(s, &err);
        // What one webhook's company cannot give now must not keep the others waiting.
        ok = ok && (stop_us || look(s, &webhooks, &err));
        report(s, ok, &err);
        if (!stop_us)
            tend(s);
        int wait_ms = !ok || stop_us ? BUSY_MS : idle_ms(s, webhooks);
        webhook_http_wait(s->http, s->woken || s->overs ? 0 : wait_ms);
        take_results(s);
        if (s->stopping && !stop_us)
            stop_us = clock_monotonic_us() + STOP_MS * 1000;
    }
    struct err ignored;
    IGNORE(write_results(s, &ignored));
    return NULL;
}

/* Called by whoever committed events. */
static void wake(void *context)
{
    struct sender *s = context;
    if (!atomic_exchange(&s->woken, true))
        webhook_http_wake(s->http);
}

bool sender_start(struct jobs *j, struct sender **ret_sender, struct err *err)
{
    struct sender *s = mem_new(1, sizeof *s);
    s->jobs = j;
    s->tended_us = clock_monotonic_us();
    s->base_ms = strtoll(fault_value("CLIENTELE_FAULT_WEBHOOK_MS", "5000"), NULL, 10);
    if (!webhook_http_open(&j->webhook_allow, j->webhook_ca, &s->http, err)) {
        sender_stop(s);
        return false;
    }
    store_watch_events(j->store, wake, s);
    s->started = pthread_create(&s->thread, NULL, sender_main, s) == 0;
    if (!s->started) {
        sender_stop(s);
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    *ret_sender = s;
    return true;
}

void sender_stop(struct sender *s)
{
    if (!s)
        return;
    store_watch_events(s->jobs->store, NULL, NULL);
    s->stopping = true;
    if (s->http)
        webhook_http_wake(s->http);
    if (s->started)
        (void)pthread_join(s->thread, NULL);
    webhook_http_free(s->http);
    while (s->sendings) {
        struct sending *next = s->sendings->next;
        sending_free(s->sendings);
        s->sendings = next;
    }
    for (size_t i = 0; i < s->overs; i++)
        sending_free(s->over[i]);
    while (s->hooks) {
        struct hook *next = s->hooks->next;
        mem_free(s->hooks);
        s->hooks = next;
    }
    while (s->shops) {
        struct shop *next = s->shops->next;
        shop_free(s->shops);
        s->shops = next;
    }
    mem_free(s);
}
