/* SPDX-License-Identifier: Apache-2.0 */
#include "store/calls.h"
#include "sql_office.h"
#include "store/sqlite/control_priv.h"

bool store_calls_add(struct store *s, const struct api_calls *calls, size_t count, struct err *err)
{
    static const char sql[] = SQL_CALLS_ADD;
    if (!count)
        return true;
    pthread_mutex_lock(&s->lock);
    bool ok = control_begin(s, err);
    for (size_t i = 0; i < count && ok; i++) {
        const struct value v[] = {INT_VALUE(calls[i].company_id), INT_VALUE(calls[i].hour),
                                  INT_VALUE((int64_t)calls[i].calls),
                                  INT_VALUE((int64_t)calls[i].errors)};
        ok = control_run_locked(s, sql, v, COUNT(v), err);
    }
    ok = control_end(s, ok, err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static void read_calls(sqlite3_stmt *q, struct arena *a, void *to)
{
    (void)a;
    *(struct api_calls *)to = (struct api_calls){.company_id = sqlite3_column_int64(q, 0),
                                                 .hour = sqlite3_column_int64(q, 1),
                                                 .calls = (uint64_t)sqlite3_column_int64(q, 2),
                                                 .errors = (uint64_t)sqlite3_column_int64(q, 3)};
}

bool store_calls_list(struct store *s, struct arena *a, int64_t company_id, int64_t from_hour,
                      struct api_calls **ret_calls, size_t *ret_count, struct err *err)
{
    static const char sql[] = SQL_CALLS_LIST;
    const struct value v[] = {INT_VALUE(company_id), INT_VALUE(from_hour)};
    return control_rows(s, sql, v, COUNT(v), a, sizeof **ret_calls, read_calls, (void **)ret_calls,
                        ret_count, err);
}

bool store_calls_purge(struct store *s, int64_t before_hour, struct err *err)
{
    static const char sql[] = SQL_CALLS_PURGE;
    const struct value v[] = {INT_VALUE(before_hour)};
    pthread_mutex_lock(&s->lock);
    bool ok = control_run_locked(s, sql, v, COUNT(v), err);
    pthread_mutex_unlock(&s->lock);
    return ok;
}
