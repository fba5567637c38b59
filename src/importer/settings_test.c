/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/import.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void settings_go_out_as_text_and_come_back(void **state)
{
    static const struct {
        const char *name, *value, *want; /* want {NULL}: refused */
        enum err_code code;
    } cases[] = {
        {"format", "csv", "{\"format\":\"csv\"}", ERR_NONE},
        {"format", "xls", NULL, ERR_INVALID},
        {"encoding", "windows-1251", "{\"encoding\":\"windows-1251\"}", ERR_NONE},
        {"encoding", "", "{}", ERR_NONE},
        {"delimiter", ";", "{\"delimiter\":\";\"}", ERR_NONE},
        {"delimiter", "tab", "{\"delimiter\":\"\\t\"}", ERR_NONE},
        {"delimiter", "ab", NULL, ERR_INVALID},
        {"delimiter", "\"", NULL, ERR_INVALID},
        {"sheet", "Клиенты", "{\"sheet\":\"Клиенты\"}", ERR_NONE},
        {"header_row", "3", "{\"header_row\":3}", ERR_NONE},
        {"header_row", "0", NULL, ERR_INVALID},
        {"header_row", "-1", NULL, ERR_INVALID},
        {"update_only", "true", "{\"mode\":\"update_only\"}", ERR_NONE},
        {"update_only", "Yes", "{\"mode\":\"update_only\"}", ERR_NONE},
        {"update_only", "false", "{}", ERR_NONE},
        {"update_only", "maybe", NULL, ERR_INVALID},
        {"blank_missing", "1", "{\"blank_missing\":true}", ERR_NONE},
        {"clear_blank", "on", "{\"clear_blank\":true}", ERR_NONE},
        {"allow_opt_in", "true", "{\"allow_opt_in\":true}", ERR_NONE},
        {"lenient_email", "true", "{\"taken_email\":\"leave_out\"}", ERR_NONE},
        {"taken_email", "adopt", "{\"taken_email\":\"adopt\"}", ERR_NONE},
        {"mode", "create_only", "{\"mode\":\"create_only\"}", ERR_NONE},
        {"mode", "both", "{\"mode\":\"both\"}", ERR_NONE}, // the default, but said
        {"go_on", "false", "{\"go_on\":false}", ERR_NONE},
        {"date_order", "dmy", "{\"date_order\":\"dmy\"}", ERR_NONE},
        {"date_order", "ymd", NULL, ERR_INVALID},
        {"repairs", "[]", "{\"repairs\":[]}", ERR_NONE},
        {"repairs", "[ {\"rule\":\"decimal_point\", \"column\":\"LTV\"}]",
         "{\"repairs\":[{\"column\":\"LTV\",\"rule\":\"decimal_point\"}]}", ERR_NONE},
        {"repairs", "{}", NULL, ERR_INVALID},
        {"repairs", "[{\"column\":\"LTV\"}]", NULL, ERR_INVALID},
        {"repairs", "[{\"column\":\"LTV\",\"rule\":\"guess\"}]", NULL, ERR_INVALID},
        {"repairs", "[{\"column\":\"LTV\",\"rule\":\"decimal_point\",\"value\":\"1\"}]", NULL,
         ERR_INVALID},
        {"repairs", "[{\"column\":\"LTV\",\"rule\":\"blank_value\"}]", NULL, ERR_INVALID},
        {"repairs", "[{\"column\":\"id\",\"rule\":\"pad_zeros\",\"value\":\"99\"}]", NULL,
         ERR_INVALID},
        {"repair", "a=b=phone_8_to_7",
         "{\"repairs\":[{\"column\":\"a=b\",\"rule\":\"phone_8_to_7\"}]}", ERR_NONE},
        {"repair", "Почта=leave_out_value:a=b@x.ru",
         "{\"repairs\":[{\"column\":\"Почта\",\"rule\":\"leave_out_value\",\"value\":\"a=b@x.ru\"}]}",
         ERR_NONE},
        {"repair", "Почта=guess", NULL, ERR_INVALID},
        {"repair", "Почта", NULL, ERR_INVALID},
        {"mode", "neither", NULL, ERR_INVALID},
        {"attributes", "replace", "{\"attributes\":\"replace\"}", ERR_NONE},
        {"bad_values", "leave_out", "{\"bad_values\":\"leave_out\"}", ERR_NONE},
        {"hidden_rows", "leave_out", "{\"hidden_rows\":\"leave_out\"}", ERR_NONE},
        {"all_or_nothing", "true", "{\"all_or_nothing\":true}", ERR_NONE},
        {"mapping", "{ \"A\": \"email\" }", "{\"mapping\":{\"A\":\"email\"}}", ERR_NONE},
        {"mapping", "{\"A\":1}", NULL, ERR_INVALID},
        {"mapping", "A=email", NULL, ERR_INVALID},
        {"repeats", "first_wins", "{\"repeats\":\"first_wins\"}", ERR_NONE},
        {"repeats", "last", NULL, ERR_INVALID},
        {"colour", "red", NULL, ERR_NOT_FOUND},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct import_settings s = {0}, again;
        struct err err = {0};
        bool ok = import_settings_set(&a, &s, str_of(cases[i].name), str_of(cases[i].value), &err);
        if (ok != (cases[i].want != NULL) || err.code != cases[i].code)
            fail_msg("%s=%s: error %d '%s'", cases[i].name, cases[i].value, err.code, err.msg);
        if (!ok)
            continue;
        str text = import_settings_text(&a, &s);
        if (!str_eq(text, str_of(cases[i].want)))
            fail_msg("%s=%s: '%.*s'", cases[i].name, cases[i].value, STR_ARG(text));
        assert_true(import_settings_parse(&a, text, &again, &err));
        assert_true(str_eq(import_settings_text(&a, &again), text));
    }
}

