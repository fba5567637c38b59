/* Sessions of the cabinet: who is logged in.
 *
 * All of them are in memory, with what their users are: a request is let in, or not, without a look
 * at control.db, and what is changed of a user holds from the next request on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "sql_user.h"
#include "store/sqlite/control_priv.h"

#include <stdlib.h>

static const char sql_session_all[] = SQL_SESSION_ALL;

static void read_session(sqlite3_stmt *q, struct arena *a, struct session *ret)
{
    *ret = (struct session){.id = sqlite3_column_int64(q, 0),
                            .user_id = sqlite3_column_int64(q, 1),
                            .company_id = sqlite3_column_int64(q, 2),
                            .role = (enum user_role)sqlite3_column_int(q, 3),
                            .email = db_column_str(q, 4, a),
                            .created_at_us = sqlite3_column_int64(q, 5),
                            .seen_at_us = sqlite3_column_int64(q, 6),
                            .address = db_column_str(q, 7, a),
                            .browser = db_column_str(q, 8, a)};
}

static int by_hash(const void *x, const void *y)
{
    return memcmp(((const struct session_row *)x)->hash, ((const struct session_row *)y)->hash,
                  TOKEN_HASH_BYTES);
}

/* With session_lock held. */
static struct session_row *row_of(struct store *s, const unsigned char hash[TOKEN_HASH_BYTES])
{
    struct session_row wanted;
    memcpy(wanted.hash, hash, sizeof wanted.hash);
    return s->sessions ? bsearch(&wanted, s->session, s->sessions, sizeof wanted, by_hash) : NULL;
}

static bool look_for_users(struct store *s, struct err *err)
{
    static const char sql[] = SQL_USER_ANY;
    sqlite3_stmt *q = control_bound(s, sql, NULL, 0, err);
    if (!q || db_step(&s->control, q, err) != SQLITE_ROW)
        return false;
    s->has_users = sqlite3_column_int(q, 0);
    (void)sqlite3_reset(q);
    return true;
}

bool sessions_load(struct store *s, struct err *err)
{
    struct arena a = {0};
    struct session_row *row = NULL;
    size_t count = 0, room = 0;
    int step = 0;
    if (!look_for_users(s, err))
        return false;
    sqlite3_stmt *q = control_bound(s, sql_session_all, NULL, 0, err);
    while (q && (step = db_step(&s->control, q, err)) == SQLITE_ROW) {
        if (count == room)
            row = mem_grow(row, room = room ? room * 2 : 16, sizeof *row);
        read_session(q, &a, &row[count].session);
        assert(sqlite3_column_bytes(q, 9) == TOKEN_HASH_BYTES);
        row[count].seen_us = row[count].session.seen_at_us;
        memcpy(row[count++].hash, sqlite3_column_blob(q, 9), TOKEN_HASH_BYTES);
    }
    if (q)
        (void)sqlite3_reset(q);
    if (!q || !step) {
        arena_done(&a);
        mem_free(row);
        return false;
    }
    if (count)
        qsort(row, count, sizeof *row, by_hash);
    pthread_rwlock_wrlock(&s->session_lock);
    for (size_t i = 0; i < count; i++) {
        const struct session_row *old = row_of(s, row[i].hash);
        if (old)
            row[i].seen_us = MAX((int64_t)old->seen_us, (int64_t)row[i].seen_us);
    }
    sessions_free(s);
    s->session_arena = a;
    s->session = row;
    s->sessions = count;
    pthread_rwlock_unlock(&s->session_lock);
    return true;
}

void sessions_free(struct store *s)
{
    arena_done(&s->session_arena);
    mem_free(s->session);
    s->session = NULL;
    s->sessions = 0;
}

