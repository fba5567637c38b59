/* SPDX-License-Identifier: Apache-2.0 */
#include "http/form.h"

#include "base/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes len bytes at p in place; false on a bad escape. */
static bool decode_in_place(char *p, size_t len, bool plus_is_space, size_t *ret_len)
{
    size_t to = 0;
    for (size_t from = 0; from < len; from++) {
        char c = p[from];
        if (c == '%') {
            int high = from + 2 < len ? hex_digit(p[from + 1]) : -1;
            int low = from + 2 < len ? hex_digit(p[from + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            from += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        p[to++] = c;
    }
    *ret_len = to;
    return true;
}

bool form_decode(struct arena *a, str s, bool plus_is_space, str *ret_text)
{
    bool escaped = str_find(s, '%') < s.len || (plus_is_space && str_find(s, '+') < s.len);
    if (!escaped) {
        *ret_text = s;
        return true;
    }
    char *p = (char *)arena_str(a, s).ptr; // the arena's bytes are ours to write
    size_t len;
    if (!decode_in_place(p, s.len, plus_is_space, &len))
        return false;
    p[len] = '\0';
    *ret_text = (str){p, len};
    return true;
}

static size_t count_fields(str body)
{
    size_t count = 0;
    for (str rest = body; !str_is_null(rest);)
        count += str_split(&rest, '&').len > 0;
    return count;
}

static bool decode_field(struct arena *a, str raw, str *ret_text, struct err *err)
{
    if (!form_decode(a, raw, true, ret_text))
        return err_set(err, ERR_INVALID, "a '%%' that two hexadecimal digits do not follow");
    if (!utf8_valid(*ret_text))
        return err_set(err, ERR_INVALID, "not UTF-8");
    return true;
}

bool form_parse(struct arena *a, str body, size_t max, struct form_field **ret_field,
                size_t *ret_count, struct err *err)
{
    size_t count = count_fields(body), at = 0;
    if (count > max)
        return err_set(err, ERR_LIMIT, "over %zu fields", max);
    struct form_field *field = ARENA_NEW(a, struct form_field, count + 1);
    str rest = arena_str(a, body); // so that what needs no decoding lives in the arena, too
    while (!str_is_null(rest)) {
        str value = str_split(&rest, '&');
        if (value.len == 0)
            continue;
        str name = str_split(&value, '=');
        if (str_is_null(value))
            value = STR("");
        if (!decode_field(a, name, &field[at].name, err) ||
            !decode_field(a, value, &field[at].value, err))
            return err_context(err, "field %zu: ", at + 1);
        at++;
    }
    *ret_field = field;
    *ret_count = at;
    return true;
}
