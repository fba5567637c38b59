/* What was understood of a file, as people are shown it: the file as it stands, what its columns
 * become, what is in them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "formats/sheets.h"
#include "importer/analysis_priv.h"
#include "importer/columns.h"

enum {
    PREVIEW_ROWS = 20,
    HEAD_ROWS = LIMIT_HEADER_SEARCH_ROWS + 5,
    DELIMITER_ROWS = 5,
    SAMPLES = 5,
    SAMPLE_ROWS_MAX = 200,
    KNOWN_AMONG = 100000 /* customers, the newest, who are asked for their attributes */
};

struct shown {
    const char *path;
    const struct rows_options *options;
    uint64_t header_record, header_line;
    const struct import_column *column;
    size_t count;
    struct store_reader *reader; /* NULL: nobody is asked */
};

struct samples { /* of one column: the first values that differ */
    str value[SAMPLES];
    size_t count;
    uint64_t filled;
};

static void take_sample(struct arena *a, struct samples *s, str cell)
{
    str value = utf8_trim(cell);
    if (!value.len)
        return;
    s->filled++;
    for (size_t i = 0; i < s->count; i++)
        if (str_eq(s->value[i], str_shown(value, ANALYSIS_CELL)))
            return;
    if (s->count < SAMPLES)
        s->value[s->count++] = arena_str(a, str_shown(value, ANALYSIS_CELL));
}

static const char *becomes(const struct import_column *c)
{
    if (c->by_id)
        return "id";
    if (c->name_part)
        return c->field == FIELD_COUNT ? "name_part" : "name_part+first_name";
    if (c->field != FIELD_COUNT)
        return consumer_field_name(c->field);
    return str_is_null(c->attribute) ? NULL : "custom_attributes";
}

static void add_column(struct buf *b, const struct import_column *c, const struct samples *s,
                       enum store_known known)
{
    const char *target = becomes(c);
    buf_add(b, STR("{\"header\":"));
    json_write_string(b, c->header);
    json_add_string(b, "becomes", target ? str_of(target) : (str){0});
    if (target && c->attribute.len) {
        json_add_string(b, "attribute", c->attribute);
        if (known != STORE_KNOWN_UNSURE)
            buf_format(b, ",\"known\":%s", known == STORE_KNOWN ? "true" : "false");
    }
    if (c->warning)
        buf_format(b, ",\"warning\":\"%s\"", c->warning);
    if (c->near.len)
        json_add_string(b, "near", c->near);
    buf_add(b, STR(",\"samples\":["));
    for (size_t i = 0; i < s->count; i++) {
        if (i)
            buf_add_char(b, ',');
        json_write_string(b, s->value[i]);
    }
    buf_format(b, "],\"filled\":%llu}", (unsigned long long)s->filled);
}

static void add_about(struct buf *b, const struct rows_about *about)
{
    buf_format(b, "\"format\":\"%s\"", rows_format_name(about->format));
    if (about->format != ROWS_XLSX)
        json_add_string(b, "encoding", about->encoding);
    if (about->format == ROWS_CSV) {
        json_add_string(b, "delimiter", (str){&about->delimiter, 1});
        json_add_string(b, "quote", str_of(import_quote_name(about->quote)));
    }
    if (about->format == ROWS_XLSX)
        json_add_string(b, "sheet", about->sheet);
}

static bool add_sheets(struct buf *b, struct arena *a, const char *path, size_t *ret_count)
{
    struct sheet_name *sheet;
    struct file_problem problem;
    struct err err;
    if (!sheets_list(path, a, &sheet, ret_count, &problem, &err))
        return false;
    buf_add(b, STR(",\"sheets\":["));
    for (size_t i = 0; i < *ret_count; i++) {
        buf_add(b, i ? STR(",{\"name\":") : STR("{\"name\":"));
        json_write_string(b, sheet[i].name);
        buf_format(b, ",\"hidden\":%s}", sheet[i].hidden ? "true" : "false");
    }
    buf_add_char(b, ']');
    return true;
}

/* The file from its top, titles above the header too: {"head":[…]} without braces. */
static void add_head(struct buf *b, const char *path, const struct rows_options *options,
                     size_t count)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct file_problem problem;
    struct err err;
    struct row row;
    if (!rows_open(path, options, &rows, &problem, &err))
        return;
    for (size_t n = 0; n < count && rows_next(rows, &row, &problem, &err) == ROWS_ROW; n++) {
        if (n)
            buf_add_char(b, ',');
        analysis_add_row(b, &row);
    }
}

static bool ask_known(const struct shown *s, struct arena *a, enum store_known **ret_known,
                      struct err *err)
{
    str *key = ARENA_NEW(a, str, s->count);
    *ret_known = ARENA_NEW(a, enum store_known, s->count);
    for (size_t i = 0; i < s->count; i++)
        if (s->column[i].attribute.len)
            key[i] = s->column[i].attribute;
    return !s->reader ||
           store_attributes_known(s->reader, a, key, s->count, KNOWN_AMONG, *ret_known, err);
}

