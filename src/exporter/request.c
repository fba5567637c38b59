/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter/request.h"

/* --- the language of the list --- */

static bool wrong(const struct filter_problem *p, str allowed, struct err *err)
{
    static const char *const words[] = {
        [FILTER_NO_FIELD] = "a field is missing",
        [FILTER_NO_OPERATOR] = "an operator is missing",
        [FILTER_UNKNOWN_OPERATOR] = "an unknown operator",
        [FILTER_NO_VALUE] = "a value is missing",
        [FILTER_UNKNOWN_DIRECTION] = "use asc or desc",
        [FILTER_WRONG_OPERATOR] = "this field does not have that operator",
        [FILTER_NOT_DATE] = "the value must be a date such as 2018-01-01T00:11:22Z",
        [FILTER_NOT_BOOLEAN] = "the value must be true or false",
        [FILTER_NOT_ID] = "the value must be a customer's id",
        [FILTER_TOO_MANY] = "too many conditions or values",
    };
    if (p->error == FILTER_UNKNOWN_FIELD)
        return err_set(err, ERR_INVALID, "unknown field '%.*s', allowed: %.*s",
                       STR_ARG(str_shown(p->field, 40)), STR_ARG(allowed));
    return err_set(err, ERR_INVALID, "%s (character %zu: '%.*s')", words[p->error], p->at,
                   STR_ARG(str_shown(p->word.len ? p->word : p->field, 60)));
}

bool export_request_filter(struct arena *a, str text, struct export_request *r, struct err *err)
{
    struct filter_problem problem;
    r->filter_text = text;
    return consumer_filter_parse(a, text, &r->filter, &problem) ||
           wrong(&problem, consumer_filter_fields(), err);
}

bool export_request_sort(struct arena *a, str text, struct export_request *r, struct err *err)
{
    struct filter_problem problem;
    r->sort_text = text;
    if (!consumer_order_parse(a, text, &r->order, &problem))
        return wrong(&problem, consumer_order_fields(), err);
    return r->order.count <= 1 ||
           err_set(err, ERR_INVALID, "an export is sorted by one field, then by id");
}

/* --- {"field":{"op":value}} as the text that means it --- */

/* Appends text so that none of the letters in it ends what it is part of. */
static void add_escaped(struct buf *b, str text, const char *special)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] && strchr(special, text.ptr[i]))
            buf_add_char(b, '\\');
        buf_add_char(b, text.ptr[i]);
    }
}

static bool add_scalar(struct buf *b, const struct json *value)
{
    if (value->kind == JSON_TRUE || value->kind == JSON_FALSE)
        buf_add(b, value->kind == JSON_TRUE ? STR("true") : STR("false"));
    else if (value->kind == JSON_STRING || value->kind == JSON_NUMBER)
        add_escaped(b, value->text, "\\,|");
    return value->kind != JSON_NULL && value->kind != JSON_ARRAY && value->kind != JSON_OBJECT;
}

static bool add_block(struct buf *b, str field, str op, const struct json *value)
{
    bool list = value->kind == JSON_ARRAY;
    if (str_eq(op, STR("ne")))
        op = STR("neq"); // the vendor's word in this form
    if (b->len)
        buf_add_char(b, ',');
    add_escaped(b, field, "\\,:|");
    buf_add_char(b, ':');
    add_escaped(b, op, "\\,:|");
    buf_add_char(b, ':');
    for (size_t i = 0; list && i < value->count; i++) {
        if (i)
            buf_add_char(b, '|');
        if (!add_scalar(b, &value->member[i].value))
            return false;
    }
    return list || add_scalar(b, value);
}

static bool filter_of_hash(struct arena *a, const struct json *hash, struct export_request *r,
                           struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    for (size_t i = 0; i < hash->count; i++) {
        const struct json *said = &hash->member[i].value;
        str field = hash->member[i].key;
        bool ok = true;
        if (said->kind != JSON_OBJECT)
            ok = add_block(&b, field, said->kind == JSON_ARRAY ? STR("in") : STR("eq"), said);
        for (size_t n = 0; said->kind == JSON_OBJECT && n < said->count && ok; n++)
            ok = add_block(&b, field, said->member[n].key, &said->member[n].value);
        if (!ok)
            return err_set(err, ERR_INVALID,
                           "the value of '%.*s' must be a text, a number, true, false, or a list "
                           "of those",
                           STR_ARG(str_shown(field, 60)));
    }
    return export_request_filter(a, arena_str(a, buf_str(&b)), r, err);
}

