/* The dry run: the whole file against the customers of this moment, without a write to them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "importer/findings.h"
#include "importer/outcomes.h"
#include "importer/preview.h"
#include "importer/previous.h"
#include "jobs/jobs_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOGGED_AT_ONCE = 500 };

struct trial {
    struct work *w;
    struct preview *preview;
    struct store_problem_log *log;
    struct keys_seen *keys;
    const struct store_change *waiting[LOGGED_AT_ONCE]; /* of the batch in hand, to be logged */
    size_t waitings;
    uint64_t failed;
    struct err err; /* the first failure to write something down */
};

static void log_waiting(struct trial *t)
{
    if (t->waitings && t->err.code == ERR_NONE)
        IGNORE(store_problem_log_add(t->log, t->waiting, t->waitings, &t->err));
    t->waitings = 0;
}

static void see_record(void *context, const struct store_change *change)
{
    struct trial *t = context;
    preview_record(t->preview, change);
    keys_seen_add(t->keys, change->key_text);
    t->failed += change->outcome == OUTCOME_FAILED;
    if (!change->problems.count && !change->warnings.count)
        return;
    t->waiting[t->waitings++] = change;
    if (t->waitings == LOGGED_AT_ONCE)
        log_waiting(t);
}

static void see_progress(void *context, const struct import_progress *progress)
{
    struct trial *t = context;
    log_waiting(t); // the batch's memory goes with it
    work_progress(t->w, progress);
}

static bool is_cancelled(void *context)
{
    return work_cancelled(((struct trial *)context)->w);
}

