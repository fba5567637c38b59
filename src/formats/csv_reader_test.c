/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_reader.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct csv_limits wide = {1 << 20, 1024, 0};

struct feed {
    str left;
    size_t step; /* at most so many bytes a time */
};

static int64_t feed_read(void *context, char *to, size_t room, struct file_problem *problem,
                         struct err *err)
{
    struct feed *f = context;
    size_t n = MIN(room, f->left.len);
    n = MIN(n, f->step);
    (void)problem, (void)err;
    assert_true(room > 0);
    if (n)
        memcpy(to, f->left.ptr, n);
    f->left = str_from(f->left, n);
    return (int64_t)n;
}

/* "line:cell|cell|/" for every record; at the end "!code line limit" when it failed. */
static void show(struct buf *b, str bytes, size_t step, char delimiter, char quote,
                 struct csv_limits limits)
{
    struct feed feed = {bytes, step};
    struct row row = {0};
    struct file_problem problem = {0};
    struct err err = {0};
    enum rows_step got;
    AUTO(csv_reader_free)
    struct csv_reader *r = csv_reader_new(feed_read, &feed, delimiter, quote, limits);
    while ((got = csv_reader_next(r, &row, &problem, &err)) == ROWS_ROW) {
        buf_format(b, "%llu:", (unsigned long long)row.line);
        for (size_t i = 0; i < row.count; i++) {
            buf_add(b, row.cell[i]);
            buf_add_char(b, '|');
        }
        buf_add_char(b, '/');
    }
    if (got == ROWS_FAILED)
        buf_format(b, "!%s %llu %llu", file_problem_code_name(problem.code),
                   (unsigned long long)problem.line, (unsigned long long)problem.limit);
    else // the end stays the end
        assert_int_equal(csv_reader_next(r, &row, &problem, &err), ROWS_END);
}

static void check_quoted(const char *name, str bytes, char delimiter, char quote,
                         struct csv_limits limits, str want)
{
    static const size_t steps[] = {1 << 20, 1, 2, 3, 63, 64, 65};
    for (size_t i = 0; i < COUNT(steps); i++) {
        AUTO(buf_done) struct buf b = {0};
        show(&b, bytes, steps[i], delimiter, quote, limits);
        if (!str_eq(buf_str(&b), want))
            fail_msg("%s, %zu bytes at a time: got '%.*s', want '%.*s'", name, steps[i],
                     STR_ARG(buf_str(&b)), STR_ARG(want));
    }
}

static void check(const char *name, str bytes, char delimiter, struct csv_limits limits, str want)
{
    check_quoted(name, bytes, delimiter, '"', limits, want);
}

