/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer.h"
#include "domain/consumer_json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct consumer_patch patch_of(struct arena *a, const char *json)
{
    const struct consumer_rules rules = {.now_us = INT64_C(1800000000000000)};
    struct consumer_patch patch;
    struct json tree;
    struct json_place place;
    struct err err = {0};
    if (!json_parse(str_of(json), a, &tree, &place, &err))
        fail_msg("the test's own JSON: %s", json);
    consumer_patch_from_json(a, &tree, &rules, &patch);
    return patch;
}

static void describe_list(struct buf *b, char sign, const struct problems *list)
{
    for (const struct problem *p = list->first; p; p = p->next) {
        buf_format(b, " %c%.*s", sign, STR_ARG(p->field));
        if (p->key.len)
            buf_format(b, ".%.*s", STR_ARG(p->key));
        buf_format(b, ":%s", problem_code_name(p->code));
    }
}

/* The record after the patch, the changed fields, "!" problems and "?" warnings. */
static str merged(struct arena *a, const char *before_json, const char *patch_json,
                  const struct consumer_merge_rules *rules)
{
    static const enum consumer_field texts[] = {FIELD_EMAIL, FIELD_PHONE, FIELD_NAME,
                                                FIELD_FIRST_NAME, FIELD_EXTERNAL_ID};
    const struct consumer_merge_rules none = {0};
    struct consumer before = {0}, after;
    struct problems problems = {0}, warnings = {0};
    AUTO(buf_done) struct buf b = {0};
    if (before_json) {
        struct consumer_patch first = patch_of(a, before_json);
        (void)consumer_patch_apply(a, &first, NULL, &none, &before, &problems, &warnings);
    }
    struct consumer_patch patch = patch_of(a, patch_json);
    problems = patch.problems;
    warnings = patch.warnings;
    unsigned changed = consumer_patch_apply(a, &patch, before_json ? &before : NULL, rules, &after,
                                            &problems, &warnings);
    if (!problems.count) {
        for (size_t i = 0; i < COUNT(texts); i++) {
            str text = *consumer_text(&after, texts[i]);
            if (text.ptr)
                buf_format(&b, "%s=%.*s ", consumer_field_name(texts[i]), STR_ARG(text));
        }
        if (after.unsubscribed)
            buf_add(&b, STR("unsubscribed "));
        buf_add(&b, after.custom_attributes);
        buf_add(&b, STR(" /"));
        for (enum consumer_field f = 0; f < FIELD_COUNT; f++)
            if (changed & FIELD_BIT(f))
                buf_format(&b, " %s", consumer_field_name(f));
    }
    describe_list(&b, '!', &problems);
    describe_list(&b, '?', &warnings);
    return arena_str(a, buf_str(&b));
}

