/* The data directory and control.db: companies, users, tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "sql_control.h"
#include "sql_schema.h"
#include "store/sqlite/audit.h"
#include "store/sqlite/company.h"
#include "store/sqlite/control_priv.h"
#include "store/sqlite/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTROL_CACHE_BYTES = 1024 * 1024, TOKEN_MAX_DAYS = 730 };
#define DAY_US              INT64_C(86400000000)
#define DEFAULT_CACHE_BYTES ((size_t)4 * 1024 * 1024)

static const char *const migrations[] = {SQL_CONTROL_1};

/* --- opening --- */

static void path_in(char path[PATH_MAX], const char *dir, const char *name)
{
    (void)snprintf(path, PATH_MAX, "%s/%s", dir, name);
}

static bool take_lock(struct store *s, struct err *err)
{
    char path[PATH_MAX];
    path_in(path, s->data_dir, "LOCK");
    s->lock_fd = open(path, O_RDWR | O_CLOEXEC);
    if (s->lock_fd < 0 && errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND,
                       "'%s' is no data directory; make one with 'clientele init'", s->data_dir);
    if (s->lock_fd < 0)
        return err_errno(err, "cannot open '%s'", path);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(err, ERR_BUSY, "another process owns the data directory '%s'", s->data_dir);
    return true;
}

static bool load_seal_key(struct store *s, const char *file, struct err *err)
{
    AUTO(buf_done) struct buf bytes = {.max = SEAL_KEY_BYTES + 1};
    char path[PATH_MAX];
    if (!file)
        path_in(path, s->data_dir, "seal.key");
    if (!file_read(file ? file : path, &bytes, err))
        return err_context(err, "the sealing key of the tokens: ");
    if (bytes.len != SEAL_KEY_BYTES)
        return err_set(err, ERR_INVALID, "the sealing key of the tokens must be a file of %d bytes",
                       SEAL_KEY_BYTES);
    memcpy(s->seal_key, bytes.ptr, SEAL_KEY_BYTES);
    return true;
}

static bool open_control(struct store *s, struct err *err)
{
    char path[PATH_MAX];
    path_in(path, s->data_dir, "control.db");
    if (!db_open(&s->control, path, true, CONTROL_CACHE_BYTES, err) ||
        !db_migrate(&s->control, migrations, COUNT(migrations), err))
        return err_context(err, "control.db: ");
    return tokens_load(s, err) && sessions_load(s, err);
}

bool store_create(const struct store_config *config, struct err *err)
{
    char path[PATH_MAX], key[SEAL_KEY_BYTES];
    struct stat st;
    path_in(path, config->data_dir, "LOCK");
    if (stat(path, &st) == 0)
        return err_set(err, ERR_CONFLICT, "'%s' is a data directory already", config->data_dir);
    if (!file_mkdir(config->data_dir, 0700, err))
        return false;
    path_in(path, config->data_dir, "companies");
    if (!file_mkdir(path, 0700, err))
        return false;
    crypto_init();
    crypto_random(key, sizeof key);
    path_in(path, config->data_dir, "seal.key");
    if (stat(config->seal_key_file ? config->seal_key_file : path, &st) != 0 &&
        !file_write(config->seal_key_file ? config->seal_key_file : path, (str){key, sizeof key},
                    0600, err))
        return false;
    path_in(path, config->data_dir, "LOCK"); // last: with it the directory is whole
    return file_write(path, STR(""), 0600, err);
}

bool store_open(const struct store_config *config, struct store **ret_store, struct err *err)
{
    struct store *s = mem_new(1, sizeof *s);
    crypto_init();
    (void)umask(0077); // the data is the owner's alone, SQLite's own files included
    s->lock_fd = -1;
    s->data_dir = mem_strdup(config->data_dir);
    s->cache_bytes = config->cache_bytes ? config->cache_bytes : DEFAULT_CACHE_BYTES;
    s->commit_each = config->commit_each;
    s->token_max_days = config->token_max_days ? config->token_max_days : TOKEN_MAX_DAYS;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_mutex_init(&s->open_lock, NULL);
    (void)pthread_mutex_init(&s->watch_lock, NULL);
    (void)pthread_rwlock_init(&s->token_lock, NULL);
    (void)pthread_rwlock_init(&s->session_lock, NULL);
    if (!take_lock(s, err) || !load_seal_key(s, config->seal_key_file, err) ||
        !open_control(s, err)) {
        store_free(s);
        return false;
    }
    *ret_store = s;
    return true;
}

