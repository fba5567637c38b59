/* Undo: each change of an import is taken back by a look at the customer's trail.
 *
 * What a change gave to a field is what the next change of that field took away, or what the
 * customer has now.  So a field may be given back when no later change of another has it; else it
 * is left and named, and that later change takes over what was there before: when it is an
 * import's, its own undo will bring it back.
 *
 * An import may have changed a customer more than once.  Its changes are taken back one by one, the
 * newest first, so that e-mails go back the way they came; what stays is named once, with the
 * oldest.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql_company.h"
#include "store/sqlite/apply_priv.h"

static const char sql_trail_get[] = SQL_TRAIL_GET, sql_trail_blank[] = SQL_TRAIL_BLANK,
                  sql_trail_former[] = SQL_TRAIL_FORMER, sql_trail_made[] = SQL_TRAIL_MADE,
                  sql_trail_prev[] = SQL_TRAIL_PREV, sql_trail_drop[] = SQL_TRAIL_DROP,
                  sql_gone_add[] = SQL_GONE_ADD, sql_gone_get[] = SQL_GONE_GET;

struct link { /* a change above or below the one that is undone */
    int64_t id, prev, origin, at;
    bool made;  /* the customer counts as made by it */
    bool waits; /* of an import that is undone but for this e-mail */
    struct consumer_former *former;
    size_t count;
};
struct chain { /* newest first */
    struct link *link;
    size_t count, room;
};
struct undo {
    struct applier *p;
    const struct apply_item *item;
    struct store_change *c;
    struct arena *a;           /* of the slice */
    struct arena *results;     /* of the batch */
    struct entry *e;           /* NULL: the customer is not there */
    struct chain above, below; /* below: no further than this import's first change of anyone */
};

static bool write_number(struct applier *p, const char *sql, int64_t id, int64_t number,
                         struct err *err)
{
    if (p->trial)
        return true;
    sqlite3_stmt *s = db_statement(p->db, sql, err);
    if (!s)
        return false;
    db_bind_int(s, 1, id);
    if (number >= 0)
        db_bind_int(s, 2, number);
    return db_run(p->db, s, err);
}

static bool write_former(struct undo *u, const struct link *l, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    if (u->p->trial)
        return true;
    sqlite3_stmt *s = db_statement(u->p->db, sql_trail_former, err);
    if (!s)
        return false;
    consumer_former_write(&b, l->former, l->count);
    db_bind_int(s, 1, l->id);
    db_bind_str(s, 2, buf_str(&b));
    return db_run(u->p->db, s, err);
}

