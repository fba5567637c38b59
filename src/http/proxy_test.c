/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const ours[] = {"127.0.0.1", "10.0.0.0/8", "fd00::/8"};

static struct proxy_trust trust_ours(struct address_range range[COUNT(ours)])
{
    struct err err = {0};
    for (size_t i = 0; i < COUNT(ours); i++)
        assert_true(address_range_parse(str_of(ours[i]), &range[i], &err));
    return (struct proxy_trust){range, COUNT(ours)};
}

static void the_client_is_the_right_most_address_that_is_no_proxy_of_ours(void **state)
{
    static const struct {
        const char *peer, *first, *second; /* the two fields; NULL: not sent */
        const char *want;
    } cases[] = {
        {"203.0.113.9", "198.51.100.1", NULL, "203.0.113.9"}, // a client's own header
        {"127.0.0.1", NULL, NULL, "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1", NULL, "198.51.100.1"},
        {"127.0.0.1", "192.0.2.66, 198.51.100.1", NULL, "198.51.100.1"}, // forged, then real
        {"127.0.0.1", "198.51.100.1, 10.1.2.3", NULL, "198.51.100.1"},   // two proxies
        {"127.0.0.1", "192.0.2.66", "198.51.100.1 ,\t10.1.2.3", "198.51.100.1"},
        {"127.0.0.1", "192.0.2.66", "10.1.2.3", "192.0.2.66"},
        {"127.0.0.1", "10.9.9.9, 10.1.2.3", NULL, "10.9.9.9"}, // from our own network
        {"127.0.0.1", "2001:db8::7", NULL, "2001:db8::7"},
        {"fd00::1", "[2001:db8::7]:4711, fd00::2", NULL, "2001:db8::7"},
        {"::ffff:127.0.0.1", "::ffff:198.51.100.1", NULL, "198.51.100.1"},
        {"127.0.0.1", "198.51.100.1:4711", NULL, "198.51.100.1"},
        {"127.0.0.1", ", ,198.51.100.1, ,", NULL, "198.51.100.1"},
        {"127.0.0.1", "", "", "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1, unknown", NULL, "127.0.0.1"},
        {"127.0.0.1", "198.51.100.1, _hidden, 10.1.2.3", NULL, "10.1.2.3"},
        {"127.0.0.1", "[::1, 198.51.100.1x", NULL, "127.0.0.1"},
        {"127.0.0.1", "[]", NULL, "127.0.0.1"},
        {"127.0.0.1", "[2001:db8::7]x", NULL, "127.0.0.1"},
        {"127.0.0.1", ":", NULL, "127.0.0.1"},
        {"127.0.0.1", "256.1.1.1:80", NULL, "127.0.0.1"},
    };
    (void)state;
    struct address_range range[COUNT(ours)];
    struct proxy_trust trust = trust_ours(range);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gate_field field[4] = {{.name = STR("Forwarded"), .value = STR("for=192.0.2.43")}};
        size_t count = 1;
        if (cases[i].first)
            field[count++] = (struct gate_field){.name = STR("X-Forwarded-For"),
                                                 .value = str_of(cases[i].first)};
        field[count++] = (struct gate_field){.name = STR("X-Real-IP"), .value = STR("192.0.2.44")};
        if (cases[i].second)
            field[count++] = (struct gate_field){.name = STR("x-forwarded-for"),
                                                 .value = str_of(cases[i].second)};
        struct address peer, client;
        char text[ADDRESS_TEXT_BYTES];
        assert_true(address_parse(str_of(cases[i].peer), &peer));
        client = proxy_client(&trust, &peer, field, count);
        address_text(&client, text);
        if (strcmp(text, cases[i].want) != 0)
            fail_msg("%s, '%s', '%s': got %s, not %s", cases[i].peer,
                     cases[i].first ? cases[i].first : "-", cases[i].second ? cases[i].second : "-",
                     text, cases[i].want);
    }
}

static void nobody_is_trusted_unless_named(void **state)
{
    (void)state;
    const struct proxy_trust nobody = {NULL, 0};
    const struct gate_field field[] = {
        {.name = STR("X-Forwarded-For"), .value = STR("198.51.100.1")},
        {.name = STR("X-Forwarded-Proto"), .value = STR("https")}};
    struct address peer, client;
    assert_true(address_parse(STR("127.0.0.1"), &peer));
    client = proxy_client(&nobody, &peer, field, 2);
    assert_memory_equal(&client, &peer, sizeof peer);
    assert_false(proxy_says_https(&nobody, &peer, field, 2));
}

static void the_last_proxy_says_whether_it_was_https(void **state)
{
    static const struct {
        const char *peer, *value;
        bool want;
    } cases[] = {
        {"127.0.0.1", "https", true},       {"127.0.0.1", "HTTPS", true},
        {"127.0.0.1", "http", false},       {"127.0.0.1", "https, http", false},
        {"127.0.0.1", "http, https", true}, {"127.0.0.1", "", false},
        {"203.0.113.9", "https", false},
    };
    (void)state;
    struct address_range range[COUNT(ours)];
    struct proxy_trust trust = trust_ours(range);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct gate_field field = {.name = STR("X-Forwarded-Proto"),
                                         .value = str_of(cases[i].value)};
        struct address peer;
        assert_true(address_parse(str_of(cases[i].peer), &peer));
        if (proxy_says_https(&trust, &peer, &field, 1) != cases[i].want)
            fail_msg("%s '%s'", cases[i].peer, cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_is_the_right_most_address_that_is_no_proxy_of_ours),
        cmocka_unit_test(nobody_is_trusted_unless_named),
        cmocka_unit_test(the_last_proxy_says_whether_it_was_https),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
