/* file: whole small files, in and out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Appends the file at path to *ret_bytes, up to its ceiling.
 * Errors: ERR_NOT_FOUND, ERR_LIMIT (over the ceiling), ERR_INTERNAL. */
MUST_CHECK bool file_read(const char *path, struct buf *ret_bytes, struct err *err);
/* Writes a new file with the given mode, synced to disk together with its directory entry; the file
 * appears whole or not at all.  An existing one is replaced. */
MUST_CHECK bool file_write(const char *path, str bytes, mode_t mode, struct err *err);
/* Writes all of bytes to fd, over short writes and EINTR. */
MUST_CHECK bool file_write_fd(int fd, str bytes, struct err *err);
/* Writes to `to` all that the file `from` holds, from its start on. */
MUST_CHECK bool file_copy(int from, int to, struct err *err);
/* Has the disk begin to write what was written to fd, so that a later sync has less to do. Promises
 * nothing, and does not wait but for a place in the disk's queue. */
void file_start_writing(int fd);
/* Creates the directory (not its parents) unless it is there.  Errors: ERR_INTERNAL. */
MUST_CHECK bool file_mkdir(const char *path, mode_t mode, struct err *err);

#endif
