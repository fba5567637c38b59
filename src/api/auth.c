/* Two dialects of one header, as the vendor has them: `Token token=KEY` (Rails) and `Bearer TOKEN`
 * (OAuth), each with its own 401.  Who asks by a mounted route is the extension's to say.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"
#include "api/request_log.h"

#include "base/clock.h"

static str unquoted(str s)
{
    return s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"' ? (str){s.ptr + 1, s.len - 2}
                                                                    : s;
}

str auth_key(str authorization, bool *ret_bearer)
{
    str rest = str_trim(authorization), scheme = str_split(&rest, ' ');
    bool token = str_eq_nocase(scheme, STR("Token"));
    *ret_bearer = str_eq_nocase(scheme, STR("Bearer"));
    rest = str_trim(rest);
    if ((!token && !*ret_bearer) || !rest.len)
        return (str){0};
    if (!str_starts(rest, STR("token=")))
        return rest;
    // Rails' grammar: token="KEY", further parameters after a comma or semicolon.
    rest = str_from(rest, 6);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != ',' && rest.ptr[end] != ';')
        end++;
    return unquoted(str_trim(str_first(rest, end)));
}

/* The shape of an OAuth token: 43 URL-safe characters, or 64 hexadecimal ones. */
static bool looks_like_oauth(str key)
{
    if (key.len != 43 && key.len != 64)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool digit = c >= '0' && c <= '9', letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        bool hex = digit || ((c | 32) >= 'a' && (c | 32) <= 'f');
        if (key.len == 64 ? !hex : !(digit || letter || c == '-' || c == '_'))
            return false;
    }
    return true;
}

static bool is_good(const struct token *t)
{
    return !t->revoked_at_us && !(t->expires_at_us && t->expires_at_us <= clock_now_us());
}

bool auth_holds(struct http_request *r)
{
    struct api *api = http_app_context(r);
    bool bearer;
    str key = auth_key(http_header(r, "Authorization"), &bearer);
    struct token token;
    struct err err = {0};
    if (is_mounted(r))
        return api->config.extension->holds(r);
    return key.len && store_token_find(api->config.store, key, &token, &err) && is_good(&token);
}

struct store_company *auth_company_as(struct http_request *r, unsigned scope, int64_t *ret_origin)
{
    struct api *api = http_app_context(r);
    bool bearer;
    str key = auth_key(http_header(r, "Authorization"), &bearer);
    struct token token;
    struct store_company *company;
    struct err err = {0};
    if (is_mounted(r)) // what its asker may do was judged before
        return api->config.extension->company(r, ret_origin);
    if (!key.len || !store_token_find(api->config.store, key, &token, &err)) {
        error_unauthorized(r, bearer && looks_like_oauth(key), TOKEN_UNKNOWN);
        return NULL;
    }
    request_note_token(r, &token);
    if (!is_good(&token)) {
        error_unauthorized(r, bearer && looks_like_oauth(key),
                           token.revoked_at_us ? TOKEN_REVOKED : TOKEN_EXPIRED);
        return NULL;
    }
    if (!token_scope_grants(token.scope, scope)) {
        error_forbidden(r, bearer, token_scope_text(http_arena(r), scope).ptr);
        return NULL;
    }
    if (!store_company_open(api->config.store, token.company_id, &company, &err)) {
        error_store(r, &err);
        return NULL;
    }
    *ret_origin = origin_of(ORIGIN_TOKEN, token.id);
    return company;
}

struct store_company *auth_asker(struct http_request *r, unsigned scope, struct asker *ret_by)
{
    *ret_by = (struct asker){.address = str_of(http_peer(r))};
    return auth_company_as(r, scope, &ret_by->origin);
}

struct store_company *auth_company(struct http_request *r, unsigned scope)
{
    int64_t origin;
    return auth_company_as(r, scope, &origin);
}
