/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "cabinet/cabinet.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/remote.h"
#include "http/http.h"
#include "version.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { GRACE_MS = 30000 };

/* Options that may stand several times. */
static bool read_lists(struct cli *c, struct config *config, struct err *err)
{
    static const struct {
        const char *option, *setting;
    } lists[] = {{"listen", "listen"},
                 {"listen-tls", "listen_tls"},
                 {"trusted-proxy", "trusted_proxy"},
                 {"cors-origin", "cors_origin"}};
    for (size_t i = 0; i < COUNT(lists); i++) {
        const struct option_value *given = NULL;
        for (size_t k = 0; c->spec[k].name; k++)
            if (strcmp(c->spec[k].name, lists[i].option) == 0)
                given = &c->option[k];
        if (given->count)
            config_list(config, str_of(lists[i].setting))->count = 0;
        for (size_t k = 0; k < given->count; k++)
            if (!config_set(config, &c->arena, str_of(lists[i].setting), str_of(given->value[k]),
                            err))
                return false;
    }
    return true;
}

static int read_config(struct cli *c, struct config *config)
{
    static const struct {
        const char *option, *setting;
    } options[] = {{"data", "data"},
                   {"threads", "threads"},
                   {"upload-limit", "upload_limit"},
                   {"batch-rows", "batch_rows"},
                   {"log-level", "log_level"},
                   {"seal-key", "seal_key"},
                   {"inbox", "inbox"},
                   {"errors", "errors"},
                   {"token-max-days", "token_max_days"},
                   {"tls-cert", "tls_cert"},
                   {"tls-key", "tls_key"},
                   {"rate-limit-token", "rate_limit_token"},
                   {"rate-limit-address", "rate_limit_address"},
                   {"rate-limit-failures", "rate_limit_failures"},
                   {"webhook-allow", "webhook_allow"},
                   {"webhook-ca", "webhook_ca"},
                   {"keep-files-days", "keep_files_days"},
                   {"keep-trail-days", "keep_trail_days"},
                   {"keep-audit-days", "keep_audit_days"},
                   {"keep-parts-hours", "keep_parts_hours"},
                   {"keep-exports-hours", "keep_exports_hours"},
                   {"public-url", "public_url"}};
    AUTO(buf_done) struct buf text = {.max = MIB};
    const char *file = cli_option(c, "config");
    struct err err = {0};
    if (file && (!file_read(cli_path(c, file), &text, &err) ||
                 !config_read(config, &c->arena, buf_str(&text), &err)))
        return cli_fail(c, EXIT_USAGE, "%s: %s", file, err.msg);
    if (!config_read_environment(config, &c->arena, &err))
        return cli_fail(c, EXIT_USAGE, "%s", err.msg);
    for (size_t i = 0; i < COUNT(options); i++) {
        const char *value = cli_option(c, options[i].option);
        if (value &&
            !config_set(config, &c->arena, str_of(options[i].setting), str_of(value), &err))
            return cli_fail(c, EXIT_USAGE, "--%s", err.msg);
    }
    if (!read_lists(c, config, &err))
        return cli_fail(c, EXIT_USAGE, "--%s", err.msg);
    return config->data
               ? EXIT_OK
               : cli_fail(c, EXIT_USAGE, "--data DIR is needed; make one with 'clientele init'");
}

static void set_log_level(const char *level)
{
    log_level_set(strcmp(level, "debug") == 0     ? LOG_DEBUG
                  : strcmp(level, "warning") == 0 ? LOG_WARNING
                  : strcmp(level, "error") == 0   ? LOG_ERROR
                                                  : LOG_INFO);
}

/* What runs while the server does; stopped in the other order. */
struct serving {
    struct store *store;
    struct jobs *jobs;
    struct cabinet *cabinet;
    struct api *api;
    struct remote *remote;
    struct http_server *http;
};

static const char *path_or_null(struct cli *c, const char *path)
{
    return path ? cli_path(c, path) : NULL;
}

