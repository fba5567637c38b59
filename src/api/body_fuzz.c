/* body_fuzz: any body as the document of one customer: what it makes of him is written, read and
 * merged again, and is the same.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "api/api_priv.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "domain/consumer_json.h"
#include "http/form.h"

enum { MAX_FIELDS = 64, NOW_S = 1790000000 };

static bool read_tree(struct arena *a, str body, bool form, struct json *ret_tree)
{
    struct form_field *field;
    size_t count;
    struct err err = {0};
    struct json_place place = {0};
    if (form)
        return form_parse(a, body, MAX_FIELDS, &field, &count, &err) &&
               body_tree(a, field, count, ret_tree);
    if (json_parse(body, a, ret_tree, &place, &err))
        return true;
    assert(err.code == ERR_LIMIT || (err.code == ERR_INVALID && place.line && place.column));
    return false;
}

/* A tree that is written reads as the same tree, and is written as the same text. */
static void check_tree(struct arena *a, const struct json *tree)
{
    AUTO(buf_done) struct buf once = {0};
    AUTO(buf_done) struct buf twice = {0};
    struct json again;
    struct json_place place;
    struct err err = {0};
    json_write(&once, tree);
    bool ok = json_parse(buf_str(&once), a, &again, &place, &err);
    assert(ok);
    json_write(&twice, &again);
    assert(str_eq(buf_str(&once), buf_str(&twice)));
}

static void check_consumer(const struct consumer *c)
{
    static const enum consumer_field texts[] = {FIELD_EMAIL,      FIELD_PHONE,
                                                FIELD_NAME,       FIELD_FIRST_NAME,
                                                FIELD_AVATAR_URL, FIELD_EXTERNAL_ID};
    for (size_t i = 0; i < COUNT(texts); i++) {
        str text = *consumer_text((struct consumer *)c, texts[i]);
        assert(utf8_valid(text) && (str_is_null(text) || text.len));
        assert(!text.len || !memchr(text.ptr, 0, text.len));
        assert(text.len <= LIMIT_TEXT_BYTES);
    }
    assert(c->external_id.len <= LIMIT_EXTERNAL_ID_BYTES && c->email.len <= LIMIT_EMAIL_BYTES);
    assert(str_is_null(c->email) == str_is_null(c->email_key));
    assert(c->custom_attributes.len <= LIMIT_ATTRIBUTES_BYTES);
}

static const struct zone *utc(void)
{
    static struct zone *zone; // once for all inputs
    struct err err = {0};
    bool ok = zone || zone_open("UTC", &zone, &err);
    assert(ok);
    return zone;
}

static void check_attributes(struct arena *a, const struct json *attributes)
{
    static const struct consumer_merge_rules rules = {0};
    const struct consumer_rules when = {.now_us = (int64_t)NOW_S * 1000000};
    struct consumer_patch patch = {0};
    struct consumer made = {0}, again = {0};
    struct problems problems = {0}, warnings = {0};
    struct json document;
    struct json_place place;
    struct err err = {0};
    AUTO(buf_done) struct buf b = {0};
    consumer_patch_from_json(a, attributes, &when, &patch);
    if (patch.problems.first)
        return;
    (void)consumer_patch_apply(a, &patch, NULL, &rules, &made, &problems, &warnings);
    if (problems.first)
        return;
    check_consumer(&made);
    unsigned changed = consumer_patch_apply(a, &patch, &made, &rules, &again, &problems, &warnings);
    assert(!changed);
    consumer_json(&b, &made, utc());
    bool ok = utf8_valid(buf_str(&b)) && json_parse(buf_str(&b), a, &document, &place, &err);
    assert(ok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = {0};
    struct json tree;
    if (size < 1 || size > LIMIT_RECORD_BODY_BYTES ||
        !read_tree(&a, (str){(const char *)data + 1, size - 1}, data[0] & 1, &tree))
        return 0;
    check_tree(&a, &tree);
    check_attributes(&a, json_get(json_get(&tree, "data"), "attributes"));
    check_attributes(&a, &tree); // a line of JSON Lines
    return 0;
}
