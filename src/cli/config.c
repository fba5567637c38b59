/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"data",
                                    "listen",
                                    "listen_tls",
                                    "tls_cert",
                                    "tls_key",
                                    "trusted_proxy",
                                    "cors_origin",
                                    "rate_limit_token",
                                    "rate_limit_address",
                                    "rate_limit_failures",
                                    "threads",
                                    "upload_limit",
                                    "log_level",
                                    "seal_key",
                                    "keep_files_days",
                                    "keep_trail_days",
                                    "keep_audit_days",
                                    "keep_parts_hours",
                                    "keep_exports_hours",
                                    "public_url",
                                    "batch_rows",
                                    "inbox",
                                    "errors",
                                    "token_max_days",
                                    "webhook_allow",
                                    "webhook_ca"};

/* Settings that are a number in a range. */
static const struct number {
    const char *name;
    size_t offset;
    uint64_t min, max;
} numbers[] = {
    {"threads", offsetof(struct config, threads), 1, 64},
    {"batch_rows", offsetof(struct config, batch_rows), 1, LIMIT_BATCH_ROWS},
    {"token_max_days", offsetof(struct config, token_max_days), 1, 36500},
    {"keep_files_days", offsetof(struct config, keep_files_days), 1, 36500},
    {"keep_trail_days", offsetof(struct config, keep_trail_days), 1, 36500},
    {"keep_audit_days", offsetof(struct config, keep_audit_days), 1, 36500},
    {"keep_parts_hours", offsetof(struct config, keep_parts_hours), 1, 24 * 365},
    {"keep_exports_hours", offsetof(struct config, keep_exports_hours), 1, 24 * 365},
};

/* Settings that may stand several times. */
static const struct {
    const char *name;
    size_t offset;
} lists[] = {
    {"listen", offsetof(struct config, listen)},
    {"listen_tls", offsetof(struct config, listen_tls)},
    {"trusted_proxy", offsetof(struct config, trusted_proxy)},
    {"cors_origin", offsetof(struct config, cors_origin)},
};

struct config_list *config_list(struct config *c, str name)
{
    for (size_t i = 0; i < COUNT(lists); i++)
        if (str_eq(name, str_of(lists[i].name)))
            return (struct config_list *)(void *)((char *)c + lists[i].offset);
    return NULL;
}

static bool set_number(struct config *c, const struct number *number, str value, struct err *err)
{
    uint64_t n;
    if (!str_to_u64(value, &n) || n < number->min || n > number->max)
        return err_set(err, ERR_INVALID, "%s: use a number from %llu to %llu", number->name,
                       (unsigned long long)number->min, (unsigned long long)number->max);
    *(uint64_t *)((char *)c + number->offset) = n;
    return true;
}

/* "2G", "500M", "1048576" */
static bool read_bytes(str value, uint64_t *ret)
{
    static const char units[] = "KMGT";
    unsigned shift = 0;
    if (value.len && strchr(units, value.ptr[value.len - 1] & ~32) && value.ptr[value.len - 1]) {
        shift = 10 * (unsigned)(strchr(units, value.ptr[value.len - 1] & ~32) - units + 1);
        value.len--;
    }
    uint64_t n;
    if (!str_to_u64(value, &n) || !n || n > UINT64_MAX >> (shift + 1))
        return false;
    *ret = n << shift;
    return true;
}

/* Settings that are a rate. */
static const struct {
    const char *name;
    size_t offset;
} rates[] = {
    {"rate_limit_token", offsetof(struct config, rate_limit_token)},
    {"rate_limit_address", offsetof(struct config, rate_limit_address)},
    {"rate_limit_failures", offsetof(struct config, rate_limit_failures)},
};

/* "100/s", "600/m", "1/2s", "5000/h", "off" */
static bool read_rate(str value, struct throttle_rate *ret)
{
    uint64_t count, every = 1;
    str period = value, number = str_split(&period, '/');
    if (str_eq(value, STR("off"))) {
        *ret = (struct throttle_rate){0};
        return true;
    }
    if (!period.len || !str_to_u64(number, &count) || !count || count > 1000000)
        return false;
    char unit = period.ptr[period.len - 1];
    period.len--;
    unsigned seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
    if (!seconds || (period.len && !str_to_u64(period, &every)) || !every || every > 1000)
        return false;
    *ret = (struct throttle_rate){(unsigned)count, (unsigned)every * seconds};
    return true;
}

static bool set_rate(struct config *c, size_t i, str value, struct err *err)
{
    return read_rate(value, (void *)((char *)c + rates[i].offset)) ||
           err_set(err, ERR_INVALID, "%s: use a rate such as 100/s, 600/m, 5000/h or 1/2s, or off",
                   rates[i].name);
}

