/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define HOLDS "This server holds consumers (/v4/consumers) and their import (/v4/import_tasks)"

enum language request_language(const struct http_request *r)
{
    return wording_language_of(http_header(r, "Accept-Language"), LANGUAGE_EN);
}

static void open_envelope(struct buf *b, int status, const char *title)
{
    buf_format(b, "{\"errors\":{\"status\":%d,\"title\":", status);
    json_write_string(b, str_of(title));
    buf_add(b, STR(",\"details\":{"));
}

static void send(struct http_request *r, int status, struct buf *b)
{
    buf_add(b, STR("}}\n"));
    http_answer(r, status, JSON_API, buf_str(b));
}

static void answer_message(struct http_request *r, int status, const char *title, const char *key,
                           str message)
{
    AUTO(buf_done) struct buf b = {0};
    open_envelope(&b, status, title);
    json_write_string(&b, str_of(key));
    buf_add_char(&b, ':');
    json_write_string(&b, message);
    buf_add_char(&b, '}');
    send(r, status, &b);
}

void error_answer(struct http_request *r, int status, const char *title, const char *message_format,
                  ...)
{
    char message[1024];
    va_list args;
    va_start(args, message_format);
    (void)vsnprintf(message, sizeof message, message_format, args);
    va_end(args);
    answer_message(r, status, title, "message", str_shown(str_of(message), sizeof message - 5));
}

void error_query(struct http_request *r, const char *parameter, const char *message)
{
    AUTO(buf_done) struct buf b = {0};
    open_envelope(&b, 422, "Invalid query params");
    json_write_string(&b, str_of(parameter));
    buf_add(&b, STR(":["));
    json_write_string(&b, str_of(message));
    buf_add(&b, STR("]}"));
    send(r, 422, &b);
}

void error_store(struct http_request *r, const struct err *err)
{
    log_error("request %s: %s", http_request_id(r), err->msg);
    if (err->code == ERR_LIMIT) {
        error_answer(r, 507, "Insufficient storage",
                     "The server's disk is full; nothing was saved");
        return;
    }
    http_add_header(r, "Retry-After", "1");
    error_answer(r, 503, "Service unavailable", "Nothing was saved; try again later");
}

/* --- problems of a record --- */

static bool first_of_field(const struct problems *list, const struct problem *p)
{
    for (const struct problem *q = list->first; q != p; q = q->next)
        if (str_eq(q->field, p->field))
            return false;
    return true;
}

/* What old clients read: the phrase "is already taken" stays English whatever the language. */
static str sentence(struct http_request *r, const struct problem *p)
{
    enum language language = p->code == PROBLEM_TAKEN ? LANGUAGE_EN : request_language(r);
    return wording_problem(http_arena(r), language, p);
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
            str text = sentence(r, q);
            json_write_string(b, q->key.len ? arena_format(http_arena(r), "%.*s: %.*s",
                                                           STR_ARG(q->key), STR_ARG(text))
                                            : text);
        }
        buf_add(b, STR("],"));
    }
    buf_add(b, STR("\"model\":\"Validation of Consumer failed.\"}"));
}

static void add_pointer(struct buf *b, const struct problem *p)
{
    AUTO(buf_done) struct buf pointer = {0};
    if (str_eq(p->field, STR("attributes")) || str_eq(p->field, STR("id")))
        buf_format(&pointer, "/data/%.*s", STR_ARG(p->field));
    else
        buf_format(&pointer, "/data/attributes/%.*s", STR_ARG(p->field));
    if (p->key.len) { // RFC 6901: '~' is ~0 and '/' is ~1
        buf_add_char(&pointer, '/');
        for (size_t i = 0; i < p->key.len; i++)
            buf_add(&pointer, p->key.ptr[i] == '~'   ? STR("~0")
                              : p->key.ptr[i] == '/' ? STR("~1")
                                                     : (str){&p->key.ptr[i], 1});
    }
    json_write_string(b, buf_str(&pointer));
}

static void add_problem_list(struct http_request *r, struct buf *b, const struct problems *list)
{
    buf_add(b, STR(",\"problems\":["));
    for (const struct problem *p = list->first; p; p = p->next) {
        buf_format(b, "{\"code\":\"%s\",\"field\":", problem_code_name(p->code));
        json_write_string(b, p->field);
        buf_add(b, STR(",\"pointer\":"));
        add_pointer(b, p);
        json_add_string(b, "detail", sentence(r, p));
        if (p->other_id) {
            char id[CONSUMER_ID_BYTES];
            consumer_id_text(p->other_id, id);
            buf_format(b, ",\"other_id\":\"%s\"", id);
        }
        buf_add(b, p->next ? STR("},") : STR("}"));
    }
    buf_add_char(b, ']');
}

void error_problems(struct http_request *r, const struct problems *problems)
{
    AUTO(buf_done) struct buf b = {0};
    if (problems->first->code == PROBLEM_NOT_FOUND) {
        error_answer(r, 404, "Document not found",
                     "Document(s) not found for class Consumer with id(s) %.*s.",
                     STR_ARG(problems->first->value));
        return;
    }
    open_envelope(&b, 422, "Validation error");
    add_details(r, &b, problems);
    add_problem_list(r, &b, problems);
    send(r, 422, &b);
}

/* --- what http refuses --- */

static void no_route(struct http_request *r)
{
    static const char *const vendors[] = {"reviews",  "questions",        "orders",
                                          "products", "scroll",           "export_tasks",
                                          "users",    "survey_responses", "authors"};
    str rest = http_path(r);
    if (str_starts(rest, STR("/v4/"))) {
        rest = str_from(rest, 4);
        str resource = str_split(&rest, '/');
        for (size_t i = 0; i < COUNT(vendors); i++)
            if (str_eq(resource, str_of(vendors[i]))) {
                error_answer(r, 404, "Not found", "The resource '%s' is not kept here. " HOLDS ".",
                             vendors[i]);
                return;
            }
    }
    error_answer(r, 404, "Not found", "There is nothing at this address. " HOLDS ".");
}

void error_refuse(struct http_request *r, enum http_refusal why, int status, const char *detail)
{
    switch (why) {
    case HTTP_NO_ROUTE:
        no_route(r);
        break;
    case HTTP_WRONG_METHOD:
        error_answer(r, status, "Method not allowed",
                     "%s is not possible here; the Allow header says what is", http_method_name(r));
        break;
    case HTTP_BODY_TOO_LARGE:
        error_answer(r, status, "Request body too large",
                     "A record's body has at most 1 MiB; send files to /v4/import_tasks");
        break;
    case HTTP_BAD_TARGET:
        error_answer(r, status, "Bad request", "The address is not valid: %s",
                     detail ? detail : "percent-encode it as UTF-8");
        break;
    case HTTP_TOO_MANY:
        http_add_header(r, "Retry-After", "1");
        error_answer(r, status, "Service unavailable", "Too many requests are waiting; try again");
        break;
    case HTTP_BAD_REQUEST:
        error_answer(r, status, "Bad request", "%s", detail ? detail : "The request is malformed");
        break;
    }
}