/* Reads a row of the trail; *ret_found false: it was purged. */
static bool read_link(struct applier *p, struct arena *a, int64_t id, struct link *ret,
                      bool *ret_found, struct err *err)
{
    sqlite3_stmt *s = db_statement(p->db, sql_trail_get, err);
    if (!s)
        return false;
    db_bind_int(s, 1, id);
    int step = db_step(p->db, s, err);
    *ret_found = step == SQLITE_ROW;
    if (*ret_found) {
        *ret = (struct link){.id = id,
                             .prev = sqlite3_column_int64(s, 1),
                             .origin = sqlite3_column_int64(s, 2),
                             .at = sqlite3_column_int64(s, 3)};
        int made = sqlite3_column_int(s, 4);
        ret->made = made == TRAIL_MADE;
        ret->waits = made == TRAIL_WAITS;
        if (!consumer_former_parse(a, db_column_borrow(s, 5), &ret->former, &ret->count))
            step = !err_set(err, ERR_INTERNAL, "the trail's row %lld is damaged", (long long)id);
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

/* The customer's changes from `head` down to `until`, which is left out. */
static bool read_chain(struct applier *p, struct arena *a, int64_t head, int64_t until,
                       struct chain *ret, struct err *err)
{
    bool found = true;
    *ret = (struct chain){0};
    for (int64_t id = head; id > until && found; id = ret->link[ret->count - 1].prev) {
        if (ret->count == ret->room) {
            ret->room = ret->room ? ret->room * 2 : 4;
            struct link *more = ARENA_NEW(a, struct link, ret->room);
            if (ret->count)
                memcpy(more, ret->link, ret->count * sizeof *more);
            ret->link = more;
        }
        if (!read_link(p, a, id, &ret->link[ret->count], &found, err))
            return false;
        if (!found)
            break;
        ret->count++;
    }
    return true;
}

static struct store_kept *keep(struct undo *u, enum problem_code code, const char *field, str key)
{
    struct store_change *c = u->c;
    struct store_kept *k = ARENA_NEW(u->results, struct store_kept, 1), **last = &c->kept;
    *k = (struct store_kept){.consumer_id = c->consumer_id,
                             .record = c->record,
                             .code = code,
                             .field = str_of(field),
                             .key = arena_str(u->results, key)};
    if (u->e)
        k->external_id = arena_str(u->results, u->e->now.external_id);
    while (*last)
        last = &(*last)->next;
    *last = k;
    c->kept_count++;
    return k;
}

static struct store_kept *keep_value(struct undo *u, enum problem_code code,
                                     const struct consumer_former *f, str undone)
{
    struct store_kept *k = keep(u, code, consumer_field_name(f->field), f->key);
    str now = consumer_value_text(u->a, &u->e->now, f->field, f->key);
    k->undone = arena_str(u->results, str_is_null(undone) ? now : undone);
    k->now = arena_str(u->results, now);
    return k;
}

static bool is_import(int64_t origin)
{
    return origin_kind(origin) == ORIGIN_IMPORT;
}

static bool is_own(const struct undo *u, const struct link *l)
{
    return l->origin == u->item->batch->origin;
}

/* Whether it is a change of somebody else that lasts.  This import's own above are taken back
 * already; in a dry run they are still there. */
static bool is_others(const struct undo *u, const struct link *l)
{
    return !is_own(u, l) && !l->waits;
}

static void take_away(struct undo *u)
{
    u->e->row = NULL;
    apply_remove(u->p, u->e);
    u->c->outcome = OUTCOME_DELETED;
}

/* --- customers whom the import made --- */

/* Whoever changed him last, of those who are not this import. */
static const struct link *toucher(const struct undo *u, bool *ret_imports_only)
{
    const struct link *last = NULL;
    *ret_imports_only = true;
    for (size_t i = 0; i < u->above.count; i++) {
        const struct link *l = &u->above.link[i];
        if (!is_others(u, l))
            continue;
        *ret_imports_only = *ret_imports_only && is_import(l->origin);
        if (!last || (is_import(last->origin) && !is_import(l->origin)))
            last = l;
    }
    return last;
}

/* The lowest change of another import: the one that the customer will count as made by. */
static const struct link *heir(const struct undo *u)
{
    for (size_t i = u->above.count; i-- > 0;)
        if (is_others(u, &u->above.link[i]))
            return &u->above.link[i];
    return NULL;
}

static bool undo_made(struct undo *u, struct err *err)
{
    bool imports_only;
    if (!u->e)
        return true;
    if (!read_chain(u->p, u->a, u->e->now.trail, 0, &u->above, err))
        return false;
    const struct link *since = toucher(u, &imports_only);
    if (!since) {
        take_away(u);
        return true;
    }
    struct store_kept *k = keep(u, PROBLEM_TOUCHED_SINCE, "id", (str){0});
    k->origin = since->origin;
    k->at_us = since->at;
    return !imports_only || write_number(u->p, sql_trail_made, heir(u)->id, TRAIL_MADE, err);
}

/* --- customers whom it changed --- */

static struct consumer_former *find_field(const struct link *l, const struct consumer_former *f)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->former[i].field == f->field && str_eq(l->former[i].key, f->key))
            return &l->former[i];
    return NULL;
}

/* The next change of a field after the one that is undone, and the value it took away; and the last
 * change of it. */
