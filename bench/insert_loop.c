/* The peer of `clientele import`: the same CSV file into the same schema, a row at a time with
 * prepared inserts, in transactions of 10,000 rows.  It splits lines at ';', checks nothing and
 * finds nothing: the least a loader can do. usage: insert_loop DB CSV CACHE_BYTES (DB: a company's
 * database without customers)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS = 8, BATCH_ROWS = 10000 };

static void check(sqlite3 *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "insert_loop: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
    check(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    check(db, sqlite3_prepare_v2(db, sql, -1, &s, NULL));
    return s;
}

static void step(sqlite3 *db, sqlite3_stmt *s)
{
    check(db, sqlite3_step(s));
    check(db, sqlite3_reset(s));
}

static sqlite3_int64 stamp_us(const char *s)
{
    struct tm t = {0};
    if (sscanf(s, "%d-%d-%d %d:%d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
               &t.tm_sec) != 6) {
        fprintf(stderr, "insert_loop: '%s' is no stamp\n", s);
        exit(1);
    }
    t.tm_year -= 1900;
    t.tm_mon--;
    return (sqlite3_int64)timegm(&t) * 1000000;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void insert(sqlite3 *db, sqlite3_stmt *s[3], char *cell[COLUMNS], sqlite3_int64 id)
{
    char custom[512];
    snprintf(custom, sizeof custom, "{\"orders_count\":\"%s\",\"ltv\":\"%s\",\"region\":\"%s\"}",
             cell[5], cell[6], cell[7]);
    sqlite3_bind_int64(s[0], 1, id);
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(s[0], 2 + i, cell[i], -1, SQLITE_STATIC);
    sqlite3_bind_text(s[0], 6, custom, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s[0], 7, stamp_us(cell[4]));
    sqlite3_bind_int64(s[0], 8, id);
    step(db, s[0]);
    for (int i = 0; i < 2; i++) {
        sqlite3_bind_text(s[1 + i], 1, cell[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(s[1 + i], 2, id);
        step(db, s[1 + i]);
    }
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    char *line = NULL, sql[100];
    size_t room = 0;
    if (argc != 4) {
        fprintf(stderr, "usage: insert_loop DB CSV CACHE_BYTES\n");
        return 2;
    }
    FILE *file = fopen(argv[2], "r");
    if (!file || sqlite3_open(argv[1], &db) != SQLITE_OK) {
        fprintf(stderr, "insert_loop: cannot open '%s' or '%s'\n", argv[1], argv[2]);
        return 1;
    }
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-%ld",
             strtol(argv[3], NULL, 10) / 1024);
    run(db, sql);
    sqlite3_stmt *s[3] = {
        prepare(
            db,
            "INSERT INTO consumer(id,external_id,email,name,phone,custom_attributes,created_at,updated_at) "
            "VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"),
        prepare(db, "INSERT INTO external_key(external_id,id) VALUES(?1,?2)"),
        prepare(db, "INSERT INTO email_key(email_key,id) VALUES(?1,?2)")};
    double start = now_s();
    sqlite3_int64 rows = 0;
    (void)!getline(&line, &room, file);
    run(db, "BEGIN");
    for (ssize_t n; (n = getline(&line, &room, file)) > 0;) {
        char *cell[COLUMNS], *rest = line;
        line[strcspn(line, "\r\n")] = 0;
        for (int i = 0; i < COLUMNS; i++) {
            cell[i] = strsep(&rest, ";");
            if (!cell[i]) {
                fprintf(stderr, "insert_loop: a row with too few cells\n");
                return 1;
            }
        }
        insert(db, s, cell, 1000000000000 + rows++);
        if (rows % BATCH_ROWS == 0)
            run(db, "COMMIT;BEGIN");
    }
    run(db, "COMMIT");
    for (int i = 0; i < 3; i++)
        sqlite3_finalize(s[i]);
    check(db, sqlite3_close(db));
    double seconds = now_s() - start;
    printf("{\"records\":%lld,\"seconds\":%.3f}\n", (long long)rows, seconds);
    free(line);
    fclose(file);
    return 0;
}
