/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_value.h"

#include "formats/xlsx_strings.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void xlsx_number_text_reads_as_in_a_table(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"an integer", "42", "42"},
        {"a negative integer", "-42", "-42"},
        {"zeros in front stay", "007", "007"},
        {"a long integer stays", "123456789012345678901234567890",
         "123456789012345678901234567890"},
        {"a phone as Excel writes it", "79161234567", "79161234567"},
        {"a phone in powers of ten", "7.9161234567E+10", "79161234567"},
        {"an integer with a fraction of nothing", "79161234567.0", "79161234567"},
        {"a fraction", "1.5", "1.5"},
        {"a fraction as binary numbers have it", "0.30000000000000004", "0.3"},
        {"another one", "1234.5600000000001", "1234.56"},
        {"a small fraction", "1.0000000000000001E-5", "1e-05"},
        {"minus nothing", "-0.0", "0"},
        {"a big integer in powers of ten", "1.2345678901234E+17", "123456789012340000"},
        {"no more than fifteen digits are known", "1.23456789012345E+19", "12345678901234500000"},
        {"a negative one", "-1.23456789012345E+19", "-12345678901234500000"},
        {"the sixteenth digit is rounded", "9.9999999999999989E+16", "100000000000000000"},
        {"a power of ten", "1E+20", "100000000000000000000"},
        {"more than any integer", "1E+300", "1e+300"},
        {"blanks around it", " 1.50 ", "1.5"},
        {"no number", "abc", "abc"},
        {"no number that C knows", "0x10", "0x10"},
        {"infinity is no number", "INF", "INF"},
        {"too big for a number", "1E999", "1E999"},
        {"half a number", "1.5E", "1.5E"},
        {"a lone minus", "-", "-"},
        {"nothing", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        xlsx_number_text(&b, str_of(cases[i].text));
        if (!str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(buf_str(&b)));
    }
}

static void xlsx_date_text_counts_as_excel_does(void **state)
{
    static const struct {
        const char *name, *text, *want; /* NULL: none */
        bool since_1904;
    } cases[] = {
        {"the first day", "1", "1900-01-01", false},
        {"the day before the day that never was", "59", "1900-02-28", false},
        {"the day that never was", "60", "1900-02-29", false},
        {"the day after it", "61", "1900-03-01", false},
        {"a day of our time", "45292", "2024-01-01", false},
        {"a leap day", "45351", "2024-02-29", false},
        {"a day and a time", "45292.5", "2024-01-01 12:00:00", false},
        {"to the nearest second", "45292.999988425923", "2024-01-01 23:59:59", false},
        {"almost midnight is midnight", "45292.9999999", "2024-01-02", false},
        {"a fraction of nothing", "45292.0", "2024-01-01", false},
        {"a time", "0.75", "18:00:00", false},
        {"midnight", "0", "00:00:00", false},
        {"the last day", "2958465", "9999-12-31", false},
        {"the last second", "2958465.9999884", "9999-12-31 23:59:59", false},
        {"behind the last second", "2958465.9999999", NULL, false},
        {"behind the last day", "2958466", NULL, false},
        {"the second day since 1904", "1", "1904-01-02", true},
        {"no day that never was since 1904", "60", "1904-03-01", true},
        {"a day of our time since 1904", "43830", "2024-01-01", true},
        {"the last day since 1904", "2957003", "9999-12-31", true},
        {"behind the last day since 1904", "2957004", NULL, true},
        {"powers of ten", "4.5292E4", "2024-01-01", false},
        {"blanks around it", " 45292 ", "2024-01-01", false},
        {"below nothing", "-1", NULL, false},
        {"no number", "2024-01-01", NULL, false},
        {"a word", "today", NULL, false},
        {"nothing", "", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        bool ok = xlsx_date_text(&b, str_of(cases[i].text), cases[i].since_1904);
        if (ok != (cases[i].want != NULL) || !str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: %d '%.*s'", cases[i].name, ok, STR_ARG(buf_str(&b)));
    }
}

static void xlsx_iso_date_text_is_as_other_dates(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"2024-01-01T10:20:30", "2024-01-01 10:20:30"},
        {"2024-01-01T10:20:30Z", "2024-01-01 10:20:30"},
        {"2024-01-01T10:20:30.000Z", "2024-01-01 10:20:30"},
        {"2024-01-01T10:20:30.250", "2024-01-01 10:20:30.250"},
        {"2024-01-01T00:00:00.0", "2024-01-01"},
        {"2024-01-01T00:00:00", "2024-01-01"},
        {" 2024-01-01 ", "2024-01-01"},
        {"2024-01-01T", "2024-01-01"},
        {"T10:20:30", "10:20:30"},
        {"10:20:30", "10:20:30"},
        {"today", "today"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        xlsx_iso_date_text(&b, str_of(cases[i].text));
        if (!str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].text, STR_ARG(buf_str(&b)));
    }
}

