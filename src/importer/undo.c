/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"
#include "base/limits.h"
#include "importer/import.h"

#include <pthread.h>

/* --- what is to be taken back, listed by a thread while the writer takes back what came before ---
 */

struct listed {
    bool ready; /* guarded by the lister's lock: the caller's turn */
    struct arena arena;
    struct store_change *change;
    size_t count; /* 0: that was all */
    bool ok;
    struct err err;
};
struct lister {
    struct store_reader *reader;
    const struct store_task *task;
    struct store_undo_place place;
    size_t most;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct listed slot[2];
    bool stop; /* guarded by lock */
};

static void list_some(struct lister *l, struct listed *s, bool first)
{
    arena_reset(&s->arena);
    s->err = (struct err){0};
    s->ok = store_undo_list(l->reader, &s->arena, l->task, &l->place,
                            first ? MIN(l->most, (size_t)LIMIT_FIRST_BATCH_ROWS) : l->most,
                            &s->change, &s->count, &s->err);
}

static void *lister_main(void *context)
{
    struct lister *l = context;
    for (size_t n = 0;; n++) {
        struct listed *s = &l->slot[n % COUNT(l->slot)];
        pthread_mutex_lock(&l->lock);
        while (s->ready && !l->stop)
            pthread_cond_wait(&l->changed, &l->lock);
        bool stop = l->stop;
        pthread_mutex_unlock(&l->lock);
        if (stop)
            return NULL;
        list_some(l, s, n == 0);
        bool last = !s->ok || !s->count;
        pthread_mutex_lock(&l->lock);
        s->ready = true;
        pthread_cond_broadcast(&l->changed);
        pthread_mutex_unlock(&l->lock);
        if (last)
            return NULL;
    }
}

static void lister_wait(struct lister *l, struct listed *s)
{
    pthread_mutex_lock(&l->lock);
    while (!s->ready)
        pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

static void lister_give_back(struct lister *l, struct listed *s)
{
    pthread_mutex_lock(&l->lock);
    s->ready = false;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static void lister_done(struct lister *l)
{
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    (void)pthread_join(l->thread, NULL);
    for (size_t i = 0; i < COUNT(l->slot); i++)
        arena_done(&l->slot[i].arena);
    (void)pthread_mutex_destroy(&l->lock);
    (void)pthread_cond_destroy(&l->changed);
}

/* --- taking it back --- */

static bool apply_listed(struct store_company *company, struct store_trial *trial,
                         const struct store_task *task, bool retry,
                         const struct import_undo_watch *watch, struct import_place *at,
                         struct listed *s, bool first, struct store_undo_counts *counts,
                         struct err *err)
{
    struct store_batch batch = {.change = s->change,
                                .count = s->count,
                                .undo = true,
                                .retry = retry,
                                .quiet = watch->quiet,
                                .task_id = trial ? 0 : task->id,
                                .origin = origin_of(ORIGIN_IMPORT, task->id),
                                // The first is short, and committed.
                                .more = !retry && !watch->batch_rows && !first,
                                .at_record = &at->applying,
                                .arena = &s->arena};
    bool ok = trial ? store_trial_apply(trial, &batch, err) : store_apply(company, &batch, err);
    at->applying = 0;
    if (!ok)
        return false;
    for (size_t i = 0; i < batch.count; i++) {
        store_undo_count(counts, &batch.change[i]);
        if (watch->change && batch.change[i].kept_count)
            watch->change(watch->context, &batch.change[i]);
    }
    if (watch->progress)
        watch->progress(watch->context, counts);
    if (watch->cancelled && watch->cancelled(watch->context))
        return err_set(err, ERR_BUSY, "cancelled");
    return true;
}

static bool undo_all(struct store_company *company, struct store_trial *trial,
                     const struct store_task *task, bool retry,
                     const struct import_undo_watch *watch, struct store_undo_counts *ret_counts,
                     struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    struct import_place unasked = {0}, *at = watch->place ? watch->place : &unasked;
    bool begun = !trial && (task->undo_pass || task->undo_position);
    *ret_counts = (struct store_undo_counts){0};
    if (!store_reader_open(company, &reader, err))
        return false;
    struct lister l = {.reader = reader,
                       .task = task,
                       .place = {retry ? UNDO_WAITING : UNDO_MADE, INT64_MAX},
                       .most = watch->batch_rows
                                   ? watch->batch_rows
                                   : fault_number("CLIENTELE_FAULT_BATCH_ROWS", LIMIT_BATCH_ROWS),
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .changed = PTHREAD_COND_INITIALIZER};
    if (begun && !retry)
        l.place = (struct store_undo_place){task->undo_pass, task->undo_position};
    if (pthread_create(&l.thread, NULL, lister_main, &l) != 0)
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    bool ok = true, over = false;
    for (size_t n = 0; ok && !over; n++) {
        struct listed *s = &l.slot[n % COUNT(l.slot)];
        lister_wait(&l, s);
        if (!s->ok)
            *err = s->err;
        over = !s->count;
        ok = s->ok && (over || apply_listed(company, trial, task, retry, watch, at, s, n == 0,
                                            ret_counts, err));
        lister_give_back(&l, s);
    }
    lister_done(&l);
    return ok;
}

/* Nothing more follows: what is left is committed. */
static bool close_load(struct store_company *company, const struct store_task *task,
                       struct err *err)
{
    struct store_batch batch = {
        .undo = true, .task_id = task->id, .origin = origin_of(ORIGIN_IMPORT, task->id)};
    struct err failure = {0};
    if (store_apply(company, &batch, &failure))
        return true;
    *err = failure;
    return false;
}

/* What is listed are this import's own changes, which taking others of them back leaves as they
 * are: the list may run ahead of what is taken back, and need not see what is not committed yet. */
bool import_undo(struct store_company *company, struct store_trial *trial,
                 const struct store_task *task, bool retry, const struct import_undo_watch *watch,
                 struct store_undo_counts *ret_counts, struct err *err)
{
    bool ok = undo_all(company, trial, task, retry, watch, ret_counts, err);
    bool whole = trial || retry || watch->batch_rows;
    return (whole || close_load(company, task, err)) && ok;
}
