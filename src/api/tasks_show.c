/* Import tasks, told about: one, the history, what failed and what an undo left.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/listing.h"
#include "api/tasks_priv.h"

/* --- one --- */

bool task_find_as(struct http_request *r, struct store_company **ret_company,
                  struct store_reader **ret_reader, struct store_task *ret_task,
                  struct asker *ret_by)
{
    struct store_company *company = auth_asker(r, SCOPE_IMPORTS, ret_by);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    str id = http_segment(r, "id");
    uint64_t number;
    struct err err = {ERR_NOT_FOUND, ""};
    if (!reader)
        return false;
    *ret_company = company;
    *ret_reader = reader;
    if (str_to_u64(id, &number) && number <= INT64_MAX &&
        store_task_get(reader, http_arena(r), (int64_t)number, ret_task, &err))
        return true;
    if (err.code == ERR_NOT_FOUND)
        error_answer(r, 404, "Document not found",
                     SAY(r, "There is no import task %.*s", "Импорта %.*s нет"),
                     STR_ARG(str_shown(id, 40)));
    else
        error_store(r, &err);
    return false;
}

bool task_find(struct http_request *r, struct store_company **ret_company,
               struct store_reader **ret_reader, struct store_task *ret_task)
{
    struct asker by;
    return task_find_as(r, ret_company, ret_reader, ret_task, &by);
}

static void add_meta(struct buf *b, const struct store_task *t)
{
    if (t->same_as)
        buf_format(b, ",\"meta\":{\"same_content_as\":\"%lld\"}", (long long)t->same_as);
}

/* What there is to read about a task: lists are related resources, files are none and stand in its
 * meta. */
static void add_links(struct http_request *r, struct buf *b, const struct store_task *t)
{
    static const char *const lists[] = {"errors",    "error_groups",
                                        "outcomes",  "missing_customers",
                                        "undo_kept", "changes"},
                             *const files[] = {"failed_rows", "diff", "missing", "file", "events"};
    str self = arena_format(http_arena(r), "%.*s/import_tasks/%lld", STR_ARG(answer_prefix(r)),
                            (long long)t->id);
    buf_add(b, STR(",\"relationships\":{"));
    for (size_t i = 0; i < COUNT(lists); i++)
        buf_format(b, "%s\"%s\":{\"links\":{\"related\":\"%.*s/%s\"}}", i ? "," : "", lists[i],
                   STR_ARG(self), lists[i]);
    buf_format(b, "},\"links\":{\"self\":\"%.*s\"},\"meta\":{", STR_ARG(self));
    if (t->same_as)
        buf_format(b, "\"same_content_as\":\"%lld\",", (long long)t->same_as);
    buf_add(b, STR("\"links\":{"));
    for (size_t i = 0; i < COUNT(files); i++)
        buf_format(b, "%s\"%s\":\"%.*s/%s\"", i ? "," : "", files[i], STR_ARG(self), files[i]);
    buf_add(b, STR("}}"));
}

static void add_task(struct http_request *r, struct buf *b, struct store_company *company,
                     struct store_reader *reader, const struct store_task *t)
{
    struct api *api = http_app_context(r);
    struct jobs_history history;
    struct err ignored = {0};
    if (!jobs_history_get(reader, http_arena(r), t, &history, &ignored))
        history = (struct jobs_history){0};
    buf_format(b, "{\"id\":\"%lld\",\"type\":\"import_tasks\",\"attributes\":", (long long)t->id);
    jobs_task_json(b, api->config.jobs, company, t, &history, request_language(r), http_arena(r));
    add_links(r, b, t);
    buf_add_char(b, '}');
}

void task_answer(struct http_request *r, int status, struct store_company *company,
                 struct store_reader *reader, const struct store_task *task)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add(&b, STR("{\"data\":"));
    add_task(r, &b, company, reader, task);
    add_meta(&b, task);
    buf_add(&b, STR("}\n"));
    http_answer(r, status, answer_type(r), buf_str(&b));
}

