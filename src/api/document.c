/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "domain/consumer_json.h"

static const char *const includes[] = {"reviews", "questions", "orders"};

unsigned document_include_bits(str list)
{
    unsigned bits = 0;
    while (!str_is_null(list)) {
        str name = str_split(&list, ',');
        for (size_t i = 0; i < COUNT(includes); i++)
            if (str_eq(name, str_of(includes[i])))
                bits |= FIELD_BIT(FIELD_COUNT + i);
    }
    return bits;
}

void document_relationships(struct buf *b, unsigned bits)
{
    bool any = false;
    for (size_t i = 0; i < COUNT(includes); i++) {
        if (!(bits & FIELD_BIT(FIELD_COUNT + i)))
            continue;
        buf_format(b, "%s\"%s\":{\"data\":[]}", any ? "," : ",\"relationships\":{", includes[i]);
        any = true;
    }
    if (any)
        buf_add_char(b, '}');
}

bool document_field_bits(str list, unsigned *ret_bits, str *ret_unknown)
{
    unsigned bits = 0;
    *ret_bits = ~0U;
    if (str_is_null(list))
        return true;
    while (list.len) {
        str name = str_trim(str_split(&list, ','));
        enum consumer_field field = consumer_field_of(name);
        unsigned bit = field < FIELD_COUNT ? FIELD_BIT(field) : document_include_bits(name);
        *ret_unknown = name;
        if (!bit)
            return false;
        bits |= bit;
    }
    *ret_bits = bits;
    return true;
}

bool document_fields(struct http_request *r, unsigned *ret_bits)
{
    AUTO(buf_done) struct buf b = {0};
    str unknown;
    if (document_field_bits(http_query(r, "fields[consumers]"), ret_bits, &unknown))
        return true;
    buf_format(&b, SAY(r, "unknown field '%.*s', allowed: ", "нет поля '%.*s'; есть: "),
               STR_ARG(str_shown(unknown, 100)));
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++)
        buf_format(&b, "%s%s", field ? ", " : "", consumer_field_name(field));
    error_query(r, "fields[consumers]", arena_str(http_arena(r), buf_str(&b)).ptr);
    return false;
}

struct document_view document_view_of(const struct http_request *r, const struct zone *zone)
{
    unsigned fields;
    str ignored; // who only reads was told; a write is done
    IGNORE(document_field_bits(http_query(r, "fields[consumers]"), &fields, &ignored));
    return (struct document_view){request_language(r),
                                  document_include_bits(http_query(r, "include")), fields, zone};
}

static bool is_ignored(enum problem_code code)
{
    return code == PROBLEM_EMPTY_IGNORED || code == PROBLEM_UNKNOWN_ATTRIBUTE ||
           code == PROBLEM_READ_ONLY || code == PROBLEM_EXTERNAL_ID_KEPT ||
           code == PROBLEM_CONTACT_KEPT || code == PROBLEM_EMAIL_LEFT_OUT;
}

void document_warnings(const struct document_view *v, struct arena *a, struct buf *b,
                       const struct problems *warnings)
{
    bool any = false;
    for (const struct problem *p = warnings->first; p; p = p->next)
        if (is_ignored(p->code)) {
            buf_add(b, any ? STR(",") : STR("\"ignored\":["));
            json_write_string(b, p->field);
            any = true;
        }
    buf_add(b, any ? STR("],\"warnings\":[") : STR("\"warnings\":["));
    for (const struct problem *p = warnings->first; p; p = p->next) {
        buf_format(b, "{\"code\":\"%s\",\"field\":", problem_code_name(p->code));
        json_write_string(b, p->field);
        if (p->key.len)
            json_add_string(b, "key", p->key);
        json_add_string(b, "detail", wording_problem(a, v->language, p));
        if (p->other_id) {
            char id[CONSUMER_ID_BYTES];
            consumer_id_text(p->other_id, id);
            buf_format(b, ",\"other_id\":\"%s\"", id);
        }
        buf_add(b, p->next ? STR("},") : STR("}"));
    }
    buf_add_char(b, ']');
}

void document_resource(const struct document_view *v, struct buf *b, const struct consumer *c)
{
    consumer_json_open_some(b, c, v->zone, v->fields);
    document_relationships(b, v->includes & v->fields);
    buf_add_char(b, '}');
}

void document_consumer(const struct document_view *v, struct arena *a, struct buf *b,
                       const struct consumer *c, const struct problems *warnings)
{
    buf_add(b, STR("{\"data\":"));
    document_resource(v, b, c);
    if (v->includes)
        buf_add(b, STR(",\"included\":[]"));
    if (warnings && warnings->count) {
        buf_add(b, STR(",\"meta\":{"));
        document_warnings(v, a, b, warnings);
        buf_add_char(b, '}');
    }
    buf_add(b, STR("}\n"));
}
