/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/repair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void rules_make_this_of_cells(void **state)
{
    static const struct {
        enum repair_rule rule;
        const char *value, *cell, *want; /* NULL: kept; "!": left out */
    } cases[] = {
        {REPAIR_BLANK_NO_DATA, "", "-", ""},
        {REPAIR_BLANK_NO_DATA, "", "—", ""},
        {REPAIR_BLANK_NO_DATA, "", "Null", ""},
        {REPAIR_BLANK_NO_DATA, "", "N/A", ""},
        {REPAIR_BLANK_NO_DATA, "", "#Н/Д", ""},
        {REPAIR_BLANK_NO_DATA, "", "#DIV/0!", ""},
        {REPAIR_BLANK_NO_DATA, "", "Нет Данных", ""},
        {REPAIR_BLANK_NO_DATA, "", "НЕ УКАЗАНО", ""},
        {REPAIR_BLANK_NO_DATA, "", "нет", NULL}, // may be an answer
        {REPAIR_BLANK_NO_DATA, "", "0", NULL},
        {REPAIR_BLANK_NO_DATA, "", "-5", NULL},
        {REPAIR_BLANK_NO_DATA, "", "Нина", NULL},
        {REPAIR_BLANK_NO_DATA, "", "Нет данных о последнем визите", NULL},
        {REPAIR_BLANK_VALUE, "нет", "НЕТ", ""},
        {REPAIR_BLANK_VALUE, "нет", "нету", NULL},
        {REPAIR_LEAVE_OUT_VALUE, "no@mail.ru", "No@Mail.ru", "!"},
        {REPAIR_LEAVE_OUT_VALUE, "no@mail.ru", "anna@mail.ru", NULL},
        {REPAIR_LEAVE_OUT_DAMAGED, "", "7,9E+10", "!"},
        {REPAIR_LEAVE_OUT_DAMAGED, "", "4276123456789010", "!"},
        {REPAIR_LEAVE_OUT_DAMAGED, "", "4276123456789012", NULL},
        {REPAIR_LEAVE_OUT_DAMAGED, "", "100000000000000", NULL}, // 15 digits are kept
        {REPAIR_LEAVE_OUT_DAMAGED, "", "12e5", NULL},
        {REPAIR_PHONE_8_TO_7, "", "8 (900) 000-00-01", "+7 (900) 000-00-01"},
        {REPAIR_PHONE_8_TO_7, "", "89000000001", "+79000000001"},
        {REPAIR_PHONE_8_TO_7, "", "+8 900 000 00 01", NULL},
        {REPAIR_PHONE_8_TO_7, "", "8 900 000-00-0", NULL},
        {REPAIR_PHONE_8_TO_7, "", "8-800-FLOWERS", NULL},
        {REPAIR_PAD_ZEROS, "7", "42", "0000042"},
        {REPAIR_PAD_ZEROS, "7", "1234567", NULL},
        {REPAIR_PAD_ZEROS, "7", "A42", NULL},
        {REPAIR_DECIMAL_POINT, "", "12,50", "12.50"},
        {REPAIR_DECIMAL_POINT, "", "-1 234,5", "-1234.5"},
        {REPAIR_DECIMAL_POINT, "", "1\u00a0234,5", "1234.5"},
        {REPAIR_DECIMAL_POINT, "", "12.50", NULL},
        {REPAIR_DECIMAL_POINT, "", "1,2,3", NULL},
        {REPAIR_DECIMAL_POINT, "", "12,", NULL},
        {REPAIR_DECIMAL_POINT, "", ",5", NULL},
        {REPAIR_DECIMAL_POINT, "", "ул. 5,6", NULL},
        {REPAIR_BOOLEAN, "", "ИСТИНА", "true"},
        {REPAIR_BOOLEAN, "", "ложь", "false"},
        {REPAIR_BOOLEAN, "", "Да", "true"},
        {REPAIR_BOOLEAN, "", "NO", "false"},
        {REPAIR_BOOLEAN, "", "true", NULL},
        {REPAIR_BOOLEAN, "", "1", NULL},
        {REPAIR_LATIN_LETTERS, "", "АB-12", "AB-12"},
        {REPAIR_LATIN_LETTERS, "", "AB-12", NULL},
        {REPAIR_LATIN_LETTERS, "", "Жук-12", NULL},
        {REPAIR_EMAIL_POINT, "", "anna@mail,ru", "anna@mail.ru"},
        {REPAIR_EMAIL_POINT, "", "a@x.ru,b@x.ru", NULL},
        {REPAIR_EMAIL_POINT, "", "anna@mail.ru", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        const struct import_repair r = {cases[i].rule, str_of(cases[i].value), NULL};
        str made = {0};
        enum repair_outcome got = repair_cell(&a, &r, str_of(cases[i].cell), &made);
        enum repair_outcome want = !cases[i].want            ? REPAIR_KEEPS
                                   : cases[i].want[0] == '!' ? REPAIR_LEAVES_OUT
                                                             : REPAIR_CHANGES;
        if (got != want || (want == REPAIR_CHANGES && !str_eq(made, str_of(cases[i].want))))
            fail_msg("%s of '%s': %d '%.*s'", repair_rule_name(cases[i].rule), cases[i].cell, got,
                     STR_ARG(made));
    }
}

static void rules_act_one_after_another(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    const struct import_repair second = {REPAIR_EMAIL_POINT, {0}, NULL},
                               first = {REPAIR_LATIN_LETTERS, {0}, &second};
    str made;
    (void)state;
    assert_int_equal(repair_cell(&a, &first, STR("аnna@mail,ru"), &made), REPAIR_CHANGES);
    assert_true(str_eq(made, STR("anna@mail.ru")));
}

static void columns_get_their_repairs(void **state)
{
#define ONE(column, rule) "[{\"column\":\"" column "\",\"rule\":\"" rule "\"}]"
    static const struct {
        const char *name, *setting;
        enum file_problem_code code;
        size_t phone, ltv; /* repairs that these columns get */
    } cases[] = {
        {"none", "[]", FILE_OK, 0, 0},
        {"by header", ONE("Телефон", "phone_8_to_7"), FILE_OK, 1, 0},
        {"by number", ONE("#2", "decimal_point"), FILE_OK, 0, 1},
        {"of no column", ONE("phone", "phone_8_to_7"), FILE_REPAIR_COLUMN, 0, 0},
        {"not for such a column", ONE("ltv", "phone_8_to_7"), FILE_REPAIR_UNFIT, 0, 0},
        {"not for a column that is ignored", ONE("note", "blank_no_data"), FILE_REPAIR_UNFIT, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct import_column column[] = {
            {.header = STR("Телефон"), .field = FIELD_PHONE},
            {.header = STR("ltv"), .field = FIELD_COUNT, .attribute = STR("ltv")},
            {.header = STR("note"), .field = FIELD_COUNT}};
        struct file_problem p = {0};
        bool ok = repairs_of_columns(&a, str_of(cases[i].setting), column, COUNT(column), &p);
        if (ok != (cases[i].code == FILE_OK) || p.code != cases[i].code ||
            (ok && (!column[0].repair != !cases[i].phone || !column[1].repair != !cases[i].ltv)))
            fail_msg("%s: %d %s", cases[i].name, ok, file_problem_code_name(p.code));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_make_this_of_cells),
        cmocka_unit_test(rules_act_one_after_another),
        cmocka_unit_test(columns_get_their_repairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
