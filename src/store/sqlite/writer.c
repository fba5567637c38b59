/* The one writer of a company.
 *
 * What waits shares one transaction and one sync to disk.  API requests go first; a file's batch is
 * applied slice by slice, each in a transaction of its own together with the task's counters, so
 * requests never wait for a whole file.  Nobody is told of a slice before its task is over, and a
 * power cut only takes the import back to an earlier slice: while requests come in, most slices are
 * synced by the request's commit that follows them.
 *
 * While none come in, what a file's batches change is held in memory until that is much, written in
 * the order of the tables, and committed: a load.  An API request, or whoever else wants to write,
 * ends it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/background.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/group.h"
#include "store/sqlite/store_priv.h"
#include "store/sqlite/terms.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

enum {
    GROUP_CHANGES = 4096,      // of API requests in one transaction
    SHARED_FIRST_CHANGES = 50, // of a file in one commit while requests come in: as many as
    SHARED_LEAST_CHANGES = 20, // take about so long
    SHARED_MOST_CHANGES = 5000,
    SHARED_SLICE_US = 1500,
    SYNC_LATER_US = 20000, // slices that are not synced yet: what a request's sync may find
    FILE_WAITS_US = 20000, // for requests that have come already
    VISIT_US = 50000,      // a file waits so long for others to write a task
    // No request for so long: files have the writer for themselves, and the next one waits for a
    // whole load.
    QUIET_US = 10000000,
    BETWEEN_US = 500000, // without a file: no more of it comes
    LOAD_US = 3000000,   // of a file, in one commit: what a crash may take back
    IDLE_S = 2,
    TIDY_AFTER_US = 300000, // without anything to do
    TIDY_PIECES = 50,       // in one transaction, unless somebody comes
};

static bool begin(struct store_company *c, bool sync_later, struct err *err)
{
    c->applier.events = c->events;
    c->applier.zone = store_company_zone(c);
    return db_sync_later(&c->db, sync_later, err) && db_exec(&c->db, "BEGIN IMMEDIATE", err);
}

static bool commit(struct store_company *c, struct err *err)
{
    if (!apply_write_held(&c->applier, err) || !apply_save_meta(&c->applier, err) ||
        !db_exec(&c->db, "COMMIT", err))
        return false;
    atomic_fetch_add(&c->commits, 1);
    if (!c->db.lazy)
        c->synced_us = clock_monotonic_us();
    if (c->applier.told)
        events_announce(c->store);
    c->applier.told = false;
    return true;
}

/* err already says why; a failing rollback adds nothing. */
static void roll_back(struct store_company *c)
{
    struct err ignored = {0};
    c->applier.told = false;
    if (!sqlite3_get_autocommit(c->db.handle))
        IGNORE(db_exec(&c->db, "ROLLBACK", &ignored));
    if (!apply_load_meta(&c->applier, &ignored))
        log_error("company %lld: %s", (long long)c->id, ignored.msg);
}

static void finish(struct store_batch *batch, const struct err *err)
{
    batch->err = *err;
    batch->done(batch); // the batch is its owner's again
}

/* --- API requests: a group, one transaction --- */

static bool write_group(struct store_company *c, struct store_batch *first, struct store_batch *end,
                        struct err *err)
{
    bool ok = begin(c, false, err) && group_apply(&c->applier, first, end, err) && commit(c, err);
    if (!ok)
        roll_back(c);
    return ok;
}

static void finish_group(struct store_batch *first, struct store_batch *end, const struct err *err)
{
    while (first != end) {
        struct store_batch *next = first->next;
        finish(first, err);
        first = next;
    }
}

static void serve_group(struct store_company *c, struct store_batch *first)
{
    while (first) {
        struct store_batch *end = first;
        size_t count = 0;
        do {
            count += end->count;
            end = end->next;
        } while (end && !c->store->commit_each && count + end->count <= GROUP_CHANGES);
        struct err err = {0};
        if (write_group(c, first, end, &err) || first->next == end || err.code == ERR_LIMIT) {
            finish_group(first, end, &err);
        } else {
            // One of them may be to blame: each alone, so that the others do not suffer.
            log_warning("company %lld: a group of requests failed and is tried one by one: %s",
                        (long long)c->id, err.msg);
            while (first != end) {
                struct store_batch *next = first->next;
                err = (struct err){0};
                (void)write_group(c, first, next, &err);
                finish(first, &err);
                first = next;
            }
        }
        first = end;
    }
}

/* --- files: a slice, one transaction --- */