void tasks_get(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    if (task_find(r, &company, &reader, &task))
        task_answer(r, 200, company, reader, &task);
}

/* --- lists --- */

void task_list_open(struct task_list *l, size_t found)
{
    l->more = found > l->per_page;
    l->count = MIN(found, (size_t)l->per_page);
    buf_add(&l->b, STR("{\"data\":["));
}

void task_keep_parameter(struct buf *query, const char *name, str value)
{
    AUTO(buf_done) struct buf one = {0};
    listing_add_parameter(&one, name, value);
    buf_add_char(query, '&');
    buf_add(query, str_from(buf_str(&one), 1));
}

void task_list_keep(struct task_list *l, const char *name, str value)
{
    task_keep_parameter(&l->query, name, value);
}

void task_list_answer(struct http_request *r, struct task_list *l)
{
    buf_add(&l->b, STR("],\"links\":{\"next\":"));
    if (l->more) {
        AUTO(buf_done) struct buf next = {0};
        str from = l->after.len
                       ? l->after
                       : arena_format(http_arena(r), "page=%llu", (unsigned long long)l->page + 1);
        buf_format(&next, "%.*s%.*s?%.*s&per_page=%llu%.*s", STR_ARG(answer_base(r)),
                   STR_ARG(http_path(r)), STR_ARG(from), (unsigned long long)l->per_page,
                   STR_ARG(buf_str(&l->query)));
        json_write_string(&l->b, buf_str(&next));
    } else {
        buf_add(&l->b, STR("null"));
    }
    buf_add(&l->b, STR("}}\n"));
    http_answer(r, 200, answer_type(r), buf_str(&l->b));
    buf_done(&l->b);
    buf_done(&l->query);
}

/* state=completed,failed: a bit for each. */
static bool read_states(struct http_request *r, struct task_list *l, unsigned *ret_states)
{
    str text = http_query(r, "state");
    if (str_is_null(text))
        text = http_query(r, "filter[state]");
    *ret_states = TASKS_ALL;
    if (str_is_null(text))
        return true;
    *ret_states = 0;
    for (str rest = text; rest.len;) {
        enum task_state state = task_state_of(str_trim(str_split(&rest, ',')));
        if (state == TASK_STATE_COUNT) {
            AUTO(buf_done) struct buf b = {0};
            buf_add(&b, STR("must be one or several, with commas, of "));
            for (size_t i = 0; i < TASK_STATE_COUNT; i++)
                buf_format(&b, "%s%s", i ? ", " : "", task_state_name((enum task_state)i));
            error_query(r, "state", arena_str(http_arena(r), buf_str(&b)).ptr);
            return false;
        }
        *ret_states |= 1U << state;
    }
    for (size_t i = 0, n = 0; i < TASK_STATE_COUNT; i++)
        if (*ret_states >> i & 1)
            buf_format(&l->query, "%s%s",
                       n++ ? "," : "&state=", task_state_name((enum task_state)i));
    return true;
}

/* filter[created_by]: user:3, token:7, command_line or inbox. */
static bool read_author(struct http_request *r, struct task_list *l, int64_t *ret_origin)
{
    static const struct {
        const char *name;
        enum origin_kind kind;
        bool numbered;
    } kinds[] = {{"user", ORIGIN_USER, true},
                 {"token", ORIGIN_TOKEN, true},
                 {"command_line", ORIGIN_COMMAND_LINE, false},
                 {"inbox", ORIGIN_INBOX, false}};
    str text = http_query(r, "filter[created_by]"), rest = text;
    if (str_is_null(text))
        return true;
    str name = str_split(&rest, ':');
    uint64_t id = 0;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        bool whole =
            kinds[i].numbered ? str_to_u64(rest, &id) && id <= INT32_MAX : name.len == text.len;
        if (!str_eq(name, str_of(kinds[i].name)) || !whole)
            continue;
        *ret_origin = origin_of(kinds[i].kind, (int64_t)id);
        task_list_keep(l, "filter[created_by]", text);
        return true;
    }
    error_query(r, "filter[created_by]",
                SAY(r, "must be user:ID, token:ID, command_line or inbox",
                    "должно быть user:ID, token:ID, command_line или inbox"));
    return false;
}

