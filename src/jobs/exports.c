/* The queue of exports, their workers, and their files' time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "jobs/exports.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "jobs/exports_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

void export_path(const struct jobs *j, int64_t company_id, str file, const char *ending,
                 char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s/" STORE_EXPORTS "/%lld/%.*s%s", j->data_dir,
                   (long long)company_id, STR_ARG(file), ending);
}

/* --- the queue --- */

static void enqueue(struct exports *x, int64_t company_id, int64_t id)
{
    struct job *job = mem_new(1, sizeof *job);
    job->company_id = company_id;
    job->task_id = id;
    pthread_mutex_lock(&x->lock);
    *x->last = job;
    x->last = &job->next;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
}

/* The first of a company that no worker is at; with the lock held. */
static struct job *take_job(struct exports *x, struct export_worker *w)
{
    for (struct job **at = &x->first; *at; at = &(*at)->next) {
        bool busy = false;
        for (size_t i = 0; i < EXPORT_WORKERS; i++)
            busy = busy || x->worker[i].company_id == (*at)->company_id;
        if (busy)
            continue;
        struct job *job = *at;
        *at = job->next;
        if (x->last == &job->next)
            x->last = at;
        w->company_id = job->company_id;
        w->task_id = job->task_id;
        w->records = 0;
        return job;
    }
    return NULL;
}

static struct job *dequeue(struct exports *x, struct export_worker *w)
{
    struct job *job = NULL;
    pthread_mutex_lock(&x->lock);
    w->company_id = w->task_id = 0;
    pthread_cond_broadcast(&x->changed); // another of that company may have waited for this
    while (!x->stopping && !(job = take_job(x, w)))
        pthread_cond_wait(&x->changed, &x->lock);
    pthread_mutex_unlock(&x->lock);
    return job;
}

static void *worker_main(void *context)
{
    struct export_worker *w = context;
    struct job *job;
    while ((job = dequeue(w->exports, w)) != NULL) {
        export_job(w, job->company_id, job->task_id);
        mem_free(job);
    }
    return NULL;
}

bool exports_stopping(struct exports *x)
{
    pthread_mutex_lock(&x->lock);
    bool stopping = x->stopping;
    pthread_mutex_unlock(&x->lock);
    return stopping;
}

/* --- what was left, and what is too old --- */

/* Whether a file of the folder is one of the tasks'. */
static bool is_kept(const struct store_export *task, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(task[i].file, name))
            return true;
    return false;
}

/* Half a file, and one whose task was not told that it is whole. */
static void remove_strays(const struct jobs *j, int64_t company_id, const struct store_export *task,
                          size_t count)
{
    char path[PATH_MAX];
    export_path(j, company_id, STR(""), "", path);
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && !is_kept(task, count, str_of(entry->d_name)))
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        (void)closedir(dir);
}

static bool recover_company(struct exports *x, int64_t company_id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct store_company *c;
    struct store_export *task;
    size_t count;
    if (!store_company_open(x->jobs->store, company_id, &c, err) ||
        !store_reader_open(c, &reader, err) ||
        !store_export_list(reader, &a, 1u << EXPORT_COMPLETED, 0, SIZE_MAX, &task, &count, err))
        return false;
    remove_strays(x->jobs, company_id, task, count);
    if (!store_export_list(reader, &a, EXPORTS_UNFINISHED, 0, SIZE_MAX, &task, &count, err))
        return false;
    while (count--) // they came last first
        enqueue(x, company_id, task[count].id);
    return true;
}

