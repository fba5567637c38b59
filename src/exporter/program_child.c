/* The process that runs a jq program: see program.h.  From the first byte of the program on it can
 * do nothing but read its input, write its output and use the memory that it was given.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "exporter/program.h"

#include <errno.h>
#include <jq.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, WRITE_BYTES = 64 * 1024, MESSAGE_BYTES = 400 };

static struct {
    struct buf in, out;
    size_t at; // bytes of in that were used
    char message[MESSAGE_BYTES];
} s;

/* --- what it may do --- */

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH"
#endif

#define ALLOW(name)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1),                                        \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Everything else fails with EPERM: of a file that a program wants to include, and of a socket. */
static bool lock_up(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read),
        ALLOW(write),
        ALLOW(brk),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(mprotect),
        ALLOW(madvise),
        ALLOW(futex),
        ALLOW(clock_gettime),
        ALLOW(gettimeofday),
        ALLOW(getrandom),
        ALLOW(rt_sigprocmask),
        ALLOW(rt_sigaction),
        ALLOW(rt_sigreturn),
        ALLOW(sigaltstack),
        ALLOW(getpid),
        ALLOW(gettid),
        ALLOW(tgkill), // abort()
        ALLOW(exit),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    const struct sock_fprog program = {.len = COUNT(filter), .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Memory is bounded from where the process stands now: sanitizers have reserved much. */
static bool bound(void)
{
    unsigned long pages[6] = {0};
    FILE *f = fopen("/proc/self/statm", "re");
    int n = f ? fscanf(f, "%lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3],
                       &pages[4], &pages[5])
              : 0;
    if (f)
        (void)fclose(f);
    if (n != 6)
        return false;
    const rlim_t data = (rlim_t)pages[5] * (rlim_t)sysconf(_SC_PAGESIZE) + LIMIT_PROGRAM_BYTES;
    const struct rlimit memory = {data, data}, files = {3, 3}, none = {0, 0};
    return setrlimit(RLIMIT_DATA, &memory) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0 &&
           setrlimit(RLIMIT_CORE, &none) == 0 && setrlimit(RLIMIT_FSIZE, &none) == 0;
}

/* --- its two pipes --- */

static void flush(void)
{
    for (size_t done = 0; done < s.out.len;) {
        ssize_t n = write(STDOUT_FILENO, s.out.ptr + done, s.out.len - done);
        if (n <= 0)
            _exit(EXIT_FAILURE); // nobody reads any more
        done += (size_t)n;
    }
    buf_reset(&s.out);
}

/* The next line without its end; false when there is none. */
static bool next_line(str *ret_line)
{
    size_t looked = s.at;
    for (;;) {
        const char *end =
            s.in.len > looked ? memchr(s.in.ptr + looked, '\n', s.in.len - looked) : NULL;
        if (end) {
            *ret_line = (str){s.in.ptr + s.at, (size_t)(end - s.in.ptr) - s.at};
            s.at += ret_line->len + 1;
            return true;
        }
        flush(); // who waits for us sends no more before he has what we made
        if (s.at)
            memmove(s.in.ptr, s.in.ptr + s.at, s.in.len - s.at);
        s.in.len -= s.at;
        looked = s.in.len;
        s.at = 0;
        if (!buf_reserve(&s.in, READ_BYTES))
            return false;
        ssize_t n = read(STDIN_FILENO, s.in.ptr + s.in.len, READ_BYTES);
        if (n <= 0)
            return false;
        s.in.len += (size_t)n;
    }
}

NORETURN static void fail(const char *text)
{
    buf_add_char(&s.out, PROGRAM_FAILED);
    for (; *text; text++)
        buf_add_char(&s.out, (unsigned char)*text < ' ' ? ' ' : *text);
    buf_add_char(&s.out, '\n');
    flush();
    _exit(EXIT_SUCCESS);
}

/* --- libjq --- */

/* Keeps the first message, without what jq puts before it. */
static void note_message(void *context, jv message)
{
    static const char shells[] = " (Unix shell quoting issues?)";
    (void)context;
    jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);
    const char *p = jv_string_value(text);
    if (strncmp(p, "jq: error: ", 11) == 0)
        p += 11;
    const char *shell = strstr(p, shells); // no shell was asked
    if (!s.message[0] && shell)
        (void)snprintf(s.message, sizeof s.message, "%.*s%s", (int)(shell - p), p,
                       shell + sizeof shells - 1);
    else if (!s.message[0])
        (void)snprintf(s.message, sizeof s.message, "%s", p);
    jv_free(text);
}