static void patches_are_merged(void **state)
{
    static const struct {
        const char *name, *before, *patch, *want;
        struct consumer_merge_rules rules;
    } cases[] = {
        {"a new customer",
         NULL,
         "{\"external_id\":\"7\",\"name\":\" Анна \"}",
         "name=Анна external_id=7 {} / name external_id",
         {0}},
        {"nothing at all", NULL, "{}", "{} /", {0}},
        {"an integer id",
         NULL,
         "{\"external_id\":347771386}",
         "external_id=347771386 {} / external_id",
         {0}},
        {"a number that is none",
         NULL,
         "{\"external_id\":1.5}",
         " !external_id:not_an_integer",
         {0}},
        {"empty texts count as not sent",
         "{\"name\":\"x\"}",
         "{\"name\":\"\",\"email\":\" \"}",
         "name=x {} / ?name:empty_ignored ?email:empty_ignored",
         {0}},
        {"null clears",
         "{\"name\":\"x\",\"email\":\"a@b.ru\"}",
         "{\"name\":null,\"email\":null}",
         "{} / email name",
         {0}},
        {"the same again is unchanged",
         "{\"name\":\"x\",\"custom_attributes\":{\"a\":\"1\",\"b\":2}}",
         "{\"name\":\"x\",\"custom_attributes\":{\"b\":2,\"a\":\"1\"}}",
         "name=x {\"a\":\"1\",\"b\":2} /",
         {0}},
        {"keys merge one level",
         "{\"custom_attributes\":{\"a\":\"1\",\"b\":{\"c\":1}}}",
         "{\"custom_attributes\":{\"b\":{\"d\":2},\"e\":true}}",
         "{\"a\":\"1\",\"b\":{\"d\":2},\"e\":true} / custom_attributes",
         {0}},
        {"null removes a key",
         "{\"custom_attributes\":{\"a\":\"1\",\"b\":2}}",
         "{\"custom_attributes\":{\"a\":null,\"x\":null}}",
         "{\"b\":2} / custom_attributes",
         {0}},
        {"null removes all",
         "{\"custom_attributes\":{\"a\":\"1\"}}",
         "{\"custom_attributes\":null}",
         "{} / custom_attributes",
         {0}},
        {"PHP's empty object",
         "{\"custom_attributes\":{\"a\":\"1\"}}",
         "{\"custom_attributes\":[]}",
         "{\"a\":\"1\"} /",
         {0}},
        {"numbers keep their text",
         NULL,
         "{\"custom_attributes\":{\"a\":1.10,\"b\":1e400,\"c\":12345678901234567890}}",
         "{\"a\":1.10,\"b\":1e400,\"c\":12345678901234567890} / custom_attributes",
         {0}},
        {"1.10 is not 1.1",
         "{\"custom_attributes\":{\"a\":1.1}}",
         "{\"custom_attributes\":{\"a\":1.10}}",
         "{\"a\":1.10} / custom_attributes",
         {0}},
        {"nested values in another order are the same",
         "{\"custom_attributes\":{\"a\":{\"x\":1,\"y\":[1,2]}}}",
         "{\"custom_attributes\":{\"a\":{\"y\":[1,2],\"x\":1}}}",
         "{\"a\":{\"x\":1,\"y\":[1,2]}} /",
         {0}},
        {"escapes do not matter",
         "{\"custom_attributes\":{\"a\":\"\\u0041\\/\"}}",
         "{\"custom_attributes\":{\"\\u0061\":\"A/\"}}",
         "{\"a\":\"A/\"} /",
         {0}},
        {"a repeated key: the last wins",
         NULL,
         "{\"custom_attributes\":{\"a\":1,\"a\":2}}",
         "{\"a\":2} / custom_attributes ?custom_attributes.a:key_repeated",
         {0}},
        {"unknown and read-only attributes",
         NULL,
         "{\"colour\":1,\"updated_at\":\"x\",\"id\":\"x\"}",
         "{} / ?colour:unknown_attribute ?updated_at:read_only ?id:read_only",
         {0}},
        {"a set external_id stays",
         "{\"external_id\":\"7\"}",
         "{\"external_id\":\"8\"}",
         "external_id=7 {} / ?external_id:external_id_kept",
         {0}},
        {"contacts may be kept",
         "{\"email\":\"a@b.ru\"}",
         "{\"email\":\"c@d.ru\",\"name\":\"x\"}",
         "email=a@b.ru name=x {} / name ?email:contact_kept",
         {.keep_contacts = true}},
        {"but not for new customers",
         NULL,
         "{\"email\":\"c@d.ru\"}",
         "email=c@d.ru {} / email",
         {.keep_contacts = true}},
        {"opt-outs may be kept",
         "{\"unsubscribed\":true}",
         "{\"unsubscribed\":false}",
         "unsubscribed {} / ?unsubscribed:opt_out_kept",
         {.keep_opt_outs = true}},
        {"opting out always works",
         "{\"unsubscribed\":false}",
         "{\"unsubscribed\":true}",
         "unsubscribed {} / unsubscribed",
         {.keep_opt_outs = true}},
        {"several problems at once",
         NULL,
         "{\"email\":\"x\",\"created_at\":\"x\",\"name\":5}",
         " !email:email_invalid !created_at:date_invalid !name:wrong_type",
         {0}},
        {"a NUL anywhere",
         NULL,
         "{\"name\":\"a\\u0000\",\"custom_attributes\":{\"k\":{\"x\":[\"\\u0000\"]}}}",
         " !name:control_character !custom_attributes.k:control_character",
         {0}},
        {"a wrong kind of attributes",
         NULL,
         "{\"custom_attributes\":\"x\"}",
         " !custom_attributes:wrong_type",
         {0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str got = merged(&a, cases[i].before, cases[i].patch, &cases[i].rules);
        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(got));
    }
}

static void attributes_have_ceilings(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(buf_done) struct buf many = {0};
    AUTO(buf_done) struct buf large = {0};
    const struct consumer_merge_rules none = {0};
    buf_add(&many, STR("{\"custom_attributes\":{"));
    for (int i = 0; i < 257; i++)
        buf_format(&many, "%s\"k%d\":1", i ? "," : "", i);
    buf_add(&many, STR("}}"));
    buf_add_char(&many, 0);
    assert_true(
        str_eq(merged(&a, NULL, many.ptr, &none), STR(" !custom_attributes:too_many_attributes")));
    buf_add(&large, STR("{\"custom_attributes\":{\"k\":\""));
    for (int i = 0; i < 64 * 1024; i++)
        buf_add_char(&large, 'x');
    buf_add(&large, STR("\"}}"));
    buf_add_char(&large, 0);
    assert_true(str_eq(merged(&a, NULL, large.ptr, &none),
                       STR(" !custom_attributes:attributes_too_large")));
}

static void a_moment_is_equal_at_the_precision_of_its_cell(void **state)
{
    static const struct {
        const char *cell;
        bool unchanged;
    } cases[] = {{"2018-01-01 00:11:22", true},  {"01.01.2018 0:11", true},  {"2018-01-01", true},
                 {"2018-01-01 00:11:23", false}, {"01.01.2018 0:12", false}, {"2018-01-02", false}};
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(zone_free) struct zone *zone = NULL;
    struct err err = {0};
    assert_true(zone_open("Europe/Moscow", &zone, &err));
    const struct consumer_rules rules = {.zone = zone, .now_us = INT64_C(1800000000000000)};
    const struct consumer_merge_rules none = {0};
    struct consumer before = {.custom_attributes = STR("{}")}, after;
    assert_true(
        consumer_date_from_rfc3339(STR("2018-01-01T00:11:22.5+03:00"), &before.created_at_us));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct consumer_patch patch = {0};
        struct problems problems = {0}, warnings = {0};
        consumer_patch_set_text(&a, &patch, FIELD_CREATED_AT, str_of(cases[i].cell), &rules);
        unsigned changed =
            consumer_patch_apply(&a, &patch, &before, &none, &after, &problems, &warnings);
        if ((changed == 0) != cases[i].unchanged)
            fail_msg("'%s' changes %x", cases[i].cell, changed);
    }
}

