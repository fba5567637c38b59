/* Webhooks: made, changed, tried, and what was sent to them.  All off the loops, for control.db is
 * waited for, and a test message for its receiver.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"
#include "api/errand.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

enum action {
    HOOK_LIST,
    HOOK_CREATE,
    HOOK_GET,
    HOOK_SET,
    HOOK_DELETE,
    HOOK_ROTATE,
    HOOK_TEST,
    DELIVERY_LIST,
    DELIVERY_AGAIN
};
struct hook_errand {
    struct errand errand;
    struct api *api;
    struct store_company *company;
    struct asker by;
    enum action action;
    int64_t id, delivery_id; /* 0: none is named; -1: a name that is none's */
    /* asked for: */
    str url;         /* {0}: as it is */
    unsigned events; /* 0: as they are */
    enum webhook_state state;
    bool has_state;
    int64_t before;
    str base; /* where this server is, for links */
    size_t limit;
    /* what came of it: */
    struct webhook *webhook;
    struct delivery *delivery;
    size_t count;
    str secret;
    struct err err;
    struct arena arena;
};

/* --- on a thread of the errands --- */

static bool read_one(struct hook_errand *e)
{
    e->webhook = ARENA_NEW(&e->arena, struct webhook, 1);
    e->count = 1;
    return store_webhook_get(e->api->config.store, &e->arena, store_company_info(e->company)->id,
                             e->id, e->webhook, &e->err);
}

static str new_secret(struct hook_errand *e)
{
    char secret[WEBHOOK_SECRET_BYTES];
    webhook_secret_make(secret);
    return e->secret = arena_str(&e->arena, str_of(secret));
}

static bool create(struct hook_errand *e)
{
    return store_webhook_create(e->company, &e->by, e->url, e->events ? e->events : EVENTS_ALL,
                                new_secret(e), &e->id, &e->err) &&
           (!e->has_state || e->state == WEBHOOK_ENABLED ||
            store_webhook_set_state(e->company, &e->by, e->id, e->state, &e->err)) &&
           read_one(e);
}

static bool set(struct hook_errand *e)
{
    const struct webhook *w = e->webhook;
    bool changes = e->url.len || e->events;
    return (!changes || store_webhook_set(e->company, &e->by, e->id, e->url.len ? e->url : w->url,
                                          e->events ? e->events : w->events, &e->err)) &&
           (!e->has_state ||
            store_webhook_set_state(e->company, &e->by, e->id, e->state, &e->err)) &&
           read_one(e);
}

static bool act(struct hook_errand *e)
{
    struct store *store = e->api->config.store;
    const int64_t old_until_us = clock_now_us() + JOBS_ROTATION_HOURS * INT64_C(3600000000);
    if (e->action == HOOK_LIST)
        return store_webhook_list(store, &e->arena, store_company_info(e->company)->id, &e->webhook,
                                  &e->count, &e->err);
    if (e->action == HOOK_CREATE)
        return create(e);
    if (!read_one(e)) // it is the company's own
        return false;
    e->delivery = ARENA_NEW(&e->arena, struct delivery, 1);
    switch (e->action) {
    case HOOK_SET:
        return set(e);
    case HOOK_DELETE:
        return store_webhook_delete(e->company, &e->by, e->id, &e->err);
    case HOOK_ROTATE:
        return store_webhook_rotate(e->company, &e->by, e->id, new_secret(e), old_until_us,
                                    &e->err) &&
               read_one(e);
    case HOOK_TEST:
        return jobs_webhook_test(e->api->config.jobs, e->company, &e->arena, e->webhook,
                                 e->delivery, &e->err);
    case DELIVERY_LIST:
        return store_delivery_list(store, &e->arena, e->id, e->before, e->limit, &e->delivery,
                                   &e->count, &e->err);
    case DELIVERY_AGAIN:
        return store_delivery_again(store, e->id, e->delivery_id, &e->err) &&
               store_delivery_get(store, &e->arena, e->id, e->delivery_id, e->delivery, &e->err);
    default:
        return true;
    }
}

static void run(struct errand *errand)
{
    struct hook_errand *e = (struct hook_errand *)errand;
    bool ok = act(e);
    assert(ok == (e->err.code == ERR_NONE));
}

/* --- answering --- */

static void add_webhook(struct buf *b, const struct hook_errand *e, const struct webhook *w)
{
    buf_format(b, "{\"id\":\"%lld\",\"type\":\"webhooks\",\"attributes\":", (long long)w->id);
    jobs_webhook_json(b, w, e->secret, store_company_zone(e->company));
    buf_format(b,
               ",\"relationships\":{\"deliveries\":{\"links\":{\"related\":"
               "\"%.*s/webhooks/%lld/deliveries\"}}},\"links\":{\"self\":\"%.*s/webhooks/%lld\"}}",
               STR_ARG(e->base), (long long)w->id, STR_ARG(e->base), (long long)w->id);
}

