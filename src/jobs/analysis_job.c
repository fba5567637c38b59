/* The first look at a file: what it is, what is asked, whether it can start.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "importer/analysis.h"
#include "importer/findings.h"
#include "jobs/jobs_priv.h"

#include <limits.h>

enum { FIRST_RECORDS = 1000, HOPELESS_FROM = 100 };

/* --- questions that come up after the file was understood --- */

static bool is_sure(const struct work *w)
{
    return w->settings.go_on;
}

/* What the first records say: how many fail of which kind, and what looks wrong in their cells. */
struct first_look {
    uint64_t records, failed[PROBLEM_COUNT];
    struct problem example[PROBLEM_COUNT];
    str findings; /* the members of findings_write(); {0}: none were looked for */
    struct arena arena;
};

static void see_first(void *context, const struct store_change *change)
{
    struct first_look *f = context;
    const struct problem *p = change->problems.first;
    if (!p)
        return;
    if (!f->failed[p->code]++) {
        f->example[p->code] = *p;
        f->example[p->code].field = arena_str(&f->arena, p->key.len ? p->key : p->field);
    }
}

/* Tries the first records against the base, without a write. */
static bool look_first(struct work *w, struct first_look *look, struct file_problem *problem,
                       struct err *err)
{
    AUTO(store_trial_free) struct store_trial *trial = NULL;
    AUTO(findings_free) struct findings *findings = findings_new(w->plan);
    AUTO(buf_done) struct buf b = {0};
    struct import_progress progress;
    const struct import_watch watch = {.record = see_first, .context = look};
    if (!store_trial_open(w->company, &trial, err))
        return false;
    const struct import_target to = {.company = w->company,
                                     .trial = trial,
                                     .max_records = FIRST_RECORDS,
                                     .place = w->place,
                                     .findings = findings,
                                     .origin = origin_of(ORIGIN_IMPORT, w->task.id)};
    bool ok = import_run(w->plan, &to, &watch, &progress, problem, err);
    look->records = progress.counts.records;
    findings_write(findings, ok && look->records < FIRST_RECORDS, &b);
    look->findings = arena_str(&w->arena, buf_str(&b));
    return ok;
}

/* Whether most of the first records fail for one reason. */
static bool check_first(struct work *w, const struct first_look *look, struct file_problem *problem)
{
    for (size_t code = 0; code < PROBLEM_COUNT; code++) {
        if (look->records < HOPELESS_FROM || look->failed[code] * 2 <= look->records)
            continue;
        const struct problem *p = &look->example[code];
        enum consumer_field field = consumer_field_of(p->field);
        str name = field != FIELD_COUNT && import_plan_header(w->plan)[field].len
                       ? import_plan_header(w->plan)[field]
                       : p->field;
        problem->limit = look->failed[code];
        problem->line = look->records;
        return file_problem_set(problem, FILE_HOPELESS, name,
                                wording_problem(&w->arena, LANGUAGE_EN, p));
    }
    return true;
}

static bool check_space(struct work *w, struct file_problem *problem)
{
    struct jobs_space space;
    bool packed = import_plan_about(w->plan)->format == ROWS_XLSX;
    if (jobs_has_space(w->jobs, w->task.bytes, packed, &space))
        return true;
    problem->limit = space.needed;
    problem->offset = space.free;
    return file_problem_set(problem, FILE_NO_SPACE, (str){0}, (str){0});
}

static bool check_same(struct work *w, struct file_problem *problem, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    if (!store_reader_open(w->company, &reader, err) ||
        !store_task_same(reader, w->task.sha256, w->task.id, &w->task.same_as, err))
        return false;
    bool asks = w->task.manual && !is_sure(w);
    if (!w->task.same_as || !((w->task.wanted & WANT_NO_SAME) || asks))
        return true;
    return file_problem_set(problem, FILE_SAME_CONTENT,
                            arena_format(&w->arena, "%lld", (long long)w->task.same_as), (str){0});
}

/* A correction hangs under the import whose failed rows it holds, and is read by that import's
 * rules; what was said for this file goes before. */
static bool find_parent(struct work *w, const char *path, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    const struct report_mark mark = analysis_mark(&w->arena, path, &w->settings);
    struct import_settings of, all;
    struct store_task parent;
    struct json said;
    struct json_place place;
    // Once taken over they are this import's own, and may be changed.
    if (w->task.parent || !mark.task_id || mark.task_id == w->task.id)
        return true;
    if (!store_reader_open(w->company, &reader, err))
        return false;
    if (!store_task_get(reader, &w->arena, mark.task_id, &parent, err)) {
        bool gone = err->code == ERR_NOT_FOUND;
        err->code = gone ? ERR_NONE : err->code;
        return gone;
    }
    if (!report_mark_fits(&mark, &parent))
        return true;
    if (!import_settings_parse(&w->arena, parent.settings, &of, err) ||
        !json_parse(w->task.settings, &w->arena, &said, &place, err))
        return false;
    all = import_settings_for_correction(&of);
    if (!import_settings_from_json(&w->arena, &said, &all, err))
        return false;
    w->task.settings = import_settings_text(&w->arena, &all);
    w->task.parent = parent.id;
    return true;
}

