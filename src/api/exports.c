/* Exports, asked for and given up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/errand.h"
#include "api/exports_priv.h"
#include "api/idempotency.h"

#include "base/limits.h"
#include "base/mem.h"
#include "exporter/program.h"
#include "exporter/request.h"

/* What is asked of the disk, and of a program's own process. */
struct asking {
    struct errand errand;
    struct api *api;
    struct store_company *company;
    struct request_key *key;
    str print;                    /* with a key: what the request is */
    struct store_request request; /* with a key */
    struct store_export task;     /* slices live in the arena */
    struct asker by;
    bool program_is_none;
    struct arena arena;
    struct err err;
};

static void free_asking(struct errand *e)
{
    struct asking *a = (struct asking *)e;
    request_key_release(a->api, a->key);
    arena_done(&a->arena);
    mem_free(a);
}

static void send(struct http_request *r, struct asking *a, void (*run)(struct errand *e),
                 void (*answer)(struct http_request *r, struct errand *e))
{
    a->errand = (struct errand){.run = run, .answer = answer, .free = free_asking};
    http_set_context(r, a);
    errand_send(a->api->slow, r, &a->errand);
}

static void refuse(struct http_request *r, const char *code, str attribute, const char *text)
{
    error_say(r,
              &(struct error){.status = 422,
                              .code = code,
                              .title = "Validation error",
                              .source = SOURCE_POINTER,
                              .where = arena_format(http_arena(r), "/data/attributes/%.*s",
                                                    STR_ARG(str_shown(attribute, 80)))},
              "%.*s: %s", STR_ARG(str_shown(attribute, 80)), text);
}

/* --- POST --- */

/* Whether the request's key has done something before; its task is read then, as it is now. */
static bool was_made(struct asking *a)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    if (!a->key)
        return false;
    a->task.request = &a->request;
    if (!request_key_find(a->key, a->company, &a->arena, a->print, &a->request, &a->err))
        return true;
    if (a->request.replay == REPLAY_SAME)
        IGNORE(store_reader_open(a->company, &reader, &a->err) &&
               store_export_get(reader, &a->arena, a->request.made_id, &a->task, &a->err));
    return a->request.replay != REPLAY_NEW;
}

static void create(struct errand *e)
{
    struct asking *a = (struct asking *)e;
    struct program *program = NULL;
    if (was_made(a))
        return;
    if (a->task.program.len && !program_open(a->task.program, &program, &a->err)) {
        a->program_is_none = a->err.code == ERR_INVALID || a->err.code == ERR_CONFLICT;
        return;
    }
    program_free(program);
    IGNORE(jobs_export_create(a->api->config.jobs, a->company, &a->arena, &a->task, &a->err));
}

static void created(struct http_request *r, struct errand *e)
{
    struct asking *a = (struct asking *)e;
    request_key_release(a->api, TAKE(a->key));
    if (a->request.replay == REPLAY_OTHER) {
        request_key_reused(r);
    } else if (a->program_is_none) {
        refuse(r, "invalid_program", STR("export_format"),
               arena_format(http_arena(r), SAY(r, "no jq program: %s", "это не программа jq: %s"),
                            a->err.msg)
                   .ptr);
    } else if (a->request.replay == REPLAY_SAME && a->err.code == ERR_NOT_FOUND) {
        error_answer(r, 404, "Document not found",
                     SAY(r,
                         "The export task %lld, which this Idempotency-Key made, was deleted: a "
                         "new request needs a new key",
                         "Экспорт %lld, сделанный с этим Idempotency-Key, удалён: новому запросу "
                         "нужен новый ключ"),
                     (long long)a->request.made_id);
    } else if (a->err.code != ERR_NONE) {
        error_store(r, &a->err);
    } else {
        http_add_header(r, "Location",
                        arena_format(http_arena(r), "%.*s/export_tasks/%lld",
                                     STR_ARG(path_prefix(r)), (long long)a->task.id)
                            .ptr);
        if (a->request.replay == REPLAY_SAME)
            request_replayed(r);
        export_answer(r, 201, a->company, &a->task);
    }
}

/* The text of an attribute; {0} when it was not sent.  Answers and returns false when it is none.
 */
static bool read_text(struct http_request *r, const struct json *attributes, const char *name,
                      str *ret_text)
{
    const struct json *value = json_get(attributes, name);
    *ret_text = value && value->kind == JSON_STRING ? value->text : (str){0};
    if (!value || value->kind == JSON_NULL || value->kind == JSON_STRING)
        return true;
    refuse(r, "wrong_type", str_of(name), SAY(r, "must be a text", "должно быть текстом"));
    return false;
}

static bool read_records_type(struct http_request *r, const struct json *attributes)
{
    str type;
    if (!read_text(r, attributes, "records_type", &type))
        return false;
    if (str_eq(type, STR("consumers")))
        return true;
    refuse(r, "wrong_records_type", STR("records_type"),
           SAY(r, "this server keeps consumers, and nothing else: send \"consumers\"",
               "этот сервер хранит только consumers: пришлите \"consumers\""));
    return false;
}

