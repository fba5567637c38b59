/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/columns.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "domain/cell.h"
#include "domain/header.h"
#include "importer/repair.h"

const enum consumer_field columns_required[REQUIRED_COLUMNS] = {
    FIELD_EXTERNAL_ID, FIELD_EMAIL, FIELD_NAME, FIELD_PHONE, FIELD_CREATED_AT};

#define NAME_PART "name_part"

static bool row_has(struct arena *a, const struct row *row, const char *normal)
{
    for (size_t i = 0; i < row->count; i++)
        if (str_eq(header_normal(a, row->cell[i]), str_of(normal)))
            return true;
    return false;
}

/* "attributes.X" and "custom_attributes.X" say what they are. */
static bool read_dotted(struct arena *a, str header, struct import_column *c)
{
    static const char *const read_only[] = {"updated_at", "permanent_failed"};
    if (header_names_attribute(a, header, &c->attribute))
        return true;
    if (!str_starts(header, STR("attributes.")))
        return false;
    str name = str_from(header, 11);
    c->by_id = str_eq(name, STR("id"));
    if (c->by_id)
        return true;
    for (size_t i = 0; i < COUNT(read_only); i++)
        if (str_eq(name, str_of(read_only[i])))
            return true; // an export's column that import has no use for
    enum consumer_field field = consumer_field_of(name);
    if (field == FIELD_COUNT || field == FIELD_CUSTOM_ATTRIBUTES)
        return false;
    c->field = field;
    return true;
}

/* A column of the vendor's export: its headers are the names of the record, in capitals.  What the
 * server alone says of a customer is passed over. */
static bool read_vendors(str normal, struct import_column *c)
{
    static const struct {
        const char *normal;
        enum consumer_field field;
    } names[] = {{"id", FIELD_LEGACY_ID},          {"firstname", FIELD_FIRST_NAME},
                 {"avatarurl", FIELD_AVATAR_URL},  {"unsubscribed", FIELD_UNSUBSCRIBED},
                 {"complained", FIELD_COMPLAINED}, {"customattributes", FIELD_CUSTOM_ATTRIBUTES},
                 {"updatedat", FIELD_COUNT},       {"permanentfailed", FIELD_COUNT}};
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(normal, str_of(names[i].normal))) {
            c->field = names[i].field;
            return true;
        }
    return false;
}

/* Имя is the whole name only when no Фамилия or Отчество stands beside it. */
static bool is_lone_name(struct arena *a, str normal, const struct row *header)
{
    return str_eq(normal, STR("имя")) && !row_has(a, header, "фамилия") &&
           !row_has(a, header, "отчество");
}

static void read_column(struct arena *a, const struct row *header, size_t i, enum import_from from,
                        struct import_column *c)
{
    str text = cell_unguarded(utf8_trim(header->cell[i])), normal = header_normal(a, text);
    *c = (struct import_column){.header = arena_str(a, text), .field = FIELD_COUNT};
    bool error = str_eq(text, STR(HEADER_ERROR)); // of a file of failed rows: passed over
    if (!text.len || error || read_dotted(a, c->header, c))
        return;
    if (from == FROM_APLAUT && read_vendors(normal, c))
        return;
    if (str_starts(text, STR("attributes."))) { // of the record, but it has none of that name
        c->attribute = c->header;
        c->warning = "unknown_attribute";
        return;
    }
    c->field = is_lone_name(a, normal, header) ? FIELD_NAME : header_field(normal);
    if (c->field != FIELD_COUNT)
        return;
    c->attribute = c->header;
    if (header_is_reserved(normal) || str_eq(normal, STR("id"))) {
        c->warning = "reserved_column";
        return;
    }
    enum consumer_field near = header_near(normal);
    if (near != FIELD_COUNT) {
        c->warning = "near_miss";
        c->near = str_of(consumer_field_name(near));
    }
}

static bool map_column(struct arena *a, str target, struct import_column *c)
{
    *c = (struct import_column){.header = c->header, .field = FIELD_COUNT, .mapped = true};
    if (str_eq(target, STR("ignore")))
        return true;
    if (header_names_attribute(a, target, &c->attribute))
        return true;
    if (str_eq(target, STR(NAME_PART)) || str_eq(target, STR(NAME_PART "+first_name"))) {
        c->name_part = true;
        c->field = target.len > strlen(NAME_PART) ? FIELD_FIRST_NAME : FIELD_COUNT;
        return true;
    }
    c->by_id = str_eq(target, STR("id"));
    c->field = c->by_id ? FIELD_COUNT : consumer_field_of(target);
    return c->by_id || (c->field != FIELD_COUNT && c->field != FIELD_CUSTOM_ATTRIBUTES &&
                        c->field != FIELD_UPDATED_AT && c->field != FIELD_PERMANENT_FAILED);
}

