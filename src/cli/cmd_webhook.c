/* webhook: whom a company tells of what happens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/found.h"

enum { SHOWN_DELIVERIES = 100 };

static int open_company(struct cli *c, struct store_company **ret_company)
{
    struct company company;
    struct err err = {0};
    int code = cli_company(c, &company);
    if (code != EXIT_OK)
        return code;
    return store_company_open(c->store, company.id, ret_company, &err) ? EXIT_OK
                                                                       : cli_fail_err(c, &err);
}

/* The webhook whose number is the first word. */
static int named(struct cli *c, struct store_company **ret_company, struct webhook *ret_webhook)
{
    uint64_t number;
    struct err err = {0};
    if (!c->words || !str_to_u64(str_of(c->word[0]), &number) || number > INT64_MAX)
        return cli_fail(c, EXIT_USAGE,
                        "say the webhook's number; 'clientele webhook list' shows them");
    int code = open_company(c, ret_company);
    if (code != EXIT_OK)
        return code;
    return store_webhook_get(c->store, &c->arena, store_company_info(*ret_company)->id,
                             (int64_t)number, ret_webhook, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

/* --events, or what stands in *events. */
static int read_events(struct cli *c, unsigned *events)
{
    const char *text = cli_option(c, "events");
    struct err err = {0};
    return !text || event_bits_of(str_of(text), events, &err)
               ? EXIT_OK
               : cli_fail(c, EXIT_USAGE, "--events: %s", err.msg);
}

static void print_json(struct cli *c, const struct store_company *company, const struct webhook *w,
                       str secret)
{
    AUTO(buf_done) struct buf b = {0};
    buf_format(&b, "{\"id\":\"%lld\",\"type\":\"webhooks\",\"attributes\":", (long long)w->id);
    jobs_webhook_json(&b, w, secret, store_company_zone(company));
    buf_add(&b, STR("}\n"));
    cli_write(c, buf_str(&b));
}

int cmd_webhook_create(struct cli *c)
{
    char secret[WEBHOOK_SECRET_BYTES];
    struct store_company *company;
    struct webhook w;
    struct err err = {0};
    unsigned events = EVENTS_ALL;
    int64_t id;
    if (!c->words)
        return cli_fail(c, EXIT_USAGE, "say the address: clientele webhook create --data DIR URL");
    if (!jobs_webhook_url_check(c->jobs, str_of(c->word[0]), &err))
        return cli_fail(c, EXIT_USAGE, "%s", err.msg);
    int code = read_events(c, &events);
    if (code == EXIT_OK)
        code = open_company(c, &company);
    if (code != EXIT_OK)
        return code;
    webhook_secret_make(secret);
    if (!store_webhook_create(company, &command_line_asker, str_of(c->word[0]), events,
                              str_of(secret), &id, &err) ||
        !store_webhook_get(c->store, &c->arena, store_company_info(company)->id, id, &w, &err))
        return cli_fail_err(c, &err);
    if (cli_option(c, "json"))
        print_json(c, company, &w, str_of(secret));
    else
        cli_print(c, "%s\n", secret);
    return EXIT_OK;
}

int cmd_webhook_list(struct cli *c)
{
    struct store_company *company;
    struct webhook *w;
    size_t count;
    struct err err = {0};
    int code = open_company(c, &company);
    if (code != EXIT_OK)
        return code;
    if (!store_webhook_list(c->store, &c->arena, store_company_info(company)->id, &w, &count, &err))
        return cli_fail_err(c, &err);
    for (size_t i = 0; i < count; i++)
        if (cli_option(c, "json"))
            print_json(c, company, &w[i], (str){0});
        else
            cli_print(c, "%lld\t%s\t%s\t%s%s\n", (long long)w[i].id, webhook_state_name(w[i].state),
                      w[i].events == EVENTS_ALL ? "all"
                                                : event_bits_text(&c->arena, w[i].events).ptr,
                      w[i].url.ptr, w[i].failing_since_us ? "\tthe last attempt failed" : "");
    return EXIT_OK;
}

int cmd_webhook_set(struct cli *c)
{
    const char *url = cli_option(c, "url");
    struct store_company *company;
    struct webhook w = {0};
    struct err err = {0};
    if (!url && !cli_option(c, "events"))
        return cli_fail(c, EXIT_USAGE, "say what to change: --url or --events");
    if (url && !jobs_webhook_url_check(c->jobs, str_of(url), &err))
        return cli_fail(c, EXIT_USAGE, "--url: %s", err.msg);
    int code = named(c, &company, &w);
    if (code == EXIT_OK)
        code = read_events(c, &w.events);
    if (code != EXIT_OK)
        return code;
    return store_webhook_set(company, &command_line_asker, w.id, url ? str_of(url) : w.url,
                             w.events, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_webhook_rotate(struct cli *c)
{
    char secret[WEBHOOK_SECRET_BYTES];
    struct store_company *company;
    struct webhook w = {0};
    struct err err = {0};
    int code = named(c, &company, &w);
    if (code != EXIT_OK)
        return code;
    webhook_secret_make(secret);
    const int64_t until_us = clock_now_us() + JOBS_ROTATION_HOURS * INT64_C(3600000000);
    if (!store_webhook_rotate(company, &command_line_asker, w.id, str_of(secret), until_us, &err))
        return cli_fail_err(c, &err);
    cli_print(c, "%s\n", secret);
    return EXIT_OK;
}

static int set_state(struct cli *c, enum webhook_state state)
{
    struct store_company *company;
    struct webhook w = {0};
    struct err err = {0};
    int code = named(c, &company, &w);
    if (code != EXIT_OK)
        return code;
    return store_webhook_set_state(company, &command_line_asker, w.id, state, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_webhook_enable(struct cli *c)
{
    return set_state(c, WEBHOOK_ENABLED);
}

int cmd_webhook_disable(struct cli *c)
{
    return set_state(c, WEBHOOK_DISABLED);
}

int cmd_webhook_delete(struct cli *c)
{
    struct store_company *company;
    struct webhook w = {0};
    struct err err = {0};
    int code = named(c, &company, &w);
    if (code != EXIT_OK)
        return code;
    return store_webhook_delete(company, &command_line_asker, w.id, &err) ? EXIT_OK
                                                                          : cli_fail_err(c, &err);
}

/* --- deliveries --- */

static void print_delivery(struct cli *c, const struct zone *zone, const struct delivery *d)
{
    AUTO(buf_done) struct buf b = {0};
    char stamp[ZONE_STAMP_BYTES];
    if (cli_option(c, "json")) {
        buf_format(&b,
                   "{\"id\":\"%lld\",\"type\":\"deliveries\",\"attributes\":", (long long)d->id);
        jobs_delivery_json(&b, d, zone);
        buf_add(&b, STR("}\n"));
        cli_write(c, buf_str(&b));
        return;
    }
    (void)zone_stamp(zone, d->event.at_us, stamp);
    cli_print(c, "%lld\t%s\t%s\t%s\t%u\n", (long long)d->id, stamp, event_name(d->event.kind),
              delivery_state_name(d->state), d->attempts);
}

int cmd_webhook_deliveries(struct cli *c)
{
    struct store_company *company;
    struct webhook w = {0};
    struct delivery *d;
    size_t count;
    struct err err = {0};
    int code = named(c, &company, &w);
    if (code != EXIT_OK)
        return code;
    if (!store_delivery_list(c->store, &c->arena, w.id, 0, SHOWN_DELIVERIES, &d, &count, &err))
        return cli_fail_err(c, &err);
    for (size_t i = 0; i < count; i++)
        print_delivery(c, store_company_zone(company), &d[i]);
    return EXIT_OK;
}

/* What came of the only attempt, in words. */
static int report_test(struct cli *c, const struct delivery *d)
{
    struct json log;
    struct json_place place;
    struct err err;
    if (!json_parse(d->log, &c->arena, &log, &place, &err) || !log.count)
        return EXIT_FAILED;
    const struct json *one = &log.member[0].value, *status = json_get(one, "status"),
                      *error = json_get(one, "error"), *took = json_get(one, "duration_ms");
    if (d->state == DELIVERY_DELIVERED) {
        cli_print(c, "delivered: %.*s in %.*s ms\n", STR_ARG(status->text), STR_ARG(took->text));
        return EXIT_OK;
    }
    if (status->kind == JSON_NUMBER)
        return cli_fail(c, EXIT_FAILED, "the receiver answered %.*s; 2xx is what it should answer",
                        STR_ARG(status->text));
    return cli_fail(c, EXIT_FAILED, "%s",
                    str_eq(error->text, STR("private_address"))
                        ? "the address is not a public one: let the setting webhook_allow name its "
                          "network, if it may be sent to"
                    : str_eq(error->text, STR("resolve")) ? "its host has no address"
                    : str_eq(error->text, STR("connect")) ? "nobody listens there"
                    : str_eq(error->text, STR("tls"))     ? "its certificate is not trusted"
                    : str_eq(error->text, STR("timeout"))
                        ? "there was no answer in time (5 s to connect, 15 s in all)"
                        : "the connection broke off");
}

int cmd_webhook_test(struct cli *c)
{
    struct store_company *company;
    struct webhook w = {0};
    struct delivery d;
    struct err err = {0};
    int code = named(c, &company, &w);
    if (code != EXIT_OK)
        return code;
    if (!jobs_webhook_test(c->jobs, company, &c->arena, &w, &d, &err))
        return cli_fail_err(c, &err);
    if (!cli_option(c, "json"))
        return report_test(c, &d);
    print_delivery(c, store_company_zone(company), &d);
    return d.state == DELIVERY_DELIVERED ? EXIT_OK : EXIT_FAILED;
}

int cmd_webhook_redeliver(struct cli *c)
{
    struct store_company *company;
    struct webhook w = {0};
    struct err err = {0};
    uint64_t number;
    if (c->words != 2 || !str_to_u64(str_of(c->word[1]), &number) || number > INT64_MAX)
        return cli_fail(c, EXIT_USAGE,
                        "say the webhook's number and the delivery's; 'clientele webhook "
                        "deliveries' shows them");
    int code = named(c, &company, &w);
    if (code != EXIT_OK)
        return code;
    return store_delivery_again(c->store, w.id, (int64_t)number, &err) ? EXIT_OK
                                                                       : cli_fail_err(c, &err);
}
