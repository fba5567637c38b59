/* Uploads that can be gone on with, by tus 1.0 (tus.io): core, creation, creation-with-upload,
 * expiration, termination.
 *
 * An upload has the number of its import task, which is there from the creation.  What is answered
 * as Upload-Offset is on the disk: the sync is an errand, off the loop.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/idempotency.h"
#include "api/tasks_priv.h"

#include "base/crypto.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <time.h>

#define TUS_VERSION    "1.0.0"
#define TUS_EXTENSIONS "creation,creation-with-upload,expiration,termination"
#define TUS_BODY       "application/offset+octet-stream"
#define SOURCE         "tus:" /* before the metadata, which the task keeps as they came */

struct tus {
    struct errand errand;
    struct api *api;
    struct store_company *company;
    struct store_task task;   /* of one that goes on */
    struct jobs_upload *file; /* NULL: nothing comes with this request */
    struct request_key *key;
    struct store_request request; /* with a key */
    uint64_t whole_bytes;
    struct import_settings settings;
    struct jobs_import_options options;
    struct arena arena;
    struct jobs_part part;
    struct err err;
};

static void tus_free(struct errand *e)
{
    struct tus *t = (struct tus *)e;
    request_key_release(t->api, t->key);
    jobs_upload_free(t->file);
    arena_done(&t->arena);
    mem_free(t);
}

static struct tus *tus_new(struct http_request *r, struct store_company *company,
                           void (*run)(struct errand *e),
                           void (*answer)(struct http_request *r, struct errand *e))
{
    struct tus *t = mem_new(1, sizeof *t);
    t->errand.run = run;
    t->errand.answer = answer;
    t->errand.free = tus_free;
    t->api = http_app_context(r);
    t->company = company;
    t->options.manual = is_mounted(r); // a person looks before it starts
    http_set_context(r, t);
    return t;
}

/* --- what every request has --- */

static bool check_version(struct http_request *r)
{
    http_add_header(r, "Tus-Resumable", TUS_VERSION);
    if (str_eq(http_header(r, "Tus-Resumable"), STR(TUS_VERSION)))
        return true;
    http_add_header(r, "Tus-Version", TUS_VERSION);
    error_answer(r, 412, "Precondition failed",
                 SAY(r, "Send the header Tus-Resumable: %s", "Нужен заголовок Tus-Resumable: %s"),
                 TUS_VERSION);
    return false;
}

static bool read_number(struct http_request *r, const char *name, uint64_t *ret)
{
    if (str_to_u64(http_header(r, name), ret) && *ret <= INT64_MAX)
        return true;
    error_answer(
        r, 400, "Bad request",
        SAY(r, "The header %s must be a number of bytes", "В заголовке %s должно быть число байт"),
        name);
    return false;
}

static bool check_type(struct http_request *r)
{
    str type = http_header(r, "Content-Type");
    if (str_eq_nocase(str_trim(str_split(&type, ';')), STR(TUS_BODY)))
        return true;
    error_answer(r, 415, "Unsupported media type",
                 SAY(r, "The bytes of an upload come with Content-Type: %s",
                     "Байты загрузки присылают с Content-Type: %s"),
                 TUS_BODY);
    return false;
}

static void answer_too_large(struct http_request *r, uint64_t most_bytes)
{
    error_answer(r, 413, "Request body too large",
                 SAY(r, "There may be at most %llu bytes", "Может быть не больше %llu байт"),
                 (unsigned long long)most_bytes);
}

/* What went wrong with an upload that should go on. */
static void answer_error(struct http_request *r, const struct err *err)
{
    static const struct {
        enum err_code code;
        int status;
        const char *title, *english, *russian;
    } answers[] = {
        {ERR_NOT_FOUND, 410, "Gone",
         "This upload was cancelled, or did not go on in time: begin it anew",
         "Эту загрузку отменили или не продолжили вовремя: начните её заново"},
        {ERR_CONFLICT, 409, "Conflict",
         "Another number of bytes has come: ask for Upload-Offset with HEAD and go on from there",
         "Пришло другое число байт: спросите Upload-Offset запросом HEAD и продолжите с него"},
        {ERR_BUSY, 423, "Locked", "Another request is at this upload: try again in a moment",
         "Эту загрузку сейчас продолжает другой запрос: повторите чуть позже"},
    };
    for (size_t i = 0; i < COUNT(answers); i++)
        if (answers[i].code == err->code) {
            error_answer(r, answers[i].status, answers[i].title, "%s",
                         SAY(r, answers[i].english, answers[i].russian));
            return;
        }
    error_store(r, err);
}

