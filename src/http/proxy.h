/* proxy: who the client is when proxies stand in front.
 *
 * Each proxy appends the address it was asked from to X-Forwarded-For.  Whatever came from outside
 * stands to the left of that and may be forged; so the list is read from the right, for as long as
 * the next hop is one of ours.  `Forwarded` (RFC 7239) is not read: a proxy that knows only the
 * other header hands on whatever its client put there.  Pure: no I/O, no memory of its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include "base/address.h"
#include "http/gate.h"

struct proxy_trust {
    const struct address_range *range; /* of our proxies */
    size_t count;
};

/* The client of a request whose socket is of peer: peer itself unless that is a proxy of ours, else
 * the right-most address in X-Forwarded-For that is none.  Where the list holds something that is
 * no address, it is not believed any further: the client is the hop that said so. */
struct address proxy_client(const struct proxy_trust *trust, const struct address *peer,
                            const struct gate_field *field, size_t count);
/* True when peer is a proxy of ours that was asked by https, as the last element of
 * X-Forwarded-Proto says. */
bool proxy_says_https(const struct proxy_trust *trust, const struct address *peer,
                      const struct gate_field *field, size_t count);

#endif
