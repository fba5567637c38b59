/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter/request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void search_options_are_read_in_both_forms(void **state)
{
    static const struct {
        const char *options, *filter, *sort, *where; /* where: what is refused; NULL: nothing */
        size_t fields;
    } cases[] = {
        {"{}", "", "", NULL, 0},
        {"{\"filter\":null,\"fields\":null,\"query\":null}", "", "", NULL, 0},
        {"{\"filter\":\"unsubscribed:eq:true\"}", "unsubscribed:eq:true", "", NULL, 0},
        {"{\"filter\":{\"unsubscribed\":{\"ne\":true}}}", "unsubscribed:neq:true", "", NULL, 0},
        {"{\"filter\":{\"unsubscribed\":false}}", "unsubscribed:eq:false", "", NULL, 0},
        {"{\"filter\":{\"email\":[\"a\",\"b\"]}}", "email:in:a|b", "", NULL, 0},
        {"{\"filter\":{\"external_id\":{\"neq\":\"0a\",\"ne\":\"0b\"}}}",
         "external_id:neq:0a,external_id:neq:0b", "", NULL, 0},
        {"{\"filter\":{\"custom_attributes.a:b,c\":{\"eq\":\"x,y|z\\\\:\"}}}",
         "custom_attributes.a\\:b\\,c:eq:x\\,y\\|z\\\\:", "", NULL, 0},
        {"{\"filter\":{\"custom_attributes.ltv\":{\"gte\":12.50}}}",
         "custom_attributes.ltv:gte:12.50", "", NULL, 0},
        {"{\"sort\":\"created_at:desc\"}", "", "created_at:desc", NULL, 0},
        {"{\"sort\":{\"created_at\":\"desc\",\"id\":\"desc\"}}", "", "created_at:desc,id:desc",
         NULL, 0},
        {"{\"sort\":\"created_at,updated_at\"}", "", "", "sort", 0},
        {"{\"sort\":\"rating\"}", "", "", "sort", 0},
        {"{\"search\":\"anna\"}", "", "id", NULL, 0},
        {"{\"search\":\"anna\",\"sort\":\"-created_at\"}", "", "-created_at", NULL, 0},
        {"{\"search\":\" \"}", "", "", NULL, 0},
        {"{\"search\":\"a b c d e f g h i\"}", "", "", "search", 0},
        {"{\"search\":5}", "", "", "search", 0},
        {"{\"filter\":\"rating:eq:5\"}", "", "", "filter", 0},
        {"{\"filter\":\"email\"}", "", "", "filter", 0},
        {"{\"fields\":[\"id\",\"email\"]}", "", "", NULL, 2},
        {"{\"fields\":\"id,email,custom_attributes.a\"}", "", "", NULL, 3},
        {"{\"filter\":5}", "", "", "filter", 0},
        {"{\"filter\":{\"email\":null}}", "", "", "filter", 0},
        {"{\"filter\":{\"email\":{\"eq\":{}}}}", "", "", "filter", 0},
        {"{\"sort\":[\"id\"]}", "", "", "sort", 0},
        {"{\"sort\":{\"id\":1}}", "", "", "sort", 0},
        {"{\"fields\":[1]}", "", "", "fields", 0},
        {"{\"fields\":[\"rating\"]}", "", "", "fields", 0},
        {"{\"query\":\"anna\"}", "", "", "query", 0},
        {"{\"saved_search_id\":\"1\"}", "", "", "saved_search_id", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct json options;
        struct json_place place;
        struct export_request r;
        struct err err = {0};
        str where = {0};
        assert_true(json_parse(str_of(cases[i].options), &a, &options, &place, &err));
        bool ok = export_request_parse(&a, &options, &r, &where, &err);
        if (ok != !cases[i].where || (!ok && !str_eq(where, str_of(cases[i].where))))
            fail_msg("%s: '%.*s' %s", cases[i].options, STR_ARG(where), err.msg);
        if (ok &&
            (!str_eq(r.filter_text, str_of(cases[i].filter)) ||
             !str_eq(r.sort_text, str_of(cases[i].sort)) || r.fields.count != cases[i].fields))
            fail_msg("%s: filter '%.*s', sort '%.*s', %zu fields", cases[i].options,
                     STR_ARG(r.filter_text), STR_ARG(r.sort_text), r.fields.count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(search_options_are_read_in_both_forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
