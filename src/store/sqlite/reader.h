/* reader: a connection that only reads.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_READER_H
#define STORE_SQLITE_READER_H

#include "store/sqlite/db.h"
#include "store/store.h"

struct store_reader {
    struct db db;
    struct store_company *company;
    bool held;        /* a transaction is open */
    uint64_t held_at; /* the company's commits when it began */
    bool searches; /* it knows the functions of search_sql.h */
};

#endif
