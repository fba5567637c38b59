/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/audit.h"
#include "base/clock.h"
#include "sql_audit.h"
#include "sql_office.h"
#include "store/sqlite/task_priv.h"

#include <stdio.h>

static const char sql_add[] = SQL_AUDIT_ADD, sql_list[] = SQL_AUDIT_LIST,
                  sql_purge[] = SQL_AUDIT_PURGE, sql_control_add[] = SQL_CONTROL_AUDIT_ADD,
                  sql_control_list[] = SQL_CONTROL_AUDIT_LIST;

enum { REFUSED_ENTRIES = 10 }; // of one user in
#define REFUSED_US INT64_C(600000000)

/* --- of a company's database --- */

bool audit_add(struct db *db, const struct audit_entry *e, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, sql_add, err);
    if (!s)
        return false;
    db_bind_int(s, 1, e->at_us);
    db_bind_str(s, 2, e->action);
    db_bind_int(s, 3, e->origin);
    db_bind_str(s, 4, e->address.len ? e->address : (str){0});
    db_bind_str(s, 5, e->subject_type);
    db_bind_str(s, 6, e->subject_id);
    db_bind_str(s, 7, e->details.len ? e->details : STR("{}"));
    return db_run(db, s, err);
}

bool audit_add_number(struct db *db, const struct asker *by, const char *action,
                      const char *subject_type, int64_t subject_id, struct err *err)
{
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)subject_id);
    const struct audit_entry e = {.at_us = clock_now_us(),
                                  .action = str_of(action),
                                  .origin = by->origin,
                                  .address = by->address,
                                  .subject_type = str_of(subject_type),
                                  .subject_id = str_of(id)};
    return audit_add(db, &e, err);
}

/* What a change did to a customer; NULL: nothing. */
static const char *action_of(const struct store_change *c)
{
    switch (c->outcome) {
    case OUTCOME_CREATED:
        return "consumer.created";
    case OUTCOME_UPDATED:
        return "consumer.edited";
    case OUTCOME_DELETED:
        return "consumer.deleted";
    default:
        return NULL;
    }
}

static bool add_change(struct db *db, const struct store_batch *b, const struct store_change *c,
                       struct err *err)
{
    AUTO(buf_done) struct buf details = {0};
    const char *action = action_of(c);
    char id[CONSUMER_ID_BYTES];
    bool any = false;
    if (!action || !c->after)
        return true;
    consumer_id_text(c->after->id, id);
    buf_add_char(&details, '{');
    for (int f = 0; f < FIELD_COUNT && c->outcome == OUTCOME_UPDATED; f++)
        if (c->changed & FIELD_BIT(f)) {
            buf_format(&details, "%s\"%s\"", any ? "," : "\"fields\":[",
                       consumer_field_name((enum consumer_field)f));
            any = true;
        }
    buf_add(&details, any ? STR("]}") : STR("}"));
    const struct audit_entry e = {.at_us = clock_now_us(),
                                  .action = str_of(action),
                                  .origin = b->origin,
                                  .address = b->address,
                                  .subject_type = STR("consumers"),
                                  .subject_id = str_of(id),
                                  .details = buf_str(&details)};
    return audit_add(db, &e, err);
}

static bool any_failed(const struct store_batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->change[i].outcome == OUTCOME_FAILED)
            return true;
    return false;
}

bool audit_add_batches(struct db *db, const struct store_batch *first,
                       const struct store_batch *end, struct err *err)
{
    for (const struct store_batch *b = first; b != end; b = b->next) {
        if (origin_kind(b->origin) != ORIGIN_USER || (b->whole && any_failed(b)) ||
            (b->request && b->request->replay != REPLAY_NEW))
            continue;
        for (size_t i = 0; i < b->count; i++)
            if (!add_change(db, b, &b->change[i], err))
                return false;
    }
    return true;
}

bool store_audit_note(struct store_company *c, const struct asker *by, const char *action,
                      const char *subject_type, str subject_id, const char *details,
                      struct err *err)
{
    const struct audit_entry e = {.at_us = clock_now_us(),
                                  .action = str_of(action),
                                  .origin = by->origin,
                                  .address = by->address,
                                  .subject_type = str_of(subject_type),
                                  .subject_id = subject_id,
                                  .details = str_of(details)};
    struct db db;
    if (!task_enter(c, &db, err))
        return false;
    bool ok = audit_add(&db, &e, err);
    task_exit(c, &db);
    return ok;
}

