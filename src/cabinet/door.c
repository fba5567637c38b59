/* Who comes in: the session that a cookie names, whether it is its own site that asks, and whether
 * the user's role is enough.  All of it is judged at the head of a request, from memory.
 *
 * A page of another site can make a browser send requests here, with the cookie if the site is a
 * neighbour (SameSite knows registrable domains, no hosts).  So what changes anything needs a
 * header that such a page cannot send, X-CSRF-Token, with a text that it cannot read; and is
 * refused when the browser says that another site asks (Sec-Fetch-Site, Origin), or when it has a
 * form's type.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "base/crypto.h"
#include "domain/consumer.h"
#include "http/cookie.h"

#define COOKIE       "clientele_session"
#define CSRF_HEADER  "X-CSRF-Token"
#define CSRF_PURPOSE "cabinet csrf"

struct pass { /* the request's note */
    bool known;
    struct session who;
    int64_t company_id;
};

const struct session *door_who(const struct http_request *r)
{
    const struct pass *p = api_extension_note(r);
    return p && p->known ? &p->who : NULL;
}

int64_t door_company_id(const struct http_request *r)
{
    const struct pass *p = api_extension_note(r);
    return p ? p->company_id : 0;
}

str door_secret(struct http_request *r)
{
    return cookie_find(http_header(r, "Cookie"), STR(COOKIE));
}

void door_give_cookie(struct http_request *r, str secret)
{
    http_add_header(r, "Set-Cookie",
                    arena_format(http_arena(r),
                                 COOKIE "=%.*s; Path=" CABINET_ROOT
                                        "; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
                                 STR_ARG(secret),
                                 secret.len ? (long long)(STORE_SESSION_MOST_US / 1000000) : 0LL,
                                 http_is_https(r) ? "; Secure" : "")
                        .ptr);
}

str door_csrf_token(const struct cabinet *c, struct arena *a, str secret)
{
    char token[STORE_SIGNATURE_BYTES];
    store_sign(c->config.store, CSRF_PURPOSE, secret, token);
    return arena_str(a, str_of(token));
}

/* --- does the cabinet's own page ask? --- */

static bool forbid(struct http_request *r, const char *code, const char *header, const char *text)
{
    error_say(r,
              &(struct error){
                  .status = 403, .code = code, .source = SOURCE_HEADER, .where = str_of(header)},
              "%s", text);
    return false;
}

/* "host:8080" of "https://host:8080/path". */
static str host_of(str url)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (str_starts(url, str_of(schemes[i]))) {
            str host = str_from(url, strlen(schemes[i]));
            return str_first(host, str_find(host, '/'));
        }
    return (str){0};
}

/* Only the host is compared: a proxy that speaks TLS may not tell. */
static bool is_own_origin(const struct cabinet *c, struct http_request *r, str origin)
{
    str host = host_of(origin);
    return host.len && (str_eq_nocase(host, http_header(r, "Host")) ||
                        str_eq_nocase(host, host_of(str_of(c->config.public_url))));
}

