/* Users of control.db: who may log in, with what password, as what.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/zone.h"
#include "sql_control.h"
#include "sql_user.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/control_priv.h"

static void read_user(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(struct user *)to = (struct user){.id = sqlite3_column_int64(q, 0),
                                       .company_id = sqlite3_column_int64(q, 1),
                                       .email = db_column_str(q, 2, a),
                                       .role = (enum user_role)sqlite3_column_int(q, 3),
                                       .disabled = sqlite3_column_int(q, 4),
                                       .created_at_us = sqlite3_column_int64(q, 5),
                                       .has_password = sqlite3_column_type(q, 6) != SQLITE_NULL};
}

static const char sql_user_list[] = SQL_USER_LIST, sql_user_of_email[] = SQL_USER_OF_EMAIL;

/* A change of a user, which his sessions see at once, with its entry in the audit log: before it,
 * for who is removed has no name afterwards. */
struct change {
    const struct asker *by;
    const char *action, *details;
    int64_t id;
    const char *sql;
    const struct value *value;
    size_t values;
    bool takes_power; /* he must not be the last in charge */
};

/* Whether nobody else could do what he can: the last who is in charge. */
static bool is_last_locked(struct store *s, int64_t id, bool *ret_last, struct err *err)
{
    static const char sql[] = SQL_USER_IS_LAST;
    const struct value v[] = {INT_VALUE(id)};
    sqlite3_stmt *q = control_bound(s, sql, v, COUNT(v), err);
    int step = q ? db_step(&s->control, q, err) : 0;
    *ret_last = step == SQLITE_ROW && sqlite3_column_int(q, 0);
    if (q)
        (void)sqlite3_reset(q);
    return step != 0;
}

static bool change_locked(struct store *s, const struct change *c, struct err *err)
{
    bool last = false;
    if (c->takes_power && !is_last_locked(s, c->id, &last, err))
        return false;
    if (last)
        return err_set(err, ERR_CONFLICT, "that is the last one in charge: make another one first");
    return control_audit_locked(s, c->by, c->action, "users", c->id, c->details, err) &&
           control_change_locked(s, c->sql, c->value, c->values, NULL, err);
}

static bool change_user(struct store *s, const struct change *c, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err) && control_end(s, change_locked(s, c, err), err) &&
              sessions_load(s, err);
    pthread_mutex_unlock(&s->lock);
    if (!ok && err->code == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND, "there is no such user");
    return ok;
}

static bool check_new(struct arena *a, str email, str password, struct err *err)
{
    if (!consumer_email_valid(a, email))
        return err_set(err, ERR_INVALID, "a user needs a valid e-mail address");
    return str_is_null(password) || password_check(password, err);
}

/* password_hash: of a user's first password; "": he has none. */
static bool insert_locked(struct store *s, const struct asker *by, int64_t company_id, str email,
                          enum user_role role, const char *password_hash, int64_t *ret_id,
                          struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    static const char sql[] = SQL_USER_INSERT;
    const struct value v[] = {company_id ? INT_VALUE(company_id) : NULL_VALUE,
                              STR_VALUE(email),
                              STR_VALUE(consumer_email_key(&a, email)),
                              INT_VALUE(role),
                              password_hash[0] ? STR_VALUE(str_of(password_hash)) : NULL_VALUE,
                              INT_VALUE(clock_now_us())};
    return control_change_locked(s, sql, v, COUNT(v), ret_id, err) &&
           control_audit_locked(s, by, "user.created", "users", *ret_id,
                                arena_format(&a, "{\"role\":\"%s\"}", user_role_name(role)).ptr,
                                err);
}

bool store_user_create(struct store *s, const struct asker *by, int64_t company_id, str email,
                       enum user_role role, str password, int64_t *ret_id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    char hash[PASSWORD_HASH_BYTES] = "";
    assert((role == ROLE_ADMIN) == (company_id == 0));
    if (!check_new(&a, email, password, err))
        return false;
    if (!str_is_null(password))
        crypto_password_hash(password, hash);
    pthread_mutex_lock(&s->lock);
    bool ok =
        control_begin(s, err) &&
        control_end(s, insert_locked(s, by, company_id, email, role, hash, ret_id, err), err) &&
        sessions_load(s, err);
    pthread_mutex_unlock(&s->lock);
    return ok || control_explain(err,
                                 company_id ? "the company has a user with that e-mail already"
                                            : "there is an admin with that e-mail already",
                                 "");
}

bool store_has_users(const struct store *s)
{
    return s->has_users;
}

static bool insert_first(struct store *s, const struct asker *by, const struct store_first *f,
                         const char *hash, int64_t *ret_id, struct err *err)
{
    static const char sql[] = SQL_COMPANY_INSERT;
    const struct value v[] = {STR_VALUE(f->company), STR_VALUE(f->zone), INT_VALUE(clock_now_us())};
    int64_t company;
    if (s->has_users)
        return err_set(err, ERR_BUSY, "there are users already");
    return control_change_locked(s, sql, v, COUNT(v), &company, err) &&
           control_audit_locked(s, by, "company.created", "companies", company, "{}", err) &&
           insert_locked(s, by, 0, f->email, ROLE_ADMIN, hash, ret_id, err);
}

