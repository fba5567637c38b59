/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "jobs/jobs_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What a file's rows take in the database, and once more in its log. */
static uint64_t space_needed(uint64_t bytes, bool packed)
{
    enum { TIMES = 3, TIMES_PACKED = 12 };
    const uint64_t spare = 16 * MIB, times = packed ? TIMES_PACKED : TIMES;
    if (bytes > (INT64_MAX - spare - LIMIT_LOG_BYTES) / times)
        return INT64_MAX;
    return bytes * times + MIN(bytes * times, LIMIT_LOG_BYTES) + spare;
}

bool jobs_has_space(const struct jobs *j, uint64_t bytes, bool packed, struct jobs_space *ret_space)
{
    struct statvfs fs;
    ret_space->needed = space_needed(bytes, packed);
    if (fstatvfs(j->uploads_fd, &fs) != 0)
        return true;
    ret_space->free = (uint64_t)fs.f_bavail * fs.f_frsize;
    return ret_space->free >= ret_space->needed;
}

bool jobs_upload_open(struct jobs *j, uint64_t max_bytes, struct jobs_upload **ret_upload,
                      struct err *err)
{
    AUTO(jobs_upload_free) struct jobs_upload *u = mem_new(1, sizeof *u);
    AUTO(arena_done) struct arena a = {0};
    unsigned char random[16];
    crypto_random(random, sizeof random);
    u->dir_fd = j->uploads_fd;
    u->max_bytes = max_bytes;
    (void)snprintf(u->name, sizeof u->name, "%s" UPLOAD_PART,
                   crypto_hex(&a, random, sizeof random).ptr);
    u->fd = openat(u->dir_fd, u->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (u->fd < 0)
        return err_errno(err, "cannot create a file for the upload");
    u->hash = sha256_new();
    *ret_upload = TAKE(u);
    return true;
}

enum { WRITE_BYTES = 2 * 1024 * 1024 };

bool jobs_upload_add(struct jobs_upload *u, str bytes, struct err *err)
{
    if (bytes.len > u->max_bytes - u->bytes)
        return err_set(err, ERR_LIMIT, "the file is larger than %llu bytes",
                       (unsigned long long)u->max_bytes);
    if (!(u->jobs ? turn_write(u, bytes, err) : file_write_fd(u->fd, bytes, err)))
        return err_context(err, "the upload: ");
    if (u->hash)
        sha256_add(u->hash, bytes);
    u->bytes += bytes.len;
    if (u->bytes - u->begun_bytes >=
        WRITE_BYTES) { // a sync of all at once would keep others waiting
        file_start_writing(u->fd);
        u->begun_bytes = u->bytes;
    }
    return true;
}

uint64_t jobs_upload_bytes(const struct jobs_upload *u)
{
    return u->bytes;
}

void jobs_upload_free(struct jobs_upload *u)
{
    if (!u)
        return;
    if (u->hash)
        sha256_end(u->hash, u->digest);
    if (u->fd >= 0)
        (void)close(u->fd);
    if (!u->kept && u->name[0])
        (void)unlinkat(u->dir_fd, u->name, 0);
    if (u->jobs)
        turn_give(u->jobs, u);
    mem_free(u);
}

str jobs_upload_sha256(struct jobs_upload *u, struct arena *a)
{
    if (u->hash)
        sha256_end(TAKE(u->hash), u->digest);
    return crypto_hex(a, u->digest, sizeof u->digest);
}

bool upload_keep(struct jobs_upload *u, struct arena *a, str *ret_sha256, struct err *err)
{
    char final[sizeof u->name];
    str sha256 = jobs_upload_sha256(u, a);
    if (ret_sha256)
        *ret_sha256 = sha256;
    if (fsync(u->fd) != 0)
        return err_errno(err, "cannot sync the upload");
    (void)snprintf(final, sizeof final, "%.*s", (int)(strlen(u->name) - strlen(UPLOAD_PART)),
                   u->name);
    if (renameat(u->dir_fd, u->name, u->dir_fd, final) != 0)
        return err_errno(err, "cannot keep the upload");
    memcpy(u->name, final, sizeof final);
    return fsync(u->dir_fd) == 0 || err_errno(err, "cannot sync the uploads");
}

bool upload_hash(const char *path, struct arena *a, str *ret_sha256, struct err *err)
{
    unsigned char digest[SHA256_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *ret_sha256 = STR("");
    if (fd < 0)
        return true;
    bool ok = sha256_of_file(fd, digest, err) || err_context(err, "the upload: ");
    (void)close(fd);
    if (ok)
        *ret_sha256 = crypto_hex(a, digest, sizeof digest);
    return ok;
}
