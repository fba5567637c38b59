/* search_find: whom a searched text may mean, by the indexes: a few too many, never too few.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_SEARCH_FIND_H
#define STORE_SQLITE_SEARCH_FIND_H

#include "domain/consumer_search.h"
#include "store/sqlite/hits.h"
#include "store/sqlite/reader.h"

struct search_found {  /* {0} is empty */
    struct hits exact; /* the text is all of their key or phone; few */
    struct hits other; /* without those */
    struct hits all;
    bool wide; /* too many: other is not filled in */
};
/* Finds them in the snapshot that is open.  A word that very many have is none to find them by;
 * when none other is there, they are too many: ERR_BUSY when that is to be quick. */
MUST_CHECK bool search_find(struct store_reader *r, const struct consumer_search *search,
                            bool quick, struct search_found *ret_found, struct err *err);
/* Frees it. */
void search_found_done(struct search_found *f);
DEFINE_AUTO_STRUCT(struct search_found, search_found_done)

#endif
