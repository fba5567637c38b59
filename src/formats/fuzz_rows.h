/* fuzz_rows: for the fuzz targets: bytes as a file in memory, and what holds for the rows of any
 * file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_FUZZ_ROWS_H
#define FORMATS_FUZZ_ROWS_H

#include "base/buf.h"
#include "base/file.h"
#include "base/utf8.h"
#include "formats/rows.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct memory_file {
    int fd;
    char path[40];
};

static UNUSED void memory_file_open(struct memory_file *f, str bytes)
{
    struct err err;
    f->fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(f->fd >= 0);
    bool ok = file_write_fd(f->fd, bytes, &err);
    assert(ok);
    (void)snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
}

static UNUSED void memory_file_close(struct memory_file *f)
{
    (void)close(f->fd);
}
DEFINE_AUTO_STRUCT(struct memory_file, memory_file_close)

/* Reads all rows; `each` (or NULL) sees every one.  True when the file's end was reached. */
static UNUSED bool check_rows(const char *path, const struct rows_options *options,
                              void (*each)(void *context, const struct row *row), void *context)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct file_problem problem = {0};
    struct err err = {0};
    struct row row = {0};
    uint64_t record = 0, line = 0;
    enum rows_step step = ROWS_FAILED;
    if (rows_open(path, options, &rows, &problem, &err)) {
        bool sheet = rows_about(rows)->format == ROWS_XLSX;
        while ((step = rows_next(rows, &row, &problem, &err)) == ROWS_ROW) {
            bool filled = false;
            assert(row.record == ++record);
            // A sheet says its rows' numbers itself, so it may lie.
            assert(row.line > 0 && (sheet || row.line > line));
            assert(row.count > 0 && row.count <= options->columns);
            for (size_t i = 0; i < row.count; i++) {
                assert(row.cell[i].ptr && utf8_valid(row.cell[i]));
                filled = filled || row.cell[i].len;
            }
            assert(filled);
            assert(rows_bytes_done(rows) <= rows_bytes(rows));
            line = row.line;
            if (each)
                each(context, &row);
        }
    }
    assert((step == ROWS_FAILED) == (problem.code != FILE_OK));
    assert(utf8_valid(str_of(problem.value)) && utf8_valid(str_of(problem.detail)));
    return step == ROWS_END;
}

#endif
