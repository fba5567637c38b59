/* multipart_fuzz: any body, whole and in two pieces, says the same.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/multipart.h"

#include "base/buf.h"

static bool fuzz_begin(void *context, const struct multipart_part *part)
{
    struct buf *b = context;
    buf_add(b, part->name);
    buf_add(b, part->file_name);
    buf_add(b, part->content_type);
    buf_add_char(b, '=');
    return true;
}

static bool fuzz_data(void *context, str piece)
{
    buf_add(context, piece);
    return true;
}

static bool fuzz_end(void *context)
{
    buf_add_char(context, '|');
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct multipart_events events = {fuzz_begin, fuzz_data, fuzz_end};
    if (size == 0)
        return 0;
    size_t cut = MIN((size_t)data[0], size - 1);
    str body = {(const char *)data + 1, size - 1};
    AUTO(buf_done) struct buf whole = {0};
    AUTO(buf_done) struct buf pieces = {0};
    AUTO(multipart_free) struct multipart *one = multipart_new(STR("b"), &events, &whole);
    AUTO(multipart_free) struct multipart *two = multipart_new(STR("b"), &events, &pieces);
    struct err err = {0};
    bool ok = multipart_feed(one, body, &err);
    bool same = multipart_feed(two, str_first(body, cut), &err) &&
                multipart_feed(two, str_from(body, cut), &err);
    assert(ok == same && str_eq(buf_str(&whole), buf_str(&pieces)));
    assert(multipart_complete(one) == multipart_complete(two));

    AUTO(arena_done) struct arena a = {0};
    (void)multipart_boundary(&a, body);
    return 0;
}
