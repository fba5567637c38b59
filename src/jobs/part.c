/* Uploads in pieces: the file lies under its final name from the beginning, and its task says that
 * it is not whole.  How much has come is the size of the file, so that nothing of a piece is lost
 * when its connection or this process ends in the middle of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "jobs/jobs_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { QUIET_US = 1000000 };

/* --- one at a time --- */

bool turn_take(struct jobs *j, int64_t company_id, int64_t task_id, const void *owner)
{
    int64_t now = clock_monotonic_us();
    pthread_mutex_lock(&j->turns_lock);
    struct turn *t = j->turns;
    while (t && (t->company_id != company_id || t->task_id != task_id))
        t = t->next;
    bool free = !t || now - t->heard_us > QUIET_US;
    if (!t) {
        t = mem_new(1, sizeof *t);
        *t = (struct turn){.next = j->turns, .company_id = company_id, .task_id = task_id};
        j->turns = t;
    }
    if (free) {
        t->owner = owner;
        t->heard_us = now;
    }
    pthread_mutex_unlock(&j->turns_lock);
    return free;
}

void turn_give(struct jobs *j, const void *owner)
{
    pthread_mutex_lock(&j->turns_lock);
    for (struct turn **at = &j->turns; *at; at = &(*at)->next) {
        struct turn *t = *at;
        if (t->owner != owner)
            continue;
        *at = t->next;
        mem_free(t);
        break;
    }
    pthread_mutex_unlock(&j->turns_lock);
}

bool turn_write(struct jobs_upload *u, str bytes, struct err *err)
{
    pthread_mutex_lock(&u->jobs->turns_lock);
    struct turn *t = u->jobs->turns;
    while (t && t->owner != u)
        t = t->next;
    bool ok = t ? file_write_fd(u->fd, bytes, err)
                : err_set(err, ERR_BUSY, "another request goes on with this upload");
    if (t)
        t->heard_us = clock_monotonic_us();
    pthread_mutex_unlock(&u->jobs->turns_lock);
    return ok;
}

/* --- the file --- */

static int64_t until_us(const struct jobs *j, const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000 + j->keep_parts_us;
}

static bool gone(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND,
                   "this upload was cancelled, or did not go on in time: begin it anew");
}

/* Opens the file of an upload that is not whole.  Errors: ERR_NOT_FOUND. */
static bool open_part(const struct jobs *j, const struct store_task *task, int *ret_fd,
                      struct stat *ret_stat, struct err *err)
{
    char path[PATH_MAX];
    if (task->state != TASK_UPLOADING || !task->upload.len)
        return gone(err);
    task_path(j, task, JOBS_FILE_ITSELF, path, sizeof path);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? gone(err) : err_errno(err, "cannot open the upload");
    if (fstat(fd, ret_stat) != 0 || until_us(j, ret_stat) < clock_now_us()) {
        (void)close(fd);
        return gone(err);
    }
    *ret_fd = fd;
    return true;
}

