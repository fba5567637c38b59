/* coding: whether a client wants an answer packed (RFC 9110 12.5.3), and which are worth it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CODING_H
#define HTTP_CODING_H

#include "base/str.h"

/* True when an Accept-Encoding of this value prefers gzip to nothing. */
bool coding_takes_gzip(str accept_encoding);
/* True for media types that are text: JSON, CSV, YAML ...; not for streams of events. */
bool coding_is_text(str content_type);

#endif
