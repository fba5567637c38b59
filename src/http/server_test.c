/* server_test: a server in this process, real sockets, and clients good and bad.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the app under the server --- */

enum { HELD_MAX = 512 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_request *held[HELD_MAX]; /* deferred until the test lets them go */
    size_t held_count;
    bool blocked; /* the loop's thread sits in a handler */
    bool unblock;
    atomic_size_t ended;
    atomic_size_t asked; /* how often a stream was */
    atomic_int says;     /* what a stream says when it is asked next: a letter; '.': that was all */
} app = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void answer_ok(struct http_request *r)
{
    http_answer(r, 200, "text/plain", STR("ok"));
}

static void answer_echo(struct http_request *r)
{
    http_answer(r, 200, "text/plain", http_body(r));
}

static void answer_facts(struct http_request *r)
{
    str text = arena_format(http_arena(r), "%s %.*s id=%.*s q=%.*s h=%.*s", http_method_name(r),
                            STR_ARG(http_path(r)), STR_ARG(http_segment(r, "id")),
                            STR_ARG(http_query(r, "q")), STR_ARG(http_header(r, "x-a")));
    http_add_header(r, "X-Split", "a\r\nX-Injected: b");
    http_answer(r, 200, "text/plain", text);
}

static void answer_big(struct http_request *r)
{
    size_t bytes = 24 * MIB;
    char *p = ARENA_NEW(http_arena(r), char, bytes);
    http_answer(r, 200, "text/plain", (str){memset(p, 'x', bytes), bytes});
}

static void refuse_early(struct http_request *r)
{
    http_answer(r, 401, "text/plain", STR("who are you"));
}

static bool count_data(struct http_request *r, str piece)
{
    size_t *bytes = http_context(r);
    if (!bytes)
        http_set_context(r, bytes = mem_new(1, sizeof *bytes));
    *bytes += piece.len;
    if (piece.len && memchr(piece.ptr, '!', piece.len)) {
        http_answer(r, 422, "text/plain", STR("no shouting"));
        return false;
    }
    return true;
}

static void answer_count(struct http_request *r)
{
    size_t *bytes = http_context(r);
    http_answer(r, 200, NULL, arena_format(http_arena(r), "%zu", bytes ? *bytes : 0));
}

static void count_end(struct http_request *r)
{
    mem_free(http_context(r));
    atomic_fetch_add(&app.ended, 1);
}

static void hold(struct http_request *r)
{
    http_defer(r);
    pthread_mutex_lock(&app.lock);
    app.held[app.held_count++] = r;
    pthread_cond_broadcast(&app.changed);
    pthread_mutex_unlock(&app.lock);
}

static void *resume_later(void *request)
{
    http_resume(request);
    return NULL;
}

static void defer_to_thread(struct http_request *r)
{
    pthread_t t;
    http_defer(r);
    assert_int_equal(pthread_create(&t, NULL, resume_later, r), 0);
    pthread_detach(t);
}

/* Puts it aside once more before it answers. */
static void answer_second_time(struct http_request *r)
{
    if (http_context(r)) {
        http_answer(r, 200, NULL, STR("twice"));
        return;
    }
    http_set_context(r, (void *)1);
    defer_to_thread(r);
}

static void block_loop(struct http_request *r)
{
    pthread_mutex_lock(&app.lock);
    app.blocked = true;
    pthread_cond_broadcast(&app.changed);
    while (!app.unblock)
        pthread_cond_wait(&app.changed, &app.lock);
    app.blocked = app.unblock = false;
    pthread_mutex_unlock(&app.lock);
    answer_ok(r);
}

/* A file that has no name: its descriptor is all there is of it. */
static void answer_file(struct http_request *r)
{
    uint64_t bytes;
    char name[] = "/tmp/server-test-XXXXXX", piece[4096];
    int fd = mkstemp(name);
    assert_true(fd >= 0 && unlink(name) == 0);
    assert_true(str_to_u64(http_segment(r, "bytes"), &bytes));
    for (size_t done = 0; done < bytes; done += sizeof piece)
        assert_int_equal(write(fd, memset(piece, 'f', sizeof piece), sizeof piece), sizeof piece);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    http_answer_file(r, 200, "text/csv", fd);
}

/* The first answer counts; a file that comes later is closed. */
static void answer_then_file(struct http_request *r)
{
    answer_ok(r);
    answer_file(r);
}

static void answer_stream(struct http_request *r)
{
    http_set_context(r, mem_new(1, sizeof(bool)));
    http_answer_stream(r, 200, "text/event-stream", 100);
}

static bool say(struct http_request *r, struct buf *out)
{
    bool *began = http_context(r);
    int what = *began ? atomic_exchange(&app.says, 0) : 'a';
    *began = true;
    atomic_fetch_add(&app.asked, 1);
    if (what == '*') // more than the library takes at once
        for (size_t i = 0; i < 100000; i++)
            buf_add_char(out, 'x');
    else if (what)
        buf_add_char(out, (char)what);
    if (what == '+') // it always has something to say
        atomic_store(&app.says, '+');
    return what != '.';
}

