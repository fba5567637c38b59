/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/found.h"

#define DAY_US INT64_C(86400000000)

/* "90d" from now, a date in the company's zone, or RFC 3339. */
static bool read_expiry(const struct company *company, const char *text, int64_t *ret_us)
{
    AUTO(zone_free) struct zone *zone = NULL;
    struct err err;
    str s = str_of(text);
    uint64_t days;
    int64_t precision_us;
    enum zone_fit fit;
    if (str_ends(s, STR("d")) && str_to_u64(str_first(s, s.len - 1), &days) && days <= 36500) {
        *ret_us = clock_now_us() + (int64_t)days * DAY_US;
        return true;
    }
    return zone_open(company->zone.ptr, &zone, &err) &&
           consumer_date_from_text(s, zone, DATE_ORDER_UNSAID, ret_us, &precision_us, &fit) ==
               PROBLEM_COUNT;
}

static int read_value(struct cli *c, struct buf *value)
{
    const char *file = cli_option(c, "value-file");
    struct err err = {0};
    value->max = 4096;
    if (!file) {
        char token[TOKEN_TEXT_BYTES];
        token_make(token);
        buf_add(value, str_of(token));
        return EXIT_OK;
    }
    if (!file_read(cli_path(c, file), value, &err))
        return cli_fail(c, EXIT_FAILED, "--value-file: %s", err.msg);
    str text = str_trim(buf_str(value));
    memmove(value->ptr, text.ptr, text.len);
    value->len = text.len;
    return token_check(buf_str(value), &err) ? EXIT_OK
                                             : cli_fail(c, EXIT_USAGE, "--value-file: %s", err.msg);
}

int cmd_token_create(struct cli *c)
{
    const char *name = cli_option(c, "name"), *scope_text = cli_option(c, "scope"),
               *expires = cli_option(c, "expires");
    AUTO(buf_done) struct buf value = {0};
    struct company company;
    struct err err = {0};
    unsigned scope = SCOPE_ALL;
    int64_t id, expires_at_us = 0;
    int code = cli_company(c, &company);
    if (code != EXIT_OK)
        return code;
    if (!name)
        return cli_fail(c, EXIT_USAGE, "--name TEXT is needed: what the token is for");
    if (scope_text && !token_scope_of(str_of(scope_text), &scope, &err))
        return cli_fail(c, EXIT_USAGE, "--scope: %s", err.msg);
    if (expires && !read_expiry(&company, expires, &expires_at_us))
        return cli_fail(c, EXIT_USAGE,
                        "--expires is a date (2027-12-31) or a number of days (90d)");
    code = read_value(c, &value);
    if (code != EXIT_OK)
        return code;
    if (!store_token_create(c->store, &command_line_asker, company.id, str_of(name),
                            buf_str(&value), scope, expires_at_us, &id, &err))
        return cli_fail_err(c, &err);
    cli_write(c, buf_str(&value));
    cli_write(c, STR("\n"));
    return EXIT_OK;
}

static void print_token(struct cli *c, const struct zone *zone, const struct token *t)
{
    char stamp[ZONE_STAMP_BYTES];
    cli_print(c, "%lld\t%s\t%s", (long long)t->id, t->name.ptr,
              token_scope_text(&c->arena, t->scope).ptr);
    if (t->expires_at_us) {
        (void)zone_stamp(zone, t->expires_at_us, stamp);
        cli_print(c, "\texpires %s", stamp);
    }
    if (t->used_at_us)
        (void)zone_stamp(zone, t->used_at_us, stamp);
    cli_print(c, "\tused %s%s\n", t->used_at_us ? stamp : "never",
              t->revoked_at_us ? "\trevoked" : "");
}

static int list(struct cli *c, struct token **token, size_t *count, struct company *company)
{
    struct err err = {0};
    int code = cli_company(c, company);
    if (code != EXIT_OK)
        return code;
    return store_token_list(c->store, &c->arena, company->id, token, count, &err)
               ? EXIT_OK
               : cli_fail_err(c, &err);
}

int cmd_token_list(struct cli *c)
{
    AUTO(zone_free) struct zone *zone = NULL;
    struct company company;
    struct token *token;
    size_t count;
    struct err err = {0};
    int code = list(c, &token, &count, &company);
    if (code != EXIT_OK)
        return code;
    if (!zone_open(company.zone.ptr, &zone, &err))
        return cli_fail_err(c, &err);
    for (size_t i = 0; i < count; i++)
        print_token(c, zone, &token[i]);
    return EXIT_OK;
}

/* The token that the word names: its number, or its name when that is one token's alone. */
static int named_token(struct cli *c, int64_t *ret_id)
{
    struct company company;
    struct token *token;
    size_t count, found = 0;
    uint64_t number = 0;
    if (!c->words)
        return cli_fail(c, EXIT_USAGE,
                        "say the token's number or name; 'clientele token list' shows them");
    int code = list(c, &token, &count, &company);
    if (code != EXIT_OK)
        return code;
    if (!str_to_u64(str_of(c->word[0]), &number))
        number = 0;
    for (size_t i = 0; i < count; i++)
        if ((uint64_t)token[i].id == number || str_eq(token[i].name, str_of(c->word[0]))) {
            *ret_id = token[i].id;
            found++;
        }
    return found == 1 ? EXIT_OK
           : found    ? cli_fail(c, EXIT_USAGE, "several tokens have that name: say the number")
                      : cli_fail(c, EXIT_NOT_FOUND,
                                 "there is no such token; 'clientele token list' shows them");
}

int cmd_token_show(struct cli *c)
{
    int64_t id;
    str value;
    struct err err = {0};
    int code = named_token(c, &id);
    if (code != EXIT_OK)
        return code;
    if (!store_token_show(c->store, &command_line_asker, &c->arena, id, &value, &err))
        return cli_fail_err(c, &err);
    cli_print(c, "%s\n", value.ptr);
    return EXIT_OK;
}

int cmd_token_revoke(struct cli *c)
{
    int64_t id = 0;
    struct err err = {0};
    int code = named_token(c, &id);
    if (code != EXIT_OK)
        return code;
    return store_token_revoke(c->store, &command_line_asker, id, &err) ? EXIT_OK
                                                                       : cli_fail_err(c, &err);
}
