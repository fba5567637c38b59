/* What the modules of the API share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_API_PRIV_H
#define API_API_PRIV_H

#include "api/answer.h"
#include "api/api.h"

#include <pthread.h>

struct errands;
struct request_log;
struct request_key;
struct event_stream;
struct reader_slot {
    struct store_company *company;
    struct store_reader *reader;
    struct reader_slot *next;
    bool held;
    struct reader_slot *next_held;
};
struct limits {
    struct throttle *token, *address, *failures; /* NULL: no limit */
    uint64_t seed;                               /* of the keys */
};
struct api {
    struct api_config config;
    struct limits limits;
    struct request_log *log;
    struct http_route *route; /* its own, the mounted ones, the extension's */
    size_t routes, mounted;   /* of its own; mounted after them */
    struct http_app app;
    struct reader_slot **readers; /* per loop: used on that loop's thread only */
    struct reader_slot **held;    /* per loop: those of them that hold on to a moment */
    struct errands *quick, *slow; /* syncs to disk; files that take a while to be made */
    struct errands *searches;     /* of customers, that take longer than a loop may */
    _Atomic int searching;        /* how many of them wait or are under way */
    pthread_mutex_t keys_lock;
    struct request_key *keys; /* guarded by keys_lock: of requests in flight */
    pthread_mutex_t streams_lock;
    struct event_stream *streams; /* guarded by streams_lock: all that are open */
};

/* --- errors.c; more of it is in answer.h --- */

/* Answers with all problems of a record: 404 when it is not there, else 422. */
void error_problems(struct http_request *r, const struct problems *problems);
/* 404: there is no customer of this id. */
void error_not_found(struct http_request *r, str id);
/* 422 about a parameter of the query. */
void error_query(struct http_request *r, const char *parameter, const char *message);
/* The Content-Type of an answer's document: it names the profile or extension that was asked for.
 */
const char *answer_type(struct http_request *r);

/* --- errors_refuse.c --- */

/* struct http_app's refuse. */
void error_refuse(struct http_request *r, enum http_refusal why, int status, const char *detail);
enum token_fault { TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED };
/* 401 in the dialect of OAuth, or of Rails. */
void error_unauthorized(struct http_request *r, bool oauth, enum token_fault why);
/* 429: the vendor's line of text; the headers about when to come again are there already. */
void error_throttled(struct http_request *r);
/* 403: the token lacks the scope; bearer: it came so. */
void error_forbidden(struct http_request *r, bool bearer, const char *scope);

/* --- auth.c --- */

/* Finds the request's company by its token; answers 401 or 403 and returns NULL when it must not.
 */
struct store_company *auth_company(struct http_request *r, unsigned scope);
/* The same; who it is (origin_of()) goes to *ret_origin. */
struct store_company *auth_company_as(struct http_request *r, unsigned scope, int64_t *ret_origin);
/* The same; who it is and from where goes to *ret_by, whose address lives as long as the request.
 */
struct store_company *auth_asker(struct http_request *r, unsigned scope, struct asker *ret_by);
/* Whether the request's token still holds: a stream may outlive it. */
bool auth_holds(struct http_request *r);
/* The key in an Authorization header's value; *ret_bearer tells the scheme. {0}: none. */
str auth_key(str authorization, bool *ret_bearer);

/* --- mount.c: the API's routes in an extension, too --- */

/* Makes the table of all routes, of its own and the extension's. */
void mount_open(struct api *api, const struct http_route *own, size_t count);
/* The extension's part of sealing an answer of its own. */
void mount_seal(struct http_request *r, int status);
/* Frees it. */
void mount_close(struct api *api);
/* Whether the request came by a mounted route. */
bool is_mounted(const struct http_request *r);
/* Whether it is the extension's, mounted or not; also when nothing was found. */
bool is_extension(const struct http_request *r);
/* "/v4", or what stands there of a mounted route; lives as long as the request. */
str path_prefix(struct http_request *r);
/* answer_base() and path_prefix(). */
str answer_prefix(struct http_request *r);

/* --- body.c: a request's body as the JSON:API document it means --- */

/* Answers and returns false when it is none. *ret_attributes may be NULL (nothing sent). */
bool body_attributes(struct http_request *r, const struct json **ret_attributes);
/* The same for a document of any kind. */
bool body_document(struct http_request *r, struct json *ret_document);
/* The same of a resource of another type. */
bool body_attributes_of(struct http_request *r, const char *resource,
                        const struct json **ret_attributes);
/* The tree of bracketed names: data[attributes][name] = text.  False: nested too deep, or too many.
 */
struct form_field;
bool body_tree(struct arena *a, const struct form_field *field, size_t count,
               struct json *ret_tree);

/* --- tasks_files.c --- */

/* Adds Content-Disposition (RFC 6266): a file to be saved under that name. */
void answer_file_name(struct http_request *r, str name);

