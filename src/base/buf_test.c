/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_buffer_never_passes_its_ceiling(void **state)
{
    AUTO(buf_done) struct buf b = {.max = 6};
    (void)state;
    buf_add(&b, STR("abc"));
    assert_false(buf_over(&b));
    buf_add(&b, STR("defg"));
    assert_true(buf_over(&b));
    assert_true(b.len <= 6);
    assert_false(buf_reserve(&b, 7));
    buf_reset(&b);
    buf_format(&b, "%d-%s", 12, "ab");
    assert_true(str_eq(buf_str(&b), STR("12-ab")));
    assert_false(buf_over(&b));
    buf_format(&b, "x");
    assert_true(buf_over(&b));
}

static void a_buffer_grows_by_bytes(void **state)
{
    AUTO(buf_done) struct buf b = {0};
    (void)state;
    assert_true(str_eq(buf_str(&b), STR("")));
    for (size_t i = 0; i < 10000; i++)
        buf_add_char(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 10000);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.ptr[i], (char)('a' + i % 26));
}

static void an_arena_gives_zeroed_aligned_memory(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    (void)state;
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 1; i < 300; i++) {
            (void)arena_str(&a, STR("x")); // what follows begins at an odd place
            uint64_t *n = ARENA_NEW(&a, uint64_t, i);
            assert_int_equal((uintptr_t)n % alignof(uint64_t), 0);
            for (size_t k = 0; k < i; k++) {
                assert_int_equal(n[k], 0);
                n[k] = UINT64_MAX; // must not show again after the reset
            }
        }
        assert_true(a.used > 300 * 8);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
}

static void texts_in_an_arena_end_with_a_nul(void **state)
{
    AUTO(arena_done) struct arena a = {0};
    (void)state;
    str copy = arena_str(&a, STR("abc"));
    assert_string_equal(copy.ptr, "abc");
    assert_true(str_is_null(arena_str(&a, (str){0})));
    assert_false(str_is_null(arena_str(&a, STR(""))));
    assert_string_equal(arena_format(&a, "%s %d", "row", 7).ptr, "row 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_never_passes_its_ceiling),
        cmocka_unit_test(a_buffer_grows_by_bytes),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(texts_in_an_arena_end_with_a_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