static jv no_input(jq_state *jq, void *context)
{
    (void)jq;
    (void)context;
    return jv_invalid();
}

/* What `debug` says goes nowhere. */
static void drop_message(void *context, jv message)
{
    (void)context;
    jv_free(message);
}

static jq_state *compile(str text)
{
    jq_state *jq = jq_init();
    if (!jq)
        fail("the interpreter does not start");
    jq_set_error_cb(jq, note_message, NULL);
    // Without these two `input` and `debug` end the process.
    jq_set_input_cb(jq, no_input, NULL);
    jq_set_debug_cb(jq, drop_message, NULL);
    jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
    jq_set_attr(jq, jv_string("JQ_ORIGIN"), jv_string("/"));
    jq_set_attr(jq, jv_string("PROGRAM_ORIGIN"), jv_string("/"));
    char *program = mem_new(text.len + 1, 1);
    memcpy(program, text.ptr, text.len);
    bool ok = jq_compile(jq, program);
    mem_free(program);
    if (!ok)
        fail(s.message[0] ? s.message : "it cannot be compiled");
    return jq;
}

static void run_once(jq_state *jq, str line)
{
    char text[64];
    jv made;
    if (line.len > INT32_MAX)
        fail("the customer is too large");
    jv input = jv_parse_sized(line.ptr, (int)line.len);
    if (!jv_is_valid(input))
        fail("the customer cannot be read");
    jq_start(jq, input, 0);
    while (jv_is_valid(made = jq_next(jq))) {
        if (jv_get_kind(made) != JV_KIND_ARRAY) {
            (void)snprintf(text, sizeof text, "it must make an array, and made: %s",
                           jv_kind_name(jv_get_kind(made)));
            fail(text);
        }
        jv dumped = jv_dump_string(made, 0);
        buf_add(&s.out,
                (str){jv_string_value(dumped), (size_t)jv_string_length_bytes(jv_copy(dumped))});
        buf_add_char(&s.out, '\n');
        jv_free(dumped);
        if (s.out.len >= WRITE_BYTES)
            flush();
    }
    if (jq_halted(jq))
        fail("it halted");
    if (jv_invalid_has_msg(jv_copy(made))) {
        note_message(NULL, jv_invalid_get_msg(made));
        fail(s.message);
    }
    jv_free(made);
    buf_add_char(&s.out, '\n');
}

int program_child(void)
{
    uint64_t bytes;
    str line;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    static char *nothing[] = {NULL};
    environ = nothing; // libjq does not stand none at all
    (void)close_range(3, ~0u, 0);
    s.in.max = s.out.max = LIMIT_PROGRAM_BYTES;
    if (!bound() || !lock_up())
        fail("this system cannot lock it up");
    // The program may have lines: how many bytes it is stands before it.
    if (!next_line(&line) || !str_to_u64(line, &bytes) || bytes > LIMIT_PROGRAM_TEXT_BYTES)
        return EXIT_FAILURE;
    AUTO(buf_done) struct buf text = {0};
    while (text.len <= bytes) { // each line is given back its end
        if (!next_line(&line))
            return EXIT_FAILURE;
        buf_add(&text, line);
        buf_add_char(&text, '\n');
    }
    jq_state *jq = compile(str_first(buf_str(&text), bytes));
    buf_add_char(&s.out, PROGRAM_READY);
    buf_add_char(&s.out, '\n');
    while (next_line(&line))
        run_once(jq, line);
    _exit(EXIT_SUCCESS); // it has nothing left to give back
}
