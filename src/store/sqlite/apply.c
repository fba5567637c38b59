/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/apply_priv.h"

#include "base/background.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/mem.h"
#include "sql_company.h"
#include "sql_trial.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/days.h"
#include "store/sqlite/rowio.h"
#include "store/sqlite/terms.h"

#include <stdatomic.h>

enum {
    ID_SHIFT = 8,    // ids are the clock's microseconds times 256, or the next number
    SCAN_KEYS = 100, // fewer keys are sought one by one
    PAUSE_CHANGES = 50,
};

/* A statement's literal is its name: the same one every time. */
static const char sql_external_scan[] = SQL_EXTERNAL_SCAN, sql_email_scan[] = SQL_EMAIL_SCAN,
                  sql_legacy_scan[] = SQL_LEGACY_SCAN, sql_external_find[] = SQL_EXTERNAL_FIND,
                  sql_external_set[] = SQL_EXTERNAL_SET, sql_external_drop[] = SQL_EXTERNAL_DROP,
                  sql_email_find[] = SQL_EMAIL_FIND, sql_email_set[] = SQL_EMAIL_SET,
                  sql_email_drop[] = SQL_EMAIL_DROP, sql_legacy_find[] = SQL_LEGACY_FIND,
                  sql_legacy_set[] = SQL_LEGACY_SET, sql_legacy_drop[] = SQL_LEGACY_DROP,
                  sql_rows_find[] = SQL_ROWS_FIND, sql_rows_set[] = SQL_ROWS_SET,
                  sql_rows_drop[] = SQL_ROWS_DROP,
                  sql_trial_external_find[] = SQL_TRIAL_EXTERNAL_FIND,
                  sql_trial_external_set[] = SQL_TRIAL_EXTERNAL_SET,
                  sql_trial_email_find[] = SQL_TRIAL_EMAIL_FIND,
                  sql_trial_email_set[] = SQL_TRIAL_EMAIL_SET,
                  sql_trial_legacy_find[] = SQL_TRIAL_LEGACY_FIND,
                  sql_trial_legacy_set[] = SQL_TRIAL_LEGACY_SET,
                  sql_trial_rows_find[] = SQL_TRIAL_ROWS_FIND,
                  sql_trial_rows_set[] = SQL_TRIAL_ROWS_SET, sql_meta_get[] = SQL_META_GET,
                  sql_meta_set[] = SQL_META_SET, sql_trail_add[] = SQL_TRAIL_ADD;
static const struct {
    const char *scan, *find, *set, *drop, *trial_find, *trial_set;
} key_sql[KEY_KINDS] = {
    [KEY_EXTERNAL] = {sql_external_scan, sql_external_find, sql_external_set, sql_external_drop,
                      sql_trial_external_find, sql_trial_external_set},
    [KEY_EMAIL] = {sql_email_scan, sql_email_find, sql_email_set, sql_email_drop,
                   sql_trial_email_find, sql_trial_email_set},
    [KEY_LEGACY] = {sql_legacy_scan, sql_legacy_find, sql_legacy_set, sql_legacy_drop,
                    sql_trial_legacy_find, sql_trial_legacy_set},
};

bool apply_init(struct applier *p, struct db *db, bool trial, struct err *err)
{
    p->db = db;
    p->trial = trial;
    return feed_register(db, &p->feed, err) && changes_register(db, err) && apply_load_meta(p, err);
}

bool apply_load_meta(struct applier *p, struct err *err)
{
    memtable_reset(&p->held); // whatever else fails: what it holds is of a transaction that is gone
    sqlite3_stmt *s = db_statement(p->db, sql_meta_get, err);
    if (!s || !db_step(p->db, s, err))
        return false;
    p->meta = (struct apply_meta){
        sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
        sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4), sqlite3_column_int64(s, 5),
        sqlite3_column_int64(s, 6), sqlite3_column_int64(s, 7), sqlite3_column_int64(s, 8),
        sqlite3_column_int64(s, 9), sqlite3_column_int64(s, 10)};
    p->tidy = (struct changes_tidy){0};
    terms_drop(p);
    p->wrote = false;
    (void)sqlite3_reset(s);
    return true;
}

bool apply_save_meta(struct applier *p, struct err *err)
{
    if (!p->wrote || p->trial)
        return true;
    sqlite3_stmt *s = db_statement(p->db, sql_meta_set, err);
    if (!s)
        return false;
    db_bind_int(s, 1, p->meta.last_id);
    db_bind_int(s, 2, p->meta.last_stamp);
    db_bind_int(s, 3, p->meta.consumers);
    db_bind_int(s, 4, p->meta.last_trail);
    db_bind_int(s, 5, p->meta.changes);
    db_bind_int(s, 6, p->meta.indexed_to);
    db_bind_int(s, 7, p->meta.unindexed);
    db_bind_int(s, 8, p->meta.created);
    db_bind_int(s, 9, p->meta.termed_to);
    db_bind_int(s, 10, p->meta.untermed);
    db_bind_int(s, 11, p->meta.stale_terms);
    p->wrote = false;
    return db_run(p->db, s, err) && days_add(p, err);
}

