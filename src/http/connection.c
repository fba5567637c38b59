/* connection: how long we wait for whom.
 *
 * The library's one inactivity timeout starts anew with every byte, so a client that sends a byte
 * now and then could hold a connection for ever.  Here each connection has a phase, and a moment to
 * look at it again; the kernel's own counters (TCP_INFO) say what was transferred since.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    IDLE_US = 60 * 1000000,
    IDLE_LOOK_US = 1000000,
    DISCARD_US = 2 * 1000000,
    LINGER_US = 2 * 1000000,
    SWEEP_US = 100000
};

/* The time for a head, and the stretch over which the speed of a body or an answer is measured. */
static int64_t patience_us(const struct conn *c)
{
    return (int64_t)c->loop->server->header_timeout_ms * 1000;
}

/* Bytes received from or, when an answer goes, taken by the client so far. */
static uint64_t transferred(const struct conn *c)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return c->phase == CONN_ANSWER ? info.tcpi_bytes_acked : info.tcpi_bytes_received;
}

void conn_enter(struct conn *c, enum conn_phase phase)
{
    int64_t now = c->loop->now_us;
    c->phase = phase;
    c->since_us = now;
    c->measured = false;
    switch (phase) {
    case CONN_HEADERS:
    case CONN_BODY:
    case CONN_ANSWER:
        c->check_at_us = now + patience_us(c);
        break;
    case CONN_WORK:
        c->check_at_us = INT64_MAX;
        break;
    case CONN_ASLEEP:
        c->check_at_us = c->request->stream_ask_at_us;
        break;
    case CONN_IDLE:
        c->check_at_us = now + MIN((int64_t)IDLE_LOOK_US, patience_us(c));
        break;
    case CONN_DISCARD:
        c->check_at_us = now + DISCARD_US;
        break;
    case CONN_LINGER:
        c->check_at_us = now + LINGER_US;
        break;
    }
}

void conn_cut(struct conn *c)
{
    (void)shutdown(c->fd, SHUT_RDWR); // fails when the client was faster: as good
    // The library sees that when it reads; when its memory is full, it does not read any more.
    (void)MHD_set_connection_option(c->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 1U);
    c->check_at_us = INT64_MAX;
}

/* A body comes or an answer goes: enough of it, since the last look? */
static void check_speed(struct conn *c)
{
    int64_t now = c->loop->now_us, stretch_us = patience_us(c);
    uint64_t bytes = transferred(c);
    uint64_t least = (uint64_t)c->loop->server->min_bytes_per_s * (uint64_t)stretch_us / 1000000;
    if (c->measured && bytes - c->bytes < least) {
        int waiting = 0;
        // Bytes that wait for us in the kernel say that the slow one is this server.
        bool ours = c->phase == CONN_BODY && ioctl(c->fd, SIOCINQ, &waiting) == 0 && waiting > 0;
        if (!ours) {
            conn_cut(c);
            return;
        }
    }
    c->measured = true;
    c->bytes = bytes;
    c->check_at_us = now + stretch_us;
}

/* Between two requests: has the next one begun? */
static void check_idle(struct conn *c)
{
    uint64_t bytes = transferred(c);
    if (c->measured && bytes != c->bytes) {
        conn_enter(c, CONN_HEADERS);
        return;
    }
    if (c->loop->now_us - c->since_us >= IDLE_US) {
        conn_cut(c);
        return;
    }
    c->measured = true;
    c->bytes = bytes;
    c->check_at_us = c->loop->now_us + MIN((int64_t)IDLE_LOOK_US, patience_us(c));
}

/* The library asks the stream again. */
static void wake(struct conn *c)
{
    conn_enter(c, CONN_ANSWER);
    MHD_resume_connection(c->mhd);
}

void conn_wake_all(struct loop *l)
{
    for (struct conn *c = l->conn; c; c = c->next)
        if (c->phase == CONN_ASLEEP)
            wake(c);
}

static void check(struct conn *c)
{
    switch (c->phase) {
    case CONN_BODY:
    case CONN_ANSWER:
        check_speed(c);
        break;
    case CONN_IDLE:
        check_idle(c);
        break;
    case CONN_DISCARD:
        answer_send_early(c->request);
        break;
    case CONN_HEADERS:
    case CONN_LINGER:
        conn_cut(c);
        break;
    case CONN_ASLEEP:
        wake(c);
        break;
    case CONN_WORK:
        break;
    }
}

/* The session's wait(). */
static void doze(void *context)
{
    struct conn *c = context;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
    if (c->dozing || epoll_ctl(c->loop->doze_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
        return; // it stays awake and is asked too often: as good, only dearer
    c->dozing = true;
    MHD_suspend_connection(c->mhd);
}

static void wake_dozing(struct conn *c)
{
    (void)epoll_ctl(c->loop->doze_fd, EPOLL_CTL_DEL, c->fd, NULL); // it is there
    c->dozing = false;
    MHD_resume_connection(c->mhd);
}

void conn_wake_dozing(struct loop *l, bool all)
{
    struct epoll_event event[64];
    int count = epoll_wait(l->doze_fd, event, COUNT(event), 0);
    for (int i = 0; i < count; i++)
        wake_dozing(event[i].data.ptr);
    for (struct conn *c = all ? l->conn : NULL; c; c = c->next)
        if (c->dozing)
            wake_dozing(c);
}

void conn_sweep(struct loop *l)
{
    if (l->now_us < l->sweep_at_us)
        return;
    l->sweep_at_us = l->now_us + SWEEP_US;
    for (struct conn *c = l->conn; c; c = c->next)
        if (c->check_at_us <= l->now_us)
            check(c);
}

static bool has_not_begun(const struct conn *c)
{
    return c->tls.gnutls ? !c->request && !tls_asked(&c->tls) : transferred(c) == 0;
}

void conn_cut_idle(struct loop *l)
{
    for (struct conn *c = l->conn; c; c = c->next)
        if (c->phase == CONN_IDLE || (c->phase == CONN_HEADERS && has_not_begun(c)))
            conn_cut(c);
}

static void begin_tls(struct conn *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (!info)
        return; // a plain connection
    c->tls.gnutls = info->tls_session;
    c->tls.fd = c->fd;
    c->tls.wait = doze;
    c->tls.context = c;
    tls_begin(c->loop->server->tls, &c->tls);
}

void conn_notify(void *context, struct MHD_Connection *mhd, void **socket_context,
                 enum MHD_ConnectionNotificationCode code)
{
    struct loop *l = context;
    struct conn *c = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        c = mem_new(1, sizeof *c);
        c->loop = l;
        c->mhd = mhd;
        c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        c->peer = address_of_socket(
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
        c->next = l->conn;
        if (l->conn)
            l->conn->prev = c;
        l->conn = c;
        l->conn_count++;
        *socket_context = c;
        conn_enter(c, CONN_HEADERS);
        begin_tls(c);
        return;
    }
    if (c->tls.gnutls)
        tls_end(&c->tls);
    if (c->prev)
        c->prev->next = c->next;
    else
        l->conn = c->next;
    if (c->next)
        c->next->prev = c->prev;
    l->conn_count--;
    mem_free(c);
    *socket_context = NULL;
}
