/* Deliveries: rows of control.db, many of them in one commit.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "sql_webhook.h"
#include "store/sqlite/control_priv.h"
#include "store/sqlite/task_priv.h"
#include "store/webhooks.h"

static const char sql_insert[] = SQL_DELIVERY_INSERT, sql_place[] = SQL_WEBHOOK_PLACE,
                  sql_due[] = SQL_DELIVERY_DUE, sql_next[] = SQL_DELIVERY_NEXT,
                  sql_list[] = SQL_DELIVERY_LIST, sql_end[] = SQL_DELIVERY_END,
                  sql_drop[] = SQL_DELIVERY_DROP, sql_failing[] = SQL_WEBHOOK_FAILING,
                  sql_oldest[] = SQL_DELIVERY_OLDEST_KEPT, sql_purge[] = SQL_DELIVERY_PURGE,
                  sql_webhooks[] = SQL_WEBHOOK_LIST;

const char *delivery_state_name(enum delivery_state state)
{
    static const char *const names[DELIVERY_STATES] = {[DELIVERY_WAITING] = "waiting",
                                                       [DELIVERY_DELIVERED] = "delivered",
                                                       [DELIVERY_FAILED] = "failed"};
    return state < DELIVERY_STATES ? names[state] : "unknown";
}

/* --- several statements, one commit --- */

static bool run(struct store *s, const char *sql, const struct value *value, size_t count,
                struct err *err)
{
    sqlite3_stmt *q = control_bound(s, sql, value, count, err);
    return q && db_run(&s->control, q, err);
}

static bool begin(struct store *s, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    if (db_exec(&s->control, "BEGIN IMMEDIATE", err))
        return true;
    pthread_mutex_unlock(&s->lock);
    return false;
}

static bool end(struct store *s, bool ok, struct err *err)
{
    struct err ignored;
    ok = ok && db_exec(&s->control, "COMMIT", err);
    if (!ok)
        IGNORE(db_exec(&s->control, "ROLLBACK", &ignored));
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static bool insert(struct store *s, int64_t webhook_id, struct delivery *d, int64_t now_us,
                   struct err *err)
{
    const struct event *e = &d->event;
    const struct value v[] = {INT_VALUE(webhook_id),
                              STR_VALUE(d->message),
                              INT_VALUE(e->kind),
                              INT_VALUE(e->subject),
                              INT_VALUE(e->at_us),
                              INT_VALUE(e->changed),
                              INT_VALUE(e->origin),
                              STR_VALUE(e->external_id),
                              INT_VALUE(d->next_at_us ? d->next_at_us : now_us)};
    return control_change_locked(s, sql_insert, v, COUNT(v), &d->id, err);
}

bool store_delivery_add(struct store *s, int64_t webhook_id, struct delivery *delivery,
                        size_t count, const struct webhook_place *place, struct err *err)
{
    const int64_t now_us = clock_now_us();
    if (!begin(s, err))
        return false;
    bool ok = true;
    // The place first: a webhook that was disabled meanwhile takes nothing any more.
    if (place) {
        const struct value v[] = {INT_VALUE(webhook_id), INT_VALUE(place->event),
                                  INT_VALUE(place->inside.pass), INT_VALUE(place->inside.position)};
        ok = control_change_locked(s, sql_place, v, COUNT(v), NULL, err);
    }
    for (size_t i = 0; i < count && ok; i++)
        ok = insert(s, webhook_id, &delivery[i], now_us, err);
    return end(s, ok, err);
}

static bool write_end(struct store *s, const struct delivery_end *e, struct err *err)
{
    const struct delivery *d = e->delivery;
    const struct value row[] = {INT_VALUE(d->id), INT_VALUE(d->state), INT_VALUE(d->attempts),
                                INT_VALUE(d->next_at_us), STR_VALUE(d->log)};
    const struct value hook[] = {INT_VALUE(d->webhook_id), INT_VALUE(e->failing_since_us)};
    return e->dropped ? run(s, sql_drop, row, 1, err)
                      : run(s, sql_end, row, COUNT(row), err) &&
                            (e->is_test || run(s, sql_failing, hook, COUNT(hook), err));
}

bool store_delivery_end(struct store *s, const struct delivery_end *ended, size_t count,
                        struct err *err)
{
    bool ok = true;
    if (!count)
        return true;
    if (!begin(s, err))
        return false;
    for (size_t i = 0; i < count && ok; i++)
        ok = write_end(s, &ended[i], err);
    return end(s, ok, err);
}

bool store_delivery_again(struct store *s, int64_t webhook_id, int64_t id, struct err *err)
{
    static const char sql[] = SQL_DELIVERY_AGAIN;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(webhook_id), INT_VALUE(clock_now_us())};
    if (!control_change(s, sql, v, COUNT(v), NULL, err))
        return control_explain(err, "", "there is no such delivery");
    events_announce(s);
    return true;
}

