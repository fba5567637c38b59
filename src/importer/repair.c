/* SPDX-License-Identifier: Apache-2.0 */
#include "importer/repair.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "domain/cell.h"

#define CUSTOM FIELD_BIT(FIELD_COUNT)
#define TEXTS  (FIELD_BIT(FIELD_NAME) | FIELD_BIT(FIELD_FIRST_NAME) | FIELD_BIT(FIELD_AVATAR_URL))
#define KEYS   (FIELD_BIT(FIELD_EXTERNAL_ID) | FIELD_BIT(FIELD_LEGACY_ID))
#define EMAIL  FIELD_BIT(FIELD_EMAIL)
#define PHONE  FIELD_BIT(FIELD_PHONE)
#define FLAGS                                                                                      \
    (FIELD_BIT(FIELD_UNSUBSCRIBED) | FIELD_BIT(FIELD_COMPLAINED) | FIELD_BIT(FIELD_CREATED_AT))

enum { MAX_PAD = 32, LOST_FROM = 15, WORD_BYTES = 24 };

/* --- what cells are --- */

/* Lower case of ASCII and Russian letters; false when the text is longer than any word. */
static bool lower(str s, char word[WORD_BYTES], str *ret)
{
    size_t len = 0;
    if (s.len > WORD_BYTES)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i],
                      next = i + 1 < s.len ? (unsigned char)s.ptr[i + 1] : 0;
        if (c == 0xD0 && next >= 0x90 && next <= 0xAF) { // А-Я
            word[len++] = (char)(next < 0xA0 ? 0xD0 : 0xD1);
            word[len++] = (char)(next < 0xA0 ? next + 0x20 : next - 0x20);
            i++;
        } else {
            word[len++] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
        }
    }
    *ret = (str){word, len};
    return true;
}

static bool is_one_of(const char *const *words, size_t count, str cell)
{
    char text[WORD_BYTES];
    str word;
    if (!lower(cell, text, &word))
        return false;
    for (size_t i = 0; i < count; i++)
        if (str_eq(word, str_of(words[i])))
            return true;
    return false;
}

/* Whether a word for "no data" can begin so; most names and cities do not. */
static bool may_be_no_data(str s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    if (c == 0xD0 && s.len > 1) // Н, О, П and н, о, п
        return strchr("\x9D\x9E\x9F\xBD\xBE\xBF", s.ptr[1]) != NULL;
    return c == 0xE2 ||
           (c < 0x80 && c && strchr("-?(<\\#nue", c | (c >= 'A' && c <= 'Z' ? 32 : 0)));
}

bool repair_is_no_data(str cell)
{
    static const char *const words[] = {
        "-",       "--",         "---",        "—",          "–",           "?",
        "null",    "(null)",     "<null>",     "\\n",        "nil",         "none",
        "n/a",     "na",         "nan",        "#n/a",       "undefined",   "empty",
        "(empty)", "нет данных", "н/д",        "пусто",      "не указан",   "нет инфо",
        "#н/д",    "#ref!",      "#value!",    "#div/0!",    "#name?",      "#num!",
        "#null!",  "#ссылка!",   "#знач!",     "#дел/0!",    "#имя?",       "#число!",
        "#пусто!", "(пусто)",    "не указано", "не указана", "отсутствует", "неизвестно"};
    return cell.len && may_be_no_data(cell) && is_one_of(words, COUNT(words), cell);
}

int repair_boolean_word(str cell)
{
    static const char *const yes[] = {"истина", "да", "true", "yes"}, *const no[] = {"ложь", "нет",
                                                                                     "false", "no"};
    return is_one_of(yes, COUNT(yes), cell) ? 1 : is_one_of(no, COUNT(no), cell) ? 0 : -1;
}

