/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void days_and_dates_are_each_others_reverse(void **state)
{
    (void)state;
    int64_t days = zone_days(1600, 1, 1);
    for (int32_t year = 1600; year <= 2400; year++)
        for (uint32_t month = 1; month <= 12; month++)
            for (uint32_t day = 1; zone_date_exists(year, month, day); day++, days++) {
                int32_t y;
                uint8_t m, d;
                assert_int_equal(zone_days(year, month, day), days);
                zone_date_of_days(days, &y, &m, &d);
                assert_true(y == year && m == month && d == day);
            }
    assert_int_equal(zone_days(1970, 1, 1), 0);
    assert_true(zone_date_exists(2000, 2, 29) && !zone_date_exists(1900, 2, 29));
    assert_false(zone_date_exists(2024, 13, 1) || zone_date_exists(2024, 0, 1) ||
                 zone_date_exists(2024, 4, 31) || zone_date_exists(2024, 4, 0));
}

static void local_times_become_moments(void **state)
{
    static const struct {
        const char *name, *zone;
        struct zone_time local;
        const char *want;
        enum zone_fit fit;
    } cases[] = {
        {"UTC", "UTC", {2018, 1, 1, 0, 11, 22, 0}, "2018-01-01T00:11:22.000000+00:00", ZONE_EXACT},
        {"Moscow today",
         "Europe/Moscow",
         {2018, 1, 1, 0, 11, 22, 5},
         "2018-01-01T00:11:22.000005+03:00",
         ZONE_EXACT},
        {"Moscow in the years of +4",
         "Europe/Moscow",
         {2014, 1, 20, 0, 0, 0, 0},
         "2014-01-20T00:00:00.000000+04:00",
         ZONE_EXACT},
        {"an hour that never was moves forward",
         "Europe/Berlin",
         {2024, 3, 31, 2, 30, 0, 0},
         "2024-03-31T03:30:00.000000+02:00",
         ZONE_GAP},
        {"of an hour that came twice, the first",
         "Europe/Berlin",
         {2024, 10, 27, 2, 30, 0, 0},
         "2024-10-27T02:30:00.000000+02:00",
         ZONE_REPEATED},
        {"the rule goes on beyond the table",
         "Europe/Berlin",
         {2090, 7, 1, 12, 0, 0, 0},
         "2090-07-01T12:00:00.000000+02:00",
         ZONE_EXACT},
        {"and in winter",
         "America/New_York",
         {2090, 12, 1, 12, 0, 0, 0},
         "2090-12-01T12:00:00.000000-05:00",
         ZONE_EXACT},
        {"half hours",
         "Asia/Kolkata",
         {2024, 1, 1, 0, 0, 0, 0},
         "2024-01-01T00:00:00.000000+05:30",
         ZONE_EXACT},
        {"an offset with seconds: the time is that of the minutes shown",
         "Europe/Moscow",
         {1900, 1, 1, 2, 30, 17, 0},
         "1900-01-01T02:30:00.000000+02:30",
         ZONE_EXACT},
        {"before 1970",
         "Europe/Moscow",
         {1961, 4, 12, 9, 7, 0, 0},
         "1961-04-12T09:07:00.000000+03:00",
         ZONE_EXACT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(zone_free) struct zone *z = NULL;
        struct err err = {0};
        enum zone_fit fit;
        char text[ZONE_STAMP_BYTES];
        if (!zone_open(cases[i].zone, &z, &err))
            fail_msg("%s: %s", cases[i].name, err.msg);
        int64_t us = zone_to_us(z, &cases[i].local, &fit);
        (void)zone_stamp(z, us, text);
        if (strcmp(text, cases[i].want) != 0 || fit != cases[i].fit)
            fail_msg("%s: %s, %d", cases[i].name, text, fit);
        struct zone_time back = zone_from_us(z, us);
        if (fit != ZONE_GAP)
            assert_true(back.hour == cases[i].local.hour && back.day == cases[i].local.day);
    }
}

static void moments_survive_the_way_there_and_back(void **state)
{
    static const char *const names[] = {"UTC",         "Europe/Moscow",    "Europe/Berlin",
                                        "Asia/Tehran", "America/New_York", "Australia/Lord_Howe"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(zone_free) struct zone *z = NULL;
        struct err err = {0};
        assert_true(zone_open(names[i], &z, &err));
        // Every 31 hours from 1920 to 2100: through every change of the clocks on some side.
        for (int64_t us = INT64_C(-1577923200000000); us < INT64_C(4102444800000000);
             us += INT64_C(111600000000)) {
            struct zone_time local = zone_from_us(z, us);
            enum zone_fit fit;
            int64_t back = zone_to_us(z, &local, &fit);
            if (back != us && fit != ZONE_REPEATED)
                fail_msg("%s: %lld became %lld", names[i], (long long)us, (long long)back);
        }
    }
}

static void a_zone_that_is_none_is_refused(void **state)
{
    static const char *const names[] = {"Mars/Olympus", "../passwd", "/etc/passwd", "", "Europe"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct zone *z = NULL;
        struct err err = {0};
        assert_false(zone_open(names[i], &z, &err));
        assert_null(z);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_dates_are_each_others_reverse),
        cmocka_unit_test(local_times_become_moments),
        cmocka_unit_test(moments_survive_the_way_there_and_back),
        cmocka_unit_test(a_zone_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
