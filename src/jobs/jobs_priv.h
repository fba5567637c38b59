/* What the modules of jobs share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_JOBS_PRIV_H
#define JOBS_JOBS_PRIV_H

#include "base/crypto.h"
#include "importer/outcomes.h"
#include "jobs/jobs.h"
#include "store/webhooks.h"

#include <pthread.h>

/* A file that is still being received ends with this, and is swept at the next start. */
#define UPLOAD_PART ".part"
enum {
    UPLOAD_NAME_BYTES = 48,
    JOBS_WORKERS = 2,
    JOBS_ATTEMPTS = 3, /* processes that may die at one record of a task */
    RETRY_S = 2,       /* after the store could not go on: the disk is full */
};
#define HOUR_US        ((int64_t)3600 * 1000000)
#define DAY_US         (24 * HOUR_US)
#define KEEP_EVENTS_US (3 * DAY_US)  /* that a webhook has not taken */
#define KEEP_CALLS_US  (90 * DAY_US) /* how many requests came */

struct job {
    struct job *next;
    int64_t company_id, task_id;
};
struct worker { /* guarded by the jobs' lock */
    pthread_t thread;
    int64_t company_id, task_id; /* what it is at; 0: nothing */
    bool cancel;                 /* it was asked for */
    struct jobs_live live;
    int64_t phase_began_us;
    uint64_t phase_began_records, phase_began_bytes;
};
/* An upload in pieces that someone is at. */
struct turn {
    struct turn *next;
    int64_t company_id, task_id;
    const void *owner;
    int64_t heard_us; /* when bytes came last, by the monotonic clock */
};
struct inbox;
struct exports;
struct sender;
struct names;
struct jobs {
    struct store *store;
    char *data_dir;
    size_t batch_rows;
    uint64_t unpacked_limit_bytes;
    struct places *places;
    struct names *names;
    bool once;
    int64_t keep_files_us, keep_trail_us, keep_audit_us, keep_parts_us;
    int uploads_fd;
    struct inbox *inbox;     /* NULL: none */
    struct exports *exports; /* NULL: none are made */
    int64_t keep_exports_us;
    struct webhook_networks webhook_allow;
    char *webhook_ca;      /* NULL: the system's */
    struct sender *sender; /* NULL: a command's process */
    struct worker worker[JOBS_WORKERS];
    size_t workers;
    pthread_mutex_t task_lock;  /* held while a task's row is read, changed and written */
    pthread_mutex_t turns_lock; /* held while bytes of an upload in pieces are written */
    struct turn *turns;         /* guarded by turns_lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by lock: */
    struct job *first, **last;
    size_t started; /* workers that have taken their number */
    bool stopping;
};
struct jobs_upload {
    int fd, dir_fd; /* dir_fd is the jobs' */
    char name[UPLOAD_NAME_BYTES];
    uint64_t bytes, max_bytes, begun_bytes; /* the disk was told to begin with so many */
    struct sha256 *hash; /* NULL: it has ended, and is in digest */
    unsigned char digest[SHA256_BYTES];
    bool kept;
    /* of one in pieces: */
    struct jobs *jobs; /* NULL: it is none */
    int64_t company_id, task_id;
};
/* A task in a worker's hands. */
struct work {
    struct jobs *jobs;
    struct import_place *place;
    bool counted; /* this process's attempt at the step */
    bool failing; /* the last step failed, and it was logged */
    struct worker *worker;
    struct store_company *company;
    struct arena arena;
    struct store_task task;
    struct import_settings settings;
    str settings_asked;        /* the task's settings when the analysis began */
    struct import_plan *plan;  /* NULL: not opened */
    struct expected *expected; /* what the run must come to; NULL: whatever it does */
};

/* Who is called what, as far as it was asked; the caller frees. */
struct names *names_new(void);
/* NULL is fine. */
void names_free(struct names *n);
/* Syncs the file under its final name; ret_sha256 may be NULL.  It is still dropped by
 * jobs_upload_free() unless u->kept is set. */
MUST_CHECK bool upload_keep(struct jobs_upload *u, struct arena *a, str *ret_sha256,
                            struct err *err);
/* Removes half-received uploads that cannot be gone on with; at the start, when none can be in
 * flight. */
