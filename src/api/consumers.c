/* Customers, one by one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/write.h"

#include "base/clock.h"
#include "domain/consumer_json.h"

#include <stdio.h>

/* --- writing --- */

static void make_record(struct write *w, struct write_answer *ret)
{
    struct store_change *c = &w->change[0];
    bool created = c->outcome == OUTCOME_CREATED;
    if (c->outcome == OUTCOME_DELETED) {
        ret->status = 204;
        return;
    }
    write_note_created(w, c);
    ret->status = created ? 201 : 200;
    tag_text(w->tag, c->after, ret->tag);
    if (created) {
        char id[CONSUMER_ID_BYTES];
        consumer_id_text(c->after->id, id);
        (void)snprintf(ret->location, sizeof ret->location, "%.*s/consumers/%s", STR_ARG(w->prefix),
                       id);
    }
    document_consumer(&w->view, &w->arena, &ret->body, c->after, &c->warnings);
}

static void answer_problems(struct http_request *r, struct write *w)
{
    const struct problems *problems = &w->change[0].problems;
    if (problems->first->code == PROBLEM_PRECONDITION)
        condition_failed(r);
    else
        error_problems(r, problems);
}

/* What is to become of whom, but for the attributes; NULL: an answer was given. */
static struct write *begin(struct http_request *r, enum store_op op)
{
    int64_t origin;
    struct store_company *company = auth_company_as(r, SCOPE_CONSUMERS_WRITE, &origin);
    if (!company)
        return NULL;
    struct write *w = write_new(r, company, origin, 1);
    struct store_change *c = &w->change[0];
    c->op = op;
    c->lenient = write_is_lenient(r);
    w->make = make_record;
    w->fail = answer_problems;
    if (op == STORE_CREATE)
        return w;
    c->key = STORE_KEY_PATH;
    c->key_text = http_segment(r, "id");
    return condition_read(r, &c->condition) ? w : NULL;
}

/* The attributes of the body become the change's patch. */
static bool read_patch(struct http_request *r, struct write *w, const struct json **ret_attributes)
{
    const struct consumer_rules rules = {.now_us = clock_now_us()};
    if (!body_attributes(r, ret_attributes))
        return false;
    consumer_patch_from_json(http_arena(r), *ret_attributes, &rules, &w->change[0].patch);
    return true;
}

void consumers_create(struct http_request *r)
{
    const struct json *attributes;
    AUTO(buf_done) struct buf content = {0};
    struct write *w = begin(r, STORE_CREATE);
    if (!w || !read_patch(r, w, &attributes))
        return;
    if (attributes)
        json_write(&content, attributes);
    if (write_take_key(r, w, buf_str(&content)))
        write_submit(r, w);
}

static void update(struct http_request *r, enum store_op op)
{
    const struct json *attributes;
    struct problems problems = {0};
    struct write *w = begin(r, op);
    if (!w || !read_patch(r, w, &attributes))
        return;
    struct store_change *c = &w->change[0];
    if (!consumer_external_id_check(http_arena(r), http_segment(r, "id"), &problems,
                                    &c->key_text)) {
        error_problems(r, &problems);
        return;
    }
    c->merge.keep_contacts = store_company_info(w->company)->put_contacts == PUT_CONTACTS_IGNORE;
    write_submit(r, w);
}

void consumers_put(struct http_request *r)
{
    update(r, STORE_UPSERT);
}

void consumers_patch(struct http_request *r)
{
    update(r, STORE_UPDATE);
}

void consumers_delete(struct http_request *r)
{
    struct write *w = begin(r, STORE_DELETE);
    if (w)
        write_submit(r, w);
}

/* --- reading --- */

void consumers_get(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_CONSUMERS_READ);
    struct store_reader *reader = company ? api_reader_by_id(r, company) : NULL;
    AUTO(buf_done) struct buf b = {0};
    struct consumer c;
    char tag[TAG_BYTES];
    struct err err = {0};
    str id = http_segment(r, "id");
    unsigned fields;
    if (!reader || !document_fields(r, &fields))
        return;
    if (store_get(reader, http_arena(r), id, &c, &err)) {
        tag_text(tag_view_of(r, company), &c, tag);
        http_add_header(r, "ETag", tag);
        http_add_header(r, "Vary", "Accept");
        if (tag_is_in(http_header(r, "If-None-Match"), tag)) {
            http_answer(r, 304, NULL, STR(""));
            return;
        }
        const struct document_view view = document_view_of(r, store_company_zone(company));
        document_consumer(&view, http_arena(r), &b, &c, NULL);
        http_answer(r, 200, answer_type(r), buf_str(&b));
    } else if (err.code == ERR_NOT_FOUND) {
        error_not_found(r, id);
    } else {
        error_store(r, &err);
    }
}