static struct consumer_former *changed_next(const struct undo *u, const struct consumer_former *f,
                                            struct link **ret_next, struct link **ret_last)
{
    struct consumer_former *next = NULL;
    for (size_t i = u->above.count; i-- > 0;) {
        struct link *l = &u->above.link[i];
        struct consumer_former *at = is_own(u, l) ? NULL : find_field(l, f);
        if (!at)
            continue;
        *ret_last = l;
        if (!next) {
            next = at;
            *ret_next = l;
        }
    }
    return next;
}

/* True when an older change of this import has the field, too: that one tells of it. */
static bool is_told_below(const struct undo *u, const struct consumer_former *f)
{
    for (size_t i = 0; i < u->below.count; i++)
        if (is_own(u, &u->below.link[i]) && find_field(&u->below.link[i], f))
            return true;
    return false;
}

/* True when the next older change of the field is this import's: it has the same next change, and
 * is the one to hand on what was there before. */
static bool is_handed_on_below(const struct undo *u, const struct consumer_former *f)
{
    for (size_t i = 0; i < u->below.count; i++)
        if (find_field(&u->below.link[i], f))
            return is_own(u, &u->below.link[i]);
    return false;
}

/* Leaves in the change only what may be given back. */
static bool judge(struct undo *u, struct err *err)
{
    size_t back = 0;
    for (size_t i = 0; i < u->c->formers; i++) {
        struct consumer_former *f = &u->c->former[i];
        struct link *link = NULL, *last = NULL;
        struct consumer_former *next = changed_next(u, f, &link, &last);
        if (!next) {
            // Only keys go back step by step: somebody else of this import may wait for one.
            bool key = f->field == FIELD_EMAIL || f->field == FIELD_EXTERNAL_ID ||
                       f->field == FIELD_LEGACY_ID;
            if (key || !is_handed_on_below(u, f))
                u->c->former[back++] = *f;
            continue;
        }
        if (!is_told_below(u, f)) {
            struct store_kept *k = keep_value(u, PROBLEM_CHANGED_SINCE, f, next->value);
            k->origin = last->origin;
            k->at_us = last->at;
        }
        next->value = is_handed_on_below(u, f) ? next->value : f->value;
        if (!write_former(u, link, err))
            return false;
    }
    u->c->formers = back;
    return true;
}

static const struct consumer_former an_email = {.field = FIELD_EMAIL, .key = STR("")};

/* The newest change of the customer's e-mail; NULL: none. */
static const struct link *newest_email(const struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        if (find_field(&chain->link[i], &an_email))
            return &chain->link[i];
    return NULL;
}

/* Whether the customer got his e-mail from an import that can still be undone. */
static bool has_email_by_import(struct undo *u, int64_t id, bool *ret_by_import, struct err *err)
{
    struct chain chain;
    struct entry *e = slice_find(&u->p->slice, id);
    if (!e && !apply_load_one(u->p, id, &e, err))
        return false;
    const struct consumer owner = e->now;
    if (!read_chain(u->p, u->a, owner.trail, 0, &chain, err))
        return false;
    const struct link *l = newest_email(&chain);
    *ret_by_import = is_import(l ? l->origin : owner.origin);
    return true;
}

static const struct consumer_former *find_former(const struct store_change *c,
                                                 enum consumer_field field)
{
    for (size_t i = 0; i < c->formers; i++)
        if (c->former[i].field == field)
            return &c->former[i];
    return NULL;
}

/* --- e-mails that wait for each other --- */

enum { RING_MAX = 100 };
struct ring { /* each holds the e-mail that the one before waits for; the first's undo is in hand */
    struct entry *e[RING_MAX];
    str email[RING_MAX], key[RING_MAX];
    size_t count;
};

/* The e-mail that an undo is yet to give the customer; NULL: none. */
static bool find_waited(struct undo *u, const struct entry *e, const struct consumer_former **ret,
                        struct err *err)
{
    struct chain chain;
    *ret = NULL;
    if (!read_chain(u->p, u->a, e->now.trail, 0, &chain, err))
        return false;
    const struct link *l = newest_email(&chain);
    *ret = l && l->waits ? find_field(l, &an_email) : NULL;
    return true;
}

