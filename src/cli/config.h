/* config: the settings of `serve`: defaults, then the ini file, then CLIENTELE_* variables, then
 * options.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/throttle.h"
#include "domain/webhook.h"

enum { CONFIG_LIST_ITEMS = 16 };
/* A setting that may stand several times. */
struct config_list {
    const char *item[CONFIG_LIST_ITEMS];
    size_t count;
};
struct config {
    const char *data;
    struct config_list listen, listen_tls, trusted_proxy, cors_origin;
    struct throttle_rate rate_limit_token, rate_limit_address, rate_limit_failures;
    const char *tls_cert, *tls_key;
    uint64_t threads, upload_limit_bytes, batch_rows;
    const char *log_level, *seal_key, *inbox, *public_url, *webhook_ca;
    uint64_t token_max_days; /* 0: usual */
    struct webhook_networks webhook_allow;
    bool errors_jsonapi; /* errors: JSON:API's array for everyone */
    uint64_t keep_files_days, keep_trail_days, keep_audit_days, keep_parts_hours,
        keep_exports_hours; /* 0: usual */
};

/* Sets one setting by its name; a list gets one item more.
 * Errors: ERR_NOT_FOUND (no such setting), ERR_INVALID. */
MUST_CHECK bool config_set(struct config *c, struct arena *a, str name, str value, struct err *err);
/* The list of that name, to be emptied before another source fills it; NULL: no setting that may
 * stand several times is called so. */
struct config_list *config_list(struct config *c, str name);
/* Reads "name = value" lines; '#' and ';' begin comments, [sections] are passed over.  Errors name
 * the line. */
MUST_CHECK bool config_read(struct config *c, struct arena *a, str text, struct err *err);
/* Reads CLIENTELE_DATA, CLIENTELE_LISTEN (a list: spaces or commas part its items),
 * CLIENTELE_UPLOAD_LIMIT and so on. */
MUST_CHECK bool config_read_environment(struct config *c, struct arena *a, struct err *err);

#endif
