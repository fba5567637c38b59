/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void phones_become_digits_or_stay_as_given(void **state)
{
    static const struct {
        const char *given, *want;
        bool as_given;
    } cases[] = {
        {"+7 900 000-00-00", "79000000000", false},
        {"8 (900) 000-00-01", "89000000001", false},
        {"79000000002", "79000000002", false},
        {"00 49 30 123456", "4930123456", false},
        {"+7\xC2\xA0"
         "900\xC2\xA0"
         "1234567",
         "79001234567", false},
        {"12345", "12345", false},
        {"1234", "1234", true},
        {"+7 900 000-00-00, 8 900 1112233", "+7 900 000-00-00, 8 900 1112233", true},
        {"8 900 1112233 доб. 12", "8 900 1112233 доб. 12", true},
        {"1234567890123456", "1234567890123456", true},
        {"нет", "нет", true},
        {"7+900", "7+900", true},
        {"007", "007", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        bool as_given;
        str got = consumer_phone_normal(&a, str_of(cases[i].given), &as_given);
        if (!str_eq(got, str_of(cases[i].want)) || as_given != cases[i].as_given)
            fail_msg("%s: '%.*s' %d", cases[i].given, STR_ARG(got), as_given);
    }
}

static void email_addresses_are_judged_and_compared(void **state)
{
    static const struct {
        const char *given, *key; /* key NULL: refused */
    } cases[] = {
        {"a@b.ru", "a@b.ru"},
        {"Anna.Petrova+x@Shop.RU", "anna.petrova+x@shop.ru"},
        {"Анна@Почта.РФ", "анна@xn--80a1acny.xn--p1ai"},
        {"a@localhost", "a@localhost"},
        {"a@b_c.ru", NULL},
        {"a@-b.ru", NULL},
        {"a@b-.ru", NULL},
        {"a@b..ru", NULL},
        {"a@", NULL},
        {"@b.ru", NULL},
        {"a b@c.ru", NULL},
        {"a@b.ru, c@d.ru", NULL},
        {"a@b@c.ru", NULL},
        {"\"a b\"@c.ru", NULL},
        {"a", NULL},
        {"", NULL},
        {"a@0123456789012345678901234567890123456789012345678901234567890123.ru", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str given = str_of(cases[i].given);
        bool valid = consumer_email_valid(&a, given);
        str key = valid ? consumer_email_key(&a, given) : (str){0};
        if (valid != (cases[i].key != NULL) || (valid && !str_eq(key, str_of(cases[i].key))))
            fail_msg("%s: %d '%.*s'", cases[i].given, valid, STR_ARG(key));
    }
}

static void dates_are_read(void **state)
{
    static const struct {
        const char *given, *want; /* want: the stamp in Moscow */
        int64_t precision_us;
        enum problem_code code;
    } cases[] = {
        {"2018-01-01 00:11:22", "2018-01-01T00:11:22.000000+03:00", 1000000, PROBLEM_COUNT},
        {"2018-01-01T00:11:22", "2018-01-01T00:11:22.000000+03:00", 1000000, PROBLEM_COUNT},
        {"2018-01-01 00:11", "2018-01-01T00:11:00.000000+03:00", 60000000, PROBLEM_COUNT},
        {"2018-01-01", "2018-01-01T00:00:00.000000+03:00", 86400000000, PROBLEM_COUNT},
        {"01.01.2018 0:11", "2018-01-01T00:11:00.000000+03:00", 60000000, PROBLEM_COUNT},
        {"1.2.2018", "2018-02-01T00:00:00.000000+03:00", 86400000000, PROBLEM_COUNT},
        {"2014-01-20 00:00:00", "2014-01-20T00:00:00.000000+04:00", 1000000, PROBLEM_COUNT},
        {"2018-01-01T00:11:22Z", "2018-01-01T03:11:22.000000+03:00", 1, PROBLEM_COUNT},
        {"2018-01-01t00:11:22.1234567+0300", "2018-01-01T00:11:22.123456+03:00", 1, PROBLEM_COUNT},
        {"2018-01-01 00:11:22.000", "2018-01-01T00:11:22.000000+03:00", 1000000, PROBLEM_COUNT},
        {"2018-01-01 00:11:22.5", "2018-01-01T00:11:22.500000+03:00", 1, PROBLEM_COUNT},
        {"01/02/2018", "", 0, PROBLEM_DATE_AMBIGUOUS},
        {"0000-00-00 00:00:00", "", 0, PROBLEM_DATE_ZERO},
        {"2018-02-30", "", 0, PROBLEM_DATE_INVALID},
        {"2018-01-01 24:00:00", "", 0, PROBLEM_DATE_INVALID},
        {"2018-01-01x", "", 0, PROBLEM_DATE_INVALID},
        {"43101", "", 0, PROBLEM_DATE_INVALID},
        {"вчера", "", 0, PROBLEM_DATE_INVALID},
    };
    (void)state;
    AUTO(zone_free) struct zone *zone = NULL;
    struct err err = {0};
    assert_true(zone_open("Europe/Moscow", &zone, &err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t us = 0, precision = 0;
        enum zone_fit fit;
        char stamp[ZONE_STAMP_BYTES] = "";
        enum problem_code code = consumer_date_from_text(str_of(cases[i].given), zone,
                                                         DATE_ORDER_UNSAID, &us, &precision, &fit);
        if (code == PROBLEM_COUNT)
            (void)zone_stamp(zone, us, stamp);
        if (code != cases[i].code || strcmp(stamp, cases[i].want) != 0 ||
            precision != cases[i].precision_us)
            fail_msg("%s: code %d '%s' %lld", cases[i].given, code, stamp, (long long)precision);
    }
}

static void slashes_are_read_as_was_said(void **state)
{
    static const struct {
        const char *given, *dmy, *mdy; /* "": no date in that order */
    } cases[] = {
        {"01/02/2018", "2018-02-01T00:00:00", "2018-01-02T00:00:00"},
        {"31/1/2018 9:05", "2018-01-31T09:05:00", ""},
        {"1/31/2018", "", "2018-01-31T00:00:00"},
        {"2018/1/31", "2018-01-31T00:00:00", "2018-01-31T00:00:00"},
        {"01/02/18", "", ""},
        {"01.02.2018", "2018-02-01T00:00:00", "2018-02-01T00:00:00"},
    };
    (void)state;
    AUTO(zone_free) struct zone *zone = NULL;
    struct err err = {0};
    assert_true(zone_open("Europe/Moscow", &zone, &err));
    for (size_t i = 0; i < COUNT(cases); i++)
        for (enum date_order order = DATE_ORDER_DMY; order <= DATE_ORDER_MDY; order++) {
            const char *want = order == DATE_ORDER_DMY ? cases[i].dmy : cases[i].mdy;
            int64_t us = 0, precision;
            enum zone_fit fit;
            char stamp[ZONE_STAMP_BYTES] = "";
            if (consumer_date_from_text(str_of(cases[i].given), zone, order, &us, &precision,
                                        &fit) == PROBLEM_COUNT)
                (void)zone_stamp(zone, us, stamp);
            if (!str_eq(str_first(str_of(stamp), MIN(strlen(stamp), (size_t)19)), str_of(want)))
                fail_msg("%s in order %d: '%s'", cases[i].given, order, stamp);
        }
}

static void ids_are_reversible_sorted_and_checked(void **state)
{
    static const int64_t ids[] = {1, 255, 256, 1234567890123, INT64_MAX - 1, INT64_MAX};
    char text[CONSUMER_ID_BYTES], before[CONSUMER_ID_BYTES] = "";
    int64_t got;
    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        consumer_id_text(ids[i], text);
        assert_true(consumer_id_parse(str_of(text), &got));
        assert_true(got == ids[i]);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof before);
        for (size_t digit = 0; digit < CONSUMER_ID_BYTES - 1; digit++) {
            char slip[CONSUMER_ID_BYTES];
            memcpy(slip, text, sizeof slip);
            slip[digit] = slip[digit] == '0' ? '1' : '0';
            if (consumer_id_parse(str_of(slip), &got))
                fail_msg("'%s' passes for '%s'", slip, text);
        }
    }
    assert_false(consumer_id_parse(STR(""), &got));
    assert_false(consumer_id_parse(STR("6ABF3C1E4B63424B5778E701"), &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phones_become_digits_or_stay_as_given),
        cmocka_unit_test(email_addresses_are_judged_and_compared),
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(slashes_are_read_as_was_said),
        cmocka_unit_test(ids_are_reversible_sorted_and_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
