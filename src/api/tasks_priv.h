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
                  struct asker *ret_by);
/* Answers with the task; with 202 in place of 200 while something is under way, or with the status
 * given. */
void task_answer(struct http_request *r, int status, struct store_company *company,
                 struct store_reader *reader, const struct store_task *task);

/* Answers that what a dry run leaves is still being made. */
void tasks_trial_under_way(struct http_request *r);

/* --- tasks_show.c --- */

/* A page of a list, on its way out. */
struct task_list {
    uint64_t page, per_page;
    size_t count; /* on this page */
    bool more;
    struct buf b;
    struct buf query; /* what the next page's address has besides the page */
    str after;        /* where the next page begins, when it goes by a place; else by its number */
};
/* Begins it with what was found: one more than asked for tells that there is a next page. */
void task_list_open(struct task_list *l, size_t found);
/* Adds "&name=value" to what the next page's address has besides its place. */
void task_keep_parameter(struct buf *query, const char *name, str value);
/* The same, of a list. */
void task_list_keep(struct task_list *l, const char *name, str value);
/* Ends it, answers, and frees what it holds. */
void task_list_answer(struct http_request *r, struct task_list *l);

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

#endif