static int make_file(const struct work *w, enum jobs_file which, const char *suffix)
{
    char path[PATH_MAX], full[PATH_MAX + 8];
    task_path(w->jobs, &w->task, which, path, sizeof path);
    (void)snprintf(full, sizeof full, "%s%s", path, suffix);
    return open(full, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/* The files of a dry run while they are made. */
enum { DIFF, OUTCOMES, INDEX, TRIAL_FILES };
static const enum jobs_file trial_file[TRIAL_FILES] = {JOBS_FILE_DIFF, JOBS_FILE_OUTCOMES,
                                                       JOBS_FILE_INDEX};
struct trial_files {
    int fd[TRIAL_FILES];
};

static bool open_files(struct work *w, const char *suffix, struct trial_files *files,
                       struct err *err)
{
    bool ok = true;
    for (size_t i = 0; i < TRIAL_FILES; i++) {
        files->fd[i] = make_file(w, trial_file[i], suffix);
        ok = ok && (files->fd[i] >= 0 || err_errno(err, "cannot make a file for the dry run"));
    }
    return ok;
}

static void close_files(struct trial_files *files)
{
    for (size_t i = 0; i < TRIAL_FILES; i++)
        if (files->fd[i] >= 0)
            (void)close(files->fd[i]);
}

/* The files are on the disk under their names before the task says that they are whole. */
static bool keep_files(struct work *w, const char *suffix, const struct trial_files *files,
                       struct err *err)
{
    char from[PATH_MAX + 8], to[PATH_MAX];
    for (size_t i = 0; i < TRIAL_FILES; i++) {
        task_path(w->jobs, &w->task, trial_file[i], to, sizeof to);
        (void)snprintf(from, sizeof from, "%s%s", to, suffix);
        if (fsync(files->fd[i]) != 0 || (suffix[0] && rename(from, to) != 0))
            return err_errno(err, "cannot keep the dry run's file");
    }
    return fsync(w->jobs->uploads_fd) == 0 || err_errno(err, "cannot sync the uploads");
}

/* It did not come to its end.  Paused, it begins anew at the next start; cancelled, the task says
 * so already. */
static bool unfinished(struct work *w, const struct file_problem *problem, struct err *err)
{
    if (err->code == ERR_BUSY && work_cancelled(w)) {
        err->code = ERR_NONE;
        return true;
    }
    return problem->code != FILE_OK && work_fail(w, problem, err);
}

/* What came of a dry run, besides its files. */
struct outcome {
    struct import_progress progress;
    str fingerprint, details, findings;
    uint64_t failed;
    double seconds;
};

/* Appends ,"problems":{"taken":2}: how many of each code the list has. */
static bool write_codes(struct work *w, struct store_reader *reader, enum problem_list which,
                        const char *name, struct buf *b, struct err *err)
{
    uint64_t count[PROBLEM_COUNT];
    bool first = true;
    if (!store_task_error_codes(reader, w->task.id, which, count, err))
        return false;
    buf_format(b, ",\"%s\":{", name);
    for (enum problem_code code = 0; code < PROBLEM_COUNT; code++)
        if (count[code]) {
            buf_format(b, "%s\"%s\":%llu", first ? "" : ",", problem_code_name(code),
                       (unsigned long long)count[code]);
            first = false;
        }
    buf_add_char(b, '}');
    return true;
}

/* The log is whole: swaps are named in it, and then it is counted. */
static bool end_log(struct work *w, str *details, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(buf_done) struct buf b = {0};
    buf_add(&b, *details);
    if (!store_name_swaps(w->company, w->task.id, PROBLEMS_TRIAL_REFUSE, err) ||
        !store_reader_open(w->company, &reader, err) ||
        !write_codes(w, reader, PROBLEMS_TRIAL_REFUSE, "problems", &b, err) ||
        !write_codes(w, reader, PROBLEMS_TRIAL_WARN, "warnings", &b, err))
        return false;
    *details = arena_str(&w->arena, buf_str(&b));
    return true;
}

static bool run_trial(struct work *w, const struct trial_files *files, struct keys_seen *keys,
                      struct outcome *ret, struct file_problem *problem, struct err *err)
{
    AUTO(store_trial_free) struct store_trial *base = NULL;
    AUTO(findings_free) struct findings *findings = findings_new(w->plan);
    AUTO(buf_done) struct buf b = {0};
    struct trial *t = mem_new(1, sizeof *t);
    const struct preview_files to_files = {files->fd[DIFF], files->fd[OUTCOMES], files->fd[INDEX]};
    const struct import_watch watch = {.progress = see_progress,
                                       .record = see_record,
                                       .all_records = true,
                                       .cancelled = is_cancelled,
                                       .context = t};
    int64_t began = clock_monotonic_us();
    t->w = w;
    t->keys = keys;
    bool ok =
        store_trial_open(w->company, &base, err) &&
        preview_new(&to_files, store_company_zone(w->company), origin_of(ORIGIN_IMPORT, w->task.id),
                    &t->preview, err) &&
        store_problem_log_open(w->company, w->task.id, import_plan_header(w->plan), &t->log, err);
    const struct import_target to = {.company = w->company,
                                     .trial = base,
                                     .batch_rows = w->jobs->batch_rows,
                                     .place = w->place,
                                     .findings = findings,
                                     .origin = origin_of(ORIGIN_IMPORT, w->task.id)};
    ok = ok && import_run(w->plan, &to, &watch, &ret->progress, problem, err);
    if (ok && t->err.code != ERR_NONE) {
        *err = t->err;
        ok = false;
    }
    ok = ok && preview_end(t->preview, &w->arena, &ret->fingerprint, &ret->details, err) &&
         end_log(w, &ret->details, err);
    findings_write(findings, true, &b);
    ret->findings = arena_str(&w->arena, buf_str(&b));
    ret->failed = t->failed;
    ret->seconds = (double)(clock_monotonic_us() - began) / 1e6;
    preview_free(t->preview);
    store_problem_log_free(t->log);
    mem_free(t);
    return ok;
}

/* --- customers of the previous file who are not in this one --- */

static bool count_missing(struct work *w, struct keys_seen *keys, struct buf *b, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct store_task previous;
    struct import_settings settings;
    struct previous_missing missing;
    char path[PATH_MAX];
    int64_t id = 0;
    if (!store_reader_open(w->company, &reader, err) ||
        !store_task_remembered(reader, w->task.header, w->task.id, &id, err))
        return false;
    if (!id)
        return true;
    if (!store_task_get(reader, &w->arena, id, &previous, err) ||
        !import_settings_parse(&w->arena, previous.settings, &settings, err))
        return false;
    import_settings_as_found(&w->arena, previous.analysis, &settings);
    task_path(w->jobs, &previous, JOBS_FILE_ITSELF, path, sizeof path);
    if (!previous.upload.len || access(path, R_OK) != 0)
        return true; // its file is gone by now
    int fd = make_file(w, JOBS_FILE_MISSING, "");
    if (fd < 0)
        return err_errno(err, "cannot make a file for the dry run");
    bool ok =
        previous_compare(path, &settings, store_company_zone(w->company), keys, fd, &missing, err);
    (void)close(fd);
    if (ok)
        buf_format(b, ",\"missing_since\":{\"import_task\":\"%lld\",\"count\":%llu}", (long long)id,
                   (unsigned long long)missing.count);
    return ok;
}

/* --- the step --- */

static str result_text(struct work *w, const struct outcome *o, const struct buf *more)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add_char(&b, '{');
    import_counts_write(&b, &o->progress.counts);
    buf_format(&b, ",\"seconds\":%.3f,", o->seconds);
    buf_add(&b, o->details);
    buf_add(&b, buf_str(more));
    buf_add_char(&b, '}');
    return arena_str(&w->arena, buf_str(&b));
}

/* The JSON object with the members in the place of those whose names begin so. */
static str exchanged(struct arena *a, str object, str prefix, str members)
{
    AUTO(buf_done) struct buf b = {0};
    struct json tree;
    struct json_place place;
    struct err err;
    if (!json_parse(object, a, &tree, &place, &err))
        return object;
    buf_add_char(&b, '{');
    for (size_t i = 0; i < tree.count; i++) {
        if (str_starts(tree.member[i].key, prefix))
            continue;
        json_write_string(&b, tree.member[i].key);
        buf_add_char(&b, ':');
        json_write(&b, &tree.member[i].value);
        buf_add_char(&b, ',');
    }
    buf_add(&b, members);
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b));
}