const char *store_data_dir(const struct store *s)
{
    return s->data_dir;
}

void store_secret(const struct store *s, str purpose, unsigned char ret_key[SHA256_BYTES])
{
    crypto_hmac_sha256((str){(const char *)s->seal_key, SEAL_KEY_BYTES}, purpose, ret_key);
}

void store_free(struct store *s)
{
    if (!s)
        return;
    struct err ignored = {0};
    companies_close(s);
    if (s->tokens)
        IGNORE(store_tokens_flush(s, &ignored));
    if (s->sessions)
        IGNORE(store_sessions_flush(s, &ignored));
    db_close(&s->control);
    sessions_free(s);
    arena_done(&s->token_arena);
    mem_free(s->token);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_mutex_destroy(&s->open_lock);
    (void)pthread_mutex_destroy(&s->watch_lock);
    (void)pthread_rwlock_destroy(&s->token_lock);
    (void)pthread_rwlock_destroy(&s->session_lock);
    mem_free(s->data_dir);
    mem_free(s);
}

/* --- companies --- */

static const char sql_company_list[] = SQL_COMPANY_LIST,
                  company_taken[] = "there is a company of that name already";

static void read_company(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(struct company *)to =
        (struct company){.id = sqlite3_column_int64(q, 0),
                         .name = db_column_str(q, 1, a),
                         .zone = db_column_str(q, 2, a),
                         .put_contacts = (enum put_contacts)sqlite3_column_int(q, 3),
                         .created_at_us = sqlite3_column_int64(q, 4),
                         .import_webhooks = (enum import_webhooks)sqlite3_column_int(q, 5),
                         .import_defaults = db_column_str(q, 6, a),
                         .keep_files_days = sqlite3_column_int64(q, 7),
                         .keep_trail_days = sqlite3_column_int64(q, 8),
                         .keep_audit_days = sqlite3_column_int64(q, 9)};
}

bool store_company_create(struct store *s, const struct asker *by, str name, str zone,
                          int64_t *ret_id, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    AUTO(zone_free) struct zone *known = NULL;
    static const char sql[] = SQL_COMPANY_INSERT;
    if (!company_name_check(name, err) || !zone_open(arena_str(&a, zone).ptr, &known, err))
        return false;
    const struct value v[] = {STR_VALUE(name), STR_VALUE(zone), INT_VALUE(clock_now_us())};
    const struct control_note note = {by, "company.created", "companies", 0, "{}"};
    return control_change_noted(s, sql, v, COUNT(v), &note, ret_id, err) ||
           control_explain(err, company_taken, "");
}

static bool one_company(struct store *s, struct arena *a, struct value name, struct value id,
                        struct company *ret, struct err *err)
{
    const struct value v[] = {name, id};
    void *row;
    size_t count;
    if (!control_rows(s, sql_company_list, v, COUNT(v), a, sizeof *ret, read_company, &row, &count,
                      err))
        return false;
    if (!count)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no such company; 'clientele company list' shows those there are");
    *ret = *(struct company *)row;
    return true;
}

bool store_company_by_name(struct store *s, struct arena *a, str name, struct company *ret,
                           struct err *err)
{
    return one_company(s, a, STR_VALUE(name), NULL_VALUE, ret, err);
}

bool store_company_by_id(struct store *s, struct arena *a, int64_t id, struct company *ret,
                         struct err *err)
{
    return one_company(s, a, NULL_VALUE, INT_VALUE(id), ret, err);
}

