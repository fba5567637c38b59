/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "http/form.h"
#include "http/multipart.h"

enum { MAX_FIELDS = 1024 };

/* --- bracketed names: data[attributes][custom_attributes][ltv] --- */

static struct json *child(struct arena *a, struct json *node, str key)
{
    for (size_t i = 0; i < node->count; i++)
        if (str_eq(node->member[i].key, key))
            return &node->member[i].value;
    // Members grow by doubling, in the arena.
    if ((node->count & (node->count - 1)) == 0) {
        struct json_member *more =
            ARENA_NEW(a, struct json_member, node->count ? node->count * 2 : 1);
        if (node->count)
            memcpy(more, node->member, node->count * sizeof *more);
        node->member = more;
    }
    struct json_member *m = &node->member[node->count++];
    *m = (struct json_member){key, {.kind = JSON_OBJECT}};
    return &m->value;
}

static bool put(struct arena *a, struct json *tree, str name, str value)
{
    struct json *node = tree;
    size_t depth = 0, bracket = str_find(name, '[');
    str key = str_first(name, bracket);
    str rest = str_from(name, bracket);
    for (;;) {
        if (node->kind != JSON_OBJECT || ++depth > LIMIT_JSON_DEPTH)
            return false;
        node = child(a, node, key);
        if (!rest.len)
            break;
        size_t end = str_find(rest, ']');
        if (rest.ptr[0] != '[' || end == rest.len)
            return false;
        key = str_first(str_from(rest, 1), end - 1);
        rest = str_from(rest, end + 1);
    }
    if (node->kind == JSON_OBJECT && node->count)
        return false;
    *node = (struct json){.kind = JSON_STRING, .text = value};
    return true;
}

bool body_tree(struct arena *a, const struct form_field *field, size_t count, struct json *ret_tree)
{
    *ret_tree = (struct json){.kind = JSON_OBJECT};
    for (size_t i = 0; i < count; i++)
        if (!put(a, ret_tree, field[i].name, field[i].value))
            return false;
    return true;
}

/* --- multipart --- */

struct gather {
    struct arena *arena;
    struct form_field *field;
    size_t count;
    struct buf value;
};

static bool part_begin(void *context, const struct multipart_part *part)
{
    struct gather *g = context;
    if (g->count == MAX_FIELDS)
        return false;
    g->field[g->count].name = arena_str(g->arena, part->name.ptr ? part->name : STR(""));
    buf_reset(&g->value);
    return true;
}

static bool part_data(void *context, str piece)
{
    struct gather *g = context;
    buf_add(&g->value, piece);
    return true;
}

static bool part_end(void *context)
{
    struct gather *g = context;
    g->field[g->count++].value = arena_str(g->arena, buf_str(&g->value));
    return true;
}

static const struct error malformed_form = {.status = 400, .code = "malformed_form"};

static bool multipart_tree(struct http_request *r, struct arena *a, str boundary, str body,
                           struct json *ret_tree)
{
    static const struct multipart_events events = {part_begin, part_data, part_end};
    struct gather g = {.arena = a, .field = ARENA_NEW(a, struct form_field, MAX_FIELDS)};
    AUTO(multipart_free) struct multipart *m = multipart_new(boundary, &events, &g);
    struct err err = {0};
    bool ok = multipart_feed(m, body, &err) && multipart_complete(m);
    buf_done(&g.value);
    for (size_t i = 0; i < g.count && ok; i++)
        ok = utf8_valid(g.field[i].name) && utf8_valid(g.field[i].value);
    if (ok && body_tree(a, g.field, g.count, ret_tree))
        return true;
    error_say(
        r, &malformed_form,
        SAY(r, "The multipart body is malformed%s%s", "Тело multipart составлено неверно%s%s"),
        err.msg[0] ? ": " : "", err.msg);
    return false;
}

