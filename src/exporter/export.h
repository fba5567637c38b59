/* export: a company's customers as a file that import reads back without a change.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORTER_EXPORT_H
#define EXPORTER_EXPORT_H

#include "formats/rows.h"
#include "store/store.h"

/* Writes all customers to fd in the order of their ids, streamed.  *ret_count: how many.
 * Errors: ERR_LIMIT (more than a sheet holds), ERR_INTERNAL. */
MUST_CHECK bool export_run(struct store_reader *reader, const struct zone *zone,
                           enum rows_format format, int fd, uint64_t *ret_count, struct err *err);
/* Writes the sample file (three rows at example.com; CSV or XLSX).  reader NULL: the default
 * attributes orders_count, ltv, region instead of the company's own. */
MUST_CHECK bool export_sample(struct store_reader *reader, enum rows_format format, int fd,
                              struct err *err);

#endif
