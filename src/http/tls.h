/* tls: TLS under the HTTP library (GnuTLS): certificates, and how its handshakes wait.
 *
 * The library makes a session for each connection and drives it.  Here each gets the certificate
 * that is current when it comes, so that a new one is taken without dropping anybody; and a reader
 * of its own, because the library asks a handshake that waits for its client again and again.
 * Threads: a struct tls any; the rest the connection's loop.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/err.h"

#include <sys/types.h>

/* TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only: what is still spoken by
 * clients ten years old, and nothing that is known to be weak. */
#define TLS_PRIORITIES                                                                             \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"       \
    "+CHACHA20-POLY1305:%SERVER_PRECEDENCE"

struct tls;          /* a server's: its certificate and the secrets of resumed sessions */
struct tls_identity; /* a certificate with its chain and key, for as long as sessions use it */

/* Reads a certificate (its chain behind it) and its private key, both PEM.  On success the caller
 * owns *ret_tls.  Errors: ERR_INVALID (no certificate, no key, encrypted, not of each other);
 * ERR_NOT_FOUND and others when a file cannot be read. */
MUST_CHECK bool tls_new(const char *cert_path, const char *key_path, struct tls **ret_tls,
                        struct err *err);
/* Reads both files again, for the sessions to come; on failure all stays as it was.  Errors: as
 * tls_new(). */
MUST_CHECK bool tls_reload(struct tls *t, struct err *err);
/* When every session is over; NULL is fine. */
void tls_free(struct tls *t);
/* What the library wants to see when it starts: PEM texts, valid until the next tls_reload(): */
const char *tls_cert_pem(const struct tls *t);
/* ... and the key: */
const char *tls_key_pem(const struct tls *t);
/* When the current certificate ends: seconds since 1970. */
int64_t tls_expires_at_s(struct tls *t);

/* One session: what its connection keeps. */
struct tls_session {
    void *gnutls; /* gnutls_session_t, the library's; NULL: the connection is a plain one */
    int fd;
    bool open; /* the handshake is over */
    bool begun;
    struct tls_identity *identity;
    /* The handshake waits for its client: wake the connection when the socket can be read. */
    void (*wait)(void *context);
    void *context;
};
/* Before the handshake: fills in the rest of s, whose gnutls, fd, wait and context are set, and
 * gives the session its certificate.  s stays where it is until tls_end(). */
void tls_begin(struct tls *t, struct tls_session *s);
/* When the library has freed the session. */
void tls_end(struct tls_session *s);
/* Whether anything came since the handshake; while that is under way, false. */
bool tls_asked(const struct tls_session *s);
/* Sends what fits without waiting, and says that nothing more will come. */
void tls_send_last(struct tls_session *s, const void *bytes, size_t count);

#endif
