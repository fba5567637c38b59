/* SPDX-License-Identifier: Apache-2.0 */
#include "http/form.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void form_reads_fields(void **state)
{
    static const struct {
        const char *name;
        str body;
        const char *want; /* a name ends with '=', a value with '|' */
        enum err_code code;
    } cases[] = {
        {"nothing", {"", 0}, "", ERR_NONE},
        {"a field", {"a=b", 3}, "a=b|", ERR_NONE},
        {"two fields", {"a=b&c=d", 7}, "a=b|c=d|", ERR_NONE},
        {"no equals sign", {"a", 1}, "a=|", ERR_NONE},
        {"an empty name", {"=b", 2}, "=b|", ERR_NONE},
        {"empty fields are none", {"&&a=b&", 6}, "a=b|", ERR_NONE},
        {"a second equals sign", {"a=b=c", 5}, "a=b=c|", ERR_NONE},
        {"a name that repeats", {"a=1&a=2", 7}, "a=1|a=2|", ERR_NONE},
        {"brackets as the vendor's samples send them",
         {"data%5Btype%5D=consumers&data[id]=1", 35},
         "data[type]=consumers|data[id]=1|",
         ERR_NONE},
        {"plus and escapes", {"a+b=c%20d%2B", 12}, "a b=c d+|", ERR_NONE},
        {"Cyrillic", {"n=%D0%98%d0%b2", 14}, "n=Ив|", ERR_NONE},
        {"separators that were escaped", {"a=%26%3D", 8}, "a=&=|", ERR_NONE},
        {"half an escape", {"a=%4", 4}, "", ERR_INVALID},
        {"a lone percent sign", {"a=100%", 6}, "", ERR_INVALID},
        {"an escape of other letters", {"a=%GG", 5}, "", ERR_INVALID},
        {"a bad escape in a name", {"%=a", 3}, "", ERR_INVALID},
        {"not UTF-8", {"a=%ff", 5}, "", ERR_INVALID},
        {"too many fields", {"a&b&c&d&e", 9}, "", ERR_LIMIT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf got = {0};
        struct form_field *field = NULL;
        size_t count = 0;
        struct err err = {0};
        if (form_parse(&a, cases[i].body, 4, &field, &count, &err) != (cases[i].code == ERR_NONE))
            fail_msg("%s: error %d '%s'", cases[i].name, err.code, err.msg);
        for (size_t j = 0; j < count; j++)
            buf_format(&got, "%.*s=%.*s|", STR_ARG(field[j].name), STR_ARG(field[j].value));
        if (err.code != cases[i].code || !str_eq(buf_str(&got), str_of(cases[i].want)))
            fail_msg("%s: got '%.*s', error %d '%s'", cases[i].name, STR_ARG(buf_str(&got)),
                     err.code, err.msg);
    }
}

static void form_decode_keeps_nul_and_plus(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    str text;
    assert_true(form_decode(&a, STR("a%00+b"), false, &text));
    assert_true(str_eq(text, STR("a\0+b")));
    assert_true(form_decode(&a, STR("a+b"), true, &text));
    assert_true(str_eq(text, STR("a b")));
    assert_false(form_decode(&a, STR("%"), false, &text));
    assert_false(form_decode(&a, STR("%a"), false, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_reads_fields),
        cmocka_unit_test(form_decode_keeps_nul_and_plus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
