/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_file_is_written_once_and_read_whole(void **state)
{
    char dir[] = "/tmp/clientele-file-XXXXXX", path[64];
    AUTO(buf_done) struct buf got = {0}, small = {.max = 3};
    struct stat st;
    struct err err = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/a", dir);
    assert_true(file_write(path, STR("hello\0world"), 0600, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(file_read(path, &got, &err));
    assert_true(str_eq(buf_str(&got), STR("hello\0world")));
    assert_false(file_read(path, &small, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_reset(&got);
    assert_true(file_write(path, STR("another"), 0644, &err) && file_read(path, &got, &err));
    assert_true(str_eq(buf_str(&got), STR("another")));
    (void)unlink(path);
    assert_false(file_read(path, &got, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(file_mkdir(path, 0700, &err) && file_mkdir(path, 0700, &err));
    (void)rmdir(path);
    (void)rmdir(dir);
}

static void a_copy_is_whole_or_says_why_not(void **state)
{
    char dir[] = "/tmp/clientele-file-XXXXXX", from[64], to[64], text[100000];
    AUTO(buf_done) struct buf got = {0};
    struct err err = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(from, sizeof from, "%s/from", dir);
    (void)snprintf(to, sizeof to, "%s/to", dir);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 23);
    assert_true(file_write(from, (str){text, sizeof text}, 0600, &err));
    int in = open(from, O_RDWR), out = open(to, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(lseek(in, 0, SEEK_END), sizeof text); // its place does not matter
    assert_true(file_copy(in, out, &err));
    assert_true(file_read(to, &got, &err) && str_eq(buf_str(&got), (str){text, sizeof text}));
    assert_false(file_copy(out, in, &err)); // cannot be read: not the same as empty
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_false(file_copy(in, -1, &err));
    (void)close(in);
    (void)close(out);
    (void)unlink(from);
    (void)unlink(to);
    (void)rmdir(dir);
}

static void errors_gather_where_they_happened(void **state)
{
    struct err err = {0};
    (void)state;
    assert_false(err_set(&err, ERR_INVALID, "the %s is bad", "cell"));
    assert_false(err_context(&err, "row %d: ", 17));
    assert_string_equal(err.msg, "row 17: the cell is bad");
    assert_int_equal(err.code, ERR_INVALID);
    errno = ENOSPC;
    assert_false(err_errno(&err, "cannot write"));
    assert_int_equal(err.code, ERR_LIMIT);
    for (size_t i = 0; i < 100; i++)
        (void)err_context(&err, "a long way up: ");
    assert_true(strlen(err.msg) < sizeof err.msg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_written_once_and_read_whole),
        cmocka_unit_test(a_copy_is_whole_or_says_why_not),
        cmocka_unit_test(errors_gather_where_they_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
