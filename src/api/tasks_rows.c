/* The rows behind the counts of an import: those of its file by what became of them, and what it
 * did to customers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"

#include "base/limits.h"
#include "base/mem.h"

/* --- rows of the file: read when asked for, which takes a while --- */

struct reading {
    struct errand errand;
    struct api *api;
    struct store_company *company;
    struct store_task task;
    struct jobs_rows_wanted wanted;
    enum language language;
    struct arena arena; /* of the task */
    struct buf body;
    uint64_t next;
    struct err err;
};

static void read_rows(struct errand *e)
{
    struct reading *g = (struct reading *)e;
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    if (store_reader_open(g->company, &reader, &g->err) &&
        store_task_get(reader, &g->arena, g->task.id, &g->task, &g->err) &&
        jobs_rows_json(&g->body, g->api->config.jobs, g->company, &g->task, &g->wanted, g->language,
                       &g->next, &g->err))
        g->err.code = ERR_NONE;
}

static const char *const outcome_names[OUTCOME_COUNT] = {[OUTCOME_CREATED] = "created",
                                                         [OUTCOME_UPDATED] = "updated",
                                                         [OUTCOME_UNCHANGED] = "unchanged",
                                                         [OUTCOME_SKIPPED] = "skipped",
                                                         [OUTCOME_FAILED] = "failed"};

static void add_next(struct http_request *r, struct reading *g)
{
    buf_add(&g->body, STR(",\"links\":{\"next\":"));
    if (g->next) {
        str next = arena_format(
            http_arena(r), "%.*s%.*s?after=%llu&per_page=%zu&outcome=%s%s", STR_ARG(answer_base(r)),
            STR_ARG(http_path(r)), (unsigned long long)g->next, g->wanted.limit,
            outcome_names[g->wanted.outcome], g->wanted.trial ? "&dry_run=true" : "");
        json_write_string(&g->body, next);
    } else {
        buf_add(&g->body, STR("null"));
    }
    buf_add(&g->body, STR("}}\n"));
}

static void answer_rows(struct http_request *r, struct errand *e)
{
    struct reading *g = (struct reading *)e;
    if (g->err.code == ERR_NONE) {
        add_next(r, g);
        http_answer(r, 200, answer_type(r), buf_str(&g->body));
    } else if (g->err.code == ERR_NOT_FOUND) {
        error_answer(r, 404, "Not found",
                     SAY(r, "The imported file is gone: its time is over; or there was no dry run",
                         "Загруженного файла уже нет: срок его хранения истёк; или проверки не "
                         "было"));
    } else {
        error_store(r, &g->err);
    }
}

static void free_reading(struct errand *e)
{
    struct reading *g = (struct reading *)e;
    buf_done(&g->body);
    arena_done(&g->arena);
    mem_free(g);
}

static bool read_outcome(struct http_request *r, enum store_outcome *ret_outcome)
{
    str text = http_query(r, "outcome");
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        if (outcome_names[i] && str_eq(text, str_of(outcome_names[i]))) {
            *ret_outcome = (enum store_outcome)i;
            return true;
        }
    error_query(r, "outcome",
                SAY(r, "must be created, updated, unchanged, skipped or failed",
                    "должно быть created, updated, unchanged, skipped или failed"));
    return false;
}

static bool read_wanted(struct http_request *r, struct jobs_rows_wanted *ret)
{
    uint64_t limit = LIMIT_PER_PAGE;
    str after = http_query(r, "after");
    *ret = (struct jobs_rows_wanted){.trial = str_eq(http_query(r, "dry_run"), STR("true"))};
    if (!read_outcome(r, &ret->outcome) ||
        !api_number(r, "per_page", "page[size]", LIMIT_ROWS_PER_PAGE, &limit))
        return false;
    ret->limit = (size_t)limit;
    if (str_is_null(after) || str_to_u64(after, &ret->after))
        return true;
    error_query(r, "after", SAY(r, "must be the number of a record", "должно быть номером записи"));
    return false;
}

