/* SPDX-License-Identifier: Apache-2.0 */
#include "http/range.h"

enum range_kind range_read(str value, uint64_t bytes, uint64_t *ret_from, uint64_t *ret_length)
{
    str last = str_trim(value), unit = str_trim(str_split(&last, '='));
    if (str_is_null(last) || !str_eq_nocase(unit, STR("bytes")))
        return RANGE_WHOLE;
    str first = str_trim(str_split(&last, '-'));
    last = str_trim(last);
    uint64_t from = 0, to = UINT64_MAX;
    // Several ranges have a comma in what is then no number.
    if (str_is_null(last) || (first.len && !str_to_u64(first, &from)) ||
        (last.len && !str_to_u64(last, &to)) || (!first.len && !last.len) || from > to)
        return RANGE_WHOLE;
    if (!first.len) { // the last `to` bytes
        if (!to || !bytes)
            return RANGE_TOO_FAR;
        *ret_length = MIN(to, bytes);
        *ret_from = bytes - *ret_length;
        return RANGE_PART;
    }
    if (from >= bytes)
        return RANGE_TOO_FAR;
    *ret_from = from;
    *ret_length = MIN(to, bytes - 1) - from + 1;
    return RANGE_PART;
}

bool range_names_tag(str list, str tag, bool weak)
{
    if (str_eq(str_trim(list), STR("*")))
        return true;
    while (!str_is_null(list)) {
        str one = str_trim(str_split(&list, ','));
        if (weak && str_starts(one, STR("W/")))
            one = str_from(one, 2);
        if (one.len && str_eq(one, tag))
            return true;
    }
    return false;
}
