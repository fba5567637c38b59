/* A task in a worker's hands: step after step until there is nothing more to do for it.
 *
 * Each step notes in the task's row that it begins and what came of it, so that a task that a dead
 * process left behind is taken up where it was; three deaths at one record and it is failed, so
 * that a file that brings the program down cannot do so for ever.  What fails because the disk is
 * full is tried again until there is room.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "jobs/jobs_priv.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

static bool load(struct work *w, int64_t task_id, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    return store_reader_open(w->company, &reader, err) &&
           store_task_get(reader, &w->arena, task_id, &w->task, err);
}

void work_phase(struct work *w, enum jobs_phase phase)
{
    fault_phase(jobs_phase_name(phase));
    places_phase(w->jobs->places, (size_t)(w->worker - w->jobs->worker), phase);
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

enum import_webhooks work_webhooks(struct work *w, const struct store_task *task)
{
    struct import_settings settings;
    struct err ignored;
    enum import_webhooks how = IMPORT_WEBHOOKS_DEFAULT;
    if (import_settings_parse(&w->arena, task->settings, &settings, &ignored))
        how = settings.webhooks;
    if (how == IMPORT_WEBHOOKS_DEFAULT)
        how = store_company_info(w->company)->import_webhooks;
    return how == IMPORT_WEBHOOKS_DEFAULT ? IMPORT_WEBHOOKS_DIGEST : how;
}

unsigned work_tells(struct work *w, const struct store_task *t)
{
    enum import_webhooks how = work_webhooks(w, t);
    bool completed = t->state == TASK_COMPLETED || t->state == TASK_COMPLETED_WITH_ERRORS;
    if (how == IMPORT_WEBHOOKS_NONE || (!completed && !(t->counts.created + t->counts.updated)))
        return 0;
    return EVENT_BIT(completed ? EVENT_IMPORT_COMPLETED : EVENT_IMPORT_FAILED) |
           (how == IMPORT_WEBHOOKS_RECORD ? EVENT_BIT(EVENT_RECORDS) : 0);
}

bool work_open(struct work *w, struct file_problem *ret_problem, struct err *err)
{
    char path[PATH_MAX];
    *ret_problem = (struct file_problem){0};
    import_plan_free(w->plan);
    w->plan = NULL;
    task_path(w->jobs, &w->task, JOBS_FILE_ITSELF, path, sizeof path);
    if (!import_settings_parse(&w->arena, w->task.settings, &w->settings, err))
        return false;
    if (w->task.state != TASK_ANALYSED) // it was looked at
        import_settings_as_found(&w->arena, w->task.analysis, &w->settings);
    return import_open(path, &w->settings, store_company_zone(w->company), &w->plan, ret_problem,
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
    t.wanted &= ~(unsigned)(WANT_CANCEL | WANT_FAILED);
    t.attempts = t.deaths = 0;
    t.failure = wording_failure_text(&w->arena, problem);
    t.finished_at_us = clock_now_us();
    if (t.trial == TRIAL_RUNNING || t.trial == TRIAL_QUEUED)
        t.trial = TRIAL_FAILED;
    t.tell = work_tells(w, &t);
    log_info("import task %lld failed: %s", (long long)t.id, file_problem_code_name(problem->code));
    return task_end(w->jobs, w->company, &t, err);
}

/* Where no record was in hand, between reading and acting, how much was done by then tells one
 * place from another. */
static uint64_t done_by_then(const struct store_task *t, enum jobs_phase phase)
{
    const struct store_undo_counts *u = &t->undo;
    return phase == JOBS_IMPORT ? t->counts.records + 1
           : phase == JOBS_UNDO ? u->removed + u->restored + u->partly + u->kept + u->gone + 1
                                : 0;
}

/* Counts the death of the process before, if it left the task in its hands. */
static void count_death(struct work *w, struct store_task *t)
{
    uint64_t reading, applying;
    enum jobs_phase phase;
    if (!t->attempts || !places_died(w->jobs->places, store_company_info(w->company)->id, t->id,
                                     &phase, &reading, &applying))
        return;
    log_warning("import task %lld: the process before ended in its %s (reading record %llu, "
                "applying %llu)",
                (long long)t->id, jobs_phase_name(phase), (unsigned long long)reading,
                (unsigned long long)applying);
    if (!reading && !applying)
        applying = done_by_then(t, phase);
    // The reader's place says more than the writer's, which is at one record while a batch is
    // written.
    bool by_reading = reading && reading == t->died_reading,
         by_applying = !by_reading && applying && applying == t->died_applying,
         nowhere = !reading && !applying && !t->died_reading && !t->died_applying;
    bool again = t->deaths && (by_reading || by_applying || nowhere);
    t->deaths = again ? t->deaths + 1 : 1;
    t->attempts = t->deaths;
    t->died_reading = by_applying ? 0 : reading;
    t->died_applying = by_reading ? 0 : applying;
}

/* One death too many at one place. */
static bool is_hopeless(const struct store_task *t, struct file_problem *ret_problem)
{
    if (t->attempts < JOBS_ATTEMPTS)
        return false;
    uint64_t died = t->died_reading ? t->died_reading : t->died_applying;
    ret_problem->line = died && t->deaths >= JOBS_ATTEMPTS ? died : t->counts.records + 1;
    (void)file_problem_set(ret_problem, FILE_CRASHED, (str){0}, (str){0});
    return true;
}

