/* What people ask of tasks: noted in the task's row, done by a worker.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "importer/report.h"
#include "jobs/jobs_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* --- a task's row --- */

bool task_begin(struct jobs *j, struct store_company *company, struct arena *a, int64_t id,
                struct store_task *ret_task, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    pthread_mutex_lock(&j->task_lock);
    if (store_reader_open(company, &reader, err) && store_task_get(reader, a, id, ret_task, err))
        return true;
    pthread_mutex_unlock(&j->task_lock);
    return false;
}

bool task_end(struct jobs *j, struct store_company *company, const struct store_task *task,
              struct err *err)
{
    bool ok = store_task_update(company, task, NULL, err);
    pthread_mutex_unlock(&j->task_lock);
    return ok;
}

bool task_end_by(struct jobs *j, struct store_company *company, const struct store_task *task,
                 const char *what, const struct asker *by, struct err *err)
{
    const struct store_deed deed = {
        .what = str_of(what), .origin = by->origin, .address = by->address};
    bool ok = store_task_update(company, task, &deed, err);
    pthread_mutex_unlock(&j->task_lock);
    return ok;
}

void task_leave(struct jobs *j)
{
    pthread_mutex_unlock(&j->task_lock);
}

/* Saves the changed task and has a worker look at it. */
static bool save_and_wake(struct jobs *j, struct store_company *company,
                          const struct store_task *task, const char *what, const struct asker *by,
                          struct err *err)
{
    if (!task_end_by(j, company, task, what, by, err))
        return false;
    jobs_enqueue(j, store_company_info(company)->id, task->id);
    return true;
}

static bool refuse(struct jobs *j, const struct store_task *task, enum task_action action,
                   struct err *err)
{
    task_leave(j);
    return err_set(err, ERR_CONFLICT, "the import is %s: not possible: %s",
                   task_state_name(task->state), task_action_name(action));
}

static bool wrote_something(const struct store_task *t)
{
    return t->counts.created + t->counts.updated > 0;
}

bool jobs_task_is_over(const struct store_task *t)
{
    return t->state >= TASK_COMPLETED && t->state != TASK_REVERTING;
}

int64_t jobs_undo_until(const struct jobs *j, const struct store_company *company,
                        const struct store_task *t)
{
    bool undone =
        t->state == TASK_REVERTED || (t->wanted & WANT_FAILED); // at once, for it had to be whole
    int64_t until = t->started_at_us + jobs_keep(j, company).trail_us;
    // Who keeps longer now may have forgotten it when he kept shorter.
    if (t->started_at_us < store_trail_from(company))
        return 0;
    return jobs_task_is_over(t) && !undone && wrote_something(t) && until > clock_now_us() ? until
                                                                                           : 0;
}

int64_t jobs_files_until(const struct jobs *j, const struct store_company *company,
                         const struct store_task *t)
{
    return t->created_at_us + jobs_keep(j, company).files_us;
}

bool jobs_task_rests(const struct store_task *t)
{
    bool moves = t->state == TASK_UPLOADING || t->state == TASK_ANALYSED ||
                 t->state == TASK_QUEUED || t->state == TASK_PROCESSING ||
                 t->state == TASK_REVERTING;
    bool tried = t->trial == TRIAL_QUEUED || t->trial == TRIAL_RUNNING;
    return !moves && !tried && !(t->wanted & (WANT_CANCEL | WANT_UNDO_TRIAL));
}

bool jobs_any_moves(struct store_company *company, bool *ret_moves, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(arena_done) struct arena a = {0};
    struct store_task *task;
    size_t count;
    if (!store_reader_open(company, &reader, err) ||
        !store_task_list(reader, &a, TASKS_UNFINISHED, 0, 1, &task, &count, err))
        return false;
    *ret_moves = count > 0;
    return true;
}

unsigned jobs_possible(const struct jobs *j, const struct store_company *company,
                       const struct store_task *t)
{
    bool untouched = t->state == TASK_FAILED && !t->counts.records && t->upload.len;
    bool waits =
        t->state == TASK_ANALYSED || t->state == TASK_NEEDS_ANSWER || t->state == TASK_READY;
    const bool can[TASK_ACTION_COUNT] = {[TASK_SETTINGS] = waits || untouched,
                                         [TASK_DRY_RUN] = t->state == TASK_READY,
                                         [TASK_START] = t->state == TASK_READY,
                                         [TASK_CANCEL] = t->state <= TASK_PROCESSING,
                                         [TASK_REVERT] = jobs_undo_until(j, company, t) != 0};
    unsigned possible = 0;
    for (size_t i = 0; i < TASK_ACTION_COUNT; i++)
        possible |= (unsigned)can[i] << i;
    return possible;
}

