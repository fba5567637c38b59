/* http_priv: what the files of this folder share: servers, loops, connections and requests.
 *
 * A loop owns its daemons, connections and requests; all of it is touched on the loop's thread
 * only, but for what stands under `guarded by lock`.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HTTP_PRIV_H
#define HTTP_HTTP_PRIV_H

#include "base/address.h"
#include "base/gzip_text.h"
#include "http/coding.h"
#include "http/cors.h"
#include "http/form.h"
#include "http/gate.h"
#include "http/http.h"
#include "http/proxy.h"
#include "http/router.h"
#include "http/tls.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

struct loop;

/* --- connections and their patience (connection.c) --- */

/* What a connection is doing, and so what it may be late with. */
enum conn_phase {
    CONN_HEADERS, /* the head of a request comes */
    CONN_BODY,    /* a body comes */
    CONN_WORK,    /* the handler has it: the client waits for us */
    CONN_ANSWER,  /* an answer goes */
    CONN_ASLEEP,  /* a stream has nothing to say for now */
    CONN_IDLE,    /* between two requests */
    CONN_DISCARD, /* a refused body comes, for at most 2 s */
    CONN_LINGER   /* all is said; the client may read it before the end */
};
struct conn {
    struct loop *loop;
    struct MHD_Connection *mhd;
    int fd;
    struct address peer;    /* who is at the other end of the socket */
    struct tls_session tls; /* if tls.gnutls */
    bool dozing;            /* a handshake that waits for its client */
    enum conn_phase phase;
    int64_t check_at_us; /* when to look whether it is late; INT64_MAX: never */
    int64_t since_us;    /* of the phase */
    bool measured;       /* bytes holds what was transferred at the last look */
    uint64_t bytes;
    struct http_request *request; /* in work; NULL between two */
    struct conn *next, *prev;
};
/* Enters a phase. */
void conn_enter(struct conn *c, enum conn_phase phase);
/* Ends the connection: the library sees it closed and cleans up. */
void conn_cut(struct conn *c);
/* Cuts whoever is late; call it now and then. */
void conn_sweep(struct loop *l);
/* Cuts all connections on which no request has begun. */
void conn_cut_idle(struct loop *l);
/* Wakes all streams that sleep: at its end the loop must not have any. */
void conn_wake_all(struct loop *l);
/* Wakes the handshakes whose clients have gone on; all: the others, too. */
void conn_wake_dozing(struct loop *l, bool all);
/* The library's MHD_OPTION_NOTIFY_CONNECTION; context is the loop. */
void conn_notify(void *context, struct MHD_Connection *mhd, void **socket_context,
                 enum MHD_ConnectionNotificationCode code);

/* --- loops (loop.c) --- */

struct loop {
    struct http_server *server;
    size_t index;
    pthread_t thread;
    int wake_fd; /* an eventfd */
    int doze_fd; /* an epoll of the sockets whose handshakes wait */
    struct MHD_Daemon **daemon;
    size_t daemon_count; /* one an address, those with TLS last */
    struct conn *conn;   /* all connections */
    size_t conn_count;
    struct http_request *spare; /* requests to use again */
    size_t spare_count;
    size_t held_bytes;      /* of the bodies in memory */
    struct gzip_text *gzip; /* NULL until the first answer is packed */
    uint64_t id_seed, id_next;
    int64_t now_us, sweep_at_us;
    bool stopping;       /* answers close their connections */
    unsigned busy_turns; /* without sleep and without news, in a row */
    atomic_bool stop;
    atomic_uint grace_ms;

    pthread_mutex_t lock;
    /* guarded by lock: */
    struct http_request *resumed, **resumed_tail;
    size_t orphans; /* requests that ended while someone still holds them */
    bool over;      /* the thread is gone: the last orphan frees the loop */
};
struct http_server {
    struct http_app app;
    struct router *router;
    unsigned header_timeout_ms, min_bytes_per_s;
    size_t loop_count, address_count;
    size_t plain_count; /* of the addresses: they speak no TLS */
    struct tls *tls;    /* NULL: none does */
    struct cors cors;   /* its texts are the server's */
    char **cors_text;
    struct loop **loop;
    uint16_t *port;
    struct address_range *proxy; /* what trust.range points to */
    struct proxy_trust trust;
};
/* Makes loop number index with a daemon for each listening socket in fd, which it takes over.
 * Errors: ERR_INTERNAL. */
