/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter/export.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "domain/cell.h"
#include "domain/consumer_json.h"
#include "domain/consumer_members.h"
#include "domain/header.h"
#include "formats/row_writer.h"

enum {
    PAGE = 500,               // customers read at a time
    FLUSH_BYTES = 256 * 1024, // of JSON Lines
    FIXED_COLUMNS = 13,
    MAX_KEYS = LIMIT_COLUMNS - FIXED_COLUMNS,
};

/* What stands before the customers' own attributes.  by_id: our id. */
static const struct {
    const char *header;
    enum consumer_field field; /* FIELD_COUNT: our id */
} fixed[FIXED_COLUMNS] = {
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

struct export
{
    struct store_reader *reader;
    const struct zone *zone;
    bool workbook;
    struct arena page; /* one page of customers and their cells */
    uint64_t count;
};

/* Calls each() for all customers, page by page: memory stays the same however many there are. */
static bool each_consumer(struct export *e,
                          bool (*each)(void *context, const struct consumer *c, struct err *err),
                          void *context, struct err *err)
{
    int64_t after = 0;
    for (;;) {
        struct consumer *c;
        size_t count;
        arena_reset(&e->page);
        if (!store_list(e->reader, &e->page, after, 0, PAGE, &c, &count, err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!each(context, &c[i], err))
                return false;
        if (count < PAGE)
            return true;
        after = c[count - 1].id;
    }
}

/* --- JSON Lines --- */

struct json_lines {
    struct export *e;
    struct buf buf;
    int fd;
};

static bool flush_lines(struct json_lines *j, struct err *err)
{
    bool ok = file_write_fd(j->fd, buf_str(&j->buf), err);
    buf_reset(&j->buf);
    return ok;
}

static bool add_line(void *context, const struct consumer *c, struct err *err)
{
    struct json_lines *j = context;
    consumer_json(&j->buf, c, j->e->zone);
    buf_add_char(&j->buf, '\n');
    j->e->count++;
    return j->buf.len < FLUSH_BYTES || flush_lines(j, err);
}

static bool export_json_lines(struct export *e, int fd, struct err *err)
{
    struct json_lines j = {.e = e, .fd = fd};
    bool ok = each_consumer(e, add_line, &j, err) && flush_lines(&j, err);
    buf_done(&j.buf);
    return ok;
}

/* --- tables --- */

struct table {
    struct export *e;
    struct row_writer *writer;
    str *key;      /* of custom_attributes, in the order of their columns */
    str *key_text; /* the same as JSON */
    size_t key_count;
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

static str fixed_cell(struct export *e, const struct consumer *c, enum consumer_field field)
{
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
        return cell_guarded(&e->page, *consumer_text((struct consumer *)c, field), e->workbook);
    }
}

/* A member's value: texts as they are, other JSON as it is written. */
static bool attribute_cell(struct export *e, str value, str *ret_cell, struct err *err)
{
    struct json text;
    struct json_place place;
    bool plain = !memchr(value.ptr, '\\', value.len);
    if (value.ptr[0] != '"') {
        *ret_cell = value;
        return true;
    }
    if (!plain && !json_parse(value, &e->page, &text, &place, err))
        return err_context(err, "a stored customer's custom_attributes: ");
    *ret_cell = cell_guarded(
        &e->page, plain ? str_first(str_from(value, 1), value.len - 2) : text.text, e->workbook);
    return true;
}

static bool fill_attributes(struct table *t, const struct consumer *c, struct err *err)
{
    struct member member[LIMIT_ATTRIBUTES];
    size_t count = consumer_members_split(c->custom_attributes, member, LIMIT_ATTRIBUTES);
    for (size_t i = 0; i < t->key_count; i++) {
        const struct member *m =
            consumer_members_find(member, count, MIN(i, count), t->key_text[i]);
        t->cell[FIXED_COLUMNS + i] = STR("");
        if (m && !attribute_cell(t->e, m->value, &t->cell[FIXED_COLUMNS + i], err))
            return false;
    }
    return true;
}

static bool add_row(void *context, const struct consumer *c, struct err *err)
{
    struct table *t = context;
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
        t->cell[i] = fixed_cell(t->e, c, fixed[i].field);
    t->e->count++;
    return fill_attributes(t, c, err) &&
           row_writer_add(t->writer, t->cell, FIXED_COLUMNS + t->key_count, err);
}

static bool add_header(struct table *t, struct arena *a, struct err *err)
{
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
        t->cell[i] = str_of(fixed[i].header);
    for (size_t i = 0; i < t->key_count; i++)
        t->cell[FIXED_COLUMNS + i] =
            cell_guarded(a, header_of_attribute(a, t->key[i]), t->e->workbook);
    return row_writer_add(t->writer, t->cell, FIXED_COLUMNS + t->key_count, err);
}

static bool export_table(struct export *e, enum rows_format format, int fd, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(row_writer_free) struct row_writer *writer = NULL;
    struct table t = {.e = e};
    if (!store_attribute_keys(e->reader, &a, MAX_KEYS, &t.key, &t.key_count, err))
        return err->code == ERR_LIMIT
                   ? err_set(err, ERR_LIMIT,
                             "more than %d different custom attributes: export as jsonl", MAX_KEYS)
                   : false;
    if (!row_writer_open(fd, format, &writer, err))
        return false;
    t.writer = writer;
    t.cell = ARENA_NEW(&a, str, FIXED_COLUMNS + t.key_count);
    t.key_text = ARENA_NEW(&a, str, t.key_count);
    for (size_t i = 0; i < t.key_count; i++)
        t.key_text[i] = json_string_text(&a, t.key[i]);
    return add_header(&t, &a, err) && each_consumer(e, add_row, &t, err) &&
           row_writer_end(writer, err);
}

bool export_run(struct store_reader *reader, const struct zone *zone, enum rows_format format,
                int fd, uint64_t *ret_count, struct err *err)
{
    struct export e = {.reader = reader, .zone = zone, .workbook = format == ROWS_XLSX};
    bool ok =
        format == ROWS_JSONL ? export_json_lines(&e, fd, err) : export_table(&e, format, fd, err);
    arena_done(&e.page);
    *ret_count = e.count;
    return ok;
}

/* --- the sample --- */

enum { SAMPLE_ROWS = 3, SAMPLE_KEYS = 12 };

bool export_sample(struct store_reader *reader, enum rows_format format, int fd, struct err *err)
{
    static const struct {
        const char *header, *note, *value[SAMPLE_ROWS];
    } column[] = {
        {"external_id",
         "Ваш номер клиента. Обязателен; формат ячеек — текст, чтобы не терялись нули.",
         {"primer-1", "primer-2", "primer-3"}},
        {"email",
         "Один адрес. У двух клиентов не бывает одинаковых.",
         {"anna@example.com", "boris@example.com", "vera@example.com"}},
        {"name", "Имя так, как его показывать.", {"Анна Петрова", "Борис Иванов", "Вера Смирнова"}},
        {"phone",
         "Один номер; формат ячеек — текст.",
         {"+7 900 000-00-01", "8 (900) 000-00-02", "79000000003"}},
        {"created_at",
         "Дата создания: 2018-01-01 00:11:22 или 01.01.2018 0:11.",
         {"2018-01-01 00:11:22", "2019-05-20 12:00:00", "2020-12-31 23:59:59"}},
    };
    static const str usual[] = {{"orders_count", 12}, {"ltv", 3}, {"region", 6}};
    static const char *const usual_value[SAMPLE_ROWS][3] = {
        {"12", "27456", "74"}, {"3", "5400", "77"}, {"1", "990", "66"}};
    AUTO(arena_done) struct arena a = {0};
    AUTO(row_writer_free) struct row_writer *w = NULL;
    str *key = NULL, cell[COUNT(column) + SAMPLE_KEYS];
    size_t keys = 0;
    struct err ignored = {0};
    // Too many attributes for a sample is no failure: the usual ones stand in.
    if (reader && !store_attribute_keys(reader, &a, SAMPLE_KEYS, &key, &keys, &ignored))
        keys = 0;
    if (!row_writer_open(fd, format, &w, err))
        return false;
    for (size_t i = 0; i < COUNT(column); i++) {
        row_writer_note(w, i, column[i].note);
        cell[i] = str_of(column[i].header);
    }
    size_t extra = keys ? keys : COUNT(usual);
    for (size_t i = 0; i < extra; i++)
        cell[COUNT(column) + i] =
            keys ? cell_guarded(&a, header_of_attribute(&a, key[i]), format == ROWS_XLSX)
                 : usual[i];
    bool ok = row_writer_add(w, cell, COUNT(column) + extra, err);
    for (size_t r = 0; ok && r < SAMPLE_ROWS; r++) {
        for (size_t i = 0; i < COUNT(column); i++)
            cell[i] = str_of(column[i].value[r]);
        for (size_t i = 0; i < extra; i++)
            cell[COUNT(column) + i] = keys ? STR("") : str_of(usual_value[r][i]);
        ok = row_writer_add(w, cell, COUNT(column) + extra, err);
    }
    return ok && row_writer_end(w, err);
}
