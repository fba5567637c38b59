/* GET /v4/scroll/consumers: all customers, page by page, each found from the place where the one
 * before ended.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/listing.h"

enum { MAX_PER_PAGE = 100 };

static void finish(struct listing *l, struct buf *b)
{
    struct cursor next = l->cursor;
    next.place = l->end;
    str cursor = l->more ? cursor_write(l->api->config.store, &l->arena, &next) : (str){0};
    buf_format(b, "\"meta\":{\"has_more\":%s,\"count\":%zu", l->more ? "true" : "false", l->count);
    if (l->more)
        json_add_string(b, "cursor", cursor);
    if (l->counted)
        buf_format(b, ",\"total_count\":%llu", (unsigned long long)l->total);
    if (l->page)
        json_add_string(b, "applied_filter", l->cursor.filter);
    buf_add(b, STR("},\"links\":{"));
    if (l->more)
        buf_format(b, "\"next\":\"%.*s/scroll/consumers?cursor=%.*s\"", STR_ARG(l->base),
                   STR_ARG(cursor));
    buf_add_char(b, '}');
}

/* "updated_at", "updated_at:asc" and none are the same. */
static str plain_sort(str sort)
{
    str suffix = STR(":asc");
    if (str_ends(sort, suffix))
        sort = str_first(sort, sort.len - suffix.len);
    return sort.len ? sort : STR("updated_at");
}

/* Who goes on says nothing but the cursor, or the same again. */
static bool is_same(str asked, str now)
{
    return str_is_null(now) || str_eq(asked, now);
}

static bool read_cursor(struct http_request *r, struct cursor *asked)
{
    struct api *api = http_app_context(r);
    struct cursor c;
    if (!cursor_read(api->config.store, http_arena(r), http_query(r, "cursor"), asked->kind,
                     asked->company_id, &c)) {
        listing_refuse_cursor(r, false);
        return false;
    }
    str sort = http_query(r, "sort");
    bool per_page =
        !str_is_null(http_query(r, "per_page")) || !str_is_null(http_query(r, "page[size]"));
    if (!is_same(c.filter, asked->filter) || (sort.len && !str_eq(c.sort, asked->sort)) ||
        !is_same(c.include, asked->include) || !is_same(c.fields, asked->fields) ||
        (per_page && c.per_page != asked->per_page)) {
        listing_refuse_cursor(r, true);
        return false;
    }
    if (!c.fields.len)
        c.fields = (str){0};
    *asked = c;
    return true;
}

/* One field, ascending, that every customer has. */
static bool check_sort(struct http_request *r, str sort)
{
    if (str_eq(sort, STR("updated_at")) || str_eq(sort, STR("created_at")) ||
        str_eq(sort, STR("id")))
        return true;
    error_query(r, "sort",
                SAY(r, "a scroll is sorted by one of created_at:asc, id:asc, updated_at:asc",
                    "прокрутка идёт по одному из: created_at:asc, id:asc, updated_at:asc"));
    return false;
}

void consumers_scroll(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_CONSUMERS_READ);
    if (!company)
        return;
    str type = http_segment(r, "records_type"), cursor = http_query(r, "cursor");
    struct cursor asked = {.kind = STR("scroll"),
                           .company_id = store_company_info(company)->id,
                           .filter = http_query(r, "filter"),
                           .sort = plain_sort(http_query(r, "sort")),
                           .include = http_query(r, "include"),
                           .fields = http_query(r, "fields[consumers]"),
                           .per_page = MAX_PER_PAGE};
    if (!str_eq(type, STR("consumers"))) {
        error_answer(r, 404, "Not found",
                     SAY(r, "There is no scroll of '%.*s', only of consumers",
                         "Прокрутки '%.*s' нет, есть только consumers"),
                     STR_ARG(str_shown(type, 100)));
        return;
    }
    if (!api_number(r, "per_page", "page[size]", MAX_PER_PAGE, &asked.per_page) ||
        !check_sort(r, asked.sort) || (!str_is_null(cursor) && !read_cursor(r, &asked)))
        return;
    struct listing *l = listing_new(r, company, &asked);
    if (!l)
        return;
    l->finish = finish;
    l->page = l->counts = str_is_null(cursor);
    if (!str_is_null(cursor))
        l->query.after = &l->cursor.place;
    listing_run(r, l);
}
