/* jobs: what the server does in the background: import tasks, from a received file to its undo.
 *
 * A task moves through its states on a worker's thread; requests (start, cancel, ...) only note
 * what is wanted and wake a worker, and each is safe to repeat.  A company's tasks act one after
 * another.
 *
 * Threads: start and stop on one thread; the rest from any.  Functions that write a task block for
 * an fsync: call them off the HTTP loop.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "importer/import.h"
#include "importer/wording.h"
#include "store/webhooks.h"

struct jobs;
struct jobs_config {
    struct store *store;  /* outlives the jobs */
    const char *data_dir; /* files of tasks lie in <data_dir>/uploads */
    uint64_t
        unpacked_limit_bytes; /* of an upload in pieces that is packed; 0: LIMIT_UPLOAD_BYTES */
    size_t batch_rows;        /* records that become one commit, at most; 0: as many as fit */
    bool once; /* for a command: nothing is taken up that an earlier process left, nothing swept */
    const char
        *inbox; /* a folder with one for each company, whose files are imported; NULL: none */
    enum language language;                       /* of the reports beside them */
    const struct webhook_networks *webhook_allow; /* not public, and yet sent to; NULL: none */
    const char *webhook_ca; /* a file of certificates that are trusted; NULL: the system's */
    /* How long things are kept; 0: 7 days, 30 days, 3 years, 24 hours, 24 hours. */
    uint64_t keep_files_days;    /* imported files and what was made of them */
    uint64_t keep_trail_days;    /* what an undo needs, and reports */
    uint64_t keep_audit_days;    /* tasks */
    uint64_t keep_parts_hours;   /* an upload that does not go on */
    uint64_t keep_exports_hours; /* files of customers that were asked for */
};
/* Starts the workers and takes up tasks that an earlier process left unfinished; sweeps
 * half-received uploads and what was kept long enough. */
MUST_CHECK bool jobs_start(const struct jobs_config *config, struct jobs **ret_jobs,
                           struct err *err);
/* Stops after the batch in hand; unfinished tasks go on at the next start. */
void jobs_stop(struct jobs *j);

/* --- receiving a file --- */
struct jobs_space {
    uint64_t needed, free; /* bytes */
};
/* Whether the disk has room for what a file of so many bytes becomes: its rows, what they replace,
 * the log of the database; of a workbook more, which is packed. */
bool jobs_has_space(const struct jobs *j, uint64_t bytes, bool packed,
                    struct jobs_space *ret_space);
struct jobs_upload;
/* Errors: ERR_LIMIT (over max_bytes, or the disk is full), ERR_INTERNAL. */
MUST_CHECK bool jobs_upload_open(struct jobs *j, uint64_t max_bytes,
                                 struct jobs_upload **ret_upload, struct err *err);
/* Takes the next bytes.  Errors: ERR_LIMIT, ERR_INTERNAL. */
MUST_CHECK bool jobs_upload_add(struct jobs_upload *u, str bytes, struct err *err);
/* How many bytes have come. */
uint64_t jobs_upload_bytes(const struct jobs_upload *u);
/* The file's SHA-256 in hexadecimal, in the arena; nothing may be added any more. */
str jobs_upload_sha256(struct jobs_upload *u, struct arena *a);
/* Drops what was received, unless it became a task; NULL is fine. */
void jobs_upload_free(struct jobs_upload *u);
DEFINE_AUTO(struct jobs_upload *, jobs_upload_free)

struct jobs_import_options {
    str file_name;
    const struct import_settings *settings;
    struct asker by;
    bool manual;      /* waits at ready; questions are asked instead of failing */
    bool trial;       /* stops after the dry run, at ready; not manual only */
    bool refuse_same; /* the same content as an earlier import fails the task */
    bool remembered;  /* the settings of the last import with this header are used */
    bool packed;      /* may be a gzip file: what is inside is imported */
    bool asks;        /* a question is asked, and the task is manual from then on */
    str source;       /* a mark to find the task by; {0}: none */
    const struct store_request *request; /* to be kept with the task; NULL: none */
};
/* --- receiving a file in pieces: its task is there from the first one --- */

