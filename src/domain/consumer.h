/* consumer: a customer's record, and a change to it.
 *
 * The attributes and the rules each obeys are one table, consumer_attributes[].  A change (a
 * "patch") is made once, by consumer_patch_from_json() or consumer_patch_set_*(), which normalise
 * and validate; merging it into what is stored is consumer_patch_apply(), the same for every way
 * in. Pure: no I/O, no clock but the one given.  All slices live in the arena given.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_CONSUMER_H
#define DOMAIN_CONSUMER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/zone.h"
#include "domain/problem.h"

/* In the order in which the API emits them. */
enum consumer_field {
    FIELD_EMAIL,
    FIELD_PHONE,
    FIELD_NAME,
    FIELD_FIRST_NAME,
    FIELD_CUSTOM_ATTRIBUTES,
    FIELD_AVATAR_URL,
    FIELD_EXTERNAL_ID,
    FIELD_CREATED_AT,
    FIELD_UPDATED_AT,
    FIELD_UNSUBSCRIBED,
    FIELD_PERMANENT_FAILED,
    FIELD_COMPLAINED,
    FIELD_LEGACY_ID, /* emitted only when set */
    FIELD_COUNT
};
#define FIELD_BIT(field) (1u << (field))

/* A customer as stored.  A null text has ptr NULL. */
struct consumer {
    int64_t id;           /* 63-bit, time-ordered; 0 in a record that is not stored */
    str email, email_key; /* email_key: what is unique; see consumer_email_key() */
    str phone, name, first_name, avatar_url, external_id, legacy_id;
    str custom_attributes; /* canonical JSON text of an object; "{}" when empty, never NULL */
    int64_t created_at_us, updated_at_us;
    bool unsubscribed, permanent_failed, complained;
    /* where he comes from; the store's to give and to keep */
    int64_t origin;  /* who made him: origin_of() */
    uint64_t record; /* the record of the file that made him; 0: none */
    int64_t trail;   /* his last change that a trail is kept of; 0: none since he was made */
};

/* The API's name of a field, and the field of a name (FIELD_COUNT: none): */
const char *consumer_field_name(enum consumer_field field);
enum consumer_field consumer_field_of(str name);
/* The text field's place in the record; NULL for fields that are no plain text. */
str *consumer_text(struct consumer *c, enum consumer_field field);

/* --- changes --- */

struct consumer_attribute { /* one key of custom_attributes */
    str key;
    str value;    /* canonical JSON text; {0}: remove the key */
    bool as_text; /* from a file: a stored number or boolean with the same text is unchanged and
                     keeps its type */
};
struct consumer_patch {
    unsigned set;                    /* FIELD_BIT()s of fields that get the value in `value` */
    unsigned clear;                  /* FIELD_BIT()s of fields that become null */
    struct consumer value;           /* normalised; email_key filled in with email */
    int64_t created_at_precision_us; /* equal to this precision is unchanged; 0 means 1 */
    bool custom_replace;             /* start from {} before the keys below */
    struct consumer_attribute *attribute;
    size_t attribute_count;
    struct problems problems; /* what refuses it; empty when it may be applied */
    struct problems warnings;
};
/* What 01/02/2018 is, when that was said; else it is refused. */
enum date_order { DATE_ORDER_UNSAID, DATE_ORDER_DMY, DATE_ORDER_MDY };
/* What making a patch needs to know. */
struct consumer_rules {
    const struct zone *zone; /* of times without an offset (files); NULL: they are refused (API) */
    int64_t now_us;          /* "1900 to tomorrow" is judged from here */
    enum date_order date_order;
};

/* Makes a patch of a JSON object of attributes, as the API takes it. External ids may be integers;
 * "" counts as not sent (warning); unknown keys, read-only fields and repeated keys are warnings;
 * everything wrong is in ret->problems at once.  Never fails: attributes that is no object (or
 * NULL) gives a WRONG_TYPE problem (or an empty patch). */
void consumer_patch_from_json(struct arena *a, const struct json *attributes,
                              const struct consumer_rules *rules, struct consumer_patch *ret_patch);
/* Sets one field of a patch from a file's cell: the file's rules for dates, booleans
 * (true/false/1/0/да/нет...), scientific numbers in ids and phones.  A blank text (after trimming)
 * sets nothing. */
void consumer_patch_set_text(struct arena *a, struct consumer_patch *patch,
                             enum consumer_field field, str text,
                             const struct consumer_rules *rules);
/* The same for a text that says of itself that it is meant so: 7.9E+10 is an id like any other. */
void consumer_patch_set_literal(struct arena *a, struct consumer_patch *patch,
                                enum consumer_field field, str text,
                                const struct consumer_rules *rules);
/* Adds the members of a JSON object to the custom attributes of a patch, as the API would: null
 * removes a key. */
void consumer_patch_add_attributes(struct arena *a, struct consumer_patch *patch,
                                   const struct json *value);
/* Marks a field to become null (custom_attributes: all keys removed). */
void consumer_patch_clear(struct consumer_patch *patch, enum consumer_field field);
/* Checks an external id (from a path or a cell): trimmed, length, control characters.  On success
 * *ret_id is the id to use; else a problem was added. */
