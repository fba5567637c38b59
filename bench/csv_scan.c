/* A CSV text read and taken apart, and nothing else. usage: csv_scan HOW FILE; HOW is
 *   memchr  a loop over the ends of lines: as much as wc -l does
 *   libcsv  the peer: every cell and every row of it, by libcsv's callbacks
 *   scan    clientele's scanner on the bytes of the file, ';' between cells
 *   rows    the whole reader: encoding checked and delimiter found first
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "formats/csv_reader.h"

#include <csv.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 * 1024 };

struct count {
    uint64_t rows, cells;
};

static int64_t read_file(void *context, char *to, size_t room, struct file_problem *problem,
                         struct err *err)
{
    (void)problem, (void)err;
    return read(*(const int *)context, to, room);
}

static bool by_memchr(int fd, struct count *n)
{
    static char chunk[CHUNK_BYTES];
    ssize_t len;
    while ((len = read(fd, chunk, sizeof chunk)) > 0)
        for (const char *at = chunk, *end = chunk + len;
             (at = memchr(at, '\n', (size_t)(end - at))); at++)
            n->rows++;
    return len == 0;
}

static void on_cell(void *text, size_t len, void *context)
{
    (void)text, (void)len;
    ((struct count *)context)->cells++;
}

static void on_row(int last, void *context)
{
    (void)last;
    ((struct count *)context)->rows++;
}

static bool by_libcsv(int fd, struct count *n)
{
    static char chunk[CHUNK_BYTES];
    struct csv_parser parser;
    ssize_t len;
    if (csv_init(&parser, 0) != 0)
        return false;
    csv_set_delim(&parser, ';');
    while ((len = read(fd, chunk, sizeof chunk)) > 0)
        if (csv_parse(&parser, chunk, (size_t)len, on_cell, on_row, n) != (size_t)len)
            return false;
    csv_fini(&parser, on_cell, on_row, n);
    csv_free(&parser);
    return len == 0;
}

static bool by_scanner(int fd, struct count *n)
{
    AUTO(csv_reader_free)
    struct csv_reader *r = csv_reader_new(read_file, &fd, ';', '"',
                                          (struct csv_limits){LIMIT_ROW_BYTES, LIMIT_COLUMNS});
    struct row row;
    struct file_problem problem;
    struct err err;
    enum rows_step step;
    while ((step = csv_reader_next(r, &row, &problem, &err)) == ROWS_ROW) {
        n->rows++;
        n->cells += row.count;
    }
    return step == ROWS_END;
}

static bool by_rows(const char *path, struct count *n)
{
    AUTO(rows_free) struct rows *rows = NULL;
    struct rows_options options = {0};
    struct row row;
    struct file_problem problem;
    struct err err;
    enum rows_step step;
    if (!rows_open(path, &options, &rows, &problem, &err))
        return false;
    while ((step = rows_next(rows, &row, &problem, &err)) == ROWS_ROW) {
        n->rows++;
        n->cells += row.count;
    }
    return step == ROWS_END;
}

int main(int argc, char **argv)
{
    struct count n = {0};
    int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1;
    if (fd < 0) {
        fprintf(stderr, "usage: csv_scan memchr|libcsv|scan|rows FILE\n");
        return 2;
    }
    bool ok = strcmp(argv[1], "memchr") == 0   ? by_memchr(fd, &n)
              : strcmp(argv[1], "libcsv") == 0 ? by_libcsv(fd, &n)
              : strcmp(argv[1], "scan") == 0   ? by_scanner(fd, &n)
                                               : by_rows(argv[2], &n);
    printf("%llu rows, %llu cells\n", (unsigned long long)n.rows, (unsigned long long)n.cells);
    return !ok;
}
