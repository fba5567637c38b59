/* Undo: the way back, in the background as the way in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "jobs/jobs_priv.h"

enum { SHOWN_KEPT = 1000 };

static void show_progress(void *context, const struct store_undo_counts *counts)
{
    struct work *w = context;
    pthread_mutex_lock(&w->jobs->lock);
    w->worker->live.undo = *counts;
    pthread_mutex_unlock(&w->jobs->lock);
}

static bool is_stopping(void *context)
{
    return jobs_stopping(((struct work *)context)->jobs);
}

/* Whether webhooks are told of each customer.  Of an import that had to be whole and was not, they
 * were told nothing, and are not now. */
static bool tells_each(struct work *w, const struct store_task *task)
{
    return work_webhooks(w, task) == IMPORT_WEBHOOKS_RECORD && !(task->wanted & WANT_FAILED);
}

/* E-mails that an undo could not give back may be free now; once one has gone back, another may be.
 * This task's own, too: what held one may have come later in its undo. */
static bool retry_waiting(struct work *w, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct import_undo_watch watch = {.batch_rows = w->jobs->batch_rows, .place = w->place};
    struct store_undo_counts n;
    struct store_task *waiting;
    size_t count;
    uint64_t given;
    if (!store_reader_open(w->company, &reader, err))
        return false;
    do {
        given = 0;
        if (!store_task_list(reader, &w->arena, TASKS_UNDO_PENDING, 0, SIZE_MAX, &waiting, &count,
                             err))
            return false;
        for (size_t i = 0; i < count; i++) {
            watch.quiet = !tells_each(w, &waiting[i]);
            if (!import_undo(w->company, NULL, &waiting[i], true, &watch, &n, err))
                return false;
            given += n.removed + n.restored + n.partly;
        }
    } while (given);
    return true;
}

static bool run_undo(struct work *w, struct err *err)
{
    const struct import_undo_watch watch = {.batch_rows = w->jobs->batch_rows,
                                            .quiet = !tells_each(w, &w->task),
                                            .place = w->place,
                                            .progress = show_progress,
                                            .cancelled = is_stopping,
                                            .context = w};
    struct store_undo_counts counts;
    work_phase(w, JOBS_UNDO);
    return import_undo(w->company, NULL, &w->task, false, &watch, &counts, err) &&
           retry_waiting(w, err);
}

/* False with ERR_BUSY because the jobs stop is no failure: it is gone on with at the next start. */
static bool is_paused(struct work *w, struct err *err)
{
    if (err->code != ERR_BUSY || !jobs_stopping(w->jobs))
        return false;
    err->code = ERR_NONE;
    return true;
}

bool undo_step(struct work *w, struct err *err)
{
    struct store_task t;
    if (!run_undo(w, err))
        return is_paused(w, err);
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    bool failed = t.wanted & WANT_FAILED; // it had to be whole, and is not
    t.state = !failed ? TASK_REVERTED : t.wanted & WANT_CANCEL ? TASK_CANCELLED : TASK_FAILED;
    if (failed)
        t.finished_at_us = clock_now_us();
    else if (work_webhooks(w, &t) != IMPORT_WEBHOOKS_NONE)
        t.tell = EVENT_BIT(EVENT_IMPORT_REVERTED);
    t.attempts = t.deaths = 0;
    t.wanted = failed ? WANT_FAILED : 0; // stays: there is nothing more to undo
    log_info("import task %lld is undone", (long long)t.id);
    return task_end(w->jobs, w->company, &t, err);
}

/* --- its dry run --- */

struct preview_list {
    struct work *w;
    struct buf text;
    size_t count;
};

static void add_kept(void *context, const struct store_change *change)
{
    struct preview_list *list = context;
    struct buf *b = &list->text;
    for (const struct store_kept *k = change->kept; k && list->count < SHOWN_KEPT; k = k->next) {
        char id[CONSUMER_ID_BYTES];
        consumer_id_text(k->consumer_id, id);
        buf_format(b, "%s{\"consumer_id\":\"%s\",\"record\":%llu,\"code\":\"%s\"",
                   list->count++ ? "," : "", id, (unsigned long long)k->record,
                   problem_code_name(k->code));
        json_add_string(b, "external_id", k->external_id);
        json_add_string(b, "field", k->field);
        json_add_string(b, "key", k->key);
        jobs_kept_values_json(b, store_company_zone(list->w->company), k);
        buf_add_char(b, '}');
    }
}

static bool preview_is_stopping(void *context)
{
    return jobs_stopping(((struct preview_list *)context)->w->jobs);
}

static bool save_preview(struct work *w, str text, struct err *err)
{
    struct store_task t;
    if (!task_begin(w->jobs, w->company, &w->arena, w->task.id, &t, err))
        return false;
    t.undo_preview = text;
    t.wanted &= ~(unsigned)WANT_UNDO_TRIAL;
    t.attempts = t.deaths = 0;
    return task_end(w->jobs, w->company, &t, err);
}

bool undo_preview_fail(struct work *w, const struct file_problem *problem, struct err *err)
{
    log_info("the undo of import task %lld cannot be tried: %s", (long long)w->task.id,
             file_problem_code_name(problem->code));
    return save_preview(w,
                        arena_format(&w->arena, "{\"failure\":%.*s}",
                                     STR_ARG(wording_failure_text(&w->arena, problem))),
                        err);
}

/* Imports that correct this one stay unless they are undone, too: whoever asks is to know. */
static bool add_corrections(struct work *w, struct buf *b, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct store_task t;
    int64_t *id;
    size_t count, told = 0;
    if (!store_reader_open(w->company, &reader, err) ||
        !store_task_corrections(reader, &w->arena, w->task.id, &id, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!store_task_get(reader, &w->arena, id[i], &t, err))
            return false;
        if (!jobs_undo_until(w->jobs, w->company, &t))
            continue;
        buf_format(b, "%s{\"id\":\"%lld\",\"created\":%llu,\"updated\":%llu}", told++ ? "," : "",
                   (long long)t.id, (unsigned long long)t.counts.created,
                   (unsigned long long)t.counts.updated);
    }
    return true;
}

bool undo_preview_step(struct work *w, struct err *err)
{
    AUTO(store_trial_free) struct store_trial *trial = NULL;
    AUTO(buf_done) struct buf b = {0};
    struct preview_list list = {.w = w};
    const struct import_undo_watch watch = {.batch_rows = w->jobs->batch_rows,
                                            .place = w->place,
                                            .change = add_kept,
                                            .cancelled = preview_is_stopping,
                                            .context = &list};
    struct store_undo_counts n;
    work_phase(w, JOBS_UNDO);
    bool ok = store_trial_open(w->company, &trial, err) &&
              import_undo(w->company, trial, &w->task, false, &watch, &n, err);
    if (ok) {
        buf_format(
            &b,
            "{\"removed\":%llu,\"restored\":%llu,\"partly\":%llu,\"kept\":%llu,\"gone\":%llu,"
            "\"first\":[",
            (unsigned long long)n.removed, (unsigned long long)n.restored,
            (unsigned long long)n.partly, (unsigned long long)n.kept, (unsigned long long)n.gone);
        buf_add(&b, buf_str(&list.text));
        buf_add(&b, STR("],\"corrections\":["));
        ok = add_corrections(w, &b, err);
        buf_add(&b, STR("]}"));
    }
    buf_done(&list.text);
    return ok ? save_preview(w, buf_str(&b), err) : is_paused(w, err);
}
