/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/header.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/unicode.h"
#include "base/utf8.h"

/* Known headers in normal form.  The first of each field is its own name. */
static const struct {
    const char *text;
    enum consumer_field field;
} known[] = {
    {"externalid", FIELD_EXTERNAL_ID},
    {"idклиента", FIELD_EXTERNAL_ID},
    {"кодклиента", FIELD_EXTERNAL_ID},
    {"номеркарты", FIELD_EXTERNAL_ID},
    {"email", FIELD_EMAIL},
    {"почта", FIELD_EMAIL},
    {"элпочта", FIELD_EMAIL},
    {"phone", FIELD_PHONE},
    {"телефон", FIELD_PHONE},
    {"мобильный", FIELD_PHONE},
    {"createdat", FIELD_CREATED_AT},
    {"датасоздания", FIELD_CREATED_AT},
    {"датарегистрации", FIELD_CREATED_AT},
    {"name", FIELD_NAME},
    {"фио", FIELD_NAME},
    {"имяифамилия", FIELD_NAME},
    {"клиент", FIELD_NAME},
};
/* Attributes of the record that a bare header does not reach. */
static const char *const reserved[] = {"firstname", "unsubscribed",    "complained", "avatarurl",
                                       "updatedat", "permanentfailed", "legacyid"};

str header_normal(struct arena *a, str header)
{
    AUTO(buf_done) struct buf b = {0};
    str folded = unicode_fold(a, unicode_nfc(a, utf8_trim(header)));
    while (folded.len) {
        uint32_t c = utf8_next(&folded);
        if (c == ' ' || c == 0xA0 || c == '_' || c == '-' || c == '.' || c == '\t' || c == '\n' ||
            c == 0x2010 || c == 0x2011)
            continue;
        utf8_add(&b, c == 0x451 /* ё */ ? 0x435 : c);
    }
    return arena_str(a, buf_str(&b));
}

enum consumer_field header_field(str normal)
{
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_eq(normal, str_of(known[i].text)))
            return known[i].field;
    return FIELD_COUNT;
}

bool header_is_reserved(str normal)
{
    for (size_t i = 0; i < COUNT(reserved); i++)
        if (str_eq(normal, str_of(reserved[i])))
            return true;
    return false;
}

static size_t to_points(str s, uint32_t *point, size_t max)
{
    size_t n = 0;
    while (s.len && n < max)
        point[n++] = utf8_next(&s);
    return n;
}

enum { NEAR_POINTS = 40 };

/* The edit distance of two headers in characters; two neighbours swapped count as one slip. */
static size_t distance(str a, str b)
{
    uint32_t pa[NEAR_POINTS], pb[NEAR_POINTS];
    size_t na = to_points(a, pa, NEAR_POINTS), nb = to_points(b, pb, NEAR_POINTS);
    size_t row[3][NEAR_POINTS + 1]; // this row and the two above it, in turn
    for (size_t j = 0; j <= nb; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *now = row[i % 3], *above = row[(i - 1) % 3], *swapped = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t best = MIN(above[j], now[j - 1]) + 1;
            best = MIN(best, above[j - 1] + (pa[i - 1] != pb[j - 1]));
            if (i > 1 && j > 1 && pa[i - 1] == pb[j - 2] && pa[i - 2] == pb[j - 1])
                best = MIN(best, swapped[j - 2] + 1);
            now[j] = best;
        }
    }
    return row[na % 3][nb];
}

static bool contains(str s, str part)
{
    for (size_t i = 0; i + part.len <= s.len; i++)
        if (memcmp(s.ptr + i, part.ptr, part.len) == 0)
            return true;
    return false;
}

enum consumer_field header_near(str normal)
{
    size_t len = utf8_count(normal);
    for (size_t i = 0; i < COUNT(known); i++) {
        str word = str_of(known[i].text);
        size_t word_len = utf8_count(word);
        size_t allowed = word_len >= 7 ? 2 : word_len >= 4 ? 1 : 0;
        if (len <= NEAR_POINTS && allowed && len + allowed >= word_len &&
            distance(normal, word) <= allowed)
            return known[i].field;
    }
    // Only words that mean nothing else: "Город клиента" is no name.
    static const struct {
        const char *word;
        enum consumer_field field;
    } inside[] = {{"телефон", FIELD_PHONE},
                  {"phone", FIELD_PHONE},
                  {"почта", FIELD_EMAIL},
                  {"email", FIELD_EMAIL}};
    for (size_t i = 0; i < COUNT(inside); i++)
        if (contains(normal, str_of(inside[i].word)))
            return inside[i].field;
    return FIELD_COUNT;
}

bool header_is_custom(struct arena *a, str key)
{
    str normal = header_normal(a, key);
    return normal.len && str_eq(utf8_trim(key), key) && header_field(normal) == FIELD_COUNT &&
           !header_is_reserved(normal) && header_near(normal) == FIELD_COUNT &&
           !str_eq(normal, STR("id")) && !str_eq(normal, STR("имя")) &&
           !str_eq(key, STR(HEADER_ERROR)) && !str_starts(key, STR("attributes.")) &&
           !str_starts(key, STR("custom_attributes."));
}

static const str dotted = {"custom_attributes.", 18};

str header_of_attribute(struct arena *a, str key)
{
    AUTO(buf_done) struct buf b = {0};
    if (header_is_custom(a, key))
        return key;
    buf_add(&b, dotted);
    if (!key.len || key.ptr[0] == '"' || !str_eq(utf8_trim(key), key))
        json_write_string(&b, key.len ? key : STR(""));
    else
        buf_add(&b, key);
    return arena_str(a, buf_str(&b));
}

bool header_names_attribute(struct arena *a, str header, str *ret_key)
{
    struct json tree;
    struct json_place place;
    struct err err;
    if (!str_starts(header, dotted) || header.len == dotted.len)
        return false;
    str key = str_from(header, dotted.len);
    if (key.ptr[0] == '"' && json_parse(key, a, &tree, &place, &err) && tree.kind == JSON_STRING)
        key = tree.text;
    *ret_key = arena_str(a, key.len ? key : STR(""));
    return true;
}
