/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/findings.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HEADER "external_id;email;name;phone;created_at;x\n"

/* What is found in a text file, as the JSON of findings_write() in braces. */
static struct json find(struct arena *a, str text, const struct import_settings *settings)
{
    AUTO(import_plan_free) struct import_plan *plan = NULL;
    AUTO(findings_free) struct findings *f = NULL;
    AUTO(rows_free) struct rows *rows = NULL;
    AUTO(zone_free) struct zone *zone = NULL;
    AUTO(buf_done) struct buf b = {0};
    char path[] = "/tmp/clientele-findings-XXXXXX";
    struct file_problem problem;
    struct json tree;
    struct json_place place;
    struct row row;
    struct err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0 && file_write(path, text, 0600, &err));
    assert_true(zone_open("Europe/Moscow", &zone, &err));
    if (!import_open(path, settings, zone, &plan, &problem, &err) ||
        !rows_open(path, &settings->rows, &rows, &problem, &err))
        fail_msg("%s", file_problem_code_name(problem.code));
    f = findings_new(plan);
    while (rows_next(rows, &row, &problem, &err) == ROWS_ROW)
        if (row.record > 1)
            findings_row(f, &row);
    buf_add_char(&b, '{');
    findings_write(f, true, &b);
    buf_add_char(&b, '}');
    (void)unlink(path);
    if (!json_parse(arena_str(a, buf_str(&b)), a, &tree, &place, &err))
        fail_msg("no JSON: %.*s", STR_ARG(buf_str(&b)));
    return tree;
}

/* "phone_8 phone 2 (2: '8900' -> '+7900')" and so on, one in a line. */
static str describe(struct arena *a, const struct json *tree)
{
    AUTO(buf_done) struct buf b = {0};
    const struct json *list = json_get(tree, "findings");
    for (size_t i = 0; i < list->count; i++) {
        const struct json *f = &list->member[i].value, *examples = json_get(f, "examples");
        buf_format(&b, "%s%.*s %.*s %.*s", i ? "\n" : "", STR_ARG(json_get(f, "code")->text),
                   STR_ARG(json_get(f, "column")->text), STR_ARG(json_get(f, "count")->text));
        for (size_t e = 0; e < examples->count; e++) {
            const struct json *one = &examples->member[e].value, *made = json_get(one, "new");
            buf_format(&b, " (%.*s:%.*s", STR_ARG(json_get(one, "line")->text),
                       STR_ARG(json_get(one, "old")->text));
            if (made)
                buf_format(&b, ">%.*s", made->kind == JSON_STRING ? (int)made->text.len : 1,
                           made->kind == JSON_STRING ? made->text.ptr : "-");
            buf_add_char(&b, ')');
        }
    }
    return arena_str(a, buf_str(&b));
}

