/* A dry run: the same code as the real one, on a snapshot, writing into temporary tables that hide
 * the company's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sql_trial.h"
#include "store/sqlite/store_priv.h"

struct store_trial {
    struct db db;
    struct applier applier;
};

bool store_trial_open(struct store_company *c, struct store_trial **ret_trial, struct err *err)
{
    struct store_trial *t = mem_new(1, sizeof *t);
    // The snapshot begins with the first read: the counters.
    if (!db_open(&t->db, c->path, false, c->store->cache_bytes, err) ||
        !db_exec(&t->db, "PRAGMA temp_store=FILE;" SQL_TRIAL_SCHEMA "; BEGIN", err) ||
        !apply_init(&t->applier, &t->db, true, err)) {
        store_trial_free(t);
        return false;
    }
    *ret_trial = t;
    return true;
}

bool store_trial_apply(struct store_trial *t, struct store_batch *batch, struct err *err)
{
    struct apply_item *item = mem_new(batch->count, sizeof *item);
    bool ok = true;
    for (size_t i = 0; i < batch->count; i++)
        item[i] = (struct apply_item){.change = &batch->change[i], .batch = batch};
    for (size_t at = 0, done = 0; ok && at < batch->count; at += done)
        ok = apply_slice(&t->applier, item + at, batch->count - at, &done, err);
    mem_free(item);
    return ok;
}

void store_trial_free(struct store_trial *t)
{
    if (!t)
        return;
    apply_done(&t->applier);
    db_close(&t->db);
    mem_free(t);
}
