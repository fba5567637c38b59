/* A company's tokens for its programs: made, shown after the password once more, revoked.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "domain/consumer.h"

enum { NAME_BYTES = 255 };

static void add_token(struct visit *v, const struct token *t, str key)
{
    struct buf *b = &v->body;
    str scopes = token_scope_text(&v->arena, t->scope);
    if (t->scope == SCOPE_ALL)
        scopes = STR("consumers:read,consumers:write,imports,exports,admin");
    buf_format(b,
               "{\"id\":\"%lld\",\"type\":\"tokens\",\"attributes\":{\"name\":", (long long)t->id);
    json_write_string(b, t->name);
    buf_add(b, STR(",\"scopes\":["));
    while (!str_is_null(scopes)) {
        json_write_string(b, str_split(&scopes, ','));
        if (!str_is_null(scopes))
            buf_add_char(b, ',');
    }
    buf_add_char(b, ']');
    json_add_string(b, "created_at", visit_stamp(v, t->created_at_us));
    json_add_string(b, "expires_at", visit_stamp(v, t->expires_at_us));
    json_add_string(b, "last_used_at", visit_stamp(v, t->used_at_us));
    json_add_string(b, "revoked_at", visit_stamp(v, t->revoked_at_us));
    if (key.len)
        json_add_string(b, "key", key);
    buf_add(b, STR("}}"));
}

static bool list(struct visit *v)
{
    struct token *token;
    size_t count;
    if (!store_token_list(v->cabinet->config.store, &v->arena, v->company_id, &token, &count,
                          &v->err))
        return false;
    buf_add(&v->body, STR("{\"data\":["));
    for (size_t i = count; i-- > 0;) { // the newest first
        add_token(v, &token[i], (str){0});
        if (i)
            buf_add_char(&v->body, ',');
    }
    buf_add(&v->body, STR("]}\n"));
    return true;
}

void tokens_list(struct http_request *r)
{
    visit(r, NULL, list);
}

/* The token of that number, when it is this company's. */
static bool find(struct visit *v, int64_t id, struct token *ret)
{
    struct token *token;
    size_t count;
    if (!store_token_list(v->cabinet->config.store, &v->arena, v->company_id, &token, &count,
                          &v->err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (token[i].id == id) {
            *ret = token[i];
            return true;
        }
    return visit_say(v, 404, "no_token", NULL, "The company has no such token",
                     "У компании нет такого ключа");
}

static bool answer_token(struct visit *v, int64_t id, str key)
{
    struct token t;
    if (!find(v, id, &t))
        return false;
    buf_add(&v->body, STR("{\"data\":"));
    add_token(v, &t, key);
    buf_add(&v->body, STR("}\n"));
    return true;
}

static bool read_scopes(struct visit *v, unsigned *ret_scope)
{
    const struct json *list = json_get(v->attributes, "scopes");
    struct err err = {0};
    *ret_scope = 0;
    for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->count; i++) {
        const struct json *name = &list->member[i].value;
        unsigned scope;
        if (name->kind != JSON_STRING || !token_scope_of(name->text, &scope, &err)) {
            *ret_scope = 0;
            break;
        }
        *ret_scope |= scope;
    }
    return *ret_scope ||
           visit_say(v, 422, "unknown_scope", "/data/attributes/scopes",
                     "scopes is a list of at least one of: consumers:read, consumers:write, "
                     "imports, exports, admin",
                     "scopes — список хотя бы из одного права: consumers:read, consumers:write, "
                     "imports, exports, admin");
}

static bool read_expiry(struct visit *v, int64_t *ret_expires_at_us)
{
    str text;
    int64_t at_us = 0;
    *ret_expires_at_us = 0;
    if (!visit_text(v, "expires_at", false, &text))
        return false;
    if (str_is_null(text))
        return true;
    if (!consumer_date_from_rfc3339(text, &at_us) || at_us <= 0)
        return visit_say(v, 422, "not_a_time", "/data/attributes/expires_at",
                         "expires_at is a time with an offset, as 2026-12-31T23:59:59+03:00",
                         "expires_at — время со смещением, например 2026-12-31T23:59:59+03:00");
    *ret_expires_at_us = at_us;
    return true;
}

static bool create(struct visit *v)
{
    const struct asker by = visit_by(v);
    char key[TOKEN_TEXT_BYTES];
    unsigned scope;
    int64_t expires_at_us, id;
    str name;
    if (!visit_text(v, "name", true, &name) || !read_scopes(v, &scope) ||
        !read_expiry(v, &expires_at_us))
        return false;
    if (name.len > NAME_BYTES)
        return visit_say(v, 422, "too_long", "/data/attributes/name",
                         "A token's name has at most 255 bytes",
                         "В названии ключа не больше 255 байт");
    token_make(key);
    if (!store_token_create(v->cabinet->config.store, &by, v->company_id, name, str_of(key), scope,
                            expires_at_us, &id, &v->err))
        return v->err.code == ERR_INVALID &&
               visit_say(
                   v, 422, "too_late", "/data/attributes/expires_at",
                   "A token may not last so long on this server: choose an earlier date",
                   "На этом сервере ключ не может действовать так долго: выберите дату раньше");
    v->status = 201;
    return answer_token(v, id, arena_str(&v->arena, str_of(key)));
}

void tokens_create(struct http_request *r)
{
    visit(r, "tokens", create);
}

static bool reveal(struct visit *v)
{
    const struct asker by = visit_by(v);
    struct token t;
    str key;
    return find(v, visit_number(v->id), &t) && visit_confirm(v, "password") &&
           store_token_show(v->cabinet->config.store, &by, &v->arena, t.id, &key, &v->err) &&
           answer_token(v, t.id, key);
}

void tokens_reveal(struct http_request *r)
{
    visit_confirmed(r, "tokens", reveal);
}

static bool revoke(struct visit *v)
{
    const struct asker by = visit_by(v);
    struct token t;
    if (!find(v, visit_number(v->id), &t))
        return false;
    // Who asks twice has what he wanted.
    return t.revoked_at_us || store_token_revoke(v->cabinet->config.store, &by, t.id, &v->err) ||
           v->err.code == ERR_NOT_FOUND;
}

void tokens_revoke(struct http_request *r)
{
    visit(r, NULL, revoke);
}
