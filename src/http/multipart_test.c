/* SPDX-License-Identifier: Apache-2.0 */
#include "http/multipart.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Writes down what the reader says: "name(file name;type)data|". */
struct notes {
    struct buf text;
    bool stop_in_data;
};

static bool note_begin(void *context, const struct multipart_part *part)
{
    struct notes *n = context;
    buf_add(&n->text, part->name);
    if (!str_is_null(part->file_name) || !str_is_null(part->content_type)) {
        buf_add_char(&n->text, '(');
        buf_add(&n->text, part->file_name);
        buf_add_char(&n->text, ';');
        buf_add(&n->text, part->content_type);
        buf_add_char(&n->text, ')');
    }
    buf_add_char(&n->text, '=');
    return true;
}

static bool note_data(void *context, str piece)
{
    struct notes *n = context;
    buf_add(&n->text, piece);
    return !n->stop_in_data;
}

static bool note_end(void *context)
{
    struct notes *n = context;
    buf_add_char(&n->text, '|');
    return true;
}

static const struct multipart_events noting = {note_begin, note_data, note_end};

/* Feeds body in pieces of `step` bytes. */
static bool read_body(str boundary, str body, size_t step, struct notes *notes, bool *ret_complete,
                      struct err *err)
{
    AUTO(multipart_free) struct multipart *m = multipart_new(boundary, &noting, notes);
    bool ok = true;
    while (ok && body.len) {
        AUTO(mem_free) char *own = mem_new(step, 1); // so that a read past the piece is seen
        str piece = str_first(body, step);
        memcpy(own, piece.ptr, piece.len);
        ok = multipart_feed(m, (str){own, piece.len}, err);
        body = str_from(body, piece.len);
    }
    *ret_complete = multipart_complete(m);
    return ok;
}

#define CD "Content-Disposition: form-data; name="

static void multipart_reads_parts(void **state)
{
    static const struct {
        const char *name, *body, *want;
        bool complete;
        enum err_code code;
    } cases[] = {
        {"one part", "--b\r\n" CD "\"a\"\r\n\r\nx\r\n--b--\r\n", "a=x|", true, ERR_NONE},
        {"two parts", "--b\r\n" CD "\"a\"\r\n\r\nx\r\n--b\r\n" CD "\"c\"\r\n\r\ny\r\n--b--",
         "a=x|c=y|", true, ERR_NONE},
        {"as curl sends the vendor's samples",
         "--b\r\nContent-Disposition: attachment; name=\"data[type]\"\r\n\r\nconsumers\r\n--b--\r\n",
         "data[type]=consumers|", true, ERR_NONE},
        {"a file",
         "--b\r\n" CD "\"f\"; filename=\"k.csv\"\r\nContent-Type: text/csv\r\n\r\na;b\r\n--b--\r\n",
         "f(k.csv;text/csv)=a;b|", true, ERR_NONE},
        {"a bare name", "--b\r\n" CD "data[id]; filename=a.csv\r\n\r\nx\r\n--b--",
         "data[id](a.csv;)=x|", true, ERR_NONE},
        {"parameters in another order and case",
         "--b\r\nCONTENT-disposition: form-data ; FileName=\"k\" ; NAME = \"a\"\r\n\r\nx\r\n--b--",
         "a(k;)=x|", true, ERR_NONE},
        {"escaped quotes in a name", "--b\r\n" CD "\"a\\\"b\\\\c\"\r\n\r\nx\r\n--b--", "a\"b\\c=x|",
         true, ERR_NONE},
        {"a whole Windows path", "--b\r\n" CD "\"a\"; filename=\"C:\\dir\\k.csv\"\r\n\r\n\r\n--b--",
         "a(C:\\dir\\k.csv;)=|", true, ERR_NONE},
        {"a semicolon inside quotes", "--b\r\n" CD "\"a;b\"; filename=\"c;d\"\r\n\r\nx\r\n--b--",
         "a;b(c;d;)=x|", true, ERR_NONE},
        {"an extended file name wins",
         "--b\r\n" CD "\"a\"; filename=\"k\"; filename*=UTF-8''%D0%BA.csv\r\n\r\nx\r\n--b--",
         "a(к.csv;)=x|", true, ERR_NONE},
        {"an extended file name that cannot be read is ignored",
         "--b\r\n" CD "\"a\"; filename=\"k\"; filename*=UTF-8''%ff\r\n\r\nx\r\n--b--", "a(k;)=x|",
         true, ERR_NONE},
        {"a file name in another encoding is shown as well as it goes",
         "--b\r\n" CD "\"a\"; filename=\"\xea.csv\"\r\n\r\nx\r\n--b--", "a(\xef\xbf\xbd.csv;)=x|",
         true, ERR_NONE},
        {"an empty part", "--b\r\n" CD "\"a\"\r\n\r\n\r\n--b--", "a=|", true, ERR_NONE},
        {"an empty part that ends with its headers", "--b\r\n" CD "\"a\"\r\n\r\n--b--", "a=|", true,
         ERR_NONE},
        {"a part without headers", "--b\r\n\r\nx\r\n--b--", "=x|", true, ERR_NONE},
        {"line ends in data", "--b\r\n" CD "a\r\n\r\n\r\n\r\r\nx\r\n\r\n--b--",
         "a=\r\n\r\r\nx\r\n|", true, ERR_NONE},
        {"the beginning of a boundary in data",
         "--b\r\n" CD "a\r\n\r\n\r\n-\r\n--\r\r\n-b--b\r\n--b--", "a=\r\n-\r\n--\r\r\n-b--b|", true,
         ERR_NONE},
        {"data that begins like a boundary", "--b\r\n" CD "a\r\n\r\n--x\r\n--b--", "a=--x|", true,
         ERR_NONE},
        {"text before and after",
         "hello\r\n--\r\n--b\r\n" CD "a\r\n\r\nx\r\n--b--\r\nbye\r\n--b\r\n", "a=x|", true,
         ERR_NONE},
        {"blanks behind a boundary", "--b \t\r\n" CD "a\r\n\r\nx\r\n--b--", "a=x|", true, ERR_NONE},
        {"no parts at all", "--b--\r\n", "", true, ERR_NONE},
        {"an end that never comes", "--b\r\n" CD "a\r\n\r\nx\r\n--b", "a=x|", false, ERR_NONE},
        {"data that never ends", "--b\r\n" CD "a\r\n\r\nxyz", "a=xyz", false, ERR_NONE},
        {"no boundary anywhere", "hello", "", false, ERR_NONE},
        {"something else behind a boundary", "--bc\r\n", "", false, ERR_INVALID},
        {"half a closing boundary", "--b-\r\n", "", false, ERR_INVALID},
        {"a header without a colon", "--b\r\nhello\r\n\r\n", "", false, ERR_INVALID},
        {"a header without a name", "--b\r\n: x\r\n\r\n", "", false, ERR_INVALID},
        {"a bare line feed in the headers", "--b\r\n" CD "a\nX: y\r\n\r\n", "", false, ERR_INVALID},
        {"a name that is not UTF-8", "--b\r\n" CD "\"\xff\"\r\n\r\n", "", false, ERR_INVALID},
    };
    static const size_t steps[] = {100000, 1, 2, 3, 7};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t j = 0; j < COUNT(steps); j++) {
            struct notes notes = {0};
            bool complete = false;
            struct err err = {0};
            bool ok = read_body(STR("b"), str_of(cases[i].body), steps[j], &notes, &complete, &err);
            str got = buf_str(&notes.text);
            if (ok != (cases[i].code == ERR_NONE) || err.code != cases[i].code ||
                complete != cases[i].complete || !str_eq(got, str_of(cases[i].want)))
                fail_msg("%s, %zu bytes at a time: got '%.*s', complete %d, error %d '%s'",
                         cases[i].name, steps[j], STR_ARG(got), complete, err.code, err.msg);
            buf_done(&notes.text);
        }
}

