/* What the modules of the SQLite store share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_STORE_PRIV_H
#define STORE_SQLITE_STORE_PRIV_H

#include "base/crypto.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/db.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct token_row {
    unsigned char hash[TOKEN_HASH_BYTES];
    struct token token; /* used_at_us: as written down */
    _Atomic int64_t used_us;
};
struct session_row {
    unsigned char hash[TOKEN_HASH_BYTES];
    struct session session; /* seen_at_us: as written down; its texts are in session_arena */
    _Atomic int64_t seen_us;
};
struct store {
    char *data_dir;
    size_t cache_bytes;
    bool commit_each;
    uint64_t token_max_days;
    int lock_fd;
    unsigned char seal_key[SEAL_KEY_BYTES];
    pthread_mutex_t lock;
    /* guarded by lock: */
    struct db control;
    pthread_mutex_t open_lock; /* never taken while lock is held, but the other way round */
    /* guarded by open_lock: */
    struct store_company *companies;
    /* guarded by token_lock; tokens in the order of their hashes: */
    pthread_rwlock_t token_lock;
    struct arena token_arena;
    struct token_row *token;
    size_t tokens;
    /* guarded by session_lock; sessions in the order of their hashes: */
    pthread_rwlock_t session_lock;
    struct arena session_arena;
    struct session_row *session;
    size_t sessions;
    atomic_bool has_users; /* somebody can log in, or be invited */
    pthread_mutex_t watch_lock;
    /* guarded by watch_lock: who is told that there are events */
    void (*watch)(void *context);
    void *watch_context;
};
struct company_info { /* replaced as a whole, never changed: readers may hold an old one */
    struct arena arena;
    struct company company;
    struct zone *zone;
    struct company_info *older;
};
/* What becomes of the log while requests come: see wal.c. */
enum wal_phase {
    WAL_GROWS,
    WAL_COPIED, /* the checkpointer copies it */
    WAL_ENDS,   /* the checkpointer copies what came meanwhile; then the log begins anew */
};
struct wal { /* the writer's own */
    int pages;
    enum wal_phase phase;
    struct checkpointer *checkpointer;
    bool opened;
    int fd; /* of the log, once it is opened; -1: it could not be */
};
struct store_company {
    struct store *store;
    int64_t id;
    char *path;
    struct company_info *_Atomic info;
    _Atomic int64_t trail_from; /* meta's */
    _Atomic unsigned events;    /* EVENT_BIT()s that its webhooks want */
    struct store_company *next;
    pthread_t writer;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by lock: */
    struct store_batch *small, **small_last, *file, **file_last;
    bool stopping;
    /* the writer's own: */
    struct db db;
    struct applier applier;
    _Atomic uint64_t commits;  /* counted before anyone is told of them: see store_reader_hold() */
    int64_t load_task;         /* whose rows are held in a transaction that is open; 0: no one's */
    int64_t load_since_us;     /* when it began */
    uint64_t load_record;      /* the first of its records */
    _Atomic uint64_t *load_at; /* told that one while it is written; NULL: nobody asks */
    size_t held_bytes;         /* a load that holds so much is written */
    int64_t lost_task;         /* whose load could not be written, and why; 0: no one's */
    struct err lost;
    _Atomic int visitors;  /* other connections that wait to write: see task.c */
    int64_t small_seen_us; /* when an API request last went through */
    int64_t quiet_us;      /* so long after one a file is not held in loads */
    int64_t file_seen_us;  /* when a slice of a file was last written */
    int64_t file_task;     /* its task; 0: none */
    bool untidy;           /* tidying failed */
    int64_t synced_us;     /* when a commit of the writer was last synced */
    size_t shared_slice;   /* changes of a file in one commit while requests come in */
    struct wal wal;
};

/* Copies the log into the database on a thread of its own, while the writer goes on. */
struct checkpointer;
/* Starts it for the database at path.  On success the caller owns *ret_checkpointer. */
MUST_CHECK bool checkpointer_start(const char *path, struct checkpointer **ret_checkpointer,
                                   struct err *err);
/* Stops after the copy in hand; NULL is fine. */
void checkpointer_stop(struct checkpointer *k);
/* Has it copy what is in the log by now. */
void checkpointer_wake(struct checkpointer *k);
/* Whether it has copied since it was last told to; what came meanwhile is little, unless a file's
 * batches did. */
bool checkpointer_is_done(struct checkpointer *k);

/* The log of an opened company, from start to stop; both are the writer's, or of who starts it. */
MUST_CHECK bool wal_start(struct store_company *c, struct err *err);
void wal_stop(struct store_company *c);
/* Has the disk begin with what the log got; the next sync, which a request waits for, has the less
 * to do.  Promises nothing. */
void wal_start_writing(struct store_company *c);
/* Between two transactions: copies the log when it is long, or has it copied while requests come
 * in (shared). */
void wal_tend(struct store_company *c, bool shared);
/* Whether files rest, because the log is about to begin anew. */
bool wal_ends(const struct store_company *c);
/* Copies the log while there is nothing else to do. */
void wal_use_rest(struct store_company *c);

/* The writer of an opened company: starts its thread; stops it after what is queued. */
MUST_CHECK bool writer_start(struct store_company *c, struct err *err);
void writer_stop(struct store_company *c);
/* Another connection wants to write, from here until it leaves; it is let in before more of a file.
 */
void writer_enter(struct store_company *c);
void writer_leave(struct store_company *c);
/* Adds what a slice of a file did to its task, in the transaction of the slice. */
MUST_CHECK bool task_record(struct db *db, const struct store_batch *batch,
                            const struct store_change *change, size_t count, bool last,
                            const struct apply_meta *before, const struct apply_meta *after,
                            struct err *err);
/* Writes down that the task did these (EVENT_BIT()s), as far as webhooks want it, in the
 * transaction that is open; *ret_told says whether anything was. */
MUST_CHECK bool event_add_task(struct db *db, unsigned wanted, const struct store_task *task,
                               bool *ret_told, struct err *err);
/* Tells whoever watches that there are events, after their commit. */
void events_announce(struct store *s);
/* Reads from when on the trail is there. */
MUST_CHECK bool trail_from_load(struct store_company *c, struct db *db, struct err *err);
/* Reads which events the company's webhooks want. */
MUST_CHECK bool webhooks_load(struct store_company *c, struct err *err);
/* Brings tokens in memory up to date with control.db; with store->lock held. */
MUST_CHECK bool tokens_load(struct store *s, struct err *err);
/* The same of sessions, and of what users are to them; with store->lock held. */
MUST_CHECK bool sessions_load(struct store *s, struct err *err);
/* Frees what sessions_load() made. */
void sessions_free(struct store *s);

#endif
