/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer_filter.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void show_condition(struct buf *b, const struct consumer_condition *c)
{
    static const char *const op[] = {"=", "<>", ">", ">=", "<", "<=", "in", "exists"};
    bool numbers = c->op == FILTER_EXISTS || c->field == FIELD_COUNT ||
                   c->field == FIELD_CREATED_AT || c->field == FIELD_UPDATED_AT ||
                   c->field == FIELD_UNSUBSCRIBED;
    buf_format(b, "%s%s%.*s %s", c->field == FIELD_COUNT ? "id" : consumer_field_name(c->field),
               c->key.len ? "." : "", STR_ARG(c->key), op[c->op]);
    for (size_t i = 0; i < c->count; i++)
        if (numbers)
            buf_format(b, " %lld", (long long)c->number[i]);
        else
            buf_format(b, " [%.*s]", STR_ARG(c->text[i]));
    if (c->is_real)
        buf_format(b, " %g", c->real);
    buf_add_char(b, ';');
}

static void a_filter_is_read(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"unsubscribed:eq:true", "unsubscribed = 1;"},
        {"updated_at:gte:1970-01-01T00:00:01Z", "updated_at >= 1000000;"},
        {"updated_at:gte:1970-01-01T03:00:01+03:00", "updated_at >= 1000000;"},
        {"updated_at:gte:1970-01-01T03:00:01 03:00", "updated_at >= 1000000;"},
        {"created_at:lt:1970-01-01T03:00:00.000002+0300, unsubscribed:neq:false",
         "created_at < 2;unsubscribed <> 0;"},
        {"external_id:in:a|b\\|c|d\\,e", "external_id in [a] [b|c] [d,e];"},
        {"external_id:eq:a:b|c", "external_id = [a:b|c];"},
        {"external_id:eq:a\\\\b\\c", "external_id = [a\\b\\c];"},
        {"custom_attributes.a.b\\:c:eq:1:2", "custom_attributes.a.b:c = [1:2];"},
        {"custom_attributes.ltv:gt:1e3", "custom_attributes.ltv > [1e3] 1000;"},
        {"custom_attributes.ltv:eq:", "custom_attributes.ltv = [];"},
        {"custom_attributes.ltv:exists:false", "custom_attributes.ltv exists 0;"},
        {"email:eq: Anna@EXAMPLE.com", "email = [anna@example.com];"},
        {"email:in:Ä@почта.рф|НЕТ", "email in [ä@xn--80a1acny.xn--p1ai] [нет];"},
        {"phone:eq:8 (900) 000-00-01", "phone = [79000000001];"},
        {"phone:in:+79000000001|001234567|two", "phone in [79000000001] [1234567] [two];"},
        {"id:eq:000000000000000100000000", "id =;"},
        {"id:gt:0000000000000001ffffffff", "id > 1;"},
        {"id:gt:000000000000000100000000", "id >= 1;"},
        {"id:lte:ffffffffffffffffffffffff", "id <= 9223372036854775807;"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf b = {0};
        struct consumer_filter f;
        struct filter_problem p = {0};
        if (!consumer_filter_parse(&a, str_of(cases[i].text), &f, &p))
            fail_msg("%s: refused (%d at %zu)", cases[i].text, p.error, p.at);
        for (size_t n = 0; n < f.count; n++)
            show_condition(&b, &f.condition[n]);
        if (!str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: %.*s", cases[i].text, STR_ARG(buf_str(&b)));
    }
}

static void a_filter_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text;
        enum filter_error error;
        size_t at;
    } cases[] = {
        {"foo:eq:1", FILTER_UNKNOWN_FIELD, 1},
        {"unsubscribed:eq:true,foo:eq:1", FILTER_UNKNOWN_FIELD, 22},
        {"имя:eq:1", FILTER_UNKNOWN_FIELD, 1},
        {"custom_attributes:eq:1", FILTER_UNKNOWN_FIELD, 1},
        {"custom_attributes.:eq:1", FILTER_UNKNOWN_FIELD, 1},
        {"external_id", FILTER_NO_OPERATOR, 12},
        {"external_id:", FILTER_UNKNOWN_OPERATOR, 13},
        {"external_id:eq", FILTER_NO_VALUE, 15},
        {"external_id:is:1", FILTER_UNKNOWN_OPERATOR, 13},
        {"custom_attributes.имя:is:1", FILTER_UNKNOWN_OPERATOR, 23},
        {"external_id:eq:1,", FILTER_NO_FIELD, 18},
        {",external_id:eq:1", FILTER_NO_FIELD, 1},
        {":eq:1", FILTER_NO_FIELD, 1},
        {"unsubscribed:gt:true", FILTER_WRONG_OPERATOR, 14},
        {"unsubscribed:eq:yes", FILTER_NOT_BOOLEAN, 17},
        {"email:exists:1", FILTER_NOT_BOOLEAN, 14},
        {"created_at:gt:yesterday", FILTER_NOT_DATE, 15},
        {"created_at:in:2020-01-01T00:00:00Z|x", FILTER_NOT_DATE, 36},
        {"id:eq:1", FILTER_NOT_ID, 7},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct consumer_filter f;
        struct filter_problem p = {0};
        if (consumer_filter_parse(&a, str_of(cases[i].text), &f, &p))
            fail_msg("%s: taken", cases[i].text);
        if (p.error != cases[i].error || p.at != cases[i].at)
            fail_msg("%s: %d at %zu", cases[i].text, p.error, p.at);
    }
}

