/* What the modules about exports share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_EXPORTS_PRIV_H
#define API_EXPORTS_PRIV_H

#include "api/api_priv.h"
#include "jobs/exports.h"

/* The task that the path names, of that company; answers and returns false when there is none. */
bool export_find(struct http_request *r, struct store_company *company,
                 struct store_reader **ret_reader, struct store_export *ret_task);
/* Appends the task as a resource object. */
void export_add(struct http_request *r, struct buf *b, struct store_company *company,
                const struct store_export *task);
/* Answers with the task. */
void export_answer(struct http_request *r, int status, struct store_company *company,
                   const struct store_export *task);
/* Appends a link to the task's file, signed, good for a while. */
void export_add_link(struct http_request *r, struct buf *b, int64_t company_id,
                     const struct store_export *task);
/* What the file is: "application/gzip". */
const char *export_type(const struct store_export *task);

#endif
