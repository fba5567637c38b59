/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gzip.h"

#include "base/file.h"
#include "base/gunzip.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int unnamed(void)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static bool take(void *context, str bytes, struct err *err)
{
    (void)err;
    buf_add(context, bytes);
    return true;
}

static void unpack(int fd, struct buf *ret_text)
{
    AUTO(gunzip_free) struct gunzip *g = gunzip_new(take, ret_text);
    char piece[4096];
    ssize_t n;
    struct err err = {0};
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    while ((n = read(fd, piece, sizeof piece)) > 0)
        assert_true(gunzip_add(g, (str){piece, (size_t)n}, &err));
    assert_true(gunzip_complete(g));
}

static void gzip_packs_what_gunzip_unpacks(void **state)
{
    static const size_t lines[] = {0, 1, 1000, 300000};
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        AUTO(buf_done) struct buf text = {0}, got = {0};
        struct gzip *g;
        struct err err = {0};
        int fd = unnamed();
        for (size_t n = 0; n < lines[i]; n++)
            buf_format(&text, "%zu;anna@example.com\r\n", n * 7919);
        assert_true(gzip_open(fd, &g, &err));
        assert_true(file_write_fd(gzip_fd(g), buf_str(&text), &err));
        assert_true(gzip_end(g, &err));
        gzip_free(g);
        unpack(fd, &got);
        assert_true(str_eq(buf_str(&text), buf_str(&got)));
        (void)close(fd);
    }
}

static void gzip_says_that_the_disk_is_full(void **state)
{
    AUTO(buf_done) struct buf text = {0};
    struct gzip *g;
    struct err err = {0}, ignored = {0};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_true(fd >= 0);
    srandom(1);
    for (size_t n = 0; n < 4000000; n++) // more than the pipe holds, and not to be packed
        buf_add_char(&text, (char)random());
    assert_true(gzip_open(fd, &g, &err));
    assert_false(file_write_fd(gzip_fd(g), buf_str(&text), &ignored));
    assert_false(gzip_end(g, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    gzip_free(g);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_packs_what_gunzip_unpacks),
        cmocka_unit_test(gzip_says_that_the_disk_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
