/* request: from the library's callbacks to the functions of a route.
 *
 * The library calls once with the head, then with each piece of the body, then once with nothing
 * more to come; an answer can be handed over only in the first and the last of these calls, and in
 * the first it closes the connection.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http_priv.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>

enum { SPARES_MAX = 512, KEEP_BYTES = 64 * 1024, SMALL_BODY_BYTES = 64 * 1024 };

/* --- birth and death --- */

static uint64_t mix(uint64_t x) /* the finaliser of splitmix64 */
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/* 32 hexadecimal digits that no two requests share; they are no secret. */
static void give_id(struct http_request *r)
{
    static const char digits[] = "0123456789abcdef";
    struct loop *l = r->loop;
    uint64_t part[2] = {mix(l->id_seed ^ mix(l->index)), mix(l->id_seed + l->id_next++)};
    for (size_t i = 0; i < 32; i++)
        r->own_id[i] = digits[part[i / 16] >> (60 - 4 * (i % 16)) & 15];
    r->own_id[32] = '\0';
    r->id = r->own_id;
}

/* A client's own id goes into logs and back to him: only what cannot be taken for anything else. */
static void take_id(struct http_request *r)
{
    enum { ID_MAX = 128 };
    str id = http_header(r, "X-Request-Id");
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') &&
            !memchr("._:@+/=-", c, 8))
            return;
    }
    if (id.len && id.len <= ID_MAX)
        r->id = arena_str(&r->arena, id).ptr;
}

/* Stands in front of the client's own, so that the library finds no cookies to take apart and copy:
 * with many it runs out of memory. */
static const char no_cookie[] = "Cookie";

void *request_begin(void *context, const char *target, struct MHD_Connection *mhd)
{
    struct loop *l = context;
    struct http_request *r = l->spare;
    if (r) {
        l->spare = r->next;
        l->spare_count--;
    } else {
        r = mem_new(1, sizeof *r);
        r->file = -1;
    }
    r->loop = l;
    r->mhd = mhd;
    r->next = NULL;
    r->conn = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    r->conn->request = r;
    r->stage = STAGE_HEAD;
    r->began_us = clock_monotonic_us();
    r->head = (struct gate_head){.target = arena_str(&r->arena, str_of(target ? target : ""))};
    r->pass = (struct gate_pass){.path = STR("")};
    r->match = (struct router_match){0};
    r->query_count = 0;
    r->body_bytes = r->discarded_bytes = r->held_bytes = 0;
    r->context = r->note = NULL;
    r->client_known = false;
    r->entered = r->deferred = r->woken = r->orphan = false;
    answer_reset(r);
    give_id(r);
    (void)MHD_set_connection_value_n(mhd, MHD_HEADER_KIND, no_cookie, sizeof no_cookie - 1, "", 0);
    return r;
}

void request_free(struct http_request *r)
{
    arena_done(&r->arena);
    buf_done(&r->body);
    buf_done(&r->stream);
    answer_close_file(r);
    mem_free(r);
}

void request_end(void *context, struct MHD_Connection *mhd, void **request,
                 enum MHD_RequestTerminationCode code)
{
    struct loop *l = context;
    struct http_request *r = *request;
    (void)mhd;
    (void)code;
    if (!r)
        return;
    *request = NULL;
    if (r->entered && r->match.route->end)
        r->match.route->end(r);
    l->held_bytes -= r->held_bytes;
    answer_close_file(r);
    r->conn->request = NULL;
    conn_enter(r->conn, CONN_IDLE);
    pthread_mutex_lock(&l->lock);
    bool orphan = r->orphan; // http_resume() will free it
    pthread_mutex_unlock(&l->lock);
    if (orphan)
        return;
    if (l->spare_count == SPARES_MAX) {
        request_free(r);
        return;
    }
    if (r->arena.used > KEEP_BYTES)
        arena_done(&r->arena);
    else
        arena_reset(&r->arena);
    if (r->body.room > KEEP_BYTES)
        buf_done(&r->body);
    else
        buf_reset(&r->body);
    if (r->stream.room > KEEP_BYTES)
        buf_done(&r->stream);
    r->next = l->spare;
    l->spare = r;
    l->spare_count++;
}

