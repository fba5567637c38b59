/* form: application/x-www-form-urlencoded (WHATWG URL 5.1).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include "base/arena.h"
#include "base/err.h"

struct form_field {
    str name, value;
};
/* Decodes all fields of body, at most max; the slices live in the arena.
 * Errors: ERR_INVALID (bad escape, not UTF-8), ERR_LIMIT. */
MUST_CHECK bool form_parse(struct arena *a, str body, size_t max, struct form_field **ret_field,
                           size_t *ret_count, struct err *err);
/* Percent-decodes s (RFC 3986 2.1); plus as space if asked.  False on a bad escape. */
MUST_CHECK bool form_decode(struct arena *a, str s, bool plus_is_space, str *ret_text);

#endif
