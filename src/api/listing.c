/* SPDX-License-Identifier: Apache-2.0 */
#include "api/listing.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/consumer_json.h"

enum {
    AT_ONCE_US = 3000,     // so long a loop may be kept
    SEARCH_US = 10000000,  // and so long a thread
    COUNT_SOME_US = 1000000, // more on counting, when only some are counted
    SEARCHES_MAX = 32,     // that wait or are under way
    PAGE_BYTES = 64 << 20, // of an answer
};

void listing_add_parameter(struct buf *address, const char *name, str value)
{
    static const char digits[] = "0123456789ABCDEF";
    const str part[] = {str_of(name), value};
    buf_add_char(address, memchr(address->ptr ? address->ptr : "", '?', address->len) ? '&' : '?');
    for (size_t n = 0; n < COUNT(part); n++) {
        if (n)
            buf_add_char(address, '=');
        for (size_t i = 0; i < part[n].len; i++) {
            unsigned char c = (unsigned char)part[n].ptr[i];
            if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                (c && strchr("-._~:,", c)))
                buf_add_char(address, (char)c);
            else
                buf_format(address, "%%%c%c", digits[c >> 4], digits[c & 15]);
        }
    }
}

/* --- making the page --- */

static void reset(struct listing *l)
{
    buf_reset(&l->body);
    l->body.over = false;
    l->err = (struct err){0};
    l->count = 0;
    l->more = l->counted = l->too_large = false;
}

static void add_consumer(struct listing *l, const struct consumer *c)
{
    if (l->count)
        buf_add_char(&l->body, ',');
    consumer_json_open_some(&l->body, c, store_company_zone(l->company), l->fields);
    document_relationships(&l->body, l->includes & l->fields);
    buf_add_char(&l->body, '}');
    l->count++;
}

static bool add_consumers(struct listing *l, struct store_reader *reader)
{
    AUTO(store_search_free) struct store_search *s = NULL;
    AUTO(arena_done) struct arena row = {0};
    struct consumer c;
    enum store_step step;
    if (!store_search_open(reader, &l->query, &s, &l->err))
        return false;
    while ((step = store_search_next(s, &row, &c, &l->err)) == STORE_ROW && !buf_over(&l->body)) {
        if (l->count == l->cursor.per_page) {
            l->more = true;
            break;
        }
        add_consumer(l, &c);
        if (l->count == l->cursor.per_page) {
            l->end = store_search_place(s, &c);
            l->end.text = arena_str(&l->arena, l->end.text);
        }
        arena_reset(&row);
    }
    return step != STORE_FAILED;
}

/* Counting may be left out where it would take too long. */
static bool add_count(struct listing *l, struct store_reader *reader)
{
    struct err err = {0};
    if (!l->counts)
        return true;
    if (l->some && l->page == 1 && !l->more) {
        l->total = l->count;
        l->counted = true;
        return true;
    }
    l->query.count_most = l->some ? LISTING_SOME + 1 : 0;
    if (l->some && !l->query.quick)
        l->query.until_us = clock_monotonic_us() + COUNT_SOME_US;
    l->counted = store_search_count(reader, &l->query, &l->total, &err);
    bool may_fail = l->some || str_eq(l->cursor.kind, STR("scroll"));
    if (l->counted || (err.code == ERR_BUSY && !l->query.quick && l->errand.request && may_fail))
        return true;
    l->err = err;
    return false;
}

static bool make(struct listing *l, struct store_reader *reader, bool quick, int64_t budget_us)
{
    reset(l);
    l->query.quick = quick;
    l->query.until_us = clock_monotonic_us() + budget_us;
    buf_add(&l->body, STR("{\"data\":["));
    if (!add_consumers(l, reader) || !add_count(l, reader) ||
        (l->query.search && !store_search_unindexed(reader, &l->unindexed, &l->err)))
        return false;
    buf_add(&l->body, l->includes ? STR("],\"included\":[],") : STR("],"));
    l->finish(l, &l->body);
    buf_add(&l->body, STR("}\n"));
    l->too_large = buf_over(&l->body);
    return true;
}