static void earlier_settings_fill_in_what_was_not_said(void **state)
{
    static const struct {
        const char *name, *now, *old, *want;
    } cases[] = {
        {"nothing was said", "{}", "{\"mode\":\"update_only\"}", "{\"mode\":\"update_only\"}"},
        {"what was said wins", "{\"mode\":\"both\"}",
         "{\"mode\":\"update_only\",\"clear_blank\":true}",
         "{\"mode\":\"both\",\"clear_blank\":true}"},
        {"what is about one file stays behind", "{\"delimiter\":\";\"}",
         "{\"encoding\":\"koi8-r\",\"delimiter\":\",\",\"sheet\":\"x\",\"header_row\":3,\"go_on\":true}",
         "{\"delimiter\":\";\"}"},
        {"a mapping header by header", "{\"mapping\":{\"A\":\"email\"}}",
         "{\"mapping\":{\"A\":\"phone\",\"B\":\"name\"}}",
         "{\"mapping\":{\"A\":\"email\",\"B\":\"name\"}}"},
        {"no mapping at all was said", "{\"mapping\":{}}", "{\"mapping\":{\"B\":\"name\"}}",
         "{\"mapping\":{}}"},
        {"repairs", "{}", "{\"repairs\":[{\"column\":\"A\",\"rule\":\"boolean\"}]}",
         "{\"repairs\":[{\"column\":\"A\",\"rule\":\"boolean\"}]}"},
        {"no repairs were said", "{\"repairs\":[]}",
         "{\"repairs\":[{\"column\":\"A\",\"rule\":\"boolean\"}]}", "{\"repairs\":[]}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct import_settings now, old;
        struct err err = {0};
        assert_true(import_settings_parse(&a, str_of(cases[i].now), &now, &err));
        assert_true(import_settings_parse(&a, str_of(cases[i].old), &old, &err));
        bool filled = import_settings_fill(&a, &now, &old);
        str text = import_settings_text(&a, &now);
        if (!str_eq(text, str_of(cases[i].want)) || filled != !str_eq(text, str_of(cases[i].now)))
            fail_msg("%s: '%.*s', %d", cases[i].name, STR_ARG(text), filled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_go_out_as_text_and_come_back),
        cmocka_unit_test(earlier_settings_fill_in_what_was_not_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
