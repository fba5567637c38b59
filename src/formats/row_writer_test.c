/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/row_writer.h"

#include "formats/show_rows.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { COLUMNS = 3 };

static const char *const rows_written[][COLUMNS] = {
    {"id", "имя", "comment"},
    {"1", "Анна", ""},
    {"007", "+79161234567", "1e5"},
    {"", "", "x"},
    {" leading", "trailing ", " "},
    {"a;b", "a,b", "a\tb"},
    {"\"", "\"a\"", "a\"\"b"},
    {"two\nlines", "\nthree\n\n", "\n"},
    {"=1+1", "@x", "-1"},
    {"<b>&amp;</b>", "]]>", "'"},
    {"_x0041_", "_x005F_x0041_", "a_x"},
    {"😀", "\xc2\xa0", "\xef\xbb\xbf"},
    {"2024-01-01", "true", "#N/A"},
    {"a\r\nb", "\r\n", "\n\r\r\n"},
    {"a\rb", "\r", "a\x01\x1f\x7f\x0c"},
    {"\xef\xbf\xbf", "\xef\xbf\xbe_xZ", "_x"},
};

static void write_rows(const struct folder *f, enum rows_format format)
{
    AUTO(row_writer_free) struct row_writer *w = NULL;
    struct err err = {0};
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    if (!row_writer_open(fd, format, &w, &err))
        fail_msg("%s", err.msg);
    row_writer_note(w, 1, "how to fill this in");
    for (size_t i = 0; i < COUNT(rows_written); i++) {
        str cell[COLUMNS];
        for (size_t k = 0; k < COLUMNS; k++)
            cell[k] = str_of(rows_written[i][k]);
        if (!row_writer_add(w, cell, COLUMNS, &err))
            fail_msg("%s", err.msg);
    }
    if (!row_writer_end(w, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(close(fd), 0);
}

static void what_row_writer_writes_is_read_back_the_same(void **state)
{
    static const enum rows_format formats[] = {ROWS_CSV, ROWS_XLSX};
    const struct folder *f = *state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        AUTO(rows_free) struct rows *rows = NULL;
        const struct rows_options options = {0};
        struct row row = {0};
        struct file_problem problem;
        struct err err = {0};
        write_rows(f, formats[i]);
        if (!rows_open(f->file, &options, &rows, &problem, &err))
            fail_msg("%s: %s", rows_format_name(formats[i]), file_problem_code_name(problem.code));
        assert_int_equal(rows_about(rows)->format, formats[i]);
        for (size_t r = 0; r < COUNT(rows_written); r++) {
            assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_ROW);
            assert_int_equal(row.record, r + 1);
            for (size_t k = 0; k < COLUMNS; k++) {
                str got = k < row.count ? row.cell[k] : STR("");
                if (!str_eq(got, str_of(rows_written[r][k])) ||
                    (row.kind && k < row.count && row.kind[k] != CELL_TEXT))
                    fail_msg("%s, row %zu: got '%.*s', wrote '%s'", rows_format_name(formats[i]),
                             r + 1, STR_ARG(got), rows_written[r][k]);
            }
        }
        assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_END);
    }
}

static void row_writer_writes_csv_as_excel_wants_it(void **state)
{
    const struct folder *f = *state;
    AUTO(row_writer_free) struct row_writer *w = NULL;
    AUTO(buf_done) struct buf got = {0};
    struct err err = {0};
    const str header[] = {STR("a"), STR("б;в")}, cells[] = {STR("x\"y"), {0}};
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(row_writer_open(fd, ROWS_CSV, &w, &err));
    assert_true(row_writer_add(w, header, COUNT(header), &err));
    assert_true(row_writer_add(w, cells, COUNT(cells), &err));
    assert_true(row_writer_end(w, &err));
    assert_int_equal(close(fd), 0);
    assert_true(file_read(f->file, &got, &err));
    assert_true(str_eq(buf_str(&got), STR("\xef\xbb\xbf"
                                          "a;\"б;в\"\r\n\"x\"\"y\";\r\n")));
}