static void join_ring(struct ring *r, struct entry *e, str email, str key)
{
    r->e[r->count] = e;
    r->email[r->count] = email;
    r->key[r->count++] = key;
}

/* Follows who waits for whom from the holder of the first's e-mail on. */
static bool find_ring(struct undo *u, int64_t holder, struct ring *r, bool *ret_closed,
                      struct err *err)
{
    *ret_closed = false;
    while (holder && r->count < RING_MAX) {
        const struct consumer_former *waited;
        struct consumer_patch patch;
        struct entry *e = slice_find(&u->p->slice, holder);
        *ret_closed = e == r->e[0];
        for (size_t i = 0; i < r->count; i++)
            if (e == r->e[i])
                return true;
        if (!e && !apply_load_one(u->p, holder, &e, err))
            return false;
        if (!find_waited(u, e, &waited, err))
            return false;
        if (!waited)
            return true;
        consumer_former_patch(u->a, waited, 1, &patch);
        join_ring(r, e, patch.value.email, patch.value.email_key);
        if (!apply_find_key(u->p, KEY_EMAIL, patch.value.email_key, &holder, err))
            return false;
    }
    return true;
}

static void set_email(struct undo *u, struct entry *e, str email, str key)
{
    struct consumer after = e->now;
    after.email = email;
    after.email_key = key;
    after.updated_at_us = apply_next_stamp(u->p);
    apply_move_keys(&u->p->slice, &e->now, &after, e);
    e->now = after;
    e->dirty = true;
}

/* All of them get theirs at once; the first leaves his, and is given back what he waits for as if
 * it had been free. */
static bool turn_ring(struct undo *u, const struct ring *r, struct err *err)
{
    int64_t owner;
    for (size_t i = 0; i < r->count; i++)
        set_email(u, r->e[i], (str){0}, (str){0});
    for (size_t i = 1; i < r->count; i++) {
        const str external_id = r->e[i]->now.external_id;
        set_email(u, r->e[i], r->email[i], r->key[i]);
        if (!external_id.len)
            continue;
        if (!apply_find_key(u->p, KEY_EXTERNAL, external_id, &owner, err))
            return false;
        slice_slot(&u->p->slice, KEY_EXTERNAL, external_id)->imprint = 0;
    }
    return true;
}

/* Two undone imports, or more, may each have given away what the other waits for. */
static bool try_ring(struct undo *u, const struct consumer *after, int64_t holder, bool *ret_turned,
                     struct err *err)
{
    struct ring r = {0};
    *ret_turned = false;
    if (!u->item->batch->retry)
        return true;
    join_ring(&r, u->e, after->email, after->email_key);
    return find_ring(u, holder, &r, ret_turned, err) && (!*ret_turned || turn_ring(u, &r, err));
}

/* Keys that are another's by now stay as they are. */
static bool leave_taken(struct undo *u, const struct consumer *before, struct consumer *after,
                        struct err *err)
{
    static const enum consumer_field field[KEY_KINDS] = {FIELD_EXTERNAL_ID, FIELD_EMAIL,
                                                         FIELD_LEGACY_ID};
    for (enum key_kind kind = 0; kind < KEY_KINDS; kind++) {
        int64_t other = str_eq(apply_key_of(before, kind), apply_key_of(after, kind))
                            ? 0
                            : apply_rival(&u->p->slice, kind, apply_key_of(after, kind), after->id);
        const struct consumer_former *f = find_former(u->c, field[kind]);
        bool turned = false;
        if (!other || !f)
            continue;
        if (kind == KEY_EMAIL && !try_ring(u, after, other, &turned, err))
            return false;
        if (turned)
            continue;
        bool told_below = is_told_below(u, f);
        if (!told_below)
            keep_value(u, PROBLEM_EMAIL_LEFT_OUT, f, (str){0})->other_id = other;
        *consumer_text(after, field[kind]) = *consumer_text((struct consumer *)before, field[kind]);
        if (kind == KEY_EMAIL) {
            after->email_key = before->email_key;
            if (!told_below && !has_email_by_import(u, other, &u->c->pending, err))
                return false;
        }
    }
    return true;
}

