/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer_filter.h"

#include "base/limits.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "domain/consumer_members.h"

#include <stdlib.h>

enum kind { KIND_TEXT, KIND_EMAIL, KIND_PHONE, KIND_ID, KIND_DATE, KIND_BOOLEAN, KIND_ATTRIBUTE };
enum {
    OPS_ALL = (1 << FILTER_OP_COUNT) - 1,
    OPS_BOOLEAN = 1 << FILTER_EQ | 1 << FILTER_NEQ | 1 << FILTER_IN | 1 << FILTER_EXISTS
};
#define ID_FIELD         FIELD_COUNT
#define ATTRIBUTE_PREFIX "custom_attributes."

/* Alphabetical: so they are named when one is asked for that is not there. */
static const struct {
    const char *name;
    enum consumer_field field;
    enum kind kind;
    unsigned ops;
    bool sortable, unique; /* unique: no two customers share a value, and each has one */
} fields[] = {
    {"complained", FIELD_COMPLAINED, KIND_BOOLEAN, OPS_BOOLEAN, false, false},
    {"created_at", FIELD_CREATED_AT, KIND_DATE, OPS_ALL, true, false},
    {ATTRIBUTE_PREFIX "KEY", FIELD_CUSTOM_ATTRIBUTES, KIND_ATTRIBUTE, OPS_ALL, false, false},
    {"email", FIELD_EMAIL, KIND_EMAIL, OPS_ALL, true, false},
    {"external_id", FIELD_EXTERNAL_ID, KIND_TEXT, OPS_ALL, true, false},
    {"first_name", FIELD_FIRST_NAME, KIND_TEXT, OPS_ALL, true, false},
    {"id", ID_FIELD, KIND_ID, OPS_ALL, true, true},
    {"legacy_id", FIELD_LEGACY_ID, KIND_TEXT, OPS_ALL, true, false},
    {"name", FIELD_NAME, KIND_TEXT, OPS_ALL, true, false},
    {"permanent_failed", FIELD_PERMANENT_FAILED, KIND_BOOLEAN, OPS_BOOLEAN, false, false},
    {"phone", FIELD_PHONE, KIND_PHONE, OPS_ALL, true, false},
    {"unsubscribed", FIELD_UNSUBSCRIBED, KIND_BOOLEAN, OPS_BOOLEAN, false, false},
    {"updated_at", FIELD_UPDATED_AT, KIND_DATE, OPS_ALL, true, true},
};
static const char *const op_names[FILTER_OP_COUNT] = {
    [FILTER_EQ] = "eq", [FILTER_NEQ] = "neq", [FILTER_GT] = "gt", [FILTER_GTE] = "gte",
    [FILTER_LT] = "lt", [FILTER_LTE] = "lte", [FILTER_IN] = "in", [FILTER_EXISTS] = "exists"};

str consumer_filter_fields(void)
{
    return STR("complained, created_at, custom_attributes.KEY, email, external_id, first_name, id, "
               "legacy_id, name, permanent_failed, phone, unsubscribed, updated_at");
}

str consumer_order_fields(void)
{
    return STR(
        "created_at, email, external_id, first_name, id, legacy_id, name, phone, updated_at");
}

/* --- values that are compared --- */

str consumer_phone_key(struct arena *a, str phone)
{
    enum { NATIONAL_DIGITS = 11 };
    bool as_given;
    str key = consumer_phone_normal(a, phone, &as_given);
    if (as_given || key.len != NATIONAL_DIGITS || key.ptr[0] != '8')
        return key;
    return arena_format(a, "7%.*s", STR_ARG(str_from(key, 1)));
}

static size_t digits(str s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    return n;
}

bool consumer_number(str text, double *ret_number)
{
    char copy[64];
    str s = text;
    if (s.len && s.ptr[0] == '-')
        s = str_from(s, 1);
    size_t whole = digits(s);
    if (!whole || (whole > 1 && s.ptr[0] == '0') || text.len >= sizeof copy)
        return false;
    s = str_from(s, whole);
    if (s.len && s.ptr[0] == '.') {
        size_t fraction = digits(str_from(s, 1));
        if (!fraction)
            return false;
        s = str_from(s, 1 + fraction);
    }
    if (s.len && (s.ptr[0] | 32) == 'e') {
        size_t sign = s.len > 1 && (s.ptr[1] == '+' || s.ptr[1] == '-');
        size_t exponent = digits(str_from(s, 1 + sign));
        if (!exponent)
            return false;
        s = str_from(s, 1 + sign + exponent);
    }
    if (s.len)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    *ret_number = strtod(copy, NULL);
    return true;
}

