/* jobs: what the server does in the background: import tasks.
 *
 * Threads: start and stop on one thread; the rest from any.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "importer/import.h"

struct jobs;
/* Starts the workers and takes up tasks that an earlier process left unfinished; files of tasks lie
 * in <data_dir>/uploads.  Sweeps half-received uploads. */
MUST_CHECK bool jobs_start(struct store *store, const char *data_dir, struct jobs **ret_jobs,
                           struct err *err);
/* Stops after the batch in hand; unfinished tasks go on at the next start. */
void jobs_stop(struct jobs *j);

/* A file being received. */
struct jobs_upload;
/* Errors: ERR_LIMIT (over max_bytes, or the disk is full), ERR_INTERNAL. */
MUST_CHECK bool jobs_upload_open(struct jobs *j, uint64_t max_bytes,
                                 struct jobs_upload **ret_upload, struct err *err);
/* Takes the next bytes.  Errors: ERR_LIMIT, ERR_INTERNAL. */
MUST_CHECK bool jobs_upload_add(struct jobs_upload *u, str bytes, struct err *err);
/* How many bytes have come. */
uint64_t jobs_upload_bytes(const struct jobs_upload *u);
/* Drops what was received, unless it became a task; NULL is fine. */
void jobs_upload_free(struct jobs_upload *u);
DEFINE_AUTO(struct jobs_upload *, jobs_upload_free)
/* Makes the upload a queued task of the company, synced to disk, and wakes a worker.  May block for
 * an fsync: call it off the HTTP loop.  *ret_id is the task's id. */
MUST_CHECK bool jobs_import(struct jobs *j, struct store_company *company, struct jobs_upload *u,
                            str file_name, const struct import_settings *settings, int64_t *ret_id,
                            struct err *err);

#endif
