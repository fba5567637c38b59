/* gate: is this head of a request one that HTTP/1.1 allows, and that we want to see?
 *
 * libmicrohttpd takes much that RFC 9110 and 9112 forbid; whatever two programs could read in two
 * ways is refused here, before any handler.  Pure: no I/O, no memory of its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include "http/http.h"

struct gate_field {
    str name, value; /* value without white space at both ends */
    size_t lead;     /* bytes from the end of the name to the value: the colon and blanks */
    size_t trail;    /* blanks cut off behind the value */
};
struct gate_head {
    str method, target, version; /* as sent */
    const struct gate_field *field;
    size_t count;
    /* What the whole head took on the wire, from the method to the empty line; 0: not known. It
     * differs from the sum of the parts when the library swallowed something: a line that ends in
     * a bare LF, a folded line, a NUL, a second space. */
    size_t received_bytes;
};
struct gate_pass {
    enum http_method method;
    bool http_1_0;
    str path, query; /* slices of the target; query is {0} when there is no '?' */
    uint64_t content_length;
    bool chunked;
    bool has_body;        /* chunked, or a content length over 0 */
    bool expect_continue; /* the client waits for "100 Continue" before it sends the body */
};
struct gate_refusal {
    enum http_refusal why;
    int status;
    const char *detail; /* for a person: what is wrong, what to do */
};
/* Checks a head; false with *ret_refusal set: answer that and close.  *ret_pass->method is set
 * whenever the method is one of ours, so that the refusal of a HEAD has no body. */
MUST_CHECK bool gate_check(const struct gate_head *head, struct gate_pass *ret_pass,
                           struct gate_refusal *ret_refusal);
/* False when a trailer field of a chunked body is one that may only stand in a head (RFC 9110
 * 6.5.1), or is malformed. */
MUST_CHECK bool gate_trailer(str name, str value);

#endif
