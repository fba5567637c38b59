/* Import tasks, told about: one, the history, what failed and what an undo left.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"

enum { GROUPS_MAX = 1000 };

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

struct list {
    uint64_t page, per_page;
    size_t count; /* on this page */
    bool more;
    struct buf b;
    struct buf query; /* what the next page's address has besides the page */
    str after;        /* where the next page begins, when it goes by a place; else by its number */
};

/* One more than asked for tells whether there is a next page. */
static void list_open(struct list *l, size_t found)
{
    l->more = found > l->per_page;
    l->count = MIN(found, (size_t)l->per_page);
    buf_add(&l->b, STR("{\"data\":["));
}

static void list_answer(struct http_request *r, struct list *l)
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
static bool read_states(struct http_request *r, struct list *l, unsigned *ret_states)
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

void tasks_list(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_IMPORTS);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    struct list l = {0};
    struct store_task *task;
    unsigned states;
    size_t count;
    struct err err = {0};
    if (!reader || !api_page(r, &l.page, &l.per_page) || !read_states(r, &l, &states))
        return;
    if (!store_task_history(reader, http_arena(r), states, (l.page - 1) * l.per_page,
                            l.per_page + 1, &task, &count, &err)) {
        buf_done(&l.query);
        error_store(r, &err);
        return;
    }
    list_open(&l, count);
    for (size_t i = 0; i < l.count; i++) {
        if (i)
            buf_add_char(&l.b, ',');
        add_task(r, &l.b, company, reader, &task[i]);
    }
    list_answer(r, &l);
}

/* --- what failed --- */

static bool is_asked(struct http_request *r, struct list *l, const char *name)
{
    if (!str_eq(http_query(r, name), STR("true")))
        return false;
    buf_format(&l->query, "&%s=true", name);
    return true;
}

static enum problem_list which_problems(struct http_request *r, struct list *l)
{
    static const enum problem_list lists[2][2] = {{PROBLEMS_REFUSE, PROBLEMS_WARN},
                                                  {PROBLEMS_TRIAL_REFUSE, PROBLEMS_TRIAL_WARN}};
    bool trial = is_asked(r, l, "dry_run"), warnings = is_asked(r, l, "warnings");
    return lists[trial][warnings];
}

/* after=RECORD, or RECORD.N: past the n-th problem of the record.  A page by its number is read
 * from the first on, so links.next goes by the place. */
static bool read_after(struct http_request *r, struct list *l, struct store_errors_from *ret_from)
{
    str text = http_query(r, "after"), rest = text;
    *ret_from = (struct store_errors_from){.skip = (l->page - 1) * l->per_page};
    if (str_is_null(text))
        return true;
    str record = str_split(&rest, '.');
    ret_from->seq = UINT64_MAX;
    if (str_to_u64(record, &ret_from->record) &&
        (record.len == text.len || str_to_u64(rest, &ret_from->seq)))
        return true;
    error_query(r, "after", SAY(r, "must be the number of a record", "должно быть номером записи"));
    return false;
}

void tasks_errors(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    struct list l = {0};
    struct store_task task;
    struct store_errors_from from;
    struct store_task_error *e;
    size_t count;
    struct err err = {0};
    if (str_eq(http_query(r, "group"), STR("true"))) {
        tasks_error_groups(r);
        return;
    }
    if (!task_find(r, &company, &reader, &task) || !api_page(r, &l.page, &l.per_page) ||
        !read_after(r, &l, &from))
        return;
    if (!store_task_errors(reader, http_arena(r), task.id, which_problems(r, &l), &from,
                           l.per_page + 1, &e, &count, &err)) {
        buf_done(&l.query);
        error_store(r, &err);
        return;
    }
    list_open(&l, count);
    for (size_t i = 0; i < l.count; i++) {
        if (i)
            buf_add_char(&l.b, ',');
        buf_format(&l.b, "{\"type\":\"import_errors\",\"id\":\"%lld-%llu-%llu\",\"attributes\":",
                   (long long)task.id, (unsigned long long)e[i].record,
                   (unsigned long long)e[i].seq);
        jobs_error_json(&l.b, http_arena(r), request_language(r), &e[i]);
        buf_add_char(&l.b, '}');
    }
    if (l.more)
        l.after = arena_format(http_arena(r), "after=%llu.%llu",
                               (unsigned long long)e[l.count - 1].record,
                               (unsigned long long)e[l.count - 1].seq);
    list_answer(r, &l);
}

void tasks_error_groups(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    AUTO(buf_done) struct buf b = {0};
    struct list l = {0};
    struct store_task task;
    struct store_error_group *g;
    size_t count;
    struct err err = {0};
    if (!task_find(r, &company, &reader, &task))
        return;
    enum problem_list which = which_problems(r, &l);
    buf_done(&l.query);
    if (!store_task_error_groups(reader, http_arena(r), task.id, which, GROUPS_MAX, &g, &count,
                                 &err)) {
        error_store(r, &err);
        return;
    }
    buf_add(&b, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&b, ',');
        buf_format(&b, "{\"type\":\"import_error_groups\",\"id\":\"%lld-%zu\",\"attributes\":",
                   (long long)task.id, i + 1);
        jobs_group_json(&b, http_arena(r), request_language(r), &g[i]);
        buf_add_char(&b, '}');
    }
    buf_add(&b, STR("]}\n"));
    http_answer(r, 200, answer_type(r), buf_str(&b));
}

/* --- what an undo left --- */

void tasks_undo_kept(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    struct list l = {0};
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
    list_open(&l, count);
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
    list_answer(r, &l);
}

/* --- what it did --- */

/* after=created.POSITION or updated.POSITION: where links.next goes on. */
static bool read_place(struct http_request *r, struct import_change_place *ret_place)
{
    str rest = http_query(r, "after");
    uint64_t position;
    *ret_place = (struct import_change_place){0};
    if (str_is_null(rest))
        return true;
    str kind = str_split(&rest, '.');
    bool updated = str_eq(kind, STR("updated"));
    if ((updated || str_eq(kind, STR("created"))) && str_to_u64(rest, &position) &&
        position <= INT64_MAX) {
        *ret_place = (struct import_change_place){updated, (int64_t)position};
        return true;
    }
    error_query(r, "after", SAY(r, "must be as in links.next", "должно быть как в links.next"));
    return false;
}

void tasks_changes(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    struct list l = {0};
    struct store_task task;
    struct import_change_place place;
    struct event *e;
    size_t count;
    struct err err = {0};
    if (!task_find(r, &company, &reader, &task) || !api_page(r, &l.page, &l.per_page) ||
        !read_place(r, &place))
        return;
    if (!store_import_changes(reader, http_arena(r), &task, &place, l.per_page + 1, &e, &count,
                              &err)) {
        error_store(r, &err);
        return;
    }
    list_open(&l, count);
    for (size_t i = 0; i < l.count; i++) {
        if (i)
            buf_add_char(&l.b, ',');
        jobs_import_change_json(&l.b, &e[i]);
    }
    if (l.more)
        l.after =
            arena_format(http_arena(r), "after=%s.%lld",
                         e[l.count - 1].kind == EVENT_CONSUMER_CREATED ? "created" : "updated",
                         (long long)e[l.count - 1].place);
    list_answer(r, &l);
}
