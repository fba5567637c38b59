/* The rows behind the counts of a dry run, and who is missing from the file: read off the loops,
 * for a million rows take a moment to be looked through.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"
#include "importer/preview_rows.h"

#include "base/mem.h"

#include <unistd.h>

struct looking {
    struct errand errand;
    struct api *api;
    int fd[2]; /* the index and the diff, or the missing alone; -1: none */
    bool missing;
    int64_t task_id;
    str query; /* what the next page's address has besides its place */
    struct preview_ask ask;
    struct preview_row *row;
    struct preview_missing *gone;
    size_t count;
    struct arena arena;
    struct err err;
};

static void look(struct errand *e)
{
    struct looking *l = (struct looking *)e;
    struct preview_ask ask = l->ask;
    ask.limit++; // one more tells whether there is a next page
    bool ok = l->missing ? preview_missing_read(l->fd[0], &l->arena, ask.after, ask.limit, &l->gone,
                                                &l->count, &l->err)
                         : preview_rows_read(l->fd[0], l->fd[1], &l->arena, &ask, &l->row,
                                             &l->count, &l->err);
    assert(ok == (l->err.code == ERR_NONE));
}

static void add_row(struct buf *b, int64_t task_id, const struct preview_row *row)
{
    const char *reason = preview_reason_name(row->reason);
    buf_format(b,
               "{\"type\":\"import_outcomes\",\"id\":\"%lld-%llu\",\"attributes\":{\"record\":%llu,"
               "\"line\":%llu,\"action\":\"%s\"",
               (long long)task_id, (unsigned long long)row->record, (unsigned long long)row->record,
               (unsigned long long)row->line, preview_outcome_name(row->outcome));
    json_add_string(b, "reason", reason ? str_of(reason) : (str){0});
    json_add_string(b, "external_id", row->external_id);
    buf_add(b, STR(",\"changes\":["));
    for (size_t i = 0; i < row->changes; i++) {
        const struct preview_change *c = &row->change[i];
        buf_add(b, i ? STR(",{\"field\":") : STR("{\"field\":"));
        json_write_string(b, c->field);
        json_add_string(b, "old", c->old);
        json_add_string(b, "new", c->new);
        if (c->repaired.len)
            json_add_string(b, "repaired", c->repaired);
        buf_add_char(b, '}');
    }
    buf_add(b, STR("]}}"));
}

static void add_gone(struct buf *b, int64_t task_id, const struct preview_missing *gone)
{
    buf_format(b, "{\"type\":\"import_missing_customers\",\"id\":\"%lld-%llu\",\"attributes\":{",
               (long long)task_id, (unsigned long long)gone->line);
    buf_add(b, STR("\"external_id\":"));
    json_write_string(b, gone->external_id);
    buf_format(b, ",\"line\":%llu}}", (unsigned long long)gone->line);
}

static void answer(struct http_request *r, struct errand *e)
{
    struct looking *l = (struct looking *)e;
    AUTO(buf_done) struct buf b = {0};
    size_t count = MIN(l->count, l->ask.limit);
    if (l->err.code != ERR_NONE) {
        error_store(r, &l->err);
        return;
    }
    buf_add(&b, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&b, ',');
        if (l->missing)
            add_gone(&b, l->task_id, &l->gone[i]);
        else
            add_row(&b, l->task_id, &l->row[i]);
    }
    buf_add(&b, STR("],\"links\":{\"next\":"));
    if (l->count > count) {
        uint64_t after = l->missing ? l->ask.after + count : l->row[count - 1].record;
        json_write_string(&b,
                          arena_format(http_arena(r), "%.*s%.*s?after=%llu&per_page=%zu%.*s",
                                       STR_ARG(answer_base(r)), STR_ARG(http_path(r)),
                                       (unsigned long long)after, l->ask.limit, STR_ARG(l->query)));
    } else {
        buf_add(&b, STR("null"));
    }
    buf_add(&b, STR("}}\n"));
    http_answer(r, 200, answer_type(r), buf_str(&b));
}

static void free_looking(struct errand *e)
{
    struct looking *l = (struct looking *)e;
    for (size_t i = 0; i < COUNT(l->fd); i++)
        if (l->fd[i] >= 0)
            (void)close(l->fd[i]);
    arena_done(&l->arena);
    mem_free(l);
}

/* --- what is asked for --- */

