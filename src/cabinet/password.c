/* A user's own password: changed, and asked for once more.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

bool visit_check_password(struct visit *v, str password)
{
    struct err err = {0};
    return password_check(password, &err) ||
           visit_say(v, 422, "password_length", "/data/attributes/password",
                     "A password has 8 to 1024 bytes", "В пароле должно быть от 8 до 1024 байт");
}

bool visit_confirm(struct visit *v, const char *name)
{
    str password;
    bool is;
    if (!visit_text(v, name, true, &password) ||
        !store_user_password_is(v->cabinet->config.store, v->who.user_id, password, &is, &v->err))
        return false;
    if (!is)
        // Not 401: the session is good.
        return visit_say(v, 422, "wrong_password",
                         arena_format(&v->arena, "/data/attributes/%s", name).ptr,
                         "That is not your password", "Это не ваш пароль");
    tries_right(v->cabinet, &v->tried);
    return true;
}

void visit_confirmed(struct http_request *r, const char *resource, bool (*act)(struct visit *v))
{
    struct visit *v = visit_new(r, resource, act);
    if (v && tries_take(v->cabinet, r, v->who.email, &v->tried))
        visit_send_slowly(r, v);
}

static bool put(struct visit *v)
{
    struct store *store = v->cabinet->config.store;
    const struct asker by = visit_by(v);
    str password;
    return visit_text(v, "password", true, &password) && visit_check_password(v, password) &&
           visit_confirm(v, "current_password") &&
           store_user_set_password(store, &by, v->who.user_id, password, &v->err) &&
           store_session_end_of(store, v->who.user_id, v->who.id, &v->err);
}

void password_put(struct http_request *r)
{
    visit_confirmed(r, "passwords", put);
}