static bool read_format(struct http_request *r, const struct json *attributes, struct asking *a)
{
    str format;
    if (!read_text(r, attributes, "format", &format))
        return false;
    a->task.format = arena_str(&a->arena, str_is_null(format) ? STR("csv") : format);
    if (str_is_null(format) || rows_format_of(format) != ROWS_UNKNOWN)
        return true;
    refuse(r, "wrong_format", STR("format"),
           SAY(r, "must be csv, xlsx or jsonl", "должно быть csv, xlsx или jsonl"));
    return false;
}

static bool read_options(struct http_request *r, const struct json *attributes, struct asking *a,
                         bool *ret_fields)
{
    AUTO(buf_done) struct buf b = {0};
    const struct json *sent = json_get(attributes, "search_options");
    const struct json none = {.kind = JSON_OBJECT};
    struct export_request request;
    struct err err = {0};
    str where = {0};
    if (!sent || sent->kind == JSON_NULL)
        sent = &none;
    if (sent->kind != JSON_OBJECT) {
        refuse(r, "wrong_type", STR("search_options"),
               SAY(r, "must be an object", "должно быть объектом"));
        return false;
    }
    if (!export_request_parse(http_arena(r), sent, &request, &where, &err)) {
        refuse(r, "invalid_search_options",
               arena_format(http_arena(r), "search_options/%.*s", STR_ARG(str_shown(where, 60))),
               err.msg);
        return false;
    }
    json_write(&b, sent);
    a->task.options = arena_str(&a->arena, buf_str(&b));
    *ret_fields = request.fields.count > 0;
    return true;
}

static bool read_program(struct http_request *r, const struct json *attributes, struct asking *a,
                         bool fields)
{
    str program;
    if (!read_text(r, attributes, "export_format", &program))
        return false;
    if (!str_trim(program).len)
        return true;
    a->task.program = arena_str(&a->arena, program);
    if (str_eq(a->task.format, STR("jsonl")))
        refuse(r, "program_without_columns", STR("export_format"),
               SAY(r, "makes the columns of a csv or xlsx file: jsonl has none",
                   "задаёт столбцы файла csv или xlsx: в jsonl их нет"));
    else if (fields)
        refuse(r, "program_and_fields", STR("export_format"),
               SAY(r, "makes the columns: leave search_options.fields out",
                   "задаёт столбцы: search_options.fields тогда не нужны"));
    else
        return true;
    return false;
}

/* Takes the request's key, when it has one.  Answers and returns false when it may not. */
static bool take_key(struct http_request *r, struct asking *a, const struct json *attributes)
{
    AUTO(buf_done) struct buf b = {0};
    if (!request_key_take(r, store_company_info(a->company)->id, a->task.origin, &a->key))
        return false;
    json_write(&b, attributes);
    if (a->key)
        a->print = request_print(r, &a->arena, buf_str(&b));
    return true;
}

static struct asking *new_asking(struct http_request *r, struct store_company *company,
                                 const struct asker *by)
{
    struct asking *a = mem_new(1, sizeof *a);
    a->by = (struct asker){by->origin, arena_str(&a->arena, by->address)};
    a->task.origin = by->origin;
    a->task.address = a->by.address;
    a->api = http_app_context(r);
    a->company = company;
    return a;
}

void exports_create(struct http_request *r)
{
    struct asker by;
    struct store_company *company = auth_asker(r, SCOPE_EXPORTS, &by);
    const struct json *attributes;
    bool fields;
    if (!company || !body_attributes_of(r, "export_tasks", &attributes))
        return;
    struct asking *a = new_asking(r, company, &by);
    if (read_records_type(r, attributes) && read_format(r, attributes, a) &&
        read_options(r, attributes, a, &fields) && read_program(r, attributes, a, fields) &&
        take_key(r, a, attributes))
        send(r, a, create, created);
    else
        free_asking(&a->errand);
}

/* --- DELETE --- */

static void delete (struct errand *e)
{
    struct asking *a = (struct asking *)e;
    IGNORE(jobs_export_delete(a->api->config.jobs, a->company, &a->task, &a->by, &a->err));
}

static void deleted(struct http_request *r, struct errand *e)
{
    struct asking *a = (struct asking *)e;
    if (a->err.code == ERR_NONE || a->err.code == ERR_NOT_FOUND) // a repetition of this request
        http_answer(r, 204, NULL, STR(""));
    else
        error_store(r, &a->err);
}

void exports_delete(struct http_request *r)
{
    struct asker by;
    struct store_company *company = auth_asker(r, SCOPE_EXPORTS, &by);
    struct store_reader *reader;
    struct store_export task;
    if (!export_find(r, company, &reader, &task))
        return;
    struct asking *a = new_asking(r, company, &by);
    a->task.id = task.id;
    a->task.file = arena_str(&a->arena, task.file);
    send(r, a, delete, deleted);
}
