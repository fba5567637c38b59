/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <yajl/yajl_parse.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* An array or object that is still open; its members gather here until it closes. */
struct level {
    enum json_kind kind;
    size_t first; /* in reader.member */
    str key;      /* of this value in its parent */
};
struct reader {
    struct arena *arena;
    struct level level[LIMIT_JSON_DEPTH];
    size_t depth;
    bool too_deep;
    struct json_member *member; /* a stack: members of all open levels */
    size_t count, room;
    str key;
};

static int add(struct reader *r, struct json value)
{
    if (r->count == r->room) {
        r->room = r->room ? r->room * 2 : 32;
        r->member = mem_grow(r->member, r->room, sizeof *r->member);
    }
    r->member[r->count++] = (struct json_member){r->key, value};
    r->key = (str){0};
    return 1;
}

static int on_null(void *ctx)
{
    return add(ctx, (struct json){.kind = JSON_NULL});
}

static int on_boolean(void *ctx, int value)
{
    return add(ctx, (struct json){.kind = value ? JSON_TRUE : JSON_FALSE});
}

static str copy(struct reader *r, const void *bytes, size_t len)
{
    return arena_str(r->arena, (str){len ? bytes : "", len});
}

static int on_number(void *ctx, const char *text, size_t len)
{
    return add(ctx, (struct json){.kind = JSON_NUMBER, .text = copy(ctx, text, len)});
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    return add(ctx, (struct json){.kind = JSON_STRING, .text = copy(ctx, text, len)});
}

static int open_level(struct reader *r, enum json_kind kind)
{
    if (r->depth == LIMIT_JSON_DEPTH) {
        r->too_deep = true;
        return 0;
    }
    r->level[r->depth++] = (struct level){kind, r->count, r->key};
    r->key = (str){0};
    return 1;
}

static int close_level(struct reader *r)
{
    struct level l = r->level[--r->depth];
    size_t count = r->count - l.first;
    struct json_member *member = ARENA_NEW(r->arena, struct json_member, count);
    if (count)
        memcpy(member, r->member + l.first, count * sizeof *member);
    r->count = l.first;
    r->key = l.key;
    return add(r, (struct json){.kind = l.kind, .member = member, .count = count});
}

static int on_open_object(void *ctx)
{
    return open_level(ctx, JSON_OBJECT);
}

static int on_open_array(void *ctx)
{
    return open_level(ctx, JSON_ARRAY);
}

static int on_close(void *ctx)
{
    return close_level(ctx);
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *r = ctx;
    r->key = copy(r, text, len);
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_open_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close,
    .yajl_start_array = on_open_array,
    .yajl_end_array = on_close,
};

static struct json_place place_of(str text, size_t offset)
{
    struct json_place place = {1, 1};
    str before = str_first(text, offset);
    size_t start = 0;
    for (size_t i = 0; i < before.len; i++)
        if (before.ptr[i] == '\n') {
            place.line++;
            start = i + 1;
        }
    place.column = 1 + utf8_count(str_from(before, start));
    return place;
}

/* The offset of an escaped surrogate without its other half, or text.len.  yajl would turn it into
 * a '?', and a customer's name would change in silence. */
static size_t find_lone_surrogate(str text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] != '\\')
            continue;
        int code = text.ptr[i + 1] == 'u' ? str_hex4(str_from(text, i + 2)) : -1;
        if (code >= 0xD800 && code <= 0xDFFF) {
            str rest = str_from(text, MIN(i + 6, text.len));
            int low = str_starts(rest, STR("\\u")) ? str_hex4(str_from(rest, 2)) : -1;
            if (code > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
                return i;
            i += 10;
        }
        i++;
    }
    return text.len;
}

/* The offset of a form feed or vertical tab, or text.len.  yajl takes them for white space, which
 * RFC 8259, section 2 does not; within strings they must be escaped anyway. */
static size_t find_wrong_space(str text)
{
    size_t feed = str_find(text, '\f'), tab = str_find(text, '\v');
    return MIN(feed, tab);
}

static bool run(struct reader *r, str text, size_t *ret_offset)
{
    *ret_offset = MIN(utf8_valid_prefix(text), find_wrong_space(text));
    if (*ret_offset < text.len)
        return false;
    yajl_handle handle = yajl_alloc(&callbacks, NULL, r);
    if (!handle)
        die("yajl: out of memory");
    yajl_status status = yajl_parse(handle, (const unsigned char *)text.ptr, text.len);
    *ret_offset = MIN(yajl_get_bytes_consumed(handle), text.len);
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(handle);
        if (status != yajl_status_ok)
            *ret_offset = text.len;
    }
    yajl_free(handle);
    return status == yajl_status_ok;
}

