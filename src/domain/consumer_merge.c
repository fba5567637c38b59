/* Merging a patch into a record: the same for every way in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/limits.h"
#include "domain/consumer.h"
#include "domain/consumer_members.h"

struct merger {
    struct arena *a;
    const struct consumer_patch *patch;
    const struct consumer *before; /* NULL: a new customer */
    const struct consumer_merge_rules *rules;
    struct consumer *after;
    struct problems *problems, *warnings;
    unsigned changed;
};

static void warn(struct merger *m, enum problem_code code, enum consumer_field field, str value)
{
    problem_add(m->warnings, m->a, code, str_of(consumer_field_name(field)), value);
}

static bool same_text(str a, str b)
{
    return str_is_null(a) == str_is_null(b) && str_eq(a, b);
}

static void merge_text(struct merger *m, enum consumer_field field)
{
    bool set = m->patch->set & FIELD_BIT(field), clear = m->patch->clear & FIELD_BIT(field);
    if (!set && !clear)
        return;
    str *at = consumer_text(m->after, field);
    str value = clear ? (str){0} : *consumer_text((struct consumer *)&m->patch->value, field);
    if (same_text(*at, value))
        return;
    bool contact = field == FIELD_EMAIL || field == FIELD_PHONE;
    if (m->before && contact && m->rules->keep_contacts) {
        warn(m, PROBLEM_CONTACT_KEPT, field, value);
        return;
    }
    if (field == FIELD_EXTERNAL_ID && !str_is_null(*at) && !(clear && m->rules->take_back)) {
        warn(m, PROBLEM_EXTERNAL_ID_KEPT, field, value);
        return;
    }
    *at = value;
    if (field == FIELD_EMAIL)
        m->after->email_key = clear ? (str){0} : m->patch->value.email_key;
    m->changed |= FIELD_BIT(field);
}

static void merge_boolean(struct merger *m, enum consumer_field field, bool *at, bool value)
{
    if (!(m->patch->set & FIELD_BIT(field)) || *at == value)
        return;
    if (*at && m->rules->keep_opt_outs) {
        warn(m, PROBLEM_OPT_OUT_KEPT, field, (str){0});
        return;
    }
    *at = value;
    m->changed |= FIELD_BIT(field);
}

/* Equal at the precision the cell has.  The moment given is the start of a span that long (a
 * minute, a local day), so no zone is needed: what falls into the span is equal. */
static void merge_created_at(struct merger *m)
{
    int64_t given = m->patch->value.created_at_us, unit = m->patch->created_at_precision_us;
    int64_t stored = m->after->created_at_us;
    if (!(m->patch->set & FIELD_BIT(FIELD_CREATED_AT)))
        return;
    if (m->before && (stored == given || (unit > 1 && stored >= given && stored < given + unit)))
        return;
    m->after->created_at_us = given;
    m->changed |= FIELD_BIT(FIELD_CREATED_AT);
}

/* --- custom_attributes --- */

static bool same_json(const struct json *x, const struct json *y)
{
    if (x->kind != y->kind || x->count != y->count || !str_eq(x->text, y->text))
        return false;
    for (size_t i = 0; i < x->count; i++) {
        const struct json *other = &y->member[i].value;
        if (x->kind == JSON_OBJECT) {
            other = NULL;
            for (size_t j = 0; j < y->count && !other; j++)
                if (str_eq(y->member[j].key, x->member[i].key))
                    other = &y->member[j].value;
        }
        if (!other || !same_json(&x->member[i].value, other))
            return false;
    }
    return true;
}

static bool parse(struct arena *a, str text, struct json *ret)
{
    struct json_place place;
    struct err err;
    return json_parse(text, a, ret, &place, &err);
}

static bool same_value(struct arena *a, str stored, const struct consumer_attribute *given)
{
    struct json x, y;
    if (str_eq(stored, given->value))
        return true;
    char first = stored.ptr[0];
    // A file has only text: it equals a stored number, boolean, object or array that reads the
    // same.
    if (given->as_text && first != '"')
        return parse(a, given->value, &x) && x.kind == JSON_STRING && str_eq(x.text, stored);
    if ((first != '{' && first != '[') || given->value.ptr[0] != first)
        return false;
    return parse(a, stored, &x) && parse(a, given->value, &y) && same_json(&x, &y);
}

