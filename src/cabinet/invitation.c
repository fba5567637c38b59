/* Links by which a user sets a password: the first one, or a new one for one that was lost.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "domain/consumer.h"

static bool find(struct visit *v, str *ret_secret, struct user *ret_user)
{
    struct err err = {0};
    if (!visit_text(v, "secret", true, ret_secret))
        return false;
    if (store_user_of_secret(v->cabinet->config.store, &v->arena, *ret_secret, ret_user, &err))
        return true;
    if (err.code == ERR_NOT_FOUND)
        return visit_say(v, 404, "link_over", "/data/attributes/secret",
                         "This link was used, or its time is over: ask for a new one",
                         "Эта ссылка уже использована или устарела: попросите новую");
    v->err = err;
    return false;
}

static bool show(struct visit *v)
{
    str secret;
    struct user user;
    struct company company = {0};
    if (!find(v, &secret, &user) ||
        (user.company_id && !store_company_by_id(v->cabinet->config.store, &v->arena,
                                                 user.company_id, &company, &v->err)))
        return false;
    buf_format(&v->body, "{\"data\":{\"id\":\"%lld\",\"type\":\"invitations\",\"attributes\":{",
               (long long)user.id);
    buf_format(&v->body, "\"purpose\":\"%s\"", user.has_password ? "password" : "invitation");
    json_add_string(&v->body, "company", company.name);
    json_add_string(&v->body, "email", user.email);
    json_add_string(&v->body, "role", str_of(user_role_name(user.role)));
    buf_add(&v->body, STR("}}}\n"));
    tries_right(v->cabinet, &v->tried);
    return true;
}

void invitation_show(struct http_request *r)
{
    struct visit *v = visit_new(r, "invitations", show);
    if (v && tries_take(v->cabinet, r, (str){0}, &v->tried))
        errand_send(v->cabinet->work, r, &v->errand);
}

static bool accept(struct visit *v)
{
    struct store *store = v->cabinet->config.store;
    str secret, password;
    struct user user;
    if (!find(v, &secret, &user) || !visit_text(v, "password", true, &password) ||
        !visit_check_password(v, password))
        return false;
    const struct asker by = {.origin = origin_of(ORIGIN_USER, user.id), .address = v->address};
    if (!store_user_accept(store, &by, user.id, secret, password, &v->err))
        return v->err.code == ERR_NOT_FOUND &&
               visit_say(v, 404, "link_over", "/data/attributes/secret",
                         "This link was used a moment ago", "Эту ссылку только что использовали");
    tries_right(v->cabinet, &v->tried);
    // Whoever knew the old password is out.
    return store_session_end_of(store, user.id, 0, &v->err) && login(v, &user);
}

void invitation_accept(struct http_request *r)
{
    struct visit *v = visit_new(r, "invitations", accept);
    if (v && tries_take(v->cabinet, r, (str){0}, &v->tried))
        visit_send_slowly(r, v);
}
