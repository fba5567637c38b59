/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request_log.h"
#include "api/api_priv.h"
#include "api/errors.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HOUR_US INT64_C(3600000000)
enum { BUCKETS = 64, FIRST_ENTRIES = 32, LANE_BITS = 6, FLUSH_S = 60, PENDING_MAX = 10000 };

/* The requests of one company on one loop. */
struct tail {
    struct tail *next;         /* in its bucket */
    struct request_seen *seen; /* a ring; NULL: there is none, or none any more */
    size_t room, count;
    uint64_t added;
    struct api_calls calls; /* of this hour, not written down */
};
struct lane { /* of one loop */
    pthread_mutex_t lock;
    /* guarded by lock: */
    struct tail *bucket[BUCKETS], *last; /* last: whose request came last */
    size_t entries, entries_max;         /* in all rings */
    uint64_t last_seq;
    struct api_calls *pending; /* of hours that are over */
    size_t pendings, pending_room;
    char apart[64]; /* the next lane's lock is in another line of the cache */
};
struct request_log {
    struct store *store;
    size_t lanes;
    struct lane *lane;
    pthread_t thread;
    bool started;
    pthread_mutex_t flush_lock; /* one at a time writes counts down */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping; /* guarded by lock */
};

/* --- what is noted on the way --- */

struct request_note *request_note(struct http_request *r)
{
    struct request_note *n = http_note(r);
    if (!n) {
        n = ARENA_NEW(http_arena(r), struct request_note, 1);
        http_set_note(r, n);
    }
    return n;
}

void request_note_token(struct http_request *r, const struct token *token)
{
    struct request_note *n = request_note(r);
    n->company_id = token->company_id;
    n->token_id = token->id;
}

void request_note_code(struct http_request *r, const char *code)
{
    struct request_note *n = request_note(r);
    if (!n->code)
        n->code = code;
}

struct request_log *request_log_of(const struct http_request *r)
{
    const struct api *api = http_app_context(r);
    return api->log;
}

/* --- counting --- */

static void add_pending(struct lane *l, const struct api_calls *calls)
{
    if (!calls->calls)
        return;
    if (l->pendings == PENDING_MAX)
        return; // the disk has been full for weeks
    if (l->pendings == l->pending_room) {
        l->pending_room = l->pending_room ? l->pending_room * 2 : 16;
        l->pending = mem_grow(l->pending, l->pending_room, sizeof *l->pending);
    }
    l->pending[l->pendings++] = *calls;
}

static void count(struct lane *l, struct tail *t, int64_t now_us, int status)
{
    int64_t hour = now_us / HOUR_US;
    if (t->calls.hour != hour) {
        add_pending(l, &t->calls);
        t->calls.hour = hour;
        t->calls.calls = t->calls.errors = 0;
    }
    t->calls.calls++;
    t->calls.errors += status >= 400;
}

/* Moves what was counted to where it is written from. */
static void close_counts(struct lane *l)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct tail *t = l->bucket[i]; t; t = t->next) {
            add_pending(l, &t->calls);
            t->calls.calls = t->calls.errors = 0;
        }
}

static bool flush_lane(struct request_log *log, struct lane *l, struct err *err)
{
    pthread_mutex_lock(&l->lock);
    close_counts(l);
    struct api_calls *calls = TAKE(l->pending);
    size_t pendings = l->pendings;
    l->pendings = l->pending_room = 0;
    pthread_mutex_unlock(&l->lock);
    bool ok = store_calls_add(log->store, calls, pendings, err);
    if (!ok) {
        pthread_mutex_lock(&l->lock);
        for (size_t i = 0; i < pendings; i++)
            add_pending(l, &calls[i]);
        pthread_mutex_unlock(&l->lock);
    }
    mem_free(calls);
    return ok;
}

bool request_log_flush(struct request_log *log, struct err *err)
{
    bool ok = true;
    pthread_mutex_lock(&log->flush_lock);
    for (size_t i = 0; i < log->lanes && ok; i++)
        ok = flush_lane(log, &log->lane[i], err);
    pthread_mutex_unlock(&log->flush_lock);
    return ok;
}

static void flush_or_warn(struct request_log *log)
{
    struct err err = {0};
    if (!request_log_flush(log, &err))
        log_warning("how many requests came is not written down for now: %s", err.msg);
}

