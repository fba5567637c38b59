/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/previous.h"

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "domain/cell.h"
#include "formats/row_writer.h"
#include "importer/import_priv.h"

#include <stdlib.h>

struct keys_seen {
    uint64_t *hash;
    size_t count, room;
    bool sorted;
};

struct keys_seen *keys_seen_new(void)
{
    return mem_new(1, sizeof(struct keys_seen));
}

void keys_seen_free(struct keys_seen *k)
{
    if (k)
        mem_free(k->hash);
    mem_free(k);
}

void keys_seen_add(struct keys_seen *k, str key)
{
    if (!key.len)
        return;
    if (k->count == k->room) {
        k->room = k->room ? k->room * 2 : 1024;
        k->hash = mem_grow(k->hash, k->room, sizeof *k->hash);
    }
    k->hash[k->count++] = crypto_hash64(key);
    k->sorted = false;
}

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static bool has(struct keys_seen *k, str key)
{
    uint64_t hash = crypto_hash64(key);
    if (!k->sorted && k->count)
        qsort(k->hash, k->count, sizeof *k->hash, by_number);
    k->sorted = true;
    return k->count && bsearch(&hash, k->hash, k->count, sizeof hash, by_number) != NULL;
}

/* A record's external id; {0}: it has none. */
static str key_of(const struct import_plan *plan, struct arena *a, const struct row *row)
{
    struct json tree;
    struct json_place place;
    struct err err;
    if (plan->about.format == ROWS_JSONL) {
        if (!json_parse(row->cell[0], a, &tree, &place, &err))
            return (str){0};
        const struct json *data = json_get(&tree, "data"), *top = data ? data : &tree,
                          *attributes = json_get(top, "attributes"),
                          *id = json_get(attributes ? attributes : top, "external_id");
        return id ? utf8_trim(id->text) : (str){0};
    }
    for (size_t i = 0; i < plan->count && i < row->count; i++)
        if (plan->column[i].field == FIELD_EXTERNAL_ID)
            return cell_unguarded(utf8_trim(row->cell[i]));
    return (str){0};
}

bool previous_compare(const char *path, const struct import_settings *settings,
                      const struct zone *zone, struct keys_seen *keys, int fd,
                      struct previous_missing *ret_missing, struct err *err)
{
    static const str header[] = {{"external_id", 11}, {"line", 4}};
    AUTO(import_plan_free) struct import_plan *plan = NULL;
    AUTO(rows_free) struct rows *rows = NULL;
    AUTO(row_writer_free) struct row_writer *out = NULL;
    AUTO(arena_done) struct arena a = {0};
    struct file_problem problem;
    struct row row;
    *ret_missing = (struct previous_missing){0};
    if (!import_open(path, settings, zone, &plan, &problem, err) ||
        !rows_open(path, &plan->settings.rows, &rows, &problem, err) ||
        !row_writer_open(fd, ROWS_CSV, &out, err) ||
        !row_writer_add(out, header, COUNT(header), err))
        return false;
    while (rows_next(rows, &row, &problem, err) == ROWS_ROW) {
        arena_reset(&a);
        str key = row.record <= plan->header_record ? (str){0} : key_of(plan, &a, &row);
        if (!key.len || has(keys, key))
            continue;
        const str cell[] = {cell_guarded(&a, key, false),
                            arena_format(&a, "%llu", (unsigned long long)row.line)};
        ret_missing->count++;
        if (!row_writer_add(out, cell, COUNT(cell), err))
            return false;
    }
    return row_writer_end(out, err);
}
