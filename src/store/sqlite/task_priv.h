/* What the modules about tasks share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_TASK_PRIV_H
#define STORE_SQLITE_TASK_PRIV_H

#include "store/sqlite/store_priv.h"

/* Opens a small connection of its own to the company's file. */
MUST_CHECK bool task_db_open(struct store_company *c, struct db *db, struct err *err);
/* The same for a write that people wait for: until task_exit(), which closes it, the writer does
 * not begin another slice of a file. */
MUST_CHECK bool task_enter(struct store_company *c, struct db *db, struct err *err);
void task_exit(struct store_company *c, struct db *db);
/* Runs a statement whose values are all numbers. */
MUST_CHECK bool task_run_numbers(struct db *db, const char *sql, const int64_t *value, size_t count,
                                 struct err *err);
/* Adds a deed to the task's, in the transaction that is open. */
MUST_CHECK bool task_add_deed(struct db *db, int64_t task_id, const struct store_deed *deed,
                              int64_t at_us, struct err *err);
/* A limit as SQL wants it. */
int64_t db_limit(size_t limit);
/* Adds the problems and warnings of one record to those lists of the batch's task. */
MUST_CHECK bool task_add_problems(struct db *db, const struct store_batch *batch,
                                  const struct store_change *c, enum problem_list refuse,
                                  enum problem_list warn, struct err *err);

/* Keeps what became of records one after another. */
MUST_CHECK bool task_add_outcomes(struct db *db, int64_t task_id, const struct store_change *change,
                                  size_t count, struct err *err);

#endif
