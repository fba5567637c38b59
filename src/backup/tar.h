/* tar: a stream of files in the tar format (POSIX.1-2001 pax), packed or not (libarchive).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKUP_TAR_H
#define BACKUP_TAR_H

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"

enum tar_packing { TAR_PLAIN, TAR_GZIP, TAR_ZSTD };

struct tar_writer;
/* Begins a stream on fd, which stays the caller's.  On success the caller owns *ret_writer. */
MUST_CHECK bool tar_writer_open(int fd, enum tar_packing packing, struct tar_writer **ret_writer,
                                struct err *err);
/* Adds the first `bytes` of an open file, from its start, and says their SHA-256.  A file that has
 * become shorter is an error.  keep_on, when it is not NULL, is asked now and then: false ends it
 * (ERR_CONFLICT). */
MUST_CHECK bool tar_writer_add(struct tar_writer *w, str name, int fd, uint64_t bytes,
                               bool (*keep_on)(void *context), void *context,
                               unsigned char ret_digest[SHA256_BYTES], struct err *err);
/* Adds a file that holds text. */
MUST_CHECK bool tar_writer_add_text(struct tar_writer *w, str name, str text, struct err *err);
/* Writes the stream's end. */
MUST_CHECK bool tar_writer_end(struct tar_writer *w, struct err *err);
/* NULL is fine. */
void tar_writer_free(struct tar_writer *w);
DEFINE_AUTO(struct tar_writer *, tar_writer_free)

struct tar_reader;
enum tar_step { TAR_FILE, TAR_END, TAR_FAILED };
/* Begins to read fd, which stays the caller's; how it is packed is told from the bytes. */
MUST_CHECK bool tar_reader_open(int fd, struct tar_reader **ret_reader, struct err *err);
/* Goes to the next file; its name lives in the arena.  What is no regular file is ERR_INVALID, and
 * so is a stream that is damaged or has no end. */
enum tar_step tar_reader_next(struct tar_reader *r, struct arena *a, str *ret_name,
                              struct err *err);
/* Writes the file's bytes to fd and says how many there were and their SHA-256. */
MUST_CHECK bool tar_reader_save(struct tar_reader *r, int fd, uint64_t *ret_bytes,
                                unsigned char ret_digest[SHA256_BYTES], struct err *err);
/* NULL is fine. */
void tar_reader_free(struct tar_reader *r);
DEFINE_AUTO(struct tar_reader *, tar_reader_free)

#endif
