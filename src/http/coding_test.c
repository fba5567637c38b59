/* SPDX-License-Identifier: Apache-2.0 */
#include "http/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void gzip_is_for_who_prefers_it(void **state)
{
    static const struct {
        const char *value;
        bool want;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZIP", true},
        {"x-gzip", true},
        {"br, gzip, deflate", true},
        {"deflate, br;q=1.0", false},
        {"*", true},
        {"*;q=0", false},
        {"gzip;q=0, *", false},
        {"*;q=0, gzip", true},
        {"gzip;q=0", false},
        {"gzip;q=0.000", false},
        {"gzip;q=0.001", true},
        {"gzip ; q=0.5 ,identity;q=0.5", true},
        {"gzip;q=0.5, identity;q=0.8", false},
        {"identity", false},
        {"gzip;q=2", false},
        {"gzip;q=1.1", false},
        {"gzip;q=0.1234", false},
        {"gzip;q=", false},
        {"gzip;level=9", false},
        {"gzip;Q=1", true},
        {",,gzip,", true},
        {"gzipped", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (coding_takes_gzip(str_of(cases[i].value)) != cases[i].want)
            fail_msg("'%s'", cases[i].value);
}

static void texts_are_worth_packing(void **state)
{
    static const struct {
        const char *type;
        bool want;
    } cases[] = {
        {"application/vnd.api+json; charset=utf-8", true},
        {"application/json", true},
        {"text/csv", true},
        {"text/event-stream", false},
        {"application/gzip", false},
        {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false},
        {NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (coding_is_text(str_of(cases[i].type)) != cases[i].want)
            fail_msg("'%s'", cases[i].type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_for_who_prefers_it),
        cmocka_unit_test(texts_are_worth_packing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
