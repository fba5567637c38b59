/* Texts that clients carry and bring back unchanged.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/store_priv.h"

#include <string.h>

void store_sign(const struct store *s, const char *purpose, str text,
                char ret_signature[STORE_SIGNATURE_BYTES])
{
    unsigned char key[SHA256_BYTES], digest[SHA256_BYTES];
    AUTO(arena_done) struct arena a = {0};
    store_secret(s, str_of(purpose), key);
    crypto_hmac_sha256((str){(const char *)key, sizeof key}, text, digest);
    memcpy(ret_signature, crypto_hex(&a, digest, sizeof digest).ptr, STORE_SIGNATURE_BYTES);
}

bool store_is_signed(const struct store *s, const char *purpose, str text, str signature)
{
    char want[STORE_SIGNATURE_BYTES];
    store_sign(s, purpose, text, want);
    return signature.len == STORE_SIGNATURE_BYTES - 1 &&
           crypto_equal(want, signature.ptr, signature.len);
}
