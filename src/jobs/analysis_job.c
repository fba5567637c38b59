/* The first look at a file: what it is, what is asked, whether it can start.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "importer/analysis.h"
#include "jobs/jobs_priv.h"

#include <limits.h>
#include <sys/statvfs.h>

enum { FIRST_RECORDS = 1000, HOPELESS_FROM = 100 };

/* --- questions that come up after the file was understood --- */

static bool is_sure(const struct work *w)
{
    return w->settings.go_on;
}

/* Records of one kind of failure among the first ones. */
struct first_look {
    uint64_t failed[PROBLEM_COUNT];
    struct problem example[PROBLEM_COUNT];
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

/* Whether most of the first records fail for one reason. */
static bool check_first(struct work *w, struct file_problem *problem, struct err *err)
{
    AUTO(store_trial_free) struct store_trial *trial = NULL;
    struct first_look look = {0};
    struct import_progress progress;
    const struct import_watch watch = {.record = see_first, .context = &look, .cancelled = NULL};
    if (!store_trial_open(w->company, &trial, err))
        return false;
    const struct import_target to = {.company = w->company,
                                     .trial = trial,
                                     .max_records = FIRST_RECORDS,
                                     .place = w->place,
                                     .origin = origin_of(ORIGIN_IMPORT, w->task.id)};
    bool ok = import_run(w->plan, &to, &watch, &progress, problem, err);
    for (size_t code = 0; ok && code < PROBLEM_COUNT; code++)
        if (progress.counts.records >= HOPELESS_FROM &&
            look.failed[code] * 2 > progress.counts.records) {
            const struct problem *p = &look.example[code];
            str name = str_of(consumer_field_name(FIELD_EMAIL));
            enum consumer_field field = consumer_field_of(p->field);
            name = field != FIELD_COUNT && import_plan_header(w->plan)[field].len
                       ? import_plan_header(w->plan)[field]
                       : p->field;
            problem->limit = look.failed[code];
            problem->line = progress.counts.records;
            ok = file_problem_set(problem, FILE_HOPELESS, name,
                                  wording_problem(&w->arena, LANGUAGE_EN, p));
        }
    arena_done(&look.arena);
    return ok;
}

/* The whole of it needs so much room: the rows, what they replace, the log of the database. */
static bool check_space(struct work *w, struct file_problem *problem)
{
    struct statvfs fs;
    bool packed = import_plan_about(w->plan)->format == ROWS_XLSX;
    uint64_t needed = w->task.bytes * (packed ? 16 : 4) + 16 * 1024 * 1024;
    if (statvfs(w->jobs->data_dir, &fs) != 0)
        return true;
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (free_bytes >= needed)
        return true;
    problem->limit = needed;
    problem->offset = free_bytes;
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

/* --- settings of an earlier import with the same header --- */

/* encoding: those of an import in this encoding only; NULL: of any. */
static bool use_remembered(struct work *w, str fingerprint, const char *encoding, bool *ret_changed,
                           struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct import_settings old, now;
    struct store_task earlier;
    int64_t id = 0;
    *ret_changed = false;
    bool asked = w->task.manual || (w->task.wanted & WANT_REMEMBERED);
    if (!fingerprint.len || !asked || w->task.parent)
        return true;
    if (!store_reader_open(w->company, &reader, err) ||
        !store_task_remembered(reader, fingerprint, w->task.id, &id, err))
        return false;
    if (!id)
        return true;
    if (!store_task_get(reader, &w->arena, id, &earlier, err) ||
        !import_settings_parse(&w->arena, earlier.settings, &old, err) ||
        !import_settings_parse(&w->arena, w->task.settings, &now, err))
        return false;
    if (encoding && !str_eq_nocase(str_of(old.rows.encoding), str_of(encoding)))
        return true;
    old.go_on = now.go_on;
    str text = import_settings_text(&w->arena, &old);
    // What was said for this file goes before what was said for an earlier one.
    if (!str_eq(w->task.settings, STR("{}")) || str_eq(text, STR("{}")))
        return true;
    w->task.settings = text;
    *ret_changed = true;
    return true;
}

/* A file that is not UTF-8 has a header only in an encoding that a person has confirmed before. */
static bool use_remembered_encoding(struct work *w, const char *path, bool *ret_changed,
                                    struct err *err)
{
    struct import_settings tried = w->settings;
    *ret_changed = false;
    if (tried.rows.encoding || !(w->task.manual || (w->task.wanted & WANT_REMEMBERED)))
        return true;
    for (size_t i = 0; analysis_encoding(i) && !*ret_changed; i++) {
        tried.rows.encoding = analysis_encoding(i);
        str header = analysis_fingerprint(&w->arena, path, &tried);
        if (!use_remembered(w, header, tried.rows.encoding, ret_changed, err))
            return false;
    }
    return true;
}

/* --- the outcome --- */

static str analysis_json(struct work *w, bool remembered, str more)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add_char(&b, '{');
    buf_add(&b, more);
    buf_format(&b, "%s\"remembered\":%s}", more.len ? "," : "", remembered ? "true" : "false");
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

static bool settle_problem(struct work *w, const struct file_problem *problem, bool remembered,
                           struct err *err)
{
    char path[PATH_MAX];
    str more = {0};
    bool asks = (w->task.manual || (w->task.wanted & WANT_ASK)) && analysis_answer(problem->code);
    if (problem->code == FILE_ENCODING || problem->code == FILE_ENCODING_MISMATCH) {
        task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
        more =
            arena_format(&w->arena, "\"encodings\":%.*s",
                         STR_ARG(analysis_encodings(&w->arena, path, &w->settings, problem->line)));
    } else if (w->plan && !analysis_text(w->plan, &w->arena, &more, err)) {
        return false;
    }
    w->task.analysis = analysis_json(w, remembered, more);
    return settle(w, asks ? TASK_NEEDS_ANSWER : TASK_FAILED, problem, err);
}

static bool ask(struct work *w, struct file_problem *problem, struct err *err)
{
    char path[PATH_MAX];
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    if (w->task.manual && !is_sure(w) && analysis_is_sample(path, w->plan))
        return file_problem_set(problem, FILE_SAMPLE, (str){0}, (str){0});
    return check_same(w, problem, err) && check_space(w, problem) &&
           (is_sure(w) || check_first(w, problem, err));
}

bool analysis_step(struct work *w, struct err *err)
{
    struct file_problem problem = {0};
    char path[PATH_MAX];
    bool remembered;
    str more;
    work_phase(w, JOBS_ANALYSIS);
    w->settings_asked = w->task.settings;
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    if (!import_settings_parse(&w->arena, w->task.settings, &w->settings, err))
        return false;
    if (!w->task.sha256.len && !upload_hash(path, &w->arena, &w->task.sha256, err))
        return false;
    if (!find_parent(w, path, err))
        return false;
    w->task.header = analysis_fingerprint(&w->arena, path, &w->settings);
    if (!(w->task.header.len ? use_remembered(w, w->task.header, NULL, &remembered, err)
                             : use_remembered_encoding(w, path, &remembered, err)))
        return false;
    if (!work_open(w, &problem, err))
        return problem.code != FILE_OK && settle_problem(w, &problem, remembered, err);
    w->task.header = import_plan_fingerprint(w->plan);
    if (!ask(w, &problem, err))
        return problem.code != FILE_OK && settle_problem(w, &problem, remembered, err);
    if (!analysis_text(w->plan, &w->arena, &more, err))
        return false;
    w->task.analysis = analysis_json(w, remembered, more);
    return settle(w, TASK_READY, NULL, err);
}
