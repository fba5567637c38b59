/* company: the opened companies of a store.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_COMPANY_H
#define STORE_SQLITE_COMPANY_H

#include "store/store.h"

/* All three with store->lock held (but for the last: when nothing else runs). */
void company_refresh(struct store *s, int64_t id);
/* Stops the company's writer and removes its files. */
void company_close_for_good(struct store *s, int64_t id);
void companies_close(struct store *s);

#endif
