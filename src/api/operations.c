/* JSON:API's Atomic Operations (jsonapi.org/ext/atomic): several changes, all or none.
 *
 *   add     makes a customer, as POST does; its lid names him for the operations after it
 *   update  changes one who is there, as PATCH does; with "meta": {"upsert": true}, as PUT does
 *   remove  deletes one
 *
 * All operations of a request are one batch of the store, taken back as a whole when one fails.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/errors.h"
#include "api/write.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "http/form.h"

#define PATH "/v4/consumers"

/* What is wrong with operations before any of them acts. */
struct reading {
    struct http_request *r;
    struct write *w;
    struct error_array errors;
    str *lid; /* of the customer that each operation makes; {0}: none */
    size_t at;
};

static void refuse(struct reading *g, const char *code, const char *where, const char *message)
{
    const struct error e = {
        .status = 400,
        .code = code,
        .source = SOURCE_POINTER,
        .where = arena_format(http_arena(g->r), "/atomic:operations/%zu%s", g->at, where)};
    error_array_add(g->r, &g->errors, &e, str_of(message));
}

static str text_of(const struct json *object, const char *name)
{
    const struct json *v = json_get(object, name);
    return v && v->kind == JSON_STRING ? v->text : (str){0};
}

static bool is_consumers(struct reading *g, const struct json *object, const char *where)
{
    const struct json *type = json_get(object, "type");
    if (!type || (type->kind == JSON_STRING && str_eq(type->text, STR("consumers"))))
        return true;
    refuse(g, "wrong_resource_type", where,
           SAY(g->r, "type must be 'consumers'", "type должен быть 'consumers'"));
    return false;
}

/* The customer whom an earlier operation makes under this lid. */
static bool find_lid(struct reading *g, str lid, const char *where)
{
    struct store_change *c = &g->w->change[g->at];
    for (size_t i = 0; i < g->at; i++)
        if (g->lid[i].ptr && str_eq(g->lid[i], lid)) {
            c->key = STORE_KEY_EARLIER;
            c->earlier = i;
            c->key_text = lid;
            return true;
        }
    refuse(g, "unknown_lid", where,
           SAY(g->r, "no operation before this one adds a resource with this lid",
               "ни одна операция до этой не добавляет ресурс с таким lid"));
    return false;
}

static bool find_id(struct reading *g, str id, const char *where)
{
    struct store_change *c = &g->w->change[g->at];
    struct problems problems = {0};
    c->key = STORE_KEY_PATH;
    if (c->op == STORE_DELETE) {
        c->key_text = id;
        return true;
    }
    if (consumer_external_id_check(http_arena(g->r), id, &problems, &c->key_text))
        return true;
    refuse(g, problem_code_name(problems.first->code), where,
           wording_problem(http_arena(g->r), request_language(g->r), problems.first).ptr);
    return false;
}

/* "/v4/consumers/ID" (or as the request itself came) behind a host or not; {0}: it is something
 * else.  The collection: "". */
static str id_of_href(struct reading *g, str href)
{
    str id;
    if (str_starts(href, STR("http://")) || str_starts(href, STR("https://"))) {
        href = str_from(href, 8);
        href = str_from(href, str_find(href, '/'));
    }
    str mine = arena_format(http_arena(g->r), "%.*s/consumers", STR_ARG(path_prefix(g->r)));
    if (!str_starts(href, mine) && !str_starts(href, STR(PATH)))
        return (str){0};
    href = str_from(href, str_starts(href, mine) ? mine.len : sizeof PATH - 1);
    if (!href.len)
        return STR("");
    bool one = href.ptr[0] == '/' && href.len > 1 &&
               str_find(str_from(href, 1), '/') == href.len - 1 && str_find(href, '?') == href.len;
    return one && form_decode(http_arena(g->r), str_from(href, 1), false, &id) ? id : (str){0};
}

