/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/rows.h"

#include <errno.h>

#include "formats/show_rows.h"

#define BYTES(text) text, sizeof(text) - 1
#define BOM         "\xef\xbb\xbf"

static void rows_are_read_from_any_text(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        struct rows_options options;
        const char *want;
    } cases[] = {
        {"UTF-8", BYTES("a;б\n1;2\n"), {0}, "1@1 a|б|/2@2 1|2|/"},
        {"UTF-8 with a mark", BYTES(BOM "a;б\n1;2\n"), {0}, "1@1 a|б|/2@2 1|2|/"},
        {"a mark before a quote", BYTES(BOM "\"a\nb\";c\n1;2"), {0}, "1@1 a\nb|c|/2@3 1|2|/"},
        {"UTF-16LE",
         BYTES("\xff\xfe"
               "a\0;\0\x11\x04\n\0"
               "1\0;\0"
               "2\0"),
         {0},
         "1@1 a|Б|/2@2 1|2|/"},
        {"UTF-16BE",
         BYTES("\xfe\xff\0a\0;\x04\x11\0\r\0\n\0"
               "1\0;\0"
               "2"),
         {0},
         "1@1 a|Б|/2@2 1|2|/"},
        {"UTF-16 of a letter that is a pair",
         BYTES("\xff\xfe"
               "a\0;\0\x3d\xd8\x00\xde"),
         {0},
         "1@1 a|😀|/"},
        {"half a pair in UTF-16BE",
         BYTES("\xfe\xff\0a\0;\0\r\0\n\0b\xd8\x3d\0;"),
         {0},
         "!encoding_mismatch line 2 column 2 offset 12 byte d8 value UTF-16BE"},
        {"half a pair in UTF-16",
         BYTES("\xff\xfe"
               "a\0;\0\x3d\xd8;\0"),
         {0},
         "!encoding_mismatch line 1 column 3 offset 6 byte 3d value UTF-16LE"},
        {"UTF-16 cut in a letter",
         BYTES("\xff\xfe"
               "a\0;\0b"),
         {0},
         "!encoding_mismatch line 1 column 3 offset 6 byte 62 value UTF-16LE"},
        {"windows-1251 stated",
         BYTES("a;\xc1\n\xff;2\n"),
         {.encoding = "windows-1251"},
         "1@1 a|Б|/2@2 я|2|/"},
        {"windows-1251 by another name", BYTES("a;\xc1\n"), {.encoding = "CP1251"}, "1@1 a|Б|/"},
        {"a byte that the stated encoding has not",
         BYTES("a;\xc1\n1;\xb9\xff\n"),
         {.encoding = "ISO-8859-7"},
         "!encoding_mismatch line 2 column 4 offset 7 byte ff value ISO-8859-7"},
        {"windows-1251 not stated",
         BYTES("a;b\n1;\xe0\xe1\n"),
         {0},
         "!encoding line 2 column 3 offset 6 byte e0"},
        {"the column of a bad byte is counted in letters",
         BYTES("a;b\r\nбб;\xff\n"),
         {0},
         "!encoding line 2 column 4 offset 10 byte ff"},
        {"a mark is no letter",
         BYTES(BOM "a;\xff\n"),
         {0},
         "!encoding line 1 column 3 offset 5 byte ff"},
        {"lines of the old Mac are counted",
         BYTES("a;b\r1;2\r3;\xff\r"),
         {0},
         "!encoding line 3 column 3 offset 10 byte ff"},
        {"a bad byte in the first place",
         BYTES("\xe0;b\n"),
         {0},
         "!encoding line 1 column 1 byte e0"},
        {"UTF-8 cut in a letter",
         BYTES("a;\xd0"),
         {0},
         "!encoding line 1 column 3 offset 2 byte d0"},
        {"UTF-8 stated and wrong",
         BYTES("a;\xff"),
         {.encoding = "UTF-8"},
         "!encoding_mismatch line 1 column 3 offset 2 byte ff value UTF-8"},
        {"an encoding that nobody knows",
         BYTES("a;b"),
         {.encoding = "martian"},
         "!encoding_unknown value martian"},
        {"a zero byte",
         BYTES("a;b\n1;\0"
               "2\n"),
         {0},
         "!binary line 2 column 3 offset 6"},
        {"a zero byte in another encoding",
         BYTES("a;\xc1\0"),
         {.encoding = "windows-1251"},
         "!binary line 1 column 4 offset 3"},
        {"a zero in UTF-16",
         BYTES("\xff\xfe"
               "a\0;\0\n\0"
               "\x00\x01\0\0"),
         {0},
         "!binary line 2 column 2 offset 10"},
        {"nothing at all", BYTES(""), {0}, ""},
        {"nothing but a mark", BYTES(BOM), {0}, ""},
        {"blank records are left out and lines are counted",
         BYTES("\n\na;b\n\n;\r\n1;2\n\"\";\"\"\n3;\n"),
         {0},
         "1@3 a|b|/2@6 1|2|/3@8 3||/"},
        {"a blank is a character", BYTES("a;b\n ;\n"), {0}, "1@1 a|b|/2@2  ||/"},
        {"lines inside quotes are counted",
         BYTES("a,b\n\"1\n2\",3\n\n4,5\n"),
         {0},
         "1@1 a|b|/2@2 1\n2|3|/3@5 4|5|/"},
        {"Excel's own first line", BYTES("sep=,\na;b,c\n1,2\n"), {0}, "1@2 a;b|c|/2@3 1|2|/"},
        {"Excel's own first line and a problem",
         BYTES("sep=,\na,b\n1,\"2\n"),
         {0},
         "1@2 a|b|/!quote_open line 3"},
        {"another delimiter stated than the first line's",
         BYTES("sep=,\na;b\n"),
         {.delimiter = ';'},
         "1@1 sep=,|/2@2 a|b|/"},
        {"a delimiter stated",
         BYTES("a,b;c\n1,2;3\n"),
         {.delimiter = ','},
         "1@1 a|b;c|/2@2 1|2;3|/"},
        {"a delimiter that cannot be told", BYTES("a,b;c\n1,2;3\n"), {0}, "!delimiter"},
        {"one column", BYTES("email\nx@y.ru\n"), {0}, "1@1 email|/2@2 x@y.ru|/"},
        {"one column, if blanks stand between no two",
         BYTES("first last\nx y\n"),
         {0},
         "!one_column value first last"},
        {"UTF-16LE without a mark",
         BYTES("a\0;\0\x11\x04\n\0"
               "1\0;\0"
               "2\0"),
         {0},
         "1@1 a|Б|/2@2 1|2|/"},
        {"UTF-16BE without a mark",
         BYTES("\0a\0;\x04\x11\0\r\0\n\0"
               "1\0;\0"
               "2"),
         {0},
         "1@1 a|Б|/2@2 1|2|/"},
        {"UTF-32LE without a mark", BYTES("a\0\0\0;\0\0\0\x11\x04\0\0\n\0\0\0"), {0}, "1@1 a|Б|/"},
        {"UTF-32BE without a mark", BYTES("\0\0\0a\0\0\0;\0\0\x04\x11\0\0\0\n"), {0}, "1@1 a|Б|/"},
        {"UTF-16 without a mark or a line end",
         BYTES("a\0;\0"
               "b\0"),
         {0},
         "!binary line 1 column 2 offset 1"},
        {"UTF-16 without a mark, with half a pair",
         BYTES("a\0;\0\x3d\xd8\n\0"),
         {0},
         "!binary line 1 column 2 offset 1"},
        {"UTF-16 without a mark, cut in a letter",
         BYTES("a\0;\0"
               "b\0\n\0"
               "c"),
         {0},
         "!binary line 1 column 2 offset 1"},
        {"one column with a delimiter stated",
         BYTES("email\nx@y.ru\n"),
         {.delimiter = ';'},
         "1@1 email|/2@2 x@y.ru|/"},
        {"a quote never closed", BYTES("a;b\n1;\"2\n3;4\n"), {0}, "1@1 a|b|/!quote_open line 2"},
        {"a record over its limit",
         BYTES("a;b\n12345;6789\n"),
         {.row_bytes = 8},
         "1@1 a|b|/!row_too_large line 2 limit 8"},
        {"columns over their limit",
         BYTES("a;b\n1;2;3"),
         {.columns = 2},
         "1@1 a|b|/!too_many_columns line 2 limit 2"},

        {"JSON Lines", BYTES("{\"a\":1}\n{\"a\":2}"), {0}, "1@1 {\"a\":1}|/2@2 {\"a\":2}|/"},
        {"JSON Lines with a mark and ends of Windows",
         BYTES(BOM "{\"a\":1}\r\n\r\n{}\r\n"),
         {0},
         "1@1 {\"a\":1}|/2@3 {}|/"},
        {"JSON Lines with blank lines",
         BYTES("\n \t\n{\"a\":\"б\"}\n\n {} \n"),
         {0},
         "1@3 {\"a\":\"б\"}|/2@5 {}|/"},
        {"JSON Lines stated",
         BYTES("hello\n[1]\n"),
         {.format = ROWS_JSONL},
         "1@1 hello|/2@2 [1]|/"},
        {"JSON Lines in UTF-16",
         BYTES("\xff\xfe{\0}\0\n\0{\0}\0"),
         {.format = ROWS_JSONL},
         "1@1 {}|/2@2 {}|/"},
        {"a line of JSON as long as may be",
         BYTES("{}\n{\"a\":1}\n{}\n"),
         {.row_bytes = 7},
         "1@1 {}|/2@2 {\"a\":1}|/3@3 {}|/"},
        {"a line of JSON over its limit",
         BYTES("{}\n{\"a\":1}\n{}\n"),
         {.row_bytes = 6},
         "1@1 {}|/!row_too_large line 2 limit 6"},
        {"the last line of JSON over its limit",
         BYTES("{}\n{\"a\":1}"),
         {.row_bytes = 6},
         "1@1 {}|/!row_too_large line 2 limit 6"},
        {"JSON Lines that are no UTF-8",
         BYTES("{\"a\":\"\xe0\"}\n"),
         {0},
         "!encoding line 1 column 7 offset 6 byte e0"},
        {"CSV that begins like JSON", BYTES("{x;b\n1;2\n"), {0}, "1@1 {x|b|/2@2 1|2|/"},
        {"CSV stated",
         BYTES("{\"a\",b\n"),
         {.format = ROWS_CSV, .delimiter = ','},
         "1@1 {\"a\"|b|/"},

        {"a JSON array", BYTES("[{\"a\":1}]"), {0}, "!json"},
        {"a JSON object over lines", BYTES("{\n  \"a\": 1\n}\n"), {0}, "!json"},
        {"a web page", BYTES("<!DOCTYPE html><table>"), {0}, "!html"},
        {"a web page's table", BYTES("\r\n<TABLE><tr>"), {0}, "!html"},
        {"XML", BYTES("<?xml version=\"1.0\"?><Workbook>"), {0}, "!xml"},
        {"PDF", BYTES("%PDF-1.4"), {0}, "!pdf"},
        {"gzip", BYTES("\x1f\x8b\x08"), {0}, "!gzip"},
        {"another archive", BYTES("Rar!\x1a\x07\x00"), {0}, "!zip"},
        {"a picture", BYTES("\x89PNG\r\n"), {0}, "!binary"},
        {"rich text", BYTES("{\\rtf1"), {0}, "!word"},
        {"an old workbook", BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), {0}, "!xls"},
        {"a workbook under a password",
         BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx"
               "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"),
         {0},
         "!encrypted"},
        {"text stated to be a workbook",
         BYTES("a;b\n"),
         {.format = ROWS_XLSX},
         "!workbook_damaged"},
        {"an archive without anything",
         BYTES("PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
         {0},
         "!zip"},
    };
    const struct folder *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        struct file_problem problem;
        folder_write(f, (str){cases[i].bytes, cases[i].len});
        show_rows(&b, f->file, &cases[i].options, &problem);
        str got = buf_str(&b), want = str_of(cases[i].want);
        if (!str_eq(got, want))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(buf_str(&b)));
    }
}