/* What a person said about the columns overrides what their headers say.  "#3" is the third column,
 * whatever its header. */
static bool map_columns(struct arena *a, str mapping, struct import_column *column, size_t count,
                        struct file_problem *p)
{
    struct json tree;
    struct json_place place;
    struct err err;
    if (!mapping.len || !json_parse(mapping, a, &tree, &place, &err))
        return true;
    for (size_t m = 0; m < tree.count; m++) {
        str key = tree.member[m].key, target = tree.member[m].value.text;
        for (size_t i = 0; i < count; i++) {
            bool named =
                str_eq(column[i].header, key) || str_eq(arena_format(a, "#%zu", i + 1), key);
            if (named && !map_column(a, target, &column[i])) {
                p->column = i + 1;
                return file_problem_set(p, FILE_MAPPING, target, key);
            }
        }
    }
    return true;
}

static bool has_field(const struct import_column *column, size_t count, enum consumer_field field)
{
    for (size_t i = 0; i < count; i++)
        if (column[i].field == field || (field == FIELD_NAME && column[i].name_part))
            return true;
    return false;
}

/* What is long is the attribute's key, not what an export puts before it. */
static str name_of(const struct import_column *c)
{
    return c->attribute.ptr ? c->attribute : c->header;
}

static bool check_lengths(const struct import_column *column, size_t count, struct file_problem *p)
{
    for (size_t i = 0; i < count; i++)
        // One that is ignored may be called anything.
        if ((!column[i].mapped || column[i].attribute.ptr) &&
            name_of(&column[i]).len > LIMIT_HEADER_CELL_BYTES) {
            p->column = i + 1;
            p->limit = LIMIT_HEADER_CELL_BYTES;
            return file_problem_set(p, FILE_HEADER_TOO_LONG, str_shown(column[i].header, 100),
                                    (str){0});
        }
    return true;
}

static bool same_meaning(const struct import_column *x, const struct import_column *y)
{
    if ((x->name_part && y->field == FIELD_NAME) || (y->name_part && x->field == FIELD_NAME))
        return true;
    if (x->field != FIELD_COUNT || y->field != FIELD_COUNT)
        return x->field == y->field;
    return !str_is_null(x->attribute) && str_eq(x->attribute, y->attribute);
}

static bool check_repeats(struct arena *a, const struct import_column *column, size_t count,
                          struct file_problem *p)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (same_meaning(&column[i], &column[j])) {
                p->column = j + 1;
                str value = column[i].field != FIELD_COUNT
                                ? str_of(consumer_field_name(column[i].field))
                                : column[i].attribute;
                return file_problem_set(p, FILE_HEADER_REPEATED, value,
                                        arena_format(a, "%zu, %zu", i + 1, j + 1));
            }
    return true;
}

static void add_name(struct buf *b, str name)
{
    if (b->len)
        buf_add(b, STR(", "));
    buf_add(b, name);
}

/* What a part of a name would be mapped to; NULL: the column is none. */
static const char *name_part(struct arena *a, const struct import_column *c)
{
    static const struct {
        const char *normal, *target;
    } parts[] = {{"фамилия", NAME_PART},   {"имя", NAME_PART "+first_name"},
                 {"отчество", NAME_PART},  {"firstname", NAME_PART "+first_name"},
                 {"lastname", NAME_PART},  {"surname", NAME_PART},
                 {"middlename", NAME_PART}};
    str normal = c->attribute.ptr ? header_normal(a, c->header) : (str){0};
    for (size_t i = 0; i < COUNT(parts); i++)
        if (str_eq(normal, str_of(parts[i].normal)))
            return parts[i].target;
    return NULL;
}

/* The mapping that joins the parts of a name; {0} without at least two of them. */
static str name_mapping(struct arena *a, struct import_column *column, size_t count)
{
    AUTO(buf_done) struct buf b = {0};
    size_t parts = 0;
    for (size_t i = 0; i < count; i++) {
        const char *target = name_part(a, &column[i]);
        if (!target)
            continue;
        buf_add_char(&b, parts++ ? ',' : '{');
        json_write_string(&b, column[i].header);
        buf_format(&b, ":\"%s\"", target);
    }
    if (parts < 2)
        return (str){0};
    buf_add_char(&b, '}');
    for (size_t i = 0; i < count; i++)
        if (name_part(a, &column[i]) && !column[i].warning)
            column[i].warning = "name_part";
    return arena_str(a, buf_str(&b));
}

