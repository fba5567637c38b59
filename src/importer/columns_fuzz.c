/* columns_fuzz: any header row is read or refused; what was read keeps its promises.
 *
 * The input is a header, its cells apart by '|'; a first line, when there are two, is a mapping or
 * a list of repairs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "importer/columns.h"

#include "base/utf8.h"
#include "domain/header.h"
#include "importer/repair.h"

enum { MAX_CELLS = 256 };

static void check(const struct import_column *column, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct import_column *c = &column[i];
        bool key = !str_is_null(c->attribute);
        assert(c->field <= FIELD_COUNT && c->field != FIELD_CUSTOM_ATTRIBUTES);
        assert(!(key && (c->field != FIELD_COUNT || c->by_id || c->name_part)));
        for (size_t j = i + 1; j < count; j++)
            assert(c->field == FIELD_COUNT || c->field != column[j].field);
        for (const struct import_repair *r = c->repair; r; r = r->next)
            assert(repair_fits(r->rule, c));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = {0};
    str text = {(const char *)data, size}, cell[MAX_CELLS];
    struct import_settings settings = {0};
    struct import_column *column;
    struct file_problem problem = {0};
    struct row row = {.record = 1, .line = 1, .cell = cell};
    struct err err = {0};
    if (!utf8_valid(text))
        return 0;
    if (str_find(text, '\n') < text.len) {
        str first = str_split(&text, '\n');
        static const char *const names[] = {"mapping", "repairs", "mode", "blank_missing"};
        for (size_t i = 0; i < COUNT(names); i++)
            IGNORE(import_settings_set(&a, &settings, str_of(names[i]), first, &err));
    }
    while (text.len && row.count < MAX_CELLS)
        cell[row.count++] = str_split(&text, '|');
    (void)columns_row_is_header(&a, &row, false);
    if (columns_read(&a, &row, &settings, &column, &problem)) {
        assert(problem.code == FILE_OK);
        check(column, row.count);
    } else {
        assert(problem.code != FILE_OK);
    }
    return 0;
}