/* Notes an attempt at a step; false with *ret_problem when it was one too many. */
static bool note_attempt(struct work *w, struct file_problem *ret_problem, struct err *err)
{
    struct store_task t;
    *ret_problem = (struct file_problem){0};
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    if (!w->counted) {
        count_death(w, &t);
        if (is_hopeless(&t, ret_problem)) {
            task_leave(w->jobs);
            return false;
        }
        t.attempts++;
    }
    if (t.state == TASK_QUEUED) {
        t.state = TASK_PROCESSING;
        if (!t.started_at_us)
            t.started_at_us = clock_now_us();
    }
    if (t.trial == TRIAL_QUEUED && t.state == TASK_READY)
        t.trial = TRIAL_RUNNING;
    w->task = t;
    return w->counted = task_end(w->jobs, w->company, &t, err);
}

/* The process stops in good order: its attempt was none. */
static void take_attempt_back(struct work *w)
{
    struct store_task t;
    struct err ignored = {0};
    if (!w->counted || !task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, &ignored))
        return;
    t.attempts -= t.attempts > 0;
    IGNORE(task_end(w->jobs, w->company, &t, &ignored));
}

/* What is to be done next; false: nothing. */
static bool next_step(const struct store_task *t, bool (**ret_step)(struct work *, struct err *))
{
    bool trial = t->trial == TRIAL_QUEUED || t->trial == TRIAL_RUNNING;
    *ret_step = t->state == TASK_ANALYSED                                     ? analysis_step
                : t->state == TASK_READY && trial                             ? trial_step
                : t->state == TASK_QUEUED || t->state == TASK_PROCESSING      ? import_step
                : t->state == TASK_REVERTING                                  ? undo_step
                : t->state >= TASK_COMPLETED && (t->wanted & WANT_UNDO_TRIAL) ? undo_preview_step
                                                                              : NULL;
    return *ret_step != NULL;
}

/* The step cannot be taken for this reason: it is over, and the task says why. */
static bool give_up(struct work *w, const struct file_problem *problem, struct err *err)
{
    bool preview = jobs_task_is_over(&w->task);
    err->code = ERR_NONE;
    return preview                            ? undo_preview_fail(w, problem, err)
           : w->task.state == TASK_PROCESSING ? import_fail(w, problem, err)
                                              : work_fail(w, problem, err);
}

static bool take_step(struct work *w, struct err *err)
{
    bool (*step)(struct work *, struct err *);
    struct file_problem problem;
    if (!next_step(&w->task, &step))
        return false;
    if (!note_attempt(w, &problem, err))
        return problem.code != FILE_OK && give_up(w, &problem, err);
    if (!step(w, err))
        return false;
    // It says itself in the task's row how it ended, unless the jobs stopped it.
    w->counted = w->counted && jobs_stopping(w->jobs);
    w->failing = false;
    return true;
}

/* The store has no room, or another program holds it: that passes. */
static bool will_pass(const struct err *err)
{
    return err->code == ERR_LIMIT || err->code == ERR_BUSY;
}

/* Waits a while; false: the jobs stop. */
static bool pause_work(struct work *w)
{
    struct jobs *j = w->jobs;
    struct timespec until;
    work_phase(w, JOBS_WAITING);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RETRY_S;
    pthread_mutex_lock(&j->lock);
    while (!j->stopping && pthread_cond_timedwait(&j->changed, &j->lock, &until) != ETIMEDOUT)
        ;
    bool go_on = !j->stopping;
    pthread_mutex_unlock(&j->lock);
    return go_on;
}

/* A step failed and left the task as it was.  False: the jobs stop. */
static bool after_failure(struct work *w, struct err *err)
{
    struct file_problem problem = {0};
    if (jobs_stopping(w->jobs))
        return false;
    if (!w->failing)
        log_error("import task %lld: %s%s", (long long)w->task.id, err->msg,
                  will_pass(err) ? "; it is tried again until that has passed" : "");
    w->failing = true;
    if (!will_pass(err) && w->task.id) {
        (void)file_problem_set(&problem, FILE_STORE, (str){0},
                               arena_str(&w->arena, str_of(err->msg)));
        if (give_up(w, &problem, err))
            return true;
    }
    return pause_work(w);
}

/* One step further; false: there is nothing more to do, or the jobs stop. */
static bool go_on(struct work *w, int64_t task_id)
{
    bool (*step)(struct work *, struct err *);
    struct err err = {0};
    bool ok = load(w, task_id, &err);
    if (ok && !next_step(&w->task, &step))
        return false;
    return (ok && take_step(w, &err)) || after_failure(w, &err);
}

void work_run(struct jobs *j, struct worker *worker, const struct job *job)
{
    struct work w = {.jobs = j, .worker = worker};
    struct err err = {0};
    size_t number = (size_t)(worker - j->worker);
    if (!store_company_open(j->store, job->company_id, &w.company, &err)) {
        log_error("import task %lld: %s", (long long)job->task_id, err.msg);
        return;
    }
    w.place = places_enter(j->places, number, job->company_id, job->task_id);
    while (!jobs_stopping(j) && go_on(&w, job->task_id))
        ;
    if (jobs_stopping(j))
        take_attempt_back(&w);
    (void)places_enter(j->places, number, 0, 0);
    import_plan_free(w.plan);
    arena_done(&w.arena);
}