bool config_set(struct config *c, struct arena *a, str name, str value, struct err *err)
{
    const char *text = arena_str(a, value).ptr;
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (str_eq(name, str_of(numbers[i].name)))
            return set_number(c, &numbers[i], value, err);
    for (size_t i = 0; i < COUNT(rates); i++)
        if (str_eq(name, str_of(rates[i].name)))
            return set_rate(c, i, value, err);
    struct config_list *list = config_list(c, name);
    if (list) {
        if (list->count == CONFIG_LIST_ITEMS)
            return err_set(err, ERR_INVALID, "%.*s: at most %d of them", STR_ARG(name),
                           CONFIG_LIST_ITEMS);
        list->item[list->count++] = text;
    } else if (str_eq(name, STR("data"))) {
        c->data = text;
    } else if (str_eq(name, STR("upload_limit"))) {
        if (!read_bytes(value, &c->upload_limit_bytes))
            return err_set(err, ERR_INVALID, "upload_limit: use a size such as 2G or 500M");
    } else if (str_eq(name, STR("log_level"))) {
        if (strcmp(text, "debug") && strcmp(text, "info") && strcmp(text, "warning") &&
            strcmp(text, "error"))
            return err_set(err, ERR_INVALID, "log_level: use debug, info, warning or error");
        c->log_level = text;
    } else if (str_eq(name, STR("seal_key"))) {
        c->seal_key = text;
    } else if (str_eq(name, STR("tls_cert"))) {
        c->tls_cert = text;
    } else if (str_eq(name, STR("tls_key"))) {
        c->tls_key = text;
    } else if (str_eq(name, STR("public_url"))) {
        if ((!str_starts(value, STR("http://")) && !str_starts(value, STR("https://"))) ||
            str_ends(value, STR("/")))
            return err_set(err, ERR_INVALID,
                           "public_url: use an address such as https://api.example.com");
        c->public_url = text;
    } else if (str_eq(name, STR("webhook_allow"))) {
        if (!webhook_networks_parse(value, &c->webhook_allow, err))
            return err_context(err, "webhook_allow: ");
    } else if (str_eq(name, STR("webhook_ca"))) {
        c->webhook_ca = text;
    } else if (str_eq(name, STR("inbox"))) {
        c->inbox = text;
    } else if (str_eq(name, STR("errors"))) {
        c->errors_jsonapi = strcmp(text, "jsonapi") == 0;
        if (!c->errors_jsonapi && strcmp(text, "vendor"))
            return err_set(err, ERR_INVALID, "errors: use vendor or jsonapi");
    } else {
        return err_set(err, ERR_NOT_FOUND, "there is no setting '%.*s'",
                       STR_ARG(str_shown(name, 60)));
    }
    return true;
}

bool config_read(struct config *c, struct arena *a, str text, struct err *err)
{
    // What the file names replaces what was there; what it names again is added.
    const struct config_list *seen[COUNT(lists)];
    size_t seen_count = 0;
    for (size_t number = 1; !str_is_null(text); number++) {
        str line = str_trim(str_split(&text, '\n'));
        if (!line.len || line.ptr[0] == '#' || line.ptr[0] == ';' || line.ptr[0] == '[')
            continue;
        if (str_find(line, '=') == line.len)
            return err_set(err, ERR_INVALID, "line %zu: a setting is written 'name = value'",
                           number);
        str value = line, name = str_trim(str_split(&value, '='));
        struct config_list *list = config_list(c, name);
        bool first = list != NULL;
        for (size_t i = 0; i < seen_count; i++)
            first = first && seen[i] != list;
        if (first) {
            list->count = 0;
            seen[seen_count++] = list;
        }
        if (!config_set(c, a, name, str_trim(value), err))
            return err_context(err, "line %zu: ", number);
    }
    return true;
}

/* Cuts the next item off a variable's list, which spaces or commas part. */
static str next_item(str *list)
{
    size_t len = 0;
    while (len < list->len && !strchr(" ,\t\n", list->ptr[len]))
        len++;
    str item = str_first(*list, len);
    *list = len < list->len ? str_from(*list, len + 1) : (str){0};
    return item;
}

bool config_read_environment(struct config *c, struct arena *a, struct err *err)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        char variable[64];
        size_t n = (size_t)snprintf(variable, sizeof variable, "CLIENTELE_%s", names[i]);
        for (size_t k = 0; k < n; k++)
            if (variable[k] >= 'a' && variable[k] <= 'z')
                variable[k] = (char)(variable[k] - 32);
        const char *value = getenv(variable);
        if (!value || !value[0])
            continue;
        str rest = str_of(value);
        struct config_list *list = config_list(c, str_of(names[i]));
        if (list)
            list->count = 0;
        while (!str_is_null(rest)) {
            str one = list ? next_item(&rest) : rest;
            if (!list)
                rest = (str){0};
            if (one.len && !config_set(c, a, str_of(names[i]), one, err))
                return err_context(err, "%s: ", variable);
        }
    }
    return true;
}
