/* The last requests of a company's programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/request_log.h"
#include "cabinet/cabinet_priv.h"

enum { PAGE = 100, PAGE_MAX = 500 };

struct ask {
    struct request_log *log;
    uint64_t after, limit;
};

static str token_name(const struct token *token, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (token[i].id == id)
            return token[i].name;
    return (str){0};
}

static void add_request(struct visit *v, const struct zone *zone, const struct request_seen *s,
                        str token)
{
    struct buf *b = &v->body;
    char address[ADDRESS_TEXT_BYTES];
    address_text(&s->address, address);
    buf_format(b, "{\"type\":\"requests\",\"id\":\"%llu\",\"attributes\":{\"status\":%d",
               (unsigned long long)s->seq, s->status);
    json_add_string(b, "at", visit_local(v, zone, s->at_us));
    json_add_string(b, "method", str_of(s->method));
    json_add_string(b, "route", s->route ? str_of(s->route) : (str){0});
    json_add_string(b, "code", s->code[0] ? str_of(s->code) : (str){0});
    buf_format(b, ",\"duration_ms\":%lld.%lld", (long long)(s->duration_us / 1000),
               (long long)(s->duration_us % 1000 / 100));
    buf_format(b, ",\"token\":{\"id\":\"%lld\"", (long long)s->token_id);
    json_add_string(b, "name", token);
    buf_add_char(b, '}');
    json_add_string(b, "address", str_of(address));
    json_add_string(b, "request_id", s->request_id[0] ? str_of(s->request_id) : (str){0});
    buf_add(b, STR("}}"));
}

static bool list(struct visit *v)
{
    const struct ask *ask = v->ask;
    struct store_company *company;
    struct request_seen *seen;
    struct token *token;
    size_t tokens;
    uint64_t until;
    if (!visit_company(v, &company) || !store_token_list(v->cabinet->config.store, &v->arena,
                                                         v->company_id, &token, &tokens, &v->err))
        return false;
    size_t count = request_log_read(ask->log, &v->arena, v->company_id, ask->after,
                                    (size_t)ask->limit, &seen, &until);
    buf_add(&v->body, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&v->body, ',');
        add_request(v, store_company_zone(company), &seen[i],
                    token_name(token, tokens, seen[i].token_id));
    }
    buf_format(&v->body, "],\"meta\":{\"until\":\"%llu\"}}\n", (unsigned long long)until);
    return true;
}

void requests_list(struct http_request *r)
{
    struct visit *v = visit_new(r, NULL, list);
    if (!v)
        return;
    struct ask *ask = ARENA_NEW(&v->arena, struct ask, 1);
    *ask = (struct ask){.log = request_log_of(r), .limit = PAGE};
    v->ask = ask;
    if (query_number(r, "after", UINT64_MAX, &ask->after) &&
        query_number(r, "page[size]", PAGE_MAX, &ask->limit))
        visit_send(r, v);
}
