/* SPDX-License-Identifier: Apache-2.0 */
#include "http/media_type.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_parameter_is_found_wherever_it_stands(void **state)
{
    static const struct {
        const char *name, *header;
        bool found;
    } cases[] = {
        {"alone", "application/vnd.api+json; profile=\"urn:a\"", true},
        {"without quotation marks", "application/vnd.api+json;profile=urn:a", true},
        {"among other words", "application/vnd.api+json; profile=\"urn:b urn:a\"", true},
        {"beside another parameter", "application/vnd.api+json; ext=\"x,y;z\"; profile=\"urn:a\"",
         true},
        {"in the second type", "text/html, application/vnd.api+json; profile=\"urn:a\"; q=0.5",
         true},
        {"in other letters", "Application/VND.API+json; Profile=\"urn:a\"", true},
        {"of another type", "application/json; profile=\"urn:a\"", false},
        {"in another parameter", "application/vnd.api+json; ext=\"urn:a\"", false},
        {"only the beginning of a word", "application/vnd.api+json; profile=\"urn:ab\"", false},
        {"refused", "application/vnd.api+json; profile=\"urn:a\"; q=0.0", false},
        {"a quotation mark that never ends", "application/vnd.api+json; profile=\"urn:a", false},
        {"an escaped quotation mark", "text/x; a=\"\\\"\", application/vnd.api+json; profile=urn:a",
         true},
        {"no parameter", "application/vnd.api+json", false},
        {"nothing", "", false},
        {"only separators", ",;,;=", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (media_type_has(str_of(cases[i].header), STR("application/vnd.api+json"), STR("profile"),
                           STR("urn:a")) != cases[i].found)
            fail_msg("%s: %s", cases[i].name, cases[i].header);
    assert_false(media_type_has((str){0}, STR("a/b"), STR("c"), STR("d")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_parameter_is_found_wherever_it_stands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
