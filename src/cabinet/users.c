/* The people of a company.
 *
 * Nobody gives a role above his own or touches who has one, and nobody takes the last
 * company_admin's power, his own least of all.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "base/clock.h"
#include "domain/consumer.h"

#define INVITATION_US INT64_C(86400000000)

bool visit_check_email(struct visit *v, str email)
{
    return consumer_email_valid(&v->arena, email) ||
           visit_say(v, 422, "not_an_email", "/data/attributes/email",
                     "That is no valid e-mail address", "Это не адрес электронной почты");
}

static void add_user(struct visit *v, const struct user *u)
{
    struct buf *b = &v->body;
    buf_format(b,
               "{\"id\":\"%lld\",\"type\":\"users\",\"attributes\":{\"email\":", (long long)u->id);
    json_write_string(b, u->email);
    json_add_string(b, "role", str_of(user_role_name(u->role)));
    buf_format(b, ",\"disabled\":%s,\"invited\":%s", u->disabled ? "true" : "false",
               u->has_password ? "false" : "true");
    json_add_string(b, "created_at", visit_stamp(v, u->created_at_us));
    buf_add(b, STR("}}"));
}

static bool list(struct visit *v)
{
    struct user *user;
    size_t count;
    if (!store_user_list(v->cabinet->config.store, &v->arena, v->company_id, &user, &count,
                         &v->err))
        return false;
    buf_add(&v->body, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&v->body, ',');
        add_user(v, &user[i]);
    }
    buf_add(&v->body, STR("]}\n"));
    return true;
}

void users_list(struct http_request *r)
{
    visit(r, NULL, list);
}

/* The user of the path, when he is of this company. */
static bool find(struct visit *v, struct user *ret)
{
    int64_t id = visit_number(v->id);
    struct err err = {ERR_NOT_FOUND, ""};
    if (id && store_user_get(v->cabinet->config.store, &v->arena, id, ret, &err) &&
        ret->company_id == v->company_id)
        return true;
    if (err.code == ERR_NOT_FOUND || err.code == ERR_NONE)
        return visit_say(v, 404, "no_user", NULL, "The company has no such user",
                         "В компании нет такого пользователя");
    v->err = err;
    return false;
}

static bool answer_user(struct visit *v, int64_t id)
{
    struct user u;
    if (!store_user_get(v->cabinet->config.store, &v->arena, id, &u, &v->err))
        return false;
    buf_add(&v->body, STR("{\"data\":"));
    add_user(v, &u);
    buf_add(&v->body, STR("}\n"));
    return true;
}

/* A role of the body that he may give; *ret_given false: none was sent. */
static bool read_role(struct visit *v, bool needed, bool *ret_given, enum user_role *ret_role)
{
    str name;
    if (!visit_text(v, "role", needed, &name))
        return false;
    *ret_given = !str_is_null(name);
    if (!*ret_given)
        return true;
    if (!user_role_of(name, ret_role) || *ret_role == ROLE_ADMIN)
        return visit_say(v, 422, "unknown_role", "/data/attributes/role",
                         "Use company_moderator, company_manager or company_admin",
                         "Роль: company_moderator, company_manager или company_admin");
    return *ret_role <= v->who.role ||
           visit_say(v, 403, "role", "/data/attributes/role",
                     "Nobody can give a role above his own", "Нельзя дать роль выше своей");
}

/* For who is here: his own role lets him manage others that have no higher one. */
static bool may_change(struct visit *v, const struct user *u)
{
    return u->role <= v->who.role ||
           visit_say(v, 403, "role", NULL, "This user's role is above yours",
                     "Роль этого пользователя выше вашей");
}

static bool say_last(struct visit *v)
{
    return visit_say(v, 409, "last_admin", NULL,
                     "This is the last company_admin who can log in: make another one first",
                     "Это последний company_admin, который может войти: сначала назначьте другого");
}

static bool create(struct visit *v)
{
    const struct asker by = visit_by(v);
    enum user_role role = ROLE_MANAGER;
    bool given;
    str email;
    int64_t id;
    if (!visit_text(v, "email", true, &email) || !visit_check_email(v, email) ||
        !read_role(v, true, &given, &role))
        return false;
    if (!store_user_create(v->cabinet->config.store, &by, v->company_id, email, role, (str){0}, &id,
                           &v->err))
        return v->err.code == ERR_CONFLICT &&
               visit_say(v, 422, "taken", "/data/attributes/email",
                         "The company has a user with this e-mail already",
                         "В компании уже есть пользователь с этим адресом");
    v->status = 201;
    v->location = arena_format(&v->arena, CABINET_API "/companies/%lld/users/%lld",
                               (long long)v->company_id, (long long)id);
    return answer_user(v, id);
}

void users_create(struct http_request *r)
{
    visit(r, "users", create);
}

static bool set(struct visit *v)
{
    struct store *store = v->cabinet->config.store;
    const struct asker by = visit_by(v);
    const struct json *disabled = json_get(v->attributes, "disabled");
    enum user_role role;
    bool has_role;
    struct user u;
    if (!find(v, &u) || !may_change(v, &u) || !read_role(v, false, &has_role, &role))
        return false;
    if (disabled && disabled->kind != JSON_TRUE && disabled->kind != JSON_FALSE)
        return visit_say(v, 422, "not_a_boolean", "/data/attributes/disabled",
                         "disabled is true or false", "disabled — это true или false");
    bool off = disabled && disabled->kind == JSON_TRUE;
    if ((!has_role || role == u.role || store_user_set_role(store, &by, u.id, role, &v->err)) &&
        (!disabled || off == u.disabled || store_user_set_disabled(store, &by, u.id, off, &v->err)))
        return answer_user(v, u.id);
    return v->err.code == ERR_CONFLICT && say_last(v);
}

void users_set(struct http_request *r)
{
    visit(r, "users", set);
}

static bool remove_user(struct visit *v)
{
    const struct asker by = visit_by(v);
    struct user u;
    if (!find(v, &u) || !may_change(v, &u))
        return false;
    return store_user_delete(v->cabinet->config.store, &by, u.id, &v->err) ||
           (v->err.code == ERR_CONFLICT && say_last(v));
}

void users_delete(struct http_request *r)
{
    visit(r, NULL, remove_user);
}

static bool invite(struct visit *v)
{
    const struct asker by = visit_by(v);
    char secret[TOKEN_TEXT_BYTES];
    int64_t until_us = clock_now_us() + INVITATION_US;
    struct user u;
    if (!find(v, &u) || !may_change(v, &u))
        return false;
    if (u.disabled)
        return visit_say(v, 409, "disabled", NULL, "This user is disabled: enable him first",
                         "Этот пользователь отключён: сначала включите его");
    if (!store_user_reset(v->cabinet->config.store, &by, u.id, until_us, secret, &v->err))
        return false;
    v->status = 201;
    buf_format(&v->body, "{\"data\":{\"id\":\"%lld\",\"type\":\"invitations\",\"attributes\":{",
               (long long)u.id);
    buf_format(&v->body, "\"purpose\":\"%s\"", u.has_password ? "password" : "invitation");
    json_add_string(
        &v->body, "link",
        arena_format(&v->arena, "%.*s" CABINET_ROOT "/invite#%s", STR_ARG(v->base), secret));
    json_add_string(&v->body, "expires_at", visit_stamp(v, until_us));
    buf_add(&v->body, STR("}}}\n"));
    return true;
}

void users_invite(struct http_request *r)
{
    visit(r, NULL, invite);
}
