/* multipart: a multipart body (RFC 2046 5.1, RFC 7578), part by part, as the bytes come.
 *
 * Takes `attachment` as well as `form-data` and any multipart-like media type that names a
 * boundary.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "base/arena.h"
#include "base/err.h"

struct multipart_part {
    str name, file_name /* {0}: none */, content_type /* {0}: none */;
};
struct multipart_events {
    /* A part begins; its slices are borrowed until it ends.  false: stop. */
    bool (*begin)(void *context, const struct multipart_part *part);
    bool (*data)(void *context, str piece);
    bool (*end)(void *context);
};
struct multipart;
/* boundary as in the content type.  The caller frees. */
struct multipart *multipart_new(str boundary, const struct multipart_events *events, void *context);
/* Takes the next bytes.  Errors: ERR_INVALID (malformed), ERR_LIMIT (headers of a part over 16 KiB,
 * over 1024 parts); false with err->code ERR_NONE when an event said stop. */
MUST_CHECK bool multipart_feed(struct multipart *m, str bytes, struct err *err);
/* True when the closing boundary was seen. */
bool multipart_complete(const struct multipart *m);
/* Frees m; NULL is fine. */
void multipart_free(struct multipart *m);
DEFINE_AUTO(struct multipart *, multipart_free)
/* The boundary parameter of a content type, quotes removed; {0} when there is none. */
str multipart_boundary(struct arena *a, str content_type);

#endif
