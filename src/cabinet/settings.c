/* A company's settings: shown whole, changed as far as they are named.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

#define DAY_US INT64_C(86400000000)

static int64_t days_of(int64_t us)
{
    return us / DAY_US;
}

/* --- shown --- */

static void add_days(struct buf *b, const char *name, int64_t days)
{
    if (days)
        buf_format(b, ",\"%s\":%lld", name, (long long)days);
    else
        buf_format(b, ",\"%s\":null", name);
}

static void add_meta(struct visit *v)
{
    const struct jobs_keep keep = jobs_keep(v->cabinet->config.jobs, NULL);
    struct buf *b = &v->body;
    buf_format(b,
               ",\"meta\":{\"server\":{\"keep_files_days\":%lld,\"keep_trail_days\":%lld,"
               "\"keep_audit_days\":%lld},\"import_defaults_names\":[",
               (long long)days_of(keep.files_us), (long long)days_of(keep.trail_us),
               (long long)days_of(keep.audit_us));
    for (size_t i = 0; import_defaults_name(i); i++)
        buf_format(b, "%s\"%s\"", i ? "," : "", import_defaults_name(i));
    buf_add(b, STR("]}"));
}

static bool show(struct visit *v)
{
    struct company c;
    struct buf *b = &v->body;
    if (!store_company_by_id(v->cabinet->config.store, &v->arena, v->company_id, &c, &v->err))
        return false;
    bool unsaid = c.import_webhooks == IMPORT_WEBHOOKS_DEFAULT;
    buf_format(b, "{\"data\":{\"type\":\"settings\",\"id\":\"%lld\",\"attributes\":{\"name\":",
               (long long)c.id);
    json_write_string(b, c.name);
    json_add_string(b, "zone", c.zone);
    json_add_string(b, "put_contacts",
                    c.put_contacts == PUT_CONTACTS_UPDATE ? STR("update") : STR("ignore"));
    json_add_string(
        b, "import_webhooks",
        str_of(import_webhooks_name[unsaid ? IMPORT_WEBHOOKS_DIGEST : c.import_webhooks]));
    buf_format(b, ",\"import_defaults\":%.*s", STR_ARG(c.import_defaults));
    add_days(b, "keep_files_days", c.keep_files_days);
    add_days(b, "keep_trail_days", c.keep_trail_days);
    add_days(b, "keep_audit_days", c.keep_audit_days);
    buf_add_char(b, '}');
    add_meta(v);
    buf_add(b, STR("}}\n"));
    return true;
}

void settings_get(struct http_request *r)
{
    visit(r, NULL, show);
}

/* --- changed --- */

static bool refuse(struct visit *v, const char *name, const char *english, const char *russian)
{
    return visit_say(v, 422, "invalid", arena_format(&v->arena, "/data/attributes/%s", name).ptr,
                     english, russian);
}

static bool read_name(struct visit *v, const char *name, const struct json *value,
                      struct company *c)
{
    (void)value;
    return visit_text(v, name, true, &c->name) &&
           visit_check_company(v, "/data/attributes/name", c->name, STR("UTC"));
}

static bool read_zone(struct visit *v, const char *name, const struct json *value,
                      struct company *c)
{
    struct store_company *company;
    str before = c->zone;
    bool moves = false;
    (void)value;
    if (!visit_text(v, name, true, &c->zone) ||
        !visit_check_company(v, "/data/attributes/zone", STR("-"), c->zone))
        return false;
    if (str_eq(before, c->zone))
        return true;
    if (!visit_company(v, &company) || !jobs_any_moves(company, &moves, &v->err))
        return false;
    return !moves ||
           visit_say(v, 409, "imports_under_way", "/data/attributes/zone",
                     "Imports are under way, and their dates are read in the old zone: wait for "
                     "them, or cancel them, and try again",
                     "Сейчас идут импорты, и даты в них читаются в прежнем поясе: дождитесь их или "
                     "остановите и повторите");
}

static bool read_put_contacts(struct visit *v, const char *name, const struct json *value,
                              struct company *c)
{
    bool update = value->kind == JSON_STRING && str_eq(value->text, STR("update"));
    c->put_contacts = update ? PUT_CONTACTS_UPDATE : PUT_CONTACTS_IGNORE;
    return update || (value->kind == JSON_STRING && str_eq(value->text, STR("ignore"))) ||
           refuse(v, name, "put_contacts is update or ignore", "put_contacts: update или ignore");
}

