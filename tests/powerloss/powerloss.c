/* powerloss: preloaded into the program, writes down what it does to files below POWERLOSS_DIR.
 *
 * Every change of a file's bytes or of a directory's entries goes to the journal POWERLOSS_JOURNAL
 * before it is done; a sync covers what stands before it, for all this happens under one lock.
 * replay.py builds from it what a power cut may have left.  Nothing is really synced: what is on
 * the disk does not matter, the journal does.  Without POWERLOSS_JOURNAL it only plays a disk that
 * is full while the file POWERLOSS_FULL exists.
 *
 * A record: a line of text, then as many bytes as its last number says.
 *   create INO path | open INO path | mkdir path | unlink path | rename from \t to
 *   write INO OFFSET BYTES | truncate INO SIZE | sync INO | syncdir path
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* guarded by lock: */
static int journal = -1;
static char root[PATH_MAX];
static size_t root_len;
static const char *full_mark;
static bool ready;
static ino_t tracked[FDS];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void begin(void)
{
    pthread_mutex_lock(&lock);
    if (ready)
        return;
    ready = true;
    const char *dir = getenv("POWERLOSS_DIR"), *path = getenv("POWERLOSS_JOURNAL");
    if (!dir)
        return;
    full_mark = getenv("POWERLOSS_FULL");
    root_len = (size_t)snprintf(root, sizeof root, "%s/", dir);
    if (path)
        journal = (int)syscall(SYS_openat, AT_FDCWD, path,
                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void done(void)
{
    int saved = errno;
    pthread_mutex_unlock(&lock);
    errno = saved;
}

/* One write() each, so that a killed process leaves a last record that is whole or cut off. */
__attribute__((format(printf, 3, 4))) static void note(const void *bytes, size_t size,
                                                       const char *format, ...)
{
    char line[2 * PATH_MAX + 64];
    va_list args;
    if (journal < 0)
        return;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct iovec piece[] = {{line, (size_t)n}, {(void *)bytes, size}};
    if (syscall(SYS_writev, journal, piece, size ? 2 : 1) != n + (long)size)
        abort();
}

/* The path below the root; NULL: it is somewhere else. */
static const char *below(int dir_fd, const char *path, char full[PATH_MAX])
{
    char base[PATH_MAX] = "", link[64];
    if (!root_len || !path)
        return NULL;
    if (path[0] != '/' && dir_fd == AT_FDCWD) {
        if (!getcwd(base, sizeof base))
            return NULL;
    } else if (path[0] != '/') {
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", dir_fd);
        ssize_t n = readlink(link, base, sizeof base - 1);
        if (n < 0)
            return NULL;
        base[n] = 0;
    }
    if (path[0] == '/')
        (void)snprintf(full, PATH_MAX, "%s", path);
    else if (strcmp(path, ".") == 0)
        (void)snprintf(full, PATH_MAX, "%s", base);
    else
        (void)snprintf(full, PATH_MAX, "%s/%s", base, path);
    if (strncmp(full, root, root_len) == 0)
        return full + root_len;
    return strlen(full) == root_len - 1 && strncmp(full, root, root_len - 1) == 0 ? "" : NULL;
}

static bool is_tracked(int fd, struct stat *st)
{
    return root_len && fd >= 0 && fd < FDS && tracked[fd] && fstat(fd, st) == 0 &&
           S_ISREG(st->st_mode) && st->st_ino == tracked[fd];
}

/* Whether the disk is full, which errno says, too. */
static bool is_full(void)
{
    if (!full_mark || syscall(SYS_faccessat, AT_FDCWD, full_mark, F_OK) != 0)
        return false;
    errno = ENOSPC;
    return true;
}

/* --- opening --- */

static int open_at(int dir_fd, const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    struct stat st;
    begin();
    const char *name = (flags & O_TMPFILE) == O_TMPFILE ? NULL : below(dir_fd, path, full);
    bool there = name && fstatat(dir_fd, path, &st, 0) == 0;
    int fd = name && !there && (flags & O_CREAT) && is_full()
                 ? -1
                 : (int)syscall(SYS_openat, dir_fd, path, flags | O_LARGEFILE, mode);
    if (fd >= 0 && fd < FDS)
        tracked[fd] = 0;
    if (name && fd >= 0 && fd < FDS && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        tracked[fd] = st.st_ino;
        note(NULL, 0, "%s %llu %s\n", there ? "open" : "create", (unsigned long long)st.st_ino,
             name);
        if (there && (flags & O_TRUNC))
            note(NULL, 0, "truncate %llu 0\n", (unsigned long long)st.st_ino);
    }
    done();
    return fd;
}

#define MODE_OF(flags)                                                                             \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = (mode_t)va_arg(args, int);                                                          \
        va_end(args);                                                                              \
    }

#undef open
#undef openat
int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}
int openat(int dir_fd, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(dir_fd, path, flags, mode);
}
int openat64(int dir_fd, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(dir_fd, path, flags, mode);
}

