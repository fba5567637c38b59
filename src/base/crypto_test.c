/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void sha256_gives_the_digests_of_the_standard(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    AUTO(arena_done) struct arena arena = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char whole[SHA256_BYTES], pieces[SHA256_BYTES];
        str text = str_of(cases[i].text);
        crypto_sha256(text, whole);
        struct sha256 *h = sha256_new();
        for (size_t k = 0; k < text.len; k++)
            sha256_add(h, (str){text.ptr + k, 1});
        sha256_end(h, pieces);
        if (!str_eq(crypto_hex(&arena, whole, sizeof whole), str_of(cases[i].want)) ||
            !crypto_equal(whole, pieces, sizeof whole))
            fail_msg("%s: another digest", cases[i].name);
    }
}

static void hmac_gives_the_digests_of_the_standard(void **state)
{
    // RFC 4231, test cases 2 and 6: a short key, and one longer than a block.
    char long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    const struct {
        str key, text;
        const char *want;
    } cases[] = {
        {STR("Jefe"), STR("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{long_key, sizeof long_key},
         STR("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    (void)state;
    AUTO(arena_done) struct arena arena = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char digest[SHA256_BYTES];
        crypto_hmac_sha256(cases[i].key, cases[i].text, digest);
        assert_string_equal(crypto_hex(&arena, digest, sizeof digest).ptr, cases[i].want);
    }
}

static void base64_goes_there_and_back(void **state)
{
    static const char *const texts[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"},
                             *const want[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                              "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    (void)state;
    AUTO(arena_done) struct arena arena = {0};
    for (size_t i = 0; i < COUNT(texts); i++) {
        str back, text = crypto_base64_text(&arena, texts[i], strlen(texts[i]));
        assert_string_equal(text.ptr, want[i]);
        assert_true(crypto_base64(&arena, text, &back) && str_eq(back, str_of(texts[i])));
    }
}

static void a_password_verifies_only_itself(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_BYTES], again[PASSWORD_HASH_BYTES];
    crypto_password_hash(STR("correct horse"), hash);
    crypto_password_hash(STR("correct horse"), again);
    assert_true(str_starts(str_of(hash), STR("$argon2id$")));
    assert_string_not_equal(hash, again); // the salt differs
    assert_true(crypto_password_verify(hash, STR("correct horse")));
    assert_false(crypto_password_verify(hash, STR("correct horsf")));
    assert_false(crypto_password_verify(hash, (str){0}));
    assert_false(crypto_password_verify("no hash at all", STR("correct horse")));
}

static void a_sealed_text_opens_with_its_key_and_no_other(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena arena = {0};
    unsigned char key[SEAL_KEY_BYTES], other[SEAL_KEY_BYTES];
    crypto_random(key, sizeof key);
    crypto_random(other, sizeof other);
    assert_false(crypto_equal(key, other, sizeof key));
    static const char *const texts[] = {"", "x", "a token of some length, 43 characters or so"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        str sealed = crypto_seal(&arena, key, str_of(texts[i]));
        str plain;
        struct err err = {0};
        assert_true(crypto_open(&arena, key, sealed, &plain, &err));
        assert_true(str_eq(plain, str_of(texts[i])));
        assert_false(crypto_open(&arena, other, sealed, &plain, &err));
        assert_int_equal(err.code, ERR_INVALID);
        ((char *)sealed.ptr)[sealed.len - 1] ^= 1;
        assert_false(crypto_open(&arena, key, sealed, &plain, &err));
        assert_false(crypto_open(&arena, key, str_first(sealed, 10), &plain, &err));
    }
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_digests_of_the_standard),
        cmocka_unit_test(hmac_gives_the_digests_of_the_standard),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(a_password_verifies_only_itself),
        cmocka_unit_test(a_sealed_text_opens_with_its_key_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