static bool can(const struct jobs *j, const struct store_company *company,
                const struct store_task *t, enum task_action action)
{
    return jobs_possible(j, company, t) >> action & 1;
}

str jobs_refusal(const struct jobs *j, const struct store_company *company, struct arena *a,
                 enum language language, const struct store_task *t, enum task_action action)
{
    bool over = t->state >= TASK_COMPLETED && t->state <= TASK_CANCELLED;
    enum task_refusal why = TASK_REFUSED_STATE;
    if (action == TASK_START && t->state == TASK_READY)
        why = TASK_REFUSED_NO_DRY_RUN;
    if (action == TASK_REVERT && over)
        why = wrote_something(t) ? TASK_REFUSED_TOO_OLD : TASK_REFUSED_NOTHING;
    return wording_refusal(a, language, why, t->state, action, jobs_possible(j, company, t),
                           (int)(jobs_keep(j, company).trail_us / DAY_US));
}

/* --- requests --- */

struct store_task upload_task(const struct jobs_upload *u,
                              const struct jobs_import_options *options, struct arena *a)
{
    return (struct store_task){
        .state = TASK_ANALYSED,
        .file_name = options->file_name,
        .bytes = u->bytes,
        .origin = options->by.origin,
        .manual = options->manual,
        .wanted = (options->trial ? WANT_TRIAL : 0) | (options->refuse_same ? WANT_NO_SAME : 0) |
                  (options->remembered ? WANT_REMEMBERED : 0) | (options->asks ? WANT_ASK : 0) |
                  (options->packed ? WANT_UNPACK : 0),
        .source = options->source,
        .request = options->request,
        .settings = import_settings_text(a, options->settings)};
}

struct store_deed upload_deed(const struct jobs_import_options *options)
{
    return (struct store_deed){
        .what = STR("create"), .origin = options->by.origin, .address = options->by.address};
}

static bool find_same(struct store_company *company, struct store_task *task, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    return store_reader_open(company, &reader, err) &&
           store_task_same(reader, task->sha256, task->id, &task->same_as, err);
}

bool jobs_import(struct jobs *j, struct store_company *company, struct jobs_upload *u,
                 const struct jobs_import_options *options, int64_t *ret_id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task task = upload_task(u, options, &a);
    const struct store_deed deed = upload_deed(options);
    // First the file, then the task that names it: a crash in between leaves a file that is swept,
    // never a task without one.
    if (!upload_keep(u, &a, &task.sha256, err) || !find_same(company, &task, err))
        return false;
    task.upload = str_of(u->name);
    if (!store_task_create(company, &task, &deed, err))
        return false;
    u->kept = true;
    *ret_id = task.id;
    jobs_enqueue(j, store_company_info(company)->id, task.id);
    return true;
}

/* A command's process takes up nothing by itself: what an earlier one left goes on when it is asked
 * for again. */
static bool left_alone(struct jobs *j, struct store_company *company, int64_t id)
{
    task_leave(j);
    if (j->once)
        jobs_enqueue(j, store_company_info(company)->id, id);
    return true;
}

bool jobs_task_settings(struct jobs *j, struct store_company *company, int64_t id,
                        const struct json *settings, const struct asker *by, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task t;
    struct import_settings all;
    if (!task_begin(j, company, &a, id, &t, err))
        return false;
    if (!import_settings_parse(&a, t.settings, &all, err) ||
        !import_settings_from_json(&a, settings, &all, err)) {
        task_leave(j);
        return false;
    }
    str text = import_settings_text(&a, &all);
    bool asks = t.state == TASK_NEEDS_ANSWER || t.state == TASK_FAILED;
    if (str_eq(text, t.settings) && !asks) {
        // Said before: what came of it since stays.
        return left_alone(j, company, id);
    }
    if (!can(j, company, &t, TASK_SETTINGS))
        return refuse(j, &t, TASK_SETTINGS, err);
    t.settings = text;
    t.state = TASK_ANALYSED;
    if (all.go_on)
        t.wanted &= ~(unsigned)WANT_NO_SAME; // it was asked, and this is the answer
    t.failure = t.analysis = t.trial_result = (str){0};
    t.trial = TRIAL_NONE;
    t.finished_at_us = 0;
    t.attempts = 0;
    return save_and_wake(j, company, &t, task_action_name(TASK_SETTINGS), by, err);
}