static void multipart_keeps_to_its_limits(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf body = {0};
    struct notes notes = {0};
    bool complete;
    struct err err = {0};
    buf_add(&body, STR("--b\r\nX: "));
    for (size_t i = 0; i < LIMIT_PART_HEADER_BYTES; i++)
        buf_add_char(&body, 'x');
    buf_add(&body, STR("\r\n\r\n"));
    assert_false(read_body(STR("b"), buf_str(&body), 4096, &notes, &complete, &err));
    assert_int_equal(err.code, ERR_LIMIT);

    buf_reset(&body);
    for (size_t i = 0; i <= LIMIT_PARTS; i++)
        buf_add(&body, STR("--b\r\n\r\n\r\n"));
    err = (struct err){0};
    assert_false(read_body(STR("b"), buf_str(&body), 4096, &notes, &complete, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_done(&notes.text);
}

static void multipart_stops_when_told(void **state)
{
    (void)state;
    struct notes notes = {.stop_in_data = true};
    struct err err = {0};
    AUTO(multipart_free) struct multipart *m = multipart_new(STR("b"), &noting, &notes);
    assert_false(multipart_feed(m, STR("--b\r\n" CD "a\r\n\r\nxyz"), &err));
    assert_int_equal(err.code, ERR_NONE);
    assert_false(multipart_feed(m, STR("more"), &err)); // and stays so
    assert_int_equal(err.code, ERR_INVALID);
    buf_done(&notes.text);
}

static void multipart_finds_the_boundary(void **state)
{
    static const struct {
        const char *type, *want; /* NULL: none */
    } cases[] = {
        {"multipart/form-data; boundary=abc", "abc"},
        {"multipart/form-data; boundary=\"a b\"", "a b"},
        {"multipart/form-data;charset=utf-8;Boundary=abc ", "abc"},
        {"application/vnd.api+json; boundary=------------------------0123",
         "------------------------0123"},
        {"multipart/form-data", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"\"", NULL},
        {"multipart/form-data; boundary", NULL},
        {"multipart/form-data; xboundary=a", NULL},
        {"application/json; charset=\"boundary=a\"", NULL},
        {"a/b; boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
         "0123456789012345678901234567890123456789012345678901234567890123456789"},
        {"a/b; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
         NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str got = multipart_boundary(&a, str_of(cases[i].type));
        if (!str_eq(got, str_of(cases[i].want)) || str_is_null(got) != (cases[i].want == NULL))
            fail_msg("%s: got '%.*s'", cases[i].type, STR_ARG(got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multipart_reads_parts),
        cmocka_unit_test(multipart_keeps_to_its_limits),
        cmocka_unit_test(multipart_stops_when_told),
        cmocka_unit_test(multipart_finds_the_boundary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
