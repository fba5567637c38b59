/* The audit log of a company: who did what, when and from where.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"
#include "domain/consumer.h"
#include "store/audit.h"

enum { PAGE = 50, PAGE_MAX = 100, ACTIONS_MAX = 20, ACTION_BYTES = 64 };

struct ask {
    struct audit_filter filter;
    struct audit_place before;
    uint64_t limit, user;
    str actions, from, to; /* as they were sent, for the link */
};

/* --- the answer --- */

static void add_who(struct buf *b, const struct audit_entry *e)
{
    static const char *const kinds[] = {[ORIGIN_NONE] = "program",
                                        [ORIGIN_TOKEN] = "token",
                                        [ORIGIN_IMPORT] = "program",
                                        [ORIGIN_USER] = "user",
                                        [ORIGIN_COMMAND_LINE] = "command_line",
                                        [ORIGIN_INBOX] = "inbox"};
    enum origin_kind kind = origin_kind(e->origin);
    buf_format(b,
               ",\"who\":{\"kind\":\"%s\",\"id\":", kind < COUNT(kinds) ? kinds[kind] : "program");
    if ((kind == ORIGIN_TOKEN || kind == ORIGIN_USER) && origin_id(e->origin))
        buf_format(b, "\"%lld\"", (long long)origin_id(e->origin));
    else
        buf_add(b, STR("null"));
    json_add_string(b, "name", e->who);
    buf_add_char(b, '}');
}

static str cursor_of(struct visit *v, const struct audit_entry *e)
{
    return arena_format(&v->arena, "%lld-%lld-%s", (long long)e->at_us, (long long)e->id,
                        e->of_control ? "s" : "c");
}

static void add_entry(struct visit *v, const struct zone *zone, const struct audit_entry *e)
{
    struct buf *b = &v->body;
    buf_format(b, "{\"type\":\"audit_entries\",\"id\":\"%.*s\",\"attributes\":{\"at\":",
               STR_ARG(cursor_of(v, e)));
    json_write_string(b, visit_local(v, zone, e->at_us));
    json_add_string(b, "action", e->action);
    add_who(b, e);
    json_add_string(b, "address", e->address);
    buf_add(b, STR(",\"subject\":{\"type\":"));
    json_write_string(b, e->subject_type);
    json_add_string(b, "id", e->subject_id);
    json_add_string(b, "name", e->subject);
    buf_format(b, "},\"details\":%.*s}}", STR_ARG(e->details));
}

/* What was asked for was looked at: none of it needs to be escaped. */
static void add_next(struct visit *v, const struct ask *ask, const struct audit_entry *last)
{
    struct buf *b = &v->body;
    buf_format(b, "\"%.*s" CABINET_API "/companies/%lld/audit_log?page%%5Bsize%%5D=%llu",
               STR_ARG(v->base), (long long)v->company_id, (unsigned long long)ask->limit);
    if (ask->actions.len)
        buf_format(b, "&filter%%5Baction%%5D=%.*s", STR_ARG(ask->actions));
    if (ask->user)
        buf_format(b, "&filter%%5Buser%%5D=%llu", (unsigned long long)ask->user);
    if (ask->from.len)
        buf_format(b, "&filter%%5Bfrom%%5D=%.*s", STR_ARG(ask->from));
    if (ask->to.len)
        buf_format(b, "&filter%%5Bto%%5D=%.*s", STR_ARG(ask->to));
    buf_format(b, "&page%%5Bbefore%%5D=%.*s\"", STR_ARG(cursor_of(v, last)));
}

/* --- what is asked for --- */

static bool read_days(struct visit *v, const struct zone *zone, struct ask *ask)
{
    bool from = !ask->from.len || zone_day_begins(zone, ask->from, 0, &ask->filter.from_us);
    bool to = !ask->to.len || zone_day_begins(zone, ask->to, 1, &ask->filter.to_us);
    if (from && to)
        return true;
    visit_say(v, 422, "invalid_parameter", NULL, "a day is written as 2026-11-25",
              "день пишется так: 2026-11-25");
    v->error.source = SOURCE_PARAMETER;
    v->error.where = from ? STR("filter[to]") : STR("filter[from]");
    return false;
}