static void csv_reader_takes_another_quote_or_none(void **state)
{
    static const struct {
        const char *name;
        char quote;
        const char *bytes, *want;
    } cases[] = {
        {"single quotes", '\'', "'a,b','c''d'\n'e\nf',g\n", "1:a,b|c'd|/2:e\nf|g|/"},
        {"double ones are text then", '\'', "\"a,'\"'\n", "1:\"a|\"|/"},
        {"a single quote within a cell", '\'', "d'Artagnan,x\n", "1:d'Artagnan|x|/"},
        {"a single one that stays open", '\'', "a\n't Hooft,x\n", "1:a|/!quote_open 2 0"},
        {"none", 0, "\"a,b\"\n'c\n\"d\n", "1:\"a|b\"|/2:'c|/3:\"d|/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_quoted(cases[i].name, str_of(cases[i].bytes), ',', cases[i].quote, wide,
                     str_of(cases[i].want));
}

static void csv_reader_splits_records_and_counts_lines(void **state)
{
    static const struct {
        const char *name, *bytes, *want;
    } cases[] = {
        {"nothing at all", "", ""},
        {"a line", "a,b\n", "1:a|b|/"},
        {"the last line without its end", "a,b\nc,d", "1:a|b|/2:c|d|/"},
        {"ends of Windows", "a,b\r\nc,d\r\n", "1:a|b|/2:c|d|/"},
        {"ends of the old Mac", "a,b\rc,d\r", "1:a|b|/2:c|d|/"},
        {"all ends in one text", "a\nb\r\nc\rd", "1:a|/2:b|/3:c|/4:d|/"},
        {"LF CR are two ends", "a\n\rb", "1:a|/2:|/3:b|/"},
        {"CR CR LF are two ends", "a\r\r\nb", "1:a|/2:|/3:b|/"},
        {"a CR is the last byte", "a,b\r", "1:a|b|/"},
        {"only an end", "\n", "1:|/"},
        {"blank lines", "a\n\n\r\nb\n", "1:a|/2:|/3:|/4:b|/"},
        {"an empty last cell", "a,\nb,", "1:a||/2:b||/"},
        {"an empty first cell", ",a", "1:|a|/"},
        {"nothing but delimiters", ",,\n", "1:|||/"},
        {"blanks belong to cells", " a , b \n", "1: a | b |/"},
        {"bytes that are no UTF-8", "\xff,\xd0\n", "1:\xff|\xd0|/"},
        {"a single byte", "a", "1:a|/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check(cases[i].name, str_of(cases[i].bytes), ',', wide, str_of(cases[i].want));
}

static void csv_reader_understands_quotes(void **state)
{
    static const struct {
        const char *name, *bytes, *want;
    } cases[] = {
        {"quoted cells", "\"a\",\"b\"\n\"c\",\"d\"", "1:a|b|/2:c|d|/"},
        {"empty quoted cells", "\"\",\"\"\n\"\"", "1:||/2:|/"},
        {"a delimiter inside", "\"a,b\",c\n", "1:a,b|c|/"},
        {"a newline inside", "\"a\nb\",c\nd\n", "1:a\nb|c|/3:d|/"},
        {"CRLF inside", "\"a\r\nb\",c\r\nd\r\n", "1:a\r\nb|c|/3:d|/"},
        {"a CR inside", "\"a\rb\"\rc\r", "1:a\rb|/3:c|/"},
        {"a CR before the closing quote", "\"a\r\"\nb", "1:a\r|/3:b|/"},
        {"newlines in two cells", "\"a\nb\",\"\n\n\"\nc", "1:a\nb|\n\n|/5:c|/"},
        {"newlines behind doubled quotes", "\"\"\"\n\"\"\n\"\nc", "1:\"\n\"\n|/4:c|/"},
        {"a doubled quote", "\"a\"\"b\"\n", "1:a\"b|/"},
        {"only a doubled quote", "\"\"\"\"\n", "1:\"|/"},
        {"doubled quotes at both ends", "\"\"\"a\"\"\",b", "1:\"a\"|b|/"},
        {"two doubled quotes in a row", "\"a\"\"\"\"b\"", "1:a\"\"b|/"},
        {"a doubled quote, then a delimiter", "\"a\"\",b\",c", "1:a\",b|c|/"},
        {"a quote within a plain cell", "a\"b,c\"d\",e\"\n", "1:a\"b|c\"d\"|e\"|/"},
        {"a quote behind a blank opens nothing", " \"a,b\"\n", "1: \"a|b\"|/"},
        {"text behind the closing quote", "\"a\"b,c\n", "1:ab|c|/"},
        {"a blank behind the closing quote", "\"a\" ,c\n", "1:a |c|/"},
        {"quotes behind the closing quote", "\"a\"\"b\"c\"d\"\"e,f\n", "1:a\"bc\"d\"\"e|f|/"},
        {"a quoted cell behind an empty one", ",\"a\"\n", "1:|a|/"},
        {"a quote opens a cell that begins a line", "a\n\"b,c\"\n", "1:a|/2:b,c|/"},
        {"a quote never closed", "a,\"b\n", "!quote_open 1 0"},
        {"a quote never closed below", "a\n\nb,\"c\nd\n", "1:a|/2:|/!quote_open 3 0"},
        {"a quote never closed in a record's second line", "\"a\nb\",\"c\nd", "!quote_open 2 0"},
        {"a doubled quote closes nothing", "\"a\"\"", "!quote_open 1 0"},
        {"a lone quote", "\"", "!quote_open 1 0"},
        {"a lone quote at the end", "a\n\"", "1:a|/!quote_open 2 0"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check(cases[i].name, str_of(cases[i].bytes), ',', wide, str_of(cases[i].want));
}

static void csv_reader_takes_any_delimiter(void **state)
{
    static const char delimiters[] = ";\t|:^ ";
    (void)state;
    for (const char *d = delimiters; *d; d++) {
        AUTO(buf_done) struct buf text = {0};
        buf_format(&text, "a%cb,c%c\"d%c\"\n%c", *d, *d, *d, *d);
        AUTO(buf_done) struct buf want = {0};
        buf_format(&want, "1:a|b,c|d%c|/2:||/", *d);
        check("another delimiter", buf_str(&text), *d, wide, buf_str(&want));
    }
}

static void csv_reader_keeps_to_its_limits(void **state)
{
    static const struct {
        const char *name, *bytes, *want;
        struct csv_limits limits;
    } cases[] = {
        {"as many bytes as may be", "abc\nabcd", "1:abc|/2:abcd|/", {4, 9}},
        {"a byte more", "abcd\n", "!row_too_large 1 4", {4, 9}},
        {"a byte more without an end", "abcde", "!row_too_large 1 4", {4, 9}},
        {"a byte more below", "a\n\"b\nc\"\nabcdefg\n", "1:a|/2:b\nc|/!row_too_large 4 6", {6, 9}},
        {"quotes count", "\"ab\"\n", "!row_too_large 1 4", {4, 9}},
        {"a short record in the middle of many",
         "abc\nabc\nabc\n",
         "1:abc|/2:abc|/3:abc|/",
         {4, 9}},
        {"a quote never closed over the limit", "\"abcdefgh", "!row_too_large 1 4", {4, 9}},
        {"a quote never closed within the limit", "\"abc", "!quote_open 1 0", {4, 9}},
        {"as many columns as may be", "a,b\nc,d", "1:a|b|/2:c|d|/", {99, 2}},
        {"a column more", "a,b\nc,d,e\n", "1:a|b|/!too_many_columns 2 2", {99, 2}},
        {"a column more, at the end of the text", "a,b,c", "!too_many_columns 1 2", {99, 2}},
        {"an empty column more, at the end of the text", "a,b,", "!too_many_columns 1 2", {99, 2}},
        {"a quoted column more, at the end of the text",
         "a,b,\"c\"",
         "!too_many_columns 1 2",
         {99, 2}},
        {"a column more behind lines in quotes",
         "\"a\nb\"\nc,d,e\n",
         "1:a\nb|/!too_many_columns 3 2",
         {99, 2}},
        {"a column more whose quote is never closed", "a,b,\"c", "!too_many_columns 1 2", {99, 2}},
        {"one column is enough", "a\nb", "1:a|/2:b|/", {99, 1}},
        {"a cell of as many bytes as may be", "abc,\"d\"\"e\"\n", "1:abc|d\"e|/", {99, 9, 3}},
        {"a cell of a byte more", "a\nb,abcd\n", "1:a|/!cell_too_large 2 3", {99, 9, 3}},
        {"a quoted cell of a byte more", "\"abcd\",e", "!cell_too_large 1 3", {99, 9, 3}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check(cases[i].name, str_of(cases[i].bytes), ',', cases[i].limits, str_of(cases[i].want));
}

static void add_many(struct buf *b, char c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_char(b, c);
}

/* The scanner looks at 64 bytes at once: what it looks for may stand at each place of a block. */
static void csv_reader_finds_ends_at_every_place(void **state)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    (void)state;
    for (size_t n = 0; n <= 140; n++)
        for (size_t e = 0; e < COUNT(ends); e++)
            for (int quoted = 0; quoted < 2; quoted++) {
                AUTO(buf_done) struct buf text = {0};
                AUTO(buf_done) struct buf want = {0};
                char name[64];
                (void)snprintf(name, sizeof name, "%zu bytes, end %zu, quoted %d", n, e, quoted);
                for (int line = 1; line <= 2; line++) {
                    buf_add(&text, quoted ? STR("\"") : STR(""));
                    add_many(&text, 'x', n);
                    buf_add(&text, quoted ? STR(";\"\"\r\n\";") : STR(";"));
                    add_many(&text, 'y', 140 - n);
                    buf_add(&text, str_of(ends[e]));
                    buf_format(&want, "%d:", quoted ? 2 * line - 1 : line);
                    add_many(&want, 'x', n);
                    buf_add(&want, quoted ? STR(";\"\r\n|") : STR("|"));
                    add_many(&want, 'y', 140 - n);
                    buf_add(&want, STR("|/"));
                }
                check(name, buf_str(&text), ';', wide, buf_str(&want));
            }
}

/* Records that do not end inside the reader's window are read anew once it has moved or grown. */
static void csv_reader_reads_far_more_than_its_window(void **state)
{
    static const size_t steps[] = {1 << 30, 65537, 4096, 999};
    AUTO(buf_done) struct buf text = {0};
    AUTO(buf_done) struct buf want = {0};
    (void)state;
    unsigned long long line = 1;
    for (size_t i = 0; i < 2000; i++) {
        size_t n = i == 700 ? 600000 : i * 7 % 509;
        buf_format(&text, "%zu,\"", i);
        buf_format(&want, "%llu:%zu|", line, i);
        add_many(&text, 'a', n);
        add_many(&want, 'a', n);
        buf_add(&text, STR("\"\"\r\n"));
        buf_add(&want, STR("\"\r\n"));
        add_many(&text, 'b', n);
        add_many(&want, 'b', n);
        buf_add(&text, STR("\",\"c\"\r\n"));
        buf_add(&want, STR("|c|/"));
        line += 2;
    }
    for (size_t i = 0; i < COUNT(steps); i++) {
        AUTO(buf_done) struct buf b = {0};
        show(&b, buf_str(&text), steps[i], ',', '"', (struct csv_limits){2 << 20, 3, 0});
        if (!str_eq(buf_str(&b), buf_str(&want)))
            fail_msg("%zu bytes at a time: %zu bytes, want %zu", steps[i], b.len, want.len);
    }
}

static int64_t fail_read(void *context, char *to, size_t room, struct file_problem *problem,
                         struct err *err)
{
    bool *begun = context;
    (void)err;
    if (*begun) {
        (void)file_problem_set(problem, FILE_UNREADABLE, (str){0}, (str){0});
        return -1;
    }
    *begun = true;
    assert_true(room > 4);
    memcpy(to, "a\nbc", 4);
    return 4;
}

static void csv_reader_passes_a_failure_on(void **state)
{
    bool begun = false;
    struct row row = {0};
    struct file_problem problem = {0};
    struct err err = {0};
    (void)state;
    AUTO(csv_reader_free) struct csv_reader *r = csv_reader_new(fail_read, &begun, ',', '"', wide);
    assert_int_equal(csv_reader_next(r, &row, &problem, &err), ROWS_ROW);
    assert_int_equal(csv_reader_next(r, &row, &problem, &err), ROWS_FAILED);
    assert_int_equal(problem.code, FILE_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_reader_splits_records_and_counts_lines),
        cmocka_unit_test(csv_reader_understands_quotes),
        cmocka_unit_test(csv_reader_takes_another_quote_or_none),
        cmocka_unit_test(csv_reader_takes_any_delimiter),
        cmocka_unit_test(csv_reader_keeps_to_its_limits),
        cmocka_unit_test(csv_reader_finds_ends_at_every_place),
        cmocka_unit_test(csv_reader_reads_far_more_than_its_window),
        cmocka_unit_test(csv_reader_passes_a_failure_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
