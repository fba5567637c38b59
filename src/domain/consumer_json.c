/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer_json.h"

static void add_key(struct buf *b, enum consumer_field field)
{
    if (b->ptr[b->len - 1] != '{')
        buf_add_char(b, ',');
    buf_add_char(b, '"');
    buf_add(b, str_of(consumer_field_name(field)));
    buf_add(b, STR("\":"));
}

static void add_stamp(struct buf *b, const struct zone *zone, int64_t at_us)
{
    char text[ZONE_STAMP_BYTES];
    buf_add_char(b, '"');
    buf_add(b, (str){text, zone_stamp(zone, at_us, text)});
    buf_add_char(b, '"');
}

static void add_bool(struct buf *b, bool value)
{
    buf_add(b, value ? STR("true") : STR("false"));
}

static void add_value(struct buf *b, const struct consumer *c, enum consumer_field field,
                      const struct zone *zone)
{
    switch (field) {
    case FIELD_CUSTOM_ATTRIBUTES:
        buf_add(b, c->custom_attributes);
        break;
    case FIELD_CREATED_AT:
        add_stamp(b, zone, c->created_at_us);
        break;
    case FIELD_UPDATED_AT:
        add_stamp(b, zone, c->updated_at_us);
        break;
    case FIELD_UNSUBSCRIBED:
        add_bool(b, c->unsubscribed);
        break;
    case FIELD_PERMANENT_FAILED:
        add_bool(b, c->permanent_failed);
        break;
    case FIELD_COMPLAINED:
        add_bool(b, c->complained);
        break;
    default:
        json_write_string(b, *consumer_text((struct consumer *)c, field));
    }
}

static void add_attributes(struct buf *b, const struct consumer *c, const struct zone *zone,
                           unsigned fields)
{
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++) {
        if (!(fields & FIELD_BIT(field)) || (field == FIELD_LEGACY_ID && str_is_null(c->legacy_id)))
            continue;
        add_key(b, field);
        add_value(b, c, field, zone);
    }
}

static void add_id(struct buf *b, const struct consumer *c)
{
    char id[CONSUMER_ID_BYTES];
    consumer_id_text(c->id, id);
    buf_add(b, STR("{\"id\":\""));
    buf_add(b, str_of(id));
    buf_add_char(b, '"');
}

void consumer_json_open_some(struct buf *b, const struct consumer *c, const struct zone *zone,
                             unsigned fields)
{
    add_id(b, c);
    buf_add(b, STR(",\"type\":\"consumers\",\"attributes\":{"));
    add_attributes(b, c, zone, fields);
    buf_add_char(b, '}');
}

void consumer_json_open(struct buf *b, const struct consumer *c, const struct zone *zone)
{
    consumer_json_open_some(b, c, zone, ~0u);
}

void consumer_json(struct buf *b, const struct consumer *c, const struct zone *zone)
{
    consumer_json_open(b, c, zone);
    buf_add_char(b, '}');
}

void consumer_json_flat(struct buf *b, const struct consumer *c, const struct zone *zone)
{
    add_id(b, c);
    add_attributes(b, c, zone, ~0u);
    buf_add_char(b, '}');
}