static void refuse(struct http_request *r, enum http_refusal why, int status, const char *detail)
{
    http_answer(r, status, "text/plain",
                arena_format(http_arena(r), "refused %d: %s", (int)why, detail));
}

static const struct http_route routes[] = {
    {.methods = HTTP_GET, .pattern = "/ok", .handle = answer_ok},
    {.methods = HTTP_POST, .pattern = "/echo", .handle = answer_echo, .max_body_bytes = 1 << 20},
    {.methods = HTTP_POST, .pattern = "/small", .handle = answer_echo, .max_body_bytes = 10},
    {.methods = HTTP_GET | HTTP_PUT, .pattern = "/facts/{id}", .handle = answer_facts},
    {.methods = HTTP_GET, .pattern = "/big", .handle = answer_big},
    {.methods = HTTP_GET | HTTP_POST,
     .pattern = "/secret",
     .begin = refuse_early,
     .handle = answer_ok,
     .end = count_end,
     .max_body_bytes = 1 << 20},
    {.methods = HTTP_PUT,
     .pattern = "/stream",
     .data = count_data,
     .handle = answer_count,
     .end = count_end,
     .max_body_bytes = 4 << 20},
    {.methods = HTTP_POST,
     .pattern = "/hold",
     .handle = hold,
     .resumed = answer_echo,
     .end = count_end,
     .max_body_bytes = 1 << 20},
    {.methods = HTTP_POST,
     .pattern = "/later",
     .handle = defer_to_thread,
     .resumed = answer_echo,
     .max_body_bytes = 1 << 20},
    {.methods = HTTP_GET,
     .pattern = "/twice",
     .handle = defer_to_thread,
     .resumed = answer_second_time},
    {.methods = HTTP_GET, .pattern = "/block", .handle = block_loop},
    {.methods = HTTP_GET, .pattern = "/file/{bytes}", .handle = answer_file},
    {.methods = HTTP_GET, .pattern = "/ok/{bytes}", .handle = answer_then_file},
    {.methods = HTTP_GET,
     .pattern = "/events",
     .handle = answer_stream,
     .stream = say,
     .end = count_end},
};

static void wait_for_held(size_t count)
{
    pthread_mutex_lock(&app.lock);
    while (app.held_count < count)
        pthread_cond_wait(&app.changed, &app.lock);
    pthread_mutex_unlock(&app.lock);
}

static void let_go(void)
{
    pthread_mutex_lock(&app.lock);
    for (size_t i = 0; i < app.held_count; i++)
        http_resume(app.held[i]);
    app.held_count = 0;
    pthread_mutex_unlock(&app.lock);
}

static void wait_for_blocked(void)
{
    pthread_mutex_lock(&app.lock);
    while (!app.blocked)
        pthread_cond_wait(&app.changed, &app.lock);
    pthread_mutex_unlock(&app.lock);
}

static void unblock(void)
{
    pthread_mutex_lock(&app.lock);
    app.unblock = true;
    pthread_cond_broadcast(&app.changed);
    pthread_mutex_unlock(&app.lock);
}

static struct http_server *start_with(struct http_config config)
{
    static const char *const here[] = {"127.0.0.1:0"};
    const struct http_app a = {.route = routes, .count = COUNT(routes), .refuse = refuse};
    struct http_server *s = NULL;
    struct err err = {0};
    if (!config.listen) {
        config.listen = here;
        config.listen_count = 1;
    }
    if (!http_server_start(&config, &a, &s, &err))
        fail_msg("the server does not start: %s", err.msg);
    return s;
}

static struct http_server *start(void)
{
    return start_with((struct http_config){0});
}

/* --- a client --- */

static int dial(const struct http_server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(http_server_port(s, 0))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        fail_msg("cannot connect: %s", strerror(errno));
    return fd;
}

/* Sends all of s; false when the server closed before. */
static bool send_bytes(int fd, str s)
{
    while (s.len) {
        ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        s = str_from(s, (size_t)n);
    }
    return true;
}

static void send_text(int fd, const char *text)
{
    if (!send_bytes(fd, str_of(text)))
        fail_msg("the server closed early");
}

/* The length of the first whole response in s; 0 when it is not all here. */
static size_t response_bytes(str s, bool head)
{
    const char *end = s.len ? memmem(s.ptr, s.len, "\r\n\r\n", 4) : NULL;
    if (!end)
        return 0;
    size_t bytes = (size_t)(end - s.ptr) + 4;
    const char *length = memmem(s.ptr, bytes, "Content-Length: ", 16);
    if (length && !head)
        bytes += strtoul(length + 16, NULL, 10);
    return bytes <= s.len ? bytes : 0;
}

