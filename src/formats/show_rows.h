/* show_rows: for the tests: a file in a temporary folder, and its rows as one line of text.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_SHOW_ROWS_H
#define FORMATS_SHOW_ROWS_H

#include "base/buf.h"
#include "base/file.h"
#include "formats/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct folder { /* a cmocka state */
    char dir[64], file[80];
};

static UNUSED int folder_new(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/clientele-formats-XXXXXX");
    if (!mkdtemp(f->dir)) {
        free(f);
        return -1;
    }
    (void)snprintf(f->file, sizeof f->file, "%s/file", f->dir);
    *state = f;
    return 0;
}

static UNUSED int folder_free(void **state)
{
    struct folder *f = *state;
    (void)unlink(f->file);
    int rc = rmdir(f->dir);
    free(f);
    return rc;
}

static UNUSED void folder_write(const struct folder *f, str bytes)
{
    struct err err = {0};
    if (!file_write(f->file, bytes, 0600, &err))
        fail_msg("the test's own file: %s", err.msg);
}

/* "!code", then what else is known of it: " line 2 column 3 offset 7 byte ff limit 10 value x". */
static UNUSED void show_problem(struct buf *b, const struct file_problem *p)
{
    buf_format(b, "!%s", file_problem_code_name(p->code));
    if (p->line)
        buf_format(b, " line %llu", (unsigned long long)p->line);
    if (p->column)
        buf_format(b, " column %llu", (unsigned long long)p->column);
    if (p->offset)
        buf_format(b, " offset %llu", (unsigned long long)p->offset);
    if (p->byte)
        buf_format(b, " byte %x", p->byte);
    if (p->limit)
        buf_format(b, " limit %llu", (unsigned long long)p->limit);
    if (p->value[0])
        buf_format(b, " value %s", p->value);
}

/* "record@line ", then every cell with a '|' behind it and '~' and a letter when it is not text,
 * then '/'. */
static UNUSED void show_row(struct buf *b, const struct row *row)
{
    static const char *const kinds[] = {"", "~n", "~d", "~b", "~e"};
    buf_format(b, "%llu@%llu ", (unsigned long long)row->record, (unsigned long long)row->line);
    for (size_t i = 0; i < row->count; i++) {
        buf_add(b, row->cell[i]);
        buf_add(b, str_of(row->kind ? kinds[row->kind[i]] : ""));
        buf_add_char(b, '|');
    }
    buf_add_char(b, '/');
}

/* All rows of the file, and the problem that ended them; *ret_problem as rows_open() or rows_next()
 * left it. */
static UNUSED void show_rows(struct buf *b, const char *path, const struct rows_options *options,
                             struct file_problem *ret_problem)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct row row = {0};
    struct err err = {0};
    enum rows_step step = ROWS_FAILED;
    *ret_problem = (struct file_problem){0};
    if (rows_open(path, options, &rows, ret_problem, &err)) {
        while ((step = rows_next(rows, &row, ret_problem, &err)) == ROWS_ROW)
            show_row(b, &row);
        assert_true(rows_bytes_done(rows) <= rows_bytes(rows));
    }
    if (step == ROWS_FAILED) {
        assert_int_not_equal(ret_problem->code, FILE_OK);
        show_problem(b, ret_problem);
    }
}

#endif
