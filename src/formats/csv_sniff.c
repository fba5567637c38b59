/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_sniff.h"

#include "base/buf.h"

#include "base/limits.h"
#include "formats/csv_reader.h"

enum {
    MAX_RECORDS = 200,
    TITLE_COLUMNS = 3, // at least so many below a title, or between rare signs: two may be chance
};

static const struct candidate {
    char delimiter;
    const char *shown;
} usual[] = {{';', "\";\""}, {',', "\",\""}, {'\t', "\"\\t\""}, {'|', "\"|\""}},
  rare[] = {{':', "\":\""}, {'^', "\"^\""}, {'~', "\"~\""}, {'\x1F', "\"\\x1f\""}},
  unlikely[] = {{' ', "\" \""}, {'/', "\"/\""}, {'\\', "\"\\\""}, {'#', "\"#\""},
                {'=', "\"=\""}, {'&', "\"&\""}, {'*', "\"*\""},   {'!', "\"!\""},
                {'%', "\"%\""}, {'$', "\"$\""}, {'\'', "\"'\""}};

struct memory {
    str left;
};

static int64_t read_memory(void *context, char *to, size_t room, struct file_problem *problem,
                           struct err *err)
{
    struct memory *m = context;
    size_t n = MIN(room, m->left.len);
    (void)problem;
    (void)err;
    if (n)
        memcpy(to, m->left.ptr, n);
    m->left = str_from(m->left, n);
    return (int64_t)n;
}

/* How a text reads under one delimiter. */
struct reading {
    size_t header;  /* columns of the first filled record */
    size_t records; /* filled records */
    size_t title;   /* of these stand above the first one of several columns */
    size_t columns; /* of that one; 0: there is none, or the records below have other numbers */
    bool even;      /* all filled records have as many columns as the header */
    bool any;       /* some record has more than one column */
    bool broken;    /* a quote is left open, a record too large */
};

static bool is_blank(const struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (row->cell[i].len)
            return false;
    return true;
}

static struct reading read_as(str sample, bool whole, char quote, char delimiter)
{
    struct memory m = {sample};
    struct reading r = {.even = true};
    struct row row;
    struct file_problem problem = {0};
    struct err err;
    AUTO(csv_reader_free)
    struct csv_reader *reader = csv_reader_new(
        read_memory, &m, delimiter, quote, (struct csv_limits){LIMIT_ROW_BYTES, LIMIT_COLUMNS, 0});
    while (r.records < MAX_RECORDS) {
        enum rows_step step = csv_reader_next(reader, &row, &problem, &err);
        r.broken = step == ROWS_FAILED;
        if (step != ROWS_ROW)
            break;
        if (is_blank(&row))
            continue;
        if (!r.records++)
            r.header = row.count;
        if (!r.any && row.count > 1) {
            r.title = r.records - 1;
            r.columns = row.count;
        }
        r.any = r.any || row.count > 1;
        r.columns = row.count == r.columns ? r.columns : 0;
        r.even = r.even && row.count == r.header;
    }
    if (!whole) // the last record may be cut: its columns and quotes say nothing
        r.broken = false;
    return r;
}

/* The columns a sample that is cut ends in the middle of a record: drop that one. */
static str whole_lines(str sample, bool whole)
{
    if (whole)
        return sample;
    size_t end = sample.len;
    while (end && sample.ptr[end - 1] != '\n' && sample.ptr[end - 1] != '\r')
        end--;
    return end ? str_first(sample, end) : sample;
}

/* True when the delimiter stands beside a quotation mark that opens or closes a cell; a doubled one
 * is a part of its cell's text. */
static bool is_beside_quotes(str text, char quote, char delimiter)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!quote || text.ptr[i] != quote)
            continue;
        if (i + 1 < text.len && text.ptr[i + 1] == quote)
            i++;
        else if ((i && text.ptr[i - 1] == delimiter) ||
                 (i + 1 < text.len && text.ptr[i + 1] == delimiter))
            return true;
    }
    return false;
}

/* The signs that could be meant, as a person would type them. */
static void list(struct buf *b, const bool *possible)
{
    for (size_t i = 0; i < COUNT(usual); i++)
        if (possible[i]) {
            if (b->len)
                buf_add(b, STR(", "));
            buf_add(b, str_of(usual[i].shown));
        }
}

/* The delimiter of a first line whose cells, two or more, all stand in single quotes; else 0. */
static char wrapped_header(str sample, char delimiter)
{
    for (size_t i = 0; i < sample.len && sample.ptr[i] == '\''; i++) {
        // To the quote that closes: the one that is not doubled.
        for (i++; i < sample.len && !strchr("\r\n", sample.ptr[i]); i++)
            if (sample.ptr[i] == '\'' && (i + 1 == sample.len || sample.ptr[i + 1] != '\'' || !++i))
                break;
        if (i + 1 == sample.len && sample.ptr[i] == '\'')
            return delimiter;
        if (i >= sample.len || sample.ptr[i] != '\'')
            return 0;
        char sign = sample.ptr[++i];
        if (sign == '\r' || sign == '\n')
            return delimiter;
        for (size_t n = 0; !delimiter && n < COUNT(usual); n++)
            if (usual[n].delimiter == sign)
                delimiter = sign;
        if (sign != delimiter)
            return 0;
    }
    return 0;
}

