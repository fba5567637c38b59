/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_sniff.h"

#include "base/buf.h"

#include "base/limits.h"
#include "formats/csv_reader.h"

enum { MAX_RECORDS = 200 };

static const struct {
    char delimiter;
    const char *shown;
} candidates[] = {{';', "\";\""}, {',', "\",\""}, {'\t', "\"\\t\""}, {'|', "\"|\""}};

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

static struct reading read_as(str sample, bool whole, char delimiter)
{
    struct memory m = {sample};
    struct reading r = {.even = true};
    struct row row;
    struct file_problem problem = {0};
    struct err err;
    AUTO(csv_reader_free)
    struct csv_reader *reader = csv_reader_new(read_memory, &m, delimiter,
                                               (struct csv_limits){LIMIT_ROW_BYTES, LIMIT_COLUMNS});
    while (r.records < MAX_RECORDS) {
        enum rows_step step = csv_reader_next(reader, &row, &problem, &err);
        r.broken = step == ROWS_FAILED;
        if (step != ROWS_ROW)
            break;
        if (is_blank(&row))
            continue;
        if (!r.records++)
            r.header = row.count;
        r.any = r.any || row.count > 1;
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
static bool is_beside_quotes(str text, char delimiter)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '"')
            continue;
        if (i + 1 < text.len && text.ptr[i + 1] == '"')
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
    for (size_t i = 0; i < COUNT(candidates); i++)
        if (possible[i]) {
            if (b->len)
                buf_add(b, STR(", "));
            buf_add(b, str_of(candidates[i].shown));
        }
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

char csv_sniff(str sample, bool whole, struct file_problem *ret_problem)
{
    bool even[COUNT(candidates)] = {0}, header[COUNT(candidates)] = {0},
         any[COUNT(candidates)] = {0}, quoted[COUNT(candidates)] = {0};
    size_t evens = 0, headers = 0, anys = 0, quotes = 0;
    sample = whole_lines(sample, whole);
    if (!sample.len)
        return ',';
    for (size_t i = 0; i < COUNT(candidates); i++) {
        struct reading r = read_as(sample, whole, candidates[i].delimiter);
        if (!r.records) // nothing but blank cells
            return candidates[i].delimiter;
        header[i] = r.header > 1;
        even[i] = header[i] && r.even && !r.broken;
        any[i] = r.any;
        quoted[i] = header[i] && is_beside_quotes(sample, candidates[i].delimiter);
        quotes += quoted[i];
        evens += even[i];
        headers += header[i];
        anys += any[i];
    }
    // One that cuts the header and every record alike, the only one that cuts the header, or the
    // only one of several even ones that quoted cells end at, is no guess.
    for (size_t i = 0; i < COUNT(candidates); i++)
        if ((even[i] && evens == 1) || (header[i] && headers == 1) ||
            (even[i] && quoted[i] && quotes == 1))
            return candidates[i].delimiter;
    AUTO(buf_done) struct buf names = {0};
    if (headers > 1 || anys) {
        list(&names, headers > 1 ? header : any);
        (void)file_problem_set(ret_problem, FILE_DELIMITER, (str){0}, buf_str(&names));
        return 0;
    }
    str first = str_trim(sample);
    size_t end = 0;
    while (end < first.len && first.ptr[end] != '\n' && first.ptr[end] != '\r')
        end++;
    (void)file_problem_set(ret_problem, FILE_ONE_COLUMN,
                           str_shown(str_trim(str_first(first, end)), 60), (str){0});
    return 0;
}
