/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/company.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/utf8.h"

#include <string.h>

enum { NAME_BYTES = 255, PASSWORD_MIN = 8, PASSWORD_MAX = 1024, TOKEN_MIN = 8, TOKEN_MAX = 255 };

bool company_name_check(str name, struct err *err)
{
    if (!name.len || name.len > NAME_BYTES || !utf8_valid(name) || utf8_has_control(name) ||
        utf8_trim(name).len != name.len)
        return err_set(
            err, ERR_INVALID,
            "a company's name has 1 to %d bytes of UTF-8, no control characters, no blanks at its ends",
            NAME_BYTES);
    return true;
}

bool password_check(str password, struct err *err)
{
    if (password.len < PASSWORD_MIN || password.len > PASSWORD_MAX)
        return err_set(err, ERR_INVALID, "a password has %d to %d bytes", PASSWORD_MIN,
                       PASSWORD_MAX);
    return true;
}

const char *const import_webhooks_name[] = {[IMPORT_WEBHOOKS_DEFAULT] = "default",
                                            [IMPORT_WEBHOOKS_NONE] = "none",
                                            [IMPORT_WEBHOOKS_RECORD] = "record",
                                            [IMPORT_WEBHOOKS_DIGEST] = "digest",
                                            [IMPORT_WEBHOOKS_COUNT] = NULL};

static const char *const role_names[ROLE_COUNT] = {
    [ROLE_MODERATOR] = "company_moderator",
    [ROLE_MANAGER] = "company_manager",
    [ROLE_COMPANY_ADMIN] = "company_admin",
    [ROLE_ADMIN] = "admin",
};

const char *user_role_name(enum user_role role)
{
    return role_names[role];
}

bool user_role_of(str name, enum user_role *ret_role)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (str_eq(name, str_of(role_names[i]))) {
            *ret_role = (enum user_role)i;
            return true;
        }
    return false;
}

static const struct {
    const char *name;
    unsigned scope;
} scopes[] = {
    {"consumers:read", SCOPE_CONSUMERS_READ},
    {"consumers:write", SCOPE_CONSUMERS_WRITE},
    {"imports", SCOPE_IMPORTS},
    {"exports", SCOPE_EXPORTS},
    {"admin", SCOPE_ADMIN},
    {"all", SCOPE_ALL},
};

bool token_scope_grants(unsigned scope, unsigned wanted)
{
    return scope & (wanted | SCOPE_ADMIN);
}

str token_scope_text(struct arena *a, unsigned scope)
{
    AUTO(buf_done) struct buf b = {0};
    if (scope == SCOPE_ALL)
        return STR("all");
    for (size_t i = 0; i < COUNT(scopes); i++)
        if (scopes[i].scope != SCOPE_ALL && (scope & scopes[i].scope)) {
            if (b.len)
                buf_add_char(&b, ',');
            buf_add(&b, str_of(scopes[i].name));
        }
    return arena_str(a, buf_str(&b));
}

bool token_scope_of(str text, unsigned *ret_scope, struct err *err)
{
    unsigned scope = 0;
    do {
        str word = str_trim(str_split(&text, ','));
        unsigned found = 0;
        for (size_t i = 0; i < COUNT(scopes); i++)
            if (str_eq(word, str_of(scopes[i].name)))
                found = scopes[i].scope;
        if (!found)
            return err_set(
                err, ERR_INVALID,
                "there is no scope '%.*s'; use consumers:read, consumers:write, imports, exports, admin or all",
                STR_ARG(str_shown(word, 40)));
        scope |= found;
    } while (!str_is_null(text));
    *ret_scope = scope;
    return true;
}

void token_make(char ret_token[TOKEN_TEXT_BYTES])
{
    // 43 characters of 6 random bits: the shape of the tokens that clients know (URL-safe base64 of
    // 32 bytes).
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[TOKEN_TEXT_BYTES - 1];
    crypto_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        ret_token[i] = alphabet[random[i] & 63];
    ret_token[sizeof random] = 0;
}

bool token_check(str token, struct err *err)
{
    bool ok = token.len >= TOKEN_MIN && token.len <= TOKEN_MAX;
    for (size_t i = 0; i < token.len && ok; i++)
        ok = token.ptr[i] > ' ' && token.ptr[i] < 0x7F && !strchr("\",;", token.ptr[i]);
    return ok ||
           err_set(err, ERR_INVALID,
                   "a key has %d to %d visible ASCII characters without '\"', ',', ';' and spaces",
                   TOKEN_MIN, TOKEN_MAX);
}

void token_hash(str token, unsigned char ret_hash[TOKEN_HASH_BYTES])
{
    crypto_sha256(token, ret_hash);
}