static bool all_digits(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

bool repair_lost_digits(str cell)
{
    if (cell.len <= LOST_FROM || !all_digits(cell))
        return false;
    for (size_t i = LOST_FROM; i < cell.len; i++)
        if (cell.ptr[i] != '0')
            return false;
    return true;
}

/* --- what rules make of them --- */

static enum repair_outcome no_data(struct arena *a, str value, str cell, str *ret)
{
    (void)a, (void)value;
    *ret = STR("");
    return repair_is_no_data(cell) ? REPAIR_CHANGES : REPAIR_KEEPS;
}

static bool is_value(struct arena *a, str value, str cell)
{
    return str_eq(unicode_fold(a, cell), unicode_fold(a, value));
}

static enum repair_outcome blank_value(struct arena *a, str value, str cell, str *ret)
{
    *ret = STR("");
    return is_value(a, value, cell) ? REPAIR_CHANGES : REPAIR_KEEPS;
}

static enum repair_outcome leave_out_value(struct arena *a, str value, str cell, str *ret)
{
    (void)ret;
    return is_value(a, value, cell) ? REPAIR_LEAVES_OUT : REPAIR_KEEPS;
}

static enum repair_outcome leave_out_damaged(struct arena *a, str value, str cell, str *ret)
{
    (void)a, (void)value, (void)ret;
    return cell_is_scientific(cell) || repair_lost_digits(cell) ? REPAIR_LEAVES_OUT : REPAIR_KEEPS;
}

static enum repair_outcome phone_8_to_7(struct arena *a, str value, str cell, str *ret)
{
    bool as_given;
    (void)value;
    str digits = consumer_phone_normal(a, cell, &as_given);
    if (as_given || digits.len != 11 || digits.ptr[0] != '8' || str_find(cell, '+') < cell.len)
        return REPAIR_KEEPS;
    size_t at = str_find(cell, '8');
    *ret = arena_format(a, "%.*s+7%.*s", (int)at, cell.ptr, STR_ARG(str_from(cell, at + 1)));
    return REPAIR_CHANGES;
}

static enum repair_outcome pad_zeros(struct arena *a, str value, str cell, str *ret)
{
    uint64_t length = 0;
    if (!all_digits(cell) || !str_to_u64(value, &length) || cell.len >= length)
        return REPAIR_KEEPS;
    *ret = arena_format(a, "%0*d%.*s", (int)(length - cell.len), 0, STR_ARG(cell));
    return REPAIR_CHANGES;
}

/* "-1 234,50" (spaces may be no-break ones): -1234.50. */
static enum repair_outcome decimal_point(struct arena *a, str value, str cell, str *ret)
{
    AUTO(buf_done) struct buf b = {0};
    size_t commas = 0, before = 0, after = 0;
    (void)value;
    for (str rest = cell; rest.len;) {
        uint32_t c = utf8_next(&rest);
        bool first = !b.len, space = c == ' ' || c == 0xA0 || c == 0x202F;
        if (space && before && !commas)
            continue;
        if (c == ',' && before && !commas) {
            commas++;
            buf_add_char(&b, '.');
        } else if ((c >= '0' && c <= '9') || ((c == '-' || c == '+') && first)) {
            before += c >= '0' && !commas;
            after += c >= '0' && commas;
            buf_add_char(&b, (char)c);
        } else {
            return REPAIR_KEEPS;
        }
    }
    if (!after)
        return REPAIR_KEEPS;
    *ret = arena_str(a, buf_str(&b));
    return REPAIR_CHANGES;
}

static enum repair_outcome boolean(struct arena *a, str value, str cell, str *ret)
{
    int word = repair_boolean_word(cell);
    (void)a, (void)value;
    *ret = word ? STR("true") : STR("false");
    return word < 0 || str_eq(*ret, cell) ? REPAIR_KEEPS : REPAIR_CHANGES;
}

static enum repair_outcome latin_letters(struct arena *a, str value, str cell, str *ret)
{
    (void)value;
    return unicode_latin_lookalike(a, cell, ret) ? REPAIR_CHANGES : REPAIR_KEEPS;
}

static enum repair_outcome email_point(struct arena *a, str value, str cell, str *ret)
{
    (void)value;
    if (str_find(cell, ',') == cell.len)
        return REPAIR_KEEPS;
    str text = arena_str(a, cell);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == ',')
            ((char *)text.ptr)[i] = '.';
    *ret = text;
    return consumer_email_valid(a, text) ? REPAIR_CHANGES : REPAIR_KEEPS;
}