static str join(struct arena *a, const struct member *member, size_t count)
{
    AUTO(buf_done) struct buf b = {.max = LIMIT_ATTRIBUTES_BYTES + 1};
    buf_add_char(&b, '{');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&b, ',');
        buf_add(&b, member[i].key_text);
        buf_add_char(&b, ':');
        buf_add(&b, member[i].value);
    }
    buf_add_char(&b, '}');
    return buf_over(&b) || b.len > LIMIT_ATTRIBUTES_BYTES ? (str){0} : arena_str(a, buf_str(&b));
}

enum {
    ROOM = 2 * LIMIT_ATTRIBUTES
}; // of members while merging; more than the limit is refused at the end

/* Applies the patch's keys to the members; true when that changed anything. */
static bool merge_members(struct merger *m, struct member *member, size_t *count)
{
    bool changed = false;
    for (size_t i = 0; i < m->patch->attribute_count; i++) {
        const struct consumer_attribute *given = &m->patch->attribute[i];
        str key = json_string_text(m->a, given->key);
        // Files give their columns in the order in which they were stored: look there first.
        size_t at = i < *count && str_eq(member[i].key_text, key) ? i : 0;
        while (at < *count && !str_eq(member[at].key_text, key))
            at++;
        if (str_is_null(given->value)) {
            if (at == *count)
                continue;
            memmove(member + at, member + at + 1, (--*count - at) * sizeof *member);
        } else if (at == ROOM) {
            return true;
        } else if (at == *count) {
            member[(*count)++] = (struct member){key, given->value};
        } else if (same_value(m->a, member[at].value, given)) {
            continue;
        } else {
            member[at].value = given->value;
        }
        changed = true;
    }
    return changed;
}

static bool same_members(struct arena *a, const struct member *x, size_t xn, const struct member *y,
                         size_t yn)
{
    for (size_t i = 0; i < xn && xn == yn; i++) {
        size_t j = 0;
        while (j < yn && !str_eq(x[i].key_text, y[j].key_text))
            j++;
        const struct consumer_attribute given = {.value = j < yn ? y[j].value : (str){0}};
        if (j == yn || !same_value(a, x[i].value, &given))
            return false;
    }
    return xn == yn;
}

static void merge_attributes(struct merger *m)
{
    if (!m->patch->attribute_count && !m->patch->custom_replace)
        return;
    str stored = m->after->custom_attributes;
    struct member old[LIMIT_ATTRIBUTES], member[ROOM];
    size_t old_count = consumer_members_split(stored, old, LIMIT_ATTRIBUTES),
           count = m->patch->custom_replace ? 0 : old_count;
    memcpy(member, old, count * sizeof *member);
    bool changed = merge_members(m, member, &count);
    if (m->patch->custom_replace)
        changed = !same_members(m->a, old, old_count, member, count);
    if (!changed)
        return;
    str text = count > LIMIT_ATTRIBUTES ? (str){0} : join(m->a, member, count);
    if (str_is_null(text)) {
        problem_add(m->problems, m->a,
                    count > LIMIT_ATTRIBUTES ? PROBLEM_TOO_MANY_ATTRIBUTES
                                             : PROBLEM_ATTRIBUTES_TOO_LARGE,
                    STR("custom_attributes"), (str){0});
        return;
    }
    m->after->custom_attributes = text;
    m->changed |= FIELD_BIT(FIELD_CUSTOM_ATTRIBUTES);
}

unsigned consumer_patch_apply(struct arena *a, const struct consumer_patch *patch,
                              const struct consumer *before,
                              const struct consumer_merge_rules *rules, struct consumer *ret_after,
                              struct problems *problems, struct problems *warnings)
{
    struct merger m = {a, patch, before, rules, ret_after, problems, warnings, 0};
    size_t problems_before = problems->count;
    *ret_after = before ? *before : (struct consumer){.custom_attributes = STR("{}")};
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++)
        if (consumer_text(ret_after, field))
            merge_text(&m, field);
    merge_boolean(&m, FIELD_UNSUBSCRIBED, &ret_after->unsubscribed, patch->value.unsubscribed);
    merge_boolean(&m, FIELD_COMPLAINED, &ret_after->complained, patch->value.complained);
    merge_created_at(&m);
    merge_attributes(&m);
    return problems->count > problems_before ? 0 : m.changed;
}
