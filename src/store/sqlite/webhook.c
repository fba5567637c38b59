/* Webhooks: rows of control.db; which events they want is at hand in the opened company.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "sql_webhook.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/control_priv.h"
#include "store/webhooks.h"

static const char sql_webhook_list[] = SQL_WEBHOOK_LIST, sql_webhook_events[] = SQL_WEBHOOK_EVENTS;

const char *webhook_state_name(enum webhook_state state)
{
    static const char *const names[] = {[WEBHOOK_ENABLED] = "enabled",
                                        [WEBHOOK_DISABLED] = "disabled",
                                        [WEBHOOK_GONE] = "gone",
                                        [WEBHOOK_FAILING] = "failing"};
    return state < COUNT(names) ? names[state] : "unknown";
}

/* --- reading --- */

static void read_webhook(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(struct webhook *)to =
        (struct webhook){.id = sqlite3_column_int64(q, 0),
                         .company_id = sqlite3_column_int64(q, 1),
                         .url = db_column_str(q, 2, a),
                         .events = (unsigned)sqlite3_column_int64(q, 3),
                         .secret = db_column_str(q, 4, a),
                         .old_secret = db_column_str(q, 5, a),
                         .old_until_us = sqlite3_column_int64(q, 6),
                         .created_at_us = sqlite3_column_int64(q, 7),
                         .state = (enum webhook_state)sqlite3_column_int(q, 8),
                         .failing_since_us = sqlite3_column_int64(q, 9),
                         .place = {.event = sqlite3_column_int64(q, 10),
                                   .inside = {.pass = sqlite3_column_int(q, 11),
                                              .position = sqlite3_column_int64(q, 12)}}};
}

static bool open_secrets(const struct store *s, struct arena *a, struct webhook *w, struct err *err)
{
    return crypto_open(a, s->seal_key, w->secret, &w->secret, err) &&
           (str_is_null(w->old_secret) ||
            crypto_open(a, s->seal_key, w->old_secret, &w->old_secret, err));
}

static bool list(struct store *s, struct arena *a, struct value company, struct value id,
                 struct webhook **ret_webhook, size_t *ret_count, struct err *err)
{
    const struct value v[] = {company, id};
    if (!control_rows(s, sql_webhook_list, v, COUNT(v), a, sizeof **ret_webhook, read_webhook,
                      (void **)ret_webhook, ret_count, err))
        return false;
    for (size_t i = 0; i < *ret_count; i++)
        if (!open_secrets(s, a, &(*ret_webhook)[i], err))
            return err_context(err, "webhook %lld: ", (long long)(*ret_webhook)[i].id);
    return true;
}

bool store_webhook_list(struct store *s, struct arena *a, int64_t company_id,
                        struct webhook **ret_webhook, size_t *ret_count, struct err *err)
{
    return list(s, a, company_id ? INT_VALUE(company_id) : NULL_VALUE, NULL_VALUE, ret_webhook,
                ret_count, err);
}

bool store_webhook_get(struct store *s, struct arena *a, int64_t company_id, int64_t id,
                       struct webhook *ret_webhook, struct err *err)
{
    struct webhook *w;
    size_t count;
    if (!list(s, a, INT_VALUE(company_id), INT_VALUE(id), &w, &count, err))
        return false;
    if (!count)
        return err_set(err, ERR_NOT_FOUND, "there is no webhook %lld", (long long)id);
    *ret_webhook = *w;
    return true;
}

bool webhooks_load(struct store_company *c, struct err *err)
{
    struct store *s = c->store;
    const struct value v[] = {INT_VALUE(c->id)};
    unsigned events = 0;
    int step = 0;
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = control_bound(s, sql_webhook_events, v, COUNT(v), err);
    while (q && (step = db_step(&s->control, q, err)) == SQLITE_ROW)
        events |= (unsigned)sqlite3_column_int64(q, 0);
    if (q)
        (void)sqlite3_reset(q);
    if (step)
        c->events = events; // still with the lock held: the last to look is the last to say
    pthread_mutex_unlock(&s->lock);
    return step != 0;
}

/* --- changing --- */

/* Where a webhook begins that is told of what happens from now on. */
static bool newest_event(struct store_company *c, int64_t *ret_id, struct err *err)
{
    AUTO(store_reader_free) struct store_reader *reader = NULL;
    return store_reader_open(c, &reader, err) && store_event_last(reader, ret_id, err);
}