/* --- document.c --- */

/* What of a request decides how a customer's document looks; any thread may make one with it. */
struct document_view {
    enum language language;
    unsigned includes, fields; /* bits of document_include_bits(), document_field_bits() */
    const struct zone *zone;
};
struct document_view document_view_of(const struct http_request *r, const struct zone *zone);
/* A customer as a resource. */
void document_resource(const struct document_view *v, struct buf *b, const struct consumer *c);
/* "ignored":[...],"warnings":[...] of a change; there must be some. */
void document_warnings(const struct document_view *v, struct arena *a, struct buf *b,
                       const struct problems *warnings);
/* A document around one customer; changes' warnings become meta. */
void document_consumer(const struct document_view *v, struct arena *a, struct buf *b,
                       const struct consumer *c, const struct problems *warnings);
/* What ?include= names, as bits above those of the attributes; unknown names are none. */
unsigned document_include_bits(str list);
/* Appends ,"relationships":{...} for such bits, if there are any. */
void document_relationships(struct buf *b, unsigned bits);
/* What ?fields[consumers]= names ({0}: everything): bits of attributes and relationships; false:
 * *ret_unknown is neither. */
MUST_CHECK bool document_field_bits(str list, unsigned *ret_bits, str *ret_unknown);
/* The same of the request; answers 422 and returns false when it names what is not there. */
MUST_CHECK bool document_fields(struct http_request *r, unsigned *ret_bits);

/* --- handlers --- */
void consumers_create(struct http_request *r);
void consumers_list(struct http_request *r);
void consumers_scroll(struct http_request *r);
void consumers_get(struct http_request *r);
void consumers_put(struct http_request *r);
void consumers_patch(struct http_request *r);
void consumers_delete(struct http_request *r);
void write_resumed(struct http_request *r);
void write_end(struct http_request *r);
void operations_create(struct http_request *r);
void exports_create(struct http_request *r);
void exports_list(struct http_request *r);
void exports_get(struct http_request *r);
void exports_delete(struct http_request *r);
void exports_archive(struct http_request *r);
void tasks_begin(struct http_request *r);
bool tasks_data(struct http_request *r, str piece);
void tasks_create(struct http_request *r);
void uploads_options(struct http_request *r);
void uploads_begin(struct http_request *r);
bool uploads_data(struct http_request *r, str piece);
void uploads_create(struct http_request *r);
void uploads_head(struct http_request *r);
void uploads_part_begin(struct http_request *r);
void uploads_part(struct http_request *r);
void uploads_delete(struct http_request *r);
void tasks_list(struct http_request *r);
void tasks_get(struct http_request *r);
void tasks_errors(struct http_request *r);
void tasks_error_groups(struct http_request *r);
void tasks_undo_kept(struct http_request *r);
void tasks_changes(struct http_request *r);
void tasks_rows(struct http_request *r);
void tasks_settings(struct http_request *r);
void tasks_dry_run(struct http_request *r);
void tasks_start(struct http_request *r);
void tasks_cancel(struct http_request *r);
void tasks_revert(struct http_request *r);
void tasks_failed_rows(struct http_request *r);
/* Also those of a dry run: */
void tasks_outcomes(struct http_request *r);
void tasks_missing_customers(struct http_request *r);
void tasks_diff(struct http_request *r);
void tasks_missing(struct http_request *r);
void tasks_file(struct http_request *r);
void tasks_events(struct http_request *r);
bool tasks_events_stream(struct http_request *r, struct buf *out);
void tasks_events_end(struct http_request *r);
void pages_openapi(struct http_request *r);
void pages_docs(struct http_request *r);
void webhooks_list(struct http_request *r);
void webhooks_create(struct http_request *r);
void webhooks_get(struct http_request *r);
void webhooks_set(struct http_request *r);
void webhooks_delete(struct http_request *r);
void webhooks_rotate(struct http_request *r);
void webhooks_test(struct http_request *r);
void deliveries_list(struct http_request *r);
void deliveries_again(struct http_request *r);

/* The loop's reader of a company; answers 503 and returns NULL when it cannot be opened. */
struct store_reader *api_reader(struct http_request *r, struct store_company *company);
/* The same for reading by id only: all such reads of a turn of the loop share one transaction. */
struct store_reader *api_reader_by_id(struct http_request *r, struct store_company *company);
/* Reads a number of a parameter by one of two names; absent: *ret stays.  Answers 422 and returns
 * false when it is none from 1 to max. */
bool api_number(struct http_request *r, const char *name, const char *other, uint64_t max,
                uint64_t *ret);
/* Reads page and per_page (also page[number], page[size]); answers 422 and returns false when they
 * are wrong. */
bool api_page(struct http_request *r, uint64_t *ret_page, uint64_t *ret_per_page);

#endif