static void rows_about_says_how_the_file_was_understood(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        struct rows_options options;
        struct rows_about want;
        const char *encoding;
    } cases[] = {
        {"UTF-8", BYTES("a;b\n"), {0}, {ROWS_CSV, .delimiter = ';'}, "UTF-8"},
        {"UTF-8 with a mark",
         BYTES(BOM "a\tb\n"),
         {0},
         {ROWS_CSV, .delimiter = '\t', .had_bom = true},
         "UTF-8"},
        {"UTF-16LE",
         BYTES("\xff\xfe"
               "a\0,\0"),
         {0},
         {ROWS_CSV, .delimiter = ',', .had_bom = true},
         "UTF-16LE"},
        {"UTF-16BE",
         BYTES("\xfe\xff\0a\0,"),
         {0},
         {ROWS_CSV, .delimiter = ',', .had_bom = true},
         "UTF-16BE"},
        {"another encoding",
         BYTES("\xc1|b\n"),
         {.encoding = "cp1251"},
         {ROWS_CSV, .delimiter = '|'},
         "windows-1251"},
        {"Excel's own first line",
         BYTES("sep=:\na:b\n"),
         {0},
         {ROWS_CSV, .delimiter = ':'},
         "UTF-8"},
        {"JSON Lines", BYTES("{}\n"), {0}, {ROWS_JSONL}, "UTF-8"},
    };
    const struct folder *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(rows_free) struct rows *rows = NULL;
        struct file_problem problem;
        struct err err = {0};
        folder_write(f, (str){cases[i].bytes, cases[i].len});
        if (!rows_open(f->file, &cases[i].options, &rows, &problem, &err))
            fail_msg("%s: %s", cases[i].name, file_problem_code_name(problem.code));
        const struct rows_about *about = rows_about(rows);
        if (about->format != cases[i].want.format || about->had_bom != cases[i].want.had_bom ||
            about->delimiter != cases[i].want.delimiter ||
            !str_eq_nocase(about->encoding, str_of(cases[i].encoding)) ||
            rows_bytes(rows) != cases[i].len)
            fail_msg("%s: %s, '%.*s', delimiter '%c', mark %d, %llu bytes", cases[i].name,
                     rows_format_name(about->format), STR_ARG(about->encoding), about->delimiter,
                     about->had_bom, (unsigned long long)rows_bytes(rows));
    }
}

