/* GET /v4/consumers: pages of customers, by number or by place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/listing.h"

#include "base/limits.h"

enum { DEFAULT_PER_PAGE = 25 };

/* How it was asked to count; "": not. */
static str count_of(const struct listing *l)
{
    bool asked = l->counts && (l->filter.count || l->query.search);
    return !asked ? STR("") : l->some ? STR("some") : STR("true");
}

/* The address of a page: what was asked, and where it begins. */
static void add_link(struct listing *l, struct buf *b, const char *name, const char *where,
                     str value)
{
    AUTO(buf_done) struct buf address = {0};
    const struct {
        const char *name;
        str value;
    } asked[] = {{"search", l->cursor.search},
                 {"filter", l->cursor.filter},
                 {"sort", l->cursor.sort},
                 {"include", l->cursor.include},
                 {"fields[consumers]", l->cursor.fields},
                 {"count", count_of(l)}};
    buf_format(&address, "%.*s/consumers", STR_ARG(l->base));
    for (size_t i = 0; i < COUNT(asked); i++)
        if (asked[i].value.len)
            listing_add_parameter(&address, asked[i].name, asked[i].value);
    if (value.len)
        listing_add_parameter(&address, where, value);
    listing_add_parameter(&address, "per_page",
                          arena_format(&l->arena, "%llu", (unsigned long long)l->cursor.per_page));
    buf_format(b, "\"%s\":", name);
    json_write_string(b, buf_str(&address));
}

static str page_number(struct listing *l, uint64_t page)
{
    return arena_format(&l->arena, "%llu", (unsigned long long)page);
}

/* Where there are places the next page is found by one: nothing is missed or seen twice when
 * customers come or go meanwhile, and it costs no more than the first. */
static void finish(struct listing *l, struct buf *b)
{
    struct cursor next = l->cursor;
    next.place = l->end;
    buf_add(b, STR("\"meta\":{"));
    if (l->counted && l->some && l->total > LISTING_SOME)
        buf_format(b, "\"total_more_than\":%d", LISTING_SOME);
    else if (l->counted)
        buf_format(b, "\"total_count\":%llu", (unsigned long long)l->total);
    if (l->query.search)
        buf_format(b, "%s\"search_unindexed\":%llu", l->counted ? "," : "",
                   (unsigned long long)l->unindexed);
    buf_add(b, STR("},\"links\":{\"prev\":"));
    if (l->page > 1) {
        b->len -= strlen("\"prev\":");
        add_link(l, b, "prev", "page", page_number(l, l->page - 1));
    } else {
        buf_add(b, STR("null"));
    }
    buf_add_char(b, ',');
    if (!l->more)
        buf_add(b, STR("\"next\":null"));
    else if (l->order.count <= 1)
        add_link(l, b, "next", "page[after]", cursor_write(l->api->config.store, &l->arena, &next));
    else
        add_link(l, b, "next", "page", page_number(l, l->page + 1));
    buf_add_char(b, '}');
}

/* page[after]: a place in the same list. */
static bool read_after(struct http_request *r, int64_t company_id, struct cursor *asked)
{
    struct api *api = http_app_context(r);
    struct cursor c;
    if (!cursor_read(api->config.store, http_arena(r), http_query(r, "page[after]"), asked->kind,
                     company_id, &c)) {
        listing_refuse_cursor(r, false);
        return false;
    }
    if (!str_eq(c.search, asked->search) || !str_eq(c.filter, asked->filter) || !str_eq(c.sort, asked->sort)) {
        listing_refuse_cursor(r, true);
        return false;
    }
    asked->place = c.place;
    return true;
}

void consumers_list(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_CONSUMERS_READ);
    if (!company)
        return;
    const str count = http_query(r, "count"), after = http_query(r, "page[after]");
    uint64_t page = 0;
    struct cursor asked = {.kind = STR("list"),
                           .company_id = store_company_info(company)->id,
                           .search = http_query(r, "search"),
                           .filter = http_query(r, "filter"),
                           .sort = http_query(r, "sort"),
                           .include = http_query(r, "include"),
                           .fields = http_query(r, "fields[consumers]"),
                           .per_page = DEFAULT_PER_PAGE};
    if (!api_number(r, "page", "page[number]", INT32_MAX, &page) ||
        !api_number(r, "per_page", "page[size]", LIMIT_LIST_PER_PAGE, &asked.per_page) ||
        (!str_is_null(after) && !read_after(r, asked.company_id, &asked)))
        return;
    if (page && !str_is_null(after)) {
        error_query(r, "page",
                    SAY(r, "a page has a number or a place (page[after]), not both",
                        "у страницы либо номер, либо место (page[after])"));
        return;
    }
    struct listing *l = listing_new(r, company, &asked);
    if (!l)
        return;
    l->finish = finish;
    bool all = !l->filter.count && !l->query.search;
    l->some = !all && str_eq(count, STR("some"));
    l->counts = all || l->some || str_eq(count, STR("true"));
    if (str_is_null(after)) {
        l->page = MAX(page, (uint64_t)1);
        l->query.skip = (l->page - 1) * asked.per_page;
    } else {
        l->query.after = &l->cursor.place;
    }
    listing_run(r, l);
}
