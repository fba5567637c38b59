/* range: which part of a file a client asks for (RFC 9110, 14).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include "base/str.h"

enum range_kind {
    RANGE_WHOLE,   /* none is asked for, or none that we serve: several, another unit, nonsense */
    RANGE_PART,    /* one */
    RANGE_TOO_FAR, /* it begins behind the end */
};
/* What a Range header's value asks of a file of so many bytes. */
enum range_kind range_read(str value, uint64_t bytes, uint64_t *ret_from, uint64_t *ret_length);
/* Whether a list of entity tags, or *, names this one; weak: weak tags count, too (13.1.2). */
bool range_names_tag(str list, str tag, bool weak);

#endif
