/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct consumer anna = {.id = 77,
                                     .email = {"Anna.P@X.ru", 11},
                                     .email_key = {"anna.p@x.ru", 11},
                                     .phone = {"79161234567", 11},
                                     .name = {"Пётр-Мария Анна О'Нил", 38},
                                     .first_name = {"Аннушка", 14},
                                     .external_id = {"CRM 12/7", 8},
                                     .legacy_id = {"old-5", 5}};

static void customers_are_found_by_what_people_type(void **state)
{
    static const struct {
        const char *text;
        bool matches, exact;
    } cases[] = {
        {"анна", true, false},
        {"АНН", true, false},
        {"петр", true, false},
        {"Пе\u0308тр", true, false}, // decomposed
        {"мария пётр", true, false},
        {"анна мария аннуш", true, false},
        {"мария-анна", true, false}, // words, whatever is between them
        {"нна", false, false},
        {"анна иван", false, false},
        {"анна-иван", false, false},
        {"anna.p@x.ru", true, true},
        {" ANNA.P@x.RU\u00a0", true, true},
        {"anna.p", true, false},
        {"x.ru", false, false},
        {"CRM 12/7", true, true},
        {"CRM 12", true, false},
        {"crm", false, false}, // keys are compared byte by byte
        {"CRM", true, false},
        {"old-5", true, true},
        {"old", true, false},
        {"79161234567", true, true},
        {"+7 (916) 123-45-67", true, true},
        {"8 916 123-45-67", true, true},
        {"0079161234567", true, true},
        {"9161234567", true, true},
        {"916 123", true, false},
        {"+916", false, false}, // it is said where the number begins
        {"4567", true, false},
        {"45-67", true, false},
        {"567", false, false}, // too few for an end
        {"79", false, false},
        {"анна 4567", true, false},
        {"анна 4568", false, false},
        {"мария anna.p", true, false},
    };
    (void)state;
    char id[CONSUMER_ID_BYTES];
    consumer_id_text(77, id);
    for (size_t i = 0; i <= COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct consumer_search s;
        const char *text = i < COUNT(cases) ? cases[i].text : id;
        bool matches = i == COUNT(cases) || cases[i].matches,
             exact = i == COUNT(cases) || cases[i].exact;
        assert_int_equal(consumer_search_parse(&a, str_of(text), &s), SEARCH_OK);
        if (consumer_search_matches(&s, &a, &anna) != matches ||
            consumer_search_is_exact(&s, &a, &anna) != exact)
            fail_msg("'%s': %d %d", text, !matches, !exact);
        assert_false(consumer_search_matches(&s, &a, &(struct consumer){.id = 1}));
    }
}

static void searches_have_bounds(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    struct consumer_search s;
    char text[LIMIT_SEARCH_BYTES + 1];
    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(consumer_search_parse(&a, STR(" \u00a0"), &s), SEARCH_EMPTY);
    assert_int_equal(consumer_search_parse(&a, (str){text, sizeof text - 1}, &s), SEARCH_OK);
    assert_int_equal(consumer_search_parse(&a, (str){text, sizeof text}, &s), SEARCH_TOO_LONG);
    assert_int_equal(consumer_search_parse(&a, STR("1 2 3 4 5 6 7 8"), &s), SEARCH_OK);
    assert_int_equal(consumer_search_parse(&a, STR("1 2 3 4 5 6 7 8 9"), &s),
                     SEARCH_TOO_MANY_PARTS);
}

static void terms_are_what_an_index_keeps(void **state)
{
    static const char *const want[] = {"петр", "мария",   "анна",         "о",
                                       "нил",  "аннушка", "+79161234567", "-76543216197"};
    AUTO(arena_done) struct arena a = {0};
    str term[CONSUMER_TERMS];
    (void)state;
    size_t count = consumer_terms(&a, &anna, term);
    assert_int_equal(count, COUNT(want));
    for (size_t i = 0; i < count; i++)
        if (!str_eq(term[i], str_of(want[i])))
            fail_msg("%zu: '%.*s'", i, STR_ARG(term[i]));
    const struct consumer many = {.name = STR("1 2 3 4 5 6 7 8 9 a b c d e f g h a 1"),
                                  .phone = STR("8 (916) 123-45-67 доб. 1")};
    count = consumer_terms(&a, &many, term);
    assert_int_equal(count, CONSUMER_TERMS);
    assert_true(str_eq(term[LIMIT_SEARCH_WORDS - 1], STR("g")));
    assert_true(str_eq(term[LIMIT_SEARCH_WORDS], STR("+891612345671"))); // kept as it was given
    assert_int_equal(consumer_terms(&a, &(struct consumer){.phone = STR("12")}, term), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_are_found_by_what_people_type),
        cmocka_unit_test(searches_have_bounds),
        cmocka_unit_test(terms_are_what_an_index_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