static bool is_own_site(const struct cabinet *c, struct http_request *r)
{
    str site = http_header(r, "Sec-Fetch-Site"), origin = http_header(r, "Origin");
    const char *text = SAY(r, "A page of another site must not change anything here",
                           "Страница другого сайта не может ничего здесь менять");
    if (site.len && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none")))
        return forbid(r, "cross_site", "Sec-Fetch-Site", text);
    if (!str_is_null(origin) && !is_own_origin(c, r, origin))
        return forbid(r, "cross_site", "Origin", text);
    return true;
}

/* What a form of any site can send without asking first. */
static bool is_form(str type)
{
    static const char *const forms[] = {"application/x-www-form-urlencoded", "multipart/form-data",
                                        "text/plain"};
    str name = str_trim(str_split(&type, ';'));
    for (size_t i = 0; i < COUNT(forms); i++)
        if (str_eq_nocase(name, str_of(forms[i])))
            return true;
    return false;
}

static bool shows_token(const struct cabinet *c, struct http_request *r)
{
    str shown = http_header(r, CSRF_HEADER);
    if (!door_who(r)) // who logs in has no token yet; a form cannot send the header
        return shown.len > 0;
    str token = door_csrf_token(c, http_arena(r), door_secret(r));
    return shown.len == token.len && crypto_equal(shown.ptr, token.ptr, token.len);
}

static bool is_asked_by_the_cabinet(const struct cabinet *c, struct http_request *r,
                                    enum right need)
{
    if (!is_own_site(c, r))
        return false;
    if (is_form(http_header(r, "Content-Type"))) {
        error_say(r,
                  &(struct error){.status = 415,
                                  .code = "form_refused",
                                  .source = SOURCE_HEADER,
                                  .where = STR("Content-Type")},
                  "%s",
                  SAY(r,
                      "Forms are not taken here: send JSON, or a file as the body, with its own "
                      "Content-Type",
                      "Формы здесь не принимаются: пришлите JSON, а файл — телом запроса с его "
                      "Content-Type"));
        return false;
    }
    if (need == RIGHT_NOBODY ? http_header(r, CSRF_HEADER).len > 0 : shows_token(c, r))
        return true;
    return forbid(r, "csrf_token", CSRF_HEADER,
                  SAY(r,
                      "The header X-CSRF-Token must be the session's csrf_token: reload the page",
                      "В заголовке X-CSRF-Token должен быть csrf_token сеанса: обновите страницу"));
}

/* --- may he? --- */

static void refuse_nobody(struct http_request *r)
{
    error_say(r, &(struct error){.status = 401, .code = "no_session", .title = "Unauthorized"},
              "%s",
              SAY(r, "Log in first: there is no session, or it is over",
                  "Сначала войдите: сеанса нет, или он закончился"));
}

static bool refuse_company(struct http_request *r)
{
    error_say(r, &(struct error){.status = 404, .code = "no_company"}, "%s",
              SAY(r, "You have no such company", "У вас нет такой компании"));
    return false;
}

/* Another's company and one that is not there look the same. */
static bool find_company(const struct cabinet *c, struct http_request *r, struct pass *p)
{
    struct store_company *company;
    struct err err = {0};
    int64_t id = visit_number(http_segment(r, "company"));
    if (!id || (p->who.role != ROLE_ADMIN && p->who.company_id != id))
        return refuse_company(r);
    p->company_id = id;
    if (p->who.role != ROLE_ADMIN || store_company_open(c->config.store, id, &company, &err))
        return true;
    if (err.code == ERR_NOT_FOUND)
        return refuse_company(r);
    error_store(r, &err);
    return false;
}

static void refuse_role(struct http_request *r, enum right need)
{
    static const enum user_role role_of[] = {[RIGHT_MODERATOR] = ROLE_MODERATOR,
                                             [RIGHT_MANAGER] = ROLE_MANAGER,
                                             [RIGHT_COMPANY_ADMIN] = ROLE_COMPANY_ADMIN,
                                             [RIGHT_ADMIN] = ROLE_ADMIN};
    error_say(r, &(struct error){.status = 403, .code = "role"},
              SAY(r, "Your role is not enough for this: it takes a %s",
                  "Вашей роли для этого мало: нужна %s"),
              user_role_name(role_of[need]));
}

void door_admit(struct http_request *r)
{
    const struct cabinet *c = api_extension(r);
    const char *pattern = http_route_of(r)->pattern;
    enum http_method method = http_method(r);
    enum right need = right_needed(pattern, method);
    if (!str_starts(http_path(r), STR(CABINET_API "/")) || method == HTTP_OPTIONS ||
        need == RIGHT_UNKNOWN) // the web app's files; what the server can; what is not there
        return;
    struct pass *p = ARENA_NEW(http_arena(r), struct pass, 1);
    api_set_extension_note(r, p);
    p->known = store_session_find(c->config.store, http_arena(r), door_secret(r), true, &p->who);
    if (need != RIGHT_NOBODY && !p->known) {
        refuse_nobody(r);
        return;
    }
    if (method != HTTP_GET && method != HTTP_HEAD && !is_asked_by_the_cabinet(c, r, need))
        return;
    if (right_is_of_company(pattern) && !find_company(c, r, p))
        return;
    if (need != RIGHT_NOBODY && !right_has(need, p->who.role))
        refuse_role(r, need);
}

struct store_company *door_company(struct http_request *r, int64_t *ret_origin)
{
    const struct cabinet *c = api_extension(r);
    const struct session *who = door_who(r);
    struct store_company *company;
    struct err err = {0};
    assert(who && door_company_id(r)); // or the door would have refused it
    if (!store_company_open(c->config.store, door_company_id(r), &company, &err)) {
        error_store(r, &err);
        return NULL;
    }
    *ret_origin = origin_of(ORIGIN_USER, who->user_id);
    return company;
}

bool door_holds(struct http_request *r)
{
    const struct cabinet *c = api_extension(r);
    AUTO(arena_done) struct arena a = {0};
    struct session who;
    return store_session_find(c->config.store, &a, door_secret(r), false, &who) &&
           (who.role == ROLE_ADMIN || who.company_id == door_company_id(r)) &&
           right_has(right_needed(http_route_of(r)->pattern, http_method(r)), who.role);
}

/* --- every answer --- */

void door_seal(struct http_request *r, int status)
{
    static const struct {
        const char *name, *value;
    } headers[] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
         "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
         "frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"}, // what says nothing else: documents, errors
    };
    (void)status;
    for (size_t i = 0; i < COUNT(headers); i++)
        if (!http_has_header(r, headers[i].name))
            http_add_header(r, headers[i].name, headers[i].value);
}
