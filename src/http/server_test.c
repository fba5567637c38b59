/* server_test: what the server answers to what it is asked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/server_world.h"

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
         "\r\n\r\nabc", // a request's id may hold the letters, too
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_answers_as_http_says),
        cmocka_unit_test(server_answers_head_without_a_body),
        cmocka_unit_test(server_takes_heads_up_to_32_kib),
        cmocka_unit_test(server_gives_each_request_its_id),
        cmocka_unit_test(server_asks_for_the_body_a_client_waits_with),
        cmocka_unit_test(server_lets_refused_clients_have_their_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