/* --- the members --- */

static bool read_filter(struct arena *a, const struct json *value, struct export_request *r,
                        struct err *err)
{
    if (value->kind == JSON_OBJECT)
        return filter_of_hash(a, value, r, err);
    if (value->kind != JSON_STRING)
        return err_set(err, ERR_INVALID,
                       "must be a text such as 'unsubscribed:eq:false', or an object such as "
                       "{\"unsubscribed\":{\"eq\":false}}");
    return export_request_filter(a, arena_str(a, value->text), r, err);
}

static bool read_sort(struct arena *a, const struct json *value, struct export_request *r,
                      struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    bool ok = value->kind == JSON_STRING || value->kind == JSON_OBJECT;
    if (value->kind == JSON_STRING)
        buf_add(&b, value->text);
    for (size_t i = 0; value->kind == JSON_OBJECT && i < value->count; i++) {
        const struct json *way = &value->member[i].value;
        ok = ok && way->kind == JSON_STRING;
        buf_format(&b, "%s%.*s:%.*s", i ? "," : "", STR_ARG(value->member[i].key),
                   STR_ARG(ok ? way->text : STR("")));
    }
    if (ok)
        return export_request_sort(a, arena_str(a, buf_str(&b)), r, err);
    return err_set(err, ERR_INVALID,
                   "must be a text such as 'created_at:asc', or an object such as "
                   "{\"created_at\":\"asc\"}");
}

static bool read_search(struct arena *a, const struct json *value, struct export_request *r,
                        struct err *err)
{
    if (value->kind != JSON_STRING)
        return err_set(err, ERR_INVALID, "must be a text such as 'anna'");
    switch (consumer_search_parse(a, value->text, &r->search)) {
    case SEARCH_OK:
        r->searches = true;
        return true;
    case SEARCH_EMPTY:
        return true;
    case SEARCH_TOO_LONG:
        return err_set(err, ERR_INVALID, "is longer than %d bytes", LIMIT_SEARCH_BYTES);
    default:
        return err_set(err, ERR_INVALID, "has more than %d words with blanks between",
                       LIMIT_SEARCH_PARTS);
    }
}

static bool read_fields(struct arena *a, const struct json *value, struct export_request *r,
                        struct err *err)
{
    if (value->kind == JSON_STRING)
        return export_fields_parse(&r->fields, a, value->text, err);
    bool ok = value->kind == JSON_ARRAY;
    for (size_t i = 0; ok && i < value->count; i++) {
        const struct json *name = &value->member[i].value;
        ok = name->kind == JSON_STRING;
        if (ok && !export_fields_add(&r->fields, a, name->text, err))
            return false;
    }
    return ok ||
           err_set(err, ERR_INVALID, "must be a list of names such as [\"external_id\",\"email\"]");
}

bool export_request_parse(struct arena *a, const struct json *options,
                          struct export_request *ret_request, str *ret_where, struct err *err)
{
    static const struct {
        const char *name;
        bool (*read)(struct arena *a, const struct json *value, struct export_request *r,
                     struct err *err);
    } members[] = {{"fields", read_fields},
                   {"filter", read_filter},
                   {"search", read_search},
                   {"sort", read_sort}};
    *ret_request = (struct export_request){.filter_text = STR(""), .sort_text = STR("")};
    for (size_t i = 0; i < options->count; i++) {
        const struct json_member *m = &options->member[i];
        size_t n = 0;
        *ret_where = m->key;
        while (n < COUNT(members) && !str_eq(m->key, str_of(members[n].name)))
            n++;
        if (m->value.kind == JSON_NULL)
            continue;
        if (n == COUNT(members)) // what is passed over would make the file another one
            return err_set(err, ERR_INVALID,
                           "is not known here, allowed: fields, filter, search, sort");
        if (!members[n].read(a, &m->value, ret_request, err))
            return false;
    }
    // A search alone has an order of its own, in which no page could be found by its place.
    return !ret_request->searches || ret_request->order.count ||
           export_request_sort(a, STR("id"), ret_request, err);
}
