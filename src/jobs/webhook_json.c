/* Webhooks, deliveries and what an import changed as JSON: the same by API and by command line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "jobs/jobs.h"

static void add_stamp(struct buf *b, const char *name, const struct zone *zone, int64_t at_us)
{
    char stamp[ZONE_STAMP_BYTES];
    (void)zone_stamp(zone, at_us, stamp);
    json_add_string(b, name, at_us ? str_of(stamp) : (str){0});
}

void jobs_fields_json(struct buf *b, unsigned fields)
{
    char before = '[';
    if (!fields) {
        buf_add(b, STR("null"));
        return;
    }
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++)
        if (fields & FIELD_BIT(field)) {
            buf_add_char(b, before);
            json_write_string(b, str_of(consumer_field_name(field)));
            before = ',';
        }
    buf_add_char(b, ']');
}

void jobs_webhook_json(struct buf *b, const struct webhook *w, str secret, const struct zone *zone)
{
    char before = '[';
    buf_add(b, STR("{\"url\":"));
    json_write_string(b, w->url);
    buf_add(b, STR(",\"events\":"));
    for (enum event_kind kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (w->events & EVENT_BIT(kind)) {
            buf_add_char(b, before);
            json_write_string(b, str_of(event_name(kind)));
            before = ',';
        }
    buf_add_char(b, ']');
    json_add_string(b, "state", str_of(webhook_state_name(w->state)));
    add_stamp(b, "failing_since", zone, w->failing_since_us);
    add_stamp(b, "old_secret_until", zone, w->old_until_us);
    add_stamp(b, "created_at", zone, w->created_at_us);
    if (secret.len)
        json_add_string(b, "secret", secret);
    buf_add_char(b, '}');
}

/* The attempts, with stamps as people read them. */
static void add_attempts(struct buf *b, str log, const struct zone *zone)
{
    AUTO(arena_done) struct arena a = {0};
    struct json list;
    struct json_place place;
    struct err err;
    buf_add(b, STR(",\"attempts\":["));
    if (!json_parse(log, &a, &list, &place, &err))
        list.count = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct json *one = &list.member[i].value, *at = json_get(one, "at_us");
        char stamp[ZONE_STAMP_BYTES];
        uint64_t at_us = 0;
        if (at)
            IGNORE(str_to_u64(at->text, &at_us));
        (void)zone_stamp(zone, (int64_t)at_us, stamp);
        buf_format(b, "%s{\"at\":\"%s\"", i ? "," : "", stamp);
        for (size_t m = 0; m < one->count; m++) {
            if (&one->member[m].value == at)
                continue;
            buf_add_char(b, ',');
            json_write_string(b, one->member[m].key);
            buf_add_char(b, ':');
            json_write(b, &one->member[m].value);
        }
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
}

void jobs_delivery_json(struct buf *b, const struct delivery *d, const struct zone *zone)
{
    bool consumer = EVENTS_CONSUMERS & EVENT_BIT(d->event.kind);
    char id[CONSUMER_ID_BYTES];
    consumer_id_text(d->event.subject, id);
    buf_add(b, STR("{\"event_id\":"));
    json_write_string(b, d->message);
    json_add_string(b, "event", str_of(event_name(d->event.kind)));
    buf_format(b, ",\"subject\":{\"type\":\"%s\",\"id\":",
               consumer                      ? "consumers"
               : d->event.kind == EVENT_TEST ? "webhooks"
                                             : "import_tasks");
    if (consumer)
        buf_format(b, "\"%s\"}", id);
    else
        buf_format(b, "\"%lld\"}", (long long)d->event.subject);
    add_stamp(b, "happened_at", zone, d->event.at_us);
    json_add_string(b, "state", str_of(delivery_state_name(d->state)));
    buf_format(b, ",\"attempt_count\":%u", d->attempts);
    add_stamp(b, "next_attempt_at", zone, d->state == DELIVERY_WAITING ? d->next_at_us : 0);
    add_attempts(b, d->log, zone);
    buf_add_char(b, '}');
}