static void row_writer_writes_more_than_it_holds(void **state)
{
    const struct folder *f = *state;
    AUTO(row_writer_free) struct row_writer *w = NULL;
    AUTO(rows_free) struct rows *rows = NULL;
    const struct rows_options options = {0};
    struct row row = {0};
    struct file_problem problem;
    struct err err = {0};
    char text[1000];
    memset(text, 'x', sizeof text);
    const str cells[] = {{text, sizeof text}, STR("y")};
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(row_writer_open(fd, ROWS_CSV, &w, &err));
    for (size_t i = 0; i < 1000; i++)
        assert_true(row_writer_add(w, cells, COUNT(cells), &err));
    assert_true(row_writer_end(w, &err));
    assert_int_equal(close(fd), 0);
    assert_true(rows_open(f->file, &options, &rows, &problem, &err));
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_ROW);
        assert_int_equal(row.count, 2);
        assert_true(str_eq(row.cell[0], cells[0]) && str_eq(row.cell[1], cells[1]));
    }
    assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_END);
}

static void row_writer_says_what_a_sheet_cannot_hold(void **state)
{
    const struct folder *f = *state;
    static char text[2 * 32767 + 2], emoji[4 * 16384];
    static str cells[16385];
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "я", 2);
    for (size_t i = 0; i < COUNT(cells); i++)
        cells[i] = STR("x");
    const str fits = {text, sizeof text - 2}, longer = {text, sizeof text};
    AUTO(row_writer_free) struct row_writer *w = NULL;
    struct err err = {0};
    assert_true(row_writer_open(fd, ROWS_XLSX, &w, &err));
    assert_true(row_writer_add(w, &fits, 1, &err)); // characters are counted, not bytes
    assert_true(row_writer_add(w, cells, COUNT(cells) - 1, &err));
    assert_false(row_writer_add(w, &longer, 1, &err));
    assert_int_equal(err.code, ERR_INVALID);
    for (size_t i = 0; i < sizeof emoji; i += 4)
        memcpy(emoji + i, "😀", 4);
    const str pairs = {emoji, sizeof emoji - 4}, one_more = {emoji, sizeof emoji};
    assert_true(row_writer_add(w, &pairs, 1, &err)); // as Excel counts: two units each
    assert_false(row_writer_add(w, &one_more, 1, &err));
    err = (struct err){0};
    assert_false(row_writer_add(w, cells, COUNT(cells), &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(close(fd), 0);
}

static void a_workbook_longer_than_a_sheet_is_read_as_one(void **state)
{
    enum { ROWS = 11, PER_SHEET = 4 };
    const struct folder *f = *state;
    AUTO(row_writer_free) struct row_writer *w = NULL;
    AUTO(rows_free) struct rows *rows = NULL, *second = NULL;
    AUTO(arena_done) struct arena a = {0};
    struct rows_options options = {0};
    struct row row = {0};
    struct file_problem problem;
    struct err err = {0};
    const str header[] = {STR("id"), STR("имя")};
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(row_writer_open(fd, ROWS_XLSX, &w, &err));
    row_writer_split(w, PER_SHEET);
    assert_true(row_writer_add(w, header, COUNT(header), &err));
    for (size_t i = 1; i <= ROWS; i++) {
        const str cell[] = {arena_format(&a, "%zu", i), STR("x")};
        assert_true(row_writer_add(w, cell, COUNT(cell), &err));
    }
    assert_true(row_writer_end(w, &err));
    assert_int_equal(close(fd), 0);
    assert_true(rows_open(f->file, &options, &rows, &problem, &err));
    uint64_t line = 0, bytes = 0;
    for (size_t i = 0; i <= ROWS; i++) {
        assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_ROW);
        assert_true(str_eq(row.cell[0], i ? arena_format(&a, "%zu", i) : header[0]));
        assert_true(row.record == i + 1 && row.line > line && rows_bytes_done(rows) >= bytes);
        line = row.line;
        bytes = rows_bytes_done(rows);
    }
    assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_END);
    options.sheet = "2"; // a sheet that was asked for is that sheet
    assert_true(rows_open(f->file, &options, &second, &problem, &err));
    assert_true(str_eq(rows_about(second)->sheet, STR("clients-continued-2")));
    for (size_t i = 0; i < PER_SHEET; i++)
        assert_int_equal(rows_next(second, &row, &problem, &err), ROWS_ROW);
    assert_int_equal(rows_next(second, &row, &problem, &err), ROWS_END);
}