/* How far an upload in pieces is. */
struct jobs_part {
    uint64_t received; /* bytes that are on the disk for good */
    int64_t until_us;  /* when it is forgotten if nothing more comes; 0: it is whole */
};
/* Makes the upload, of which more will come, a task in state uploading, synced to disk; with all
 * its whole_bytes it goes on as by jobs_import(). */
MUST_CHECK bool jobs_part_begin(struct jobs *j, struct store_company *company,
                                struct jobs_upload *u, const struct jobs_import_options *options,
                                uint64_t whole_bytes, int64_t *ret_id, struct jobs_part *ret_part,
                                struct err *err);
/* Syncs what has come and says how much.  Errors: ERR_NOT_FOUND: it was cancelled or its time is
 * over. */
MUST_CHECK bool jobs_part_look(struct jobs *j, const struct store_task *task,
                               struct jobs_part *ret_part, struct err *err);
/* Goes on with an upload at byte offset; never blocks.  The upload takes bytes by
 * jobs_upload_add() and is nobody else's until it is freed; what it took is kept.
 * Errors: ERR_BUSY: someone else is at it; ERR_CONFLICT: another number of bytes has come, or all;
 * ERR_NOT_FOUND as above. */
MUST_CHECK bool jobs_part_resume(struct jobs *j, struct store_company *company,
                                 const struct store_task *task, uint64_t offset,
                                 struct jobs_upload **ret_upload, struct err *err);
/* Syncs what was added; when the file is whole its task goes on as after jobs_import().
 * Errors: ERR_NOT_FOUND: it was cancelled meanwhile. */
MUST_CHECK bool jobs_part_end(struct jobs *j, struct store_company *company, struct jobs_upload *u,
                              struct jobs_part *ret_part, struct err *err);

/* Cancels one that is not whole, and forgets what has come.
 * Errors: ERR_CONFLICT: it is whole; ERR_NOT_FOUND: it was cancelled before. */
MUST_CHECK bool jobs_part_drop(struct jobs *j, struct store_company *company, int64_t id,
                               const struct asker *by, struct err *err);

/* --- tasks: what is asked of one is kept with it, as a deed of who asks, unless it was asked for
 * before --- */

/* Makes the upload a task of the company, synced to disk, and wakes a worker.  *ret_id is the
 * task's. */
MUST_CHECK bool jobs_import(struct jobs *j, struct store_company *company, struct jobs_upload *u,
                            const struct jobs_import_options *options, int64_t *ret_id,
                            struct err *err);
/* Replaces the settings that the JSON object names and has the file looked at again.
 * Errors: ERR_CONFLICT: it has begun, or its file is gone; ERR_INVALID: a setting that is none. */
MUST_CHECK bool jobs_task_settings(struct jobs *j, struct store_company *company, int64_t id,
                                   const struct json *settings, const struct asker *by,
                                   struct err *err);
/* Asks for a dry run.  Errors: ERR_CONFLICT: not in a state for it. */
MUST_CHECK bool jobs_task_trial(struct jobs *j, struct store_company *company, int64_t id,
                                const struct asker *by, struct err *err);
/* Starts a task that is ready; one that has started is left alone.  fingerprint: of the dry run
 * whose outcome it must have, else {0}.  Errors: ERR_CONFLICT. */
MUST_CHECK bool jobs_task_start(struct jobs *j, struct store_company *company, int64_t id,
                                str fingerprint, const struct asker *by, struct err *err);
/* Cancels: at once, or after the batch in hand.  Errors: ERR_CONFLICT: it is over. */
MUST_CHECK bool jobs_task_cancel(struct jobs *j, struct store_company *company, int64_t id,
                                 const struct asker *by, struct err *err);
/* Undoes what the task wrote; with preview only says what that would do.
 * Errors: ERR_CONFLICT: not in a state for it, or too long ago. */
