/* Customers as the rows of a table.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "domain/cell.h"
#include "domain/consumer_members.h"
#include "domain/header.h"
#include "exporter/export_priv.h"
#include "formats/row_writer.h"

/* What stands before the customers' own attributes, and under which header. */
static const struct {
    const char *header;
    enum consumer_field field; /* FIELD_COUNT: our id */
} fixed[] = {
    {"external_id", FIELD_EXTERNAL_ID},
    {"email", FIELD_EMAIL},
    {"name", FIELD_NAME},
    {"phone", FIELD_PHONE},
    {"created_at", FIELD_CREATED_AT},
    {"attributes.id", FIELD_COUNT},
    {"attributes.legacy_id", FIELD_LEGACY_ID},
    {"attributes.first_name", FIELD_FIRST_NAME},
    {"attributes.avatar_url", FIELD_AVATAR_URL},
    {"attributes.unsubscribed", FIELD_UNSUBSCRIBED},
    {"attributes.complained", FIELD_COMPLAINED},
    {"attributes.permanent_failed", FIELD_PERMANENT_FAILED},
    {"attributes.updated_at", FIELD_UPDATED_AT},
};

enum { MAX_KEYS = LIMIT_COLUMNS - COUNT(fixed) };

struct column {
    enum consumer_field field; /* FIELD_CUSTOM_ATTRIBUTES: the key below */
    size_t key;
};
struct table {
    struct export *e;
    bool workbook;
    struct row_writer *writer;
    str *key;      /* of custom_attributes */
    str *key_text; /* the same as JSON */
    size_t key_count;
    struct column *column;
    size_t columns;
    str *cell;
};

/* "2018-01-01 00:11:22" where that says it all, else the whole stamp: what is read back must be the
 * same moment. */
static str moment(struct export *e, int64_t at_us)
{
    char stamp[ZONE_STAMP_BYTES];
    struct zone_time t = zone_from_us(e->zone, at_us);
    enum zone_fit fit;
    size_t len = zone_stamp(e->zone, at_us, stamp);
    if (t.microsecond == 0 && zone_to_us(e->zone, &t, &fit) == at_us && fit == ZONE_EXACT) {
        if (zone_offset_s(e->zone, at_us) % 60) // of which the stamp is another local time
            return arena_format(&e->page, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day,
                                t.hour, t.minute, t.second);
        len = strlen("2018-01-01 00:11:22");
        stamp[strlen("2018-01-01")] = ' ';
    }
    return arena_str(&e->page, (str){stamp, len});
}

static str fixed_cell(struct table *t, const struct consumer *c, enum consumer_field field)
{
    struct export *e = t->e;
    char id[CONSUMER_ID_BYTES];
    switch (field) {
    case FIELD_COUNT:
        consumer_id_text(c->id, id);
        return arena_str(&e->page, str_of(id));
    case FIELD_CREATED_AT:
        return moment(e, c->created_at_us);
    case FIELD_UPDATED_AT:
        return moment(e, c->updated_at_us);
    case FIELD_UNSUBSCRIBED:
        return str_of(c->unsubscribed ? "true" : "false");
    case FIELD_COMPLAINED:
        return str_of(c->complained ? "true" : "false");
    case FIELD_PERMANENT_FAILED:
        return str_of(c->permanent_failed ? "true" : "false");
    default:
        return cell_guarded(&e->page, *consumer_text((struct consumer *)c, field), t->workbook);
    }
}

/* A member's value: texts as they are, other JSON as it is written. */
static bool attribute_cell(struct table *t, str value, str *ret_cell, struct err *err)
{
    struct json text;
    struct json_place place;
    bool plain = !memchr(value.ptr, '\\', value.len);
    if (value.ptr[0] != '"') {
        *ret_cell = value;
        return true;
    }
    if (!plain && !json_parse(value, &t->e->page, &text, &place, err))
        return err_context(err, "a stored customer's custom_attributes: ");
    *ret_cell = cell_guarded(
        &t->e->page, plain ? str_first(str_from(value, 1), value.len - 2) : text.text, t->workbook);
    return true;
}

