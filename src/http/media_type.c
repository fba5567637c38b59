/* SPDX-License-Identifier: Apache-2.0 */
#include "http/media_type.h"

/* Cuts off the part before the first c that stands outside of quotation marks. */
static str cut(str *rest, char c)
{
    bool quoted = false;
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '\\' && quoted)
            i++;
        else if (rest->ptr[i] == '"')
            quoted = !quoted;
        else if (rest->ptr[i] == c && !quoted) {
            str part = str_first(*rest, i);
            *rest = str_from(*rest, i + 1);
            return part;
        }
    }
    str part = *rest;
    *rest = (str){0};
    return part;
}

static str unquoted(str s)
{
    return s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"' ? (str){s.ptr + 1, s.len - 2}
                                                                    : s;
}

static bool has_word(str list, str word)
{
    while (!str_is_null(list))
        if (str_eq(str_split(&list, ' '), word))
            return true;
    return false;
}

/* "0", "0." and "0.000" (RFC 9110 12.4.2) */
static bool is_zero(str q)
{
    if (!q.len || q.ptr[0] != '0')
        return false;
    for (size_t i = 1; i < q.len; i++)
        if (q.ptr[i] != '.' && q.ptr[i] != '0')
            return false;
    return true;
}

bool media_type_has(str header, str type, str parameter, str word)
{
    while (!str_is_null(header)) {
        str rest = cut(&header, ',');
        bool found = false, refused = false;
        if (!str_eq_nocase(str_trim(cut(&rest, ';')), type))
            continue;
        while (!str_is_null(rest)) {
            str value = cut(&rest, ';'), name = str_trim(str_split(&value, '='));
            value = unquoted(str_trim(value));
            found |= str_eq_nocase(name, parameter) && has_word(value, word);
            refused |= str_eq_nocase(name, STR("q")) && is_zero(value);
        }
        if (found && !refused)
            return true;
    }
    return false;
}
