/* errors: what is answered in place of a document.  Private to api/; api_priv.h has the usual ones.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ERRORS_H
#define API_ERRORS_H

#include "api/api_priv.h"

/* What a client puts into Accept: application/vnd.api+json; profile="..." to get errors as JSON:API
 * has them. */
#define ERROR_PROFILE "urn:clientele:jsonapi-errors"
#define ATOMIC_EXT    "https://jsonapi.org/ext/atomic"

/* Errors of one answer, as JSON:API has them; {0} is none yet, b is freed with buf_done(). */
struct error_array {
    struct buf b;
    size_t count;
    int status; /* of the answer */
    str meta;   /* of the document: a JSON object; {0}: none */
};
/* Appends one error. */
void error_array_add(struct http_request *r, struct error_array *a, const struct error *e,
                     str message);
/* Appends all problems of a record; prefix: the JSON pointer of what holds its "data". */
void error_array_problems(struct http_request *r, struct error_array *a, const char *prefix,
                          const struct problems *problems);
/* Answers with them. */
void error_array_send(struct http_request *r, struct error_array *a);
/* Whether the request gets JSON:API's array in place of the vendor's envelope: it asked so, the
 * server is set so, or nobody at the vendor's ever spoke to this address. */
bool error_in_array(struct http_request *r);
/* Whether the request speaks JSON:API's atomic operations. */
bool speaks_atomic(const struct http_request *r);
/* The code of an error of that status that says no other. */
const char *error_status_code(int status);
/* "Document(s) not found for class Consumer with id(s) ..." */
str error_not_found_text(struct http_request *r, str id);

#endif