static void add_number(struct http_request *r, const char *name, uint64_t n)
{
    http_add_header(r, name, arena_format(http_arena(r), "%llu", (unsigned long long)n).ptr);
}

static void add_state(struct http_request *r, int64_t task_id, const struct jobs_part *part)
{
    char date[40];
    struct tm tm;
    time_t until = (time_t)(part->until_us / 1000000);
    add_number(r, "Upload-Offset", part->received);
    http_add_header(r, "Import-Task",
                    arena_format(http_arena(r), "%.*s/import_tasks/%lld", STR_ARG(path_prefix(r)),
                                 (long long)task_id)
                        .ptr);
    if (part->until_us && gmtime_r(&until, &tm) &&
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
        http_add_header(r, "Upload-Expires", date);
}

void uploads_options(struct http_request *r)
{
    const struct api *api = http_app_context(r);
    http_add_header(r, "Tus-Resumable", TUS_VERSION);
    http_add_header(r, "Tus-Version", TUS_VERSION);
    http_add_header(r, "Tus-Extension", TUS_EXTENSIONS);
    add_number(r, "Tus-Max-Size", api->config.upload_limit_bytes);
    http_answer(r, 204, NULL, STR(""));
}

/* --- creation --- */

/* What clients add by themselves and nothing here depends on. */
static bool is_passed_over(str key)
{
    static const char *const names[] = {"filetype", "type", "relativePath", "contentType"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(key, str_of(names[i])))
            return true;
    return false;
}

static bool take_metadata(struct http_request *r, struct tus *t, str key, str value)
{
    struct err err = {0};
    if (!utf8_valid(value)) {
        error_answer(r, 400, "Bad request", "Upload-Metadata: '%.*s' is not UTF-8",
                     STR_ARG(str_shown(key, 60)));
        return false;
    }
    if (str_eq(key, STR("filename")) || str_eq(key, STR("name"))) {
        if (str_eq(key, STR("filename")) || !t->options.file_name.len)
            t->options.file_name = arena_str(&t->arena, str_shown(value, 255));
        return true;
    }
    if (is_passed_over(key) ||
        task_setting_set(&t->arena, &t->options, &t->settings, key, value, &err))
        return true;
    error_answer(r, 422, "Validation error", "Upload-Metadata: %s", task_setting_text(r, &err));
    return false;
}

/* "key base64,key base64,key" */
static bool read_metadata(struct http_request *r, struct tus *t)
{
    str all = http_header(r, "Upload-Metadata"), rest = all;
    while (rest.len) {
        str value = str_trim(str_split(&rest, ',')), bytes = {0};
        str key = str_split(&value, ' ');
        if (!key.len || !crypto_base64(&t->arena, str_trim(value), &bytes)) {
            error_answer(r, 400, "Bad request",
                         "Upload-Metadata is a list of keys, each with a value in Base64");
            return false;
        }
        if (!take_metadata(r, t, key, bytes.ptr ? bytes : STR("")))
            return false;
    }
    t->options.source = arena_format(&t->arena, SOURCE "%.*s", STR_ARG(all));
    return true;
}

/* What a creation is, apart from the bytes that come with it. */
static str print_of(struct tus *t)
{
    unsigned char digest[SHA256_BYTES];
    crypto_sha256(arena_format(&t->arena, "%llu\n%.*s", (unsigned long long)t->whole_bytes,
                               STR_ARG(t->options.source)),
                  digest);
    return crypto_hex(&t->arena, digest, sizeof digest);
}

/* True when there is nothing to make: the key did it, or must not, or it cannot be told. */
static bool was_created(struct tus *t)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    t->options.request = &t->request;
    if (!request_key_find(t->key, t->company, &t->arena, print_of(t), &t->request, &t->err))
        return true;
    if (t->request.replay == REPLAY_SAME && store_reader_open(t->company, &reader, &t->err) &&
        store_task_get(reader, &t->arena, t->request.made_id, &t->task, &t->err))
        IGNORE(jobs_part_look(t->api->config.jobs, &t->task, &t->part, &t->err));
    return t->request.replay != REPLAY_NEW;
}

