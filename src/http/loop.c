/* loop: one thread that drives the library's daemons and wakes what was put aside.
 *
 * The library's own epoll threads stall when exactly a multiple of 128 connections are ready at
 * once, so the daemons have no thread: this loop polls their epoll descriptors and an eventfd, runs
 * them until nothing is pending, and alone resumes connections.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http_priv.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    // The library's memory of a connection: a head of 32 KiB fits.  It is zeroed for every request,
    // so more of it costs time.
    POOL_BYTES = 48 * 1024,
    TICK_MS = 100, /* between two looks at who is late */
    BUSY_TURNS = 64,
    OWN_FDS = 2 /* the first in the poll: wake_fd, doze_fd */
};

static void wake(struct loop *l)
{
    uint64_t one = 1;
    // A full counter (EAGAIN) wakes as well as a new one.
    (void)!write(l->wake_fd, &one, sizeof one);
}

/* How long to sleep: not at all while a daemon has something pending. */
static int sleep_ms(const struct loop *l)
{
    for (size_t i = 0; i < l->daemon_count; i++) {
        MHD_UNSIGNED_LONG_LONG ms;
        if (MHD_get_timeout(l->daemon[i], &ms) == MHD_YES && ms == 0)
            return 0;
    }
    return l->conn_count || l->stopping ? TICK_MS : -1;
}

static void wait_for_events(struct loop *l, struct pollfd *fd)
{
    int ms = sleep_ms(l);
    if (ms == 0 && ++l->busy_turns < BUSY_TURNS)
        return; // what else happened is seen in the same turn
    // A connection can be pending with nothing to be done for it, when its memory is full: then the
    // loop must not spin until that is cut.
    int events = poll(fd, l->daemon_count + OWN_FDS, ms ? ms : 1);
    if (ms || events > 0)
        l->busy_turns = 0;
    if (events > 0 && fd[0].revents) {
        uint64_t count;
        (void)!read(l->wake_fd, &count, sizeof count);
    }
    if (events > 0 && fd[1].revents)
        conn_wake_dozing(l, false);
}

/* Takes the list of what others resumed, and hands it to the library. */
static void resume_all(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct http_request *r = l->resumed;
    l->resumed = NULL;
    l->resumed_tail = &l->resumed;
    pthread_mutex_unlock(&l->lock);
    while (r) {
        struct http_request *next = r->next;
        r->next = NULL;
        r->woken = true;
        MHD_resume_connection(r->mhd);
        r = next;
    }
}

static void turn(struct loop *l, struct pollfd *fd)
{
    wait_for_events(l, fd);
    l->now_us = clock_monotonic_us();
    resume_all(l);
    for (size_t i = 0; i < l->daemon_count; i++)
        (void)MHD_run(l->daemon[i]);
    if (l->server->app.at_rest)
        l->server->app.at_rest(l->server->app.context, l->index);
    conn_sweep(l);
}

/* The time is up: whoever still holds a deferred request may resume it later, in vain. */
static void abandon_all(struct loop *l)
{
    resume_all(l);
    conn_wake_dozing(l, true);
    pthread_mutex_lock(&l->lock);
    for (struct conn *c = l->conn; c; c = c->next) {
        struct http_request *r = c->request;
        if (!r || !r->deferred || r->woken)
            continue;
        r->orphan = true;
        l->orphans++;
        MHD_resume_connection(r->mhd); // the library must not stop with suspended connections
    }
    // What was resumed since resume_all() is on the list: it is nobody's orphan.
    for (struct http_request *r = l->resumed; r; r = r->next)
        if (r->orphan) {
            r->orphan = false;
            l->orphans--;
        }
    l->resumed = NULL;
    l->resumed_tail = &l->resumed;
    pthread_mutex_unlock(&l->lock);
}

static void close_daemons(struct loop *l)
{
    for (size_t i = 0; i < l->daemon_count; i++)
        MHD_stop_daemon(l->daemon[i]);
    l->daemon_count = 0;
}

static void finish(struct loop *l, struct pollfd *fd)
{
    l->stopping = true;
    int64_t until_us = clock_monotonic_us() + (int64_t)atomic_load(&l->grace_ms) * 1000;
    for (size_t i = 0; i < l->daemon_count; i++) {
        (void)MHD_run(l->daemon[i]); // takes those who connected before the end
        int listen_fd = MHD_quiesce_daemon(l->daemon[i]);
        if (listen_fd >= 0)
            close(listen_fd);
    }
    conn_wake_all(l); // each finds that the loop stops, and ends
    while (l->conn_count && clock_monotonic_us() < until_us) {
        conn_cut_idle(l);
        turn(l, fd);
    }
    abandon_all(l);
    close_daemons(l);
}

