/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/header.h"

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

static void an_attributes_header_names_its_key(void **state)
{
    static const struct {
        const char *key, *header;
    } cases[] = {
        {"Регион", "Регион"},
        {"email", "custom_attributes.email"},
        {"import_error", "custom_attributes.import_error"},
        {"custom_attributes.y", "custom_attributes.custom_attributes.y"},
        {"", "custom_attributes.\"\""},
        {" a", "custom_attributes.\" a\""},
        {"\u00a0", "custom_attributes.\"\u00a0\""},
        {"\"q\"", "\"q\""},
        {"\"q\" ", "custom_attributes.\"\\\"q\\\" \""},
    };
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        str key = str_of(cases[i].key), header = header_of_attribute(&a, key), named = header;
        if (!str_eq(header, str_of(cases[i].header)))
            fail_msg("'%s': '%.*s'", cases[i].key, STR_ARG(header));
        assert_true(header_is_custom(&a, header) || header_names_attribute(&a, header, &named));
        assert_true(str_eq(named, key) && !str_is_null(named));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_mean_fields_however_they_are_written),
        cmocka_unit_test(slips_are_noticed_and_other_words_are_not),
        cmocka_unit_test(reserved_names_are_known),
        cmocka_unit_test(an_attributes_header_names_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
