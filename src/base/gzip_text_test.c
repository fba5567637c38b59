/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gzip_text.h"

#include "base/buf.h"
#include "base/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static bool take(void *context, str bytes, struct err *err)
{
    (void)err;
    buf_add(context, bytes);
    return true;
}

static void assert_unpacks_to(str packed, str want)
{
    AUTO(gunzip_free) struct gunzip *g = NULL;
    AUTO(buf_done) struct buf got = {0};
    struct err err = {0};
    g = gunzip_new(take, &got);
    assert_true(gunzip_add(g, packed, &err));
    assert_true(gunzip_complete(g));
    assert_true(str_eq(buf_str(&got), want));
}

static void a_text_becomes_smaller_and_unpacks_to_the_same(void **state)
{
    static const size_t bytes[] = {2048, 65536, 1024 * 1024, 2049}; // a short one after a long one
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    struct gzip_text *g = gzip_text_new();
    for (size_t i = 0; i < COUNT(bytes); i++) {
        AUTO(buf_done) struct buf text = {0};
        for (size_t n = 0; text.len < bytes[i]; n++)
            buf_format(&text, "{\"id\":\"%zu\",\"email\":\"anna@example.com\"}\n", n * 7919);
        text.len = bytes[i];
        str packed = gzip_text_pack(g, &a, buf_str(&text));
        assert_true(packed.len > 0 && packed.len < bytes[i] / 2);
        assert_unpacks_to(packed, buf_str(&text));
    }
    gzip_text_free(g);
}

static void what_would_not_become_smaller_stays_as_it_is(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = {0};
    AUTO(buf_done) struct buf noise = {0};
    struct gzip_text *g = gzip_text_new();
    assert_true(str_is_null(gzip_text_pack(g, &a, STR(""))));
    assert_true(str_is_null(gzip_text_pack(g, &a, (str){0})));
    assert_true(str_is_null(gzip_text_pack(g, &a, STR("a"))));
    assert_true(str_is_null(gzip_text_pack(g, &a, STR("{\"status\":\"ok\"}\n"))));
    srandom(1);
    while (noise.len < 1024 * 1024)
        buf_add_char(&noise, (char)random());
    assert_true(str_is_null(gzip_text_pack(g, &a, buf_str(&noise))));
    // One that was given up leaves nothing behind in what comes next.
    str again = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_unpacks_to(gzip_text_pack(g, &a, again), again);
    gzip_text_free(g);
    gzip_text_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_becomes_smaller_and_unpacks_to_the_same),
        cmocka_unit_test(what_would_not_become_smaller_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