static void *run(void *context)
{
    struct loop *l = context;
    struct pollfd *fd = mem_new(l->daemon_count + OWN_FDS, sizeof *fd);
    fd[0] = (struct pollfd){.fd = l->wake_fd, .events = POLLIN};
    fd[1] = (struct pollfd){.fd = l->doze_fd, .events = POLLIN};
    for (size_t i = 0; i < l->daemon_count; i++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(l->daemon[i], MHD_DAEMON_INFO_EPOLL_FD);
        fd[i + OWN_FDS] = (struct pollfd){.fd = info->epoll_fd, .events = POLLIN};
    }
    while (!atomic_load(&l->stop))
        turn(l, fd);
    finish(l, fd);
    mem_free(fd);
    return NULL;
}

void http_resume(struct http_request *r)
{
    struct loop *l = r->loop;
    pthread_mutex_lock(&l->lock);
    if (r->orphan) {
        bool last = --l->orphans == 0 && l->over;
        pthread_mutex_unlock(&l->lock);
        request_free(r);
        if (last)
            loop_free(l);
        return;
    }
    bool first = l->resumed == NULL;
    r->next = NULL;
    *l->resumed_tail = r;
    l->resumed_tail = &r->next;
    // Written under the lock: once it is released, the loop may end and be freed.
    if (first)
        wake(l);
    pthread_mutex_unlock(&l->lock);
}

static struct MHD_Daemon *open_daemon(struct loop *l, int fd, size_t connections, bool with_tls)
{
    const struct tls *tls = l->server->tls;
    struct MHD_OptionItem secrets[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, with_tls ? (void *)(uintptr_t)tls_cert_pem(tls) : NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, with_tls ? (void *)(uintptr_t)tls_key_pem(tls) : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL}};
    if (!with_tls)
        secrets[0].option = MHD_OPTION_END;
    // Its turbo leaves out the end of a TLS session, without which an answer may have been cut.
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            (with_tls ? MHD_USE_TLS : MHD_USE_TURBO),
        0, NULL, NULL, request_handle, l, MHD_OPTION_EXTERNAL_LOGGER, request_overhear, l,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, request_begin, l,
        MHD_OPTION_NOTIFY_COMPLETED, request_end, l, MHD_OPTION_NOTIFY_CONNECTION, conn_notify, l,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)POOL_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_ARRAY, secrets,
        MHD_OPTION_END);
}

bool loop_open(struct http_server *s, size_t index, const int *fd, size_t connections,
               struct loop **ret_loop, struct err *err)
{
    struct loop *l = mem_new(1, sizeof *l);
    l->server = s;
    l->index = index;
    l->resumed_tail = &l->resumed;
    l->now_us = clock_monotonic_us();
    pthread_mutex_init(&l->lock, NULL);
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->doze_fd = epoll_create1(EPOLL_CLOEXEC);
    l->daemon = mem_new(s->address_count, sizeof(struct MHD_Daemon *));
    crypto_init();
    crypto_random(&l->id_seed, sizeof l->id_seed);
    bool ok = (l->wake_fd >= 0 && l->doze_fd >= 0) ||
              err_errno(err, "cannot make a descriptor for events");
    for (size_t i = 0; i < s->address_count; i++) {
        struct MHD_Daemon *d = ok ? open_daemon(l, fd[i], connections, i >= s->plain_count) : NULL;
        if (d) {
            l->daemon[l->daemon_count++] = d;
            continue;
        }
        close(fd[i]);
        if (ok)
            ok = err_set(err, ERR_INTERNAL, "cannot start the HTTP library: %s", strerror(errno));
    }
    if (ok)
        *ret_loop = l;
    else
        loop_free(l);
    return ok;
}

bool loop_start(struct loop *l, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals are for the main thread
    int failed = pthread_create(&l->thread, NULL, run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        l->thread = 0;
        return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failed));
    }
    return true;
}

void loop_stop(struct loop *l, unsigned grace_ms)
{
    atomic_store(&l->grace_ms, grace_ms);
    atomic_store(&l->stop, true);
    wake(l);
}

void loop_free(struct loop *l)
{
    if (l->thread)
        pthread_join(l->thread, NULL);
    l->thread = 0;
    close_daemons(l); // of a loop that never ran
    gzip_text_free(l->gzip);
    l->gzip = NULL;
    while (l->spare) {
        struct http_request *r = l->spare;
        l->spare = r->next;
        request_free(r);
    }
    pthread_mutex_lock(&l->lock);
    l->over = true;
    bool held = l->orphans > 0;
    pthread_mutex_unlock(&l->lock);
    if (held)
        return;
    pthread_mutex_destroy(&l->lock);
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    if (l->doze_fd >= 0)
        close(l->doze_fd);
    mem_free(l->daemon);
    mem_free(l);
}
