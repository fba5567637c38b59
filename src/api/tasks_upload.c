/* An upload: a file comes in as a stream, packed or not, alone or in a form, and becomes a task.
 *
 *   body -> gunzip (Content-Encoding) -> multipart -> gunzip (a .gz in it) -> the jobs' file
 *
 * Each stage is left out where there is nothing for it to do; the file's limit counts what comes
 * out at the end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/idempotency.h"
#include "api/tasks_priv.h"

#include "base/crypto.h"
#include "base/gunzip.h"
#include "base/mem.h"
#include "http/multipart.h"

enum { SETTING_BYTES = 64 * 1024, AROUND_BYTES = 1024 * 1024, GZIP_MAGIC = 2 };

struct upload {
    struct errand errand;
    struct api *api;
    struct store_company *company;
    struct request_key *key;
    struct store_request request; /* with a key */
    struct jobs_upload *file;
    struct gunzip *body_gunzip;  /* of the whole body; NULL: it is not packed */
    struct multipart *multipart; /* NULL: the body is the file */
    struct gunzip *file_gunzip;  /* of the file; NULL: it is not packed */
    char magic[GZIP_MAGIC];      /* the first bytes of the file, until both are here */
    size_t magics;
    bool in_file, seen_file;
    str file_name, setting;
    struct buf value;
    struct import_settings settings;
    struct jobs_import_options options;
    struct arena arena;
    uint64_t limit_bytes;
    bool too_large;
    struct err err; /* why a piece was not taken, or no task was made */
    /* the outcome */
    int64_t task_id;
};

/* --- off the loops: the file is synced and becomes a task --- */

/* What a request is, apart from how it was sent: the same key must come with the same again. */
static str print_of(struct upload *u)
{
    const struct jobs_import_options *o = &u->options;
    unsigned char digest[SHA256_BYTES];
    crypto_sha256(arena_format(&u->arena, "%.*s\n%.*s\n%d%d%d%d",
                               STR_ARG(jobs_upload_sha256(u->file, &u->arena)),
                               STR_ARG(import_settings_text(&u->arena, &u->settings)), o->manual,
                               o->trial, o->refuse_same, o->remembered),
                  digest);
    return crypto_hex(&u->arena, digest, sizeof digest);
}

static void make_task(struct errand *e)
{
    struct upload *u = (struct upload *)e;
    u->options.file_name = u->file_name;
    u->options.settings = &u->settings;
    if (u->key) {
        u->options.request = &u->request;
        if (!request_key_find(u->key, u->company, &u->arena, print_of(u), &u->request, &u->err))
            return;
        u->task_id = u->request.replay == REPLAY_SAME ? u->request.made_id : 0;
        if (u->request.replay != REPLAY_NEW)
            return;
    }
    if (!jobs_import(u->api->config.jobs, u->company, u->file, &u->options, &u->task_id, &u->err))
        u->task_id = 0;
}

/* --- the stages --- */

static bool add_to_file(void *context, str piece, struct err *err)
{
    struct upload *u = context;
    u->too_large = piece.len > u->limit_bytes - jobs_upload_bytes(u->file);
    return jobs_upload_add(u->file, piece, err);
}

static bool is_packed(const struct upload *u)
{
    return u->magics == GZIP_MAGIC && memcmp(u->magic, "\x1f\x8b", GZIP_MAGIC) == 0;
}

/* The first two bytes of the file tell whether it is packed. */
static bool file_piece(struct upload *u, str piece, struct err *err)
{
    bool told = u->magics == GZIP_MAGIC;
    while (u->magics < GZIP_MAGIC && piece.len) {
        u->magic[u->magics++] = piece.ptr[0];
        piece = str_from(piece, 1);
    }
    if (!told && u->magics == GZIP_MAGIC) {
        str begin = {u->magic, GZIP_MAGIC};
        if (is_packed(u))
            u->file_gunzip = gunzip_new(add_to_file, u);
        if (!(u->file_gunzip ? gunzip_add(u->file_gunzip, begin, err) : add_to_file(u, begin, err)))
            return false;
    }
    if (!piece.len)
        return true;
    return u->file_gunzip ? gunzip_add(u->file_gunzip, piece, err) : add_to_file(u, piece, err);
}

/* The file is over: nothing may be missing. */
static bool file_end(struct upload *u, struct err *err)
{
    if (u->magics < GZIP_MAGIC)
        return add_to_file(u, (str){u->magic, u->magics}, err);
    return !u->file_gunzip || gunzip_complete(u->file_gunzip) ||
           err_set(err, ERR_INVALID, "the gzip data is cut off");
}

