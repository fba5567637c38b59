/* SPDX-License-Identifier: Apache-2.0 */
#include "http/gate.h"

#include "base/buf.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Cuts "GET /x HTTP/1.1\nHost: a\n" into a head: '\n' stands for CR LF. */
static void cut_head(struct arena *a, str text, struct gate_head *ret)
{
    str line = str_split(&text, '\n');
    *ret = (struct gate_head){0};
    ret->method = str_split(&line, ' ');
    ret->target = str_split(&line, ' ');
    ret->version = line;
    struct gate_field *field = ARENA_NEW(a, struct gate_field, 200);
    while (text.len) {
        str value = str_split(&text, '\n');
        str name = str_split(&value, ':');
        size_t lead = 1;
        for (; value.len && (value.ptr[0] == ' ' || value.ptr[0] == '\t'); lead++)
            value = str_from(value, 1);
        size_t len = value.len;
        while (value.len && value.ptr[value.len - 1] == ' ')
            value.len--;
        field[ret->count++] = (struct gate_field){name, value, lead, len - value.len};
    }
    ret->field = field;
}

static int status_of(struct arena *a, str text, struct gate_pass *pass,
                     struct gate_refusal *refusal)
{
    struct gate_head head;
    cut_head(a, text, &head);
    return gate_check(&head, pass, refusal) ? 0 : refusal->status;
}

