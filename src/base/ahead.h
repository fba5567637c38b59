/* ahead, behind: bytes made or taken by a thread of their own, some chunks ahead of the reader or
 * behind the writer, so that unpacking and output cost the caller's thread nothing.
 *
 * Threads: each of the two has one owner; what the functions given to it touch is the other
 * thread's until it is freed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_AHEAD_H
#define BASE_AHEAD_H

#include "base/buf.h"
#include "base/err.h"

/* Fills to with up to room bytes; 0 at the end, negative on failure. */
typedef int64_t ahead_read(void *context, char *to, size_t room);
struct ahead;
/* Starts to read; the caller frees.  chunk_bytes of each of a few chunks in memory. */
struct ahead *ahead_new(ahead_read *read, void *context, size_t chunk_bytes);
/* The next chunk, borrowed until the next call: its bytes, 0 at the end, or what read() failed
 * with. */
int64_t ahead_next(struct ahead *a, const char **ret_chunk);
/* Stops reading, waits for the thread, frees a; NULL is fine. */
void ahead_free(struct ahead *a);

struct behind;
/* What is added will be written to the descriptor, which stays the caller's; he frees. */
struct behind *behind_new(int fd);
/* Takes what the buffer holds and leaves an empty one; waits while the one before is not written.
 */
void behind_add(struct behind *b, struct buf *bytes);
/* Waits until all is written.  Errors: ERR_LIMIT (the disk is full), ERR_INTERNAL. */
MUST_CHECK bool behind_end(struct behind *b, struct err *err);
/* Waits, frees b; NULL is fine. */
void behind_free(struct behind *b);
DEFINE_AUTO(struct behind *, behind_free)

#endif
