/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/row_change.h"

#include "base/buf.h"
#include "base/clock.h"
#include "importer/columns.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MAX_CELLS = 16 };
#define HEADER "external_id|email|name|phone|created_at|ltv|attributes.unsubscribed|attributes.id|"

static struct row row_of(str text, str cell[MAX_CELLS])
{
    struct row row = {.record = 1, .line = 1, .cell = cell};
    while (!str_is_null(text))
        cell[row.count++] = str_split(&text, '|');
    return row;
}

/* The change in words: "upsert 7 email=a@b.ru -phone {ltv:"5"} !email_invalid". */
static str describe(struct arena *a, const struct store_change *c)
{
    static const char *const op[] = {[STORE_CREATE] = "create",
                                     [STORE_UPSERT] = "upsert",
                                     [STORE_UPDATE] = "update",
                                     [STORE_REFUSED] = "refused"};
    static const enum consumer_field texts[] = {FIELD_EMAIL, FIELD_NAME, FIELD_PHONE};
    AUTO(buf_done) struct buf b = {0};
    buf_format(&b, "%s%s %.*s", op[c->op], c->key == STORE_KEY_ID ? " #" : "",
               STR_ARG(c->key_text));
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *name = consumer_field_name(texts[i]);
        if (c->patch.set & FIELD_BIT(texts[i]))
            buf_format(&b, " %s=%.*s", name,
                       STR_ARG(*consumer_text((struct consumer *)&c->patch.value, texts[i])));
        if (c->patch.clear & FIELD_BIT(texts[i]))
            buf_format(&b, " -%s", name);
    }
    if (c->patch.set & FIELD_BIT(FIELD_UNSUBSCRIBED))
        buf_format(&b, " unsubscribed=%d", c->patch.value.unsubscribed);
    for (size_t i = 0; i < c->patch.attribute_count; i++) {
        str value = c->patch.attribute[i].value;
        buf_format(&b, " {%.*s:%.*s}", STR_ARG(c->patch.attribute[i].key),
                   str_is_null(value) ? 1 : (int)value.len, str_is_null(value) ? "-" : value.ptr);
    }
    for (const struct problem *p = c->patch.warnings.first; p; p = p->next)
        if (p->code == PROBLEM_REPAIRED || p->code == PROBLEM_FORMULA_ERROR ||
            p->code == PROBLEM_TRIMMED)
            buf_format(&b, " ?%.*s:%s=%.*s", STR_ARG(p->field), problem_code_name(p->code),
                       STR_ARG(p->value));
    for (const struct problem *p = c->patch.problems.first; p; p = p->next)
        buf_format(&b, " !%.*s:%s", STR_ARG(p->field), problem_code_name(p->code));
    return arena_str(a, buf_str(&b));
}

static void rows_become_changes(void **state)
{
    static const struct {
        const char *name, *row, *want;
        struct import_settings settings;
    } cases[] = {
        {"a whole row",
         "7|a@b.ru|Анна|+7 900 000-00-01||5|true||",
         "upsert 7 email=a@b.ru name=Анна phone=79000000001 unsubscribed=1 {ltv:\"5\"}",
         {0}},
        {"spaces around a key are left out and told; around a name they are not told",
         "\xc2\xa0"
         "7 | a@b.ru|  Анна |79000000001\xe2\x80\x8b|| 5",
         "upsert 7 email=a@b.ru name=Анна phone=79000000001 {ltv:\" 5\"} "
         "?external_id:trimmed=\xc2\xa0"
         "7  ?email:trimmed= a@b.ru "
         "?phone:trimmed=79000000001\xe2\x80\x8b",
         {0}},
        {"blank cells keep what is stored", "7||  ||", "upsert 7", {0}},
        {"blank cells may clear",
         "7||x||2018-01-01||true||",
         "upsert 7 -email name=x -phone unsubscribed=1 {ltv:-}",
         {.clear_blank = true}},
        {"tokens clear", "7|[clear]||[очистить]||[clear]", "upsert 7 -email -phone {ltv:-}", {0}},
        {"the token with more around it is text", "7||a [clear]", "upsert 7 name=a [clear]", {0}},
        {"cells that are not there are blank", "7", "upsert 7", {0}},
        {"a guard is taken off", "7||'=1+1|||'-x", "upsert 7 name==1+1 {ltv:\"-x\"}", {0}},
        {"an apostrophe of the name's own stays", "7||'т Хоофт", "upsert 7 name='т Хоофт", {0}},
        {"a custom value is kept as it stands", "7|||||  5 ", "upsert 7 {ltv:\"  5 \"}", {0}},
        {"quotes and line breaks are escaped",
         "7|||||a\"b\nc",
         "upsert 7 {ltv:\"a\\\"b\\nc\"}",
         {0}},
        {"without a key the row is refused",
         "|a@b.ru",
         "refused  email=a@b.ru !external_id:blank",
         {0}},
        {"our own id stands in", "||x||||| 65f0c0ffee", "update # 65f0c0ffee name=x", {0}},
        {"a damaged number is no key", "7.9E+10|", "refused  !external_id:scientific_number", {0}},
        {"a damaged number is no phone", "7|||7,9E+10", "refused 7 !phone:scientific_number", {0}},
        {"a bad e-mail refuses", "7|a@", "refused 7 email=a@ !email:email_invalid", {0}},
        {"bad values may be left out",
         "7|nobody|x",
         "upsert 7 name=x",
         {.bad_values = BAD_LEAVE_OUT}},
        {"but not the key",
         "|nobody|x",
         "refused  name=x !external_id:blank",
         {.bad_values = BAD_LEAVE_OUT}},
        {"updating only", "7||x", "update 7 name=x", {.mode = MODE_UPDATE_ONLY}},
        {"a value without a header", "7||||||||x", "refused 7 !9:too_many_cells", {0}},
        {"a value past the header", "7|||||||||y", "refused 7 !10:too_many_cells", {0}},
        {"blanks past the header are nothing", "7||||||||| |", "upsert 7", {0}},
    };
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(zone_free) struct zone *zone = NULL;
    struct err err = {0};
    str cell[MAX_CELLS];
    struct import_column *column;
    struct file_problem p = {0};
    const struct import_settings none = {0};
    assert_true(zone_open("Europe/Moscow", &zone, &err));
    struct row header = row_of(STR(HEADER), cell);
    size_t count = header.count;
    assert_true(columns_read(&a, &header, &none, &column, &p));
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct consumer_rules rules = {.zone = zone, .now_us = clock_now_us()};
        const struct row_context context = {&cases[i].settings, column, count, &rules};
        struct row row = row_of(str_of(cases[i].row), cell);
        struct store_change change;
        row_change_from_cells(&a, &context, &row, &change);
        str got = describe(&a, &change);
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(got));
    }
}

