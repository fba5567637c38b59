/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/apply.h"

#include "base/clock.h"
#include "base/limits.h"
#include "sql_company.h"
#include "sql_trial.h"
#include "store/sqlite/rowio.h"

enum { ID_SHIFT = 8 }; // ids are the clock's microseconds times 256, or the next number

static const struct {
    const char *find, *set, *drop;
} key_sql[2][KEY_KINDS] = {
    {[KEY_EXTERNAL] = {SQL_FIND_EXTERNAL, SQL_EXTERNAL_SET, SQL_EXTERNAL_DROP},
     [KEY_EMAIL] = {SQL_FIND_EMAIL, SQL_EMAIL_SET, SQL_EMAIL_DROP},
     [KEY_LEGACY] = {SQL_FIND_LEGACY, SQL_LEGACY_SET, SQL_LEGACY_DROP}},
    {[KEY_EXTERNAL] = {SQL_TRIAL_FIND_EXTERNAL, SQL_TRIAL_EXTERNAL_SET, SQL_TRIAL_EXTERNAL_DROP},
     [KEY_EMAIL] = {SQL_TRIAL_FIND_EMAIL, SQL_TRIAL_EMAIL_SET, SQL_TRIAL_EMAIL_DROP},
     [KEY_LEGACY] = {SQL_TRIAL_FIND_LEGACY, SQL_TRIAL_LEGACY_SET, SQL_TRIAL_LEGACY_DROP}},
};
static const char sql_consumer_get[] = SQL_CONSUMER_GET,
                  sql_trial_consumer_get[] = SQL_TRIAL_CONSUMER_GET,
                  sql_consumer_insert[] = SQL_CONSUMER_INSERT,
                  sql_consumer_update[] = SQL_CONSUMER_UPDATE,
                  sql_trial_consumer_set[] = SQL_TRIAL_CONSUMER_SET,
                  sql_consumer_delete[] = SQL_CONSUMER_DELETE, sql_meta_get[] = SQL_META_GET,
                  sql_meta_set[] = SQL_META_SET;

bool apply_load_meta(struct applier *p, struct err *err)
{
    sqlite3_stmt *s = db_statement(p->db, sql_meta_get, err);
    if (!s || !db_step(p->db, s, err))
        return false;
    p->meta = (struct apply_meta){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
                                  sqlite3_column_int64(s, 2)};
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
    p->wrote = false;
    return db_run(p->db, s, err);
}

void apply_done(struct applier *p)
{
    slice_done(&p->slice);
}

/* --- loading: what the changes may touch, looked up in the order in which it is stored --- */

static str key_of(const struct consumer *c, enum key_kind kind)
{
    return kind == KEY_EXTERNAL ? c->external_id : kind == KEY_EMAIL ? c->email_key : c->legacy_id;
}

static void want_key(struct slice *s, enum key_kind kind, str text)
{
    if (text.len)
        (void)slice_slot(s, kind, text);
}

static void gather(struct slice *s, const struct store_change *c)
{
    static const enum consumer_field field[KEY_KINDS] = {FIELD_EXTERNAL_ID, FIELD_EMAIL,
                                                         FIELD_LEGACY_ID};
    int64_t id;
    if (c->op == STORE_REFUSED)
        return;
    if ((c->key == STORE_KEY_PATH || c->key == STORE_KEY_ID) && consumer_id_parse(c->key_text, &id))
        (void)slice_entry(s, id);
    if (c->key == STORE_KEY_PATH || c->key == STORE_KEY_EXTERNAL_ID)
        want_key(s, KEY_EXTERNAL, c->key_text);
    if (c->key == STORE_KEY_PATH)
        want_key(s, KEY_LEGACY, c->key_text);
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++)
        if (c->patch.set & FIELD_BIT(field[kind]))
            want_key(s, kind, key_of(&c->patch.value, kind));
}

static bool look_up_keys(struct applier *p, struct err *err)
{
    struct slice *s = &p->slice;
    slice_sort_slots(s);
    for (size_t i = 0; i < s->slots; i++) {
        struct key_slot *k = s->slot[i];
        sqlite3_stmt *find = db_statement(p->db, key_sql[p->trial][k->kind].find, err);
        if (!find)
            return false;
        db_bind_str(find, 1, k->text);
        int step = db_step(p->db, find, err);
        if (!step)
            return false;
        if (step == SQLITE_ROW)
            k->was = k->now = sqlite3_column_int64(find, 0);
        (void)sqlite3_reset(find);
        // An e-mail's owner is only named in conflicts; the others may be what a change is about.
        if (k->was && k->kind != KEY_EMAIL)
            (void)slice_entry(s, k->was);
    }
    return true;
}

