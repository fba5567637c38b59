/* Settings of an import by name: from flags, form fields, query strings and stored tasks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "importer/import.h"
#include "importer/repair.h"

enum kind {
    KIND_BOOL,
    KIND_FORMAT,
    KIND_TEXT,
    KIND_DELIMITER,
    KIND_NUMBER,
    KIND_CHOICE,
    KIND_MAPPING,
    KIND_REPAIRS
};
static const char *const repeats_name[] = {[REPEATS_IN_ORDER] = "in_order",
                                           [REPEATS_FIRST_WINS] = "first_wins",
                                           [REPEATS_FAIL] = "fail",
                                           NULL};
static const char *const mode_name[] = {[MODE_BOTH] = "both",
                                        [MODE_CREATE_ONLY] = "create_only",
                                        [MODE_UPDATE_ONLY] = "update_only",
                                        NULL};
static const char *const taken_name[] = {
    [TAKEN_FAIL] = "fail", [TAKEN_LEAVE_OUT] = "leave_out", [TAKEN_ADOPT] = "adopt", NULL};
static const char *const bad_name[] = {[BAD_FAIL] = "fail", [BAD_LEAVE_OUT] = "leave_out", NULL};
static const char *const attributes_name[] = {
    [ATTRIBUTES_MERGE] = "merge", [ATTRIBUTES_REPLACE] = "replace", NULL};
static const char *const hidden_name[] = {
    [ROWS_HIDDEN_KEEP] = "keep", [ROWS_HIDDEN_LEAVE_OUT] = "leave_out", NULL};
static const char *const quote_name[] = {[ROWS_QUOTE_UNSAID] = "auto",
                                         [ROWS_QUOTE_DOUBLE] = "double",
                                         [ROWS_QUOTE_SINGLE] = "single",
                                         [ROWS_QUOTE_NONE] = "none",
                                         NULL};
static const char *const order_name[] = {
    [DATE_ORDER_UNSAID] = "fail", [DATE_ORDER_DMY] = "dmy", [DATE_ORDER_MDY] = "mdy", NULL};

static const char *const from_name[] = {
    [FROM_ANYWHERE] = "anywhere", [FROM_APLAUT] = "aplaut", NULL};

#define AT(field) offsetof(struct import_settings, field)
static const struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *const
        *choice;  /* of KIND_CHOICE: by the value of an int-sized enum; NULL at the end */
    bool of_file; /* about this one file: not remembered for the next */
} settings_table[] = {
    {"format", KIND_FORMAT, AT(rows.format), NULL, true},
    {"encoding", KIND_TEXT, AT(rows.encoding), NULL, true},
    {"delimiter", KIND_DELIMITER, AT(rows.delimiter), NULL, true},
    {"quote", KIND_CHOICE, AT(rows.quote), quote_name, true},
    {"sheet", KIND_TEXT, AT(rows.sheet), NULL, true},
    {"header_row", KIND_NUMBER, AT(header_row), NULL, true},
    {"from", KIND_CHOICE, AT(from), from_name},
    {"mode", KIND_CHOICE, AT(mode), mode_name},
    {"blank_missing", KIND_BOOL, AT(blank_missing), NULL},
    {"clear_blank", KIND_BOOL, AT(clear_blank), NULL},
    {"allow_opt_in", KIND_BOOL, AT(allow_opt_in), NULL},
    {"taken_email", KIND_CHOICE, AT(taken_email), taken_name},
    {"repeats", KIND_CHOICE, AT(repeats), repeats_name},
    {"attributes", KIND_CHOICE, AT(attributes), attributes_name},
    {"bad_values", KIND_CHOICE, AT(bad_values), bad_name},
    {"hidden_rows", KIND_CHOICE, AT(rows.hidden), hidden_name},
    {"date_order", KIND_CHOICE, AT(date_order), order_name},
    {"all_or_nothing", KIND_BOOL, AT(all_or_nothing), NULL},
    {"webhooks", KIND_CHOICE, AT(webhooks), import_webhooks_name},
    {"go_on", KIND_BOOL, AT(go_on), NULL, true},
    {"mapping", KIND_MAPPING, AT(mapping), NULL},
    {"repairs", KIND_REPAIRS, AT(repairs), NULL},
};
/* Other names of one choice each. */
static const struct {
    const char *name, *setting, *value;
} short_names[] = {{"update_only", "mode", "update_only"},
                   {"create_only", "mode", "create_only"},
                   {"lenient_email", "taken_email", "leave_out"}};

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