static bool body_piece(void *context, str piece, struct err *err)
{
    struct upload *u = context;
    return u->multipart ? multipart_feed(u->multipart, piece, err) : file_piece(u, piece, &u->err);
}

/* --- a form's parts --- */

static bool part_begin(void *context, const struct multipart_part *part)
{
    struct upload *u = context;
    bool file = !str_is_null(part->file_name);
    buf_reset(&u->value);
    if (file && u->seen_file)
        return err_set(&u->err, ERR_INVALID, "there are two files: send one in a request");
    u->in_file = file;
    if (file) {
        u->seen_file = true;
        u->file_name = arena_str(&u->arena, str_shown(part->file_name, 255));
    } else {
        u->setting = arena_str(&u->arena, part->name.ptr ? part->name : STR(""));
    }
    return true;
}

static bool part_data(void *context, str piece)
{
    struct upload *u = context;
    if (u->in_file)
        return file_piece(u, piece, &u->err);
    u->value.max = SETTING_BYTES;
    buf_add(&u->value, piece);
    return true;
}

/* What is no setting of the import itself. */
static const struct {
    const char *name, *off, *on;
    size_t offset;
} options[] = {
    {"start", "auto", "manual", offsetof(struct jobs_import_options, manual)},
    {"dry_run", "false", "true", offsetof(struct jobs_import_options, trial)},
    {"duplicate", "go_on", "refuse", offsetof(struct jobs_import_options, refuse_same)},
    {"remembered", "false", "true", offsetof(struct jobs_import_options, remembered)},
};

/* The name of option or setting i, from 0; NULL past the last. */
static const char *setting_name(size_t i)
{
    return i < COUNT(options) ? options[i].name : import_settings_name(i - COUNT(options));
}

/* False: it is none of the options. */
static bool set_option(struct jobs_import_options *o, str name, str value, struct err *err)
{
    for (size_t i = 0; i < COUNT(options); i++) {
        if (!str_eq(name, str_of(options[i].name)))
            continue;
        bool on = str_eq(value, str_of(options[i].on));
        if (!on && !str_eq(value, str_of(options[i].off)))
            err_set(err, ERR_INVALID, "%s: use %s or %s", options[i].name, options[i].off,
                    options[i].on);
        *(bool *)((char *)o + options[i].offset) = on;
        return true;
    }
    return false;
}

bool task_setting_set(struct arena *a, struct jobs_import_options *asked,
                      struct import_settings *settings, str name, str value, struct err *err)
{
    if (set_option(asked, name, value, err))
        return err->code == ERR_NONE;
    return import_settings_set(a, settings, name, value, err);
}

const char *task_setting_text(struct http_request *r, const struct err *err)
{
    return wording_setting(http_arena(r), request_language(r), str_of(err->msg)).ptr;
}

static bool set_named(struct upload *u, str name, str value, struct err *err)
{
    return task_setting_set(&u->arena, &u->options, &u->settings, name, value, err);
}

static bool part_end(void *context)
{
    struct upload *u = context;
    if (u->in_file) {
        u->in_file = false;
        return file_end(u, &u->err);
    }
    if (buf_over(&u->value))
        return err_set(&u->err, ERR_INVALID, "the field '%.*s' is too long",
                       STR_ARG(str_shown(u->setting, 60)));
    return set_named(u, u->setting, arena_str(&u->arena, str_trim(buf_str(&u->value))), &u->err);
}

/* --- the head of the request --- */

static bool settings_from_query(struct http_request *r, struct upload *u)
{
    const char *name;
    for (size_t i = 0; (name = setting_name(i)) != NULL; i++) {
        str value = http_query(r, name);
        struct err err = {0};
        if (str_is_null(value))
            continue;
        if (!set_named(u, str_of(name), value, &err)) {
            error_query(r, name, task_setting_text(r, &err));
            return false;
        }
    }
    return true;
}

static void refuse_size(struct http_request *r, uint64_t limit_bytes)
{
    error_answer(
        r, 413, "Request body too large",
        SAY(r, "A file has at most %llu bytes, unpacked; split it",
            "В файле может быть не больше %llu байт (в распакованном виде); разделите его"),
        (unsigned long long)limit_bytes);
}

