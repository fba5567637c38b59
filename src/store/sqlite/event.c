/* Events: what webhooks are told of, written with the change itself.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "sql_company.h"
#include "sql_event.h"
#include "store/sqlite/apply_priv.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/task_priv.h"
#include "store/webhooks.h"

static const char sql_event_add[] = SQL_EVENT_ADD, sql_event_list[] = SQL_EVENT_LIST,
                  sql_event_last[] = SQL_EVENT_LAST, sql_event_purge[] = SQL_EVENT_PURGE,
                  sql_import_made[] = SQL_IMPORT_MADE, sql_import_changed[] = SQL_IMPORT_CHANGED;

enum { PURGE_AT_ONCE = 10000, IMPORT_CHANGES_OVER = 2 };

/* --- writing --- */

static bool add(struct db *db, const struct event *e, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_event_add, err);
    if (!s)
        return false;
    db_bind_int(s, 1, e->kind);
    db_bind_int(s, 2, e->subject);
    db_bind_int(s, 3, e->at_us);
    db_bind_int(s, 4, e->changed);
    db_bind_int(s, 5, e->origin);
    db_bind_str(s, 6, e->external_id);
    return db_run(db, s, err);
}

/* The fields that the changes of this slice touched; 0: an undo's are not known. */
static unsigned changed_fields(const struct slice *s, const struct entry *e)
{
    unsigned fields = 0;
    for (const struct trail_row *row = e->row; row;) {
        for (size_t i = 0; i < row->count; i++)
            fields |= FIELD_BIT(row->list[i].field);
        bool fresh = row->prev >= s->trail[0]->id; // the one before is of this slice, too
        row = fresh ? s->trail[row->prev - s->trail[0]->id] : NULL;
    }
    return fields;
}

bool event_add_slice(struct applier *p, const struct apply_item *item, struct err *err)
{
    const struct slice *s = &p->slice;
    for (size_t i = 0; i < s->entries; i++) {
        const struct entry *e = s->entry[i];
        if (!e->dirty || (!e->stored && !e->exists))
            continue;
        struct event event = {.kind = !e->exists  ? EVENT_CONSUMER_DELETED
                                      : e->stored ? EVENT_CONSUMER_UPDATED
                                                  : EVENT_CONSUMER_CREATED,
                              .subject = e->now.id,
                              .at_us = e->exists ? e->now.updated_at_us
                                                 : MAX(p->meta.last_stamp, clock_now_us())};
        if (!(p->events & EVENT_BIT(event.kind)))
            continue;
        event.origin = event.kind == EVENT_CONSUMER_CREATED ? e->now.origin
                       : e->row                             ? e->row->origin
                                                            : item[0].batch->origin;
        if (event.kind == EVENT_CONSUMER_UPDATED)
            event.changed = changed_fields(s, e);
        if (event.kind == EVENT_CONSUMER_DELETED)
            event.external_id = e->now.external_id;
        if (!add(p->db, &event, err))
            return false;
        p->told = true;
    }
    return true;
}

bool event_add_task(struct db *db, unsigned wanted, const struct store_task *task, bool *ret_told,
                    struct err *err)
{
    // What it did to each customer goes before that it is over.
    static const enum event_kind kinds[] = {EVENT_RECORDS, EVENT_IMPORT_COMPLETED,
                                            EVENT_IMPORT_FAILED, EVENT_IMPORT_REVERTED};
    *ret_told = false;
    if (wanted & EVENTS_CONSUMERS)
        wanted |= EVENT_BIT(EVENT_RECORDS);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct event event = {
            .kind = kinds[i], .subject = task->id, .at_us = clock_now_us(), .origin = task->origin};
        if (!(task->tell & wanted & EVENT_BIT(kinds[i])))
            continue;
        if (!add(db, &event, err))
            return false;
        *ret_told = true;
    }
    return true;
}

void store_watch_events(struct store *s, void (*tell)(void *context), void *context)
{
    pthread_mutex_lock(&s->watch_lock);
    s->watch = tell;
    s->watch_context = context;
    pthread_mutex_unlock(&s->watch_lock);
}

void events_announce(struct store *s)
{
    pthread_mutex_lock(&s->watch_lock);
    if (s->watch)
        s->watch(s->watch_context);
    pthread_mutex_unlock(&s->watch_lock);
}

/* --- reading --- */

