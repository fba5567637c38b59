/* The sheet's XML is parsed until a row ends; then the parser pauses and the row is handed out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_reader.h"

#include "base/limits.h"
#include "base/mem.h"
#include "formats/xlsx_book.h"
#include "formats/xlsx_strings.h"
#include "formats/xlsx_value.h"

struct cell { /* a value of the row being read; its text is text[from, to) */
    size_t column, from, to;
    enum cell_kind kind;
};
struct xlsx_reader {
    struct rows_source source; /* first: rows.c sees only this */
    struct arena arena;
    struct xlsx_package *package;
    struct xlsx_book book;
    struct xlsx_strings *strings;
    struct xlsx_styles *styles;
    struct xlsx_part *part;
    size_t max_columns, max_bytes, max_cell;
    /* a sheet that goes on on the next */
    size_t more;           /* of book.more_part read */
    uint64_t lines, bytes; /* of the sheets before */
    struct buf header;     /* of the first, in front of each other one */
    /* the row being read */
    uint64_t row_number;
    bool hidden;
    size_t next_column;
    struct cell *cell;
    size_t cells, cell_room;
    struct buf text;
    bool in_rows, row_said, row_ready;
    /* the cell being read */
    size_t column;
    str type; /* one of the constants below */
    uint64_t style;
    struct buf value;
    bool in_value, in_inline, in_text;
    unsigned phonetic;
    /* the row handed out */
    str *out;
    enum cell_kind *kind;
    size_t out_room;
};

/* "BC12" is column 54 (from 0) and row 12 (0: no digits); false when there are no letters. */
static bool place_of(str reference, size_t *ret, uint64_t *ret_row)
{
    size_t n = 0, i = 0;
    for (; i < reference.len && i < 4; i++) {
        char c = (char)(reference.ptr[i] | 32);
        if (c < 'a' || c > 'z')
            break;
        n = n * 26 + (size_t)(c - 'a') + 1;
    }
    *ret = n - 1;
    if (!n || !str_to_u64(str_from(reference, i), ret_row))
        *ret_row = 0;
    return n > 0;
}

static str known_type(str t)
{
    static const str types[] = {{"s", 1}, {"str", 3}, {"inlineStr", 9},
                                {"b", 1}, {"e", 1},   {"d", 1}};
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_eq(t, types[i]))
            return types[i];
    return STR("n");
}

static void start_row(struct xlsx_reader *x, const char **attributes)
{
    uint64_t number;
    str r = xlsx_attribute(attributes, "r");
    x->row_said = str_to_u64(r, &number) && number > 0;
    x->row_number = x->row_said ? number : x->row_number + 1;
    str hidden = xlsx_attribute(attributes, "hidden");
    x->hidden = str_eq(hidden, STR("1")) || str_eq(hidden, STR("true"));
    x->next_column = 0;
    x->cells = 0;
    buf_reset(&x->text);
}

/* A cell's attributes have names of one letter; nearly all of the program's time is spent in cells.
 */
static void start_cell(struct xlsx_reader *x, const char **attributes)
{
    bool placed = false;
    uint64_t row = 0;
    x->type = STR("n");
    x->style = 0;
    for (; attributes[0]; attributes += 2) {
        str name = xlsx_attribute_name(attributes[0]), value = str_of(attributes[1]);
        if (str_eq(name, STR("r")))
            placed = place_of(value, &x->column, &row);
        else if (str_eq(name, STR("t")))
            x->type = known_type(value);
        else if (str_eq(name, STR("s")) && !str_to_u64(value, &x->style))
            x->style = 0;
    }
    if (!placed)
        x->column = x->next_column;
    else if (!x->row_said && row > x->row_number)
        x->row_number = row; // the row has no number of its own
    x->next_column = x->column + 1;
    buf_reset(&x->value);
    x->in_inline = false;
    x->phonetic = 0;
}

static void on_start(void *context, str name, const char **attributes)
{
    struct xlsx_reader *x = context;
    if (!x->in_rows) // extensions and controls have rows and values of their own
        x->in_rows = str_eq(name, STR("sheetData"));
    else if (str_eq(name, STR("row")))
        start_row(x, attributes);
    else if (str_eq(name, STR("c")))
        start_cell(x, attributes);
    else if (str_eq(name, STR("v")))
        x->in_value = !x->in_inline;
    else if (str_eq(name, STR("is"))) {
        x->in_inline = true; // it is the cell's value; what stands in a <v> beside it is not
        buf_reset(&x->value);
    } else if (str_eq(name, STR("rPh")))
        x->phonetic++;
    else if (str_eq(name, STR("t")))
        x->in_text = x->in_inline && !x->phonetic;
}

