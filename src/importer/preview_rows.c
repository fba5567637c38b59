/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/preview_rows.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/cell.h"
#include "formats/csv_reader.h"
#include "importer/preview_priv.h"

#include <errno.h>
#include <unistd.h>

enum { DIFF_CELLS = 8, MISSING_CELLS = 2, INDEX_BYTES = 256 * 1024 };

const char *preview_reason_name(enum preview_reason reason)
{
    static const char *const names[] = {
        [REASON_EXISTS] = "exists", [REASON_MISSING] = "missing", [REASON_REPEATED] = "repeated"};
    return reason < COUNT(names) ? names[reason] : NULL;
}

enum store_outcome preview_outcome_of(str name)
{
    enum store_outcome outcome = OUTCOME_CREATED;
    while (outcome < OUTCOME_COUNT && !str_eq(name, str_of(preview_outcome_name(outcome))))
        outcome++;
    return outcome;
}

/* --- a file from a place on --- */

struct span {
    int fd;
    uint64_t at, end; /* end: UINT64_MAX: the file's */
};

static int64_t span_read(struct span *s, char *to, size_t room, struct err *err)
{
    ssize_t n;
    room = (size_t)MIN((uint64_t)room, s->end - s->at);
    do
        n = room ? pread(s->fd, to, room, (off_t)s->at) : 0;
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        err_errno(err, "cannot read a dry run's file");
        return -1;
    }
    s->at += (uint64_t)n;
    return n;
}

static int64_t read_text(void *context, char *to, size_t room, struct file_problem *problem,
                         struct err *err)
{
    (void)problem;
    return span_read(context, to, room, err);
}

static struct csv_reader *table_new(struct span *s)
{
    const struct csv_limits limits = {.row_bytes = 4 * LIMIT_ROW_BYTES, .columns = DIFF_CELLS};
    return csv_reader_new(read_text, s, ';', '"', limits);
}

/* The next row of a table of ours; false at its end, or when it is none. */
static bool next_row(struct csv_reader *table, size_t cells, struct row *ret_row, struct err *err)
{
    struct file_problem problem = {0};
    enum rows_step step = csv_reader_next(table, ret_row, &problem, err);
    if (step == ROWS_FAILED && err->code == ERR_NONE)
        err_set(err, ERR_INTERNAL, "a dry run's file is broken");
    return step == ROWS_ROW && ret_row->count == cells;
}

/* --- the index --- */

struct index_reader {
    struct span span;
    char *bytes;
    size_t count, at;
};

/* At least so many bytes ahead; false at the end. */
static bool index_has(struct index_reader *r, size_t bytes, struct err *err)
{
    while (r->count - r->at < bytes) {
        memmove(r->bytes, r->bytes + r->at, r->count - r->at);
        r->count -= r->at;
        r->at = 0;
        int64_t n = span_read(&r->span, r->bytes + r->count, INDEX_BYTES - r->count, err);
        if (n <= 0)
            return false;
        r->count += (size_t)n;
    }
    return true;
}

/* ret_id is borrowed until the next one. */
static bool index_next(struct index_reader *r, struct preview_entry *ret, str *ret_id,
                       struct err *err)
{
    if (!index_has(r, sizeof *ret, err))
        return false;
    memcpy(ret, r->bytes + r->at, sizeof *ret);
    r->at += sizeof *ret;
    if (!index_has(r, ret->id_bytes, err))
        return false;
    *ret_id = (str){r->bytes + r->at, ret->id_bytes};
    r->at += ret->id_bytes;
    return ret->outcome < OUTCOME_COUNT ||
           err_set(err, ERR_INTERNAL, "a dry run's index is broken");
}

static bool is_wanted(const struct preview_ask *ask, const struct preview_entry *e, str id)
{
    size_t bit = MIN(ask->field_at, (size_t)PREVIEW_FIELD_BITS - 1);
    return (ask->outcomes >> e->outcome & 1) && (!ask->field.len || (e->fields >> bit & 1)) &&
           str_starts(id, ask->external_id);
}

