/* A reader thread parses and validates batches while the company's writer applies them: two batches
 * take turns, so that memory stays the same whatever the file's size.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "importer/import_priv.h"

#include "base/background.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "domain/cell.h"
#include "domain/header.h"
#include "importer/columns.h"
#include "importer/findings.h"
#include "importer/repair.h"
#include "importer/repeats.h"
#include "importer/row_change.h"

#include <pthread.h>

enum {
    SAMPLE_ROWS = 100, // looked at when the file is opened
    PAUSE_ROWS = 50,   // some 100 microseconds
};

/* --- understanding a file --- */

static bool open_rows(const struct import_plan *p, struct rows **ret_rows,
                      struct file_problem *problem, struct err *err)
{
    return rows_open(p->path, &p->settings.rows, ret_rows, problem, err);
}

/* The first row does not do as a header: is it one of the next? */
static bool look_further(struct import_plan *p, struct rows *rows, struct file_problem *problem,
                         struct err *err)
{
    struct row row;
    struct file_problem later = {0};
    for (size_t i = 0; i < LIMIT_HEADER_SEARCH_ROWS; i++) {
        if (rows_next(rows, &row, &later, err) != ROWS_ROW)
            return false;
        if (!columns_row_is_header(&p->arena, &row, p->settings.mode == MODE_UPDATE_ONLY))
            continue;
        *problem = (struct file_problem){.line = row.line};
        return file_problem_set(problem, FILE_HEADER_LATER, (str){0}, (str){0});
    }
    return false;
}

str import_header_fingerprint(struct arena *a, const struct row *header)
{
    AUTO(buf_done) struct buf b = {0};
    unsigned char digest[SHA256_BYTES];
    for (size_t i = 0; i < header->count; i++) {
        str text = cell_unguarded(utf8_trim(header->cell[i]));
        if (!str_eq(text, STR(HEADER_ERROR))) // a correction has the columns of what it corrects
            json_write_string(&b, text.ptr ? text : STR(""));
    }
    crypto_sha256(buf_str(&b), digest);
    return crypto_hex(a, digest, 16);
}

/* What the header says besides its columns. */
static void note_header(struct import_plan *p, const struct row *row)
{
    p->fingerprint = import_header_fingerprint(&p->arena, row);
    p->header_line = row->line;
}

static bool read_header(struct import_plan *p, struct rows *rows, struct file_problem *problem,
                        struct err *err)
{
    struct row row;
    enum rows_step step;
    do {
        step = rows_next(rows, &row, problem, err);
        if (step == ROWS_FAILED)
            return false;
        if (step == ROWS_END)
            return file_problem_set(problem, FILE_EMPTY, (str){0}, (str){0});
    } while (row.line < p->settings.header_row);
    // Far more often it is the wrong file than a list that means anything.
    if (rows_about(rows)->one_column)
        return file_problem_set(problem, FILE_ONE_COLUMN, str_shown(row.cell[0], 60), (str){0});
    if (!columns_read(&p->arena, &row, &p->settings, &p->column, problem)) {
        if (problem->code == FILE_COLUMNS_MISSING && !p->settings.header_row)
            (void)look_further(p, rows, problem, err);
        return false;
    }
    p->count = row.count;
    p->header_record = row.record;
    note_header(p, &row);
    for (size_t i = 0; i < p->count; i++) {
        if (p->column[i].field != FIELD_COUNT)
            p->header[p->column[i].field] = p->column[i].header;
        else if (p->column[i].name_part)
            p->header[FIELD_NAME] = p->column[i].header;
    }
    return true;
}

/* Reads the first rows for what only they show: that there are any, and values without a header. */
static bool read_sample(struct import_plan *p, struct rows *rows, struct file_problem *problem,
                        struct err *err)
{
    struct row row;
    for (size_t i = 0; i < SAMPLE_ROWS; i++) {
        enum rows_step step = rows_next(rows, &row, problem, err);
        if (step == ROWS_FAILED)
            return false;
        if (step == ROWS_END)
            return i > 0 ||
                   file_problem_set(problem, p->header_record ? FILE_HEADER_ONLY : FILE_EMPTY,
                                    (str){0}, (str){0});
        for (size_t c = 0; p->header_record && c < p->count && c < row.count; c++)
            if (columns_is_nameless(&p->column[c]) && str_trim(row.cell[c]).len) {
                problem->column = c + 1;
                problem->line = row.line;
                return file_problem_set(problem, FILE_HEADER_EMPTY, (str){0}, (str){0});
            }
    }
    return true;
}

