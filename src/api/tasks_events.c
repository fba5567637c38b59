/* GET …/events: the progress of an import task as server-sent events (HTML, 9.2).
 *
 * The loop asks each open stream four times a second; it says something when something has changed,
 * and a comment every ten seconds, by which clients who have left are noticed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/mem.h"

enum { ASK_MS = 250, HEARTBEAT_US = 10 * 1000000, TOKEN_US = 1000000 };
#define LAST_ID "end"

struct event_stream {
    struct event_stream *next;
    int64_t company_id, task_id;
    struct store_company *company;
    uint64_t number;    /* of events said */
    uint64_t said;      /* a hash of the last one's data */
    int64_t said_at_us; /* when anything was said */
    int64_t seen_at_us; /* when its token was last seen to hold */
};

/* False when the company has too many already. */
static bool open_stream(struct api *api, struct event_stream *s)
{
    size_t open = 0;
    pthread_mutex_lock(&api->streams_lock);
    for (const struct event_stream *o = api->streams; o; o = o->next)
        open += o->company_id == s->company_id;
    bool fits = open < LIMIT_EVENT_STREAMS;
    if (fits) {
        s->next = api->streams;
        api->streams = s;
    }
    pthread_mutex_unlock(&api->streams_lock);
    return fits;
}

static void close_stream(struct api *api, struct event_stream *s)
{
    pthread_mutex_lock(&api->streams_lock);
    for (struct event_stream **at = &api->streams; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    pthread_mutex_unlock(&api->streams_lock);
}

static bool is_over(const struct store_task *t)
{
    bool end = t->state == TASK_COMPLETED || t->state == TASK_COMPLETED_WITH_ERRORS ||
               t->state == TASK_FAILED || t->state == TASK_CANCELLED || t->state == TASK_REVERTED;
    return end && jobs_task_rests(t);
}

void tasks_events(struct http_request *r)
{
    struct api *api = http_app_context(r);
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    if (!task_find(r, &company, &reader, &task))
        return;
    // A browser comes back when a stream ends: one who has heard the end is told to stay away.
    if (is_over(&task) && str_eq(http_header(r, "Last-Event-ID"), STR(LAST_ID))) {
        http_answer(r, 204, NULL, STR(""));
        return;
    }
    struct event_stream *s = mem_new(1, sizeof *s);
    s->company = company;
    s->company_id = store_company_info(company)->id;
    s->task_id = task.id;
    if (!open_stream(api, s)) {
        mem_free(s);
        http_add_header(r, "Retry-After", "10");
        error_answer(
            r, 429, "Too many requests",
            SAY(r,
                "%d streams of events are open for this company, and that is the limit: "
                "close one, or ask for the task itself now and then",
                "У компании уже открыто %d потоков событий, больше нельзя: закройте один или "
                "запрашивайте сам импорт время от времени"),
            LIMIT_EVENT_STREAMS);
        return;
    }
    http_set_context(r, s);
    http_add_header(r, "Cache-Control", "no-store");
    http_add_header(r, "X-Accel-Buffering", "no"); // nginx would hold events back
    http_answer_stream(r, 200, "text/event-stream; charset=utf-8", ASK_MS);
}

/* A token that was revoked or ran out meanwhile ends the stream; coming back, the client is told.
 */
static bool token_holds(struct http_request *r, struct event_stream *s, int64_t now)
{
    if (s->number && now - s->seen_at_us < TOKEN_US)
        return true;
    s->seen_at_us = now;
    return auth_holds(r);
}

bool tasks_events_stream(struct http_request *r, struct buf *out)
{
    struct api *api = http_app_context(r);
    struct event_stream *s = http_context(r);
    struct store_reader *reader = api_reader(r, s->company);
    AUTO(arena_done) struct arena a = {0};
    AUTO(buf_done) struct buf data = {0};
    struct store_task task;
    struct err err = {0};
    int64_t now = clock_monotonic_us();
    if (!token_holds(r, s, now) || !reader || !store_task_get(reader, &a, s->task_id, &task, &err))
        return false; // the client comes back and is told why
    jobs_progress_json(&data, api->config.jobs, s->company, &task);
    bool over = is_over(&task);
    uint64_t hash = crypto_hash64(buf_str(&data));
    if (!s->number)
        buf_add(out, STR("retry: 3000\n\n"));
    if (over)
        buf_format(out, "id: " LAST_ID "\nevent: end\ndata: %.*s\n\n", STR_ARG(buf_str(&data)));
    else if (!s->number || hash != s->said)
        buf_format(out, "id: %llu\nevent: progress\ndata: %.*s\n\n",
                   (unsigned long long)s->number + 1, STR_ARG(buf_str(&data)));
    else if (now - s->said_at_us >= HEARTBEAT_US)
        buf_add(out, STR(": still here\n\n"));
    if (out->len) {
        s->number++;
        s->said = hash;
        s->said_at_us = now;
    }
    return !over;
}

void tasks_events_end(struct http_request *r)
{
    struct event_stream *s = http_context(r);
    if (!s)
        return;
    close_stream(http_app_context(r), s);
    mem_free(s);
}