static const struct {
    const char *name;
    bool takes_value;
    unsigned fields; /* it fits these columns */
    enum repair_outcome (*make)(struct arena *a, str value, str cell, str *ret);
} rules[REPAIR_RULE_COUNT] = {
    [REPAIR_BLANK_NO_DATA] = {"blank_no_data", false, CUSTOM | TEXTS | KEYS | EMAIL | PHONE | FLAGS,
                              no_data},
    [REPAIR_BLANK_VALUE] = {"blank_value", true, CUSTOM | TEXTS | KEYS | EMAIL | PHONE | FLAGS,
                            blank_value},
    [REPAIR_LEAVE_OUT_VALUE] = {"leave_out_value", true, CUSTOM | TEXTS | EMAIL | PHONE | FLAGS,
                                leave_out_value},
    [REPAIR_LEAVE_OUT_DAMAGED] = {"leave_out_damaged", false, CUSTOM | PHONE, leave_out_damaged},
    [REPAIR_PHONE_8_TO_7] = {"phone_8_to_7", false, PHONE, phone_8_to_7},
    [REPAIR_PAD_ZEROS] = {"pad_zeros", true, CUSTOM | KEYS | PHONE, pad_zeros},
    [REPAIR_DECIMAL_POINT] = {"decimal_point", false, CUSTOM, decimal_point},
    [REPAIR_BOOLEAN] = {"boolean", false, CUSTOM, boolean},
    [REPAIR_LATIN_LETTERS] = {"latin_letters", false, CUSTOM | KEYS | EMAIL, latin_letters},
    [REPAIR_EMAIL_POINT] = {"email_point", false, EMAIL, email_point},
};

const char *repair_rule_name(enum repair_rule rule)
{
    return rules[rule].name;
}

enum repair_rule repair_rule_of(str name)
{
    size_t i = 0;
    while (i < COUNT(rules) && !str_eq(name, str_of(rules[i].name)))
        i++;
    return (enum repair_rule)i;
}

bool repair_fits(enum repair_rule rule, const struct import_column *c)
{
    bool means = c->field != FIELD_COUNT || c->attribute.ptr || c->name_part;
    enum consumer_field field = c->name_part ? FIELD_NAME : c->field;
    return means && (rules[rule].fields & FIELD_BIT(field));
}

enum repair_outcome repair_make(struct arena *a, const struct import_repair *r, str cell,
                                str *ret_cell)
{
    return rules[r->rule].make(a, r->value, cell, ret_cell);
}

enum repair_outcome repair_cell(struct arena *a, const struct import_repair *r, str cell,
                                str *ret_cell)
{
    enum repair_outcome all = REPAIR_KEEPS;
    for (; r && cell.len; r = r->next) {
        str made;
        enum repair_outcome one = repair_make(a, r, cell, &made);
        if (one == REPAIR_LEAVES_OUT)
            return one;
        if (one == REPAIR_KEEPS)
            continue;
        all = one;
        cell = made;
    }
    *ret_cell = cell;
    return all;
}

/* --- the setting --- */

static bool list_rules(struct err *err, str wrong)
{
    AUTO(buf_done) struct buf b = {0};
    for (size_t i = 0; i < COUNT(rules); i++)
        buf_format(&b, "%s%s", i ? ", " : "", rules[i].name);
    return err_set(err, ERR_INVALID, "there is no rule '%.*s'; use %.*s",
                   STR_ARG(str_shown(wrong, 30)), STR_ARG(buf_str(&b)));
}

static str text_of(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, name);
    return value && value->kind == JSON_STRING ? value->text : (str){0};
}

/* One element of the list, checked, as compact JSON. */
static bool write_one(struct buf *b, str column, str name, str value, struct err *err)
{
    enum repair_rule rule = repair_rule_of(name);
    uint64_t length;
    if (!column.len || !name.len)
        return err_set(err, ERR_INVALID,
                       "use a list of repairs, for example "
                       "[{\"column\":\"Телефон\",\"rule\":\"phone_8_to_7\"}]");
    if (rule == REPAIR_RULE_COUNT)
        return list_rules(err, name);
    if (rules[rule].takes_value && !value.len)
        return err_set(err, ERR_INVALID, "the rule %s needs a \"value\"", rules[rule].name);
    if (!rules[rule].takes_value && value.len)
        return err_set(err, ERR_INVALID, "the rule %s takes no \"value\"", rules[rule].name);
    if (rule == REPAIR_PAD_ZEROS && !(str_to_u64(value, &length) && length && length <= MAX_PAD))
        return err_set(err, ERR_INVALID, "the rule %s needs a length from 1 to %d as its \"value\"",
                       rules[rule].name, MAX_PAD);
    buf_add(b, b->len > 1 ? STR(",{\"column\":") : STR("{\"column\":"));
    json_write_string(b, column);
    buf_format(b, ",\"rule\":\"%s\"", rules[rule].name);
    if (value.len)
        json_add_string(b, "value", value);
    buf_add_char(b, '}');
    return true;
}