char csv_sniff_quote(str sample, bool whole, char delimiter)
{
    char sign = wrapped_header(sample, delimiter);
    if (!sign)
        return '"';
    struct reading r = read_as(whole_lines(sample, whole), whole, '\'', sign);
    return r.header > 1 && r.even && !r.broken ? '\'' : '"';
}

char csv_sniff_sep_line(str text, size_t *ret_len)
{
    if (text.len < 5 || !str_eq_nocase(str_first(text, 4), STR("sep=")) || text.ptr[4] == '\r' ||
        text.ptr[4] == '\n' || text.ptr[4] == '"' || (unsigned char)text.ptr[4] >= 0x80)
        return 0;
    size_t len = 5;
    if (len < text.len && text.ptr[len] == '\r')
        len++;
    if (len < text.len && text.ptr[len] == '\n')
        len++;
    return len > 5 || text.len == 5 ? (*ret_len = len, text.ptr[4]) : 0;
}

/* Below a title all records are cut alike. */
static bool is_even_below_title(const struct reading *r)
{
    return r->header <= 1 && r->columns >= TITLE_COLUMNS && r->title < LIMIT_HEADER_SEARCH_ROWS &&
           r->records - r->title >= 2;
}

/* No sign cuts the first record, and one alone all below it: 0 when that is not so. */
static char below_title(const struct reading *reading)
{
    char found = 0;
    for (size_t i = 0; i < COUNT(usual); i++) {
        if (reading[i].any && reading[i].broken)
            return 0;
        if (!is_even_below_title(&reading[i]))
            continue;
        if (found)
            return 0;
        found = usual[i].delimiter;
    }
    return found;
}

/* How many of the signs cut every one of at least two records into the same number of columns. */
static size_t even_signs(str sample, bool whole, char quote, const struct candidate *sign,
                         size_t count, size_t columns, char *ret_last)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (sign[i].delimiter == quote)
            continue;
        struct reading r = read_as(sample, whole, quote, sign[i].delimiter);
        if (r.header < columns || !r.even || r.broken || r.records < 2)
            continue;
        found++;
        *ret_last = sign[i].delimiter;
    }
    return found;
}

static bool one_column(str sample, struct file_problem *problem)
{
    str first = str_trim(sample);
    size_t end = 0;
    while (end < first.len && first.ptr[end] != '\n' && first.ptr[end] != '\r')
        end++;
    return file_problem_set(problem, FILE_ONE_COLUMN,
                            str_shown(str_trim(str_first(first, end)), 60), (str){0});
}

/* None of the usual signs stands between cells: a rare one does, or there is only one column. */
static char sniff_rare(str sample, bool whole, char quote, bool *ret_one_column,
                       struct file_problem *problem)
{
    char found = 0;
    size_t rares = even_signs(sample, whole, quote, rare, COUNT(rare), TITLE_COLUMNS, &found);
    if (rares == 1)
        return found;
    // A sign that cuts all records may be one that nobody would guess: a person must say so.
    if (!whole || rares || even_signs(sample, whole, quote, rare, COUNT(rare), 2, &found) ||
        even_signs(sample, whole, quote, unlikely, COUNT(unlikely), 2, &found))
        return (void)one_column(sample, problem), 0;
    *ret_one_column = true;
    return ',';
}

/* The one that is no guess: it alone cuts the header and every record alike, and none cuts the
 * header into more; it alone cuts the header, and that is no title above another's table; or of
 * several even ones quoted cells end at it alone. */
static char certain(str sample, char quote, const struct reading *reading)
{
    size_t evens = 0, headers = 0, quotes = 0, widest = 0, tables = 0;
    bool even[COUNT(usual)], quoted[COUNT(usual)];
    for (size_t i = 0; i < COUNT(usual); i++) {
        bool header = reading[i].header > 1;
        even[i] = header && reading[i].even && !reading[i].broken;
        quoted[i] = header && is_beside_quotes(sample, quote, usual[i].delimiter);
        evens += even[i];
        headers += header;
        quotes += quoted[i];
        widest = MAX(widest, reading[i].header);
        tables += is_even_below_title(&reading[i]);
    }
    for (size_t i = 0; i < COUNT(usual); i++)
        if ((even[i] && evens == 1 && reading[i].header == widest) ||
            (reading[i].header > 1 && headers == 1 && !tables) ||
            (even[i] && quoted[i] && quotes == 1))
            return usual[i].delimiter;
    return 0;
}

char csv_sniff(str sample, bool whole, char quote, bool *ret_one_column,
               struct file_problem *ret_problem)
{
    struct reading reading[COUNT(usual)];
    bool header[COUNT(usual)], any[COUNT(usual)];
    size_t headers = 0, anys = 0;
    sample = whole_lines(sample, whole);
    if (!sample.len)
        return ',';
    for (size_t i = 0; i < COUNT(usual); i++) {
        reading[i] = read_as(sample, whole, quote, usual[i].delimiter);
        if (!reading[i].records) // nothing but blank cells
            return usual[i].delimiter;
        header[i] = reading[i].header > 1;
        any[i] = reading[i].any;
        headers += header[i];
        anys += any[i];
    }
    char found = certain(sample, quote, reading);
    if (!found && !headers)
        found = below_title(reading);
    if (found)
        return found;
    if (!anys)
        return sniff_rare(sample, whole, quote, ret_one_column, ret_problem);
    AUTO(buf_done) struct buf names = {0};
    list(&names, headers > 1 ? header : any);
    (void)file_problem_set(ret_problem, FILE_DELIMITER, (str){0}, buf_str(&names));
    return 0;
}
