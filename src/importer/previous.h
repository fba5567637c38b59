/* previous: customers of the previous file who are missing in this one.
 *
 * Remembers a hash of each key of this file: 8 bytes a record.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_PREVIOUS_H
#define IMPORTER_PREVIOUS_H

#include "importer/import.h"

struct keys_seen;
/* None yet; the caller frees. */
struct keys_seen *keys_seen_new(void);
/* One more key of this file; an empty one is none. */
void keys_seen_add(struct keys_seen *k, str key);
/* Frees k; NULL is fine. */
void keys_seen_free(struct keys_seen *k);
DEFINE_AUTO(struct keys_seen *, keys_seen_free)

struct previous_missing {
    uint64_t count;
};
/* Reads the previous file, with the settings of its import, and writes those of its external ids
 * that this file does not have to fd, as CSV (external_id, line). */
MUST_CHECK bool previous_compare(const char *path, const struct import_settings *settings,
                                 const struct zone *zone, struct keys_seen *keys, int fd,
                                 struct previous_missing *ret_missing, struct err *err);

#endif
