/* What the modules that look at a file for people share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_ANALYSIS_PRIV_H
#define IMPORTER_ANALYSIS_PRIV_H

#include "base/buf.h"
#include "importer/analysis.h"
#include "importer/import_priv.h"

enum { ANALYSIS_CELL = 120 }; /* bytes shown of a cell */
/* The next row below the header; false at the end, or when it cannot be read. */
bool analysis_next_row(struct rows *rows, uint64_t header_record, struct row *row);
/* Appends {"line":2,"cells":["a","b"]}. */
void analysis_add_row(struct buf *b, const struct row *row);

#endif