bool store_company_list(struct store *s, struct arena *a, struct company **ret_company,
                        size_t *ret_count, struct err *err)
{
    const struct value v[] = {NULL_VALUE, NULL_VALUE};
    return control_rows(s, sql_company_list, v, COUNT(v), a, sizeof **ret_company, read_company,
                        (void **)ret_company, ret_count, err);
}

/* --- changing a company --- */

static bool check_company(struct arena *a, unsigned fields, const struct company *now,
                          struct err *err)
{
    AUTO(zone_free) struct zone *known = NULL;
    const int64_t days[] = {now->keep_files_days, now->keep_trail_days, now->keep_audit_days};
    for (size_t i = 0; i < COUNT(days); i++)
        if ((fields & (unsigned)COMPANY_KEEP_FILES << i) && (days[i] < 0 || days[i] > 36500))
            return err_set(err, ERR_INVALID, "use a number of days from 1 to 36500");
    return (!(fields & COMPANY_NAME) || company_name_check(now->name, err)) &&
           (!(fields & COMPANY_ZONE) || zone_open(arena_str(a, now->zone).ptr, &known, err));
}

/* A field's old and new value as JSON, for the audit log. */
static void note_change(struct buf *b, const char *name, str old, str new)
{
    if (str_eq(old, new))
        return;
    buf_add(b, b->len > 1 ? STR(",\"") : STR("\""));
    buf_format(b, "%s\":{\"old\":%.*s,\"new\":%.*s}", name, STR_ARG(old), STR_ARG(new));
}

static str days_text(struct arena *a, int64_t days)
{
    return days ? arena_format(a, "%lld", (long long)days) : STR("null");
}

static str put_contacts_text(enum put_contacts how)
{
    return how == PUT_CONTACTS_UPDATE ? STR("\"update\"") : STR("\"ignore\"");
}

static str import_webhooks_text(struct arena *a, enum import_webhooks how)
{
    return json_string_text(
        a,
        str_of(
            import_webhooks_name[how == IMPORT_WEBHOOKS_DEFAULT ? IMPORT_WEBHOOKS_DIGEST : how]));
}

static str changes_text(struct arena *a, const struct company *old, const struct company *new)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add_char(&b, '{');
    note_change(&b, "name", json_string_text(a, old->name), json_string_text(a, new->name));
    note_change(&b, "zone", json_string_text(a, old->zone), json_string_text(a, new->zone));
    note_change(&b, "put_contacts", put_contacts_text(old->put_contacts),
                put_contacts_text(new->put_contacts));
    note_change(&b, "import_webhooks", import_webhooks_text(a, old->import_webhooks),
                import_webhooks_text(a, new->import_webhooks));
    note_change(&b, "import_defaults", old->import_defaults, new->import_defaults);
    note_change(&b, "keep_files_days", days_text(a, old->keep_files_days),
                days_text(a, new->keep_files_days));
    note_change(&b, "keep_trail_days", days_text(a, old->keep_trail_days),
                days_text(a, new->keep_trail_days));
    note_change(&b, "keep_audit_days", days_text(a, old->keep_audit_days),
                days_text(a, new->keep_audit_days));
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b));
}

static struct company merged(const struct company *old, unsigned fields, const struct company *now)
{
    struct company c = *old;
    c.name = fields & COMPANY_NAME ? now->name : c.name;
    c.zone = fields & COMPANY_ZONE ? now->zone : c.zone;
    c.put_contacts = fields & COMPANY_PUT_CONTACTS ? now->put_contacts : c.put_contacts;
    c.import_webhooks = fields & COMPANY_IMPORT_WEBHOOKS ? now->import_webhooks : c.import_webhooks;
    c.import_defaults = fields & COMPANY_IMPORT_DEFAULTS ? now->import_defaults : c.import_defaults;
    c.keep_files_days = fields & COMPANY_KEEP_FILES ? now->keep_files_days : c.keep_files_days;
    c.keep_trail_days = fields & COMPANY_KEEP_TRAIL ? now->keep_trail_days : c.keep_trail_days;
    c.keep_audit_days = fields & COMPANY_KEEP_AUDIT ? now->keep_audit_days : c.keep_audit_days;
    return c;
}

