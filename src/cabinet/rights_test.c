/* SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/rights.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_route_needs_what_its_resource_says(void **state)
{
    static const struct {
        const char *pattern;
        enum http_method method;
        enum right want;
    } cases[] = {
        {CABINET_API "/session", HTTP_POST, RIGHT_NOBODY},
        {CABINET_API "/sessions", HTTP_GET, RIGHT_ANYBODY},
        {CABINET_COMPANY "/consumers", HTTP_GET, RIGHT_MODERATOR},
        {CABINET_COMPANY "/consumers", HTTP_HEAD, RIGHT_MODERATOR},
        {CABINET_COMPANY "/consumers/{id}", HTTP_DELETE, RIGHT_MANAGER},
        {CABINET_COMPANY "/import_uploads/{id}", HTTP_HEAD, RIGHT_MANAGER},
        {CABINET_COMPANY "/webhooks", HTTP_GET, RIGHT_COMPANY_ADMIN},
        {CABINET_COMPANY "/session", HTTP_POST, RIGHT_UNKNOWN},
        {CABINET_API "/consumers", HTTP_GET, RIGHT_UNKNOWN},
        {CABINET_COMPANY "/nothing", HTTP_GET, RIGHT_UNKNOWN},
        {"/v4/consumers", HTTP_GET, RIGHT_UNKNOWN},
        {CABINET_API "/companies", HTTP_GET, RIGHT_ADMIN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (right_needed(cases[i].pattern, cases[i].method) != cases[i].want)
            fail_msg("%s: %d", cases[i].pattern, right_needed(cases[i].pattern, cases[i].method));
}

static void a_role_has_what_lower_ones_have(void **state)
{
    (void)state;
    for (enum user_role role = 0; role < ROLE_COUNT; role++) {
        assert_false(right_has(RIGHT_UNKNOWN, role));
        assert_true(right_has(RIGHT_ANYBODY, role));
        for (enum right r = RIGHT_MODERATOR; r <= RIGHT_ADMIN; r++)
            assert_int_equal(right_has(r, role), (int)r - RIGHT_MODERATOR <= (int)role);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_route_needs_what_its_resource_says),
                                       cmocka_unit_test(a_role_has_what_lower_ones_have)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
