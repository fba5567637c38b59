/* Import tasks: a file comes in as a stream, becomes a task, and is told about.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "http/form.h"
#include "http/multipart.h"

enum { SETTING_BYTES = 4096 };

struct upload {
    struct store_company *company;
    struct jobs_upload *file;
    struct multipart *multipart; /* NULL: the body is the file */
    bool in_file, seen_file;
    str file_name, setting;
    struct buf value;
    struct import_settings settings;
    struct jobs_import_options options;
    struct http_request *request;
    struct upload *next;
    struct arena arena;
    /* the outcome */
    int64_t task_id;
    struct err err;
    uint64_t limit_bytes;
    bool too_large;
};

/* --- off the loops: the file is synced and becomes a task --- */

struct finisher {
    struct jobs *jobs;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct upload *first, **last; /* guarded by lock */
    bool stopping;                /* guarded by lock */
};

static void *finisher_main(void *context)
{
    struct finisher *f = context;
    for (;;) {
        pthread_mutex_lock(&f->lock);
        while (!f->first && !f->stopping)
            pthread_cond_wait(&f->changed, &f->lock);
        struct upload *u = f->first;
        if (u && !(f->first = u->next))
            f->last = &f->first;
        pthread_mutex_unlock(&f->lock);
        if (!u)
            return NULL;
        u->options.file_name = u->file_name;
        u->options.settings = &u->settings;
        if (!jobs_import(f->jobs, u->company, u->file, &u->options, &u->task_id, &u->err))
            u->task_id = 0;
        http_resume(u->request);
    }
}

struct finisher *finisher_start(struct jobs *jobs)
{
    struct finisher *f = mem_new(1, sizeof *f);
    f->jobs = jobs;
    f->last = &f->first;
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->changed, NULL);
    if (pthread_create(&f->thread, NULL, finisher_main, f) != 0) {
        mem_free(f);
        return NULL;
    }
    return f;
}

void finisher_stop(struct finisher *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    (void)pthread_join(f->thread, NULL);
    (void)pthread_mutex_destroy(&f->lock);
    (void)pthread_cond_destroy(&f->changed);
    mem_free(f);
}

/* --- receiving --- */

static bool part_begin(void *context, const struct multipart_part *part)
{
    struct upload *u = context;
    u->in_file = !str_is_null(part->file_name) && !u->seen_file;
    buf_reset(&u->value);
    if (u->in_file) {
        u->seen_file = true;
        u->file_name = arena_str(&u->arena, str_shown(part->file_name, 255));
    } else {
        u->setting = arena_str(&u->arena, part->name.ptr ? part->name : STR(""));
    }
    return true;
}

static bool add_to_file(struct upload *u, str piece)
{
    u->too_large = jobs_upload_bytes(u->file) + piece.len > u->limit_bytes;
    return jobs_upload_add(u->file, piece, &u->err);
}

static bool part_data(void *context, str piece)
{
    struct upload *u = context;
    if (u->in_file)
        return add_to_file(u, piece);
    u->value.max = SETTING_BYTES;
    buf_add(&u->value, piece);
    return true;
}

/* What is no setting of the import itself; false: it is none of these. */
static bool set_option(struct upload *u, str name, str value, struct err *err)
{
    static const struct {
        const char *name, *off, *on;
        size_t offset;
    } options[] = {
        {"start", "auto", "manual", offsetof(struct jobs_import_options, manual)},
        {"dry_run", "false", "true", offsetof(struct jobs_import_options, trial)},
        {"duplicate", "go_on", "refuse", offsetof(struct jobs_import_options, refuse_same)},
        {"remembered", "false", "true", offsetof(struct jobs_import_options, remembered)},
    };
    for (size_t i = 0; i < COUNT(options); i++) {
        if (!str_eq(name, str_of(options[i].name)))
            continue;
        bool on = str_eq(value, str_of(options[i].on));
        if (!on && !str_eq(value, str_of(options[i].off)))
            err_set(err, ERR_INVALID, "%s: use %s or %s", options[i].name, options[i].off,
                    options[i].on);
        *(bool *)((char *)&u->options + options[i].offset) = on;
        return true;
    }
    return false;
}

static bool set_named(struct upload *u, str name, str value, struct err *err)
{
    if (set_option(u, name, value, err))
        return err->code == ERR_NONE;
    return import_settings_set(&u->arena, &u->settings, name, value, err);
}

static bool part_end(void *context)
{
    struct upload *u = context;
    if (u->in_file) {
        u->in_file = false;
        return true;
    }
    if (buf_over(&u->value))
        return err_set(&u->err, ERR_INVALID, "the field '%.*s' is too long",
                       STR_ARG(str_shown(u->setting, 60)));
    return set_named(u, u->setting, arena_str(&u->arena, str_trim(buf_str(&u->value))), &u->err);
}