static const struct taken_type {
    const char *name;
    bool packed; /* a workbook: its rows take more room than it */
} taken_types[] = {
    {"text/csv", false},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true},
    {"application/x-ndjson", false},
    {"application/octet-stream", false},
    {"multipart/form-data", false},
    {"application/gzip", false},
    // What other programs call the same files:
    {"application/csv", false},
    {"text/plain", false},
    {"text/tab-separated-values", false},
    {"application/vnd.ms-excel", true},
    {"application/vnd.ms-excel.sheet.macroenabled.12", true},
    {"application/jsonl", false},
    {"application/x-jsonlines", false},
    {"application/ndjson", false},
    {"application/x-gzip", false},
};
#define TAKEN_TYPES                                                                                \
    "text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, "                \
    "application/x-ndjson, application/octet-stream, multipart/form-data"

static const struct taken_type *taken_type(str media_type)
{
    str name = str_trim(str_split(&media_type, ';'));
    for (size_t i = 0; i < COUNT(taken_types); i++)
        if (str_eq_nocase(name, str_of(taken_types[i].name)))
            return &taken_types[i];
    return NULL;
}

/* Without a type the content alone tells, as with application/octet-stream. */
static bool check_type(struct http_request *r, const struct upload *u, bool *ret_packed)
{
    str type = http_header(r, "Content-Type");
    const struct taken_type *taken = taken_type(type);
    *ret_packed = taken && taken->packed;
    if (u->multipart || taken || !str_trim(type).len)
        return true;
    http_add_header(r, "Accept", TAKEN_TYPES);
    error_answer(r, 415, "Unsupported media type",
                 SAY(r,
                     "A file comes as multipart/form-data, or as the body with one of these "
                     "Content-Types: %s",
                     "Файл присылают формой multipart/form-data или телом запроса с одним из этих "
                     "Content-Type: %s"),
                 TAKEN_TYPES);
    return false;
}

static bool check_coding(struct http_request *r, struct upload *u)
{
    str coding = str_trim(http_header(r, "Content-Encoding"));
    if (!coding.len || str_eq_nocase(coding, STR("identity")))
        return true;
    if (str_eq_nocase(coding, STR("gzip")) || str_eq_nocase(coding, STR("x-gzip"))) {
        u->body_gunzip = gunzip_new(body_piece, u);
        return true;
    }
    http_add_header(r, "Accept-Encoding", "gzip");
    error_answer(r, 415, "Unsupported media type",
                 SAY(r, "The only Content-Encoding taken is gzip",
                     "Из Content-Encoding принимается только gzip"));
    return false;
}

bool task_has_room(struct http_request *r, uint64_t bytes, bool packed)
{
    const struct api *api = http_app_context(r);
    struct jobs_space space;
    if (jobs_has_space(api->config.jobs, bytes, packed, &space))
        return true;
    struct file_problem problem = {.limit = space.needed, .offset = space.free};
    (void)file_problem_set(&problem, FILE_NO_SPACE, (str){0}, (str){0});
    str text = wording_file_problem(http_arena(r), request_language(r), &problem);
    error_answer(r, 507, "Insufficient storage", "%.*s", STR_ARG(text));
    return false;
}

/* What surely does not fit is refused before it travels. */
static bool check_room(struct http_request *r, const struct upload *u, bool packed)
{
    uint64_t length;
    if (!str_to_u64(http_header(r, "Content-Length"), &length))
        return true;
    // A little more than the file may come around it.
    if (length > AROUND_BYTES && length - AROUND_BYTES > u->limit_bytes) {
        refuse_size(r, u->limit_bytes);
        return false;
    }
    return task_has_room(r, length, packed);
}

/* Content-Type: text/csv; charset=windows-1251 says how the text is encoded, unless a setting does.
 * utf-8 is what many programs add without looking; it is the rule anyway. */
static void use_charset(struct http_request *r, struct upload *u)
{
    str rest = http_header(r, "Content-Type");
    struct err ignored = {0};
    if (!str_starts(rest, STR("text/")) || u->settings.rows.encoding)
        return;
    (void)str_split(&rest, ';');
    while (rest.len) {
        str value = str_trim(str_split(&rest, ';')), name = str_split(&value, '=');
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
            value = (str){value.ptr + 1, value.len - 2};
        if (str_eq_nocase(str_trim(name), STR("charset")) && !str_eq_nocase(value, STR("utf-8")))
            IGNORE(import_settings_set(&u->arena, &u->settings, STR("encoding"), value, &ignored));
    }
}

static void answer_upload(struct http_request *r, struct errand *e);
static void free_upload(struct errand *e);

