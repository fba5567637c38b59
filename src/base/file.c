/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_read(const char *path, struct buf *ret_bytes, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open '%s'", path);
    ssize_t n;
    do {
        if (!buf_reserve(ret_bytes, 1)) {
            (void)close(fd);
            return err_set(err, ERR_LIMIT, "'%s' is larger than %zu bytes", path, ret_bytes->max);
        }
        n = read(fd, ret_bytes->ptr + ret_bytes->len, ret_bytes->room - ret_bytes->len);
        if (n > 0)
            ret_bytes->len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return n == 0 || err_errno(err, "cannot read '%s'", path);
}

bool file_write_fd(int fd, str bytes, struct err *err)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno != EINTR)
            return err_errno(err, "cannot write");
        if (n > 0)
            bytes = str_from(bytes, (size_t)n);
    }
    return true;
}

void file_start_writing(int fd)
{
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

bool file_copy(int from, int to, struct err *err)
{
    char piece[64 * 1024];
    for (off_t at = 0;;) {
        ssize_t n = pread(from, piece, sizeof piece, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 || err_errno(err, "cannot read");
        if (!file_write_fd(to, (str){piece, (size_t)n}, err))
            return false;
        at += n;
    }
}

static bool sync_directory_of(const char *path, struct err *err)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open the directory of '%s'", path);
    bool ok = fsync(fd) == 0 || err_errno(err, "cannot sync the directory of '%s'", path);
    (void)close(fd);
    return ok;
}

bool file_write(const char *path, str bytes, mode_t mode, struct err *err)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return err_set(err, ERR_LIMIT, "the path '%.100s...' is too long", path);
    (void)unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(err, "cannot create '%s'", temporary);
    bool ok = file_write_fd(fd, bytes, err) &&
              (fsync(fd) == 0 || err_errno(err, "cannot sync '%s'", path));
    (void)close(fd);
    ok = ok && (rename(temporary, path) == 0 || err_errno(err, "cannot rename to '%s'", path));
    if (!ok)
        (void)unlink(temporary);
    return ok && sync_directory_of(path, err);
}

bool file_mkdir(const char *path, mode_t mode, struct err *err)
{
    // One that is there may have been made just before the power went: its entry is synced, too.
    return (mkdir(path, mode) == 0 || errno == EEXIST ||
            err_errno(err, "cannot create '%s'", path)) &&
           sync_directory_of(path, err);
}
