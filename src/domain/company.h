/* company: companies, users and tokens: the names and words they may have.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_COMPANY_H
#define DOMAIN_COMPANY_H

#include "base/arena.h"
#include "base/err.h"

/* Who may do what in the cabinet, each more than the one before: */
enum user_role {
    ROLE_MODERATOR,     /* reads customers, imports and exports */
    ROLE_MANAGER,       /* and changes them */
    ROLE_COMPANY_ADMIN, /* and all else of the company: users, tokens, settings, webhooks */
    ROLE_ADMIN,         /* of all companies, and of none */
    ROLE_COUNT
};
/* What a token may do; bits. */
enum token_scope {
    SCOPE_CONSUMERS_READ = 1,
    SCOPE_CONSUMERS_WRITE = 2,
    SCOPE_IMPORTS = 4,
    SCOPE_EXPORTS = 8,
    SCOPE_ADMIN = 16, /* the company itself, and all of the above */
    SCOPE_ALL = 31,   /* of a token for which nothing was stated */
};
/* How PUT treats e-mail and phone of a customer who exists. */
enum put_contacts { PUT_CONTACTS_UPDATE, PUT_CONTACTS_IGNORE };
/* What an import tells of. */
enum import_webhooks {
    IMPORT_WEBHOOKS_DEFAULT, /* as the company has it; of a company: a digest */
    IMPORT_WEBHOOKS_NONE,
    IMPORT_WEBHOOKS_RECORD, /* each customer */
    IMPORT_WEBHOOKS_DIGEST, /* itself, once */
    IMPORT_WEBHOOKS_COUNT
};
/* "default", "none", "record", "digest"; NULL-terminated, by enum import_webhooks. */
extern const char *const import_webhooks_name[];

enum { TOKEN_TEXT_BYTES = 44, TOKEN_HASH_BYTES = 32 }; /* 43 URL-safe characters and a NUL */

/* A company's name: 1..255 bytes of UTF-8, no control characters, not blank at the ends.
 * Errors: ERR_INVALID. */
MUST_CHECK bool company_name_check(str name, struct err *err);
/* A password: 8..1024 bytes.  Errors: ERR_INVALID. */
MUST_CHECK bool password_check(str password, struct err *err);
/* The name of a role ("company_moderator", "company_manager", "company_admin", "admin"), and the
 * role of a name (false: none): */
const char *user_role_name(enum user_role role);
MUST_CHECK bool user_role_of(str name, enum user_role *ret_role);
/* Whether a token of these scopes may do what needs `wanted`: one of its scopes does, or admin. */
bool token_scope_grants(unsigned scope, unsigned wanted);
/* "consumers:read,consumers:write,imports", in the arena; "all" for every one. */
str token_scope_text(struct arena *a, unsigned scope);
/* The scopes that a text names, as bits; "all" is every one; blanks around the commas are fine.
 * Errors: ERR_INVALID names the unknown word. */
MUST_CHECK bool token_scope_of(str text, unsigned *ret_scope, struct err *err);
/* A new random token. */
void token_make(char ret_token[TOKEN_TEXT_BYTES]);
/* A key brought along from elsewhere: 8..255 visible ASCII characters without '"', ',', ';' or
 * space. Errors: ERR_INVALID. */
MUST_CHECK bool token_check(str token, struct err *err);
/* What is kept of a token and looked up by: its SHA-256. */
void token_hash(str token, unsigned char ret_hash[TOKEN_HASH_BYTES]);

#endif
