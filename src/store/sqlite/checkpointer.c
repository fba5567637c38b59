/* Copies the log into the database while the writer goes on: a long copy on the writer's own thread
 * would keep every request waiting.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/mem.h"
#include "store/sqlite/store_priv.h"

enum { CACHE_BYTES = 64 * 1024, PASSES = 3, REST_PAGES = 1000 };

struct checkpointer {
    pthread_t thread;
    struct db db;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool wanted, done, stopping; /* guarded by lock */
};

/* What came while it copied is copied again, until that is little. */
static void copy(struct checkpointer *k)
{
    for (int pass = 0, before = 0; pass < PASSES; pass++) {
        int log = 0, copied = 0;
        if (sqlite3_wal_checkpoint_v2(k->db.handle, "main", SQLITE_CHECKPOINT_PASSIVE, &log,
                                      &copied) != SQLITE_OK) {
            log_warning("checkpoint: %s", sqlite3_errmsg(k->db.handle));
            return;
        }
        if (copied - before < REST_PAGES)
            return;
        before = copied;
    }
}

static void *checkpointer_main(void *context)
{
    struct checkpointer *k = context;
    pthread_mutex_lock(&k->lock);
    for (;;) {
        while (!k->wanted && !k->stopping)
            pthread_cond_wait(&k->changed, &k->lock);
        if (k->stopping)
            break;
        pthread_mutex_unlock(&k->lock);
        copy(k);
        pthread_mutex_lock(&k->lock);
        k->wanted = false;
        k->done = true;
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

bool checkpointer_start(const char *path, struct checkpointer **ret_checkpointer, struct err *err)
{
    struct checkpointer *k = mem_new(1, sizeof *k);
    if (!db_open(&k->db, path, false, CACHE_BYTES, err)) {
        mem_free(k);
        return false;
    }
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)pthread_cond_init(&k->changed, NULL);
    if (pthread_create(&k->thread, NULL, checkpointer_main, k) != 0) {
        db_close(&k->db);
        mem_free(k);
        return err_set(err, ERR_INTERNAL, "cannot start a thread");
    }
    *ret_checkpointer = k;
    return true;
}

void checkpointer_stop(struct checkpointer *k)
{
    if (!k)
        return;
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->lock);
    (void)pthread_join(k->thread, NULL);
    db_close(&k->db);
    (void)pthread_mutex_destroy(&k->lock);
    (void)pthread_cond_destroy(&k->changed);
    mem_free(k);
}

void checkpointer_wake(struct checkpointer *k)
{
    pthread_mutex_lock(&k->lock);
    k->wanted = true;
    k->done = false;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->lock);
}

bool checkpointer_is_done(struct checkpointer *k)
{
    pthread_mutex_lock(&k->lock);
    bool done = k->done;
    pthread_mutex_unlock(&k->lock);
    return done;
}
