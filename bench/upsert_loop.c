/* The peer of an import that changes customers: one table with the indexes that such a table has,
 * and an upsert a row that rewrites the record and every index, in transactions of 10,000 rows. The
 * first file fills it; the second is measured. usage: upsert_loop DB CACHE_BYTES FIRST_CSV CSV
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

static const char schema[] =
    "CREATE TABLE consumer(id INTEGER PRIMARY KEY, external_id TEXT, email TEXT, name TEXT, phone TEXT,"
    " custom_attributes TEXT, created_at INTEGER, updated_at INTEGER) STRICT;"
    "CREATE UNIQUE INDEX by_external ON consumer(external_id);"
    "CREATE UNIQUE INDEX by_email ON consumer(email);"
    "CREATE INDEX by_updated ON consumer(updated_at)";
static const char upsert[] =
    "INSERT INTO consumer(id,external_id,email,name,phone,custom_attributes,created_at,updated_at)"
    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT(external_id) DO UPDATE SET"
    " external_id=excluded.external_id, email=excluded.email, name=excluded.name, phone=excluded.phone,"
    " custom_attributes=excluded.custom_attributes, created_at=excluded.created_at,"
    " updated_at=excluded.updated_at";

static void upsert_row(sqlite3 *db, void *context, char *cell[COLUMNS], sqlite3_int64 row)
{
    static sqlite3_int64 stamp = FIRST_ID;
    sqlite3_stmt *s = context;
    char custom[512];
    (void)row;
    sqlite3_bind_int64(s, 1, ++stamp); // of a new one only
    bind_row(s, cell, custom);
    sqlite3_bind_int64(s, 8, stamp);
    step(db, s);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: upsert_loop DB CACHE_BYTES FIRST_CSV CSV\n");
        return 2;
    }
    (void)remove(argv[1]);
    sqlite3 *db = open_db(argv[1], argv[2]);
    run(db, schema);
    sqlite3_stmt *s = prepare(db, upsert);
    (void)each_row(db, argv[3], upsert_row, s);
    double start = now_s();
    sqlite3_int64 rows = each_row(db, argv[4], upsert_row, s);
    sqlite3_finalize(s);
    check(db, sqlite3_close(db));
    printf("{\"records\":%lld,\"seconds\":%.3f}\n", (long long)rows, now_s() - start);
    return 0;
}