static void copy_about(struct import_plan *p, const struct rows_about *about)
{
    p->about = *about;
    p->about.encoding = arena_str(&p->arena, about->encoding);
    p->about.sheet = arena_str(&p->arena, about->sheet);
}

bool import_open(const char *path, const struct import_settings *settings, const struct zone *zone,
                 struct import_plan **ret_plan, struct file_problem *ret_problem, struct err *err)
{
    AUTO(import_plan_free) struct import_plan *p = mem_new(1, sizeof *p);
    AUTO(rows_free) struct rows *rows = NULL;
    p->path = mem_strdup(path);
    p->settings = *settings;
    p->settings.rows.encoding = arena_str(&p->arena, str_of(settings->rows.encoding)).ptr;
    p->settings.rows.sheet = arena_str(&p->arena, str_of(settings->rows.sheet)).ptr;
    p->settings.mapping = arena_str(&p->arena, settings->mapping);
    p->settings.repairs = arena_str(&p->arena, settings->repairs);
    p->rules = (struct consumer_rules){
        .zone = zone, .now_us = clock_now_us(), .date_order = settings->date_order};
    *ret_problem = (struct file_problem){0};
    if (!open_rows(p, &rows, ret_problem, err))
        return false;
    copy_about(p, rows_about(rows));
    if (p->about.format != ROWS_JSONL
            ? !read_header(p, rows, ret_problem, err)
            : !repairs_of_columns(&p->arena, p->settings.repairs, NULL, 0, ret_problem))
        return false;
    if (!read_sample(p, rows, ret_problem, err))
        return false;
    *ret_plan = TAKE(p);
    return true;
}

void import_plan_free(struct import_plan *p)
{
    if (!p)
        return;
    arena_done(&p->arena);
    mem_free(p->path);
    mem_free(p);
}

const struct rows_about *import_plan_about(const struct import_plan *p)
{
    return &p->about;
}

const struct import_column *import_plan_columns(const struct import_plan *p, size_t *ret_count)
{
    *ret_count = p->count;
    return p->column;
}

const str *import_plan_header(const struct import_plan *p)
{
    return p->header;
}

str import_plan_fingerprint(const struct import_plan *p)
{
    return str_is_null(p->fingerprint) ? STR("") : p->fingerprint;
}

void import_counts_write(struct buf *b, const struct store_counts *n)
{
    buf_format(
        b,
        "\"records\":%llu,\"created\":%llu,\"updated\":%llu,\"unchanged\":%llu,\"skipped\":%llu,\"failed\":%llu,"
        "\"with_warnings\":%llu",
        (unsigned long long)n->records, (unsigned long long)n->created,
        (unsigned long long)n->updated, (unsigned long long)n->unchanged,
        (unsigned long long)n->skipped, (unsigned long long)n->failed,
        (unsigned long long)n->with_warnings);
}

/* --- applying it --- */

enum turn { TURN_READER, TURN_WRITER };
struct slot {
    enum turn turn; /* guarded by lock */
    struct arena arena;
    struct store_change *change;
    size_t count, room;
    uint64_t bytes_done;
    enum rows_step step; /* ROWS_ROW: more will come */
    struct file_problem problem;
    struct err err;
};
struct run {
    struct import_plan *plan;
    struct rows *rows;
    struct repeats *repeats;   /* NULL: rows act in file order */
    struct findings *findings; /* NULL: none is kept */
    struct buf scratch;        /* the reader's own */
    struct arena passed_over;  /* of rows that were done before */
    uint64_t record;           /* data records read */
    uint64_t skip, max;
    size_t batch_rows;
    struct import_place *place; /* never NULL */
    bool begun;                 /* something is in */
    bool open;                  /* the store was told that more follows */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot slot[2];
    bool stop; /* guarded by lock */
};

static void read_json_row(struct run *r, struct arena *a, str line, struct store_change *change)
{
    const struct row_context context = {&r->plan->settings, r->plan->column, r->plan->count,
                                        &r->plan->rules, &r->scratch};
    struct json tree;
    struct json_place place;
    struct err err = {0};
    if (json_parse(line, a, &tree, &place, &err) && tree.kind == JSON_OBJECT) {
        row_change_from_json(a, &context, &tree, change);
        return;
    }
    *change = (struct store_change){.op = STORE_REFUSED};
    problem_add(&change->patch.problems, a, PROBLEM_ROW_UNREADABLE, STR("row"), line);
}

