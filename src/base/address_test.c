/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void an_address_is_read_and_written_as_people_do(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: it is none */
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", "::"},
        {"::1", "::1"},
        {"", NULL},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"192.0.2.1:80", NULL},
        {"[::1]", NULL},
        {"fe80::1%eth0", NULL},
        {"unknown", NULL},
        {" 192.0.2.1", NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address a;
        char text[ADDRESS_TEXT_BYTES] = "";
        bool ok = address_parse(str_of(cases[i].text), &a);
        if (ok)
            address_text(&a, text);
        if (ok != (cases[i].want != NULL) || (ok && strcmp(text, cases[i].want) != 0))
            fail_msg("'%s': got %s '%s'", cases[i].text, ok ? "an address" : "none", text);
    }
    assert_false(address_parse((str){"1.1.1.1\0x", 9}, &(struct address){{0}}));
}

static void an_address_tells_whose_it_is(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
        const char *neighbour; /* somebody else's, of another site */
        const char *self;      /* of the same site */
    } cases[] = {
        {"127.0.0.1", true, "127.0.0.2", "127.0.0.1"},
        {"127.9.9.9", true, "126.9.9.9", "::ffff:127.9.9.9"},
        {"::1", true, "0:0:0:1::1", "::2"},
        {"128.0.0.1", false, "128.0.0.2", "128.0.0.1"},
        {"::127.0.0.1", false, "127.0.0.1", "::1"},
        {"2001:db8:0:1::7", false, "2001:db8:0:2::7", "2001:db8:0:1:ffff::"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address a, other, same;
        if (!address_parse(str_of(cases[i].text), &a) ||
            !address_parse(str_of(cases[i].neighbour), &other) ||
            !address_parse(str_of(cases[i].self), &same) ||
            address_is_loopback(&a) != cases[i].loopback ||
            str_eq(address_site(&a), address_site(&other)) ||
            !str_eq(address_site(&a), address_site(&same)))
            fail_msg("%s", cases[i].text);
    }
}

static void a_range_holds_what_shares_its_first_bits(void **state)
{
    static const struct {
        const char *range, *address;
        bool in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.129", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "203.0.113.9", true},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::1", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"::ffff:10.0.0.0/104", "10.1.1.1", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address_range range;
        struct address a;
        struct err err = {0};
        if (!address_range_parse(str_of(cases[i].range), &range, &err))
            fail_msg("%s: %s", cases[i].range, err.msg);
        assert_true(address_parse(str_of(cases[i].address), &a));
        if (address_in_range(&a, &range) != cases[i].in)
            fail_msg("%s in %s: expected %d", cases[i].address, cases[i].range, cases[i].in);
    }
}

static void a_range_that_is_none_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "neither an address"},           {"proxy.local", "neither an address"},
        {"10.0.0.0/33", "from 0 to 32"},      {"10.0.0.0/", "from 0 to 32"},
        {"fd00::/129", "from 0 to 128"},      {"fd00::/x", "from 0 to 128"},
        {"10.0.0.1/8", "behind the 8"},       {"fd00::1/64", "behind the 64"},
        {"10.0.0.0-9", "such as 10.0.0.0/8"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address_range range;
        struct err err = {0};
        if (address_range_parse(str_of(cases[i].text), &range, &err) || err.code != ERR_INVALID ||
            !strstr(err.msg, cases[i].says))
            fail_msg("'%s': got '%s'", cases[i].text, err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_and_written_as_people_do),
        cmocka_unit_test(an_address_tells_whose_it_is),
        cmocka_unit_test(a_range_holds_what_shares_its_first_bits),
        cmocka_unit_test(a_range_that_is_none_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
