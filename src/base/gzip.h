/* gzip: what is written to a descriptor, packed (RFC 1952) into another by a thread of its own, so
 * that packing costs the writer nothing but the pipe between them.
 *
 * Threads: one owner.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/err.h"

struct gzip;
/* Starts to pack into fd, which stays the caller's; he frees.  Errors: ERR_INTERNAL. */
MUST_CHECK bool gzip_open(int fd, struct gzip **ret_gzip, struct err *err);
/* Where to write what is to be packed; g's own.  After a failure of the other side writing to it
 * fails with EPIPE: SIGPIPE must be ignored, and gzip_end() says why. */
int gzip_fd(const struct gzip *g);
/* All was written: waits until it is packed.  Errors: ERR_LIMIT (the disk is full), ERR_INTERNAL.
 */
MUST_CHECK bool gzip_end(struct gzip *g, struct err *err);
/* Stops and frees; NULL is fine. */
void gzip_free(struct gzip *g);
DEFINE_AUTO(struct gzip *, gzip_free)

#endif
