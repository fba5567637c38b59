/* company: the opened companies of a store.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_COMPANY_H
#define STORE_SQLITE_COMPANY_H

#include "store/store.h"

/* Shows what was renamed or set to those who look next.  Not with store->lock held, nor the next
 * one. */
void company_refresh(struct store *s, int64_t id);
/* Stops the company's writer and removes its files. */
void company_close_for_good(struct store *s, int64_t id);
/* When nothing else runs any more. */
void companies_close(struct store *s);

#endif
