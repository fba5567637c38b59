/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "domain/consumer_json.h"

static const char *const includes[] = {"reviews", "questions", "orders"};

bool document_includes(const struct http_request *r, struct buf *b)
{
    str list = http_query(r, "include");
    bool any = false;
    while (!str_is_null(list)) {
        str name = str_split(&list, ',');
        for (size_t i = 0; i < COUNT(includes); i++) {
            if (!str_eq(name, str_of(includes[i])))
                continue;
            if (b)
                buf_format(b, "%s\"%s\":{\"data\":[]}", any ? "," : ",\"relationships\":{",
                           includes[i]);
            any = true;
        }
    }
    if (any && b)
        buf_add_char(b, '}');
    return any;
}

static bool is_ignored(enum problem_code code)
{
    return code == PROBLEM_EMPTY_IGNORED || code == PROBLEM_UNKNOWN_ATTRIBUTE ||
           code == PROBLEM_READ_ONLY || code == PROBLEM_EXTERNAL_ID_KEPT ||
           code == PROBLEM_CONTACT_KEPT || code == PROBLEM_EMAIL_LEFT_OUT;
}

static void add_meta(struct http_request *r, struct buf *b, const struct problems *warnings)
{
    bool any = false;
    buf_add(b, STR(",\"meta\":{"));
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
        json_add_string(b, "detail", wording_problem(http_arena(r), request_language(r), p));
        if (p->other_id) {
            char id[CONSUMER_ID_BYTES];
            consumer_id_text(p->other_id, id);
            buf_format(b, ",\"other_id\":\"%s\"", id);
        }
        buf_add(b, p->next ? STR("},") : STR("}"));
    }
    buf_add(b, STR("]}"));
}

void document_consumer(struct http_request *r, struct buf *b, const struct consumer *c,
                       const struct zone *zone, const struct problems *warnings)
{
    buf_add(b, STR("{\"data\":"));
    consumer_json_open(b, c, zone);
    bool included = document_includes(r, b);
    buf_add(b, included ? STR("},\"included\":[]") : STR("}"));
    if (warnings && warnings->count)
        add_meta(r, b, warnings);
    buf_add(b, STR("}\n"));
}