/* --- of control.db --- */

static bool add_control(struct store *s, const struct asker *by, const char *action,
                        const char *subject_type, int64_t subject_id, int64_t company_id,
                        const char *details, struct err *err)
{
    const struct value v[] = {
        INT_VALUE(clock_now_us()),       STR_VALUE(str_of(action)),
        INT_VALUE(by->origin),           STR_VALUE(by->address.len ? by->address : (str){0}),
        STR_VALUE(str_of(subject_type)), INT_VALUE(subject_id),
        STR_VALUE(str_of(details)),      company_id ? INT_VALUE(company_id) : NULL_VALUE};
    return control_run_locked(s, sql_control_add, v, COUNT(v), err);
}

bool control_audit_locked(struct store *s, const struct asker *by, const char *action,
                          const char *subject_type, int64_t subject_id, const char *details,
                          struct err *err)
{
    return !by || add_control(s, by, action, subject_type, subject_id, 0, details, err);
}

static bool change_noted_locked(struct store *s, const char *sql, const struct value *value,
                                size_t count, const struct control_note *n, int64_t *ret_id,
                                struct err *err)
{
    int64_t id = 0;
    // What is there is named before it changes, for then it may be gone.
    if (n->subject_id &&
        !control_audit_locked(s, n->by, n->action, n->subject_type, n->subject_id, n->details, err))
        return false;
    if (!control_change_locked(s, sql, value, count, &id, err))
        return false;
    if (ret_id)
        *ret_id = id;
    return n->subject_id ||
           control_audit_locked(s, n->by, n->action, n->subject_type, id, n->details, err);
}