void apply_done(struct applier *p)
{
    slice_done(&p->slice);
    terms_done(p);
    memtable_done(&p->held);
}

/* --- loading: what the changes may touch, looked up in the order in which it is stored --- */

str apply_key_of(const struct consumer *c, enum key_kind kind)
{
    return kind == KEY_EXTERNAL ? c->external_id : kind == KEY_EMAIL ? c->email_key : c->legacy_id;
}

static struct key_slot *want_key(struct slice *s, enum key_kind kind, str text)
{
    return text.len ? slice_slot(s, kind, text) : NULL;
}

/* Whom an earlier change of the batch made; NULL: nobody, or the change names none. */
static const struct consumer *made_earlier(const struct apply_item *item)
{
    const struct store_change *c = item->change;
    return c->key == STORE_KEY_EARLIER ? item->batch->change[c->earlier].after : NULL;
}

static void gather(struct slice *s, struct apply_item *item)
{
    static const enum consumer_field field[KEY_KINDS] = {FIELD_EXTERNAL_ID, FIELD_EMAIL,
                                                         FIELD_LEGACY_ID};
    const struct store_change *c = item->change;
    int64_t id;
    item->by_external = item->by_legacy = NULL;
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        item->wants[kind] = NULL;
    if (c->op == STORE_REFUSED)
        return;
    if (c->consumer_id)
        (void)slice_entry(s, c->consumer_id);
    if ((c->key == STORE_KEY_PATH || c->key == STORE_KEY_ID) && consumer_id_parse(c->key_text, &id))
        (void)slice_entry(s, id);
    if (made_earlier(item))
        (void)slice_entry(s, made_earlier(item)->id);
    if (c->key == STORE_KEY_PATH || c->key == STORE_KEY_EXTERNAL_ID)
        item->by_external = want_key(s, KEY_EXTERNAL, c->key_text);
    if (c->key == STORE_KEY_LEGACY)
        item->by_external = want_key(s, KEY_EXTERNAL, c->patch.value.external_id);
    if (c->key == STORE_KEY_PATH || c->key == STORE_KEY_LEGACY)
        item->by_legacy = want_key(s, KEY_LEGACY, c->key_text);
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        if (c->patch.set & FIELD_BIT(field[kind]))
            item->wants[kind] = want_key(s, kind, apply_key_of(&c->patch.value, kind));
}

/* What the database says of the keys that are fed. */
static bool find_keys(struct applier *p, const char *sql, struct err *err)
{
    sqlite3_stmt *s = db_statement(p->db, sql, err);
    int step = 0;
    while (s && (step = db_step(p->db, s, err)) == SQLITE_ROW) {
        struct key_slot *k = p->feed.key[sqlite3_column_int64(s, 0)];
        k->was = k->now = sqlite3_column_int64(s, 1);
        k->imprint_was = k->imprint = (uint64_t)sqlite3_column_int64(s, 2);
    }
    if (s)
        (void)sqlite3_reset(s);
    return step == SQLITE_DONE;
}

/* Reads the table beside the keys, both in order, as a zip closes; a seek per key costs several
 * times as much when the keys lie close together, as in a file that is in order, or has come
 * before. Gives up when they do not.  *ret_done: so many keys are settled. */
static bool scan_keys(struct applier *p, const char *sql, struct key_slot **key, size_t count,
                      size_t *ret_done, struct err *err)
{
    enum { PASSED_MAX = 8, SEEK_COST = 8, WORTH_PER_KEY = 4, TRY_KEYS = 256 };
    size_t at = 0, cost = 0;
    while (at < count && (at < TRY_KEYS || cost < at * WORTH_PER_KEY)) {
        sqlite3_stmt *s = db_statement(p->db, sql, err);
        int step = 0, passed = 0;
        if (!s)
            return false;
        db_bind_str(s, 1, key[at]->text);
        cost += SEEK_COST;
        while (at < count && passed < PASSED_MAX && (step = db_step(p->db, s, err)) == SQLITE_ROW) {
            const str found = db_column_borrow(s, 0);
            int order = -1;
            cost++;
            while (at < count && (order = str_cmp(key[at]->text, found)) < 0)
                at++; // it would have come before: it is nobody's
            if (at < count && order == 0) {
                key[at]->was = key[at]->now = sqlite3_column_int64(s, 1);
                key[at]->imprint_was = key[at]->imprint = (uint64_t)sqlite3_column_int64(s, 2);
                at++;
                passed = 0;
            } else {
                passed++;
            }
        }
        (void)sqlite3_reset(s);
        if (!step)
            return false;
        if (step == SQLITE_DONE)
            at = count;
    }
    *ret_done = at;
    return true;
}