/* The analysis with what the whole file says in the place of what its first rows said. */
static str with_findings(struct arena *a, str analysis, str findings)
{
    return exchanged(a, analysis, STR("findings"), findings);
}

static bool save_result(struct work *w, const struct outcome *o, str result, struct err *err)
{
    struct store_task t;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    if (t.trial != TRIAL_RUNNING) { // told otherwise meanwhile
        task_leave(w->jobs);
        return true;
    }
    t.trial = TRIAL_DONE;
    t.trial_result = result;
    t.trial_records = o->progress.counts.records;
    t.trial_bytes = o->progress.bytes_done;
    t.analysis = with_findings(&w->arena, t.analysis, o->findings);
    t.attempts = 0;
    return task_end(w->jobs, w->company, &t, err);
}

bool trial_step(struct work *w, struct err *err)
{
    struct file_problem problem;
    struct outcome o = {0};
    AUTO(buf_done) struct buf more = {0};
    AUTO(keys_seen_free) struct keys_seen *keys = keys_seen_new();
    if (!work_open(w, &problem, err))
        return problem.code != FILE_OK && work_fail(w, &problem, err);
    work_phase(w, JOBS_TRIAL);
    struct trial_files files;
    bool ok = open_files(w, "", &files, err) && run_trial(w, &files, keys, &o, &problem, err);
    bool kept = ok && keep_files(w, "", &files, err);
    close_files(&files);
    if (!ok)
        return unfinished(w, &problem, err);
    return kept && count_missing(w, keys, &more, err) &&
           save_result(w, &o, result_text(w, &o, &more), err);
}

