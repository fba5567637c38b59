/* apply: changes to customers, applied in slices: load, act in order, write the difference.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_APPLY_H
#define STORE_SQLITE_APPLY_H

#include "store/sqlite/feed.h"
#include "store/sqlite/memtable.h"
#include "store/store.h"

struct apply_meta {
    int64_t last_id, last_stamp, consumers, last_trail;
    int64_t changes, indexed_to, unindexed, created; /* see changes.h */
    int64_t termed_to, untermed, stale_terms;        /* see terms.h */
    int64_t came, went; /* customers made and removed since the counters were written: see days.h */
};
struct changes_tidy { /* how far a sweep has come */
    enum { TIDY_NOTHING, TIDY_CHANGED, TIDY_CREATED } what;
    int64_t at, id;
};
enum { TERMS_RUNS = 64 };
struct terms_load { /* terms on their way into search_term */
    enum { TERMS_REST, TERMS_GATHER, TERMS_WRITE, TERMS_SWEEP } step;
    struct arena arena;
    struct term_entry *entry; /* in runs, each of which is sorted */
    size_t count, room;
    struct terms_run {
        size_t at, end;
    } run[TERMS_RUNS];
    size_t runs;
    int64_t to, changes; /* of customers up to that stamp, so many entries of changed */
    str swept;           /* of TERMS_SWEEP: the last that was looked at, in the arena */
    int64_t swept_id;
};
struct applier {
    struct db *db;
    const struct zone *zone; /* of the company's days; a trial has none */
    bool trial;              /* write into the trial's tables */
    struct apply_meta meta;
    struct slice slice;
    struct feed feed;
    struct changes_tidy tidy;
    struct terms_load terms;
    int64_t noted_to;     /* the last stamp before the slice in hand */
    struct memtable held; /* changed, and not written yet */
    bool hold;            /* what changes is held until apply_write_held() */
    bool wrote;           /* something since apply_begin() */
    unsigned events;      /* EVENT_BIT()s that webhooks want to be told of; 0: none are written */
    bool told;            /* some were written since its owner last looked */
};
/* A change and the batch it belongs to. */
struct apply_item {
    struct store_change *change;
    struct store_batch *batch;
    /* the applier's own, while the item's slice is in hand: slots of the keys that the change
     * names; NULL where it names none */
    struct key_slot *by_external, *by_legacy, *wants[KEY_KINDS];
};

/* Makes an applier (zeroed before) on a connection, which both outlive; trial: its tables are
 * there.
 */
MUST_CHECK bool apply_init(struct applier *p, struct db *db, bool trial, struct err *err);
/* Reads the counters the applier goes on from, and forgets what is held: after a rollback. */
MUST_CHECK bool apply_load_meta(struct applier *p, struct err *err);
/* Applies the first of the items, as many as memory allows, at least one, and writes or holds the
 * difference; *ret_done says how many. Inside a transaction of the caller's (a trial: inside its
 * snapshot). */
MUST_CHECK bool apply_slice(struct applier *p, struct apply_item *item, size_t count,
                            size_t *ret_done, struct err *err);
/* Writes what is held. */
MUST_CHECK bool apply_write_held(struct applier *p, struct err *err);
/* Writes the counters, if anything was written since the last time. */
MUST_CHECK bool apply_save_meta(struct applier *p, struct err *err);
/* Frees what the applier keeps; not the connection. */
void apply_done(struct applier *p);

#endif