static bool is_wanted(const struct key_slot *k)
{
    return !k->known && (k->needed || k->kind == KEY_EXTERNAL);
}

/* What is held of a key is newer than what the database says. */
static void know_held(const struct memtable *held, struct key_slot *k)
{
    if (!memtable_find_key(held, k))
        return;
    k->known = true;
    k->was = k->now;
    k->imprint_was = k->imprint;
}

/* Looks up the keys of a kind that are needed and not known yet, in the order in which they are
 * stored. */
static bool look_up_keys(struct applier *p, enum key_kind kind, struct err *err)
{
    struct slice *s = &p->slice;
    size_t wanted = 0;
    for (size_t i = 0; i < s->keys[kind].count; i++) {
        struct key_slot *k = s->keys[kind].slot[i];
        if (is_wanted(k) && p->held.keys)
            know_held(&p->held, k);
        wanted += is_wanted(k);
    }
    if (!wanted)
        return true;
    slice_sort_slots(s, kind);
    struct key_slot **key = ARENA_NEW(&s->arena, struct key_slot *, s->keys[kind].count);
    size_t count = 0;
    for (size_t i = 0; i < s->keys[kind].count; i++)
        if (is_wanted(s->keys[kind].slot[i]))
            key[count++] = s->keys[kind].slot[i];
    size_t done = 0;
    if (count > SCAN_KEYS && !scan_keys(p, key_sql[kind].scan, key, count, &done, err))
        return false;
    p->feed.key = key + done;
    p->feed.keys = count - done;
    if (done < count && !find_keys(p, key_sql[kind].find, err))
        return false;
    p->feed.key = key;
    p->feed.keys = count;
    if (p->trial && count && !find_keys(p, key_sql[kind].trial_find, err))
        return false;
    for (size_t i = 0; i < count; i++)
        key[i]->known = true;
    return true;
}

/* A customer who is held; false: he is not, ask the database. */
static bool load_held(const struct applier *p, struct entry *e)
{
    if (!memtable_find_row(&p->held, e->now.id, &e->now, &e->exists))
        return false;
    e->stored = e->exists;
    return true;
}

/* Reads the rows that are fed; false with err->code ERR_NONE: too much for one slice, which has
 * room for the first *ret_fit of them. */
static bool find_rows(struct applier *p, const char *sql, size_t *ret_fit, struct err *err)
{
    struct slice *slice = &p->slice;
    sqlite3_stmt *s = db_statement(p->db, sql, err);
    int step = 0;
    while (s && (step = db_step(p->db, s, err)) == SQLITE_ROW) {
        size_t n = (size_t)sqlite3_column_int64(s, 0);
        struct entry *e = p->feed.row[n];
        rowio_read(s, 1, &slice->arena, &e->now);
        e->stored = e->exists = true;
        if (slice->arena.used > LIMIT_SLICE_LOAD_BYTES) {
            *ret_fit = n;
            break;
        }
    }
    if (s)
        (void)sqlite3_reset(s);
    return step == SQLITE_DONE;
}

bool apply_load_one(struct applier *p, int64_t id, struct entry **ret_entry, struct err *err)
{
    struct entry *e = slice_entry(&p->slice, id);
    *ret_entry = e;
    if (load_held(p, e))
        return true;
    p->feed.row = &e;
    p->feed.rows = 1;
    for (int trial = 0; trial <= (p->trial ? 1 : 0); trial++) {
        sqlite3_stmt *s = db_statement(p->db, trial ? sql_trial_rows_find : sql_rows_find, err);
        int step = s ? db_step(p->db, s, err) : 0;
        if (step == SQLITE_ROW) {
            rowio_read(s, 1, &p->slice.arena, &e->now);
            e->stored = e->exists = true;
        }
        if (s)
            (void)sqlite3_reset(s);
        if (!step)
            return false;
    }
    return true;
}

static bool load_entries(struct applier *p, size_t *ret_fit, struct err *err)
{
    struct slice *s = &p->slice;
    // An e-mail's owner is only named in conflicts; the others may be what a change is about.
    static const enum key_kind kinds[] = {KEY_EXTERNAL, KEY_LEGACY};
    for (size_t n = 0; n < COUNT(kinds); n++) {
        const struct key_list *keys = &s->keys[kinds[n]];
        for (size_t i = 0; i < keys->count; i++) {
            struct key_slot *k = keys->slot[i];
            if (k->was && k->needed)
                k->entry = slice_entry(s, k->was);
        }
        s->scattered = s->scattered || keys->scattered;
    }
    if (!s->entries)
        return true;
    slice_sort_entries(s);
    struct entry **row = ARENA_NEW(&s->arena, struct entry *, s->entries);
    size_t count = 0;
    for (size_t i = 0; i < s->entries; i++)
        if (!load_held(p, s->entry[i]))
            row[count++] = s->entry[i];
    p->feed.row = row;
    p->feed.rows = count;
    return find_rows(p, sql_rows_find, ret_fit, err) &&
           (!p->trial || find_rows(p, sql_trial_rows_find, ret_fit, err));
}

