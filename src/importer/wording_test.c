/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/wording.h"

#include "importer/wording_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_problem_has_a_sentence_in_both_languages(void **state)
{
    (void)state;
    for (size_t l = 0; l < LANGUAGE_COUNT; l++) {
        for (size_t i = 0; i < FILE_PROBLEM_COUNT; i++)
            if (!wording_file_sentence[i][l])
                fail_msg("%s has no sentence in language %zu",
                         file_problem_code_name((enum file_problem_code)i), l);
        for (size_t i = 0; i < PROBLEM_COUNT; i++)
            if (!wording_problem_sentence[i][l])
                fail_msg("%s has no sentence in language %zu",
                         problem_code_name((enum problem_code)i), l);
    }
}

static void sentences_are_filled_in(void **state)
{
    static const struct {
        const char *name;
        struct file_problem problem;
        enum language language;
        const char *want;
    } cases[] = {
        {"a part with an empty slot is left out",
         {.code = FILE_UNREADABLE},
         LANGUAGE_EN,
         "The file cannot be read. Copy it to another disk and try again."},
        {"a part whose slot is filled stays",
         {.code = FILE_UNREADABLE, .detail = "x.csv"},
         LANGUAGE_EN,
         "The file cannot be read (x.csv). Copy it to another disk and try again."},
        {"sizes are in the largest whole unit",
         {.code = FILE_TOO_LARGE, .limit = 2147483648u},
         LANGUAGE_RU,
         "Файл больше 2 ГиБ. Разделите его и загрузите части одну за другой."},
        {"sizes that are no whole unit are in bytes",
         {.code = FILE_TOO_LARGE, .limit = 1025},
         LANGUAGE_EN,
         "The file is larger than 1025 bytes. Split it and upload the parts one after another."},
        {"brackets in a value are text",
         {.code = FILE_SHEET_NOT_FOUND, .value = "[a]{b}"},
         LANGUAGE_EN,
         "The workbook has no sheet \"[a]{b}\". State one of them."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str got = wording_file_problem(&a, cases[i].language, &cases[i].problem);
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(got));
    }
}

static void a_failure_survives_being_stored(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    struct file_problem p = {.code = FILE_ENCODING,
                             .offset = 17,
                             .line = 2,
                             .column = 3,
                             .byte = 0xCF,
                             .value = "a\"b",
                             .detail = "windows-1251, koi8-r"};
    struct file_problem got = wording_failure_parse(wording_failure_text(&a, &p));
    assert_int_equal(got.code, p.code);
    assert_int_equal(got.offset, 17);
    assert_int_equal(got.line, 2);
    assert_int_equal(got.column, 3);
    assert_int_equal(got.byte, 0xCF);
    assert_string_equal(got.value, p.value);
    assert_string_equal(got.detail, p.detail);
    assert_int_equal(wording_failure_parse(STR("nonsense")).code, FILE_UNREADABLE);
}

static void the_language_is_told_from_what_programs_send(void **state)
{
    static const struct {
        const char *text;
        enum language want;
    } cases[] = {{"ru", LANGUAGE_RU},
                 {"ru_RU.UTF-8", LANGUAGE_RU},
                 {"en-US,ru;q=0.5", LANGUAGE_EN},
                 {"de, ru;q=0.9", LANGUAGE_RU},
                 {"C", LANGUAGE_EN},
                 {"", LANGUAGE_EN},
                 {"run", LANGUAGE_EN}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (wording_language_of(str_of(cases[i].text), LANGUAGE_EN) != cases[i].want)
            fail_msg("'%s'", cases[i].text);
}

static void what_is_wrong_with_a_setting_is_said_in_russian(void **state)
{
    static const struct {
        const char *name, *value, *want;
    } cases[] = {
        {"mode", "all", "mode: укажите одно из: both, create_only, update_only"},
        {"all_or_nothing", "2", "all_or_nothing: укажите true или false"},
        {"format", "xls", "format: укажите csv, xlsx или jsonl"},
        {"delimiter", "\n",
         "delimiter: укажите один знак ASCII или слово comma, semicolon, tab, pipe"},
        {"header_row", "0", "header_row: укажите число от 1"},
        {"sheet", "\t", "sheet: укажите от 1 до 255 знаков"},
        {"mapping", "a: b",
         "mapping: укажите объект JSON: заголовки и чем они станут, например "
         "{\"Телефон\":\"phone\",\"Note\":\"ignore\"}"},
        {"update_only", "x", "update_only: укажите true или false"},
        {"mod", "x", "настройки «mod» нет"},
        {"a'; use '", "x", "настройки «a'; use '» нет"},
        {"repairs", "[{\"column\":\"A\",\"rule\":\"boolean\",\"value\":\"1\"}]",
         "repairs: правилу boolean «value» не нужно"},
        {"repairs", "[{\"column\":\"A\",\"rule\":\"blank_value\"}]",
         "repairs: правилу blank_value нужно «value»"},
        {"repairs", "[{\"column\":\"A\",\"rule\":\"pad_zeros\",\"value\":\"x\"}]",
         "repairs: правилу pad_zeros нужна длина от 1 до 32 в «value»"},
        {"repairs", "{}",
         "repairs: укажите список исправлений, например "
         "[{\"column\":\"Телефон\",\"rule\":\"phone_8_to_7\"}]"},
        {"repair", "x", "repair: укажите КОЛОНКА=ПРАВИЛО, например Телефон=phone_8_to_7"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct import_settings settings = {0};
        struct err err = {0};
        assert_false(import_settings_set(&a, &settings, str_of(cases[i].name),
                                         str_of(cases[i].value), &err));
        assert_true(str_eq(wording_setting(&a, LANGUAGE_EN, str_of(err.msg)), str_of(err.msg)));
        str got = wording_setting(&a, LANGUAGE_RU, str_of(err.msg));
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: '%.*s' of '%s'", cases[i].name, STR_ARG(got), err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem_has_a_sentence_in_both_languages),
        cmocka_unit_test(sentences_are_filled_in),
        cmocka_unit_test(a_failure_survives_being_stored),
        cmocka_unit_test(what_is_wrong_with_a_setting_is_said_in_russian),
        cmocka_unit_test(the_language_is_told_from_what_programs_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