/* What was said neither for this file nor for the one that it corrects, the company has said for
 * all. */
static bool fill_defaults(struct work *w, struct err *err)
{
    str text = store_company_info(w->company)->import_defaults;
    struct import_settings defaults, now;
    if (!import_settings_parse(&w->arena, text, &defaults, err) ||
        !import_settings_parse(&w->arena, w->task.settings, &now, err))
        return false;
    if (import_settings_fill(&w->arena, &now, &defaults))
        w->task.settings = import_settings_text(&w->arena, &now);
    return true;
}

/* --- settings of an earlier import with the same header --- */

static bool wants_remembered(const struct work *w)
{
    return !w->task.parent && (w->task.manual || (w->task.wanted & WANT_REMEMBERED));
}

/* What was said for this file goes before what was said for an earlier one. */
static bool fill_remembered(struct work *w, const struct store_task *earlier, uint64_t line,
                            const char *encoding, int64_t *ret_from, struct err *err)
{
    struct import_settings old, now;
    if (!import_settings_parse(&w->arena, earlier->settings, &old, err) ||
        !import_settings_parse(&w->arena, w->task.settings, &now, err))
        return false;
    if (encoding && !str_eq_nocase(str_of(old.rows.encoding), str_of(encoding)))
        return true;
    bool filled = import_settings_fill(&w->arena, &now, &old);
    if (encoding)
        now.rows.encoding = old.rows.encoding;
    if (line && !now.header_row)
        now.header_row = line;
    if (!filled && !encoding && !line)
        return true;
    w->task.settings = import_settings_text(&w->arena, &now);
    *ret_from = earlier->id;
    return true;
}

/* Looks for an earlier import whose header stands at the top of this file, perhaps below a title.
 * encoding: one in this encoding only; NULL: any. */
static bool use_remembered(struct work *w, const char *path, const char *encoding,
                           int64_t *ret_from, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct import_settings tried = w->settings;
    struct analysis_header *header;
    struct store_task earlier;
    size_t count, i = 0;
    int64_t id = 0;
    if (encoding)
        tried.rows.encoding = encoding;
    analysis_headers(&w->arena, path, &tried, &header, &count);
    w->task.header = count ? header[0].fingerprint : STR("");
    if (!count || !wants_remembered(w))
        return true;
    if (!store_reader_open(w->company, &reader, err))
        return false;
    for (; i < count && !id; i++)
        if (!store_task_remembered(reader, header[i].fingerprint, w->task.id, &id, err))
            return false;
    if (!id)
        return true;
    return store_task_get(reader, &w->arena, id, &earlier, err) &&
           fill_remembered(w, &earlier, i > 1 ? header[i - 1].line : 0, encoding, ret_from, err);
}

/* A file that is not UTF-8 has a header only in an encoding that a person has confirmed before. */
static bool use_remembered_encoding(struct work *w, const char *path, int64_t *ret_from,
                                    struct err *err)
{
    if (w->settings.rows.encoding || !wants_remembered(w))
        return true;
    for (size_t i = 0; analysis_encoding(i) && !*ret_from; i++)
        if (!use_remembered(w, path, analysis_encoding(i), ret_from, err))
            return false;
    return true;
}

/* --- the outcome --- */

/* more: members without braces, or {0}. */
static str analysis_json(struct work *w, int64_t remembered, str more, str findings)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add_char(&b, '{');
    buf_add(&b, more);
    buf_format(&b, "%s\"remembered\":%s", more.len ? "," : "", remembered ? "true" : "false");
    if (remembered)
        buf_format(&b, ",\"remembered_from\":\"%lld\"", (long long)remembered);
    if (findings.len) {
        buf_add_char(&b, ',');
        buf_add(&b, findings);
    }
    buf_add_char(&b, '}');
    return arena_str(&w->arena, buf_str(&b));
}

/* Notes what was found; a task that was cancelled or told otherwise meanwhile is left alone. */
static bool settle(struct work *w, enum task_state state, const struct file_problem *problem,
                   struct err *err)
{
    struct store_task t;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    if (t.state != TASK_ANALYSED || !str_eq(t.settings, w->settings_asked)) {
        task_leave(w->jobs);
        return true;
    }
    t.settings = w->task.settings;
    t.sha256 = w->task.sha256;
    t.analysis = w->task.analysis;
    t.header = w->task.header;
    t.parent = w->task.parent;
    t.same_as = w->task.same_as;
    t.attempts = 0;
    t.state = state;
    t.failure = problem ? wording_failure_text(&w->arena, problem) : (str){0};
    if (state == TASK_READY && !t.manual && !(t.wanted & WANT_TRIAL))
        t.state = TASK_QUEUED;
    if (state == TASK_READY && (t.wanted & WANT_TRIAL))
        t.trial = TRIAL_QUEUED;
    if (state == TASK_NEEDS_ANSWER)
        t.manual = true;
    if (state == TASK_FAILED)
        t.finished_at_us = clock_now_us();
    if (problem)
        log_info("import task %lld: %s", (long long)t.id, file_problem_code_name(problem->code));
    return task_end(w->jobs, w->company, &t, err);
}

