/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/webhook_http.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sys/socket.h>

enum { CONNECT_TIMEOUT_MS = 5000, TIMEOUT_MS = 15000, RETRY_AFTER_MOST_S = 24 * 3600 };

struct webhook_http {
    CURLM *multi;
    const struct webhook_networks *networks;
    const char *ca;
    struct exchange *first; /* under way */
};
struct exchange {
    struct exchange *next, **self;
    struct webhook_http *http;
    CURL *easy;
    struct curl_slist *headers;
    void *context;
    bool https;
    bool refused; /* an address that it resolved to */
    size_t received;
};

static void init_library(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        die("webhooks: libcurl cannot be used");
}

bool webhook_http_open(const struct webhook_networks *networks, const char *ca,
                       struct webhook_http **ret_http, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, init_library);
    CURLM *multi = curl_multi_init();
    if (!multi)
        return err_set(err, ERR_INTERNAL, "webhooks: libcurl cannot be used");
    struct webhook_http *h = mem_new(1, sizeof *h);
    h->multi = multi;
    h->networks = networks;
    h->ca = ca;
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)LIMIT_DELIVERIES_PARALLEL);
    *ret_http = h;
    return true;
}

static void exchange_free(struct exchange *x)
{
    *x->self = x->next;
    if (x->next)
        x->next->self = x->self;
    if (x->easy)
        (void)curl_multi_remove_handle(x->http->multi, x->easy);
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    mem_free(x);
}

void webhook_http_free(struct webhook_http *h)
{
    if (!h)
        return;
    while (h->first)
        exchange_free(h->first);
    (void)curl_multi_cleanup(h->multi);
    mem_free(h);
}

/* The one place where a connection begins: what the name resolved to is judged here and nowhere
 * before. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct exchange *x = context;
    const struct address address = address_of_socket(&to->addr);
    if (purpose != CURLSOCKTYPE_IPCXN ||
        !webhook_address_allowed(&address, x->http->networks, x->https)) {
        x->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* More than a few KiB are not waited for: the status has come. */
static size_t drop_body(char *bytes, size_t one, size_t count, void *context)
{
    struct exchange *x = context;
    (void)bytes;
    (void)one;
    x->received += count;
    return x->received > LIMIT_ANSWER_BYTES ? 0 : count;
}

static bool set_up(struct exchange *x, const struct webhook_request *r)
{
    AUTO(arena_done) struct arena a = {0};
    CURL *c = x->easy;
    x->headers = curl_slist_append(NULL, "Content-Type: application/json");
    for (size_t i = 0; i < WEBHOOK_HEADERS && x->headers; i++)
        if (r->header[i].len)
            x->headers = curl_slist_append(x->headers, arena_str(&a, r->header[i]).ptr);
    if (x->headers)
        x->headers = curl_slist_append(x->headers, "Expect:"); // no round trip to ask for leave
    return x->headers && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_URL, arena_str(&a, r->url).ptr) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, r->body.ptr) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "clientele") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, x) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PRIVATE, x) == CURLE_OK &&
           (!x->http->ca || curl_easy_setopt(c, CURLOPT_CAINFO, x->http->ca) == CURLE_OK);
}

bool webhook_http_send(struct webhook_http *h, const struct webhook_request *request, void *context,
                       struct err *err)
{
    struct exchange *x = mem_new(1, sizeof *x);
    x->http = h;
    x->context = context;
    x->https = str_starts(request->url, STR("https:"));
    x->next = h->first;
    x->self = &h->first;
    if (x->next)
        x->next->self = &x->next;
    h->first = x;
    x->easy = curl_easy_init();
    if (x->easy && set_up(x, request) && curl_multi_add_handle(h->multi, x->easy) == CURLM_OK)
        return true;
    exchange_free(x);
    return err_set(err, ERR_INTERNAL, "webhooks: libcurl takes no request");
}

void webhook_http_wait(struct webhook_http *h, int timeout_ms)
{
    int under_way;
    (void)curl_multi_perform(h->multi, &under_way);
    (void)curl_multi_poll(h->multi, NULL, 0, timeout_ms, NULL);
    (void)curl_multi_perform(h->multi, &under_way);
}

void webhook_http_wake(struct webhook_http *h)
{
    (void)curl_multi_wakeup(h->multi);
}

static const char *error_of(const struct exchange *x, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_URL_MALFORMAT:
        return "resolve";
    case CURLE_COULDNT_CONNECT:
        return x->refused ? "private_address" : "connect";
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return "tls";
    default:
        return "broken";
    }
}

bool webhook_http_done(struct webhook_http *h, struct webhook_result *ret_result)
{
    CURLMsg *message;
    int more;
    do {
        message = curl_multi_info_read(h->multi, &more);
    } while (message && message->msg != CURLMSG_DONE);
    if (!message)
        return false;
    const CURLcode code = message->data.result;
    void *private = NULL;
    long status = 0;
    curl_off_t took_us = 0, retry_after_s = 0;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    struct exchange *x = private;
    (void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(x->easy, CURLINFO_TOTAL_TIME_T, &took_us);
    (void)curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && status);
    *ret_result = (struct webhook_result){
        .context = x->context,
        .status = answered ? (int)status : 0,
        .error = answered ? NULL : error_of(x, code),
        .took_ms = took_us / 1000,
        .retry_after_s = MIN((int64_t)retry_after_s, (int64_t)RETRY_AFTER_MOST_S)};
    exchange_free(x);
    return true;
}