void tasks_rows(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    struct jobs_rows_wanted wanted;
    if (!task_find(r, &company, &reader, &task) || !read_wanted(r, &wanted))
        return;
    if (wanted.trial && (task.trial == TRIAL_QUEUED || task.trial == TRIAL_RUNNING)) {
        tasks_trial_under_way(r);
        return;
    }
    if (!wanted.trial && task.state < TASK_COMPLETED) {
        error_answer(r, 409, "Conflict",
                     SAY(r, "The import is not over (%s); ask again when it is",
                         "Импорт ещё не закончен (%s); повторите, когда он закончится"),
                     task_state_name(task.state));
        return;
    }
    struct reading *g = mem_new(1, sizeof *g);
    g->errand = (struct errand){.run = read_rows, .answer = answer_rows, .free = free_reading};
    g->api = http_app_context(r);
    g->company = company;
    g->task.id = task.id;
    g->wanted = wanted;
    g->language = request_language(r);
    http_set_context(r, g);
    errand_send(g->api->slow, r, &g->errand);
}

/* --- customers --- */

struct change_place {
    bool updated, only; /* only: those of the kind, not both one after the other */
    int64_t after;
};

/* after=created.POSITION or updated.POSITION: where links.next goes on. */
static bool read_place(struct http_request *r, struct change_place *ret_place)
{
    str rest = http_query(r, "after");
    uint64_t position;
    if (str_is_null(rest))
        return true;
    str kind = str_split(&rest, '.');
    bool updated = str_eq(kind, STR("updated"));
    if ((updated || (str_eq(kind, STR("created")) && !(ret_place->only && ret_place->updated))) &&
        str_to_u64(rest, &position) && position <= INT64_MAX) {
        ret_place->updated = updated;
        ret_place->after = (int64_t)position;
        return true;
    }
    error_query(r, "after", SAY(r, "must be as in links.next", "должно быть как в links.next"));
    return false;
}

static bool read_action(struct http_request *r, struct task_list *l, struct change_place *ret_place)
{
    str action = http_query(r, "action");
    *ret_place = (struct change_place){0};
    if (str_is_null(action))
        return true;
    *ret_place = (struct change_place){.updated = str_eq(action, STR("updated")), .only = true};
    if (ret_place->updated || str_eq(action, STR("created"))) {
        task_list_keep(l, "action", action);
        return true;
    }
    error_query(r, "action",
                SAY(r, "must be created or updated", "должно быть created или updated"));
    return false;
}

static void add_changes(struct task_list *l, const struct store_task_change *change, size_t count,
                        bool made, const struct zone *zone)
{
    for (size_t i = 0; i < count && l->count < l->per_page; i++) {
        if (l->count++)
            buf_add_char(&l->b, ',');
        jobs_task_change_json(&l->b, &change[i], made, zone);
    }
}

/* Whom it made, then whom it changed, as far as the page goes. */
static bool list_changes(struct http_request *r, struct task_list *l, struct store_reader *reader,
                         const struct store_task *task, struct change_place place,
                         const struct zone *zone, struct err *err)
{
    struct store_task_change *change;
    size_t count;
    for (;;) {
        const size_t room = (size_t)l->per_page - l->count;
        if (!store_task_changes(reader, http_arena(r), task, !place.updated, place.after, room + 1,
                                &change, &count, err))
            return false;
        add_changes(l, change, count, !place.updated, zone);
        if (count > room) {
            l->more = true;
            if (room) // else the page ended with the last of the other kind
                place.after = change[room - 1].place;
            l->after = arena_format(http_arena(r), "after=%s.%lld",
                                    place.updated ? "updated" : "created", (long long)place.after);
            return true;
        }
        if (place.updated || place.only)
            return true;
        place = (struct change_place){.updated = true};
    }
}

void tasks_changes(struct http_request *r)
{
    struct store_company *company;
    struct store_reader *reader;
    struct task_list l = {0};
    struct store_task task;
    struct change_place place;
    struct err err = {0};
    if (!task_find(r, &company, &reader, &task) || !api_page(r, &l.page, &l.per_page))
        return;
    if (read_action(r, &l, &place) && read_place(r, &place)) {
        task_list_open(&l, 0);
        if (list_changes(r, &l, reader, &task, place, store_company_zone(company), &err)) {
            task_list_answer(r, &l);
            return;
        }
        error_store(r, &err);
    }
    buf_done(&l.b);
    buf_done(&l.query);
}
