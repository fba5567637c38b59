/* Making a patch: every value is normalised and validated here, once, whatever the way in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "domain/cell.h"
#include "domain/consumer.h"

#define DAY_US INT64_C(86400000000)

struct maker {
    struct arena *a;
    struct consumer_patch *patch;
    const struct consumer_rules *rules;
};

static void refuse(struct maker *m, enum problem_code code, enum consumer_field field, str value)
{
    problem_add(&m->patch->problems, m->a, code, str_of(consumer_field_name(field)), value);
}

static void warn(struct maker *m, enum problem_code code, str field, str value)
{
    problem_add(&m->patch->warnings, m->a, code, field, value);
}

static bool has_nul(str s)
{
    return s.len && memchr(s.ptr, 0, s.len);
}

/* --- plain texts --- */

static size_t limit_of(enum consumer_field field)
{
    switch (field) {
    case FIELD_EMAIL:
        return LIMIT_EMAIL_BYTES;
    case FIELD_EXTERNAL_ID:
        return LIMIT_EXTERNAL_ID_BYTES;
    case FIELD_LEGACY_ID:
        return LIMIT_LEGACY_ID_BYTES;
    default:
        return LIMIT_TEXT_BYTES;
    }
}

static void set_email(struct maker *m, str text)
{
    if (!consumer_email_valid(m->a, text)) {
        refuse(m, PROBLEM_EMAIL_INVALID, FIELD_EMAIL, text);
        return;
    }
    m->patch->value.email_key = consumer_email_key(m->a, text);
}

/* Checks and normalises a trimmed, non-empty text. */
static void set_text(struct maker *m, enum consumer_field field, str text)
{
    bool as_given = false;
    bool is_key = field == FIELD_EXTERNAL_ID || field == FIELD_LEGACY_ID || field == FIELD_EMAIL;
    m->patch->set |= FIELD_BIT(field);
    *consumer_text(&m->patch->value, field) = text;
    if (has_nul(text) || (is_key && utf8_has_control(text))) {
        refuse(m, PROBLEM_CONTROL_CHARACTER, field, text);
        return;
    }
    if (text.len > limit_of(field)) {
        refuse(m, field == FIELD_EMAIL ? PROBLEM_EMAIL_INVALID : PROBLEM_TOO_LONG, field, text);
        return;
    }
    if (field == FIELD_EMAIL)
        set_email(m, text);
    else if (field == FIELD_PHONE)
        m->patch->value.phone = consumer_phone_normal(m->a, text, &as_given);
    else if (field == FIELD_NAME || field == FIELD_FIRST_NAME)
        *consumer_text(&m->patch->value, field) = unicode_nfc(m->a, text);
    if (as_given)
        warn(m, PROBLEM_PHONE_AS_GIVEN, STR("phone"), text);
}

/* --- dates --- */

static void set_date(struct maker *m, str given, int64_t at_us, int64_t precision_us)
{
    const int64_t earliest_us = zone_days(1900, 1, 1) * DAY_US;
    if (at_us < earliest_us - DAY_US || at_us > m->rules->now_us + DAY_US) {
        refuse(m, PROBLEM_DATE_OUT_OF_RANGE, FIELD_CREATED_AT, given);
        return;
    }
    m->patch->set |= FIELD_BIT(FIELD_CREATED_AT);
    m->patch->value.created_at_us = at_us;
    m->patch->created_at_precision_us = precision_us;
}

static void set_date_text(struct maker *m, str text)
{
    int64_t at_us, precision_us;
    enum zone_fit fit;
    enum problem_code code = consumer_date_from_text(text, m->rules->zone, m->rules->date_order,
                                                     &at_us, &precision_us, &fit);
    if (code == PROBLEM_DATE_ZERO) {
        warn(m, code, STR("created_at"), text);
        return;
    }
    if (code != PROBLEM_COUNT) {
        refuse(m, code, FIELD_CREATED_AT, text);
        return;
    }
    if (fit == ZONE_GAP)
        warn(m, PROBLEM_TIME_IN_GAP, STR("created_at"), text);
    set_date(m, text, at_us, precision_us);
}