/* A day of the company's calendar; *ret_us is when it begins, or, of the last one, when it is
 * over. */
static bool read_day(struct http_request *r, struct task_list *l, const struct zone *zone,
                     const char *name, bool last, int64_t *ret_us)
{
    str text = http_query(r, name);
    if (!text.len)
        return true;
    if (!zone_day_begins(zone, text, last, ret_us)) {
        error_query(r, name, SAY(r, "must be a date, YYYY-MM-DD", "должно быть датой ГГГГ-ММ-ДД"));
        return false;
    }
    task_list_keep(l, name, text);
    return true;
}

static bool read_history(struct http_request *r, struct task_list *l, const struct zone *zone,
                         struct store_history *ret)
{
    *ret = (struct store_history){.file_name = http_query(r, "filter[file_name]")};
    if (ret->file_name.len)
        task_list_keep(l, "filter[file_name]", ret->file_name);
    return read_states(r, l, &ret->states) && read_author(r, l, &ret->origin) &&
           read_day(r, l, zone, "filter[from]", false, &ret->from_us) &&
           read_day(r, l, zone, "filter[to]", true, &ret->before_us);
}

void tasks_list(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_IMPORTS);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    struct task_list l = {0};
    struct store_task *task;
    struct store_history which;
    size_t count;
    struct err err = {0};
    if (!reader || !api_page(r, &l.page, &l.per_page))
        return;
    if (!read_history(r, &l, store_company_zone(company), &which)) {
        buf_done(&l.query);
        return;
    }
    if (!store_task_history(reader, http_arena(r), &which, (l.page - 1) * l.per_page,
                            l.per_page + 1, &task, &count, &err)) {
        buf_done(&l.query);
        error_store(r, &err);
        return;
    }
    task_list_open(&l, count);
    for (size_t i = 0; i < l.count; i++) {
        if (i)
            buf_add_char(&l.b, ',');
        add_task(r, &l.b, company, reader, &task[i]);
    }
    task_list_answer(r, &l);
}

/* --- what an undo left --- */

void tasks_undo_kept(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    struct task_list l = {0};
    struct store_task task;
    struct store_kept *k;
    size_t count;
    struct err err = {0};
    if (!task_find(r, &company, &reader, &task) || !api_page(r, &l.page, &l.per_page))
        return;
    str text = http_query(r, "after");
    uint64_t after = 0, skip = str_is_null(text) ? (l.page - 1) * l.per_page : 0;
    if (!str_is_null(text) && !str_to_u64(text, &after)) {
        error_query(
            r, "after",
            SAY(r, "must be a number that links.next had", "должно быть числом из links.next"));
        return;
    }
    if (!store_undo_kept(reader, http_arena(r), task.id, after, skip, l.per_page + 1, &k, &count,
                         &err)) {
        error_store(r, &err);
        return;
    }
    task_list_open(&l, count);
    for (size_t i = 0; i < l.count; i++) {
        if (i)
            buf_add_char(&l.b, ',');
        buf_format(&l.b, "{\"type\":\"import_kept_values\",\"id\":\"%lld-%llu\",\"attributes\":",
                   (long long)task.id, (unsigned long long)k[i].seq);
        jobs_kept_json(&l.b, http_arena(r), request_language(r), store_company_zone(company),
                       &k[i]);
        buf_add_char(&l.b, '}');
    }
    if (l.more)
        l.after = arena_format(http_arena(r), "after=%llu", (unsigned long long)k[l.count - 1].seq);
    task_list_answer(r, &l);
}