str consumer_attribute_text(struct arena *a, str custom_attributes, str key_text)
{
    struct member member[LIMIT_ATTRIBUTES];
    size_t count = consumer_members_split(custom_attributes, member, LIMIT_ATTRIBUTES);
    const struct member *m = consumer_members_find(member, count, 0, key_text);
    struct json tree;
    struct json_place place;
    struct err ignored;
    if (!m || str_eq(m->value, STR("null")))
        return (str){0};
    if (m->value.ptr[0] != '"')
        return m->value;
    if (!memchr(m->value.ptr, '\\', m->value.len))
        return (str){m->value.ptr + 1, m->value.len - 2};
    return json_parse(m->value, a, &tree, &place, &ignored) ? tree.text : (str){0};
}

/* --- reading --- */

struct parser {
    struct arena *arena;
    str text;
    size_t at;
    struct filter_problem *problem;
};

static bool fail(struct parser *p, enum filter_error error, size_t at, str field, str word)
{
    *p->problem =
        (struct filter_problem){error, utf8_count(str_first(p->text, at)) + 1, field, word};
    return false;
}

static bool is_escaped(str s, size_t i)
{
    return s.ptr[i] == '\\' && i + 1 < s.len && s.ptr[i + 1] && strchr(",|:\\", s.ptr[i + 1]);
}

/* Where the first of the stops stands in s, backslashes minded; s.len: none. */
static size_t find_stop(str s, const char *stops)
{
    size_t i = 0;
    while (i < s.len && !(s.ptr[i] && strchr(stops, s.ptr[i])))
        i += is_escaped(s, i) ? 2 : 1;
    return i;
}

static str unescaped(struct arena *a, str s)
{
    if (!memchr(s.len ? s.ptr : "", '\\', s.len))
        return s;
    char *to = ARENA_NEW(a, char, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        i += is_escaped(s, i);
        to[len++] = s.ptr[i];
    }
    return (str){to, len};
}

/* Takes what stands before the next stop, which stays. */
static str take_until(struct parser *p, const char *stops)
{
    str rest = str_from(p->text, p->at);
    size_t len = find_stop(rest, stops);
    p->at += len;
    return str_first(rest, len);
}

static bool at_stop(const struct parser *p, char stop)
{
    return p->at < p->text.len && p->text.ptr[p->at] == stop;
}

static void skip_blanks(struct parser *p)
{
    while (at_stop(p, ' '))
        p->at++;
}

/* The row of `fields` of a name as it stands in the text; *ret_key of an attribute. */
static bool find_field(struct arena *a, str raw, size_t *ret_row, str *ret_key)
{
    str name = unescaped(a, raw), prefix = STR(ATTRIBUTE_PREFIX);
    bool attribute = str_starts(name, prefix) && name.len > prefix.len;
    for (size_t i = 0; i < COUNT(fields); i++)
        if (fields[i].kind == KIND_ATTRIBUTE ? attribute : str_eq(name, str_of(fields[i].name))) {
            *ret_row = i;
            *ret_key = attribute ? str_from(name, prefix.len) : (str){0};
            return true;
        }
    return false;
}

/* A plus that stands in an address unescaped arrives as a space: 2026-09-25T14:03:11 03:00. */
static bool read_date(struct arena *a, str text, int64_t *ret_us)
{
    enum { DATE_BYTES = 10 };
    if (consumer_date_from_rfc3339(text, ret_us))
        return true;
    for (size_t i = text.len; i-- > DATE_BYTES + 1;)
        if (text.ptr[i] == ' ') {
            str copy = arena_str(a, text);
            ((char *)(uintptr_t)copy.ptr)[i] = '+';
            return consumer_date_from_rfc3339(copy, ret_us);
        }
    return false;
}

static bool read_boolean(str text, int64_t *ret)
{
    *ret = str_eq(text, STR("true"));
    return *ret || str_eq(text, STR("false"));
}

