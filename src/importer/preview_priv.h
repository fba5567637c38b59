/* What an outcome is, for those who make one and those who lay two beside each other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_PREVIEW_PRIV_H
#define IMPORTER_PREVIEW_PRIV_H

#include "importer/preview.h"

enum { OUTCOME_BYTES = 9 }; /* what became of a record, and a hash of how */
enum { PREVIEW_FIELD_BITS = 64 };
/* A record in the index (preview_rows.h); its external id follows. */
struct preview_entry {
    uint64_t line, diff_at, fields; /* fields: a bit for each that was counted, in that order */
    uint32_t changes;               /* lines of the diff, from byte diff_at on */
    uint16_t id_bytes;
    uint8_t outcome, reason;
};
/* One that writes no files: only preview_outcome() is for it. */
struct preview *preview_bare(const struct zone *zone, int64_t origin);
/* The outcome of one record. */
void preview_outcome(struct preview *p, const struct store_change *c,
                     unsigned char ret[OUTCOME_BYTES]);

#endif
