/* Sessions: the one that asks, and all of its user's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "store/audit.h"

/* --- the one that asks --- */

static void add_company(struct visit *v, const struct company *c, bool first)
{
    buf_format(&v->body, "%s{\"id\":\"%lld\"", first ? "" : ",", (long long)c->id);
    json_add_string(&v->body, "name", c->name);
    json_add_string(&v->body, "zone", c->zone);
    json_add_string(&v->body, "role", str_of(user_role_name(v->who.role)));
    buf_add_char(&v->body, '}');
}

static bool add_companies(struct visit *v)
{
    struct store *store = v->cabinet->config.store;
    struct company *company = ARENA_NEW(&v->arena, struct company, 1);
    size_t count = 1;
    bool ok = v->who.company_id
                  ? store_company_by_id(store, &v->arena, v->who.company_id, company, &v->err)
                  : store_company_list(store, &v->arena, &company, &count, &v->err);
    buf_add(&v->body, STR(",\"companies\":["));
    for (size_t i = 0; i < count && ok; i++)
        add_company(v, &company[i], !i);
    buf_add_char(&v->body, ']');
    return ok;
}

bool session_show(struct visit *v, str secret)
{
    const struct cabinet_config *config = &v->cabinet->config;
    struct buf *b = &v->body;
    buf_format(b, "{\"data\":{\"id\":\"%lld\",\"type\":\"sessions\",\"attributes\":{",
               (long long)v->who.id);
    buf_add(b, STR("\"csrf_token\":"));
    json_write_string(b, door_csrf_token(v->cabinet, &v->arena, secret));
    buf_format(b, ",\"user\":{\"id\":\"%lld\"", (long long)v->who.user_id);
    json_add_string(b, "email", v->who.email);
    json_add_string(b, "role", str_of(user_role_name(v->who.role)));
    buf_add_char(b, '}');
    if (!add_companies(v))
        return false;
    buf_format(b, ",\"upload_limit_bytes\":%llu", (unsigned long long)config->upload_limit_bytes);
    json_add_string(b, "version", str_of(config->version));
    buf_add(b, STR("}}}\n"));
    return true;
}

static bool show(struct visit *v)
{
    return session_show(v, v->secret);
}

void session_get(struct http_request *r)
{
    const struct cabinet *c = api_extension(r);
    if (door_who(r)) {
        visit(r, NULL, show);
        return;
    }
    error_say(r,
              &(struct error){.status = 401,
                              .code = "no_session",
                              .meta = store_has_users(c->config.store)
                                          ? STR("{\"setup_needed\":false}")
                                          : STR("{\"setup_needed\":true}")},
              "%s",
              store_has_users(c->config.store)
                  ? SAY(r, "Log in first: there is no session, or it is over",
                        "Сначала войдите: сеанса нет, или он закончился")
                  : SAY(r, "There is no user yet: set the server up first",
                        "Пользователей ещё нет: сначала настройте сервер"));
}

static bool end_this(struct visit *v)
{
    v->take_cookie = true;
    return !v->who.id || store_session_end(v->cabinet->config.store, v->who.id, &v->err);
}

void session_delete(struct http_request *r)
{
    visit(r, NULL, end_this);
}

/* --- all of the user's --- */

static bool list(struct visit *v)
{
    struct session *session;
    size_t count;
    store_session_list(v->cabinet->config.store, &v->arena, v->who.user_id, &session, &count);
    buf_add(&v->body, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        const struct session *s = &session[i];
        buf_format(&v->body, "%s{\"id\":\"%lld\",\"type\":\"sessions\",\"attributes\":{",
                   i ? "," : "", (long long)s->id);
        buf_format(&v->body, "\"current\":%s", s->id == v->who.id ? "true" : "false");
        json_add_string(&v->body, "created_at", visit_stamp(v, s->created_at_us));
        json_add_string(&v->body, "last_seen_at", visit_stamp(v, s->seen_at_us));
        json_add_string(&v->body, "address", s->address);
        json_add_string(&v->body, "browser", s->browser);
        buf_add(&v->body, STR("}}"));
    }
    buf_add(&v->body, STR("]}\n"));
    return true;
}

void sessions_list(struct http_request *r)
{
    visit(r, NULL, list);
}

static bool end_all(struct visit *v)
{
    const struct asker by = visit_by(v);
    v->take_cookie = true;
    return store_audit_user(v->cabinet->config.store, &by, "user.logout_everywhere", v->who.user_id,
                            0, "{}", &v->err) &&
           store_session_end_of(v->cabinet->config.store, v->who.user_id, 0, &v->err);
}

void sessions_delete(struct http_request *r)
{
    visit(r, NULL, end_all);
}