/* Appends the cell's text; false when a shared string is not there. */
static bool add_text(struct xlsx_reader *x, enum cell_kind *kind)
{
    str value = buf_str(&x->value);
    uint64_t i;
    *kind = CELL_TEXT;
    if (str_eq(x->type, STR("s"))) {
        str index = str_trim(value);
        return !index.len ||
               (x->strings && str_to_u64(index, &i) && xlsx_strings_get(x->strings, i, &x->text));
    }
    if (str_eq(x->type, STR("b"))) {
        *kind = CELL_BOOLEAN;
        str flag = str_trim(value);
        if (flag.len)
            buf_add(&x->text, str_eq(flag, STR("0")) || str_eq(flag, STR("false")) ? STR("false")
                                                                                   : STR("true"));
    } else if (str_eq(x->type, STR("e"))) {
        *kind = CELL_ERROR;
        buf_add(&x->text, value);
    } else if (str_eq(x->type, STR("d"))) {
        *kind = CELL_DATE;
        xlsx_iso_date_text(&x->text, value);
    } else if (str_eq(x->type, STR("inlineStr"))) {
        if (x->in_inline)
            xlsx_text_decode(&x->text, value);
    } else if (str_eq(x->type, STR("n"))) {
        bool date = value.len && xlsx_styles_is_date(x->styles, x->style) &&
                    xlsx_date_text(&x->text, value, x->book.since_1904);
        *kind = date ? CELL_DATE : CELL_NUMBER;
        if (!date)
            xlsx_number_text(&x->text, value);
    } else {
        xlsx_text_decode(&x->text, value);
    }
    return true;
}

static void end_cell(struct xlsx_reader *x)
{
    enum cell_kind kind;
    size_t from = x->text.len;
    if (x->in_inline && !str_eq(x->type, STR("s")))
        x->type = STR("inlineStr");
    if (!add_text(x, &kind)) {
        xlsx_part_fail(x->part, FILE_WORKBOOK_DAMAGED,
                       "a cell names a shared string that is not there", 0);
        return;
    }
    if (x->text.len == from)
        return;
    if (x->column >= x->max_columns) {
        xlsx_part_fail(x->part, FILE_TOO_MANY_COLUMNS, "", x->max_columns);
        return;
    }
    if (x->text.len > x->max_bytes) {
        xlsx_part_fail(x->part, FILE_ROW_TOO_LARGE, "", x->max_bytes);
        return;
    }
    if (x->cells == x->cell_room) {
        x->cell_room = x->cell_room ? x->cell_room * 2 : 64;
        x->cell = mem_grow(x->cell, x->cell_room, sizeof *x->cell);
    }
    x->cell[x->cells++] = (struct cell){x->column, from, x->text.len, kind};
}

static void on_end(void *context, str name)
{
    struct xlsx_reader *x = context;
    if (!x->in_rows)
        return;
    if (str_eq(name, STR("v"))) {
        x->in_value = false;
    } else if (str_eq(name, STR("t"))) {
        x->in_text = false;
    } else if (str_eq(name, STR("rPh"))) {
        x->phonetic -= x->phonetic > 0;
    } else if (str_eq(name, STR("c"))) {
        end_cell(x);
    } else if (str_eq(name, STR("row")) && x->cells) {
        x->row_ready = true;
        xlsx_part_pause(x->part);
    } else if (str_eq(name, STR("sheetData"))) {
        x->in_rows = false;
    }
}

static void on_text(void *context, str text)
{
    struct xlsx_reader *x = context;
    if (!x->in_value && !x->in_text)
        return;
    buf_add(&x->value, text);
    if (x->value.len > x->max_cell)
        xlsx_part_fail(x->part, FILE_CELL_TOO_LARGE, "", x->max_cell);
}

static const struct xlsx_events sheet_events = {on_start, on_end, on_text};

static void hand_out(struct xlsx_reader *x, struct row *ret_row)
{
    size_t count = 0;
    for (size_t i = 0; i < x->cells; i++)
        count = MAX(count, x->cell[i].column + 1);
    if (count > x->out_room) {
        x->out_room = count;
        x->out = mem_grow(x->out, count, sizeof *x->out);
        x->kind = mem_grow(x->kind, count, sizeof *x->kind);
    }
    for (size_t i = 0; i < count; i++) {
        x->out[i] = STR("");
        x->kind[i] = CELL_TEXT;
    }
    for (size_t i = 0; i < x->cells; i++) {
        const struct cell *c = &x->cell[i];
        x->out[c->column] = (str){x->text.ptr + c->from, c->to - c->from};
        x->kind[c->column] = c->kind;
    }
    *ret_row = (struct row){.line = x->lines + x->row_number,
                            .cell = x->out,
                            .kind = x->kind,
                            .count = count,
                            .hidden = x->hidden};
}

/* What a person counts in a sheet are its rows and columns, not the lines of its XML. */
static void place_in_sheet(const struct xlsx_reader *x, struct file_problem *problem)
{
    bool cell = problem->code == FILE_CELL_TOO_LARGE;
    if (cell || problem->code == FILE_TOO_MANY_COLUMNS || problem->code == FILE_ROW_TOO_LARGE)
        problem->line = x->row_number;
    if (cell)
        problem->column = x->column + 1;
}

