/* What failed and what an undo left, as JSON: the same by API and by command line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "jobs/jobs_priv.h"

enum { SHOWN_RANGES = 20 };

static void add_consumer(struct buf *b, const char *name, int64_t id)
{
    char text[CONSUMER_ID_BYTES];
    if (!id)
        return;
    consumer_id_text(id, text);
    buf_format(b, ",\"%s\":\"%s\"", name, text);
}

/* The members "code", "field", "key" and "detail". */
static void add_reason(struct buf *b, struct arena *a, enum language language,
                       const struct problem *p)
{
    json_add_string(b, "code", str_of(problem_code_name(p->code)));
    json_add_string(b, "field", p->field);
    json_add_string(b, "key", p->key.len ? p->key : (str){0});
    json_add_string(b, "detail", wording_problem(a, language, p));
}

void jobs_error_json(struct buf *b, struct arena *a, enum language language,
                     const struct store_task_error *e)
{
    const struct problem p = {.code = e->code, .field = e->field, .key = e->key};
    buf_format(b, "{\"record\":%llu,\"line\":%llu", (unsigned long long)e->record,
               (unsigned long long)e->line);
    json_add_string(b, "column", e->column);
    add_reason(b, a, language, &p);
    json_add_string(b, "value", e->value);
    json_add_string(b, "external_id", e->external_id);
    add_consumer(b, "other_id", e->other_id);
    if (e->other_line)
        buf_format(b, ",\"other_line\":%llu", (unsigned long long)e->other_line);
    buf_add_char(b, '}');
}

void jobs_group_json(struct buf *b, struct arena *a, enum language language,
                     const struct store_error_group *g)
{
    const struct problem p = {.code = g->code, .field = g->field, .key = g->key};
    buf_format(b, "{\"count\":%llu,\"first_line\":%llu,\"last_line\":%llu",
               (unsigned long long)g->count, (unsigned long long)g->first_line,
               (unsigned long long)g->last_line);
    json_add_string(b, "column", g->column);
    add_reason(b, a, language, &p);
    json_add_string(b, "where", wording_lines(a, language, g, SHOWN_RANGES));
    buf_add(b, STR(",\"lines\":["));
    for (size_t i = 0; i < g->ranges; i++)
        buf_format(b, "%s[%llu,%llu]", i ? "," : "", (unsigned long long)g->range[i].from,
                   (unsigned long long)g->range[i].to);
    buf_format(b, "],\"more\":%llu,\"examples\":[", (unsigned long long)g->more);
    for (size_t i = 0; i < g->examples; i++) {
        const struct store_error_example *e = &g->example[i];
        buf_format(b, "%s{\"record\":%llu,\"line\":%llu", i ? "," : "",
                   (unsigned long long)e->record, (unsigned long long)e->line);
        json_add_string(b, "value", e->value);
        json_add_string(b, "external_id", e->external_id);
        add_consumer(b, "other_id", e->other_id);
        buf_add_char(b, '}');
    }
    buf_add(b, STR("]}"));
}

void jobs_kept_values_json(struct buf *b, const struct zone *zone, const struct store_kept *k)
{
    char stamp[ZONE_STAMP_BYTES];
    json_add_raw(b, "undone", k->undone);
    json_add_raw(b, "now", k->now);
    buf_add(b, STR(",\"changed_by\":"));
    jobs_origin_json(b, k->origin);
    if (k->at_us) {
        (void)zone_stamp(zone, k->at_us, stamp);
        buf_format(b, ",\"changed_at\":\"%s\"", stamp);
    }
    add_consumer(b, "other_id", k->other_id);
}

void jobs_kept_json(struct buf *b, struct arena *a, enum language language, const struct zone *zone,
                    const struct store_kept *k)
{
    const struct problem p = {.code = k->code, .field = k->field, .key = k->key};
    buf_format(b, "{\"record\":%llu", (unsigned long long)k->record);
    add_consumer(b, "consumer_id", k->consumer_id);
    json_add_string(b, "external_id", k->external_id);
    add_reason(b, a, language, &p);
    jobs_kept_values_json(b, zone, k);
    buf_add_char(b, '}');
}
