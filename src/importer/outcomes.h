/* outcomes: what a dry run said would become of each record, beside what another run says.
 *
 * Two files of outcomes (preview.h) are compared when both runs are over; a run that writes is
 * compared while it writes, so that nothing is committed that ends in another way.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_OUTCOMES_H
#define IMPORTER_OUTCOMES_H

#include "importer/import.h"

struct outcome_difference {
    uint64_t record, line; /* line 0: not known */
    enum store_outcome was, now;
};
enum { OUTCOME_DIFFERENCES = 100 };
struct outcome_differences {
    uint64_t count;
    struct outcome_difference first[OUTCOME_DIFFERENCES]; /* as many as there are, of count */
};
/* The records that two dry runs ended differently; both files are read from where they stand. */
MUST_CHECK bool outcomes_compare(int was_fd, int now_fd, struct outcome_differences *ret,
                                 struct err *err);

/* The records with this outcome, past the record `after`, at most limit, in order; the file is read
 * from its beginning on. */
MUST_CHECK bool outcomes_list(int fd, enum store_outcome outcome, uint64_t after, size_t limit,
                              struct arena *a, uint64_t **ret_record, size_t *ret_count,
                              struct err *err);

struct expected; /* a run that writes, beside its dry run; one thread at a time */
/* Begins past the first `skip` records.  fd, with the dry run's outcomes, and zone are borrowed;
 * origin as in the run's target. */
MUST_CHECK bool expected_open(int fd, const struct zone *zone, int64_t origin, uint64_t skip,
                              struct expected **ret_expected, struct err *err);
/* An import_watch's judge().  Errors: ERR_CONFLICT: some of them end in another way; ERR_INTERNAL:
 * the file cannot be read. */
MUST_CHECK bool expected_judge(struct expected *e, const struct store_change *change, size_t count,
                               struct err *err);
/* What was found so: of the records that were to be committed together, count 0 when all was as
 * said.  Borrowed. */
const struct outcome_differences *expected_differences(const struct expected *e);
/* Frees e; NULL is fine. */
void expected_free(struct expected *e);
DEFINE_AUTO(struct expected *, expected_free)

#endif
