/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_source.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "formats/csv_reader.h"
#include "formats/csv_sniff.h"
#include "formats/text_source.h"

enum { SAMPLE_BYTES = 64 * 1024 };

struct csv_source {
    struct rows_source source; /* first: rows.c sees only this */
    struct text_source *text;
    struct csv_reader *reader;
    char *sample; /* the beginning, looked at and then handed to the reader */
    size_t sample_len, sample_done;
    bool sample_whole;
    uint64_t skipped_lines;
};

static int64_t read_text(void *context, char *to, size_t room, struct file_problem *problem,
                         struct err *err)
{
    struct csv_source *c = context;
    size_t n = MIN(room, c->sample_len - c->sample_done);
    if (!n)
        return text_source_read(c->text, to, room, problem, err);
    memcpy(to, c->sample + c->sample_done, n);
    c->sample_done += n;
    return (int64_t)n;
}

static bool read_sample(struct csv_source *c, struct file_problem *problem, struct err *err)
{
    c->sample = mem_new(SAMPLE_BYTES, 1);
    while (c->sample_len < SAMPLE_BYTES) {
        int64_t n = text_source_read(c->text, c->sample + c->sample_len,
                                     SAMPLE_BYTES - c->sample_len, problem, err);
        if (n < 0)
            return false;
        c->sample_len += (size_t)n;
        if (n == 0) {
            c->sample_whole = true;
            break;
        }
    }
    return true;
}

static enum rows_step next(struct rows_source *source, struct row *ret_row,
                           struct file_problem *problem, struct err *err)
{
    struct csv_source *c = (struct csv_source *)source;
    enum rows_step step = csv_reader_next(c->reader, ret_row, problem, err);
    if (step == ROWS_ROW)
        ret_row->line += c->skipped_lines;
    else if (step == ROWS_FAILED && problem->line)
        problem->line += c->skipped_lines;
    return step;
}

static uint64_t bytes_done(const struct rows_source *source)
{
    return text_source_bytes_done(((const struct csv_source *)source)->text);
}

static void source_free(struct rows_source *source)
{
    struct csv_source *c = (struct csv_source *)source;
    csv_reader_free(c->reader);
    text_source_free(c->text);
    mem_free(c->sample);
    mem_free(c);
}

static bool open_text(const char *path, const struct rows_options *options,
                      struct csv_source **ret_source, struct rows_about *about,
                      struct file_problem *problem, struct err *err)
{
    struct csv_source *c = mem_new(1, sizeof *c);
    c->source = (struct rows_source){.next = next, .bytes_done = bytes_done, .free = source_free};
    if (!text_source_open(path, options->encoding, &c->text, problem, err) ||
        !read_sample(c, problem, err)) {
        source_free(&c->source);
        return false;
    }
    about->encoding = str_of(text_source_encoding(c->text));
    about->had_bom = text_source_had_bom(c->text);
    *ret_source = c;
    return true;
}

static char quote_of(enum rows_quote quote)
{
    return quote == ROWS_QUOTE_NONE ? 0 : quote == ROWS_QUOTE_SINGLE ? '\'' : '"';
}

static enum rows_quote find_quote(str sample, bool whole, char delimiter)
{
    return csv_sniff_quote(sample, whole, delimiter) == '\'' ? ROWS_QUOTE_SINGLE
                                                             : ROWS_QUOTE_DOUBLE;
}

/* What separates and what quotes; false: the delimiter cannot be told. */
static bool find_signs(struct csv_source *c, const struct rows_options *options,
                       struct rows_about *about, struct file_problem *problem)
{
    str sample = {c->sample, c->sample_len};
    size_t len = 0;
    char stated = options->delimiter, said = csv_sniff_sep_line(sample, &len);
    if (said && said != quote_of(options->quote) && (!stated || stated == said)) {
        c->sample_done = len;
        c->skipped_lines = 1;
        stated = said;
        sample = str_from(sample, len);
    }
    about->quote = options->quote;
    if (about->quote == ROWS_QUOTE_UNSAID)
        about->quote = find_quote(sample, c->sample_whole, stated);
    about->delimiter = stated ? stated
                              : csv_sniff(sample, c->sample_whole, quote_of(about->quote),
                                          &about->one_column, problem);
    return about->delimiter != 0;
}