/* --- booleans --- */

static void set_boolean(struct maker *m, enum consumer_field field, bool value)
{
    m->patch->set |= FIELD_BIT(field);
    *(field == FIELD_UNSUBSCRIBED ? &m->patch->value.unsubscribed : &m->patch->value.complained) =
        value;
}

static void set_boolean_text(struct maker *m, enum consumer_field field, str text)
{
    static const char *const words[][2] = {{"false", "true"}, {"0", "1"},         {"no", "yes"},
                                           {"нет", "да"},     {"ложь", "истина"}, {"off", "on"}};
    str folded = unicode_fold(m->a, text);
    for (size_t i = 0; i < COUNT(words); i++)
        for (size_t value = 0; value < 2; value++)
            if (str_eq(folded, str_of(words[i][value]))) {
                set_boolean(m, field, value);
                return;
            }
    refuse(m, PROBLEM_BOOLEAN_INVALID, field, text);
}

/* --- from a file's cell --- */

void consumer_patch_set_text(struct arena *a, struct consumer_patch *patch,
                             enum consumer_field field, str text,
                             const struct consumer_rules *rules)
{
    bool number = field == FIELD_EXTERNAL_ID || field == FIELD_PHONE;
    text = utf8_trim(text);
    if (number && cell_is_scientific(text))
        refuse(&(struct maker){a, patch, rules}, PROBLEM_SCIENTIFIC_NUMBER, field, text);
    else
        consumer_patch_set_literal(a, patch, field, text, rules);
}

void consumer_patch_set_literal(struct arena *a, struct consumer_patch *patch,
                                enum consumer_field field, str text,
                                const struct consumer_rules *rules)
{
    struct maker m = {a, patch, rules};
    text = utf8_trim(text);
    if (!text.len)
        return;
    switch (field) {
    case FIELD_CREATED_AT:
        set_date_text(&m, text);
        break;
    case FIELD_UNSUBSCRIBED:
    case FIELD_COMPLAINED:
        set_boolean_text(&m, field, text);
        break;
    case FIELD_UPDATED_AT:
    case FIELD_PERMANENT_FAILED:
    case FIELD_CUSTOM_ATTRIBUTES:
    case FIELD_COUNT:
        break;
    default:
        set_text(&m, field, text);
    }
}

void consumer_patch_clear(struct consumer_patch *patch, enum consumer_field field)
{
    if (field == FIELD_UNSUBSCRIBED || field == FIELD_COMPLAINED) {
        patch->set |= FIELD_BIT(field);
        *(field == FIELD_UNSUBSCRIBED ? &patch->value.unsubscribed : &patch->value.complained) =
            false;
    } else if (field == FIELD_CUSTOM_ATTRIBUTES) {
        patch->custom_replace = true;
    } else if (field != FIELD_CREATED_AT) {
        patch->clear |= FIELD_BIT(field);
    }
}

bool consumer_external_id_check(struct arena *a, str text, struct problems *problems, str *ret_id)
{
    const str field = STR("external_id");
    text = utf8_trim(text);
    enum problem_code code = !text.len                            ? PROBLEM_BLANK
                             : text.len > LIMIT_EXTERNAL_ID_BYTES ? PROBLEM_TOO_LONG
                             : utf8_has_control(text)             ? PROBLEM_CONTROL_CHARACTER
                                                                  : PROBLEM_COUNT;
    if (code != PROBLEM_COUNT) {
        problem_add(problems, a, code, field, text);
        return false;
    }
    *ret_id = text;
    return true;
}

/* --- from JSON --- */

static bool is_integer(str number)
{
    size_t i = number.len && number.ptr[0] == '-';
    for (; i < number.len; i++)
        if (number.ptr[i] < '0' || number.ptr[i] > '9')
            return false;
    return true;
}

