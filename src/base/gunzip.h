/* gunzip: a gzip stream (RFC 1952) unpacked as it comes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_GUNZIP_H
#define BASE_GUNZIP_H

#include "base/err.h"
#include "base/str.h"

struct gunzip;
/* At the start of a stream; `take` gets what is unpacked, in order, and may fail. */
struct gunzip *gunzip_new(bool (*take)(void *context, str bytes, struct err *err), void *context);
/* Unpacks the next bytes.  Errors: ERR_INVALID: it is no gzip; whatever `take` fails with. */
MUST_CHECK bool gunzip_add(struct gunzip *g, str bytes, struct err *err);
/* True when the stream is whole: its end and checksum were seen, and nothing follows. */
bool gunzip_complete(const struct gunzip *g);
/* Frees g; NULL is fine. */
void gunzip_free(struct gunzip *g);
DEFINE_AUTO(struct gunzip *, gunzip_free)

#endif