bool json_parse(str text, struct arena *arena, struct json *ret_value, struct json_place *ret_place,
                struct err *err)
{
    struct reader r = {.arena = arena};
    size_t offset;
    bool ok = run(&r, text, &offset) && r.count == 1;
    if (ok)
        offset = find_lone_surrogate(text);
    if (ok && offset == text.len) {
        *ret_value = r.member[0].value;
    } else {
        ok = false;
        *ret_place = place_of(text, offset);
        if (r.too_deep)
            err_set(err, ERR_LIMIT, "nested deeper than %d levels", LIMIT_JSON_DEPTH);
        else
            err_set(err, ERR_INVALID, "not valid JSON at line %zu, column %zu", ret_place->line,
                    ret_place->column);
    }
    mem_free(r.member);
    return ok;
}

const struct json *json_get(const struct json *value, const char *key)
{
    if (!value || value->kind != JSON_OBJECT)
        return NULL;
    str wanted = str_of(key);
    for (size_t i = value->count; i-- > 0;)
        if (str_eq(value->member[i].key, wanted))
            return &value->member[i].value;
    return NULL;
}

/* How many bytes of text, from at on, need no escape. */
static size_t plain_bytes(str text, size_t at)
{
    size_t i = at;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1F);
    for (; i + 16 <= text.len; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + i));
        __m128i hit =
            _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(x, control), x),
                         _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)));
        unsigned mask = (unsigned)_mm_movemask_epi8(hit);
        if (mask)
            return i - at + (size_t)__builtin_ctz(mask);
    }
#endif
    while (i < text.len && (unsigned char)text.ptr[i] >= 0x20 && text.ptr[i] != '"' &&
           text.ptr[i] != '\\')
        i++;
    return i - at;
}

void json_write_string(struct buf *b, str text)
{
    static const char hex[] = "0123456789abcdef";
    if (str_is_null(text)) {
        buf_add(b, STR("null"));
        return;
    }
    if (!buf_reserve(b, text.len + 2))
        return;
    buf_add_char(b, '"');
    for (size_t i = 0;; i++) {
        size_t plain = plain_bytes(text, i);
        buf_add(b, (str){text.ptr + i, plain});
        i += plain;
        if (i == text.len)
            break;
        unsigned char c = (unsigned char)text.ptr[i];
        const char *shorts = "\b\t\n\f\r\"\\", *at = c ? strchr(shorts, c) : NULL;
        buf_add_char(b, '\\');
        if (at)
            buf_add_char(b, "btnfr\"\\"[at - shorts]);
        else
            buf_add(b, (str){(char[]){'u', '0', '0', hex[c >> 4], hex[c & 15]}, 5});
    }
    buf_add_char(b, '"');
}

void json_add_raw(struct buf *b, const char *name, str json)
{
    buf_format(b, ",\"%s\":", name);
    buf_add(b, json.len ? json : STR("null"));
}

void json_add_string(struct buf *b, const char *name, str text)
{
    buf_format(b, ",\"%s\":", name);
    json_write_string(b, text);
}

str json_string_text(struct arena *a, str text)
{
    // Most texts need no escape: quotes around them, nothing else.
    if (plain_bytes(text, 0) == text.len) {
        char *p = arena_alloc(a, text.len + 2, 1, 1);
        p[0] = '"';
        if (text.len)
            memcpy(p + 1, text.ptr, text.len);
        p[text.len + 1] = '"';
        return (str){p, text.len + 2};
    }
    AUTO(buf_done) struct buf b = {0};
    json_write_string(&b, text);
    return arena_str(a, buf_str(&b));
}

static void write_members(struct buf *b, const struct json *value)
{
    bool object = value->kind == JSON_OBJECT;
    buf_add_char(b, object ? '{' : '[');
    for (size_t i = 0; i < value->count; i++) {
        if (i)
            buf_add_char(b, ',');
        if (object) {
            json_write_string(b, value->member[i].key);
            buf_add_char(b, ':');
        }
        json_write(b, &value->member[i].value);
    }
    buf_add_char(b, object ? '}' : ']');
}

void json_write(struct buf *b, const struct json *value)
{
    static const str words[] = {{"null", 4}, {"false", 5}, {"true", 4}};
    switch (value->kind) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        buf_add(b, words[value->kind]);
        break;
    case JSON_NUMBER:
        buf_add(b, value->text);
        break;
    case JSON_STRING:
        json_write_string(b, value->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        write_members(b, value);
        break;
    }
}