void sweep_parts(struct jobs *j);
/* Removes and forgets all that was kept long enough. */
void sweep_old(struct jobs *j);
/* An upload in pieces is one's alone; false when it is someone's already.  Whoever has not been
 * heard of for a second has lost it: his connection is broken, only nobody knows yet. */
bool turn_take(struct jobs *j, int64_t company_id, int64_t task_id, const void *owner);
void turn_give(struct jobs *j, const void *owner);
/* Writes bytes if it is still the upload's turn.  Errors: ERR_BUSY: it is another's. */
MUST_CHECK bool turn_write(struct jobs_upload *u, str bytes, struct err *err);
/* How many bytes of a task's upload in pieces have come so far, synced or not. */
uint64_t part_received(const struct jobs *j, const struct store_task *task);
/* Removes what has come of it; the task is still to be written. */
void part_drop(struct jobs *j, struct store_task *task);
/* Ends the uploads of the company that did not go on in time. */
MUST_CHECK bool part_expire(struct jobs *j, struct store_company *company, struct err *err);
/* A new task of the options, whose file is u's; the file's name stays u's. */
struct store_task upload_task(const struct jobs_upload *u,
                              const struct jobs_import_options *options, struct arena *a);
/* The SHA-256 of the file as hexadecimal digits; "" when it cannot be opened. */
MUST_CHECK bool upload_hash(const char *path, struct arena *a, str *ret_sha256, struct err *err);
/* Puts the task at the end of the queue and wakes a worker. */
void jobs_enqueue(struct jobs *j, int64_t company_id, int64_t task_id);
bool jobs_stopping(struct jobs *j);

/* --- where the workers are, for the process after a crash --- */

/* Opens them; shared: in a file in the directory, else for this process alone.  Never NULL. */
struct places *places_open(const char *data_dir, bool shared);
/* Closes them; NULL is fine. */
void places_free(struct places *p);
/* The worker is at the task from now on; 0: at none.  The place lives as long as p. */
struct import_place *places_enter(struct places *p, size_t worker, int64_t company_id,
                                  int64_t task_id);
/* What the worker does there. */
void places_phase(struct places *p, size_t worker, enum jobs_phase phase);
/* Where the process before died, if it was at this task; told once. */
bool places_died(struct places *p, int64_t company_id, int64_t task_id, enum jobs_phase *ret_phase,
                 uint64_t *ret_reading, uint64_t *ret_applying);

/* --- a task's row: read, change, write, nobody between --- */

/* Takes the lock and reads the task; on failure the lock is free again. */
MUST_CHECK bool task_begin(struct jobs *j, struct store_company *company, struct arena *a,
                           int64_t id, struct store_task *ret_task, struct err *err);
/* Writes it and gives the lock back. */
MUST_CHECK bool task_end(struct jobs *j, struct store_company *company,
                         const struct store_task *task, struct err *err);
/* The same, and keeps with the task what was asked of it and by whom. */
MUST_CHECK bool task_end_by(struct jobs *j, struct store_company *company,
                            const struct store_task *task, const char *what, const struct asker *by,
                            struct err *err);
/* The deed that makes a task of the options. */
struct store_deed upload_deed(const struct jobs_import_options *options);
/* Gives the lock back; nothing is written. */
void task_leave(struct jobs *j);

/* --- the steps, on a worker's thread --- */

/* Works on one task until there is nothing more to do for it. */
void work_run(struct jobs *j, struct worker *worker, const struct job *job);
/* A new phase begins; the progress of the one before is forgotten. */
void work_phase(struct work *w, enum jobs_phase phase);
/* Told by the importer after each batch. */
void work_progress(void *context, const struct import_progress *progress);
/* True when the work must stop: cancelled, or the jobs stop. */
bool work_cancelled(void *context);
/* Only the first of the two: */
bool work_is_cancelled(struct work *w);
/* What webhooks are told of the task. */
enum import_webhooks work_webhooks(struct work *w, const struct store_task *task);
/* What they are told of one that is over (EVENT_BIT()s): nothing when it left nothing in, unless
 * that is its result. */
unsigned work_tells(struct work *w, const struct store_task *task);
/* Opens the task's file with its settings; false with *ret_problem or err. */
MUST_CHECK bool work_open(struct work *w, struct file_problem *ret_problem, struct err *err);
/* The task is failed for this reason. */
MUST_CHECK bool work_fail(struct work *w, const struct file_problem *problem, struct err *err);
/* Unpacks a file that came packed, once: the task has what is inside from then on.  False with
 * *ret_problem or err. */
