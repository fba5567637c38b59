/* What the loops that clientele is measured beside share: SQLite driven plainly, a file split at
 * ';'.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS = 8, BATCH_ROWS = 10000 };
#define FIRST_ID ((sqlite3_int64)1000000000000)

static inline void check(sqlite3 *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    exit(1);
}

static inline void run(sqlite3 *db, const char *sql)
{
    check(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static inline sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    check(db, sqlite3_prepare_v2(db, sql, -1, &s, NULL));
    return s;
}

static inline void step(sqlite3 *db, sqlite3_stmt *s)
{
    check(db, sqlite3_step(s));
    check(db, sqlite3_reset(s));
}

/* Opens the database as the import does: WAL, every commit on disk. */
static inline sqlite3 *open_db(const char *path, const char *cache_bytes)
{
    sqlite3 *db;
    char sql[100];
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        fprintf(stderr, "cannot open '%s'\n", path);
        exit(1);
    }
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-%ld",
             strtol(cache_bytes, NULL, 10) / 1024);
    run(db, sql);
    return db;
}

static inline sqlite3_int64 stamp_us(const char *s)
{
    struct tm t = {0};
    if (sscanf(s, "%d-%d-%d %d:%d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
               &t.tm_sec) != 6) {
        fprintf(stderr, "'%s' is no stamp\n", s);
        exit(1);
    }
    t.tm_year -= 1900;
    t.tm_mon--;
    return (sqlite3_int64)timegm(&t) * 1000000;
}

static inline double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* external_id to region, bound to the parameters from 2 on: as one row of the table has them. */
static inline void bind_row(sqlite3_stmt *s, char *cell[COLUMNS], char custom[512])
{
    snprintf(custom, 512, "{\"orders_count\":\"%s\",\"ltv\":\"%s\",\"region\":\"%s\"}", cell[5],
             cell[6], cell[7]);
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(s, 2 + i, cell[i], -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 6, custom, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 7, stamp_us(cell[4]));
}

/* Gives each row of the file to `insert`, in transactions of BATCH_ROWS; returns how many there
 * were. */
static inline sqlite3_int64 each_row(sqlite3 *db, const char *path,
                                     void (*insert)(sqlite3 *db, void *context, char *cell[COLUMNS],
                                                    sqlite3_int64 row),
                                     void *context)
{
    char *line = NULL;
    size_t room = 0;
    sqlite3_int64 rows = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "cannot open '%s'\n", path);
        exit(1);
    }
    (void)!getline(&line, &room, file);
    run(db, "BEGIN");
    for (ssize_t n; (n = getline(&line, &room, file)) > 0;) {
        char *cell[COLUMNS], *rest = line;
        line[strcspn(line, "\r\n")] = 0;
        for (int i = 0; i < COLUMNS; i++) {
            cell[i] = strsep(&rest, ";");
            if (!cell[i]) {
                fprintf(stderr, "a row with too few cells\n");
                exit(1);
            }
        }
        insert(db, context, cell, rows++);
        if (rows % BATCH_ROWS == 0)
            run(db, "COMMIT;BEGIN");
    }
    run(db, "COMMIT");
    free(line);
    fclose(file);
    return rows;
}

#endif
