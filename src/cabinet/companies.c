/* The companies of the server, for its admins.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

static void add_company(struct visit *v, const struct company *c)
{
    struct buf *b = &v->body;
    buf_format(
        b, "{\"id\":\"%lld\",\"type\":\"companies\",\"attributes\":{\"name\":", (long long)c->id);
    json_write_string(b, c->name);
    json_add_string(b, "zone", c->zone);
    json_add_string(b, "created_at", visit_stamp(v, c->created_at_us));
    buf_add(b, STR("}}"));
}

static bool list(struct visit *v)
{
    struct company *company;
    size_t count;
    if (!store_company_list(v->cabinet->config.store, &v->arena, &company, &count, &v->err))
        return false;
    buf_add(&v->body, STR("{\"data\":["));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&v->body, ',');
        add_company(v, &company[i]);
    }
    buf_add(&v->body, STR("]}\n"));
    return true;
}

void companies_list(struct http_request *r)
{
    visit(r, NULL, list);
}

bool visit_check_company(struct visit *v, const char *name_pointer, str name, str zone_name)
{
    AUTO(zone_free) struct zone *zone = NULL;
    struct err err = {0};
    if (!company_name_check(name, &err))
        return visit_say(v, 422, "invalid", name_pointer,
                         "A company's name has 1 to 255 bytes, no control characters and no blanks "
                         "at its ends",
                         "Название компании: от 1 до 255 байт, без управляющих символов и без "
                         "пробелов по краям");
    return zone_open(arena_str(&v->arena, zone_name).ptr, &zone, &err) ||
           visit_say(v, 422, "invalid", "/data/attributes/zone",
                     "There is no such time zone: use one as Europe/Moscow",
                     "Такого часового пояса нет: нужен, например, Europe/Moscow");
}

static bool create(struct visit *v)
{
    struct store *store = v->cabinet->config.store;
    const struct asker by = visit_by(v);
    struct company company;
    str name, zone;
    int64_t id;
    if (!visit_text(v, "name", true, &name) || !visit_text(v, "zone", true, &zone) ||
        !visit_check_company(v, "/data/attributes/name", name, zone))
        return false;
    if (!store_company_create(store, &by, name, zone, &id, &v->err))
        return v->err.code == ERR_CONFLICT && visit_say_taken(v, "/data/attributes/name");
    if (!store_company_by_id(store, &v->arena, id, &company, &v->err))
        return false;
    v->status = 201;
    buf_add(&v->body, STR("{\"data\":"));
    add_company(v, &company);
    buf_add(&v->body, STR("}\n"));
    return true;
}

bool visit_say_taken(struct visit *v, const char *pointer)
{
    return visit_say(v, 422, "taken", pointer, "There is a company of that name already",
                     "Компания с таким названием уже есть");
}

void companies_create(struct http_request *r)
{
    visit(r, "companies", create);
}