static void text_from_json(struct maker *m, enum consumer_field field, const struct json *value)
{
    bool takes_numbers =
        field == FIELD_EXTERNAL_ID || field == FIELD_PHONE || field == FIELD_LEGACY_ID;
    if (value->kind == JSON_NULL) {
        consumer_patch_clear(m->patch, field);
    } else if (value->kind == JSON_NUMBER && takes_numbers) {
        if (is_integer(value->text))
            set_text(m, field, value->text);
        else
            refuse(m, PROBLEM_NOT_AN_INTEGER, field, value->text);
    } else if (value->kind != JSON_STRING) {
        refuse(m, PROBLEM_WRONG_TYPE, field, (str){0});
    } else {
        str text = utf8_trim(value->text);
        if (text.len)
            set_text(m, field, text);
        else
            warn(m, PROBLEM_EMPTY_IGNORED, str_of(consumer_field_name(field)), (str){0});
    }
}

static void date_from_json(struct maker *m, const struct json *value)
{
    int64_t at_us;
    if (value->kind == JSON_NULL || (value->kind == JSON_STRING && !utf8_trim(value->text).len))
        warn(m, PROBLEM_EMPTY_IGNORED, STR("created_at"), (str){0});
    else if (value->kind != JSON_STRING)
        refuse(m, PROBLEM_WRONG_TYPE, FIELD_CREATED_AT, (str){0});
    else if (m->rules->zone)
        set_date_text(m, utf8_trim(value->text));
    else if (!consumer_date_from_rfc3339(utf8_trim(value->text), &at_us))
        refuse(m, PROBLEM_DATE_INVALID, FIELD_CREATED_AT, value->text);
    else
        set_date(m, value->text, at_us, 1);
}

static void boolean_from_json(struct maker *m, enum consumer_field field, const struct json *value)
{
    if (value->kind == JSON_NULL)
        set_boolean(m, field, false);
    else if (value->kind == JSON_TRUE || value->kind == JSON_FALSE)
        set_boolean(m, field, value->kind == JSON_TRUE);
    else if (value->kind == JSON_STRING && utf8_trim(value->text).len)
        set_boolean_text(m, field, utf8_trim(value->text)); // forms have nothing but strings
    else if (value->kind == JSON_STRING)
        warn(m, PROBLEM_EMPTY_IGNORED, str_of(consumer_field_name(field)), (str){0});
    else
        refuse(m, PROBLEM_BOOLEAN_INVALID, field, value->text);
}

static bool holds_nul(const struct json *value)
{
    if (value->kind == JSON_STRING)
        return has_nul(value->text);
    for (size_t i = 0; i < value->count; i++)
        if (has_nul(value->member[i].key) || holds_nul(&value->member[i].value))
            return true;
    return false;
}

static str json_text(struct arena *a, const struct json *value)
{
    AUTO(buf_done) struct buf b = {0};
    json_write(&b, value);
    return arena_str(a, buf_str(&b));
}

static bool attribute_refused(struct maker *m, const struct json_member *member)
{
    enum problem_code code = has_nul(member->key) || holds_nul(&member->value)
                                 ? PROBLEM_CONTROL_CHARACTER
                             : member->key.len > LIMIT_ATTRIBUTE_KEY_BYTES ? PROBLEM_TOO_LONG
                                                                           : PROBLEM_COUNT;
    if (code == PROBLEM_COUNT)
        return false;
    problem_add(&m->patch->problems, m->a, code, STR("custom_attributes"), (str){0})->key =
        arena_str(m->a, str_shown(member->key, 100));
    return true;
}

static struct consumer_attribute *find_attribute(struct consumer_patch *patch, str key)
{
    for (size_t i = 0; i < patch->attribute_count; i++)
        if (str_eq(patch->attribute[i].key, key))
            return &patch->attribute[i];
    return NULL;
}