static void row_writer_refuses_what_has_no_rows(void **state)
{
    struct row_writer *w = NULL;
    struct err err = {0};
    (void)state;
    assert_false(row_writer_open(1, ROWS_JSONL, &w, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_null(w);
}

static void row_writer_says_when_the_file_cannot_be_written(void **state)
{
    static const enum rows_format formats[] = {ROWS_CSV, ROWS_XLSX};
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        AUTO(row_writer_free) struct row_writer *w = NULL;
        struct err err = {0};
        const str cell = STR("a");
        int fd = open("/dev/full", O_WRONLY);
        assert_true(fd >= 0);
        assert_true(row_writer_open(fd, formats[i], &w, &err));
        assert_true(row_writer_add(w, &cell, 1, &err));
        assert_false(row_writer_end(w, &err));
        assert_int_not_equal(err.code, ERR_NONE);
        assert_int_equal(close(fd), 0);
    }
}

/* Fills a workbook with noise until that fails, then ends it. */
static bool fill(int fd, size_t rows, struct err *err)
{
    AUTO(row_writer_free) struct row_writer *w = NULL;
    char noise[1025] = {0};
    const str cell = {noise, sizeof noise - 1};
    if (!row_writer_open(fd, ROWS_XLSX, &w, err))
        return false;
    srandom(1);
    for (size_t i = 0; i < rows; i++) {
        for (size_t k = 0; k < cell.len; k++)
            noise[k] = (char)('a' + random() % 26);
        if (!row_writer_add(w, &cell, 1, err))
            return false;
    }
    return row_writer_end(w, err);
}

static void row_writer_says_that_a_workbooks_disk_is_full(void **state)
{
    const struct folder *f = *state;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 2 * 1024 * 1024, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    // The rows have no room; the rows have, but not the copy that is packed; all have.
    static const size_t rows[] = {4000, 1500, 100};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err = {0};
        int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        bool ok = fill(fd, rows[i], &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(ok, rows[i] == 100);
        assert_int_equal(err.code, ok ? ERR_NONE : ERR_LIMIT);
        assert_int_equal(close(fd), 0);
    }
}

static void row_writer_makes_a_workbook_beside_its_file(void **state)
{
    const struct folder *f = *state;
    struct err err = {0};
    int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char *usual = getenv("TMPDIR"), *kept = usual ? strdup(usual) : NULL;
    assert_int_equal(setenv("TMPDIR", "/nowhere", 1), 0);
    assert_true(fill(fd, 10, &err));
    assert_int_equal(kept ? setenv("TMPDIR", kept, 1) : unsetenv("TMPDIR"), 0);
    free(kept);
    assert_int_equal(close(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_row_writer_writes_is_read_back_the_same),
        cmocka_unit_test(row_writer_writes_csv_as_excel_wants_it),
        cmocka_unit_test(row_writer_writes_more_than_it_holds),
        cmocka_unit_test(row_writer_says_what_a_sheet_cannot_hold),
        cmocka_unit_test(a_workbook_longer_than_a_sheet_is_read_as_one),
        cmocka_unit_test(row_writer_refuses_what_has_no_rows),
        cmocka_unit_test(row_writer_says_when_the_file_cannot_be_written),
        cmocka_unit_test(row_writer_says_that_a_workbooks_disk_is_full),
        cmocka_unit_test(row_writer_makes_a_workbook_beside_its_file),
    };
    return cmocka_run_group_tests(tests, folder_new, folder_free);
}
