/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/error_table.h"

#include "domain/cell.h"

bool error_table_begin(struct row_writer *w, struct err *err)
{
    static const str header[] = {{"record", 6}, {"line", 4},   {"column", 6},  {"value", 5},
                                 {"code", 4},   {"reason", 6}, {"other_id", 8}};
    return row_writer_add(w, header, COUNT(header), err);
}

str error_table_column(const struct store_task_error *e)
{
    return e->column.len ? e->column : e->key.len ? e->key : e->field;
}

bool error_table_add(struct row_writer *w, enum language language, const struct store_task_error *e,
                     struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    const struct problem p = {.code = e->code, .field = e->field, .key = e->key};
    char other[CONSUMER_ID_BYTES] = "";
    if (e->other_id)
        consumer_id_text(e->other_id, other);
    const str cell[] = {arena_format(&a, "%llu", (unsigned long long)e->record),
                        arena_format(&a, "%llu", (unsigned long long)e->line),
                        cell_guarded(&a, error_table_column(e), false),
                        cell_guarded(&a, e->value, false),
                        str_of(problem_code_name(e->code)),
                        wording_problem(&a, language, &p),
                        str_of(other)};
    return row_writer_add(w, cell, COUNT(cell), err);
}
