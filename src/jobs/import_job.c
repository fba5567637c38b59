/* The import itself: applied, gone on with after a crash, cancelled, or taken back whole.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs_priv.h"

#include <limits.h>
#include <unistd.h>

/* The counters are the store's: what was committed, not what this process happened to see. */
static bool end(struct work *w, enum task_state state, const struct file_problem *problem,
                struct err *err)
{
    struct store_task t;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    t.state = state == TASK_COMPLETED && t.counts.failed ? TASK_COMPLETED_WITH_ERRORS : state;
    t.wanted &= ~(unsigned)WANT_CANCEL;
    t.attempts = t.deaths = 0;
    t.finished_at_us = clock_now_us();
    if (problem) {
        t.failure = wording_failure_text(&w->arena, problem);
        log_info("import task %lld failed: %s", (long long)t.id,
                 file_problem_code_name(problem->code));
    }
    t.tell = work_tells(w, &t);
    w->task = t;
    return task_end(w->jobs, w->company, &t, err);
}

static bool must_be_whole(const struct work *w)
{
    return w->settings.all_or_nothing || w->task.expected.len;
}

/* Whole or not at all: what was written is taken back before the task is failed or, without a
 * problem, cancelled.  That it is to be is noted first, so that a process that takes it up never
 * goes on forwards. */
static bool take_back(struct work *w, const struct file_problem *problem, struct err *err)
{
    struct store_task t;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    t.state = TASK_REVERTING;
    t.wanted = problem ? WANT_FAILED : WANT_FAILED | WANT_CANCEL;
    t.attempts = t.deaths = 0;
    if (problem)
        t.failure = wording_failure_text(&w->arena, problem);
    return task_end(w->jobs, w->company, &t, err);
}

bool import_fail(struct work *w, const struct file_problem *problem, struct err *err)
{
    return import_settings_parse(&w->arena, w->task.settings, &w->settings, err) &&
           (must_be_whole(w) ? take_back(w, problem, err) : end(w, TASK_FAILED, problem, err));
}

static bool cancel(struct work *w, struct err *err)
{
    return import_settings_parse(&w->arena, w->task.settings, &w->settings, err) &&
           (w->settings.all_or_nothing ? take_back(w, NULL, err)
                                       : end(w, TASK_CANCELLED, NULL, err));
}

/* How many records failed, in this process and before; not counted where some may. */
static uint64_t fatal_failures(struct work *w)
{
    pthread_mutex_lock(&w->jobs->lock);
    uint64_t failed = w->worker->live.counts.failed + w->task.counts.failed;
    pthread_mutex_unlock(&w->jobs->lock);
    return w->settings.all_or_nothing ? failed : 0;
}

static bool must_stop(void *context)
{
    return fatal_failures(context) || work_cancelled(context);
}

/* The full check found none: somebody else wrote since. */
static bool fail_whole(struct work *w, struct err *err)
{
    struct file_problem problem = {.limit = fatal_failures(w)};
    (void)file_problem_set(&problem, FILE_ALL_OR_NOTHING, (str){0}, (str){0});
    err->code = ERR_NONE;
    return import_fail(w, &problem, err);
}

/* --- as the dry run said, or not at all --- */

static bool open_expected(struct work *w, int *fd, struct expected **ret_expected, struct err *err)
{
    return jobs_file_open(w->jobs, &w->task, JOBS_FILE_OUTCOMES, fd, err) &&
           expected_open(*fd, store_company_zone(w->company), origin_of(ORIGIN_IMPORT, w->task.id),
                         w->task.counts.records, ret_expected, err);
}

/* Asked about every slice before it is committed: whatever is in was judged, after a crash too. */
static bool judge(void *context, const struct store_change *change, size_t count, struct err *err)
{
    return expected_judge(((struct work *)context)->expected, change, count, err);
}

