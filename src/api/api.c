/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"
#include "api/errand.h"
#include "api/limits.h"
#include "api/request_log.h"

#include "base/limits.h"
#include "base/mem.h"

enum { DEFAULT_PER_PAGE = 25, QUICK_THREADS = 2, SLOW_THREADS = 2, SEARCH_THREADS = 2 };

static void get_health(struct http_request *r)
{
    http_answer(r, 200, "application/json; charset=utf-8", STR("{\"status\":\"ok\"}\n"));
}

/* What browsers ask for, and programs do not: they say nothing, or anything. */
static bool wants_page(str accept)
{
    while (!str_is_null(accept)) {
        str one = str_split(&accept, ',');
        if (str_eq_nocase(str_trim(str_split(&one, ';')), STR("text/html")))
            return true;
    }
    return false;
}

static void get_root(struct http_request *r)
{
    const struct api *api = http_app_context(r);
    const struct api_extension *x = api->config.extension;
    if (x && x->start) {
        http_add_header(r, "Vary", "Accept");
        if (wants_page(http_header(r, "Accept"))) {
            http_add_header(r, "Location", x->start);
            http_answer(r, 302, NULL, STR(""));
            return;
        }
    }
    http_answer(
        r, 200, "text/plain; charset=utf-8",
        STR("clientele: a registry of a company's customers.\nThe API is at /v4/consumers and /v4/import_tasks; "
            "send Authorization: Token token=KEY.\n/docs describes it, /v4/openapi.yaml does so for programs.\n"));
}

#define WRITE(method, pattern_text, function)                                                      \
    {                                                                                              \
        .methods = (method), .pattern = (pattern_text), .handle = (function),                      \
        .resumed = write_resumed, .end = write_end, .max_body_bytes = LIMIT_RECORD_BODY_BYTES      \
    }
#define READ(pattern_text, function)                                                               \
    {                                                                                              \
        .methods = HTTP_GET, .pattern = (pattern_text), .handle = (function),                      \
        .max_body_bytes = LIMIT_RECORD_BODY_BYTES                                                  \
    }

#define ERRAND(method, pattern_text, function)                                                     \
    {                                                                                              \
        .methods = (method), .pattern = (pattern_text), .handle = (function),                      \
        .resumed = errand_resumed, .end = errand_end, .max_body_bytes = LIMIT_RECORD_BODY_BYTES    \
    }

