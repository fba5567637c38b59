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
/* What a floor above adds: routes of its own, and the API's once more for whom that floor lets in,
 * with links and Location that begin so, errors always in JSON:API's array, and imports that wait
 * to be started unless told otherwise. */
struct api_extension {
    void *context;     /* api_extension() */
    const char *root;  /* "/cabinet": all below is the extension's */
    const char *start; /* where a browser that asks for "/" is sent; NULL: nowhere */
    /* "/cabinet/api/companies/{company}": where what stands below /v4 also is, as far as `mounts`
     * names it. */
    const char *mount;
    const char *const *mounts; /* "consumers", "import_tasks"; NULL-terminated */
    const struct http_route *route;
    size_t count;
    /* Of each of its requests, before anything of the route is called: answers to refuse it. */
    void (*admit)(struct http_request *r);
    /* When an answer below root is about to go: adds headers. */
    void (*seal)(struct http_request *r, int status);
    /* Whose a mounted request is, and who asks (origin_of()); answers and returns NULL when
     * nobody's.
     */
    struct store_company *(*company)(struct http_request *r, int64_t *ret_origin);
    /* Whether a mounted request would still be let in: a stream may outlive it. */
    bool (*holds)(struct http_request *r);
};
struct api_config {
    struct store *store; /* both are borrowed and outlive the api */
    struct jobs *jobs;
    size_t loops; /* of the HTTP server */
    uint64_t upload_limit_bytes;
    const char *public_url; /* where links begin; NULL: where the client asked */
    struct throttle_rate token_rate, address_rate; /* requests */
    struct throttle_rate failure_rate;             /* wrong tokens of one address */
    const struct api_extension *extension;         /* NULL: none; borrowed, as what it points to */
    bool errors_array; /* errors are JSON:API's array for everyone, not only for who asks */
};
/* Makes the API's routes and starts the thread that finishes uploads.  On success the caller owns
 * *ret_api.  Errors: ERR_INTERNAL. */
MUST_CHECK bool api_new(const struct api_config *config, struct api **ret_api, struct err *err);
/* What to give to http_server_start(); lives as long as the api. */
const struct http_app *api_app(const struct api *api);
/* Writes the routes of the extension into the log, for who debugs. */
void api_log_routes(const struct api *api);
/* The extension's context, for its handlers. */
void *api_extension(const struct http_request *r);
/* A pointer of its own for a request, set by its admit; it lives as long as the request. */
void *api_extension_note(const struct http_request *r);
/* Sets it. */
void api_set_extension_note(struct http_request *r, void *note);
/* When the HTTP server has stopped. */
void api_free(struct api *api);

#endif