static void keep_opt_outs(struct undo *u, const struct problems *warnings)
{
    for (const struct problem *w = warnings->first; w; w = w->next) {
        const struct consumer_former *f = find_former(u->c, consumer_field_of(w->field));
        if (w->code == PROBLEM_OPT_OUT_KEPT && f && !is_told_below(u, f))
            (void)keep_value(u, PROBLEM_OPT_OUT_KEPT, f, (str){0});
    }
}

/* Attributes that have no place any more are left out, each named. */
static void leave_attributes(struct undo *u, const struct problems *problems)
{
    size_t back = 0;
    for (size_t i = 0; problems->count && i < u->c->formers; i++) {
        if (u->c->former[i].field != FIELD_CUSTOM_ATTRIBUTES)
            u->c->former[back++] = u->c->former[i];
        else if (!is_told_below(u, &u->c->former[i]))
            (void)keep_value(u, problems->first->code, &u->c->former[i], (str){0});
    }
    u->c->formers = back;
}

static bool give_back(struct undo *u, struct err *err)
{
    static const struct consumer_merge_rules rules = {.keep_opt_outs = true, .take_back = true};
    const struct consumer before = u->e->now;
    struct consumer after = before;
    struct consumer_former *differs;
    size_t count;
    struct problems problems, warnings;
    do {
        struct consumer_patch patch;
        problems = warnings = (struct problems){0};
        consumer_former_patch(u->a, u->c->former, u->c->formers, &patch);
        (void)consumer_patch_apply(u->a, &patch, &before, &rules, &after, &problems, &warnings);
        if (problems.count)
            leave_attributes(u, &problems);
    } while (problems.count);
    keep_opt_outs(u, &warnings);
    if (!leave_taken(u, &before, &after, err))
        return false;
    consumer_former_find(u->a, &before, &after, &differs, &count);
    u->c->outcome = count              ? OUTCOME_UPDATED
                    : u->c->kept_count ? OUTCOME_SKIPPED
                                       : OUTCOME_UNCHANGED;
    if (!count)
        return true;
    after.updated_at_us = apply_next_stamp(u->p);
    apply_move_keys(&u->p->slice, &u->e->now, &after, u->e); // he may have left a ring
    u->e->now = after;
    u->e->dirty = true;
    // No row of a file left him like this.
    if (after.external_id.len)
        slice_slot(&u->p->slice, KEY_EXTERNAL, after.external_id)->imprint = 0;
    return true;
}

/* Takes the change out of the trail; or leaves in it the e-mail that waits. */
static bool settle(struct undo *u, struct err *err)
{
    struct store_change *c = u->c;
    if (c->pending) {
        struct consumer_former email = *find_former(c, FIELD_EMAIL);
        const struct link left = {.id = c->trail_id, .former = &email, .count = 1};
        return write_former(u, &left, err) &&
               write_number(u->p, sql_trail_made, c->trail_id, TRAIL_WAITS, err);
    }
    if (u->e && u->e->exists && u->e->now.trail == c->trail_id) {
        u->e->now.trail = c->trail_prev;
        u->e->dirty = true;
    } else if (u->above.count &&
               !write_number(u->p, sql_trail_prev, u->above.link[u->above.count - 1].id,
                             c->trail_prev, err)) {
        return false;
    }
    return write_number(u->p, sql_trail_drop, c->trail_id, -1, err);
}

/* Names a deleted customer once; one whom the import made itself is where the undo would have him.
 * *ret_gone false: no one deleted him, he went with an undo. */