struct file_work {
    struct store_batch *batch;
    struct apply_item *item;
    size_t done;
};

/* What dies while a load is written died at its beginning: where it will begin again. */
static void note_load(struct store_company *c, uint64_t record)
{
    if (c->load_task && c->load_at)
        atomic_store_explicit(c->load_at, record, memory_order_relaxed);
}

/* Writes and commits what is held; the next batch of the file is told what it fails of. */
static void end_load(struct store_company *c)
{
    struct err err = {0};
    if (!c->load_task)
        return;
    note_load(c, c->load_record);
    bool ok = commit(c, &err);
    note_load(c, 0);
    if (!ok) {
        roll_back(c);
        c->lost_task = c->load_task;
        c->lost = err;
    }
    c->load_task = 0;
}

/* Whether the slice's commit may wait for more of the file. */
static bool may_hold(const struct store_company *c, const struct store_batch *batch, bool shared)
{
    return batch->more && batch->task_id && !shared && !c->lost_task;
}

static bool is_load_full(const struct store_company *c)
{
    return memtable_is_empty(&c->applier.held) ||
           memtable_bytes(&c->applier.held) >= c->held_bytes ||
           clock_monotonic_us() - c->load_since_us >= LOAD_US;
}

static bool start_slice(struct store_company *c, const struct store_batch *batch, bool sync_later,
                        struct err *err)
{
    if (c->load_task)
        return true;
    c->load_since_us = clock_monotonic_us();
    c->load_record = batch->count ? batch->change[0].record : 0;
    c->load_at = batch->at_record;
    return begin(c, sync_later, err);
}

static bool end_slice(struct store_company *c, const struct store_batch *batch, struct err *err)
{
    if (c->applier.hold && !is_load_full(c)) {
        c->load_task = batch->task_id;
        return true;
    }
    note_load(c, c->load_record);
    if (!commit(c, err))
        return false;
    c->load_task = 0;
    return true;
}

static bool write_slice(struct store_company *c, struct file_work *w, bool shared, struct err *err)
{
    size_t count = MIN(w->batch->count - w->done, shared ? c->shared_slice : LIMIT_BATCH_ROWS);
    size_t done = 0;
    bool sync_later =
        shared && w->batch->task_id && clock_monotonic_us() - c->synced_us < SYNC_LATER_US;
    const struct apply_meta before = c->applier.meta;
    c->applier.hold = may_hold(c, w->batch, shared);
    bool ok = start_slice(c, w->batch, sync_later, err) &&
              (!count || apply_slice(&c->applier, w->item + w->done, count, &done, err)) &&
              (!w->batch->task_id ||
               task_record(&c->db, w->batch, w->batch->change + w->done, done,
                           w->done + done == w->batch->count, &before, &c->applier.meta, err)) &&
              end_slice(c, w->batch, err);
    c->applier.hold = false;
    if (ok) {
        w->done += done;
    } else {
        roll_back(c);
        c->load_task = 0;
    }
    return ok;
}

static bool is_shared(const struct store_company *c)
{
    return clock_monotonic_us() - c->small_seen_us < c->quiet_us;
}

/* How long a change takes depends on the file, the customers and the disk: the next slice is as
 * long as the last one says it should have been. */
static void adapt_slice(struct store_company *c, size_t count, int64_t took_us)
{
    if (took_us > SHARED_SLICE_US && count <= c->shared_slice)
        c->shared_slice =
            MAX(count / (took_us > 4 * SHARED_SLICE_US ? 8 : 2), (size_t)SHARED_LEAST_CHANGES);
    else if (took_us < SHARED_SLICE_US / 2 && count == c->shared_slice)
        c->shared_slice = MIN(count + count / 4 + 1, (size_t)SHARED_MOST_CHANGES);
}

/* Between two slices while requests come in. */
static void give_way(struct store_company *c)
{
    background_pause();
    if (c->db.lazy)
        wal_start_writing(c);
}

/* Others that write to the database go first, if they do not take long. */
static void let_in(struct store_company *c)
{
    const struct timespec pause = {.tv_nsec = 500000};
    for (int64_t began = clock_monotonic_us();
         c->visitors && clock_monotonic_us() - began < VISIT_US;)
        (void)nanosleep(&pause, NULL);
}

/* True, once, when a load with rows of the task was lost since its last batch. */
static bool is_lost(struct store_company *c, int64_t task_id, struct err *err)
{
    if (!c->lost_task || c->lost_task != task_id)
        return false;
    *err = c->lost;
    c->lost_task = 0;
    return true;
}

