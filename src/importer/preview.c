/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/preview_priv.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/cell.h"
#include "formats/row_writer.h"
#include "importer/preview_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { FLUSH_BYTES = 64 * 1024, SHOWN_FIELDS = 1000 };

struct field_count { /* how often a field changes */
    str name;
    uint64_t count;
    struct field_count *next;
};
struct preview {
    struct row_writer *diff; /* NULL: only the outcomes are asked for */
    struct preview_files files;
    int64_t origin;
    const struct zone *zone;
    struct preview_entry entry; /* of the record in hand */
    struct buf outcomes, index, text;
    struct sha256 *hash;
    struct arena arena;  /* of one record */
    struct arena fields; /* of the counts */
    struct field_count *field, **field_last;
    size_t field_names;
    struct err err; /* the first failure */
};

const char *preview_outcome_name(enum store_outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {
        [OUTCOME_CREATED] = "created",     [OUTCOME_UPDATED] = "updated",
        [OUTCOME_UNCHANGED] = "unchanged", [OUTCOME_DELETED] = "deleted",
        [OUTCOME_SKIPPED] = "skipped",     [OUTCOME_FAILED] = "failed"};
    return names[outcome];
}

struct preview *preview_bare(const struct zone *zone, int64_t origin)
{
    struct preview *p = mem_new(1, sizeof *p);
    p->zone = zone;
    p->origin = origin;
    p->field_last = &p->field;
    return p;
}

bool preview_new(const struct preview_files *files, const struct zone *zone, int64_t origin,
                 struct preview **ret_preview, struct err *err)
{
    static const str header[] = {{"record", 6}, {"line", 4}, {"external_id", 11}, {"action", 6},
                                 {"field", 5},  {"old", 3},  {"new", 3},          {"repaired", 8}};
    AUTO(preview_free) struct preview *p = preview_bare(zone, origin);
    p->files = *files;
    p->hash = sha256_new();
    if (!row_writer_open(files->diff_fd, ROWS_CSV, &p->diff, err) ||
        !row_writer_add(p->diff, header, COUNT(header), err))
        return false;
    *ret_preview = TAKE(p);
    return true;
}

void preview_free(struct preview *p)
{
    unsigned char digest[SHA256_BYTES];
    if (!p)
        return;
    if (p->hash)
        sha256_end(p->hash, digest);
    row_writer_free(p->diff);
    buf_done(&p->outcomes);
    buf_done(&p->index);
    buf_done(&p->text);
    arena_done(&p->arena);
    arena_done(&p->fields);
    mem_free(p);
}

static void count_field(struct preview *p, str name)
{
    struct field_count *f = p->field;
    size_t at = 0;
    for (; f && !str_eq(f->name, name); at++)
        f = f->next;
    p->entry.fields |= UINT64_C(1) << MIN(at, (size_t)PREVIEW_FIELD_BITS - 1);
    if (!f) {
        if (p->field_names == SHOWN_FIELDS)
            return;
        p->field_names++;
        f = ARENA_NEW(&p->fields, struct field_count, 1);
        f->name = arena_str(&p->fields, name);
        *p->field_last = f;
        p->field_last = &f->next;
    }
    f->count++;
}

/* A value as a cell: texts as they are, nothing as "", other JSON as it is written. */
static str cell_of(struct preview *p, enum consumer_field field, str value)
{
    struct json json;
    struct json_place place;
    struct err ignored;
    char stamp[ZONE_STAMP_BYTES];
    if (str_eq(value, STR("null")))
        return STR("");
    if (field == FIELD_CREATED_AT) {
        (void)zone_stamp(p->zone, strtoll(value.ptr, NULL, 10), stamp); // it ends with a NUL
        return arena_str(&p->arena, str_of(stamp));
    }
    if (value.ptr[0] == '"' && json_parse(value, &p->arena, &json, &place, &ignored))
        value = json.text;
    return cell_guarded(&p->arena, value, false);
}

/* What stood in the cell before an accepted repair; {0}: it was not repaired. */
static str repaired_from(struct preview *p, const struct store_change *c, enum consumer_field field,
                         str key)
{
    str name = str_of(consumer_field_name(field));
    for (const struct problem *w = c->warnings.first; w; w = w->next)
        if (w->code == PROBLEM_REPAIRED && str_eq(w->field, name) && str_eq(w->key, key))
            return cell_guarded(&p->arena, w->value, false);
    return (str){0};
}

/* once: old is of this one run; another one has another. */
static void add_line(struct preview *p, const struct store_change *c, const char *action, str field,
                     str old, bool once, str new, str repaired)
{
    enum { FIRST_HASHED = 2, OLD = 5 }; // what changes, not where it stands
    const struct consumer *who = c->after;
    const str cell[] = {arena_format(&p->arena, "%llu", (unsigned long long)c->record),
                        arena_format(&p->arena, "%llu", (unsigned long long)c->line),
                        who ? who->external_id : (str){0},
                        str_of(action),
                        field,
                        old,
                        new,
                        repaired};
    p->entry.changes++;
    if (p->diff && p->err.code == ERR_NONE)
        IGNORE(row_writer_add(p->diff, cell, COUNT(cell), &p->err));
    for (size_t i = FIRST_HASHED; i < COUNT(cell); i++) {
        buf_add(&p->text, i == OLD && once ? (str){0} : cell[i]);
        buf_add_char(&p->text, 0);
    }
}

