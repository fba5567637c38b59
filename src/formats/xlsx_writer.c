/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_writer.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "formats/xlsx_strings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

/* What a sheet holds (ECMA-376 Part 1, 18.3.1.73 and Excel's own limits). */
enum { MAX_ROWS = 1048576, MAX_COLUMNS = 16384, MAX_CHARACTERS = 32767, NOTES = 16 };

struct xlsx_writer {
    int fd, made; /* made: the workbook, a file without a name */
    char folder[PATH_MAX];
    uint64_t rows_bytes; /* of the sheets that are full */
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *text;
    lxw_row_t row, max_rows;
    unsigned sheets;
    struct arena arena; /* NUL-terminated cells of one row */
    struct arena first; /* the header, which each sheet has */
    str *header;
    size_t header_count;
    struct buf encoded;
    char *note[NOTES];
};

static void next_sheet(struct xlsx_writer *w)
{
    char name[32];
    w->sheets++;
    (void)snprintf(name, sizeof name, w->sheets == 1 ? "clients" : "clients" XLSX_CONTINUED "%u",
                   w->sheets);
    w->sheet = workbook_add_worksheet(w->book, name);
    w->row = 0;
    (void)worksheet_set_column(w->sheet, 0, 12, 22, NULL);
}

/* Where temporary files go: beside the file that all is for, so that one disk decides whether there
 * is room; for a pipe, and where nothing may be created, TMPDIR. */
static void find_folder(int fd, char ret_folder[PATH_MAX])
{
    char link[32];
    const char *usual = getenv("TMPDIR");
    struct stat st;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, ret_folder, PATH_MAX - 1);
    ret_folder[MAX(len, 0)] = '\0';
    char *end = strrchr(ret_folder, '/');
    if (ret_folder[0] == '/' && end && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        end[end == ret_folder] = '\0';
        if (access(ret_folder, W_OK | X_OK) == 0)
            return;
    }
    (void)snprintf(ret_folder, PATH_MAX, "%s", usual && usual[0] ? usual : "/tmp");
}

/* The library wants a path; the file that it means has no name that a crash could leave behind. */
static int unnamed_file(const char *folder, struct err *err)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        err_errno(err, "cannot create a temporary file in '%s'", folder);
    return fd;
}

bool xlsx_writer_open(int fd, struct xlsx_writer **ret_writer, struct err *err)
{
    struct xlsx_writer *w = mem_new(1, sizeof *w);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    char path[32];
    w->fd = fd;
    w->max_rows = MAX_ROWS;
    find_folder(fd, w->folder);
    options.tmpdir = w->folder;
    w->made = unnamed_file(w->folder, err);
    if (w->made < 0) {
        mem_free(w);
        return false;
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", w->made);
    w->book = workbook_new_opt(path, &options);
    next_sheet(w);
    w->text = workbook_add_format(w->book);
    format_set_num_format(w->text, "@"); // text: Excel must not turn ids and phones into numbers
    *ret_writer = w;
    return true;
}

void xlsx_writer_split(struct xlsx_writer *w, uint32_t rows)
{
    w->max_rows = MIN(rows, (uint32_t)MAX_ROWS);
}

void xlsx_writer_note(struct xlsx_writer *w, size_t column, const char *text)
{
    if (column < NOTES && !w->note[column])
        w->note[column] = mem_strdup(text);
}

/* Excel counts in UTF-16. */
static size_t units(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        n += (c & 0xC0) != 0x80;
        n += c >= 0xF0;
    }
    return n;
}

static bool add_cell(struct xlsx_writer *w, size_t column, str cell, struct err *err)
{
    if (!cell.len)
        return true;
    buf_reset(&w->encoded);
    xlsx_text_encode(&w->encoded, cell);
    cell = buf_str(&w->encoded);
    if (cell.len > MAX_CHARACTERS && units(cell) > MAX_CHARACTERS)
        return err_set(
            err, ERR_INVALID,
            "column %zu of row %u has more than %d characters, which is all a workbook's "
            "cell holds: take csv or jsonl instead",
            column + 1, w->row + 1, MAX_CHARACTERS);
    if (worksheet_write_string(w->sheet, w->row, (lxw_col_t)column, arena_str(&w->arena, cell).ptr,
                               w->text) != LXW_NO_ERROR)
        return err_set(err, ERR_INTERNAL, "the workbook: a cell of row %u cannot be written",
                       w->row + 1);
    return true;
}