/* Goes on with the file's batch; true when it is finished. */
static bool serve_file(struct store_company *c, struct file_work *w)
{
    struct err err = {0};
    bool shared = is_shared(c);
    if (c->visitors || c->load_task != w->batch->task_id)
        end_load(c);
    let_in(c);
    int64_t began = clock_monotonic_us();
    size_t before = w->done;
    bool ok = !is_lost(c, w->batch->task_id, &err) && write_slice(c, w, shared, &err);
    if (ok && shared)
        adapt_slice(c, w->done - before, clock_monotonic_us() - began);
    if (shared)
        give_way(c);
    if (ok && w->done < w->batch->count)
        return false;
    mem_free(w->item);
    w->item = NULL;
    finish(TAKE(w->batch), &err);
    return true;
}

static void start_file(struct store_company *c, struct file_work *w, struct store_batch *batch)
{
    if (batch->task_id != c->file_task) // a row of another file may take ten times as long
        c->shared_slice = MIN(c->shared_slice, (size_t)SHARED_FIRST_CHANGES);
    c->file_task = batch->task_id;
    *w = (struct file_work){.batch = batch,
                            .item = mem_new(MAX(batch->count, (size_t)1), sizeof *w->item)};
    for (size_t i = 0; i < batch->count; i++)
        w->item[i] = (struct apply_item){.change = &batch->change[i], .batch = batch};
}

/* --- the thread --- */

static bool has_requests(struct store_company *c)
{
    pthread_mutex_lock(&c->lock);
    bool waiting = c->small;
    pthread_mutex_unlock(&c->lock);
    return waiting;
}

static bool is_wanted(struct store_company *c)
{
    pthread_mutex_lock(&c->lock);
    bool wanted = c->small || c->file || c->stopping;
    pthread_mutex_unlock(&c->lock);
    return wanted || c->visitors;
}

static bool is_due(const struct store_company *c, enum changes_when when)
{
    return changes_due(&c->applier, when) || terms_due(&c->applier, when);
}

/* Nobody waits for it, so it is not synced; it ends soon when somebody comes. */
static void tidy(struct store_company *c, enum changes_when when)
{
    struct err err = {0};
    bool ok = begin(c, true, &err);
    for (int i = 0; ok && i < TIDY_PIECES && is_due(c, when); i++) {
        ok = changes_due(&c->applier, when) ? changes_tidy(&c->applier, &err)
                                            : terms_tidy(&c->applier, &err);
        if (when == CHANGES_BESIDE_FILE ? has_requests(c) : is_wanted(c))
            break;
    }
    if (ok && commit(c, &err)) {
        let_in(c);
        return;
    }
    roll_back(c);
    c->untidy = true; // until something is written again
    log_warning("company %lld: tidying: %s", (long long)c->id, err.msg);
}

/* Uses the time until there is work; true when there was something to do. */
static bool use_time(struct store_company *c, bool idle)
{
    enum changes_when when = idle ? CHANGES_IDLE : CHANGES_BETWEEN;
    bool beside_file = !idle && clock_monotonic_us() - c->file_seen_us < BETWEEN_US;
    if (c->load_task || c->untidy || beside_file || !is_due(c, when))
        return false;
    pthread_mutex_unlock(&c->lock);
    tidy(c, when);
    pthread_mutex_lock(&c->lock);
    return true;
}

/* When the wait for work ends: soon when there is something else to do, or a load has been open for
 * long. */
static struct timespec end_of_wait(const struct store_company *c, bool idle)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    if (c->load_task) {
        int64_t left = c->load_since_us + LOAD_US - clock_monotonic_us();
        until.tv_nsec += (long)MAX(left, (int64_t)0) * 1000;
    } else if (idle || c->untidy || !is_due(c, CHANGES_IDLE)) {
        until.tv_sec += IDLE_S;
    } else {
        until.tv_nsec += (long)TIDY_AFTER_US * 1000;
    }
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

/* Whether more of a file waits: for the log to begin anew, or for requests that have come since the
 * last ones; what is left to be synced for those is little then.  They do not keep it for long. */
static bool is_held_up(struct store_company *c)
{
    return wal_ends(c) ||
           (clock_monotonic_us() - c->file_seen_us < FILE_WAITS_US && has_requests(c));
}

/* Looks at the log again soon, or when a request comes. */
static void wait_for_log(struct store_company *c)
{
    enum { LOOK_NS = 1000000 };
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&c->lock);
    if (!c->small)
        (void)pthread_cond_timedwait(&c->changed, &c->lock, &until);
    pthread_mutex_unlock(&c->lock);
}

