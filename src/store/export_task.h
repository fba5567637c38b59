/* export_task: files of customers that were asked for, part of the store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_EXPORT_TASK_H
#define STORE_EXPORT_TASK_H

#include "store/store.h"

/* A company's files lie in <data_dir>/exports/<its number>, and go with it. */
#define STORE_EXPORTS "exports"

enum export_state { EXPORT_WAITING, EXPORT_PROCESSING, EXPORT_COMPLETED, EXPORT_REJECTED };
#define EXPORTS_UNFINISHED ((1u << EXPORT_WAITING) | (1u << EXPORT_PROCESSING))
#define EXPORTS_ALL        (EXPORTS_UNFINISHED | (1u << EXPORT_COMPLETED) | (1u << EXPORT_REJECTED))

struct store_export {
    int64_t id;
    enum export_state state;
    str format;  /* csv, xlsx, jsonl */
    str options; /* search_options: a JSON object */
    str program; /* jq; {0}: none */
    str file;    /* its name; "": it is there no more */
    uint64_t bytes, records, total;
    uint32_t attempts; /* processes that began it */
    int64_t origin;    /* who asked: origin_of() */
    str address;       /* from where, for the audit log; never read back */
    int64_t created_at_us, started_at_us, finished_at_us;
    str code, detail;                    /* why it was rejected; {0}: it was not */
    const struct store_request *request; /* that made it, for store_export_create() to keep; NULL:
                                            none, and in what is read */
};
/* Stores a new task: state, format, options, program, file, origin, and the request that made it in
 * the same transaction; *task's id and created_at_us are filled in.  Synced before it returns. */
MUST_CHECK bool store_export_create(struct store_company *c, struct store_export *task,
                                    struct err *err);
/* Writes what changes while one is made.  Errors: ERR_NOT_FOUND: it was deleted. */
MUST_CHECK bool store_export_update(struct store_company *c, const struct store_export *task,
                                    struct err *err);
/* Forgets one, as `by` asks.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_export_delete(struct store_company *c, int64_t id, const struct asker *by,
                                    struct err *err);
/* Forgets those that ended before before_us and whose files are gone. */
MUST_CHECK bool store_export_purge(struct store_company *c, int64_t before_us, struct err *err);
/* One task, in the arena.  Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_export_get(struct store_reader *r, struct arena *a, int64_t id,
                                 struct store_export *ret_task, struct err *err);
/* Those in the states (a bit each), newest first, past the first `skip`, at most limit. */
MUST_CHECK bool store_export_list(struct store_reader *r, struct arena *a, unsigned states,
                                  uint64_t skip, size_t limit, struct store_export **ret_task,
                                  size_t *ret_count, struct err *err);
/* "waiting", "processing", "completed", "rejected". */
const char *export_state_name(enum export_state state);

#endif
