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

static bool forget(struct jobs *j, int64_t company_id, struct err *err)
{
    struct store_company *c;
    int64_t now = clock_now_us();
    return store_company_open(j->store, company_id, &c, err) && part_expire(j, c, err) &&
           exports_sweep(j, c, err) && store_trail_purge(c, now - j->keep_trail_us, err) &&
           store_request_purge(c, now - STORE_REQUESTS_KEPT_US, err) &&
           store_task_purge(c, now - j->keep_files_us, now - j->keep_trail_us,
                            now - j->keep_audit_us, err) &&
           store_audit_purge(c, now - j->keep_audit_us, err) &&
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