MUST_CHECK bool unpack(struct work *w, struct file_problem *ret_problem, struct err *err);
/* Looks at the file: ready, a question, or failed. */
MUST_CHECK bool analysis_step(struct work *w, struct err *err);
/* The dry run; its result goes to the task. */
MUST_CHECK bool trial_step(struct work *w, struct err *err);
/* Tries again and compares: *ret_same false when the outcome has become another. */
MUST_CHECK bool trial_check(struct work *w, bool *ret_same, struct err *err);
/* Puts the difference into the task's dry run, in the place of an earlier one. */
MUST_CHECK bool trial_note_differences(struct work *w, const struct outcome_differences *d,
                                       struct err *err);
/* Failed for this reason while it was applied; one that must be whole is taken back first. */
MUST_CHECK bool import_fail(struct work *w, const struct file_problem *problem, struct err *err);
/* The import itself. */
MUST_CHECK bool import_step(struct work *w, struct err *err);
/* The undo, or its dry run. */
MUST_CHECK bool undo_step(struct work *w, struct err *err);
MUST_CHECK bool undo_preview_step(struct work *w, struct err *err);
/* The dry run of the undo cannot be had for this reason; the task stays what it was. */
MUST_CHECK bool undo_preview_fail(struct work *w, const struct file_problem *problem,
                                  struct err *err);

/* Starts the workers that make exports, and takes up what an earlier process left; on failure, too,
 * j->exports is to be stopped. */
MUST_CHECK bool exports_start(struct jobs *j, struct err *err);
/* Waits for them: each stops after the page in hand.  NULL is fine. */
void exports_stop(struct exports *x);
/* Removes the company's files, and forgets tasks, that were kept long enough. */
MUST_CHECK bool exports_sweep(struct jobs *j, struct store_company *c, struct err *err);

/* Starts the thread that looks after the folder at path.  Errors: ERR_NOT_FOUND, ERR_INTERNAL. */
MUST_CHECK bool inbox_start(struct jobs *j, const char *path, enum language language,
                            struct inbox **ret_inbox, struct err *err);
/* Waits for it, when the jobs are stopping; NULL is fine. */
void inbox_stop(struct inbox *in);
DEFINE_AUTO(struct inbox *, inbox_stop)

/* --- webhooks --- */

/* The body of a message to a webhook. */
enum message { MESSAGE_READY, MESSAGE_POINTLESS, MESSAGE_FAILED };
/* Makes it of what is there now; pointless when whom it is about has gone meanwhile, which another
 * message says.  MESSAGE_FAILED: err says why. */
enum message message_body(struct store_company *company, struct store_reader *reader,
                          struct arena *a, const struct delivery *delivery, struct buf *ret_body,
                          struct err *err);
/* The webhook-id of an event: the same for all webhooks and attempts, never another's. */
str message_id(struct arena *a, int64_t company_id, const struct event *event);
struct webhook_request;
/* Readies a request for a message: signed now.  What it points to lives in the arena. */
struct webhook_request message_request(struct arena *a, const struct webhook *webhook, str message,
                                       str body);
struct webhook_result;
/* Notes an attempt in the delivery's log, in the arena; state and next_at_us are the caller's. */
void message_note(struct arena *a, struct delivery *delivery, const struct webhook_result *result);

/* Starts the thread that sends. */
MUST_CHECK bool sender_start(struct jobs *j, struct sender **ret_sender, struct err *err);
/* Stops it; what is under way has a moment.  NULL is fine. */
void sender_stop(struct sender *s);

/* The task's file, which is there, and how it is read; path has PATH_MAX bytes.
 * Errors: ERR_NOT_FOUND: it is gone. */
MUST_CHECK bool task_file(struct jobs *j, struct store_company *company,
                          const struct store_task *task, struct arena *a, char path[],
                          struct import_settings *ret_settings, struct err *err);
/* The path of one of the task's files. */
void task_path(const struct jobs *j, const struct store_task *task, enum jobs_file which,
               char path[], size_t room);

/* Appends ,"undone":…,"now":…: both values of what an undo leaves, who changed it, and when. */
void jobs_kept_values_json(struct buf *b, const struct zone *zone, const struct store_kept *kept);

#endif