/* The library does not look whether its temporary files could be written; a sheet that was cut
 * short would go out as if it were whole. */
static bool check_rows(struct xlsx_writer *w, struct err *err)
{
    FILE *rows = w->sheet->optimize_tmpfile;
    struct stat st;
    if (!rows)
        return true;
    bool failed = ferror(rows);
    errno = 0;
    if (fflush(rows) != 0)
        return err_errno(err, "the workbook");
    if (failed) // there is room again, but what came before is lost
        return err_set(err, ERR_LIMIT, "the workbook: the disk was full");
    if (fstat(fileno(rows), &st) == 0)
        w->rows_bytes += (uint64_t)st.st_size;
    return true;
}

static bool add_row(struct xlsx_writer *w, const str *cell, size_t count, struct err *err)
{
    arena_reset(&w->arena);
    for (size_t i = 0; i < count; i++)
        if (!add_cell(w, i, cell[i], err))
            return false;
    for (size_t i = 0; w->row == 0 && i < NOTES && i < count; i++)
        if (w->note[i])
            (void)worksheet_write_comment(w->sheet, 0, (lxw_col_t)i, w->note[i]);
    w->row++;
    // Early, so that a full disk is not filled with rows for nothing.
    return !ferror(w->sheet->optimize_tmpfile) || check_rows(w, err);
}

static void keep_header(struct xlsx_writer *w, const str *cell, size_t count)
{
    w->header = ARENA_NEW(&w->first, str, count);
    w->header_count = count;
    for (size_t i = 0; i < count; i++)
        w->header[i] = arena_str(&w->first, cell[i]);
}

bool xlsx_writer_add(struct xlsx_writer *w, const str *cell, size_t count, struct err *err)
{
    if (count > MAX_COLUMNS)
        return err_set(err, ERR_INVALID, "more than %d columns: take csv or jsonl instead",
                       MAX_COLUMNS);
    if (!w->header)
        keep_header(w, cell, count);
    if (w->row == w->max_rows) {
        if (!check_rows(w, err))
            return false;
        next_sheet(w);
        if (!add_row(w, w->header, w->header_count, err))
            return false;
    }
    return add_row(w, cell, count, err);
}

/* At its end the library copies all rows once more and packs them, and does not look at the copy
 * either: there must be room for both before it begins. */
static bool check_room(struct xlsx_writer *w, struct err *err)
{
    enum { SPARE_BYTES = 256 * 1024 };
    int fd = unnamed_file(w->folder, err);
    if (fd < 0)
        return false;
    bool ok = fallocate(fd, 0, 0, (off_t)(2 * w->rows_bytes + SPARE_BYTES)) == 0 ||
              errno == EOPNOTSUPP || err_errno(err, "the workbook");
    (void)close(fd);
    return ok;
}

static bool is_of_the_disk(lxw_error code)
{
    return code == LXW_ERROR_CREATING_TMPFILE || code == LXW_ERROR_CREATING_XLSX_FILE ||
           code == LXW_ERROR_ZIP_FILE_OPERATION || code == LXW_ERROR_ZIP_FILE_ADD ||
           code == LXW_ERROR_ZIP_CLOSE || code == LXW_ERROR_READING_TMPFILE;
}

bool xlsx_writer_end(struct xlsx_writer *w, struct err *err)
{
    if (!check_rows(w, err) || !check_room(w, err))
        return false;
    lxw_error code = workbook_close(TAKE(w->book));
    if (code != LXW_NO_ERROR)
        return err_set(err, is_of_the_disk(code) ? ERR_LIMIT : ERR_INTERNAL, "the workbook: %s",
                       lxw_strerror(code));
    return file_copy(w->made, w->fd, err) || err_context(err, "the workbook: ");
}

void xlsx_writer_free(struct xlsx_writer *w)
{
    if (!w)
        return;
    if (w->book)
        (void)workbook_close(w->book);
    (void)close(w->made);
    for (size_t i = 0; i < NOTES; i++)
        mem_free(w->note[i]);
    arena_done(&w->arena);
    arena_done(&w->first);
    buf_done(&w->encoded);
    mem_free(w);
}
