/* server_world: for the tests of the server: an app, the server in this process, and a client over
 * real sockets.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_SERVER_WORLD_H
#define HTTP_SERVER_WORLD_H

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

static UNUSED void answer_ok(struct http_request *r)
{
    http_answer(r, 200, "text/plain", STR("ok"));
}

static UNUSED void answer_echo(struct http_request *r)
{
    http_answer(r, 200, "text/plain", http_body(r));
}

static UNUSED void answer_facts(struct http_request *r)
{
    str text = arena_format(http_arena(r), "%s %.*s id=%.*s q=%.*s h=%.*s", http_method_name(r),
                            STR_ARG(http_path(r)), STR_ARG(http_segment(r, "id")),
                            STR_ARG(http_query(r, "q")), STR_ARG(http_header(r, "x-a")));
    http_add_header(r, "X-Split", "a\r\nX-Injected: b");
    http_answer(r, 200, "text/plain", text);
}

static UNUSED void answer_big(struct http_request *r)
{
    size_t bytes = 24 * MIB;
    char *p = ARENA_NEW(http_arena(r), char, bytes);
    http_answer(r, 200, "text/plain", (str){memset(p, 'x', bytes), bytes});
}

static UNUSED void refuse_early(struct http_request *r)
{
    http_answer(r, 401, "text/plain", STR("who are you"));
}

static UNUSED bool count_data(struct http_request *r, str piece)
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

static UNUSED void answer_count(struct http_request *r)
{
    size_t *bytes = http_context(r);
    http_answer(r, 200, NULL, arena_format(http_arena(r), "%zu", bytes ? *bytes : 0));
}

static UNUSED void count_end(struct http_request *r)
{
    mem_free(http_context(r));
    atomic_fetch_add(&app.ended, 1);
}

static UNUSED void hold(struct http_request *r)
{
    http_defer(r);
    pthread_mutex_lock(&app.lock);
    app.held[app.held_count++] = r;
    pthread_cond_broadcast(&app.changed);
    pthread_mutex_unlock(&app.lock);
}

static UNUSED void *resume_later(void *request)
{
    http_resume(request);
    return NULL;
}

static UNUSED void defer_to_thread(struct http_request *r)
{
    pthread_t t;
    http_defer(r);
    assert_int_equal(pthread_create(&t, NULL, resume_later, r), 0);
    pthread_detach(t);
}

/* Puts it aside once more before it answers. */
static UNUSED void answer_second_time(struct http_request *r)
{
    if (http_context(r)) {
        http_answer(r, 200, NULL, STR("twice"));
        return;
    }
    http_set_context(r, (void *)1);
    defer_to_thread(r);
}

static UNUSED void block_loop(struct http_request *r)
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
static UNUSED void answer_file(struct http_request *r)
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
static UNUSED void answer_then_file(struct http_request *r)
{
    answer_ok(r);
    answer_file(r);
}

static UNUSED void answer_stream(struct http_request *r)
{
    http_set_context(r, mem_new(1, sizeof(bool)));
    http_answer_stream(r, 200, "text/event-stream", 100);
}

static UNUSED bool say(struct http_request *r, struct buf *out)
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

static UNUSED void refuse(struct http_request *r, enum http_refusal why, int status,
                          const char *detail)
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

static UNUSED void wait_for_held(size_t count)
{
    pthread_mutex_lock(&app.lock);
    while (app.held_count < count)
        pthread_cond_wait(&app.changed, &app.lock);
    pthread_mutex_unlock(&app.lock);
}

static UNUSED void let_go(void)
{
    pthread_mutex_lock(&app.lock);
    for (size_t i = 0; i < app.held_count; i++)
        http_resume(app.held[i]);
    app.held_count = 0;
    pthread_mutex_unlock(&app.lock);
}

static UNUSED void wait_for_blocked(void)
{
    pthread_mutex_lock(&app.lock);
    while (!app.blocked)
        pthread_cond_wait(&app.changed, &app.lock);
    pthread_mutex_unlock(&app.lock);
}

static UNUSED void unblock(void)
{
    pthread_mutex_lock(&app.lock);
    app.unblock = true;
    pthread_cond_broadcast(&app.changed);
    pthread_mutex_unlock(&app.lock);
}

static UNUSED struct http_server *start_with(struct http_config config)
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

static UNUSED struct http_server *start(void)
{
    return start_with((struct http_config){0});
}

/* --- a client --- */

static UNUSED int dial(const struct http_server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(http_server_port(s, 0))};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        fail_msg("cannot connect: %s", strerror(errno));
    return fd;
}

/* Sends all of s; false when the server closed before. */
static UNUSED bool send_bytes(int fd, str s)
{
    while (s.len) {
        ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        s = str_from(s, (size_t)n);
    }
    return true;
}

static UNUSED void send_text(int fd, const char *text)
{
    if (!send_bytes(fd, str_of(text)))
        fail_msg("the server closed early");
}

/* The length of the first whole response in s; 0 when it is not all here. */
static UNUSED size_t response_bytes(str s, bool head)
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
static UNUSED char *read_responses(int fd, size_t count, bool head, int wait_ms, bool *ret_closed)
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

static UNUSED int count_responses(const char *text)
{
    int count = 0;
    for (const char *p = text; (p = strstr(p, "HTTP/1.1 ")) != NULL; p++)
        count += memcmp(p + 9, "100", 3) != 0;
    return count;
}

/* Sends bytes on a new connection and reads everything until it is closed or quiet. */
static UNUSED char *ask(const struct http_server *s, const char *text, size_t count,
                        bool *ret_closed)
{
    int fd = dial(s);
    send_text(fd, text);
    char *got = read_responses(fd, count, false, 3000, ret_closed);
    close(fd);
    return got;
}

#endif