static void each_kind_is_found(void **state)
{
    static const struct {
        const char *name, *rows, *want;
    } cases[] = {
        {"nothing is wrong", "1;a@x.ru;Anna;+79000000001;2018-01-01;12.5\n", ""},
        {"no data, each word once as an example",
         "1;a@x.ru;-;;;NULL\n2;-;—;;;n/a\n3;b@x.ru;-;;;5\n",
         "no_data email 1 (3:->)\nno_data name 3 (2:->) (3:—>)\nno_data x 2 (2:NULL>) (3:n/a>)"},
        {"a bare no", "1;;Anna;;;нет\n2;;Anna;;;Омск\n", "bare_no x 1 (2:нет>)"},
        {"a no beside a yes is an answer", "1;;;;;нет\n2;;;;;Да\n",
         "boolean_words x 2 (2:нет>false) (3:Да>true)"},
        {"true and false need no repair", "1;;;;;true\n2;;;;;false\n", ""},
        {"a word in a column of others is no boolean", "1;;;;;да\n2;;;;;возможно\n", ""},
        {"one address in three rows may be a family's",
         "1;no@x.ru;;;;\n2;NO@x.ru;;;;\n3;no@x.ru;;;;\n", ""},
        {"in four it is nobody's",
         "1;no@x.ru;;;;\n2;NO@x.ru;;;;\n3;no@x.ru;;;;\n4;no@x.ru;;;;\n5;No@x.ru;;;;\n",
         "shared_email email 5 (5:no@x.ru>-) (6:no@x.ru>-)"},
        {"damaged numbers",
         "7,9E+10;;;7.9E+10;;7.9E+10\n4276123456789010;;;4276123456789012;;42761234567890100\n",
         "scientific_number external_id 1 (2:7,9E+10)\n"
         "lost_digits external_id 1 (3:4276123456789010)\n"
         "scientific_number phone 1 (2:7.9E+10>-)\n"
         "scientific_number x 1 (2:7.9E+10>-)\n"
         "lost_digits x 1 (3:42761234567890100>-)"},
        {"lost zeros", "1234567;;;;;\n2234567;;;;;\n323456;;;;;\n4234567;;;;;\n5234567;;;;;\n",
         "lost_zeros external_id 1 (4:323456>0323456)"},
        {"zeros that are there were not lost",
         "0234567;;;;;\n2234567;;;;;\n323456;;;;;\n4234567;;;;;\n5234567;;;;;\n", ""},
        {"small numbers are no codes", "1;;;;;\n2;;;;;\n3;;;;;\n4;;;;;\n12;;;;;\n", ""},
        {"decimal commas among numbers", "1;;;;;12,50\n2;;;;;7\n3;;;;;1 000,5\n",
         "decimal_comma x 2 (2:12,50>12.50) (4:1 000,5>1000.5)"},
        {"a comma in a text is none", "1;;;;;дом 12,50\n2;;;;;ул. Мира\n3;;;;;12,50\n", ""},
        {"look-alikes in codes and addresses",
         "АB-1;сc@x.ru;Аnna;;;РО-1a\n2;;;;;Россия\n3;;;;;СССР\n",
         "lookalike_letters external_id 1 (2:АB-1>AB-1)\n"
         "lookalike_letters email 1 (2:сc@x.ru>cc@x.ru)\n"
         "lookalike_letters x 1 (2:РО-1a>PO-1a)"},
        {"a comma for a point", "1;anna@mail,ru;;;;\n",
         "email_comma email 1 (2:anna@mail,ru>anna@mail.ru)"},
        {"8 for +7", "1;;;8 900 000 00 01;;\n2;;;+78000000000;;\n3;;;(8900)0000002;;\n",
         "phone_8 phone 2 (2:8 900 000 00 01>+7 900 000 00 01) (4:(8900)0000002>(+7900)0000002)"},
        {"a text among numbers",
         "1;;;;;1\n2;;;;;2\n3;;;;;3\n4;;;;;4\n5;;;;;5\n6;;;;;6\n7;;;;;7\n8;;;;;8\n9;;;;;9\n10;;;;;много\n",
         "mixed_types x 1 (11:много)"},
        {"spaces around keys", "1;\" a@x.ru\";Anna;;;\" y \"\n",
         "outer_spaces email 1 (2: a@x.ru)"},
        {"slashes", "1;;;;01/02/2018;01/02/2018\n", "slashed_dates created_at 1 (2:01/02/2018)"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        const struct import_settings settings = {0};
        struct json tree = find(&a, arena_format(&a, HEADER "%s", cases[i].rows), &settings);
        str got = describe(&a, &tree);
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s:\n%.*s", cases[i].name, STR_ARG(got));
    }
}

static void slashes_offer_the_orders_that_fit(void **state)
{
    static const struct {
        const char *rows, *want;
    } cases[] = {
        {"1;;;;01/02/2018;\n", "dmy mdy "},
        {"1;;;;13/02/2018;\n", "dmy "},
        {"1;;;;02/13/2018;\n", "mdy "},
        {"1;;;;13/02/2018;\n2;;;;02/13/2018;\n", "dmy mdy "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf b = {0};
        const struct import_settings settings = {0};
        struct json tree = find(&a, arena_format(&a, HEADER "%s", cases[i].rows), &settings);
        const struct json *one =
            json_get(&json_get(&tree, "findings")->member[0].value, "accept_one_of");
        for (size_t n = 0; n < one->count; n++)
            buf_format(&b, "%.*s ", STR_ARG(json_get(&one->member[n].value, "date_order")->text));
        if (!str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: '%.*s'", cases[i].rows, STR_ARG(buf_str(&b)));
    }
}

static void a_finding_says_so_in_both_languages_and_knows_when_it_is_accepted(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    struct import_settings settings = {0};
    struct err err = {0};
    (void)state;
    for (int accepted = 0; accepted < 2; accepted++) {
        struct json tree =
            find(&a, STR(HEADER "1;;;89000000001;;\n2;;;89000000002;;\n"), &settings);
        const struct json *f = &json_get(&tree, "findings")->member[0].value,
                          *message = json_get(f, "message"), *offer = json_get(f, "offer");
        assert_true(str_eq(json_get(offer, "ru")->text, STR("Исправить все 2")));
        assert_true(str_eq(json_get(offer, "en")->text, STR("Repair all 2")));
        assert_true(json_get(message, "ru")->text.len && json_get(message, "en")->text.len);
        assert_int_equal(json_get(f, "accepted")->kind, accepted ? JSON_TRUE : JSON_FALSE);
        assert_true(import_settings_from_json(&a, json_get(f, "accept"), &settings, &err));
    }
}

/* Enough different addresses for the table to grow many times, and one that comes again. */
static void a_shared_address_is_found_among_many(void **state)
{
    enum { MANY = 30000 };
    AUTO(arena_done) struct arena a = {0};
    AUTO(buf_done) struct buf b = {0};
    const struct import_settings settings = {0};
    (void)state;
    buf_add(&b, STR(HEADER));
    for (unsigned i = 0; i < MANY; i++)
        buf_format(&b, "%u;%s%u@x.ru;;;;\n", i, i % 1000 ? "a" : "shared", i % 1000 ? i : 0);
    struct json tree = find(&a, buf_str(&b), &settings);
    const struct json *list = json_get(&tree, "findings");
    assert_int_equal(list->count, 1);
    assert_true(str_eq(json_get(&list->member[0].value, "count")->text, STR("30")));
    assert_true(str_eq(json_get(&list->member[0].value, "value")->text, STR("shared0@x.ru")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_found),
        cmocka_unit_test(slashes_offer_the_orders_that_fit),
        cmocka_unit_test(a_finding_says_so_in_both_languages_and_knows_when_it_is_accepted),
        cmocka_unit_test(a_shared_address_is_found_among_many),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