/* --- the changes of one record --- */

static str copied(struct arena *a, str cell)
{
    str text = cell_unguarded(cell);
    return text.len ? arena_str(a, text) : STR("");
}

static bool read_changes(int diff_fd, struct arena *a, const struct preview_entry *e,
                         struct preview_row *ret, struct err *err)
{
    enum { FIELD = 4, OLD, NEW, REPAIRED };
    struct span span = {diff_fd, e->diff_at, UINT64_MAX};
    AUTO(csv_reader_free) struct csv_reader *table = table_new(&span);
    struct row row;
    ret->change = ARENA_NEW(a, struct preview_change, e->changes);
    while (ret->changes < e->changes && next_row(table, DIFF_CELLS, &row, err)) {
        const str *cell = row.cell;
        ret->change[ret->changes++] = (struct preview_change){
            arena_str(a, cell[FIELD]), copied(a, cell[OLD]), copied(a, cell[NEW]),
            cell[REPAIRED].len ? copied(a, cell[REPAIRED]) : (str){0}};
    }
    return err->code == ERR_NONE;
}

/* More fields than bits share the last one. */
static bool has_field(const struct preview_row *row, str field)
{
    for (size_t i = 0; i < row->changes; i++)
        if (str_eq(row->change[i].field, field))
            return true;
    return false;
}

static bool read_entries(struct index_reader *r, int diff_fd, struct arena *a,
                         const struct preview_ask *ask, struct preview_row *row, size_t *ret_count,
                         struct err *err)
{
    struct preview_entry e;
    uint64_t record = 0;
    size_t count = 0;
    str id;
    err->code = ERR_NONE;
    while (count < ask->limit && index_next(r, &e, &id, err)) {
        if (++record <= ask->after || !is_wanted(ask, &e, id))
            continue;
        row[count] = (struct preview_row){
            .record = record,
            .line = e.line,
            .external_id = id.len ? arena_str(a, id) : (str){0},
            .outcome = (enum store_outcome)e.outcome,
            .reason = (enum preview_reason)e.reason,
        };
        if (!read_changes(diff_fd, a, &e, &row[count], err))
            return false;
        count += !ask->field.len || has_field(&row[count], ask->field);
    }
    *ret_count = count;
    return err->code == ERR_NONE;
}

bool preview_rows_read(int index_fd, int diff_fd, struct arena *a, const struct preview_ask *ask,
                       struct preview_row **ret_row, size_t *ret_count, struct err *err)
{
    struct index_reader r = {.span = {index_fd, 0, UINT64_MAX}, .bytes = mem_new(INDEX_BYTES, 1)};
    struct preview_row *row = ARENA_NEW(a, struct preview_row, ask->limit);
    size_t count = 0;
    bool ok = read_entries(&r, diff_fd, a, ask, row, &count, err);
    mem_free(r.bytes);
    if (!ok)
        return false;
    *ret_row = row;
    *ret_count = count;
    return true;
}

/* --- who is missing --- */

bool preview_missing_read(int fd, struct arena *a, uint64_t skip, size_t limit,
                          struct preview_missing **ret_missing, size_t *ret_count, struct err *err)
{
    struct span span = {fd, 0, UINT64_MAX};
    AUTO(csv_reader_free) struct csv_reader *table = table_new(&span);
    struct preview_missing *missing = ARENA_NEW(a, struct preview_missing, limit);
    struct row row;
    size_t count = 0;
    err->code = ERR_NONE;
    for (uint64_t n = 0; count < limit && next_row(table, MISSING_CELLS, &row, err); n++) {
        if (n <= skip) // the first is the header
            continue;
        missing[count].external_id = copied(a, row.cell[0]);
        if (!str_to_u64(row.cell[1], &missing[count++].line))
            return err_set(err, ERR_INTERNAL, "a dry run's file is broken");
    }
    *ret_missing = missing;
    *ret_count = count;
    return err->code == ERR_NONE;
}