static bool set_choice(const char *const *choice, void *field, str value, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    for (int i = 0; choice[i]; i++) {
        if (str_eq(value, str_of(choice[i]))) {
            *(int *)field = i;
            return true;
        }
        buf_add(&b, i ? STR(", ") : STR(""));
        buf_add(&b, str_of(choice[i]));
    }
    return err_set(err, ERR_INVALID, "use one of %.*s", STR_ARG(buf_str(&b)));
}

/* {"header": "email" | "custom_attributes.X" | "ignore", ...}: kept as its text. */
static bool set_mapping(struct arena *a, str *field, str value, struct err *err)
{
    struct json tree;
    struct json_place place;
    struct err why = {0};
    AUTO(buf_done) struct buf b = {0};
    bool ok = json_parse(value, a, &tree, &place, &why) && tree.kind == JSON_OBJECT;
    for (size_t i = 0; ok && i < tree.count; i++)
        ok = tree.member[i].value.kind == JSON_STRING;
    if (!ok)
        return err_set(err, ERR_INVALID,
                       "use a JSON object of headers and what they become, for example "
                       "{\"Телефон\":\"phone\",\"Note\":\"ignore\"}");
    json_write(&b, &tree);
    *field = arena_str(a, buf_str(&b));
    return true;
}

static bool set_text(struct arena *a, const char **field, str value, struct err *err)
{
    if (!value.len || value.len > 255 || !utf8_valid(value) || utf8_has_control(value))
        return err_set(err, ERR_INVALID, "use 1 to 255 characters");
    *field = arena_str(a, value).ptr;
    return true;
}

static bool set_value(struct arena *a, const struct setting *s, void *field, str value,
                      struct err *err)
{
    switch (s->kind) {
    case KIND_BOOL:
        return set_bool(field, value, err);
    case KIND_FORMAT:
        return set_format(field, value, err);
    case KIND_DELIMITER:
        return set_delimiter(field, value, err);
    case KIND_CHOICE:
        return set_choice(s->choice, field, value, err);
    case KIND_TEXT:
        return set_text(a, field, value, err);
    case KIND_MAPPING:
        return set_mapping(a, field, value, err);
    case KIND_REPAIRS:
        return repair_setting(a, value, field, err);
    case KIND_NUMBER:
        return (str_to_u64(value, field) && *(uint64_t *)field > 0) ||
               err_set(err, ERR_INVALID, "use a number from 1");
    }
    return false;
}

/* "repair": one more of them. */
static bool add_repair(struct arena *a, struct import_settings *settings, str value,
                       struct err *err)
{
    str all;
    return (repair_setting_add(a, settings->repairs, value, &all, err) &&
            import_settings_set(a, settings, STR("repairs"), all, err)) ||
           err_context(err, "repair: ");
}

/* Which of them is set last makes no difference. */
static bool signs_differ(const struct import_settings *settings, struct err *err)
{
    return settings->rows.delimiter != '\'' || settings->rows.quote != ROWS_QUOTE_SINGLE ||
           err_set(err, ERR_INVALID, "the delimiter must be another character than the quote");
}

