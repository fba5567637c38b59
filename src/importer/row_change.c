/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/row_change.h"

#include "base/utf8.h"
#include "domain/cell.h"
#include "domain/header.h"
#include "importer/repair.h"

static void add_attribute(struct consumer_patch *patch, str key, str value)
{
    patch->attribute[patch->attribute_count++] =
        (struct consumer_attribute){.key = key, .value = value, .as_text = true};
}

/* All of them in one cell, as JSON; columns of single ones may stand beside it. */
static void set_attributes(struct arena *a, str cell, struct consumer_patch *patch)
{
    struct json tree;
    struct json_place place;
    struct err err;
    if (json_parse(cell, a, &tree, &place, &err))
        consumer_patch_add_attributes(a, patch, &tree);
    else
        problem_add(&patch->problems, a, PROBLEM_WRONG_TYPE, STR("custom_attributes"), cell);
}

/* A guarded text says of itself that it is meant so. */
static void set_field(struct arena *a, const struct row_context *context, enum consumer_field field,
                      str cell, struct consumer_patch *patch)
{
    str text = cell_unguarded(cell);
    if (text.len < cell.len)
        consumer_patch_set_literal(a, patch, field, arena_str(a, text), context->rules);
    else
        consumer_patch_set_text(a, patch, field, arena_str(a, text), context->rules);
}

static str field_of(const struct import_column *column)
{
    enum consumer_field field = column->field;
    if (field == FIELD_COUNT)
        field = column->name_part ? FIELD_NAME : FIELD_CUSTOM_ATTRIBUTES;
    return str_of(consumer_field_name(field));
}

static void add_problem(struct arena *a, struct problems *list, enum problem_code code,
                        const struct import_column *column, str cell)
{
    struct problem *p = problem_add(list, a, code, field_of(column), cell);
    if (column->attribute.ptr)
        p->key = column->attribute;
}

/* Applies what was accepted for the column; false when the cell is left out.  A guarded text says
 * of itself that it is meant so. */
static bool repair(struct arena *a, const struct import_column *column, str trimmed, str *ret_cell,
                   struct consumer_patch *patch)
{
    str made;
    enum repair_outcome outcome = cell_unguarded(trimmed).len < trimmed.len
                                      ? REPAIR_KEEPS
                                      : repair_cell(a, column->repair, trimmed, &made);
    if (outcome == REPAIR_KEEPS)
        return true;
    add_problem(a, &patch->warnings, PROBLEM_REPAIRED, column, trimmed);
    if (outcome == REPAIR_CHANGES)
        *ret_cell = made;
    return outcome == REPAIR_CHANGES;
}

/* The error of a formula is no value. */
static void refuse_error(struct arena *a, const struct row_context *context,
                         const struct import_column *column, str cell, struct store_change *change)
{
    bool only_value =
        context->settings->bad_values == BAD_LEAVE_OUT && column->field != FIELD_EXTERNAL_ID;
    add_problem(a, only_value ? &change->patch.warnings : &change->patch.problems,
                PROBLEM_FORMULA_ERROR, column, cell);
}

static void read_blank(const struct row_context *context, const struct import_column *column,
                       bool token, struct consumer_patch *patch)
{
    if (!token && !context->settings->clear_blank)
        return;
    if (column->name_part)
        consumer_patch_clear(patch, FIELD_NAME); // unless another part has something to say
    if (column->field != FIELD_COUNT)
        consumer_patch_clear(patch, column->field);
    else if (column->attribute.ptr)
        add_attribute(patch, column->attribute, (str){0});
}

/* Spaces around a key, no-break and zero-width ones too, are left out; what stood there is told. */
static void tell_trimmed(struct arena *a, const struct import_column *column, str cell,
                         struct consumer_patch *patch)
{
    if (column->field == FIELD_EXTERNAL_ID || column->field == FIELD_EMAIL ||
        column->field == FIELD_PHONE)
        add_problem(a, &patch->warnings, PROBLEM_TRIMMED, column, cell);
}

/* What several cells come to, or what must wait for the others. */
struct gathered {
    str name;       /* of its parts */
    str attributes; /* a JSON object of them */
};

