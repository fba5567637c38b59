/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remote.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_BYTES = 64 * 1024, MAX_WORDS = 128, FILES = 4, MAX_RUNNING = 16 };

struct remote {
    struct store *store;
    struct jobs *jobs;
    int listener, wake;
    char path[108];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t running; /* guarded by lock */
    bool stopping;  /* guarded by lock */
};
struct request {
    struct remote *remote;
    int socket, file[FILES];
    char *bytes; /* language byte, then the words, each with its NUL */
    uint32_t len;
};

static bool socket_address(const char *data_dir, struct sockaddr_un *address, struct err *err)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(address->sun_path, sizeof address->sun_path, "%s/control.sock", data_dir);
    return len < (int)sizeof address->sun_path ||
           err_set(err, ERR_LIMIT,
                   "the data directory's path is too long for a socket in it (at most 94 bytes)");
}

/* --- the client --- */

static bool send_request(int fd, struct cli *c, int argc, char **argv, struct err *err)
{
    AUTO(buf_done) struct buf b = {.max = MAX_BYTES};
    const int files[FILES] = {c->in, c->out, c->err, c->cwd};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof files)] = {0};
    buf_add_char(&b, (char)c->language);
    for (int i = 0; i < argc; i++)
        buf_add(&b, (str){argv[i], strlen(argv[i]) + 1});
    if (buf_over(&b) || argc > MAX_WORDS)
        return err_set(err, ERR_LIMIT, "the command is too long");
    uint32_t len = (uint32_t)b.len;
    struct iovec piece = {&len, sizeof len};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof files);
    memcpy(CMSG_DATA(header), files, sizeof files);
    if (sendmsg(fd, &message, MSG_NOSIGNAL) != (ssize_t)sizeof len)
        return err_errno(err, "cannot hand the command over");
    return file_write_fd(fd, buf_str(&b), err);
}

bool remote_run(struct cli *c, const char *data_dir, int argc, char **argv, int *ret_exit_code,
                struct err *err)
{
    struct sockaddr_un address;
    unsigned char code;
    if (!socket_address(data_dir, &address, err))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (!ok)
        err_set(
            err, ERR_BUSY,
            "another process owns the data directory '%s' and does not answer; wait for it to end, or stop it",
            data_dir);
    ok = ok && send_request(fd, c, argc, argv, err);
    if (ok) {
        ssize_t n;
        do {
            n = read(fd, &code, 1);
        } while (n < 0 && errno == EINTR);
        ok = n == 1 || err_set(err, ERR_BUSY,
                               "the server went away before the command was done; see its log");
        *ret_exit_code = code;
    }
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* --- the server --- */

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static bool person_left(void *context)
{
    struct request *q = context;
    struct pollfd p = {q->socket, POLLIN, 0};
    pthread_mutex_lock(&q->remote->lock);
    bool stopping = q->remote->stopping;
    pthread_mutex_unlock(&q->remote->lock);
    // The client sends nothing more: readable means closed.
    return stopping || poll(&p, 1, 0) > 0;
}

static bool read_all(int fd, void *to, size_t len)
{
    for (char *p = to; len;) {
        ssize_t n = read(fd, p, len);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return true;
}

static bool receive(struct request *q)
{
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof q->file)] = {0};
    struct iovec piece = {&q->len, sizeof q->len};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    const struct timeval patience = {.tv_sec = 5};
    (void)setsockopt(q->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (recvmsg(q->socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof q->len)
        return false;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof q->file))
        return false;
    memcpy(q->file, CMSG_DATA(header), sizeof q->file);
    if (q->len < 2 || q->len > MAX_BYTES)
        return false;
    q->bytes = mem_new(q->len, 1);
    return read_all(q->socket, q->bytes, q->len) && q->bytes[q->len - 1] == 0;
}

