/* answer: what is answered in place of a document, and how documents come and go: for the handlers
 * of this floor and of those above it.
 *
 * Errors are in the vendor's envelope {"errors":{...}}, or JSON:API's array when the client asks
 * so, the server is set so, or the request is an extension's (api.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "base/json.h"
#include "http/http.h"
#include "importer/wording.h"

#define JSON_API "application/vnd.api+json; charset=utf-8"

enum error_source { SOURCE_NONE, SOURCE_POINTER, SOURCE_PARAMETER, SOURCE_HEADER };
struct error {
    int status;
    const char *code;         /* stable, for programs; NULL: the status's own */
    const char *title;        /* NULL: the status's own */
    enum error_source source; /* where the trouble is: */
    str where;                /* a JSON pointer into the body, a parameter, a header */
    str meta;                 /* a JSON object, the array's "meta"; {0}: none */
};
/* Answers with the error; the message is for people. */
void error_say(struct http_request *r, const struct error *e, const char *message_format, ...)
    PRINTF(3, 4);
/* The same with the code of the status. */
void error_answer(struct http_request *r, int status, const char *title, const char *message_format,
                  ...) PRINTF(4, 5);
/* Answers for a failed store: 503 or 507. */
void error_store(struct http_request *r, const struct err *err);
/* "https://api.example.com": what links begin with: public_url, or the request's Host; "" when it
 * has none. */
str answer_base(struct http_request *r);
/* What the people who read the answer speak: Accept-Language; in an extension also ?lang=. */
enum language request_language(const struct http_request *r);
/* One of two literals: what a person reads. */
#define SAY(r, english, russian) (request_language(r) == LANGUAGE_RU ? (russian) : (english))

/* The attributes of the JSON:API document that the body is, of a resource of that type; the tree
 * lives in the arena.  NULL: none were sent.  Answers and returns false when it is no such
 * document. */
bool body_attributes_in(struct http_request *r, struct arena *a, const char *resource,
                        const struct json **ret_attributes);

#endif
