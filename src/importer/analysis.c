/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/analysis_priv.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "importer/import_priv.h"

enum { LINES_READ = 5000, LINES_SHOWN = 4, MARK_ROWS = 100 };

bool analysis_next_row(struct rows *rows, uint64_t header_record, struct row *row)
{
    struct file_problem problem;
    struct err err;
    enum rows_step step;
    do
        step = rows_next(rows, row, &problem, &err);
    while (step == ROWS_ROW && row->record <= header_record);
    return step == ROWS_ROW;
}

void analysis_add_row(struct buf *b, const struct row *row)
{
    buf_format(b, "{\"line\":%llu,\"cells\":[", (unsigned long long)row->line);
    for (size_t i = 0; i < row->count; i++) {
        if (i)
            buf_add_char(b, ',');
        json_write_string(b, row->cell[i].ptr ? str_shown(row->cell[i], ANALYSIS_CELL) : STR(""));
    }
    buf_add(b, STR("]}"));
}

/* The first line, and the one asked for with some after it; false when the encoding does not fit
 * the bytes. */
static bool add_lines(struct buf *b, const char *path, const struct import_settings *settings,
                      const char *encoding, uint64_t line)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct rows_options options = settings->rows;
    struct file_problem problem;
    struct err err;
    struct row row;
    options.encoding = encoding;
    if (!rows_open(path, &options, &rows, &problem, &err))
        return false;
    buf_format(b, "{\"encoding\":\"%s\",\"lines\":[", encoding);
    size_t shown = 0;
    for (size_t n = 0;
         n < LINES_READ && shown < LINES_SHOWN && rows_next(rows, &row, &problem, &err) == ROWS_ROW;
         n++) {
        if (n && row.line < line)
            continue;
        if (shown++)
            buf_add_char(b, ',');
        analysis_add_row(b, &row);
    }
    buf_add(b, STR("]}"));
    return true;
}

const char *analysis_encoding(size_t i)
{
    static const char *const candidates[] = {"windows-1251", "KOI8-R", "UTF-16LE",
                                             "UTF-16BE",     "IBM866", "windows-1252"};
    return i < COUNT(candidates) ? candidates[i] : NULL;
}

str analysis_encodings(struct arena *a, const char *path, const struct import_settings *settings,
                       uint64_t line)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add_char(&b, '[');
    for (size_t i = 0; analysis_encoding(i); i++) {
        AUTO(buf_done) struct buf one = {0};
        if (!add_lines(&one, path, settings, analysis_encoding(i), line))
            continue;
        if (b.len > 1)
            buf_add_char(&b, ',');
        buf_add(&b, buf_str(&one));
    }
    buf_add_char(&b, ']');
    return arena_str(a, buf_str(&b));
}

void analysis_headers(struct arena *a, const char *path, const struct import_settings *settings,
                      struct analysis_header **ret_header, size_t *ret_count)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct analysis_header *header =
        ARENA_NEW(a, struct analysis_header, LIMIT_HEADER_SEARCH_ROWS + 1);
    struct file_problem problem;
    struct err err;
    struct row row;
    size_t max = settings->header_row ? 1 : LIMIT_HEADER_SEARCH_ROWS + 1;
    *ret_header = header;
    *ret_count = 0;
    if (!rows_open(path, &settings->rows, &rows, &problem, &err) ||
        rows_about(rows)->format == ROWS_JSONL)
        return;
    while (*ret_count < max && rows_next(rows, &row, &problem, &err) == ROWS_ROW)
        if (row.line >= settings->header_row)
            header[(*ret_count)++] =
                (struct analysis_header){import_header_fingerprint(a, &row), row.line};
}

/* The record's import_error; {0}: it has none. */
static str error_of(struct arena *a, const struct row *row, size_t column, bool json)
{
    struct json tree;
    struct json_place place;
    struct err err;
    if (!json)
        return column < row->count ? row->cell[column] : (str){0};
    const struct json *reason =
        json_parse(row->cell[0], a, &tree, &place, &err) ? json_get(&tree, HEADER_ERROR) : NULL;
    return reason && reason->kind == JSON_STRING ? reason->text : (str){0};
}

struct report_mark analysis_mark(struct arena *a, const char *path,
                                 const struct import_settings *settings)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct file_problem problem;
    struct err err;
    struct row row;
    size_t column = SIZE_MAX;
    if (!rows_open(path, &settings->rows, &rows, &problem, &err))
        return (struct report_mark){0};
    bool json = rows_about(rows)->format == ROWS_JSONL;
    for (size_t n = 0; n < MARK_ROWS && rows_next(rows, &row, &problem, &err) == ROWS_ROW; n++) {
        for (size_t i = 0; !json && column == SIZE_MAX && i < row.count; i++)
            if (str_eq(utf8_trim(row.cell[i]), STR(HEADER_ERROR)))
                column = i;
        struct report_mark mark = report_mark_of(error_of(a, &row, column, json));
        if (mark.task_id) {
            mark.hash = arena_str(a, mark.hash);
            return mark;
        }
    }
    return (struct report_mark){0};
}

bool analysis_is_sample(const char *path, const struct import_plan *p)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct file_problem problem;
    struct err err;
    struct row row;
    size_t n = 0, id = SIZE_MAX;
    for (size_t i = 0; i < p->count; i++)
        if (p->column[i].field == FIELD_EXTERNAL_ID)
            id = i;
    if (id == SIZE_MAX || !rows_open(path, &p->settings.rows, &rows, &problem, &err))
        return false;
    for (; n < 4 && analysis_next_row(rows, p->header_record, &row); n++)
        if (id >= row.count || !str_starts(row.cell[id], STR("primer-")))
            return false;
    return n == 3;
}

const char *analysis_answer(enum file_problem_code code)
{
    switch (code) {
    case FILE_ENCODING:
    case FILE_ENCODING_UNKNOWN:
    case FILE_ENCODING_MISMATCH:
        return "encoding";
    case FILE_DELIMITER:
    case FILE_ONE_COLUMN:
        return "delimiter";
    case FILE_SHEET_NOT_FOUND:
    case FILE_NO_SHEET:
        return "sheet";
    case FILE_QUOTE_OPEN:
        return "quote";
    case FILE_HEADER_LATER:
        return "header_row";
    case FILE_COLUMNS_MISSING:
    case FILE_HEADER_ID:
    case FILE_HEADER_REPEATED:
    case FILE_HEADER_EMPTY:
    case FILE_HEADER_TOO_LONG:
    case FILE_HEADER_RESERVED:
    case FILE_NAME_PARTS:
    case FILE_MAPPING:
        return "mapping";
    case FILE_REPAIR_COLUMN:
    case FILE_REPAIR_UNFIT:
        return "repairs";
    case FILE_HOPELESS:
    case FILE_SAMPLE:
    case FILE_SAME_CONTENT:
        return "go_on";
    case FILE_ALL_OR_NOTHING:
        return "all_or_nothing";
    default:
        return NULL;
    }
}

const char *analysis_answer_of(enum file_problem_code code, size_t sheets)
{
    bool other_sheet = sheets > 1 && (code == FILE_EMPTY || code == FILE_HEADER_ONLY);
    return other_sheet ? "sheet" : analysis_answer(code);
}