/* The members "header_line" to "preview"; rows stand at their beginning. */
static bool add_columns(struct buf *b, const struct shown *s, struct rows *rows, struct arena *a,
                        struct err *err)
{
    AUTO(buf_done) struct buf preview = {0};
    struct samples *samples = ARENA_NEW(a, struct samples, s->count);
    enum store_known *known;
    struct row row;
    if (!ask_known(s, a, &known, err))
        return false;
    for (size_t n = 0; n < SAMPLE_ROWS_MAX && analysis_next_row(rows, s->header_record, &row);
         n++) {
        if (n && n < PREVIEW_ROWS)
            buf_add_char(&preview, ',');
        if (n < PREVIEW_ROWS)
            analysis_add_row(&preview, &row);
        for (size_t i = 0; i < s->count && i < row.count; i++)
            take_sample(a, &samples[i], row.cell[i]);
    }
    buf_format(b, ",\"header_line\":%llu,\"columns\":[", (unsigned long long)s->header_line);
    for (size_t i = 0; i < s->count; i++) {
        if (i)
            buf_add_char(b, ',');
        add_column(b, &s->column[i], &samples[i], known[i]);
    }
    buf_add(b, STR("],\"preview\":["));
    buf_add(b, buf_str(&preview));
    buf_add(b, STR("],\"head\":["));
    add_head(b, s->path, s->options, HEAD_ROWS);
    buf_add_char(b, ']');
    return true;
}

bool analysis_text(struct import_plan *p, struct store_reader *reader, struct arena *a,
                   str *ret_json, struct err *err)
{
    AUTO(rows_free) struct rows *rows = NULL;
    AUTO(buf_done) struct buf b = {0};
    const struct shown s = {.path = p->path,
                            .options = &p->settings.rows,
                            .header_record = p->header_record,
                            .header_line = p->header_line,
                            .column = p->column,
                            .count = p->count,
                            .reader = reader};
    struct file_problem problem;
    size_t sheets;
    if (!rows_open(p->path, &p->settings.rows, &rows, &problem, err))
        return false;
    add_about(&b, &p->about);
    if (p->about.format == ROWS_XLSX)
        (void)add_sheets(&b, a, p->path, &sheets);
    if (!add_columns(&b, &s, rows, a, err))
        return false;
    *ret_json = arena_str(a, buf_str(&b));
    return true;
}

/* --- a file that is asked about --- */

/* The row that is taken for the header: the one said, else the first. */
static void guess_header(struct shown *s, const struct import_settings *settings, struct arena *a)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct file_problem problem;
    struct err err;
    struct row row;
    if (!rows_open(s->path, s->options, &rows, &problem, &err))
        return;
    while (rows_next(rows, &row, &problem, &err) == ROWS_ROW)
        if (row.line >= settings->header_row) {
            s->header_record = row.record;
            s->header_line = row.line;
            s->count = row.count;
            s->column = columns_guess(a, &row, settings);
            return;
        }
}

bool analysis_unsure(const char *path, const struct import_settings *settings,
                     struct store_reader *reader, struct arena *a, str *ret_json,
                     size_t *ret_sheets, struct err *err)
{
    AUTO(rows_free) struct rows *rows = NULL;
    AUTO(buf_done) struct buf b = {0};
    struct shown s = {.path = path, .options = &settings->rows, .reader = reader};
    struct file_problem problem;
    struct err why;
    *ret_json = (str){0};
    *ret_sheets = 0;
    if (!rows_open(path, &settings->rows, &rows, &problem, &why)) {
        buf_add(&b, STR("\"format\":\"xlsx\""));
        if (add_sheets(&b, a, path, ret_sheets))
            *ret_json = arena_str(a, buf_str(&b));
        return true;
    }
    add_about(&b, rows_about(rows));
    if (rows_about(rows)->format == ROWS_XLSX)
        (void)add_sheets(&b, a, path, ret_sheets);
    if (rows_about(rows)->format != ROWS_JSONL)
        guess_header(&s, settings, a);
    if (!add_columns(&b, &s, rows, a, err))
        return false;
    *ret_json = arena_str(a, buf_str(&b));
    return true;
}

str analysis_delimiters(struct arena *a, const char *path, const struct import_settings *settings)
{
    static const char candidates[] = {';', ',', '\t', '|'};
    AUTO(buf_done) struct buf b = {0};
    struct rows_options options = settings->rows;
    for (size_t i = 0; i < COUNT(candidates); i++) {
        options.delimiter = candidates[i];
        buf_add(&b, i ? STR(",{") : STR("[{"));
        buf_add(&b, STR("\"delimiter\":"));
        json_write_string(&b, (str){&candidates[i], 1});
        buf_add(&b, STR(",\"rows\":["));
        add_head(&b, path, &options, DELIMITER_ROWS);
        buf_add(&b, STR("]}"));
    }
    buf_add_char(&b, ']');
    return arena_str(a, buf_str(&b));
}
