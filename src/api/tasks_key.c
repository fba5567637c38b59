/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a request that creates a task may be
 * sent again when its answer was lost.  What a key made stands with the task in the company's own
 * database; here are only the keys of requests in flight.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/tasks_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#define KEYS_KEPT_US ((int64_t)7 * 86400 * 1000000)

struct task_key {
    struct task_key *next;
    int64_t company_id;
    size_t len;
    char text[];
};

str task_key_text(const struct task_key *k)
{
    return k ? (str){k->text, k->len} : (str){0};
}

/* A structured string, "a\"b" (RFC 8941 3.3.3), or, as many clients send it, the bare key. */
static bool read_key(str value, char text[LIMIT_REQUEST_KEY_BYTES], size_t *ret_len)
{
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    str inside = quoted ? (str){value.ptr + 1, value.len - 2} : value;
    *ret_len = 0;
    for (size_t i = 0; i < inside.len; i++) {
        unsigned char c = (unsigned char)inside.ptr[i];
        if (quoted && c == '\\' && i + 1 < inside.len &&
            (inside.ptr[i + 1] == '"' || inside.ptr[i + 1] == '\\'))
            c = (unsigned char)inside.ptr[++i];
        else if (c == '"' || (quoted ? c == '\\' : c == ' ' || c == ',' || c == ';'))
            return false;
        if (c < ' ' || c >= 0x7f || *ret_len == LIMIT_REQUEST_KEY_BYTES)
            return false;
        text[(*ret_len)++] = (char)c;
    }
    return *ret_len > 0;
}

static struct task_key **find(struct api *api, int64_t company_id, str text)
{
    struct task_key **at = &api->keys;
    while (*at && !((*at)->company_id == company_id && str_eq(task_key_text(*at), text)))
        at = &(*at)->next;
    return at;
}

bool task_key_take(struct http_request *r, int64_t company_id, struct task_key **ret_key)
{
    struct api *api = http_app_context(r);
    str value = http_header(r, "Idempotency-Key");
    char text[LIMIT_REQUEST_KEY_BYTES];
    size_t len;
    if (str_is_null(value))
        return true;
    if (!read_key(str_trim(value), text, &len)) {
        error_say(r,
                  &(struct error){.status = 400,
                                  .code = "malformed_idempotency_key",
                                  .source = SOURCE_HEADER,
                                  .where = STR("Idempotency-Key")},
                  SAY(r,
                      "Idempotency-Key is malformed: send one quoted string of 1 to %d ASCII "
                      "characters, for example \"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
                      "Заголовок Idempotency-Key неверен: нужна одна строка в кавычках, от 1 до %d "
                      "символов ASCII, например \"8e03978e-40d5-43dd-bc93-6894a57f9324\""),
                  LIMIT_REQUEST_KEY_BYTES);
        return false;
    }
    pthread_mutex_lock(&api->keys_lock);
    struct task_key **at = find(api, company_id, (str){text, len});
    bool taken = *at != NULL;
    if (!taken) {
        *at = mem_new(1, sizeof **at + len);
        (*at)->company_id = company_id;
        (*at)->len = len;
        memcpy((*at)->text, text, len);
        *ret_key = *at;
    }
    pthread_mutex_unlock(&api->keys_lock);
    if (!taken)
        return true;
    http_add_header(r, "Retry-After", "1");
    error_answer(
        r, 409, "Conflict",
        SAY(r,
            "A request with this Idempotency-Key is still under way; ask again when it is "
            "over",
            "Запрос с этим Idempotency-Key ещё выполняется; повторите, когда он закончится"));
    return false;
}

bool task_key_find(const struct task_key *k, struct store_company *company, str print,
                   int64_t *ret_id, bool *ret_reused, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(arena_done) struct arena a = {0};
    str was;
    int64_t id;
    if (!store_reader_open(company, &reader, err) ||
        !store_task_by_request(reader, &a, task_key_text(k), clock_now_us() - KEYS_KEPT_US, &id,
                               &was, err))
        return false;
    *ret_reused = id && !str_eq(was, print);
    *ret_id = *ret_reused ? 0 : id;
    return true;
}

void task_key_refuse(struct http_request *r)
{
    error_answer(r, 422, "Validation error",
                 SAY(r,
                     "This Idempotency-Key was used for another file or other settings: a new "
                     "request needs a new key",
                     "Этот Idempotency-Key уже был у другого файла или других настроек: новому "
                     "запросу нужен новый ключ"));
}

void task_key_release(struct api *api, struct task_key *k)
{
    if (!k)
        return;
    pthread_mutex_lock(&api->keys_lock);
    for (struct task_key **at = &api->keys; *at; at = &(*at)->next)
        if (*at == k) {
            *at = k->next;
            break;
        }
    pthread_mutex_unlock(&api->keys_lock);
    mem_free(k);
}
