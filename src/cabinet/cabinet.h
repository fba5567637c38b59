/* cabinet: what the web app talks to: sessions instead of tokens, and all that a company's people
 * do for themselves.
 *
 * It is an extension of the API (api.h): its handlers answer under /cabinet/api, and the API's own
 * handlers once more under /cabinet/api/companies/{company}.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CABINET_CABINET_H
#define CABINET_CABINET_H

#include "api/api.h"

struct cabinet;
struct cabinet_config {
    struct store *store; /* both are borrowed and outlive the cabinet */
    struct jobs *jobs;
    const char *public_url; /* where links begin; NULL: where the client asked */
    const char *version;    /* of the program, for the web app; borrowed */
    uint64_t upload_limit_bytes;
};
/* Starts the threads for what waits for the disk and for passwords.  On success the caller owns
 * *ret_cabinet.  Errors: ERR_INTERNAL. */
MUST_CHECK bool cabinet_new(const struct cabinet_config *config, struct cabinet **ret_cabinet,
                            struct err *err);
/* What to give to api_new(); lives as long as the cabinet. */
const struct api_extension *cabinet_extension(const struct cabinet *c);
/* The code that the first user needs, who is none yet; NULL: there are users. */
const char *cabinet_setup_code(const struct cabinet *c);
/* When the HTTP server has stopped; NULL is fine. */
void cabinet_free(struct cabinet *c);

#endif