MUST_CHECK bool jobs_task_undo(struct jobs *j, struct store_company *company, int64_t id,
                               bool preview, const struct asker *by, struct err *err);
/* The same for the task and for all that correct it, the newest first.
 * Errors: ERR_CONFLICT: none of them can be undone. */
MUST_CHECK bool jobs_task_undo_all(struct jobs *j, struct store_company *company, int64_t id,
                                   const struct asker *by, struct err *err);
/* True in the states in which an import ends: completed, failed, cancelled, undone. */
bool jobs_task_is_over(const struct store_task *task);
/* True when nothing moves and nothing is asked for: it is over, or waits for a person. */
bool jobs_task_rests(const struct store_task *task);
/* Whether a worker is at an import of the company, or will be without being asked. */
MUST_CHECK bool jobs_any_moves(struct store_company *company, bool *ret_moves, struct err *err);
/* What can be asked of the task now: a bit for each enum task_action. */
unsigned jobs_possible(const struct jobs *j, const struct store_company *company,
                       const struct store_task *task);
/* Why the action was refused (ERR_CONFLICT), and what is possible instead: a sentence. */
str jobs_refusal(const struct jobs *j, const struct store_company *company, struct arena *a,
                 enum language language, const struct store_task *task, enum task_action action);
/* Until when the task can be undone, in microseconds; 0: it cannot. */
int64_t jobs_undo_until(const struct jobs *j, const struct store_company *company,
                        const struct store_task *task);
/* Until when its files are kept, in microseconds. */
int64_t jobs_files_until(const struct jobs *j, const struct store_company *company,
                         const struct store_task *task);
struct jobs_keep { /* how long things of a company are kept, in microseconds */
    int64_t files_us, trail_us, audit_us;
};
/* As the server has it (company NULL), or the company, which may be shorter. */
struct jobs_keep jobs_keep(const struct jobs *j, const struct store_company *company);

enum jobs_phase {
    JOBS_IDLE,
    JOBS_ANALYSIS,
    JOBS_TRIAL,
    JOBS_IMPORT,
    JOBS_UNDO,
    JOBS_WAITING, /* the store cannot write: most often the disk is full */
};
struct jobs_live { /* what a worker is at */
    enum jobs_phase phase;
    struct store_counts counts;
    uint64_t bytes_done, bytes;
    struct store_undo_counts undo;
    double records_per_s;
    int64_t seconds_left; /* -1: not known */
};
/* How far a worker is with the task right now; phase JOBS_IDLE: none is at it. */
void jobs_task_live(struct jobs *j, int64_t company_id, int64_t id, struct jobs_live *ret_live);
/* How many tasks of the company stand before it in the queue. */
size_t jobs_queue_position(struct jobs *j, int64_t company_id, int64_t id);
/* "idle", "analysis", "dry_run", "import", "undo", "waiting". */
const char *jobs_phase_name(enum jobs_phase phase);

/* Appends {"type":"token","id":"3"}: who an origin_of() is. */
void jobs_origin_json(struct buf *b, int64_t origin);
/* The same with the name of a user (the e-mail) or a token, null for one that is not known any
 * more: {"type":"user","id":"3","name":"anna@example.com"}. */
void jobs_who_json(struct buf *b, const struct jobs *j, int64_t origin);
/* What stands beside a task's row. */
struct jobs_history {
    int64_t *correction; /* the tasks that correct it, newest first */
    size_t corrections;
    int64_t accepted;        /* by them, of the task's failed records */
    struct store_deed *deed; /* what was asked of it: the last of that, in order */
    size_t deeds;
};
/* Reads them, into the arena. */
MUST_CHECK bool jobs_history_get(struct store_reader *reader, struct arena *a,
                                 const struct store_task *task, struct jobs_history *ret_history,
                                 struct err *err);
/* Appends the attributes of a task as a JSON object; a is for the sentences. */
void jobs_task_json(struct buf *b, struct jobs *j, struct store_company *company,
                    const struct store_task *task, const struct jobs_history *history,
                    enum language language, struct arena *a);