/* Whom an update or a remove is about: ref, href, or what is known of the resource itself. */
static bool find_target(struct reading *g, const struct json *op)
{
    const struct json *ref = json_get(op, "ref"), *href = json_get(op, "href"),
                      *data = json_get(op, "data"), *named = ref ? ref : data;
    if (ref && href) {
        refuse(g, "malformed_operation", "",
               SAY(g->r, "ref and href exclude each other", "ref и href исключают друг друга"));
        return false;
    }
    if (href) {
        str id = href->kind == JSON_STRING ? id_of_href(g, href->text) : (str){0};
        if (id.len)
            return find_id(g, id, "/href");
        refuse(g, "malformed_operation", "/href",
               SAY(g->r, "href must be " PATH "/ID", "href должен быть " PATH "/ID"));
        return false;
    }
    if (json_get(ref, "relationship")) {
        refuse(g, "malformed_operation", "/ref/relationship",
               SAY(g->r, "customers have no relationships that can be changed",
                   "у клиентов нет связей, которые можно менять"));
        return false;
    }
    const char *where = ref ? "/ref" : "/data";
    str id = text_of(named, "id"), lid = text_of(named, "lid");
    if (!is_consumers(g, named, ref ? "/ref/type" : "/data/type"))
        return false;
    if (id.len)
        return find_id(g, id, ref ? "/ref/id" : "/data/id");
    if (lid.ptr)
        return find_lid(g, lid, ref ? "/ref/lid" : "/data/lid");
    refuse(g, "malformed_operation", ref || data ? where : "",
           SAY(g->r, "say whom: ref with type and id (or lid), or href",
               "скажите, кого: ref с type и id (или lid) либо href"));
    return false;
}

static bool is_collection(struct reading *g, const struct json *href)
{
    str id = href->kind == JSON_STRING ? id_of_href(g, href->text) : (str){0};
    return !str_is_null(id) && !id.len;
}

static bool read_add(struct reading *g, const struct json *op)
{
    const struct json *href = json_get(op, "href"), *data = json_get(op, "data");
    str lid = text_of(data, "lid");
    if (json_get(op, "ref") || (href && !is_collection(g, href))) {
        refuse(g, "malformed_operation", href ? "/href" : "/ref",
               SAY(g->r, "add makes a customer: it goes to " PATH " and has no ref",
                   "add создаёт клиента: адрес " PATH ", ref не нужен"));
        return false;
    }
    for (size_t i = 0; i < g->at && lid.ptr; i++)
        if (g->lid[i].ptr && str_eq(g->lid[i], lid)) {
            refuse(g, "lid_repeated", "/data/lid",
                   SAY(g->r, "another operation adds a resource with this lid",
                       "ресурс с таким lid уже добавляет другая операция"));
            return false;
        }
    g->lid[g->at] = lid;
    return is_consumers(g, data, "/data/type");
}

static void read_operation(struct reading *g, const struct json *op)
{
    static const struct {
        const char *name;
        enum store_op op;
    } ops[] = {{"add", STORE_CREATE}, {"update", STORE_UPDATE}, {"remove", STORE_DELETE}};
    const struct json *data = json_get(op, "data"),
                      *upsert = json_get(json_get(op, "meta"), "upsert");
    const struct consumer_rules rules = {.now_us = clock_now_us()};
    struct store_change *c = &g->w->change[g->at];
    str name = text_of(op, "op");
    size_t i = 0;
    while (i < COUNT(ops) && !str_eq(name, str_of(ops[i].name)))
        i++;
    if (i == COUNT(ops)) {
        refuse(
            g, "malformed_operation", op->kind == JSON_OBJECT ? "/op" : "",
            SAY(g->r, "op must be add, update or remove", "op должен быть add, update или remove"));
        return;
    }
    c->op = ops[i].op;
    c->lenient = write_is_lenient(g->r);
    if (c->op != STORE_DELETE && !(data && data->kind == JSON_OBJECT)) {
        refuse(g, "missing_data", data ? "/data" : "",
               SAY(g->r, "the operation needs data, a resource object",
                   "операции нужен объект data с ресурсом"));
        return;
    }
    if (c->op == STORE_CREATE ? !read_add(g, op) : !find_target(g, op))
        return;
    if (c->op == STORE_DELETE)
        return;
    if (!is_consumers(g, data, "/data/type"))
        return;
    if (c->op == STORE_UPDATE && c->key == STORE_KEY_PATH && upsert && upsert->kind == JSON_TRUE)
        c->op = STORE_UPSERT;
    c->merge.keep_contacts = c->op != STORE_CREATE &&
                             store_company_info(g->w->company)->put_contacts == PUT_CONTACTS_IGNORE;
    consumer_patch_from_json(http_arena(g->r), json_get(data, "attributes"), &rules, &c->patch);
}