/* Reads until `count` responses are here, the server closes, or wait_ms are over.  The text (with
 * a NUL behind) is the caller's to free; *ret_closed says whether the server closed. */
static char *read_responses(int fd, size_t count, bool head, int wait_ms, bool *ret_closed)
{
    struct buf b = {0};
    int64_t until = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    *ret_closed = false;
    for (;;) {
        str rest = buf_str(&b);
        size_t whole = 0, bytes;
        while (rest.len && (bytes = response_bytes(rest, head)) > 0) {
            rest = str_from(rest, bytes);
            whole++;
        }
        int left_ms = (int)((until - clock_monotonic_us()) / 1000);
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (whole >= count || left_ms <= 0 || poll(&p, 1, left_ms) <= 0)
            break;
        if (!buf_reserve(&b, 65536))
            fail_msg("too much to read");
        ssize_t n = recv(fd, b.ptr + b.len, 65536, 0);
        if (n <= 0) {
            *ret_closed = true;
            break;
        }
        b.len += (size_t)n;
    }
    buf_add_char(&b, '\0');
    return b.ptr;
}

static int count_responses(const char *text)
{
    int count = 0;
    for (const char *p = text; (p = strstr(p, "HTTP/1.1 ")) != NULL; p++)
        count += memcmp(p + 9, "100", 3) != 0;
    return count;
}

/* Sends bytes on a new connection and reads everything until it is closed or quiet. */
static char *ask(const struct http_server *s, const char *text, size_t count, bool *ret_closed)
{
    int fd = dial(s);
    send_text(fd, text);
    char *got = read_responses(fd, count, false, 3000, ret_closed);
    close(fd);
    return got;
}

/* --- what is asked --- */