static bool start(struct cli *c, const struct config *config, struct serving *s, struct err *err)
{
    const char *data = cli_path(c, config->data);
    const struct store_config store = {.data_dir = data,
                                       .seal_key_file = config->seal_key,
                                       .token_max_days = config->token_max_days,
                                       .commit_each = cli_option(c, "commit-each")};
    const struct http_config http = {.listen = config->listen.item,
                                     .listen_count = config->listen.count,
                                     .listen_tls = config->listen_tls.item,
                                     .listen_tls_count = config->listen_tls.count,
                                     .tls_cert = path_or_null(c, config->tls_cert),
                                     .tls_key = path_or_null(c, config->tls_key),
                                     .loops = config->threads,
                                     .trusted_proxy = config->trusted_proxy.item,
                                     .trusted_proxy_count = config->trusted_proxy.count,
                                     .cors_origin = config->cors_origin.item,
                                     .cors_origin_count = config->cors_origin.count};
    if (!store_open(&store, &s->store, err))
        return false;
    const struct jobs_config jobs = {.store = s->store,
                                     .data_dir = data,
                                     .batch_rows = config->batch_rows,
                                     .unpacked_limit_bytes = config->upload_limit_bytes,
                                     .inbox = path_or_null(c, config->inbox),
                                     .language = c->language,
                                     .webhook_allow = &config->webhook_allow,
                                     .webhook_ca = path_or_null(c, config->webhook_ca),
                                     .keep_files_days = config->keep_files_days,
                                     .keep_trail_days = config->keep_trail_days,
                                     .keep_audit_days = config->keep_audit_days,
                                     .keep_parts_hours = config->keep_parts_hours,
                                     .keep_exports_hours = config->keep_exports_hours};
    if (!jobs_start(&jobs, &s->jobs, err))
        return false;
    const struct cabinet_config cabinet = {.store = s->store,
                                           .jobs = s->jobs,
                                           .public_url = config->public_url,
                                           .version = CLIENTELE_VERSION,
                                           .upload_limit_bytes = config->upload_limit_bytes};
    if (!cabinet_new(&cabinet, &s->cabinet, err))
        return false;
    const struct api_config api = {.store = s->store,
                                   .public_url = config->public_url,
                                   .jobs = s->jobs,
                                   .loops = config->threads,
                                   .upload_limit_bytes = config->upload_limit_bytes,
                                   .token_rate = config->rate_limit_token,
                                   .address_rate = config->rate_limit_address,
                                   .failure_rate = config->rate_limit_failures,
                                   .extension = cabinet_extension(s->cabinet),
                                   .errors_array = config->errors_jsonapi};
    return api_new(&api, &s->api, err) &&
           http_server_start(&http, api_app(s->api), &s->http, err) &&
           remote_start(s->store, s->jobs, data, &s->remote, err);
}

static void stop(struct serving *s)
{
    if (s->http)
        http_server_stop(s->http, GRACE_MS);
    remote_stop(s->remote);
    cabinet_free(s->cabinet);
    api_free(s->api); // what it still does off the loops needs the jobs
    jobs_stop(s->jobs);
    store_free(s->store);
}

static void say_ready(struct cli *c, const struct config *config, struct http_server *http)
{
    const struct config_list *lists[] = {&config->listen, &config->listen_tls};
    size_t number = 0;
    for (size_t k = 0; k < COUNT(lists); k++)
        for (size_t i = 0; i < lists[k]->count; i++, number++) {
            const char *text = lists[k]->item[i], *colon = strrchr(text, ':');
            int host = colon ? (int)(colon - text) : 0;
            cli_print(c, "listening on %s://%.*s:%u\n",
                      http_server_is_tls(http, number) ? "https" : "http", host, text,
                      http_server_port(http, number));
        }
}

static void log_certificate(const struct http_server *http)
{
    char date[32];
    struct tm t;
    int64_t end_s = http_server_expires_at_s(http);
    if (end_s == INT64_MAX)
        return;
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&(time_t){end_s}, &t));
    if (end_s <= clock_now_us() / 1000000)
        log_warning("the TLS certificate has expired at %s: clients will refuse it", date);
    else
        log_info("the TLS certificate is valid until %s", date);
}

/* Until the signal to stop; SIGHUP has the certificate read again. */
static void wait_for_the_end(const sigset_t *signals, struct http_server *http)
{
    int number;
    struct err err;
    while (sigwait(signals, &number) == 0 && number == SIGHUP) {
        err = (struct err){0};
        if (http_server_reload(http, &err))
            log_certificate(http);
        else
            log_warning("nothing was read again: %s", err.msg);
    }
}

int cmd_serve(struct cli *c)
{
    struct config config = {.listen = {{"127.0.0.1:8080"}, 1},
                            .threads = 1,
                            .upload_limit_bytes = LIMIT_UPLOAD_BYTES,
                            .rate_limit_failures = {60, 60},
                            .log_level = "info"};
    struct serving s = {0};
    struct err err = {0};
    sigset_t signals;
    int code = read_config(c, &config);
    if (code != EXIT_OK)
        return code;
    set_log_level(config.log_level);
    (void)signal(SIGPIPE, SIG_IGN);
    // Blocked before any thread starts, so that all inherit it and sigwait() alone gets them.
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (!start(c, &config, &s, &err)) {
        stop(&s);
        return cli_fail_err(c, &err);
    }
    say_ready(c, &config, s.http);
    api_log_routes(s.api);
    if (cabinet_setup_code(s.cabinet))
        cli_print(
            c, "there is no user yet: open /cabinet/setup in a browser; the one-time code is %s\n",
            cabinet_setup_code(s.cabinet));
    log_certificate(s.http);
    wait_for_the_end(&signals, s.http);
    log_info("stopping: what is in flight is finished first");
    stop(&s);
    return EXIT_OK;
}