static void run_create(struct errand *e)
{
    struct tus *t = (struct tus *)e;
    t->options.settings = &t->settings;
    if (t->key && was_created(t))
        return;
    IGNORE(jobs_part_begin(t->api->config.jobs, t->company, t->file, &t->options, t->whole_bytes,
                           &t->task.id, &t->part, &t->err));
}

static void answer_created(struct http_request *r, struct errand *e)
{
    struct tus *t = (struct tus *)e;
    request_key_release(t->api, TAKE(t->key));
    if (t->request.replay == REPLAY_OTHER) {
        request_key_reused(r);
        return;
    }
    if (t->err.code != ERR_NONE) {
        answer_error(r, &t->err);
        return;
    }
    if (t->request.replay == REPLAY_SAME)
        request_replayed(r);
    add_state(r, t->task.id, &t->part);
    http_add_header(r, "Location",
                    arena_format(http_arena(r), "%.*s/import_uploads/%lld", STR_ARG(path_prefix(r)),
                                 (long long)t->task.id)
                        .ptr);
    http_answer(r, 201, NULL, STR(""));
}

static bool check_length(struct http_request *r, uint64_t *ret_bytes)
{
    const struct api *api = http_app_context(r);
    if (!str_is_null(http_header(r, "Upload-Defer-Length")) ||
        !str_is_null(http_header(r, "Upload-Concat"))) {
        error_answer(
            r, 400, "Bad request",
            "An upload is made whole, with its Upload-Length: lengths told later and parts "
            "to be put together are not offered");
        return false;
    }
    if (!read_number(r, "Upload-Length", ret_bytes))
        return false;
    if (*ret_bytes <= api->config.upload_limit_bytes)
        return true;
    answer_too_large(r, api->config.upload_limit_bytes);
    return false;
}

void uploads_begin(struct http_request *r)
{
    struct api *api = http_app_context(r);
    uint64_t bytes, body;
    struct asker by;
    struct err err = {0};
    if (!check_version(r))
        return;
    struct store_company *company = auth_asker(r, SCOPE_IMPORTS, &by);
    if (!company || !check_length(r, &bytes))
        return;
    str length = http_header(r, "Content-Length");
    bool comes = !str_is_null(http_header(r, "Transfer-Encoding")) ||
                 (str_to_u64(length, &body) && body > 0);
    if (comes && !check_type(r))
        return;
    struct tus *t = tus_new(r, company, run_create, answer_created);
    t->whole_bytes = bytes;
    t->options.by = (struct asker){by.origin, arena_str(&t->arena, by.address)};
    if (!read_metadata(r, t) ||
        !request_key_take(r, store_company_info(company)->id, by.origin, &t->key))
        return;
    bool packed = str_ends(t->options.file_name, STR(".xlsx")) ||
                  str_ends(t->options.file_name, STR(".xlsm"));
    if (!task_has_room(r, bytes, packed))
        return;
    if (!jobs_upload_open(api->config.jobs, bytes, &t->file, &err))
        error_store(r, &err);
}

bool uploads_data(struct http_request *r, str piece)
{
    struct tus *t = http_context(r);
    struct err err = {0};
    if (!t || !t->file)
        return true; // a body that nobody wants
    if (piece.len > t->whole_bytes - jobs_upload_bytes(t->file)) {
        answer_too_large(r, t->whole_bytes);
        return false;
    }
    if (jobs_upload_add(t->file, piece, &err))
        return true;
    answer_error(r, &err);
    return false;
}

void uploads_create(struct http_request *r)
{
    struct tus *t = http_context(r);
    errand_send(t->api->quick, r, &t->errand);
}

/* --- going on --- */

/* The upload that the path names, with a copy of its task; NULL: answered. */
static struct tus *find_upload(struct http_request *r, void (*run)(struct errand *e),
                               void (*answer)(struct http_request *r, struct errand *e))
{
    struct store_company *company;
    struct store_reader *reader;
    struct store_task task;
    struct asker by;
    struct err err = {0};
    if (!check_version(r) || !task_find_as(r, &company, &reader, &task, &by))
        return NULL;
    if (!str_starts(task.source, STR(SOURCE))) {
        error_answer(r, 404, "Document not found",
                     SAY(r, "This import did not come by a resumable upload",
                         "Этот файл загружали не по частям"));
        return NULL;
    }
    struct tus *t = tus_new(r, company, run, answer);
    t->options.by = (struct asker){by.origin, arena_str(&t->arena, by.address)};
    if (store_task_get(reader, &t->arena, task.id, &t->task, &err))
        return t;
    error_store(r, &err);
    return NULL;
}

