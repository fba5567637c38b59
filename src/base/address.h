/* address: IP addresses and ranges of them, as values and as text.  Pure: no I/O, no memory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/err.h"
#include "base/str.h"

struct sockaddr;

enum { ADDRESS_TEXT_BYTES = 46 }; /* with the NUL */

/* An IPv6 address; one of IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), so that a client is the same
 * whichever kind of socket he came to. */
struct address {
    unsigned char byte[16]; /* in network order */
};
/* All addresses that share their first `bits` bits with base. */
struct address_range {
    struct address base;
    unsigned bits; /* 0..128 */
};

/* The address of a socket; all zeros (::) when it is neither IPv4 nor IPv6. */
struct address address_of_socket(const struct sockaddr *socket);
/* Reads "192.0.2.1", "2001:db8::1" or "::ffff:192.0.2.1"; without brackets, port or zone. */
MUST_CHECK bool address_parse(str text, struct address *ret_address);
/* Writes a as people do: IPv4 with dots, IPv6 by RFC 5952. */
void address_text(const struct address *a, char ret_text[ADDRESS_TEXT_BYTES]);
/* Reads an address, or ADDRESS/BITS with the rest of the bits zero.  Errors: ERR_INVALID. */
MUST_CHECK bool address_range_parse(str text, struct address_range *ret_range, struct err *err);
/* True for 127.0.0.0/8 and ::1: a program on this machine. */
bool address_is_loopback(const struct address *a);
/* The part of it that its owner cannot choose freely: all of an IPv4 address, the first 64 bits of
 * an IPv6 one. */
str address_site(const struct address *a);
/* True when a shares the first bits of range. */
bool address_in_range(const struct address *a, const struct address_range *range);

#endif
