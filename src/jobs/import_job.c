/* An import task from queued to its end.
 *
 * The task's counters and position are committed with the rows, so a task that a dead process left
 * behind goes on from its last commit; three deaths at one position and it is failed, so that a
 * file that brings the program down cannot do so for ever.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "importer/wording.h"
#include "jobs/jobs_priv.h"

#include <limits.h>
#include <stdio.h>

enum { MAX_ATTEMPTS = 3 };

struct import_job {
    struct jobs *jobs;
    struct store_company *company;
    struct arena arena;
    struct store_task task;
};

static bool load(struct import_job *job, int64_t task_id, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    return store_reader_open(job->company, &reader, err) &&
           store_task_get(reader, &job->arena, task_id, &job->task, err);
}

static bool save(struct import_job *job, struct err *err)
{
    return store_task_update(job->company, &job->task, err);
}

static bool fail(struct import_job *job, const struct file_problem *problem, struct err *err)
{
    job->task.state = TASK_FAILED;
    job->task.failure = wording_failure_text(&job->arena, problem);
    job->task.finished_at_us = clock_now_us();
    log_info("import task %lld failed: %s", (long long)job->task.id,
             file_problem_code_name(problem->code));
    return save(job, err);
}

static bool begin(struct import_job *job, struct err *err)
{
    job->task.state = TASK_PROCESSING;
    job->task.attempts++;
    if (!job->task.started_at_us)
        job->task.started_at_us = clock_now_us();
    return save(job, err);
}

static bool complete(struct import_job *job, struct err *err)
{
    // The counters are the store's: read what was committed, not what this process happened to see.
    if (!load(job, job->task.id, err))
        return false;
    job->task.state = job->task.counts.failed ? TASK_COMPLETED_WITH_ERRORS : TASK_COMPLETED;
    job->task.finished_at_us = clock_now_us();
    job->task.attempts = 0;
    return save(job, err);
}

static bool is_stopping(void *context)
{
    return jobs_stopping(((struct import_job *)context)->jobs);
}

static bool pause(struct import_job *job, struct err *err)
{
    if (!load(job, job->task.id, err))
        return false;
    job->task.attempts = 0; // stopped in good order: no mark against the file
    return save(job, err);
}

static bool apply(struct import_job *job, struct import_plan *plan, struct err *err)
{
    const struct import_watch watch = {.cancelled = is_stopping, .context = job};
    struct import_progress progress;
    struct file_problem problem;
    if (import_run(plan, job->company, NULL, job->task.id, job->task.counts.records, &watch,
                   &progress, &problem, err))
        return complete(job, err);
    if (err->code == ERR_BUSY && jobs_stopping(job->jobs))
        return pause(job, err);
    if (problem.code == FILE_OK) // the store's failure, a full disk for example
        (void)file_problem_set(&problem, FILE_UNREADABLE, (str){0}, str_of(err->msg));
    return load(job, job->task.id, err) && fail(job, &problem, err);
}

static bool run(struct import_job *job, struct err *err)
{
    AUTO(import_plan_free) struct import_plan *plan = NULL;
    struct import_settings settings;
    struct file_problem problem = {0};
    char path[PATH_MAX];
    if (job->task.attempts >= MAX_ATTEMPTS) {
        problem.line = job->task.counts.records + 1;
        (void)file_problem_set(&problem, FILE_CRASHED, (str){0}, (str){0});
        return fail(job, &problem, err);
    }
    (void)snprintf(path, sizeof path, "%s/uploads/%.*s", job->jobs->data_dir,
                   STR_ARG(job->task.upload));
    if (!begin(job, err) || !import_settings_parse(&job->arena, job->task.settings, &settings, err))
        return false;
    if (!import_open(path, &settings, store_company_zone(job->company), &plan, &problem, err))
        return fail(job, &problem, err);
    return apply(job, plan, err);
}

void import_job_run(struct jobs *j, const struct job *job)
{
    struct import_job it = {.jobs = j};
    struct err err = {0};
    if (!store_company_open(j->store, job->company_id, &it.company, &err) ||
        !load(&it, job->task_id, &err) || !run(&it, &err))
        log_error("import task %lld: %s", (long long)job->task_id, err.msg);
    arena_done(&it.arena);
}
