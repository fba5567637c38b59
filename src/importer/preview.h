/* preview: what a dry run found, record by record: a diff, an outcome each, an index of both,
 * counts by field.
 *
 * The diff is CSV: record, line, external_id, action, field, old, new, repaired
 * (what stood in the cell before an accepted repair).  The outcomes are 9 bytes a
 * record, what became of it and a hash of how; their SHA-256 is the dry run's fingerprint, and two
 * files of outcomes tell which records would end in another way.  The index is preview_rows.h's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_PREVIEW_H
#define IMPORTER_PREVIEW_H

#include "importer/import.h"

struct preview;
struct preview_files { /* they stay the caller's and are written to */
    int diff_fd, outcome_fd, index_fd;
};
/* Begins.  zone (borrowed) is for dates in the diff; origin: who changes the customers, as in a
 * target. */
MUST_CHECK bool preview_new(const struct preview_files *files, const struct zone *zone,
                            int64_t origin, struct preview **ret_preview, struct err *err);
/* Takes the next record; a failure to write is told by preview_end(). */
void preview_record(struct preview *p, const struct store_change *change);
/* Finishes the files.  *ret_json, in the arena: the members "fingerprint" and "fields" of a JSON
 * object, without braces. */
MUST_CHECK bool preview_end(struct preview *p, struct arena *a, str *ret_fingerprint, str *ret_json,
                            struct err *err);
/* Frees p; NULL is fine. */
void preview_free(struct preview *p);
DEFINE_AUTO(struct preview *, preview_free)

/* "created" and so on. */
const char *preview_outcome_name(enum store_outcome outcome);

#endif
