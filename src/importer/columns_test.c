/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/columns.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MAX_CELLS = 16 };

static struct row row_of(str text, str cell[MAX_CELLS])
{
    struct row row = {.record = 1, .line = 1, .cell = cell};
    while (!str_is_null(text))
        cell[row.count++] = str_split(&text, '|');
    return row;
}

/* "external_id:field name:=name" and so on: one word a column. */
static str describe(struct arena *a, const struct import_column *column, size_t count)
{
    AUTO(buf_done) struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        const struct import_column *c = &column[i];
        if (i)
            buf_add_char(&b, '|');
        if (c->by_id)
            buf_add(&b, STR("#id"));
        else if (c->name_part)
            buf_format(&b, "+%s", c->field == FIELD_FIRST_NAME ? "first_name" : "");
        else if (c->field != FIELD_COUNT)
            buf_add(&b, str_of(consumer_field_name(c->field)));
        else if (!str_is_null(c->attribute))
            buf_format(&b, "=%.*s", STR_ARG(c->attribute));
        else
            buf_add_char(&b, '-');
        if (c->warning)
            buf_format(&b, "!%s", c->warning);
    }
    return arena_str(a, buf_str(&b));
}

static void headers_are_read(void **state)
{
#define FIVE "external_id|email|name|phone|created_at"
    static const struct {
        const char *name, *header, *want;
        enum file_problem_code code;
        struct import_settings settings;
    } cases[] = {
        {"the five as they stand", FIVE, FIVE, FILE_OK, {0}},
        {"case, spaces, '_' and '-' do not matter",
         "External ID| E-Mail |NAME|Phone|created-at",
         FIVE,
         FILE_OK,
         {0}},
        {"Russian aliases",
         "Код клиента|Эл. почта|ФИО|Телефон|Дата регистрации",
         FIVE,
         FILE_OK,
         {0}},
        {"other columns are custom attributes",
         FIVE "|ltv|Город",
         FIVE "|=ltv|=Город",
         FILE_OK,
         {0}},
        {"a birthday is no created_at",
         FIVE "|Дата рождения",
         FIVE "|=Дата рождения",
         FILE_OK,
         {0}},
        {"Имя alone is the name", "external_id|email|Имя|phone|created_at", FIVE, FILE_OK, {0}},
        {"Имя beside Фамилия is not: they could be joined",
         "external_id|email|Имя|phone|created_at|Фамилия",
         "",
         FILE_NAME_PARTS,
         {0}},
        {"nor beside Отчество",
         "external_id|email|Имя|phone|created_at|ОТЧЕСТВО",
         "",
         FILE_NAME_PARTS,
         {0}},
        {"parts of a name are joined when that was said",
         "external_id|Фамилия|Имя|Отчество|email|phone|created_at",
         "external_id|+|+first_name|+|email|phone|created_at",
         FILE_OK,
         {.mapping = STR("{\"Фамилия\":\"name_part\",\"Имя\":\"name_part+first_name\","
                         "\"Отчество\":\"name_part\"}")}},
        {"not beside the whole name",
         FIVE "|Фамилия",
         "",
         FILE_HEADER_REPEATED,
         {.mapping = STR("{\"Фамилия\":\"name_part\"}")}},
        {"without a name wanted its parts are flagged",
         "external_id|Имя|Фамилия",
         "external_id|=Имя!name_part|=Фамилия!name_part",
         FILE_OK,
         {.mode = MODE_UPDATE_ONLY}},
        {"beside a name they are custom attributes",
         FIVE "|Имя|Фамилия",
         FIVE "|=Имя|=Фамилия",
         FILE_OK,
         {0}},
        {"more is missing than the name", "external_id|Имя|Фамилия", "", FILE_COLUMNS_MISSING, {0}},
        {"a mapping may be by number",
         FIVE "|ltv|ltv",
         FIVE "|=ltv|-",
         FILE_OK,
         {.mapping = STR("{\"#7\":\"ignore\"}")}},
        {"a mapping to nothing that is",
         FIVE "|ltv",
         "",
         FILE_MAPPING,
         {.mapping = STR("{\"ltv\":\"updated_at\"}")}},
        {"an attribute the record does not have",
         FIVE "|attributes.fist_name",
         FIVE "|=attributes.fist_name!unknown_attribute",
         FILE_OK,
         {0}},
        {"every reserved name",
         FIVE "|Unsubscribed|COMPLAINED|avatar url|updated_at|permanent_failed",
         FIVE
         "|=Unsubscribed!reserved_column|=COMPLAINED!reserved_column|=avatar url!reserved_column|="
         "updated_at!reserved_column|=permanent_failed!reserved_column",
         FILE_OK,
         {0}},
        {"keys of two cases are two keys",
         FIVE "|Регион|регион",
         FIVE "|=Регион|=регион",
         FILE_OK,
         {0}},
        {"two empty headers", FIVE "||", FIVE "|-|-", FILE_OK, {0}},
        {"a repair for no column",
         FIVE,
         "",
         FILE_REPAIR_COLUMN,
         {.repairs = STR("[{\"column\":\"Телефон\",\"rule\":\"phone_8_to_7\"}]")}},
        {"a repair that does not fit",
         FIVE,
         "",
         FILE_REPAIR_UNFIT,
         {.repairs = STR("[{\"column\":\"email\",\"rule\":\"phone_8_to_7\"}]")}},
        {"reserved names become custom attributes with a warning",
         FIVE "|first_name|ID",
         FIVE "|=first_name!reserved_column|=ID!reserved_column",
         FILE_OK,
         {0}},
        {"a near miss becomes a custom attribute with a warning",
         FIVE "|Телефон клиента",
         FIVE "|=Телефон клиента!near_miss",
         FILE_OK,
         {0}},
        {"a near miss in the place of a required column refuses",
         "extrnal_id|email|name|phone|created_at",
         "",
         FILE_COLUMNS_MISSING,
         {0}},
        {"missing columns refuse", "external_id|email", "", FILE_COLUMNS_MISSING, {0}},
        {"missing columns may count as blank",
         "external_id|email",
         "external_id|email",
         FILE_OK,
         {.blank_missing = true}},
        {"updating needs external_id alone",
         "external_id|ltv",
         "external_id|=ltv",
         FILE_OK,
         {.mode = MODE_UPDATE_ONLY}},
        {"updating needs external_id",
         "email|ltv",
         "",
         FILE_COLUMNS_MISSING,
         {.mode = MODE_UPDATE_ONLY}},
        {"a bare ID could be the key", "ID|email|name|phone|created_at", "", FILE_HEADER_ID, {0}},
        {"dotted names say what they are",
         FIVE "|attributes.first_name|custom_attributes.email|attributes.id|attributes.updated_at",
         FIVE "|first_name|=email|#id|-",
         FILE_OK,
         {0}},
        {"the same header twice", FIVE "|ltv|ltv", "", FILE_HEADER_REPEATED, {0}},
        {"two names of one field", FIVE "|Почта", "", FILE_HEADER_REPEATED, {0}},
        {"an empty header is no column", FIVE "|", FIVE "|-", FILE_OK, {0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str cell[MAX_CELLS];
        struct row row = row_of(str_of(cases[i].header), cell);
        struct import_column *column;
        struct file_problem p = {0};
        bool ok = columns_read(&a, &row, &cases[i].settings, &column, &p);
        str got = ok ? describe(&a, column, row.count) : STR("");
        if (p.code != cases[i].code || !str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: %s '%.*s'", cases[i].name, file_problem_code_name(p.code), STR_ARG(got));
    }
}

static void a_refusal_names_what_is_missing_and_what_is_near(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    const struct import_settings settings = {0};
    str cell[MAX_CELLS];
    struct row row = row_of(STR("extrnal_id|emial|name|phone"), cell);
    struct import_column *column;
    struct file_problem p = {0};
    assert_false(columns_read(&a, &row, &settings, &column, &p));
    assert_string_equal(p.value, "external_id, email, created_at");
    assert_string_equal(p.detail, "extrnal_id, emial");
}

static void the_parts_of_a_name_are_offered_to_be_joined(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    struct import_settings settings = {0};
    str cell[MAX_CELLS];
    struct row row = row_of(STR("external_id|Фамилия|имя|email|phone|created_at"), cell);
    struct import_column *column;
    struct file_problem p = {0};
    assert_false(columns_read(&a, &row, &settings, &column, &p));
    settings.mapping = arena_str(&a, str_of(p.detail)); // what was offered is what is taken
    p = (struct file_problem){0};
    assert_true(columns_read(&a, &row, &settings, &column, &p));
    assert_true(str_eq(describe(&a, column, row.count),
                       STR("external_id|+|+first_name|email|phone|created_at")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read),
        cmocka_unit_test(the_parts_of_a_name_are_offered_to_be_joined),
        cmocka_unit_test(a_refusal_names_what_is_missing_and_what_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
