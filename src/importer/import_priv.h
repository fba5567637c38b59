/* What the modules of the importer share of an understood file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_IMPORT_PRIV_H
#define IMPORTER_IMPORT_PRIV_H

#include "importer/import.h"

struct import_plan {
    struct arena arena;
    char *path;
    struct import_settings settings;
    struct consumer_rules rules;
    struct rows_about about;
    struct import_column *column;
    size_t count;
    uint64_t header_record, header_line; /* 0: the format has no header */
    str header[FIELD_COUNT];
    str fingerprint;
};

/* The fingerprint of a header row, in the arena. */
str import_header_fingerprint(struct arena *a, const struct row *header);

#endif