static void answer(struct http_request *r, struct errand *e)
{
    struct listing *l = (struct listing *)e;
    if (l->err.code == ERR_BUSY)
        error_query(r, "filter",
                    SAY(r,
                        "this takes more than 10 seconds; narrow it by id, external_id, email, "
                        "created_at or updated_at, or use an export",
                        "это занимает больше 10 секунд; сузьте условие по id, external_id, email, "
                        "created_at или updated_at либо сделайте выгрузку"));
    else if (l->err.code != ERR_NONE)
        error_store(r, &l->err);
    else if (l->too_large)
        error_query(r, "per_page",
                    SAY(r, "so many customers are more than 64 MiB; ask for fewer at once",
                        "столько клиентов — больше 64 МиБ; запрашивайте меньше за раз"));
    else
        http_answer(r, 200, answer_type(r), buf_str(&l->body));
}

static void run(struct errand *e)
{
    struct listing *l = (struct listing *)e;
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    l->err = (struct err){0};
    if (store_reader_open(l->company, &reader, &l->err))
        IGNORE(make(l, reader, false, SEARCH_US));
}

static void free_listing(struct errand *e)
{
    struct listing *l = (struct listing *)e;
    if (l->sent)
        l->api->searching--;
    buf_done(&l->body);
    arena_done(&l->arena);
    mem_free(l);
}

void listing_run(struct http_request *r, struct listing *l)
{
    struct store_reader *reader = api_reader(r, l->company);
    if (!reader)
        return;
    if (make(l, reader, true, AT_ONCE_US) || l->err.code != ERR_BUSY) {
        answer(r, &l->errand);
        return;
    }
    l->sent = true;
    if (++l->api->searching > SEARCHES_MAX) {
        http_add_header(r, "Retry-After", "2");
        error_answer(r, 503, "Service unavailable",
                     SAY(r, "Too many searches are under way; try again",
                         "Слишком много поисков сразу; повторите"));
        return;
    }
    errand_send(l->api->searches, r, &l->errand);
}

/* --- what was asked --- */

static str kept(struct listing *l, str text)
{
    return text.len ? arena_str(&l->arena, text) : STR("");
}

struct listing *listing_new(struct http_request *r, struct store_company *company,
                            const struct cursor *asked)
{
    struct listing *l = mem_new(1, sizeof *l);
    struct filter_problem problem;
    str unknown;
    l->errand = (struct errand){.run = run, .answer = answer, .free = free_listing};
    http_set_context(r, l);
    l->api = http_app_context(r);
    l->company = company;
    l->body.max = PAGE_BYTES;
    l->cursor = *asked;
    l->cursor.search = kept(l, asked->search);
    l->cursor.filter = kept(l, asked->filter);
    l->cursor.sort = kept(l, asked->sort);
    l->cursor.include = kept(l, asked->include);
    l->cursor.fields = str_is_null(asked->fields) ? asked->fields : kept(l, asked->fields);
    l->cursor.place.text = asked->place.missing ? (str){0} : kept(l, asked->place.text);
    l->base = kept(l, answer_prefix(r));
    l->includes = document_include_bits(l->cursor.include);
    if (!document_field_bits(l->cursor.fields, &l->fields, &unknown)) {
        IGNORE(document_fields(r, &l->fields)); // says so
        return NULL;
    }
    enum search_problem wrong = consumer_search_parse(&l->arena, l->cursor.search, &l->search);
    if (wrong != SEARCH_OK && wrong != SEARCH_EMPTY) {
        listing_refuse_search(r, wrong);
        return NULL;
    }
    if (!consumer_filter_parse(&l->arena, l->cursor.filter, &l->filter, &problem)) {
        listing_refuse(r, "filter", &problem);
        return NULL;
    }
    if (!consumer_order_parse(&l->arena, l->cursor.sort, &l->order, &problem)) {
        listing_refuse(r, "sort", &problem);
        return NULL;
    }
    l->query = (struct store_query){.search = wrong == SEARCH_OK ? &l->search : NULL,
                                    .filter = &l->filter,
                                    .order = &l->order,
                                    .limit = l->cursor.per_page + 1};
    return l;
}