static bool form_tree(struct http_request *r, struct arena *a, str body, struct json *ret_tree)
{
    struct form_field *field;
    size_t count;
    struct err err = {0};
    if (form_parse(a, body, MAX_FIELDS, &field, &count, &err) &&
        body_tree(a, field, count, ret_tree))
        return true;
    error_say(r, &malformed_form,
              SAY(r, "The form is malformed%s%s", "Форма составлена неверно%s%s"),
              err.msg[0] ? ": " : "", err.msg);
    return false;
}

static bool json_tree(struct http_request *r, struct arena *a, str body, struct json *ret_tree)
{
    struct json_place place = {0};
    struct err err = {0};
    if (json_parse(body, a, ret_tree, &place, &err))
        return true;
    if (err.code == ERR_LIMIT)
        error_say(r, &(struct error){.status = 400, .code = "json_too_deep"},
                  SAY(r, "Request body is nested deeper than %d levels",
                      "Тело запроса вложено глубже %d уровней"),
                  LIMIT_JSON_DEPTH);
    else
        error_say(r, &(struct error){.status = 400, .code = "malformed_json"},
                  SAY(r, "Request body is not valid JSON: line %zu, column %zu",
                      "Тело запроса — неверный JSON: строка %zu, позиция %zu"),
                  place.line, place.column);
    return false;
}

/* The vendor's PHP sample keeps its media type and adds a boundary; its Ruby sample sends a form:
 * the body's look decides. */
static bool document_in(struct http_request *r, struct arena *a, const char *resource,
                        struct json *ret_tree)
{
    str body = http_body(r), type = http_header(r, "Content-Type");
    str boundary = multipart_boundary(http_arena(r), type);
    if (boundary.len && str_starts(body, STR("--")))
        return multipart_tree(r, a, boundary, body, ret_tree);
    if (str_starts(body, STR("data[")) || str_starts(body, STR("data%5B")) ||
        str_starts(body, STR("data%5b")))
        return form_tree(r, a, body, ret_tree);
    if (!str_trim(body).len) {
        error_say(
            r, &(struct error){.status = 400, .code = "empty_body"},
            SAY(r, "Request body is empty: send %s", "Тело запроса пусто: пришлите %s"),
            arena_format(a, "{\"data\":{\"type\":\"%s\",\"attributes\":{...}}}", resource).ptr);
        return false;
    }
    return json_tree(r, a, body, ret_tree);
}

bool body_document(struct http_request *r, struct json *ret_tree)
{
    return document_in(r, http_arena(r), "consumers", ret_tree);
}

bool body_attributes_in(struct http_request *r, struct arena *a, const char *resource,
                        const struct json **ret_attributes)
{
    struct json *tree = ARENA_NEW(a, struct json, 1);
    if (!document_in(r, a, resource, tree))
        return false;
    const struct json *data = json_get(tree, "data"), *type = json_get(data, "type");
    if (!data || data->kind != JSON_OBJECT) {
        error_say(r,
                  &(struct error){.status = 400,
                                  .code = "missing_data",
                                  .source = SOURCE_POINTER,
                                  .where = data ? STR("/data") : STR("")},
                  SAY(r, "The document needs a member 'data' that is an object",
                      "В документе нужен член data, и это объект"));
        return false;
    }
    if (type && !(type->kind == JSON_STRING && str_eq(type->text, str_of(resource)))) {
        error_say(r,
                  &(struct error){.status = 409,
                                  .code = "wrong_resource_type",
                                  .source = SOURCE_POINTER,
                                  .where = STR("/data/type")},
                  SAY(r, "data.type must be '%s'", "data.type должен быть '%s'"), resource);
        return false;
    }
    *ret_attributes = json_get(data, "attributes");
    return true;
}

bool body_attributes_of(struct http_request *r, const char *resource,
                        const struct json **ret_attributes)
{
    return body_attributes_in(r, http_arena(r), resource, ret_attributes);
}

bool body_attributes(struct http_request *r, const struct json **ret_attributes)
{
    return body_attributes_of(r, "consumers", ret_attributes);
}
