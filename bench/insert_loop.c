/* The peer of `clientele import`: the same CSV file into the same schema, a row at a time with
 * prepared inserts, in transactions of 10,000 rows.  It splits lines at ';', checks nothing and
 * finds nothing: the least a loader can do. usage: insert_loop DB CSV CACHE_BYTES (DB: a company's
 * database that has none of these customers)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

static void insert(sqlite3 *db, void *context, char *cell[COLUMNS], sqlite3_int64 row)
{
    sqlite3_stmt **s = context;
    char custom[512];
    sqlite3_int64 id = FIRST_ID + row;
    sqlite3_bind_int64(s[0], 1, id);
    bind_row(s[0], cell, custom);
    sqlite3_bind_int64(s[0], 8, row);
    step(db, s[0]);
    for (int i = 0; i < 2; i++) {
        sqlite3_bind_text(s[1 + i], 1, cell[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(s[1 + i], 2, id);
        step(db, s[1 + i]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: insert_loop DB CSV CACHE_BYTES\n");
        return 2;
    }
    sqlite3 *db = open_db(argv[1], argv[3]);
    sqlite3_stmt *s[3] = {
        prepare(db,
                "INSERT INTO consumer(id,external_id,email,name,phone,custom_attributes,created_at,"
                "updated_at,origin,record,trail) VALUES(?1,?2,?3,?4,?5,?6,?7,?1,1,?8,0)"),
        prepare(db, "INSERT INTO external_key(external_id,id) VALUES(?1,?2)"),
        prepare(db, "INSERT INTO email_key(email_key,id) VALUES(?1,?2)")};
    double start = now_s();
    sqlite3_int64 rows = each_row(db, argv[2], insert, s);
    for (int i = 0; i < 3; i++)
        sqlite3_finalize(s[i]);
    check(db, sqlite3_close(db));
    printf("{\"records\":%lld,\"seconds\":%.3f}\n", (long long)rows, now_s() - start);
    return 0;
}
