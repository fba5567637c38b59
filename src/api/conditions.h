/* conditions: ETag, If-Match and If-None-Match of one customer.  Private to api/.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONDITIONS_H
#define API_CONDITIONS_H

#include "api/api_priv.h"

enum { TAG_BYTES = 40 };
struct tag_view { /* what of a request decides how a customer's document looks */
    uint32_t hash;
};
/* Of this request. */
struct tag_view tag_view_of(struct http_request *r, const struct store_company *company);
/* The strong tag of a customer's document, with its quotation marks. */
void tag_text(struct tag_view view, const struct consumer *c, char ret_tag[TAG_BYTES]);
/* Whether a header's list of tags has this one, or is "*". */
bool tag_is_in(str list, const char *tag);
/* Reads If-Match and If-None-Match of a change; NULL: there are none.  Answers and returns false
 * when one is malformed. */
bool condition_read(struct http_request *r, const struct store_condition **ret_condition);
/* 412. */
void condition_failed(struct http_request *r);

#endif
