/* media_type: what Accept and Content-Type say besides a type: its parameters.
 *
 * RFC 9110 8.3.1 and 12.5.1; JSON:API 1.1 puts lists of URIs into `ext` and `profile`.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_MEDIA_TYPE_H
#define HTTP_MEDIA_TYPE_H

#include "base/str.h"

/* True when one of the header's media types is `type` and its parameter holds the word (a URI),
 * alone or among others between spaces.  What is refused with q=0 does not count. */
bool media_type_has(str header, str type, str parameter, str word);

#endif
