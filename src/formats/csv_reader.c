/* The scanner works on a window of the text.  A record that does not end inside the window is
 * scanned anew after the window has been moved and filled: simple, and rare, since a window holds
 * many records.
 *
 * What matters to it, quotes and ends of cells, is found for 64 bytes at a time, a bit each, and
 * cells are then cut along the bits: a cell is shorter than the cost of searching for its end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_reader.h"

#include "base/limits.h"
#include "base/mem.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { WINDOW_BYTES = 256 * 1024, FIRST_CELLS = 64, BLOCK_BYTES = 64 };

enum mark {
    MARK_INSIDE,
    /* in a quoted cell: a quote, CR or LF */ MARK_END,
    /* CR, LF or delimiter */ MARKS
};
struct block {
    size_t at;
    uint64_t mark[MARKS]; /* a bit for each byte from window[at] on */
};

struct csv_reader {
    csv_read *read;
    void *context;
    char delimiter, quote; /* quote 0: none */
    struct csv_limits limits;
    char *window;            /* room bytes, and a block's more that are never text */
    size_t room, start, end; /* unread text is window[start, end) */
    struct block block;
    bool eof;
    uint64_t line; /* of window[start] */
    str *cell;
    bool *mend; /* per cell: its quotes are still in */
    size_t cells, cell_room;
};

struct csv_reader *csv_reader_new(csv_read *read, void *context, char delimiter, char quote,
                                  struct csv_limits limits)
{
    struct csv_reader *r = mem_new(1, sizeof *r);
    assert(delimiter != quote && delimiter != '\r' && delimiter != '\n');
    r->read = read;
    r->context = context;
    r->delimiter = delimiter;
    r->quote = quote;
    r->limits = limits;
    r->room = WINDOW_BYTES;
    r->window = mem_new(r->room + BLOCK_BYTES, 1);
    r->line = 1;
    return r;
}

void csv_reader_free(struct csv_reader *r)
{
    if (!r)
        return;
    mem_free(r->window);
    mem_free(r->cell);
    mem_free(r->mend);
    mem_free(r);
}

#ifdef __SSE2__
static uint64_t equal(const __m128i x[4], char c)
{
    const __m128i wanted = _mm_set1_epi8(c);
    uint64_t bits = 0;
    for (int i = 3; i >= 0; i--)
        bits = bits << 16 | (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x[i], wanted));
    return bits;
}
#endif

/* Makes the block that begins at window[at]. */
static void look(struct csv_reader *r, size_t at)
{
    const char *text = r->window + at;
    uint64_t quotes = 0, lines = 0, delimiters = 0;
#ifdef __SSE2__
    __m128i x[4];
    memcpy(x, text, sizeof x);
    quotes = equal(x, r->quote);
    lines = equal(x, '\r') | equal(x, '\n');
    delimiters = equal(x, r->delimiter);
#else
    for (int i = 0; i < BLOCK_BYTES; i++) {
        quotes |= (uint64_t)(text[i] == r->quote) << i;
        lines |= (uint64_t)(text[i] == '\r' || text[i] == '\n') << i;
        delimiters |= (uint64_t)(text[i] == r->delimiter) << i;
    }
#endif
    r->block =
        (struct block){at, {[MARK_INSIDE] = quotes | lines, [MARK_END] = delimiters | lines}};
}

/* The place of the first such byte at or after window[i], or r->end. */
static inline size_t next_mark(struct csv_reader *r, enum mark mark, size_t i)
{
    while (i < r->end) {
        if (i - r->block.at >= BLOCK_BYTES)
            look(r, i);
        uint64_t bits = r->block.mark[mark] >> (i - r->block.at);
        if (bits) {
            i += (size_t)__builtin_ctzll(bits);
            break;
        }
        i = r->block.at + BLOCK_BYTES;
    }
    return i < r->end ? i : r->end;
}

