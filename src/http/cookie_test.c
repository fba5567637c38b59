/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cookie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void cookie_finds_a_value(void **state)
{
    static const struct {
        const char *name, *header, *want; /* want NULL: none */
    } cases[] = {
        {"alone", "s=abc", "abc"},
        {"among others", "a=1; s=abc; b=2", "abc"},
        {"without blanks", "a=1;s=abc;b=2", "abc"},
        {"the first of two", "s=abc; s=def", "abc"},
        {"quoted", "s=\"abc\"", "abc"},
        {"with a sign of equality", "s=a=b", "a=b"},
        {"an empty value", "s=", ""},
        {"a name that only begins so", "sx=1", NULL},
        {"a name that only ends so", "xs=1", NULL},
        {"another case", "S=1", NULL},
        {"no value", "s", NULL},
        {"nothing", "", NULL},
        {"semicolons only", ";;;", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        str got = cookie_find(str_of(cases[i].header), STR("s"));
        if (!str_eq(got, str_of(cases[i].want)) || str_is_null(got) != (cases[i].want == NULL))
            fail_msg("%s: '%.*s'", cases[i].name, STR_ARG(got));
    }
    assert_true(str_is_null(cookie_find((str){0}, STR("s"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cookie_finds_a_value)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
