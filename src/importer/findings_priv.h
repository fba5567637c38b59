/* What the modules of findings share: what was seen of each column, and of e-mail addresses.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_FINDINGS_PRIV_H
#define IMPORTER_FINDINGS_PRIV_H

#include "base/mem.h"
#include "importer/findings.h"

enum {
    FINDING_EXAMPLES = 5,
    FINDING_SHOWN_BYTES = 120,
    FINDING_LENGTHS = 33,
    FINDING_WORD_BYTES = 24, /* no word for "no data" is longer */
    FINDING_BOOLEAN_BYTES = 12,
    SHARED_FROM = 4, /* rows with one address, from which it is nobody's own */
    SHARED_SHOWN = 20,
    SHARED_KEPT = 4096,
};
enum column_role {
    ROLE_NONE, /* passed over */
    ROLE_ID,
    ROLE_EMAIL,
    ROLE_PHONE, /* up to here, values that are trimmed */
    ROLE_DATE,
    ROLE_FLAG,
    ROLE_TEXT,
    ROLE_CUSTOM
};
struct finding_example {
    uint64_t line;
    str old;
};
struct finding {
    uint64_t count;
    struct finding_example example[FINDING_EXAMPLES];
    size_t examples;
};
struct column {
    enum column_role role;
    uint64_t filled, all_digits, numbers, texts, yes, no;
    uint64_t day_first, month_first;
    uint64_t length[FINDING_LENGTHS];                  /* of cells that are all digits */
    struct finding_example of_length[FINDING_LENGTHS]; /* the first of each */
    bool leading_zero, zeros;
    size_t zeros_length;
    struct finding number_cell, text_cell; /* of a workbook */
    struct finding found[FINDING_COUNT];
};

struct shared_email {
    uint64_t hash;
    str email;
    struct finding found;
};
/* How often each address stands in the file: a hash and a count up to SHARED_FROM. */
struct emails_seen {
    uint64_t *slot; /* the hash, its last two bits the count less one; 0: free */
    size_t room, count;
    struct shared_email *shared;
    size_t shared_count, shared_room;
    uint32_t *shared_slot; /* by hash: the number in shared, from 1 */
};
/* Counts one more row with the address. */
void emails_seen_add(struct emails_seen *e, struct arena *a, uint64_t line, str email);
/* Those of SHARED_FROM rows and more, the most frequent first, SHARED_SHOWN at most. */
size_t emails_seen_shared(struct emails_seen *e, const struct shared_email **ret_shared);
/* Frees what e points to. */
void emails_seen_done(struct emails_seen *e);

struct findings {
    const struct import_plan *plan;
    struct arena arena, scratch;
    struct column *column;
    size_t columns;
    struct emails_seen emails;
    uint64_t records, hidden;
    unsigned char kind[256]; /* HAS_... of each byte */
};

#endif