static bool read_locked(struct store *s, struct arena *a, int64_t id, struct company *ret,
                        struct err *err)
{
    const struct value v[] = {NULL_VALUE, INT_VALUE(id)};
    sqlite3_stmt *q = control_bound(s, sql_company_list, v, COUNT(v), err);
    int step = q ? db_step(&s->control, q, err) : 0;
    if (step == SQLITE_ROW)
        read_company(q, a, ret);
    if (q)
        (void)sqlite3_reset(q);
    return step == SQLITE_ROW || (step && err_set(err, ERR_NOT_FOUND, "there is no such company"));
}

static bool change_locked(struct store *s, struct arena *a, const struct asker *by, int64_t id,
                          unsigned fields, const struct company *now, struct err *err)
{
    static const char sql[] = SQL_COMPANY_SET;
    struct company old;
    if (!read_locked(s, a, id, &old, err))
        return false;
    const struct company c = merged(&old, fields, now);
    str changes = changes_text(a, &old, &c);
    const struct value v[] = {INT_VALUE(id),
                              STR_VALUE(c.name),
                              STR_VALUE(c.zone),
                              INT_VALUE(c.put_contacts),
                              INT_VALUE(c.import_webhooks),
                              STR_VALUE(c.import_defaults),
                              INT_VALUE(c.keep_files_days),
                              INT_VALUE(c.keep_trail_days),
                              INT_VALUE(c.keep_audit_days)};
    return str_eq(changes, STR("{}")) ||
           (control_change_locked(s, sql, v, COUNT(v), NULL, err) &&
            control_audit_locked(s, by, "company.changed", "companies", id, changes.ptr, err));
}

bool store_company_change(struct store *s, const struct asker *by, int64_t id, unsigned fields,
                          const struct company *now, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    if (!check_company(&a, fields, now, err))
        return false;
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err) && change_locked(s, &a, by, id, fields, now, err);
    ok = control_end(s, ok, err);
    pthread_mutex_unlock(&s->lock);
    if (ok)
        company_refresh(s, id);
    return ok || control_explain(err, company_taken, "there is no such company");
}

bool store_company_delete(struct store *s, const struct asker *by, int64_t id, struct err *err)
{
    static const char sql[] = SQL_COMPANY_DELETE;
    const struct value v[] = {INT_VALUE(id)};
    // Its own audit log goes with it; that it was there and who removed it stays with the server's.
    const struct control_note note = {by, "company.deleted", "companies", id, "{}"};
    bool ok = control_change_noted(s, sql, v, COUNT(v), &note, NULL, err);
    pthread_mutex_lock(&s->lock);
    ok = ok && tokens_load(s, err) && sessions_load(s, err);
    pthread_mutex_unlock(&s->lock);
    if (ok)
        company_close_for_good(s, id);
    return ok || control_explain(err, "", "there is no such company");
}

/* --- tokens --- */

static void read_token(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(struct token *)to = (struct token){.id = sqlite3_column_int64(q, 0),
                                         .company_id = sqlite3_column_int64(q, 1),
                                         .name = db_column_str(q, 2, a),
                                         .scope = (unsigned)sqlite3_column_int(q, 3),
                                         .created_at_us = sqlite3_column_int64(q, 4),
                                         .expires_at_us = sqlite3_column_int64(q, 5),
                                         .revoked_at_us = sqlite3_column_int64(q, 6),
                                         .used_at_us = sqlite3_column_int64(q, 8)};
}

static const char sql_token_list[] = SQL_TOKEN_LIST;

static int by_hash(const void *x, const void *y)
{
    return memcmp(((const struct token_row *)x)->hash, ((const struct token_row *)y)->hash,
                  TOKEN_HASH_BYTES);
}

