/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/header.h"

#include "domain/cell.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void headers_mean_fields_however_they_are_written(void **state)
{
    static const struct {
        const char *header;
        enum consumer_field field;
    } cases[] = {
        {"external_id", FIELD_EXTERNAL_ID},
        {" External-ID ", FIELD_EXTERNAL_ID},
        {"externalId", FIELD_EXTERNAL_ID},
        {"Код клиента", FIELD_EXTERNAL_ID},
        {"НОМЕР КАРТЫ", FIELD_EXTERNAL_ID},
        {"E-mail", FIELD_EMAIL},
        {"Эл. почта", FIELD_EMAIL},
        {"Телефон", FIELD_PHONE},
        {"Дата регистрации", FIELD_CREATED_AT},
        {"Дата рождения", FIELD_COUNT},
        {"created_at", FIELD_CREATED_AT},
        {"ФИО", FIELD_NAME},
        {"Город", FIELD_COUNT},
        {"ID", FIELD_COUNT},
        {"", FIELD_COUNT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        if (header_field(header_normal(&a, str_of(cases[i].header))) != cases[i].field)
            fail_msg("'%s' is another field", cases[i].header);
    }
}

static void slips_are_noticed_and_other_words_are_not(void **state)
{
    static const struct {
        const char *header;
        enum consumer_field near;
    } cases[] = {
        {"extrnal_id", FIELD_EXTERNAL_ID},
        {"emial", FIELD_EMAIL},
        {"Телефон клиента", FIELD_PHONE},
        {"creatd_at", FIELD_CREATED_AT},
        {"Город", FIELD_COUNT},
        {"region", FIELD_COUNT},
        {"ltv", FIELD_COUNT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        enum consumer_field got = header_near(header_normal(&a, str_of(cases[i].header)));
        if (got != cases[i].near)
            fail_msg("'%s' is near to %d", cases[i].header, got);
    }
}

static void reserved_names_are_known(void **state)
{
    static const char *const reserved[] = {"first_name", "Unsubscribed", "avatar_url",
                                           "updated_at"};
    AUTO(arena_done) struct arena a = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(reserved); i++)
        assert_true(header_is_reserved(header_normal(&a, str_of(reserved[i]))));
    assert_false(header_is_reserved(header_normal(&a, STR("Город"))));
    assert_true(header_is_custom(&a, STR("Город")));
    assert_false(header_is_custom(&a, STR("email")));
}

static void guards_go_on_and_come_off(void **state)
{
    static const struct {
        const char *cell;
        bool guarded;
    } cases[] = {
        {"=1+1", true},   {"+7 900", true}, {"@here", true},      {"-5", false},
        {"-5.5", false},  {"-x", true},     {"[clear]", true},    {"'quoted", true},
        {"plain", false}, {"", false},      {"[очистить]", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str cell = str_of(cases[i].cell);
        if (cell_needs_guard(cell) != cases[i].guarded)
            fail_msg("'%s': guard", cases[i].cell);
        str out = cases[i].guarded ? arena_format(&a, "'%s", cases[i].cell) : cell;
        if (!str_eq(cell_unguarded(out), cell))
            fail_msg("'%s' came back as '%.*s'", cases[i].cell, STR_ARG(cell_unguarded(out)));
    }
    assert_true(cell_is_clear_token(STR("[clear]")) && !cell_is_clear_token(STR("clear")));
    assert_true(str_eq(cell_unguarded(STR("'twas")), STR("'twas")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_mean_fields_however_they_are_written),
        cmocka_unit_test(slips_are_noticed_and_other_words_are_not),
        cmocka_unit_test(reserved_names_are_known),
        cmocka_unit_test(guards_go_on_and_come_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