bool jobs_task_trial(struct jobs *j, struct store_company *company, int64_t id,
                     const struct asker *by, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task t;
    if (!task_begin(j, company, &a, id, &t, err))
        return false;
    if (!can(j, company, &t, TASK_DRY_RUN))
        return refuse(j, &t, TASK_DRY_RUN, err);
    if (t.trial == TRIAL_QUEUED || t.trial == TRIAL_RUNNING)
        return left_alone(j, company, id);
    t.trial = TRIAL_QUEUED;
    t.trial_result = (str){0};
    t.trial_records = t.trial_bytes = 0;
    t.attempts = 0;
    return save_and_wake(j, company, &t, task_action_name(TASK_DRY_RUN), by, err);
}

bool jobs_task_start(struct jobs *j, struct store_company *company, int64_t id, str fingerprint,
                     const struct asker *by, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task t;
    if (!task_begin(j, company, &a, id, &t, err))
        return false;
    if (t.state == TASK_QUEUED || t.state == TASK_PROCESSING || t.state == TASK_COMPLETED ||
        t.state == TASK_COMPLETED_WITH_ERRORS)
        return left_alone(j, company, id); // a second click
    if (!can(j, company, &t, TASK_START) || (fingerprint.len && t.trial != TRIAL_DONE))
        return refuse(j, &t, TASK_START, err);
    t.state = TASK_QUEUED;
    t.expected = fingerprint.len ? fingerprint : (str){0};
    t.failure = (str){0};
    if (t.trial == TRIAL_QUEUED || t.trial == TRIAL_RUNNING)
        t.trial = TRIAL_NONE; // nobody waits for it any more
    t.attempts = 0;
    return save_and_wake(j, company, &t, task_action_name(TASK_START), by, err);
}

/* Tells the worker that is at the task; false: none is. */
static bool interrupt(struct jobs *j, int64_t company_id, int64_t id)
{
    bool found = false;
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->workers; i++)
        if (j->worker[i].company_id == company_id && j->worker[i].task_id == id)
            found = j->worker[i].cancel = true;
    pthread_mutex_unlock(&j->lock);
    return found;
}

bool jobs_task_cancel(struct jobs *j, struct store_company *company, int64_t id,
                      const struct asker *by, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task t;
    if (!task_begin(j, company, &a, id, &t, err))
        return false;
    if (t.state == TASK_CANCELLED) {
        task_leave(j);
        return true;
    }
    if (!can(j, company, &t, TASK_CANCEL))
        return refuse(j, &t, TASK_CANCEL, err);
    if (t.state == TASK_PROCESSING) {
        t.wanted |= WANT_CANCEL;
    } else {
        if (t.state == TASK_UPLOADING)
            part_drop(j, &t);
        t.state = TASK_CANCELLED;
        t.finished_at_us = clock_now_us();
        t.trial = t.trial == TRIAL_DONE ? TRIAL_DONE : TRIAL_NONE;
        t.wanted = 0;
    }
    const int64_t company_id = store_company_info(company)->id;
    // Told before it is written: the writer is busy for as long as the import runs.
    bool told = interrupt(j, company_id, id);
    if (!task_end_by(j, company, &t, task_action_name(TASK_CANCEL), by, err))
        return false;
    if (!told && t.state == TASK_PROCESSING)
        jobs_enqueue(j, company_id, id); // one that a dead process left: a worker ends it
    return true;
}

bool jobs_task_undo(struct jobs *j, struct store_company *company, int64_t id, bool preview,
                    const struct asker *by, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct store_task t;
    if (!task_begin(j, company, &a, id, &t, err))
        return false;
    bool under_way = t.state == TASK_REVERTING || t.state == TASK_REVERTED;
    if (under_way && !preview)
        return left_alone(j, company, id);
    if (!can(j, company, &t, TASK_REVERT))
        return refuse(j, &t, TASK_REVERT, err);
    if (preview) {
        t.wanted |= WANT_UNDO_TRIAL;
        t.undo_preview = (str){0};
    } else {
        t.state = TASK_REVERTING;
    }
    t.attempts = 0;
    return save_and_wake(j, company, &t, preview ? "revert_dry_run" : task_action_name(TASK_REVERT),
                         by, err);
}

