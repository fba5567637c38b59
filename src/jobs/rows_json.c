/* Rows of an imported file by what became of them, and what that did to customers, as JSON.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/limits.h"
#include "importer/picked_rows.h"
#include "importer/report.h"
#include "jobs/jobs_priv.h"

#include <limits.h>
#include <unistd.h>

struct listing { /* of rows, on its way out */
    struct arena *a;
    struct store_company *company;
    struct store_reader *reader;
    const struct store_task *task;
    enum language language;
    bool trial;
    struct picked_rows rows;
    const struct import_column *column; /* what the columns mean; NULL: nobody needs to know */
    size_t columns;
    struct store_task_error *error; /* of the rows, in their order */
    size_t errors;
};

static bool find_records(struct jobs *j, struct listing *l, const struct jobs_rows_wanted *wanted,
                         uint64_t **ret_record, size_t *ret_count, struct err *err)
{
    int fd;
    if (!l->trial)
        return store_task_outcomes(l->reader, l->a, l->task->id, wanted->outcome, wanted->after,
                                   wanted->limit + 1, ret_record, ret_count, err);
    if (!jobs_file_open(j, l->task, JOBS_FILE_OUTCOMES, &fd, err))
        return false;
    bool ok = outcomes_list(fd, wanted->outcome, wanted->after, wanted->limit + 1, l->a, ret_record,
                            ret_count, err);
    (void)close(fd);
    return ok;
}

/* What is wrong with the rows, and which of their cells it is about. */
static bool find_errors(struct listing *l, const char *path, const struct import_settings *settings,
                        struct import_plan **ret_plan, struct err *err)
{
    struct file_problem problem;
    struct err ignored;
    if (!l->rows.count)
        return true;
    // A file that was imported is understood again; were it not, the cells would only bear no mark.
    if (!l->rows.lines &&
        import_open(path, settings, store_company_zone(l->company), ret_plan, &problem, &ignored))
        l->column = import_plan_columns(*ret_plan, &l->columns);
    const enum problem_list which = l->trial ? PROBLEMS_TRIAL_REFUSE : PROBLEMS_REFUSE;
    const uint64_t first = l->rows.row[0].record;
    return store_task_errors_after(l->reader, l->a, l->task->id, which, first - 1,
                                   LIMIT_ROWS_PER_PAGE * 8, &l->error, &l->errors, err);
}

/* The place of the column that it is about; SIZE_MAX: none. */
static size_t column_of(const struct listing *l, const struct store_task_error *e)
{
    const enum consumer_field field = consumer_field_of(e->field);
    for (size_t i = 0; i < l->columns; i++) {
        const struct import_column *c = &l->column[i];
        if (e->key.len ? str_eq(c->attribute, e->key)
                       : c->field != FIELD_COUNT && c->field == field)
            return i;
    }
    for (size_t i = 0; i < l->columns; i++)
        if (e->column.len && str_eq(l->column[i].header, e->column))
            return i;
    return SIZE_MAX;
}

static void add_errors(struct buf *b, struct listing *l, uint64_t record)
{
    bool first = true;
    buf_add(b, STR(",\"errors\":["));
    while (l->errors && l->error->record < record)
        l->error++, l->errors--;
    for (; l->errors && l->error->record == record; l->error++, l->errors--) {
        size_t column = column_of(l, l->error);
        buf_add(b, first ? STR("{\"place\":") : STR(",{\"place\":"));
        if (column == SIZE_MAX)
            buf_add(b, STR("null"));
        else
            buf_format(b, "%zu", column);
        buf_add(b, STR(",\"problem\":"));
        jobs_error_json(b, l->a, l->language, l->error);
        buf_add_char(b, '}');
        first = false;
    }
    buf_add_char(b, ']');
}

static void add_cells(struct buf *b, const str *cell, size_t count, size_t besides)
{
    buf_add_char(b, '[');
    for (size_t i = 0, n = 0; i < count; i++) {
        if (i == besides)
            continue;
        if (n++)
            buf_add_char(b, ',');
        json_write_string(b, cell[i]);
    }
    buf_add_char(b, ']');
}

