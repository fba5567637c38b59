/* The log of a company's database (SQLite's WAL), as the writer tends it.
 *
 * While nobody else writes, the writer copies it into the database itself, late: a page that
 * changes often is copied once.  While requests come in, the checkpointer does, beside the writer;
 * then files rest until what came meanwhile is copied, too, so that all that the writer has to copy
 * before the log begins anew are the last requests.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/sqlite/store_priv.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    CHECKPOINT_PAGES = LIMIT_LOG_BYTES / 4096,
    IDLE_CHECKPOINT_PAGES = 256,
};

static int count_pages(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store_company *c = context;
    (void)db;
    (void)name;
    c->wal.pages = pages;
    return SQLITE_OK;
}

bool wal_start(struct store_company *c, struct err *err)
{
    c->wal = (struct wal){.fd = -1};
    (void)sqlite3_wal_hook(c->db.handle, count_pages, c);
    return checkpointer_start(c->path, &c->wal.checkpointer, err);
}

void wal_stop(struct store_company *c)
{
    checkpointer_stop(TAKE(c->wal.checkpointer));
    if (c->db.handle)
        (void)sqlite3_wal_checkpoint_v2(c->db.handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                        NULL);
    if (c->wal.opened && c->wal.fd >= 0)
        (void)close(c->wal.fd);
    c->wal.opened = false;
}

void wal_start_writing(struct store_company *c)
{
    struct wal *w = &c->wal;
    if (!w->opened) {
        AUTO(buf_done) struct buf path = {0};
        buf_format(&path, "%s-wal", c->path);
        buf_add_char(&path, '\0');
        w->fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
        w->opened = true;
    }
    if (w->fd >= 0)
        file_start_writing(w->fd);
}

static void checkpoint(struct store_company *c)
{
    int log = 0, copied = 0;
    if (sqlite3_wal_checkpoint_v2(c->db.handle, "main", SQLITE_CHECKPOINT_PASSIVE, &log, &copied) !=
        SQLITE_OK)
        log_warning("company %lld: checkpoint: %s", (long long)c->id, sqlite3_errmsg(c->db.handle));
    c->wal.pages = 0;
    c->wal.phase = WAL_GROWS;
}

void wal_tend(struct store_company *c, bool shared)
{
    struct wal *w = &c->wal;
    switch (w->phase) {
    case WAL_GROWS:
        if (w->pages <= CHECKPOINT_PAGES)
            return;
        if (!shared) {
            checkpoint(c);
            return;
        }
        w->phase = WAL_COPIED;
        checkpointer_wake(w->checkpointer);
        return;
    case WAL_COPIED:
        if (!checkpointer_is_done(w->checkpointer))
            return;
        w->phase = WAL_ENDS;
        checkpointer_wake(w->checkpointer);
        return;
    case WAL_ENDS:
        if (checkpointer_is_done(w->checkpointer))
            checkpoint(c);
        return;
    }
}

bool wal_ends(const struct store_company *c)
{
    return c->wal.phase == WAL_ENDS;
}

void wal_use_rest(struct store_company *c)
{
    bool copied = c->wal.phase != WAL_GROWS && !checkpointer_is_done(c->wal.checkpointer);
    if (!copied && c->wal.pages > IDLE_CHECKPOINT_PAGES)
        checkpoint(c);
}
