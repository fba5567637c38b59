/* router: which route a path and a method mean.
 *
 * The raw path is split at '/' first and each segment is percent-decoded once, so that "%2F" inside
 * an id never becomes a separator.  {x} in a pattern is one non-empty segment.  {x...} at its end
 * is all the rest of the path, segments that may be empty (the rest of "/a/" is ""), joined by '/';
 * such a pattern counts only where none before it fits, whatever the method. Threads: a router is
 * constant once made.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/http.h"

struct router;
struct router_pattern;

enum router_outcome {
    ROUTER_FOUND,
    ROUTER_NO_ROUTE,
    ROUTER_WRONG_METHOD, /* allowed says which would do */
    ROUTER_OPTIONS,      /* the method is OPTIONS and no route takes it itself */
    ROUTER_BAD_TARGET    /* detail says what is wrong */
};
struct router_match {
    const struct http_route *route; /* only when ROUTER_FOUND */
    const struct router_pattern *pattern;
    const str *segment; /* the path's segments, decoded; in the arena or in the path */
    unsigned allowed;   /* HTTP_GET | ...: all methods the path has routes for */
    const char *detail;
};

/* Reads the patterns of a table, which must outlive the router; die()s when one is malformed. */
struct router *router_new(const struct http_route *route, size_t count);
/* Frees t; NULL is fine. */
void router_free(struct router *t);
DEFINE_AUTO(struct router *, router_free)
/* Finds the first route of the table that fits path (raw, without the query) and method. */
enum router_outcome router_find(const struct router *t, struct arena *a, enum http_method method,
                                str path, struct router_match *ret_match);
/* The decoded value of {name}; {0} when the pattern has none of that name. */
str router_segment(const struct router_match *match, const char *name);
/* The value of an Allow header for a set of methods: "GET, HEAD, OPTIONS". */
str router_allow(struct arena *a, unsigned methods);

#endif
