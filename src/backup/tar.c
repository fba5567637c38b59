/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/tar.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024, BLOCK_BYTES = 64 * 1024 };

static bool failed(struct archive *a, const char *what, struct err *err)
{
    const char *why = archive_error_string(a);
    return err_set(err, archive_errno(a) == ENOSPC ? ERR_LIMIT : ERR_INTERNAL, "%s: %s", what,
                   why ? why : "unknown");
}

/* --- out --- */

struct tar_writer {
    struct archive *archive;
    struct archive_entry *entry;
    char piece[PIECE_BYTES];
};

bool tar_writer_open(int fd, enum tar_packing packing, struct tar_writer **ret_writer,
                     struct err *err)
{
    AUTO(tar_writer_free) struct tar_writer *w = mem_new(1, sizeof *w);
    w->archive = archive_write_new();
    w->entry = archive_entry_new();
    if (!w->archive || !w->entry)
        die("out of memory: a tar stream");
    int ok = packing == TAR_ZSTD   ? archive_write_add_filter_zstd(w->archive)
             : packing == TAR_GZIP ? archive_write_add_filter_gzip(w->archive)
                                   : archive_write_add_filter_none(w->archive);
    if (ok != ARCHIVE_OK || archive_write_set_format_pax_restricted(w->archive) != ARCHIVE_OK ||
        archive_write_open_fd(w->archive, fd) != ARCHIVE_OK)
        return failed(w->archive, "the backup cannot be written", err);
    *ret_writer = TAKE(w);
    return true;
}

void tar_writer_free(struct tar_writer *w)
{
    if (!w)
        return;
    archive_entry_free(w->entry);
    (void)archive_write_free(w->archive);
    mem_free(w);
}

static bool begin(struct tar_writer *w, str name, uint64_t bytes, struct err *err)
{
    char *text = mem_new(name.len + 1, 1);
    memcpy(text, name.ptr, name.len);
    (void)archive_entry_clear(w->entry);
    archive_entry_set_pathname(w->entry, text);
    archive_entry_set_filetype(w->entry, AE_IFREG);
    archive_entry_set_perm(w->entry, 0600);
    archive_entry_set_size(w->entry, (int64_t)bytes);
    archive_entry_set_mtime(w->entry, clock_now_us() / 1000000, 0);
    mem_free(text);
    return archive_write_header(w->archive, w->entry) == ARCHIVE_OK ||
           failed(w->archive, "the backup cannot be written", err);
}

static bool put(struct tar_writer *w, str bytes, struct err *err)
{
    while (bytes.len) {
        la_ssize_t n = archive_write_data(w->archive, bytes.ptr, bytes.len);
        if (n <= 0)
            return failed(w->archive, "the backup cannot be written", err);
        bytes = str_from(bytes, (size_t)n);
    }
    return true;
}

static bool put_file(struct tar_writer *w, int fd, uint64_t bytes, bool (*keep_on)(void *context),
                     void *context, struct sha256 *hash, struct err *err)
{
    for (uint64_t at = 0; at < bytes;) {
        if (keep_on && !keep_on(context))
            return err_set(err, ERR_CONFLICT, "stopped");
        ssize_t n = pread(fd, w->piece, MIN(bytes - at, (uint64_t)PIECE_BYTES), (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot read");
        if (n == 0)
            return err_set(err, ERR_INTERNAL, "it became shorter while it was read");
        sha256_add(hash, (str){w->piece, (size_t)n});
        if (!put(w, (str){w->piece, (size_t)n}, err))
            return false;
        at += (uint64_t)n;
    }
    return true;
}

bool tar_writer_add(struct tar_writer *w, str name, int fd, uint64_t bytes,
                    bool (*keep_on)(void *context), void *context,
                    unsigned char ret_digest[SHA256_BYTES], struct err *err)
{
    if (!begin(w, name, bytes, err))
        return false;
    struct sha256 *hash = sha256_new();
    bool ok = put_file(w, fd, bytes, keep_on, context, hash, err);
    sha256_end(hash, ret_digest);
    return ok || err_context(err, "%.*s: ", STR_ARG(name));
}

bool tar_writer_add_text(struct tar_writer *w, str name, str text, struct err *err)
{
    return begin(w, name, text.len, err) && put(w, text, err);
}

bool tar_writer_end(struct tar_writer *w, struct err *err)
{
    return archive_write_close(w->archive) == ARCHIVE_OK ||
           failed(w->archive, "the backup cannot be written", err);
}

/* --- in --- */

struct tar_reader {
    struct archive *archive;
    char piece[PIECE_BYTES];
};

bool tar_reader_open(int fd, struct tar_reader **ret_reader, struct err *err)
{
    AUTO(tar_reader_free) struct tar_reader *r = mem_new(1, sizeof *r);
    r->archive = archive_read_new();
    if (!r->archive)
        die("out of memory: a tar stream");
    if (archive_read_support_format_tar(r->archive) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(r->archive) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(r->archive) != ARCHIVE_OK ||
        archive_read_open_fd(r->archive, fd, BLOCK_BYTES) != ARCHIVE_OK)
        return failed(r->archive, "it is no backup, or damaged", err);
    *ret_reader = TAKE(r);
    return true;
}

void tar_reader_free(struct tar_reader *r)
{
    if (!r)
        return;
    (void)archive_read_free(r->archive);
    mem_free(r);
}

enum tar_step tar_reader_next(struct tar_reader *r, struct arena *a, str *ret_name, struct err *err)
{
    struct archive_entry *entry;
    int code = archive_read_next_header(r->archive, &entry);
    if (code == ARCHIVE_EOF)
        return TAR_END;
    const char *name = code == ARCHIVE_OK ? archive_entry_pathname(entry) : NULL;
    if (!name) {
        failed(r->archive, "it is no backup, or damaged", err);
        return TAR_FAILED;
    }
    *ret_name = arena_format(a, "%s", name);
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry)) {
        err_set(err, ERR_INVALID, "it holds '%.*s', which is no file",
                STR_ARG(str_shown(*ret_name, 100)));
        return TAR_FAILED;
    }
    return TAR_FILE;
}

bool tar_reader_save(struct tar_reader *r, int fd, uint64_t *ret_bytes,
                     unsigned char ret_digest[SHA256_BYTES], struct err *err)
{
    struct sha256 *hash = sha256_new();
    uint64_t bytes = 0;
    la_ssize_t n;
    bool ok = true;
    while (ok && (n = archive_read_data(r->archive, r->piece, PIECE_BYTES)) != 0) {
        if (n < 0) {
            ok = failed(r->archive, "it is damaged", err);
            break;
        }
        sha256_add(hash, (str){r->piece, (size_t)n});
        ok = file_write_fd(fd, (str){r->piece, (size_t)n}, err);
        bytes += (uint64_t)n;
    }
    sha256_end(hash, ret_digest);
    *ret_bytes = bytes;
    return ok;
}