/* With token_lock held. */
static struct token_row *row_of(struct store *s, const unsigned char hash[TOKEN_HASH_BYTES])
{
    struct token_row wanted;
    memcpy(wanted.hash, hash, sizeof wanted.hash);
    return s->tokens ? bsearch(&wanted, s->token, s->tokens, sizeof wanted, by_hash) : NULL;
}

bool tokens_load(struct store *s, struct err *err)
{
    struct arena a = {0};
    struct token_row *row = NULL;
    size_t count = 0, room = 0;
    int step = 0;
    sqlite3_stmt *q = control_bound(s, sql_token_list, NULL, 0, err);
    while (q && (step = db_step(&s->control, q, err)) == SQLITE_ROW) {
        if (count == room)
            row = mem_grow(row, room = room ? room * 2 : 16, sizeof *row);
        read_token(q, &a, &row[count].token);
        assert(sqlite3_column_bytes(q, 7) == TOKEN_HASH_BYTES);
        row[count].used_us = row[count].token.used_at_us;
        memcpy(row[count++].hash, sqlite3_column_blob(q, 7), TOKEN_HASH_BYTES);
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
    pthread_rwlock_wrlock(&s->token_lock);
    for (size_t i = 0; i < count; i++) {
        const struct token_row *old = row_of(s, row[i].hash);
        row[i].used_us =
            old ? MAX((int64_t)old->used_us, (int64_t)row[i].used_us) : (int64_t)row[i].used_us;
    }
    arena_done(&s->token_arena);
    mem_free(s->token);
    s->token_arena = a;
    s->token = row;
    s->tokens = count;
    pthread_rwlock_unlock(&s->token_lock);
    return true;
}

/* 0 becomes as late as may be. */
static bool latest_expiry(struct store *s, int64_t *expires_at_us, struct err *err)
{
    // A day more: a date is a whole day, somewhere on earth.
    int64_t latest = clock_now_us() + (int64_t)(s->token_max_days + 1) * DAY_US;
    if (*expires_at_us > latest)
        return err_set(err, ERR_INVALID,
                       "a token lasts at most %llu days (the setting token_max_days)",
                       (unsigned long long)s->token_max_days);
    if (!*expires_at_us)
        *expires_at_us = latest - DAY_US;
    return true;
}

/* A change of a token, with its entry in the audit log; *id 0: it is made, and becomes *id. */
static bool change_token(struct store *s, const struct asker *by, const char *action,
                         const char *details, const char *sql, const struct value *v, size_t count,
                         int64_t *id, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err) &&
              control_end(s,
                          control_change_locked(s, sql, v, count, *id ? NULL : id, err) &&
                              control_audit_locked(s, by, action, "tokens", *id, details, err),
                          err) &&
              tokens_load(s, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static str token_details(struct arena *a, unsigned scope, int64_t expires_at_us)
{
    AUTO(buf_done) struct buf b = {0};
    AUTO(zone_free) struct zone *utc = NULL;
    char stamp[ZONE_STAMP_BYTES];
    struct err err = {0};
    str rest = token_scope_text(a, scope);
    buf_add(&b, STR("{\"scopes\":["));
    while (!str_is_null(rest)) {
        json_write_string(&b, str_split(&rest, ','));
        buf_add(&b, str_is_null(rest) ? STR("]") : STR(","));
    }
    if (zone_open("UTC", &utc, &err))
        json_add_string(&b, "expires_at", (str){stamp, zone_stamp(utc, expires_at_us, stamp)});
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b));
}

bool store_token_create(struct store *s, const struct asker *by, int64_t company_id, str name,
                        str value, unsigned scope, int64_t expires_at_us, int64_t *ret_id,
                        struct err *err)
{
    int64_t id = 0;
    AUTO(arena_done) struct arena a = {0};
    static const char sql[] = SQL_TOKEN_INSERT;
    unsigned char hash[TOKEN_HASH_BYTES];
    if (!token_check(value, err) || !latest_expiry(s, &expires_at_us, err))
        return false;
    token_hash(value, hash);
    str sealed = crypto_seal(&a, s->seal_key, value);
    const struct value v[] = {INT_VALUE(company_id),
                              STR_VALUE(name),
                              BLOB_VALUE(hash, sizeof hash),
                              BLOB_VALUE(sealed.ptr, sealed.len),
                              INT_VALUE(scope),
                              INT_VALUE(clock_now_us()),
                              INT_VALUE(expires_at_us)};
    if (!change_token(s, by, "token.created", token_details(&a, scope, expires_at_us).ptr, sql, v,
                      COUNT(v), &id, err))
        return control_explain(err, "that key is in use already", "");
    *ret_id = id;
    return true;
}

