/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/report.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "domain/cell.h"
#include "formats/row_writer.h"

enum { PAGE = 5000, MARK_DIGITS = 6 };

/* The task's problems, in the order of records. */
struct problems_page {
    struct store_reader *reader;
    int64_t task_id;
    enum problem_list which;
    struct arena arena;
    struct store_task_error *error;
    size_t count, at;
    uint64_t after; /* record of the last one read */
    bool end;
};
struct report {
    const struct store_task *task;
    enum language language;
    struct problems_page page;
    struct row_writer *table; /* NULL: JSON Lines */
    int fd;
    struct buf lines; /* JSON Lines on their way out */
    struct arena arena;
    str *cell;
    size_t room;
    size_t columns;     /* of the imported file's header */
    size_t skip_column; /* an import_error of the file itself; SIZE_MAX: none */
    bool guard;
};

struct report_mark report_mark_of(str cell)
{
    uint64_t task, record;
    str text = utf8_trim(cell);
    size_t open = text.len;
    if (!str_ends(text, STR("]")))
        return (struct report_mark){0};
    while (open > 0 && text.ptr[open - 1] != '[')
        open--;
    str hash = str_first(str_from(text, open), text.len - open - 1);
    str number = str_split(&hash, ':'), row = str_split(&hash, ':');
    bool whole = open && str_to_u64(number, &task) && task <= INT64_MAX &&
                 str_to_u64(row, &record) && hash.len == MARK_DIGITS;
    return whole ? (struct report_mark){(int64_t)task, hash} : (struct report_mark){0};
}

bool report_mark_fits(const struct report_mark *mark, const struct store_task *task)
{
    return mark->task_id == task->id && str_starts(task->sha256, mark->hash);
}

str report_mark_text(struct arena *a, const struct store_task *task, uint64_t record)
{
    str hash = str_first(task->sha256, MIN(task->sha256.len, (size_t)MARK_DIGITS));
    return arena_format(a, "[%lld:%llu:%.*s]", (long long)task->id, (unsigned long long)record,
                        STR_ARG(hash));
}

static const struct store_task_error *next_error(struct problems_page *p, struct err *err)
{
    if (p->at < p->count)
        return &p->error[p->at];
    if (p->end)
        return NULL;
    arena_reset(&p->arena);
    if (!store_task_errors_after(p->reader, &p->arena, p->task_id, p->which, p->after, PAGE,
                                 &p->error, &p->count, err))
        return NULL;
    p->at = 0;
    p->end = p->count == 0;
    if (p->count)
        p->after = p->error[p->count - 1].record;
    return p->count ? p->error : NULL;
}

/* "email: is not an address; phone: ... [17:345:9f3ab2]": all problems of the record. */
static str error_text(struct report *r, uint64_t record, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    const struct store_task_error *e;
    while ((e = next_error(&r->page, err)) != NULL && e->record == record) {
        const struct problem p = {.code = e->code, .field = e->field, .key = e->key};
        if (b.len)
            buf_add(&b, STR("; "));
        buf_add(&b, e->column.len ? e->column : e->key.len ? e->key : e->field);
        buf_add(&b, STR(": "));
        buf_add(&b, wording_problem(&r->arena, r->language, &p));
        if (e->other_line)
            buf_format(&b, " (%s %llu)", r->language == LANGUAGE_RU ? "строка" : "line",
                       (unsigned long long)e->other_line);
        if (e->other_id) {
            char id[CONSUMER_ID_BYTES];
            consumer_id_text(e->other_id, id);
            buf_format(&b, " (%s)", id);
        }
        r->page.at++;
    }
    buf_add_char(&b, ' ');
    buf_add(&b, report_mark_text(&r->arena, r->task, record));
    return arena_str(&r->arena, buf_str(&b));
}

static str *cells(struct report *r, size_t count)
{
    if (count > r->room) {
        r->room = count;
        r->cell = mem_grow(r->cell, r->room, sizeof *r->cell);
    }
    return r->cell;
}

/* A cell means what it meant: a guard or a token of the file's own stays as it is. */
static str shown(struct report *r, str text)
{
    return r->guard && cell_runs_as_formula(text) ? cell_guarded(&r->arena, text, false) : text;
}

