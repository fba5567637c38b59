/* SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/consumer.h"

#include <stdatomic.h>

enum { BROWSER_BYTES = 255 };

static void run(struct errand *e)
{
    struct visit *v = (struct visit *)e;
    if (!v->act(v) && !v->error.status && v->err.code == ERR_NONE)
        err_set(&v->err, ERR_INTERNAL, "nothing was said about a failure");
}

static void run_slowly(struct errand *e)
{
    run(e);
    atomic_fetch_sub(&((struct visit *)e)->cabinet->hashing, 1);
}

static void answer(struct http_request *r, struct errand *e)
{
    struct visit *v = (struct visit *)e;
    if (v->take_cookie)
        door_give_cookie(r, STR(""));
    if (v->error.status) {
        error_say(r, &v->error, "%.*s", STR_ARG(v->detail));
        return;
    }
    if (v->err.code != ERR_NONE) {
        error_store(r, &v->err);
        return;
    }
    if (v->give_cookie.len)
        door_give_cookie(r, v->give_cookie);
    if (v->location.len)
        http_add_header(r, "Location", v->location.ptr);
    if (v->content_type) {
        http_add_header(
            r, "Content-Disposition",
            arena_format(http_arena(r), "attachment; filename=\"%.*s\"", STR_ARG(v->file_name))
                .ptr);
        http_answer(r, 200, v->content_type, buf_str(&v->body));
        return;
    }
    if (v->body.len)
        http_answer(r, v->status ? v->status : 200, JSON_API, buf_str(&v->body));
    else
        http_answer(r, v->status ? v->status : 204, NULL, STR(""));
}

static void free_visit(struct errand *e)
{
    struct visit *v = (struct visit *)e;
    buf_done(&v->body);
    arena_done(&v->arena);
    mem_free(v);
}

static str kept(struct visit *v, str text)
{
    return arena_str(&v->arena, text);
}

struct visit *visit_new(struct http_request *r, const char *resource, bool (*act)(struct visit *v))
{
    struct visit *v = mem_new(1, sizeof *v);
    const struct session *who = door_who(r);
    v->errand = (struct errand){.run = run, .answer = answer, .free = free_visit};
    http_set_context(r, v);
    v->cabinet = api_extension(r);
    v->act = act;
    v->language = request_language(r);
    if (who) {
        v->who = *who;
        v->who.email = kept(v, who->email);
        v->who.address = kept(v, who->address);
        v->who.browser = kept(v, who->browser);
        v->secret = kept(v, door_secret(r));
    }
    v->company_id = door_company_id(r);
    v->base = kept(v, answer_base(r));
    v->id = kept(v, http_segment(r, "id"));
    v->address = kept(v, str_of(http_peer(r)));
    v->browser = kept(v, str_shown(http_header(r, "User-Agent"), BROWSER_BYTES));
    if (str_is_null(v->browser))
        v->browser = STR("");
    if (resource && !body_attributes_in(r, &v->arena, resource, &v->attributes))
        return NULL;
    return v;
}

void visit_send(struct http_request *r, struct visit *v)
{
    errand_send(v->cabinet->work, r, &v->errand);
}

void visit(struct http_request *r, const char *resource, bool (*act)(struct visit *v))
{
    struct visit *v = visit_new(r, resource, act);
    if (v)
        visit_send(r, v);
}

void visit_send_slowly(struct http_request *r, struct visit *v)
{
    if (atomic_fetch_add(&v->cabinet->hashing, 1) >= LIMIT_PASSWORDS_WAITING) {
        atomic_fetch_sub(&v->cabinet->hashing, 1);
        tries_right(v->cabinet, &v->tried);
        http_add_header(r, "Retry-After", "5");
        error_say(r, &(struct error){.status = 503, .code = "busy"}, "%s",
                  SAY(r, "Too many people log in at this moment: try again in a few seconds",
                      "Слишком многие входят прямо сейчас: повторите через несколько секунд"));
        return;
    }
    v->errand.run = run_slowly;
    errand_send(v->cabinet->passwords, r, &v->errand);
}

void visit_slowly(struct http_request *r, const char *resource, bool (*act)(struct visit *v))
{
    struct visit *v = visit_new(r, resource, act);
    if (v)
        visit_send_slowly(r, v);
}

struct asker visit_by(const struct visit *v)
{
    return (struct asker){.origin = v->who.user_id ? origin_of(ORIGIN_USER, v->who.user_id) : 0,
                          .address = v->address};
}

int64_t visit_number(str text)
{
    uint64_t n = 0;
    bool ok = str_to_u64(text, &n) && n > 0 && n <= INT64_MAX && text.ptr[0] != '0';
    return ok ? (int64_t)n : 0;
}

bool visit_say(struct visit *v, int status, const char *code, const char *pointer,
               const char *english, const char *russian)
{
    v->error = (struct error){.status = status,
                              .code = code,
                              .source = pointer ? SOURCE_POINTER : SOURCE_NONE,
                              .where = str_of(pointer)};
    v->detail = str_of(v->language == LANGUAGE_RU ? russian : english);
    return false;
}

str visit_stamp(struct visit *v, int64_t at_us)
{
    char text[ZONE_STAMP_BYTES];
    return at_us ? arena_str(&v->arena, (str){text, zone_stamp(v->cabinet->utc, at_us, text)})
                 : (str){0};
}

bool visit_text(struct visit *v, const char *name, bool needed, str *ret_text)
{
    const struct json *value = json_get(v->attributes, name);
    bool none =
        !value || value->kind == JSON_NULL || (value->kind == JSON_STRING && !value->text.len);
    *ret_text = none || value->kind != JSON_STRING ? (str){0} : value->text;
    if (none ? !needed : value->kind == JSON_STRING)
        return true;
    visit_say(v, 422, none ? "blank" : "not_a_string",
              arena_format(&v->arena, "/data/attributes/%s", name).ptr, "", "");
    v->detail = arena_format(&v->arena,
                             v->language == LANGUAGE_RU
                                 ? (none ? "Нужно поле %s" : "Поле %s должно быть строкой")
                                 : (none ? "%s is needed" : "%s must be a string"),
                             name);
    return false;
}