/* --- reading --- */

static void read_delivery(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(struct delivery *)to =
        (struct delivery){.id = sqlite3_column_int64(q, 0),
                          .webhook_id = sqlite3_column_int64(q, 1),
                          .message = db_column_str(q, 2, a),
                          .event = {.kind = (enum event_kind)sqlite3_column_int(q, 3),
                                    .subject = sqlite3_column_int64(q, 4),
                                    .at_us = sqlite3_column_int64(q, 5),
                                    .changed = (unsigned)sqlite3_column_int64(q, 6),
                                    .origin = sqlite3_column_int64(q, 7),
                                    .external_id = db_column_str(q, 8, a)},
                          .state = (enum delivery_state)sqlite3_column_int(q, 9),
                          .attempts = (unsigned)sqlite3_column_int64(q, 10),
                          .next_at_us = sqlite3_column_int64(q, 11),
                          .log = db_column_str(q, 12, a)};
}

static bool read(struct store *s, struct arena *a, const char *sql, const struct value *value,
                 size_t values, struct delivery **ret_delivery, size_t *ret_count, struct err *err)
{
    return control_rows(s, sql, value, values, a, sizeof **ret_delivery, read_delivery,
                        (void **)ret_delivery, ret_count, err);
}

bool store_delivery_due(struct store *s, struct arena *a, int64_t webhook_id, int64_t now_us,
                        size_t limit, struct delivery **ret_delivery, size_t *ret_count,
                        struct err *err)
{
    const struct value v[] = {INT_VALUE(webhook_id), INT_VALUE(now_us), INT_VALUE(db_limit(limit))};
    return read(s, a, sql_due, v, COUNT(v), ret_delivery, ret_count, err);
}

static bool one_number(struct store *s, const char *sql, const struct value *value, size_t values,
                       int64_t otherwise, int64_t *ret, struct err *err)
{
    sqlite3_stmt *q = control_bound(s, sql, value, values, err);
    int step = q ? db_step(&s->control, q, err) : 0;
    *ret = step == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL
               ? sqlite3_column_int64(q, 0)
               : otherwise;
    if (q)
        (void)sqlite3_reset(q);
    return step != 0;
}

bool store_delivery_next(struct store *s, int64_t *ret_at_us, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = one_number(s, sql_next, NULL, 0, INT64_MAX, ret_at_us, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_delivery_list(struct store *s, struct arena *a, int64_t webhook_id, int64_t before,
                         size_t limit, struct delivery **ret_delivery, size_t *ret_count,
                         struct err *err)
{
    const struct value v[] = {INT_VALUE(webhook_id), INT_VALUE(before ? before - 1 : INT64_MAX),
                              INT_VALUE(0), INT_VALUE(db_limit(limit))};
    return read(s, a, sql_list, v, COUNT(v), ret_delivery, ret_count, err);
}

bool store_delivery_get(struct store *s, struct arena *a, int64_t webhook_id, int64_t id,
                        struct delivery *ret_delivery, struct err *err)
{
    const struct value v[] = {INT_VALUE(webhook_id), INT_VALUE(id), INT_VALUE(id), INT_VALUE(1)};
    struct delivery *d;
    size_t count;
    if (!read(s, a, sql_list, v, COUNT(v), &d, &count, err))
        return false;
    if (!count)
        return err_set(err, ERR_NOT_FOUND, "there is no such delivery");
    *ret_delivery = *d;
    return true;
}

/* --- forgetting --- */

static void read_id(sqlite3_stmt *q, struct arena *a, void *to)
{
    (void)a;
    *(int64_t *)to = sqlite3_column_int64(q, 0);
}

bool store_delivery_purge(struct store *s, int64_t before_us, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    const struct value all[] = {NULL_VALUE, NULL_VALUE};
    int64_t *id, oldest;
    size_t count;
    if (!control_rows(s, sql_webhooks, all, COUNT(all), &a, sizeof *id, read_id, (void **)&id,
                      &count, err) ||
        !begin(s, err))
        return false;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        const struct value kept[] = {INT_VALUE(id[i]), INT_VALUE(LIMIT_DELIVERIES_KEPT)};
        ok = one_number(s, sql_oldest, kept, COUNT(kept), 0, &oldest, err);
        const struct value v[] = {INT_VALUE(id[i]), INT_VALUE(before_us), INT_VALUE(oldest)};
        ok = ok && run(s, sql_purge, v, COUNT(v), err);
    }
    return end(s, ok, err);
}
