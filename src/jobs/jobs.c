/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { SWEEP_EVERY_S = 3600 };

bool jobs_stopping(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    bool stopping = j->stopping;
    pthread_mutex_unlock(&j->lock);
    return stopping;
}

void jobs_enqueue(struct jobs *j, int64_t company_id, int64_t task_id)
{
    struct job *job = mem_new(1, sizeof *job);
    job->company_id = company_id;
    job->task_id = task_id;
    pthread_mutex_lock(&j->lock);
    *j->last = job;
    j->last = &job->next;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
}

/* Takes the first job of a company that no worker is at: a company's files act in the order in
 * which they came. */
static struct job *take_job(struct jobs *j, size_t worker)
{
    for (struct job **at = &j->first; *at; at = &(*at)->next) {
        bool busy = false;
        for (size_t i = 0; i < JOBS_WORKERS; i++)
            busy = busy || j->worker[i].company_id == (*at)->company_id;
        if (busy)
            continue;
        struct job *job = *at;
        *at = job->next;
        if (j->last == &job->next)
            j->last = at;
        j->worker[worker].company_id = job->company_id;
        j->worker[worker].task_id = job->task_id;
        j->worker[worker].cancel = false;
        j->worker[worker].live = (struct jobs_live){.phase = JOBS_IDLE};
        return job;
    }
    return NULL;
}

/* The next job, or NULL when the jobs stop. */
static struct job *dequeue(struct jobs *j, size_t worker)
{
    struct job *job = NULL;
    pthread_mutex_lock(&j->lock);
    j->worker[worker].company_id = j->worker[worker].task_id = 0;
    pthread_cond_broadcast(&j->changed); // a job of that company may have waited for this
    while (!j->stopping && !(job = take_job(j, worker))) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += SWEEP_EVERY_S;
        if (pthread_cond_timedwait(&j->changed, &j->lock, &until) == ETIMEDOUT) {
            pthread_mutex_unlock(&j->lock);
            if (!j->once)
                sweep_old(j);
            pthread_mutex_lock(&j->lock);
        }
    }
    pthread_mutex_unlock(&j->lock);
    return job;
}

static void *worker_main(void *context)
{
    struct jobs *j = context;
    struct job *job;
    pthread_mutex_lock(&j->lock);
    size_t worker = j->started++;
    pthread_mutex_unlock(&j->lock);
    while ((job = dequeue(j, worker)) != NULL) {
        work_run(j, &j->worker[worker], job);
        mem_free(job);
    }
    return NULL;
}

/* Takes up what an earlier process left unfinished. */
static bool recover(struct jobs *j, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct company *company;
    size_t companies;
    if (!store_company_list(j->store, &a, &company, &companies, err))
        return false;
    for (size_t i = 0; i < companies; i++) {
        AUTO(store_reader_free) struct store_reader *reader = NULL;
        struct store_company *c;
        struct store_task *task;
        size_t count;
        if (!store_company_open(j->store, company[i].id, &c, err) ||
            !store_reader_open(c, &reader, err) ||
            !store_task_list(reader, &a, TASKS_UNFINISHED, 0, SIZE_MAX, &task, &count, err))
            return err_context(err, "company %lld: ", (long long)company[i].id);
        for (size_t t = 0; t < count; t++)
            jobs_enqueue(j, company[i].id, task[t].id);
    }
    return true;
}

static bool open_uploads(struct jobs *j, struct err *err)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/uploads", j->data_dir);
    if (!file_mkdir(path, 0700, err))
        return false;
    j->uploads_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return j->uploads_fd >= 0 || err_errno(err, "cannot open '%s'", path);
}

static void set_retention(struct jobs *j, const struct jobs_config *c)
{
    const struct {
        int64_t *keep_us, unit_us;
        uint64_t stated, usual;
    } times[] = {{&j->keep_files_us, DAY_US, c->keep_files_days, 7},
                 {&j->keep_trail_us, DAY_US, c->keep_trail_days, 30},
                 {&j->keep_audit_us, DAY_US, c->keep_audit_days, 3 * 365 + 1},
                 {&j->keep_parts_us, HOUR_US, c->keep_parts_hours, 24},
                 {&j->keep_exports_us, HOUR_US, c->keep_exports_hours, 24}};
    for (size_t i = 0; i < COUNT(times); i++)
        *times[i].keep_us =
            (int64_t)(times[i].stated ? times[i].stated : times[i].usual) * times[i].unit_us;
}

bool jobs_start(const struct jobs_config *config, struct jobs **ret_jobs, struct err *err)
{
    struct jobs *j = mem_new(1, sizeof *j);
    j->store = config->store;
    j->data_dir = mem_strdup(config->data_dir);
    j->once = config->once;
    set_retention(j, config);
    j->batch_rows = config->batch_rows;
    j->unpacked_limit_bytes =
        config->unpacked_limit_bytes ? config->unpacked_limit_bytes : LIMIT_UPLOAD_BYTES;
    if (config->webhook_allow)
        j->webhook_allow = *config->webhook_allow;
    if (config->webhook_ca)
        j->webhook_ca = mem_strdup(config->webhook_ca);
    j->uploads_fd = -1;
    j->last = &j->first;
    (void)pthread_mutex_init(&j->lock, NULL);
    (void)pthread_mutex_init(&j->task_lock, NULL);
    (void)pthread_mutex_init(&j->turns_lock, NULL);
    (void)pthread_cond_init(&j->changed, NULL);
    if (!open_uploads(j, err)) {
        jobs_stop(j);
        return false;
    }
    j->names = names_new();
    j->places = places_open(j->data_dir, !j->once);
    if (!j->once) {
        sweep_parts(j);
        sweep_old(j);
    }
    if (!j->once && (!recover(j, err) || !exports_start(j, err))) {
        jobs_stop(j);
        return false;
    }
    for (; j->workers < JOBS_WORKERS; j->workers++)
        if (pthread_create(&j->worker[j->workers].thread, NULL, worker_main, j) != 0) {
            jobs_stop(j);
            return err_set(err, ERR_INTERNAL, "cannot start a thread");
        }
    if (config->inbox && !inbox_start(j, config->inbox, config->language, &j->inbox, err)) {
        jobs_stop(j);
        return false;
    }
    if (!j->once && !sender_start(j, &j->sender, err)) {
        jobs_stop(j);
        return false;
    }
    *ret_jobs = j;
    return true;
}

void jobs_stop(struct jobs *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
    sender_stop(j->sender);
    inbox_stop(j->inbox);
    exports_stop(j->exports);
    for (size_t i = 0; i < j->workers; i++)
        (void)pthread_join(j->worker[i].thread, NULL);
    while (j->first) {
        struct job *next = j->first->next;
        mem_free(j->first);
        j->first = next;
    }
    places_free(j->places);
    names_free(j->names);
    if (j->uploads_fd >= 0)
        (void)close(j->uploads_fd);
    (void)pthread_mutex_destroy(&j->lock);
    (void)pthread_mutex_destroy(&j->task_lock);
    (void)pthread_mutex_destroy(&j->turns_lock);
    (void)pthread_cond_destroy(&j->changed);
    mem_free(j->webhook_ca);
    mem_free(j->data_dir);
    mem_free(j);
}
