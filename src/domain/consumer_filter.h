/* consumer_filter: which customers, and in which order, as ?filter= and ?sort= say it.
 *
 * filter = FIELD:OP:VALUE[,FIELD:OP:VALUE...], all of which must hold; sort = FIELD[:asc|:desc] or
 * -FIELD, [,...].  The value is everything after the second colon.  A backslash takes the meaning
 * from a following comma, bar, colon or backslash.  Pure; all slices live in the arena given.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_CONSUMER_FILTER_H
#define DOMAIN_CONSUMER_FILTER_H

#include "domain/consumer.h"

enum filter_op {
    FILTER_EQ,
    FILTER_NEQ, /* also of those who have nothing there */
    FILTER_GT,
    FILTER_GTE,
    FILTER_LT,
    FILTER_LTE,
    FILTER_IN, /* one of several */
    FILTER_EXISTS,
    FILTER_OP_COUNT
};
/* FIELD_COUNT as a field means our id; FIELD_CUSTOM_ATTRIBUTES one attribute, `key`. */
struct consumer_condition {
    enum consumer_field field;
    str key;
    enum filter_op op;
    /* What it is compared with: numbers for ids, moments (microseconds), booleans and EXISTS (0,
     * 1); texts otherwise, bytewise, made comparable as consumer_email_key(), consumer_phone_key()
     * do. count may be 0: then nobody is equal. */
    int64_t *number;
    str *text;
    size_t count;
    bool is_real; /* GT...LTE of an attribute with a number: `real` is compared with numbers */
    double real;
};
struct consumer_filter {
    struct consumer_condition *condition;
    size_t count;
};
struct consumer_sort {
    enum consumer_field field;
    bool descending;
};
/* In the order of the first field, then the next; at last by id, in the direction of the last
 * field.  None: by id.  Who has nothing there comes last, in both directions. */
struct consumer_order {
    struct consumer_sort *sort;
    size_t count;
};

enum filter_error {
    FILTER_OK,
    /* it cannot be parsed: */
    FILTER_NO_FIELD,
    FILTER_NO_OPERATOR,
    FILTER_UNKNOWN_OPERATOR,
    FILTER_NO_VALUE,
    FILTER_UNKNOWN_DIRECTION,
    /* it can, but makes no sense: */
    FILTER_UNKNOWN_FIELD,
    FILTER_WRONG_OPERATOR,
    FILTER_NOT_DATE,
    FILTER_NOT_BOOLEAN,
    FILTER_NOT_ID,
    FILTER_TOO_MANY
};
struct filter_problem {
    enum filter_error error;
    size_t at; /* which character of the text it is about, from 1 */
    str field; /* as it stands there, of a condition or a sort */
    str word;  /* the operator, value or direction that is wrong */
};
static inline bool filter_error_is_syntax(enum filter_error e)
{
    return e >= FILTER_NO_FIELD && e <= FILTER_UNKNOWN_DIRECTION;
}

/* Reads a filter (valid UTF-8); an empty text is no condition.  On failure *ret_problem says why.
 */
MUST_CHECK bool consumer_filter_parse(struct arena *a, str text, struct consumer_filter *ret_filter,
                                      struct filter_problem *ret_problem);
/* Reads an order; an empty text is the order by id.  Fields after one that no two share, and an id
 * in the direction of the field before, are left out: they decide nothing. */
MUST_CHECK bool consumer_order_parse(struct arena *a, str text, struct consumer_order *ret_order,
                                     struct filter_problem *ret_problem);
/* The fields that a filter, or an order, may name, alphabetically, with commas between: */
str consumer_filter_fields(void);
str consumer_order_fields(void);
/* The key by which phones are compared: one number as its digits, 8XXXXXXXXXX as 7XXXXXXXXXX. */
str consumer_phone_key(struct arena *a, str phone);
/* All of text as a JSON number; false when it is none. */
MUST_CHECK bool consumer_number(str text, double *ret_number);
/* The text of one attribute in custom_attributes' canonical text: of a string its characters, of
 * anything else its JSON.  {0}: there is none, or it is null.  key_text: the key as JSON. */
str consumer_attribute_text(struct arena *a, str custom_attributes, str key_text);

#endif
