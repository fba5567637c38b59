/* SPDX-License-Identifier: Apache-2.0 */
#include "http/coding.h"

/* A weight in thousandths (RFC 9110 12.4.2); -1 when it is none. */
static int read_weight(str s)
{
    int value = 0;
    if (!s.len || s.len > 5 || (s.ptr[0] != '0' && s.ptr[0] != '1') ||
        (s.len > 1 && s.ptr[1] != '.'))
        return -1;
    for (size_t i = 0; i < 5; i++) {
        char c = i < s.len ? s.ptr[i] : '0';
        if (i == 1)
            continue;
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    return value <= 1000 ? value : -1;
}

bool coding_takes_gzip(str accept_encoding)
{
    int gzip = -1, any = -1, identity = -1; // not named
    while (!str_is_null(accept_encoding)) {
        str parameters = str_split(&accept_encoding, ',');
        str name = str_trim(str_split(&parameters, ';'));
        str weight = str_trim(parameters);
        int q = 1000;
        if (weight.len > 2 && (weight.ptr[0] | 32) == 'q' && weight.ptr[1] == '=')
            q = read_weight(str_from(weight, 2));
        else if (weight.len)
            q = -1;
        if (q < 0)
            continue;
        if (str_eq_nocase(name, STR("gzip")) || str_eq_nocase(name, STR("x-gzip")))
            gzip = q;
        else if (str_eq(name, STR("*")))
            any = q;
        else if (str_eq_nocase(name, STR("identity")))
            identity = q;
    }
    gzip = gzip >= 0 ? gzip : any;
    return gzip > 0 && gzip >= identity;
}

bool coding_is_text(str content_type)
{
    str type = str_trim(str_split(&content_type, ';'));
    if (str_starts(type, STR("text/")))
        return !str_eq(type, STR("text/event-stream"));
    return str_ends(type, STR("json")) || str_ends(type, STR("jsonl")) ||
           str_ends(type, STR("yaml")) || str_ends(type, STR("xml")) ||
           str_ends(type, STR("javascript"));
}