bool store_event_list(struct store_reader *r, struct arena *a, int64_t after, size_t limit,
                      struct event **ret_event, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_event_list, err);
    struct event *event = ARENA_NEW(a, struct event, limit);
    size_t count = 0;
    int step;
    if (!s)
        return false;
    db_bind_int(s, 1, after);
    db_bind_int(s, 2, db_limit(limit));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && count < limit)
        event[count++] = (struct event){.id = sqlite3_column_int64(s, 0),
                                        .kind = (enum event_kind)sqlite3_column_int(s, 1),
                                        .subject = sqlite3_column_int64(s, 2),
                                        .at_us = sqlite3_column_int64(s, 3),
                                        .changed = (unsigned)sqlite3_column_int64(s, 4),
                                        .origin = sqlite3_column_int64(s, 5),
                                        .external_id = db_column_str(s, 6, a)};
    (void)sqlite3_reset(s);
    *ret_event = event;
    *ret_count = count;
    return step != 0;
}

bool store_event_last(struct store_reader *r, int64_t *ret_id, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql_event_last, err);
    int step = s ? db_step(&r->db, s, err) : 0;
    if (step == SQLITE_ROW)
        *ret_id = sqlite3_column_int64(s, 0);
    if (s)
        (void)sqlite3_reset(s);
    return step == SQLITE_ROW;
}

bool store_event_purge(struct store_company *c, int64_t up_to, int64_t before_us, struct err *err)
{
    struct db db;
    bool ok, more = true;
    if (!task_enter(c, &db, err))
        return false;
    do {
        sqlite3_stmt *s = db_statement(&db, sql_event_purge, err);
        ok = s != NULL;
        if (!ok)
            break;
        db_bind_int(s, 1, up_to);
        db_bind_int(s, 2, before_us);
        db_bind_int(s, 3, PURGE_AT_ONCE);
        ok = db_run(&db, s, err);
        more = sqlite3_changes(db.handle) == PURGE_AT_ONCE;
    } while (ok && more);
    task_exit(c, &db);
    return ok;
}

/* --- what an import did --- */

static unsigned fields_of(str former_text)
{
    AUTO(arena_done) struct arena a = {0};
    struct consumer_former *former;
    size_t count;
    unsigned fields = 0;
    if (!consumer_former_parse(&a, former_text, &former, &count))
        return 0;
    for (size_t i = 0; i < count; i++)
        fields |= FIELD_BIT(former[i].field);
    return fields;
}

static bool list_pass(struct store_reader *r, struct arena *a, const struct store_task *task,
                      struct import_change_place *place, size_t limit, struct event *event,
                      size_t *ret_count, struct err *err)
{
    bool made = place->pass == 0;
    sqlite3_stmt *s = db_statement(&r->db, made ? sql_import_made : sql_import_changed, err);
    int64_t first = made ? task->first_id : task->first_trail;
    int step;
    *ret_count = 0;
    if (!s)
        return false;
    db_bind_int(s, 1, MAX(first, place->position + 1));
    db_bind_int(s, 2, made ? task->last_id : task->last_trail);
    db_bind_int(s, 3, origin_of(ORIGIN_IMPORT, task->id));
    db_bind_int(s, 4, db_limit(limit));
    while ((step = db_step(&r->db, s, err)) == SQLITE_ROW && *ret_count < limit) {
        place->position = sqlite3_column_int64(s, 0);
        event[(*ret_count)++] =
            (struct event){.kind = made ? EVENT_CONSUMER_CREATED : EVENT_CONSUMER_UPDATED,
                           .subject = made ? place->position : sqlite3_column_int64(s, 1),
                           .at_us = task->finished_at_us,
                           .changed = made ? 0 : fields_of(db_column_borrow(s, 2)),
                           .origin = origin_of(ORIGIN_IMPORT, task->id),
                           .external_id = db_column_str(s, 3, a),
                           .place = place->position};
    }
    (void)sqlite3_reset(s);
    return step != 0;
}

bool store_import_changes(struct store_reader *r, struct arena *a, const struct store_task *task,
                          struct import_change_place *place, size_t limit, struct event **ret_event,
                          size_t *ret_count, struct err *err)
{
    struct event *event = ARENA_NEW(a, struct event, limit);
    size_t count = 0, more;
    while (count < limit && place->pass < IMPORT_CHANGES_OVER) {
        if (!list_pass(r, a, task, place, limit - count, event + count, &more, err))
            return false;
        count += more;
        if (count < limit)
            *place = (struct import_change_place){.pass = place->pass + 1};
    }
    *ret_event = event;
    *ret_count = count;
    return true;
}