bool store_setup(struct store *s, const struct asker *by, const struct store_first *f,
                 int64_t *ret_user_id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(zone_free) struct zone *known = NULL;
    char hash[PASSWORD_HASH_BYTES];
    if (!company_name_check(f->company, err) ||
        !zone_open(arena_str(&a, f->zone).ptr, &known, err) ||
        !check_new(&a, f->email, f->password, err))
        return false;
    crypto_password_hash(f->password, hash);
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err) &&
              control_end(s, insert_first(s, by, f, hash, ret_user_id, err), err) &&
              sessions_load(s, err);
    pthread_mutex_unlock(&s->lock);
    return ok || control_explain(err, "there is a company of that name already", "");
}

static bool one_user(struct store *s, const char *sql, const struct value *v, size_t values,
                     struct arena *a, struct user *ret, struct err *err)
{
    void *row;
    size_t count;
    if (!control_rows(s, sql, v, values, a, sizeof *ret, read_user, &row, &count, err))
        return false;
    if (!count)
        return err_set(err, ERR_NOT_FOUND, "there is no such user");
    *ret = *(struct user *)row;
    return true;
}

bool store_user_by_email(struct store *s, struct arena *a, int64_t company_id, str email,
                         struct user *ret, struct err *err)
{
    const struct value v[] = {company_id ? INT_VALUE(company_id) : NULL_VALUE,
                              STR_VALUE(consumer_email_key(a, email))};
    if (!consumer_email_valid(a, email))
        return err_set(err, ERR_INVALID, "that is no e-mail address");
    return one_user(s, sql_user_list, v, COUNT(v), a, ret, err) ||
           control_explain(err, "",
                           "there is no such user; 'clientele user list' shows those there are");
}

bool store_user_get(struct store *s, struct arena *a, int64_t id, struct user *ret, struct err *err)
{
    static const char sql[] = SQL_USER_GET;
    const struct value v[] = {INT_VALUE(id)};
    return one_user(s, sql, v, COUNT(v), a, ret, err);
}

bool store_user_of_email(struct store *s, struct arena *a, str email, struct user **ret_user,
                         size_t *ret_count, struct err *err)
{
    const struct value v[] = {STR_VALUE(consumer_email_key(a, email)),
                              INT_VALUE(LIMIT_ACCOUNTS_OF_EMAIL)};
    return control_rows(s, sql_user_of_email, v, COUNT(v), a, sizeof **ret_user, read_user,
                        (void **)ret_user, ret_count, err);
}

bool store_user_list(struct store *s, struct arena *a, int64_t company_id, struct user **ret_user,
                     size_t *ret_count, struct err *err)
{
    const struct value v[] = {company_id ? INT_VALUE(company_id) : NULL_VALUE, NULL_VALUE};
    return control_rows(s, sql_user_list, v, COUNT(v), a, sizeof **ret_user, read_user,
                        (void **)ret_user, ret_count, err);
}

bool store_user_set_role(struct store *s, const struct asker *by, int64_t id, enum user_role role,
                         struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    static const char sql[] = SQL_USER_SET_ROLE;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(role)};
    struct user old;
    if (!store_user_get(s, &a, id, &old, err))
        return false;
    const struct change c = {
        .by = by,
        .action = "user.role_changed",
        .details = arena_format(&a, "{\"role\":{\"old\":\"%s\",\"new\":\"%s\"}}",
                                user_role_name(old.role), user_role_name(role))
                       .ptr,
        .id = id,
        .sql = sql,
        .value = v,
        .values = COUNT(v),
        .takes_power = role < old.role,
    };
    return change_user(s, &c, err);
}

bool store_user_set_disabled(struct store *s, const struct asker *by, int64_t id, bool disabled,
                             struct err *err)
{
    static const char sql[] = SQL_USER_SET_DISABLED;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(disabled)};
    const struct change c = {.by = by,
                             .action = disabled ? "user.disabled" : "user.enabled",
                             .details = "{}",
                             .id = id,
                             .sql = sql,
                             .value = v,
                             .values = COUNT(v),
                             .takes_power = disabled};
    // Who is let in again logs in again.
    return change_user(s, &c, err) && (!disabled || store_session_end_of(s, id, 0, err));
}

bool store_user_delete(struct store *s, const struct asker *by, int64_t id, struct err *err)
{
    static const char sql[] = SQL_USER_DELETE;
    const struct value v[] = {INT_VALUE(id)};
    const struct change c = {.by = by,
                             .action = "user.deleted",
                             .details = "{}",
                             .id = id,
                             .sql = sql,
                             .value = v,
                             .values = COUNT(v),
                             .takes_power = true};
    return change_user(s, &c, err);
}