static void add_changes(struct preview *p, const struct store_change *c)
{
    const struct consumer nobody = {.custom_attributes = STR("{}")};
    bool created = c->outcome == OUTCOME_CREATED;
    const struct consumer *before = created ? &nobody : c->before;
    struct consumer after = *c->after;
    struct consumer_former *former;
    size_t count;
    // When nothing was said, the time of import is his: another one at each run.
    if (created && !(c->patch.set & FIELD_BIT(FIELD_CREATED_AT)))
        after.created_at_us = 0;
    consumer_former_find(&p->arena, before, &after, &former, &count);
    for (size_t i = 0; i < count; i++) {
        // An earlier row may have made him, at the time of this run.
        bool once = !created && before->origin == p->origin && former[i].field == FIELD_CREATED_AT;
        bool custom = former[i].field == FIELD_CUSTOM_ATTRIBUTES;
        str name = str_of(consumer_field_name(former[i].field));
        if (custom)
            name = arena_format(&p->arena, "custom_attributes.%.*s", STR_ARG(former[i].key));
        if (!created)
            count_field(p, name);
        str old = created ? STR("") : cell_of(p, former[i].field, former[i].value);
        add_line(p, c, created ? "create" : "update", name, old, once,
                 cell_of(p, former[i].field,
                         consumer_value_text(&p->arena, &after, former[i].field, former[i].key)),
                 repaired_from(p, c, former[i].field, former[i].key));
    }
}

void preview_outcome(struct preview *p, const struct store_change *c,
                     unsigned char ret[OUTCOME_BYTES])
{
    arena_reset(&p->arena);
    buf_reset(&p->text);
    if (c->after && (c->outcome == OUTCOME_CREATED || c->outcome == OUTCOME_UPDATED))
        add_changes(p, c);
    for (const struct problem *q = c->problems.first; q; q = q->next) {
        buf_add(&p->text, str_of(problem_code_name(q->code)));
        buf_add(&p->text, q->field);
    }
    uint64_t hash = p->text.len ? crypto_hash64(buf_str(&p->text)) : 0;
    ret[0] = (unsigned char)c->outcome;
    memcpy(ret + 1, &hash, sizeof hash);
}

static enum preview_reason reason_of(const struct store_change *c)
{
    return c->outcome != OUTCOME_SKIPPED ? REASON_NONE
           : c->op == STORE_REFUSED      ? REASON_REPEATED
           : c->skip_missing             ? REASON_MISSING
                                         : REASON_EXISTS;
}

static void add_entry(struct preview *p, const struct store_change *c)
{
    struct preview_entry *e = &p->entry;
    str id = c->after && c->after->external_id.len         ? c->after->external_id
             : c->patch.set & FIELD_BIT(FIELD_EXTERNAL_ID) ? c->patch.value.external_id
             : c->key == STORE_KEY_EXTERNAL_ID             ? c->key_text
                                                           : (str){0};
    e->line = c->line;
    e->id_bytes = (uint16_t)MIN(id.len, (size_t)LIMIT_EXTERNAL_ID_BYTES);
    e->outcome = (uint8_t)c->outcome;
    e->reason = (uint8_t)reason_of(c);
    buf_add(&p->index, (str){(const char *)e, sizeof *e});
    buf_add(&p->index, str_first(id, e->id_bytes));
}

static void write_out(struct preview *p, struct buf *b, int fd)
{
    if (p->err.code == ERR_NONE)
        IGNORE(file_write_fd(fd, buf_str(b), &p->err));
    buf_reset(b);
}

void preview_record(struct preview *p, const struct store_change *c)
{
    unsigned char outcome[OUTCOME_BYTES];
    p->entry = (struct preview_entry){.diff_at = row_writer_bytes(p->diff)};
    preview_outcome(p, c, outcome);
    add_entry(p, c);
    buf_add(&p->outcomes, (str){(const char *)outcome, sizeof outcome});
    if (p->index.len >= FLUSH_BYTES)
        write_out(p, &p->index, p->files.index_fd);
    if (p->outcomes.len >= FLUSH_BYTES) {
        sha256_add(p->hash, buf_str(&p->outcomes));
        write_out(p, &p->outcomes, p->files.outcome_fd);
    }
}

bool preview_end(struct preview *p, struct arena *a, str *ret_fingerprint, str *ret_json,
                 struct err *err)
{
    unsigned char digest[SHA256_BYTES];
    AUTO(buf_done) struct buf b = {0};
    sha256_add(p->hash, buf_str(&p->outcomes));
    sha256_end(TAKE(p->hash), digest);
    write_out(p, &p->outcomes, p->files.outcome_fd);
    write_out(p, &p->index, p->files.index_fd);
    if (p->err.code == ERR_NONE)
        IGNORE(row_writer_end(p->diff, &p->err));
    if (p->err.code != ERR_NONE) {
        *err = p->err;
        return false;
    }
    *ret_fingerprint = crypto_hex(a, digest, sizeof digest);
    buf_format(&b, "\"fingerprint\":\"%s\",\"fields\":{", ret_fingerprint->ptr);
    for (const struct field_count *f = p->field; f; f = f->next) {
        json_write_string(&b, f->name);
        buf_format(&b, ":%llu%s", (unsigned long long)f->count, f->next ? "," : "");
    }
    buf_add_char(&b, '}');
    *ret_json = arena_str(a, buf_str(&b));
    return true;
}