/* True when the change's customer was left as he is by this very change. */
static bool changes_nothing(const struct apply_item *item)
{
    const struct key_slot *k = item->by_external;
    return item->change->imprint && k && k->now && k->now == k->was &&
           k->imprint == item->change->imprint;
}

/* Only what a change looks at is looked up.  The keys of one that changes nothing are its
 * customer's own. */
static void need_keys(const struct apply_item *item)
{
    if (changes_nothing(item))
        return;
    if (item->by_external)
        item->by_external->needed = true;
    if (item->by_legacy)
        item->by_legacy->needed = true;
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        if (item->wants[kind])
            item->wants[kind]->needed = true;
}

/* The imprints of customers who were found by another key. */
static bool look_up_imprints(struct applier *p, struct err *err)
{
    struct slice *s = &p->slice;
    for (size_t i = 0; i < s->entries; i++)
        if (s->entry[i]->stored)
            (void)want_key(s, KEY_EXTERNAL, s->entry[i]->now.external_id);
    return look_up_keys(p, KEY_EXTERNAL, err);
}

static struct entry *existing_of(const struct slice *s, const struct key_slot *k)
{
    struct entry *e = !k || !k->now                            ? NULL
                      : k->entry && k->entry->now.id == k->now ? k->entry
                                                               : slice_find(s, k->now);
    return e && e->exists ? e : NULL;
}

/* An e-mail that the change's own customer has is his: most e-mails of a file that comes again. */
static void know_own_email(const struct slice *s, const struct apply_item *item)
{
    struct key_slot *k = item->wants[KEY_EMAIL];
    const struct entry *e = k && !k->known ? existing_of(s, item->by_external) : NULL;
    if (e && str_eq(e->now.email_key, k->text)) {
        k->was = k->now = e->now.id;
        k->known = true;
    }
}

static bool load(struct applier *p, struct apply_item *item, size_t *count, struct err *err)
{
    for (;;) {
        size_t fit = 0;
        slice_begin(&p->slice, *count);
        for (size_t i = 0; i < *count; i++)
            gather(&p->slice, &item[i]);
        if (!look_up_keys(p, KEY_EXTERNAL, err))
            return false;
        for (size_t i = 0; i < *count; i++)
            need_keys(&item[i]);
        if (!look_up_keys(p, KEY_LEGACY, err))
            return false;
        err->code = ERR_NONE;
        if (load_entries(p, &fit, err)) {
            for (size_t i = 0; i < *count; i++)
                know_own_email(&p->slice, &item[i]);
            return look_up_imprints(p, err) && look_up_keys(p, KEY_EMAIL, err);
        }
        if (err->code != ERR_NONE)
            return false;
        assert(*count > 1); // one customer's record always fits: it has its own ceilings
        // As many as had room, less an eighth: no two sets of records are alike.
        fit = *count * fit / p->slice.entries / 8 * 7;
        *count = MAX(fit, (size_t)1);
    }
}

/* --- acting: one change after another on the picture in memory --- */

int64_t apply_next_stamp(struct applier *p)
{
    int64_t now = clock_now_us();
    p->meta.last_stamp = MAX(p->meta.last_stamp + 1, now);
    return p->meta.last_stamp;
}

static int64_t next_id(struct applier *p)
{
    int64_t now = clock_now_us() << ID_SHIFT;
    p->meta.last_id = MAX(p->meta.last_id + 1, now);
    return p->meta.last_id;
}

static struct entry *resolve(const struct slice *s, const struct apply_item *item)
{
    const struct store_change *c = item->change;
    int64_t id;
    struct entry *e = NULL;
    if (c->op == STORE_CREATE || c->key == STORE_KEY_NONE)
        return NULL;
    if ((c->key == STORE_KEY_PATH || c->key == STORE_KEY_ID) && consumer_id_parse(c->key_text, &id))
        e = slice_find(s, id);
    if (made_earlier(item))
        e = slice_find(s, made_earlier(item)->id);
    if (!e || !e->exists)
        e = existing_of(s, item->by_external);
    return e ? e : existing_of(s, item->by_legacy);
}

static void copy_problems(struct arena *to, const struct problems *from, struct problems *list)
{
    for (const struct problem *q = from->first; q; q = q->next) {
        struct problem *copy = problem_add(list, to, q->code, q->field, q->value);
        copy->key = arena_str(to, q->key);
        copy->other_id = q->other_id;
    }
}

