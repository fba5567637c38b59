/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"
#include "base/err.h"
#include "domain/consumer.h"

enum { TEXT_HEAD = 4 };

static char *put(char *to, const void *bytes, size_t count)
{
    memcpy(to, bytes, count);
    return to + count;
}

/* A text with its length before it, so that no two lists of texts have the same bytes; a missing
 * one differs from an empty one. */
static char *put_text(char *to, str text)
{
    uint32_t len = str_is_null(text) ? UINT32_MAX : (uint32_t)text.len;
    to = put(to, &len, TEXT_HEAD);
    return text.len ? put(to, text.ptr, text.len) : to;
}

uint64_t consumer_patch_imprint(const struct consumer_patch *patch,
                                const struct consumer_merge_rules *rules, bool lenient,
                                struct buf *scratch)
{
    struct consumer *v = (struct consumer *)&patch->value; // consumer_text() gives writable places
    const unsigned char flags[] = {patch->custom_replace, rules->keep_contacts,
                                   rules->keep_opt_outs,  lenient,
                                   v->unsubscribed,       v->complained};
    size_t bytes = sizeof patch->set * 2 + sizeof flags + sizeof(int64_t) * 2;
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++)
        if ((patch->set & FIELD_BIT(field)) && consumer_text(v, field))
            bytes += TEXT_HEAD + consumer_text(v, field)->len;
    for (size_t i = 0; i < patch->attribute_count; i++)
        bytes += 2 * TEXT_HEAD + patch->attribute[i].key.len + patch->attribute[i].value.len + 1;

    buf_reset(scratch);
    if (!buf_reserve(scratch, bytes))
        die("an imprint of %zu bytes", bytes);
    char *to = scratch->ptr;
    to = put(to, &patch->set, sizeof patch->set);
    to = put(to, &patch->clear, sizeof patch->clear);
    to = put(to, flags, sizeof flags);
    to = put(to, &v->created_at_us, sizeof(int64_t));
    to = put(to, &patch->created_at_precision_us, sizeof(int64_t));
    for (enum consumer_field field = 0; field < FIELD_COUNT; field++)
        if ((patch->set & FIELD_BIT(field)) && consumer_text(v, field))
            to = put_text(to, *consumer_text(v, field));
    for (size_t i = 0; i < patch->attribute_count; i++) {
        const struct consumer_attribute *a = &patch->attribute[i];
        to = put_text(put_text(to, a->key), a->value);
        *to++ = a->as_text;
    }
    assert(to == scratch->ptr + bytes);
    uint64_t imprint = crypto_hash64((str){scratch->ptr, bytes});
    return imprint ? imprint : 1;
}
