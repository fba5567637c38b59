/* cursor: a place in a list as a text that clients hand back: signed, bound to the company and to
 * what was asked.  The same text always stands for the same place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "store/store.h"

struct cursor {
    str kind; /* "list", "scroll" */
    int64_t company_id;
    str search, filter, sort, include, fields; /* as they were asked for; {0} is "" */
    uint64_t per_page;
    struct store_place place;
};
/* The text of a cursor, in the arena. */
str cursor_write(const struct store *s, struct arena *a, const struct cursor *c);
/* Reads a text; false when it is none of this server's, of this kind and this company's. */
MUST_CHECK bool cursor_read(const struct store *s, struct arena *a, str text, str kind,
                            int64_t company_id, struct cursor *ret_cursor);

#endif
