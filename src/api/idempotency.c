/* SPDX-License-Identifier: Apache-2.0 */
#include "api/idempotency.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/mem.h"

struct request_key {
    struct request_key *next;
    int64_t company_id, origin;
    size_t len;
    char text[];
};

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

static struct request_key **find(struct api *api, int64_t company_id, int64_t origin, str text)
{
    struct request_key **at = &api->keys;
    while (*at && !((*at)->company_id == company_id && (*at)->origin == origin &&
                    str_eq((str){(*at)->text, (*at)->len}, text)))
        at = &(*at)->next;
    return at;
}

static const struct error of_header = {.source = SOURCE_HEADER,
                                       .where = {"Idempotency-Key", sizeof "Idempotency-Key" - 1}};

static struct error key_error(int status, const char *code)
{
    struct error e = of_header;
    e.status = status;
    e.code = code;
    return e;
}

bool request_key_take(struct http_request *r, int64_t company_id, int64_t origin,
                      struct request_key **ret_key)
{
    struct api *api = http_app_context(r);
    str value = http_header(r, "Idempotency-Key");
    char text[LIMIT_REQUEST_KEY_BYTES];
    size_t len;
    if (str_is_null(value))
        return true;
    if (!read_key(str_trim(value), text, &len)) {
        const struct error e = key_error(400, "malformed_idempotency_key");
        error_say(r, &e,
                  SAY(r,
                      "Idempotency-Key is malformed: send one quoted string of 1 to %d ASCII "
                      "characters, for example \"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
                      "Заголовок Idempotency-Key неверен: нужна одна строка в кавычках, от 1 до %d "
                      "символов ASCII, например \"8e03978e-40d5-43dd-bc93-6894a57f9324\""),
                  LIMIT_REQUEST_KEY_BYTES);
        return false;
    }
    pthread_mutex_lock(&api->keys_lock);
    struct request_key **at = find(api, company_id, origin, (str){text, len});
    bool taken = *at != NULL;
    if (!taken) {
        *at = mem_new(1, sizeof **at + len);
        (*at)->company_id = company_id;
        (*at)->origin = origin;
        (*at)->len = len;
        memcpy((*at)->text, text, len);
        *ret_key = *at;
    }
    pthread_mutex_unlock(&api->keys_lock);
    if (!taken)
        return true;
    const struct error e = key_error(409, "request_in_flight");
    http_add_header(r, "Retry-After", "1");
    error_say(r, &e, "%s",
              SAY(r,
                  "A request with this Idempotency-Key is still under way; ask again when it is "
                  "over",
                  "Запрос с этим Idempotency-Key ещё выполняется; повторите, когда он закончится"));
    return false;
}

struct store_request request_key_store(const struct request_key *k, str print)
{
    return (struct store_request){.origin = k->origin,
                                  .key = {k->text, k->len},
                                  .print = print,
                                  .since_us = clock_now_us() - STORE_REQUESTS_KEPT_US};
}

bool request_key_find(const struct request_key *k, struct store_company *company, struct arena *a,
                      str print, struct store_request *ret_request, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    *ret_request = request_key_store(k, print);
    return store_reader_open(company, &reader, err) &&
           store_request_find(reader, a, ret_request, err);
}

void request_key_release(struct api *api, struct request_key *k)
{
    if (!k)
        return;
    pthread_mutex_lock(&api->keys_lock);
    for (struct request_key **at = &api->keys; *at; at = &(*at)->next)
        if (*at == k) {
            *at = k->next;
            break;
        }
    pthread_mutex_unlock(&api->keys_lock);
    mem_free(k);
}

str request_print(struct http_request *r, struct arena *a, str content)
{
    unsigned char digest[SHA256_BYTES];
    struct sha256 *h = sha256_new();
    sha256_add(h, str_of(http_method_name(r)));
    sha256_add(h, STR(" "));
    sha256_add(h, http_target(r));
    sha256_add(h, STR("\n"));
    sha256_add(h, content);
    sha256_end(h, digest);
    return crypto_hex(a, digest, sizeof digest);
}

void request_key_reused(struct http_request *r)
{
    const struct error e = key_error(422, "idempotency_key_reused");
    error_say(
        r, &e, "%s",
        SAY(r,
            "This Idempotency-Key was used for another request: a new request needs a new "
            "key",
            "Этот Idempotency-Key уже был у другого запроса: новому запросу нужен новый ключ"));
}

void request_replayed(struct http_request *r)
{
    http_add_header(r, "Idempotent-Replayed", "true");
}