bool apply_find_key(struct applier *p, enum key_kind kind, str text, int64_t *ret_owner,
                    struct err *err)
{
    struct key_slot *k = slice_slot(&p->slice, kind, text);
    k->needed = true;
    if (!k->known && !k->now && !look_up_keys(p, kind, err))
        return false;
    *ret_owner = k->now;
    return true;
}

int64_t apply_rival(struct slice *s, enum key_kind kind, str text, int64_t self)
{
    int64_t owner = text.len ? slice_slot(s, kind, text)->now : 0;
    return owner == self ? 0 : owner;
}

static void check_unique(struct slice *s, struct arena *a, struct store_change *c,
                         const struct consumer *before, struct consumer *after)
{
    static const enum consumer_field field[KEY_KINDS] = {FIELD_EXTERNAL_ID, FIELD_EMAIL,
                                                         FIELD_LEGACY_ID};
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++) {
        if (before && str_eq(apply_key_of(before, kind), apply_key_of(after, kind)))
            continue; // his already
        int64_t other = apply_rival(s, kind, apply_key_of(after, kind), after->id);
        if (!other)
            continue;
        str value = *consumer_text(after, field[kind]);
        const str name = str_of(consumer_field_name(field[kind]));
        if (kind == KEY_EMAIL && c->lenient) {
            problem_add(&c->warnings, a, PROBLEM_EMAIL_LEFT_OUT, name, value)->other_id = other;
            after->email = before ? before->email : (str){0};
            after->email_key = before ? before->email_key : (str){0};
            c->changed &= ~FIELD_BIT(FIELD_EMAIL);
        } else {
            problem_add(&c->problems, a, PROBLEM_TAKEN, name, value)->other_id = other;
        }
    }
}

void apply_move_keys(struct slice *s, const struct consumer *before, const struct consumer *after,
                     struct entry *entry)
{
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++) {
        str old = before ? apply_key_of(before, kind) : (str){0},
            new = after ? apply_key_of(after, kind) : (str){0};
        if (str_eq(old, new))
            continue;
        if (old.len) {
            struct key_slot *k = slice_slot(s, kind, old);
            // A key that no change named was not looked up: it is this record's, or the record
            // would not have it.
            if (!k->known) {
                k->known = true;
                k->was = before->id;
            }
            k->now = 0;
        }
        if (new.len) {
            struct key_slot *k = slice_slot(s, kind, new);
            k->now = after->id;
            k->entry = entry;
        }
    }
}

static struct consumer *kept_record(struct arena *a, const struct consumer *c)
{
    struct consumer *copy = ARENA_NEW(a, struct consumer, 1);
    *copy = *c;
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++) {
        str *text = consumer_text(copy, field);
        if (text)
            *text = arena_str(a, *text);
    }
    copy->email_key = arena_str(a, c->email_key);
    copy->custom_attributes = arena_str(a, c->custom_attributes);
    return copy;
}

void apply_remove(struct applier *p, struct entry *e)
{
    apply_move_keys(&p->slice, &e->now, NULL, NULL);
    e->exists = false;
    e->dirty = true;
    p->meta.consumers--;
    p->meta.went++;
    p->meta.stale_terms++;
}

static bool act_delete(struct applier *p, struct entry *e, const struct apply_item *item,
                       struct err *err)
{
    item->change->outcome = OUTCOME_DELETED;
    if (item->batch->want == STORE_WANT_RECORDS)
        item->change->after = kept_record(item->batch->arena, &e->now);
    if (!p->trial && !trail_forget(p, e, item->batch->origin, err))
        return false;
    apply_remove(p, e);
    return !item->batch->small || terms_forget(p, &e->now, err);
}

static bool has_same_keys(const struct consumer *x, const struct consumer *y)
{
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        if (!str_eq(apply_key_of(x, kind), apply_key_of(y, kind)))
            return false;
    return true;
}

/* Writes down what the change takes away.  Changes of one origin in one slice count as one, but for
 * those of a key, which must be taken back in the order in which keys went from hand to hand.  A
 * value that went and came back was changed, too: where a slice ends makes no difference.  What an
 * origin made in this slice is new as a whole. */