static void *flusher_main(void *context)
{
    struct request_log *log = context;
    pthread_mutex_lock(&log->lock);
    while (!log->stopping) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += FLUSH_S;
        if (pthread_cond_timedwait(&log->changed, &log->lock, &until) != ETIMEDOUT)
            continue;
        pthread_mutex_unlock(&log->lock);
        flush_or_warn(log);
        pthread_mutex_lock(&log->lock);
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* --- remembering --- */

static struct tail *tail_of(struct lane *l, int64_t company_id, bool make)
{
    struct tail **bucket = &l->bucket[(uint64_t)company_id % BUCKETS], *t = l->last;
    if (t && t->calls.company_id == company_id)
        return t;
    for (t = *bucket; t && t->calls.company_id != company_id;)
        t = t->next;
    if (!t && make) {
        t = mem_new(1, sizeof *t);
        t->calls.company_id = company_id;
        t->next = *bucket;
        *bucket = t;
    }
    return t;
}

/* Who has not asked for the longest time loses his ring. */
static bool make_room(struct lane *l, const struct tail *besides)
{
    struct tail *oldest = NULL;
    uint64_t oldest_seq = UINT64_MAX;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct tail *t = l->bucket[i]; t; t = t->next) {
            if (t == besides || !t->seen)
                continue;
            uint64_t seq = t->seen[(t->added - 1) % t->room].seq;
            if (seq < oldest_seq) {
                oldest_seq = seq;
                oldest = t;
            }
        }
    if (!oldest)
        return false;
    l->entries -= oldest->room;
    mem_free(oldest->seen);
    oldest->seen = NULL;
    oldest->room = oldest->count = 0;
    oldest->added = 0;
    return true;
}

/* A ring grows while it is full, as far as there is room for it; then it goes round. */
static void grow(struct lane *l, struct tail *t)
{
    size_t room = t->room ? t->room * 2 : FIRST_ENTRIES;
    if (t->count < t->room || room > LIMIT_REQUESTS_KEPT)
        return;
    while (l->entries - t->room + room > l->entries_max)
        if (!make_room(l, t))
            break;
    if (l->entries - t->room + room > l->entries_max && t->room)
        return;
    struct request_seen *seen = mem_new(room, sizeof *seen);
    for (size_t i = 0; i < t->count; i++) // it begins anew, in order
        seen[i] = t->seen[(t->added - t->count + i) % t->room];
    mem_free(t->seen);
    l->entries += room - t->room;
    t->seen = seen;
    t->room = room;
    t->added = t->count;
}

/* Microseconds, and in the lowest bits the lane: the order of time, never the same twice. */
static uint64_t next_seq(struct lane *l, size_t index, int64_t now_us)
{
    uint64_t seq = (uint64_t)now_us << LANE_BITS | (index & ((1 << LANE_BITS) - 1));
    if (seq <= l->last_seq)
        seq = l->last_seq + (1 << LANE_BITS);
    return l->last_seq = seq;
}

