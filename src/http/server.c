/* server: addresses and loops, started and stopped together.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http_priv.h"

#include "base/mem.h"
#include "http/listen.h"

#include <unistd.h>

static void server_free(struct http_server *s)
{
    for (size_t i = 0; i < s->loop_count; i++)
        loop_free(s->loop[i]);
    router_free(s->router);
    mem_free(s->loop);
    mem_free(s->port);
    mem_free(s->proxy);
    tls_free(s->tls);
    for (size_t i = 0; i < s->cors.count; i++)
        mem_free(s->cors_text[i]);
    mem_free(s->cors_text);
    mem_free(s);
}

/* Binds all addresses for all loops: fd[loop * addresses + address]. */
static bool bind_all(struct http_server *s, const struct http_config *config, size_t loops, int *fd,
                     struct err *err)
{
    AUTO(mem_free) int *one = mem_new(loops, sizeof *one);
    for (size_t i = 0; i < s->address_count; i++) {
        struct listen_address a;
        const char *text = i < config->listen_count ? config->listen[i]
                                                    : config->listen_tls[i - config->listen_count];
        if (!listen_parse(text, &a, err) || !listen_bind(&a, text, loops, one, err)) {
            for (size_t j = 0; j < i * loops; j++)
                close(fd[j % loops * s->address_count + j / loops]);
            return false;
        }
        s->port[i] = listen_port(&a);
        for (size_t j = 0; j < loops; j++)
            fd[j * s->address_count + i] = one[j];
    }
    return true;
}

static bool open_loops(struct http_server *s, const struct http_config *config, size_t loops,
                       struct err *err)
{
    AUTO(mem_free) int *fd = mem_new(loops * s->address_count, sizeof *fd);
    if (!bind_all(s, config, loops, fd, err))
        return false;
    size_t connections = config->connections ? config->connections : 4096;
    bool ok = true;
    for (size_t i = 0; i < loops; i++) {
        const int *own = fd + i * s->address_count;
        ok = ok && loop_open(s, i, own, connections, &s->loop[i], err);
        if (s->loop[i]) {
            s->loop_count++;
            continue;
        }
        // loop_open() has closed those of the loop that failed.
        for (size_t j = 0; i > s->loop_count && j < s->address_count; j++)
            close(own[j]);
    }
    return ok;
}

static bool read_proxies(struct http_server *s, const struct http_config *config, struct err *err)
{
    size_t count = config->trusted_proxy_count;
    s->proxy = mem_new(count ? count : 1, sizeof *s->proxy);
    for (size_t i = 0; i < count; i++)
        if (!address_range_parse(str_of(config->trusted_proxy[i]), &s->proxy[i], err))
            return false;
    s->trust = (struct proxy_trust){s->proxy, count};
    return true;
}

static bool read_cors(struct http_server *s, const struct http_config *config, struct err *err)
{
    size_t count = config->cors_origin_count;
    s->cors_text = mem_new(count ? count : 1, sizeof *s->cors_text);
    for (size_t i = 0; i < count; i++)
        s->cors_text[i] = mem_strdup(config->cors_origin[i]);
    s->cors = (struct cors){(const char *const *)s->cors_text, count};
    return cors_check(&s->cors, err);
}

static bool read_tls(struct http_server *s, const struct http_config *config, struct err *err)
{
    if (!config->tls_cert != !config->tls_key)
        return err_set(err, ERR_INVALID, "TLS needs both a certificate and its key");
    if (config->listen_tls_count && !config->tls_cert)
        return err_set(err, ERR_INVALID, "to listen with TLS a certificate and its key are needed");
    bool all = config->tls_cert && !config->listen_tls_count;
    s->plain_count = all ? 0 : config->listen_count;
    return !config->tls_cert || tls_new(config->tls_cert, config->tls_key, &s->tls, err);
}

bool http_server_start(const struct http_config *config, const struct http_app *app,
                       struct http_server **ret_server, struct err *err)
{
    size_t loops = config->loops ? config->loops : 1;
    struct http_server *s = mem_new(1, sizeof *s);
    s->app = *app;
    s->header_timeout_ms = config->header_timeout_ms ? config->header_timeout_ms : 10000;
    s->min_bytes_per_s = config->min_bytes_per_s ? config->min_bytes_per_s : 1024;
    s->address_count = config->listen_count + config->listen_tls_count;
    s->router = router_new(app->route, app->count);
    s->loop = mem_new(loops, sizeof(struct loop *));
    s->port = mem_new(s->address_count ? s->address_count : 1, sizeof *s->port);
    bool ok = s->address_count > 0 || err_set(err, ERR_INVALID, "no address to listen on");
    ok =
        ok && read_proxies(s, config, err) && read_cors(s, config, err) && read_tls(s, config, err);
    ok = ok && open_loops(s, config, loops, err);
    for (size_t i = 0; ok && i < s->loop_count; i++)
        ok = loop_start(s->loop[i], err);
    if (ok)
        *ret_server = s;
    else
        http_server_stop(s, 0);
    return ok;
}

uint16_t http_server_port(const struct http_server *s, size_t i)
{
    assert(i < s->address_count);
    return s->port[i];
}

bool http_server_is_tls(const struct http_server *s, size_t i)
{
    return i >= s->plain_count;
}

bool http_server_reload(struct http_server *s, struct err *err)
{
    return s->tls ? tls_reload(s->tls, err) : err_set(err, ERR_NOT_FOUND, "there is no TLS");
}

int64_t http_server_expires_at_s(const struct http_server *s)
{
    return s->tls ? tls_expires_at_s(s->tls) : INT64_MAX;
}

void http_server_stop(struct http_server *s, unsigned grace_ms)
{
    for (size_t i = 0; i < s->loop_count; i++)
        loop_stop(s->loop[i], grace_ms);
    server_free(s);
}