static void add_trail(struct applier *p, struct entry *e, const struct apply_item *item,
                      struct consumer *after)
{
    struct slice *s = &p->slice;
    int64_t origin = item->batch->origin;
    struct trail_row *row = e->row;
    AUTO(buf_done) struct buf b = {0};
    struct consumer_former *former;
    size_t count;
    if (p->trial || (!e->stored && e->now.origin == origin && !row))
        return;
    if (!row || row->origin != origin || !has_same_keys(&e->now, after)) {
        struct consumer *base = ARENA_NEW(&s->arena, struct consumer, 1);
        *base = e->now;
        e->base = base;
        e->row = row = slice_trail(s);
        row->id = ++p->meta.last_trail;
        row->consumer_id = after->id;
        row->prev = e->now.trail;
        row->origin = origin;
    }
    row->record = item->change->record;
    row->at = after->updated_at_us;
    after->trail = row->id;
    consumer_former_find(&s->arena, e->base, after, &former, &count);
    consumer_former_add(&s->arena, &former, &count, row->list, row->count);
    consumer_former_write(&b, former, count);
    row->former = arena_str(&s->arena, buf_str(&b));
    row->list = former;
    row->count = count;
}

/* The patch with the external id that a creating upsert gives: the path wins. */
static struct consumer_patch with_key(const struct store_change *c, struct arena *a,
                                      struct store_change *out)
{
    struct consumer_patch patch = c->patch;
    if (c->op != STORE_UPSERT || c->key == STORE_KEY_LEGACY)
        return patch;
    if ((patch.set & FIELD_BIT(FIELD_EXTERNAL_ID)) && !str_eq(patch.value.external_id, c->key_text))
        problem_add(&out->warnings, a, PROBLEM_EXTERNAL_ID_KEPT, STR("external_id"),
                    patch.value.external_id);
    patch.set |= FIELD_BIT(FIELD_EXTERNAL_ID);
    patch.clear &= ~FIELD_BIT(FIELD_EXTERNAL_ID);
    patch.value.external_id = c->key_text;
    return patch;
}

static void act_write(struct applier *p, struct entry *e, const struct apply_item *item)
{
    struct slice *s = &p->slice;
    struct store_change *c = item->change;
    struct arena *results = item->batch->arena;
    struct problems problems = {0}, warnings = {0};
    struct consumer after;
    const struct consumer *before = e ? &e->now : NULL;
    const struct consumer_patch patch = e ? c->patch : with_key(c, results, c);
    c->changed =
        consumer_patch_apply(&s->arena, &patch, before, &c->merge, &after, &problems, &warnings);
    copy_problems(results, &problems, &c->problems);
    copy_problems(results, &warnings, &c->warnings);
    check_unique(s, results, c, before, &after);
    if (c->problems.count) {
        c->outcome = OUTCOME_FAILED;
        c->failed_id = before ? before->id : 0;
        c->changed = 0;
        return;
    }
    if (before && !c->changed) {
        c->outcome = OUTCOME_UNCHANGED;
        return;
    }
    after.updated_at_us = apply_next_stamp(p);
    if (before) {
        add_trail(p, e, item, &after);
    } else {
        after.id = next_id(p);
        after.origin = item->batch->origin;
        after.record = c->record;
        after.trail = 0;
        if (!(patch.set & FIELD_BIT(FIELD_CREATED_AT)))
            after.created_at_us = after.updated_at_us;
        e = slice_entry(s, after.id);
        e->exists = true;
        p->meta.consumers++;
        p->meta.came++;
    }
    apply_move_keys(s, before, &after, e);
    c->outcome = before ? OUTCOME_UPDATED : OUTCOME_CREATED;
    if (before && (c->changed & TERMS_FIELDS))
        p->meta.stale_terms++;
    e->now = after;
    e->dirty = true;
    // Whatever else changed him makes the customer one whom no file row left so.
    if (after.external_id.len)
        slice_slot(s, KEY_EXTERNAL, after.external_id)->imprint =
            c->warnings.count ? 0 : c->imprint;
}

static void act_missing(struct store_change *c, struct arena *results)
{
    if (c->skip_missing) {
        c->outcome = OUTCOME_SKIPPED;
        return;
    }
    problem_add(&c->problems, results, PROBLEM_NOT_FOUND, STR("id"), c->key_text);
    c->outcome = OUTCOME_FAILED;
}

static bool is_one_of(int64_t version, const int64_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == version)
            return true;
    return false;
}

static bool holds(const struct store_condition *k, const struct entry *e)
{
    if (k->match &&
        !(e && (k->match_any || is_one_of(e->now.updated_at_us, k->version, k->versions))))
        return false;
    return !(
        k->none_match && e &&
        (k->none_match_any || is_one_of(e->now.updated_at_us, k->none_version, k->none_versions)));
}

/* The owner of the row's e-mail, if he has no external id: the row is his. */
static bool adopted(struct applier *p, const struct apply_item *item, struct entry **ret_entry,
                    struct err *err)
{
    const struct key_slot *k = item->wants[KEY_EMAIL];
    if (!item->change->adopt || item->change->op != STORE_UPSERT || !k || !k->now)
        return true;
    struct entry *e = slice_find(&p->slice, k->now);
    if (!e && !apply_load_one(p, k->now, &e, err))
        return false;
    if (e && e->exists && str_is_null(e->now.external_id))
        *ret_entry = e;
    return true;
}

