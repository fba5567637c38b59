/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter/program.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, ASK_US = 200 * 1000 };

struct program {
    pid_t pid;
    int to, from; /* pipes that do not block */
    struct buf in;
    size_t at; /* bytes of in that were used */
    size_t answered;
    int64_t until_us, ask_at_us;
    bool (*go_on)(void *context); /* NULL: always */
    void *context;
};

/* --- the process --- */

static bool spawn(struct program *p, int input, int output, struct err *err)
{
    static char *const words[] = {(char *)"clientele", (char *)PROGRAM_CHILD, NULL};
    // No secrets of ours; under a sanitizer, no hoard of freed memory either.
    static char *const environment[] = {
        (char *)"ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"
                "detect_leaks=0",
        NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    int rc = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    rc = rc ? rc
            : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    rc =
        rc ? rc : posix_spawn(&p->pid, "/proc/self/exe", &actions, &attributes, words, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    errno = rc;
    return rc == 0 || err_errno(err, "the process for a jq program");
}

static bool start(struct program *p, struct err *err)
{
    int input[2], output[2];
    if (pipe2(input, O_CLOEXEC) != 0)
        return err_errno(err, "a pipe for a jq program");
    if (pipe2(output, O_CLOEXEC) != 0) {
        (void)close(input[0]);
        (void)close(input[1]);
        return err_errno(err, "a pipe for a jq program");
    }
    p->to = input[1];
    p->from = output[0];
    (void)fcntl(p->to, F_SETFL, O_NONBLOCK);
    (void)fcntl(p->from, F_SETFL, O_NONBLOCK);
    bool ok = spawn(p, input[0], output[1], err);
    (void)close(input[0]);
    (void)close(output[1]);
    return ok;
}

void program_free(struct program *p)
{
    int status;
    if (!p)
        return;
    if (p->to >= 0)
        (void)close(p->to);
    if (p->from >= 0)
        (void)close(p->from);
    if (p->pid > 0) {
        (void)kill(p->pid, SIGKILL);
        while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    buf_done(&p->in);
    mem_free(p);
}

/* --- talking to it --- */

static bool read_some(struct program *p, struct err *err)
{
    if (p->at)
        memmove(p->in.ptr, p->in.ptr + p->at, p->in.len - p->at);
    p->in.len -= p->at;
    p->at = 0;
    if (!buf_reserve(&p->in, READ_BYTES))
        return err_set(err, ERR_CONFLICT, "it made more than %zu bytes of one customer",
                       LIMIT_ROW_BYTES);
    ssize_t n = read(p->from, p->in.ptr + p->in.len, READ_BYTES);
    if (n > 0)
        p->in.len += (size_t)n;
    else if (n == 0)
        return err_set(err, ERR_CONFLICT,
                       "it needed more than %zu MiB of memory, or broke the interpreter",
                       LIMIT_PROGRAM_BYTES / MIB);
    else if (errno != EAGAIN && errno != EINTR)
        return err_errno(err, "reading what a jq program made");
    return true;
}

static bool write_some(struct program *p, str *rest, struct err *err)
{
    ssize_t n = write(p->to, rest->ptr, rest->len);
    if (n >= 0)
        *rest = str_from(*rest, (size_t)n);
    else if (errno == EPIPE) // why, it says itself
        *rest = (str){0};
    else if (errno != EAGAIN && errno != EINTR)
        return err_errno(err, "writing to a jq program");
    return true;
}

/* Gives it some of the rest or takes some of what it made. */
static bool pump(struct program *p, str *rest, struct err *err)
{
    struct pollfd fds[] = {{.fd = p->from, .events = POLLIN},
                           {.fd = rest->len ? p->to : -1, .events = POLLOUT}};
    int64_t now_us = clock_monotonic_us(), left_us = p->until_us - now_us;
    if (left_us <= 0)
        return err_set(err, ERR_CONFLICT, "it took more than %d seconds", LIMIT_PROGRAM_SECONDS);
    if (p->go_on && now_us >= p->ask_at_us) {
        if (!p->go_on(p->context))
            return err_set(err, ERR_BUSY, "stopped");
        p->ask_at_us = now_us + ASK_US;
    }
    left_us = p->go_on ? MIN(left_us, (int64_t)ASK_US) : left_us;
    if (poll(fds, COUNT(fds), (int)(left_us / 1000) + 1) < 0 && errno != EINTR)
        return err_errno(err, "waiting for a jq program");
    return (!fds[0].revents || read_some(p, err)) && (!fds[1].revents || write_some(p, rest, err));
}

/* A whole line of what was read; false when there is none yet. */
static bool take_line(struct program *p, str *ret_line)
{
    char *from = p->in.ptr + p->at;
    char *end = p->in.len > p->at ? memchr(from, '\n', p->in.len - p->at) : NULL;
    if (!end)
        return false;
    *ret_line = (str){from, (size_t)(end - from)};
    p->at += ret_line->len + 1;
    return true;
}

static bool said_failure(str line, struct err *err)
{
    if (line.len && line.ptr[0] == PROGRAM_FAILED) {
        line = str_shown(str_trim(str_from(line, 1)), 200);
        return !err_set(err, ERR_CONFLICT, "%.*s", STR_ARG(line));
    }
    return false;
}

static void begin(struct program *p)
{
    p->until_us = clock_monotonic_us() + (int64_t)LIMIT_PROGRAM_SECONDS * 1000000;
}

bool program_open(str text, struct program **ret_program, struct err *err)
{
    AUTO(program_free) struct program *p = mem_new(1, sizeof *p);
    AUTO(buf_done) struct buf sent = {0};
    str line;
    p->to = p->from = -1;
    p->in.max = LIMIT_ROW_BYTES + 2 * READ_BYTES;
    if (text.len > LIMIT_PROGRAM_TEXT_BYTES)
        return err_set(err, ERR_INVALID, "it is longer than %zu bytes", LIMIT_PROGRAM_TEXT_BYTES);
    if (text.len && memchr(text.ptr, '\0', text.len))
        return err_set(err, ERR_INVALID, "it holds a NUL");
    if (!start(p, err))
        return false;
    begin(p);
    buf_format(&sent, "%zu\n", text.len);
    buf_add(&sent, text);
    buf_add_char(&sent, '\n');
    for (str rest = buf_str(&sent); !take_line(p, &line);)
        if (!pump(p, &rest, err))
            return false;
    if (said_failure(line, err)) {
        err->code = ERR_INVALID;
        return false;
    }
    *ret_program = TAKE(p);
    return true;
}

bool program_run(struct program *p, str lines, size_t count,
                 bool (*row)(void *context, size_t input, str value, struct err *err),
                 void *context, struct err *err)
{
    size_t bytes = 0; // made of one input
    str line;
    begin(p);
    p->answered = 0;
    while (p->answered < count) {
        if (!take_line(p, &line)) {
            if (!pump(p, &lines, err))
                return false;
            continue;
        }
        if (said_failure(line, err))
            return false;
        bytes = line.len ? bytes + line.len : 0;
        if (bytes > LIMIT_ROW_BYTES)
            return err_set(err, ERR_CONFLICT, "it made more than %zu bytes of one customer",
                           LIMIT_ROW_BYTES);
        if (!line.len)
            p->answered++;
        else if (!row(context, p->answered, line, err))
            return false;
    }
    return true;
}

void program_watch(struct program *p, bool (*go_on)(void *context), void *context)
{
    p->go_on = go_on;
    p->context = context;
}

size_t program_answered(const struct program *p)
{
    return p->answered;
}
