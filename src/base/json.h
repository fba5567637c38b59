/* json: JSON text (RFC 8259) as a tree whose numbers keep the text they were sent with, and back.
 *
 * yajl reads; everything lives in the arena given.  Strings may hold NUL bytes: callers decide.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_member;
struct json {
    enum json_kind kind;
    str text;                   /* of a number (as sent) or a string (decoded) */
    struct json_member *member; /* of an array or object, in order; repeated keys are all here */
    size_t count;
};
struct json_member {
    str key; /* empty in an array */
    struct json value;
};
struct json_place { /* where the text is wrong; both from 1, column in characters */
    size_t line, column;
};

/* Reads one JSON value, with nothing but white space around it, at most LIMIT_JSON_DEPTH deep.
 * Errors: ERR_INVALID with *ret_place set and a message that quotes nothing of the text; ERR_LIMIT
 * (depth). */
MUST_CHECK bool json_parse(str text, struct arena *arena, struct json *ret_value,
                           struct json_place *ret_place, struct err *err);
/* The last member named key of an object; NULL when there is none or value is no object (NULL is
 * fine). */
const struct json *json_get(const struct json *value, const char *key);
/* Appends value as compact JSON: numbers with their text, strings escaped as little as RFC 8259
 * allows. */
void json_write(struct buf *b, const struct json *value);
/* Appends text (UTF-8) as a JSON string, quotes included; {0} as null. */
void json_write_string(struct buf *b, str text);
/* Append ,"name": and a string ({0}: null) or a JSON text as it is (empty: null): */
void json_add_string(struct buf *b, const char *name, str text);
void json_add_raw(struct buf *b, const char *name, str json);
/* text as a JSON string in the arena, quotes included. */
str json_string_text(struct arena *a, str text);

#endif
