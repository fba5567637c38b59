/* findings: what looks wrong in the cells of a file, column by column, and the repair for it.
 *
 * Sees the cells as they stand in the file; nothing is changed by it.  Memory: what each column
 * needs, and 8 bytes or so for each e-mail address, up to LIMIT_FINDING_EMAILS of them. Threads:
 * one at a time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORTER_FINDINGS_H
#define IMPORTER_FINDINGS_H

#include "importer/import.h"
#include "importer/repair.h"
#include "importer/wording.h"

/* The stable code of a finding.  X(enumerator, "code") */
#define FINDING_CODES(X)                                                                           \
    X(FINDING_NO_DATA, "no_data")                                                                  \
    X(FINDING_BARE_NO, "bare_no")           /* "нет" in a column that is no yes-or-no */        \
    X(FINDING_SHARED_EMAIL, "shared_email") /* of more than three rows */                          \
    X(FINDING_SCIENTIFIC, "scientific_number")                                                     \
    X(FINDING_LOST_DIGITS, "lost_digits")                                                          \
    X(FINDING_LOST_ZEROS, "lost_zeros")                                                            \
    X(FINDING_DECIMAL_COMMA, "decimal_comma")                                                      \
    X(FINDING_BOOLEAN_WORDS, "boolean_words")                                                      \
    X(FINDING_LOOKALIKE, "lookalike_letters")                                                      \
    X(FINDING_EMAIL_COMMA, "email_comma")                                                          \
    X(FINDING_PHONE_8, "phone_8")                                                                  \
    X(FINDING_MIXED, "mixed_types")                                                                \
    X(FINDING_SLASHES, "slashed_dates")                                                            \
    X(FINDING_TRIMMED, "outer_spaces")                                                             \
    X(FINDING_HIDDEN, "hidden_rows")

enum finding_code {
#define FINDING_ENUM(name, text) name,
    FINDING_CODES(FINDING_ENUM)
#undef FINDING_ENUM
        FINDING_COUNT
};

struct findings;
/* For a file that was understood; plan outlives it.  The caller frees. */
struct findings *findings_new(const struct import_plan *plan);
/* Looks at the next data row. */
void findings_row(struct findings *f, const struct row *row);
/* How many rows the workbook hides, whether they were read or left out. */
void findings_hidden(struct findings *f, uint64_t rows);
/* Appends the members "findings", "findings_records" and "findings_complete" of a JSON object:
 * complete: all of the file was seen. */
void findings_write(struct findings *f, bool complete, struct buf *b);
/* Frees f; NULL is fine. */
void findings_free(struct findings *f);
DEFINE_AUTO(struct findings *, findings_free)

/* "phone_8" and so on. */
const char *finding_code_name(enum finding_code code);

#endif