static void read_cell(struct arena *a, const struct row_context *context,
                      const struct import_column *column, str cell, enum cell_kind kind,
                      struct store_change *change, struct gathered *g)
{
    struct consumer_patch *patch = &change->patch;
    str trimmed = utf8_trim(cell);
    if (column->field == FIELD_COUNT && !column->attribute.ptr && !column->name_part)
        return;
    if (trimmed.len && trimmed.len < cell.len)
        tell_trimmed(a, column, cell, patch);
    if (column->repair && trimmed.len && !cell_is_clear_token(trimmed)) {
        if (!repair(a, column, trimmed, &cell, patch))
            return;
        trimmed = utf8_trim(cell);
    }
    if (!trimmed.len || cell_is_clear_token(trimmed)) {
        read_blank(context, column, trimmed.len, patch);
        return;
    }
    if (kind == CELL_ERROR) {
        refuse_error(a, context, column, trimmed, change);
        return;
    }
    if (column->name_part)
        g->name = arena_format(a, "%.*s%s%.*s", STR_ARG(g->name), g->name.len ? " " : "",
                               STR_ARG(cell_unguarded(trimmed)));
    if (column->field == FIELD_CUSTOM_ATTRIBUTES)
        g->attributes = arena_str(a, cell_unguarded(trimmed));
    else if (column->attribute.ptr)
        add_attribute(patch, column->attribute, json_string_text(a, cell_unguarded(cell)));
    else if (column->field != FIELD_COUNT)
        set_field(a, context, column->field, trimmed, patch);
}

static void refuse_extra_cells(struct arena *a, const struct row_context *context,
                               const struct row *row, struct store_change *change)
{
    for (size_t i = 0; i < row->count; i++) {
        bool nameless = i >= context->count || !context->column[i].header.len;
        if (!nameless || !utf8_trim(row->cell[i]).len)
            continue;
        problem_add(&change->patch.problems, a, PROBLEM_TOO_MANY_CELLS,
                    arena_format(a, "%zu", i + 1), row->cell[i]);
        return;
    }
}

/* A value that is none is left out when that was asked for; not the key: without it there is no
 * customer. */
static void leave_bad_values_out(struct consumer_patch *patch)
{
    struct problems all = patch->problems;
    patch->problems = (struct problems){0};
    for (struct problem *p = all.first, *next; p; p = next) {
        next = p->next;
        enum consumer_field field = consumer_field_of(p->field);
        bool stays =
            field == FIELD_COUNT || field == FIELD_EXTERNAL_ID || field == FIELD_CUSTOM_ATTRIBUTES;
        if (!stays)
            patch->set &= ~FIELD_BIT(field);
        problems_append(stays ? &patch->problems : &patch->warnings, p);
    }
}

static void choose_key(struct arena *a, enum import_from from, str our_id,
                       struct store_change *change)
{
    struct consumer_patch *patch = &change->patch;
    if (from == FROM_APLAUT && (patch->set & FIELD_BIT(FIELD_LEGACY_ID))) {
        change->key = STORE_KEY_LEGACY;
        change->key_text = patch->value.legacy_id;
    } else if (patch->set & FIELD_BIT(FIELD_EXTERNAL_ID)) {
        change->key = STORE_KEY_EXTERNAL_ID;
        change->key_text = patch->value.external_id;
    } else if (our_id.len) {
        change->op = STORE_UPDATE;
        change->key = STORE_KEY_ID;
        change->key_text = our_id;
    } else if (!patch->problems.count) {
        problem_add(&patch->problems, a, PROBLEM_BLANK, STR("external_id"), (str){0});
    }
}

static void choose_operation(struct arena *a, const struct row_context *context, str our_id,
                             bool custom, struct store_change *change)
{
    const struct import_settings *settings = context->settings;
    struct consumer_patch *patch = &change->patch;
    bool update_only = settings->mode == MODE_UPDATE_ONLY;
    change->op = update_only ? STORE_UPDATE : STORE_UPSERT;
    change->skip_missing = update_only;
    change->skip_existing = settings->mode == MODE_CREATE_ONLY;
    change->lenient = settings->taken_email == TAKEN_LEAVE_OUT;
    change->adopt = settings->taken_email == TAKEN_ADOPT;
    change->merge.keep_opt_outs = !settings->allow_opt_in;
    if (settings->attributes == ATTRIBUTES_REPLACE && (custom || patch->attribute_count))
        patch->custom_replace = true;
    if (settings->bad_values == BAD_LEAVE_OUT)
        leave_bad_values_out(patch);
    choose_key(a, settings->from, our_id, change);
    if (patch->problems.count)
        change->op = STORE_REFUSED;
    else if (context->scratch && change->key == STORE_KEY_EXTERNAL_ID && !patch->warnings.count)
        change->imprint =
            consumer_patch_imprint(patch, &change->merge, change->lenient, context->scratch);
}