static bool write_all(struct arena *a, str text, struct buf *b, size_t *ret_count, struct err *err)
{
    struct json tree;
    struct json_place place;
    struct err why = {0};
    if (!json_parse(text, a, &tree, &place, &why) || tree.kind != JSON_ARRAY)
        return write_one(b, (str){0}, (str){0}, (str){0}, err);
    for (size_t i = 0; i < tree.count; i++) {
        const struct json *one = &tree.member[i].value;
        if (!write_one(b, text_of(one, "column"), text_of(one, "rule"), text_of(one, "value"), err))
            return false;
    }
    *ret_count = tree.count;
    return tree.count <= LIMIT_REPAIRS ||
           err_set(err, ERR_INVALID, "there may be %d repairs", LIMIT_REPAIRS);
}

bool repair_setting(struct arena *a, str text, str *ret_text, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    size_t count;
    buf_add_char(&b, '[');
    if (!write_all(a, text, &b, &count, err))
        return false;
    buf_add_char(&b, ']');
    *ret_text = arena_str(a, buf_str(&b));
    return true;
}

/* "A=B=phone_8_to_7": the column is what stands before the last "=" that a rule follows. */
static void split_one(str one, str *ret_column, str *ret_rule, str *ret_value)
{
    *ret_column = *ret_rule = *ret_value = (str){0};
    for (size_t i = one.len; i-- > 0;) {
        if (one.ptr[i] != '=')
            continue;
        str value = str_from(one, i + 1), rule = str_split(&value, ':');
        bool known = repair_rule_of(rule) != REPAIR_RULE_COUNT;
        if (known || !ret_rule->len) {
            *ret_column = str_first(one, i);
            *ret_rule = rule;
            *ret_value = value;
        }
        if (known)
            return;
    }
}

bool repair_setting_add(struct arena *a, str text, str one, str *ret_text, struct err *err)
{
    AUTO(buf_done) struct buf b = {0};
    str column, rule, value;
    size_t count = 0;
    split_one(one, &column, &rule, &value);
    if (!column.len)
        return err_set(err, ERR_INVALID, "use COLUMN=RULE, for example Телефон=phone_8_to_7");
    buf_add_char(&b, '[');
    if (text.len && !write_all(a, text, &b, &count, err))
        return false;
    if (!write_one(&b, column, rule, value, err))
        return false;
    buf_add_char(&b, ']');
    return repair_setting(a, buf_str(&b), ret_text, err);
}

/* --- for the columns of a file --- */

static void append(struct arena *a, struct import_column *c, enum repair_rule rule, str value)
{
    const struct import_repair **at = &c->repair;
    struct import_repair *r = ARENA_NEW(a, struct import_repair, 1);
    *r = (struct import_repair){.rule = rule, .value = value};
    while (*at)
        at = &((struct import_repair *)*at)->next;
    *at = r;
}

bool repairs_of_columns(struct arena *a, str setting, struct import_column *column, size_t count,
                        struct file_problem *p)
{
    struct json tree;
    struct json_place place;
    struct err err;
    if (!setting.len || !json_parse(setting, a, &tree, &place, &err))
        return true;
    for (size_t m = 0; m < tree.count; m++) {
        const struct json *one = &tree.member[m].value;
        str name = text_of(one, "column");
        enum repair_rule rule = repair_rule_of(text_of(one, "rule"));
        bool found = false;
        for (size_t i = 0; i < count; i++) {
            if (!str_eq(column[i].header, name) && !str_eq(arena_format(a, "#%zu", i + 1), name))
                continue;
            found = true;
            p->column = i + 1;
            if (!repair_fits(rule, &column[i]))
                return file_problem_set(p, FILE_REPAIR_UNFIT, text_of(one, "rule"), name);
            append(a, &column[i], rule, text_of(one, "value"));
        }
        if (!found)
            return file_problem_set(p, FILE_REPAIR_COLUMN, text_of(one, "rule"), name);
    }
    p->column = 0;
    return true;
}
