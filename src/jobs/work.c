/* A task in a worker's hands: step after step until there is nothing more to do for it.
 *
 * Each step notes in the task's row that it begins and what came of it, so that a task that a dead
 * process left behind is taken up where it was; three deaths at one place and it is failed, so that
 * a file that brings the program down cannot do so for ever.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs_priv.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>

static bool load(struct work *w, int64_t task_id, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    return store_reader_open(w->company, &reader, err) &&
           store_task_get(reader, &w->arena, task_id, &w->task, err);
}

void work_phase(struct work *w, enum jobs_phase phase)
{
    pthread_mutex_lock(&w->jobs->lock);
    w->worker->live = (struct jobs_live){.phase = phase, .bytes = w->task.bytes};
    w->worker->phase_began_us = clock_monotonic_us();
    w->worker->phase_began_records = w->worker->phase_began_bytes = 0;
    pthread_mutex_unlock(&w->jobs->lock);
}

void work_progress(void *context, const struct import_progress *p)
{
    struct work *w = context;
    pthread_mutex_lock(&w->jobs->lock);
    w->worker->live.counts = p->counts;
    w->worker->live.bytes_done = p->bytes_done;
    w->worker->live.bytes = p->bytes;
    pthread_cond_broadcast(&w->jobs->changed);
    pthread_mutex_unlock(&w->jobs->lock);
}

bool work_is_cancelled(struct work *w)
{
    pthread_mutex_lock(&w->jobs->lock);
    bool cancel = w->worker->cancel;
    pthread_mutex_unlock(&w->jobs->lock);
    return cancel;
}

bool work_cancelled(void *context)
{
    struct work *w = context;
    return work_is_cancelled(w) || jobs_stopping(w->jobs);
}

bool work_open(struct work *w, struct file_problem *ret_problem, struct err *err)
{
    char path[PATH_MAX];
    *ret_problem = (struct file_problem){0};
    import_plan_free(w->plan);
    w->plan = NULL;
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    return import_settings_parse(&w->arena, w->task.settings, &w->settings, err) &&
           import_open(path, &w->settings, store_company_zone(w->company), &w->plan, ret_problem,
                       err);
}

bool work_fail(struct work *w, const struct file_problem *problem, struct err *err)
{
    struct store_task t;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    if (t.state == TASK_CANCELLED) {
        task_leave(w->jobs);
        return true;
    }
    t.state = TASK_FAILED;
    t.failure = wording_failure_text(&w->arena, problem);
    t.finished_at_us = clock_now_us();
    if (t.trial == TRIAL_RUNNING || t.trial == TRIAL_QUEUED)
        t.trial = TRIAL_FAILED;
    log_info("import task %lld failed: %s", (long long)t.id, file_problem_code_name(problem->code));
    return task_end(w->jobs, w->company, &t, err);
}

bool work_attempt(struct work *w, struct file_problem *ret_problem, struct err *err)
{
    struct store_task t;
    *ret_problem = (struct file_problem){0};
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    if (t.attempts >= JOBS_ATTEMPTS) {
        task_leave(w->jobs);
        ret_problem->line = t.counts.records + 1;
        return file_problem_set(ret_problem, FILE_CRASHED, (str){0}, (str){0});
    }
    t.attempts++;
    if (t.state == TASK_QUEUED) {
        t.state = TASK_PROCESSING;
        if (!t.started_at_us)
            t.started_at_us = clock_now_us();
    }
    if (t.trial == TRIAL_QUEUED && t.state == TASK_READY)
        t.trial = TRIAL_RUNNING;
    w->task = t;
    return task_end(w->jobs, w->company, &t, err);
}

/* What is to be done next; false: nothing. */
static bool next_step(const struct store_task *t, bool (**ret_step)(struct work *, struct err *))
{
    bool trial = t->trial == TRIAL_QUEUED || t->trial == TRIAL_RUNNING;
    *ret_step = t->state == TASK_ANALYSED                                    ? analysis_step
                : t->state == TASK_READY && trial                            ? trial_step
                : t->state == TASK_QUEUED || t->state == TASK_PROCESSING     ? import_step
                : t->state == TASK_REVERTING                                 ? undo_step
                : t->state >= TASK_COMPLETED && (t->wanted & WANT_UNDO_TRIAL) ? undo_preview_step
                                                                             : NULL;
    return *ret_step != NULL;
}

static bool take_step(struct work *w, struct err *err)
{
    bool (*step)(struct work *, struct err *);
    struct file_problem problem;
    if (!next_step(&w->task, &step))
        return false;
    if (!work_attempt(w, &problem, err))
        return problem.code != FILE_OK && work_fail(w, &problem, err);
    return step(w, err);
}

void work_run(struct jobs *j, struct worker *worker, const struct job *job)
{
    struct work w = {.jobs = j, .worker = worker};
    struct err err = {0};
    bool (*step)(struct work *, struct err *);
    bool ok = store_company_open(j->store, job->company_id, &w.company, &err) &&
              load(&w, job->task_id, &err);
    while (ok && !jobs_stopping(j) && next_step(&w.task, &step)) {
        ok = take_step(&w, &err) && load(&w, job->task_id, &err);
        if (work_is_cancelled(&w) && w.task.state != TASK_PROCESSING)
            break;
    }
    if (!ok && !(err.code == ERR_BUSY && jobs_stopping(j)))
        log_error("import task %lld: %s", (long long)job->task_id, err.msg);
    import_plan_free(w.plan);
    arena_done(&w.arena);
}
