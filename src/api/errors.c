/* What is answered in place of a document, in one of two forms: the vendor's envelope, which old
 * clients read, and JSON:API's array (jsonapi.org/format/1.1, "Error Objects") for whoever asks.
 * The envelope's titles and the phrase "is already taken" in its details are English whatever the
 * language: programs compare them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/errors.h"
#include "api/request_log.h"

#include "base/log.h"
#include "http/media_type.h"

#include <stdarg.h>
#include <stdio.h>

enum language request_language(const struct http_request *r)
{
    str asked = is_extension(r) ? http_query(r, "lang") : (str){0};
    if (asked.len) // a link to a file cannot say it otherwise
        return wording_language_of(asked, LANGUAGE_EN);
    return wording_language_of(http_header(r, "Accept-Language"), LANGUAGE_EN);
}

/* --- which form --- */

static bool asks_for_array(struct http_request *r)
{
    return media_type_has(http_header(r, "Accept"), STR("application/vnd.api+json"), STR("profile"),
                          STR(ERROR_PROFILE));
}

bool error_in_array(struct http_request *r)
{
    const struct api *api = http_app_context(r);
    return api->config.errors_array || asks_for_array(r) || speaks_atomic(r) || is_extension(r);
}

bool speaks_atomic(const struct http_request *r)
{
    const struct http_route *route = http_route_of(r);
    return str_eq(http_path(r), STR("/v4/operations")) ||
           (is_mounted(r) && str_ends(str_of(route->pattern), STR("/operations")));
}

const char *answer_type(struct http_request *r)
{
    if (speaks_atomic(r))
        return "application/vnd.api+json; ext=\"" ATOMIC_EXT "\"";
    return asks_for_array(r) ? "application/vnd.api+json; profile=\"" ERROR_PROFILE "\"" : JSON_API;
}

/* A Host that may stand in an address: names, numbers, a port. */
static bool is_host(str host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
              memchr(".-_:[]", c, 6)))
            return false;
    }
    return host.len > 0;
}

/* JSON:API 1.0 wants URLs in links; 1.1 and libraries take them, too. */
str answer_base(struct http_request *r)
{
    const struct api *api = http_app_context(r);
    str host = http_header(r, "Host");
    if (api->config.public_url)
        return str_of(api->config.public_url);
    return is_host(host) ? arena_format(http_arena(r), "%s://%.*s",
                                        http_is_https(r) ? "https" : "http", STR_ARG(host))
                         : STR("");
}

/* --- words --- */

static const struct {
    int status;
    const char *code, *title;
} statuses[] = {
    {400, "bad_request", "Bad request"},
    {401, "unauthorized", "Unauthorized"},
    {403, "forbidden", "Forbidden"},
    {404, "not_found", "Not found"},
    {405, "method_not_allowed", "Method not allowed"},
    {408, "request_timeout", "Request timeout"},
    {409, "conflict", "Conflict"},
    {412, "precondition_failed", "Precondition failed"},
    {413, "body_too_large", "Request body too large"},
    {414, "address_too_long", "Address too long"},
    {415, "unsupported_media_type", "Unsupported media type"},
    {417, "expectation_failed", "Expectation failed"},
    {422, "validation_failed", "Validation error"},
    {429, "too_many_requests", "Too many requests"},
    {431, "headers_too_large", "Headers too large"},
    {501, "not_implemented", "Not implemented"},
    {503, "unavailable", "Service unavailable"},
    {505, "http_version", "HTTP version not supported"},
    {507, "insufficient_storage", "Insufficient storage"},
};

