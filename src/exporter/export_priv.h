/* What the modules of the exporter share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORTER_EXPORT_PRIV_H
#define EXPORTER_EXPORT_PRIV_H

#include "exporter/export.h"

struct export
{
    struct store_reader *reader;
    const struct zone *zone;
    const struct export_options *options;
    struct arena page;  /* one page of customers and their cells */
    struct arena place; /* where it ended */
    struct store_place last;
    uint64_t count;
};

/* Calls each() for every page of customers. */
MUST_CHECK bool export_pages(struct export *e,
                             bool (*each)(void *context, const struct consumer *c, size_t count,
                                          struct err *err),
                             void *context, struct err *err);
/* One file each: */
MUST_CHECK bool export_json_lines(struct export *e, int fd, struct err *err);
MUST_CHECK bool export_table(struct export *e, int fd, struct err *err);
MUST_CHECK bool export_by_program(struct export *e, int fd, struct err *err);

#endif
