/* inbox: files that are dropped into a folder per company are imported.
 *
 * A file goes from the folder itself to processing/MARK/NAME, from there to done/NAME or
 * failed/NAME with its report beside, or first to waiting/ID-NAME until a person has answered its
 * task.  MARK is random and stands in the task as its source: so a process that takes up
 * processing/MARK knows whether its task is there already, and no file is imported twice or
 * forgotten, wherever the process before it was killed.
 *
 * Threads: one, the inbox's own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_INBOX_PRIV_H
#define JOBS_INBOX_PRIV_H

#include "jobs/jobs_priv.h"

/* How soon something may have to be done for what was looked at. */
enum inbox_haste { HASTE_IDLE, HASTE_WAITING, HASTE_SOON };

/* A company's folder while it is looked at. */
struct inbox_place {
    struct jobs *jobs;
    struct store_company *company;
    struct store_reader *reader;
    int dir_fd;
    const char *path; /* for what needs one */
    enum language language;
    struct arena *arena;
};
/* A name in a folder. */
struct inbox_name {
    str name;
    int64_t changed_us; /* its mtime */
    bool folder;
};

/* The names in a folder of the place that do not begin with '.', oldest first, in the arena; none
 * when there is no such folder. */
struct inbox_name *inbox_list(const struct inbox_place *p, const char *folder, size_t *ret_count);
/* Takes a file of the place's folder out of it and begins its import; sure: it is known to be
 * whole. */
enum inbox_haste inbox_take(struct inbox_place *p, str name, bool sure);
/* Goes on with what lies in processing/MARK. */
enum inbox_haste inbox_go_on(struct inbox_place *p, str mark);
/* Looks after a file in waiting/. */
enum inbox_haste inbox_wait(struct inbox_place *p, str name);
/* Removes from done/ and failed/ what was kept long enough. */
void inbox_sweep(struct inbox_place *p);

#endif
