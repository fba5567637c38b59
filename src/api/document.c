/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "domain/consumer_json.h"

static const char *const includes[] = {"reviews", "questions", "orders"};

static unsigned asked_includes(const struct http_request *r)
{
    str list = http_query(r, "include");
    unsigned asked = 0;
    while (!str_is_null(list)) {
        str name = str_split(&list, ',');
        for (size_t i = 0; i < COUNT(includes); i++)
            if (str_eq(name, str_of(includes[i])))
                asked |= 1U << i;
    }
    return asked;
}

static void add_relationships(struct buf *b, unsigned asked)
{
    bool any = false;
    for (size_t i = 0; i < COUNT(includes); i++) {
        if (!(asked >> i & 1))
            continue;
        buf_format(b, "%s\"%s\":{\"data\":[]}", any ? "," : ",\"relationships\":{", includes[i]);
        any = true;
    }
    if (any)
        buf_add_char(b, '}');
}

bool document_includes(const struct http_request *r, struct buf *b)
{
    unsigned asked = asked_includes(r);
    if (b)
        add_relationships(b, asked);
    return asked;
}

struct document_view document_view_of(const struct http_request *r, const struct zone *zone)
{
    return (struct document_view){request_language(r), asked_includes(r), zone};
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
    consumer_json_open(b, c, v->zone);
    add_relationships(b, v->includes);
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