static struct upload *new_upload(struct http_request *r, struct store_company *company)
{
    static const struct multipart_events events = {part_begin, part_data, part_end};
    struct api *api = http_app_context(r);
    struct upload *u = mem_new(1, sizeof *u);
    u->errand = (struct errand){.run = make_task, .answer = answer_upload, .free = free_upload};
    u->api = api;
    u->company = company;
    u->options.manual = is_mounted(r); // a person looks before it starts
    u->limit_bytes = api->config.upload_limit_bytes;
    str boundary = multipart_boundary(http_arena(r), http_header(r, "Content-Type"));
    if (boundary.len)
        u->multipart = multipart_new(boundary, &events, u);
    u->file_name = arena_str(&u->arena, str_shown(http_query(r, "file_name"), 255));
    http_set_context(r, u);
    return u;
}

void tasks_begin(struct http_request *r)
{
    struct asker by;
    struct store_company *company = auth_asker(r, SCOPE_IMPORTS, &by);
    struct err err = {0};
    bool packed;
    if (!company)
        return;
    struct upload *u = new_upload(r, company);
    u->options.by = (struct asker){by.origin, arena_str(&u->arena, by.address)};
    if (!check_type(r, u, &packed) || !check_coding(r, u) || !check_room(r, u, packed) ||
        !settings_from_query(r, u) ||
        !request_key_take(r, store_company_info(company)->id, by.origin, &u->key))
        return;
    use_charset(r, u);
    if (!jobs_upload_open(u->api->config.jobs, u->limit_bytes, &u->file, &err))
        error_store(r, &err);
}

/* --- the body --- */

/* Says why a piece was not taken. */
static void refuse_piece(struct http_request *r, struct upload *u, const struct err *malformed)
{
    if (u->too_large)
        refuse_size(r, u->limit_bytes);
    else if (u->err.code == ERR_INVALID || u->err.code == ERR_NOT_FOUND)
        error_answer(r, 422, "Validation error", "%s", task_setting_text(r, &u->err));
    else if (u->err.code != ERR_NONE)
        error_store(r, &u->err);
    else
        error_answer(r, 400, "Bad request",
                     SAY(r, "The body is malformed: %s", "Тело запроса неверно: %s"),
                     task_setting_text(r, malformed));
}

bool tasks_data(struct http_request *r, str piece)
{
    struct upload *u = http_context(r);
    struct err err = {0};
    bool ok = u->body_gunzip ? gunzip_add(u->body_gunzip, piece, &err) : body_piece(u, piece, &err);
    if (!ok)
        refuse_piece(r, u, &err);
    return ok;
}

/* Nothing may be missing. */
static bool check_whole(struct http_request *r, struct upload *u)
{
    struct err err = {0};
    if (u->body_gunzip && !gunzip_complete(u->body_gunzip))
        err_set(&err, ERR_INVALID, "the gzip data is cut off");
    else if (u->multipart && !multipart_complete(u->multipart))
        err_set(&err, ERR_INVALID, "it is cut off, the closing boundary is missing");
    else if (u->multipart || file_end(u, &u->err))
        return true;
    refuse_piece(r, u, &err);
    return false;
}

void tasks_create(struct http_request *r)
{
    struct upload *u = http_context(r);
    if (!check_whole(r, u))
        return;
    if (u->multipart && !u->seen_file)
        error_answer(r, 422, "Validation error",
                     SAY(r,
                         "There is no file: send it as a part with a filename, for example "
                         "curl -F file=@clients.csv",
                         "Файла нет: пришлите его частью формы с именем файла, например "
                         "curl -F file=@clients.csv"));
    else
        errand_send(u->api->quick, r, &u->errand);
}

static void answer_upload(struct http_request *r, struct errand *e)
{
    struct upload *u = (struct upload *)e;
    struct store_task task;
    struct err err = {0};
    request_key_release(u->api, TAKE(u->key));
    if (u->request.replay == REPLAY_OTHER) {
        request_key_reused(r);
        return;
    }
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
    str location = arena_format(http_arena(r), "%.*s/import_tasks/%lld", STR_ARG(path_prefix(r)),
                                (long long)u->task_id);
    http_add_header(r, "Location", location.ptr);
    if (u->request.replay == REPLAY_SAME)
        request_replayed(r);
    task_answer(r, 202, u->company, reader, &task);
}

static void free_upload(struct errand *e)
{
    struct upload *u = (struct upload *)e;
    request_key_release(u->api, u->key);
    gunzip_free(u->body_gunzip);
    gunzip_free(u->file_gunzip);
    multipart_free(u->multipart);
    jobs_upload_free(u->file);
    buf_done(&u->value);
    arena_done(&u->arena);
    mem_free(u);
}
