/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void texts_are_shown_within_a_length(void **state)
{
    static const struct {
        const char *name, *text;
        size_t max;
        const char *want;
    } cases[] = {
        {"short enough", "abc", 3, "abc"},
        {"cut", "abcdef", 3, "abc"},
        {"never inside a character", "аб", 3, "а"},
        {"nothing", "", 5, ""},
        {"no room", "a", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        str got = str_shown(str_of(cases[i].text), cases[i].max);
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: '%.*s'", cases[i].name, STR_ARG(got));
    }
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t want;
    } cases[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1x", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t n = 42;
        bool ok = str_to_u64(str_of(cases[i].text), &n);
        if (ok != cases[i].ok || n != (ok ? cases[i].want : 42))
            fail_msg("'%s': %d, %llu", cases[i].text, ok, (unsigned long long)n);
    }
}

static void hexadecimal_digits_are_told_from_others(void **state)
{
    (void)state;
    assert_int_equal(str_hex4(STR("00e9 more")), 0xE9);
    assert_int_equal(str_hex4(STR("FFfe")), 0xFFFE);
    assert_int_equal(str_hex4(STR("123")), -1);
    assert_int_equal(str_hex4(STR("12g4")), -1);
    assert_int_equal(str_hex4(STR("12@4")), -1);
}

static void order_is_that_of_bytes(void **state)
{
    static const struct {
        const char *a, *b;
        int want;
    } cases[] = {{"a", "a", 0}, {"a", "b", -1}, {"ab", "a", 1},
                 {"", "a", -1}, {"Z", "a", -1}, {"я", "z", 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int got = str_cmp(str_of(cases[i].a), str_of(cases[i].b));
        if ((got > 0) - (got < 0) != cases[i].want)
            fail_msg("%s and %s: %d", cases[i].a, cases[i].b, got);
    }
}

static void parts_are_cut_off_one_by_one(void **state)
{
    str rest = STR("a,,b");
    (void)state;
    assert_true(str_eq(str_split(&rest, ','), STR("a")));
    assert_true(str_eq(str_split(&rest, ','), STR("")));
    assert_false(str_is_null(rest));
    assert_true(str_eq(str_split(&rest, ','), STR("b")));
    assert_true(str_is_null(rest));
    assert_true(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")));
    assert_true(str_ends(STR("abc"), STR("bc")) && str_ends(STR("abc"), STR("")));
    assert_true(str_eq_nocase(STR("AbC"), STR("aBc")) && !str_eq_nocase(STR("[a"), STR("{a")));
    assert_true(str_eq(str_trim(STR(" \t a b\r\n")), STR("a b")));
    assert_int_equal(str_find(STR("abc"), 'c'), 2);
    assert_int_equal(str_find(STR("abc"), 'x'), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_shown_within_a_length),
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(hexadecimal_digits_are_told_from_others),
        cmocka_unit_test(order_is_that_of_bytes),
        cmocka_unit_test(parts_are_cut_off_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
