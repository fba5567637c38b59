/* Where a webhook may go: its address as text, and what that resolved to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "domain/webhook.h"

/* --- the URL --- */

/* The part between "//" and the path, the query or the fragment. */
static str authority_of(str rest)
{
    size_t end = 0;
    while (end < rest.len && !strchr("/?#\\", rest.ptr[end]))
        end++;
    return str_first(rest, end);
}

static bool has_odd_characters(str url)
{
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] >= 0x7f || strchr("\"<>\\^`{|}", url.ptr[i]))
            return true;
    return false;
}

bool webhook_url_check(str url, bool plain, struct err *err)
{
    bool https = str_starts(url, STR("https://")), http = str_starts(url, STR("http://"));
    if (!https && !http)
        return err_set(err, ERR_INVALID, "a webhook's address begins with https://");
    if (http && !plain)
        return err_set(err, ERR_INVALID,
                       "a webhook's address begins with https://; http:// only goes to networks "
                       "that the setting webhook_allow names");
    if (url.len > LIMIT_WEBHOOK_URL_BYTES)
        return err_set(err, ERR_INVALID, "a webhook's address has at most %d bytes",
                       LIMIT_WEBHOOK_URL_BYTES);
    if (has_odd_characters(url))
        return err_set(err, ERR_INVALID,
                       "a webhook's address is ASCII without blanks: write other characters of "
                       "its path as %%XX and of its host as xn--");
    str authority = authority_of(str_from(url, https ? 8 : 7));
    if (str_find(authority, '@') < authority.len)
        return err_set(err, ERR_INVALID,
                       "a webhook's address holds no user and password: the signature tells who "
                       "is asking");
    if (!authority.len || authority.ptr[0] == ':')
        return err_set(err, ERR_INVALID, "a webhook's address needs a host");
    if (str_find(url, '#') < url.len)
        return err_set(err, ERR_INVALID, "a webhook's address has no #");
    return true;
}

/* --- what it resolved to --- */

/* IPv4, in the mapped form: everything that is not somebody's own on the internet. */
static const char *const special_v4[] = {
    "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16",
    "172.16.0.0/12",  "192.0.0.0/24",   "192.0.2.0/24",    "192.31.196.0/24", "192.52.193.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",   "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
};
/* IPv6: of the global unicast addresses, those that are not. */
static const char *const special_v6[] = {"2001::/23", "2001:db8::/32", "2002::/16",
                                         "2620:4f:8000::/48", "3fff::/20"};

static bool in(const struct address *a, const char *range)
{
    struct address_range r;
    struct err err;
    bool ok = address_range_parse(str_of(range), &r, &err);
    assert(ok);
    return address_in_range(a, &r);
}

static bool in_any(const struct address *a, const char *const *range, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (in(a, range[i]))
            return true;
    return false;
}

bool webhook_address_public(const struct address *a)
{
    if (in(a, "64:ff9b::/96")) { // NAT64 (RFC 6052): the last four bytes are whom it leads to
        struct address inner = {.byte = {[10] = 0xff, [11] = 0xff}};
        memcpy(inner.byte + 12, a->byte + 12, 4);
        return webhook_address_public(&inner);
    }
    if (in(a, "::ffff:0:0/96"))
        return !in_any(a, special_v4, COUNT(special_v4));
    return in(a, "2000::/3") && !in_any(a, special_v6, COUNT(special_v6));
}

bool webhook_address_allowed(const struct address *a, const struct webhook_networks *networks,
                             bool https)
{
    for (size_t i = 0; i < networks->count; i++)
        if (address_in_range(a, &networks->range[i]))
            return true;
    return https && webhook_address_public(a);
}

static bool add_network(struct webhook_networks *n, str word, struct err *err)
{
    if (n->count == COUNT(n->range))
        return err_set(err, ERR_INVALID, "at most %d networks", LIMIT_WEBHOOK_NETWORKS);
    return address_range_parse(word, &n->range[n->count], err) && ++n->count;
}

bool webhook_networks_parse(str text, struct webhook_networks *ret_networks, struct err *err)
{
    static const char *const usual[] = {"127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12",
                                        "192.168.0.0/16", "::1",        "fc00::/7"};
    struct webhook_networks n = {.count = 0};
    bool yes = str_eq(text, STR("yes")), no = str_eq(text, STR("no"));
    for (size_t i = 0; yes && i < COUNT(usual); i++)
        if (!add_network(&n, str_of(usual[i]), err))
            return false;
    while (!yes && !no && !str_is_null(text)) {
        str some = str_split(&text, ',');
        while (!str_is_null(some)) {
            str word = str_trim(str_split(&some, ' '));
            if (word.len && !add_network(&n, word, err))
                return err_context(err, "use yes, no or addresses and networks: ");
        }
    }
    *ret_networks = n;
    return true;
}