static bool note_deleted(struct undo *u, bool told_below, bool *ret_gone, struct err *err)
{
    sqlite3_stmt *s = db_statement(u->p->db, sql_gone_get, err);
    if (!s)
        return false;
    db_bind_int(s, 1, u->c->consumer_id);
    int step = db_step(u->p->db, s, err);
    *ret_gone = step == SQLITE_ROW;
    if (*ret_gone && !told_below && sqlite3_column_int64(s, 2) != u->item->batch->origin) {
        struct store_kept *k = keep(u, PROBLEM_DELETED_SINCE, "id", (str){0});
        k->origin = sqlite3_column_int64(s, 0);
        k->at_us = sqlite3_column_int64(s, 1);
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

/* A customer whose making an undone import left to this one goes when nobody else has him. */
static bool hand_on_making(struct undo *u, struct err *err)
{
    bool imports_only;
    if (!toucher(u, &imports_only)) {
        take_away(u);
        return true;
    }
    return !imports_only || write_number(u->p, sql_trail_made, heir(u)->id, TRAIL_MADE, err);
}

/* True when the customer goes with an older change of this import, by hand_on_making(). */
static bool goes_below(const struct undo *u)
{
    bool made = false, imports_only;
    for (size_t i = 0; i < u->below.count; i++)
        made = made || (u->below.link[i].made && is_own(u, &u->below.link[i]));
    return made && !toucher(u, &imports_only);
}

static bool undo_there(struct undo *u, struct err *err)
{
    // One whom the import made and others touched stays whole: see undo_made().
    if (u->e->now.origin == u->item->batch->origin || goes_below(u))
        return true;
    if (u->c->made && (!hand_on_making(u, err) || u->c->outcome == OUTCOME_DELETED))
        return u->c->outcome == OUTCOME_DELETED;
    return judge(u, err) && give_back(u, err);
}

static bool undo_changed(struct undo *u, struct err *err)
{
    const struct store_change *c = u->c;
    if (!read_chain(u->p, u->a, c->trail_prev, c->trail_first - 1, &u->below, err))
        return false;
    bool told_below = false;
    for (size_t i = 0; i < u->below.count; i++)
        told_below = told_below || is_own(u, &u->below.link[i]);
    // The rows of one who is gone stay, blank as they are: the next older one is found by them.
    bool gone;
    if (!u->e)
        return note_deleted(u, told_below, &gone, err) &&
               ((gone && !u->item->batch->retry) || settle(u, err));
    return read_chain(u->p, u->a, u->e->now.trail, c->trail_id, &u->above, err) &&
           undo_there(u, err) && settle(u, err);
}

bool undo_act(struct applier *p, const struct apply_item *item, struct err *err)
{
    struct store_change *c = item->change;
    struct entry *e = slice_find(&p->slice, c->consumer_id);
    struct undo u = {.p = p,
                     .item = item,
                     .c = c,
                     .a = &p->slice.arena,
                     .results = item->batch->arena,
                     .e = e && e->exists ? e : NULL};
    c->outcome = OUTCOME_UNCHANGED;
    c->pending = false;
    p->wrote = true;
    return c->op == STORE_UNDO_MADE ? undo_made(&u, err) : undo_changed(&u, err);
}

bool trail_forget(struct applier *p, const struct entry *e, int64_t origin, struct err *err)
{
    struct slice *s = &p->slice;
    for (size_t i = 0; i < s->trails; i++)
        if (s->trail[i]->consumer_id == e->now.id)
            s->trail[i]->former = STR("{}");
    for (int64_t id = e->now.trail; id;) {
        struct link l;
        bool found;
        bool fresh = s->trails && id >= s->trail[0]->id; // not written yet
        if (fresh) {
            id = s->trail[id - s->trail[0]->id]->prev;
            continue;
        }
        if (!read_link(p, &s->arena, id, &l, &found, err) ||
            (found && !write_number(p, sql_trail_blank, id, -1, err)))
            return false;
        id = found ? l.prev : 0;
    }
    sqlite3_stmt *stmt = db_statement(p->db, sql_gone_add, err);
    if (!stmt)
        return false;
    db_bind_int(stmt, 1, e->now.id);
    db_bind_int(stmt, 2, origin);
    db_bind_int(stmt, 3, apply_next_stamp(p));
    db_bind_int(stmt, 4, e->now.origin);
    return db_run(p->db, stmt, err);
}