static const struct {
    const char *english, *russian;
} titles[] = {
    {"Bad request", "Неверный запрос"},
    {"Unauthorized", "Нужен действующий ключ"},
    {"Forbidden", "Доступ запрещён"},
    {"Not found", "Не найдено"},
    {"Document not found", "Документ не найден"},
    {"Method not allowed", "Метод здесь не годится"},
    {"Request timeout", "Запрос не пришёл вовремя"},
    {"Conflict", "Конфликт"},
    {"Precondition failed", "Условие не выполнено"},
    {"Request body too large", "Тело запроса слишком большое"},
    {"Address too long", "Адрес слишком длинный"},
    {"Unsupported media type", "Такой тип содержимого не принимается"},
    {"Expectation failed", "Ожидание не может быть выполнено"},
    {"Validation error", "Ошибка в данных"},
    {"Invalid query params", "Неверные параметры запроса"},
    {"Too many requests", "Слишком много запросов"},
    {"Headers too large", "Заголовки слишком большие"},
    {"Not implemented", "Такого сервер не умеет"},
    {"Service unavailable", "Сервис недоступен"},
    {"HTTP version not supported", "Эта версия HTTP не поддерживается"},
    {"Insufficient storage", "На сервере нет места"},
};

const char *error_status_code(int status)
{
    for (size_t i = 0; i < COUNT(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].code;
    return status < 500 ? "bad_request" : "unavailable";
}

static const char *title_in(struct http_request *r, const char *title)
{
    for (size_t i = 0; request_language(r) == LANGUAGE_RU && i < COUNT(titles); i++)
        if (strcmp(titles[i].english, title) == 0)
            return titles[i].russian;
    return title;
}

/* The error with a code and a title, its own or its status's. */
static struct error whole(struct http_request *r, const struct error *e)
{
    struct error done = *e;
    for (size_t i = 0; i < COUNT(statuses); i++)
        if (statuses[i].status == e->status) {
            done.code = done.code ? done.code : statuses[i].code;
            done.title = done.title ? done.title : statuses[i].title;
        }
    if (!done.code)
        done.code = arena_format(http_arena(r), "http_%d", e->status).ptr;
    request_note_code(r, done.code);
    if (!done.title)
        done.title = done.status < 500 ? "Bad request" : "Service unavailable";
    return done;
}

/* A problem's sentence, with the key of custom_attributes that it is about. */
static str sentence(struct http_request *r, enum language language, const struct problem *p)
{
    str text = wording_problem(http_arena(r), language, p);
    return p->key.len ? arena_format(http_arena(r), "%.*s: %.*s", STR_ARG(p->key), STR_ARG(text))
                      : text;
}

static str pointer_of(struct http_request *r, const char *prefix, const struct problem *p)
{
    AUTO(buf_done) struct buf pointer = {0};
    bool of_data = str_eq(p->field, STR("attributes")) || str_eq(p->field, STR("id"));
    buf_format(&pointer, of_data ? "%s/data/%.*s" : "%s/data/attributes/%.*s", prefix,
               STR_ARG(p->field));
    if (p->key.len) { // RFC 6901: '~' is ~0 and '/' is ~1
        buf_add_char(&pointer, '/');
        for (size_t i = 0; i < p->key.len; i++)
            buf_add(&pointer, p->key.ptr[i] == '~'   ? STR("~0")
                              : p->key.ptr[i] == '/' ? STR("~1")
                                                     : (str){&p->key.ptr[i], 1});
    }
    return arena_str(http_arena(r), buf_str(&pointer));
}

static const char *const source_names[] = {
    [SOURCE_POINTER] = "pointer", [SOURCE_PARAMETER] = "parameter", [SOURCE_HEADER] = "header"};

static void add_source(struct buf *b, enum error_source source, str text)
{
    if (source == SOURCE_NONE)
        return;
    buf_format(b, ",\"source\":{\"%s\":", source_names[source]);
    json_write_string(b, text);
    buf_add_char(b, '}');
}

static void add_other_id(struct buf *b, const struct problem *p)
{
    char id[CONSUMER_ID_BYTES];
    if (!p->other_id)
        return;
    consumer_id_text(p->other_id, id);
    buf_format(b, ",\"other_id\":\"%s\"", id);
}

static void answer(struct http_request *r, int status, const struct buf *b)
{
    http_add_header(r, "Vary", "Accept, Accept-Language");
    http_answer(r, status, answer_type(r), buf_str(b));
}

/* --- JSON:API's array --- */

static void open_item(struct http_request *r, struct error_array *a, const struct error *e,
                      str detail)
{
    // Of several statuses the request has the one that is true of all of them.
    a->status = !a->count || a->status == e->status ? e->status : 400;
    a->count++;
    buf_add(&a->b, a->count > 1 ? STR(",") : STR("{\"errors\":["));
    buf_format(&a->b, "{\"id\":\"%s-%zu\",\"status\":\"%d\"", http_request_id(r), a->count,
               e->status);
    json_add_string(&a->b, "code", str_of(e->code));
    json_add_string(&a->b, "title", str_of(title_in(r, e->title)));
    json_add_string(&a->b, "detail", detail);
    add_source(&a->b, e->source, e->where);
}

void error_array_add(struct http_request *r, struct error_array *a, const struct error *e,
                     str message)
{
    const struct error done = whole(r, e);
    open_item(r, a, &done, message);
    buf_add_char(&a->b, '}');
}

void error_array_problems(struct http_request *r, struct error_array *a, const char *prefix,
                          const struct problems *problems)
{
    for (const struct problem *p = problems->first; p; p = p->next) {
        struct error e = {.status = 422,
                          .code = problem_code_name(p->code),
                          .source = SOURCE_POINTER,
                          .where = pointer_of(r, prefix, p)};
        if (p->code == PROBLEM_NOT_FOUND) {
            e.status = 404;
            e.title = "Document not found";
            e.where = arena_format(http_arena(r), "%s", prefix);
            e.source = prefix[0] ? SOURCE_POINTER : SOURCE_NONE;
            error_array_add(r, a, &e, error_not_found_text(r, p->value));
            continue;
        }
        e = whole(r, &e);
        open_item(r, a, &e, sentence(r, request_language(r), p));
        buf_add(&a->b, STR(",\"meta\":{\"field\":"));
        json_write_string(&a->b, p->field);
        if (p->key.len)
            json_add_string(&a->b, "key", p->key);
        add_other_id(&a->b, p);
        buf_add(&a->b, STR("}}"));
    }
}

void error_array_send(struct http_request *r, struct error_array *a)
{
    buf_add_char(&a->b, ']');
    if (a->meta.len)
        json_add_raw(&a->b, "meta", a->meta);
    buf_add(&a->b, STR("}\n"));
    answer(r, a->status, &a->b);
}

/* --- the vendor's envelope --- */

static void open_envelope(struct buf *b, const struct error *e)
{
    buf_format(b, "{\"errors\":{\"status\":%d", e->status);
    json_add_string(b, "title", str_of(e->title));
    json_add_string(b, "code", str_of(e->code));
    buf_add(b, STR(",\"details\":{"));
}

static void send_envelope(struct http_request *r, struct buf *b, const struct error *e)
{
    add_source(b, e->source, e->where);
    buf_add(b, STR("}}\n"));
    answer(r, e->status, b);
}

/* details: {"name": message}, or a list of one. */
static void say(struct http_request *r, const struct error *given, str name, bool list, str message)
{
    AUTO(buf_done) struct buf b = {0};
    const struct error e = whole(r, given);
    if (error_in_array(r)) {
        struct error_array a = {.meta = e.meta};
        error_array_add(r, &a, &e, message);
        error_array_send(r, &a);
        buf_done(&a.b);
        return;
    }
    open_envelope(&b, &e);
    json_write_string(&b, name);
    buf_add(&b, list ? STR(":[") : STR(":"));
    json_write_string(&b, message);
    buf_add(&b, list ? STR("]}") : STR("}"));
    send_envelope(r, &b, &e);
}

static str format_message(struct http_request *r, const char *format, va_list args) PRINTF(2, 0);

static str format_message(struct http_request *r, const char *format, va_list args)
{
    char message[1024];
    (void)vsnprintf(message, sizeof message, format, args);
    return arena_str(http_arena(r), str_shown(str_of(message), sizeof message - 5));
}

void error_say(struct http_request *r, const struct error *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str message = format_message(r, format, args);
    va_end(args);
    say(r, e, STR("message"), false, message);
}

void error_answer(struct http_request *r, int status, const char *title, const char *format, ...)
{
    const struct error e = {.status = status, .title = title};
    va_list args;
    va_start(args, format);
    str message = format_message(r, format, args);
    va_end(args);
    say(r, &e, STR("message"), false, message);
}

void error_query(struct http_request *r, const char *parameter, const char *message)
{
    const struct error e = {.status = 422,
                            .code = "invalid_parameter",
                            .title = "Invalid query params",
                            .source = SOURCE_PARAMETER,
                            .where = str_of(parameter)};
    say(r, &e, str_of(parameter), true, str_of(message));
}

void error_store(struct http_request *r, const struct err *err)
{
    log_error("request %s: %s", http_request_id(r), err->msg);
    if (err->code == ERR_LIMIT) {
        error_answer(r, 507, "Insufficient storage",
                     SAY(r, "The server's disk is full; nothing was saved",
                         "На диске сервера нет места; ничего не сохранено"));
        return;
    }
    http_add_header(r, "Retry-After", "1");
    error_answer(
        r, 503, "Service unavailable",
        SAY(r, "Nothing was saved; try again later", "Ничего не сохранено; повторите позже"));
}

/* --- problems of a record --- */

static bool first_of_field(const struct problems *list, const struct problem *p)
{
    for (const struct problem *q = list->first; q != p; q = q->next)
        if (str_eq(q->field, p->field))
            return false;
    return true;
}

static void add_details(struct http_request *r, struct buf *b, const struct problems *list)
{
    for (const struct problem *p = list->first; p; p = p->next) {
        if (!first_of_field(list, p))
            continue;
        json_write_string(b, p->field);
        buf_add(b, STR(":["));
        bool more = false;
        for (const struct problem *q = p; q; q = q->next) {
            if (!str_eq(q->field, p->field))
                continue;
            if (more)
                buf_add_char(b, ',');
            more = true;
            // What old clients read.
            enum language language = q->code == PROBLEM_TAKEN ? LANGUAGE_EN : request_language(r);
            json_write_string(b, sentence(r, language, q));
        }
        buf_add(b, STR("],"));
    }
    buf_add(b, STR("\"model\":\"Validation of Consumer failed.\"}"));
}

static void add_problem_list(struct http_request *r, struct buf *b, const struct problems *list)
{
    buf_add(b, STR(",\"problems\":["));
    for (const struct problem *p = list->first; p; p = p->next) {
        buf_format(b, "{\"code\":\"%s\",\"field\":", problem_code_name(p->code));
        json_write_string(b, p->field);
        json_add_string(b, "pointer", pointer_of(r, "", p));
        json_add_string(b, "detail", sentence(r, request_language(r), p));
        add_other_id(b, p);
        buf_add(b, p->next ? STR("},") : STR("}"));
    }
    buf_add_char(b, ']');
}

str error_not_found_text(struct http_request *r, str id)
{
    return request_language(r) == LANGUAGE_RU
               ? arena_format(http_arena(r), "Клиента с id %.*s нет.", STR_ARG(str_shown(id, 300)))
               : arena_format(http_arena(r),
                              "Document(s) not found for class Consumer with id(s) %.*s.",
                              STR_ARG(str_shown(id, 300)));
}

void error_not_found(struct http_request *r, str id)
{
    error_answer(r, 404, "Document not found", "%.*s", STR_ARG(error_not_found_text(r, id)));
}

void error_problems(struct http_request *r, const struct problems *problems)
{
    AUTO(buf_done) struct buf b = {0};
    struct error_array a = {0};
    if (problems->first->code == PROBLEM_NOT_FOUND) {
        error_not_found(r, problems->first->value);
        return;
    }
    if (error_in_array(r)) {
        error_array_problems(r, &a, "", problems);
        error_array_send(r, &a);
        buf_done(&a.b);
        return;
    }
    request_note_code(r, problem_code_name(problems->first->code));
    const struct error e = whole(r, &(struct error){.status = 422});
    open_envelope(&b, &e);
    add_details(r, &b, problems);
    add_problem_list(r, &b, problems);
    send_envelope(r, &b, &e);
}
