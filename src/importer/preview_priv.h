/* What an outcome is, for those who make one and those who lay two beside each other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_PREVIEW_PRIV_H
#define IMPORTER_PREVIEW_PRIV_H

#include "importer/preview.h"

enum { OUTCOME_BYTES = 9 }; /* what became of a record, and a hash of how */
/* One that writes no files: only preview_outcome() is for it. */
struct preview *preview_bare(const struct zone *zone, int64_t origin);
/* The outcome of one record. */
void preview_outcome(struct preview *p, const struct store_change *c,
                     unsigned char ret[OUTCOME_BYTES]);

#endif