/* Any 24 hexadecimal digits have a place among our ids, whose texts sort as they do. */
static bool read_id(struct consumer_condition *c, str text)
{
    enum { NUMBER_DIGITS = 16 };
    char same[CONSUMER_ID_BYTES];
    uint64_t n = 0;
    int64_t id;
    if (text.len != CONSUMER_ID_BYTES - 1)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    if (consumer_id_parse(text, &id)) {
        c->number[c->count++] = id;
        return true;
    }
    if (c->op < FILTER_GT || c->op > FILTER_LTE)
        return true; // nobody has it
    for (size_t i = 0; i < NUMBER_DIGITS; i++)
        n = n << 4 | (uint64_t)(text.ptr[i] <= '9' ? text.ptr[i] - '0' : text.ptr[i] - 'a' + 10);
    n = MIN(n, (uint64_t)INT64_MAX);
    consumer_id_text((int64_t)n, same);
    bool before = str_cmp(text, str_of(same)) < 0, greater = c->op <= FILTER_GTE;
    c->op = greater ? before ? FILTER_GTE : FILTER_GT : before ? FILTER_LT : FILTER_LTE;
    c->number[c->count++] = (int64_t)n;
    return true;
}

static str email_key(struct arena *a, str text)
{
    return consumer_email_valid(a, text) ? consumer_email_key(a, text) : unicode_fold(a, text);
}

static enum filter_error read_value(struct arena *a, struct consumer_condition *c, enum kind kind,
                                    str text)
{
    str trimmed = utf8_trim(text);
    if (c->op == FILTER_EXISTS)
        return read_boolean(trimmed, &c->number[c->count++]) ? FILTER_OK : FILTER_NOT_BOOLEAN;
    switch (kind) {
    case KIND_ID:
        return read_id(c, trimmed) ? FILTER_OK : FILTER_NOT_ID;
    case KIND_DATE:
        return read_date(a, trimmed, &c->number[c->count++]) ? FILTER_OK : FILTER_NOT_DATE;
    case KIND_BOOLEAN:
        return read_boolean(trimmed, &c->number[c->count++]) ? FILTER_OK : FILTER_NOT_BOOLEAN;
    case KIND_EMAIL:
        c->text[c->count++] = email_key(a, trimmed);
        return FILTER_OK;
    case KIND_PHONE:
        c->text[c->count++] = consumer_phone_key(a, trimmed);
        return FILTER_OK;
    case KIND_TEXT:
        c->text[c->count++] = trimmed;
        return FILTER_OK;
    case KIND_ATTRIBUTE:
        c->is_real = c->op >= FILTER_GT && c->op <= FILTER_LTE && consumer_number(text, &c->real);
        c->text[c->count++] = text;
        return FILTER_OK;
    }
    return FILTER_OK;
}

/* The values of `in`, else the one value, from the parser's place on. */
static bool take_values(struct parser *p, struct consumer_condition *c, enum kind kind, str field)
{
    size_t room = 1, end = p->at + find_stop(str_from(p->text, p->at), ",");
    for (size_t i = p->at; i < end && c->op == FILTER_IN; i++)
        room += p->text.ptr[i] == '|';
    if (room > LIMIT_FILTER_VALUES)
        return fail(p, FILTER_TOO_MANY, p->at, field, (str){0});
    c->text = ARENA_NEW(p->arena, str, room);
    c->number = ARENA_NEW(p->arena, int64_t, room);
    for (bool more = true; more;) {
        size_t at = p->at;
        str raw = take_until(p, c->op == FILTER_IN ? "|," : ","), value = unescaped(p->arena, raw);
        enum filter_error error = read_value(p->arena, c, kind, value);
        if (error != FILTER_OK)
            return fail(p, error, at, field, value);
        more = c->op == FILTER_IN && at_stop(p, '|');
        p->at += more;
    }
    return true;
}