static void server_answers_as_http_says(void **state)
{
    static const struct {
        const char *name, *bytes;
        const char *want[4]; /* all of them stand in what came back */
        const char *without; /* this does not */
        int answers;
        bool closed;
    } cases[] = {
        {"a GET",
         "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 200 OK\r\n", "\r\nContent-Length: 2\r\n", "\r\nDate: ", "\r\n\r\nok"},
         "Connection: close",
         1,
         false},
        {"two on one connection",
         "GET /ok HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: "
         "3\r\n\r\nabc",
         {"\r\n\r\nok", "\r\n\r\nabc"},
         "Connection: close",
         2,
         false},
        {"the segment, the query, a header",
         "GET /facts/a%2Fb?q=x+y&q=z HTTP/1.1\r\nHost: a\r\nX-A:  v \r\n\r\n",
         {"GET /facts/a%2Fb id=a/b q=x y h=v"},
         "\r\nX-Injected",
         1,
         false},
        {"a route without a body takes and ignores one",
         "PUT /facts/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /ok HTTP/1.1\r\nHost: "
         "a\r\n\r\n",
         {"PUT /facts/1", "\r\n\r\nok"},
         "Connection: close",
         2,
         false},
        {"a chunked body closes the connection",
         "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n"
         "0\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
         {"\r\n\r\nabcde", "\r\nConnection: close\r\n"},
         "\r\n\r\nok",
         1,
         true},
        {"a trailer that belongs in the header",
         "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
         "Content-Length: 3\r\n\r\n",
         {"HTTP/1.1 400 "},
         "abc",
         1,
         true},
        {"a wrong method",
         "PATCH /facts/1 HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 405 ", "\r\nAllow: GET, HEAD, PUT, OPTIONS\r\n"},
         "Connection: close",
         1,
         false},
        {"OPTIONS",
         "OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 204 ", "\r\nAllow: POST, OPTIONS\r\n"},
         "Content-Length",
         1,
         false},
        {"no such path",
         "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 404 ", "refused 0"},
         "Connection: close",
         1,
         false},
        {"a raw Cyrillic path",
         "GET /\xd0\xb0 HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 400 ", "percent-encode"},
         NULL,
         1,
         true},
        {"a NUL in the path",
         "GET /facts/a%00b HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 400 ", "%00"},
         NULL,
         1,
         false},
        {"a NUL in the query",
         "GET /facts/a?q=%00 HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 400 ", "%00"},
         NULL,
         1,
         false},
        {"a bad escape in the query",
         "GET /facts/a?q=%z HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 400 "},
         NULL,
         1,
         false},
        {"a bare LF",
         "GET /ok HTTP/1.1\nHost: a\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 400 ", "CR LF"},
         "\r\n\r\nok",
         1,
         true},
        {"a folded line",
         "GET /ok HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
         {"HTTP/1.1 400 ", "folded"},
         "\r\n\r\nok",
         1,
         true},
        {"two spaces in the first line",
         "GET  /ok HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 400 ", "more than one space"},
         "\r\n\r\nok",
         1,
         true},
        {"an empty line in front",
         "\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
         {"\r\n\r\nok"},
         NULL,
         1,
         false},
        {"smuggling by two lengths",
         "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 400 "},
         "\r\n\r\nok",
         1,
         true},
        {"a content length that is no number, answered once",
         "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1 3\r\n\r\nGET /ok HTTP/1.1\r\nHost: "
         "a\r\n\r\n",
         {"HTTP/1.1 400 ", "refused 4: Content-Length"},
         "\r\n\r\nok",
         1,
         true},
        {"a content length over 64 bits, answered once",
         "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
         {"HTTP/1.1 413 ", "refused 2: Content-Length"},
         NULL,
         1,
         true},
        {"HTTP/1.0 closes", "GET /ok HTTP/1.0\r\n\r\n", {"\r\n\r\nok"}, NULL, 1, true},
        {"a refusal in front of a small body reads it and goes on",
         "POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /ok "
         "HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 401 ", "who are you", "\r\n\r\nok"},
         "\r\nConnection: close\r\n",
         2,
         false},
        {"a refusal without a body keeps the connection",
         "GET /secret HTTP/1.1\r\nHost: a\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
         {"HTTP/1.1 401 ", "\r\n\r\nok"},
         "Connection: close",
         2,
         false},
        {"a client that waits is refused directly",
         "POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
         {"HTTP/1.1 401 ", "\r\nConnection: close\r\n"},
         "100 Continue",
         1,
         true},
        {"a client that waits is refused directly for its length",
         "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n",
         {"HTTP/1.1 413 ", "refused 2"},
         "100 Continue",
         1,
         true},
        {"a body over the limit",
         "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890",
         {"HTTP/1.1 413 "},
         "\r\nConnection: close\r\n",
         1,
         false},
        {"a body at the limit",
         "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
         {"HTTP/1.1 200 ", "\r\n\r\n0123456789"},
         NULL,
         1,
         false},
        {"a chunked body over the limit",
         "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n"
         "012345\r\n0\r\n\r\n",
         {"HTTP/1.1 413 "},
         NULL,
         1,
         true},
        {"a streamed body",
         "PUT /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
         {"\r\n\r\n5"},
         NULL,
         1,
         false},
        {"a streamed body that is stopped",
         "PUT /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc!e",
         {"HTTP/1.1 422 ", "no shouting"},
         NULL,
         1,
         false},
        {"an answer from another thread",
         "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
         {"\r\n\r\nabc"},
         NULL,
         1,
         false},
        {"an answer that waits twice",
         "GET /twice HTTP/1.1\r\nHost: a\r\n\r\n",
         {"\r\n\r\ntwice"},
         NULL,
         1,
         false},
    };
    (void)state;
    struct http_server *s = start();
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool closed;
        // What should close is watched for longer: no answer more may come.
        size_t answers = (size_t)cases[i].answers + cases[i].closed;
        AUTO(mem_free) char *got = ask(s, cases[i].bytes, answers, &closed);
        if (count_responses(got) != cases[i].answers || closed != cases[i].closed)
            fail_msg("%s: closed %d, got '%s'", cases[i].name, closed, got);
        for (size_t j = 0; j < COUNT(cases[i].want) && cases[i].want[j]; j++)
            if (!strstr(got, cases[i].want[j]))
                fail_msg("%s: no '%s' in '%s'", cases[i].name, cases[i].want[j], got);
        if (cases[i].without && strstr(got, cases[i].without))
            fail_msg("%s: '%s' in '%s'", cases[i].name, cases[i].without, got);
        if (!strstr(got, "\r\nx-request-id: "))
            fail_msg("%s: no x-request-id in '%s'", cases[i].name, got);
    }
    http_server_stop(s, 1000);
}

static void server_answers_head_without_a_body(void **state)
{
    (void)state;
    struct http_server *s = start();
    int fd = dial(s);
    bool closed;
    for (int i = 0; i < 2; i++) {
        send_text(fd, "HEAD /ok HTTP/1.1\r\nHost: a\r\n\r\n");
        AUTO(mem_free) char *got = read_responses(fd, 1, true, 2000, &closed);
        assert_non_null(strstr(got, "HTTP/1.1 200 "));
        assert_non_null(strstr(got, "\r\nContent-Length: 2\r\n"));
        assert_non_null(strstr(got, "\r\n\r\n"));
        assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
    }
    close(fd);
    http_server_stop(s, 1000);
}

