/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/rows.h"

#include "base/mem.h"
#include "formats/csv_source.h"
#include "formats/file_kind.h"
#include "formats/xlsx_reader.h"

struct rows {
    struct rows_source *source;
    struct rows_about about;
    uint64_t bytes, records, hidden;
    bool leave_hidden_out;
};

static const char *const format_names[] = {
    [ROWS_CSV] = "csv", [ROWS_XLSX] = "xlsx", [ROWS_JSONL] = "jsonl"};

enum rows_format rows_format_of(str name)
{
    for (size_t i = ROWS_CSV; i < COUNT(format_names); i++)
        if (str_eq_nocase(name, str_of(format_names[i])))
            return (enum rows_format)i;
    return ROWS_UNKNOWN;
}

const char *rows_format_name(enum rows_format format)
{
    return format == ROWS_UNKNOWN ? "unknown" : format_names[format];
}

static bool open_source(struct rows *r, const char *path, const struct rows_options *o,
                        struct file_problem *problem, struct err *err)
{
    switch (r->about.format) {
    case ROWS_XLSX:
        return xlsx_reader_open(path, o, &r->source, &r->about, problem, err);
    case ROWS_JSONL:
        return jsonl_source_open(path, o, &r->source, &r->about, problem, err);
    default:
        return csv_source_open(path, o, &r->source, &r->about, problem, err);
    }
}

bool rows_open(const char *path, const struct rows_options *options, struct rows **ret_rows,
               struct file_problem *ret_problem, struct err *err)
{
    AUTO(rows_free) struct rows *r = mem_new(1, sizeof *r);
    enum rows_format found;
    *ret_problem = (struct file_problem){0};
    if (!file_kind_of(path, options->format, options->encoding != NULL, &found, &r->bytes,
                      ret_problem, err))
        return false;
    r->about.format = options->format ? options->format : found;
    if (!open_source(r, path, options, ret_problem, err))
        return false;
    r->leave_hidden_out = options->hidden == ROWS_HIDDEN_LEAVE_OUT;
    *ret_rows = TAKE(r);
    return true;
}

static bool is_blank(const struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (row->cell[i].len)
            return false;
    return true;
}

enum rows_step rows_next(struct rows *r, struct row *ret_row, struct file_problem *ret_problem,
                         struct err *err)
{
    enum rows_step step;
    bool passed_over;
    do {
        step = r->source->next(r->source, ret_row, ret_problem, err);
        passed_over = step == ROWS_ROW && is_blank(ret_row);
        if (step == ROWS_ROW && ret_row->hidden && !passed_over) {
            r->hidden++;
            passed_over = r->leave_hidden_out;
        }
    } while (passed_over);
    if (step == ROWS_ROW)
        ret_row->record = ++r->records;
    return step;
}

const struct rows_about *rows_about(const struct rows *r)
{
    return &r->about;
}

uint64_t rows_hidden_count(const struct rows *r)
{
    return r->hidden;
}

uint64_t rows_bytes_done(const struct rows *r)
{
    uint64_t done = r->source->bytes_done(r->source);
    return MIN(done, r->bytes);
}

uint64_t rows_bytes(const struct rows *r)
{
    return r->bytes;
}

void rows_free(struct rows *r)
{
    if (!r)
        return;
    if (r->source)
        r->source->free(r->source);
    mem_free(r);
}