/* The file is checked in chunks; a letter may be cut by their border, and a bad one stand behind
 * many of them. */
static void rows_are_checked_to_the_end_before_any_is_read(void **state)
{
    enum { CHUNK = 256 * 1024 };
    const struct folder *f = *state;
    for (size_t shift = 0; shift < 4; shift++) {
        AUTO(buf_done) struct buf text = {0};
        AUTO(buf_done) struct buf got = {0};
        struct file_problem problem;
        const struct rows_options options = {0};
        buf_add(&text, STR("a;b\n"));
        for (size_t i = 0; i < shift; i++)
            buf_add_char(&text, '\n');
        while (text.len < CHUNK + 100)
            buf_add(&text, STR("😀;😀\n"));
        folder_write(f, buf_str(&text));
        show_rows(&got, f->file, &options, &problem);
        assert_int_equal(problem.code, FILE_OK);

        size_t offset = text.len;
        buf_add(&text, STR("\xff"));
        folder_write(f, buf_str(&text));
        buf_reset(&got);
        show_rows(&got, f->file, &options, &problem);
        assert_int_equal(problem.code, FILE_ENCODING);
        assert_int_equal(problem.offset, offset);
        assert_int_equal(problem.column, 1);
        assert_true(str_starts(buf_str(&got), STR("!"))); // no row came before it
    }
}

