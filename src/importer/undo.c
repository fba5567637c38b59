/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"
#include "base/limits.h"
#include "importer/import.h"

static bool apply_batch(struct store_company *company, struct store_trial *trial,
                        struct store_batch *batch, struct err *err)
{
    return trial ? store_trial_apply(trial, batch, err) : store_apply(company, batch, err);
}

static bool undo_all(struct store_company *company, struct store_trial *trial,
                     const struct store_task *task, bool retry,
                     const struct import_undo_watch *watch, struct store_undo_counts *ret_counts,
                     struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    AUTO(arena_done) struct arena a = {0};
    struct import_place unasked = {0}, *at = watch->place ? watch->place : &unasked;
    bool begun = !trial && (task->undo_pass || task->undo_position);
    struct store_undo_place place = {retry ? UNDO_WAITING : UNDO_MADE, INT64_MAX};
    *ret_counts = (struct store_undo_counts){0};
    if (begun && !retry)
        place = (struct store_undo_place){task->undo_pass, task->undo_position};
    if (!store_reader_open(company, &reader, err))
        return false;
    size_t most = watch->batch_rows ? watch->batch_rows
                                    : fault_number("CLIENTELE_FAULT_BATCH_ROWS", LIMIT_BATCH_ROWS);
    for (bool first = true;; first = false) {
        struct store_batch batch = {.undo = true,
                                    .retry = retry,
                                    .quiet = watch->quiet,
                                    .task_id = trial ? 0 : task->id,
                                    .origin = origin_of(ORIGIN_IMPORT, task->id),
                                    // The first is short, and committed.
                                    .more = !retry && !watch->batch_rows && !first,
                                    .at_record = &at->applying,
                                    .arena = &a};
        arena_reset(&a);
        if (!store_undo_list(reader, &a, task, &place,
                             first ? MIN(most, (size_t)LIMIT_FIRST_BATCH_ROWS) : most,
                             &batch.change, &batch.count, err))
            return false;
        if (!batch.count)
            return true;
        bool ok = apply_batch(company, trial, &batch, err);
        at->applying = 0;
        if (!ok)
            return false;
        for (size_t i = 0; i < batch.count; i++) {
            store_undo_count(ret_counts, &batch.change[i]);
            if (watch->change && batch.change[i].kept_count)
                watch->change(watch->context, &batch.change[i]);
        }
        if (watch->progress)
            watch->progress(watch->context, ret_counts);
        if (watch->cancelled && watch->cancelled(watch->context))
            return err_set(err, ERR_BUSY, "cancelled");
    }
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

/* What the reader lists are this import's own changes, which taking others of them back leaves as
 * they are: it need not see what is not committed yet. */
bool import_undo(struct store_company *company, struct store_trial *trial,
                 const struct store_task *task, bool retry, const struct import_undo_watch *watch,
                 struct store_undo_counts *ret_counts, struct err *err)
{
    bool ok = undo_all(company, trial, task, retry, watch, ret_counts, err);
    bool whole = trial || retry || watch->batch_rows;
    return (whole || close_load(company, task, err)) && ok;
}
