/* answer: what goes back to the client.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http_priv.h"

#include <sys/socket.h>
#include <time.h>

void answer_reset(struct http_request *r)
{
    r->answered = r->close = false;
    r->status = 0;
    r->content_type = NULL;
    r->answer = (str){0};
    r->header = NULL;
    r->header_tail = &r->header;
}

void http_add_header(struct http_request *r, const char *name, const char *value)
{
    struct answer_header *h = ARENA_NEW(&r->arena, struct answer_header, 1);
    h->name = arena_str(&r->arena, str_of(name)).ptr;
    char *text = (char *)arena_str(&r->arena, str_of(value)).ptr;
    for (char *p = text; *p; p++) // a value made from what a user sent must not end the header
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    h->value = text;
    *r->header_tail = h;
    r->header_tail = &h->next;
}

void http_answer(struct http_request *r, int status, const char *content_type, str body)
{
    assert(status >= 200 && status <= 599 && !r->deferred);
    if (r->answered)
        return;
    r->answered = true;
    r->status = status;
    r->content_type = content_type ? arena_str(&r->arena, str_of(content_type)).ptr : NULL;
    r->answer = body.len ? arena_str(&r->arena, body) : STR("");
}

bool http_answered(const struct http_request *r)
{
    return r->answered;
}

void answer_refuse(struct http_request *r, enum http_refusal why, int status, const char *detail)
{
    if (r->answered)
        return;
    if (why == HTTP_WRONG_METHOD)
        http_add_header(r, "Allow", router_allow(&r->arena, r->match.allowed).ptr);
    if (why == HTTP_TOO_MANY)
        http_add_header(r, "Retry-After", "1");
    r->loop->server->app.refuse(r, why, status, detail);
    if (!r->answered)
        http_answer(r, status, NULL, STR(""));
}

static bool must_close(const struct http_request *r)
{
    return r->close || r->pass.chunked || r->loop->stopping;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    // Fails for values the library finds malformed; the answer then goes without them.
    (void)MHD_add_response_header(response, name, value);
}

enum MHD_Result answer_queue(struct http_request *r)
{
    // The arena outlives the response: the request ends only when that was sent.
    struct MHD_Response *response = MHD_create_response_from_buffer(
        r->answer.len, (void *)(uintptr_t)r->answer.ptr, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    add(response, "x-request-id", r->id);
    if (r->content_type)
        add(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
    for (const struct answer_header *h = r->header; h; h = h->next)
        add(response, h->name, h->value);
    if (must_close(r))
        add(response, MHD_HTTP_HEADER_CONNECTION, "close");
    conn_enter(r->conn, CONN_ANSWER);
    enum MHD_Result queued = MHD_queue_response(r->mhd, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return queued;
}

static void add_date(struct buf *b)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm t;
    gmtime_r(&now, &t);
    buf_format(b, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[t.tm_wday], t.tm_mday,
               months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

void answer_send_early(struct http_request *r)
{
    AUTO(buf_done) struct buf b = {0};
    buf_format(&b, "HTTP/1.1 %d %s\r\n", r->status, MHD_get_reason_phrase_for((unsigned)r->status));
    add_date(&b);
    buf_format(&b, "x-request-id: %s\r\n", r->id);
    if (r->content_type)
        buf_format(&b, "Content-Type: %s\r\n", r->content_type);
    for (const struct answer_header *h = r->header; h; h = h->next)
        buf_format(&b, "%s: %s\r\n", h->name, h->value);
    if (r->status != 204 && r->status != 304)
        buf_format(&b, "Content-Length: %zu\r\n", r->answer.len);
    buf_add(&b, STR("Connection: close\r\n\r\n"));
    if (r->pass.method != HTTP_HEAD && r->status != 204 && r->status != 304)
        buf_add(&b, r->answer);
    // Nothing else is under way on this connection, so the kernel's buffer is empty: a refusal
    // fits.  What does not fit is lost, like the client who sends so much unasked.
    (void)send(r->conn->fd, b.ptr, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(r->conn->fd, SHUT_WR);
    r->stage = STAGE_SENT;
    conn_enter(r->conn, CONN_LINGER);
}