/* False with err->code ERR_NONE: too much for one slice. */
static bool load_entries(struct applier *p, struct err *err)
{
    struct slice *s = &p->slice;
    slice_sort_entries(s);
    for (size_t i = 0; i < s->entries; i++) {
        struct entry *e = s->entry[i];
        sqlite3_stmt *get =
            db_statement(p->db, p->trial ? sql_trial_consumer_get : sql_consumer_get, err);
        if (!get)
            return false;
        db_bind_int(get, 1, e->now.id);
        int step = db_step(p->db, get, err);
        if (!step)
            return false;
        if (step == SQLITE_ROW) {
            rowio_read(get, &s->arena, &e->now);
            e->stored = e->exists = true;
        }
        (void)sqlite3_reset(get);
        if (s->arena.used > LIMIT_SLICE_BYTES)
            return false;
    }
    return true;
}

static bool load(struct applier *p, const struct apply_item *item, size_t *count, struct err *err)
{
    for (;;) {
        slice_begin(&p->slice, *count);
        for (size_t i = 0; i < *count; i++)
            gather(&p->slice, item[i].change);
        if (!look_up_keys(p, err))
            return false;
        err->code = ERR_NONE;
        if (load_entries(p, err))
            return true;
        if (err->code != ERR_NONE)
            return false;
        if (*count == 1)
            return true; // one customer's record always fits: it has its own ceilings
        *count = (*count + 1) / 2;
    }
}

/* --- acting: one change after another on the picture in memory --- */

static int64_t next_stamp(struct applier *p)
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

static struct entry *existing(struct slice *s, int64_t id)
{
    struct entry *e = id ? slice_find(s, id) : NULL;
    return e && e->exists ? e : NULL;
}

static struct entry *resolve(struct slice *s, const struct store_change *c)
{
    int64_t id;
    struct entry *e = NULL;
    if (c->op == STORE_CREATE || c->key == STORE_KEY_NONE)
        return NULL;
    if ((c->key == STORE_KEY_PATH || c->key == STORE_KEY_ID) && consumer_id_parse(c->key_text, &id))
        e = existing(s, id);
    if (!e && (c->key == STORE_KEY_PATH || c->key == STORE_KEY_EXTERNAL_ID))
        e = existing(s, slice_slot(s, KEY_EXTERNAL, c->key_text)->now);
    if (!e && c->key == STORE_KEY_PATH)
        e = existing(s, slice_slot(s, KEY_LEGACY, c->key_text)->now);
    return e;
}

static void copy_problems(struct arena *to, const struct problems *from, struct problems *list)
{
    for (const struct problem *q = from->first; q; q = q->next) {
        struct problem *copy = problem_add(list, to, q->code, q->field, q->value);
        copy->key = arena_str(to, q->key);
        copy->other_id = q->other_id;
    }
}

/* Who has a key that a record wants, besides itself; 0: nobody. */
static int64_t rival(struct slice *s, enum key_kind kind, str text, int64_t self)
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
        int64_t other = rival(s, kind, key_of(after, kind), after->id);
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