/* A change of sessions; none changed is fine. */
static bool change(struct store *s, const char *sql, const struct value *v, size_t count,
                   struct err *err)
{
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = control_bound(s, sql, v, count, err);
    bool ok = q && db_run(&s->control, q, err) && sessions_load(s, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static bool insert(struct store *s, const struct session *n, const unsigned char *hash,
                   int64_t *ret_id, struct err *err)
{
    static const char sql[] = SQL_SESSION_INSERT, sql_surplus[] = SQL_SESSION_END_SURPLUS;
    const struct value v[] = {INT_VALUE(n->user_id), BLOB_VALUE(hash, TOKEN_HASH_BYTES),
                              INT_VALUE(clock_now_us()), STR_VALUE(n->address),
                              STR_VALUE(n->browser)},
                       most[] = {INT_VALUE(n->user_id), INT_VALUE(LIMIT_SESSIONS)};
    if (!control_change_locked(s, sql, v, COUNT(v), ret_id, err))
        return false;
    sqlite3_stmt *q = control_bound(s, sql_surplus, most, COUNT(most), err);
    return q && db_run(&s->control, q, err);
}

bool store_session_create(struct store *s, const struct session *n,
                          char ret_secret[TOKEN_TEXT_BYTES], int64_t *ret_id, struct err *err)
{
    unsigned char hash[TOKEN_HASH_BYTES];
    token_make(ret_secret);
    token_hash(str_of(ret_secret), hash);
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err) && control_end(s, insert(s, n, hash, ret_id, err), err) &&
              sessions_load(s, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static bool is_over(const struct session_row *row, int64_t now_us)
{
    return now_us - row->seen_us > STORE_SESSION_IDLE_US ||
           now_us - row->session.created_at_us > STORE_SESSION_MOST_US;
}

static void copy(struct arena *a, const struct session_row *row, struct session *ret)
{
    *ret = row->session;
    ret->seen_at_us = row->seen_us;
    ret->email = arena_str(a, ret->email);
    ret->address = arena_str(a, ret->address);
    ret->browser = arena_str(a, ret->browser);
}

bool store_session_find(struct store *s, struct arena *a, str secret, bool used,
                        struct session *ret)
{
    unsigned char hash[TOKEN_HASH_BYTES];
    token_hash(secret, hash);
    int64_t now_us = clock_now_us();
    pthread_rwlock_rdlock(&s->session_lock);
    struct session_row *row = row_of(s, hash);
    bool ok = row && !is_over(row, now_us);
    if (ok && used && now_us - row->seen_us > 1000000) // as often as tokens
        row->seen_us = now_us;
    if (ok)
        copy(a, row, ret);
    pthread_rwlock_unlock(&s->session_lock);
    return ok;
}

static int by_use(const void *x, const void *y)
{
    int64_t a = ((const struct session *)x)->seen_at_us,
            b = ((const struct session *)y)->seen_at_us;
    return (a < b) - (a > b);
}

void store_session_list(struct store *s, struct arena *a, int64_t user_id,
                        struct session **ret_session, size_t *ret_count)
{
    int64_t now_us = clock_now_us();
    size_t count = 0;
    pthread_rwlock_rdlock(&s->session_lock);
    struct session *list = ARENA_NEW(a, struct session, LIMIT_SESSIONS);
    for (size_t i = 0; i < s->sessions && count < LIMIT_SESSIONS; i++)
        if (s->session[i].session.user_id == user_id && !is_over(&s->session[i], now_us))
            copy(a, &s->session[i], &list[count++]);
    pthread_rwlock_unlock(&s->session_lock);
    qsort(list, count, sizeof *list, by_use);
    *ret_session = list;
    *ret_count = count;
}

bool store_session_end(struct store *s, int64_t id, struct err *err)
{
    static const char sql[] = SQL_SESSION_END;
    const struct value v[] = {INT_VALUE(id)};
    return change(s, sql, v, COUNT(v), err);
}

bool store_session_end_of(struct store *s, int64_t user_id, int64_t except_id, struct err *err)
{
    static const char sql[] = SQL_SESSION_END_OF;
    const struct value v[] = {INT_VALUE(user_id), INT_VALUE(except_id)};
    return change(s, sql, v, COUNT(v), err);
}

/* With store->lock held, in a transaction. */
static bool write_seen(struct store *s, struct err *err)
{
    static const char sql[] = SQL_SESSION_SEEN;
    for (size_t i = 0; i < s->sessions; i++) {
        const struct session_row *row = &s->session[i];
        const struct value v[] = {INT_VALUE(row->session.id), INT_VALUE(row->seen_us)};
        if (row->seen_us == row->session.seen_at_us)
            continue;
        sqlite3_stmt *q = control_bound(s, sql, v, COUNT(v), err);
        if (!q || !db_run(&s->control, q, err))
            return false;
    }
    return true;
}

static bool end_old(struct store *s, int64_t now_us, struct err *err)
{
    static const char sql[] = SQL_SESSION_END_OLD;
    const struct value v[] = {INT_VALUE(now_us - STORE_SESSION_IDLE_US),
                              INT_VALUE(now_us - STORE_SESSION_MOST_US)};
    sqlite3_stmt *q = control_bound(s, sql, v, COUNT(v), err);
    return q && db_run(&s->control, q, err);
}

bool store_sessions_flush(struct store *s, struct err *err)
{
    bool news = false;
    int64_t now_us = clock_now_us();
    // Sessions are only replaced with the store's lock held, so that the list stands still.
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->sessions && !news; i++)
        news = s->session[i].seen_us != s->session[i].session.seen_at_us ||
               is_over(&s->session[i], now_us);
    bool ok = !news || (control_begin(s, err) &&
                        control_end(s, write_seen(s, err) && end_old(s, now_us, err), err) &&
                        sessions_load(s, err));
    pthread_mutex_unlock(&s->lock);
    return ok;
}