MUST_CHECK bool consumer_external_id_check(struct arena *a, str text, struct problems *problems,
                                           str *ret_id);

/* What happened in an apply besides the change. */
struct consumer_merge_rules {
    bool keep_contacts; /* e-mail and phone of an existing customer stay (company setting
                           put_contacts) */
    bool keep_opt_outs; /* true never becomes false (files) */
    bool take_back;     /* an undo: an external id may become null again */
};
/* A hash of everything that decides what the patch makes of a customer; never 0.  Two patches with
 * the same imprint have the same effect on the same customer: a store may remember the last one
 * that a customer was left with, and need not look at him when it comes again.  scratch saves the
 * allocation from call to call. */
uint64_t consumer_patch_imprint(const struct consumer_patch *patch,
                                const struct consumer_merge_rules *rules, bool lenient,
                                struct buf *scratch);
/* Merges patch into before (NULL: a new customer, all null) and writes the outcome to *ret_after,
 * which shares the slices of both.  Returns FIELD_BIT()s of what differs (0: unchanged); ids and
 * stamps are the store's to give, except created_at when the patch sets it.  Warnings (what was
 * kept and why) and problems (attributes over the limit) are appended.  A set external_id is never
 * replaced. */
unsigned consumer_patch_apply(struct arena *a, const struct consumer_patch *patch,
                              const struct consumer *before,
                              const struct consumer_merge_rules *rules, struct consumer *ret_after,
                              struct problems *problems, struct problems *warnings);

/* --- what a change took away, so that it can be undone --- */

/* One value that a change replaced; or, with the value it got, one line of a diff. */
struct consumer_former {
    enum consumer_field field;
    str key;   /* inside custom_attributes, else {0} */
    str value; /* JSON text; "null": there was none; created_at in microseconds */
};
/* The former values of all that differs between before and after, in the arena; ids and stamps
 * aside. */
void consumer_former_find(struct arena *a, const struct consumer *before,
                          const struct consumer *after, struct consumer_former **ret_former,
                          size_t *ret_count);
/* Adds to the list what stands in `more` and not in it: values that changed and came back. */
void consumer_former_add(struct arena *a, struct consumer_former **former, size_t *count,
                         const struct consumer_former *more, size_t more_count);
/* Appends a list as a JSON object: {"email":"a@example.com","custom_attributes":{"ltv":null}}. */
void consumer_former_write(struct buf *b, const struct consumer_former *former, size_t count);
/* Reads what consumer_former_write() wrote; false when the text is none of that. */
MUST_CHECK bool consumer_former_parse(struct arena *a, str text,
                                      struct consumer_former **ret_former, size_t *ret_count);
/* A patch that gives the values back. */
void consumer_former_patch(struct arena *a, const struct consumer_former *former, size_t count,
                           struct consumer_patch *ret_patch);
/* What a customer has there, as JSON text; "null" when he has nothing. */
str consumer_value_text(struct arena *a, const struct consumer *c, enum consumer_field field,
                        str key);

/* --- who changes customers --- */

enum origin_kind {
    ORIGIN_NONE,
    ORIGIN_TOKEN,
    ORIGIN_IMPORT,
    ORIGIN_USER,
    ORIGIN_COMMAND_LINE,
    ORIGIN_INBOX
};
/* One number for who it was: an API token, an import task, a user, by its number. */
static inline int64_t origin_of(enum origin_kind kind, int64_t id)
{
    return id * 8 + (int64_t)kind;
}
static inline enum origin_kind origin_kind(int64_t origin)
{
    return (enum origin_kind)(origin & 7);
}
static inline int64_t origin_id(int64_t origin)
{
    return origin >> 3;
}
/* Who asks, and from where. */
struct asker {
    int64_t origin; /* origin_of() */
    str address;    /* the client's, as text; {0}: it came over no network */
};

/* --- values --- */

/* The key by which e-mails are compared: Unicode case folding, domain by UTS 46.  email is valid.
 */
str consumer_email_key(struct arena *a, str email);
/* True when s is one address by the HTML standard's rule extended to Unicode, <= 254 bytes. */
bool consumer_email_valid(struct arena *a, str s);
/* One number: its digits without + or 00; else s itself with *ret_as_given set. */
str consumer_phone_normal(struct arena *a, str s, bool *ret_as_given);
/* RFC 3339 as the API takes it (Z, +03:00, +0300, fractions, lower-case t and z). */
MUST_CHECK bool consumer_date_from_rfc3339(str s, int64_t *ret_us);
/* A date as files have it (also RFC 3339).  PROBLEM_COUNT on success; PROBLEM_DATE_ZERO for
 * 0000-00-00. */
enum problem_code consumer_date_from_text(str s, const struct zone *zone, enum date_order order,
                                          int64_t *ret_us, int64_t *ret_precision_us,
                                          enum zone_fit *ret_fit);

/* --- ids: 24 lowercase hex characters, reversible, with a check --- */
enum { CONSUMER_ID_BYTES = 25 }; /* 24 and a NUL */
/* The text of an id, NUL-terminated. */
void consumer_id_text(int64_t id, char ret_text[CONSUMER_ID_BYTES]);
/* False when text is no id of ours (wrong length, letters or check). */
MUST_CHECK bool consumer_id_parse(str text, int64_t *ret_id);

#endif