static void server_takes_heads_up_to_32_kib(void **state)
{
    static const struct {
        const char *name, *field;
        size_t bytes;
        const char *want;
    } cases[] = {
        {"31 KiB of header", "X-Long", 31 * KIB, "\r\n\r\nabc"},
        {"over 32 KiB of header", "X-Long", 33 * KIB, "HTTP/1.1 431 "},
        {"far over 32 KiB of header", "X-Long", 100 * KIB, "HTTP/1.1 431 "},
        {"hundreds of cookies", "Cookie", 31 * KIB, "\r\n\r\nabc"},
    };
    (void)state;
    struct http_server *s = start();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        bool closed;
        buf_format(&b,
                   "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n%s: ", cases[i].field);
        while (b.len < cases[i].bytes)
            buf_add(&b, STR("a=0123456789;"));
        buf_add(&b, STR("\r\n\r\nabc"));
        int fd = dial(s);
        (void)send_bytes(fd, buf_str(&b)); // may be refused in the middle
        AUTO(mem_free) char *got = read_responses(fd, 1, false, 2000, &closed);
        if (!strstr(got, cases[i].want))
            fail_msg("%s: got '%s'", cases[i].name, got);
        close(fd);
    }
    http_server_stop(s, 1000);
}

static void server_gives_each_request_its_id(void **state)
{
    (void)state;
    struct http_server *s = start();
    bool closed;
    AUTO(mem_free)
    char *got = ask(s,
                    "GET /ok HTTP/1.1\r\nHost: a\r\nx-request-id: not mine\r\n\r\n"
                    "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
                    2, &closed);
    const char *one = strstr(got, "x-request-id: ") + 14;
    const char *two = strstr(one, "x-request-id: ") + 14;
    assert_int_equal(strspn(one, "0123456789abcdef"), 32);
    assert_int_equal(strspn(two, "0123456789abcdef"), 32);
    assert_memory_not_equal(one, two, 32);
    http_server_stop(s, 1000);
}

static void server_asks_for_the_body_a_client_waits_with(void **state)
{
    (void)state;
    struct http_server *s = start();
    int fd = dial(s);
    bool closed;
    send_text(
        fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    AUTO(mem_free) char *first = read_responses(fd, 1, false, 2000, &closed);
    assert_non_null(strstr(first, "HTTP/1.1 100 Continue"));
    send_text(fd, "abc");
    AUTO(mem_free) char *second = read_responses(fd, 1, false, 2000, &closed);
    assert_non_null(strstr(second, "\r\n\r\nabc"));
    close(fd);
    http_server_stop(s, 1000);
}

/* Sends a body of so many bytes to a path that refuses it, then reads the answer. */
static void expect_refusal(const struct http_server *s, const char *path, size_t declared,
                           size_t sent, const char *status)
{
    char head[200];
    AUTO(mem_free) char *body = mem_new(sent + 1, 1);
    int fd = dial(s);
    bool closed;
    (void)snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                   path, declared);
    send_text(fd, head);
    if (!send_bytes(fd, (str){body, sent}))
        fail_msg("%s, %zu bytes: the server closed before it had read them", path, sent);
    AUTO(mem_free) char *got = read_responses(fd, 2, false, 5000, &closed);
    if (!strstr(got, status) || count_responses(got) != 1 || !closed ||
        !strstr(got, "Connection: close") || !strstr(got, "\r\nDate: "))
        fail_msg("%s, %zu bytes: closed %d, got '%s'", path, sent, closed, got);
    close(fd);
}

static void server_lets_refused_clients_have_their_answer(void **state)
{
    (void)state;
    struct http_server *s = start();
    expect_refusal(s, "/small", 4 * MIB, 4 * MIB, "HTTP/1.1 413 ");
    expect_refusal(s, "/secret", 4 * MIB, 4 * MIB, "HTTP/1.1 401 ");
    expect_refusal(s, "/nowhere", 4 * MIB, 4 * MIB, "HTTP/1.1 404 ");
    // More than is read for the sake of an answer: the answer comes at once, the end 2 s later.
    int64_t before = clock_monotonic_us();
    expect_refusal(s, "/secret", 20 * MIB, 10 * MIB, "HTTP/1.1 401 ");
    assert_in_range(clock_monotonic_us() - before, 0, 1500000);
    // One who sends nothing more.
    before = clock_monotonic_us();
    expect_refusal(s, "/secret", 100, 10, "HTTP/1.1 401 ");
    assert_in_range(clock_monotonic_us() - before, 1500000, 4800000);
    http_server_stop(s, 1000);
}

static void server_closes_on_slow_clients(void **state)
{
    static const struct {
        const char *name, *first, *drip;
    } cases[] = {
        {"a slow head", "GET /ok HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"},
        {"a slow body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n", "abc"},
        {"a slow second head", "GET /ok HTTP/1.1\r\nHost: a\r\n\r\nGET", "  "},
        {"slow chunks", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
         "1\r\na\r\n"},
    };
    (void)state;
    struct http_server *s =
        start_with((struct http_config){.header_timeout_ms = 250, .min_bytes_per_s = 4096});
    for (size_t i = 0; i < COUNT(cases); i++) {
        int fd = dial(s);
        bool closed = false;
        send_text(fd, cases[i].first);
        int64_t before = clock_monotonic_us();
        while (!closed && clock_monotonic_us() - before < 2500000) {
            (void)send_bytes(fd, str_of(cases[i].drip));
            mem_free(read_responses(fd, 9, false, 50, &closed));
        }
        if (!closed)
            fail_msg("%s: still open after 2.5 s", cases[i].name);
        if (clock_monotonic_us() - before < 150000)
            fail_msg("%s: closed at once", cases[i].name);
        close(fd);
    }
    http_server_stop(s, 1000);
}

