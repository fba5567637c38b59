/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void texts_are_composed_and_folded(void **state)
{
    static const struct {
        const char *name, *text, *nfc, *folded;
    } cases[] = {
        {"ascii", "Anna@Example.COM", "Anna@Example.COM", "anna@example.com"},
        {"Cyrillic", "ЁЛКА й", "ЁЛКА й", "ёлка й"},
        {"a letter and its mark", "и\u0306", "й", "й"},
        {"Latin with its mark", "e\u0301", "é", "é"},
        {"sharp s", "Straße", "Straße", "strasse"},
        {"a mark the quick look must not pass", "\u0418\u0306\u0301", "\u0419\u0301",
         "\u0439\u0301"},
        {"Hangul", "\u1100\u1161", "\uAC00", "\uAC00"},
        {"the Angstrom sign", "\u212B", "\u00C5", "\u00E5"},
        {"Cyrillic marks beyond U+0483", "а\u0483", "а\u0483", "а\u0483"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str nfc = unicode_nfc(&a, str_of(cases[i].text)),
            folded = unicode_fold(&a, str_of(cases[i].text));
        if (!str_eq(nfc, str_of(cases[i].nfc)) || !str_eq(folded, str_of(cases[i].folded)))
            fail_msg("%s: '%.*s', '%.*s'", cases[i].name, STR_ARG(nfc), STR_ARG(folded));
    }
}

static void domains_have_one_form(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    str ascii;
    (void)state;
    assert_true(unicode_domain_ascii(&a, STR("Президент.РФ"), &ascii));
    assert_true(str_eq(ascii, STR("xn--d1abbgf6aiiy.xn--p1ai")));
    assert_false(unicode_domain_ascii(&a, STR("а\u200D.рф"), &ascii));
    assert_true(unicode_is_word(0x44F) && unicode_is_word('7') && !unicode_is_word('@'));
}

static void plain_texts_have_no_case_and_no_accents(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"plain", "plain"},
        {"Anna PETROVA-7", "anna petrova-7"},
        {"Пётр ЁЛКИН", "петр елкин"},
        {"Андре\u0301й Йодль", "андрей йодль"},           // the accent of a dictionary
        {"и\u0306од Ё Е\u0308", "йод е е"},               // decomposed
        {"\u0404вген \u0407жак", "\u0454вген \u0456жак"}, // Ukrainian
        {"\u0460 я", "\u0461 я"},                         // beyond the quick part of Cyrillic
        {"Jos\u00e9 Mu\u00f1oz", "jose munoz"},
        {"M\u00fcller Stra\u00dfe", "muller strasse"},
        {"\u0141ukasz \u00d8rsted", "lukasz orsted"},
        {"\u0130stanbul", "istanbul"},
        {"\uff21\uff4e\uff4e\uff41", "anna"}, // full width
        {"\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str got = unicode_plain(&a, str_of(cases[i].text)), again = unicode_plain(&a, got);
        if (!str_eq(got, str_of(cases[i].want)) || !str_eq(got, again))
            fail_msg("%s: '%.*s' '%.*s'", cases[i].text, STR_ARG(got), STR_ARG(again));
    }
}

static void letters_that_look_latin_become_latin(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: not all of it does */
    } cases[] = {
        {"АВЕКМНОРСТХ-1", "ABEKMHOPCTX-1"}, // every Cyrillic capital of a Russian number plate
        {"аnnа@mаil.ru", "anna@mail.ru"},   // two letters each
        {"Ivаnоv_р.с@xх.ru", "Ivanov_p.c@xx.ru"},
        {"\u0391\u0392-7", "AB-7"}, // Greek
        {"plain", NULL},
        {"Жук-1", NULL},
        {"caf\u00e9", NULL},
        {"а\u0301", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        str latin = {0};
        bool got = unicode_latin_lookalike(&a, str_of(cases[i].text), &latin);
        if (got != (cases[i].want != NULL) || (got && !str_eq(latin, str_of(cases[i].want))))
            fail_msg("%s: %d '%.*s'", cases[i].text, got, STR_ARG(latin));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_composed_and_folded),
        cmocka_unit_test(domains_have_one_form),
        cmocka_unit_test(plain_texts_have_no_case_and_no_accents),
        cmocka_unit_test(letters_that_look_latin_become_latin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
