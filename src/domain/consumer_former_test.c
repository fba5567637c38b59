/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct consumer base = {.email = {"a@x.ru", 6},
                                     .email_key = {"a@x.ru", 6},
                                     .name = {"A \"B\"", 5},
                                     .custom_attributes = {"{\"a\":1.10,\"b \\\"q\\\"\":[1]}", 24},
                                     .created_at_us = 1000000};

static str former_text(struct arena *a, const struct consumer *before, const struct consumer *after)
{
    AUTO(buf_done) struct buf b = {0};
    struct consumer_former *former;
    size_t count;
    consumer_former_find(a, before, after, &former, &count);
    consumer_former_write(&b, former, count);
    return arena_str(a, buf_str(&b));
}

static void former_holds_all_that_differs(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    struct consumer after = base;
    assert_string_equal(former_text(&a, &base, &base).ptr, "{}");
    after.email = after.email_key = STR("b@x.ru");
    after.name = (str){0};
    after.phone = STR("79");
    after.unsubscribed = true;
    after.created_at_us = 5;
    after.custom_attributes = STR("{\"b \\\"q\\\"\":[1],\"a\":2,\"c\":\"n\"}");
    after.updated_at_us = 7; // is no value of his
    assert_string_equal(
        former_text(&a, &base, &after).ptr,
        "{\"email\":\"a@x.ru\",\"phone\":null,\"name\":\"A \\\"B\\\"\",\"created_at\":"
        "1000000,\"unsubscribed\":false,\"custom_attributes\":{\"a\":1.10,\"c\":null}}");
}

static void a_patch_gives_the_former_values_back(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    const struct consumer_merge_rules rules = {.take_back = true};
    struct consumer after = base, again;
    struct consumer_former *former;
    struct consumer_patch patch;
    struct problems problems = {0}, warnings = {0};
    size_t count;
    after.email = after.email_key = STR("B@x.ru");
    after.external_id = STR("given");
    after.name = (str){0};
    after.created_at_us = 5;
    after.unsubscribed = true;
    after.custom_attributes = STR("{\"c\":\"n\"}");
    str text = former_text(&a, &base, &after);
    assert_true(consumer_former_parse(&a, text, &former, &count));
    AUTO(buf_done) struct buf b = {0};
    consumer_former_write(&b, former, count);
    assert_true(str_eq(buf_str(&b), text)); // and back
    consumer_former_patch(&a, former, count, &patch);
    assert_true(consumer_patch_apply(&a, &patch, &after, &rules, &again, &problems, &warnings));
    assert_int_equal(problems.count + warnings.count, 0);
    assert_string_equal(former_text(&a, &base, &again).ptr, "{}");
    assert_true(str_eq(again.email_key, base.email_key));
}

static void a_value_is_shown_as_json(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    static const struct {
        enum consumer_field field;
        const char *key, *want;
    } table[] = {
        {FIELD_EMAIL, NULL, "\"a@x.ru\""},         {FIELD_PHONE, NULL, "null"},
        {FIELD_CREATED_AT, NULL, "1000000"},       {FIELD_COMPLAINED, NULL, "false"},
        {FIELD_CUSTOM_ATTRIBUTES, "a", "1.10"},    {FIELD_CUSTOM_ATTRIBUTES, "b \"q\"", "[1]"},
        {FIELD_CUSTOM_ATTRIBUTES, "none", "null"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        str got = consumer_value_text(&a, &base, table[i].field, str_of(table[i].key));
        assert_true(str_eq(got, str_of(table[i].want)));
    }
}

static void other_text_is_refused(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    struct consumer_former *former;
    size_t count;
    assert_false(consumer_former_parse(&a, STR("{"), &former, &count));
    assert_false(consumer_former_parse(&a, STR("[]"), &former, &count));
    assert_false(consumer_former_parse(&a, STR("{\"shoe\":1}"), &former, &count));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(former_holds_all_that_differs),
        cmocka_unit_test(a_patch_gives_the_former_values_back),
        cmocka_unit_test(a_value_is_shown_as_json),
        cmocka_unit_test(other_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
