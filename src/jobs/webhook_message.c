/* Messages to webhooks: what stands in one, and what is kept of its attempts.
 *
 * A message is made when it is sent, of what is there then: it is never older than its event, the
 * outbox holds no copy of anybody's data, and nobody is told of who was erased meanwhile.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/json.h"
#include "domain/consumer_json.h"
#include "jobs/jobs_priv.h"
#include "jobs/webhook_http.h"

enum { LOG_ATTEMPTS_BYTES = 4096 };

str message_id(struct arena *a, int64_t company_id, const struct event *e)
{
    // After a restored backup event numbers come again, but not with the same time.
    str id = arena_format(a, "evt_%llx_%llx_%llx", (unsigned long long)company_id,
                          (unsigned long long)e->id, (unsigned long long)e->at_us);
    return e->place ? arena_format(a, "%.*s_%llx", STR_ARG(id), (unsigned long long)e->place) : id;
}

static void add_head(struct buf *b, struct store_company *company, const struct delivery *d)
{
    char stamp[ZONE_STAMP_BYTES];
    (void)zone_stamp(store_company_zone(company), d->event.at_us, stamp);
    buf_add_char(b, '{');
    buf_add(b, STR("\"id\":"));
    json_write_string(b, d->message);
    buf_format(b, ",\"type\":\"%s\",\"timestamp\":\"%s\"", event_name(d->event.kind), stamp);
    json_add_string(b, "company", store_company_info(company)->name);
    if (d->event.origin) {
        buf_add(b, STR(",\"origin\":"));
        jobs_origin_json(b, d->event.origin);
    }
    if (d->event.kind == EVENT_CONSUMER_UPDATED) {
        buf_add(b, STR(",\"changed\":"));
        jobs_fields_json(b, d->event.changed);
    }
    buf_add(b, STR(",\"data\":"));
}

/* --- a customer --- */

static enum message add_consumer(struct store_company *company, struct store_reader *reader,
                                 struct arena *a, const struct event *e, struct buf *b,
                                 struct err *err)
{
    char id[CONSUMER_ID_BYTES];
    struct consumer c;
    consumer_id_text(e->subject, id);
    if (e->kind == EVENT_CONSUMER_DELETED) {
        buf_format(b, "{\"id\":\"%s\",\"type\":\"consumers\",\"attributes\":{\"external_id\":", id);
        json_write_string(b, e->external_id);
        buf_add(b, STR("}}"));
        return MESSAGE_READY;
    }
    bool found = store_get(reader, a, str_of(id), &c, err);
    if (!found && err->code != ERR_NOT_FOUND)
        return MESSAGE_FAILED;
    if (!found || c.id != e->subject) // another one may have this text as his external id
        return MESSAGE_POINTLESS;
    consumer_json(b, &c, store_company_zone(company));
    return MESSAGE_READY;
}

/* --- an import --- */

static void add_stamp(struct buf *b, const char *name, const struct zone *zone, int64_t at_us)
{
    char stamp[ZONE_STAMP_BYTES];
    (void)zone_stamp(zone, at_us, stamp);
    if (at_us)
        json_add_string(b, name, str_of(stamp));
}

/* Counts and where to read more, nobody's data. */
static enum message add_task(struct store_company *company, struct store_reader *reader,
                             struct arena *a, const struct event *e, struct buf *b, struct err *err)
{
    const struct zone *zone = store_company_zone(company);
    struct store_task t;
    if (!store_task_get(reader, a, e->subject, &t, err))
        return err->code == ERR_NOT_FOUND ? MESSAGE_POINTLESS : MESSAGE_FAILED;
    const struct store_undo_counts *n = &t.undo;
    buf_format(b, "{\"id\":\"%lld\",\"type\":\"import_tasks\",\"attributes\":{\"state\":\"%s\"",
               (long long)t.id, task_state_name(t.state));
    json_add_string(b, "file_name", t.file_name);
    json_add_string(b, "sha256", t.sha256);
    buf_add_char(b, ',');
    import_counts_write(b, &t.counts);
    if (e->kind == EVENT_IMPORT_REVERTED)
        buf_format(b,
                   ",\"undo\":{\"removed\":%llu,\"restored\":%llu,\"partly\":%llu,\"kept\":%llu,"
                   "\"gone\":%llu}",
                   (unsigned long long)n->removed, (unsigned long long)n->restored,
                   (unsigned long long)n->partly, (unsigned long long)n->kept,
                   (unsigned long long)n->gone);
    add_stamp(b, "created_at", zone, t.created_at_us);
    add_stamp(b, "started_at", zone, t.started_at_us);
    add_stamp(b, "finished_at", zone, t.finished_at_us);
    buf_format(b,
               "},\"relationships\":{"
               "\"changes\":{\"links\":{\"related\":\"/v4/import_tasks/%lld/changes\"}},"
               "\"errors\":{\"links\":{\"related\":\"/v4/import_tasks/%lld/errors\"}}},"
               "\"links\":{\"self\":\"/v4/import_tasks/%lld\"}}",
               (long long)t.id, (long long)t.id, (long long)t.id);
    return MESSAGE_READY;
}

enum message message_body(struct store_company *company, struct store_reader *reader,
                          struct arena *a, const struct delivery *d, struct buf *b, struct err *err)
{
    const struct event *e = &d->event;
    enum message made = MESSAGE_READY;
    add_head(b, company, d);
    if (e->kind == EVENT_TEST)
        buf_format(b, "{\"id\":\"%lld\",\"type\":\"webhooks\"}", (long long)e->subject);
    else if (EVENTS_CONSUMERS & EVENT_BIT(e->kind))
        made = add_consumer(company, reader, a, e, b, err);
    else
        made = add_task(company, reader, a, e, b, err);
    buf_add_char(b, '}');
    return made;
}

/* --- sending it --- */

struct webhook_request message_request(struct arena *a, const struct webhook *w, str message,
                                       str body)
{
    const int64_t now_us = clock_now_us(), now_s = now_us / 1000000;
    str sign = webhook_sign(a, w->secret, message, now_s, body);
    if (!str_is_null(w->old_secret) && now_us < w->old_until_us)
        sign = arena_format(a, "%.*s %.*s", STR_ARG(sign),
                            STR_ARG(webhook_sign(a, w->old_secret, message, now_s, body)));
    return (struct webhook_request){
        .url = w->url,
        .body = body,
        .header = {arena_format(a, "webhook-id: %.*s", STR_ARG(message)),
                   arena_format(a, "webhook-timestamp: %lld", (long long)now_s),
                   arena_format(a, "webhook-signature: %.*s", STR_ARG(sign))}};
}

void message_note(struct arena *a, struct delivery *d, const struct webhook_result *r)
{
    AUTO(buf_done) struct buf b = {0};
    // Of more attempts than have room, the last are kept.
    str kept = d->log.len > 2 && d->log.len < LOG_ATTEMPTS_BYTES ? str_first(d->log, d->log.len - 1)
                                                                 : STR("[");
    buf_add(&b, kept);
    buf_format(&b, "%s{\"at_us\":%lld", kept.len > 1 ? "," : "", (long long)clock_now_us());
    if (r->status)
        buf_format(&b, ",\"status\":%d", r->status);
    else
        buf_add(&b, STR(",\"status\":null"));
    buf_format(&b, ",\"duration_ms\":%lld", (long long)r->took_ms);
    json_add_string(&b, "error", str_of(r->error));
    buf_add(&b, STR("}]"));
    d->attempts++;
    d->log = arena_str(a, buf_str(&b));
}
