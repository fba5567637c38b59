/* Undo: each change of an import is taken back by a look at the customer's trail.
 *
 * What a change gave to a field is what the next change of that field took away, or what the
 * customer has now.  So a field may be given back when no later change has it; when a later import
 * has, that import takes over what was there before: its own undo will bring it back.  Anyone
 * else's change makes the field his, and it is left and named.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "sql_company.h"
#include "store/sqlite/apply_priv.h"

static const char sql_trail_get[] = SQL_TRAIL_GET, sql_trail_blank[] = SQL_TRAIL_BLANK,
                  sql_trail_former[] = SQL_TRAIL_FORMER, sql_trail_made[] = SQL_TRAIL_MADE,
                  sql_trail_prev[] = SQL_TRAIL_PREV, sql_trail_drop[] = SQL_TRAIL_DROP,
                  sql_gone_add[] = SQL_GONE_ADD, sql_gone_get[] = SQL_GONE_GET;

struct link { /* a change above the one that is undone */
    int64_t id, prev, origin, at;
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
    struct arena *a;       /* of the slice */
    struct arena *results; /* of the batch */
    struct entry *e;       /* NULL: the customer is not there */
    struct chain above;
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
        if (!consumer_former_parse(a, db_column_borrow(s, 5), &ret->former, &ret->count))
            step = !err_set(err, ERR_INTERNAL, "the trail's row %lld is damaged", (long long)id);
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

/* The customer's changes from the newest down to `until`, which is left out. */
static bool read_chain(struct applier *p, struct arena *a, int64_t head, int64_t until,
                       struct chain *ret, struct err *err)
{
    bool found = true;
    *ret = (struct chain){0};
    for (int64_t id = head; id && id != until && found; id = ret->link[ret->count - 1].prev) {
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

/* In a dry run the task's own changes above are still there; the real one has taken them back. */
static bool is_over(const struct undo *u, const struct link *l)
{
    return u->p->trial && l->origin == u->item->batch->origin;
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
        if (l->origin == u->item->batch->origin)
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
        if (u->above.link[i].origin != u->item->batch->origin)
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
    return !imports_only || write_number(u->p, sql_trail_made, heir(u)->id, -1, err);
}

/* --- customers whom it changed --- */

/* The next change of a field after the one that is undone, and the value it took away. */
static struct consumer_former *changed_next(const struct undo *u, const struct consumer_former *f,
                                            struct link **ret_link)
{
    for (size_t i = u->above.count; i-- > 0;) {
        struct link *l = &u->above.link[i];
        for (size_t n = 0; n < l->count && !is_over(u, l); n++)
            if (l->former[n].field == f->field && str_eq(l->former[n].key, f->key)) {
                *ret_link = l;
                return &l->former[n];
            }
    }
    return NULL;
}

/* Leaves in the change only what may be given back. */
static bool judge(struct undo *u, struct err *err)
{
    size_t back = 0;
    for (size_t i = 0; i < u->c->formers; i++) {
        struct consumer_former *f = &u->c->former[i];
        struct link *link = NULL;
        struct consumer_former *next = changed_next(u, f, &link);
        if (!next) {
            u->c->former[back++] = *f;
            continue;
        }
        if (link->origin != u->item->batch->origin) {
            struct store_kept *k = keep_value(u, PROBLEM_CHANGED_SINCE, f, next->value);
            k->origin = link->origin;
            k->at_us = link->at;
        }
        if (is_import(link->origin)) {
            next->value = f->value;
            if (!write_former(u, link, err))
                return false;
        }
    }
    u->c->formers = back;
    return true;
}

/* Whether the customer got his e-mail from an import that can still be undone. */
static bool has_email_by_import(struct undo *u, int64_t id, bool *ret_by_import, struct err *err)
{
    struct chain chain;
    struct entry *e = slice_find(&u->p->slice, id);
    if (!e && !apply_load_one(u->p, id, &e, err))
        return false;
    const struct consumer owner = e->now;
    *ret_by_import = is_import(owner.origin);
    if (!read_chain(u->p, u->a, owner.trail, 0, &chain, err))
        return false;
    for (size_t i = 0; i < chain.count; i++)
        for (size_t n = 0; n < chain.link[i].count; n++)
            if (chain.link[i].former[n].field == FIELD_EMAIL) {
                *ret_by_import = is_import(chain.link[i].origin);
                return true;
            }
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
        if (!other || !f)
            continue;
        keep_value(u, PROBLEM_EMAIL_LEFT_OUT, f, (str){0})->other_id = other;
        *consumer_text(after, field[kind]) = *consumer_text((struct consumer *)before, field[kind]);
        if (kind == KEY_EMAIL) {
            after->email_key = before->email_key;
            if (!has_email_by_import(u, other, &u->c->pending, err))
                return false;
        }
    }
    return true;
}

static void keep_opt_outs(struct undo *u, const struct problems *warnings)
{
    for (const struct problem *w = warnings->first; w; w = w->next) {
        const struct consumer_former *f = find_former(u->c, consumer_field_of(w->field));
        if (w->code == PROBLEM_OPT_OUT_KEPT && f)
            (void)keep_value(u, PROBLEM_OPT_OUT_KEPT, f, (str){0});
    }
}

/* Attributes that have no place any more are left out, each named. */
static void leave_attributes(struct undo *u, const struct problems *problems)
{
    size_t back = 0;
    for (size_t i = 0; problems->count && i < u->c->formers; i++) {
        if (u->c->former[i].field == FIELD_CUSTOM_ATTRIBUTES)
            (void)keep_value(u, problems->first->code, &u->c->former[i], (str){0});
        else
            u->c->former[back++] = u->c->former[i];
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
    apply_move_keys(&u->p->slice, &before, &after, u->e);
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
        return write_former(u, &left, err);
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

static bool note_deleted(struct undo *u, struct err *err)
{
    sqlite3_stmt *s = db_statement(u->p->db, sql_gone_get, err);
    if (!s)
        return false;
    db_bind_int(s, 1, u->c->consumer_id);
    int step = db_step(u->p->db, s, err);
    if (step == SQLITE_ROW) {
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
    bool imports_only = true;
    const struct link *next = NULL;
    for (size_t i = 0; i < u->above.count; i++) {
        const struct link *l = &u->above.link[i];
        if (is_over(u, l))
            continue;
        imports_only = imports_only && is_import(l->origin);
        next = l; // the lowest is the last
    }
    if (!next)
        take_away(u);
    return !next || !imports_only || write_number(u->p, sql_trail_made, next->id, -1, err);
}

static bool undo_changed(struct undo *u, struct err *err)
{
    if (!u->e)
        return note_deleted(u, err) && settle(u, err);
    if (!read_chain(u->p, u->a, u->e->now.trail, u->c->trail_id, &u->above, err))
        return false;
    // One whom the import made and others touched stays whole: see undo_made().
    if (u->e->now.origin == u->item->batch->origin)
        return settle(u, err);
    if (u->c->made && (!hand_on_making(u, err) || u->c->outcome == OUTCOME_DELETED))
        return u->c->outcome == OUTCOME_DELETED && settle(u, err);
    return judge(u, err) && give_back(u, err) && settle(u, err);
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
    return db_run(p->db, stmt, err);
}
