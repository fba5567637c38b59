/* What can be asked of an import task: each is noted in the task's row, off the loops, and done by
 * a worker; each is safe to repeat.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"

#include "base/mem.h"

struct ask {
    struct errand errand;
    struct api *api;
    enum task_action action;
    struct store_company *company;
    int64_t id;
    struct asker by;
    struct json members; /* settings: those to be set */
    str fingerprint;
    bool preview;     /* revert: only say what it would do */
    bool corrections; /* revert: what corrected it, too */
    struct arena arena;
    struct err err;
};

static void run(struct errand *e)
{
    struct ask *a = (struct ask *)e;
    struct jobs *j = a->api->config.jobs;
    bool ok = false;
    switch (a->action) {
    case TASK_SETTINGS:
        ok = jobs_task_settings(j, a->company, a->id, &a->members, &a->by, &a->err);
        break;
    case TASK_DRY_RUN:
        ok = jobs_task_trial(j, a->company, a->id, &a->by, &a->err);
        break;
    case TASK_START:
        ok = jobs_task_start(j, a->company, a->id, a->fingerprint, &a->by, &a->err);
        break;
    case TASK_CANCEL:
        ok = jobs_task_cancel(j, a->company, a->id, &a->by, &a->err);
        break;
    case TASK_REVERT:
        ok = a->corrections ? jobs_task_undo_all(j, a->company, a->id, &a->by, &a->err)
                            : jobs_task_undo(j, a->company, a->id, a->preview, &a->by, &a->err);
        break;
    case TASK_ACTION_COUNT:
        break;
    }
    assert(ok == (a->err.code == ERR_NONE));
}

static void answer(struct http_request *r, struct errand *e)
{
    struct ask *a = (struct ask *)e;
    struct store_reader *reader = api_reader(r, a->company);
    struct store_task task;
    struct err err = {0};
    if (!reader)
        return;
    if (a->err.code == ERR_INVALID || a->err.code == ERR_NOT_FOUND) {
        error_answer(r, 422, "Validation error", "%s", // a setting that is none
                     task_setting_text(r, &a->err));
    } else if (a->err.code != ERR_NONE && a->err.code != ERR_CONFLICT) {
        error_store(r, &a->err);
    } else if (!store_task_get(reader, http_arena(r), a->id, &task, &err)) {
        error_store(r, &err);
    } else if (a->err.code == ERR_CONFLICT) {
        str text = jobs_refusal(a->api->config.jobs, a->company, http_arena(r), request_language(r),
                                &task, a->action);
        error_answer(r, 409, "Conflict", "%.*s", STR_ARG(text));
    } else {
        task_answer(r, jobs_task_rests(&task) ? 200 : 202, a->company, reader, &task);
    }
}

static void free_ask(struct errand *e)
{
    struct ask *a = (struct ask *)e;
    arena_done(&a->arena);
    mem_free(a);
}

/* --- what was sent with it --- */

/* The members of a JSON body: a plain object, or a JSON:API document's attributes, and in those its
 * settings.  An empty body has none. */
static bool read_members(struct http_request *r, struct ask *a)
{
    struct json_place place = {0};
    struct err err = {0};
    // Copied, for what is read points into it.
    str body = arena_str(&a->arena, str_trim(http_body(r)));
    a->members = (struct json){.kind = JSON_OBJECT};
    if (!body.len)
        return true;
    bool ok = json_parse(body, &a->arena, &a->members, &place, &err);
    const struct json *data = json_get(&a->members, "data");
    const struct json *inside = data ? json_get(data, "attributes") : NULL;
    if (ok && data)
        a->members = inside ? *inside : (struct json){.kind = JSON_OBJECT};
    inside = json_get(&a->members, "settings");
    if (ok && inside && a->action == TASK_SETTINGS)
        a->members = *inside;
    if (ok && a->members.kind == JSON_OBJECT)
        return true;
    error_answer(r, 400, "Bad request",
                 SAY(r, "The body must be a JSON object (line %zu, column %zu)",
                     "Телом запроса должен быть объект JSON (строка %zu, столбец %zu)"),
                 place.line, place.column);
    return false;
}

