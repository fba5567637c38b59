/* listing: a page of customers being made: at once when an index finds them, else on a thread that
 * may take its time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_LISTING_H
#define API_LISTING_H

#include "api/api_priv.h"
#include "api/cursor.h"
#include "api/errand.h"

struct listing { /* holds copies of all it needs: the request may end before it */
    struct errand errand;
    struct api *api;
    struct store_company *company;
    struct arena arena;
    struct consumer_search search;
    struct consumer_filter filter;
    struct consumer_order order;
    struct store_query query; /* its limit is one more than a page has */
    struct cursor cursor;     /* what was asked; its place is that of the page's beginning */
    str base;                 /* of links */
    uint64_t page;            /* by number; 0: by place */
    unsigned fields, includes;
    bool counts; /* total_count is wanted: when asked for a filter's, or nothing else says */
    bool some;   /* counting may end early */
    bool sent;
    /* what came of it */
    struct buf body;
    struct err err;
    bool too_large;
    size_t count;
    bool more;
    bool counted;
    uint64_t total, unindexed;
    struct store_place end; /* of the page, when there is more */
    /* Appends what follows the customers. */
    void (*finish)(struct listing *l, struct buf *b);
};
enum { LISTING_SOME = 1000 }; /* so many are counted when only some are to be */

/* Begins one; it is the request's context, freed at its end.  On wrong parameters it answers and
 * returns NULL.  filter, sort: as given, or as a cursor has them. */
struct listing *listing_new(struct http_request *r, struct store_company *company,
                            const struct cursor *asked);
/* Makes the page and answers, now or later. */
void listing_run(struct http_request *r, struct listing *l);
/* Answers about a search. */
void listing_refuse_search(struct http_request *r, enum search_problem problem);
/* Answers 400 or 422 about a filter or a sort. */
void listing_refuse(struct http_request *r, const char *parameter,
                    const struct filter_problem *problem);
/* Answers 400 about a cursor. */
void listing_refuse_cursor(struct http_request *r, bool other_query);
/* Appends name=value to an address, after `?` or `&`; both are percent-encoded. */
void listing_add_parameter(struct buf *address, const char *name, str value);

#endif