/* --- passwords --- */

struct account {
    struct user user;
    str password_hash;
};

static void read_account(sqlite3_stmt *q, struct arena *a, void *to)
{
    struct account *account = to;
    read_user(q, a, &account->user);
    account->password_hash = db_column_str(q, 6, a);
}

/* Takes the time of one password at least, so that it does not tell whether there is anybody. */
bool store_user_login(struct store *s, struct arena *a, str email, str password,
                      const int64_t *company_id, struct user **ret_user, size_t *ret_count,
                      struct err *err)
{
    const struct value v[] = {STR_VALUE(consumer_email_key(a, email)),
                              INT_VALUE(LIMIT_ACCOUNTS_OF_EMAIL)};
    char unused[PASSWORD_HASH_BYTES];
    struct account *account;
    size_t count, tried = 0, fit = 0;
    if (!control_rows(s, sql_user_of_email, v, COUNT(v), a, sizeof *account, read_account,
                      (void **)&account, &count, err))
        return false;
    struct user *user = ARENA_NEW(a, struct user, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct account *x = &account[i];
        if (x->user.disabled || !x->user.has_password ||
            (company_id && *company_id != x->user.company_id))
            continue;
        tried++;
        if (crypto_password_verify(x->password_hash.ptr, password))
            user[fit++] = x->user;
    }
    if (!tried)
        crypto_password_hash(password, unused);
    *ret_user = user;
    *ret_count = fit;
    return true;
}

bool store_user_password_is(struct store *s, int64_t id, str password, bool *ret_is,
                            struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    static const char sql[] = SQL_USER_GET;
    const struct value v[] = {INT_VALUE(id)};
    struct account *account;
    size_t count;
    if (!control_rows(s, sql, v, COUNT(v), &a, sizeof *account, read_account, (void **)&account,
                      &count, err))
        return false;
    *ret_is = count && account->user.has_password &&
              crypto_password_verify(account->password_hash.ptr, password);
    return true;
}

bool store_user_set_password(struct store *s, const struct asker *by, int64_t id, str password,
                             struct err *err)
{
    static const char sql[] = SQL_USER_SET_PASSWORD;
    char hash[PASSWORD_HASH_BYTES];
    if (!password_check(password, err))
        return false;
    crypto_password_hash(password, hash);
    const struct value v[] = {INT_VALUE(id), STR_VALUE(str_of(hash))};
    const struct change c = {.by = by,
                             .action = "user.password_changed",
                             .details = "{}",
                             .id = id,
                             .sql = sql,
                             .value = v,
                             .values = COUNT(v)};
    return change_user(s, &c, err);
}

bool store_user_reset(struct store *s, const struct asker *by, int64_t id, int64_t expires_at_us,
                      char ret_secret[TOKEN_TEXT_BYTES], struct err *err)
{
    static const char sql[] = SQL_USER_RESET;
    unsigned char hash[TOKEN_HASH_BYTES];
    char secret[TOKEN_TEXT_BYTES];
    token_make(secret);
    token_hash(str_of(secret), hash);
    const struct value v[] = {INT_VALUE(id), BLOB_VALUE(hash, sizeof hash),
                              INT_VALUE(expires_at_us)};
    const struct change c = {.by = by,
                             .action = "user.invited",
                             .details = "{}",
                             .id = id,
                             .sql = sql,
                             .value = v,
                             .values = COUNT(v)};
    if (!change_user(s, &c, err))
        return false;
    memcpy(ret_secret, secret, sizeof secret);
    return true;
}

bool store_user_of_secret(struct store *s, struct arena *a, str secret, struct user *ret,
                          struct err *err)
{
    static const char sql[] = SQL_USER_OF_RESET;
    unsigned char hash[TOKEN_HASH_BYTES];
    token_hash(secret, hash);
    const struct value v[] = {BLOB_VALUE(hash, sizeof hash), INT_VALUE(clock_now_us())};
    return one_user(s, sql, v, COUNT(v), a, ret, err);
}

bool store_user_accept(struct store *s, const struct asker *by, int64_t id, str secret,
                       str password, struct err *err)
{
    static const char sql[] = SQL_USER_ACCEPT;
    unsigned char hash[TOKEN_HASH_BYTES];
    char password_hash[PASSWORD_HASH_BYTES];
    if (!password_check(password, err))
        return false;
    token_hash(secret, hash);
    crypto_password_hash(password, password_hash);
    const struct value v[] = {INT_VALUE(id), BLOB_VALUE(hash, sizeof hash),
                              INT_VALUE(clock_now_us()), STR_VALUE(str_of(password_hash))};
    const struct change c = {.by = by,
                             .action = "user.invitation_accepted",
                             .details = "{}",
                             .id = id,
                             .sql = sql,
                             .value = v,
                             .values = COUNT(v)};
    return change_user(s, &c, err);
}