/* --- answers --- */

static void make_results(struct write *w, struct write_answer *ret)
{
    ret->status = 200;
    buf_add(&ret->body, STR("{\"atomic:results\":["));
    for (size_t i = 0; i < w->batch.count; i++) {
        struct store_change *c = &w->change[i];
        buf_add(&ret->body, i ? STR(",{") : STR("{"));
        if (c->outcome != OUTCOME_DELETED) {
            write_note_created(w, c);
            buf_add(&ret->body, STR("\"data\":"));
            document_resource(&w->view, &ret->body, c->after);
            buf_format(&ret->body, ",\"meta\":{\"created\":%s",
                       c->outcome == OUTCOME_CREATED ? "true" : "false");
            if (c->warnings.count) {
                buf_add_char(&ret->body, ',');
                document_warnings(&w->view, &w->arena, &ret->body, &c->warnings);
            }
            buf_add_char(&ret->body, '}');
        }
        buf_add_char(&ret->body, '}');
    }
    buf_add(&ret->body, STR("]}\n"));
}

static void answer_failed(struct http_request *r, struct write *w)
{
    struct error_array a = {0};
    for (size_t i = 0; i < w->batch.count; i++) {
        struct store_change *c = &w->change[i];
        // Whom an operation that failed did not make, is said there.
        if (c->key == STORE_KEY_EARLIER && w->change[c->earlier].outcome == OUTCOME_FAILED)
            continue;
        error_array_problems(r, &a, arena_format(http_arena(r), "/atomic:operations/%zu", i).ptr,
                             &c->problems);
    }
    error_array_send(r, &a);
    buf_done(&a.b);
}

/* --- the request --- */

static const struct json *read_list(struct http_request *r, struct json *document)
{
    const struct json *list = json_get(document, "atomic:operations");
    if (!list || list->kind != JSON_ARRAY || !list->count) {
        error_say(r,
                  &(struct error){.status = 400,
                                  .code = "missing_operations",
                                  .source = SOURCE_POINTER,
                                  .where = list ? STR("/atomic:operations") : STR("")},
                  "%s",
                  SAY(r, "The document needs atomic:operations, an array that is not empty",
                      "В документе нужен непустой массив atomic:operations"));
        return NULL;
    }
    if (list->count <= LIMIT_OPERATIONS)
        return list;
    error_say(
        r,
        &(struct error){.status = 413,
                        .code = "too_many_operations",
                        .source = SOURCE_POINTER,
                        .where = STR("/atomic:operations")},
        SAY(r,
            "A request has at most %d operations: send several, or a file of JSON lines to "
            "/v4/import_tasks",
            "В запросе может быть не больше %d операций: пришлите несколько запросов или файл "
            "JSON Lines на /v4/import_tasks"),
        LIMIT_OPERATIONS);
    return NULL;
}

void operations_create(struct http_request *r)
{
    int64_t origin;
    AUTO(buf_done) struct buf content = {0};
    struct store_company *company = auth_company_as(r, SCOPE_CONSUMERS_WRITE, &origin);
    struct json *document = ARENA_NEW(http_arena(r), struct json, 1);
    const struct json *list = company && body_document(r, document) ? read_list(r, document) : NULL;
    if (!list)
        return;
    struct reading g = {.r = r,
                        .w = write_new(r, company, origin, list->count),
                        .lid = ARENA_NEW(http_arena(r), str, list->count)};
    g.w->batch.whole = true;
    g.w->make = make_results;
    g.w->fail = answer_failed;
    for (; g.at < list->count; g.at++)
        read_operation(&g, &list->member[g.at].value);
    if (g.errors.count)
        error_array_send(r, &g.errors);
    buf_done(&g.errors.b);
    if (g.errors.count)
        return;
    json_write(&content, list);
    if (write_take_key(r, g.w, buf_str(&content)))
        write_submit(r, g.w);
}
