/* memtable: what the batches of a file have changed and the database does not have yet.
 *
 * A batch in random order touches most pages of the tables; held here and written once, in the
 * order of the tables, many batches together touch each page once.  Whoever reads asks here first.
 * Records are kept packed.  Threads: the writer's own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_MEMTABLE_H
#define STORE_SQLITE_MEMTABLE_H

#include "store/sqlite/slice.h"

struct held_row;
struct held_key;
struct memtable { /* {0} is empty, ready for use */
    struct arena arena;
    struct held_row **row_bucket;
    struct held_key **key_bucket;
    size_t row_buckets, key_buckets, rows, keys; /* buckets: a power of two */
};

/* Whether it holds nothing; how much memory it takes, in bytes: */
bool memtable_is_empty(const struct memtable *m);
size_t memtable_bytes(const struct memtable *m);
/* Whether it holds something of him, or of the key: */
bool memtable_has_row(const struct memtable *m, int64_t id);
bool memtable_has_key(const struct memtable *m, const struct key_slot *k);
/* Holds the customer of the id as he is now (copied); c NULL: he is gone. */
void memtable_set_row(struct memtable *m, int64_t id, const struct consumer *c);
/* True when the customer is held, in *ret (texts borrowed until he is set anew or all is
 * forgotten); *ret_exists false: he is gone. */
bool memtable_find_row(const struct memtable *m, int64_t id, struct consumer *ret,
                       bool *ret_exists);
/* Holds whose the key is now, and its imprint. */
void memtable_set_key(struct memtable *m, const struct key_slot *k);
/* True when the key is held: k->now and k->imprint are set to what is held. */
bool memtable_find_key(const struct memtable *m, struct key_slot *k);
/* The ids of customers who exist, or who are gone, in their order; the caller frees with
 * mem_free(). */
int64_t *memtable_ids(const struct memtable *m, bool exist, size_t *ret_count);
/* The keys of a kind that are somebody's, or nobody's, in the order of their texts; the caller
 * frees with mem_free(). */
struct held_key **memtable_keys(const struct memtable *m, enum key_kind kind, bool owned,
                                size_t *ret_count);
/* Such a key as a slot with text (borrowed), now and imprint. */
struct key_slot memtable_slot(const struct held_key *h);
/* Forgets all. */
void memtable_reset(struct memtable *m);
/* Frees all of it. */
void memtable_done(struct memtable *m);

#endif
