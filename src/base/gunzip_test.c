/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gunzip.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <zlib.h>

#include <cmocka.h>

enum { ROOM = 1 << 20 };

/* Appends text as a gzip member of its own. */
static void pack(struct buf *b, str text)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)text.ptr, .avail_in = (unsigned)text.len};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_true(buf_reserve(b, ROOM));
    z.next_out = (unsigned char *)b->ptr + b->len;
    z.avail_out = ROOM;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b->len += z.total_out;
    assert_int_equal(deflateEnd(&z), Z_OK);
}

struct taker {
    struct buf got;
    size_t most;
};

static bool take(void *context, str bytes, struct err *err)
{
    struct taker *t = context;
    buf_add(&t->got, bytes);
    return t->got.len <= t->most || err_set(err, ERR_LIMIT, "enough");
}

/* What came of a stream given `step` bytes at a time. */
static const char *unpack(str packed, size_t step, size_t most, struct buf *ret_got)
{
    struct taker t = {.most = most};
    AUTO(gunzip_free) struct gunzip *g = gunzip_new(take, &t);
    struct err err = {0};
    bool ok = true;
    while (ok && packed.len) {
        str some = str_first(packed, step);
        packed = str_from(packed, some.len);
        ok = gunzip_add(g, some, &err);
    }
    *ret_got = t.got;
    return !ok                  ? (err.code == ERR_INVALID ? "damaged"
                                   : err.code == ERR_LIMIT ? "too much"
                                                           : "?")
           : gunzip_complete(g) ? "whole"
                                : "cut off";
}

static void gunzip_unpacks_what_is_whole_and_says_what_is_not(void **state)
{
    static const struct {
        const char *name;
        size_t from_end;         /* bytes cut off */
        size_t flip;             /* a byte to be changed, from the end; 0: none */
        const char *more, *want; /* more: behind the stream */
    } cases[] = {
        {"whole", 0, 0, "", "whole"},
        {"without its last byte", 1, 0, "", "cut off"},
        {"without its checksum", 8, 0, "", "cut off"},
        {"in the middle", 20, 0, "", "cut off"},
        {"a wrong checksum", 0, 8, "", "damaged"},
        {"a wrong length", 0, 1, "", "damaged"},
        {"something else behind it", 0, 0, "plain text", "damaged"},
        {"half a header behind it", 0, 0, "\x1f\x8b", "cut off"},
    };
    (void)state;
    str text = STR("external_id;email\n1;anna@example.com\n2;boris@example.com\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf packed = {0};
        pack(&packed, text);
        packed.len -= cases[i].from_end;
        if (cases[i].flip)
            packed.ptr[packed.len - cases[i].flip] ^= 1;
        buf_add(&packed, str_of(cases[i].more));
        for (size_t step = 1; step <= packed.len; step = step * 3 + 1) {
            AUTO(buf_done) struct buf got = {0};
            const char *what = unpack(buf_str(&packed), step, SIZE_MAX, &got);
            if (strcmp(what, cases[i].want) != 0)
                fail_msg("%s, %zu bytes at a time: %s", cases[i].name, step, what);
            if (strcmp(what, "whole") == 0)
                assert_true(str_eq(buf_str(&got), text));
        }
    }
}

static void gunzip_takes_no_other_stream(void **state)
{
    static const struct {
        const char *name, *want;
        str bytes;
    } cases[] = {
        {"plain text", "damaged", {"external_id;email\n", 18}},
        {"zlib, not gzip", "damaged", {"\x78\x9c\x03\x00\x00\x00\x00\x01", 8}},
        {"nothing at all", "cut off", {"", 0}},
        {"a method that is none", "damaged", {"\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x03", 10}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_done) struct buf got = {0};
        const char *what = unpack(cases[i].bytes, SIZE_MAX, SIZE_MAX, &got);
        if (strcmp(what, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, what);
    }
}

static void gunzip_goes_on_where_a_member_ends(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf packed = {0};
    pack(&packed, STR("one,"));
    pack(&packed, STR(""));
    pack(&packed, STR("three"));
    for (size_t step = 1; step <= packed.len; step++) {
        AUTO(buf_done) struct buf got = {0};
        assert_string_equal(unpack(buf_str(&packed), step, SIZE_MAX, &got), "whole");
        assert_true(str_eq(buf_str(&got), STR("one,three")));
    }
}

static void gunzip_stops_where_it_is_told(void **state)
{
    (void)state;
    enum { BOMB = 64 << 20, MOST = 1 << 20 };
    AUTO(buf_done) struct buf packed = {0}, got = {0};
    char *zeros = mem_new(BOMB, 1);
    pack(&packed, (str){zeros, BOMB});
    mem_free(zeros);
    assert_true(packed.len < BOMB / 900);
    assert_string_equal(unpack(buf_str(&packed), SIZE_MAX, MOST, &got), "too much");
    assert_true(got.len <= MOST + 64 * 1024); // no more than a piece beyond
    buf_done(&got);
    assert_string_equal(unpack(buf_str(&packed), SIZE_MAX, SIZE_MAX, &got), "whole");
    assert_int_equal(got.len, BOMB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gunzip_unpacks_what_is_whole_and_says_what_is_not),
        cmocka_unit_test(gunzip_takes_no_other_stream),
        cmocka_unit_test(gunzip_goes_on_where_a_member_ends),
        cmocka_unit_test(gunzip_stops_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
