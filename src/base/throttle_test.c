/* SPDX-License-Identifier: Apache-2.0 */
#include "base/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND = 1000000 };
static const int64_t start = (int64_t)1000 * SECOND;

static void so_many_pass_and_then_one_at_a_time(void **state)
{
    (void)state;
    struct throttle *t = throttle_new((struct throttle_rate){4, 2});
    struct throttle_state s;
    for (unsigned i = 0; i < 4; i++) {
        assert_true(throttle_take(t, 7, start, &s));
        assert_int_equal(s.left, 3 - i);
    }
    for (int i = 0; i < 100; i++) // a refusal costs nothing
        assert_false(throttle_take(t, 7, start, &s));
    assert_int_equal(s.left, 0);
    assert_int_equal(s.wait_us, SECOND / 2);
    assert_int_equal(s.full_us, 2 * SECOND);
    assert_false(throttle_take(t, 7, start + SECOND / 2 - 1, &s));
    assert_true(throttle_take(t, 7, start + SECOND / 2, &s));
    assert_false(throttle_take(t, 7, start + SECOND / 2, &s));
    assert_true(throttle_take(t, 8, start, &s)); // another key has its own
    assert_true(throttle_take(t, 7, start + 60 * (int64_t)SECOND, &s));
    assert_int_equal(s.left, 3); // never more than all
    throttle_free(t);
}

static void what_was_taken_can_be_given_back(void **state)
{
    (void)state;
    struct throttle *t = throttle_new((struct throttle_rate){1, 60});
    struct throttle_state s;
    assert_true(throttle_take(t, 7, start, &s));
    throttle_give(t, 7, start);
    throttle_give(t, 7, start); // no more than all
    throttle_look(t, 7, start, &s);
    assert_int_equal(s.left, 1);
    assert_int_equal(s.wait_us, 0);
    assert_true(throttle_take(t, 7, start, &s));
    assert_false(throttle_take(t, 7, start, &s));
    throttle_free(t);
}

static void memory_is_bounded_and_the_emptiest_are_kept(void **state)
{
    (void)state;
    struct throttle *t = throttle_new((struct throttle_rate){100, 100});
    struct throttle_state s;
    for (int i = 0; i < 50; i++)
        assert_true(throttle_take(t, 0, start, &s));
    for (uint64_t key = 1; key < 1000000; key++)
        assert_true(throttle_take(t, key, start, &s));
    throttle_look(t, 0, start, &s);
    assert_int_equal(s.left, 50); // crowds that came once did not push it out
    throttle_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_pass_and_then_one_at_a_time),
        cmocka_unit_test(what_was_taken_can_be_given_back),
        cmocka_unit_test(memory_is_bounded_and_the_emptiest_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