static bool check_required(struct arena *a, const struct import_settings *settings,
                           struct import_column *column, size_t count, struct file_problem *p)
{
    AUTO(buf_done) struct buf missing = {0};
    AUTO(buf_done) struct buf near = {0};
    // An export has the columns that were asked for; its own id tells whom they are about.
    if (settings->from == FROM_APLAUT && has_field(column, count, FIELD_LEGACY_ID))
        return true;
    for (size_t i = 0; i < REQUIRED_COLUMNS; i++) {
        bool needed = i == 0 || !(settings->mode == MODE_UPDATE_ONLY || settings->blank_missing);
        if (needed && !has_field(column, count, columns_required[i]))
            add_name(&missing, str_of(consumer_field_name(columns_required[i])));
    }
    bool by_id = false;
    for (size_t i = 0; i < count; i++) {
        by_id = by_id || column[i].by_id;
        if (!str_is_null(column[i].near))
            add_name(&near, column[i].header);
    }
    str join = has_field(column, count, FIELD_NAME) ? (str){0} : name_mapping(a, column, count);
    if (join.len && str_eq(buf_str(&missing), STR("name")))
        return file_problem_set(p, FILE_NAME_PARTS, (str){0}, join);
    // Only external_id can be missing when the rest was excused, and our own id stands in for it.
    if (!missing.len || (by_id && str_eq(buf_str(&missing), STR("external_id"))))
        return true;
    return file_problem_set(p, FILE_COLUMNS_MISSING, buf_str(&missing), buf_str(&near));
}

static bool check_bare_id(const struct import_column *column, size_t count, struct arena *a,
                          struct file_problem *p)
{
    if (has_field(column, count, FIELD_EXTERNAL_ID))
        return true;
    for (size_t i = 0; i < count; i++)
        if (column[i].attribute.len && str_eq(header_normal(a, column[i].header), STR("id"))) {
            p->column = i + 1;
            return file_problem_set(p, FILE_HEADER_ID, column[i].header, (str){0});
        }
    return true;
}

bool columns_is_nameless(const struct import_column *column)
{
    return !column->header.len && !column->mapped;
}

bool columns_row_is_header(struct arena *a, const struct row *row, bool update_only)
{
    unsigned seen = 0, wanted = 0;
    for (size_t i = 0; i < row->count; i++) {
        str normal = header_normal(a, row->cell[i]);
        enum consumer_field f = is_lone_name(a, normal, row) ? FIELD_NAME : header_field(normal);
        if (f != FIELD_COUNT)
            seen |= FIELD_BIT(f);
    }
    for (size_t i = 0; i < (update_only ? 1 : REQUIRED_COLUMNS); i++)
        wanted |= FIELD_BIT(columns_required[i]);
    return (seen & wanted) == wanted;
}

static struct import_column *read_all(struct arena *a, const struct row *header,
                                      const struct import_settings *settings)
{
    struct import_column *column = ARENA_NEW(a, struct import_column, header->count);
    for (size_t i = 0; i < header->count; i++)
        read_column(a, header, i, settings->from, &column[i]);
    return column;
}

struct import_column *columns_guess(struct arena *a, const struct row *header,
                                    const struct import_settings *settings)
{
    struct import_column *column = read_all(a, header, settings);
    struct file_problem ignored = {0};
    IGNORE(map_columns(a, settings->mapping, column, header->count, &ignored));
    (void)name_mapping(a, column, header->count); // marks the parts of a name
    return column;
}

bool columns_read(struct arena *a, const struct row *header, const struct import_settings *settings,
                  struct import_column **ret_column, struct file_problem *ret_problem)
{
    struct import_column *column = read_all(a, header, settings);
    if (!map_columns(a, settings->mapping, column, header->count, ret_problem) ||
        !check_lengths(column, header->count, ret_problem) ||
        !check_bare_id(column, header->count, a, ret_problem) ||
        !check_required(a, settings, column, header->count, ret_problem) ||
        !check_repeats(a, column, header->count, ret_problem) ||
        !repairs_of_columns(a, settings->repairs, column, header->count, ret_problem))
        return false;
    *ret_column = column;
    return true;
}
