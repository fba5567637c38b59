/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cookie.h"

str cookie_find(str header, str name)
{
    while (!str_is_null(header)) {
        str value = str_trim(str_split(&header, ';'));
        str found = str_split(&value, '=');
        if (str_is_null(value) || !str_eq(found, name)) // names differ by case
            continue;
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
            value = (str){value.ptr + 1, value.len - 2};
        return value;
    }
    return (str){0};
}