/* --- the head --- */

struct field_list {
    struct gate_field *field;
    size_t count, room;
};

static enum MHD_Result add_field(void *context, enum MHD_ValueKind kind, const char *name,
                                 size_t name_len, const char *value, size_t value_len)
{
    struct field_list *list = context;
    (void)kind;
    if (name == no_cookie)
        return MHD_YES;
    if (list->count == list->room)
        return MHD_NO;
    str raw = {value ? value : "", value ? value_len : 0}, cut = raw;
    while (cut.len && (cut.ptr[cut.len - 1] == ' ' || cut.ptr[cut.len - 1] == '\t'))
        cut.len--;
    list->field[list->count++] = (struct gate_field){
        .name = {name, name_len},
        .value = cut,
        // Both lie in the buffer the head was read into.
        .lead = (size_t)((uintptr_t)raw.ptr - (uintptr_t)name) - name_len,
        .trail = raw.len - cut.len,
    };
    return MHD_YES;
}

static void read_head(struct http_request *r, const char *method, const char *version)
{
    int count = MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, NULL, NULL);
    struct field_list list = {.room = count > 0 ? (size_t)count : 0};
    list.field = ARENA_NEW(&r->arena, struct gate_field, list.room + 1);
    (void)MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, add_field, &list);
    r->head.method = arena_str(&r->arena, str_of(method));
    r->head.version = str_of(version);
    r->head.field = list.field;
    r->head.count = list.count;
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    r->head.received_bytes = size ? size->header_size : 0;
}

static bool read_query(struct http_request *r)
{
    struct err err = {0};
    if (r->pass.query.len == 0)
        return true;
    if (!form_parse(&r->arena, r->pass.query, LIMIT_QUERY_FIELDS, &r->query, &r->query_count,
                    &err)) {
        r->query_count = 0;
        str detail = arena_format(&r->arena, "the query cannot be read: %s", err.msg);
        answer_refuse(r, HTTP_BAD_TARGET, 400, detail.ptr);
        return false;
    }
    for (size_t i = 0; i < r->query_count; i++) {
        str name = r->query[i].name, value = r->query[i].value;
        if (str_find(name, '\0') < name.len || str_find(value, '\0') < value.len) {
            answer_refuse(r, HTTP_BAD_TARGET, 400, "the query holds %00");
            return false;
        }
    }
    return true;
}

static bool find_route(struct http_request *r)
{
    switch (
        router_find(r->loop->server->router, &r->arena, r->pass.method, r->pass.path, &r->match)) {
    case ROUTER_FOUND:
        return read_query(r);
    case ROUTER_NO_ROUTE:
        answer_refuse(r, HTTP_NO_ROUTE, 404, "there is nothing at this path");
        return false;
    case ROUTER_WRONG_METHOD:
        answer_refuse(r, HTTP_WRONG_METHOD, 405, "this path does not take the method");
        return false;
    case ROUTER_OPTIONS:
        http_add_header(r, "Allow", router_allow(&r->arena, r->match.allowed).ptr);
        http_answer(r, 204, NULL, STR(""));
        return false;
    case ROUTER_BAD_TARGET:
        break;
    }
    answer_refuse(r, HTTP_BAD_TARGET, 400, r->match.detail);
    return false;
}

/* The most bytes a body may have.  A route that wants none throws away what a client sends. */
static uint64_t body_limit(const struct http_request *r)
{
    uint64_t limit = r->match.route->max_body_bytes;
    return limit ? limit : LIMIT_RECORD_BODY_BYTES;
}

static bool body_fits(struct http_request *r, uint64_t bytes)
{
    if (bytes <= body_limit(r))
        return true;
    str detail = arena_format(&r->arena, "the body is over %llu bytes long",
                              (unsigned long long)body_limit(r));
    answer_refuse(r, HTTP_BODY_TOO_LARGE, 413, detail.ptr);
    return false;
}

/* The request was refused before its body was here: closing on unread bytes would make the client
 * lose the answer, so the rest is read first, up to a limit. */
