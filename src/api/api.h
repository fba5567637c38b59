/* api: the Platform API v4 over HTTP: JSON:API documents (jsonapi.org/format/1.0), tokens, errors.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_API_H
#define API_API_H

#include "base/throttle.h"
#include "http/http.h"
#include "jobs/jobs.h"
#include "store/store.h"

struct api;
struct api_config {
    struct store *store; /* both are borrowed and outlive the api */
    struct jobs *jobs;
    size_t loops; /* of the HTTP server */
    uint64_t upload_limit_bytes;
    const char *public_url; /* where links begin; NULL: where the client asked */
    struct throttle_rate token_rate, address_rate; /* requests */
    struct throttle_rate failure_rate;             /* wrong tokens of one address */
    bool errors_array; /* errors are JSON:API's array for everyone, not only for who asks */
};
/* Makes the API's routes and starts the thread that finishes uploads.  On success the caller owns
 * *ret_api.  Errors: ERR_INTERNAL. */
MUST_CHECK bool api_new(const struct api_config *config, struct api **ret_api, struct err *err);
/* What to give to http_server_start(); lives as long as the api. */
const struct http_app *api_app(const struct api *api);
/* When the HTTP server has stopped. */
void api_free(struct api *api);

#endif