/* Appends what changes while a worker is at the task, as a JSON object: state, counters, progress.
 */
void jobs_progress_json(struct buf *b, struct jobs *j, struct store_company *company,
                        const struct store_task *task);

/* Append one as a JSON object; a is for the sentences. */
void jobs_error_json(struct buf *b, struct arena *a, enum language language,
                     const struct store_task_error *error);
/* The same of a group, with the ranges of its lines. */
void jobs_group_json(struct buf *b, struct arena *a, enum language language,
                     const struct store_error_group *group);
/* The same of what an undo left. */
void jobs_kept_json(struct buf *b, struct arena *a, enum language language, const struct zone *zone,
                    const struct store_kept *kept);
/* Appends what the dry run of the task's undo said, which there is, as a JSON object. */
void jobs_undo_preview_json(struct buf *b, const struct store_task *task, enum language language);

/* --- webhooks --- */

/* How long an old secret signs, too, after a new one was made. */
enum { JOBS_ROTATION_HOURS = 24 };
/* Whether a webhook may have this address.  Errors: ERR_INVALID says what to do. */
MUST_CHECK bool jobs_webhook_url_check(const struct jobs *j, str url, struct err *err);
/* Sends the webhook a test message, waits for what comes of it (15 s at most) and keeps that as a
 * delivery; *ret_delivery lives in the arena. */
MUST_CHECK bool jobs_webhook_test(struct jobs *j, struct store_company *company, struct arena *a,
                                  const struct webhook *webhook, struct delivery *ret_delivery,
                                  struct err *err);
/* Appends the attributes of one as a JSON object; secret {0}: without. */
void jobs_webhook_json(struct buf *b, const struct webhook *webhook, str secret,
                       const struct zone *zone);
/* The same of a delivery, with its attempts. */
void jobs_delivery_json(struct buf *b, const struct delivery *delivery, const struct zone *zone);
/* The same, with the values that it found and gave, and the record; made: he is new. */
void jobs_task_change_json(struct buf *b, const struct store_task_change *change, bool made,
                           const struct zone *zone);
/* Appends ["email","phone"], the fields of the bits; 0: null. */
void jobs_fields_json(struct buf *b, unsigned fields);

/* Files that belong to a task. */
enum jobs_file {
    JOBS_FILE_ITSELF,
    JOBS_FILE_DIFF,
    JOBS_FILE_OUTCOMES,
    JOBS_FILE_MISSING,
    JOBS_FILE_INDEX
};
/* Opens one for reading; the caller closes it.  Errors: ERR_NOT_FOUND: there is none, or none any
 * more. */
MUST_CHECK bool jobs_file_open(struct jobs *j, const struct store_task *task, enum jobs_file which,
                               int *ret_fd, struct err *err);
/* Which rows of a task's file: those that ended so in the run, or in the dry run, past the record
 * `after`, at most `limit`. */
struct jobs_rows_wanted {
    enum store_outcome outcome;
    bool trial;
    uint64_t after;
    size_t limit;
};
/* Appends a document of them, but for its last brace: {"data":[...],"meta":{"columns":[...]}.
 * *ret_next: where the next page begins; 0: there is none.  Errors: ERR_NOT_FOUND: the imported
 * file is gone, or there was no dry run. */
MUST_CHECK bool jobs_rows_json(struct buf *b, struct jobs *j, struct store_company *company,
                               const struct store_task *task, const struct jobs_rows_wanted *wanted,
                               enum language language, uint64_t *ret_next, struct err *err);
/* Makes the file of the task's failed rows and opens it; the caller closes it, and it is gone.
 * Errors: ERR_NOT_FOUND: the imported file is gone. */
MUST_CHECK bool jobs_failed_rows(struct jobs *j, struct store_company *company,
                                 const struct store_task *task, enum rows_format format,
                                 enum language language, int *ret_fd, struct err *err);

#endif
