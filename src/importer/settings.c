/* Settings of an import by name: from flags, form fields, query strings and stored tasks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "importer/import.h"

enum kind { KIND_BOOL, KIND_FORMAT, KIND_TEXT, KIND_DELIMITER, KIND_NUMBER, KIND_REPEATS };
static const struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
} settings_table[] = {
    {"format", KIND_FORMAT, offsetof(struct import_settings, rows.format)},
    {"encoding", KIND_TEXT, offsetof(struct import_settings, rows.encoding)},
    {"delimiter", KIND_DELIMITER, offsetof(struct import_settings, rows.delimiter)},
    {"sheet", KIND_TEXT, offsetof(struct import_settings, rows.sheet)},
    {"header_row", KIND_NUMBER, offsetof(struct import_settings, header_row)},
    {"update_only", KIND_BOOL, offsetof(struct import_settings, update_only)},
    {"blank_missing", KIND_BOOL, offsetof(struct import_settings, blank_missing)},
    {"clear_blank", KIND_BOOL, offsetof(struct import_settings, clear_blank)},
    {"allow_opt_in", KIND_BOOL, offsetof(struct import_settings, allow_opt_in)},
    {"lenient_email", KIND_BOOL, offsetof(struct import_settings, lenient_email)},
    {"repeats", KIND_REPEATS, offsetof(struct import_settings, repeats)},
};
static const char *const repeats_name[] = {
    [REPEATS_IN_ORDER] = "in_order", [REPEATS_FIRST_WINS] = "first_wins", [REPEATS_FAIL] = "fail"};

static const struct {
    const char *name;
    char character;
} delimiter_name[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"\\t", '\t'},
                      {"pipe", '|'},  {"space", ' '},     {"colon", ':'}};

static bool set_bool(void *field, str value, struct err *err)
{
    static const char *const yes[] = {"true", "1", "yes", "on"}, *const no[] = {"false", "0", "no",
                                                                                "off"};
    for (size_t i = 0; i < COUNT(yes); i++) {
        if (str_eq_nocase(value, str_of(yes[i])) || str_eq_nocase(value, str_of(no[i]))) {
            *(bool *)field = str_eq_nocase(value, str_of(yes[i]));
            return true;
        }
    }
    return err_set(err, ERR_INVALID, "use true or false");
}

static bool set_format(void *field, str value, struct err *err)
{
    *(enum rows_format *)field = rows_format_of(value);
    return *(enum rows_format *)field != ROWS_UNKNOWN ||
           err_set(err, ERR_INVALID, "use csv, xlsx or jsonl");
}

static bool set_delimiter(char *field, str value, struct err *err)
{
    if (value.len == 1 && value.ptr[0] != '"' && value.ptr[0] != '\n' && value.ptr[0] != '\r' &&
        (unsigned char)value.ptr[0] < 0x80) {
        *field = value.ptr[0];
        return true;
    }
    for (size_t i = 0; i < COUNT(delimiter_name); i++)
        if (str_eq_nocase(value, str_of(delimiter_name[i].name))) {
            *field = delimiter_name[i].character;
            return true;
        }
    return err_set(err, ERR_INVALID, "use one ASCII character, or comma, semicolon, tab, pipe");
}

static bool set_repeats(void *field, str value, struct err *err)
{
    for (size_t i = 0; i < COUNT(repeats_name); i++)
        if (str_eq(value, str_of(repeats_name[i]))) {
            *(enum import_repeats *)field = (enum import_repeats)i;
            return true;
        }
    return err_set(err, ERR_INVALID, "use in_order, first_wins or fail");
}

static bool set_text(struct arena *a, const char **field, str value, struct err *err)
{
    if (!value.len || value.len > 255 || !utf8_valid(value) || utf8_has_control(value))
        return err_set(err, ERR_INVALID, "use 1 to 255 characters");
    *field = arena_str(a, value).ptr;
    return true;
}

bool import_settings_set(struct arena *a, struct import_settings *settings, str name, str value,
                         struct err *err)
{
    for (size_t i = 0; i < COUNT(settings_table); i++) {
        const struct setting *s = &settings_table[i];
        void *field = (char *)settings + s->offset;
        if (!str_eq(name, str_of(s->name)))
            continue;
        if (!value.len)
            return true; // as if it were not stated
        bool ok = s->kind == KIND_BOOL        ? set_bool(field, value, err)
                  : s->kind == KIND_FORMAT    ? set_format(field, value, err)
                  : s->kind == KIND_DELIMITER ? set_delimiter(field, value, err)
                  : s->kind == KIND_REPEATS   ? set_repeats(field, value, err)
                  : s->kind == KIND_TEXT      ? set_text(a, field, value, err)
                                         : (str_to_u64(value, field) && *(uint64_t *)field > 0) ||
                                               err_set(err, ERR_INVALID, "use a number from 1");
        return ok || err_context(err, "%s: ", s->name);
    }
    return err_set(err, ERR_NOT_FOUND, "there is no setting '%.*s'", STR_ARG(str_shown(name, 60)));
}

/* The value of a setting as text; {0} when it has its default. */
static str setting_text(struct arena *a, const struct import_settings *settings,
                        const struct setting *s)
{
    const void *field = (const char *)settings + s->offset;
    switch (s->kind) {
    case KIND_BOOL:
        return *(const bool *)field ? STR("true") : (str){0};
    case KIND_FORMAT:
        return *(const enum rows_format *)field
                   ? str_of(rows_format_name(*(const enum rows_format *)field))
                   : (str){0};
    case KIND_TEXT:
        return str_of(*(const char *const *)field);
    case KIND_DELIMITER:
        return *(const char *)field ? (str){field, 1} : (str){0};
    case KIND_NUMBER:
        return *(const uint64_t *)field
                   ? arena_format(a, "%llu", (unsigned long long)*(const uint64_t *)field)
                   : (str){0};
    case KIND_REPEATS:
        return *(const enum import_repeats *)field
                   ? str_of(repeats_name[*(const enum import_repeats *)field])
                   : (str){0};
    }
    return (str){0};
}

str import_settings_text(struct arena *a, const struct import_settings *settings)
{
    AUTO(buf_done) struct buf b = {0};
    buf_add_char(&b, '{');
    for (size_t i = 0; i < COUNT(settings_table); i++) {
        str text = setting_text(a, settings, &settings_table[i]);
        if (str_is_null(text))
            continue;
        if (b.len > 1)
            buf_add_char(&b, ',');
        json_write_string(&b, str_of(settings_table[i].name));
        buf_add_char(&b, ':');
        json_write_string(&b, text);
    }
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b));
}

bool import_settings_parse(struct arena *a, str text, struct import_settings *ret_settings,
                           struct err *err)
{
    struct json tree;
    struct json_place place;
    *ret_settings = (struct import_settings){0};
    if (!text.len)
        return true;
    if (!json_parse(text, a, &tree, &place, err))
        return err_context(err, "settings: ");
    for (size_t i = 0; i < tree.count; i++)
        if (!import_settings_set(a, ret_settings, tree.member[i].key, tree.member[i].value.text,
                                 err))
            return err_context(err, "settings: ");
    return true;
}
