/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"
#include "domain/webhook.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct address address_of(const char *text)
{
    struct address a = {{0}};
    if (!address_parse(str_of(text), &a))
        fail_msg("'%s' is no address", text);
    return a;
}

static void only_public_addresses_are_public(void **state)
{
    static const char *const not_public[] = {
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.169.254", "169.254.0.1", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255",
        // IPv6, and what IPv4 looks like within it
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::ffff:0.0.0.0", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:db8::1",
        "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
        "fe80::1", "fe80::a9fe:a9fe", "fec0::1", "ff02::1", "ff0e::1"};
    static const char *const public[] = {
        "1.1.1.1",         "8.8.8.8",        "9.255.255.255",    "11.0.0.0",
        "100.63.255.255",  "100.128.0.0",    "126.255.255.255",  "128.0.0.1",
        "169.253.255.255", "169.255.0.0",    "172.15.255.255",   "172.32.0.0",
        "192.167.255.255", "192.169.0.0",    "198.17.255.255",   "198.20.0.0",
        "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:4860:4860::8888",
        "2606:4700::1111", "2a00:1450::1"};
    static const struct webhook_networks none = {.count = 0};
    (void)state;
    for (size_t i = 0; i < COUNT(not_public); i++) {
        struct address a = address_of(not_public[i]);
        if (webhook_address_public(&a) || webhook_address_allowed(&a, &none, true))
            fail_msg("%s is not public", not_public[i]);
    }
    for (size_t i = 0; i < COUNT(public); i++) {
        struct address a = address_of(public[i]);
        if (!webhook_address_public(&a) || !webhook_address_allowed(&a, &none, true))
            fail_msg("%s is public", public[i]);
        if (webhook_address_allowed(&a, &none, false))
            fail_msg("%s is not for plain http", public[i]);
    }
}

static void networks_are_let_in_as_they_are_named(void **state)
{
    static const struct {
        const char *text, *address;
        bool allowed, read;
    } cases[] = {
        {"no", "127.0.0.1", false, true},
        {"", "127.0.0.1", false, true},
        {"yes", "127.0.0.1", true, true},
        {"yes", "::1", true, true},
        {"yes", "10.1.2.3", true, true},
        {"yes", "fd00::1", true, true},
        {"yes", "169.254.169.254", false, true},
        {"yes", "fe80::1", false, true},
        {"yes", "0.0.0.0", false, true},
        {"10.0.0.0/8, 192.168.7.9", "10.9.9.9", true, true},
        {"10.0.0.0/8 192.168.7.9", "192.168.7.9", true, true},
        {"10.0.0.0/8, 192.168.7.9", "192.168.7.8", false, true},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true, true},
        {"10.0.0.1/8", "10.0.0.1", false, false},
        {"localhost", "127.0.0.1", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct webhook_networks n = {.count = 0};
        struct address a = address_of(cases[i].address);
        struct err err = {0};
        if (webhook_networks_parse(str_of(cases[i].text), &n, &err) != cases[i].read ||
            webhook_address_allowed(&a, &n, false) != cases[i].allowed)
            fail_msg("'%s' and %s: %s", cases[i].text, cases[i].address, err.msg);
    }
}

static void a_url_has_a_scheme_and_a_host_and_nothing_odd(void **state)
{
    static const struct {
        const char *url;
        bool plain, ok;
    } cases[] = {
        {"https://example.com/hook", false, true},
        {"https://example.com:8443/hook?a=b", false, true},
        {"https://[2001:db8::1]/x", false, true},
        {"http://example.com/", false, false},
        {"http://127.0.0.1:9000/hook", true, true},
        {"ftp://example.com/", true, false},
        {"file:///etc/passwd", true, false},
        {"gopher://example.com/", true, false},
        {"example.com/hook", true, false},
        {"https://", false, false},
        {"https:///path", false, false},
        {"https://:80/", false, false},
        {"https://user:secret@example.com/", false, false},
        {"https://example.com\\@10.0.0.1/", false, false},
        {"https://example.com/#x", false, false},
        {"https://example.com/a b", false, false},
        {"https://example.com/\r\nHost: x", false, false},
        {"https://пример.рф/", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = {0};
        if (webhook_url_check(str_of(cases[i].url), cases[i].plain, &err) != cases[i].ok)
            fail_msg("%s: %s", cases[i].url, err.msg);
    }
}

static void a_message_is_signed_as_the_standard_says(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    // The example of the reference libraries' own tests.
    str got = webhook_sign(&a, STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                           STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                           STR("{\"test\": 2432232314}"));
    assert_string_equal(got.ptr, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    char one[WEBHOOK_SECRET_BYTES], two[WEBHOOK_SECRET_BYTES];
    crypto_init();
    webhook_secret_make(one);
    webhook_secret_make(two);
    assert_string_not_equal(one, two);
    assert_true(str_starts(str_of(one), STR("whsec_")));
}

static void events_go_by_their_names(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    struct err err = {0};
    unsigned bits = 0;
    assert_true(event_bits_of(STR("all"), &bits, &err));
    assert_int_equal(bits, EVENTS_ALL);
    assert_true(event_bits_of(STR("consumer.*"), &bits, &err));
    assert_int_equal(bits, EVENTS_CONSUMERS);
    assert_true(event_bits_of(STR("import_task.completed, consumer.deleted"), &bits, &err));
    assert_string_equal(event_bits_text(&a, bits).ptr, "consumer.deleted,import_task.completed");
    static const char *const bad[] = {
        "", "consumer", "webhook.test", "import_task.records", "none", "consumer.created,"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (event_bits_of(str_of(bad[i]), &bits, &err))
            fail_msg("'%s' is no event", bad[i]);
}

static void pauses_grow_up_to_six_hours(void **state)
{
    (void)state;
    int64_t sum = 0;
    unsigned attempts = 0;
    assert_int_equal(webhook_pause_ms(1, 5000, 20), 5000);
    assert_int_equal(webhook_pause_ms(2, 5000, 20), 15000);
    assert_int_equal(webhook_pause_ms(1, 5000, 0), 4000);
    assert_int_equal(webhook_pause_ms(1, 5000, 40), 6000);
    assert_int_equal(webhook_pause_ms(4000000000u, 5000, 20), 6 * 3600 * 1000);
    while (sum < INT64_C(3) * 24 * 3600 * 1000)
        sum += webhook_pause_ms(++attempts, 5000, 20);
    assert_in_range(attempts, 15, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_public_addresses_are_public),
        cmocka_unit_test(networks_are_let_in_as_they_are_named),
        cmocka_unit_test(a_url_has_a_scheme_and_a_host_and_nothing_odd),
        cmocka_unit_test(a_message_is_signed_as_the_standard_says),
        cmocka_unit_test(events_go_by_their_names),
        cmocka_unit_test(pauses_grow_up_to_six_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
