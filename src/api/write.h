/* write: changes of customers on their way: parsed on the loop, handed to the company's writer,
 * answered on the loop after the commit.  Private to api/.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_WRITE_H
#define API_WRITE_H

#include "api/api_priv.h"
#include "api/conditions.h"
#include "api/idempotency.h"

struct write_answer {
    int status;
    char location[96], tag[TAG_BYTES]; /* "": none */
    struct buf body;
};
struct write {
    struct store_batch batch;
    struct store_change *change; /* batch.count of them, the write's own */
    struct store_company *company;
    struct http_request *request;
    struct api *api;
    struct document_view view;
    struct tag_view tag;
    str prefix;              /* of Location */
    struct request_key *key; /* NULL: none was sent */
    struct store_request replay;
    _Atomic int state;  /* of the batch: who frees the write when the request ends before it */
    str kept;           /* the answer, when it was made for keeping already */
    struct arena arena; /* the results: written by the writer's thread while the request sleeps */
    /* When all changes went through: makes the answer, on any thread. */
    void (*make)(struct write *w, struct write_answer *ret_answer);
    /* When one did not: answers. */
    void (*fail)(struct http_request *r, struct write *w);
};
/* A write of so many changes, all zeroed, that becomes the request's context. */
struct write *write_new(struct http_request *r, struct store_company *company, int64_t origin,
                        size_t count);
/* Takes the Idempotency-Key of a request with this content, if there is one; answers and returns
 * false when it must not go on. */
bool write_take_key(struct http_request *r, struct write *w, str content);
/* Hands the changes over; the request sleeps until they are committed. */
void write_submit(struct http_request *r, struct write *w);
/* Prefer: handling=lenient (RFC 7240). */
bool write_is_lenient(const struct http_request *r);
/* A customer was made whose external id has the shape of an internal one: a warning is added. */
void write_note_created(struct write *w, struct store_change *c);

#endif
