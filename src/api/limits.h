/* limits: how many requests a token and an address may make, and how many wrong tokens come from
 * an address.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_LIMITS_H
#define API_LIMITS_H

#include "api/api_priv.h"

/* Makes the throttles that api->config asks for. */
void limits_open(struct api *api);
/* Frees them. */
void limits_close(struct api *api);
/* struct http_app's admit: answers 429 when a limit is reached. */
void limits_admit(struct http_request *r);
/* struct http_app's seal: RateLimit-* on every answer that was limited. */
void limits_seal(struct http_request *r, int status);

#endif