static bool list(struct visit *v)
{
    struct ask ask = *(const struct ask *)v->ask;
    struct store_company *company;
    struct audit_entry *entry;
    size_t count;
    if (!visit_company(v, &company) || !read_days(v, store_company_zone(company), &ask) ||
        !store_audit_list(company, &v->arena, &ask.filter, &ask.before, (size_t)ask.limit + 1,
                          &entry, &count, &v->err))
        return false;
    size_t shown = MIN(count, (size_t)ask.limit);
    buf_add(&v->body, STR("{\"data\":["));
    for (size_t i = 0; i < shown; i++) {
        if (i)
            buf_add_char(&v->body, ',');
        add_entry(v, store_company_zone(company), &entry[i]);
    }
    buf_add(&v->body, STR("],\"links\":{\"next\":"));
    if (count > shown)
        add_next(v, &ask, &entry[shown - 1]);
    else
        buf_add(&v->body, STR("null"));
    buf_add(&v->body, STR("}}\n"));
    return true;
}

static bool is_action(str name)
{
    bool ok = name.len > 0 && name.len <= ACTION_BYTES;
    for (size_t i = 0; i < name.len && ok; i++)
        ok = (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || name.ptr[i] == '_' || name.ptr[i] == '.';
    return ok;
}

static bool read_actions(struct http_request *r, struct visit *v, struct ask *ask)
{
    AUTO(buf_done) struct buf b = {0};
    str rest = http_query(r, "filter[action]");
    size_t count = 0;
    if (!rest.len)
        return true;
    ask->actions = arena_str(&v->arena, rest);
    for (; !str_is_null(rest); count++) {
        str name = str_split(&rest, ',');
        if (!is_action(name) || count == ACTIONS_MAX)
            return query_refuse(r, "filter[action]",
                                SAY(r,
                                    "names actions, as token.created, or groups of them, as token, "
                                    "with commas between, 20 at most",
                                    "через запятую: действия, например token.created, или их "
                                    "группы, например token, не больше 20"));
        buf_format(&b, "%c\"%.*s\"", count ? ',' : '[', STR_ARG(name));
    }
    buf_add_char(&b, ']');
    ask->filter.actions = arena_str(&v->arena, buf_str(&b));
    return true;
}

static bool read_cursor(struct http_request *r, struct ask *ask)
{
    str rest = http_query(r, "page[before]");
    uint64_t at_us, id;
    if (str_is_null(rest))
        return true;
    bool ok = str_to_u64(str_split(&rest, '-'), &at_us) && at_us && at_us <= INT64_MAX &&
              str_to_u64(str_split(&rest, '-'), &id) && id <= INT64_MAX &&
              (str_eq(rest, STR("s")) || str_eq(rest, STR("c")));
    if (!ok)
        return query_refuse(r, "page[before]",
                            SAY(r, "must be what a link had there", "должно быть взято из ссылки"));
    ask->before = (struct audit_place){(int64_t)at_us, (int64_t)id, str_eq(rest, STR("s"))};
    return true;
}

void audit_list(struct http_request *r)
{
    struct visit *v = visit_new(r, NULL, list);
    if (!v)
        return;
    struct ask *ask = ARENA_NEW(&v->arena, struct ask, 1);
    ask->limit = PAGE;
    v->ask = ask;
    if (!query_number(r, "page[size]", PAGE_MAX, &ask->limit) ||
        !query_number(r, "filter[user]", INT64_MAX, &ask->user) || !read_actions(r, v, ask) ||
        !read_cursor(r, ask))
        return;
    ask->filter.user_id = (int64_t)ask->user;
    ask->from = arena_str(&v->arena, http_query(r, "filter[from]"));
    ask->to = arena_str(&v->arena, http_query(r, "filter[to]"));
    visit_send(r, v);
}
