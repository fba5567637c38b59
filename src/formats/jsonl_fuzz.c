/* jsonl_fuzz: the rows of a JSON Lines file are its lines that are not blank, as a plain loop cuts
 * them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "formats/fuzz_rows.h"

struct lines {
    str rest;
    uint64_t line;
};

/* The next line that is not blank; {0} when there is none. */
static str next_line(struct lines *l)
{
    while (!str_is_null(l->rest)) {
        str line = str_trim(str_split(&l->rest, '\n'));
        l->line++;
        if (line.len)
            return line;
    }
    return (str){0};
}

static void compare(void *context, const struct row *row)
{
    struct lines *l = context;
    str want = next_line(l);
    assert(row->count == 1 && str_eq(row->cell[0], want) && row->line == l->line);
}

static void no_line_break(void *context, const struct row *row)
{
    (void)context;
    assert(row->count == 1 && str_find(row->cell[0], '\n') == row->cell[0].len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t bytes[] = {1 << 20, 1, 16, 100};
    if (size < 1)
        return 0;
    str text = {(const char *)data + 1, size - 1};
    struct rows_options options = {.format = ROWS_JSONL, .columns = 1};
    struct lines lines = {.rest = text};
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        lines.rest = str_from(text, 3);
    options.row_bytes = bytes[data[0] & 3];
    options.encoding = data[0] & 4 ? "UTF-8" : NULL;
    AUTO(memory_file_close) struct memory_file file;
    memory_file_open(&file, text);
    // A mark of UTF-16 is no UTF-8, so what is read to the end was read as it stands; text in
    // UTF-16 has no plain lines to compare with.
    bool plain = utf8_valid(text) && !(text.len && memchr(text.ptr, 0, text.len));
    if (check_rows(file.path, &options, plain ? compare : no_line_break, &lines) && plain)
        assert(str_is_null(next_line(&lines)));
    // Without a format stated it may be anything.
    options.format = ROWS_UNKNOWN;
    options.columns = 1024;
    (void)check_rows(file.path, &options, NULL, NULL);
    return 0;
}