MUST_CHECK bool loop_open(struct http_server *s, size_t index, const int *fd, size_t connections,
                          struct loop **ret_loop, struct err *err);
/* Starts the loop's thread.  Errors: ERR_INTERNAL. */
MUST_CHECK bool loop_start(struct loop *l, struct err *err);
/* Asks the thread to finish within grace_ms; loop_free() waits for that. */
void loop_stop(struct loop *l, unsigned grace_ms);
/* Waits for the thread if there is one, and frees what nobody holds any more. */
void loop_free(struct loop *l);

/* --- requests (request.c) --- */

enum stage {
    STAGE_HEAD,    /* the head is not yet read */
    STAGE_BODY,    /* the body comes */
    STAGE_DISCARD, /* it was refused: the rest of the body is thrown away */
    STAGE_SENT,    /* answered behind the library's back; only to be closed */
    STAGE_HANDLED  /* the handler had it */
};
struct answer_header {
    const char *name, *value;
    struct answer_header *next;
};
struct http_request {
    struct loop *loop;
    struct conn *conn;
    struct MHD_Connection *mhd;
    struct arena arena;
    char own_id[33];
    const char *id; /* that, or the client's */
    enum stage stage;
    int64_t began_us;

    struct gate_head head;
    struct gate_pass pass;
    struct router_match match;
    struct form_field *query;
    size_t query_count;
    struct buf body;
    uint64_t body_bytes, discarded_bytes;
    size_t held_bytes;     /* its share of the loop's */
    struct address client; /* if client_known */
    bool client_known;
    void *context; /* the handler's */
    void *note;    /* the app's */
    bool entered;  /* a function of the route has seen it: call its end() */

    bool deferred, woken;
    bool orphan; /* guarded by the loop's lock */
    struct http_request *next;

    bool answered, close, sealed;
    bool streams;       /* the answer's body comes from the route's stream() */
    bool stream_over;   /* it has no more to say */
    unsigned stream_ms; /* it is asked so often */
    int64_t stream_ask_at_us;
    struct buf stream;              /* what it said */
    size_t stream_sent;             /* bytes of that */
    int file;                       /* the answer's body; -1: none */
    uint64_t file_from, file_bytes; /* so much of it; UINT64_MAX: all */
    int status;
    const char *content_type;
    str answer;
    struct answer_header *header, **header_tail;
};
/* The library's MHD_OPTION_URI_LOG_CALLBACK: a request begins; context is the loop. */
void *request_begin(void *context, const char *target, struct MHD_Connection *mhd);
/* The library's access handler: the head is here, a piece of the body, or the whole. */
enum MHD_Result request_handle(void *context, struct MHD_Connection *mhd, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_bytes, void **request);
/* The library's MHD_OPTION_EXTERNAL_LOGGER.  To a head with a Content-Length that is no number the
 * library answers by itself, and sends the answer's head twice.  It says so first: then the request
 * whose head is whole, but was not yet handed over, is answered here and its way out is shut. */
void request_overhear(void *context, const char *format, va_list args);
/* The library's MHD_OPTION_NOTIFY_COMPLETED. */
void request_end(void *context, struct MHD_Connection *mhd, void **request,
                 enum MHD_RequestTerminationCode code);
/* Frees r itself. */
void request_free(struct http_request *r);

/* --- answers (answer.c) --- */

/* Closes the file of an answer that will not go. */
void answer_close_file(struct http_request *r);
/* Forgets the answer of the request before. */
void answer_reset(struct http_request *r);
/* Lets the app word a refusal; the answer stands afterwards. */
void answer_refuse(struct http_request *r, enum http_refusal why, int status, const char *detail);
/* Hands the answer to the library. */
enum MHD_Result answer_queue(struct http_request *r);
/* Writes the answer to the socket itself, while the body still comes: the library can answer only
 * before a body or after it. */
void answer_send_early(struct http_request *r);

#endif