static struct csv_limits limits_of(const struct rows_options *options)
{
    return (struct csv_limits){options->row_bytes ? options->row_bytes : LIMIT_ROW_BYTES,
                               options->columns ? options->columns : LIMIT_COLUMNS,
                               LIMIT_CELL_BYTES};
}

bool csv_source_open(const char *path, const struct rows_options *options,
                     struct rows_source **ret_source, struct rows_about *ret_about,
                     struct file_problem *ret_problem, struct err *err)
{
    struct csv_source *c;
    if (!open_text(path, options, &c, ret_about, ret_problem, err))
        return false;
    if (!find_signs(c, options, ret_about, ret_problem)) {
        source_free(&c->source);
        return false;
    }
    c->reader = csv_reader_new(read_text, c, ret_about->delimiter, quote_of(ret_about->quote),
                               limits_of(options));
    *ret_source = &c->source;
    return true;
}

/* --- JSON Lines --- */

struct jsonl_source {
    struct rows_source source;
    struct csv_source *text;
    struct buf line; /* the line, and what was read behind it */
    size_t start;
    uint64_t number;
    size_t max_bytes;
    str cell;
    bool eof;
};

static enum rows_step too_long(const struct jsonl_source *j, struct file_problem *problem)
{
    problem->line = j->number + 1;
    problem->limit = j->max_bytes;
    (void)file_problem_set(problem, FILE_ROW_TOO_LARGE, (str){0}, (str){0});
    return ROWS_FAILED;
}

static enum rows_step jsonl_next(struct rows_source *source, struct row *ret_row,
                                 struct file_problem *problem, struct err *err)
{
    struct jsonl_source *j = (struct jsonl_source *)source;
    size_t looked = j->start;
    for (;;) {
        const char *end =
            j->line.len > looked ? memchr(j->line.ptr + looked, '\n', j->line.len - looked) : NULL;
        size_t stop = end ? (size_t)(end - j->line.ptr) : j->line.len;
        // Also when its end was read along with it: what is too long must not depend on that.
        if (stop - j->start > j->max_bytes)
            return too_long(j, problem);
        if (end || (j->eof && stop > j->start)) {
            j->cell = str_trim((str){j->line.ptr + j->start, stop - j->start});
            j->start = stop + (end != NULL);
            *ret_row = (struct row){.line = ++j->number, .cell = &j->cell, .count = 1};
            return ROWS_ROW;
        }
        if (j->eof)
            return ROWS_END;
        memmove(j->line.ptr, j->line.ptr + j->start, j->line.len - j->start);
        j->line.len -= j->start;
        j->start = 0;
        looked = j->line.len;
        if (!buf_reserve(&j->line, SAMPLE_BYTES))
            die("jsonl: the line's ceiling is above the buffer's");
        int64_t n = read_text(j->text, j->line.ptr + j->line.len, SAMPLE_BYTES, problem, err);
        if (n < 0)
            return ROWS_FAILED;
        j->eof = n == 0;
        j->line.len += (size_t)n;
    }
}

static uint64_t jsonl_bytes_done(const struct rows_source *source)
{
    return bytes_done(&((const struct jsonl_source *)source)->text->source);
}

static void jsonl_free(struct rows_source *source)
{
    struct jsonl_source *j = (struct jsonl_source *)source;
    source_free(&j->text->source);
    buf_done(&j->line);
    mem_free(j);
}

bool jsonl_source_open(const char *path, const struct rows_options *options,
                       struct rows_source **ret_source, struct rows_about *ret_about,
                       struct file_problem *ret_problem, struct err *err)
{
    struct csv_source *text;
    if (!open_text(path, options, &text, ret_about, ret_problem, err))
        return false;
    struct jsonl_source *j = mem_new(1, sizeof *j);
    j->source = (struct rows_source){
        .next = jsonl_next, .bytes_done = jsonl_bytes_done, .free = jsonl_free};
    j->text = text;
    j->max_bytes = limits_of(options).row_bytes;
    IGNORE(buf_reserve(&j->line, SAMPLE_BYTES));
    *ret_source = &j->source;
    return true;
}