int close(int fd)
{
    begin();
    if (fd >= 0 && fd < FDS)
        tracked[fd] = 0;
    done();
    return (int)syscall(SYS_close, fd);
}

/* --- bytes --- */

/* False: there is no room for it. */
static bool note_write(int fd, const void *bytes, size_t size, off_t offset)
{
    struct stat st;
    if (!is_tracked(fd, &st))
        return true;
    if (is_full())
        return false;
    if (offset < 0)
        offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
    note(bytes, size, "write %llu %lld %zu\n", (unsigned long long)st.st_ino, (long long)offset,
         size);
    return true;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    begin();
    ssize_t n = note_write(fd, bytes, size, -1) ? syscall(SYS_write, fd, bytes, size) : -1;
    done();
    return n;
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    begin();
    ssize_t n =
        note_write(fd, bytes, size, offset) ? syscall(SYS_pwrite64, fd, bytes, size, offset) : -1;
    done();
    return n;
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

static int truncate_to(int fd, off_t size)
{
    struct stat st;
    begin();
    if (is_tracked(fd, &st))
        note(NULL, 0, "truncate %llu %lld\n", (unsigned long long)st.st_ino, (long long)size);
    int rc = (int)syscall(SYS_ftruncate, fd, size);
    done();
    return rc;
}
int ftruncate(int fd, off_t size)
{
    return truncate_to(fd, size);
}
int ftruncate64(int fd, off64_t size)
{
    return truncate_to(fd, size);
}

/* What the shim would not see must not be done to a file that matters. */
ssize_t writev(int fd, const struct iovec *piece, int count)
{
    struct stat st;
    begin();
    if (is_tracked(fd, &st))
        abort();
    done();
    return REAL(writev)(fd, piece, count);
}

/* --- syncs --- */

static int sync_fd(int fd)
{
    char full[PATH_MAX];
    struct stat st;
    begin();
    if (is_tracked(fd, &st)) {
        note(NULL, 0, "sync %llu\n", (unsigned long long)st.st_ino);
    } else if (journal >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        const char *name = below(fd, ".", full);
        if (name)
            note(NULL, 0, "syncdir %s\n", name);
    }
    done();
    return 0;
}
int fsync(int fd)
{
    return sync_fd(fd);
}
int fdatasync(int fd)
{
    return sync_fd(fd);
}

/* --- entries --- */

static int make_dir(int dir_fd, const char *path, mode_t mode)
{
    char full[PATH_MAX];
    begin();
    int rc = (int)syscall(SYS_mkdirat, dir_fd, path, mode);
    const char *name = rc == 0 ? below(dir_fd, path, full) : NULL;
    if (name)
        note(NULL, 0, "mkdir %s\n", name);
    done();
    return rc;
}
int mkdir(const char *path, mode_t mode)
{
    return make_dir(AT_FDCWD, path, mode);
}
int mkdirat(int dir_fd, const char *path, mode_t mode)
{
    return make_dir(dir_fd, path, mode);
}

int unlinkat(int dir_fd, const char *path, int flags)
{
    char full[PATH_MAX];
    begin();
    const char *name = below(dir_fd, path, full);
    int rc = (int)syscall(SYS_unlinkat, dir_fd, path, flags);
    if (name && rc == 0)
        note(NULL, 0, "unlink %s\n", name);
    done();
    return rc;
}
int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    char from_full[PATH_MAX], to_full[PATH_MAX];
    begin();
    const char *from_name = below(from_fd, from, from_full), *to_name = below(to_fd, to, to_full);
    int rc = (int)syscall(SYS_renameat, from_fd, from, to_fd, to);
    if (from_name && to_name && rc == 0)
        note(NULL, 0, "rename %s\t%s\n", from_name, to_name);
    done();
    return rc;
}
int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}