static void gate_lets_through_what_http_allows(void **state)
{
    static const struct {
        const char *name, *head;
        int status; /* 0: passes */
    } cases[] = {
        {"a plain request", "GET / HTTP/1.1\nHost: a\n", 0},
        {"HTTP/1.0 needs no host", "GET / HTTP/1.0\n", 0},
        {"a host with a port", "GET / HTTP/1.1\nHost: shop.example.com:8080\n", 0},
        {"a host that is an IPv6 address", "GET / HTTP/1.1\nHost: [::1]:80\n", 0},
        {"a host with sub-delimiters", "GET / HTTP/1.1\nHost: 0.0.0.0=5000\n", 0},
        {"bytes over 0x7f in a value", "GET / HTTP/1.1\nHost: a\nX: \xd0\xb0\n", 0},
        {"a tab in a value", "GET / HTTP/1.1\nHost: a\nX: a\tb\n", 0},
        {"quotes in the target", "GET /\"a\"?b=\\\"c\\\" HTTP/1.1\nHost: a\n", 0},
        {"an absolute target", "GET http://a/b?c HTTP/1.1\nHost: a\n", 0},
        {"an absolute target with a user", "GET http://u:p@a:80/b HTTP/1.1\nHost: a\n", 0},
        {"an asterisk for OPTIONS", "OPTIONS * HTTP/1.1\nHost: a\n", 0},
        {"a content length with zeros in front", "PUT / HTTP/1.1\nHost: a\nContent-Length: 003\n",
         0},
        {"chunked in any case", "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: Chunked\n", 0},
        {"an unknown expectation of HTTP/1.0", "GET / HTTP/1.0\nExpect: tea\n", 0},

        {"a method nobody knows", "BREW / HTTP/1.1\nHost: a\n", 501},
        {"TRACE and CONNECT", "TRACE / HTTP/1.1\nHost: a\n", 501},
        {"a method in lower case", "get / HTTP/1.1\nHost: a\n", 501},
        {"a method that is no token", "GET: / HTTP/1.1\nHost: a\n", 400},
        {"HTTP/2.0", "GET / HTTP/2.0\nHost: a\n", 505},
        {"HTTP/1.2", "GET / HTTP/1.2\nHost: a\n", 505},
        {"another protocol", "GET / FTP/1.1\nHost: a\n", 400},
        {"no target", "GET  HTTP/1.1\nHost: a\n", 400},
        {"a relative target", "GET a/b HTTP/1.1\nHost: a\n", 400},
        {"a strange scheme", "GET ftp://a/ HTTP/1.1\nHost: a\n", 400},
        {"an asterisk for GET", "GET * HTTP/1.1\nHost: a\n", 400},
        {"a raw Cyrillic letter", "GET /\xd0\xb0 HTTP/1.1\nHost: a\n", 400},
        {"a control character in the target", "GET /\x01 HTTP/1.1\nHost: a\n", 400},
        {"DEL in the target", "GET /\x7f HTTP/1.1\nHost: a\n", 400},
        {"a backslash in the path", "GET /a\\b HTTP/1.1\nHost: a\n", 400},
        {"no host", "GET / HTTP/1.1\n", 400},
        {"two hosts", "GET / HTTP/1.1\nHost: a\nhost: a\n", 400},
        {"an empty host", "GET / HTTP/1.1\nHost: \n", 400},
        {"a host with a user", "GET / HTTP/1.1\nHost: u@a\n", 400},
        {"a host with a path", "GET / HTTP/1.1\nHost: a/b\n", 400},
        {"a port that is no number", "GET / HTTP/1.1\nHost: a:b\n", 400},
        {"an IPv6 address without an end", "GET / HTTP/1.1\nHost: [::1\n", 400},
        {"a blank before the colon", "GET / HTTP/1.1\nHost: a\nX : b\n", 400},
        {"an empty name", "GET / HTTP/1.1\nHost: a\n: b\n", 400},
        {"brackets in a name", "GET / HTTP/1.1\nHost: a\nX[]: b\n", 400},
        {"a bare CR in a value", "GET / HTTP/1.1\nHost: a\nX: b\rc\n", 400},
        {"two content lengths, even if equal",
         "PUT / HTTP/1.1\nHost: a\nContent-Length: 3\nContent-Length: 3\n", 400},
        {"a negative content length", "PUT / HTTP/1.1\nHost: a\nContent-Length: -1\n", 400},
        {"a content length with a plus", "PUT / HTTP/1.1\nHost: a\nContent-Length: +1\n", 400},
        {"a list of content lengths", "PUT / HTTP/1.1\nHost: a\nContent-Length: 1, 1\n", 400},
        {"an empty content length", "PUT / HTTP/1.1\nHost: a\nContent-Length:\n", 400},
        {"a content length over 64 bits",
         "PUT / HTTP/1.1\nHost: a\nContent-Length: 99999999999999999999\n", 413},
        {"both ways of framing",
         "PUT / HTTP/1.1\nHost: a\nContent-Length: 3\nTransfer-Encoding: chunked\n", 400},
        {"a coding nobody knows", "PUT / HTTP/1.1\nHost: a\nTransfer-Encoding: xchunked\n", 501},
        {"a list of codings", "PUT / HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n", 501},
        {"two codings",
         "PUT / HTTP/1.1\nHost: a\nTransfer-Encoding: gzip\nTransfer-Encoding: chunked\n", 501},
        {"chunked twice",
         "PUT / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n", 400},
        {"chunked with a blank behind", "PUT / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked \n",
         400},
        {"chunked in HTTP/1.0", "PUT / HTTP/1.0\nTransfer-Encoding: chunked\n", 400},
        {"an unknown expectation", "PUT / HTTP/1.1\nHost: a\nExpect: tea\n", 417},
        {"two content types", "PUT / HTTP/1.1\nHost: a\nContent-Type: a/b\nContent-Type: a/b\n",
         400},
        {"two authorizations",
         "PUT / HTTP/1.1\nHost: a\nAuthorization: Token a\nAuthorization: Token b\n", 400},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct gate_pass pass;
        struct gate_refusal refusal = {0};
        int status = status_of(&a, str_of(cases[i].head), &pass, &refusal);
        if (status != cases[i].status)
            fail_msg("%s: got %d '%s'", cases[i].name, status,
                     refusal.detail ? refusal.detail : "");
        if (status && (!refusal.detail || !refusal.detail[0]))
            fail_msg("%s: refused without a word", cases[i].name);
    }
}

