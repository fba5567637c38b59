/* csv_fuzz: any text reads the same whole and byte by byte; as a file its rows keep their promises.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "formats/csv_reader.h"
#include "formats/csv_sniff.h"
#include "formats/fuzz_rows.h"

struct feed {
    str left;
    size_t step;
};

static int64_t feed_read(void *context, char *to, size_t room, struct file_problem *problem,
                         struct err *err)
{
    struct feed *f = context;
    size_t n = MIN(room, f->left.len);
    n = MIN(n, f->step);
    (void)problem, (void)err;
    assert(room > 0);
    if (n)
        memcpy(to, f->left.ptr, n);
    f->left = str_from(f->left, n);
    return (int64_t)n;
}

/* A line's number and its cells, each with its length: no two texts are shown alike. */
static void show(struct buf *b, str bytes, size_t step, char delimiter, char quote,
                 struct csv_limits limits, struct file_problem *ret_problem)
{
    struct feed feed = {bytes, step};
    struct row row = {0};
    struct err err = {0};
    enum rows_step got;
    uint64_t line = 0;
    AUTO(csv_reader_free)
    struct csv_reader *r = csv_reader_new(feed_read, &feed, delimiter, quote, limits);
    *ret_problem = (struct file_problem){0};
    while ((got = csv_reader_next(r, &row, ret_problem, &err)) == ROWS_ROW) {
        assert(row.line > line && row.count > 0 && row.count <= limits.columns);
        line = row.line;
        buf_format(b, "%llu:", (unsigned long long)line);
        for (size_t i = 0; i < row.count; i++) {
            assert(row.cell[i].len <= (limits.cell_bytes ? limits.cell_bytes : limits.row_bytes));
            buf_format(b, "%zu ", row.cell[i].len);
            buf_add(b, row.cell[i]);
        }
    }
    assert((got == ROWS_FAILED) == (ret_problem->code != FILE_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = ",;\t|a";
    static const size_t columns[] = {1024, 1, 2, 7}, bytes[] = {1 << 20, 1, 16, 100};
    if (size < 2)
        return 0;
    char delimiter = delimiters[data[0] % (COUNT(delimiters) - 1)];
    struct csv_limits limits = {bytes[data[0] >> 4 & 3], columns[data[0] >> 6],
                                data[0] & 8 ? 5 : 0};
    static const enum rows_quote quotes[] = {ROWS_QUOTE_DOUBLE, ROWS_QUOTE_SINGLE, ROWS_QUOTE_NONE};
    size_t which = data[1] / 2 % COUNT(quotes);
    char quote = "\"'"[which];
    size_t steps[] = {1, 1 + data[1]};
    str text = {(const char *)data + 2, size - 2};
    AUTO(buf_done) struct buf whole = {0};
    struct file_problem problem, other;
    show(&whole, text, SIZE_MAX, delimiter, quote, limits, &problem);
    for (size_t i = 0; i < COUNT(steps); i++) {
        AUTO(buf_done) struct buf pieces = {0};
        show(&pieces, text, steps[i], delimiter, quote, limits, &other);
        assert(str_eq(buf_str(&whole), buf_str(&pieces)));
        // Of a record over both limits either may be named: it is the one that was seen first.
        assert(other.code == problem.code ||
               (other.code == FILE_ROW_TOO_LARGE && problem.code == FILE_TOO_MANY_COLUMNS));
        assert(other.line == problem.line);
    }

    struct file_problem sniffed = {0};
    bool one_column = false;
    char found = csv_sniff(text, data[1] & 1, quote, &one_column, &sniffed);
    assert(found ? strchr(";,\t|:^~\x1F", found) && sniffed.code == FILE_OK
                 : sniffed.code == FILE_DELIMITER || sniffed.code == FILE_ONE_COLUMN);
    char quoted = csv_sniff_quote(text, data[1] & 1, 0);
    assert(quoted == '"' || (quoted == '\'' && text.ptr[0] == '\''));
    size_t len = 0;
    assert(!csv_sniff_sep_line(text, &len) || (len >= 5 && len <= text.len));

    AUTO(memory_file_close) struct memory_file file;
    memory_file_open(&file, text);
    struct rows_options options = {.row_bytes = limits.row_bytes, .columns = limits.columns};
    (void)check_rows(file.path, &options, NULL, NULL);
    options.format = ROWS_CSV;
    options.delimiter = delimiter;
    options.quote = quotes[which];
    (void)check_rows(file.path, &options, NULL, NULL);
    options.encoding = data[1] & 1 ? "windows-1251" : "UTF-16LE";
    (void)check_rows(file.path, &options, NULL, NULL);
    return 0;
}