bool jobs_task_undo_all(struct jobs *j, struct store_company *company, int64_t id,
                        const struct asker *by, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(arena_done) struct arena a = {0};
    int64_t *correction;
    size_t count, undone = 0;
    if (!store_reader_open(company, &reader, err) ||
        !store_task_corrections(reader, &a, id, &correction, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool ok = jobs_task_undo(j, company, correction[i], false, by, err);
        if (!ok && err->code != ERR_CONFLICT)
            return false;
        undone += ok;
    }
    // An import that changed nobody itself may have been corrected all the same.
    bool ok = jobs_task_undo(j, company, id, false, by, err);
    if (ok || err->code != ERR_CONFLICT || !undone)
        return ok;
    *err = (struct err){0};
    return true;
}

/* --- looking on --- */

const char *jobs_phase_name(enum jobs_phase phase)
{
    static const char *const names[] = {
        [JOBS_IDLE] = "idle",     [JOBS_ANALYSIS] = "analysis", [JOBS_TRIAL] = "dry_run",
        [JOBS_IMPORT] = "import", [JOBS_UNDO] = "undo",         [JOBS_WAITING] = "waiting"};
    return names[phase];
}

void jobs_task_live(struct jobs *j, int64_t company_id, int64_t id, struct jobs_live *ret_live)
{
    *ret_live = (struct jobs_live){.phase = JOBS_IDLE, .seconds_left = -1};
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->workers; i++) {
        const struct worker *w = &j->worker[i];
        if (w->company_id != company_id || w->task_id != id)
            continue;
        double seconds = (double)(clock_monotonic_us() - w->phase_began_us) / 1e6;
        uint64_t done = w->live.bytes_done - w->phase_began_bytes;
        *ret_live = w->live;
        ret_live->seconds_left = -1;
        if (seconds > 0)
            ret_live->records_per_s =
                (double)(w->live.counts.records - w->phase_began_records) / seconds;
        if (done && w->live.bytes >= w->live.bytes_done)
            ret_live->seconds_left =
                (int64_t)((double)(w->live.bytes - w->live.bytes_done) * seconds / (double)done);
    }
    pthread_mutex_unlock(&j->lock);
}

size_t jobs_queue_position(struct jobs *j, int64_t company_id, int64_t id)
{
    size_t before = 0;
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->workers; i++)
        before += j->worker[i].company_id == company_id && j->worker[i].task_id != id;
    for (const struct job *job = j->first;
         job && !(job->company_id == company_id && job->task_id == id); job = job->next)
        before += job->company_id == company_id;
    pthread_mutex_unlock(&j->lock);
    return before;
}

/* --- files --- */

void task_path(const struct jobs *j, const struct store_task *task, enum jobs_file which,
               char path[], size_t room)
{
    static const char *const suffix[] = {[JOBS_FILE_ITSELF] = "",
                                         [JOBS_FILE_DIFF] = ".diff.csv",
                                         [JOBS_FILE_OUTCOMES] = ".outcomes",
                                         [JOBS_FILE_MISSING] = ".missing.csv",
                                         [JOBS_FILE_INDEX] = ".index"};
    (void)snprintf(path, room, "%s/uploads/%.*s%s", j->data_dir, STR_ARG(task->upload),
                   suffix[which]);
}

bool jobs_file_open(struct jobs *j, const struct store_task *task, enum jobs_file which,
                    int *ret_fd, struct err *err)
{
    char path[PATH_MAX];
    task_path(j, task, which, path, sizeof path);
    *ret_fd = task->upload.len ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (*ret_fd >= 0)
        return true;
    return task->upload.len && errno != ENOENT
               ? err_errno(err, "cannot open a file of the import")
               : err_set(err, ERR_NOT_FOUND,
                         "the file is not there: it was not made, or its time is over");
}

bool task_file(struct jobs *j, struct store_company *company, const struct store_task *task,
               struct arena *a, char path[], struct import_settings *ret_settings, struct err *err)
{
    task_path(j, task, JOBS_FILE_ITSELF, path, PATH_MAX);
    if (!task->upload.len || access(path, R_OK) != 0)
        return err_set(err, ERR_NOT_FOUND,
                       "the imported file is kept for %d days, and they are over",
                       (int)(jobs_keep(j, company).files_us / DAY_US));
    if (!import_settings_parse(a, task->settings, ret_settings, err))
        return false;
    import_settings_as_found(a, task->analysis, ret_settings);
    return true;
}

bool jobs_failed_rows(struct jobs *j, struct store_company *company, const struct store_task *task,
                      enum rows_format format, enum language language, int *ret_fd, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(arena_done) struct arena a = {0};
    struct import_settings settings;
    struct file_problem problem = {0};
    char path[PATH_MAX];
    if (!task_file(j, company, task, &a, path, &settings, err) ||
        !store_reader_open(company, &reader, err))
        return false;
    int fd = openat(j->uploads_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "cannot make a file for the failed rows");
    err->code = ERR_NONE;
    if (!report_write(path, &settings, reader, task, format, fd, language, &problem, err)) {
        (void)close(fd);
        return err->code != ERR_NONE
                   ? false
                   : err_set(err, ERR_INTERNAL, "the imported file cannot be read: %s",
                             file_problem_code_name(problem.code));
    }
    *ret_fd = fd;
    return true;
}
