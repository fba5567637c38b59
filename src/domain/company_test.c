/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/company.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void scopes_go_out_as_words_and_come_back(void **state)
{
    static const struct {
        const char *text;
        unsigned scope; /* 0: refused */
    } cases[] = {
        {"consumers:read", SCOPE_CONSUMERS_READ},
        {"imports,consumers:write", SCOPE_CONSUMERS_WRITE | SCOPE_IMPORTS},
        {" consumers:read , imports ", SCOPE_CONSUMERS_READ | SCOPE_IMPORTS},
        {"exports", SCOPE_EXPORTS},
        {"admin", SCOPE_ADMIN},
        {"all", SCOPE_ALL},
        {"", 0},
        {"root", 0},
        {"consumers:read,", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_done) struct arena a = {0};
        struct err err = {0};
        unsigned scope = 0, again;
        bool ok = token_scope_of(str_of(cases[i].text), &scope, &err);
        if (ok != (cases[i].scope != 0) || scope != cases[i].scope)
            fail_msg("'%s': %u", cases[i].text, scope);
        if (ok)
            assert_true(token_scope_of(token_scope_text(&a, scope), &again, &err) &&
                        again == scope);
    }
}

static void names_passwords_and_keys_have_rules(void **state)
{
    static const struct {
        const char *name, *text;
        bool company, password, token;
    } cases[] = {
        {"a plain word", "correct-horse", true, true, true},
        {"short", "short", true, false, false},
        {"spaces inside", "correct horse", true, true, false},
        {"a quotation mark", "correct\"horse", true, true, false},
        {"Cyrillic", "пароль-пароль", true, true, false},
        {"blank at the end", "correct horse ", false, true, false},
        {"nothing", "", false, false, false},
        {"a control character", "correct\x01horse", false, true, false},
    };
    char longer[2000];
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        str s = str_of(cases[i].text);
        if (company_name_check(s, &err) != cases[i].company)
            fail_msg("%s: as a company's name", cases[i].name);
        if (password_check(s, &err) != cases[i].password)
            fail_msg("%s: as a password", cases[i].name);
        if (token_check(s, &err) != cases[i].token)
            fail_msg("%s: as a token", cases[i].name);
    }
    memset(longer, 'x', sizeof longer);
    assert_false(company_name_check((str){longer, 256}, &err));
    assert_true(password_check((str){longer, 1024}, &err));
    assert_false(password_check((str){longer, 1025}, &err));
    assert_false(token_check((str){longer, 256}, &err));
}

static void every_token_is_another(void **state)
{
    char a[TOKEN_TEXT_BYTES], b[TOKEN_TEXT_BYTES];
    unsigned char ha[TOKEN_HASH_BYTES], hb[TOKEN_HASH_BYTES];
    struct err err = {0};
    enum user_role role;
    (void)state;
    token_make(a);
    token_make(b);
    assert_int_equal(strlen(a), TOKEN_TEXT_BYTES - 1);
    assert_string_not_equal(a, b);
    assert_true(token_check(str_of(a), &err));
    token_hash(str_of(a), ha);
    token_hash(str_of(b), hb);
    assert_memory_not_equal(ha, hb, sizeof ha);
    for (enum user_role r = 0; r < ROLE_COUNT; r++)
        assert_true(user_role_of(str_of(user_role_name(r)), &role) && role == r);
    assert_false(user_role_of(STR("king"), &role));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_go_out_as_words_and_come_back),
        cmocka_unit_test(names_passwords_and_keys_have_rules),
        cmocka_unit_test(every_token_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
