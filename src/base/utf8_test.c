/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void only_the_standards_utf8_is_valid(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t valid; /* length of the valid prefix */
    } cases[] = {
        {"nothing", "", 0},
        {"ascii, longer than eight", "abcdefghijkl", 12},
        {"two, three and four bytes", "я€😀", 9},
        {"a continuation alone", "ab\x80", 2},
        {"cut at the end", "a\xD0", 1},
        {"overlong slash", "\xC0\xAF", 0},
        {"overlong in three", "\xE0\x80\xAF", 0},
        {"a surrogate", "\xED\xA0\x80", 0},
        {"beyond U+10FFFF", "\xF4\x90\x80\x80", 0},
        {"the last character", "\xF4\x8F\xBF\xBF", 4},
        {"bad after eight good ones", "abcdefgh\xFF", 8},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t got = utf8_valid_prefix(str_of(cases[i].bytes));
        if (got != cases[i].valid)
            fail_msg("%s: %zu", cases[i].name, got);
    }
}

static void every_character_goes_out_and_comes_back(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
        AUTO(buf_done) struct buf b = {0};
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        utf8_add(&b, c);
        str s = buf_str(&b);
        assert_true(utf8_valid(s));
        assert_int_equal(utf8_count(s), 1);
        assert_int_equal(utf8_next(&s), c);
        assert_int_equal(s.len, 0);
    }
}

static void what_people_take_for_blanks_is_trimmed(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"nothing to trim", "abc", "abc"},
        {"ascii blanks", " \t\r\nab c \n", "ab c"},
        {"no-break space", "\u00A0Анна\u00A0", "Анна"},
        {"zero-width space and byte order mark", "\uFEFF\u200Bx\u200B", "x"},
        {"all blank", " \u00A0\u2003 ", ""},
        {"a letter that ends like a blank does", "à", "à"},
        {"nothing", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        str got = utf8_trim(str_of(cases[i].text));
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: '%.*s'", cases[i].name, STR_ARG(got));
    }
}

static void control_characters_are_found(void **state)
{
    (void)state;
    assert_true(utf8_has_control(STR("a\x01")));
    assert_true(utf8_has_control(STR("a\x7F")));
    assert_true(utf8_has_control(STR("a\xC2\x85")));
    assert_true(utf8_has_control(STR("a\0b")));
    assert_false(utf8_has_control(STR("Ночь\u00A0€")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_standards_utf8_is_valid),
        cmocka_unit_test(every_character_goes_out_and_comes_back),
        cmocka_unit_test(what_people_take_for_blanks_is_trimmed),
        cmocka_unit_test(control_characters_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