static bool read_import_webhooks(struct visit *v, const char *name, const struct json *value,
                                 struct company *c)
{
    for (int i = IMPORT_WEBHOOKS_NONE; i < IMPORT_WEBHOOKS_COUNT; i++)
        if (value->kind == JSON_STRING && str_eq(value->text, str_of(import_webhooks_name[i]))) {
            c->import_webhooks = (enum import_webhooks)i;
            return true;
        }
    return refuse(v, name, "import_webhooks is none, record or digest",
                  "import_webhooks: none, record или digest");
}

static bool read_import_defaults(struct visit *v, const char *name, const struct json *value,
                                 struct company *c)
{
    struct err err = {0};
    if (value->kind != JSON_OBJECT)
        return refuse(v, name, "import_defaults is an object of settings",
                      "import_defaults — объект с настройками импорта");
    if (import_defaults_read(&v->arena, value, &c->import_defaults, &err))
        return true;
    refuse(v, name, "", "");
    v->detail = wording_setting(&v->arena, v->language, str_of(err.msg));
    return false;
}

static bool read_days(struct visit *v, const char *name, const struct json *value, int64_t most,
                      int64_t *days)
{
    uint64_t number;
    *days = 0;
    if (value->kind == JSON_NULL)
        return true;
    if (value->kind == JSON_NUMBER && str_to_u64(value->text, &number) && number >= 1 &&
        number <= (uint64_t)most) {
        *days = (int64_t)number;
        return true;
    }
    refuse(v, name, "", "");
    v->detail =
        arena_format(&v->arena,
                     v->language == LANGUAGE_RU
                         ? "%s: число дней от 1 до %lld, дольше сервер не хранит; null — "
                           "столько, сколько сервер"
                         : "%s is a number of days from 1 to %lld, the server keeps them no "
                           "longer; null: as long as the server",
                     name, (long long)most);
    return false;
}

static bool read_files(struct visit *v, const char *name, const struct json *value,
                       struct company *c)
{
    return read_days(v, name, value, days_of(jobs_keep(v->cabinet->config.jobs, NULL).files_us),
                     &c->keep_files_days);
}

static bool read_trail(struct visit *v, const char *name, const struct json *value,
                       struct company *c)
{
    return read_days(v, name, value, days_of(jobs_keep(v->cabinet->config.jobs, NULL).trail_us),
                     &c->keep_trail_days);
}

static bool read_audit(struct visit *v, const char *name, const struct json *value,
                       struct company *c)
{
    return read_days(v, name, value, days_of(jobs_keep(v->cabinet->config.jobs, NULL).audit_us),
                     &c->keep_audit_days);
}

static const struct {
    const char *name;
    enum company_field field;
    bool (*read)(struct visit *v, const char *name, const struct json *value, struct company *c);
} settings[] = {{"name", COMPANY_NAME, read_name},
                {"zone", COMPANY_ZONE, read_zone},
                {"put_contacts", COMPANY_PUT_CONTACTS, read_put_contacts},
                {"import_webhooks", COMPANY_IMPORT_WEBHOOKS, read_import_webhooks},
                {"import_defaults", COMPANY_IMPORT_DEFAULTS, read_import_defaults},
                {"keep_files_days", COMPANY_KEEP_FILES, read_files},
                {"keep_trail_days", COMPANY_KEEP_TRAIL, read_trail},
                {"keep_audit_days", COMPANY_KEEP_AUDIT, read_audit}};

static bool read_one(struct visit *v, const struct json_member *m, struct company *c,
                     unsigned *fields)
{
    size_t i = 0;
    while (i < COUNT(settings) && !str_eq(m->key, str_of(settings[i].name)))
        i++;
    if (i == COUNT(settings))
        return refuse(v, arena_str(&v->arena, str_shown(m->key, 60)).ptr,
                      "There is no such setting", "Такой настройки нет");
    *fields |= settings[i].field;
    return settings[i].read(v, settings[i].name, &m->value, c);
}

static bool change(struct visit *v)
{
    struct store *store = v->cabinet->config.store;
    const struct asker by = visit_by(v);
    struct company c;
    unsigned fields = 0;
    if (!store_company_by_id(store, &v->arena, v->company_id, &c, &v->err))
        return false;
    for (size_t i = 0; v->attributes && i < v->attributes->count; i++)
        if (!read_one(v, &v->attributes->member[i], &c, &fields))
            return false;
    if (fields && !store_company_change(store, &by, v->company_id, fields, &c, &v->err))
        return v->err.code == ERR_CONFLICT && visit_say_taken(v, "/data/attributes/name");
    return show(v);
}

void settings_set(struct http_request *r)
{
    visit(r, "settings", change);
}