void row_change_from_cells(struct arena *a, const struct row_context *context,
                           const struct row *row, struct store_change *ret_change)
{
    struct gathered g = {0};
    str our_id = {0};
    *ret_change = (struct store_change){0};
    // Room for those that are filled in only: a batch holds as many rows as its bytes allow.
    size_t attributes = 0;
    bool custom = false; // a column of them, whatever the row has there
    for (size_t i = 0; i < context->count; i++) {
        custom = custom || !str_is_null(context->column[i].attribute);
        attributes += i < row->count && context->column[i].field == FIELD_COUNT && row->cell[i].len;
    }
    if (context->settings->clear_blank)
        attributes = context->count;
    ret_change->patch.attribute = ARENA_NEW(a, struct consumer_attribute, attributes);
    for (size_t i = 0; i < context->count && i < row->count; i++) {
        if (context->column[i].by_id)
            our_id = arena_str(a, utf8_trim(row->cell[i]));
        else
            read_cell(a, context, &context->column[i], row->cell[i],
                      row->kind ? row->kind[i] : CELL_TEXT, ret_change, &g);
    }
    if (g.attributes.len)
        set_attributes(a, g.attributes, &ret_change->patch);
    if (g.name.len) {
        consumer_patch_set_text(a, &ret_change->patch, FIELD_NAME, g.name, context->rules);
        ret_change->patch.clear &= ~FIELD_BIT(FIELD_NAME);
    }
    // A key of tokens or blanks is no key; "[clear]" must not take it away either.
    ret_change->patch.clear &= ~FIELD_BIT(FIELD_EXTERNAL_ID);
    refuse_extra_cells(a, context, row, ret_change);
    choose_operation(a, context, our_id, custom, ret_change);
}

/* Members that files of ours have and that mean nothing on the way in are no surprise: what the
 * server itself says of a customer, and what was wrong with a line. */
static void forget_expected(struct problems *warnings, bool resource)
{
    struct problems all = *warnings;
    *warnings = (struct problems){0};
    for (struct problem *p = all.first, *next; p; p = next) {
        next = p->next;
        bool expected =
            (resource && p->code == PROBLEM_READ_ONLY) ||
            (p->code == PROBLEM_UNKNOWN_ATTRIBUTE && str_eq(p->field, STR(HEADER_ERROR)));
        if (!expected)
            problems_append(warnings, p);
    }
}

/* The vendor's id of a customer is our legacy_id. */
static void take_vendors_id(struct arena *a, const struct row_context *context,
                            const struct json *holder, struct store_change *change)
{
    const struct json *id = json_get(holder, "id");
    struct problems all = change->patch.warnings;
    change->patch.warnings = (struct problems){0};
    for (struct problem *p = all.first, *next; p; p = next) {
        next = p->next;
        if (p->code != PROBLEM_READ_ONLY)
            problems_append(&change->patch.warnings, p);
    }
    if (id && id->kind == JSON_STRING && id->text.len)
        consumer_patch_set_text(a, &change->patch, FIELD_LEGACY_ID, id->text, context->rules);
}

void row_change_from_json(struct arena *a, const struct row_context *context,
                          const struct json *line, struct store_change *ret_change)
{
    *ret_change = (struct store_change){0};
    const struct json *data = json_get(line, "data");
    const struct json *resource = data ? data : line;
    const struct json *attributes = json_get(resource, "attributes");
    const struct json *id = attributes ? json_get(resource, "id") : NULL;
    consumer_patch_from_json(a, attributes ? attributes : line, context->rules, &ret_change->patch);
    forget_expected(&ret_change->patch.warnings, attributes != NULL);
    ret_change->patch.clear &= ~FIELD_BIT(FIELD_EXTERNAL_ID);
    str our_id = id && id->kind == JSON_STRING ? id->text : (str){0};
    if (context->settings->from == FROM_APLAUT)
        take_vendors_id(a, context, attributes ? resource : line, ret_change);
    choose_operation(a, context, our_id, false, ret_change);
}
