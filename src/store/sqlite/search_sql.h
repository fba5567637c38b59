/* search_sql: a query as SQL: the way by which customers are come by, and the text with its values.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_SEARCH_SQL_H
#define STORE_SQLITE_SEARCH_SQL_H

#include "store/sqlite/reader.h"
#include "store/sqlite/search_find.h"

enum search_way {
    WAY_ID,
    WAY_EXTERNAL,
    WAY_EMAIL,
    WAY_LEGACY,
    WAY_UPDATED,
    WAY_CREATED,
    WAY_HITS, /* of a searched text */
    WAY_COUNT
};
struct search_plan {
    enum search_way way;
    bool sorted; /* the way is the query's order: else what is found is sorted */
    bool rest;   /* after those whom the way leads to come those who have nothing there */
    bool narrow; /* the way leads to few customers, or only to those who are wanted */
    const struct search_found *found; /* of the text; NULL: none is searched */
    bool ranked;                      /* the exact ones come first, then, as the rest, the others */
    int64_t from, to; /* of WAY_UPDATED and WAY_CREATED: what the filter says of it */
};
enum search_part {
    PART_ALL,  /* those whom the way leads to */
    PART_REST, /* those who have nothing in the field of the order */
    PART_COUNT /* how many */
};
struct search_sql {
    struct buf text;
    struct search_value {
        enum { VALUE_INT, VALUE_REAL, VALUE_STR, VALUE_HITS, VALUE_SEARCH } kind;
        const void *pointer;
        int64_t number;
        double real;
        str text;
    } * value;
    size_t values, room;
    struct arena *arena;
};

/* Chooses the way; found: of the query's text, NULL without one.  May look into the database for
 * how many customers a range holds. */
MUST_CHECK bool search_plan_make(struct store_reader *r, const struct store_query *q, bool counts,
                                 const struct search_found *found, struct search_plan *ret_plan,
                                 struct err *err);
/* The statement for a part of the query; sql is zeroed but for its arena, and text is buf_done()
 * by the caller. */
void search_sql_make(struct search_sql *sql, const struct search_plan *plan,
                     const struct store_query *q, enum search_part part);
/* Prepares the statement with its values bound; the sql must outlive it.  NULL: err says why. */
sqlite3_stmt *search_sql_prepare(struct db *db, const struct search_sql *sql, struct err *err);
/* SQL functions that the statements call. */
MUST_CHECK bool search_functions_register(struct db *db, struct err *err);

#endif
