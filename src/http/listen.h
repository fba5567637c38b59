/* listen: addresses to sockets.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/err.h"

#include <sys/socket.h>

struct listen_address {
    struct sockaddr_storage address;
    socklen_t size;
    bool any; /* all addresses, of IPv6 and IPv4 */
};

/* Reads "127.0.0.1:8080", "[::1]:8080", "name:8080" or ":8080" (all addresses).
 * Errors: ERR_INVALID. */
MUST_CHECK bool listen_parse(const char *text, struct listen_address *ret_address, struct err *err);
/* The port; 0 until it was bound when the system shall choose. */
uint16_t listen_port(const struct listen_address *a);
/* Binds count sockets (each for a loop) to one address; a port 0 is replaced by the one the system
 * chose for the first.  The caller closes them; on failure there are none.
 * Errors: ERR_CONFLICT (in use), ERR_INVALID (not an address of this machine), ERR_INTERNAL. */
MUST_CHECK bool listen_bind(struct listen_address *a, const char *text, size_t count, int *ret_fd,
                            struct err *err);

#endif