static bool recover(struct exports *x, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct company *company;
    size_t count;
    if (!store_company_list(x->jobs->store, &a, &company, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!recover_company(x, company[i].id, err))
            return err_context(err, "company %lld: ", (long long)company[i].id);
    return true;
}

bool exports_sweep(struct jobs *j, struct store_company *c, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    int64_t now = clock_now_us();
    struct store_export *task;
    char path[PATH_MAX];
    size_t count;
    if (!store_reader_open(c, &reader, err) ||
        !store_export_list(reader, &a, 1u << EXPORT_COMPLETED, 0, SIZE_MAX, &task, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!task[i].file.len || jobs_export_until(j, &task[i]) >= now)
            continue;
        export_path(j, store_company_info(c)->id, task[i].file, "", path);
        (void)unlink(path);
        task[i].file = STR("");
        if (!store_export_update(c, &task[i], err) && err->code != ERR_NOT_FOUND)
            return false;
    }
    return store_export_purge(c, now - jobs_keep(j, c).audit_us, err);
}

/* --- from start to stop --- */

bool exports_start(struct jobs *j, struct err *err)
{
    struct exports *x = mem_new(1, sizeof *x);
    char path[PATH_MAX];
    x->jobs = j;
    x->last = &x->first;
    (void)pthread_mutex_init(&x->lock, NULL);
    (void)pthread_cond_init(&x->changed, NULL);
    j->exports = x;
    (void)snprintf(path, sizeof path, "%s/" STORE_EXPORTS, j->data_dir);
    if (!file_mkdir(path, 0700, err) || !recover(x, err))
        return false;
    for (; x->workers < EXPORT_WORKERS; x->workers++) {
        struct export_worker *w = &x->worker[x->workers];
        w->exports = x;
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            return err_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    return true;
}

void exports_stop(struct exports *x)
{
    if (!x)
        return;
    pthread_mutex_lock(&x->lock);
    x->stopping = true;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    for (size_t i = 0; i < x->workers; i++)
        (void)pthread_join(x->worker[i].thread, NULL);
    while (x->first) {
        struct job *next = x->first->next;
        mem_free(x->first);
        x->first = next;
    }
    (void)pthread_mutex_destroy(&x->lock);
    (void)pthread_cond_destroy(&x->changed);
    mem_free(x);
}

/* --- for others --- */

bool jobs_export_create(struct jobs *j, struct store_company *company, struct arena *a,
                        struct store_export *task, struct err *err)
{
    unsigned char random[16];
    crypto_random(random, sizeof random);
    task->state = EXPORT_WAITING;
    task->file = crypto_hex(a, random, sizeof random);
    if (!store_export_create(company, task, err))
        return false;
    enqueue(j->exports, store_company_info(company)->id, task->id);
    return true;
}

bool jobs_export_delete(struct jobs *j, struct store_company *company,
                        const struct store_export *task, const struct asker *by, struct err *err)
{
    int64_t company_id = store_company_info(company)->id;
    char path[PATH_MAX];
    // First the task: a worker that does not find it any more keeps no file.
    if (!store_export_delete(company, task->id, by, err))
        return false;
    if (!task->file.len)
        return true;
    export_path(j, company_id, task->file, EXPORT_PART, path);
    (void)unlink(path);
    export_path(j, company_id, task->file, "", path);
    (void)unlink(path);
    return true;
}

int64_t jobs_export_until(const struct jobs *j, const struct store_export *task)
{
    return task->state == EXPORT_COMPLETED ? task->finished_at_us + j->keep_exports_us : 0;
}

bool jobs_export_open(struct jobs *j, struct store_company *company,
                      const struct store_export *task, int *ret_fd, struct err *err)
{
    char path[PATH_MAX];
    if (!task->file.len || jobs_export_until(j, task) < clock_now_us())
        return err_set(err, ERR_NOT_FOUND, "the file's time is over");
    export_path(j, store_company_info(company)->id, task->file, "", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open the export");
    *ret_fd = fd;
    return true;
}

uint64_t jobs_export_records(struct jobs *j, struct store_company *company,
                             const struct store_export *task)
{
    struct exports *x = j->exports;
    uint64_t records = task->records;
    if (task->state != EXPORT_PROCESSING)
        return records;
    pthread_mutex_lock(&x->lock);
    for (size_t i = 0; i < EXPORT_WORKERS; i++)
        if (x->worker[i].company_id == store_company_info(company)->id &&
            x->worker[i].task_id == task->id)
            records = x->worker[i].records;
    pthread_mutex_unlock(&x->lock);
    return records;
}