static bool add_row(struct table *t, const struct consumer *c, struct err *err)
{
    struct member member[LIMIT_ATTRIBUTES];
    size_t count =
        !t->key_count ? 0 : consumer_members_split(c->custom_attributes, member, LIMIT_ATTRIBUTES);
    for (size_t i = 0; i < t->columns; i++) {
        const struct column *column = &t->column[i];
        if (column->field != FIELD_CUSTOM_ATTRIBUTES) {
            t->cell[i] = fixed_cell(t, c, column->field);
            continue;
        }
        const struct member *m =
            consumer_members_find(member, count, MIN(column->key, count), t->key_text[column->key]);
        t->cell[i] = STR("");
        if (m && !attribute_cell(t, m->value, &t->cell[i], err))
            return false;
    }
    return row_writer_add(t->writer, t->cell, t->columns, err);
}

static bool add_rows(void *context, const struct consumer *c, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!add_row(context, &c[i], err))
            return false;
    return true;
}

static bool add_header(struct table *t, struct arena *a, struct err *err)
{
    for (size_t i = 0; i < t->columns; i++) {
        const struct column *column = &t->column[i];
        if (column->field == FIELD_CUSTOM_ATTRIBUTES)
            t->cell[i] = cell_guarded(a, header_of_attribute(a, t->key[column->key]), t->workbook);
        for (size_t n = 0; n < COUNT(fixed); n++)
            if (fixed[n].field == column->field)
                t->cell[i] = str_of(fixed[n].header);
    }
    return row_writer_add(t->writer, t->cell, t->columns, err);
}

/* --- which columns --- */

static void add_column(struct table *t, enum consumer_field field, size_t key)
{
    t->column[t->columns++] = (struct column){field, key};
}

static bool has_key(const struct table *t, str key)
{
    for (size_t i = 0; i < t->columns; i++)
        if (t->column[i].field == FIELD_CUSTOM_ATTRIBUTES && str_eq(t->key[t->column[i].key], key))
            return true;
    return false;
}

/* All keys that customers have and that have no column yet. */
static bool add_all_keys(struct table *t, struct arena *a, struct err *err)
{
    str *key;
    size_t count;
    if (!store_attribute_keys(t->e->reader, a, MAX_KEYS, &key, &count, err))
        return err->code == ERR_LIMIT
                   ? err_set(err, ERR_INVALID,
                             "more than %zu different custom attributes: take jsonl, or name the "
                             "fields that you need",
                             (size_t)MAX_KEYS)
                   : false;
    for (size_t i = 0; i < count; i++) {
        if (has_key(t, key[i]))
            continue;
        t->key[t->key_count] = key[i];
        add_column(t, FIELD_CUSTOM_ATTRIBUTES, t->key_count++);
    }
    return true;
}

static bool choose_columns(struct table *t, struct arena *a, struct err *err)
{
    const struct export_fields *f = t->e->options->fields;
    size_t most = (f ? f->count : 0) + LIMIT_COLUMNS;
    t->key = ARENA_NEW(a, str, most);
    t->column = ARENA_NEW(a, struct column, most);
    if (!f || !f->count) {
        for (size_t i = 0; i < COUNT(fixed); i++)
            add_column(t, fixed[i].field, 0);
        return add_all_keys(t, a, err);
    }
    for (size_t i = 0; i < f->count; i++) {
        const struct export_field *field = &f->field[i];
        if (field->field != FIELD_CUSTOM_ATTRIBUTES) {
            add_column(t, field->field, 0);
        } else if (str_is_null(field->key)) {
            if (!add_all_keys(t, a, err))
                return false;
        } else if (!has_key(t, field->key)) {
            t->key[t->key_count] = field->key;
            add_column(t, FIELD_CUSTOM_ATTRIBUTES, t->key_count++);
        }
    }
    return true;
}

bool export_table(struct export *e, int fd, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(row_writer_free) struct row_writer *writer = NULL;
    struct table t = {.e = e, .workbook = e->options->format == ROWS_XLSX};
    if (!choose_columns(&t, &a, err) || !row_writer_open(fd, e->options->format, &writer, err))
        return false;
    t.writer = writer;
    t.cell = ARENA_NEW(&a, str, t.columns);
    t.key_text = ARENA_NEW(&a, str, t.key_count);
    for (size_t i = 0; i < t.key_count; i++)
        t.key_text[i] = json_string_text(&a, t.key[i]);
    return add_header(&t, &a, err) && export_pages(e, add_rows, &t, err) &&
           row_writer_end(writer, err);
}