static void add_delivery(struct buf *b, const struct hook_errand *e, const struct delivery *d)
{
    buf_format(b, "{\"id\":\"%lld\",\"type\":\"deliveries\",\"attributes\":", (long long)d->id);
    jobs_delivery_json(b, d, store_company_zone(e->company));
    buf_add_char(b, '}');
}

static void answer_list(struct http_request *r, const struct hook_errand *e)
{
    AUTO(buf_done) struct buf b = {0};
    bool deliveries = e->action == DELIVERY_LIST;
    size_t count = deliveries ? MIN(e->count, e->limit - 1) : e->count;
    buf_add(&b, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&b, ',');
        if (deliveries)
            add_delivery(&b, e, &e->delivery[i]);
        else
            add_webhook(&b, e, &e->webhook[i]);
    }
    buf_add(&b, STR("],\"links\":{\"next\":"));
    if (deliveries && e->count > count)
        buf_format(
            &b, "\"%.*s/webhooks/%lld/deliveries?page%%5Bbefore%%5D=%lld&page%%5Bsize%%5D=%zu\"",
            STR_ARG(e->base), (long long)e->id, (long long)e->delivery[count - 1].id, e->limit - 1);
    else
        buf_add(&b, STR("null"));
    buf_add(&b, STR("}}\n"));
    http_answer(r, 200, answer_type(r), buf_str(&b));
}

static void answer_one(struct http_request *r, const struct hook_errand *e)
{
    AUTO(buf_done) struct buf b = {0};
    bool delivery = e->action == HOOK_TEST || e->action == DELIVERY_AGAIN;
    buf_add(&b, STR("{\"data\":"));
    if (delivery)
        add_delivery(&b, e, e->delivery);
    else
        add_webhook(&b, e, e->webhook);
    buf_add(&b, STR("}\n"));
    if (e->action == HOOK_CREATE)
        http_add_header(r, "Location",
                        arena_format(http_arena(r), "%.*s/webhooks/%lld", STR_ARG(path_prefix(r)),
                                     (long long)e->id)
                            .ptr);
    http_answer(r,
                e->action == HOOK_CREATE      ? 201
                : e->action == DELIVERY_AGAIN ? 202
                                              : 200,
                answer_type(r), buf_str(&b));
}

static void answer(struct http_request *r, struct errand *errand)
{
    struct hook_errand *e = (struct hook_errand *)errand;
    e->base = answer_prefix(r);
    if (e->err.code == ERR_NOT_FOUND)
        error_answer(r, 404, "Document not found",
                     SAY(r, "There is no such webhook or delivery",
                         "Такого вебхука или такой доставки нет"));
    else if (e->err.code == ERR_LIMIT)
        error_answer(r, 409, "Conflict",
                     SAY(r, "A company has at most %d webhooks",
                         "У компании может быть не больше %d вебхуков"),
                     LIMIT_WEBHOOKS);
    else if (e->err.code != ERR_NONE)
        error_store(r, &e->err);
    else if (e->action == HOOK_DELETE)
        http_answer(r, 204, NULL, STR(""));
    else if (e->action == HOOK_LIST || e->action == DELIVERY_LIST)
        answer_list(r, e);
    else
        answer_one(r, e);
}

static void free_errand(struct errand *errand)
{
    struct hook_errand *e = (struct hook_errand *)errand;
    arena_done(&e->arena);
    mem_free(e);
}

/* --- what was sent with it --- */

static bool refuse_member(struct http_request *r, const char *name, const char *message)
{
    const struct error e = {.status = 422,
                            .source = SOURCE_POINTER,
                            .where = arena_format(http_arena(r), "/data/attributes/%s", name)};
    error_say(r, &e, "%s: %s", name, message);
    return false;
}

static bool read_url(struct http_request *r, struct hook_errand *e, const struct json *v)
{
    struct err err = {0};
    if (v->kind != JSON_STRING)
        return refuse_member(r, "url", SAY(r, "must be a string", "должно быть строкой"));
    if (!jobs_webhook_url_check(e->api->config.jobs, v->text, &err))
        return refuse_member(
            r, "url", wording_setting(http_arena(r), request_language(r), str_of(err.msg)).ptr);
    e->url = v->text;
    return true;
}

/* A list of names, or one text with commas. */
static bool read_events(struct http_request *r, struct hook_errand *e, const struct json *v)
{
    struct err err = {0};
    bool ok = v->kind == JSON_STRING || (v->kind == JSON_ARRAY && v->count);
    e->events = 0;
    for (size_t i = 0; ok && i < (v->kind == JSON_ARRAY ? v->count : 1); i++) {
        const struct json *one = v->kind == JSON_ARRAY ? &v->member[i].value : v;
        unsigned bits = 0;
        ok = one->kind == JSON_STRING;
        if (ok && !event_bits_of(one->text, &bits, &err))
            return refuse_member(
                r, "events",
                wording_setting(http_arena(r), request_language(r), str_of(err.msg)).ptr);
        e->events |= bits;
    }
    return ok ||
           refuse_member(r, "events", SAY(r, "must be a list of names", "нужен список названий"));
}