static void xlsx_format_is_date_tells_dates_from_numbers(void **state)
{
    static const struct {
        uint64_t id;
        const char *code; /* NULL: built in */
        bool want;
    } cases[] = {
        {0, NULL, false},
        {1, NULL, false},
        {13, NULL, false},
        {14, NULL, true},
        {22, NULL, true},
        {23, NULL, false},
        {27, NULL, true},
        {36, NULL, true},
        {37, NULL, false},
        {44, NULL, false},
        {45, NULL, true},
        {47, NULL, true},
        {48, NULL, false},
        {49, NULL, false},
        {50, NULL, true},
        {58, NULL, true},
        {59, NULL, false},
        {14, "0.00", false}, // a code of the file's own goes before the built-in one
        {164, "dd.mm.yyyy", true},
        {164, "DD/MM/YY", true},
        {164, "yyyy\\-mm\\-dd\\ hh:mm:ss", true},
        {164, "[$-419]d mmmm yyyy \"\xd0\xb3.\";@", true},
        {164, "h:mm AM/PM", true},
        {164, "[h]:mm", true},
        {164, "[mm]:ss", true},
        {164, "[ss]", true},
        {164, "mm:ss.0", true},
        {164, "General", false},
        {164, "Standard", false},
        {164, "General;@", false},
        {164, "\"\"General", false},
        {164, "ДД.ММ.ГГГГ", true},
        {164, "ДД/ММ/ГГ ч:мм;@", true},
        {164, "[$-FC19]дд\\ ММММ\\ гггг\\ \\г\\.;@", true},
        {164, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", true},
        {164, "[$-411]ge.m.d", true},
        {164, "чч:мм:сс", true},
        {164, "0\" ДД\"", false},
        {164, "Основной", false},
        {164, "# ##0.00\\ \"мм\"", false},
        {164, "TT.MM.JJJJ", true},
        {164, "general\" items\"", false},
        {164, "0.00", false},
        {164, "0.00E+00", false},
        {164, "#,##0.00 [$\xe2\x82\xbd-419]", false},
        {164, "[Red]0.00;[Magenta]-0.00", false},
        {164, "[DBNum1]0", false},
        {164, "0\" days\"", false},
        {164, "0\\d", false},
        {164, "_d0", false},
        {164, "*d0", false},
        {164, "0 \"unclosed day", false},
        {164, "[h", true}, // Excel writes no such thing; it must only not read past the end
        {164, "0\\", false},
        {164, "@", false},
        {164, "", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (xlsx_format_is_date(cases[i].id, str_of(cases[i].code)) != cases[i].want)
            fail_msg("format %llu '%s' is wrong", (unsigned long long)cases[i].id,
                     cases[i].code ? cases[i].code : "built in");
}

static void xlsx_text_decode_reads_escapes(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"no escape", "a_b", "a_b"},
        {"an escape", "a_x0009_b", "a\tb"},
        {"in small letters", "_x004a_", "J"},
        {"a letter of two bytes", "_x0410_", "\xd0\x90"},
        {"an escaped underscore", "_x005F_x0041_", "_x0041_"},
        {"a pair", "_xD83D__xDE00_", "\xf0\x9f\x98\x80"},
        {"half of a pair", "_xD83D_a",
         "\xef\xbf\xbd"
         "a"},
        {"the other half", "_xDE00_", "\xef\xbf\xbd"},
        {"half of a pair and another letter", "_xD83D__x0041_",
         "\xef\xbf\xbd"
         "A"},
        {"no NUL", "_x0000_", "_x0000_"},
        {"too few digits", "_x041_", "_x041_"},
        {"no digits", "_xGGGG_", "_xGGGG_"},
        {"cut off", "_x0041", "_x0041"},
        {"CR LF that somebody took care to keep", "a_x000D__x000A_b", "a\r\nb"},
        {"a half escaped CRLF", "a_x000D_\nb", "a\nb"},
        {"a lone CR stays", "a_x000D_b", "a\rb"},
        {"nothing", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        xlsx_text_decode(&b, str_of(cases[i].text));
        if (!str_eq(buf_str(&b), str_of(cases[i].want)))
            fail_msg("%s: got '%.*s'", cases[i].name, STR_ARG(buf_str(&b)));
    }
}

static void xlsx_text_decode_leaves_alone_what_was_there(void **state)
{
    AUTO(buf_done) struct buf b = {0};
    (void)state;
    buf_add(&b, STR("a\r")); // the cell before
    xlsx_text_decode(&b, STR("\nb"));
    assert_true(str_eq(buf_str(&b), STR("a\r\nb")));
}

static void xlsx_text_encode_is_decoded_to_what_it_was(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a_b", "a_b"},
        {"_x0041_", "_x005F_x0041_"},
        {"_x005F_x0041_", "_x005F_x005F_x005F_x0041_"},
        {"__x0041__x0042_", "__x005F_x0041__x005F_x0042_"},
        {"_x0041", "_x0041"},
        {"_X0041_", "_X0041_"},
        {"имя", "имя"},
        {"\xef\xbf\xbf\xef\xbf\xbe\xef\xbf\xbd", "_xFFFF__xFFFE_\xef\xbf\xbd"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf b = {0};
        AUTO(buf_done) struct buf back = {0};
        xlsx_text_encode(&b, str_of(cases[i].text));
        xlsx_text_decode(&back, buf_str(&b));
        if (!str_eq(buf_str(&b), str_of(cases[i].want)) ||
            !str_eq(buf_str(&back), str_of(cases[i].text)))
            fail_msg("%s: got '%.*s', back '%.*s'", cases[i].text, STR_ARG(buf_str(&b)),
                     STR_ARG(buf_str(&back)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xlsx_number_text_reads_as_in_a_table),
        cmocka_unit_test(xlsx_date_text_counts_as_excel_does),
        cmocka_unit_test(xlsx_iso_date_text_is_as_other_dates),
        cmocka_unit_test(xlsx_format_is_date_tells_dates_from_numbers),
        cmocka_unit_test(xlsx_text_decode_reads_escapes),
        cmocka_unit_test(xlsx_text_decode_leaves_alone_what_was_there),
        cmocka_unit_test(xlsx_text_encode_is_decoded_to_what_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
