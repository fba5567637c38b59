/* rows: a file of any format as rows of text cells, one at a time, with constant memory.
 *
 * rows_open() tells the format by the content (never by the name), the encoding by rule (byte order
 * mark, else strict UTF-8, else refused), the delimiter by the header and a sample; each can be
 * stated instead.  Blank records (no cell with a character in it) are left out.  Threads: one
 * reader, one thread.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMATS_ROWS_H
#define FORMATS_ROWS_H

#include "base/arena.h"
#include "base/err.h"
#include "formats/file_problem.h"

enum rows_format { ROWS_UNKNOWN, ROWS_CSV, ROWS_XLSX, ROWS_JSONL };
/* What kind a workbook's cell was; CSV has only text.  Dates arrive as text "YYYY-MM-DD[
 * HH:MM:SS]". */
enum cell_kind { CELL_TEXT, CELL_NUMBER, CELL_DATE, CELL_BOOLEAN, CELL_ERROR };

enum rows_hidden { ROWS_HIDDEN_KEEP, ROWS_HIDDEN_LEAVE_OUT }; /* rows that a workbook hides */

/* What quotes a text's cells, so that they may hold delimiters and ends of lines. */
enum rows_quote {
    ROWS_QUOTE_UNSAID, /* find out: single ones where all of the header stands in them */
    ROWS_QUOTE_DOUBLE,
    ROWS_QUOTE_SINGLE,
    ROWS_QUOTE_NONE /* quotation marks are text */
};
struct rows_options { /* {0}: find out */
    enum rows_format format;
    const char *encoding; /* "utf-8", "windows-1251", ...; NULL: find out */
    char delimiter;       /* 0: find out */
    enum rows_quote quote;
    const char *sheet; /* NULL: the first visible one; a number from 1, or a name */
    bool sheets_on;    /* with a sheet stated: also those that continue it, as with none */
    size_t row_bytes;  /* 0: LIMIT_ROW_BYTES */
    size_t columns;    /* 0: LIMIT_COLUMNS */
    enum rows_hidden hidden;
};
struct row {
    uint64_t record; /* from 1, the header included, blank records left out */
    uint64_t
        line; /* where it starts: the physical line of a CSV, the row number of a sheet; from 1 */
    const str *cell;            /* borrowed until the next rows_next(); UTF-8 */
    const enum cell_kind *kind; /* as many; NULL: all CELL_TEXT */
    size_t count;
    bool hidden; /* by a filter or by hand; workbooks only */
};
enum rows_step { ROWS_FAILED = -1, ROWS_END = 0, ROWS_ROW = 1 };
struct rows_about { /* how the file was understood */
    enum rows_format format;
    str encoding;          /* "UTF-8" ...; CSV and JSON Lines only */
    char delimiter;        /* CSV only */
    enum rows_quote quote; /* CSV only; never unsaid */
    str sheet;             /* workbooks only: its name */
    bool had_bom;
    bool one_column; /* CSV only: no delimiter was stated, and no sign in it could be one */
};

struct rows;
/* Opens the file at path.  On failure *ret_problem says what a person can do; err is for the log.
 * On success the caller owns *ret_rows. */
MUST_CHECK bool rows_open(const char *path, const struct rows_options *options,
                          struct rows **ret_rows, struct file_problem *ret_problem,
                          struct err *err);
/* Reads one row; *ret_row is set only on ROWS_ROW.  After ROWS_FAILED (reason in *ret_problem) only
 * rows_free(). */
MUST_CHECK enum rows_step rows_next(struct rows *r, struct row *ret_row,
                                    struct file_problem *ret_problem, struct err *err);
/* How the file was understood; constant after rows_open(); borrowed. */
const struct rows_about *rows_about(const struct rows *r);
/* How many filled rows were hidden so far, left out or not. */
uint64_t rows_hidden_count(const struct rows *r);
/* How far in the file's bytes reading has come (approximate for workbooks). */
uint64_t rows_bytes_done(const struct rows *r);
/* The file's size in bytes. */
uint64_t rows_bytes(const struct rows *r);
/* Closes the file and frees r; NULL is fine. */
void rows_free(struct rows *r);
DEFINE_AUTO(struct rows *, rows_free)

/* The format named "csv", "xlsx" or "jsonl"; ROWS_UNKNOWN when none. */
enum rows_format rows_format_of(str name);
/* The reverse of rows_format_of(); "unknown" for ROWS_UNKNOWN. */
const char *rows_format_name(enum rows_format format);

#endif