/* Waits for work; false when it is time to stop. */
static bool wait_for_work(struct store_company *c, const struct file_work *w,
                          struct store_batch **small, struct store_batch **file)
{
    bool idle = false;
    pthread_mutex_lock(&c->lock);
    while (!c->small && !c->file && !w->batch && !c->stopping) {
        if (c->load_task && (idle || c->visitors)) {
            pthread_mutex_unlock(&c->lock);
            end_load(c);
            pthread_mutex_lock(&c->lock);
            continue;
        }
        if (use_time(c, idle))
            continue;
        struct timespec until = end_of_wait(c, idle);
        if (pthread_cond_timedwait(&c->changed, &c->lock, &until) != ETIMEDOUT)
            continue;
        idle = true;
        bool rests = !c->load_task && (c->untidy || !is_due(c, CHANGES_IDLE));
        if (rests) {
            pthread_mutex_unlock(&c->lock);
            wal_use_rest(c);
            pthread_mutex_lock(&c->lock);
        }
    }
    *small = c->small;
    c->small = NULL;
    c->small_last = &c->small;
    *file = NULL;
    if (!w->batch && c->file) {
        *file = c->file;
        c->file = c->file->next;
        if (!c->file)
            c->file_last = &c->file;
    }
    bool go_on = *small || *file || w->batch || !c->stopping;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void *writer_main(void *context)
{
    struct store_company *c = context;
    struct file_work work = {0};
    struct store_batch *small, *file;
    while (wait_for_work(c, &work, &small, &file)) {
        if (small) {
            end_load(c);
            c->small_seen_us = clock_monotonic_us();
            serve_group(c, small);
        }
        if (file)
            start_file(c, &work, file);
        if (work.batch && !is_held_up(c)) {
            (void)serve_file(c, &work);
            c->file_seen_us = clock_monotonic_us();
        }
        if (wal_ends(c))
            wait_for_log(c);
        c->untidy = false;
        if (changes_due(&c->applier, CHANGES_BESIDE_FILE)) {
            end_load(c); // it asks the tables
            tidy(c, CHANGES_BESIDE_FILE);
        }
        if (!c->load_task)
            wal_tend(c, is_shared(c));
    }
    end_load(c);
    return NULL;
}

bool writer_start(struct store_company *c, struct err *err)
{
    c->small_last = &c->small;
    c->file_last = &c->file;
    c->small_seen_us = c->file_seen_us = INT64_MIN / 2;
    c->shared_slice = SHARED_FIRST_CHANGES;
    c->held_bytes = fault_number("CLIENTELE_FAULT_HELD_BYTES", LIMIT_HELD_BYTES);
    c->quiet_us = (int64_t)fault_number("CLIENTELE_FAULT_QUIET_US", QUIET_US);
    if (!apply_init(&c->applier, &c->db, false, err) || !wal_start(c, err))
        return false;
    c->started = pthread_create(&c->writer, NULL, writer_main, c) == 0;
    return c->started || err_set(err, ERR_INTERNAL, "cannot start a thread");
}

void writer_stop(struct store_company *c)
{
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (c->started)
        (void)pthread_join(c->writer, NULL);
    c->started = false;
    wal_stop(c);
    apply_done(&c->applier);
    db_close(&c->db);
}

void writer_enter(struct store_company *c)
{
    pthread_mutex_lock(&c->lock);
    c->visitors++;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void writer_leave(struct store_company *c)
{
    c->visitors--;
}

void store_submit(struct store_company *c, struct store_batch *batch)
{
    batch->next = NULL;
    pthread_mutex_lock(&c->lock);
    bool refused = c->stopping;
    if (!refused) {
        struct store_batch ***last = batch->small ? &c->small_last : &c->file_last;
        bool first = !c->small && !c->file;
        **last = batch;
        *last = &batch->next;
        if (first)
            pthread_cond_signal(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    if (refused) {
        const struct err err = {ERR_NOT_FOUND, "the company is closed"};
        finish(batch, &err);
    }
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
};

static void wake(struct store_batch *batch)
{
    struct waiter *w = batch->context;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

bool store_apply(struct store_company *c, struct store_batch *batch, struct err *err)
{
    struct waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    batch->done = wake;
    batch->context = &w;
    store_submit(c, batch);
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.changed, &w.lock);
    pthread_mutex_unlock(&w.lock);
    if (batch->err.code != ERR_NONE)
        *err = batch->err;
    return batch->err.code == ERR_NONE;
}
