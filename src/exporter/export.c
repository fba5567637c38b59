/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/gzip.h"
#include "domain/consumer_json.h"
#include "domain/consumer_members.h"
#include "exporter/export_priv.h"

#include "base/limits.h"

enum {
    PAGE = 500,               // customers read at a time
    FLUSH_BYTES = 256 * 1024, // of JSON Lines
};

/* Reads the page after e->last. */
static bool search_page(struct export *e, bool first, struct consumer **ret_consumer,
                        size_t *ret_count, struct err *err)
{
    const struct export_options *o = e->options;
    const struct store_query query = {.search = o->search,
                                      .filter = o->filter,
                                      .order = o->order,
                                      .after = first ? NULL : &e->last,
                                      .limit = PAGE};
    AUTO(store_search_free) struct store_search *search = NULL;
    struct consumer *c = ARENA_NEW(&e->page, struct consumer, PAGE);
    size_t count = 0;
    enum store_step step = STORE_END;
    if (!store_search_open(e->reader, &query, &search, err))
        return false;
    while (count < PAGE &&
           (step = store_search_next(search, &e->page, &c[count], err)) == STORE_ROW)
        count++;
    *ret_consumer = c;
    *ret_count = count;
    return step != STORE_FAILED;
}

static bool read_page(struct export *e, bool first, struct consumer **ret_consumer,
                      size_t *ret_count, struct err *err)
{
    const struct export_options *o = e->options;
    bool everyone =
        !o->search && !(o->filter && o->filter->count) && !(o->order && o->order->count);
    return everyone ? store_list(e->reader, &e->page, first ? 0 : e->last.id, 0, PAGE, ret_consumer,
                                 ret_count, err)
                    : search_page(e, first, ret_consumer, ret_count, err);
}

/* Remembers where the next page begins. */
static void note_place(struct export *e, const struct consumer *c)
{
    arena_reset(&e->place);
    e->last = store_place_of(e->options->order, c);
    e->last.text = arena_str(&e->place, e->last.text);
}

bool export_pages(struct export *e,
                  bool (*each)(void *context, const struct consumer *c, size_t count,
                               struct err *err),
                  void *context, struct err *err)
{
    const struct export_options *o = e->options;
    for (bool first = true;; first = false) {
        struct consumer *c;
        size_t count;
        arena_reset(&e->page);
        if (!read_page(e, first, &c, &count, err) || !each(context, c, count, err))
            return false;
        e->count += count;
        if (o->go_on && !o->go_on(o->context, e->count))
            return err_set(err, ERR_BUSY, "the export was stopped");
        if (count < PAGE)
            return true;
        note_place(e, &c[count - 1]);
    }
}

/* --- JSON Lines --- */

struct json_lines {
    struct export *e;
    struct buf buf;
    struct buf custom; /* the chosen ones of a customer's custom_attributes */
    int fd;
    unsigned fields;
    str *key_text; /* chosen keys as JSON; NULL: all of them */
    size_t key_count;
};

static bool flush_lines(struct json_lines *j, struct err *err)
{
    bool ok = file_write_fd(j->fd, buf_str(&j->buf), err);
    buf_reset(&j->buf);
    return ok;
}

static str chosen_members(struct json_lines *j, str custom_attributes)
{
    struct member member[LIMIT_ATTRIBUTES];
    size_t count = consumer_members_split(custom_attributes, member, LIMIT_ATTRIBUTES);
    buf_reset(&j->custom);
    for (size_t i = 0; i < j->key_count; i++) {
        const struct member *m =
            consumer_members_find(member, count, MIN(i, count), j->key_text[i]);
        if (!m)
            continue;
        buf_add_char(&j->custom, j->custom.len ? ',' : '{');
        buf_add(&j->custom, m->key_text);
        buf_add_char(&j->custom, ':');
        buf_add(&j->custom, m->value);
    }
    buf_add(&j->custom, j->custom.len ? STR("}") : STR("{}"));
    return buf_str(&j->custom);
}

static bool add_lines(void *context, const struct consumer *c, size_t count, struct err *err)
{
    struct json_lines *j = context;
    for (size_t i = 0; i < count; i++) {
        struct consumer shown = c[i];
        if (j->key_text)
            shown.custom_attributes = chosen_members(j, shown.custom_attributes);
        consumer_json_open_some(&j->buf, &shown, j->e->zone, j->fields);
        buf_add(&j->buf, STR("}\n"));
        if (j->buf.len >= FLUSH_BYTES && !flush_lines(j, err))
            return false;
    }
    return true;
}

static void choose_members(struct json_lines *j, struct arena *a)
{
    const struct export_fields *f = j->e->options->fields;
    bool everything = !f || !f->count, all_keys = everything;
    j->fields = everything ? ~0u : 0;
    for (size_t i = 0; !everything && i < f->count; i++) {
        enum consumer_field field = f->field[i].field;
        j->fields |= field == FIELD_COUNT ? 0 : FIELD_BIT(field);
        all_keys |= field == FIELD_CUSTOM_ATTRIBUTES && str_is_null(f->field[i].key);
    }
    if (all_keys || !(j->fields & FIELD_BIT(FIELD_CUSTOM_ATTRIBUTES)))
        return;
    j->key_text = ARENA_NEW(a, str, f->count);
    for (size_t i = 0; i < f->count; i++)
        if (f->field[i].field == FIELD_CUSTOM_ATTRIBUTES)
            j->key_text[j->key_count++] = json_string_text(a, f->field[i].key);
}

bool export_json_lines(struct export *e, int fd, struct err *err)
{
    AUTO(arena_done) struct arena a = {0};
    struct json_lines j = {.e = e, .fd = fd};
    choose_members(&j, &a);
    bool ok = export_pages(e, add_lines, &j, err) && flush_lines(&j, err);
    buf_done(&j.buf);
    buf_done(&j.custom);
    return ok;
}

/* --- any --- */

static bool run(struct export *e, int fd, struct err *err)
{
    return e->options->format == ROWS_JSONL ? export_json_lines(e, fd, err)
           : e->options->program.len        ? export_by_program(e, fd, err)
                                            : export_table(e, fd, err);
}

static bool run_packed(struct export *e, int fd, struct err *err)
{
    AUTO(gzip_free) struct gzip *gzip = NULL;
    struct err why = {0};
    if (!gzip_open(fd, &gzip, err))
        return false;
    bool ok = run(e, gzip_fd(gzip), err);
    if (!gzip_end(gzip, &why)) { // then the pipe to it broke, too
        *err = why;
        return false;
    }
    return ok;
}

bool export_run(struct store_reader *reader, const struct zone *zone,
                const struct export_options *options, int fd, uint64_t *ret_count, struct err *err)
{
    struct export e = {.reader = reader, .zone = zone, .options = options};
    bool ok = options->gzip ? run_packed(&e, fd, err) : run(&e, fd, err);
    arena_done(&e.page);
    arena_done(&e.place);
    *ret_count = e.count;
    return ok;
}
