/* SPDX-License-Identifier: Apache-2.0 */
#include "api/write.h"

#include "base/mem.h"

#include <stdatomic.h>

struct write *write_new(struct http_request *r, struct store_company *company, int64_t origin,
                        size_t count)
{
    struct write *w = mem_new(1, sizeof *w);
    w->change = mem_new(count, sizeof *w->change);
    w->company = company;
    w->request = r;
    w->api = http_app_context(r);
    w->view = document_view_of(r, store_company_zone(company));
    w->tag = tag_view_of(r, company);
    w->prefix = arena_str(&w->arena, path_prefix(r));
    w->batch = (struct store_batch){.change = w->change,
                                    .count = count,
                                    .want = STORE_WANT_RECORDS,
                                    .small = true,
                                    .origin = origin,
                                    .arena = &w->arena,
                                    .context = w};
    if (origin_kind(origin) == ORIGIN_USER) // what a person does is noted
        w->batch.address = arena_str(&w->arena, str_of(http_peer(r)));
    http_set_context(r, w);
    return w;
}

bool write_is_lenient(const struct http_request *r)
{
    str prefer = http_header(r, "Prefer");
    while (!str_is_null(prefer))
        if (str_eq_nocase(str_trim(str_split(&prefer, ',')), STR("handling=lenient")))
            return true;
    return false;
}

static bool is_hex_id(str s)
{
    bool ok = s.len == CONSUMER_ID_BYTES - 1;
    for (size_t i = 0; i < s.len && ok; i++) {
        char c = s.ptr[i], low = (char)(c | 32);
        ok = (c >= '0' && c <= '9') || (low >= 'a' && low <= 'f');
    }
    return ok;
}

void write_note_created(struct write *w, struct store_change *c)
{
    if (c->op == STORE_UPSERT && c->outcome == OUTCOME_CREATED && is_hex_id(c->key_text))
        problem_add(&c->warnings, &w->arena, PROBLEM_LOOKS_INTERNAL, STR("external_id"),
                    c->key_text);
}

/* --- the answer, which may be kept: status, Location, ETag, each a line, and the body --- */

static str answer_text(struct write *w)
{
    struct write_answer a = {0};
    AUTO(buf_done) struct buf b = {0};
    w->make(w, &a);
    buf_format(&b, "%d\n%s\n%s\n", a.status, a.location, a.tag);
    buf_add(&b, buf_str(&a.body));
    buf_done(&a.body);
    return arena_str(&w->arena, buf_str(&b));
}

static void send_text(struct http_request *r, str text)
{
    uint64_t status = 500;
    bool ok = str_to_u64(str_split(&text, '\n'), &status);
    str location = str_split(&text, '\n'), tag = str_split(&text, '\n');
    assert(ok); // nobody but answer_text() makes it
    if (location.len)
        http_add_header(r, "Location", arena_str(http_arena(r), location).ptr);
    if (tag.len)
        http_add_header(r, "ETag", arena_str(http_arena(r), tag).ptr);
    http_add_header(r, "Vary", "Accept, Accept-Language");
    http_answer(r, (int)status, text.len ? answer_type(r) : NULL, text);
}

static void keep(struct store_batch *batch, struct buf *answer)
{
    struct write *w = batch->context;
    w->kept = answer_text(w);
    buf_add(answer, w->kept);
}

bool write_take_key(struct http_request *r, struct write *w, str content)
{
    if (!request_key_take(r, store_company_info(w->company)->id, w->batch.origin, &w->key))
        return false;
    if (!w->key)
        return true;
    w->replay = request_key_store(w->key, request_print(r, &w->arena, content));
    w->batch.request = &w->replay;
    w->batch.answer = keep;
    return true;
}

/* --- there and back --- */

/* A server that stops does not wait for ever: the loop may end a request whose batch is still on
 * its way; the later of the two frees the write. */
enum { AT_HOME, UNDER_WAY, DONE, LEFT };

static void write_free(struct write *w)
{
    arena_done(&w->arena);
    mem_free(w->change);
    mem_free(w);
}

static void written(struct store_batch *batch)
{
    struct write *w = batch->context;
    struct http_request *r = w->request;
    if (atomic_exchange(&w->state, DONE) == LEFT)
        write_free(w);
    http_resume(r);
}

void write_submit(struct http_request *r, struct write *w)
{
    w->batch.done = written;
    atomic_store(&w->state, UNDER_WAY);
    http_defer(r);
    store_submit(w->company, &w->batch);
}

static bool any_failed(const struct write *w)
{
    for (size_t i = 0; i < w->batch.count; i++)
        if (w->change[i].problems.count)
            return true;
    return false;
}

void write_resumed(struct http_request *r)
{
    struct write *w = http_context(r);
    request_key_release(w->api, TAKE(w->key)); // what it did is stored
    if (w->batch.err.code != ERR_NONE) {
        error_store(r, &w->batch.err);
    } else if (w->replay.replay == REPLAY_OTHER) {
        request_key_reused(r);
    } else if (w->replay.replay == REPLAY_SAME) {
        request_replayed(r);
        send_text(r, w->replay.answer);
    } else if (any_failed(w)) {
        w->fail(r, w);
    } else {
        if (w->change[0].lenient)
            http_add_header(r, "Preference-Applied", "handling=lenient");
        send_text(r, w->kept.len ? w->kept : answer_text(w));
    }
}

void write_end(struct http_request *r)
{
    struct write *w = http_context(r);
    if (!w)
        return;
    request_key_release(w->api, TAKE(w->key));
    int under_way = UNDER_WAY;
    if (!atomic_compare_exchange_strong(&w->state, &under_way, LEFT))
        write_free(w);
}