static bool act(struct applier *p, const struct apply_item *item, struct err *err)
{
    struct store_change *c = item->change;
    const struct store_batch *batch = item->batch;
    struct arena *results = batch->arena;
    // The change may have been tried before, in a group that was rolled back.
    c->problems = (struct problems){0};
    c->warnings = (struct problems){0};
    c->before = c->after = NULL;
    c->kept = NULL;
    c->kept_count = 0;
    c->changed = 0;
    c->failed_id = 0;
    copy_problems(results, &c->patch.problems, &c->problems);
    copy_problems(results, &c->patch.warnings, &c->warnings);
    if (c->op == STORE_REFUSED) {
        c->outcome = c->outcome == OUTCOME_SKIPPED ? OUTCOME_SKIPPED : OUTCOME_FAILED;
        return true;
    }
    if (c->op == STORE_UNDO_MADE || c->op == STORE_UNDO_CHANGED)
        return undo_act(p, item, err);
    if (changes_nothing(item)) {
        c->outcome = c->skip_existing ? OUTCOME_SKIPPED : OUTCOME_UNCHANGED;
        return true;
    }
    struct entry *e = resolve(&p->slice, item);
    if (!e && !adopted(p, item, &e, err))
        return false;
    if (!e && (c->op == STORE_UPDATE || c->op == STORE_DELETE)) {
        act_missing(c, results);
        return true;
    }
    if (c->condition && !holds(c->condition, e)) {
        problem_add(&c->problems, results, PROBLEM_PRECONDITION, STR("id"), c->key_text);
        c->outcome = OUTCOME_FAILED;
        return true;
    }
    if (e && c->skip_existing) {
        c->outcome = OUTCOME_SKIPPED;
        return true;
    }
    if (c->op == STORE_DELETE)
        return act_delete(p, e, item, err);
    const struct consumer before = e ? e->now : (struct consumer){0};
    act_write(p, e, item);
    bool changed = c->outcome == OUTCOME_CREATED || c->outcome == OUTCOME_UPDATED;
    if (changed || (batch->want == STORE_WANT_RECORDS && c->outcome == OUTCOME_UNCHANGED)) {
        const struct entry *now = e ? e : slice_find(&p->slice, p->meta.last_id);
        if (batch->want != STORE_WANT_OUTCOMES)
            c->after = kept_record(results, &now->now);
        if (e && batch->want == STORE_WANT_CHANGES)
            c->before = kept_record(results, &before);
    }
    return true;
}

/* --- writing the difference --- */

static bool run(struct applier *p, const char *sql, struct err *err)
{
    sqlite3_stmt *s = db_statement(p->db, sql, err);
    p->wrote = true;
    return s && db_run(p->db, s, err);
}

/* What comes in the table's order is written at once; what is held already must stay the newest. */
static bool holds_row(const struct applier *p, const struct entry *e)
{
    return (p->hold && p->slice.scattered && e->stored) || memtable_has_row(&p->held, e->now.id);
}

static bool write_rows(struct applier *p, bool exist, const char *sql, struct err *err)
{
    struct slice *s = &p->slice;
    struct entry **row = ARENA_NEW(&s->arena, struct entry *, s->entries);
    size_t count = 0;
    for (size_t i = 0; i < s->entries; i++) {
        struct entry *e = s->entry[i];
        if (!e->dirty || e->exists != exist || (!exist && !e->stored))
            continue;
        if (holds_row(p, e))
            memtable_set_row(&p->held, e->now.id, exist ? &e->now : NULL);
        else
            row[count++] = e;
    }
    p->feed.row = row;
    p->feed.rows = count;
    return !count || run(p, sql, err);
}

static bool holds_key(const struct applier *p, const struct key_slot *k)
{
    return (p->hold && p->slice.keys[k->kind].scattered) || memtable_has_key(&p->held, k);
}

static bool write_keys(struct applier *p, enum key_kind kind, bool set, const char *sql,
                       struct err *err)
{
    struct slice *s = &p->slice;
    struct key_slot **key = ARENA_NEW(&s->arena, struct key_slot *, s->keys[kind].count);
    size_t count = 0;
    for (size_t i = 0; i < s->keys[kind].count; i++) {
        struct key_slot *k = s->keys[kind].slot[i];
        if ((k->was == k->now && k->imprint_was == k->imprint) || (k->now != 0) != set)
            continue;
        if (holds_key(p, k))
            memtable_set_key(&p->held, k);
        else
            key[count++] = k;
    }
    p->feed.key = key;
    p->feed.keys = count;
    return !count || run(p, sql, err);
}

static bool is_dirty(const struct slice *s)
{
    for (size_t i = 0; i < s->entries; i++)
        if (s->entry[i]->dirty)
            return true;
    return false;
}