static const struct http_route routes[] = {
    READ("/", get_root),
    READ("/healthz", get_health),
    READ("/docs", pages_docs),
    READ("/v4/openapi.yaml", pages_openapi),
    ERRAND(HTTP_GET, "/v4/consumers", consumers_list),
    ERRAND(HTTP_GET, "/v4/scroll/{records_type}", consumers_scroll),
    WRITE(HTTP_POST, "/v4/consumers", consumers_create),
    READ("/v4/consumers/{id}", consumers_get),
    WRITE(HTTP_PUT, "/v4/consumers/{id}", consumers_put),
    WRITE(HTTP_PATCH, "/v4/consumers/{id}", consumers_patch),
    WRITE(HTTP_DELETE, "/v4/consumers/{id}", consumers_delete),
    {.methods = HTTP_POST,
     .pattern = "/v4/operations",
     .handle = operations_create,
     .resumed = write_resumed,
     .end = write_end,
     .max_body_bytes = LIMIT_OPERATIONS_BODY_BYTES},
    READ("/v4/export_tasks", exports_list),
    ERRAND(HTTP_POST, "/v4/export_tasks", exports_create),
    READ("/v4/export_tasks/{id}", exports_get),
    ERRAND(HTTP_DELETE, "/v4/export_tasks/{id}", exports_delete),
    ERRAND(HTTP_GET, "/v4/export_tasks/{id}/archive", exports_archive),
    READ("/v4/import_tasks", tasks_list),
    {.methods = HTTP_POST,
     .pattern = "/v4/import_tasks",
     .begin = tasks_begin,
     .data = tasks_data,
     .handle = tasks_create,
     .resumed = errand_resumed,
     .end = errand_end,
     .max_body_bytes = UINT64_MAX}, // the file has its own limit, said when it is passed
    {.methods = HTTP_OPTIONS, .pattern = "/v4/import_uploads", .handle = uploads_options},
    {.methods = HTTP_OPTIONS, .pattern = "/v4/import_uploads/{id}", .handle = uploads_options},
    {.methods = HTTP_POST,
     .pattern = "/v4/import_uploads",
     .begin = uploads_begin,
     .data = uploads_data,
     .handle = uploads_create,
     .resumed = errand_resumed,
     .end = errand_end,
     .max_body_bytes = UINT64_MAX},
    {.methods = HTTP_PATCH | HTTP_POST,
     .pattern = "/v4/import_uploads/{id}",
     .begin = uploads_part_begin,
     .data = uploads_data,
     .handle = uploads_part,
     .resumed = errand_resumed,
     .end = errand_end,
     .max_body_bytes = UINT64_MAX},
    ERRAND(HTTP_HEAD, "/v4/import_uploads/{id}", uploads_head),
    ERRAND(HTTP_DELETE, "/v4/import_uploads/{id}", uploads_delete),
    READ("/v4/import_tasks/{id}", tasks_get),
    READ("/v4/import_tasks/{id}/errors", tasks_errors),
    READ("/v4/import_tasks/{id}/error_groups", tasks_error_groups),
    READ("/v4/import_tasks/{id}/undo_kept", tasks_undo_kept),
    READ("/v4/import_tasks/{id}/changes", tasks_changes),
    ERRAND(HTTP_GET, "/v4/import_tasks/{id}/outcomes", tasks_outcomes),
    ERRAND(HTTP_GET, "/v4/import_tasks/{id}/missing_customers", tasks_missing_customers),
    READ("/v4/import_tasks/{id}/diff", tasks_diff),
    READ("/v4/import_tasks/{id}/missing", tasks_missing),
    READ("/v4/import_tasks/{id}/file", tasks_file),
    ERRAND(HTTP_GET, "/v4/import_tasks/{id}/failed_rows", tasks_failed_rows),
    ERRAND(HTTP_GET, "/v4/import_tasks/{id}/rows", tasks_rows),
    ERRAND(HTTP_PUT, "/v4/import_tasks/{id}/settings", tasks_settings),
    ERRAND(HTTP_POST, "/v4/import_tasks/{id}/dry_run", tasks_dry_run),
    ERRAND(HTTP_POST, "/v4/import_tasks/{id}/start", tasks_start),
    ERRAND(HTTP_POST, "/v4/import_tasks/{id}/cancel", tasks_cancel),
    ERRAND(HTTP_POST, "/v4/import_tasks/{id}/revert", tasks_revert),
    {.methods = HTTP_GET,
     .pattern = "/v4/import_tasks/{id}/events",
     .handle = tasks_events,
     .stream = tasks_events_stream,
     .end = tasks_events_end,
     .max_body_bytes = LIMIT_RECORD_BODY_BYTES},
    ERRAND(HTTP_GET, "/v4/webhooks", webhooks_list),
    ERRAND(HTTP_POST, "/v4/webhooks", webhooks_create),
    ERRAND(HTTP_GET, "/v4/webhooks/{id}", webhooks_get),
    ERRAND(HTTP_PATCH, "/v4/webhooks/{id}", webhooks_set),
    ERRAND(HTTP_DELETE, "/v4/webhooks/{id}", webhooks_delete),
    ERRAND(HTTP_POST, "/v4/webhooks/{id}/rotate", webhooks_rotate),
    ERRAND(HTTP_POST, "/v4/webhooks/{id}/test", webhooks_test),
    ERRAND(HTTP_GET, "/v4/webhooks/{id}/deliveries", deliveries_list),
    ERRAND(HTTP_POST, "/v4/webhooks/{id}/deliveries/{delivery}/redeliver", deliveries_again),
};

/* A loop at rest holds on to no moment: the log could not be copied. */
static void let_go(void *context, size_t loop_index)
{
    struct api *api = context;
    struct reader_slot **held = &api->held[loop_index];
    for (struct reader_slot *s = *held; s; s = s->next_held) {
        s->held = false;
        store_reader_rest(s->reader);
    }
    *held = NULL;
}

static void seal(struct http_request *r, int status)
{
    if (is_extension(r))
        mount_seal(r, status);
    else
        limits_seal(r, status);
    request_log_add(r, status);
}

