/* The first run: there is no user, and who can read the server's log makes company and admin.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "base/crypto.h"

/* 60 random bits, in letters that nobody takes for others. */
void setup_begin(struct cabinet *c)
{
    static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    unsigned char random[SETUP_CODE_BYTES - 1];
    if (store_has_users(c->config.store))
        return;
    crypto_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        c->setup_code[i] = i % 5 == 4 ? '-' : alphabet[random[i] & 31];
}

const char *cabinet_setup_code(const struct cabinet *c)
{
    return c->setup_code[0] && !store_has_users(c->config.store) ? c->setup_code : NULL;
}

/* As a person types it: in any case, with or without what parts it. */
static bool is_code(const struct cabinet *c, str typed)
{
    char code[SETUP_CODE_BYTES] = "";
    size_t n = 0;
    for (size_t i = 0; i < typed.len; i++) {
        char ch = typed.ptr[i];
        if (ch == '-' || ch == ' ')
            continue;
        if (n == sizeof code - 1)
            return false;
        if (n % 5 == 4)
            code[n++] = '-';
        if (n < sizeof code - 1)
            code[n++] = ch >= 'a' && ch <= 'z' ? (char)(ch - 'a' + 'A') : ch;
    }
    return c->setup_code[0] && n == sizeof code - 1 &&
           crypto_equal(code, c->setup_code, sizeof code);
}

static bool say_over(struct visit *v)
{
    return visit_say(v, 409, "set_up", NULL, "The server has users already: log in",
                     "Сервер уже настроен: войдите");
}

static bool create(struct visit *v)
{
    struct cabinet *c = v->cabinet;
    const struct asker by = visit_by(v);
    struct store_first f;
    struct user user;
    int64_t id;
    str code;
    if (store_has_users(c->config.store))
        return say_over(v);
    if (!visit_text(v, "code", true, &code))
        return false;
    if (!is_code(c, code))
        return visit_say(v, 422, "wrong_code", "/data/attributes/code",
                         "That is not the code that the server printed when it started",
                         "Это не тот код, который сервер вывел при запуске");
    if (!visit_text(v, "company", true, &f.company) || !visit_text(v, "zone", true, &f.zone) ||
        !visit_text(v, "email", true, &f.email) || !visit_text(v, "password", true, &f.password) ||
        !visit_check_company(v, "/data/attributes/company", f.company, f.zone) ||
        !visit_check_email(v, f.email) || !visit_check_password(v, f.password))
        return false;
    if (!store_setup(c->config.store, &by, &f, &id, &v->err)) {
        if (v->err.code == ERR_BUSY)
            return say_over(v);
        return v->err.code == ERR_CONFLICT && visit_say_taken(v, "/data/attributes/company");
    }
    tries_right(c, &v->tried);
    return store_user_get(c->config.store, &v->arena, id, &user, &v->err) && login(v, &user);
}

void setup_create(struct http_request *r)
{
    struct visit *v = visit_new(r, "setups", create);
    if (v && tries_take(v->cabinet, r, STR("setup"), &v->tried))
        visit_send_slowly(r, v);
}