static void run_look(struct errand *e)
{
    struct tus *t = (struct tus *)e;
    IGNORE(jobs_part_look(t->api->config.jobs, &t->task, &t->part, &t->err));
}

static void answer_look(struct http_request *r, struct errand *e)
{
    const struct tus *t = (struct tus *)e;
    http_add_header(r, "Cache-Control", "no-store");
    if (t->err.code != ERR_NONE) {
        answer_error(r, &t->err);
        return;
    }
    add_state(r, t->task.id, &t->part);
    add_number(r, "Upload-Length", t->task.bytes);
    str metadata = str_from(t->task.source, strlen(SOURCE));
    if (metadata.len)
        http_add_header(r, "Upload-Metadata", arena_str(http_arena(r), metadata).ptr);
    http_answer(r, 200, NULL, STR(""));
}

void uploads_head(struct http_request *r)
{
    struct tus *t = find_upload(r, run_look, answer_look);
    if (t)
        errand_send(t->api->quick, r, &t->errand);
}

static void run_part(struct errand *e)
{
    struct tus *t = (struct tus *)e;
    IGNORE(jobs_part_end(t->api->config.jobs, t->company, t->file, &t->part, &t->err));
}

static void answer_part(struct http_request *r, struct errand *e)
{
    struct tus *t = (struct tus *)e;
    if (t->err.code != ERR_NONE) {
        answer_error(r, &t->err);
        return;
    }
    add_state(r, t->task.id, &t->part);
    http_answer(r, 204, NULL, STR(""));
}

/* Clients that may only send POST say what they mean in a header. */
static bool means(struct http_request *r, const char *method)
{
    return http_method(r) != HTTP_POST ||
           str_eq(http_header(r, "X-HTTP-Method-Override"), str_of(method));
}

void uploads_part_begin(struct http_request *r)
{
    uint64_t offset, length;
    struct err err = {0};
    if (http_method(r) == HTTP_POST && means(r, "DELETE"))
        return;
    if (!means(r, "PATCH")) {
        http_add_header(r, "Allow", "HEAD, PATCH, DELETE, OPTIONS");
        error_answer(r, 405, "Method not allowed",
                     "An upload takes POST only with X-HTTP-Method-Override: PATCH or DELETE");
        return;
    }
    struct tus *t = find_upload(r, run_part, answer_part);
    if (!t || !check_type(r) || !read_number(r, "Upload-Offset", &offset))
        return;
    t->whole_bytes = t->task.bytes;
    if (!jobs_part_resume(t->api->config.jobs, t->company, &t->task, offset, &t->file, &err))
        answer_error(r, &err);
    else if (str_to_u64(http_header(r, "Content-Length"), &length) &&
             length > t->whole_bytes - offset)
        answer_too_large(r, t->whole_bytes - offset);
}

void uploads_part(struct http_request *r)
{
    struct tus *t = http_context(r);
    if (t)
        errand_send(t->api->quick, r, &t->errand);
    else
        uploads_delete(r);
}

/* --- termination --- */

static void run_delete(struct errand *e)
{
    struct tus *t = (struct tus *)e;
    IGNORE(jobs_part_drop(t->api->config.jobs, t->company, t->task.id, &t->options.by, &t->err));
}

static void answer_deleted(struct http_request *r, struct errand *e)
{
    const struct tus *t = (struct tus *)e;
    if (t->err.code == ERR_NONE)
        http_answer(r, 204, NULL, STR(""));
    else if (t->err.code == ERR_CONFLICT)
        error_answer(r, 409, "Conflict",
                     SAY(r, "The file is here whole: cancel the import itself (%s)",
                         "Файл уже загружен целиком: отмените сам импорт (%s)"),
                     arena_format(http_arena(r), "POST %.*s/import_tasks/%lld/cancel",
                                  STR_ARG(path_prefix(r)), (long long)t->task.id)
                         .ptr);
    else
        answer_error(r, &t->err);
}

void uploads_delete(struct http_request *r)
{
    struct tus *t = find_upload(r, run_delete, answer_deleted);
    if (t)
        errand_send(t->api->quick, r, &t->errand);
}