bool api_new(const struct api_config *config, struct api **ret_api, struct err *err)
{
    struct api *api = mem_new(1, sizeof *api);
    api->config = *config;
    if (!api->config.loops)
        api->config.loops = 1;
    if (!api->config.upload_limit_bytes)
        api->config.upload_limit_bytes = LIMIT_UPLOAD_BYTES;
    api->readers = mem_new(api->config.loops, sizeof *api->readers);
    api->held = mem_new(api->config.loops, sizeof *api->held);
    api->app =
        (struct http_app){.context = api, .seal = seal, .at_rest = let_go, .refuse = error_refuse};
    limits_open(api);
    mount_open(api, routes, COUNT(routes));
    (void)pthread_mutex_init(&api->keys_lock, NULL);
    (void)pthread_mutex_init(&api->streams_lock, NULL);
    api->quick = errands_start(QUICK_THREADS);
    api->slow = errands_start(SLOW_THREADS);
    api->searches = errands_start(SEARCH_THREADS);
    if (!api->quick || !api->slow || !api->searches) {
        api_free(api);
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    if (!request_log_start(config->store, api->config.loops, &api->log, err)) {
        api_free(api);
        return false;
    }
    *ret_api = api;
    return true;
}

const struct http_app *api_app(const struct api *api)
{
    return &api->app;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    errands_stop(api->quick);
    errands_stop(api->slow);
    errands_stop(api->searches);
    request_log_stop(api->log);
    for (size_t i = 0; i < api->config.loops; i++)
        for (struct reader_slot *s = api->readers[i], *next; s; s = next) {
            next = s->next;
            store_reader_free(s->reader);
            mem_free(s);
        }
    (void)pthread_mutex_destroy(&api->keys_lock);
    (void)pthread_mutex_destroy(&api->streams_lock);
    mem_free(api->readers);
    limits_close(api);
    mount_close(api);
    mem_free(api->held);
    mem_free(api);
}

static struct reader_slot *find_slot(struct http_request *r, struct store_company *company)
{
    struct api *api = http_app_context(r);
    struct reader_slot **list = &api->readers[http_loop_index(r)];
    struct err err = {0};
    for (struct reader_slot *s = *list; s; s = s->next)
        if (s->company == company)
            return s;
    struct reader_slot *s = mem_new(1, sizeof *s);
    s->company = company;
    if (!store_reader_open(company, &s->reader, &err)) {
        mem_free(s);
        error_store(r, &err);
        return NULL;
    }
    s->next = *list;
    *list = s;
    return s;
}

struct store_reader *api_reader(struct http_request *r, struct store_company *company)
{
    struct reader_slot *s = find_slot(r, company);
    if (s)
        store_reader_rest(s->reader);
    return s ? s->reader : NULL;
}

struct store_reader *api_reader_by_id(struct http_request *r, struct store_company *company)
{
    struct api *api = http_app_context(r);
    struct reader_slot *s = find_slot(r, company), **held = &api->held[http_loop_index(r)];
    struct err err = {0};
    if (!s)
        return NULL;
    if (!store_reader_hold(s->reader, &err)) {
        error_store(r, &err);
        return NULL;
    }
    if (!s->held) {
        s->held = true;
        s->next_held = *held;
        *held = s;
    }
    return s->reader;
}

bool api_number(struct http_request *r, const char *name, const char *other, uint64_t max,
                uint64_t *ret)
{
    str text = http_query(r, name);
    if (str_is_null(text) && other)
        text = http_query(r, other);
    if (str_is_null(text))
        return true;
    if (str_to_u64(text, ret) && *ret >= 1 && *ret <= max)
        return true;
    error_query(
        r, name,
        arena_format(http_arena(r),
                     SAY(r, "must be a number from 1 to %llu", "должно быть числом от 1 до %llu"),
                     (unsigned long long)max)
            .ptr);
    return false;
}

bool api_page(struct http_request *r, uint64_t *ret_page, uint64_t *ret_per_page)
{
    *ret_page = 1;
    *ret_per_page = DEFAULT_PER_PAGE;
    return api_number(r, "page", "page[number]", INT32_MAX, ret_page) &&
           api_number(r, "per_page", "page[size]", LIMIT_PER_PAGE, ret_per_page);
}