bool import_settings_set(struct arena *a, struct import_settings *settings, str name, str value,
                         struct err *err)
{
    if (!value.len)
        return true; // as if it were not stated
    if (str_eq(name, STR("repair")))
        return add_repair(a, settings, value, err);
    for (size_t i = 0; i < COUNT(short_names); i++) {
        bool yes = false;
        if (!str_eq(name, str_of(short_names[i].name)))
            continue;
        if (!set_bool(&yes, value, err))
            return err_context(err, "%s: ", short_names[i].name);
        return !yes || import_settings_set(a, settings, str_of(short_names[i].setting),
                                           str_of(short_names[i].value), err);
    }
    for (size_t i = 0; i < COUNT(settings_table); i++) {
        const struct setting *s = &settings_table[i];
        if (!str_eq(name, str_of(s->name)))
            continue;
        settings->stated |= UINT64_C(1) << i;
        return (set_value(a, s, (char *)settings + s->offset, value, err) &&
                signs_differ(settings, err)) ||
               err_context(err, "%s: ", s->name);
    }
    return err_set(err, ERR_NOT_FOUND, "there is no setting '%.*s'", STR_ARG(str_shown(name, 60)));
}

const char *import_quote_name(enum rows_quote quote)
{
    return quote_name[quote];
}

const char *import_settings_name(size_t i)
{
    if (i < COUNT(settings_table))
        return settings_table[i].name;
    i -= COUNT(settings_table);
    return i < COUNT(short_names) ? short_names[i].name : i == COUNT(short_names) ? "repair" : NULL;
}

/* The value of a setting as JSON text; {0} when it has its default and nobody said so. */
static str setting_text(struct arena *a, const struct import_settings *settings,
                        const struct setting *s)
{
    const void *field = (const char *)settings + s->offset;
    bool stated = settings->stated & (UINT64_C(1) << (s - settings_table));
    switch (s->kind) {
    case KIND_BOOL:
        return *(const bool *)field ? STR("true") : stated ? STR("false") : (str){0};
    case KIND_FORMAT:
        return *(const enum rows_format *)field
                   ? json_string_text(a, str_of(rows_format_name(*(const enum rows_format *)field)))
                   : (str){0};
    case KIND_TEXT:
        return *(const char *const *)field
                   ? json_string_text(a, str_of(*(const char *const *)field))
                   : (str){0};
    case KIND_DELIMITER:
        return *(const char *)field ? json_string_text(a, (str){field, 1}) : (str){0};
    case KIND_NUMBER:
        return *(const uint64_t *)field
                   ? arena_format(a, "%llu", (unsigned long long)*(const uint64_t *)field)
                   : (str){0};
    case KIND_CHOICE:
        return *(const int *)field || stated
                   ? json_string_text(a, str_of(s->choice[*(const int *)field]))
                   : (str){0};
    case KIND_MAPPING:
    case KIND_REPAIRS:
        return *(const str *)field;
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
        buf_add(&b, text);
    }
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b));
}

bool import_settings_from_json(struct arena *a, const struct json *object,
                               struct import_settings *settings, struct err *err)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct json *v = &object->member[i].value;
        AUTO(buf_done) struct buf b = {0};
        json_write(&b, v);
        str value = v->kind == JSON_STRING || v->kind == JSON_NUMBER ? v->text
                    : v->kind == JSON_NULL                           ? STR("")
                                                                     : arena_str(a, buf_str(&b));
        if (!import_settings_set(a, settings, object->member[i].key, value, err))
            return false;
    }
    return true;
}

bool import_settings_parse(struct arena *a, str text, struct import_settings *ret_settings,
                           struct err *err)
{
    struct json tree;
    struct json_place place;
    *ret_settings = (struct import_settings){0};
    if (!text.len)
        return true;
    return (json_parse(text, a, &tree, &place, err) &&
            import_settings_from_json(a, &tree, ret_settings, err)) ||
           err_context(err, "settings: ");
}

const char *import_defaults_name(size_t i)
{
    for (size_t k = 0; k < COUNT(settings_table); k++)
        if (!settings_table[k].of_file && i-- == 0)
            return settings_table[k].name;
    return NULL;
}

