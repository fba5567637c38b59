/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/cell.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_guard_stands_where_a_text_would_not_arrive(void **state)
{
    static const struct {
        const char *text, *csv, *workbook;
    } cases[] = {
        {"Anna", "Anna", "Anna"},
        {"=1+1", "'=1+1", "=1+1"},
        {"@x", "'@x", "@x"},
        {"\tx", "'\tx", "\tx"},
        {"\rx", "'\rx", "\rx"},
        {"\nx", "'\nx", "\nx"},
        {"＝1", "'＝1", "＝1"},
        {"+79161234567", "+79161234567", "+79161234567"},
        {"-1.5", "-1.5", "-1.5"},
        {"+7 (916) 123", "'+7 (916) 123", "+7 (916) 123"},
        {"-", "'-", "-"},
        {"-1+1", "'-1+1", "-1+1"},
        {"'x", "'x", "'x"},
        {"'", "'", "'"},
        {"'=1", "''=1", "''=1"},
        {"''=1", "'''=1", "'''=1"},
        {"[clear]", "'[clear]", "'[clear]"},
        {"\u00a0[clear] ", "'\u00a0[clear] ", "'\u00a0[clear] "},
        {"'[очистить]", "''[очистить]", "''[очистить]"},
        {"7.9E+10", "'7.9E+10", "'7.9E+10"},
        {"7,9E+10", "'7,9E+10", "'7,9E+10"},
        {"12e5", "12e5", "12e5"},
        {"", "", ""},
    };
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        str text = str_of(cases[i].text), csv = cell_guarded(&a, text, false),
            workbook = cell_guarded(&a, text, true);
        if (!str_eq(csv, str_of(cases[i].csv)) || !str_eq(workbook, str_of(cases[i].workbook)))
            fail_msg("'%s': '%.*s', '%.*s'", cases[i].text, STR_ARG(csv), STR_ARG(workbook));
        if (!str_eq(cell_unguarded(csv), text) || !str_eq(cell_unguarded(workbook), text))
            fail_msg("'%s' does not come back", cases[i].text);
    }
}

static void a_guard_that_nobody_set_is_text(void **state)
{
    static const char *const texts[] = {"'abc", "'", "''", "'123", "'-5", "''x", "'twas"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_true(str_eq(cell_unguarded(str_of(texts[i])), str_of(texts[i])));
    assert_true(cell_is_clear_token(STR("[clear]")) && !cell_is_clear_token(STR("clear")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guard_stands_where_a_text_would_not_arrive),
        cmocka_unit_test(a_guard_that_nobody_set_is_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