/* What can be shown of a file that is asked about, with what the question needs. */
static bool show_unsure(struct work *w, const struct file_problem *problem, str *ret_more,
                        size_t *ret_sheets, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(buf_done) struct buf b = {0};
    char path[PATH_MAX];
    str shown;
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    if (!store_reader_open(w->company, &reader, err) ||
        !analysis_unsure(path, &w->settings, reader, &w->arena, &shown, ret_sheets, err))
        return false;
    buf_add(&b, shown);
    if (problem->code == FILE_ENCODING || problem->code == FILE_ENCODING_MISMATCH)
        buf_format(&b, "%s\"encodings\":%.*s", b.len ? "," : "",
                   STR_ARG(analysis_encodings(&w->arena, path, &w->settings, problem->line)));
    if (problem->code == FILE_DELIMITER || problem->code == FILE_ONE_COLUMN)
        buf_format(&b, "%s\"delimiters\":%.*s", b.len ? "," : "",
                   STR_ARG(analysis_delimiters(&w->arena, path, &w->settings)));
    *ret_more = arena_str(&w->arena, buf_str(&b));
    return true;
}

static bool show(struct work *w, str *ret_more, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    return store_reader_open(w->company, &reader, err) &&
           analysis_text(w->plan, reader, &w->arena, ret_more, err);
}

static bool settle_problem(struct work *w, const struct file_problem *problem, int64_t remembered,
                           str findings, struct err *err)
{
    str more = {0};
    size_t sheets = 0;
    if (!(w->plan ? show(w, &more, err) : show_unsure(w, problem, &more, &sheets, err)))
        return false;
    bool asks = (w->task.manual || (w->task.wanted & WANT_ASK)) &&
                analysis_answer_of(problem->code, sheets);
    w->task.analysis = analysis_json(w, remembered, more, findings);
    return settle(w, asks ? TASK_NEEDS_ANSWER : TASK_FAILED, problem, err);
}

/* A column named like an attribute of the record: a person says what it is. */
static bool check_reserved(struct work *w, struct file_problem *problem)
{
    size_t count;
    const struct import_column *column = import_plan_columns(w->plan, &count);
    for (size_t i = 0; i < count; i++)
        if (column[i].warning && strcmp(column[i].warning, "reserved_column") == 0) {
            problem->column = i + 1;
            return file_problem_set(problem, FILE_HEADER_RESERVED, column[i].header, (str){0});
        }
    return true;
}

static bool ask(struct work *w, const struct first_look *look, struct file_problem *problem,
                struct err *err)
{
    char path[PATH_MAX];
    bool asks = w->task.manual && !is_sure(w);
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    if (asks && analysis_is_sample(path, w->plan))
        return file_problem_set(problem, FILE_SAMPLE, (str){0}, (str){0});
    return check_same(w, problem, err) && check_space(w, problem) &&
           (!asks || check_reserved(w, problem)) && (is_sure(w) || check_first(w, look, problem));
}

/* From the open plan to a settled task. */
static bool judge(struct work *w, int64_t remembered, struct first_look *look, struct err *err)
{
    struct file_problem problem = {0};
    str more;
    w->task.header = import_plan_fingerprint(w->plan);
    // Whoever is sure takes the rows before the broken one, too.
    bool seen = look_first(w, look, &problem, err) || (problem.code != FILE_OK && is_sure(w));
    if (seen) {
        problem = (struct file_problem){0};
        err->code = ERR_NONE;
    }
    if (!seen || !ask(w, look, &problem, err))
        return problem.code != FILE_OK &&
               settle_problem(w, &problem, remembered, look->findings, err);
    if (!show(w, &more, err))
        return false;
    w->task.analysis = analysis_json(w, remembered, more, look->findings);
    return settle(w, TASK_READY, NULL, err);
}

bool analysis_step(struct work *w, struct err *err)
{
    struct file_problem problem = {0};
    struct first_look look = {0};
    char path[PATH_MAX];
    int64_t remembered = 0;
    work_phase(w, JOBS_ANALYSIS);
    w->settings_asked = w->task.settings;
    if (!unpack(w, &problem, err))
        return problem.code != FILE_OK && settle(w, TASK_FAILED, &problem, err);
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    if (!import_settings_parse(&w->arena, w->task.settings, &w->settings, err) ||
        (!w->task.sha256.len && !upload_hash(path, &w->arena, &w->task.sha256, err)) ||
        !find_parent(w, path, err) || !fill_defaults(w, err) ||
        !use_remembered(w, path, NULL, &remembered, err) ||
        (!w->task.header.len && !use_remembered_encoding(w, path, &remembered, err)))
        return false;
    if (!work_open(w, &problem, err))
        return problem.code != FILE_OK && settle_problem(w, &problem, remembered, (str){0}, err);
    bool ok = judge(w, remembered, &look, err);
    arena_done(&look.arena);
    return ok;
}