/* The letters of other encodings are converted in pieces, which must not cut one. */
static void rows_are_converted_whole(void **state)
{
    const struct folder *f = *state;
    for (size_t n = 4070; n < 4110; n++) {
        AUTO(buf_done) struct buf text = {0};
        AUTO(buf_done) struct buf want = {0};
        AUTO(buf_done) struct buf got = {0};
        struct file_problem problem;
        const struct rows_options options = {0};
        buf_add(&text, (str){"\xff\xfe", 2});
        buf_add(&text, (str){"b\0;\0", 4});
        buf_add(&want, STR("1@1 b|"));
        for (size_t i = 0; i < n; i++) {
            buf_add(&text, (str){"a\0", 2});
            buf_add_char(&want, 'a');
        }
        buf_add(&text, (str){"\x3d\xd8\x00\xde", 4});
        buf_add(&want, STR("😀|/"));
        folder_write(f, buf_str(&text));
        show_rows(&got, f->file, &options, &problem);
        if (!str_eq(buf_str(&got), buf_str(&want)))
            fail_msg("behind %zu letters: got '%.*s'", n, STR_ARG(str_first(buf_str(&got), 99)));
    }
}

static void rows_open_names_encodings_that_fit(void **state)
{
    static const struct {
        const char *name, *bytes, *want;
    } cases[] = {
        {"Russian text", "a;\xc0\xed\xed\xe0\n", "windows-1251, KOI8-R, IBM866, windows-1252"},
        {"Russian text of Windows with quotation marks", "a;\xab\xc0\xbb \x97 \xb9\n",
         "windows-1251, KOI8-R, IBM866, windows-1252"},
        {"a byte that is a letter in some", "a;\xc0\x98\n", "KOI8-R, IBM866, windows-1252"},
        {"a control character in all", "a;\xc0\x01\n", ""},
    };
    const struct folder *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        const struct rows_options options = {0};
        struct file_problem problem;
        folder_write(f, str_of(cases[i].bytes));
        show_rows(&b, f->file, &options, &problem);
        if (problem.code != FILE_ENCODING || strcmp(problem.detail, cases[i].want) != 0)
            fail_msg("%s: got %s '%s'", cases[i].name, file_problem_code_name(problem.code),
                     problem.detail);
    }
}

