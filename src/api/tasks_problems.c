/* What failed in an import, or would: problem by problem, and in groups.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"

enum { GROUPS_MAX = 1000 };

static bool is_asked(struct http_request *r, struct task_list *l, const char *name)
{
    if (!str_eq(http_query(r, name), STR("true")))
        return false;
    buf_format(&l->query, "&%s=true", name);
    return true;
}

/* filter[code], filter[field] and filter[key]: the problems of a group, an empty key being none. */
static void read_filter(struct http_request *r, struct task_list *l,
                        struct store_errors_from *ret_from)
{
    const struct {
        const char *name;
        str *value;
    } filters[] = {{"filter[code]", &ret_from->code},
                   {"filter[field]", &ret_from->field},
                   {"filter[key]", &ret_from->key}};
    for (size_t i = 0; i < COUNT(filters); i++) {
        *filters[i].value = http_query(r, filters[i].name);
        if (!str_is_null(*filters[i].value))
            task_list_keep(l, filters[i].name, *filters[i].value);
    }
}

static enum problem_list which_problems(struct http_request *r, struct task_list *l)
{
    static const enum problem_list lists[2][2] = {{PROBLEMS_REFUSE, PROBLEMS_WARN},
                                                  {PROBLEMS_TRIAL_REFUSE, PROBLEMS_TRIAL_WARN}};
    bool trial = is_asked(r, l, "dry_run"), warnings = is_asked(r, l, "warnings");
    return lists[trial][warnings];
}

/* after=RECORD, or RECORD.N: past the n-th problem of the record.  A page by its number is read
 * from the first on, so links.next goes by the place. */
static bool read_after(struct http_request *r, struct task_list *l,
                       struct store_errors_from *ret_from)
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
    struct task_list l = {0};
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
    read_filter(r, &l, &from);
    if (!store_task_errors(reader, http_arena(r), task.id, which_problems(r, &l), &from,
                           l.per_page + 1, &e, &count, &err)) {
        buf_done(&l.query);
        error_store(r, &err);
        return;
    }
    task_list_open(&l, count);
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
    task_list_answer(r, &l);
}

void tasks_error_groups(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    AUTO(buf_done) struct buf b = {0};
    struct task_list l = {0};
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
