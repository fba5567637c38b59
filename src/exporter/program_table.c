/* A table whose rows a jq program makes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/limits.h"
#include "domain/cell.h"
#include "domain/consumer_json.h"
#include "exporter/export_priv.h"
#include "exporter/program.h"
#include "formats/row_writer.h"

struct made {
    struct export *e;
    struct program *program;
    struct row_writer *writer;
    bool workbook;
    struct buf lines;
    str *name; /* of columns */
    size_t names;
    str *cell;
    size_t columns; /* 0: the header is not written yet */
};

static str cell_of(struct made *m, const struct json *value)
{
    AUTO(buf_done) struct buf b = {0};
    switch (value->kind) {
    case JSON_NULL:
        return STR("");
    case JSON_STRING:
        return cell_guarded(&m->e->page, value->text, m->workbook);
    case JSON_NUMBER:
        return value->text;
    case JSON_FALSE:
        return STR("false");
    case JSON_TRUE:
        return STR("true");
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    json_write(&b, value);
    return arena_str(&m->e->page, buf_str(&b));
}

/* As wide as the names, or as the first row when that is wider. */
static bool add_header(struct made *m, size_t width, struct err *err)
{
    for (size_t i = 0; i < MAX(m->names, width); i++)
        m->cell[i] = i < m->names ? cell_guarded(&m->e->page, m->name[i], m->workbook)
                                  : arena_format(&m->e->page, "COLUMN_%zu", i + 1);
    m->columns = MAX(m->names, width);
    return !m->columns || row_writer_add(m->writer, m->cell, m->columns, err);
}

static bool add_row(void *context, size_t input, str value, struct err *err)
{
    struct made *m = context;
    struct json row;
    struct json_place place;
    (void)input;
    if (!json_parse(value, &m->e->page, &row, &place, err) || row.kind != JSON_ARRAY)
        return err_set(err, ERR_CONFLICT, "it made an array that is nested too deep");
    if (row.count > LIMIT_COLUMNS)
        return err_set(err, ERR_CONFLICT, "it made a row of more than %d values", LIMIT_COLUMNS);
    if (!m->columns && !add_header(m, row.count, err))
        return false;
    if (row.count > m->columns)
        return err_set(err, ERR_CONFLICT,
                       "it made a row of %zu values under a header of %zu columns", row.count,
                       m->columns);
    for (size_t i = 0; i < m->columns; i++)
        m->cell[i] = i < row.count ? cell_of(m, &row.member[i].value) : STR("");
    return row_writer_add(m->writer, m->cell, m->columns, err);
}

static bool add_page(void *context, const struct consumer *c, size_t count, struct err *err)
{
    struct made *m = context;
    char id[CONSUMER_ID_BYTES];
    buf_reset(&m->lines);
    for (size_t i = 0; i < count; i++) {
        consumer_json_flat(&m->lines, &c[i], m->e->zone);
        buf_add_char(&m->lines, '\n');
    }
    if (program_run(m->program, buf_str(&m->lines), count, add_row, m, err))
        return true;
    if (err->code != ERR_CONFLICT)
        return false;
    consumer_id_text(c[MIN(program_answered(m->program), count - 1)].id, id);
    return err_context(err, "customer %s: ", id);
}

static bool goes_on(void *context)
{
    const struct export *e = context;
    return !e->options->go_on || e->options->go_on(e->options->context, e->count);
}

bool export_by_program(struct export *e, int fd, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(row_writer_free) struct row_writer *writer = NULL;
    AUTO(program_free) struct program *program = NULL;
    struct made m = {.e = e, .workbook = e->options->format == ROWS_XLSX};
    if (!program_open(e->options->program, &program, err)) {
        if (err->code == ERR_INVALID)
            err->code = ERR_CONFLICT;
        return false;
    }
    if (!row_writer_open(fd, e->options->format, &writer, err))
        return false;
    program_watch(program, goes_on, e);
    m.program = program;
    m.writer = writer;
    program_columns(e->options->program, &a, &m.name, &m.names);
    m.cell = ARENA_NEW(&a, str, LIMIT_COLUMNS + 1);
    bool ok = export_pages(e, add_page, &m, err) &&
              (m.columns || !m.names || add_header(&m, m.names, err)) &&
              row_writer_end(writer, err);
    buf_done(&m.lines);
    return ok;
}