static void add_row(struct buf *b, struct listing *l, const struct picked_row *row, bool failed)
{
    buf_format(b,
               "{\"type\":\"import_rows\",\"id\":\"%lld-%llu\",\"attributes\":{\"record\":%llu,"
               "\"line\":%llu,\"cells\":",
               (long long)l->task->id, (unsigned long long)row->record,
               (unsigned long long)row->record, (unsigned long long)row->line);
    add_cells(b, row->cell, row->count, l->rows.mark_column);
    json_add_string(b, "mark", report_mark_text(l->a, l->task, row->record));
    if (failed)
        add_errors(b, l, row->record);
    buf_add(b, STR("}}"));
}

bool jobs_rows_json(struct buf *b, struct jobs *j, struct store_company *company,
                    const struct store_task *task, const struct jobs_rows_wanted *wanted,
                    enum language language, uint64_t *ret_next, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(import_plan_free) struct import_plan *plan = NULL;
    AUTO(arena_done) struct arena a = {0};
    struct listing l = {
        .a = &a, .company = company, .task = task, .language = language, .trial = wanted->trial};
    const bool failed = wanted->outcome == OUTCOME_FAILED;
    struct import_settings settings;
    struct file_problem problem = {0};
    char path[PATH_MAX];
    uint64_t *record;
    size_t count;
    if (!store_reader_open(company, &reader, err))
        return false;
    l.reader = reader;
    if (!task_file(j, company, task, &a, path, &settings, err) ||
        !find_records(j, &l, wanted, &record, &count, err))
        return false;
    err->code = ERR_NONE;
    if (!picked_rows_read(path, &settings, &a, record, MIN(count, wanted->limit), &l.rows, &problem,
                          err))
        return err->code == ERR_NONE
                   ? err_set(err, ERR_INTERNAL, "the imported file cannot be read: %s",
                             file_problem_code_name(problem.code))
                   : false;
    if (failed && !find_errors(&l, path, &settings, &plan, err))
        return false;
    buf_add(b, STR("{\"data\":["));
    for (size_t i = 0; i < l.rows.count; i++) {
        if (i)
            buf_add_char(b, ',');
        add_row(b, &l, &l.rows.row[i], failed);
    }
    buf_add(b, STR("],\"meta\":{\"columns\":"));
    if (l.rows.lines)
        buf_add(b, STR("null"));
    else
        add_cells(b, l.rows.column, l.rows.columns, l.rows.mark_column);
    buf_add_char(b, '}');
    *ret_next = l.rows.count && l.rows.count < count ? l.rows.row[l.rows.count - 1].record : 0;
    return true;
}

/* --- what it did to customers --- */

static void add_value(struct buf *b, const char *name, enum consumer_field field, str value,
                      const struct zone *zone)
{
    char stamp[ZONE_STAMP_BYTES];
    const bool early = str_starts(value, STR("-")); // than 1970
    uint64_t us;
    if (field != FIELD_CREATED_AT || !str_to_u64(str_from(value, early), &us) || us > INT64_MAX) {
        json_add_raw(b, name, value);
        return;
    }
    (void)zone_stamp(zone, early ? -(int64_t)us : (int64_t)us, stamp);
    json_add_string(b, name, str_of(stamp));
}

void jobs_task_change_json(struct buf *b, const struct store_task_change *c, bool made,
                           const struct zone *zone)
{
    char id[CONSUMER_ID_BYTES];
    unsigned fields = 0;
    consumer_id_text(c->consumer_id, id);
    for (size_t i = 0; i < c->values; i++)
        fields |= FIELD_BIT(c->value[i].field);
    buf_format(b, "{\"id\":\"%s\",\"type\":\"consumers\",\"attributes\":{\"external_id\":", id);
    json_write_string(b, c->external_id);
    json_add_string(b, "action", made ? STR("created") : STR("updated"));
    buf_add(b, STR(",\"changed\":"));
    jobs_fields_json(b, fields);
    buf_format(b, ",\"record\":%llu", (unsigned long long)c->record);
    json_add_string(b, "email", c->email);
    json_add_string(b, "name", c->name);
    buf_add(b, STR(",\"values\":["));
    for (size_t i = 0; i < c->values; i++) {
        const struct store_changed_value *v = &c->value[i];
        buf_format(b, "%s{\"field\":\"%s\"", i ? "," : "", consumer_field_name(v->field));
        json_add_string(b, "key", v->key.len ? v->key : (str){0});
        add_value(b, "old", v->field, v->was, zone);
        if (!str_is_null(v->became))
            add_value(b, "new", v->field, v->became, zone);
        buf_add_char(b, '}');
    }
    buf_add(b, STR("]}}"));
}