static bool changed(struct store_company *c, bool ok, struct err *err)
{
    if (!ok)
        return control_explain(err, "", "there is no such webhook");
    ok = webhooks_load(c, err);
    events_announce(c->store); // whoever sends looks at them anew
    return ok;
}

bool store_webhook_create(struct store_company *c, const struct asker *by, str url, unsigned events,
                          str secret, int64_t *ret_id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    static const char sql[] = SQL_WEBHOOK_INSERT;
    int64_t last;
    if (!newest_event(c, &last, err))
        return false;
    str sealed = crypto_seal(&a, c->store->seal_key, secret);
    const struct value v[] = {INT_VALUE(c->id),          STR_VALUE(url),
                              INT_VALUE(events),         BLOB_VALUE(sealed.ptr, sealed.len),
                              INT_VALUE(clock_now_us()), INT_VALUE(last),
                              INT_VALUE(LIMIT_WEBHOOKS)};
    const struct control_note note = {by, "webhook.created", "webhooks", 0, "{}"};
    if (control_change_noted(c->store, sql, v, COUNT(v), &note, ret_id, err))
        return changed(c, true, err);
    return err->code == ERR_NOT_FOUND
               ? err_set(err, ERR_LIMIT, "a company has at most %d webhooks", LIMIT_WEBHOOKS)
               : false;
}

bool store_webhook_set(struct store_company *c, const struct asker *by, int64_t id, str url,
                       unsigned events, struct err *err)
{
    static const char sql[] = SQL_WEBHOOK_SET;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(c->id), STR_VALUE(url), INT_VALUE(events)};
    const struct control_note note = {by, "webhook.changed", "webhooks", id, "{}"};
    return changed(c, control_change_noted(c->store, sql, v, COUNT(v), &note, NULL, err), err);
}

bool store_webhook_rotate(struct store_company *c, const struct asker *by, int64_t id, str secret,
                          int64_t old_until_us, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    static const char sql[] = SQL_WEBHOOK_ROTATE;
    str sealed = crypto_seal(&a, c->store->seal_key, secret);
    const struct value v[] = {INT_VALUE(id), INT_VALUE(c->id), BLOB_VALUE(sealed.ptr, sealed.len),
                              INT_VALUE(old_until_us)};
    const struct control_note note = {by, "webhook.secret_rotated", "webhooks", id, "{}"};
    return changed(c, control_change_noted(c->store, sql, v, COUNT(v), &note, NULL, err), err);
}

static bool enable(struct store_company *c, const struct asker *by, int64_t id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    static const char sql[] = SQL_WEBHOOK_ENABLE;
    struct webhook w;
    int64_t last;
    if (!store_webhook_get(c->store, &a, c->id, id, &w, err) || !newest_event(c, &last, err))
        return false;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(c->id), INT_VALUE(last)};
    const struct control_note note = {by, "webhook.enabled", "webhooks", id, "{}"};
    return w.state == WEBHOOK_ENABLED ||
           changed(c, control_change_noted(c->store, sql, v, COUNT(v), &note, NULL, err), err);
}

static bool disable(struct store_company *c, const struct asker *by, int64_t id,
                    enum webhook_state state, struct err *err)
{
    static const char sql[] = SQL_WEBHOOK_DISABLE, drop[] = SQL_WEBHOOK_DROP_WAITING;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(c->id), INT_VALUE(state)};
    const struct value w[] = {INT_VALUE(id), INT_VALUE(clock_now_us())};
    struct store *s = c->store;
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err) &&
              control_audit_locked(s, by, "webhook.disabled", "webhooks", id, "{}", err) &&
              control_change_locked(s, sql, v, COUNT(v), NULL, err) &&
              control_run_locked(s, drop, w, COUNT(w), err);
    ok = control_end(s, ok, err);
    pthread_mutex_unlock(&s->lock);
    return changed(c, ok, err);
}

bool store_webhook_set_state(struct store_company *c, const struct asker *by, int64_t id,
                             enum webhook_state state, struct err *err)
{
    return state == WEBHOOK_ENABLED ? enable(c, by, id, err) : disable(c, by, id, state, err);
}

bool store_webhook_delete(struct store_company *c, const struct asker *by, int64_t id,
                          struct err *err)
{
    static const char sql[] = SQL_WEBHOOK_DELETE;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(c->id)};
    const struct control_note note = {by, "webhook.deleted", "webhooks", id, "{}"};
    return changed(c, control_change_noted(c->store, sql, v, COUNT(v), &note, NULL, err), err);
}
