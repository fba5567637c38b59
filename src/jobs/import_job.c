/* The import itself: applied, gone on with after a crash, cancelled, or taken back whole.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs_priv.h"

#include <signal.h>
#include <stdlib.h>

enum stop { STOP_PAUSED, STOP_CANCELLED, STOP_BROKEN };

/* The counters are the store's: what was committed, not what this process happened to see. */
static bool end(struct work *w, enum task_state state, const struct file_problem *problem,
                struct err *err)
{
    struct store_task t;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    t.state = state == TASK_COMPLETED && t.counts.failed ? TASK_COMPLETED_WITH_ERRORS : state;
    t.wanted &= ~(unsigned)WANT_CANCEL;
    t.attempts = 0; // it stopped in good order: no mark against the file
    if (state != TASK_PROCESSING)
        t.finished_at_us = clock_now_us();
    if (problem) {
        t.failure = wording_failure_text(&w->arena, problem);
        log_info("import task %lld failed: %s", (long long)t.id,
                 file_problem_code_name(problem->code));
    }
    w->task = t;
    return task_end(w->jobs, w->company, &t, err);
}

/* Whole or not at all: what was written is taken back before anyone is told. */
static bool take_back(struct work *w, const struct file_problem *problem, struct err *err)
{
    return undo_all(w, err) && end(w, TASK_FAILED, problem, err);
}

static bool must_be_whole(const struct work *w)
{
    return w->settings.all_or_nothing || w->task.expected.len;
}

static bool stopped(struct work *w, enum stop how, struct file_problem *problem, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    if (how == STOP_PAUSED)
        return end(w, TASK_PROCESSING, NULL, err);
    if (!store_reader_open(w->company, &reader, err) ||
        !store_task_get(reader, &w->arena, w->task.id, &w->task, err))
        return false;
    if (how == STOP_CANCELLED)
        return end(w, TASK_CANCELLED, NULL, err);
    return must_be_whole(w) ? take_back(w, problem, err) : end(w, TASK_FAILED, problem, err);
}

/* A test's way to have the program die at a record: CLIENTELE_TEST_ABORT_AT=4711. */
static void die_when_told(void *context, const struct store_change *change)
{
    const uint64_t *at = context;
    if (change->record >= *at)
        (void)raise(SIGABRT);
}

static bool apply(struct work *w, struct err *err)
{
    struct import_progress progress;
    struct file_problem problem;
    uint64_t abort_at = 0;
    struct import_watch watch = {
        .progress = work_progress, .cancelled = work_cancelled, .context = w};
    const struct import_target to = {.company = w->company,
                                     .task_id = w->task.id,
                                     .skip = w->task.counts.records,
                                     .origin = origin_of(ORIGIN_IMPORT, w->task.id)};
    const char *told = getenv("CLIENTELE_TEST_ABORT_AT");
    if (told && str_to_u64(str_of(told), &abort_at) && abort_at)
        watch = (struct import_watch){
            .record = die_when_told, .all_records = true, .context = &abort_at};
    work_phase(w, JOBS_IMPORT);
    if (import_run(w->plan, &to, &watch, &progress, &problem, err))
        return end(w, TASK_COMPLETED, NULL, err);
    if (err->code == ERR_BUSY) {
        bool cancelled = work_is_cancelled(w);
        err->code = ERR_NONE;
        return stopped(w, cancelled ? STOP_CANCELLED : STOP_PAUSED, NULL, err);
    }
    if (problem.code == FILE_OK)
        (void)file_problem_set(&problem, FILE_STORE, (str){0}, str_of(err->msg));
    return stopped(w, STOP_BROKEN, &problem, err);
}

/* What must hold before the first record: whole or not at all, or as the dry run said. */
static bool check(struct work *w, bool *ret_go, struct err *err)
{
    *ret_go = true;
    if (w->task.counts.records || !must_be_whole(w))
        return true;
    return trial_check(w, ret_go, err);
}

bool import_step(struct work *w, struct err *err)
{
    struct file_problem problem;
    bool go;
    if (w->task.wanted & WANT_CANCEL)
        return stopped(w, STOP_CANCELLED, NULL, err);
    if (!work_open(w, &problem, err))
        return problem.code != FILE_OK && work_fail(w, &problem, err);
    if (!check(w, &go, err))
        return false;
    return !go || apply(w, err);
}