static void json_lines_become_changes(void **state)
{
    static const struct {
        const char *name, *line, *want;
    } cases[] = {
        {"an object of attributes",
         "{\"external_id\":7,\"name\":\"x\",\"custom_attributes\":{\"ltv\":5}}",
         "upsert 7 name=x {ltv:5}"},
        {"a resource",
         "{\"type\":\"consumers\",\"id\":\"abc\",\"attributes\":{\"external_id\":\"7\"}}",
         "upsert 7"},
        {"a document", "{\"data\":{\"type\":\"consumers\",\"attributes\":{\"external_id\":\"7\"}}}",
         "upsert 7"},
        {"a resource with our id alone", "{\"id\":\"abc\",\"attributes\":{\"name\":\"x\"}}",
         "update # abc name=x"},
        {"no key", "{\"name\":\"x\"}", "refused  name=x !external_id:blank"},
        {"null does not take the key away", "{\"external_id\":null}",
         "refused  !external_id:blank"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        const struct import_settings none = {0};
        const struct consumer_rules rules = {.now_us = clock_now_us()};
        const struct row_context context = {&none, NULL, 0, &rules};
        struct json tree;
        struct json_place place;
        struct err err = {0};
        struct store_change change;
        assert_true(json_parse(str_of(cases[i].line), &a, &tree, &place, &err));
        row_change_from_json(&a, &context, &tree, &change);
        str got = describe(&a, &change);
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(got));
    }
}

