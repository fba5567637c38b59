/* The end record may stand anywhere in the last 64 KiB (a comment follows it), and what looks like
 * one may be another's: each that is found must keep to the limits.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "formats/zip_end.h"

#include "base/limits.h"
#include "base/mem.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END_BYTES = 22, LOCATOR_BYTES = 20, END64_BYTES = 56, TAIL_BYTES = 65535 + END_BYTES };

static uint64_t number(const unsigned char *p, size_t bytes)
{
    uint64_t n = 0;
    while (bytes--)
        n = n << 8 | p[bytes];
    return n;
}

/* before: how many bytes of the file stand in front of the record, which the directory cannot be
 * larger than: then it is no record at all. */
static bool within(uint64_t entries, uint64_t bytes, uint64_t before, struct file_problem *problem)
{
    if (bytes > before)
        return true;
    if (entries > LIMIT_ZIP_ENTRIES) {
        problem->limit = LIMIT_ZIP_ENTRIES;
        return file_problem_set(problem, FILE_WORKBOOK_ENTRIES, (str){0}, (str){0});
    }
    if (bytes > LIMIT_ZIP_DIRECTORY_BYTES) {
        problem->limit = LIMIT_ZIP_DIRECTORY_BYTES;
        return file_problem_set(problem, FILE_WORKBOOK_DIRECTORY, (str){0}, (str){0});
    }
    return true;
}

/* The end record of a large archive, which the locator before the plain one names. */
static bool check_end64(int fd, const unsigned char *locator, struct file_problem *problem)
{
    unsigned char end[END64_BYTES];
    uint64_t at = number(locator + 8, 8);
    if (memcmp(locator, "PK\x06\x07", 4) != 0 || at > INT64_MAX ||
        pread(fd, end, sizeof end, (off_t)at) != (ssize_t)sizeof end ||
        memcmp(end, "PK\x06\x06", 4) != 0)
        return true;
    return within(MAX(number(end + 24, 8), number(end + 32, 8)), number(end + 40, 8), at, problem);
}

static bool check_end(int fd, const unsigned char *tail, size_t at, uint64_t before,
                      struct file_problem *problem)
{
    const unsigned char *end = tail + at;
    uint64_t entries = MAX(number(end + 8, 2), number(end + 10, 2)), bytes = number(end + 12, 4);
    // All bits set: the other record knows.
    if (bytes != UINT32_MAX && !within(entries, bytes, before, problem))
        return false;
    return at < LOCATOR_BYTES || check_end64(fd, end - LOCATOR_BYTES, problem);
}

bool zip_end_check(const char *path, struct file_problem *ret_problem)
{
    AUTO(mem_free) unsigned char *tail = mem_new(LOCATOR_BYTES + TAIL_BYTES, 1);
    struct stat st;
    bool ok = true;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        off_t from = MAX(st.st_size - (LOCATOR_BYTES + TAIL_BYTES), (off_t)0);
        ssize_t n = pread(fd, tail, LOCATOR_BYTES + TAIL_BYTES, from);
        for (ssize_t i = 0; ok && i + END_BYTES <= n; i++)
            if (memcmp(tail + i, "PK\x05\x06", 4) == 0)
                ok = check_end(fd, tail, (size_t)i, (uint64_t)(from + i), ret_problem);
    }
    if (fd >= 0)
        (void)close(fd);
    return ok;
}