/* What each takes, in the body or the query. */
static const struct argument {
    enum task_action action;
    const char *name;
    size_t offset; /* in struct ask: of a str, or of a bool */
    bool is_bool;
} arguments[] = {
    {TASK_START, "fingerprint", offsetof(struct ask, fingerprint), false},
    {TASK_REVERT, "dry_run", offsetof(struct ask, preview), true},
    {TASK_REVERT, "corrections", offsetof(struct ask, corrections), true},
};

static bool refuse_members(struct http_request *r, const struct ask *a)
{
    for (size_t i = 0; i < a->members.count; i++) {
        str key = a->members.member[i].key;
        bool known = false;
        for (size_t n = 0; n < COUNT(arguments); n++)
            known = known ||
                    (arguments[n].action == a->action && str_eq(key, str_of(arguments[n].name)));
        if (known)
            continue;
        error_query(r, arena_str(http_arena(r), str_shown(key, 60)).ptr,
                    SAY(r, "is not known here", "здесь не годится"));
        return true;
    }
    return false;
}

static bool read_argument(struct http_request *r, struct ask *a, const struct argument *g)
{
    const struct json *sent = json_get(&a->members, g->name);
    str query = http_query(r, g->name);
    void *field = (char *)a + g->offset;
    enum json_kind kind = !str_is_null(query) ? JSON_STRING : sent ? sent->kind : JSON_NULL;
    str value = !str_is_null(query) ? arena_str(&a->arena, query) : sent ? sent->text : (str){0};
    bool yes = kind == JSON_TRUE || (kind == JSON_STRING && str_eq(value, STR("true")));
    bool no = kind == JSON_FALSE || kind == JSON_NULL ||
              (kind == JSON_STRING && str_eq(value, STR("false")));
    if (g->is_bool ? !yes && !no : kind != JSON_STRING && kind != JSON_NULL) {
        error_query(r, g->name,
                    g->is_bool ? SAY(r, "must be true or false", "должно быть true или false")
                               : SAY(r, "must be a string", "должно быть строкой"));
        return false;
    }
    if (g->is_bool)
        *(bool *)field = yes;
    else
        *(str *)field = value;
    return true;
}

/* The dry run of an undo is one import's. */
static bool refuse_both(struct http_request *r)
{
    error_query(r, "corrections",
                SAY(r, "goes without dry_run: try each correction by itself",
                    "не сочетается с dry_run: проверьте каждое исправление отдельно"));
    return false;
}

static bool read_arguments(struct http_request *r, struct ask *a)
{
    if (a->action == TASK_SETTINGS)
        return true;
    if (refuse_members(r, a))
        return false;
    for (size_t i = 0; i < COUNT(arguments); i++)
        if (arguments[i].action == a->action && !read_argument(r, a, &arguments[i]))
            return false;
    return !(a->preview && a->corrections) || refuse_both(r);
}

static void ask(struct http_request *r, enum task_action action)
{
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    struct asker by;
    struct api *api = http_app_context(r);
    if (!task_find_as(r, &company, &reader, &task, &by))
        return;
    struct ask *a = mem_new(1, sizeof *a);
    a->errand = (struct errand){.run = run, .answer = answer, .free = free_ask};
    a->api = api;
    a->action = action;
    a->company = company;
    a->id = task.id;
    a->by = (struct asker){by.origin, arena_str(&a->arena, by.address)};
    http_set_context(r, a);
    if (read_members(r, a) && read_arguments(r, a))
        errand_send(api->quick, r, &a->errand);
}

void tasks_settings(struct http_request *r)
{
    ask(r, TASK_SETTINGS);
}

void tasks_dry_run(struct http_request *r)
{
    ask(r, TASK_DRY_RUN);
}

void tasks_start(struct http_request *r)
{
    ask(r, TASK_START);
}

void tasks_cancel(struct http_request *r)
{
    ask(r, TASK_CANCEL);
}

void tasks_revert(struct http_request *r)
{
    ask(r, TASK_REVERT);
}