/* Repairs, parts of a name, errors of formulas: with the warnings. */
static void accepted_rules_act_on_cells(void **state)
{
#define NAMES              "external_id|email|Фамилия|Имя|phone|created_at|ltv"
#define JOIN               "{\"Фамилия\":\"name_part\",\"Имя\":\"name_part+first_name\"}"
#define RULE(column, rule) "{\"column\":\"" column "\",\"rule\":\"" rule "\"}"
    static const struct {
        const char *name, *row, *want, *repairs;
        struct import_settings settings;
    } cases[] = {
        {"nothing is done unasked",
         "7|a@b,ru|||8 900 000-00-01||12,5",
         "refused 7 email=a@b,ru phone=89000000001 {ltv:\"12,5\"} !email:email_invalid",
         "[]",
         {0}},
        {"what was accepted is done and told",
         "7|a@b,ru|||8 900 000-00-01||12,5",
         "upsert 7 email=a@b.ru phone=79000000001 {ltv:\"12.5\"} ?email:repaired=a@b,ru "
         "?phone:repaired=8 900 000-00-01 ?custom_attributes:repaired=12,5",
         "[" RULE("email", "email_point") "," RULE("phone", "phone_8_to_7") "," RULE(
             "ltv", "decimal_point") "]",
         {0}},
        {"a cell that needs none is left alone",
         "7|a@b.ru|||79000000001||12.5",
         "upsert 7 email=a@b.ru phone=79000000001 {ltv:\"12.5\"}",
         "[" RULE("email", "email_point") "," RULE("phone", "phone_8_to_7") "]",
         {0}},
        {"no data is a blank: it keeps",
         "7||||||-",
         "upsert 7 ?custom_attributes:repaired=-",
         "[" RULE("ltv", "blank_no_data") "]",
         {0}},
        {"or clears, when blanks do",
         "7|x@y.ru|||||-",
         "upsert 7 email=x@y.ru -name -phone {ltv:-} ?custom_attributes:repaired=-",
         "[" RULE("ltv", "blank_no_data") "]",
         {.clear_blank = true}},
        {"a value left out keeps, even then",
         "7|x@y.ru|A|B|7,9E+10||1",
         "upsert 7 email=x@y.ru name=A B {ltv:\"1\"} ?phone:repaired=7,9E+10",
         "[" RULE("phone", "leave_out_damaged") "]",
         {.clear_blank = true}},
        {"tokens are not repaired",
         "7||||||[clear]",
         "upsert 7 {ltv:-}",
         "[" RULE("ltv", "blank_no_data") "]",
         {0}},
        {"so is one that a rule would change",
         "7||||||'=АB",
         "upsert 7 {ltv:\"=АB\"}",
         "[" RULE("ltv", "latin_letters") "]",
         {0}},
        {"a guarded text is meant so",
         "7||||||'-",
         "upsert 7 {ltv:\"-\"}",
         "[" RULE("ltv", "blank_no_data") "]",
         {0}},
        {"parts of a name", "7|| Петрова |Анна|", "upsert 7 name=Петрова Анна", "[]", {0}},
        {"one part", "7|||Анна|", "upsert 7 name=Анна", "[]", {0}},
        {"a part that is no data",
         "7||-|Анна|",
         "upsert 7 name=Анна ?name:repaired=-",
         "[" RULE("Фамилия", "blank_no_data") "]",
         {0}},
        {"no key is left",
         "-|x@y.ru|",
         "refused  email=x@y.ru ?external_id:repaired=- !external_id:blank",
         "[" RULE("external_id", "blank_no_data") "]",
         {0}},
        {"slashes as was said",
         "7|||||13/01/2018|",
         "upsert 7",
         "[]",
         {.date_order = DATE_ORDER_DMY}},
    };
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(zone_free) struct zone *zone = NULL;
    struct err err = {0};
    assert_true(zone_open("Europe/Moscow", &zone, &err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_settings settings = cases[i].settings;
        const struct consumer_rules rules = {zone, clock_now_us(), settings.date_order};
        str header_cell[MAX_CELLS], cell[MAX_CELLS];
        struct row header = row_of(STR(NAMES), header_cell),
                   row = row_of(str_of(cases[i].row), cell);
        struct import_column *column;
        struct file_problem p = {0};
        struct store_change change;
        settings.mapping = STR(JOIN);
        settings.repairs = str_of(cases[i].repairs);
        if (!columns_read(&a, &header, &settings, &column, &p))
            fail_msg("%s: %s", cases[i].name, file_problem_code_name(p.code));
        const struct row_context context = {&settings, column, header.count, &rules, NULL};
        row_change_from_cells(&a, &context, &row, &change);
        if (!str_eq(describe(&a, &change), str_of(cases[i].want)))
            fail_msg("%s: '%.*s'", cases[i].name, STR_ARG(describe(&a, &change)));
    }
}

static void the_error_of_a_formula_is_no_value(void **state)
{
    static const struct {
        enum import_bad bad;
        const char *repairs, *want;
    } cases[] = {
        {BAD_FAIL, "[]", "refused 7 !custom_attributes:formula_error"},
        {BAD_LEAVE_OUT, "[]", "upsert 7 ?custom_attributes:formula_error=#REF!"},
        {BAD_FAIL, "[" RULE("ltv", "blank_no_data") "]",
         "upsert 7 ?custom_attributes:repaired=#REF!"},
    };
    static const enum cell_kind kind[] = {CELL_TEXT, CELL_ERROR};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        const struct import_settings settings = {.mode = MODE_BOTH,
                                                 .blank_missing = true,
                                                 .bad_values = cases[i].bad,
                                                 .repairs = str_of(cases[i].repairs)};
        const struct consumer_rules rules = {.now_us = clock_now_us()};
        str header_cell[MAX_CELLS], cell[MAX_CELLS];
        struct row header = row_of(STR("external_id|ltv"), header_cell),
                   row = row_of(STR("7|#REF!"), cell);
        struct import_column *column;
        struct file_problem p = {0};
        struct store_change change;
        row.kind = kind;
        assert_true(columns_read(&a, &header, &settings, &column, &p));
        const struct row_context context = {&settings, column, header.count, &rules, NULL};
        row_change_from_cells(&a, &context, &row, &change);
        if (!str_eq(describe(&a, &change), str_of(cases[i].want)))
            fail_msg("%zu: '%.*s'", i, STR_ARG(describe(&a, &change)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_changes),
        cmocka_unit_test(accepted_rules_act_on_cells),
        cmocka_unit_test(the_error_of_a_formula_is_no_value),
        cmocka_unit_test(json_lines_become_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
