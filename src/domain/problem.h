/* problem: what is wrong with one record, as data; the sentences are made above, in two languages.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_PROBLEM_H
#define DOMAIN_PROBLEM_H

#include "base/arena.h"

/* The stable code of a problem, as APIs and reports show it.  X(enumerator, "code").
 * The first group refuses a record, the second (from PROBLEM_FIRST_WARNING on) only warns. */
#define PROBLEM_CODES(X)                                                                           \
    X(PROBLEM_TAKEN, "taken")           /* external_id, email, legacy_id of another customer */    \
    X(PROBLEM_EMAIL_SWAP, "email_swap") /* of a customer whose own row wants this one's */         \
    X(PROBLEM_BLANK, "blank")           /* a key that must not be blank */                         \
    X(PROBLEM_TOO_LONG, "too_long")                                                                \
    X(PROBLEM_CONTROL_CHARACTER, "control_character")                                              \
    X(PROBLEM_WRONG_TYPE, "wrong_type") /* a JSON value of a kind the field does not take */       \
    X(PROBLEM_NOT_AN_INTEGER, "not_an_integer") /* external_id: 1.5 */                             \
    X(PROBLEM_EMAIL_INVALID, "email_invalid")                                                      \
    X(PROBLEM_DATE_INVALID, "date_invalid")                                                        \
    X(PROBLEM_DATE_AMBIGUOUS, "date_ambiguous") /* 01/02/2018 */                                   \
    X(PROBLEM_DATE_OUT_OF_RANGE, "date_out_of_range")                                              \
    X(PROBLEM_BOOLEAN_INVALID, "boolean_invalid")                                                  \
    X(PROBLEM_SCIENTIFIC_NUMBER, "scientific_number") /* 7.9E+10 where an id or phone belongs */   \
    X(PROBLEM_FORMULA_ERROR, "formula_error") /* a workbook's cell that is #REF!, #N/A, ... */     \
    X(PROBLEM_TOO_MANY_ATTRIBUTES, "too_many_attributes")                                          \
    X(PROBLEM_ATTRIBUTES_TOO_LARGE, "attributes_too_large")                                        \
    X(PROBLEM_NOT_FOUND, "not_found") /* an update of a customer who is not there */               \
    X(PROBLEM_TOO_MANY_CELLS, "too_many_cells")                                                    \
    X(PROBLEM_ROW_TOO_LARGE, "row_too_large")                                                      \
    X(PROBLEM_ROW_UNREADABLE, "row_unreadable")    /* a JSON Lines line that is no object */       \
    X(PROBLEM_REPEATED_KEY, "repeated_key")        /* only where repeats were asked to fail */     \
    X(PROBLEM_PRECONDITION, "precondition_failed") /* If-Match or If-None-Match does not hold */   \
    X(PROBLEM_PHONE_AS_GIVEN, "phone_as_given")    /* first warning: kept, but not one number */   \
    X(PROBLEM_DATE_ZERO, "date_zero")              /* 0000-00-00: taken as blank */                \
    X(PROBLEM_TIME_IN_GAP, "time_in_gap")          /* moved forward over a clock change */         \
    X(PROBLEM_EMPTY_IGNORED, "empty_ignored")      /* "" counts as not sent */                     \
    X(PROBLEM_UNKNOWN_ATTRIBUTE, "unknown_attribute")                                              \
    X(PROBLEM_READ_ONLY, "read_only")               /* permanent_failed, updated_at, id */         \
    X(PROBLEM_KEY_REPEATED, "key_repeated")         /* a JSON key given twice: the last won */     \
    X(PROBLEM_EXTERNAL_ID_KEPT, "external_id_kept") /* a set external_id never changes */          \
    X(PROBLEM_EMAIL_LEFT_OUT, "email_left_out") /* taken, and lenient handling was asked for */    \
    X(PROBLEM_CONTACT_KEPT, "contact_kept")     /* company setting put_contacts = ignore */        \
    X(PROBLEM_OPT_OUT_KEPT, "opt_out_kept")     /* a file does not turn true into false */         \
    X(PROBLEM_REPAIRED, "repaired") /* value: what stood there before an accepted repair */        \
    X(PROBLEM_LOOKS_INTERNAL, "looks_like_internal_id") /* a new external id of 24 hex digits */   \
    X(PROBLEM_TRIMMED, "trimmed")             /* value: a key with the spaces that it came with */ \
    X(PROBLEM_CHANGED_SINCE, "changed_since") /* from here on, what an undo leaves as it is */     \
    X(PROBLEM_TOUCHED_SINCE, "touched_since") /* one that the import made, changed by others */    \
    X(PROBLEM_DELETED_SINCE, "deleted_since")

enum problem_code {
#define PROBLEM_ENUM(name, text) name,
    PROBLEM_CODES(PROBLEM_ENUM)
#undef PROBLEM_ENUM
        PROBLEM_COUNT,
    PROBLEM_FIRST_WARNING = PROBLEM_PHONE_AS_GIVEN
};

struct problem {
    struct problem *next;
    enum problem_code code;
    str field;        /* "email", "custom_attributes"; never {0} */
    str key;          /* the key inside custom_attributes, else {0} */
    str value;        /* as given, perhaps shortened; {0} when there is none */
    int64_t other_id; /* the customer in the way; 0 when there is none */
};
struct problems { /* {0} is none */
    struct problem *first, *last;
    size_t count;
};

/* Appends a problem that lives in the arena; value is shortened to 200 bytes. The slices are
 * copied. */
struct problem *problem_add(struct problems *list, struct arena *a, enum problem_code code,
                            str field, str value);
/* Appends a problem that was in another list, and is no longer. */
void problems_append(struct problems *list, struct problem *problem);
/* "taken" and so on. */
const char *problem_code_name(enum problem_code code);
/* The code of a name; PROBLEM_COUNT when there is none. */
enum problem_code problem_code_of(str name);

#endif
