/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ahead.h"

#include <fcntl.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct numbers { /* a source of the numbers 0, 1, 2, ..., one a call */
    uint32_t next, end;
    int64_t ends_with;
};

static int64_t read_number(void *context, char *to, size_t room)
{
    struct numbers *n = context;
    assert_true(room >= sizeof n->next);
    if (n->next == n->end)
        return n->ends_with;
    memcpy(to, &n->next, sizeof n->next);
    n->next++;
    return sizeof n->next;
}

static void chunks_come_in_order_up_to_the_end(void **state)
{
    static const int64_t ends[] = {0, -1};
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct numbers n = {.end = 10000, .ends_with = ends[i]};
        struct ahead *a = ahead_new(read_number, &n, 64);
        const char *chunk;
        uint32_t got;
        for (uint32_t k = 0; k < n.end; k++) {
            assert_int_equal(ahead_next(a, &chunk), sizeof got);
            memcpy(&got, chunk, sizeof got);
            assert_int_equal(got, k);
        }
        assert_int_equal(ahead_next(a, &chunk), ends[i]);
        assert_int_equal(ahead_next(a, &chunk), ends[i]); // and again
        ahead_free(a);
    }
}

static void one_who_stops_early_ends_the_thread(void **state)
{
    struct numbers n = {.end = UINT32_MAX};
    const char *chunk;
    (void)state;
    struct ahead *a = ahead_new(read_number, &n, 64);
    assert_int_equal(ahead_next(a, &chunk), sizeof n.next);
    ahead_free(a);
    assert_true(n.next < 1000);
    ahead_free(ahead_new(read_number, &n, 64));
    ahead_free(NULL);
}

static void all_is_written_in_order(void **state)
{
    char path[] = "/tmp/ahead-test-XXXXXX";
    AUTO(buf_done) struct buf b = {0};
    struct err err = {0};
    int fd = mkstemp(path);
    uint32_t got;
    (void)state;
    AUTO(behind_free) struct behind *w = behind_new(fd);
    for (uint32_t k = 0; k < 10000; k++) {
        buf_add(&b, (str){(const char *)&k, sizeof k});
        if (k % 7 == 0) {
            behind_add(w, &b);
            assert_int_equal(b.len, 0);
        }
    }
    behind_add(w, &b);
    assert_true(behind_end(w, &err));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    for (uint32_t k = 0; k < 10000; k++) {
        assert_int_equal(read(fd, &got, sizeof got), sizeof got);
        assert_int_equal(got, k);
    }
    (void)close(fd);
    (void)unlink(path);
}

static void a_write_that_fails_is_told_at_the_end(void **state)
{
    AUTO(buf_done) struct buf b = {0};
    struct err err = {0};
    int fd = open("/dev/full", O_WRONLY);
    (void)state;
    AUTO(behind_free) struct behind *w = behind_new(fd);
    for (int i = 0; i < 3; i++) {
        buf_add(&b, STR("text"));
        behind_add(w, &b);
    }
    assert_false(behind_end(w, &err));
    assert_int_equal(err.code, ERR_LIMIT); // the disk is full
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_come_in_order_up_to_the_end),
        cmocka_unit_test(one_who_stops_early_ends_the_thread),
        cmocka_unit_test(all_is_written_in_order),
        cmocka_unit_test(a_write_that_fails_is_told_at_the_end),
    };
    return cmocka_run_group_tests_name("base/ahead", tests, NULL, NULL);
}