static void attributes_from_json(struct maker *m, const struct json *value)
{
    if (value->kind == JSON_NULL) {
        m->patch->custom_replace = true;
        return;
    }
    if (value->kind == JSON_ARRAY && value->count == 0) // PHP's empty object
        return;
    if (value->kind != JSON_OBJECT) {
        refuse(m, PROBLEM_WRONG_TYPE, FIELD_CUSTOM_ATTRIBUTES, (str){0});
        return;
    }
    // More keys than a record may hold are refused here, before comparing them with each other
    // costs time.
    if (value->count > 4 * LIMIT_ATTRIBUTES) {
        refuse(m, PROBLEM_TOO_MANY_ATTRIBUTES, FIELD_CUSTOM_ATTRIBUTES, (str){0});
        return;
    }
    struct consumer_attribute *before = m->patch->attribute;
    m->patch->attribute =
        ARENA_NEW(m->a, struct consumer_attribute, m->patch->attribute_count + value->count);
    if (m->patch->attribute_count)
        memcpy(m->patch->attribute, before, m->patch->attribute_count * sizeof *before);
    for (size_t i = 0; i < value->count; i++) {
        const struct json_member *member = &value->member[i];
        if (attribute_refused(m, member))
            continue;
        struct consumer_attribute *at = find_attribute(m->patch, member->key);
        if (at)
            problem_add(&m->patch->warnings, m->a, PROBLEM_KEY_REPEATED, STR("custom_attributes"),
                        (str){0})
                ->key = arena_str(m->a, member->key);
        else
            at = &m->patch->attribute[m->patch->attribute_count++];
        at->key = member->key;
        at->value = member->value.kind == JSON_NULL ? (str){0} : json_text(m->a, &member->value);
    }
}

void consumer_patch_add_attributes(struct arena *a, struct consumer_patch *patch,
                                   const struct json *value)
{
    struct maker m = {a, patch, NULL};
    attributes_from_json(&m, value);
}

static void field_from_json(struct maker *m, enum consumer_field field, const struct json *value)
{
    switch (field) {
    case FIELD_CUSTOM_ATTRIBUTES:
        attributes_from_json(m, value);
        break;
    case FIELD_CREATED_AT:
        date_from_json(m, value);
        break;
    case FIELD_UNSUBSCRIBED:
    case FIELD_COMPLAINED:
        boolean_from_json(m, field, value);
        break;
    case FIELD_UPDATED_AT:
    case FIELD_PERMANENT_FAILED:
        warn(m, PROBLEM_READ_ONLY, str_of(consumer_field_name(field)), (str){0});
        break;
    default:
        text_from_json(m, field, value);
    }
}

/* True when a later member has the same key. */
static bool comes_again(const struct json *object, size_t i)
{
    for (size_t j = i + 1; j < object->count; j++)
        if (str_eq(object->member[i].key, object->member[j].key))
            return true;
    return false;
}

enum { MAX_MEMBERS = 1024 };

void consumer_patch_from_json(struct arena *a, const struct json *attributes,
                              const struct consumer_rules *rules, struct consumer_patch *ret_patch)
{
    struct maker m = {a, ret_patch, rules};
    *ret_patch = (struct consumer_patch){0};
    if (!attributes)
        return;
    if (attributes->kind != JSON_OBJECT || attributes->count > MAX_MEMBERS) {
        // PHP writes an empty object as [].
        if (attributes->kind != JSON_ARRAY || attributes->count)
            problem_add(&ret_patch->problems, a, PROBLEM_WRONG_TYPE, STR("attributes"), (str){0});
        return;
    }
    for (size_t i = 0; i < attributes->count; i++) {
        const struct json_member *member = &attributes->member[i];
        enum consumer_field field = consumer_field_of(member->key);
        if (has_nul(member->key))
            problem_add(&ret_patch->problems, a, PROBLEM_CONTROL_CHARACTER, STR("attributes"),
                        (str){0});
        else if (comes_again(attributes, i))
            warn(&m, PROBLEM_KEY_REPEATED, member->key, (str){0});
        else if (field != FIELD_COUNT)
            field_from_json(&m, field, &member->value);
        else
            warn(&m, str_eq(member->key, STR("id")) ? PROBLEM_READ_ONLY : PROBLEM_UNKNOWN_ATTRIBUTE,
                 str_shown(member->key, 100), (str){0});
    }
}