static bool write_difference(struct applier *p, struct err *err)
{
    slice_sort_entries(&p->slice);
    // A trial only adds to what hides the company's tables; whom it removes is hidden by his keys.
    if (!write_rows(p, true, p->trial ? sql_trial_rows_set : sql_rows_set, err) ||
        (!p->trial && !write_rows(p, false, sql_rows_drop, err)))
        return false;
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++) {
        slice_sort_slots(&p->slice, kind);
        const char *set = p->trial ? key_sql[kind].trial_set : key_sql[kind].set,
                   *drop = p->trial ? key_sql[kind].trial_set : key_sql[kind].drop;
        if (!write_keys(p, kind, false, drop, err) || !write_keys(p, kind, true, set, err))
            return false;
    }
    return true;
}

/* The trail and the changes only grow at their end: nothing is won by holding them. */
static bool flush(struct applier *p, struct err *err)
{
    if (!is_dirty(&p->slice))
        return true;
    p->wrote = true;
    if (!write_difference(p, err) || (!p->trial && !changes_add(p, err)))
        return false;
    p->feed.trail = p->slice.trail;
    p->feed.trails = p->slice.trails;
    return p->trial || !p->slice.trails || run(p, sql_trail_add, err);
}

/* --- writing what is held --- */

enum { WRITTEN_AT_ONCE = 1024 };

static bool write_held_rows(struct applier *p, bool exist, const char *sql, struct err *err)
{
    struct arena *a = &p->slice.arena;
    struct entry *e = ARENA_NEW(a, struct entry, WRITTEN_AT_ONCE),
                 **row = ARENA_NEW(a, struct entry *, WRITTEN_AT_ONCE);
    size_t count;
    AUTO(mem_free) int64_t *id = memtable_ids(&p->held, exist, &count);
    p->feed.row = row;
    for (size_t at = 0; at < count; at += p->feed.rows) {
        p->feed.rows = MIN(count - at, (size_t)WRITTEN_AT_ONCE);
        for (size_t i = 0; i < p->feed.rows; i++) {
            row[i] = &e[i];
            e[i].now.id = id[at + i];
            (void)memtable_find_row(&p->held, id[at + i], &e[i].now, &e[i].exists);
        }
        if (!run(p, sql, err))
            return false;
    }
    return true;
}

static bool write_held_keys(struct applier *p, enum key_kind kind, bool owned, const char *sql,
                            struct err *err)
{
    struct arena *a = &p->slice.arena;
    struct key_slot *k = ARENA_NEW(a, struct key_slot, WRITTEN_AT_ONCE),
                    **slot = ARENA_NEW(a, struct key_slot *, WRITTEN_AT_ONCE);
    size_t count;
    AUTO(mem_free) struct held_key **key = memtable_keys(&p->held, kind, owned, &count);
    p->feed.key = slot;
    for (size_t at = 0; at < count; at += p->feed.keys) {
        p->feed.keys = MIN(count - at, (size_t)WRITTEN_AT_ONCE);
        for (size_t i = 0; i < p->feed.keys; i++) {
            slot[i] = &k[i];
            k[i] = memtable_slot(key[at + i]);
        }
        if (!run(p, sql, err))
            return false;
    }
    return true;
}

bool apply_write_held(struct applier *p, struct err *err)
{
    if (memtable_is_empty(&p->held))
        return true;
    slice_begin(&p->slice, 0); // its memory serves the writing
    if (!write_held_rows(p, true, sql_rows_set, err) ||
        !write_held_rows(p, false, sql_rows_drop, err))
        return false;
    fault_step("load-rows");
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        if (!write_held_keys(p, kind, false, key_sql[kind].drop, err) ||
            !write_held_keys(p, kind, true, key_sql[kind].set, err))
            return false;
    fault_step("load-keys");
    memtable_reset(&p->held);
    return true;
}

static void note_place(const struct apply_item *item)
{
    if (!item->batch->at_record)
        return;
    atomic_store_explicit(item->batch->at_record, item->change->record, memory_order_relaxed);
    fault_applying(item->change->record);
}

bool apply_slice(struct applier *p, struct apply_item *item, size_t count, size_t *ret_done,
                 struct err *err)
{
    size_t done = 0;
    if (!load(p, item, &count, err))
        return false;
    p->noted_to = p->meta.last_stamp;
    while (done < count && (!done || p->slice.arena.used < LIMIT_SLICE_BYTES)) {
        note_place(&item[done]);
        if (p->trial && done % PAUSE_CHANGES == 0)
            background_pause();
        if (!act(p, &item[done], err))
            return false;
        done++;
    }
    note_place(&item[0]); // what dies while it is written down dies at its beginning
    *ret_done = done;
    return flush(p, err) && (!p->events || item[0].batch->quiet || event_add_slice(p, item, err));
}