static void gate_says_what_a_request_is(void **state)
{
    static const struct {
        const char *name, *head;
        enum http_method method;
        const char *path, *query; /* query NULL: none */
        uint64_t length;
        bool chunked, body, expect;
    } cases[] = {
        {"path and query", "GET /a/b?c=d HTTP/1.1\nHost: a\n", HTTP_GET, "/a/b", "c=d", 0, 0, 0, 0},
        {"an empty query", "GET /a? HTTP/1.1\nHost: a\n", HTTP_GET, "/a", "", 0, 0, 0, 0},
        {"a second question mark", "GET /a?b?c HTTP/1.1\nHost: a\n", HTTP_GET, "/a", "b?c", 0, 0, 0,
         0},
        {"an absolute target without a path", "GET http://a?b HTTP/1.1\nHost: a\n", HTTP_GET, "/",
         "b", 0, 0, 0, 0},
        {"an absolute target", "PATCH HTTP://a:1/b?c HTTP/1.1\nHost: a\n", HTTP_PATCH, "/b", "c", 0,
         0, 0, 0},
        {"a length", "PUT /a HTTP/1.1\nHost: a\nContent-Length: 42\n", HTTP_PUT, "/a", NULL, 42, 0,
         1, 0},
        {"a length of nothing",
         "PUT /a HTTP/1.1\nHost: a\nContent-Length: 0\nExpect: 100-continue\n", HTTP_PUT, "/a",
         NULL, 0, 0, 0, 0},
        {"chunks that wait",
         "POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nExpect: 100-Continue\n", HTTP_POST,
         "/a", NULL, 0, 1, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct gate_pass p;
        struct gate_refusal refusal;
        if (status_of(&a, str_of(cases[i].head), &p, &refusal))
            fail_msg("%s: refused: %s", cases[i].name, refusal.detail);
        if (p.method != cases[i].method || !str_eq(p.path, str_of(cases[i].path)) ||
            !str_eq(p.query, str_of(cases[i].query)) ||
            str_is_null(p.query) != (cases[i].query == NULL) ||
            p.content_length != cases[i].length || p.chunked != cases[i].chunked ||
            p.has_body != cases[i].body || p.expect_continue != cases[i].expect)
            fail_msg("%s: path '%.*s', query '%.*s'", cases[i].name, STR_ARG(p.path),
                     STR_ARG(p.query));
    }
}

static void gate_sees_what_the_library_swallowed(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    size_t wire = sizeof "GET / HTTP/1.1\r\nHost:  a \r\n\r\n" - 1;
    struct gate_head head;
    struct gate_pass pass;
    struct gate_refusal refusal;
    cut_head(&a, STR("GET / HTTP/1.1\nHost:  a \n"), &head);
    head.received_bytes = wire;
    assert_true(gate_check(&head, &pass, &refusal));
    for (int off = -1; off <= 1; off += 2) { // a bare LF; a folded line, a NUL, a second space
        head.received_bytes = wire + (size_t)off;
        assert_false(gate_check(&head, &pass, &refusal));
        assert_int_equal(refusal.status, 400);
    }
}

static void gate_keeps_heads_small(void **state)
{
    (void)state;
    static const struct {
        const char *name, *before, *after;
        size_t count;
        int status;
    } cases[] = {
        {"a target of 8 KiB", "GET /", " HTTP/1.1\nHost: a\n", LIMIT_TARGET_BYTES - 1, 0},
        {"a target over 8 KiB", "GET /", " HTTP/1.1\nHost: a\n", LIMIT_TARGET_BYTES, 414},
        {"headers of 31 KiB", "GET / HTTP/1.1\nHost: a\nX: ", "\n", 31 * KIB, 0},
        {"headers over 32 KiB", "GET / HTTP/1.1\nHost: a\nX: ", "\n", 32 * KIB, 431},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf b = {0};
        struct gate_pass pass;
        struct gate_refusal refusal;
        buf_add(&b, str_of(cases[i].before));
        for (size_t j = 0; j < cases[i].count; j++)
            buf_add_char(&b, 'x');
        buf_add(&b, str_of(cases[i].after));
        int status = status_of(&a, buf_str(&b), &pass, &refusal);
        if (status != cases[i].status)
            fail_msg("%s: got %d", cases[i].name, status);
    }
    AUTO(arena_done) struct arena a = {0};
    AUTO(buf_done) struct buf b = {0};
    struct gate_pass pass;
    struct gate_refusal refusal;
    buf_add(&b, STR("GET / HTTP/1.1\nHost: a\n"));
    for (size_t j = 0; j < LIMIT_HEADER_FIELDS; j++)
        buf_add(&b, STR("X: y\n"));
    assert_int_equal(status_of(&a, buf_str(&b), &pass, &refusal), 431);
}

static void gate_knows_which_trailers_are_forbidden(void **state)
{
    (void)state;
    assert_true(gate_trailer(STR("X-Checksum"), STR("1")));
    assert_false(gate_trailer(STR("transfer-encoding"), STR("chunked")));
    assert_false(gate_trailer(STR("Content-Length"), STR("1")));
    assert_false(gate_trailer(STR("Host"), STR("a")));
    assert_false(gate_trailer(STR("X Y"), STR("a")));
    assert_false(gate_trailer(STR("X"), STR("a\rb")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_lets_through_what_http_allows),
        cmocka_unit_test(gate_says_what_a_request_is),
        cmocka_unit_test(gate_sees_what_the_library_swallowed),
        cmocka_unit_test(gate_keeps_heads_small),
        cmocka_unit_test(gate_knows_which_trailers_are_forbidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
