/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter/columns.h"

#include "base/limits.h"

#define CUSTOM "custom_attributes"

static bool add(struct export_fields *f, struct arena *a, enum consumer_field field, str key,
                struct err *err)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->field[i].field == field && str_eq(f->field[i].key, key) &&
            str_is_null(f->field[i].key) == str_is_null(key))
            return true;
    if (f->count == LIMIT_COLUMNS)
        return err_set(err, ERR_INVALID, "at most %d fields", LIMIT_COLUMNS);
    // Grows by doubling, in the arena.
    if ((f->count & (f->count - 1)) == 0) {
        struct export_field *more = ARENA_NEW(a, struct export_field, f->count ? f->count * 2 : 1);
        if (f->count)
            memcpy(more, f->field, f->count * sizeof *more);
        f->field = more;
    }
    f->field[f->count++] = (struct export_field){field, key};
    return true;
}

bool export_fields_add(struct export_fields *f, struct arena *a, str name, struct err *err)
{
    enum consumer_field field = consumer_field_of(name);
    if (str_eq(name, STR("id")))
        return add(f, a, FIELD_COUNT, (str){0}, err);
    if (field != FIELD_COUNT)
        return add(f, a, field, (str){0}, err);
    if (str_starts(name, STR(CUSTOM ".")))
        return add(f, a, FIELD_CUSTOM_ATTRIBUTES, arena_str(a, str_from(name, strlen(CUSTOM "."))),
                   err);
    return err_set(err, ERR_INVALID,
                   "unknown field '%.*s', allowed: avatar_url, complained, created_at, " CUSTOM
                   ", " CUSTOM ".KEY, email, external_id, first_name, id, legacy_id, name, "
                   "permanent_failed, phone, unsubscribed, updated_at",
                   STR_ARG(str_shown(name, 30)));
}

bool export_fields_parse(struct export_fields *f, struct arena *a, str list, struct err *err)
{
    AUTO(buf_done) struct buf name = {0};
    for (size_t i = 0; i <= list.len; i++) {
        if (i == list.len || list.ptr[i] == ',') {
            if (!export_fields_add(f, a, str_trim(buf_str(&name)), err))
                return false;
            buf_reset(&name);
        } else if (list.ptr[i] == '\\' && i + 1 < list.len &&
                   (list.ptr[i + 1] == ',' || list.ptr[i + 1] == '\\')) {
            buf_add_char(&name, list.ptr[++i]);
        } else {
            buf_add_char(&name, list.ptr[i]);
        }
    }
    return true;
}