/* --- before an import that must end as was said --- */

/* "difference":{…} */
static void write_differences(struct buf *b, const struct outcome_differences *d)
{
    buf_format(b, "\"difference\":{\"count\":%llu,\"first\":[", (unsigned long long)d->count);
    for (size_t i = 0; i < MIN(d->count, (uint64_t)OUTCOME_DIFFERENCES); i++)
        buf_format(b, "%s{\"record\":%llu,\"was\":\"%s\",\"now\":\"%s\"}", i ? "," : "",
                   (unsigned long long)d->first[i].record, preview_outcome_name(d->first[i].was),
                   preview_outcome_name(d->first[i].now));
    buf_add(b, STR("]}"));
}

bool trial_note_differences(struct work *w, const struct outcome_differences *d, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    struct store_task t;
    write_differences(&b, d);
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    t.trial_result = exchanged(&w->arena, t.trial_result, STR("difference"), buf_str(&b));
    return task_end(w->jobs, w->company, &t, err);
}

/* The task goes back to ready, with the new dry run and the difference in it. */
static bool show_difference(struct work *w, const struct outcome *o, struct keys_seen *keys,
                            int was_fd, int now_fd, struct err *err)
{
    AUTO(buf_done) struct buf more = {0};
    struct file_problem problem = {0};
    struct outcome_differences d;
    struct store_task t;
    if (!count_missing(w, keys, &more, err) || !outcomes_compare(was_fd, now_fd, &d, err))
        return false;
    buf_add_char(&more, ',');
    write_differences(&more, &d);
    problem.limit = d.count;
    (void)file_problem_set(&problem, FILE_BASE_CHANGED, (str){0}, (str){0});
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    t.state = TASK_READY;
    t.expected = (str){0};
    t.started_at_us = 0;
    t.trial = TRIAL_DONE;
    t.trial_result = result_text(w, o, &more);
    t.analysis = with_findings(&w->arena, t.analysis, o->findings);
    t.failure = wording_failure_text(&w->arena, &problem);
    t.attempts = 0;
    return task_end(w->jobs, w->company, &t, err);
}

static bool judge(struct work *w, const struct outcome *o, struct keys_seen *keys, int was_fd,
                  int new_fd, bool *ret_go, struct err *err)
{
    struct file_problem problem = {0};
    *ret_go = false;
    if (w->settings.all_or_nothing && o->failed) {
        problem.limit = o->failed;
        (void)file_problem_set(&problem, FILE_ALL_OR_NOTHING, (str){0}, (str){0});
        return work_fail(w, &problem, err);
    }
    *ret_go = !w->task.expected.len || str_eq(w->task.expected, o->fingerprint);
    if (*ret_go)
        return true;
    return lseek(new_fd, 0, SEEK_SET) == 0 && show_difference(w, o, keys, was_fd, new_fd, err);
}

bool trial_check(struct work *w, bool *ret_go, struct err *err)
{
    struct file_problem problem = {0};
    struct outcome o = {0};
    AUTO(keys_seen_free) struct keys_seen *keys = keys_seen_new();
    struct trial_files files = {{-1, -1, -1}};
    int was_fd = -1;
    *ret_go = false;
    work_phase(w, JOBS_TRIAL);
    bool ok = (!w->task.expected.len ||
               jobs_file_open(w->jobs, &w->task, JOBS_FILE_OUTCOMES, &was_fd, err)) &&
              open_files(w, ".new", &files, err) && run_trial(w, &files, keys, &o, &problem, err);
    // What was tried last is what is shown.
    bool kept = ok && keep_files(w, ".new", &files, err) &&
                judge(w, &o, keys, was_fd, files.fd[OUTCOMES], ret_go, err);
    close_files(&files);
    if (was_fd >= 0)
        (void)close(was_fd);
    return ok ? kept : unfinished(w, &problem, err);
}
