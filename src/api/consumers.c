/* A write: parsed on the loop, handed to the company's writer, answered on the loop after the
 * commit.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "domain/consumer_json.h"

struct write {
    struct store_batch batch;
    struct store_change change;
    struct store_company *company;
    struct http_request *request;
    struct arena arena; /* the results: written by the writer's thread while the request sleeps */
};

static void written(struct store_batch *batch)
{
    struct write *w = batch->context;
    http_resume(w->request);
}

static bool wants_lenient(const struct http_request *r)
{
    str prefer = http_header(r, "Prefer");
    while (!str_is_null(prefer))
        if (str_eq_nocase(str_trim(str_split(&prefer, ',')), STR("handling=lenient")))
            return true;
    return false;
}

/* Hands the change over; the request sleeps until it is committed. */
static void submit(struct http_request *r, struct store_company *company, int64_t origin,
                   const struct store_change *change)
{
    struct write *w = mem_new(1, sizeof *w);
    w->change = *change;
    w->change.lenient = wants_lenient(r);
    w->company = company;
    w->request = r;
    w->batch = (struct store_batch){.change = &w->change,
                                    .count = 1,
                                    .want = STORE_WANT_RECORDS,
                                    .small = true,
                                    .origin = origin,
                                    .arena = &w->arena,
                                    .done = written,
                                    .context = w};
    http_set_context(r, w);
    http_defer(r);
    store_submit(company, &w->batch);
}

static bool make_patch(struct http_request *r, struct store_change *change)
{
    const struct consumer_rules rules = {.now_us = clock_now_us()};
    const struct json *attributes;
    if (!body_attributes(r, &attributes))
        return false;
    consumer_patch_from_json(http_arena(r), attributes, &rules, &change->patch);
    return true;
}

void consumers_create(struct http_request *r)
{
    int64_t origin;
    struct store_company *company = auth_company_as(r, SCOPE_CONSUMERS_WRITE, &origin);
    struct store_change change = {.op = STORE_CREATE};
    if (company && make_patch(r, &change))
        submit(r, company, origin, &change);
}

static void update(struct http_request *r, enum store_op op)
{
    int64_t origin;
    struct store_company *company = auth_company_as(r, SCOPE_CONSUMERS_WRITE, &origin);
    struct store_change change = {.op = op, .key = STORE_KEY_PATH};
    if (!company || !make_patch(r, &change))
        return;
    struct problems problems = {0};
    if (!consumer_external_id_check(http_arena(r), http_segment(r, "id"), &problems,
                                    &change.key_text)) {
        error_problems(r, &problems);
        return;
    }
    change.merge.keep_contacts = store_company_info(company)->put_contacts == PUT_CONTACTS_IGNORE;
    submit(r, company, origin, &change);
}

void consumers_put(struct http_request *r)
{
    // If-Match: * (RFC 9110 13.1.1): only when the customer is there.
    bool must_exist = str_eq(str_trim(http_header(r, "If-Match")), STR("*"));
    update(r, must_exist ? STORE_UPDATE : STORE_UPSERT);
}

void consumers_patch(struct http_request *r)
{
    update(r, STORE_UPDATE);
}

void consumers_delete(struct http_request *r)
{
    int64_t origin;
    struct store_company *company = auth_company_as(r, SCOPE_CONSUMERS_WRITE, &origin);
    const struct store_change change = {
        .op = STORE_DELETE, .key = STORE_KEY_PATH, .key_text = http_segment(r, "id")};
    if (company)
        submit(r, company, origin, &change);
}

static void answer_record(struct http_request *r, const struct write *w)
{
    AUTO(buf_done) struct buf b = {0};
    bool created = w->change.outcome == OUTCOME_CREATED;
    document_consumer(r, &b, w->change.after, store_company_zone(w->company), &w->change.warnings);
    if (created) {
        char id[CONSUMER_ID_BYTES];
        consumer_id_text(w->change.after->id, id);
        http_add_header(r, "Location", arena_format(http_arena(r), "/v4/consumers/%s", id).ptr);
    }
    if (w->change.lenient)
        http_add_header(r, "Preference-Applied", "handling=lenient");
    http_answer(r, created ? 201 : 200, answer_type(r), buf_str(&b));
}

void consumers_resumed(struct http_request *r)
{
    struct write *w = http_context(r);
    if (w->batch.err.code != ERR_NONE)
        error_store(r, &w->batch.err);
    else if (w->change.problems.count && w->change.problems.first->code == PROBLEM_NOT_FOUND &&
             http_header(r, "If-Match").len)
        error_answer(r, 412, "Precondition failed", "If-Match: there is no such customer");
    else if (w->change.problems.count)
        error_problems(r, &w->change.problems);
    else if (w->change.outcome == OUTCOME_DELETED)
        http_answer(r, 204, NULL, STR(""));
    else
        answer_record(r, w);
}

void consumers_end(struct http_request *r)
{
    struct write *w = http_context(r);
    if (!w)
        return;
    arena_done(&w->arena);
    mem_free(w);
}

/* --- reading --- */

void consumers_get(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_CONSUMERS_READ);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    AUTO(buf_done) struct buf b = {0};
    struct consumer c;
    struct err err = {0};
    str id = http_segment(r, "id");
    if (!reader)
        return;
    if (store_get(reader, http_arena(r), id, &c, &err)) {
        document_consumer(r, &b, &c, store_company_zone(company), NULL);
        http_answer(r, 200, answer_type(r), buf_str(&b));
    } else if (err.code == ERR_NOT_FOUND) {
        error_not_found(r, id);
    } else {
        error_store(r, &err);
    }
}

static void add_link(struct http_request *r, struct buf *b, const char *name, uint64_t page,
                     uint64_t per_page, bool more)
{
    buf_format(b, "\"%s\":", name);
    if (page)
        buf_format(b, "\"%.*s/v4/consumers?page=%llu&per_page=%llu\"", STR_ARG(answer_base(r)),
                   (unsigned long long)page, (unsigned long long)per_page);
    else
        buf_add(b, STR("null"));
    if (more)
        buf_add_char(b, ',');
}

void consumers_list(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_CONSUMERS_READ);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    AUTO(buf_done) struct buf b = {0};
    struct consumer *c;
    uint64_t page, per_page, total;
    size_t count;
    struct err err = {0};
    if (!reader || !api_page(r, &page, &per_page))
        return;
    if (!store_list(reader, http_arena(r), 0, (page - 1) * per_page, per_page, &c, &count, &err) ||
        !store_count(reader, &total, &err)) {
        error_store(r, &err);
        return;
    }
    bool included = document_includes(r, NULL);
    buf_add(&b, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&b, ',');
        consumer_json_open(&b, &c[i], store_company_zone(company));
        (void)document_includes(r, &b);
        buf_add_char(&b, '}');
    }
    buf_add(&b, included ? STR("],\"included\":[],") : STR("],"));
    buf_format(&b, "\"meta\":{\"total_count\":%llu},\"links\":{", (unsigned long long)total);
    add_link(r, &b, "prev", page - 1, per_page, true);
    add_link(r, &b, "next", page * per_page < total ? page + 1 : 0, per_page, false);
    buf_add(&b, STR("}}\n"));
    http_answer(r, 200, answer_type(r), buf_str(&b));
}
