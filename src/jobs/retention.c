/* What is kept for how long: files, what an undo needs, reports, tasks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs_priv.h"
#include "store/audit.h"
#include "store/calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Removes those of the uploads that `old` names so. */
static void sweep(struct jobs *j,
                  bool (*old)(const struct jobs *j, str name, const struct stat *st))
{
    int fd = openat(j->uploads_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (!dir) {
        log_warning("the uploads cannot be swept");
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        struct stat st;
        if (entry->d_name[0] != '.' && fstatat(j->uploads_fd, entry->d_name, &st, 0) == 0 &&
            old(j, str_of(entry->d_name), &st))
            (void)unlinkat(j->uploads_fd, entry->d_name, 0);
    }
    (void)closedir(dir);
}

static bool is_part(const struct jobs *j, str name, const struct stat *st)
{
    (void)j;
    (void)st;
    return str_ends(name, STR(UPLOAD_PART));
}

static bool is_old(const struct jobs *j, str name, const struct stat *st)
{
    return !is_part(j, name, st) && time(NULL) - st->st_mtime > j->keep_files_us / 1000000;
}

void sweep_parts(struct jobs *j)
{
    sweep(j, is_part);
}

static int64_t shorter(int64_t server_us, int64_t company_days)
{
    return company_days ? MIN(server_us, company_days * DAY_US) : server_us;
}

struct jobs_keep jobs_keep(const struct jobs *j, const struct store_company *company)
{
    const struct company none = {0}, *c = company ? store_company_info(company) : &none;
    return (struct jobs_keep){.files_us = shorter(j->keep_files_us, c->keep_files_days),
                              .trail_us = shorter(j->keep_trail_us, c->keep_trail_days),
                              .audit_us = shorter(j->keep_audit_us, c->keep_audit_days)};
}

/* Files of imports that the company keeps for a shorter time than the server. */
static bool drop_files(struct jobs *j, struct store_company *c, int64_t now_us, struct err *err)
{
    const int64_t from_us = now_us - j->keep_files_us - DAY_US; // what is older is swept by its age
    const int64_t before_us = now_us - jobs_keep(j, c).files_us;
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(arena_done) struct arena a = {0};
    static const enum jobs_file kinds[] = {JOBS_FILE_ITSELF, JOBS_FILE_DIFF, JOBS_FILE_OUTCOMES,
                                           JOBS_FILE_MISSING};
    struct store_task *task;
    char path[PATH_MAX];
    size_t count;
    if (!store_reader_open(c, &reader, err) ||
        !store_task_with_files(reader, &a, from_us, before_us, &task, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT(kinds); k++) {
            task_path(j, &task[i], kinds[k], path, sizeof path);
            (void)unlink(path);
        }
    return true;
}

static bool forget(struct jobs *j, int64_t company_id, struct err *err)
{
    struct store_company *c;
    int64_t now = clock_now_us();
    if (!store_company_open(j->store, company_id, &c, err))
        return false;
    const struct jobs_keep keep = jobs_keep(j, c);
    if (keep.files_us < j->keep_files_us && !drop_files(j, c, now, err))
        return false;
    return part_expire(j, c, err) && exports_sweep(j, c, err) &&
           store_trail_purge(c, now - keep.trail_us, err) &&
           store_request_purge(c, now - STORE_REQUESTS_KEPT_US, err) &&
           store_task_purge(c, now - keep.files_us, now - keep.trail_us, now - keep.audit_us,
                            err) &&
           store_audit_purge(c, now - keep.audit_us, err) &&
           store_event_purge(c, 0, now - KEEP_EVENTS_US, err);
}

void sweep_old(struct jobs *j)
{
    AUTO(arena_done) struct arena a = {0};
    struct company *company;
    struct err err = {0};
    size_t companies;
    sweep(j, is_old);
    if (!store_tokens_flush(j->store, &err))
        log_warning("when tokens were last used is not written down for now: %s", err.msg);
    if (!store_calls_purge(j->store, (clock_now_us() - KEEP_CALLS_US) / HOUR_US, &err))
        log_warning("counts of requests stay for now: %s", err.msg);
    if (!store_audit_purge_server(j->store, clock_now_us() - j->keep_audit_us, &err))
        log_warning("the server's audit log stays for now: %s", err.msg);
    if (!store_sessions_flush(j->store, &err))
        log_warning("when sessions were last used is not written down for now: %s", err.msg);
    if (!store_company_list(j->store, &a, &company, &companies, &err))
        companies = 0;
    for (size_t i = 0; i < companies; i++)
        if (!forget(j, company[i].id, &err))
            log_warning("company %lld: what is too old stays for now: %s", (long long)company[i].id,
                        err.msg);
}
