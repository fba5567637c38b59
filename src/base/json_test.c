/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/file.h"
#include "base/limits.h"

#include <dirent.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void json_goes_in_and_out_unchanged(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"numbers keep their text", "[1.10, 1e400,-0,12345678901234567890,1E+2]",
         "[1.10,1e400,-0,12345678901234567890,1E+2]"},
        {"order and repeated keys stay", "{\"b\":1,\"a\":2,\"b\":3}", "{\"b\":1,\"a\":2,\"b\":3}"},
        {"escapes are as few as may be", "\"\\u0041\\/\\u000a\\u001f\\\"\\\\\\ud83d\\ude00\"",
         "\"A/\\n\\u001f\\\"\\\\😀\""},
        {"words", "[true,false,null,{},[]]", "[true,false,null,{},[]]"},
        {"white space around", " \n\t[ ] \r", "[]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf out = {0};
        struct json value;
        struct json_place place;
        struct err err = {0};
        if (!json_parse(str_of(cases[i].text), &a, &value, &place, &err))
            fail_msg("%s: %s", cases[i].name, err.msg);
        json_write(&out, &value);
        if (!str_eq(buf_str(&out), str_of(cases[i].want)))
            fail_msg("%s: %.*s", cases[i].name, STR_ARG(buf_str(&out)));
    }
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    static const struct {
        const char *name, *text;
        size_t line, column;
        enum err_code code;
    } cases[] = {
        {"nothing", "", 1, 1, ERR_INVALID},
        {"a word that is none", "{\n \"a\": yes}", 2, 7, ERR_INVALID},
        {"columns are characters", "[\"я\", x]", 1, 7, ERR_INVALID},
        {"a form feed is no white space", "[\f1]", 1, 2, ERR_INVALID},
        {"a vertical tab is none", "[\v1]", 1, 2, ERR_INVALID},
        {"half of a pair", "\"\\ud800\"", 1, 2, ERR_INVALID},
        {"something after the value", "[] []", 1, 4, ERR_INVALID},
        {"not closed", "[1", 1, 3, ERR_INVALID},
        {"bytes that are no UTF-8", "\"a\xFF\"", 1, 3, ERR_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct json value;
        struct json_place place = {0};
        struct err err = {0};
        bool ok = json_parse(str_of(cases[i].text), &a, &value, &place, &err);
        if (ok || err.code != cases[i].code || place.line != cases[i].line ||
            place.column < cases[i].column || place.column > cases[i].column + 1)
            fail_msg("%s: %d, line %zu, column %zu", cases[i].name, ok, place.line, place.column);
    }
}

static void nesting_has_a_ceiling(void **state)
{
    (void)state;
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf text = {0};
        struct json value;
        struct json_place place;
        struct err err = {0};
        for (size_t i = 0; i < depth; i++)
            buf_add_char(&text, '[');
        for (size_t i = 0; i < depth; i++)
            buf_add_char(&text, ']');
        bool ok = json_parse(buf_str(&text), &a, &value, &place, &err);
        assert_int_equal(ok, depth == LIMIT_JSON_DEPTH);
        assert_int_equal(err.code, ok ? ERR_NONE : ERR_LIMIT);
    }
}

static void the_last_of_repeated_keys_is_found(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    struct json value;
    struct json_place place;
    struct err err = {0};
    (void)state;
    assert_true(json_parse(STR("{\"a\":1,\"a\":2}"), &a, &value, &place, &err));
    assert_true(str_eq(json_get(&value, "a")->text, STR("2")));
    assert_null(json_get(&value, "b"));
    assert_null(json_get(NULL, "a"));
}

/* JSONTestSuite: y_ must be read, n_ must be refused, i_ may be either. */
static void the_test_suite_agrees(void **state)
{
    char folder[4096];
    const char *root = getenv("CLIENTELE_ROOT"), *shared = getenv("CLIENTELE_SHARED");
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s%s/samples/json/test_parsing",
                   shared ? shared
                   : root ? root
                          : ".",
                   shared ? "" : "/../shared");
    DIR *dir = opendir(folder);
    if (!dir) {
        print_message("skipped 'the samples of JSON are not here'\n");
        skip();
    }
    size_t files = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf text = {.max = 4 * MIB};
        struct json value;
        struct json_place place;
        struct err err = {0};
        if (!str_ends(str_of(e->d_name), STR(".json")))
            continue;
        assert_true(file_read(arena_format(&a, "%s/%s", folder, e->d_name).ptr, &text, &err));
        bool ok = json_parse(buf_str(&text), &a, &value, &place, &err);
        if ((e->d_name[0] == 'y' && !ok) || (e->d_name[0] == 'n' && ok))
            fail_msg("%s: %d", e->d_name, ok);
        files++;
    }
    (void)closedir(dir);
    assert_true(files > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_goes_in_and_out_unchanged),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(nesting_has_a_ceiling),
        cmocka_unit_test(the_last_of_repeated_keys_is_found),
        cmocka_unit_test(the_test_suite_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