static enum rows_step next_of_sheet(struct xlsx_reader *x, struct row *ret_row,
                                    struct file_problem *problem, struct err *err)
{
    x->row_ready = false;
    int rc = xlsx_part_parse(x->part, problem, err);
    if (rc < 0)
        place_in_sheet(x, problem);
    if (rc < 0)
        return ROWS_FAILED;
    if (!x->row_ready)
        return ROWS_END;
    hand_out(x, ret_row);
    return ROWS_ROW;
}

/* The texts of the row being read, each where it stands. */
static void row_texts(const struct xlsx_reader *x, struct buf *b)
{
    buf_reset(b);
    for (size_t i = 0; i < x->cells; i++) {
        buf_format(b, "%zu:%zu:", x->cell[i].column, x->cell[i].to - x->cell[i].from);
        buf_add(b, (str){x->text.ptr + x->cell[i].from, x->cell[i].to - x->cell[i].from});
    }
}

/* Goes on to the sheet that continues this one, past its header. */
static enum rows_step next_sheet(struct xlsx_reader *x, struct row *ret_row,
                                 struct file_problem *problem, struct err *err)
{
    AUTO(buf_done) struct buf texts = {0};
    x->bytes += xlsx_part_bytes_done(x->part);
    x->lines += x->row_number;
    x->row_number = 0;
    xlsx_part_free(x->part);
    x->part = NULL;
    if (!xlsx_part_open(x->package, x->book.more_part[x->more++], &sheet_events, x, &x->part,
                        problem, err))
        return ROWS_FAILED;
    enum rows_step step = next_of_sheet(x, ret_row, problem, err);
    row_texts(x, &texts);
    bool header = step == ROWS_ROW && str_eq(buf_str(&texts), buf_str(&x->header));
    return header ? next_of_sheet(x, ret_row, problem, err) : step;
}

static enum rows_step next(struct rows_source *source, struct row *ret_row,
                           struct file_problem *problem, struct err *err)
{
    struct xlsx_reader *x = (struct xlsx_reader *)source;
    enum rows_step step = next_of_sheet(x, ret_row, problem, err);
    if (step == ROWS_ROW && x->book.more_count && !x->header.len)
        row_texts(x, &x->header);
    while (step == ROWS_END && x->more < x->book.more_count)
        step = next_sheet(x, ret_row, problem, err);
    return step;
}

static uint64_t bytes_done(const struct rows_source *source)
{
    const struct xlsx_reader *x = (const struct xlsx_reader *)source;
    return x->bytes + (x->part ? xlsx_part_bytes_done(x->part) : 0);
}

static void reader_free(struct rows_source *source)
{
    struct xlsx_reader *x = (struct xlsx_reader *)source;
    xlsx_part_free(x->part);
    xlsx_strings_free(x->strings);
    xlsx_styles_free(x->styles);
    xlsx_package_free(x->package);
    arena_done(&x->arena);
    buf_done(&x->text);
    buf_done(&x->value);
    buf_done(&x->header);
    mem_free(x->cell);
    mem_free(x->out);
    mem_free(x->kind);
    mem_free(x);
}

static bool open_parts(struct xlsx_reader *x, const char *path, const struct rows_options *o,
                       struct file_problem *problem, struct err *err)
{
    return xlsx_package_open(path, &x->package, problem, err) &&
           xlsx_book_read(x->package, &x->arena, o->sheet, !o->sheet || o->sheets_on, &x->book,
                          problem, err) &&
           (!x->book.strings_part.len ||
            xlsx_strings_open(x->package, x->book.strings_part, &x->strings, problem, err)) &&
           (!x->book.styles_part.len ||
            xlsx_styles_open(x->package, x->book.styles_part, &x->styles, problem, err)) &&
           xlsx_part_open(x->package, x->book.sheet_part, &sheet_events, x, &x->part, problem, err);
}

bool xlsx_reader_open(const char *path, const struct rows_options *options,
                      struct rows_source **ret_source, struct rows_about *ret_about,
                      struct file_problem *ret_problem, struct err *err)
{
    struct xlsx_reader *x = mem_new(1, sizeof *x);
    x->source = (struct rows_source){.next = next, .bytes_done = bytes_done, .free = reader_free};
    x->max_columns = options->columns ? options->columns : LIMIT_COLUMNS;
    x->max_bytes = options->row_bytes ? options->row_bytes : LIMIT_ROW_BYTES;
    x->max_cell = MIN(x->max_bytes, LIMIT_CELL_BYTES);
    if (!open_parts(x, path, options, ret_problem, err)) {
        reader_free(&x->source);
        return false;
    }
    ret_about->sheet = x->book.sheet_name;
    *ret_source = &x->source;
    return true;
}
