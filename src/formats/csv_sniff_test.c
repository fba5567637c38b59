/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_sniff.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void csv_sniff_tells_the_delimiter_or_says_why_not(void **state)
{
    static const struct {
        const char *name, *sample;
        char want;
        enum file_problem_code code;
        const char *text; /* the problem's detail, its value for FILE_ONE_COLUMN, "1": one column */
        bool cut;
    } cases[] = {
        {"semicolons", "a;b\n1;2\n", ';', FILE_OK, "", false},
        {"commas", "a,b\n1,2\n", ',', FILE_OK, "", false},
        {"tabs", "a\tb\n1\t2\n", '\t', FILE_OK, "", false},
        {"bars", "a|b\r\n1|2\r\n", '|', FILE_OK, "", false},
        {"a header alone", "a;b;c", ';', FILE_OK, "", false},
        {"decimal commas below", "name;price\nx;1,5\ny;2,5\n", ';', FILE_OK, "", false},
        {"commas in some of the cells", "a;b,c\n1;2\n3;4\n", ';', FILE_OK, "", false},
        {"rows of different lengths", "a;b;c\n1\n2;3\n", ';', FILE_OK, "", false},
        {"delimiters inside quotes do not count", "\"a,b\";c\n\"d,e\";f\n", ';', FILE_OK, "",
         false},
        {"newlines inside quotes do not count", "a,b\n\"1;2\n3;4\",5\n", ',', FILE_OK, "", false},
        {"the one that quoted cells end at", "\"a\";b,c\n\"1\";2,3\n", ';', FILE_OK, "", false},
        {"the other one that quoted cells end at", "a;b,\"c\"\n1;2,\"3\"\n", ',', FILE_OK, "",
         false},
        {"blank lines above", "\n\r\na,b\n1,2\n", ',', FILE_OK, "", false},
        {"an open quote below one possible delimiter", "a;b\n1;\"2\n", ';', FILE_OK, "", false},
        {"two that are as even", "a,b;c\n1,2;3\n", 0, FILE_DELIMITER, "\";\", \",\"", false},
        {"two that are as uneven", "a,b|c\n1\n2\n", 0, FILE_DELIMITER, "\",\", \"|\"", false},
        {"quoted cells that end at both", "\"a\";\"b\",c\n\"1\";\"2\",3\n", 0, FILE_DELIMITER,
         "\";\", \",\"", false},
        {"a title above the header", "Our customers\na\tb\n1\t2\n", 0, FILE_DELIMITER, "\"\\t\"",
         false},
        {"a table below a title", "Our customers\n\na;b;c\n1;2;3\n", ';', FILE_OK, "", false},
        {"a table below comments", "# 1, 2\n# 3\na;b;c\n1;2;3\n", 0, FILE_DELIMITER, "\";\", \",\"",
         false},
        {"prices below a title", "Price\n1,5\n2,5\n", 0, FILE_DELIMITER, "\",\"", false},
        {"two tables below a title", "Title\na,b;c,d;e\n1,2;3,4;5\n", 0, FILE_DELIMITER,
         "\";\", \",\"", false},
        {"a title and one row", "Title\na;b;c\n", 0, FILE_DELIMITER, "\";\"", false},
        {"a wider header under a sign that is not even",
         "Name, first name;phone;city\nA, B;1;2;\nC, D;3;4\n", 0, FILE_DELIMITER, "\";\", \",\"",
         false},
        {"one column", " email \na@b.ru\n", ',', FILE_OK, "1", false},
        {"one word", "email", ',', FILE_OK, "1", false},
        {"one column of quoted cells", "\"a,b\"\n\"c;d\"\n", ',', FILE_OK, "1", false},
        {"one column, or perhaps blanks between two", "first last\nAn Na\n", 0, FILE_ONE_COLUMN,
         "first last", false},
        {"one column of times", "time\n10:30\n", ',', FILE_OK, "1", false},
        {"one column, or colons between two", "a:b\n10:30\n", 0, FILE_ONE_COLUMN, "a:b", false},
        {"colons", "a:b:c\n1:2:3\n", ':', FILE_OK, "", false},
        {"signs of ASCII's own",
         "a\x1f"
         "b\x1f"
         "c\n1\x1f"
         "2\x1f"
         "3\n",
         '\x1f', FILE_OK, "", false},
        {"one column under a long header",
         "01234567890123456789012345678901234567890123456789012345678901234 6789\nx y\n", 0,
         FILE_ONE_COLUMN, "012345678901234567890123456789012345678901234567890123456789", false},
        {"one column of a longer file", "email\na\nb", 0, FILE_ONE_COLUMN, "email", true},
        {"nothing at all", "", ',', FILE_OK, "", false},
        {"nothing but blank cells", ";;\n;;\n", ';', FILE_OK, "", false},
        {"nothing but other blank cells", ",,\r\n,,\r\n", ',', FILE_OK, "", false},
        {"a sample cut in a record", "a,b;c\n1;2\n3;4\n5,6", ';', FILE_OK, "", true},
        {"the same, but whole", "a,b;c\n1;2\n3;4\n5,6", 0, FILE_DELIMITER, "\";\", \",\"", false},
        {"a sample cut in quotes", "a,b;c\n1;2\n3;\"4\n5", ';', FILE_OK, "", true},
        {"a sample cut in its only line", "a;b;c", ';', FILE_OK, "", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct file_problem p = {0};
        bool one = false;
        char got = csv_sniff(str_of(cases[i].sample), !cases[i].cut, '"', &one, &p);
        const char *text = p.code == FILE_ONE_COLUMN ? p.value : one ? "1" : p.detail;
        if (got != cases[i].want || p.code != cases[i].code || strcmp(text, cases[i].text) != 0)
            fail_msg("%s: got '%c' %s '%s'", cases[i].name, got ? got : '0',
                     file_problem_code_name(p.code), text);
    }
}

static void csv_sniff_quote_tells_single_ones_only_where_they_are_sure(void **state)
{
    static const struct {
        const char *name, *sample;
        char delimiter, want;
    } cases[] = {
        {"all of the header", "'id';'name'\n'1';'Anna; the first'\n", 0, '\''},
        {"all of the header, some cells below", "'id','name'\r\n1,'d''Artagnan'\r\n", 0, '\''},
        {"a doubled one in the header", "'it''s','name'\n", 0, '\''},
        {"a header alone, without its end", "'id','name'", 0, '\''},
        {"a stated delimiter", "'id'~'name'\n'1'~'2'\n", '~', '\''},
        {"the same, not stated", "'id'~'name'\n'1'~'2'\n", 0, '"'},
        {"another delimiter is stated", "'id','name'\n'1','2'\n", ';', '"'},
        {"a part of the header", "'id',name\n'1','2'\n", 0, '"'},
        {"two delimiters", "'id','name';'x'\n'1','2','3'\n", 0, '"'},
        {"one column", "'id'\n'1'\n", 0, '"'},
        {"names that begin so below", "'id','name'\n1,'t Hooft\n", 0, '"'},
        {"cells only below", "id,name\n'1','2'\n", 0, '"'},
        {"double ones", "\"id\",\"name\"\n", 0, '"'},
        {"one that stays open", "'id','name\n", 0, '"'},
        {"nothing", "", 0, '"'},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got = csv_sniff_quote(str_of(cases[i].sample), true, cases[i].delimiter);
        if (got != cases[i].want)
            fail_msg("%s: got %c", cases[i].name, got);
    }
}

static void csv_sniff_sep_line_tells_the_delimiter_and_its_length(void **state)
{
    static const struct {
        const char *name, *text;
        char want;
        size_t len;
    } cases[] = {
        {"a line", "sep=;\na;b\n", ';', 6},
        {"a line of Windows", "sep=,\r\na;b\n", ',', 7},
        {"a line of the old Mac", "sep=|\ra;b\r", '|', 6},
        {"a tab", "sep=\t\na;b\n", '\t', 6},
        {"in capitals", "SEP=;\na;b\n", ';', 6},
        {"all of the text", "sep=;", ';', 5},
        {"a blank line below stays", "sep=;\n\na", ';', 6},
        {"no delimiter", "sep=\na;b\n", 0, 0},
        {"two delimiters", "sep=;;\na;b\n", 0, 0},
        {"a header's name", "sep=x;b\n", 0, 0},
        {"a quote", "sep=\"\n", 0, 0},
        {"a letter that is no ASCII", "sep=\xd0\xb0\n", 0, 0},
        {"not at the beginning", "a\nsep=;\n", 0, 0},
        {"nothing", "", 0, 0},
        {"a part of it", "sep=", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = 0;
        char got = csv_sniff_sep_line(str_of(cases[i].text), &len);
        if (got != cases[i].want || len != cases[i].len)
            fail_msg("%s: got '%c', %zu bytes", cases[i].name, got ? got : '0', len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_sniff_tells_the_delimiter_or_says_why_not),
        cmocka_unit_test(csv_sniff_quote_tells_single_ones_only_where_they_are_sure),
        cmocka_unit_test(csv_sniff_sep_line_tells_the_delimiter_and_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
