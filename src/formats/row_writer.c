/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/row_writer.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "formats/xlsx_writer.h"

enum { FLUSH_BYTES = 256 * 1024 };

struct row_writer {
    int fd;
    struct buf out;           /* CSV */
    uint64_t flushed;         /* bytes of it that went before */
    struct xlsx_writer *xlsx; /* workbooks */
};

bool row_writer_open(int fd, enum rows_format format, struct row_writer **ret_writer,
                     struct err *err)
{
    AUTO(row_writer_free) struct row_writer *w = mem_new(1, sizeof *w);
    w->fd = fd;
    if (format == ROWS_XLSX) {
        if (!xlsx_writer_open(fd, &w->xlsx, err))
            return false;
    } else if (format == ROWS_CSV) {
        buf_add(&w->out,
                STR("\xEF\xBB\xBF")); // without it Excel takes UTF-8 for the system's old encoding
    } else {
        return err_set(err, ERR_INVALID, "rows are written as csv or xlsx");
    }
    *ret_writer = TAKE(w);
    return true;
}

void row_writer_split(struct row_writer *w, uint32_t rows)
{
    if (w->xlsx)
        xlsx_writer_split(w->xlsx, rows);
}

void row_writer_note(struct row_writer *w, size_t column, const char *text)
{
    if (w->xlsx)
        xlsx_writer_note(w->xlsx, column, text);
}

static void add_cell(struct buf *b, str cell)
{
    bool quotes = cell.len && (cell.ptr[0] == ' ' || cell.ptr[cell.len - 1] == ' ');
    for (size_t i = 0; i < cell.len && !quotes; i++)
        quotes =
            cell.ptr[i] == ';' || cell.ptr[i] == '"' || cell.ptr[i] == '\n' || cell.ptr[i] == '\r';
    if (!quotes) {
        buf_add(b, cell);
        return;
    }
    buf_add_char(b, '"');
    while (!str_is_null(cell)) {
        buf_add(b, str_split(&cell, '"'));
        buf_add(b, str_is_null(cell) ? STR("\"") : STR("\"\""));
    }
}

static bool flush(struct row_writer *w, struct err *err)
{
    bool ok = file_write_fd(w->fd, buf_str(&w->out), err);
    w->flushed += w->out.len;
    buf_reset(&w->out);
    return ok;
}

uint64_t row_writer_bytes(const struct row_writer *w)
{
    return w->flushed + w->out.len;
}

bool row_writer_add(struct row_writer *w, const str *cell, size_t count, struct err *err)
{
    if (w->xlsx)
        return xlsx_writer_add(w->xlsx, cell, count, err);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&w->out, ';');
        add_cell(&w->out, cell[i]);
    }
    buf_add(&w->out, STR("\r\n"));
    return w->out.len < FLUSH_BYTES || flush(w, err);
}

bool row_writer_end(struct row_writer *w, struct err *err)
{
    return w->xlsx ? xlsx_writer_end(w->xlsx, err) : flush(w, err);
}

void row_writer_free(struct row_writer *w)
{
    if (!w)
        return;
    xlsx_writer_free(w->xlsx);
    buf_done(&w->out);
    mem_free(w);
}
