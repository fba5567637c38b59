/* crypto: random bytes, hashes, passwords and sealed secrets (libsodium).
 * Threads: any, after crypto_init().
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/arena.h"
#include "base/err.h"

enum { SHA256_BYTES = 32, SEAL_KEY_BYTES = 32, PASSWORD_HASH_BYTES = 128 };

/* Makes the library ready; die()s when the system has no randomness. Safe to repeat. */
void crypto_init(void);
/* Fills p with random bytes. */
void crypto_random(void *p, size_t bytes);
/* SHA-256 (FIPS 180-4) of s. */
void crypto_sha256(str s, unsigned char ret_digest[SHA256_BYTES]);
/* SHA-256 over a stream: new, add..., end. */
struct sha256;
/* A hash over no bytes yet; sha256_end() frees it. */
struct sha256 *sha256_new(void);
/* Takes the next bytes. */
void sha256_add(struct sha256 *h, str bytes);
/* The SHA-256 of all that was added; frees h. */
void sha256_end(struct sha256 *h, unsigned char ret_digest[SHA256_BYTES]);
/* The SHA-256 of what is left to read of an open file. */
MUST_CHECK bool sha256_of_file(int fd, unsigned char ret_digest[SHA256_BYTES], struct err *err);
/* A 64-bit hash (SipHash-2-4 with a fixed key) that stays the same for ever: for telling texts
 * apart that nobody has chosen to collide. */
uint64_t crypto_hash64(str s);
/* Lowercase hexadecimal of bytes, in the arena. */
str crypto_hex(struct arena *a, const void *bytes, size_t count);
/* The bytes of a Base64 text (RFC 4648 section 4), in the arena; false when it is none. */
MUST_CHECK bool crypto_base64(struct arena *a, str text, str *ret_bytes);
/* bytes as Base64 (RFC 4648 section 4), in the arena. */
str crypto_base64_text(struct arena *a, const void *bytes, size_t count);
/* HMAC-SHA-256 (RFC 2104) of s under key. */
void crypto_hmac_sha256(str key, str s, unsigned char ret_digest[SHA256_BYTES]);
/* Bytes as Base64 that may stand in an address (RFC 4648 section 5, no padding), in the arena. */
str crypto_base64url(struct arena *a, str bytes);
/* The bytes of such a text, in the arena; false when it is none. */
MUST_CHECK bool crypto_base64url_bytes(struct arena *a, str text, str *ret_bytes);
/* Argon2id (RFC 9106), interactive limits; the text holds salt and limits. */
void crypto_password_hash(str password, char ret_hash[PASSWORD_HASH_BYTES]);
/* True when the password is the one that hash, a text of crypto_password_hash(), was made of. */
MUST_CHECK bool crypto_password_verify(const char *hash, str password);
/* Seals plain with key (XSalsa20-Poly1305, random nonce in front); the result lives in the arena.
 */
str crypto_seal(struct arena *a, const unsigned char key[SEAL_KEY_BYTES], str plain);
/* Opens what crypto_seal() made.  Errors: ERR_INVALID when the key or the bytes are wrong. */
MUST_CHECK bool crypto_open(struct arena *a, const unsigned char key[SEAL_KEY_BYTES], str sealed,
                            str *ret_plain, struct err *err);
/* Equal in constant time. */
bool crypto_equal(const void *a, const void *b, size_t bytes);

#endif
