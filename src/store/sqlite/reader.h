/* reader: a connection that only reads.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SQLITE_READER_H
#define STORE_SQLITE_READER_H

#include "store/sqlite/db.h"
#include "store/store.h"

struct store_reader {
    struct db db;
    bool searches; /* it knows the functions of search_sql.h */
};

#endif