static void move_keys(struct slice *s, const struct consumer *before, const struct consumer *after)
{
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++) {
        str old = before ? key_of(before, kind) : (str){0},
            new = after ? key_of(after, kind) : (str){0};
        if (str_eq(old, new))
            continue;
        if (old.len) {
            struct key_slot *k = slice_slot(s, kind, old);
            // A key that no change named was not looked up: it is this record's, or the record
            // would not have it.
            if (!k->was && !k->now)
                k->was = before->id;
            k->now = 0;
        }
        if (new.len)
            slice_slot(s, kind, new)->now = after->id;
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

static void act_delete(struct applier *p, struct entry *e, struct store_change *c)
{
    move_keys(&p->slice, &e->now, NULL);
    e->exists = false;
    e->dirty = true;
    p->meta.consumers--;
    c->outcome = OUTCOME_DELETED;
}

/* The patch with the external id that a creating upsert gives: the path wins. */
static struct consumer_patch with_key(const struct store_change *c, struct arena *a,
                                      struct store_change *out)
{
    struct consumer_patch patch = c->patch;
    if (c->op != STORE_UPSERT)
        return patch;
    if ((patch.set & FIELD_BIT(FIELD_EXTERNAL_ID)) && !str_eq(patch.value.external_id, c->key_text))
        problem_add(&out->warnings, a, PROBLEM_EXTERNAL_ID_KEPT, STR("external_id"),
                    patch.value.external_id);
    patch.set |= FIELD_BIT(FIELD_EXTERNAL_ID);
    patch.clear &= ~FIELD_BIT(FIELD_EXTERNAL_ID);
    patch.value.external_id = c->key_text;
    return patch;
}

static void act_write(struct applier *p, struct entry *e, struct store_change *c,
                      struct arena *results)
{
    struct slice *s = &p->slice;
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
        c->changed = 0;
        return;
    }
    if (before && !c->changed) {
        c->outcome = OUTCOME_UNCHANGED;
        return;
    }
    after.updated_at_us = next_stamp(p);
    if (!before) {
        after.id = next_id(p);
        if (!(patch.set & FIELD_BIT(FIELD_CREATED_AT)))
            after.created_at_us = after.updated_at_us;
        e = slice_entry(s, after.id);
        e->exists = true;
        p->meta.consumers++;
    }
    move_keys(s, before, &after);
    c->outcome = before ? OUTCOME_UPDATED : OUTCOME_CREATED;
    e->now = after;
    e->dirty = true;
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

static void act(struct applier *p, struct store_change *c, const struct store_batch *batch)
{
    struct arena *results = batch->arena;
    // The change may have been tried before, in a group that was rolled back.
    c->problems = (struct problems){0};
    c->warnings = (struct problems){0};
    c->after = NULL;
    c->changed = 0;
    copy_problems(results, &c->patch.problems, &c->problems);
    copy_problems(results, &c->patch.warnings, &c->warnings);
    if (c->op == STORE_REFUSED) {
        c->outcome = c->outcome == OUTCOME_SKIPPED ? OUTCOME_SKIPPED : OUTCOME_FAILED;
        return;
    }
    struct entry *e = resolve(&p->slice, c);
    if (!e && (c->op == STORE_UPDATE || c->op == STORE_DELETE)) {
        act_missing(c, results);
        return;
    }
    if (c->op == STORE_DELETE) {
        if (batch->want_records)
            c->after = kept_record(results, &e->now);
        act_delete(p, e, c);
        return;
    }
    act_write(p, e, c, results);
    if (batch->want_records && c->outcome != OUTCOME_FAILED) {
        e = e ? e : slice_find(&p->slice, p->meta.last_id);
        c->after = kept_record(results, &e->now);
    }
}

/* --- writing the difference --- */

static bool write_entry(struct applier *p, const struct entry *e, struct err *err)
{
    if (!e->dirty || (!e->stored && !e->exists))
        return true;
    const char *sql = !e->exists  ? sql_consumer_delete
                      : p->trial  ? sql_trial_consumer_set
                      : e->stored ? sql_consumer_update
                                  : sql_consumer_insert;
    sqlite3_stmt *s = db_statement(p->db, sql, err);
    if (!s)
        return false;
    p->wrote = true;
    if (e->exists)
        rowio_bind(s, &e->now);
    else
        db_bind_int(s, 1, e->now.id);
    return db_run(p->db, s, err);
}

static bool write_slot(struct applier *p, const struct key_slot *k, struct err *err)
{
    if (k->was == k->now)
        return true;
    sqlite3_stmt *s = db_statement(
        p->db, k->now ? key_sql[p->trial][k->kind].set : key_sql[p->trial][k->kind].drop, err);
    if (!s)
        return false;
    p->wrote = true;
    db_bind_str(s, 1, k->text);
    if (k->now)
        db_bind_int(s, 2, k->now);
    return db_run(p->db, s, err);
}

static bool flush(struct applier *p, struct err *err)
{
    struct slice *s = &p->slice;
    slice_sort_entries(s);
    for (size_t i = 0; i < s->entries; i++)
        if (!write_entry(p, s->entry[i], err))
            return false;
    slice_sort_slots(s);
    for (size_t i = 0; i < s->slots; i++)
        if (!write_slot(p, s->slot[i], err))
            return false;
    return true;
}

bool apply_slice(struct applier *p, const struct apply_item *item, size_t count, size_t *ret_done,
                 struct err *err)
{
    size_t done = 0;
    if (!load(p, item, &count, err))
        return false;
    while (done < count && (!done || p->slice.arena.used < 2 * LIMIT_SLICE_BYTES)) {
        act(p, item[done].change, item[done].batch);
        done++;
    }
    *ret_done = done;
    return flush(p, err);
}