static void discard(struct http_request *r)
{
    // A small one is soon over: then the connection can go on.
    r->close = r->close || r->pass.chunked || r->pass.content_length > SMALL_BODY_BYTES;
    r->stage = STAGE_DISCARD;
    conn_enter(r->conn, CONN_DISCARD);
}

static void enter_route(struct http_request *r)
{
    const struct http_app *app = &r->loop->server->app;
    if (app->admit)
        app->admit(r);
    if (r->answered || !r->match.route->begin)
        return;
    r->entered = true;
    r->match.route->begin(r);
}

static enum MHD_Result take_head(struct http_request *r, const char *method, const char *version)
{
    struct gate_refusal refusal;
    r->stage = STAGE_BODY;
    read_head(r, method, version);
    bool sound = gate_check(&r->head, &r->pass, &refusal);
    take_id(r);
    if (!sound) {
        r->close = true;
        answer_refuse(r, refusal.why, refusal.status, refusal.detail);
        return answer_queue(r);
    }
    conn_enter(r->conn, r->pass.has_body ? CONN_BODY : CONN_WORK);
    if (!cors_answer_preflight(&r->loop->server->cors, r) && find_route(r))
        enter_route(r);
    if (!r->answered)
        (void)body_fits(r, r->pass.content_length);
    if (!r->answered || !r->pass.has_body)
        return MHD_YES;
    discard(r);
    return r->pass.expect_continue ? answer_queue(r) : MHD_YES;
}

void request_overhear(void *context, const char *format, va_list args)
{
    const struct loop *l = context;
    if (!strstr(format, "HTTP response code is %u"))
        return;
    int status = (int)va_arg(args, unsigned);
    for (struct conn *c = l->conn; c; c = c->next) {
        struct http_request *r = c->request;
        if (!r || r->stage != STAGE_HEAD ||
            !MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) ||
            MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_HTTP_STATUS))
            continue; // its head is not whole, or it has its answer
        answer_refuse(r, status == 413 ? HTTP_BODY_TOO_LARGE : HTTP_BAD_REQUEST, status,
                      status == 413 ? "Content-Length is too large"
                                    : "Content-Length is not a number");
        answer_send_early(r);
        return;
    }
}

/* --- the body --- */

static bool keep_piece(struct http_request *r, str piece)
{
    struct loop *l = r->loop;
    if (l->held_bytes + piece.len > LIMIT_HELD_BODY_BYTES) {
        answer_refuse(r, HTTP_TOO_MANY, 503, "too many requests at once: try again later");
        return false;
    }
    r->body.max = r->match.route->max_body_bytes;
    buf_add(&r->body, piece);
    assert(!buf_over(&r->body)); // body_fits() was asked
    l->held_bytes += piece.len;
    r->held_bytes += piece.len;
    return true;
}

static void take_piece(struct http_request *r, str piece)
{
    if (r->stage == STAGE_BODY) {
        r->body_bytes += piece.len;
        bool taken = body_fits(r, r->body_bytes);
        if (taken && r->match.route->data) {
            r->entered = true;
            taken = r->match.route->data(r, piece);
        } else if (taken && r->match.route->max_body_bytes) {
            taken = keep_piece(r, piece);
        }
        if (taken)
            return;
        assert(r->answered);
        discard(r);
    }
    r->discarded_bytes += piece.len;
    if (r->stage == STAGE_DISCARD && r->discarded_bytes > LIMIT_DISCARD_BYTES)
        answer_send_early(r);
}

/* --- the whole --- */

static enum MHD_Result check_trailer(void *context, enum MHD_ValueKind kind, const char *name,
                                     size_t name_len, const char *value, size_t value_len)
{
    bool *ok = context;
    (void)kind;
    *ok = *ok && gate_trailer((str){name, name_len}, (str){value ? value : "", value_len});
    return MHD_YES;
}

