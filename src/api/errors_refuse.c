/* What is refused before any handler looks: by http, or for want of a good token.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/errors.h"
#include "api/request_log.h"

#include "base/limits.h"

/* --- what http refuses --- */

static void no_route(struct http_request *r)
{
    static const char *const vendors[] = {"reviews", "questions",        "orders", "products",
                                          "users",   "survey_responses", "authors"};
    static const char holds_en[] =
        "This server holds consumers (/v4/consumers, /v4/scroll/consumers, several changes at once "
        "at /v4/operations), their import (/v4/import_tasks) and export (/v4/export_tasks), and "
        "webhooks (/v4/webhooks).",
                      holds_ru[] =
                          "Этот сервер хранит клиентов (/v4/consumers, /v4/scroll/consumers, "
                          "несколько изменений сразу — /v4/operations), принимает файлы с ними "
                          "(/v4/import_tasks), выгружает их (/v4/export_tasks) и сообщает об "
                          "изменениях (/v4/webhooks).";
    const struct error e = {.status = 404, .code = "no_route"};
    str rest = http_path(r);
    if (str_starts(rest, STR("/v4/"))) {
        rest = str_from(rest, 4);
        str resource = str_split(&rest, '/');
        for (size_t i = 0; i < COUNT(vendors); i++)
            if (str_eq(resource, str_of(vendors[i]))) {
                error_say(
                    r, &e,
                    SAY(r, "The resource '%s' is not kept here. %s", "Ресурса «%s» здесь нет. %s"),
                    vendors[i], SAY(r, holds_en, holds_ru));
                return;
            }
    }
    error_say(r, &e,
              SAY(r, "There is nothing at this address. %s", "По этому адресу ничего нет. %s"),
              SAY(r, holds_en, holds_ru));
}

void error_refuse(struct http_request *r, enum http_refusal why, int status, const char *detail)
{
    switch (why) {
    case HTTP_NO_ROUTE:
        no_route(r);
        break;
    case HTTP_WRONG_METHOD:
        error_answer(r, status, NULL,
                     SAY(r, "%s is not possible here; the Allow header says what is",
                         "%s здесь не годится; что можно, говорит заголовок Allow"),
                     http_method_name(r));
        break;
    case HTTP_BODY_TOO_LARGE:
        if (speaks_atomic(r))
            error_answer(r, status, NULL,
                         SAY(r,
                             "The operations of a request have at most %zu MiB: send several, or a "
                             "file of JSON lines to /v4/import_tasks",
                             "Операции одного запроса — не больше %zu МиБ: пришлите несколько "
                             "запросов или файл JSON Lines на /v4/import_tasks"),
                         LIMIT_OPERATIONS_BODY_BYTES / MIB);
        else
            error_answer(r, status, NULL,
                         SAY(r, "A record's body has at most 1 MiB; send files to /v4/import_tasks",
                             "Тело запроса с одной записью — не больше 1 МиБ; файлы отправляйте на "
                             "/v4/import_tasks"));
        break;
    case HTTP_BAD_TARGET:
        error_say(r, &(struct error){.status = status, .code = "bad_address"},
                  SAY(r, "The address is not valid: %s", "Адрес неверен: %s"),
                  detail ? detail : "percent-encode it as UTF-8");
        break;
    case HTTP_TOO_MANY:
        error_answer(r, status, NULL,
                     SAY(r, "Too many requests are waiting; try again",
                         "В очереди слишком много запросов; повторите"));
        break;
    case HTTP_BAD_REQUEST:
        error_answer(r, status, NULL, "%s",
                     detail ? detail
                            : SAY(r, "The request is malformed", "Запрос составлен неверно"));
        break;
    }
}

/* --- 401 and 403, each in two dialects --- */

/* The vendor's 401 has no JSON: OAuth's is empty, Rails' is a line of text. */
void error_unauthorized(struct http_request *r, bool oauth, enum token_fault why)
{
    static const struct {
        const char *code, *oauth, *english, *russian;
    } faults[] = {
        [TOKEN_UNKNOWN] = {"invalid_token", "The access token is invalid",
                           "Send a valid token: Authorization: Token token=KEY",
                           "Нужен действующий ключ: Authorization: Token token=КЛЮЧ"},
        [TOKEN_REVOKED] = {"token_revoked", "The access token was revoked",
                           "This token was revoked: use another one", "Этот ключ отозван"},
        [TOKEN_EXPIRED] = {"token_expired", "The access token expired",
                           "This token has expired: make a new one",
                           "Срок этого ключа истёк: нужен новый"},
    };
    request_note_code(r, faults[why].code);
    http_add_header(
        r, "WWW-Authenticate",
        oauth
            ? arena_format(
                  http_arena(r),
                  "Bearer realm=\"Doorkeeper\", error=\"invalid_token\", error_description=\"%s\"",
                  faults[why].oauth)
                  .ptr
            : "Token realm=\"Aplaut Platform API v4\"");
    if (error_in_array(r))
        error_say(r,
                  &(struct error){.status = 401,
                                  .code = faults[why].code,
                                  .source = SOURCE_HEADER,
                                  .where = STR("Authorization")},
                  "%s", SAY(r, faults[why].english, faults[why].russian));
    else if (oauth)
        http_answer(r, 401, NULL, STR(""));
    else
        http_answer(r, 401, "text/plain; charset=utf-8", STR("HTTP Token: Access denied.\n"));
}

void error_throttled(struct http_request *r)
{
    if (error_in_array(r))
        error_say(r, &(struct error){.status = 429, .code = "too_many_requests"}, "%s",
                  SAY(r, "Too many requests: the Retry-After header says when to come again",
                      "Слишком много запросов: когда повторить, говорит заголовок Retry-After"));
    else
        http_answer(r, 429, "text/plain; charset=utf-8", STR("Throttled\n"));
}

void error_forbidden(struct http_request *r, bool bearer, const char *scope)
{
    if (bearer) // RFC 6750 3.1
        http_add_header(r, "WWW-Authenticate",
                        arena_format(http_arena(r),
                                     "Bearer realm=\"Doorkeeper\", error=\"insufficient_scope\", "
                                     "error_description=\"Access to this resource requires scope "
                                     "\\\"%s\\\".\", scope=\"%s\"",
                                     scope, scope)
                            .ptr);
    error_say(r,
              &(struct error){.status = 403,
                              .code = "insufficient_scope",
                              .source = SOURCE_HEADER,
                              .where = STR("Authorization")},
              SAY(r, "This token lacks the scope '%s'", "У этого ключа нет права «%s»"), scope);
}