uint64_t part_received(const struct jobs *j, const struct store_task *task)
{
    char path[PATH_MAX];
    struct stat st;
    task_path(j, task, JOBS_FILE_ITSELF, path, sizeof path);
    return task->upload.len && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void part_drop(struct jobs *j, struct store_task *task)
{
    char path[PATH_MAX];
    task_path(j, task, JOBS_FILE_ITSELF, path, sizeof path);
    if (task->upload.len)
        (void)unlink(path);
    task->upload = (str){0};
}

/* --- from its beginning to its end --- */

bool jobs_part_begin(struct jobs *j, struct store_company *company, struct jobs_upload *u,
                     const struct jobs_import_options *options, uint64_t whole_bytes,
                     int64_t *ret_id, struct jobs_part *ret_part, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task task = upload_task(u, options, &a);
    task.state = u->bytes == whole_bytes ? TASK_ANALYSED : TASK_UPLOADING;
    task.bytes = whole_bytes;
    task.wanted |= WANT_UNPACK;
    const struct store_deed deed = upload_deed(options);
    // First the file, then the task that names it, as in jobs_import().
    if (!upload_keep(u, &a, task.state == TASK_ANALYSED ? &task.sha256 : NULL, err))
        return false;
    task.upload = str_of(u->name);
    if (!store_task_create(company, &task, &deed, err))
        return false;
    u->kept = true;
    *ret_id = task.id;
    *ret_part = (struct jobs_part){.received = u->bytes};
    if (task.state == TASK_ANALYSED)
        jobs_enqueue(j, store_company_info(company)->id, task.id);
    else
        ret_part->until_us = clock_now_us() + j->keep_parts_us;
    return true;
}

bool jobs_part_look(struct jobs *j, const struct store_task *task, struct jobs_part *ret_part,
                    struct err *err)
{
    struct stat st;
    int fd;
    if (task->state != TASK_UPLOADING && task->upload.len) {
        *ret_part = (struct jobs_part){.received = task->bytes};
        return true;
    }
    if (!open_part(j, task, &fd, &st, err))
        return false;
    // What comes meanwhile is not promised: only what was there before the sync.
    bool ok = fsync(fd) == 0 || err_errno(err, "cannot sync the upload");
    (void)close(fd);
    *ret_part = (struct jobs_part){.received = (uint64_t)st.st_size, .until_us = until_us(j, &st)};
    return ok;
}

bool jobs_part_resume(struct jobs *j, struct store_company *company, const struct store_task *task,
                      uint64_t offset, struct jobs_upload **ret_upload, struct err *err)
{
    struct stat st = {0};
    int64_t company_id = store_company_info(company)->id;
    if (task->state != TASK_UPLOADING && task->upload.len)
        return err_set(err, ERR_CONFLICT, "the upload is whole: there is nothing to add");
    AUTO(jobs_upload_free) struct jobs_upload *u = mem_new(1, sizeof *u);
    *u = (struct jobs_upload){.fd = -1,
                              .dir_fd = j->uploads_fd,
                              .max_bytes = task->bytes,
                              .kept = true,
                              .company_id = company_id,
                              .task_id = task->id};
    if (!turn_take(j, company_id, task->id, u))
        return err_set(err, ERR_BUSY, "another request is at this upload: try again later");
    u->jobs = j;
    if (!open_part(j, task, &u->fd, &st, err))
        return false;
    u->bytes = (uint64_t)st.st_size;
    if (u->bytes != offset)
        return err_set(err, ERR_CONFLICT, "%llu bytes have come: go on from there",
                       (unsigned long long)u->bytes);
    *ret_upload = TAKE(u);
    return true;
}

bool jobs_part_drop(struct jobs *j, struct store_company *company, int64_t id,
                    const struct asker *by, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task t;
    if (!task_begin(j, company, &a, id, &t, err))
        return false;
    if (t.state != TASK_UPLOADING) {
        task_leave(j);
        return t.upload.len ? err_set(err, ERR_CONFLICT, "the upload is whole") : gone(err);
    }
    part_drop(j, &t);
    t.state = TASK_CANCELLED;
    t.finished_at_us = clock_now_us();
    return task_end_by(j, company, &t, task_action_name(TASK_CANCEL), by, err);
}

bool jobs_part_end(struct jobs *j, struct store_company *company, struct jobs_upload *u,
                   struct jobs_part *ret_part, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task t;
    struct stat st;
    if (fsync(u->fd) != 0 || fstat(u->fd, &st) != 0)
        return err_errno(err, "cannot sync the upload");
    if (!st.st_nlink)
        return gone(err);
    *ret_part = (struct jobs_part){.received = u->bytes, .until_us = until_us(j, &st)};
    if (u->bytes < u->max_bytes)
        return true;
    if (!task_begin(j, company, &a, u->task_id, &t, err))
        return false;
    ret_part->until_us = 0;
    if (t.state != TASK_UPLOADING) {
        task_leave(j);
        return t.upload.len || gone(err); // or a request that was taken for dead ended it
    }
    t.state = TASK_ANALYSED;
    if (!task_end(j, company, &t, err))
        return false;
    jobs_enqueue(j, u->company_id, t.id);
    return true;
}

/* --- those that do not go on --- */

static bool expire(struct jobs *j, struct store_company *company, int64_t id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct file_problem problem = {0};
    struct store_task t;
    struct stat st;
    char path[PATH_MAX];
    if (!task_begin(j, company, &a, id, &t, err))
        return false;
    task_path(j, &t, JOBS_FILE_ITSELF, path, sizeof path);
    bool there = stat(path, &st) == 0;
    if (t.state != TASK_UPLOADING || (there && until_us(j, &st) >= clock_now_us())) {
        task_leave(j);
        return true;
    }
    problem.limit = t.bytes;
    problem.offset = there ? (uint64_t)st.st_size : 0;
    (void)file_problem_set(&problem, FILE_UPLOAD_EXPIRED, (str){0}, (str){0});
    t.failure = wording_failure_text(&a, &problem);
    t.state = TASK_FAILED;
    t.finished_at_us = clock_now_us();
    part_drop(j, &t);
    log_info("import task %lld failed: %s", (long long)id, file_problem_code_name(problem.code));
    return task_end(j, company, &t, err);
}

bool part_expire(struct jobs *j, struct store_company *company, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    int64_t company_id = store_company_info(company)->id;
    struct store_task *task;
    size_t count;
    if (!store_reader_open(company, &reader, err) ||
        !store_task_list(reader, &a, TASKS_UPLOADING, 0, SIZE_MAX, &task, &count, err))
        return false;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        if (!turn_take(j, company_id, task[i].id, &task[i]))
            continue; // it goes on this very moment
        ok = expire(j, company, task[i].id, err);
        turn_give(j, &task[i]);
    }
    return ok;
}