static bool wrote_nothing(struct work *w, bool *ret_nothing, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct store_task t;
    if (!store_reader_open(w->company, &reader, err) ||
        !store_task_get(reader, &w->arena, w->task.id, &t, err))
        return false;
    *ret_nothing = !t.counts.records;
    return true;
}

/* Somebody else wrote while it ran.  Before the first record it is as if he had before the check.
 */
static bool fail_unexpected(struct work *w, struct err *err)
{
    bool go = true, nothing;
    const struct outcome_differences *d = expected_differences(w->expected);
    struct file_problem problem = {.limit = d->count, .line = d->first[0].line};
    (void)file_problem_set(&problem, FILE_BASE_CHANGED_MEANWHILE, (str){0}, (str){0});
    err->code = ERR_NONE;
    if (!wrote_nothing(w, &nothing, err) || (nothing && !trial_check(w, &go, err)))
        return false;
    return !go || (trial_note_differences(w, d, err) && import_fail(w, &problem, err));
}

static bool apply(struct work *w, struct err *err)
{
    struct import_progress progress;
    struct file_problem problem;
    const struct import_watch watch = {.progress = work_progress,
                                       .judge = w->expected ? judge : NULL,
                                       .cancelled = must_stop,
                                       .context = w};
    const struct import_target to = {.company = w->company,
                                     .task_id = w->task.id,
                                     .skip = w->task.counts.records,
                                     .origin = origin_of(ORIGIN_IMPORT, w->task.id),
                                     .batch_rows = w->jobs->batch_rows,
                                     .place = w->place};
    work_phase(w, JOBS_IMPORT);
    bool ok = import_run(w->plan, &to, &watch, &progress, &problem, err);
    if ((ok || err->code == ERR_BUSY) && fatal_failures(w))
        return fail_whole(w, err);
    if (ok)
        return store_name_swaps(w->company, w->task.id, PROBLEMS_REFUSE, err) &&
               end(w, TASK_COMPLETED, NULL, err);
    if (w->expected && expected_differences(w->expected)->count)
        return fail_unexpected(w, err);
    if (problem.code != FILE_OK)
        return import_fail(w, &problem, err);
    if (err->code != ERR_BUSY || !work_cancelled(w))
        return false;
    err->code = ERR_NONE;
    return !work_is_cancelled(w) || cancel(w, err);
}

static bool apply_expected(struct work *w, struct err *err)
{
    int fd = -1;
    bool ok = (!w->task.expected.len || open_expected(w, &fd, &w->expected, err)) && apply(w, err);
    expected_free(TAKE(w->expected));
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* What must hold before the first record: whole or not at all, or as the dry run said. */
static bool check(struct work *w, bool *ret_go, struct err *err)
{
    *ret_go = true;
    if (w->task.counts.records || !must_be_whole(w))
        return true;
    return trial_check(w, ret_go, err);
}

/* Where an import goes on, its file must be the one that was begun: what was done is passed over by
 * number. */
static bool check_file(struct work *w, struct file_problem *ret_problem, struct err *err)
{
    char path[PATH_MAX];
    str sha256;
    *ret_problem = (struct file_problem){0};
    if (!w->task.counts.records)
        return true;
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    if (!upload_hash(path, &w->arena, &sha256, err))
        return false;
    return !sha256.len || str_eq(sha256, w->task.sha256) ||
           file_problem_set(ret_problem, FILE_CHANGED, (str){0}, (str){0});
}

bool import_step(struct work *w, struct err *err)
{
    struct file_problem problem;
    bool go;
    if (w->task.wanted & WANT_CANCEL)
        return cancel(w, err);
    if (!check_file(w, &problem, err))
        return problem.code != FILE_OK && import_fail(w, &problem, err);
    if (!work_open(w, &problem, err))
        return problem.code != FILE_OK && work_fail(w, &problem, err);
    if (!check(w, &go, err))
        return false;
    return !go || apply_expected(w, err);
}
