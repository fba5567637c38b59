/* What the modules about exports share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_EXPORTS_PRIV_H
#define JOBS_EXPORTS_PRIV_H

#include "jobs/jobs_priv.h"
#include "store/export_task.h"

#include <limits.h>

/* A file that is being made ends with this. */
#define EXPORT_PART ".part"
enum { EXPORT_WORKERS = 2 };

struct exports;
struct export_worker {
    struct exports *exports;
    pthread_t thread;
    /* guarded by the exports' lock: */
    int64_t company_id, task_id; /* what it is at; 0: nothing */
    uint64_t records;
};
struct exports {
    struct jobs *jobs;
    struct export_worker worker[EXPORT_WORKERS];
    size_t workers;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by lock: */
    struct job *first, **last;
    bool stopping;
};
bool exports_stopping(struct exports *x);
/* The path of a company's file; "" is their folder. */
void export_path(const struct jobs *j, int64_t company_id, str file, const char *ending,
                 char path[PATH_MAX]);
/* Makes the file of one task, on a worker's thread. */
void export_job(struct export_worker *w, int64_t company_id, int64_t id);

#endif
