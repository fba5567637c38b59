/* slice: what a slice of changes touches, in memory: keys and customers, as stored and as they will
 * be.
 *
 * Changes act one after another on this picture; only then is the difference written, in key order.
 * Threads: the writer's (or a trial's) own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_SLICE_H
#define STORE_SQLITE_SLICE_H

#include "domain/consumer.h"

enum key_kind { KEY_EXTERNAL, KEY_EMAIL, KEY_LEGACY, KEY_KINDS };
struct key_slot {
    enum key_kind kind;
    bool known;  /* was is what the database says */
    bool needed; /* by a change that looks at it */
    uint64_t hash;
    str text;
    int64_t was, now; /* whose it is: in the database, and after the changes so far; 0: nobody's */
    uint64_t imprint_was, imprint; /* an external id's: in the database, and after the changes */
    struct entry *entry;           /* of `now`, when it is at hand; look it up otherwise */
    struct key_slot *next, **bucket;
};
struct key_list { /* all slots of a kind, for sorting */
    struct key_slot **slot;
    size_t count, room;
    bool scattered; /* they came in no order: neither up nor down */
};
struct trail_row { /* what one change, or several of one origin, took away from a customer */
    int64_t id, consumer_id, prev, origin, at;
    uint64_t record;
    str former;
    const struct consumer_former *list; /* what `former` tells of */
    size_t count;
};
struct entry {
    struct consumer now; /* now.id is always set */
    bool stored;         /* a row in the database */
    bool exists;         /* after the changes so far */
    bool dirty;
    struct trail_row *row;       /* of the last change in this slice; NULL: none */
    const struct consumer *base; /* the customer before what `row` tells of */
    struct entry *next, **bucket;
};
struct slice {
    struct arena arena; /* entries, slots and the records' texts */
    struct key_slot **slot_bucket;
    struct entry **entry_bucket;
    size_t buckets; /* a power of two */
    struct key_list keys[KEY_KINDS];
    struct entry **entry;
    size_t entries, entry_room;
    bool scattered;           /* the entries came in no order */
    struct trail_row **trail; /* in the order of their ids */
    size_t trails, trail_room;
};

/* Empties the slice and makes it ready for about `changes` changes. */
void slice_begin(struct slice *s, size_t changes);
/* The slot of a key; made (was = now = 0) when it is not there.  text is borrowed. */
struct key_slot *slice_slot(struct slice *s, enum key_kind kind, str text);
/* The entry of an id, made when it is not there. */
struct entry *slice_entry(struct slice *s, int64_t id);
/* The same, but NULL when it is not there. */
struct entry *slice_find(const struct slice *s, int64_t id);
/* A new row of the trail, at the end. */
struct trail_row *slice_trail(struct slice *s);
/* Order the slots of a kind by text (as memcmp does), and the entries by id: */
void slice_sort_slots(struct slice *s, enum key_kind kind);
void slice_sort_entries(struct slice *s);
/* Eight bytes of a text from that place on, as a number that compares as they do. */
uint64_t slice_sort_key(str s, size_t from);
/* Frees all of it. */
void slice_done(struct slice *s);

#endif
