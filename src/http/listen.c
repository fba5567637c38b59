/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include "base/str.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* Splits "host:port" and "[host]:port". */
static bool split_address(const char *text, char *ret_host, size_t host_room, uint16_t *ret_port)
{
    str s = str_of(text), port;
    size_t colon = s.len;
    while (colon && s.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    str host = str_first(s, colon - 1);
    port = str_from(s, colon);
    if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
        host = (str){host.ptr + 1, host.len - 2};
    else if (str_find(host, ':') < host.len)
        return false; // an IPv6 address without brackets
    uint64_t number;
    if (host.len >= host_room || !str_to_u64(port, &number) || number > UINT16_MAX)
        return false;
    (void)snprintf(ret_host, host_room, "%.*s", STR_ARG(host));
    *ret_port = (uint16_t)number;
    return true;
}

static void set_port(struct listen_address *a, uint16_t port)
{
    if (a->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&a->address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&a->address)->sin_port = htons(port);
}

uint16_t listen_port(const struct listen_address *a)
{
    if (a->address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&a->address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&a->address)->sin_port);
}

bool listen_parse(const char *text, struct listen_address *ret_address, struct err *err)
{
    char host[256];
    uint16_t port;
    struct listen_address a = {0};
    if (!split_address(text, host, sizeof host, &port))
        return err_set(err, ERR_INVALID, "'%s' is no address: use HOST:PORT or [IPV6]:PORT", text);
    if (!host[0]) {
        a.any = true;
        a.address.ss_family = AF_INET6;
        ((struct sockaddr_in6 *)&a.address)->sin6_addr = in6addr_any;
        a.size = sizeof(struct sockaddr_in6);
    } else {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
        int failed = getaddrinfo(host, NULL, &hints, &found);
        if (failed)
            return err_set(err, ERR_INVALID, "'%s' is no address: %s", text, gai_strerror(failed));
        memcpy(&a.address, found->ai_addr, found->ai_addrlen);
        a.size = found->ai_addrlen;
        freeaddrinfo(found);
    }
    set_port(&a, port);
    *ret_address = a;
    return true;
}

/* One bound socket; -1 with errno set when that fails. */
static int bind_one(const struct listen_address *a, bool share_port)
{
    int one = 1, only_6 = !a->any;
    int fd = socket(a->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (share_port)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (a->address.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_6, sizeof only_6);
    if (bind(fd, (const struct sockaddr *)&a->address, a->size) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static bool bind_failed(const char *text, struct err *err)
{
    if (errno == EADDRINUSE)
        return err_set(err, ERR_CONFLICT, "the address '%s' is in use", text);
    if (errno == EADDRNOTAVAIL)
        return err_set(err, ERR_INVALID, "'%s' is not an address of this machine", text);
    return err_errno(err, "cannot listen on '%s'", text);
}

/* A machine without IPv6 has all addresses, too. */
static void fall_back_to_ipv4(struct listen_address *a)
{
    uint16_t port = listen_port(a);
    a->address = (struct sockaddr_storage){.ss_family = AF_INET};
    a->size = sizeof(struct sockaddr_in);
    set_port(a, port);
}

bool listen_bind(struct listen_address *a, const char *text, size_t count, int *ret_fd,
                 struct err *err)
{
    // SO_REUSEPORT would let a second server of the same user in: ask without it first.
    int probe = bind_one(a, false);
    if (probe < 0 && a->any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        fall_back_to_ipv4(a);
        probe = bind_one(a, false);
    }
    if (probe < 0)
        return bind_failed(text, err);
    close(probe);
    for (size_t i = 0; i < count; i++) {
        ret_fd[i] = bind_one(a, true);
        bool ok = ret_fd[i] >= 0 && listen(ret_fd[i], BACKLOG) == 0;
        if (ok && listen_port(a) == 0) {
            socklen_t size = a->size;
            ok = getsockname(ret_fd[i], (struct sockaddr *)&a->address, &size) == 0;
        }
        if (ok)
            continue;
        (void)bind_failed(text, err);
        for (size_t j = 0; j <= i; j++)
            if (ret_fd[j] >= 0)
                close(ret_fd[j]);
        return false;
    }
    return true;
}
