/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_check.h"
#include "store/sqlite/changes.h"
#include "store/sqlite/store_priv.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

enum { CHECK_CACHE_BYTES = 16 * 1024 * 1024 };

struct check {
    struct db db;
    store_complain *complain;
    void *context;
};

static void say(const struct check *k, const char *format, ...) PRINTF(2, 3);

static void say(const struct check *k, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    k->complain(k->context, text);
}

/* What SQLite itself finds; its answer is one row "ok" when that is nothing. */
static bool integrity(struct check *k, struct err *err)
{
    sqlite3_stmt *s = db_statement(&k->db, "PRAGMA integrity_check(20)", err);
    int step = 0;
    while (s && (step = db_step(&k->db, s, err)) == SQLITE_ROW)
        if (!str_eq(db_column_borrow(s, 0), STR("ok")))
            say(k, "the file is damaged: %.*s", STR_ARG(str_shown(db_column_borrow(s, 0), 200)));
    (void)sqlite3_reset(s);
    return s && step;
}

static bool count(struct check *k, const char *sql, const char *what, struct err *err)
{
    sqlite3_stmt *s = db_statement(&k->db, sql, err);
    int step = s ? db_step(&k->db, s, err) : 0;
    long long wrong = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    (void)sqlite3_reset(s);
    if (wrong)
        say(k, "%lld %s", wrong, what);
    return step != 0;
}

static bool references(struct check *k, struct err *err)
{
    static const struct {
        const char *sql, *what;
    } checks[] = {
        {SQL_CHECK_EXTERNAL, "customers cannot be found by their external_id"},
        {SQL_CHECK_EXTERNAL_BACK, "external ids lead to nobody, or to another customer"},
        {SQL_CHECK_EMAIL, "customers cannot be found by their e-mail"},
        {SQL_CHECK_EMAIL_BACK, "e-mails lead to nobody, or to another customer"},
        {SQL_CHECK_LEGACY, "customers cannot be found by their legacy_id"},
        {SQL_CHECK_LEGACY_BACK, "legacy ids lead to nobody, or to another customer"},
        {SQL_CHECK_COUNT, "customers more or fewer than counted"},
        {SQL_CHECK_DAYS, "customers more or fewer than were made and removed day by day"},
        {SQL_CHECK_NUMBERS, "ids, stamps or changes are newer than the newest that was given"},
        {SQL_CHECK_ATTRIBUTES, "customers have custom attributes that are no JSON"},
        {SQL_CHECK_TRAIL, "former values are no JSON: what they belong to cannot be undone"},
        {SQL_CHECK_ERRORS, "problems belong to no import"},
        {SQL_CHECK_CHANGED, "customers cannot be found by updated_at"},
        {SQL_CHECK_BLOCKS, "blocks of stamps hold more or less than they say"},
        {SQL_CHECK_CREATED, "customers cannot be found by created_at"},
        {SQL_CHECK_DEEDS, "notes of who asked for what belong to no import"},
        {SQL_CHECK_KEPT, "notes of what an undo left belong to no import"},
        {SQL_CHECK_REQUESTS, "requests with an Idempotency-Key are kept without their answer"},
        {SQL_CHECK_EXPORTS, "exports are in no state that can be"},
    };
    for (size_t i = 0; i < COUNT(checks); i++)
        if (!count(k, checks[i].sql, checks[i].what, err))
            return false;
    return true;
}

static bool webhooks(struct check *k, struct err *err)
{
    return count(k, SQL_CHECK_WEBHOOKS, "webhooks have no address, secret or place", err) &&
           count(k, SQL_CHECK_DELIVERIES, "deliveries to webhooks are in no state that can be",
                 err);
}

bool store_check(struct store *s, int64_t company_id, store_complain *complain, void *context,
                 struct err *err)
{
    struct check k = {.complain = complain, .context = context};
    struct store_company *c = NULL;
    char control[PATH_MAX];
    (void)snprintf(control, sizeof control, "%s/control.db", s->data_dir);
    if (company_id && !store_company_open(s, company_id, &c, err))
        return false;
    if (!db_open(&k.db, c ? c->path : control, false, CHECK_CACHE_BYTES, err))
        return false;
    // One transaction: all is looked at as it was at one moment.
    bool ok = db_exec(&k.db, "PRAGMA query_only=1; BEGIN", err) && changes_register(&k.db, err) &&
              integrity(&k, err) && (c ? references(&k, err) : webhooks(&k, err)) &&
              count(&k, "SELECT count(*) FROM pragma_foreign_key_check",
                    "rows belong to a row that is not there", err);
    db_close(&k.db);
    return ok;
}