static void rows_of_json_lines_may_be_longer_than_a_piece(void **state)
{
    const struct folder *f = *state;
    AUTO(buf_done) struct buf text = {0};
    AUTO(rows_free) struct rows *rows = NULL;
    const struct rows_options options = {0};
    struct row row = {0};
    struct file_problem problem;
    struct err err = {0};
    for (size_t i = 0; i < 300; i++) {
        buf_format(&text, "{\"a\":\"%zu", i);
        for (size_t n = i == 9 ? 200000 : i * 13 % 997; n; n--)
            buf_add_char(&text, 'x');
        buf_add(&text, STR("\"}\n"));
    }
    folder_write(f, buf_str(&text));
    assert_true(rows_open(f->file, &options, &rows, &problem, &err));
    str rest = buf_str(&text);
    for (size_t i = 1; i <= 300; i++) {
        assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_ROW);
        assert_int_equal(row.record, i);
        assert_int_equal(row.line, i);
        assert_true(str_eq(row.cell[0], str_split(&rest, '\n')));
    }
    assert_int_equal(rows_next(rows, &row, &problem, &err), ROWS_END);
    assert_int_equal(rows_bytes_done(rows), text.len);
}

static void rows_open_says_what_is_wrong_with_the_path(void **state)
{
    const struct folder *f = *state;
    const struct rows_options options = {0};
    struct rows *rows = NULL;
    struct file_problem problem;
    struct err err = {0};
    assert_false(rows_open("/nowhere/to/be/found", &options, &rows, &problem, &err));
    assert_int_equal(problem.code, FILE_ABSENT);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(rows_open(f->dir, &options, &rows, &problem, &err)); // a folder
    assert_int_equal(problem.code, FILE_IS_FOLDER);
    assert_null(rows);
    errno = EACCES; // a program of root never gets it from the system
    assert_false(file_problem_errno(&problem, "cannot open it", &err));
    assert_int_equal(problem.code, FILE_NOT_ALLOWED);
}

static void rows_format_of_knows_its_own_names(void **state)
{
    (void)state;
    for (enum rows_format i = ROWS_CSV; i <= ROWS_JSONL; i++)
        assert_int_equal(rows_format_of(str_of(rows_format_name(i))), i);
    assert_int_equal(rows_format_of(STR("XLSX")), ROWS_XLSX);
    assert_int_equal(rows_format_of(STR("xls")), ROWS_UNKNOWN);
    assert_int_equal(rows_format_of(STR("")), ROWS_UNKNOWN);
    for (size_t i = 0; i < FILE_PROBLEM_COUNT; i++) {
        enum file_problem_code code = (enum file_problem_code)i;
        assert_int_equal(file_problem_code_of(str_of(file_problem_code_name(code))), code);
    }
    assert_int_equal(file_problem_code_of(STR("no such thing")), FILE_PROBLEM_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_from_any_text),
        cmocka_unit_test(rows_about_says_how_the_file_was_understood),
        cmocka_unit_test(rows_are_checked_to_the_end_before_any_is_read),
        cmocka_unit_test(rows_are_converted_whole),
        cmocka_unit_test(rows_open_names_encodings_that_fit),
        cmocka_unit_test(rows_of_json_lines_may_be_longer_than_a_piece),
        cmocka_unit_test(rows_open_says_what_is_wrong_with_the_path),
        cmocka_unit_test(rows_format_of_knows_its_own_names),
    };
    return cmocka_run_group_tests(tests, folder_new, folder_free);
}