static void make_change(struct run *r, struct arena *a, const struct row *row,
                        struct store_change *change)
{
    const struct row_context context = {&r->plan->settings, r->plan->column, r->plan->count,
                                        &r->plan->rules, &r->scratch};
    if (r->plan->about.format == ROWS_JSONL)
        read_json_row(r, a, row->cell[0], change);
    else
        row_change_from_cells(a, &context, row, change);
    if (r->repeats)
        repeats_judge(r->repeats, a, change);
}

static void read_row(struct run *r, struct slot *s, const struct row *row)
{
    if (s->count == s->room) {
        s->room = s->room ? s->room * 2 : LIMIT_FIRST_BATCH_ROWS;
        s->change = mem_grow(s->change, s->room, sizeof *s->change);
    }
    struct store_change *change = &s->change[s->count++];
    if (r->findings)
        findings_row(r->findings, row);
    make_change(r, &s->arena, row, change);
    change->record = r->record;
    change->line = row->line;
}

/* A row that was done before is a key that was seen. */
static void pass_over(struct run *r, const struct row *row)
{
    struct store_change change;
    if (!r->repeats)
        return;
    arena_reset(&r->passed_over);
    make_change(r, &r->passed_over, row, &change);
}

/* Fills a slot up to the ceilings of a batch. */
static void fill_slot(struct run *r, struct slot *s, size_t max_rows)
{
    struct row row;
    do {
        s->step = rows_next(r->rows, &row, &s->problem, &s->err);
        if (s->step != ROWS_ROW)
            break;
        if (row.record <= r->plan->header_record)
            continue;
        if (r->max && r->record == r->max) {
            s->step = ROWS_END;
            break;
        }
        r->place->reading = ++r->record;
        if (r->record % PAUSE_ROWS == 0)
            background_pause();
        fault_reading(r->record);
        if (r->record > r->skip)
            read_row(r, s, &row);
        else
            pass_over(r, &row);
    } while (s->count < max_rows &&
             s->arena.used + s->count * sizeof *s->change < LIMIT_BATCH_BYTES);
    r->place->reading = 0;
    s->bytes_done = s->step == ROWS_END ? rows_bytes(r->rows) : rows_bytes_done(r->rows);
}

static void *reader_main(void *context)
{
    struct run *r = context;
    size_t max_rows = MIN((size_t)LIMIT_FIRST_BATCH_ROWS, r->batch_rows);
    for (size_t i = 0;; i = !i) {
        struct slot *s = &r->slot[i];
        pthread_mutex_lock(&r->lock);
        while (s->turn != TURN_READER && !r->stop)
            pthread_cond_wait(&r->changed, &r->lock);
        bool stop = r->stop;
        pthread_mutex_unlock(&r->lock);
        if (stop)
            return NULL;
        arena_reset(&s->arena);
        s->count = 0;
        fill_slot(r, s, max_rows);
        max_rows = r->batch_rows;
        pthread_mutex_lock(&r->lock);
        s->turn = TURN_WRITER;
        pthread_cond_broadcast(&r->changed);
        pthread_mutex_unlock(&r->lock);
        if (s->step != ROWS_ROW)
            return NULL;
    }
}

static void count_outcomes(const struct slot *s, const struct import_watch *watch,
                           struct store_counts *counts)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct store_change *c = &s->change[i];
        counts->records++;
        counts->created += c->outcome == OUTCOME_CREATED;
        counts->updated += c->outcome == OUTCOME_UPDATED;
        counts->unchanged += c->outcome == OUTCOME_UNCHANGED;
        counts->skipped += c->outcome == OUTCOME_SKIPPED;
        counts->failed += c->outcome == OUTCOME_FAILED;
        counts->with_warnings += c->warnings.count > 0;
        if (watch && watch->record &&
            (watch->all_records || c->problems.count || c->warnings.count))
            watch->record(watch->context, c);
    }
    assert(counts->created + counts->updated + counts->unchanged + counts->skipped +
               counts->failed ==
           counts->records);
}