bool control_change_noted(struct store *s, const char *sql, const struct value *value, size_t count,
                          const struct control_note *note, int64_t *ret_id, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err) && change_noted_locked(s, sql, value, count, note, ret_id, err);
    ok = control_end(s, ok, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_audit_user(struct store *s, const struct asker *by, const char *action, int64_t user_id,
                      int64_t company_id, const char *details, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = add_control(s, by, action, "users", user_id, company_id, details, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_audit_refused_login(struct store *s, const struct asker *by, int64_t user_id,
                               struct err *err)
{
    static const char sql[] = SQL_CONTROL_AUDIT_AGAIN, action[] = "user.login_failed";
    int64_t now = clock_now_us();
    const struct value v[] = {INT_VALUE(now),
                              INT_VALUE(user_id),
                              STR_VALUE(str_of(action)),
                              INT_VALUE(now - REFUSED_US),
                              STR_VALUE(by->address.len ? by->address : (str){0}),
                              INT_VALUE(REFUSED_ENTRIES)};
    pthread_mutex_lock(&s->lock);
    bool ok = control_run_locked(s, sql, v, COUNT(v), err);
    if (ok && !sqlite3_changes(s->control.handle))
        ok = add_control(s, by, action, "users", user_id, 0, "{\"times\":1}", err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* --- reading: two lists, each in the order of time, become one --- */

static void read_entry(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(struct audit_entry *)to = (struct audit_entry){.id = sqlite3_column_int64(q, 0),
                                                     .at_us = sqlite3_column_int64(q, 1),
                                                     .action = db_column_str(q, 2, a),
                                                     .origin = sqlite3_column_int64(q, 3),
                                                     .who = db_column_str(q, 4, a),
                                                     .address = db_column_str(q, 5, a),
                                                     .subject_type = db_column_str(q, 6, a),
                                                     .subject_id = db_column_str(q, 7, a),
                                                     .subject = db_column_str(q, 8, a),
                                                     .details = db_column_str(q, 9, a)};
}

/* A list's entries are before (at, id); of entries of one moment those of control.db come last. */
static struct value place_id(const struct audit_place *before, bool of_control)
{
    if (!before->at_us || before->of_control == of_control)
        return INT_VALUE(before->at_us ? before->id : INT64_MAX);
    return INT_VALUE(of_control ? INT64_MAX : 0);
}

static bool list_control(struct store_company *c, struct arena *a, const struct value *v,
                         size_t count, struct audit_entry **ret_entry, size_t *ret_count,
                         struct err *err)
{
    if (!control_rows(c->store, sql_control_list, v, count, a, sizeof **ret_entry, read_entry,
                      (void **)ret_entry, ret_count, err))
        return false;
    for (size_t i = 0; i < *ret_count; i++)
        (*ret_entry)[i].of_control = true;
    return true;
}

static bool list_company(struct store_company *c, struct arena *a, const struct value *v,
                         size_t values, size_t limit, struct audit_entry **ret_entry,
                         size_t *ret_count, struct err *err)
{
    struct db db;
    int step = 0;
    if (!task_db_open(c, &db, err))
        return false;
    *ret_entry = ARENA_NEW(a, struct audit_entry, limit);
    *ret_count = 0;
    sqlite3_stmt *q = values_bound(&db, sql_list, v, values, err);
    while (q && (step = db_step(&db, q, err)) == SQLITE_ROW)
        read_entry(q, a, &(*ret_entry)[(*ret_count)++]);
    if (q)
        (void)sqlite3_reset(q);
    db_close(&db);
    return step != 0;
}

/* Who did what stands in the company's database, named by what is known of him now. */
static void read_name(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(str *)to = db_column_str(q, 0, a);
}

bool store_who(struct store *s, struct arena *a, int64_t origin, str *ret_name, struct err *err)
{
    static const char sql[] = SQL_CONTROL_AUDIT_WHO;
    const struct value v[] = {INT_VALUE(origin)};
    void *row;
    size_t count;
    *ret_name = (str){0};
    if (origin_kind(origin) != ORIGIN_USER && origin_kind(origin) != ORIGIN_TOKEN)
        return true;
    if (!control_rows(s, sql, v, COUNT(v), a, sizeof(str), read_name, &row, &count, err))
        return false;
    if (count)
        *ret_name = *(str *)row;
    return true;
}

static bool is_before(const struct audit_entry *x, const struct audit_entry *y)
{
    return x->at_us != y->at_us ? x->at_us > y->at_us : !x->of_control;
}

bool store_audit_list(struct store_company *c, struct arena *a, const struct audit_filter *filter,
                      const struct audit_place *before, size_t limit,
                      struct audit_entry **ret_entry, size_t *ret_count, struct err *err)
{
    struct audit_entry *of[2], *entry = ARENA_NEW(a, struct audit_entry, limit);
    size_t count[2], at[2] = {0}, n = 0;
    int64_t at_us = before->at_us ? before->at_us : INT64_MAX;
    bool to_first = filter->to_us && filter->to_us < at_us;
    struct value v[] = {INT_VALUE(to_first ? filter->to_us : at_us),
                        INT_VALUE(0),
                        INT_VALUE(filter->from_us),
                        STR_VALUE(filter->actions),
                        filter->user_id ? INT_VALUE(filter->user_id) : NULL_VALUE,
                        INT_VALUE(db_limit(limit)),
                        INT_VALUE(c->id)};
    v[1] = to_first ? INT_VALUE(0) : place_id(before, false);
    if (!list_company(c, a, v, COUNT(v) - 1, limit, &of[0], &count[0], err))
        return false;
    v[1] = to_first ? INT_VALUE(0) : place_id(before, true);
    if (!list_control(c, a, v, COUNT(v), &of[1], &count[1], err))
        return false;
    while (n < limit && (at[0] < count[0] || at[1] < count[1])) {
        bool control =
            at[0] == count[0] || (at[1] < count[1] && !is_before(&of[0][at[0]], &of[1][at[1]]));
        entry[n] = of[control][at[control]++];
        if (!entry[n].of_control && !store_who(c->store, a, entry[n].origin, &entry[n].who, err))
            return false;
        n++;
    }
    *ret_entry = entry;
    *ret_count = n;
    return true;
}

/* --- forgetting --- */

bool store_audit_purge(struct store_company *c, int64_t before_us, struct err *err)
{
    static const char sql[] = SQL_CONTROL_AUDIT_PURGE;
    const struct value v[] = {INT_VALUE(c->id), INT_VALUE(before_us)};
    struct store *s = c->store;
    struct db db;
    if (!task_enter(c, &db, err))
        return false;
    bool ok = task_run_numbers(&db, sql_purge, &before_us, 1, err);
    task_exit(c, &db);
    if (!ok)
        return false;
    pthread_mutex_lock(&s->lock);
    ok = control_run_locked(s, sql, v, COUNT(v), err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_audit_purge_server(struct store *s, int64_t before_us, struct err *err)
{
    static const char sql[] = SQL_CONTROL_AUDIT_PURGE_SERVER;
    const struct value v[] = {INT_VALUE(before_us)};
    pthread_mutex_lock(&s->lock);
    bool ok = control_run_locked(s, sql, v, COUNT(v), err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}
