/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/limits.h"
#include "domain/consumer.h"
#include "domain/consumer_members.h"

#include <stdlib.h>

struct formers {
    struct arena *a;
    struct consumer_former *list;
    size_t count, room;
};

static void add(struct formers *f, enum consumer_field field, str key, str value)
{
    if (f->count == f->room) {
        f->room = f->room ? f->room * 2 : 2;
        struct consumer_former *more = ARENA_NEW(f->a, struct consumer_former, f->room);
        if (f->count)
            memcpy(more, f->list, f->count * sizeof *more);
        f->list = more;
    }
    f->list[f->count++] = (struct consumer_former){field, key, value};
}

static str text_value(struct arena *a, str text)
{
    return str_is_null(text) ? STR("null") : json_string_text(a, text);
}

static str bool_value(bool value)
{
    return value ? STR("true") : STR("false");
}

/* A key as it is, from its JSON text. */
static str plain_key(struct arena *a, str key_text)
{
    struct json key;
    struct json_place place;
    struct err err;
    if (!memchr(key_text.ptr, '\\', key_text.len))
        return arena_str(a, str_first(str_from(key_text, 1), key_text.len - 2));
    return json_parse(key_text, a, &key, &place, &err) ? key.text : (str){0};
}

static void find_attributes(struct formers *f, const struct consumer *before,
                            const struct consumer *after)
{
    struct member old[LIMIT_ATTRIBUTES], new[LIMIT_ATTRIBUTES];
    if (str_eq(before->custom_attributes, after->custom_attributes))
        return;
    size_t old_count = consumer_members_split(before->custom_attributes, old, LIMIT_ATTRIBUTES),
           new_count = consumer_members_split(after->custom_attributes, new, LIMIT_ATTRIBUTES);
    for (size_t i = 0; i < old_count; i++) {
        const struct member *m = consumer_members_find(new, new_count, i, old[i].key_text);
        if (!m || !str_eq(m->value, old[i].value))
            add(f, FIELD_CUSTOM_ATTRIBUTES, plain_key(f->a, old[i].key_text), old[i].value);
    }
    for (size_t i = 0; i < new_count; i++)
        if (!consumer_members_find(old, old_count, i, new[i].key_text))
            add(f, FIELD_CUSTOM_ATTRIBUTES, plain_key(f->a, new[i].key_text), STR("null"));
}

void consumer_former_find(struct arena *a, const struct consumer *before,
                          const struct consumer *after, struct consumer_former **ret_former,
                          size_t *ret_count)
{
    struct formers f = {.a = a};
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++) {
        const str *old = consumer_text((struct consumer *)before, field),
                  *new = consumer_text((struct consumer *)after, field);
        if (old && (str_is_null(*old) != str_is_null(*new) || !str_eq(*old, *new)))
            add(&f, field, (str){0}, text_value(a, *old));
    }
    if (before->created_at_us != after->created_at_us)
        add(&f, FIELD_CREATED_AT, (str){0},
            arena_format(a, "%lld", (long long)before->created_at_us));
    if (before->unsubscribed != after->unsubscribed)
        add(&f, FIELD_UNSUBSCRIBED, (str){0}, bool_value(before->unsubscribed));
    if (before->complained != after->complained)
        add(&f, FIELD_COMPLAINED, (str){0}, bool_value(before->complained));
    find_attributes(&f, before, after);
    *ret_former = f.list;
    *ret_count = f.count;
}

static bool holds(const struct formers *f, const struct consumer_former *one)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].field == one->field && str_eq(f->list[i].key, one->key))
            return true;
    return false;
}

void consumer_former_add(struct arena *a, struct consumer_former **former, size_t *count,
                         const struct consumer_former *more, size_t more_count)
{
    struct formers f = {.a = a, .list = *former, .count = *count, .room = *count};
    for (size_t i = 0; i < more_count; i++)
        if (!holds(&f, &more[i]))
            add(&f, more[i].field, more[i].key, more[i].value);
    *former = f.list;
    *count = f.count;
}