static bool apply_slot(struct run *r, struct slot *s, const struct import_target *to,
                       const struct import_watch *watch, struct err *err)
{
    struct store_batch batch = {.change = s->change,
                                .count = s->count,
                                .want = watch && (watch->all_records || watch->judge)
                                            ? STORE_WANT_CHANGES
                                            : STORE_WANT_OUTCOMES,
                                .task_id = to->task_id,
                                .origin = to->origin,
                                .quiet = true, // its task tells of it when it is over
                                .header = r->plan->header,
                                .bytes_done = s->bytes_done,
                                // The first is short, and committed: people see that it goes on.
                                .more = r->begun && s->step == ROWS_ROW && !to->batch_rows,
                                .at_record = &r->place->applying,
                                .judge = watch ? watch->judge : NULL,
                                .judge_context = watch ? watch->context : NULL,
                                .arena = &s->arena};
    r->begun = true;
    r->open = batch.more;
    bool ok = to->trial ? store_trial_apply(to->trial, &batch, err)
                        : store_apply(to->company, &batch, err);
    r->place->applying = 0;
    return ok;
}

/* The store was promised more, and there is none: now it is to commit. */
static bool close_load(struct run *r, const struct import_target *to, struct err *err)
{
    struct store_batch batch = {.task_id = to->task_id, .origin = to->origin};
    struct err failure = {0};
    if (!r->open || to->trial)
        return true;
    r->open = false;
    if (store_apply(to->company, &batch, &failure))
        return true;
    *err = failure;
    return false;
}

/* The writer's side: applies slots in turn until the file ends, breaks or is cancelled. */
static bool apply_all(struct run *r, const struct import_target *to,
                      const struct import_watch *watch, struct import_progress *progress,
                      struct file_problem *problem, struct err *err)
{
    for (size_t i = 0;; i = !i) {
        struct slot *s = &r->slot[i];
        pthread_mutex_lock(&r->lock);
        while (s->turn != TURN_WRITER)
            pthread_cond_wait(&r->changed, &r->lock);
        pthread_mutex_unlock(&r->lock);
        if (s->count && !apply_slot(r, s, to, watch, err))
            return false;
        count_outcomes(s, watch, &progress->counts);
        progress->bytes_done = s->bytes_done;
        if (watch && watch->progress)
            watch->progress(watch->context, progress);
        if (s->step == ROWS_END)
            return true;
        if (s->step == ROWS_FAILED) {
            *problem = s->problem;
            *err = s->err;
            return false;
        }
        if (watch && watch->cancelled && watch->cancelled(watch->context))
            return err_set(err, ERR_BUSY, "cancelled");
        pthread_mutex_lock(&r->lock);
        s->turn = TURN_READER;
        pthread_cond_broadcast(&r->changed);
        pthread_mutex_unlock(&r->lock);
    }
}

static void stop_reader(struct run *r, pthread_t reader)
{
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    (void)pthread_join(reader, NULL);
}

static void run_done(struct run *r)
{
    for (size_t i = 0; i < COUNT(r->slot); i++) {
        arena_done(&r->slot[i].arena);
        mem_free(r->slot[i].change);
    }
    repeats_free(r->repeats);
    buf_done(&r->scratch);
    arena_done(&r->passed_over);
    rows_free(r->rows);
    (void)pthread_mutex_destroy(&r->lock);
    (void)pthread_cond_destroy(&r->changed);
}

bool import_run(struct import_plan *p, const struct import_target *target,
                const struct import_watch *watch, struct import_progress *ret_progress,
                struct file_problem *ret_problem, struct err *err)
{
    struct import_place unasked = {0};
    struct run r = {.plan = p,
                    .batch_rows = target->batch_rows ? target->batch_rows
                                                     : fault_number("CLIENTELE_FAULT_BATCH_ROWS",
                                                                    LIMIT_BATCH_ROWS),
                    .place = target->place ? target->place : &unasked,
                    .skip = target->skip,
                    .max = target->max_records,
                    .findings = target->findings,
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .changed = PTHREAD_COND_INITIALIZER};
    pthread_t reader;
    *ret_progress = (struct import_progress){0};
    *ret_problem = (struct file_problem){0};
    if (!open_rows(p, &r.rows, ret_problem, err))
        return false;
    if (p->settings.repeats != REPEATS_IN_ORDER)
        r.repeats = repeats_new(p->settings.repeats);
    ret_progress->bytes = rows_bytes(r.rows);
    bool ok = pthread_create(&reader, NULL, reader_main, &r) == 0;
    if (!ok) {
        err_set(err, ERR_INTERNAL, "cannot start a thread");
    } else {
        ok = apply_all(&r, target, watch, ret_progress, ret_problem, err);
        if (!close_load(&r, target, err)) {
            ok = false;
            *ret_problem = (struct file_problem){0}; // found again when it is gone on with
        }
        stop_reader(&r, reader);
    }
    if (r.findings)
        findings_hidden(r.findings, rows_hidden_count(r.rows));
    run_done(&r);
    return ok;
}