static bool settings_from_query(struct http_request *r, struct upload *u)
{
    static const char *const options[] = {"start", "dry_run", "duplicate", "remembered"};
    const char *name;
    for (size_t i = 0; i < COUNT(options) || import_settings_name(i - COUNT(options)); i++) {
        name = i < COUNT(options) ? options[i] : import_settings_name(i - COUNT(options));
        str value = http_query(r, name);
        struct err err = {0};
        if (str_is_null(value))
            continue;
        if (!set_named(u, str_of(name), value, &err)) {
            error_query(r, name, err.msg);
            return false;
        }
    }
    return true;
}

void tasks_begin(struct http_request *r)
{
    static const struct multipart_events events = {part_begin, part_data, part_end};
    struct api *api = http_app_context(r);
    int64_t origin;
    struct store_company *company = auth_company_as(r, SCOPE_IMPORTS, &origin);
    uint64_t length;
    struct err err = {0};
    if (!company)
        return;
    // A little more than the file may come around it; a file that is surely too large is refused
    // before it travels.
    if (str_to_u64(http_header(r, "Content-Length"), &length) &&
        length > api->config.upload_limit_bytes + 1024 * 1024) {
        error_answer(r, 413, "Request body too large", "A file has at most %llu bytes; split it",
                     (unsigned long long)api->config.upload_limit_bytes);
        return;
    }
    struct upload *u = mem_new(1, sizeof *u);
    u->company = company;
    u->options.origin = origin;
    u->request = r;
    u->limit_bytes = api->config.upload_limit_bytes;
    http_set_context(r, u);
    str type = http_header(r, "Content-Type"), boundary = multipart_boundary(http_arena(r), type);
    if (boundary.len)
        u->multipart = multipart_new(boundary, &events, u);
    u->file_name = arena_str(&u->arena, str_shown(http_query(r, "file_name"), 255));
    if (!settings_from_query(r, u))
        return;
    if (!jobs_upload_open(api->config.jobs, api->config.upload_limit_bytes, &u->file, &err))
        error_store(r, &err);
}

/* Says why a piece was not taken. */
static void refuse_piece(struct http_request *r, struct upload *u, const struct err *malformed)
{
    struct api *api = http_app_context(r);
    if (u->too_large)
        error_answer(r, 413, "Request body too large", "A file has at most %llu bytes; split it",
                     (unsigned long long)api->config.upload_limit_bytes);
    else if (u->err.code == ERR_INVALID || u->err.code == ERR_NOT_FOUND)
        error_answer(r, 422, "Validation error", "%s", u->err.msg);
    else if (u->err.code != ERR_NONE)
        error_store(r, &u->err);
    else
        error_answer(r, 400, "Bad request", "The multipart body is malformed: %s", malformed->msg);
}

bool tasks_data(struct http_request *r, str piece)
{
    struct upload *u = http_context(r);
    struct err err = {0};
    bool ok = u->multipart ? multipart_feed(u->multipart, piece, &err) : add_to_file(u, piece);
    if (!ok)
        refuse_piece(r, u, &err);
    return ok;
}

void tasks_create(struct http_request *r)
{
    struct api *api = http_app_context(r);
    struct upload *u = http_context(r);
    if (!u || !u->file)
        return;
    if (u->multipart && !multipart_complete(u->multipart)) {
        error_answer(r, 400, "Bad request",
                     "The multipart body is cut off: its closing boundary is missing");
        return;
    }
    if (u->multipart && !u->seen_file) {
        error_answer(
            r, 422, "Validation error",
            "There is no file: send it as a part with a filename, for example curl -F file=@clients.csv");
        return;
    }
    struct finisher *f = api->finisher;
    http_defer(r);
    pthread_mutex_lock(&f->lock);
    *f->last = u;
    f->last = &u->next;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void tasks_end(struct http_request *r)
{
    struct upload *u = http_context(r);
    if (!u)
        return;
    multipart_free(u->multipart);
    jobs_upload_free(u->file);
    buf_done(&u->value);
    arena_done(&u->arena);
    mem_free(u);
}

/* --- telling --- */

static void add_task(struct http_request *r, struct buf *b, struct store_company *company,
                     struct store_reader *reader, const struct store_task *t)
{
    struct api *api = http_app_context(r);
    struct jobs_corrections corrections;
    struct err ignored = {0};
    if (!jobs_corrections_get(reader, http_arena(r), t, &corrections, &ignored))
        corrections = (struct jobs_corrections){0};
    buf_format(b, "{\"id\":\"%lld\",\"type\":\"import_tasks\",\"attributes\":", (long long)t->id);
    jobs_task_json(b, api->config.jobs, company, t, &corrections, request_language(r), http_arena(r));
    if (t->same_as)
        buf_format(b, ",\"meta\":{\"same_content_as\":\"%lld\"}", (long long)t->same_as);
    buf_add(b, STR(",\"links\":{"));
    static const char *const links[] = {"errors", "failed_rows", "diff", "undo_kept", "events"};
    buf_format(b, "\"self\":\"/v4/import_tasks/%lld\"", (long long)t->id);
    for (size_t i = 0; i < COUNT(links); i++)
        buf_format(b, ",\"%s\":\"/v4/import_tasks/%lld/%s\"", links[i], (long long)t->id, links[i]);
    buf_add(b, STR("}}"));
}

static bool find_task(struct http_request *r, struct store_reader *reader, struct store_task *task)
{
    str id = http_segment(r, "id");
    uint64_t number;
    struct err err = {ERR_NOT_FOUND, ""};
    if (str_to_u64(id, &number) && number <= INT64_MAX &&
        store_task_get(reader, http_arena(r), (int64_t)number, task, &err))
        return true;
    if (err.code == ERR_NOT_FOUND)
        error_answer(r, 404, "Document not found", "There is no import task %.*s",
                     STR_ARG(str_shown(id, 40)));
    else
        error_store(r, &err);
    return false;
}

static void answer_task(struct http_request *r, int status, struct store_company *company,
                        struct store_reader *reader, const struct store_task *task)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add(&b, STR("{\"data\":"));
    add_task(r, &b, company, reader, task);
    buf_add(&b, STR("}\n"));
    http_answer(r, status, JSON_API, buf_str(&b));
}

