/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy.h"

static bool trusts(const struct proxy_trust *trust, const struct address *a)
{
    for (size_t i = 0; i < trust->count; i++)
        if (address_in_range(a, &trust->range[i]))
            return true;
    return false;
}

/* Cuts the last element off a list with commas. */
static str cut_last(str *list)
{
    size_t at = list->len;
    while (at && list->ptr[at - 1] != ',')
        at--;
    str last = str_trim(str_from(*list, at));
    *list = at ? str_first(*list, at - 1) : (str){0};
    return last;
}

/* One hop: an address, perhaps with a port as some proxies write it: 192.0.2.1:80, [::1]:80. */
static bool parse_hop(str hop, struct address *ret)
{
    if (address_parse(hop, ret))
        return true;
    size_t end = 0;
    if (str_starts(hop, STR("["))) {
        end = str_find(hop, ']');
        if (end == hop.len || (end + 1 < hop.len && hop.ptr[end + 1] != ':'))
            return false;
        return address_parse((str){hop.ptr + 1, end - 1}, ret);
    }
    end = str_find(hop, ':');
    return end < hop.len && address_parse(str_first(hop, end), ret);
}

struct address proxy_client(const struct proxy_trust *trust, const struct address *peer,
                            const struct gate_field *field, size_t count)
{
    struct address client = *peer;
    if (!trusts(trust, &client))
        return client;
    for (size_t i = count; i-- > 0;) {
        if (!str_eq_nocase(field[i].name, STR("X-Forwarded-For")))
            continue;
        // An empty field adds nothing, as an empty element does (RFC 9110 5.6.1).
        for (str list = field[i].value; !str_is_null(list);) {
            str hop = cut_last(&list);
            if (hop.len == 0)
                continue;
            if (!parse_hop(hop, &client) || !trusts(trust, &client))
                return client;
        }
    }
    return client;
}

bool proxy_says_https(const struct proxy_trust *trust, const struct address *peer,
                      const struct gate_field *field, size_t count)
{
    if (!trusts(trust, peer))
        return false;
    for (size_t i = count; i-- > 0;) {
        str list = field[i].value;
        if (str_eq_nocase(field[i].name, STR("X-Forwarded-Proto")))
            return str_eq_nocase(cut_last(&list), STR("https"));
    }
    return false;
}