static bool read_state(struct http_request *r, struct hook_errand *e, const struct json *v)
{
    e->has_state = v->kind == JSON_STRING &&
                   (str_eq(v->text, STR("enabled")) || str_eq(v->text, STR("disabled")));
    if (!e->has_state)
        return refuse_member(
            r, "state", SAY(r, "must be enabled or disabled", "должно быть enabled или disabled"));
    e->state = str_eq(v->text, STR("enabled")) ? WEBHOOK_ENABLED : WEBHOOK_DISABLED;
    return true;
}

static bool read_body(struct http_request *r, struct hook_errand *e)
{
    static const struct {
        const char *name;
        bool (*read)(struct http_request *r, struct hook_errand *e, const struct json *v);
    } members[] = {{"url", read_url}, {"events", read_events}, {"state", read_state}};
    struct json tree;
    struct json_place place = {0};
    struct err err = {0};
    str body = arena_str(&e->arena, str_trim(http_body(r)));
    bool ok = body.len && json_parse(body, &e->arena, &tree, &place, &err);
    const struct json *data = ok ? json_get(&tree, "data") : NULL,
                      *inside = data ? json_get(data, "attributes")
                                : ok ? &tree
                                     : NULL;
    if (!inside || inside->kind != JSON_OBJECT) {
        error_answer(r, 400, "Bad request",
                     SAY(r, "The body must be a JSON object (line %zu, column %zu)",
                         "Телом запроса должен быть объект JSON (строка %zu, столбец %zu)"),
                     place.line, place.column);
        return false;
    }
    for (size_t i = 0; i < inside->count; i++) {
        size_t m = 0;
        while (m < COUNT(members) && !str_eq(inside->member[i].key, str_of(members[m].name)))
            m++;
        if (m == COUNT(members))
            return refuse_member(r,
                                 arena_str(http_arena(r), str_shown(inside->member[i].key, 60)).ptr,
                                 SAY(r, "is not known here", "здесь не годится"));
        if (!members[m].read(r, e, &inside->member[i].value))
            return false;
    }
    return e->action != HOOK_CREATE || e->url.len ||
           refuse_member(r, "url", SAY(r, "is needed", "нужно указать"));
}

static bool read_page(struct http_request *r, struct hook_errand *e)
{
    uint64_t page, size, before = 0;
    str text = http_query(r, "page[before]");
    if (!api_page(r, &page, &size))
        return false;
    if (!str_is_null(text) && (!str_to_u64(text, &before) || !before || before > INT64_MAX)) {
        error_query(r, "page[before]",
                    SAY(r, "must be a number from 1", "должно быть числом от 1"));
        return false;
    }
    e->before = (int64_t)before;
    e->limit = size + 1; // one more tells whether there is a next page
    return true;
}

static int64_t number_of(const struct http_request *r, const char *segment)
{
    uint64_t number;
    return str_to_u64(http_segment(r, segment), &number) && number <= INT64_MAX ? (int64_t)number
                                                                                : -1;
}

static void begin(struct http_request *r, enum action action)
{
    struct api *api = http_app_context(r);
    struct asker by;
    struct store_company *company = auth_asker(r, SCOPE_ADMIN, &by);
    if (!company)
        return;
    struct hook_errand *e = mem_new(1, sizeof *e);
    e->by = (struct asker){by.origin, arena_str(&e->arena, by.address)};
    e->errand = (struct errand){.run = run, .answer = answer, .free = free_errand};
    e->api = api;
    e->company = company;
    e->action = action;
    http_set_context(r, e);
    if (action != HOOK_LIST && action != HOOK_CREATE)
        e->id = number_of(r, "id");
    if (action == DELIVERY_AGAIN)
        e->delivery_id = number_of(r, "delivery");
    bool ok = action == HOOK_CREATE || action == HOOK_SET ? read_body(r, e)
              : action == DELIVERY_LIST                   ? read_page(r, e)
                                                          : true;
    // A test waits for somebody else's server.
    if (ok)
        errand_send(action == HOOK_TEST ? api->slow : api->quick, r, &e->errand);
}

void webhooks_list(struct http_request *r)
{
    begin(r, HOOK_LIST);
}

void webhooks_create(struct http_request *r)
{
    begin(r, HOOK_CREATE);
}

void webhooks_get(struct http_request *r)
{
    begin(r, HOOK_GET);
}

void webhooks_set(struct http_request *r)
{
    begin(r, HOOK_SET);
}

void webhooks_delete(struct http_request *r)
{
    begin(r, HOOK_DELETE);
}

void webhooks_rotate(struct http_request *r)
{
    begin(r, HOOK_ROTATE);
}

void webhooks_test(struct http_request *r)
{
    begin(r, HOOK_TEST);
}

void deliveries_list(struct http_request *r)
{
    begin(r, DELIVERY_LIST);
}

void deliveries_again(struct http_request *r)
{
    begin(r, DELIVERY_AGAIN);
}