/* Whatever was answered before, a malformed trailer makes the request malformed. */
static void check_trailers(struct http_request *r)
{
    bool ok = true;
    (void)MHD_get_connection_values_n(r->mhd, MHD_FOOTER_KIND, check_trailer, &ok);
    if (ok)
        return;
    answer_reset(r);
    answer_refuse(r, HTTP_BAD_REQUEST, 400, "a trailer holds what belongs in the header");
}

static void call_handler(struct http_request *r)
{
    background_request_came();
    const struct http_route *route = r->match.route;
    r->entered = true;
    if (r->woken) {
        r->woken = r->deferred = false;
        route->resumed(r);
    } else {
        route->handle(r);
    }
}

static enum MHD_Result take_whole(struct http_request *r)
{
    if (r->stage == STAGE_SENT)
        return MHD_NO; // closes
    if (r->pass.chunked && r->stage != STAGE_HANDLED)
        check_trailers(r);
    r->stage = STAGE_HANDLED;
    if (!r->answered) {
        conn_enter(r->conn, CONN_WORK);
        call_handler(r);
    }
    if (r->answered)
        return answer_queue(r);
    assert(r->deferred); // a handler answers or defers
    MHD_suspend_connection(r->mhd);
    return MHD_YES;
}

enum MHD_Result request_handle(void *context, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_bytes, void **request)
{
    struct http_request *r = *request;
    (void)context;
    (void)mhd;
    (void)url; // decoded by the library, and cut at a %00: never used
    if (r->stage == STAGE_HEAD)
        return take_head(r, method, version);
    if (*upload_bytes) {
        take_piece(r, (str){upload, *upload_bytes});
        *upload_bytes = 0;
        return MHD_YES;
    }
    return take_whole(r);
}

void http_defer(struct http_request *r)
{
    assert(!r->answered && r->stage == STAGE_HANDLED && r->match.route->resumed);
    r->deferred = true;
}

/* --- what a handler may ask --- */

void *http_app_context(const struct http_request *r)
{
    return r->loop->server->app.context;
}

size_t http_loop_index(const struct http_request *r)
{
    return r->loop->index;
}

const struct http_route *http_route_of(const struct http_request *r)
{
    return r->match.route;
}

enum http_method http_method(const struct http_request *r)
{
    return r->pass.method;
}

const char *http_method_name(const struct http_request *r)
{
    return r->head.method.ptr ? r->head.method.ptr : "";
}

str http_path(const struct http_request *r)
{
    return r->pass.path;
}

str http_target(const struct http_request *r)
{
    return r->head.target;
}

str http_segment(const struct http_request *r, const char *name)
{
    return router_segment(&r->match, name);
}

str http_query(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->query_count; i++)
        if (str_eq(r->query[i].name, str_of(name)))
            return r->query[i].value;
    return (str){0};
}

str http_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->head.count; i++)
        if (str_eq_nocase(r->head.field[i].name, str_of(name)))
            return r->head.field[i].value;
    return (str){0};
}

str http_body(const struct http_request *r)
{
    return buf_str(&r->body);
}

const char *http_request_id(const struct http_request *r)
{
    return r->id;
}

const struct address *http_client(struct http_request *r)
{
    if (!r->client_known)
        r->client =
            proxy_client(&r->loop->server->trust, &r->conn->peer, r->head.field, r->head.count);
    r->client_known = true;
    return &r->client;
}

const char *http_peer(struct http_request *r)
{
    char *text = ARENA_NEW(&r->arena, char, ADDRESS_TEXT_BYTES);
    address_text(http_client(r), text);
    return text;
}

bool http_is_https(const struct http_request *r)
{
    return r->conn->tls.gnutls ||
           proxy_says_https(&r->loop->server->trust, &r->conn->peer, r->head.field, r->head.count);
}

int64_t http_age_us(const struct http_request *r)
{
    return clock_monotonic_us() - r->began_us;
}

void *http_note(const struct http_request *r)
{
    return r->note;
}

void http_set_note(struct http_request *r, void *note)
{
    r->note = note;
}

struct arena *http_arena(struct http_request *r)
{
    return &r->arena;
}

void *http_context(const struct http_request *r)
{
    return r->context;
}

void http_set_context(struct http_request *r, void *context)
{
    r->context = context;
}
