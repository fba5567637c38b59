/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter/columns.h"
#include "exporter/program.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void fields_are_names_separated_by_commas(void **state)
{
    static const struct {
        const char *list, *want; /* want: a field ends with '|'; NULL: refused */
    } cases[] = {
        {"id", "id|"},
        {"external_id,email", "external_id|email|"},
        {" email , phone ", "email|phone|"},
        {"email,email", "email|"},
        {"custom_attributes", "custom_attributes|"},
        {"custom_attributes.ltv", "custom_attributes.ltv|"},
        {"custom_attributes.a.b", "custom_attributes.a.b|"},
        {"custom_attributes.a\\,b", "custom_attributes.a,b|"},
        {"custom_attributes.a\\\\b", "custom_attributes.a\\b|"},
        {"custom_attributes.", "custom_attributes.|"},
        {"custom_attributes,custom_attributes.", "custom_attributes|custom_attributes.|"},
        {"", NULL},
        {"email,", NULL},
        {"Email", NULL},
        {"custom_attribute.x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf got = {0};
        struct export_fields f = {0};
        struct err err = {0};
        bool ok = export_fields_parse(&f, &a, str_of(cases[i].list), &err);
        if (ok != (cases[i].want != NULL))
            fail_msg("'%s': %s", cases[i].list, err.msg);
        for (size_t n = 0; n < f.count; n++) {
            const struct export_field *field = &f.field[n];
            bool id = field->field == FIELD_COUNT;
            buf_add(&got, id ? STR("id") : str_of(consumer_field_name(field->field)));
            if (!str_is_null(field->key))
                buf_format(&got, ".%.*s", STR_ARG(field->key));
            buf_add_char(&got, '|');
        }
        if (ok && !str_eq(buf_str(&got), str_of(cases[i].want)))
            fail_msg("'%s': got '%.*s'", cases[i].list, STR_ARG(buf_str(&got)));
    }
}

static void an_unknown_field_is_named_with_those_that_are_allowed(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    struct export_fields f = {0};
    struct err err = {0};
    (void)state;
    assert_false(export_fields_add(&f, &a, STR("rating"), &err));
    assert_string_equal(
        err.msg, "unknown field 'rating', allowed: avatar_url, complained, created_at, "
                 "custom_attributes, custom_attributes.KEY, email, external_id, first_name, id, "
                 "legacy_id, name, permanent_failed, phone, unsubscribed, updated_at");
}

static void a_programs_columns_are_what_its_last_list_names(void **state)
{
    static const struct {
        const char *program, *want; /* want: a column ends with '|' */
    } cases[] = {
        {"[.id, .rating]", "ID|RATING|"},
        {"[.id]", "ID|"},
        {" [ .id ,\n .first_name ] ", "ID|FIRST_NAME|"},
        {"[.custom_attributes.ltv, .custom_attributes[\"region\"]]",
         "CUSTOM_ATTRIBUTES.LTV|CUSTOM_ATTRIBUTES.REGION|"},
        {"[.custom_attributes.\"a, b\", .[\"id\"]]", "CUSTOM_ATTRIBUTES.A, B|ID|"},
        {"[.email?, (.name // \"-\")]", "EMAIL|NAME|"},
        {"select(.email) | [.id, (.phone | ascii_downcase)]", "ID|PHONE|"},
        {"def f: [.a, .b]; [.id, f]", "ID|COLUMN_2|"},
        {". as $c | [$c.id, $c[\"email\"], 1, \"x, .y\"]", "ID|EMAIL|COLUMN_3|COLUMN_4|"},
        {"[\"\\(.id), \\(\"]\")\", .id]", "COLUMN_1|ID|"},
        {"[.id # , .x ]\n, .email]", "ID|EMAIL|"},
        {"[if .email then [1, 2] else [3] end, .id]", "EMAIL|ID|"},
        {"[{a: .id, b: 2}, ..]", "ID|COLUMN_2|"},
        {".", ""},
        {"[]", ""},
        {"[.id], [.email]", ""},
        {"map(.id)", ""},
        {"[.id] + [.email]", ""},
        {"", ""},
        {"[", ""},
        {"]", ""},
        {"[\"", ""},
        {"[\"\\(", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf got = {0};
        str *name;
        size_t count;
        program_columns(str_of(cases[i].program), &a, &name, &count);
        for (size_t n = 0; n < count; n++) {
            buf_add(&got, name[n]);
            buf_add_char(&got, '|');
        }
        if (!str_eq(buf_str(&got), str_of(cases[i].want)))
            fail_msg("'%s': got '%.*s'", cases[i].program, STR_ARG(buf_str(&got)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_names_separated_by_commas),
        cmocka_unit_test(an_unknown_field_is_named_with_those_that_are_allowed),
        cmocka_unit_test(a_programs_columns_are_what_its_last_list_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
