/* server_life_test: the server over time: slow clients and many, files and streams, its end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/server_world.h"

static void server_closes_on_slow_clients(void **state)
{
    static const struct {
        const char *name, *first, *drip;
    } cases[] = {
        {"a slow head", "GET /ok HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"},
        {"a slow body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n", "abc"},
        {"a slow second head", "GET /ok HTTP/1.1\r\nHost: a\r\n\r\nGET", "  "},
        {"slow chunks", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
         "1\r\na\r\n"},
    };
    (void)state;
    struct http_server *s =
        start_with((struct http_config){.header_timeout_ms = 250, .min_bytes_per_s = 4096});
    for (size_t i = 0; i < COUNT(cases); i++) {
        int fd = dial(s);
        bool closed = false;
        send_text(fd, cases[i].first);
        int64_t before = clock_monotonic_us();
        while (!closed && clock_monotonic_us() - before < 2500000) {
            (void)send_bytes(fd, str_of(cases[i].drip));
            mem_free(read_responses(fd, 9, false, 50, &closed));
        }
        if (!closed)
            fail_msg("%s: still open after 2.5 s", cases[i].name);
        if (clock_monotonic_us() - before < 150000)
            fail_msg("%s: closed at once", cases[i].name);
        close(fd);
    }
    http_server_stop(s, 1000);
}

static void server_closes_on_who_does_not_take_the_answer(void **state)
{
    (void)state;
    struct http_server *s =
        start_with((struct http_config){.header_timeout_ms = 250, .min_bytes_per_s = 4096});
    int fd = dial(s);
    bool closed;
    send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(1000 * 1000);
    AUTO(mem_free) char *got = read_responses(fd, 1, false, 5000, &closed);
    assert_true(closed);
    assert_true(strlen(got) < 24 * MIB);
    close(fd);

    fd = dial(s); // who takes it, if late, gets all
    send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(100 * 1000);
    AUTO(mem_free) char *all = read_responses(fd, 1, false, 5000, &closed);
    assert_false(closed);
    assert_true(strlen(all) > 24 * MIB);
    close(fd);
    http_server_stop(s, 1000);
}

static void server_is_patient_between_requests_and_with_itself(void **state)
{
    (void)state;
    struct http_server *s =
        start_with((struct http_config){.header_timeout_ms = 200, .min_bytes_per_s = 4096});
    int fd = dial(s);
    bool closed;
    send_text(fd, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
    mem_free(read_responses(fd, 1, false, 2000, &closed));
    usleep(500 * 1000); // idle
    send_text(fd, "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    wait_for_held(1);
    usleep(500 * 1000); // the server is the slow one
    let_go();
    AUTO(mem_free) char *got = read_responses(fd, 1, false, 2000, &closed);
    assert_non_null(strstr(got, "\r\n\r\nabc"));
    close(fd);
    http_server_stop(s, 1000);
}

enum { MANY = 256 };

static void server_answers_when_many_are_ready_at_once(void **state)
{
    static const size_t counts[] = {127, 128, 129, 256};
    static const char request[] = "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    (void)state;
    struct http_server *s = start();
    for (size_t i = 0; i < COUNT(counts); i++) {
        int fd[MANY];
        bool closed;
        for (size_t j = 0; j < counts[i]; j++) { // each is accepted and idle first
            fd[j] = dial(s);
            send_text(fd[j], "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
            mem_free(read_responses(fd[j], 1, false, 2000, &closed));
        }
        int blocker = dial(s);
        send_text(blocker, "GET /block HTTP/1.1\r\nHost: a\r\n\r\n");
        wait_for_blocked();
        for (size_t j = 0; j < counts[i]; j++) // while the loop does not look
            send_text(fd[j], request);
        unblock();
        wait_for_held(counts[i]);
        let_go();
        for (size_t j = 0; j < counts[i]; j++) {
            AUTO(mem_free) char *got = read_responses(fd[j], 1, false, 3000, &closed);
            if (!strstr(got, "\r\n\r\nabc"))
                fail_msg("%zu ready: connection %zu got '%s'", counts[i], j, got);
            close(fd[j]);
        }
        close(blocker);
    }
    http_server_stop(s, 1000);
}

static void *stop_it(void *server)
{
    http_server_stop(server, 5000);
    return NULL;
}

static void server_finishes_what_is_in_flight(void **state)
{
    (void)state;
    struct http_server *s = start();
    int idle = dial(s), busy = dial(s);
    bool closed;
    send_text(idle, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
    mem_free(read_responses(idle, 1, false, 2000, &closed));
    send_text(busy, "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    wait_for_held(1);
    uint16_t port = http_server_port(s, 0);
    size_t ended = atomic_load(&app.ended);
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, stop_it, s), 0);
    mem_free(read_responses(idle, 1, false, 3000, &closed));
    assert_true(closed); // at once, long before the grace is over
    assert_int_equal(atomic_load(&app.ended), ended);
    let_go();
    AUTO(mem_free) char *got = read_responses(busy, 2, false, 3000, &closed);
    assert_non_null(strstr(got, "\r\n\r\nabc"));
    assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
    assert_true(closed);
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&app.ended), ended + 1);
    close(idle);
    close(busy);

    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd);
}

static void server_outlives_nobody_who_still_holds_a_request(void **state)
{
    (void)state;
    struct http_server *s = start();
    int fd[3];
    bool closed;
    size_t ended = atomic_load(&app.ended);
    for (size_t i = 0; i < COUNT(fd); i++) {
        fd[i] = dial(s);
        send_text(fd[i], "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    }
    wait_for_held(COUNT(fd));
    http_server_stop(s, 100);
    assert_int_equal(atomic_load(&app.ended), ended + COUNT(fd)); // end() was called
    let_go();                                                     // in vain, but it must not hurt
    for (size_t i = 0; i < COUNT(fd); i++) {
        AUTO(mem_free) char *got = read_responses(fd[i], 1, false, 1000, &closed);
        assert_true(closed);
        assert_string_equal(got, "");
        close(fd[i]);
    }
}

static size_t open_files(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void server_answers_from_a_file(void **state)
{
    static const size_t sizes[] = {0, 1, 4096, 3000000};
    (void)state;
    struct http_server *s = start();
    bool closed;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        char request[128], length[64];
        size_t before = open_files();
        (void)snprintf(request, sizeof request, "GET /file/%zu HTTP/1.1\r\nHost: a\r\n\r\n",
                       sizes[i]);
        (void)snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", sizes[i]);
        AUTO(mem_free) char *got = ask(s, request, 1, &closed);
        assert_non_null(strstr(got, length));
        assert_non_null(strstr(got, "\r\nContent-Type: text/csv\r\n"));
        const char *body = strstr(got, "\r\n\r\n") + 4;
        assert_int_equal(strspn(body, "f"), sizes[i]);
        (void)snprintf(request, sizeof request, "HEAD /file/%zu HTTP/1.1\r\nHost: a\r\n\r\n",
                       sizes[i]);
        int fd = dial(s);
        send_text(fd, request);
        AUTO(mem_free) char *head = read_responses(fd, 1, true, 3000, &closed);
        assert_non_null(strstr(head, length));
        assert_string_equal(strstr(head, "\r\n\r\n"), "\r\n\r\n");
        close(fd);
        mem_free(ask(s, "GET /ok/5 HTTP/1.1\r\nHost: a\r\n\r\n", 1, &closed));
        for (int wait = 0; open_files() > before && wait < 100; wait++)
            usleep(10000);
        assert_int_equal(open_files(), before);
    }
    // Who leaves in the middle leaves no open file behind.
    size_t before = open_files();
    int fd = dial(s);
    send_text(fd, "GET /file/30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    mem_free(read_responses(fd, 1, true, 3000, &closed));
    close(fd);
    for (int wait = 0; open_files() > before && wait < 300; wait++)
        usleep(10000);
    assert_int_equal(open_files(), before);
    http_server_stop(s, 1000);
}

/* Reads until the text holds what is looked for. */
static void expect(int fd, struct buf *b, const char *what)
{
    for (int64_t until = clock_monotonic_us() + 3000000; clock_monotonic_us() < until;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (b->len && memmem(b->ptr, b->len, what, strlen(what)))
            return;
        if (poll(&p, 1, 100) <= 0)
            continue;
        assert_true(buf_reserve(b, 65536));
        ssize_t n = recv(fd, b->ptr + b->len, 65536, 0);
        if (n <= 0)
            break;
        b->len += (size_t)n;
    }
    fail_msg("no '%s' in '%.*s'", what, STR_ARG(buf_str(b)));
}

