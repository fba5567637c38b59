/* consumer_members: the members of custom_attributes' canonical text.
 *
 * A walk over text that we wrote, so it is known to be well formed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_CONSUMER_MEMBERS_H
#define DOMAIN_CONSUMER_MEMBERS_H

#include "base/str.h"

struct member {
    str key_text; /* the key as JSON text, quotes included */
    str value;    /* JSON text */
};
/* Finds the first `max` members of an object's canonical text, borrowed from it; says how many. */
size_t consumer_members_split(str text, struct member *member, size_t max);
/* The member of that key, looked for at list[guess] first; NULL: none. */
const struct member *consumer_members_find(const struct member *list, size_t count, size_t guess,
                                           str key_text);

#endif
