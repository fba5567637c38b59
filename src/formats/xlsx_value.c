/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_value.h"

#include "base/mem.h"
#include "base/zone.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_STYLES = 65536,
    MAX_FORMATS = 8192,
    MAX_DAY = 2958465, // 9999-12-31
    DAYS_1904 = 1462,  // from the one epoch to the other
};

/* strtod() of what a number in XML may look like (xsd:double without its words); false for anything
 * else. */
static bool parse_number(str text, double *ret)
{
    char copy[64], *end;
    if (!text.len || text.len >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789+-.eE", text.ptr[i]))
            return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    *ret = strtod(copy, &end);
    return !*end && isfinite(*ret);
}

static bool is_plain_integer(str s)
{
    size_t i = s.len && s.ptr[0] == '-';
    if (i == s.len)
        return false;
    for (; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

/* Appends an integer that has more digits than a double knows: those behind the fifteenth are
 * zeros, as Excel shows them. */
static void add_big_integer(struct buf *out, double n)
{
    char text[32]; // "d.ddddddddddddddE+XX"
    (void)snprintf(text, sizeof text, "%.14E", fabs(n));
    long zeros = strtol(strchr(text, 'E') + 1, NULL, 10) - 14;
    buf_format(out, "%s%c%.14s", n < 0 ? "-" : "", text[0], text + 2);
    while (zeros-- > 0)
        buf_add_char(out, '0');
}

/* True for a decimal fraction that "%.15g" would print as it stands: at most 15 digits, no needless
 * zeros, not so small that an exponent is shorter. */
static bool is_plain_fraction(str s)
{
    size_t i = s.len && s.ptr[0] == '-', whole = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    if (i == whole || i == s.len || s.ptr[i] != '.' || (s.ptr[whole] == '0' && i - whole > 1))
        return false;
    size_t fraction = ++i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    if (i < s.len || i == fraction || s.ptr[i - 1] == '0' || s.len - 1 - whole > 15)
        return false;
    return s.ptr[whole] != '0' || s.ptr[fraction] != '0'; // 0.0001 is the least that %g writes so
}

void xlsx_number_text(struct buf *out, str text)
{
    double n;
    text = str_trim(text);
    if (is_plain_integer(text) || is_plain_fraction(text) || !parse_number(text, &n))
        buf_add(out, text);
    else if (fabs(n) >= 1e15 && fabs(n) < 1e21)
        add_big_integer(out, n);
    else if (n == floor(n) && fabs(n) < 1e21)
        buf_format(out, "%.0f", n + 0.0); // + 0.0: no minus before a zero
    else
        buf_format(out, "%.15g", n);
}

static void add_two(struct buf *out, int n)
{
    buf_add_char(out, (char)('0' + n / 10));
    buf_add_char(out, (char)('0' + n % 10));
}

static void add_time(struct buf *out, int second)
{
    add_two(out, second / 3600);
    buf_add_char(out, ':');
    add_two(out, second / 60 % 60);
    buf_add_char(out, ':');
    add_two(out, second % 60);
}

bool xlsx_date_text(struct buf *out, str text, bool since_1904)
{
    double serial;
    if (!parse_number(str_trim(text), &serial) || serial < 0 || serial >= MAX_DAY + 1)
        return false;
    int64_t seconds = (int64_t)llround(serial * 86400), day = seconds / 86400;
    int second = (int)(seconds % 86400);
    if (serial < 1 && day == 0) {
        add_time(out, second);
        return true;
    }
    if (day > MAX_DAY - (since_1904 ? DAYS_1904 : 0))
        return false;
    // The 1900 system counts a 29 February 1900 that never was, as serial 60.
    int64_t epoch = since_1904 ? zone_days(1904, 1, 1) : zone_days(1899, 12, 30) + (day < 60);
    int32_t year;
    uint8_t month, mday;
    zone_date_of_days(epoch + day, &year, &month, &mday);
    if (!since_1904 && day == 60) {
        buf_add(out, STR("1900-02-29"));
    } else {
        add_two(out, year / 100);
        add_two(out, year % 100);
        buf_add_char(out, '-');
        add_two(out, month);
        buf_add_char(out, '-');
        add_two(out, mday);
    }
    if (second) {
        buf_add_char(out, ' ');
        add_time(out, second);
    }
    return true;
}

void xlsx_iso_date_text(struct buf *out, str text)
{
    text = str_trim(text);
    size_t t = str_find(text, 'T');
    str day = str_first(text, t), time = str_from(text, MIN(t + 1, text.len));
    if (str_ends(time, STR("Z")))
        time = str_first(time, time.len - 1);
    size_t point = str_find(time, '.'), end = time.len;
    while (end > point + 1 && time.ptr[end - 1] == '0')
        end--;
    if (end <= point + 1)
        time = str_first(time, point);
    buf_add(out, day);
    if (day.len && (!time.len || str_eq(time, STR("00:00:00"))))
        return;
    if (day.len)
        buf_add_char(out, ' ');
    buf_add(out, time);
}

/* --- formats --- */

/* Some writers keep a format as Russian Excel shows it: two letters of a date or a time beside each
 * other, where a number has none. */
static bool starts_russian_date(str code)
{
    static const char *const pairs[] = {"ДД", "дд", "ММ", "мм", "ГГ", "гг", "ЧЧ", "чч", "ч:м"};
    for (size_t i = 0; i < COUNT(pairs); i++)
        if (str_starts(code, str_of(pairs[i])))
            return true;
    return false;
}

/* How many bytes at the beginning name the format that shows a cell as it is; in German, too. */
static size_t general_bytes(str code)
{
    static const char *const names[] = {"general", "standard"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_nocase(str_first(code, strlen(names[i])), str_of(names[i])))
            return strlen(names[i]);
    return 0;
}

bool xlsx_format_is_date(uint64_t id, str code)
{
    // Built-in formats have no code in the file; 27-36 and 50-58 are the East Asian dates
    // (18.8.30).
    if (str_is_null(code))
        return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
               (id >= 50 && id <= 58);
    for (size_t i = 0; i < code.len; i++) {
        char c = (char)(code.ptr[i] | 32);
        if (code.ptr[i] == '"') {
            i += 1 + str_find(str_from(code, i + 1), '"');
        } else if (code.ptr[i] == '\\' || code.ptr[i] == '_' || code.ptr[i] == '*') {
            i++;
        } else if (code.ptr[i] == '[') {
            str inside = str_first(str_from(code, i + 1), str_find(str_from(code, i + 1), ']'));
            char first = inside.len ? (char)(inside.ptr[0] | 32) : 0;
            bool elapsed = first == 'h' || first == 'm' || first == 's';
            for (size_t k = 0; k < inside.len; k++)
                elapsed = elapsed && (inside.ptr[k] | 32) == first;
            if (elapsed)
                return true;
            i += 1 + inside.len;
        } else if (general_bytes(str_from(code, i))) {
            i += general_bytes(str_from(code, i)) - 1;
        } else if (starts_russian_date(str_from(code, i)) || c == 'd' || c == 'm' || c == 'y' ||
                   c == 'h' || c == 's') {
            return true;
        }
    }
    return false;
}

struct number_format {
    uint64_t id;
    bool is_date;
};
struct xlsx_styles {
    struct xlsx_part *part; /* first: see xlsx_part_parse_all() */
    struct number_format *format;
    size_t formats;
    uint64_t *style; /* the id of each one's number format */
    bool *is_date;
    size_t styles;
    bool in_formats, in_cell_formats;
};

static bool format_is_date(const struct xlsx_styles *s, uint64_t id)
{
    for (size_t i = 0; i < s->formats; i++)
        if (s->format[i].id == id)
            return s->format[i].is_date;
    return xlsx_format_is_date(id, (str){0});
}

static uint64_t number_of(const char **attributes, const char *name)
{
    uint64_t n = 0;
    str text = xlsx_attribute(attributes, name);
    return str_to_u64(text, &n) ? n : 0;
}

static void add_format(struct xlsx_styles *s, const char **attributes)
{
    if (s->formats == MAX_FORMATS) {
        xlsx_part_fail(s->part, FILE_WORKBOOK_FORMATS, "", MAX_FORMATS);
        return;
    }
    uint64_t id = number_of(attributes, "numFmtId");
    str code = xlsx_attribute(attributes, "formatCode");
    s->format = mem_grow(s->format, s->formats + 1, sizeof *s->format);
    s->format[s->formats++] = (struct number_format){id, xlsx_format_is_date(id, code)};
}

static void add_style(struct xlsx_styles *s, const char **attributes)
{
    if (s->styles == MAX_STYLES) {
        xlsx_part_fail(s->part, FILE_WORKBOOK_FORMATS, "", MAX_STYLES);
        return;
    }
    if ((s->styles & (s->styles - 1)) == 0)
        s->style = mem_grow(s->style, s->styles ? s->styles * 2 : 1, sizeof *s->style);
    s->style[s->styles++] = number_of(attributes, "numFmtId");
}

static void on_start(void *context, str name, const char **attributes)
{
    struct xlsx_styles *s = context;
    if (str_eq(name, STR("cellXfs")))
        s->in_cell_formats = true;
    else if (str_eq(name, STR("numFmts")))
        s->in_formats = true;
    else if (str_eq(name, STR("numFmt")) && s->in_formats)
        add_format(s, attributes);
    else if (str_eq(name, STR("xf")) && s->in_cell_formats)
        add_style(s, attributes);
}

static void on_end(void *context, str name)
{
    struct xlsx_styles *s = context;
    if (str_eq(name, STR("cellXfs")))
        s->in_cell_formats = false;
    else if (str_eq(name, STR("numFmts")))
        s->in_formats = false;
}

bool xlsx_styles_open(struct xlsx_package *p, str part_name, struct xlsx_styles **ret_styles,
                      struct file_problem *ret_problem, struct err *err)
{
    static const struct xlsx_events events = {on_start, on_end, NULL};
    AUTO(xlsx_styles_free) struct xlsx_styles *s = mem_new(1, sizeof *s);
    if (!xlsx_part_parse_all(p, part_name, &events, s, ret_problem, err))
        return false;
    // Only now: some writers put the number formats behind the cell formats that use them.
    s->is_date = mem_new(s->styles, sizeof *s->is_date);
    for (size_t i = 0; i < s->styles; i++)
        s->is_date[i] = i && s->style[i] == s->style[i - 1] ? s->is_date[i - 1]
                                                            : format_is_date(s, s->style[i]);
    *ret_styles = TAKE(s);
    return true;
}

bool xlsx_styles_is_date(const struct xlsx_styles *s, uint64_t style)
{
    return s && style < s->styles && s->is_date[style];
}

void xlsx_styles_free(struct xlsx_styles *s)
{
    if (!s)
        return;
    mem_free(s->format);
    mem_free(s->style);
    mem_free(s->is_date);
    mem_free(s);
}
