/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/picked_rows.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "domain/header.h"

static const str *copy_cells(struct arena *a, const struct row *row)
{
    str *cell = ARENA_NEW(a, str, MAX(row->count, (size_t)1));
    for (size_t i = 0; i < row->count; i++)
        cell[i] = arena_str(a, row->cell[i]);
    return cell;
}

static size_t row_bytes(const struct row *row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < row->count; i++)
        bytes += row->cell[i].len;
    return bytes;
}

static void take_header(struct arena *a, const struct row *row, struct picked_rows *ret)
{
    ret->column = copy_cells(a, row);
    ret->columns = row->count;
    for (size_t i = 0; i < row->count; i++)
        if (str_eq(utf8_trim(row->cell[i]), STR(HEADER_ERROR)))
            ret->mark_column = i;
}

bool picked_rows_read(const char *path, const struct import_settings *settings, struct arena *a,
                      const uint64_t *record, size_t count, struct picked_rows *ret,
                      struct file_problem *ret_problem, struct err *err)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct picked_rows picked = {.mark_column = SIZE_MAX,
                                 .row = ARENA_NEW(a, struct picked_row, MAX(count, (size_t)1))};
    uint64_t header_record = 0;
    size_t bytes = 0;
    struct row row;
    enum rows_step step = ROWS_END;
    if (!rows_open(path, &settings->rows, &rows, ret_problem, err))
        return false;
    picked.lines = rows_about(rows)->format == ROWS_JSONL;
    bool seen_header = picked.lines;
    while ((!seen_header || picked.count < count) && bytes < LIMIT_PICKED_BYTES &&
           (step = rows_next(rows, &row, ret_problem, err)) == ROWS_ROW) {
        if (!seen_header) {
            if (row.line < settings->header_row)
                continue;
            seen_header = true;
            header_record = row.record;
            take_header(a, &row, &picked);
        } else if (row.record - header_record == record[picked.count]) {
            bytes += row_bytes(&row);
            picked.row[picked.count++] = (struct picked_row){row.record - header_record, row.line,
                                                             copy_cells(a, &row), row.count};
        }
    }
    if (step == ROWS_FAILED)
        return false;
    *ret = picked;
    return true;
}