static void server_closes_on_who_does_not_take_the_answer(void **state)
{
    (void)state;
    struct http_server *s =
        start_with((struct http_config){.header_timeout_ms = 250, .min_bytes_per_s = 4096});
    int fd = dial(s);
    bool closed;
    send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(1000 * 1000);
    AUTO(mem_free) char *got = read_responses(fd, 1, false, 5000, &closed);
    assert_true(closed);
    assert_true(strlen(got) < 24 * MIB);
    close(fd);

    fd = dial(s); // who takes it, if late, gets all
    send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(100 * 1000);
    AUTO(mem_free) char *all = read_responses(fd, 1, false, 5000, &closed);
    assert_false(closed);
    assert_true(strlen(all) > 24 * MIB);
    close(fd);
    http_server_stop(s, 1000);
}

static void server_is_patient_between_requests_and_with_itself(void **state)
{
    (void)state;
    struct http_server *s =
        start_with((struct http_config){.header_timeout_ms = 200, .min_bytes_per_s = 4096});
    int fd = dial(s);
    bool closed;
    send_text(fd, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
    mem_free(read_responses(fd, 1, false, 2000, &closed));
    usleep(500 * 1000); // idle
    send_text(fd, "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    wait_for_held(1);
    usleep(500 * 1000); // the server is the slow one
    let_go();
    AUTO(mem_free) char *got = read_responses(fd, 1, false, 2000, &closed);
    assert_non_null(strstr(got, "\r\n\r\nabc"));
    close(fd);
    http_server_stop(s, 1000);
}

enum { MANY = 256 };

static void server_answers_when_many_are_ready_at_once(void **state)
{
    static const size_t counts[] = {127, 128, 129, 256};
    static const char request[] = "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    (void)state;
    struct http_server *s = start();
    for (size_t i = 0; i < COUNT(counts); i++) {
        int fd[MANY];
        bool closed;
        for (size_t j = 0; j < counts[i]; j++) { // each is accepted and idle first
            fd[j] = dial(s);
            send_text(fd[j], "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
            mem_free(read_responses(fd[j], 1, false, 2000, &closed));
        }
        int blocker = dial(s);
        send_text(blocker, "GET /block HTTP/1.1\r\nHost: a\r\n\r\n");
        wait_for_blocked();
        for (size_t j = 0; j < counts[i]; j++) // while the loop does not look
            send_text(fd[j], request);
        unblock();
        wait_for_held(counts[i]);
        let_go();
        for (size_t j = 0; j < counts[i]; j++) {
            AUTO(mem_free) char *got = read_responses(fd[j], 1, false, 3000, &closed);
            if (!strstr(got, "\r\n\r\nabc"))
                fail_msg("%zu ready: connection %zu got '%s'", counts[i], j, got);
            close(fd[j]);
        }
        close(blocker);
    }
    http_server_stop(s, 1000);
}

static void *stop_it(void *server)
{
    http_server_stop(server, 5000);
    return NULL;
}

static void server_finishes_what_is_in_flight(void **state)
{
    (void)state;
    struct http_server *s = start();
    int idle = dial(s), busy = dial(s);
    bool closed;
    send_text(idle, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
    mem_free(read_responses(idle, 1, false, 2000, &closed));
    send_text(busy, "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    wait_for_held(1);
    uint16_t port = http_server_port(s, 0);
    size_t ended = atomic_load(&app.ended);
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, stop_it, s), 0);
    mem_free(read_responses(idle, 1, false, 3000, &closed));
    assert_true(closed); // at once, long before the grace is over
    assert_int_equal(atomic_load(&app.ended), ended);
    let_go();
    AUTO(mem_free) char *got = read_responses(busy, 2, false, 3000, &closed);
    assert_non_null(strstr(got, "\r\n\r\nabc"));
    assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
    assert_true(closed);
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&app.ended), ended + 1);
    close(idle);
    close(busy);

    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd);
}