static int open_stream(struct http_server *s)
{
    AUTO(buf_done) struct buf b = {0};
    int fd = dial(s);
    send_text(fd, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(fd, &b, "\r\n1\r\na\r\n");
    return fd;
}

static void server_streams_what_there_is_to_say(void **state)
{
    (void)state;
    struct http_server *s = start();
    AUTO(buf_done) struct buf b = {0};
    size_t ended = atomic_load(&app.ended);
    int fd = open_stream(s);
    size_t asked = atomic_load(&app.asked);
    usleep(500000); // it sleeps, and is asked now and then, not all the time
    asked = atomic_load(&app.asked) - asked;
    assert_in_range(asked, 1, 5);
    atomic_store(&app.says, 'b');
    expect(fd, &b, "1\r\nb\r\n");
    asked = atomic_load(&app.asked);
    atomic_store(&app.says, '+');
    usleep(500000); // nor more often when it talks
    asked = atomic_load(&app.asked) - asked;
    assert_in_range(asked, 1, 6);
    atomic_store(&app.says, '*');
    expect(fd, &b, "xxx\r\n");
    atomic_store(&app.says, '.');
    expect(fd, &b, "1\r\n.\r\n0\r\n\r\n");
    size_t more = 0;
    for (size_t i = 0; i < b.len; i++)
        more += b.ptr[i] == 'x';
    assert_int_equal(more, 100000);
    b.len = 0;
    send_text(fd, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"); // the connection goes on
    expect(fd, &b, "\r\n\r\nok");
    assert_int_equal(atomic_load(&app.ended), ended + 1);
    close(fd);
    AUTO(mem_free) char *head = NULL;
    bool closed;
    fd = dial(s);
    send_text(fd, "HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
    head = read_responses(fd, 1, true, 3000, &closed);
    assert_non_null(strstr(head, "text/event-stream"));
    close(fd);
    http_server_stop(s, 1000);
}

static void server_notices_who_leaves_a_stream(void **state)
{
    (void)state;
    struct http_server *s = start();
    size_t ended = atomic_load(&app.ended);
    close(open_stream(s));
    for (int wait = 0; atomic_load(&app.ended) == ended && wait < 300; wait++) {
        atomic_store(&app.says, 'h'); // a heartbeat
        usleep(10000);
    }
    assert_int_equal(atomic_load(&app.ended), ended + 1);
    http_server_stop(s, 1000);
}

static void server_that_stops_ends_its_streams(void **state)
{
    (void)state;
    static const unsigned grace_ms[] = {20000, 0};
    for (size_t i = 0; i < COUNT(grace_ms); i++) {
        struct http_server *s = start();
        int fd[3];
        size_t ended = atomic_load(&app.ended);
        for (size_t k = 0; k < COUNT(fd); k++)
            fd[k] = open_stream(s);
        usleep(50000); // they sleep
        int64_t began = clock_monotonic_us();
        http_server_stop(s, grace_ms[i]);
        assert_true(clock_monotonic_us() - began < 2000000); // long before the grace is over
        assert_int_equal(atomic_load(&app.ended), ended + COUNT(fd));
        for (size_t k = 0; k < COUNT(fd); k++) {
            bool closed;
            AUTO(mem_free) char *got = read_responses(fd[k], 9, true, 2000, &closed);
            assert_true(closed);
            assert_string_equal(got, grace_ms[i] ? "0\r\n\r\n" : "");
            close(fd[k]);
        }
    }
}

static void server_listens_where_it_is_told(void **state)
{
    static const struct {
        const char *name, *address;
        enum err_code code;
    } cases[] = {
        {"nothing", "", ERR_INVALID},
        {"no port", "127.0.0.1", ERR_INVALID},
        {"a port that is none", "127.0.0.1:http", ERR_INVALID},
        {"a port over 65535", "127.0.0.1:65536", ERR_INVALID},
        {"IPv6 without brackets", "::1:80", ERR_INVALID},
        {"an address of another machine", "192.0.2.1:0", ERR_INVALID},
        {"all addresses", ":0", ERR_NONE},
        {"a name", "localhost:0", ERR_NONE},
    };
    (void)state;
    const struct http_app a = {.route = routes, .count = COUNT(routes), .refuse = refuse};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_config config = {.listen = &cases[i].address, .listen_count = 1};
        struct http_server *s = NULL;
        struct err err = {0};
        bool ok = http_server_start(&config, &a, &s, &err);
        if (err.code != cases[i].code || ok != (cases[i].code == ERR_NONE))
            fail_msg("%s: error %d '%s'", cases[i].name, err.code, err.msg);
        if (s)
            http_server_stop(s, 0);
    }

    static const char *const two[] = {"127.0.0.1:0", "127.0.0.1:0"};
    struct http_server *s =
        start_with((struct http_config){.listen = two, .listen_count = 2, .loops = 2});
    assert_int_not_equal(http_server_port(s, 0), http_server_port(s, 1));
    bool closed;
    for (int i = 0; i < 8; i++) { // the kernel spreads them over the loops
        AUTO(mem_free) char *got = ask(s, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", 1, &closed);
        assert_non_null(strstr(got, "\r\n\r\nok"));
    }
    char taken[32];
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", http_server_port(s, 1));
    const char *const again[] = {"127.0.0.1:0", taken};
    struct http_config config = {.listen = again, .listen_count = 2, .loops = 2};
    struct http_server *other = NULL;
    struct err err = {0};
    assert_false(http_server_start(&config, &a, &other, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    http_server_stop(s, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_closes_on_slow_clients),
        cmocka_unit_test(server_closes_on_who_does_not_take_the_answer),
        cmocka_unit_test(server_is_patient_between_requests_and_with_itself),
        cmocka_unit_test(server_answers_when_many_are_ready_at_once),
        cmocka_unit_test(server_finishes_what_is_in_flight),
        cmocka_unit_test(server_outlives_nobody_who_still_holds_a_request),
        cmocka_unit_test(server_answers_from_a_file),
        cmocka_unit_test(server_streams_what_there_is_to_say),
        cmocka_unit_test(server_notices_who_leaves_a_stream),
        cmocka_unit_test(server_that_stops_ends_its_streams),
        cmocka_unit_test(server_listens_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