static void text_equals_a_stored_number_or_object(void **state)
{
    static const struct {
        const char *stored, *cell, *want;
    } cases[] = {{"12", "12", "{\"k\":12}"},          {"12", "13", "{\"k\":\"13\"}"},
                 {"true", "true", "{\"k\":true}"},    {"1.10", "1.1", "{\"k\":\"1.1\"}"},
                 {"[1,2]", "[1,2]", "{\"k\":[1,2]}"}, {"\"12\"", "12", "{\"k\":\"12\"}"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        const struct consumer_merge_rules none = {0};
        struct consumer before = {.custom_attributes =
                                      arena_format(&a, "{\"k\":%s}", cases[i].stored)},
                        after;
        struct consumer_attribute attribute = {STR("k"),
                                               json_string_text(&a, str_of(cases[i].cell)), true};
        struct consumer_patch patch = {.attribute = &attribute, .attribute_count = 1};
        struct problems problems = {0}, warnings = {0};
        (void)consumer_patch_apply(&a, &patch, &before, &none, &after, &problems, &warnings);
        if (!str_eq(after.custom_attributes, str_of(cases[i].want)))
            fail_msg("%s and %s: '%.*s'", cases[i].stored, cases[i].cell,
                     STR_ARG(after.custom_attributes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_are_merged),
        cmocka_unit_test(attributes_have_ceilings),
        cmocka_unit_test(a_moment_is_equal_at_the_precision_of_its_cell),
        cmocka_unit_test(text_equals_a_stored_number_or_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