static void server_outlives_nobody_who_still_holds_a_request(void **state)
{
    (void)state;
    struct http_server *s = start();
    int fd[3];
    bool closed;
    size_t ended = atomic_load(&app.ended);
    for (size_t i = 0; i < COUNT(fd); i++) {
        fd[i] = dial(s);
        send_text(fd[i], "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    }
    wait_for_held(COUNT(fd));
    http_server_stop(s, 100);
    assert_int_equal(atomic_load(&app.ended), ended + COUNT(fd)); // end() was called
    let_go();                                                     // in vain, but it must not hurt
    for (size_t i = 0; i < COUNT(fd); i++) {
        AUTO(mem_free) char *got = read_responses(fd[i], 1, false, 1000, &closed);
        assert_true(closed);
        assert_string_equal(got, "");
        close(fd[i]);
    }
}

static size_t open_files(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void server_answers_from_a_file(void **state)
{
    static const size_t sizes[] = {0, 1, 4096, 3000000};
    (void)state;
    struct http_server *s = start();
    bool closed;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char request[128], length[64];
        size_t before = open_files();
        (void)snprintf(request, sizeof request, "GET /file/%zu HTTP/1.1\r\nHost: a\r\n\r\n",
                       sizes[i]);
        (void)snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", sizes[i]);
        AUTO(mem_free) char *got = ask(s, request, 1, &closed);
        assert_non_null(strstr(got, length));
        assert_non_null(strstr(got, "\r\nContent-Type: text/csv\r\n"));
        const char *body = strstr(got, "\r\n\r\n") + 4;
        assert_int_equal(strspn(body, "f"), sizes[i]);
        (void)snprintf(request, sizeof request, "HEAD /file/%zu HTTP/1.1\r\nHost: a\r\n\r\n",
                       sizes[i]);
        int fd = dial(s);
        send_text(fd, request);
        AUTO(mem_free) char *head = read_responses(fd, 1, true, 3000, &closed);
        assert_non_null(strstr(head, length));
        assert_string_equal(strstr(head, "\r\n\r\n"), "\r\n\r\n");
        close(fd);
        mem_free(ask(s, "GET /ok/5 HTTP/1.1\r\nHost: a\r\n\r\n", 1, &closed));
        for (int wait = 0; open_files() > before && wait < 100; wait++)
            usleep(10000);
        assert_int_equal(open_files(), before);
    }
    // Who leaves in the middle leaves no open file behind.
    size_t before = open_files();
    int fd = dial(s);
    send_text(fd, "GET /file/30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    mem_free(read_responses(fd, 1, true, 3000, &closed));
    close(fd);
    for (int wait = 0; open_files() > before && wait < 300; wait++)
        usleep(10000);
    assert_int_equal(open_files(), before);
    http_server_stop(s, 1000);
}

/* Reads until the text holds what is looked for. */
static void expect(int fd, struct buf *b, const char *what)
{
    for (int64_t until = clock_monotonic_us() + 3000000; clock_monotonic_us() < until;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (b->len && memmem(b->ptr, b->len, what, strlen(what)))
            return;
        if (poll(&p, 1, 100) <= 0)
            continue;
        assert_true(buf_reserve(b, 65536));
        ssize_t n = recv(fd, b->ptr + b->len, 65536, 0);
        if (n <= 0)
            break;
        b->len += (size_t)n;
    }
    fail_msg("no '%s' in '%.*s'", what, STR_ARG(buf_str(b)));
}

static int open_stream(struct http_server *s)
{
    AUTO(buf_done) struct buf b = {0};
    int fd = dial(s);
    send_text(fd, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(fd, &b, "\r\n1\r\na\r\n");
    return fd;
}

static void server_streams_what_there_is_to_say(void **state)
{
    (void)state;
    struct http_server *s = start();
    AUTO(buf_done) struct buf b = {0};
    size_t ended = atomic_load(&app.ended);
    int fd = open_stream(s);
    size_t asked = atomic_load(&app.asked);
    usleep(500000); // it sleeps, and is asked now and then, not all the time
    asked = atomic_load(&app.asked) - asked;
    assert_in_range(asked, 1, 5);
    atomic_store(&app.says, 'b');
    expect(fd, &b, "1\r\nb\r\n");
    asked = atomic_load(&app.asked);
    atomic_store(&app.says, '+');
    usleep(500000); // nor more often when it talks
    asked = atomic_load(&app.asked) - asked;
    assert_in_range(asked, 1, 6);
    atomic_store(&app.says, '*');
    expect(fd, &b, "xxx\r\n");
    atomic_store(&app.says, '.');
    expect(fd, &b, "1\r\n.\r\n0\r\n\r\n");
    size_t more = 0;
    for (size_t i = 0; i < b.len; i++)
        more += b.ptr[i] == 'x';
    assert_int_equal(more, 100000);
    b.len = 0;
    send_text(fd, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"); // the connection goes on
    expect(fd, &b, "\r\n\r\nok");
    assert_int_equal(atomic_load(&app.ended), ended + 1);
    close(fd);
    AUTO(mem_free) char *head = NULL;
    bool closed;
    fd = dial(s);
    send_text(fd, "HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
    head = read_responses(fd, 1, true, 3000, &closed);
    assert_non_null(strstr(head, "text/event-stream"));
    close(fd);
    http_server_stop(s, 1000);
}

static void server_notices_who_leaves_a_stream(void **state)
{
    (void)state;
    struct http_server *s = start();
    size_t ended = atomic_load(&app.ended);
    close(open_stream(s));
    for (int wait = 0; atomic_load(&app.ended) == ended && wait < 300; wait++) {
        atomic_store(&app.says, 'h'); // a heartbeat
        usleep(10000);
    }
    assert_int_equal(atomic_load(&app.ended), ended + 1);
    http_server_stop(s, 1000);
}

static void server_that_stops_ends_its_streams(void **state)
{
    (void)state;
    static const unsigned grace_ms[] = {20000, 0};
    for (size_t i = 0; i < COUNT(grace_ms); i++) {
        struct http_server *s = start();
        int fd[3];
        size_t ended = atomic_load(&app.ended);
        for (size_t k = 0; k < COUNT(fd); k++)
            fd[k] = open_stream(s);
        usleep(50000); // they sleep
        int64_t began = clock_monotonic_us();
        http_server_stop(s, grace_ms[i]);
        assert_true(clock_monotonic_us() - began < 2000000); // long before the grace is over
        assert_int_equal(atomic_load(&app.ended), ended + COUNT(fd));
        for (size_t k = 0; k < COUNT(fd); k++) {
            bool closed;
            AUTO(mem_free) char *got = read_responses(fd[k], 9, true, 2000, &closed);
            assert_true(closed);
            assert_string_equal(got, grace_ms[i] ? "0\r\n\r\n" : "");
            close(fd[k]);
        }
    }
}

static void server_listens_where_it_is_told(void **state)
{
    static const struct {
        const char *name, *address;
        enum err_code code;
    } cases[] = {
        {"nothing", "", ERR_INVALID},
        {"no port", "127.0.0.1", ERR_INVALID},
        {"a port that is none", "127.0.0.1:http", ERR_INVALID},
        {"a port over 65535", "127.0.0.1:65536", ERR_INVALID},
        {"IPv6 without brackets", "::1:80", ERR_INVALID},
        {"an address of another machine", "192.0.2.1:0", ERR_INVALID},
        {"all addresses", ":0", ERR_NONE},
        {"a name", "localhost:0", ERR_NONE},
    };
    (void)state;
    const struct http_app a = {.route = routes, .count = COUNT(routes), .refuse = refuse};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_config config = {.listen = &cases[i].address, .listen_count = 1};
        struct http_server *s = NULL;
        struct err err = {0};
        bool ok = http_server_start(&config, &a, &s, &err);
        if (err.code != cases[i].code || ok != (cases[i].code == ERR_NONE))
            fail_msg("%s: error %d '%s'", cases[i].name, err.code, err.msg);
        if (s)
            http_server_stop(s, 0);
    }

    static const char *const two[] = {"127.0.0.1:0", "127.0.0.1:0"};
    struct http_server *s =
        start_with((struct http_config){.listen = two, .listen_count = 2, .loops = 2});
    assert_int_not_equal(http_server_port(s, 0), http_server_port(s, 1));
    bool closed;
    for (int i = 0; i < 8; i++) { // the kernel spreads them over the loops
        AUTO(mem_free) char *got = ask(s, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", 1, &closed);
        assert_non_null(strstr(got, "\r\n\r\nok"));
    }
    char taken[32];
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", http_server_port(s, 1));
    const char *const again[] = {"127.0.0.1:0", taken};
    struct http_config config = {.listen = again, .listen_count = 2, .loops = 2};
    struct http_server *other = NULL;
    struct err err = {0};
    assert_false(http_server_start(&config, &a, &other, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    http_server_stop(s, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_answers_as_http_says),
        cmocka_unit_test(server_answers_head_without_a_body),
        cmocka_unit_test(server_takes_heads_up_to_32_kib),
        cmocka_unit_test(server_gives_each_request_its_id),
        cmocka_unit_test(server_asks_for_the_body_a_client_waits_with),
        cmocka_unit_test(server_lets_refused_clients_have_their_answer),
        cmocka_unit_test(server_closes_on_slow_clients),
        cmocka_unit_test(server_closes_on_who_does_not_take_the_answer),
        cmocka_unit_test(server_is_patient_between_requests_and_with_itself),
        cmocka_unit_test(server_answers_when_many_are_ready_at_once),
        cmocka_unit_test(server_finishes_what_is_in_flight),
        cmocka_unit_test(server_outlives_nobody_who_still_holds_a_request),
        cmocka_unit_test(server_answers_from_a_file),
        cmocka_unit_test(server_streams_what_there_is_to_say),
        cmocka_unit_test(server_notices_who_leaves_a_stream),
        cmocka_unit_test(server_that_stops_ends_its_streams),
        cmocka_unit_test(server_listens_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
