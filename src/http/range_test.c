/* SPDX-License-Identifier: Apache-2.0 */
#include "http/range.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void one_range_is_a_part_and_everything_else_the_whole(void **state)
{
    static const struct {
        const char *value;
        uint64_t bytes;
        enum range_kind kind;
        uint64_t from, length;
    } cases[] = {
        {"bytes=0-499", 1000, RANGE_PART, 0, 500},
        {"bytes=500-", 1000, RANGE_PART, 500, 500},
        {"bytes=500-5000", 1000, RANGE_PART, 500, 500},
        {"bytes=-1", 1000, RANGE_PART, 999, 1},
        {"bytes=-5000", 1000, RANGE_PART, 0, 1000},
        {"Bytes = 0 - 0", 1000, RANGE_PART, 0, 1},
        {"bytes=999-999", 1000, RANGE_PART, 999, 1},
        {"bytes=0-18446744073709551615", 1000, RANGE_PART, 0, 1000},
        {"bytes=1000-", 1000, RANGE_TOO_FAR, 0, 0},
        {"bytes=-0", 1000, RANGE_TOO_FAR, 0, 0},
        {"bytes=0-", 0, RANGE_TOO_FAR, 0, 0},
        {"bytes=-5", 0, RANGE_TOO_FAR, 0, 0},
        {"bytes=0-1,3-4", 1000, RANGE_WHOLE, 0, 0},
        {"bytes=5-4", 1000, RANGE_WHOLE, 0, 0},
        {"bytes=-", 1000, RANGE_WHOLE, 0, 0},
        {"bytes=", 1000, RANGE_WHOLE, 0, 0},
        {"bytes", 1000, RANGE_WHOLE, 0, 0},
        {"", 1000, RANGE_WHOLE, 0, 0},
        {"items=0-1", 1000, RANGE_WHOLE, 0, 0},
        {"bytes=a-b", 1000, RANGE_WHOLE, 0, 0},
        {"bytes=--1", 1000, RANGE_WHOLE, 0, 0},
        {"bytes=18446744073709551616-", 1000, RANGE_WHOLE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t from = 0, length = 0;
        enum range_kind kind = range_read(str_of(cases[i].value), cases[i].bytes, &from, &length);
        if (kind != cases[i].kind || from != cases[i].from || length != cases[i].length)
            fail_msg("'%s': %d, %llu bytes from %llu", cases[i].value, (int)kind,
                     (unsigned long long)length, (unsigned long long)from);
    }
}

static void tags_are_compared_as_a_whole(void **state)
{
    static const struct {
        const char *list;
        bool weak, strong;
    } cases[] = {
        {"\"a\"", true, true},    {"\"b\", \"a\"", true, true}, {"*", true, true},
        {"W/\"a\"", true, false}, {"\"ab\"", false, false},     {"", false, false},
        {"a", false, false},      {",", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(range_names_tag(str_of(cases[i].list), STR("\"a\""), true), cases[i].weak);
        assert_int_equal(range_names_tag(str_of(cases[i].list), STR("\"a\""), false),
                         cases[i].strong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_range_is_a_part_and_everything_else_the_whole),
        cmocka_unit_test(tags_are_compared_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
