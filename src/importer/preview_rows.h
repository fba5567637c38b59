/* preview_rows: the rows behind the counts of a dry run, a page at a time.
 *
 * Beside the diff a dry run keeps an index: for each record its outcome, its line, its external id,
 * which fields change, and where in the diff its lines begin.  So the few rows of one kind are
 * found among a million without reading the diff.  Both are files of this machine's own and are
 * read by the program that wrote them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_PREVIEW_ROWS_H
#define IMPORTER_PREVIEW_ROWS_H

#include "importer/preview.h"

enum preview_reason { /* why a row is skipped */
                      REASON_NONE,
                      REASON_EXISTS,  /* mode=create_only, and the customer is there */
                      REASON_MISSING, /* mode=update_only, and he is not */
                      REASON_REPEATED /* repeats=first_wins, and his row came before */
};
struct preview_change {
    str field;    /* "email", "custom_attributes.ltv" */
    str old, new; /* as in a file's cell; "": nothing */
    str repaired; /* what stood in the cell before an accepted repair; {0}: it was not repaired */
};
struct preview_row {
    uint64_t record, line;
    str external_id; /* {0}: not known */
    enum store_outcome outcome;
    enum preview_reason reason;
    struct preview_change *change;
    size_t changes;
};
struct preview_ask {
    unsigned outcomes; /* a bit for each that is wanted */
    str field;         /* only rows that change it; {0}: any */
    size_t field_at;   /* its place among the fields that the dry run counted */
    str external_id;   /* only rows whose external id begins so; {0}: any */
    uint64_t after;    /* only records past this one */
    size_t limit;
};
/* The rows that fit, in the order of the file, in the arena.  Errors: ERR_INTERNAL: a file cannot
 * be read or is none of a dry run. */
MUST_CHECK bool preview_rows_read(int index_fd, int diff_fd, struct arena *a,
                                  const struct preview_ask *ask, struct preview_row **ret_row,
                                  size_t *ret_count, struct err *err);
/* "exists", "missing", "repeated"; NULL for REASON_NONE. */
const char *preview_reason_name(enum preview_reason reason);
/* The outcome named so; OUTCOME_COUNT: none. */
enum store_outcome preview_outcome_of(str name);

struct preview_missing {
    str external_id;
    uint64_t line; /* in the previous file */
};
/* Customers of the previous file who are not in this one, past the first `skip`. */
MUST_CHECK bool preview_missing_read(int fd, struct arena *a, uint64_t skip, size_t limit,
                                     struct preview_missing **ret_missing, size_t *ret_count,
                                     struct err *err);

#endif