void tasks_resumed(struct http_request *r)
{
    struct upload *u = http_context(r);
    struct store_task task;
    struct err err = {0};
    if (!u->task_id) {
        error_store(r, &u->err);
        return;
    }
    struct store_reader *reader = api_reader(r, u->company);
    if (!reader)
        return;
    if (!store_task_get(reader, http_arena(r), u->task_id, &task, &err)) {
        error_store(r, &err);
        return;
    }
    http_add_header(
        r, "Location",
        arena_format(http_arena(r), "/v4/import_tasks/%lld", (long long)u->task_id).ptr);
    answer_task(r, 202, u->company, reader, &task);
}

void tasks_get(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_IMPORTS);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    struct store_task task;
    if (reader && find_task(r, reader, &task))
        answer_task(r, 200, company, reader, &task);
}

void tasks_list(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_IMPORTS);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    AUTO(buf_done) struct buf b = {0};
    struct store_task *task;
    uint64_t page, per_page;
    size_t count;
    struct err err = {0};
    if (!reader || !api_page(r, &page, &per_page))
        return;
    if (!store_task_list(reader, http_arena(r), TASKS_ALL, (page - 1) * per_page, per_page, &task,
                         &count, &err)) {
        error_store(r, &err);
        return;
    }
    buf_add(&b, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&b, ',');
        add_task(r, &b, company, reader, &task[i]);
    }
    buf_add(&b, STR("]}\n"));
    http_answer(r, 200, JSON_API, buf_str(&b));
}

static void add_error(struct http_request *r, struct buf *b, const struct store_task_error *e)
{
    const struct problem p = {.code = e->code, .field = e->field};
    buf_format(b, "{\"record\":%llu,\"line\":%llu,\"column\":", (unsigned long long)e->record,
               (unsigned long long)e->line);
    json_write_string(b, e->column);
    buf_add(b, STR(",\"field\":"));
    json_write_string(b, e->field);
    buf_add(b, STR(",\"value\":"));
    json_write_string(b, e->value);
    buf_format(b, ",\"code\":\"%s\",\"detail\":", problem_code_name(e->code));
    json_write_string(b, wording_problem(http_arena(r), request_language(r), &p));
    if (e->other_id) {
        char id[CONSUMER_ID_BYTES];
        consumer_id_text(e->other_id, id);
        buf_format(b, ",\"other_id\":\"%s\"", id);
    }
    buf_add_char(b, '}');
}

void tasks_errors(struct http_request *r)
{
    struct store_company *company = auth_company(r, SCOPE_IMPORTS);
    struct store_reader *reader = company ? api_reader(r, company) : NULL;
    AUTO(buf_done) struct buf b = {0};
    struct store_task task;
    struct store_task_error *error;
    uint64_t page, per_page;
    size_t count;
    struct err err = {0};
    bool warnings = str_eq(http_query(r, "warnings"), STR("true"));
    if (!reader || !api_page(r, &page, &per_page) || !find_task(r, reader, &task))
        return;
    // One more than asked for tells whether there is a next page.
    if (!store_task_errors(reader, http_arena(r), task.id,
                           warnings ? PROBLEMS_WARN : PROBLEMS_REFUSE, (page - 1) * per_page,
                           per_page + 1, &error, &count, &err)) {
        error_store(r, &err);
        return;
    }
    bool more = count > per_page;
    buf_add(&b, STR("{\"data\":["));
    for (size_t i = 0; i < MIN(count, (size_t)per_page); i++) {
        if (i)
            buf_add_char(&b, ',');
        add_error(r, &b, &error[i]);
    }
    buf_add(&b, STR("],\"links\":{\"next\":"));
    if (more)
        buf_format(&b, "\"/v4/import_tasks/%lld/errors?page=%llu&per_page=%llu%s\"",
                   (long long)task.id, (unsigned long long)page + 1, (unsigned long long)per_page,
                   warnings ? "&warnings=true" : "");
    else
        buf_add(&b, STR("null"));
    buf_add(&b, STR("}}\n"));
    http_answer(r, 200, JSON_API, buf_str(&b));
}
