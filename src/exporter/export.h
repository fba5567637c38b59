/* export: a company's customers as a file.
 *
 * Unless fields or a program choose otherwise, import reads the file back without a change.
 *
 * Customers are read page by page, so that memory stays the same however many there are and no
 * snapshot of the database is held for long.  In the order of ids, whoever exists from the
 * beginning to the end (and whom the filter lets through all the time) is in the file exactly once,
 * as he was when his page was read.  In another order that holds for those whose place in it does
 * not change.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORTER_EXPORT_H
#define EXPORTER_EXPORT_H

#include "domain/consumer_filter.h"
#include "domain/consumer_search.h"
#include "exporter/columns.h"
#include "formats/rows.h"

struct export_options {
    enum rows_format format;
    bool gzip;                            /* the file is packed; not a workbook */
    const struct export_fields *fields;   /* NULL, or none in it: everything */
    const struct consumer_search *search; /* NULL: everyone */
    const struct consumer_filter *filter; /* NULL: everyone */
    const struct consumer_order *order;   /* by one field at most; NULL: by id */
    str program;                          /* jq: what makes a row of a customer; {0}: none */
    /* Asked after each page, told how many customers are in; false: stop.  NULL: nobody asks. */
    bool (*go_on)(void *context, uint64_t count);
    void *context;
};
/* Writes customers to fd, streamed.  *ret_count: how many, also of a failed export.
 * Errors: ERR_INVALID (it does not fit into a workbook, or more attributes than columns),
 * ERR_LIMIT (the disk is full), ERR_CONFLICT (what the program makes is no row, for the reason in
 * err->msg), ERR_BUSY (go_on() said so), ERR_INTERNAL. */
MUST_CHECK bool export_run(struct store_reader *reader, const struct zone *zone,
                           const struct export_options *options, int fd, uint64_t *ret_count,
                           struct err *err);
/* Writes the sample file (three rows at example.com; CSV or XLSX), with notes on its headers in
 * Russian or English.  reader NULL, or a company without attributes: orders_count, ltv and region
 * instead of its own. */
MUST_CHECK bool export_sample(struct store_reader *reader, enum rows_format format, bool russian,
                              int fd, struct err *err);

#endif