static bool add_row(struct report *r, const struct row *row, str reason, struct err *err)
{
    size_t count = 0, all = MAX(row->count, r->columns);
    str *cell = cells(r, all + 1);
    for (size_t i = 0; i <= all; i++) {
        if (i == r->columns)
            cell[count++] = reason;
        if (i < all && i != r->skip_column)
            cell[count++] = i < row->count ? shown(r, row->cell[i]) : (str){0};
    }
    return row_writer_add(r->table, cell, count, err);
}

/* The line with one more member; a line that is no object goes as it is, with the reason before it
 * where nobody can miss it. */
static bool add_line(struct report *r, str line, str reason, struct err *err)
{
    str text = str_trim(line);
    if (str_starts(text, STR("{")) && str_ends(text, STR("}"))) {
        str inside = str_trim(str_first(str_from(text, 1), text.len - 2));
        buf_add(&r->lines, STR("{\"" HEADER_ERROR "\":"));
        json_write_string(&r->lines, reason);
        if (inside.len)
            buf_add_char(&r->lines, ',');
        buf_add(&r->lines, inside);
        buf_add(&r->lines, STR("}\n"));
    } else {
        buf_add(&r->lines, text);
        buf_add_char(&r->lines, '\n');
    }
    bool ok = r->lines.len < 64 * 1024 || file_write_fd(r->fd, buf_str(&r->lines), err);
    if (r->lines.len >= 64 * 1024)
        buf_reset(&r->lines);
    return ok;
}

static void find_own_column(struct report *r, const struct row *header)
{
    r->columns = header->count;
    r->skip_column = SIZE_MAX;
    for (size_t i = 0; i < header->count; i++)
        if (str_eq(utf8_trim(header->cell[i]), STR(HEADER_ERROR)))
            r->skip_column = i;
}

static bool write_rows(struct report *r, struct rows *rows, const struct import_settings *settings,
                       struct file_problem *problem, struct err *err)
{
    bool json = rows_about(rows)->format == ROWS_JSONL, seen_header = json;
    uint64_t header_record = 0;
    struct row row;
    enum rows_step step;
    err->code = ERR_NONE;
    while ((step = rows_next(rows, &row, problem, err)) == ROWS_ROW) {
        arena_reset(&r->arena);
        if (!seen_header) {
            if (row.line < settings->header_row)
                continue;
            seen_header = true;
            header_record = row.record;
            find_own_column(r, &row);
            if (!add_row(r, &row, STR(HEADER_ERROR), err))
                return false;
            continue;
        }
        uint64_t record = row.record - header_record;
        const struct store_task_error *e = next_error(&r->page, err);
        if (!e)
            break;
        if (e->record != record)
            continue;
        str reason = error_text(r, record, err);
        if (json ? !add_line(r, row.cell[0], reason, err) : !add_row(r, &row, reason, err))
            return false;
    }
    return step != ROWS_FAILED && err->code == ERR_NONE;
}

bool report_write(const char *path, const struct import_settings *settings,
                  struct store_reader *reader, const struct store_task *task,
                  enum rows_format format, int fd, enum language language,
                  struct file_problem *ret_problem, struct err *err)
{
    AUTO(rows_free) struct rows *rows = NULL;
    bool only_tried = !task->counts.records;
    struct report r = {.task = task,
                       .language = language,
                       .fd = fd,
                       .guard = format == ROWS_CSV,
                       .page = {.reader = reader,
                                .task_id = task->id,
                                .which = only_tried ? PROBLEMS_TRIAL_REFUSE : PROBLEMS_REFUSE}};
    if (!rows_open(path, &settings->rows, &rows, ret_problem, err))
        return false;
    bool json = rows_about(rows)->format == ROWS_JSONL;
    bool ok = (json || row_writer_open(fd, format, &r.table, err)) &&
              write_rows(&r, rows, settings, ret_problem, err) &&
              (json ? file_write_fd(fd, buf_str(&r.lines), err) : row_writer_end(r.table, err));
    row_writer_free(r.table);
    buf_done(&r.lines);
    arena_done(&r.arena);
    arena_done(&r.page.arena);
    mem_free(r.cell);
    return ok;
}