/* Moves the unread text to the window's start and reads more behind it. */
static bool fill(struct csv_reader *r, struct file_problem *problem, struct err *err)
{
    memmove(r->window, r->window + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    if (r->end == r->room) {
        r->window = mem_grow(r->window, r->room * 2 + BLOCK_BYTES, 1);
        memset(r->window + r->room * 2, 0, BLOCK_BYTES);
        r->room *= 2;
    }
    int64_t n = r->read(r->context, r->window + r->end, r->room - r->end, problem, err);
    if (n < 0)
        return false;
    r->eof = n == 0;
    r->end += (size_t)n;
    look(r, 0);
    return true;
}

static void add_cell(struct csv_reader *r, char *p, size_t len, bool mend)
{
    if (r->cells == r->cell_room) {
        r->cell_room = r->cell_room ? r->cell_room * 2 : FIRST_CELLS;
        r->cell = mem_grow(r->cell, r->cell_room, sizeof *r->cell);
        r->mend = mem_grow(r->mend, r->cell_room, sizeof *r->mend);
    }
    r->mend[r->cells] = mend;
    r->cell[r->cells++] = (str){p, len};
}

enum scan { SCAN_RECORD, SCAN_MORE /* the window ends first */, SCAN_FAILED };

/* One record's scan: nothing of the reader changes but its cells, so that it can be repeated. */
struct record {
    size_t i;       /* the next byte */
    uint64_t lines; /* ends of lines seen */
    uint64_t quote_line;
};

/* Finds the closing quote of the cell whose opening one stands before rec->i, and the end of what
 * follows it. The bytes stay as they are: *ret_doubled says whether "" must be halved. */
static bool scan_quoted(struct csv_reader *r, struct record *rec, size_t *ret_close,
                        bool *ret_doubled)
{
    const char *text = r->window;
    size_t i = rec->i;
    *ret_doubled = false;
    for (;;) {
        i = next_mark(r, MARK_INSIDE, i);
        // At the window's end the next byte is not known: it may double the quote.
        if (i == r->end || (i + 1 == r->end && !r->eof))
            return false;
        if (text[i] != r->quote) {
            rec->lines += text[i] == '\n' || text[i + 1] != '\n';
            i++;
        } else if (i + 1 < r->end && text[i + 1] == r->quote) {
            *ret_doubled = true;
            i += 2;
        } else {
            break;
        }
    }
    *ret_close = i;
    rec->i = next_mark(r, MARK_END, i + 1);
    return true;
}

/* Removes the quotes of a quoted cell in place; text after the closing quote stays. */
static size_t unquote(char *p, size_t len, char quote)
{
    size_t to = 0, i = 0;
    for (; i < len; i++) {
        if (p[i] == quote) {
            if (i + 1 < len && p[i + 1] == quote) {
                i++;
            } else {
                i++;
                break;
            }
        }
        p[to++] = p[i];
    }
    memmove(p + to, p + i, len - i);
    return to + (len - i);
}

static enum scan scan_record(struct csv_reader *r, struct record *rec, struct file_problem *problem)
{
    r->cells = 0;
    for (;;) {
        if (r->cells == r->limits.columns) {
            problem->line = r->line;
            problem->limit = r->limits.columns;
            (void)file_problem_set(problem, FILE_TOO_MANY_COLUMNS, (str){0}, (str){0});
            return SCAN_FAILED;
        }
        size_t from = rec->i;
        bool quoted = from < r->end && r->quote && r->window[from] == r->quote;
        if (quoted) {
            size_t close;
            bool doubled;
            rec->quote_line = r->line + rec->lines;
            rec->i++;
            if (!scan_quoted(r, rec, &close, &doubled)) {
                if (!r->eof)
                    return SCAN_MORE;
                problem->line = rec->quote_line;
                (void)file_problem_set(problem, FILE_QUOTE_OPEN, (str){0}, (str){0});
                return SCAN_FAILED;
            }
            // Plain quoted cells are cut out of their quotes; others are mended once the record is
            // known to be whole, for the bytes must stay as they are while it may be scanned anew.
            if (!doubled && rec->i == close + 1)
                add_cell(r, r->window + from + 1, close - from - 1, false);
            else
                add_cell(r, r->window + from, rec->i - from, true);
        } else {
            rec->i = next_mark(r, MARK_END, from);
            add_cell(r, r->window + from, rec->i - from, false);
        }
        // The byte after the cell decides; a CR needs one more to be told from a CRLF.
        if (rec->i == r->end || (r->window[rec->i] == '\r' && rec->i + 1 == r->end)) {
            if (!r->eof)
                return SCAN_MORE;
            if (rec->i == r->end)
                return SCAN_RECORD;
        }
        if (r->window[rec->i] != r->delimiter)
            break;
        rec->i++;
    }
    rec->i +=
        r->window[rec->i] == '\r' && rec->i + 1 < r->end && r->window[rec->i + 1] == '\n' ? 2 : 1;
    rec->lines++;
    return SCAN_RECORD;
}

static void unquote_cells(struct csv_reader *r)
{
    for (size_t i = 0; i < r->cells; i++) {
        char *p = (char *)r->cell[i].ptr;
        if (r->mend[i])
            r->cell[i] = (str){p + 1, unquote(p + 1, r->cell[i].len - 1, r->quote)};
    }
}

/* Looked at only in a record that could hold such a cell. */
static bool cells_are_small(struct csv_reader *r, struct file_problem *problem)
{
    for (size_t i = 0; i < r->cells; i++)
        if (r->cell[i].len > r->limits.cell_bytes) {
            problem->line = r->line;
            problem->column = i + 1;
            problem->limit = r->limits.cell_bytes;
            return file_problem_set(problem, FILE_CELL_TOO_LARGE, (str){0}, (str){0});
        }
    return true;
}

enum rows_step csv_reader_next(struct csv_reader *r, struct row *ret_row,
                               struct file_problem *ret_problem, struct err *err)
{
    for (;;) {
        struct record rec = {.i = r->start};
        if (r->start == r->end) {
            if (r->eof)
                return ROWS_END;
            if (!fill(r, ret_problem, err))
                return ROWS_FAILED;
            continue;
        }
        enum scan scan = scan_record(r, &rec, ret_problem);
        if (scan == SCAN_FAILED)
            return ROWS_FAILED;
        if (rec.i - r->start > r->limits.row_bytes ||
            (scan == SCAN_MORE && r->end - r->start > r->limits.row_bytes)) {
            ret_problem->line = r->line;
            ret_problem->limit = r->limits.row_bytes;
            (void)file_problem_set(ret_problem, FILE_ROW_TOO_LARGE, (str){0}, (str){0});
            return ROWS_FAILED;
        }
        if (scan == SCAN_MORE) {
            if (!fill(r, ret_problem, err))
                return ROWS_FAILED;
            continue;
        }
        unquote_cells(r);
        if (r->limits.cell_bytes && rec.i - r->start > r->limits.cell_bytes &&
            !cells_are_small(r, ret_problem))
            return ROWS_FAILED;
        *ret_row = (struct row){.line = r->line, .cell = r->cell, .count = r->cells};
        r->start = rec.i;
        r->line += rec.lines;
        return ROWS_ROW;
    }
}
