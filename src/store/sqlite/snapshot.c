/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "store/sqlite/store_priv.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { COPY_CACHE_BYTES = 1024 * 1024 };

/* In one step: what others commit meanwhile goes into the log behind what is read. */
static bool copy_all(struct db *from, struct db *to, struct err *err)
{
    sqlite3_backup *b = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (!b)
        return db_error(to, err, "the copy of the database");
    (void)sqlite3_backup_step(b, -1);
    return sqlite3_backup_finish(b) == SQLITE_OK || db_error(to, err, "the copy of the database");
}

static bool copy(const char *from_path, const char *to_path, struct err *err)
{
    struct db from, to;
    if (!db_open(&from, from_path, false, COPY_CACHE_BYTES, err))
        return false;
    bool ok = db_open(&to, to_path, true, COPY_CACHE_BYTES, err) &&
              // A file that needs no log beside it; it gets one again where it is opened.
              db_exec(&to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", err) &&
              copy_all(&from, &to, err) && db_exec(&to, "PRAGMA journal_mode=DELETE", err);
    db_close(&to);
    db_close(&from);
    if (!ok)
        (void)unlink(to_path);
    return ok;
}

bool store_snapshot(struct store *s, int64_t company_id, const char *path, struct err *err)
{
    struct store_company *c;
    char control[PATH_MAX];
    (void)snprintf(control, sizeof control, "%s/control.db", s->data_dir);
    if (!company_id)
        return copy(control, path, err);
    return store_company_open(s, company_id, &c, err) && copy(c->path, path, err);
}
