/* backup: a data directory as one file, back again, and whether it is sound.
 *
 * A backup is a tar of the databases, each as it was at one moment while it was made, of the files
 * that imports wait for or keep, of the sealing key when that lies in the data directory, and last
 * of a manifest (clientele-backup.json) with the size and SHA-256 of every file: a backup that was
 * cut short has none.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "backup/tar.h"
#include "store/store.h"

struct backup_totals {
    uint64_t files, bytes, companies;
    bool sealing_key; /* is in it */
};
struct backup_options {
    struct store *store;
    const char *data_dir;
    const char *work_dir; /* where a database's copy lies for a while */
    const char *version;  /* of the program, for the manifest */
    enum tar_packing packing;
    bool (*keep_on)(void *context); /* false: stop (ERR_CONFLICT); NULL: never */
    void *context;
};
/* Writes a backup to fd while others use the store.  Errors: ERR_LIMIT (a disk is full),
 * ERR_CONFLICT (stopped), ERR_INTERNAL. */
MUST_CHECK bool backup_write(const struct backup_options *options, int fd,
                             struct backup_totals *ret_totals, struct err *err);
/* Makes the data directory, which must not be there or be empty, from a backup.  On failure what
 * was made is removed.  Errors: ERR_CONFLICT (the directory holds something), ERR_INVALID (no
 * backup, damaged or cut short), ERR_LIMIT, ERR_INTERNAL. */
MUST_CHECK bool backup_restore(int fd, const char *data_dir, struct backup_totals *ret_totals,
                               struct err *err);

struct check_totals {
    uint64_t companies, customers, tasks, exports, wrong;
};
/* Looks at the databases, at the files that tasks need or keep, and for files that belong to
 * nothing.  Files of exports that are not there are only noted, with "note: ": a restored backup
 * has none.  False only when it could not look. */
MUST_CHECK bool backup_check(struct store *store, const char *data_dir, store_complain *complain,
                             void *context, struct check_totals *ret_totals, struct err *err);

#endif
