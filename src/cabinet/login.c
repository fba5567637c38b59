/* Logging in: e-mail and password against a session.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "domain/consumer.h"
#include "store/audit.h"

bool login(struct visit *v, const struct user *u)
{
    struct store *store = v->cabinet->config.store;
    const struct session begun = {.user_id = u->id, .address = v->address, .browser = v->browser};
    char *secret = ARENA_NEW(&v->arena, char, TOKEN_TEXT_BYTES);
    // The one that the browser had is over: whoever gave it away has nothing of the new one.
    if (v->who.id && !store_session_end(store, v->who.id, &v->err))
        return false;
    int64_t id;
    if (!store_session_create(store, &begun, secret, &id, &v->err))
        return false;
    v->who = (struct session){.id = id,
                              .user_id = u->id,
                              .company_id = u->company_id,
                              .role = u->role,
                              .email = u->email};
    const struct asker by = visit_by(v);
    if (!store_audit_user(store, &by, "user.login", u->id, 0, "{}", &v->err))
        return false;
    v->give_cookie = str_of(secret);
    v->status = 201;
    return session_show(v, v->give_cookie);
}

/* The company that is asked for, when one is; false: said so. */
static bool read_company(struct visit *v, int64_t *company_id, const int64_t **ret_company_id)
{
    const struct json *value = json_get(v->attributes, "company_id");
    uint64_t id;
    *ret_company_id = NULL;
    if (!value || value->kind == JSON_NULL)
        return true;
    if ((value->kind != JSON_STRING && value->kind != JSON_NUMBER) ||
        !str_to_u64(value->text, &id) || id > INT64_MAX)
        return visit_say(v, 422, "not_an_id", "/data/attributes/company_id",
                         "company_id must be a company's id", "company_id — это id компании");
    *company_id = (int64_t)id;
    *ret_company_id = company_id;
    return true;
}

static bool ask_which(struct visit *v, const struct user *user, size_t count)
{
    AUTO(buf_done) struct buf meta = {0};
    buf_add(&meta, STR("{\"companies\":["));
    for (size_t i = 0; i < count; i++) {
        struct company c;
        if (!store_company_by_id(v->cabinet->config.store, &v->arena, user[i].company_id, &c,
                                 &v->err))
            return false;
        buf_format(&meta, "%s{\"id\":\"%lld\"", i ? "," : "", (long long)c.id);
        json_add_string(&meta, "name", c.name);
        buf_add_char(&meta, '}');
    }
    buf_add(&meta, STR("]}"));
    visit_say(v, 409, "choose_company", NULL,
              "This e-mail belongs to several companies: choose one",
              "С этим адресом вы есть в нескольких компаниях: выберите одну");
    v->error.meta = arena_str(&v->arena, buf_str(&meta));
    return false;
}

/* Notes it for those whose e-mail it is; for nobody, if it is nobody's, so that it takes as long.
 */
static bool note_refusal(struct visit *v, str email)
{
    struct store *store = v->cabinet->config.store;
    const struct asker by = {.address = v->address};
    struct user *user;
    size_t count;
    if (!store_user_of_email(store, &v->arena, email, &user, &count, &v->err))
        return false;
    for (size_t i = 0; i < MAX(count, (size_t)1); i++)
        if (!store_audit_refused_login(store, &by, count ? user[i].id : 0, &v->err))
            return false;
    return true;
}

static bool create(struct visit *v)
{
    str email, password;
    int64_t id;
    const int64_t *company_id;
    struct user *user;
    size_t count;
    if (!visit_text(v, "email", true, &email) || !visit_text(v, "password", true, &password) ||
        !read_company(v, &id, &company_id))
        return false;
    if (!store_user_login(v->cabinet->config.store, &v->arena, email, password, company_id, &user,
                          &count, &v->err))
        return false;
    if (!count && !note_refusal(v, email))
        return false;
    if (!count)
        return visit_say(v, 401, "wrong_credentials", NULL, "The e-mail or the password is wrong",
                         "Неверный адрес или пароль");
    tries_right(v->cabinet, &v->tried);
    // An admin of the server is in all companies: he is asked nothing.
    if (count > 1 && user[0].company_id)
        return ask_which(v, user, count);
    return login(v, &user[0]);
}

void session_create(struct http_request *r)
{
    struct visit *v = visit_new(r, "sessions", create);
    const struct json *email = v ? json_get(v->attributes, "email") : NULL;
    if (v && tries_take(v->cabinet, r, email ? email->text : (str){0}, &v->tried))
        visit_send_slowly(r, v);
}
