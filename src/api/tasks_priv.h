/* What the modules about import tasks share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef API_TASKS_PRIV_H
#define API_TASKS_PRIV_H

#include "api/api_priv.h"
#include "api/errand.h"

/* The company whose token it is, its reader and the task that the path names; answers and returns
 * false when there is none. */
bool task_find(struct http_request *r, struct store_company **ret_company,
               struct store_reader **ret_reader, struct store_task *ret_task);
/* The same, and who asks: the address lives as long as the request. */
bool task_find_as(struct http_request *r, struct store_company **ret_company,
                  struct store_reader **ret_reader, struct store_task *ret_task,
                  struct jobs_asker *ret_by);
/* Answers with the task; with 202 in place of 200 while something is under way, or with the status
 * given. */
void task_answer(struct http_request *r, int status, struct store_company *company,
                 struct store_reader *reader, const struct store_task *task);

/* --- tasks_upload.c --- */

/* Sets an option or a setting of an import by its name.  Errors: as import_settings_set(). */
MUST_CHECK bool task_setting_set(struct arena *a, struct jobs_import_options *asked,
                                 struct import_settings *settings, str name, str value,
                                 struct err *err);
/* What it says of a setting, in the request's language. */
const char *task_setting_text(struct http_request *r, const struct err *err);
/* Whether the disk has room for a file of so many bytes and its import; answers 507 and returns
 * false when not. */
bool task_has_room(struct http_request *r, uint64_t bytes, bool packed);

/* --- tasks_key.c: Idempotency-Key --- */

struct task_key; /* one that a request in flight holds */
/* Reads the header and takes the key: {0} when there is none.  Answers and returns false when it is
 * malformed, or held by another request. */
bool task_key_take(struct http_request *r, int64_t company_id, struct task_key **ret_key);
/* Its text; {0} for NULL. */
str task_key_text(const struct task_key *k);
/* What an earlier request with the key made: *ret_id 0: nothing; *ret_reused: that request was
 * another one, by its print, and is refused by task_key_refuse(). */
MUST_CHECK bool task_key_find(const struct task_key *k, struct store_company *company, str print,
                              int64_t *ret_id, bool *ret_reused, struct err *err);
/* Answers a request whose key was another's. */
void task_key_refuse(struct http_request *r);
/* Gives it back: the request is over, or its task is stored; NULL is fine. */
void task_key_release(struct api *api, struct task_key *k);

#endif