bool import_defaults_read(struct arena *a, const struct json *object, str *ret_text,
                          struct err *err)
{
    struct import_settings settings = {0};
    for (size_t i = 0; i < object->count; i++)
        for (size_t k = 0; k < COUNT(settings_table); k++)
            if (settings_table[k].of_file &&
                str_eq(object->member[i].key, str_of(settings_table[k].name)))
                return err_set(err, ERR_INVALID,
                               "%s: is about one file, and cannot be a default of all",
                               settings_table[k].name);
    if (!import_settings_from_json(a, object, &settings, err))
        return false;
    *ret_text = import_settings_text(a, &settings);
    return true;
}

struct import_settings import_settings_for_correction(const struct import_settings *of)
{
    struct import_settings settings = *of;
    settings.rows = (struct rows_options){0};
    settings.header_row = 0;
    settings.all_or_nothing = settings.go_on = false;
    return settings;
}

void import_settings_as_found(struct arena *a, str analysis, struct import_settings *settings)
{
    static const struct {
        const char *member, *setting;
    } found[] = {{"format", "format"},
                 {"encoding", "encoding"},
                 {"delimiter", "delimiter"},
                 {"quote", "quote"},
                 {"sheet", "sheet"},
                 {"header_line", "header_row"}}; // 0, as JSON Lines have it, is refused: none
    const struct import_settings said = *settings;
    struct json tree;
    struct json_place place;
    struct err ignored;
    if (!analysis.len || !json_parse(analysis, a, &tree, &place, &ignored))
        return;
    for (size_t i = 0; i < COUNT(found); i++) {
        const struct json *value = json_get(&tree, found[i].member);
        for (size_t n = 0; value && n < COUNT(settings_table); n++) {
            const struct setting *s = &settings_table[n];
            if (str_eq(str_of(s->name), str_of(found[i].setting)) &&
                str_is_null(setting_text(a, &said, s)))
                IGNORE(set_value(a, s, (char *)settings + s->offset, value->text, &ignored));
        }
    }
    settings->rows.sheets_on = settings->rows.sheet && !said.rows.sheet;
}

/* --- settings of an earlier import --- */

/* What now says of a header goes before what old says of it. */
static str merge_mappings(struct arena *a, str now, str old)
{
    AUTO(buf_done) struct buf b = {0};
    struct json tree[2];
    struct json_place place;
    struct err err;
    if (!json_parse(now, a, &tree[0], &place, &err) || !json_parse(old, a, &tree[1], &place, &err))
        return now;
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < tree[t].count; i++) {
            const struct json_member *m = &tree[t].member[i];
            if (t && json_get(&tree[0], arena_str(a, m->key).ptr))
                continue;
            buf_add_char(&b, b.len ? ',' : '{');
            json_write_string(&b, m->key);
            buf_add_char(&b, ':');
            json_write(&b, &m->value);
        }
    buf_add_char(&b, '}');
    return arena_str(a, buf_str(&b));
}

bool import_settings_fill(struct arena *a, struct import_settings *now,
                          const struct import_settings *old)
{
    bool filled = false;
    for (size_t i = 0; i < COUNT(settings_table); i++) {
        const struct setting *s = &settings_table[i];
        str said = setting_text(a, now, s), was = setting_text(a, old, s);
        struct err ignored;
        if (s->of_file || str_is_null(was) || str_eq(said, was))
            continue;
        if (s->kind == KIND_MAPPING && said.len && !str_eq(said, STR("{}"))) {
            now->mapping = merge_mappings(a, said, was);
            filled = filled || !str_eq(now->mapping, said);
        } else if (str_is_null(said)) {
            struct json tree;
            struct json_place place;
            str text = was;
            if (json_parse(was, a, &tree, &place, &ignored) && tree.kind == JSON_STRING)
                text = tree.text;
            filled = import_settings_set(a, now, str_of(s->name), text, &ignored) || filled;
        }
    }
    return filled;
}
