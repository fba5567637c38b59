/* exports: files of customers, made in the background.
 *
 * They have workers of their own, so that an export never waits for an import; a company's exports
 * are made one after another.  A file has its final name only when it is whole and synced.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_EXPORTS_H
#define JOBS_EXPORTS_H

#include "jobs/jobs.h"
#include "store/export_task.h"

/* Stores the task (its format, options, program and origin) and wakes a worker; its id and times
 * are filled in, the file's name lives in the arena. */
MUST_CHECK bool jobs_export_create(struct jobs *j, struct store_company *company, struct arena *a,
                                   struct store_export *task, struct err *err);
/* Forgets the task and removes its file; one that is being made stops.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool jobs_export_delete(struct jobs *j, struct store_company *company,
                                   const struct store_export *task, const struct asker *by,
                                   struct err *err);
/* Opens the file of a completed task for reading; the caller closes it.  Errors: ERR_NOT_FOUND: its
 * time is over. */
MUST_CHECK bool jobs_export_open(struct jobs *j, struct store_company *company,
                                 const struct store_export *task, int *ret_fd, struct err *err);
/* Until when the file is kept, in microseconds; 0: there is none. */
int64_t jobs_export_until(const struct jobs *j, const struct store_export *task);
/* How many customers are in the file that a worker makes right now; as the task says otherwise. */
uint64_t jobs_export_records(struct jobs *j, struct store_company *company,
                             const struct store_export *task);

/* Why an export was rejected, as it is kept in a task's code. */
#define EXPORT_DISK_FULL    "disk_full"
#define EXPORT_DOES_NOT_FIT "does_not_fit"
#define EXPORT_PROGRAM      "program_failed"
#define EXPORT_CRASHED      "crashed"
#define EXPORT_STORE        "store_failed"

#endif