static void a_filter_has_ceilings(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(buf_done) struct buf many = {0};
    AUTO(buf_done) struct buf values = {0};
    struct consumer_filter f;
    struct filter_problem p = {0};
    (void)state;
    for (int i = 0; i < 33; i++)
        buf_format(&many, "%sname:eq:x", i ? "," : "");
    buf_add(&values, STR("name:in:x"));
    for (int i = 0; i < 1000; i++)
        buf_add(&values, STR("|x"));
    assert_false(consumer_filter_parse(&a, buf_str(&many), &f, &p));
    assert_int_equal(p.error, FILTER_TOO_MANY);
    assert_false(consumer_filter_parse(&a, buf_str(&values), &f, &p));
    assert_int_equal(p.error, FILTER_TOO_MANY);
    assert_true(consumer_filter_parse(&a, str_first(buf_str(&many), many.len - 11), &f, &p));
    assert_true(consumer_filter_parse(&a, str_first(buf_str(&values), values.len - 2), &f, &p));
}

static void an_order_is_read(void **state)
{
    static const struct {
        const char *text, *want;
        enum filter_error error;
        size_t at;
    } cases[] = {
        {"", "", FILTER_OK, 0},
        {"created_at:asc", "+created_at", FILTER_OK, 0},
        {"created_at:desc", "-created_at", FILTER_OK, 0},
        {"-created_at", "-created_at", FILTER_OK, 0},
        {"created_at", "+created_at", FILTER_OK, 0},
        {"name,-created_at:asc", "", FILTER_UNKNOWN_DIRECTION, 18},
        {"name, -created_at", "+name-created_at", FILTER_OK, 0},
        {"created_at,id", "+created_at", FILTER_OK, 0},
        {"created_at,-id", "+created_at-id", FILTER_OK, 0},
        {"-created_at,-id,name", "-created_at", FILTER_OK, 0},
        {"updated_at,name", "+updated_at", FILTER_OK, 0},
        {"name,name:desc", "+name", FILTER_OK, 0},
        {"foo", "", FILTER_UNKNOWN_FIELD, 1},
        {"unsubscribed", "", FILTER_UNKNOWN_FIELD, 1},
        {"custom_attributes.a", "", FILTER_UNKNOWN_FIELD, 1},
        {"created_at:up", "", FILTER_UNKNOWN_DIRECTION, 12},
        {"created_at,", "", FILTER_NO_FIELD, 12},
        {"-", "", FILTER_NO_FIELD, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        AUTO(buf_done) struct buf b = {0};
        struct consumer_order order = {0};
        struct filter_problem p = {0};
        bool ok = consumer_order_parse(&a, str_of(cases[i].text), &order, &p);
        for (size_t n = 0; n < order.count; n++)
            buf_format(&b, "%c%s", order.sort[n].descending ? '-' : '+',
                       order.sort[n].field == FIELD_COUNT
                           ? "id"
                           : consumer_field_name(order.sort[n].field));
        if (ok != (cases[i].error == FILTER_OK) || p.error != cases[i].error ||
            p.at != cases[i].at || !str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: %.*s, %d at %zu", cases[i].text, STR_ARG(buf_str(&b)), p.error, p.at);
    }
}

static void an_attribute_has_a_text(void **state)
{
    static const char all[] =
        "{\"a\":\"x\\\"y\",\"b\":12.50,\"c\":true,\"d\":null,\"e\":{\"a\":[1]},\"f\":\"\"}";
    static const struct {
        const char *key, *want;
    } cases[] = {{"\"a\"", "x\"y"},        {"\"b\"", "12.50"}, {"\"c\"", "true"}, {"\"d\"", NULL},
                 {"\"e\"", "{\"a\":[1]}"}, {"\"f\"", ""},      {"\"g\"", NULL}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str got = consumer_attribute_text(&a, str_of(all), str_of(cases[i].key));
        if (str_is_null(got) != !cases[i].want || !str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: %.*s", cases[i].key, STR_ARG(got));
    }
}

static void a_number_is_a_json_number(void **state)
{
    static const char *const good[] = {"0", "-1", "12.5", "1e3", "1E-3", "-0.5e+2"},
                             *const bad[] = {"",   "-",   "+1", "01",  "1.", ".5",
                                             "1e", "0x1", "1 ", "NaN", "1,5"};
    double n;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!consumer_number(str_of(good[i]), &n))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (consumer_number(str_of(bad[i]), &n))
            fail_msg("%s", bad[i]);
    assert_true(consumer_number(STR("12.5"), &n) && n == 12.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_is_read),
        cmocka_unit_test(a_filter_is_refused_with_its_place),
        cmocka_unit_test(a_filter_has_ceilings),
        cmocka_unit_test(an_order_is_read),
        cmocka_unit_test(an_attribute_has_a_text),
        cmocka_unit_test(a_number_is_a_json_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
