/* A company at a glance: customers over time, imports, requests of its programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/request_log.h"
#include "cabinet/cabinet_priv.h"

#include "base/clock.h"
#include "store/calls.h"
#include "store/days.h"

enum { DAYS = 30, DAYS_MAX = 90, HOURS = 48 };
#define HOUR_US INT64_C(3600000000)

struct ask {
    struct request_log *log;
    uint64_t days;
};
struct look {
    struct visit *v;
    struct store_company *company;
    struct store_reader *reader;
    int64_t now_us, first, today; /* days */
};

/* --- customers --- */

static bool add_customers(struct look *l)
{
    struct visit *v = l->v;
    struct store_day *day;
    size_t count, at = 0;
    uint64_t customers;
    if (!store_count(l->reader, &customers, &v->err) ||
        !store_days(l->reader, &v->arena, l->first, l->today, &day, &count, &v->err))
        return false;
    buf_format(&v->body, "\"consumers\":%llu,\"consumers_by_day\":[",
               (unsigned long long)customers);
    for (int64_t d = l->first; d <= l->today; d++) {
        struct store_day none = {.day = d};
        const struct store_day *of = at < count && day[at].day == d ? &day[at++] : &none;
        buf_format(&v->body, "%s{\"day\":\"%.*s\",\"created\":%llu,\"deleted\":%llu}",
                   d > l->first ? "," : "", STR_ARG(visit_day(v, d)),
                   (unsigned long long)of->created, (unsigned long long)of->deleted);
    }
    buf_add(&v->body, STR("]"));
    return true;
}

/* --- imports --- */

static void add_counts(struct buf *b, const struct store_counts *n)
{
    buf_format(b,
               ",\"created\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"skipped\":%llu,"
               "\"failed\":%llu",
               (unsigned long long)n->created, (unsigned long long)n->updated,
               (unsigned long long)n->unchanged, (unsigned long long)n->skipped,
               (unsigned long long)n->failed);
}

static void add_last(struct look *l, const struct store_task *t)
{
    const struct zone *zone = store_company_zone(l->company);
    struct buf *b = &l->v->body;
    buf_format(b, "{\"id\":\"%lld\",\"file_name\":", (long long)t->id);
    json_write_string(b, t->file_name);
    json_add_string(b, "state", str_of(task_state_name(t->state)));
    json_add_string(b, "created_at", visit_local(l->v, zone, t->created_at_us));
    json_add_string(b, "finished_at", visit_local(l->v, zone, t->finished_at_us));
    add_counts(b, &t->counts);
    buf_add_char(b, '}');
}

/* When the month began, by the company's clock. */
static int64_t month_began_us(const struct look *l)
{
    const struct zone *zone = store_company_zone(l->company);
    struct zone_time now = zone_from_us(zone, l->now_us);
    const struct zone_time began = {.year = now.year, .month = now.month, .day = 1};
    enum zone_fit fit;
    return zone_to_us(zone, &began, &fit);
}

static bool add_imports(struct look *l)
{
    const struct store_history all = {.states = TASKS_ALL};
    struct buf *b = &l->v->body;
    struct store_task *last;
    struct store_task_totals totals;
    size_t count;
    bool first = true;
    if (!store_task_history(l->reader, &l->v->arena, &all, 0, 1, &last, &count, &l->v->err) ||
        !store_task_totals(l->reader, month_began_us(l), &totals, &l->v->err))
        return false;
    buf_add(b, STR(",\"imports\":{\"last\":"));
    if (count)
        add_last(l, last);
    else
        buf_add(b, STR("null"));
    buf_format(b, ",\"this_month\":{\"total\":%llu,\"by_state\":{",
               (unsigned long long)totals.tasks);
    for (int s = 0; s < TASK_STATE_COUNT; s++) {
        if (!totals.of_state[s])
            continue;
        buf_format(b, "%s\"%s\":%llu", first ? "" : ",", task_state_name((enum task_state)s),
                   (unsigned long long)totals.of_state[s]);
        first = false;
    }
    buf_add_char(b, '}');
    add_counts(b, &totals.counts);
    buf_add(b, STR("}}"));
    return true;
}

/* --- requests --- */

static void add_calls(struct buf *b, const char *name, str when, uint64_t calls, uint64_t errors)
{
    buf_format(b, "%s{\"%s\":\"%.*s\",\"calls\":%llu,\"errors\":%llu}",
               b->ptr[b->len - 1] == '[' ? "" : ",", name, STR_ARG(when), (unsigned long long)calls,
               (unsigned long long)errors);
}

static bool add_requests(struct look *l)
{
    struct visit *v = l->v;
    struct buf *b = &v->body;
    const struct zone *zone = store_company_zone(l->company);
    int64_t this_hour = l->now_us / HOUR_US, first_hour = this_hour - HOURS + 1;
    // A day more: where days begin is the company's own matter.
    int64_t from = MIN((l->first - 1) * 24, first_hour);
    struct api_calls *calls;
    size_t count, at = 0;
    if (!store_calls_list(v->cabinet->config.store, &v->arena, v->company_id, from, &calls, &count,
                          &v->err))
        return false;
    buf_add(b, STR(",\"api_calls\":{\"by_day\":["));
    for (int64_t d = l->first; d <= l->today; d++) {
        uint64_t all = 0, errors = 0;
        for (; at < count && store_company_day(l->company, calls[at].hour * HOUR_US) <= d; at++) {
            bool on = store_company_day(l->company, calls[at].hour * HOUR_US) == d;
            all += on ? calls[at].calls : 0;
            errors += on ? calls[at].errors : 0;
        }
        add_calls(b, "day", visit_day(v, d), all, errors);
    }
    buf_add(b, STR("],\"by_hour\":["));
    at = 0;
    for (int64_t h = first_hour; h <= this_hour; h++) {
        while (at < count && calls[at].hour < h)
            at++;
        bool there = at < count && calls[at].hour == h;
        add_calls(b, "at", visit_local(v, zone, h * HOUR_US), there ? calls[at].calls : 0,
                  there ? calls[at].errors : 0);
    }
    buf_add(b, STR("]}"));
    return true;
}

static bool show(struct visit *v)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    const struct ask *ask = v->ask;
    struct look l = {.v = v, .now_us = clock_now_us()};
    if (!visit_company(v, &l.company) || !store_reader_open(l.company, &reader, &v->err) ||
        !request_log_flush(ask->log, &v->err))
        return false;
    l.reader = reader;
    l.today = store_company_day(l.company, l.now_us);
    l.first = l.today - (int64_t)ask->days + 1;
    buf_format(&v->body, "{\"data\":{\"type\":\"overviews\",\"id\":\"%lld\",\"attributes\":{",
               (long long)v->company_id);
    if (!add_customers(&l) || !add_imports(&l) || !add_requests(&l))
        return false;
    buf_add(&v->body, STR("}}}\n"));
    return true;
}

void overview_get(struct http_request *r)
{
    struct visit *v = visit_new(r, NULL, show);
    if (!v)
        return;
    struct ask *ask = ARENA_NEW(&v->arena, struct ask, 1);
    *ask = (struct ask){.log = request_log_of(r), .days = DAYS};
    v->ask = ask;
    if (query_number(r, "days", DAYS_MAX, &ask->days))
        visit_send(r, v);
}
