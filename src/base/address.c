/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static_assert(ADDRESS_TEXT_BYTES == INET6_ADDRSTRLEN, "as in the library");

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}; /* in front of IPv4 */
enum { MAPPED_BITS = 96 };

static struct address of_ipv4(const struct in_addr *v4)
{
    struct address a;
    memcpy(a.byte, mapped, sizeof mapped);
    memcpy(a.byte + sizeof mapped, v4, sizeof *v4);
    return a;
}

static bool is_ipv4(const struct address *a)
{
    return memcmp(a->byte, mapped, sizeof mapped) == 0;
}

struct address address_of_socket(const struct sockaddr *socket)
{
    struct address a = {{0}};
    if (socket->sa_family == AF_INET)
        return of_ipv4(&((const struct sockaddr_in *)(const void *)socket)->sin_addr);
    if (socket->sa_family == AF_INET6)
        memcpy(a.byte, &((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr,
               sizeof a.byte);
    return a;
}

bool address_parse(str text, struct address *ret_address)
{
    char copy[ADDRESS_TEXT_BYTES];
    struct in_addr v4;
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        *ret_address = of_ipv4(&v4);
        return true;
    }
    struct address a;
    if (inet_pton(AF_INET6, copy, a.byte) != 1)
        return false;
    *ret_address = a;
    return true;
}

void address_text(const struct address *a, char ret_text[ADDRESS_TEXT_BYTES])
{
    bool v4 = is_ipv4(a);
    // Cannot fail: the family is known and there is room.
    (void)inet_ntop(v4 ? AF_INET : AF_INET6, a->byte + (v4 ? sizeof mapped : 0), ret_text,
                    ADDRESS_TEXT_BYTES);
}

/* The part of byte number i that the first `bits` bits cover. */
static unsigned mask_of(unsigned bits, size_t i)
{
    if (bits >= 8 * (i + 1))
        return 0xff;
    return bits <= 8 * i ? 0 : 0xff00u >> (bits - 8 * i) & 0xff;
}

bool address_is_loopback(const struct address *a)
{
    static const unsigned char one[sizeof a->byte] = {[sizeof a->byte - 1] = 1};
    return is_ipv4(a) ? a->byte[sizeof mapped] == 127 : memcmp(a->byte, one, sizeof one) == 0;
}

str address_site(const struct address *a)
{
    return (str){(const char *)a->byte, is_ipv4(a) ? sizeof a->byte : sizeof a->byte / 2};
}

bool address_in_range(const struct address *a, const struct address_range *range)
{
    for (size_t i = 0; i < sizeof a->byte; i++)
        if ((a->byte[i] ^ range->base.byte[i]) & mask_of(range->bits, i))
            return false;
    return true;
}

bool address_range_parse(str text, struct address_range *ret_range, struct err *err)
{
    str bits = text, host = str_split(&bits, '/');
    struct address_range range = {.bits = 128};
    uint64_t number;
    if (!address_parse(host, &range.base))
        return err_set(err, ERR_INVALID,
                       "'%.*s' is neither an address nor a range such as "
                       "10.0.0.0/8 or fd00::/8",
                       STR_ARG(str_shown(text, 60)));
    // A range of the mapped form counts in the bits of IPv6, as it is written.
    bool v4 = is_ipv4(&range.base) && str_find(host, ':') == host.len;
    unsigned most = v4 ? 32 : 128;
    if (!str_is_null(bits)) {
        if (!str_to_u64(bits, &number) || number > most)
            return err_set(err, ERR_INVALID, "'%.*s': after the slash stands a number from 0 to %u",
                           STR_ARG(str_shown(text, 60)), most);
        range.bits = (unsigned)number + (v4 ? MAPPED_BITS : 0);
    }
    for (size_t i = 0; i < sizeof range.base.byte; i++)
        if (range.base.byte[i] & ~mask_of(range.bits, i) & 0xff)
            return err_set(err, ERR_INVALID,
                           "'%.*s': bits are set behind the %.*s that the range fixes",
                           STR_ARG(str_shown(text, 60)), STR_ARG(bits));
    *ret_range = range;
    return true;
}
