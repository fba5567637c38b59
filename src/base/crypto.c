/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"

#include "base/mem.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024 };

static_assert(SHA256_BYTES == crypto_hash_sha256_BYTES, "as in the library");
static_assert(SEAL_KEY_BYTES == crypto_secretbox_KEYBYTES, "as in the library");
static_assert(PASSWORD_HASH_BYTES >= crypto_pwhash_STRBYTES, "as in the library");

struct sha256 {
    crypto_hash_sha256_state state;
};

void crypto_init(void)
{
    if (sodium_init() < 0)
        die("crypto: the system gives no random bytes");
}

void crypto_random(void *p, size_t bytes)
{
    randombytes_buf(p, bytes);
}

void crypto_sha256(str s, unsigned char ret_digest[SHA256_BYTES])
{
    (void)crypto_hash_sha256(ret_digest, (const unsigned char *)s.ptr, s.len);
}

struct sha256 *sha256_new(void)
{
    struct sha256 *h = mem_new(1, sizeof *h);
    (void)crypto_hash_sha256_init(&h->state);
    return h;
}

void sha256_add(struct sha256 *h, str bytes)
{
    (void)crypto_hash_sha256_update(&h->state, (const unsigned char *)bytes.ptr, bytes.len);
}

void sha256_end(struct sha256 *h, unsigned char ret_digest[SHA256_BYTES])
{
    (void)crypto_hash_sha256_final(&h->state, ret_digest);
    mem_free(h);
}

bool sha256_of_file(int fd, unsigned char ret_digest[SHA256_BYTES], struct err *err)
{
    char *piece = mem_new(PIECE_BYTES, 1);
    struct sha256 *hash = sha256_new();
    ssize_t n;
    while ((n = read(fd, piece, PIECE_BYTES)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            sha256_add(hash, (str){piece, (size_t)n});
    if (n < 0)
        err_errno(err, "cannot read");
    mem_free(piece);
    sha256_end(hash, ret_digest);
    return n == 0;
}

uint64_t crypto_hash64(str s)
{
    static const unsigned char key[crypto_shorthash_KEYBYTES] = "clientele-hash64";
    unsigned char out[crypto_shorthash_BYTES];
    crypto_shorthash(out, (const unsigned char *)(s.len ? s.ptr : ""), s.len, key);
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof out; i++)
        n |= (uint64_t)out[i] << (8 * i);
    return n;
}

str crypto_hex(struct arena *a, const void *bytes, size_t count)
{
    char *text = ARENA_NEW(a, char, 2 * count + 1);
    (void)sodium_bin2hex(text, 2 * count + 1, bytes, count);
    return (str){text, 2 * count};
}

static bool from_base64(struct arena *a, str text, int variant, str *ret_bytes)
{
    size_t room = text.len / 4 * 3 + 3, len;
    unsigned char *bytes = arena_alloc(a, room, 1, 1);
    if (sodium_base642bin(bytes, room, text.ptr ? text.ptr : "", text.len, NULL, &len, NULL,
                          variant) != 0)
        return false;
    *ret_bytes = (str){(const char *)bytes, len};
    return true;
}

bool crypto_base64(struct arena *a, str text, str *ret_bytes)
{
    return from_base64(a, text, sodium_base64_VARIANT_ORIGINAL, ret_bytes);
}

static str to_base64(struct arena *a, const void *bytes, size_t count, int variant)
{
    size_t room = sodium_base64_ENCODED_LEN(count, variant);
    char *text = ARENA_NEW(a, char, room);
    (void)sodium_bin2base64(text, room, bytes, count, variant);
    return str_of(text);
}

str crypto_base64_text(struct arena *a, const void *bytes, size_t count)
{
    return to_base64(a, bytes, count, sodium_base64_VARIANT_ORIGINAL);
}

str crypto_base64url(struct arena *a, str bytes)
{
    return to_base64(a, bytes.ptr, bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool crypto_base64url_bytes(struct arena *a, str text, str *ret_bytes)
{
    return from_base64(a, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, ret_bytes);
}

void crypto_hmac_sha256(str key, str s, unsigned char ret_digest[SHA256_BYTES])
{
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.ptr, key.len);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)s.ptr, s.len);
    (void)crypto_auth_hmacsha256_final(&state, ret_digest);
}

void crypto_password_hash(str password, char ret_hash[PASSWORD_HASH_BYTES])
{
    memset(ret_hash, 0, PASSWORD_HASH_BYTES);
    if (crypto_pwhash_str(ret_hash, password.ptr ? password.ptr : "", password.len,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        die("crypto: no memory to hash a password");
}

bool crypto_password_verify(const char *hash, str password)
{
    return crypto_pwhash_str_verify(hash, password.ptr ? password.ptr : "", password.len) == 0;
}

str crypto_seal(struct arena *a, const unsigned char key[SEAL_KEY_BYTES], str plain)
{
    size_t bytes = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.len;
    unsigned char *sealed = ARENA_NEW(a, unsigned char, bytes);
    randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
    (void)crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES,
                                (const unsigned char *)(plain.ptr ? plain.ptr : ""), plain.len,
                                sealed, key);
    return (str){(const char *)sealed, bytes};
}

bool crypto_open(struct arena *a, const unsigned char key[SEAL_KEY_BYTES], str sealed,
                 str *ret_plain, struct err *err)
{
    size_t around = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (sealed.len < around)
        return err_set(err, ERR_INVALID, "the sealed bytes are too short");
    const unsigned char *nonce = (const unsigned char *)sealed.ptr;
    unsigned char *plain = ARENA_NEW(a, unsigned char, sealed.len - around + 1);
    if (crypto_secretbox_open_easy(plain, nonce + crypto_secretbox_NONCEBYTES,
                                   sealed.len - crypto_secretbox_NONCEBYTES, nonce, key) != 0)
        return err_set(err, ERR_INVALID, "the sealed bytes do not open with this key");
    *ret_plain = (str){(const char *)plain, sealed.len - around};
    return true;
}

bool crypto_equal(const void *a, const void *b, size_t bytes)
{
    return sodium_memcmp(a, b, bytes) == 0;
}
