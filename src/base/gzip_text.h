/* gzip_text: texts in memory packed whole (RFC 1952), fast rather than small.
 * Threads: one owner.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_GZIP_TEXT_H
#define BASE_GZIP_TEXT_H

#include "base/arena.h"

struct gzip_text; /* what is used again from text to text */
/* Never NULL; gzip_text_free() frees it. */
struct gzip_text *gzip_text_new(void);
/* Packs text into the arena; {0} when it would not become smaller. */
str gzip_text_pack(struct gzip_text *g, struct arena *a, str text);
/* Frees g; NULL is fine. */
void gzip_text_free(struct gzip_text *g);

#endif
