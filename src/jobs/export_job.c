/* One export, from its task to its file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "exporter/export.h"
#include "exporter/request.h"
#include "jobs/exports.h"
#include "jobs/exports_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct making {
    struct export_worker *w;
    struct store_company *company;
    struct arena arena;
    struct store_reader *reader;
    struct store_export task;
    struct export_request request;
    char path[PATH_MAX], part[PATH_MAX];
    int fd;
};

/* A file without a name is one whose task or company is gone. */
static bool has_name(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static bool go_on(void *context, uint64_t count)
{
    struct making *m = context;
    struct exports *x = m->w->exports;
    pthread_mutex_lock(&x->lock);
    m->w->records = count;
    bool stopping = x->stopping;
    pthread_mutex_unlock(&x->lock);
    return !stopping && has_name(m->fd);
}

static bool open_part(struct making *m, struct err *err)
{
    int64_t company_id = store_company_info(m->company)->id;
    export_path(m->w->exports->jobs, company_id, STR(""), "", m->path);
    if (!file_mkdir(m->path, 0700, err))
        return false;
    export_path(m->w->exports->jobs, company_id, m->task.file, "", m->path);
    export_path(m->w->exports->jobs, company_id, m->task.file, EXPORT_PART, m->part);
    m->fd = open(m->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return m->fd >= 0 || err_errno(err, "cannot create the export's file");
}

/* Syncs the file under its final name, and the name. */
static bool keep(struct making *m, struct err *err)
{
    struct stat st;
    char folder[PATH_MAX];
    if (fsync(m->fd) != 0 || fstat(m->fd, &st) != 0)
        return err_errno(err, "cannot sync the export's file");
    if (rename(m->part, m->path) != 0)
        return err_errno(err, "cannot keep the export's file");
    m->task.bytes = (uint64_t)st.st_size;
    export_path(m->w->exports->jobs, store_company_info(m->company)->id, STR(""), "", folder);
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = dir >= 0 && fsync(dir) == 0;
    if (!ok)
        err_errno(err, "cannot sync the exports");
    if (dir >= 0)
        (void)close(dir);
    return ok;
}

static bool make(struct making *m, struct err *err)
{
    const struct export_options options = {.format = rows_format_of(m->task.format),
                                           .gzip = !str_eq(m->task.format, STR("xlsx")),
                                           .fields = &m->request.fields,
                                           .search =
                                               m->request.searches ? &m->request.search : NULL,
                                           .filter = &m->request.filter,
                                           .order = &m->request.order,
                                           .program = m->task.program,
                                           .go_on = go_on,
                                           .context = m};
    return open_part(m, err) &&
           export_run(m->reader, store_company_zone(m->company), &options, m->fd, &m->task.records,
                      err) &&
           keep(m, err);
}

static void reject(struct making *m, const char *code, const char *detail)
{
    m->task.state = EXPORT_REJECTED;
    m->task.finished_at_us = clock_now_us();
    m->task.file = STR("");
    m->task.code = str_of(code);
    m->task.detail = str_of(detail);
    log_info("export task %lld was rejected: %s", (long long)m->task.id, code);
}

/* What a program complains of may quote a customer: that is for who asked, not for the log. */
static void explain(struct making *m, const struct err *err)
{
    switch (err->code) {
    case ERR_LIMIT:
        reject(m, EXPORT_DISK_FULL, "");
        break;
    case ERR_INVALID:
        reject(m, EXPORT_DOES_NOT_FIT, err->msg);
        break;
    case ERR_CONFLICT:
        reject(m, EXPORT_PROGRAM, err->msg);
        break;
    default:
        log_error("export task %lld: %s", (long long)m->task.id, err->msg);
        reject(m, EXPORT_STORE, "");
        break;
    }
}

/* Writes the task; a full disk is waited for.  False: it was deleted, or the exports stop. */
static bool note(struct making *m)
{
    struct exports *x = m->w->exports;
    bool told = false;
    for (;;) {
        struct err err = {0};
        struct timespec until;
        if (store_export_update(m->company, &m->task, &err))
            return true;
        if (err.code == ERR_NOT_FOUND)
            return false;
        if (!told)
            log_error("export task %lld: %s; it is tried again until that has passed",
                      (long long)m->task.id, err.msg);
        told = true;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += RETRY_S;
        pthread_mutex_lock(&x->lock);
        while (!x->stopping && pthread_cond_timedwait(&x->changed, &x->lock, &until) != ETIMEDOUT)
            ;
        bool stopping = x->stopping;
        pthread_mutex_unlock(&x->lock);
        if (stopping)
            return false;
    }
}

/* Notes that this process begins; false when there is nothing to do. */
static bool begin(struct making *m, struct err *err)
{
    struct json_place place;
    struct json options;
    str where;
    struct store_export *t = &m->task;
    if (!((EXPORTS_UNFINISHED >> t->state) & 1))
        return false;
    if (t->attempts >= JOBS_ATTEMPTS) {
        reject(m, EXPORT_CRASHED, "");
        return !note(m) && false;
    }
    if (!json_parse(t->options, &m->arena, &options, &place, err) ||
        !export_request_parse(&m->arena, &options, &m->request, &where, err) ||
        (!m->request.filter.count && !m->request.searches &&
         !store_count(m->reader, &t->total, err)))
        return false;
    t->state = EXPORT_PROCESSING;
    t->attempts++;
    if (!t->started_at_us)
        t->started_at_us = clock_now_us();
    return note(m);
}

static void end(struct making *m, bool ok, const struct err *err)
{
    bool stopped = !ok && exports_stopping(m->w->exports);
    bool gone = !ok && m->fd >= 0 && !has_name(m->fd);
    if (!ok && m->fd >= 0)
        (void)unlink(m->part);
    if (gone)
        return;
    if (ok) {
        m->task.state = EXPORT_COMPLETED;
        m->task.finished_at_us = clock_now_us();
    } else if (stopped) { // its attempt was none
        m->task.state = EXPORT_WAITING;
        m->task.attempts--;
        m->task.records = 0;
    } else {
        explain(m, err);
    }
    if (!note(m) && ok) // it was deleted meanwhile, or is made anew
        (void)unlink(m->path);
}

void export_job(struct export_worker *w, int64_t company_id, int64_t id)
{
    struct making m = {.w = w, .fd = -1};
    struct err err = {0};
    bool found = store_company_open(w->exports->jobs->store, company_id, &m.company, &err) &&
                 store_reader_open(m.company, &m.reader, &err) &&
                 store_export_get(m.reader, &m.arena, id, &m.task, &err);
    if (found && begin(&m, &err)) {
        bool ok = make(&m, &err);
        end(&m, ok, &err);
    } else if (err.code != ERR_NONE && err.code != ERR_NOT_FOUND) {
        log_error("export task %lld: %s", (long long)id, err.msg);
    }
    if (m.fd >= 0)
        (void)close(m.fd);
    store_reader_free(m.reader);
    arena_done(&m.arena);
}
