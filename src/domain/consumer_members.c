/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer_members.h"

static size_t skip_string(str s, size_t i)
{
    for (i++; s.ptr[i] != '"'; i++)
        i += s.ptr[i] == '\\';
    return i + 1;
}

static size_t skip_value(str s, size_t i)
{
    size_t depth = 0;
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '"') {
            i = skip_string(s, i) - 1;
            if (!depth)
                return i + 1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (!depth)
                return i;
            if (!--depth)
                return i + 1;
        } else if (c == ',' && !depth) {
            return i;
        }
    }
    return i;
}

size_t consumer_members_split(str text, struct member *member, size_t max)
{
    size_t count = 0, i = 1;
    while (i < text.len && text.ptr[i] == '"' && count < max) {
        size_t key_end = skip_string(text, i), value_end = skip_value(text, key_end + 1);
        member[count++] = (struct member){{text.ptr + i, key_end - i},
                                          {text.ptr + key_end + 1, value_end - key_end - 1}};
        i = value_end + 1;
    }
    return count;
}

const struct member *consumer_members_find(const struct member *list, size_t count, size_t guess,
                                           str key_text)
{
    if (guess < count && str_eq(list[guess].key_text, key_text))
        return &list[guess];
    for (size_t i = 0; i < count; i++)
        if (str_eq(list[i].key_text, key_text))
            return &list[i];
    return NULL;
}
