/* repeats: whether a key stood in the file before, where that decides (first wins, or fail).
 *
 * Remembers 16 bytes of each key's SHA-256: 32 MiB for a million rows. Only where it was asked for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_REPEATS_H
#define IMPORTER_REPEATS_H

#include "importer/import.h"

struct repeats;
/* Knows no key yet; the caller frees. */
struct repeats *repeats_new(enum import_repeats rule);
/* Turns the change into a skipped or a failed one when its key was seen before; else remembers the
 * key. A refused change is left as it is. */
void repeats_judge(struct repeats *r, struct arena *a, struct store_change *change);
/* Frees r; NULL is fine. */
void repeats_free(struct repeats *r);

#endif