static bool take_condition(struct parser *p, struct consumer_condition *ret)
{
    struct consumer_condition c = {.op = FILTER_OP_COUNT};
    size_t row;
    skip_blanks(p);
    size_t field_at = p->at;
    str field = take_until(p, ":,");
    if (!field.len)
        return fail(p, FILTER_NO_FIELD, field_at, field, (str){0});
    if (!at_stop(p, ':'))
        return fail(p, FILTER_NO_OPERATOR, p->at, field, (str){0});
    size_t op_at = ++p->at;
    str op = take_until(p, ":,");
    for (size_t i = 0; i < FILTER_OP_COUNT; i++)
        if (str_eq(op, str_of(op_names[i])))
            c.op = (enum filter_op)i;
    if (c.op == FILTER_OP_COUNT)
        return fail(p, FILTER_UNKNOWN_OPERATOR, op_at, field, op);
    if (!at_stop(p, ':'))
        return fail(p, FILTER_NO_VALUE, p->at, field, op);
    p->at++;
    if (!find_field(p->arena, field, &row, &c.key))
        return fail(p, FILTER_UNKNOWN_FIELD, field_at, unescaped(p->arena, field), op);
    if (!(fields[row].ops >> c.op & 1))
        return fail(p, FILTER_WRONG_OPERATOR, op_at, field, op);
    c.field = fields[row].field;
    *ret = c;
    return take_values(p, ret, fields[row].kind, field);
}

bool consumer_filter_parse(struct arena *a, str text, struct consumer_filter *ret_filter,
                           struct filter_problem *ret_problem)
{
    struct parser p = {a, text, 0, ret_problem};
    struct consumer_condition condition[LIMIT_FILTER_CONDITIONS];
    size_t count = 0, values = 0;
    for (bool more = text.len > 0; more;) {
        size_t at = p.at;
        if (count == LIMIT_FILTER_CONDITIONS)
            return fail(&p, FILTER_TOO_MANY, at, (str){0}, (str){0});
        if (!take_condition(&p, &condition[count]))
            return false;
        values += condition[count].count;
        if (values > LIMIT_FILTER_VALUES)
            return fail(&p, FILTER_TOO_MANY, at, (str){0}, (str){0});
        count++;
        more = at_stop(&p, ',');
        p.at += more;
    }
    ret_filter->condition = ARENA_NEW(a, struct consumer_condition, count);
    if (count)
        memcpy(ret_filter->condition, condition, count * sizeof *condition);
    ret_filter->count = count;
    return true;
}

static bool take_sort(struct parser *p, struct consumer_sort *ret, bool *ret_unique)
{
    str direction = STR("asc"), key;
    size_t row;
    skip_blanks(p);
    size_t at = p->at;
    str raw = take_until(p, ":,"), field = raw;
    ret->descending = field.len && field.ptr[0] == '-';
    if (ret->descending || (field.len && field.ptr[0] == '+'))
        field = str_from(field, 1);
    if (!field.len)
        return fail(p, FILTER_NO_FIELD, at, raw, (str){0});
    if (at_stop(p, ':')) {
        size_t direction_at = ++p->at;
        direction = take_until(p, ",");
        ret->descending = str_eq(direction, STR("desc"));
        if ((!ret->descending && !str_eq(direction, STR("asc"))) || field.len != raw.len)
            return fail(p, FILTER_UNKNOWN_DIRECTION, direction_at, field, direction);
    }
    if (!find_field(p->arena, field, &row, &key) || !fields[row].sortable)
        return fail(p, FILTER_UNKNOWN_FIELD, at, unescaped(p->arena, field), direction);
    ret->field = fields[row].field;
    *ret_unique = fields[row].unique;
    return true;
}

bool consumer_order_parse(struct arena *a, str text, struct consumer_order *ret_order,
                          struct filter_problem *ret_problem)
{
    struct parser p = {a, text, 0, ret_problem};
    struct consumer_sort sort[COUNT(fields)], next;
    size_t count = 0;
    bool decided = false;
    for (bool more = text.len > 0; more;) {
        bool unique, named = false;
        if (!take_sort(&p, &next, &unique))
            return false;
        for (size_t i = 0; i < count; i++)
            named = named || sort[i].field == next.field;
        if (!decided && !named)
            sort[count++] = next;
        decided = decided || unique;
        more = at_stop(&p, ',');
        p.at += more;
    }
    if (count > 1 && sort[count - 1].field == ID_FIELD &&
        sort[count - 1].descending == sort[count - 2].descending)
        count--;
    ret_order->sort = ARENA_NEW(a, struct consumer_sort, count);
    if (count)
        memcpy(ret_order->sort, sort, count * sizeof *sort);
    ret_order->count = count;
    return true;
}