static int run_request(struct request *q)
{
    char *word[MAX_WORDS];
    int words = 0, name_words;
    struct cli c = {.in = q->file[0],
                    .out = q->file[1],
                    .err = q->file[2],
                    .cwd = q->file[3],
                    .store = q->remote->store,
                    .jobs = q->remote->jobs,
                    .language = q->bytes[0] == LANGUAGE_RU ? LANGUAGE_RU : LANGUAGE_EN,
                    .gone = person_left,
                    .context = q};
    for (size_t i = 1; i < q->len && words < MAX_WORDS; i += strlen(q->bytes + i) + 1)
        word[words++] = q->bytes + i;
    const struct cli_command *command = cli_find(words, word, &name_words);
    if (!command || (!command->needs_store && !command->may_use_store))
        return EXIT_USAGE;
    return cli_run(&c, command, words - name_words + 1, word + name_words - 1);
}

static void *request_main(void *context)
{
    struct request *q = context;
    if (is_ours(q->socket) && receive(q)) {
        unsigned char code = (unsigned char)run_request(q);
        struct err ignored;
        IGNORE(file_write_fd(q->socket, (str){(const char *)&code, 1}, &ignored));
    }
    for (size_t i = 0; i < FILES; i++)
        if (q->file[i] >= 0)
            (void)close(q->file[i]);
    (void)close(q->socket);
    pthread_mutex_lock(&q->remote->lock);
    q->remote->running--;
    pthread_cond_broadcast(&q->remote->changed);
    pthread_mutex_unlock(&q->remote->lock);
    mem_free(q->bytes);
    mem_free(q);
    return NULL;
}

static void serve_one(struct remote *r, int fd)
{
    pthread_t thread;
    pthread_mutex_lock(&r->lock);
    bool full = r->running >= MAX_RUNNING;
    r->running += !full;
    pthread_mutex_unlock(&r->lock);
    if (full) {
        (void)close(fd);
        return;
    }
    struct request *q = mem_new(1, sizeof *q);
    *q = (struct request){.remote = r, .socket = fd, .file = {-1, -1, -1, -1}};
    if (pthread_create(&thread, NULL, request_main, q) != 0)
        (void)request_main(q);
    else
        (void)pthread_detach(thread);
}

static void *remote_main(void *context)
{
    struct remote *r = context;
    for (;;) {
        struct pollfd p[2] = {{r->listener, POLLIN, 0}, {r->wake, POLLIN, 0}};
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[1].revents)
            break;
        int fd = p[0].revents ? accept4(r->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0)
            serve_one(r, fd);
    }
    return NULL;
}

bool remote_start(struct store *store, struct jobs *jobs, const char *data_dir,
                  struct remote **ret_remote, struct err *err)
{
    struct sockaddr_un address;
    if (!socket_address(data_dir, &address, err))
        return false;
    struct remote *r = mem_new(1, sizeof *r);
    r->store = store;
    r->jobs = jobs;
    memcpy(r->path, address.sun_path, sizeof r->path);
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->changed, NULL);
    (void)unlink(r->path); // of a process that died: this one holds the lock
    r->wake = eventfd(0, EFD_CLOEXEC);
    r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->wake < 0 || r->listener < 0 ||
        bind(r->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(r->path, 0600) != 0 || listen(r->listener, MAX_RUNNING) != 0 ||
        pthread_create(&r->thread, NULL, remote_main, r) != 0) {
        err_errno(err, "cannot listen on '%s'", r->path);
        mem_free(r);
        return false;
    }
    *ret_remote = r;
    return true;
}

void remote_stop(struct remote *r)
{
    uint64_t one = 1;
    if (!r)
        return;
    (void)unlink(r->path);
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_mutex_unlock(&r->lock);
    if (write(r->wake, &one, sizeof one) != (ssize_t)sizeof one)
        die("remote: the eventfd does not take a wake-up");
    (void)pthread_join(r->thread, NULL);
    pthread_mutex_lock(&r->lock);
    while (r->running)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    (void)close(r->listener);
    (void)close(r->wake);
    (void)pthread_mutex_destroy(&r->lock);
    (void)pthread_cond_destroy(&r->changed);
    mem_free(r);
}
