/* What the modules of jobs share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_JOBS_PRIV_H
#define JOBS_JOBS_PRIV_H

#include "base/crypto.h"
#include "jobs/jobs.h"

#include <pthread.h>

/* A file that is still being received ends with this, and is swept at the next start. */
#define UPLOAD_PART ".part"
enum { UPLOAD_NAME_BYTES = 48, JOBS_WORKERS = 2 };

struct job {
    struct job *next;
    int64_t company_id, task_id;
};
struct jobs {
    struct store *store;
    char *data_dir;
    int uploads_fd;
    pthread_t worker[JOBS_WORKERS];
    size_t workers;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by lock: */
    struct job *first, **last;
    int64_t busy_company[JOBS_WORKERS]; /* what each worker is at; 0: nothing */
    size_t started;                     /* workers that have taken their number */
    bool stopping;
};
struct jobs_upload {
    int fd, dir_fd; /* dir_fd is the jobs' */
    char name[UPLOAD_NAME_BYTES];
    uint64_t bytes, max_bytes;
    struct sha256 *hash;
    bool kept;
};

/* Syncs the file under its final name; it is still dropped by jobs_upload_free() unless u->kept is
 * set. */
MUST_CHECK bool upload_keep(struct jobs_upload *u, struct arena *a, str *ret_sha256,
                            struct err *err);
/* Works on one task until it ends, fails or the jobs stop. */
void import_job_run(struct jobs *j, const struct job *job);
bool jobs_stopping(struct jobs *j);

#endif
