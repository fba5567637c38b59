/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct tls_identity {
    gnutls_certificate_credentials_t credentials;
    struct buf cert, key; /* PEM, ended by a NUL */
    int64_t expires_at_s;
    atomic_size_t refs;
};
struct tls {
    char *cert_path, *key_path;
    gnutls_datum_t ticket_key;
    pthread_mutex_t lock;
    struct tls_identity *current; /* guarded by lock */
};

/* --- certificates --- */

static void identity_unref(struct tls_identity *i)
{
    if (!i || atomic_fetch_sub(&i->refs, 1) > 1)
        return;
    if (i->credentials)
        gnutls_certificate_free_credentials(i->credentials);
    buf_done(&i->cert);
    buf_done(&i->key);
    mem_free(i);
}
DEFINE_AUTO(struct tls_identity *, identity_unref)

static bool read_pem(const char *path, struct buf *b, gnutls_datum_t *ret, struct err *err)
{
    b->max = LIMIT_PEM_BYTES;
    if (!file_read(path, b, err))
        return false;
    *ret = (gnutls_datum_t){(unsigned char *)b->ptr, (unsigned)b->len};
    buf_add_char(b, '\0');
    ret->data = (unsigned char *)b->ptr;
    return true;
}

static bool parse_key(const char *path, const gnutls_datum_t *pem, gnutls_x509_privkey_t *ret_key,
                      struct err *err)
{
    gnutls_x509_privkey_t key;
    if (gnutls_x509_privkey_init(&key) < 0)
        die("tls: out of memory");
    int rc = gnutls_x509_privkey_import2(key, pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (rc >= 0) {
        *ret_key = key;
        return true;
    }
    gnutls_x509_privkey_deinit(key);
    if (rc == GNUTLS_E_DECRYPTION_FAILED || strstr((const char *)pem->data, "ENCRYPTED"))
        return err_set(err, ERR_INVALID,
                       "the key in '%s' is encrypted: keep it without a passphrase, readable by "
                       "the server only",
                       path);
    return err_set(err, ERR_INVALID, "'%s' holds no private key in PEM: %s", path,
                   gnutls_strerror(rc));
}

static bool join(struct tls_identity *i, const struct tls *t, gnutls_x509_crt_t *cert,
                 unsigned count, const gnutls_datum_t *key_pem, struct err *err)
{
    gnutls_x509_privkey_t key = NULL;
    if (!parse_key(t->key_path, key_pem, &key, err))
        return false;
    if (gnutls_certificate_allocate_credentials(&i->credentials) < 0)
        die("tls: out of memory");
    int rc = gnutls_certificate_set_x509_key(i->credentials, cert, (int)count, key);
    gnutls_x509_privkey_deinit(key);
    i->expires_at_s = (int64_t)gnutls_x509_crt_get_expiration_time(cert[0]);
    if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return err_set(err, ERR_INVALID,
                       "the key in '%s' does not belong to the first certificate in '%s'",
                       t->key_path, t->cert_path);
    return rc >= 0 || err_set(err, ERR_INVALID, "'%s' and '%s' cannot be used: %s", t->cert_path,
                              t->key_path, gnutls_strerror(rc));
}

static bool load(const struct tls *t, struct tls_identity **ret, struct err *err)
{
    AUTO(identity_unref) struct tls_identity *i = mem_new(1, sizeof *i);
    atomic_init(&i->refs, 1);
    gnutls_datum_t cert_pem, key_pem;
    gnutls_x509_crt_t *cert;
    unsigned count;
    if (!read_pem(t->cert_path, &i->cert, &cert_pem, err) ||
        !read_pem(t->key_path, &i->key, &key_pem, err))
        return false;
    int rc = gnutls_x509_crt_list_import2(&cert, &count, &cert_pem, GNUTLS_X509_FMT_PEM,
                                          GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (rc == GNUTLS_E_CERTIFICATE_LIST_UNSORTED)
        return err_set(err, ERR_INVALID,
                       "'%s': the server's certificate comes first, then each one that signed the "
                       "one before it",
                       t->cert_path);
    if (rc < 0)
        return err_set(err, ERR_INVALID, "'%s' holds no certificate in PEM: %s", t->cert_path,
                       gnutls_strerror(rc));
    bool ok = join(i, t, cert, count, &key_pem, err);
    for (unsigned k = 0; k < count; k++)
        gnutls_x509_crt_deinit(cert[k]);
    gnutls_free(cert);
    if (ok)
        *ret = TAKE(i);
    return ok;
}

bool tls_new(const char *cert_path, const char *key_path, struct tls **ret_tls, struct err *err)
{
    struct tls *t = mem_new(1, sizeof *t);
    t->cert_path = mem_strdup(cert_path);
    t->key_path = mem_strdup(key_path);
    pthread_mutex_init(&t->lock, NULL);
    if (gnutls_session_ticket_key_generate(&t->ticket_key) < 0)
        die("tls: out of memory");
    if (!load(t, &t->current, err)) {
        tls_free(t);
        return false;
    }
    *ret_tls = t;
    return true;
}

bool tls_reload(struct tls *t, struct err *err)
{
    struct tls_identity *fresh, *before;
    if (!load(t, &fresh, err))
        return false;
    pthread_mutex_lock(&t->lock);
    before = t->current;
    t->current = fresh;
    pthread_mutex_unlock(&t->lock);
    identity_unref(before);
    return true;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    identity_unref(t->current);
    gnutls_free(t->ticket_key.data);
    pthread_mutex_destroy(&t->lock);
    mem_free(t->cert_path);
    mem_free(t->key_path);
    mem_free(t);
}

const char *tls_cert_pem(const struct tls *t)
{
    return t->current->cert.ptr;
}

const char *tls_key_pem(const struct tls *t)
{
    return t->current->key.ptr;
}

static struct tls_identity *current(struct tls *t)
{
    pthread_mutex_lock(&t->lock);
    struct tls_identity *i = t->current;
    atomic_fetch_add(&i->refs, 1);
    pthread_mutex_unlock(&t->lock);
    return i;
}

int64_t tls_expires_at_s(struct tls *t)
{
    AUTO(identity_unref) struct tls_identity *i = current(t);
    return i->expires_at_s;
}

/* --- sessions --- */

/* Someone who speaks plain HTTP is told so in his own language, as other servers do. */
static void tell_plain_client(const struct tls_session *s, const char *bytes, ssize_t count)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                                 "Content-Length: 38\r\nConnection: close\r\n\r\n"
                                 "This port speaks TLS: use https://...\n";
    if (count > 0 && bytes[0] >= 'A' && bytes[0] <= 'Z')
        (void)send(s->fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What GnuTLS reads with.  A handshake that finds nothing to read is left alone by the library's
 * own bookkeeping, and so would be asked over and over. */
static ssize_t pull(gnutls_transport_ptr_t context, void *to, size_t room)
{
    struct tls_session *s = context;
    ssize_t n = recv(s->fd, to, room, 0);
    if (!s->begun && n != -1)
        tell_plain_client(s, to, n);
    s->begun = s->begun || n != -1;
    s->open = s->open || gnutls_handshake_get_last_in(s->gnutls) == GNUTLS_HANDSHAKE_FINISHED;
    if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK) && !s->open) {
        s->wait(s->context);
        errno = EAGAIN;
    }
    return n;
}

void tls_begin(struct tls *t, struct tls_session *s)
{
    gnutls_session_t session = s->gnutls;
    s->identity = current(t);
    s->open = s->begun = false;
    // Both can only fail for want of memory; then the handshake fails, or resumption is not
    // offered.
    (void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, s->identity->credentials);
    (void)gnutls_session_ticket_enable_server(session, &t->ticket_key);
    // Writing stays as the library has arranged it.
    gnutls_transport_set_ptr2(session, s, (gnutls_transport_ptr_t)(intptr_t)s->fd);
    gnutls_transport_set_pull_function(session, pull);
}

void tls_end(struct tls_session *s)
{
    identity_unref(s->identity);
    s->identity = NULL;
}

bool tls_asked(const struct tls_session *s)
{
    enum { FINISHED = 1 }; // in TLS 1.2 the end of the handshake is the first record of its keys
    unsigned char number[8];
    int waiting = 0;
    if (!s->open)
        return false;
    if (ioctl(s->fd, FIONREAD, &waiting) == 0 && waiting > 0)
        return true;
    if (gnutls_record_get_state(s->gnutls, 1, NULL, NULL, NULL, number) < 0)
        return true;
    unsigned char rest = 0;
    for (size_t i = 0; i < sizeof number - 1; i++)
        rest |= number[i];
    return rest || number[sizeof number - 1] >
                       (gnutls_protocol_get_version(s->gnutls) == GNUTLS_TLS1_2 ? FINISHED : 0);
}

void tls_send_last(struct tls_session *s, const void *bytes, size_t count)
{
    const char *p = bytes;
    while (count) {
        ssize_t n = gnutls_record_send(s->gnutls, p, count);
        if (n <= 0)
            return;
        p += n;
        count -= (size_t)n;
    }
    (void)gnutls_bye(s->gnutls, GNUTLS_SHUT_WR);
}