/* action=created,updated: a bit for each. */
static bool read_actions(struct http_request *r, struct preview_ask *ask, struct buf *query)
{
    str text = http_query(r, "action");
    ask->outcomes = str_is_null(text) ? ~0U : 0;
    for (str rest = text; rest.len;) {
        enum store_outcome outcome = preview_outcome_of(str_trim(str_split(&rest, ',')));
        if (outcome == OUTCOME_COUNT) {
            error_query(r, "action",
                        SAY(r,
                            "must be one or several, with commas, of created, updated, unchanged, "
                            "skipped, failed",
                            "должно быть одно или несколько, через запятую, из created, updated, "
                            "unchanged, skipped, failed"));
            return false;
        }
        ask->outcomes |= 1U << outcome;
    }
    if (!str_is_null(text))
        task_keep_parameter(query, "action", text);
    return true;
}

/* Where the field stands among those that the dry run counted; SIZE_MAX: nothing changes it. */
static size_t field_place(struct http_request *r, const struct store_task *t, str field)
{
    struct json tree;
    struct json_place place;
    struct err ignored;
    if (!json_parse(t->trial_result, http_arena(r), &tree, &place, &ignored))
        return SIZE_MAX;
    const struct json *fields = json_get(&tree, "fields");
    for (size_t i = 0; fields && i < fields->count; i++)
        if (str_eq(fields->member[i].key, field))
            return i;
    return SIZE_MAX;
}

static bool read_after(struct http_request *r, uint64_t *ret_after)
{
    str text = http_query(r, "after");
    *ret_after = 0;
    if (str_is_null(text) || str_to_u64(text, ret_after))
        return true;
    error_query(r, "after", SAY(r, "must be as in links.next", "должно быть как в links.next"));
    return false;
}

static bool read_ask(struct http_request *r, const struct store_task *t, struct looking *l)
{
    AUTO(buf_done) struct buf query = {0};
    uint64_t page, per_page;
    str field = http_query(r, "field"), id = http_query(r, "external_id");
    if (!api_page(r, &page, &per_page) || !read_after(r, &l->ask.after) ||
        !read_actions(r, &l->ask, &query))
        return false;
    l->ask.limit = (size_t)per_page;
    if (field.len) {
        l->ask.field = arena_str(&l->arena, field);
        l->ask.field_at = field_place(r, t, field);
        // What no row changes leads to none, without a look at the last bit that many share.
        if (l->ask.field_at == SIZE_MAX)
            l->ask.outcomes = 0;
        task_keep_parameter(&query, "field", field);
    }
    if (id.len) {
        l->ask.external_id = arena_str(&l->arena, id);
        task_keep_parameter(&query, "external_id", id);
    }
    l->query = arena_str(&l->arena, buf_str(&query));
    return true;
}

static bool open_files(struct http_request *r, const struct store_task *t, struct looking *l)
{
    const enum jobs_file file[] = {l->missing ? JOBS_FILE_MISSING : JOBS_FILE_INDEX,
                                   JOBS_FILE_DIFF};
    struct err err = {0};
    for (size_t i = 0; i < (l->missing ? 1 : COUNT(file)); i++)
        if (!jobs_file_open(l->api->config.jobs, t, file[i], &l->fd[i], &err)) {
            l->fd[i] = -1;
            if (err.code == ERR_NOT_FOUND)
                error_answer(
                    r, 404, "Not found",
                    SAY(r, "There is no dry run to show: it was not made, or its time is over",
                        "Показать нечего: проверки не было, или срок её хранения истёк"));
            else
                error_store(r, &err);
            return false;
        }
    return true;
}

static void send_looking(struct http_request *r, bool missing)
{
    struct api *api = http_app_context(r);
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    if (!task_find(r, &company, &reader, &task))
        return;
    if (task.trial == TRIAL_QUEUED || task.trial == TRIAL_RUNNING) {
        tasks_trial_under_way(r);
        return;
    }
    struct looking *l = mem_new(1, sizeof *l);
    l->errand = (struct errand){.run = look, .answer = answer, .free = free_looking};
    l->api = api;
    l->task_id = task.id;
    l->missing = missing;
    l->fd[0] = l->fd[1] = -1;
    http_set_context(r, l);
    if (read_ask(r, &task, l) && open_files(r, &task, l))
        errand_send(api->slow, r, &l->errand);
}

void tasks_outcomes(struct http_request *r)
{
    send_looking(r, false);
}

void tasks_missing_customers(struct http_request *r)
{
    send_looking(r, true);
}