void consumer_former_write(struct buf *b, const struct consumer_former *former, size_t count)
{
    bool inside = false;
    buf_add_char(b, '{');
    for (size_t i = 0; i < count; i++) {
        bool custom = former[i].field == FIELD_CUSTOM_ATTRIBUTES;
        if (inside && !custom)
            buf_add_char(b, '}');
        if (i)
            buf_add_char(b, ',');
        if (!custom || !inside)
            buf_format(b, "\"%s\":", consumer_field_name(former[i].field));
        if (custom) {
            if (!inside)
                buf_add_char(b, '{');
            json_write_string(b, former[i].key);
            buf_add_char(b, ':');
        }
        buf_add(b, former[i].value);
        inside = custom;
    }
    buf_add(b, inside ? STR("}}") : STR("}"));
}

bool consumer_former_parse(struct arena *a, str text, struct consumer_former **ret_former,
                           size_t *ret_count)
{
    struct formers f = {.a = a};
    struct member top[FIELD_COUNT], inner[LIMIT_ATTRIBUTES];
    if (text.len < 2 || text.ptr[0] != '{' || text.ptr[text.len - 1] != '}')
        return false;
    text = arena_str(a, text); // values are slices of it
    size_t count = consumer_members_split(text, top, FIELD_COUNT);
    for (size_t i = 0; i < count; i++) {
        enum consumer_field field = consumer_field_of(plain_key(a, top[i].key_text));
        if (field == FIELD_COUNT)
            return false;
        if (field != FIELD_CUSTOM_ATTRIBUTES) {
            add(&f, field, (str){0}, top[i].value);
            continue;
        }
        size_t inside = consumer_members_split(top[i].value, inner, LIMIT_ATTRIBUTES);
        for (size_t k = 0; k < inside; k++)
            add(&f, field, plain_key(a, inner[k].key_text), inner[k].value);
    }
    *ret_former = f.list;
    *ret_count = f.count;
    return true;
}

static void give_back(struct arena *a, const struct consumer_former *f,
                      struct consumer_patch *patch)
{
    struct json value;
    struct json_place place;
    struct err err;
    str *text = consumer_text(&patch->value, f->field);
    bool none = str_eq(f->value, STR("null"));
    if (f->field == FIELD_CUSTOM_ATTRIBUTES) {
        patch->attribute[patch->attribute_count++] =
            (struct consumer_attribute){.key = f->key, .value = none ? (str){0} : f->value};
        return;
    }
    if (none) {
        consumer_patch_clear(patch, f->field);
        return;
    }
    if (!json_parse(f->value, a, &value, &place, &err))
        return;
    patch->set |= FIELD_BIT(f->field);
    if (text)
        *text = value.text;
    if (f->field == FIELD_EMAIL)
        patch->value.email_key = consumer_email_key(a, value.text);
    if (f->field == FIELD_UNSUBSCRIBED)
        patch->value.unsubscribed = value.kind == JSON_TRUE;
    if (f->field == FIELD_COMPLAINED)
        patch->value.complained = value.kind == JSON_TRUE;
    if (f->field == FIELD_CREATED_AT)
        patch->value.created_at_us = strtoll(f->value.ptr, NULL, 10); // what follows is no digit
}

void consumer_former_patch(struct arena *a, const struct consumer_former *former, size_t count,
                           struct consumer_patch *ret_patch)
{
    *ret_patch =
        (struct consumer_patch){.attribute = ARENA_NEW(a, struct consumer_attribute, count)};
    for (size_t i = 0; i < count; i++)
        give_back(a, &former[i], ret_patch);
}

str consumer_value_text(struct arena *a, const struct consumer *c, enum consumer_field field,
                        str key)
{
    struct member member[LIMIT_ATTRIBUTES];
    const str *text = consumer_text((struct consumer *)c, field);
    if (text)
        return text_value(a, *text);
    if (field == FIELD_CREATED_AT)
        return arena_format(a, "%lld", (long long)c->created_at_us);
    if (field == FIELD_UNSUBSCRIBED)
        return bool_value(c->unsubscribed);
    if (field == FIELD_COMPLAINED)
        return bool_value(c->complained);
    size_t count = consumer_members_split(c->custom_attributes, member, LIMIT_ATTRIBUTES);
    const struct member *m = consumer_members_find(member, count, 0, json_string_text(a, key));
    return m ? m->value : STR("null");
}
