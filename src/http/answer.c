/* answer: what goes back to the client.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http_priv.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void answer_close_file(struct http_request *r)
{
    if (r->file >= 0)
        (void)close(r->file);
    r->file = -1;
}

void answer_reset(struct http_request *r)
{
    r->answered = r->close = r->sealed = r->streams = r->stream_over = false;
    answer_close_file(r);
    buf_reset(&r->stream);
    r->stream_sent = 0;
    r->stream_ask_at_us = 0;
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

bool http_has_header(const struct http_request *r, const char *name)
{
    for (const struct answer_header *h = r->header; h; h = h->next)
        if (str_eq_nocase(str_of(h->name), str_of(name)))
            return true;
    return false;
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

void http_answer_file(struct http_request *r, int status, const char *content_type, int fd)
{
    bool first = !r->answered;
    http_answer(r, status, content_type, STR(""));
    r->file_from = 0;
    r->file_bytes = UINT64_MAX;
    if (first)
        r->file = fd;
    else
        (void)close(fd);
}

void http_answer_stream(struct http_request *r, int status, const char *content_type,
                        unsigned every_ms)
{
    assert(r->match.route->stream);
    if (!r->answered) {
        r->streams = true;
        r->stream_ms = every_ms;
    }
    http_answer(r, status, content_type, STR(""));
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

static void ask_stream(struct http_request *r)
{
    buf_reset(&r->stream);
    r->stream_sent = 0;
    r->stream_ask_at_us = r->loop->now_us + (int64_t)r->stream_ms * 1000;
    r->stream_over = r->loop->stopping || !r->match.route->stream(r, &r->stream);
}

/* The library asks for more of a stream; with none to give, the connection sleeps. */
static ssize_t read_stream(void *context, uint64_t position, char *to, size_t room)
{
    struct http_request *r = context;
    (void)position;
    bool due = r->loop->now_us >= r->stream_ask_at_us || r->loop->stopping;
    if (r->stream_sent == r->stream.len && !r->stream_over && due)
        ask_stream(r);
    size_t n = MIN(room, r->stream.len - r->stream_sent);
    if (n) {
        memcpy(to, r->stream.ptr + r->stream_sent, n);
        r->stream_sent += n;
        conn_enter(r->conn, CONN_ANSWER);
        return (ssize_t)n;
    }
    if (r->stream_over)
        return MHD_CONTENT_READER_END_OF_STREAM;
    conn_enter(r->conn, CONN_ASLEEP);
    MHD_suspend_connection(r->mhd);
    return 0;
}

static struct MHD_Response *make_response(struct http_request *r)
{
    struct stat st;
    if (r->streams)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, r, NULL);
    if (r->file >= 0) {
        bool all = r->file_bytes == UINT64_MAX;
        struct MHD_Response *response =
            fstat(r->file, &st) != 0
                ? NULL
                : MHD_create_response_from_fd_at_offset64(
                      all ? (uint64_t)st.st_size : r->file_bytes, r->file, r->file_from);
        if (response)
            r->file = -1; // the response closes it
        return response;
    }
    // The arena outlives the response: the request ends only when that was sent.
    return MHD_create_response_from_buffer(r->answer.len, (void *)(uintptr_t)r->answer.ptr,
                                           MHD_RESPMEM_PERSISTENT);
}

/* Packs the body for who wants that, when it is a text of some size: so much costs the loop some
 * milliseconds at most.  What has an ETag goes as it is: the tag is of these bytes. */
static void pack(struct http_request *r)
{
    enum { WORTH_BYTES = 2048, MOST_BYTES = 1024 * 1024 };
    if (r->answer.len < WORTH_BYTES || r->answer.len > MOST_BYTES || r->status == 206 ||
        !coding_is_text(str_of(r->content_type)))
        return;
    for (const struct answer_header *h = r->header; h; h = h->next)
        if (str_eq_nocase(str_of(h->name), STR("Content-Encoding")) ||
            str_eq_nocase(str_of(h->name), STR("ETag")))
            return;
    http_add_header(r, "Vary", "Accept-Encoding");
    if (!coding_takes_gzip(http_header(r, "Accept-Encoding")))
        return;
    if (!r->loop->gzip)
        r->loop->gzip = gzip_text_new();
    str packed = gzip_text_pack(r->loop->gzip, &r->arena, r->answer);
    if (str_is_null(packed))
        return;
    r->answer = packed;
    http_add_header(r, "Content-Encoding", "gzip");
}

static void seal(struct http_request *r)
{
    const struct http_server *s = r->loop->server;
    if (r->sealed)
        return;
    r->sealed = true;
    pack(r);
    cors_add_headers(&s->cors, r);
    if (s->app.seal)
        s->app.seal(r, r->status);
}

enum MHD_Result answer_queue(struct http_request *r)
{
    seal(r);
    struct MHD_Response *response = make_response(r);
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
    seal(r);
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
    if (r->conn->tls.gnutls)
        tls_send_last(&r->conn->tls, b.ptr, b.len);
    else
        (void)send(r->conn->fd, b.ptr, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(r->conn->fd, SHUT_WR);
    r->stage = STAGE_SENT;
    conn_enter(r->conn, CONN_LINGER);
}
