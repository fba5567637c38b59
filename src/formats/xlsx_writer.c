/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_writer.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "formats/xlsx_strings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xlsxwriter.h>

/* What a sheet holds (ECMA-376 Part 1, 18.3.1.73 and Excel's own limits). */
enum { MAX_ROWS = 1048576, MAX_COLUMNS = 16384, MAX_CHARACTERS = 32767, NOTES = 16 };

struct xlsx_writer {
    int fd;
    char path[64];
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *text;
    lxw_row_t row;
    struct arena arena; /* NUL-terminated cells of one row */
    struct buf encoded;
    char *note[NOTES];
};

bool xlsx_writer_open(int fd, struct xlsx_writer **ret_writer, struct err *err)
{
    struct xlsx_writer *w = mem_new(1, sizeof *w);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    const char *dir = getenv("TMPDIR");
    (void)snprintf(w->path, sizeof w->path, "%.40s/clientele-XXXXXX", dir && dir[0] ? dir : "/tmp");
    w->fd = fd;
    int made = mkstemp(w->path);
    if (made < 0) {
        err_errno(err, "cannot create a temporary file");
        mem_free(w);
        return false;
    }
    (void)close(made);
    w->book = workbook_new_opt(w->path, &options);
    w->sheet = workbook_add_worksheet(w->book, "clients");
    w->text = workbook_add_format(w->book);
    format_set_num_format(w->text, "@"); // text: Excel must not turn ids and phones into numbers
    *ret_writer = w;
    return true;
}

void xlsx_writer_note(struct xlsx_writer *w, size_t column, const char *text)
{
    if (column < NOTES && !w->note[column])
        w->note[column] = mem_strdup(text);
}

static bool add_cell(struct xlsx_writer *w, size_t column, str cell, struct err *err)
{
    if (!cell.len)
        return true;
    buf_reset(&w->encoded);
    xlsx_text_encode(&w->encoded, cell);
    cell = buf_str(&w->encoded);
    if (cell.len > MAX_CHARACTERS && utf8_count(cell) > MAX_CHARACTERS)
        return err_set(err, ERR_LIMIT,
                       "a cell of row %u has more than %d characters: export as csv or jsonl",
                       w->row + 1, MAX_CHARACTERS);
    if (worksheet_write_string(w->sheet, w->row, (lxw_col_t)column, arena_str(&w->arena, cell).ptr,
                               w->text) != LXW_NO_ERROR)
        return err_set(err, ERR_INTERNAL, "the workbook: a cell of row %u cannot be written",
                       w->row + 1);
    return true;
}

bool xlsx_writer_add(struct xlsx_writer *w, const str *cell, size_t count, struct err *err)
{
    if (w->row == MAX_ROWS)
        return err_set(err, ERR_LIMIT,
                       "more than %d rows, which is all a sheet holds: export as csv or jsonl",
                       MAX_ROWS);
    if (count > MAX_COLUMNS)
        return err_set(err, ERR_LIMIT, "more than %d columns: export as jsonl", MAX_COLUMNS);
    arena_reset(&w->arena);
    for (size_t i = 0; i < count; i++)
        if (!add_cell(w, i, cell[i], err))
            return false;
    for (size_t i = 0; w->row == 0 && i < NOTES && i < count; i++)
        if (w->note[i])
            (void)worksheet_write_comment(w->sheet, 0, (lxw_col_t)i, w->note[i]);
    w->row++;
    return true;
}

static bool copy_out(struct xlsx_writer *w, struct err *err)
{
    char chunk[64 * 1024];
    FILE *made = fopen(w->path, "rb");
    size_t n;
    bool ok = made || err_errno(err, "cannot read the workbook back");
    while (ok && (n = fread(chunk, 1, sizeof chunk, made)) > 0)
        ok = file_write_fd(w->fd, (str){chunk, n}, err);
    if (made)
        (void)fclose(made);
    return ok;
}

bool xlsx_writer_end(struct xlsx_writer *w, struct err *err)
{
    (void)worksheet_set_column(w->sheet, 0, 12, 22, NULL);
    lxw_error code = workbook_close(TAKE(w->book));
    if (code != LXW_NO_ERROR)
        return err_set(err, ERR_INTERNAL, "the workbook: %s", lxw_strerror(code));
    return copy_out(w, err);
}

void xlsx_writer_free(struct xlsx_writer *w)
{
    if (!w)
        return;
    if (w->book)
        (void)workbook_close(w->book);
    (void)unlink(w->path);
    for (size_t i = 0; i < NOTES; i++)
        mem_free(w->note[i]);
    arena_done(&w->arena);
    buf_done(&w->encoded);
    mem_free(w);
}