static bool write_used(struct store *s, int64_t id, int64_t used_us, struct err *err)
{
    static const char sql[] = SQL_TOKEN_USED;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(used_us)};
    return control_change_locked(s, sql, v, COUNT(v), NULL, err);
}

bool store_tokens_flush(struct store *s, struct err *err)
{
    bool ok = true, any = false;
    // Tokens are only replaced with the store's lock held, so that the list stands still.
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->tokens && ok; i++) {
        struct token_row *t = &s->token[i];
        int64_t used_us = t->used_us;
        if (used_us == t->token.used_at_us)
            continue;
        ok = (any || control_begin(s, err)) && write_used(s, t->token.id, used_us, err);
        any = true;
        pthread_rwlock_wrlock(&s->token_lock);
        t->token.used_at_us = used_us;
        pthread_rwlock_unlock(&s->token_lock);
    }
    ok = any ? control_end(s, ok, err) : ok;
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_token_list(struct store *s, struct arena *a, int64_t company_id,
                      struct token **ret_token, size_t *ret_count, struct err *err)
{
    const struct value v[] = {INT_VALUE(company_id)};
    return store_tokens_flush(s, err) &&
           control_rows(s, sql_token_list, v, COUNT(v), a, sizeof **ret_token, read_token,
                        (void **)ret_token, ret_count, err);
}

static void read_sealed(sqlite3_stmt *q, struct arena *a, void *to)
{
    *(str *)to = db_column_str(q, 0, a);
}

static bool note_shown(struct store *s, const struct asker *by, int64_t id, struct err *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = control_audit_locked(s, by, "token.revealed", "tokens", id, "{}", err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_token_show(struct store *s, const struct asker *by, struct arena *a, int64_t id,
                      str *ret_value, struct err *err)
{
    static const char sql[] = SQL_TOKEN_SEALED;
    const struct value v[] = {INT_VALUE(id)};
    void *row;
    size_t count;
    if (!control_rows(s, sql, v, COUNT(v), a, sizeof(str), read_sealed, &row, &count, err))
        return false;
    if (!count)
        return err_set(err, ERR_NOT_FOUND, "there is no such token");
    return note_shown(s, by, id, err) && crypto_open(a, s->seal_key, *(str *)row, ret_value, err);
}

bool store_token_revoke(struct store *s, const struct asker *by, int64_t id, struct err *err)
{
    static const char sql[] = SQL_TOKEN_REVOKE;
    const struct value v[] = {INT_VALUE(id), INT_VALUE(clock_now_us())};
    return change_token(s, by, "token.revoked", "{}", sql, v, COUNT(v), &id, err) ||
           control_explain(err, "", "there is no such token, or it was revoked before");
}

bool store_token_find(struct store *s, str value, struct token *ret_token, struct err *err)
{
    unsigned char hash[TOKEN_HASH_BYTES];
    token_hash(value, hash);
    pthread_rwlock_rdlock(&s->token_lock);
    struct token_row *row = row_of(s, hash);
    if (row) {
        // Once a second is enough: the line of memory is not passed around between loops.
        int64_t now_us = clock_now_us();
        if (now_us - row->used_us > 1000000)
            row->used_us = now_us;
        *ret_token = row->token;
        ret_token->name = (str){0}; // the name's bytes may go with the next change
    }
    pthread_rwlock_unlock(&s->token_lock);
    return row || err_set(err, ERR_NOT_FOUND, "there is no such token");
}
