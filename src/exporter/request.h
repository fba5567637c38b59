/* request: what a client says of the export that it wants: the vendor's search_options.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORTER_REQUEST_H
#define EXPORTER_REQUEST_H

#include "domain/consumer_filter.h"
#include "domain/consumer_search.h"
#include "exporter/columns.h"

struct export_request {
    struct export_fields fields;
    str filter_text, sort_text; /* in the language of the list; "": none */
    bool searches;              /* for whom `search` means */
    struct consumer_search search;
    struct consumer_filter filter;
    struct consumer_order order; /* by one field at most: pages are found by it */
};
/* Sets the filter from its text.  Errors: ERR_INVALID says what is wrong with it. */
MUST_CHECK bool export_request_filter(struct arena *a, str text, struct export_request *r,
                                      struct err *err);
/* The same of the order. */
MUST_CHECK bool export_request_sort(struct arena *a, str text, struct export_request *r,
                                    struct err *err);
/* Reads search_options: a JSON object with fields (a list of names, or one text), filter (the
 * list's language, or {"field":{"op":value}}), search (the list's, a text) and sort (that language,
 * or {"field":"asc"}). Errors: ERR_INVALID says what is wrong; *ret_where is the member's name. */
MUST_CHECK bool export_request_parse(struct arena *a, const struct json *options,
                                     struct export_request *ret_request, str *ret_where,
                                     struct err *err);

#endif