/* What a client calls its request is kept when nobody's number or name can be that. */
static bool is_random(const char *id)
{
    size_t len = strlen(id);
    bool ok = len >= 20 && len < REQUEST_ID_BYTES;
    for (const char *p = id; *p && ok; p++)
        ok = (*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') || *p == '-' ||
             *p == '_';
    return ok;
}

/* What was refused before its token was looked at. */
static void look_for_token(struct http_request *r)
{
    const struct api *api = http_app_context(r);
    struct token token;
    struct err err = {0};
    bool bearer;
    str key = auth_key(http_header(r, "Authorization"), &bearer);
    if (key.len && str_starts(http_path(r), STR("/v4/")) &&
        store_token_find(api->config.store, key, &token, &err))
        request_note_token(r, &token);
}

void request_log_add(struct http_request *r, int status)
{
    const struct api *api = http_app_context(r);
    size_t index = http_loop_index(r);
    struct lane *l = &api->log->lane[index];
    if (!http_note(r) || !request_note(r)->company_id)
        look_for_token(r);
    if (!http_note(r) || !request_note(r)->token_id)
        return;
    const struct request_note *n = request_note(r);
    const struct http_route *route = http_route_of(r);
    struct request_seen seen = {.duration_us = http_age_us(r),
                                .token_id = n->token_id,
                                .method = http_method_text(http_method(r)),
                                .route = route ? route->pattern : NULL,
                                .status = status,
                                .address = *http_client(r)};
    if (status >= 400)
        (void)snprintf(seen.code, sizeof seen.code, "%s",
                       n->code ? n->code : error_status_code(status));
    if (is_random(http_request_id(r)))
        memcpy(seen.request_id, http_request_id(r), strlen(http_request_id(r)));
    pthread_mutex_lock(&l->lock);
    int64_t now_us = clock_now_us(); // with the lock held: see request_log_read()
    struct tail *t = l->last = tail_of(l, n->company_id, true);
    grow(l, t);
    seen.at_us = now_us - seen.duration_us;
    seen.seq = next_seq(l, index, now_us);
    t->seen[t->added++ % t->room] = seen;
    t->count = MIN(t->count + 1, t->room);
    count(l, t, now_us, status);
    pthread_mutex_unlock(&l->lock);
}

/* --- reading --- */

static int newest_first(const void *x, const void *y)
{
    const struct request_seen *a = x, *b = y;
    return a->seq > b->seq ? -1 : a->seq < b->seq;
}

/* Adds the company's entries with seq in (after, until] to the array. */
static size_t read_lane(struct lane *l, int64_t company_id, uint64_t after, uint64_t until,
                        struct request_seen *to)
{
    size_t n = 0;
    pthread_mutex_lock(&l->lock);
    const struct tail *t = tail_of(l, company_id, false);
    for (size_t i = 0; t && i < t->count; i++) {
        const struct request_seen *seen = &t->seen[(t->added - 1 - i) % t->room];
        if (seen->seq <= after)
            break;
        if (seen->seq <= until)
            to[n++] = *seen;
    }
    pthread_mutex_unlock(&l->lock);
    return n;
}

size_t request_log_read(struct request_log *log, struct arena *a, int64_t company_id,
                        uint64_t after, size_t limit, struct request_seen **ret_seen,
                        uint64_t *ret_until)
{
    // Whatever is added once a lane has been read is later than this moment: it was stamped with
    // the lane's lock held.  So nothing up to here is missed by who goes on from here.
    uint64_t until = ((uint64_t)clock_now_us() << LANE_BITS) - 1;
    struct request_seen *seen =
        ARENA_NEW(a, struct request_seen, log->lanes * (size_t)LIMIT_REQUESTS_KEPT);
    size_t n = 0;
    if (after > until) // of an earlier life, or of a clock that was set back
        after = 0;
    for (size_t i = 0; i < log->lanes; i++)
        n += read_lane(&log->lane[i], company_id, after, until, seen + n);
    if (n)
        qsort(seen, n, sizeof *seen, newest_first);
    *ret_seen = seen;
    *ret_until = until;
    return MIN(n, limit);
}

/* --- the whole --- */

static void lane_free(struct lane *l)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct tail *t = l->bucket[i], *next; t; t = next) {
            next = t->next;
            mem_free(t->seen);
            mem_free(t);
        }
    mem_free(l->pending);
    (void)pthread_mutex_destroy(&l->lock);
}

bool request_log_start(struct store *store, size_t loops, struct request_log **ret_log,
                       struct err *err)
{
    struct request_log *log = mem_new(1, sizeof *log);
    log->store = store;
    log->lanes = loops;
    log->lane = mem_new(loops, sizeof *log->lane);
    for (size_t i = 0; i < loops; i++) {
        (void)pthread_mutex_init(&log->lane[i].lock, NULL);
        log->lane[i].entries_max = LIMIT_REQUESTS_LOGGED / loops;
    }
    (void)pthread_mutex_init(&log->flush_lock, NULL);
    (void)pthread_mutex_init(&log->lock, NULL);
    (void)pthread_cond_init(&log->changed, NULL);
    log->started = pthread_create(&log->thread, NULL, flusher_main, log) == 0;
    if (!log->started) {
        request_log_stop(log);
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    *ret_log = log;
    return true;
}

void request_log_stop(struct request_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->stopping = true;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
    if (log->started) {
        (void)pthread_join(log->thread, NULL);
        flush_or_warn(log);
    }
    for (size_t i = 0; i < log->lanes; i++)
        lane_free(&log->lane[i]);
    (void)pthread_mutex_destroy(&log->flush_lock);
    (void)pthread_mutex_destroy(&log->lock);
    (void)pthread_cond_destroy(&log->changed);
    mem_free(log->lane);
    mem_free(log);
}
