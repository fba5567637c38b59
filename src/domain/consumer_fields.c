/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/consumer.h"

#define NO_TEXT SIZE_MAX
static const struct {
    const char *name;
    size_t text; /* offset of a plain text field, or NO_TEXT */
} fields[FIELD_COUNT] = {
    [FIELD_EMAIL] = {"email", offsetof(struct consumer, email)},
    [FIELD_PHONE] = {"phone", offsetof(struct consumer, phone)},
    [FIELD_NAME] = {"name", offsetof(struct consumer, name)},
    [FIELD_FIRST_NAME] = {"first_name", offsetof(struct consumer, first_name)},
    [FIELD_CUSTOM_ATTRIBUTES] = {"custom_attributes", NO_TEXT},
    [FIELD_AVATAR_URL] = {"avatar_url", offsetof(struct consumer, avatar_url)},
    [FIELD_EXTERNAL_ID] = {"external_id", offsetof(struct consumer, external_id)},
    [FIELD_CREATED_AT] = {"created_at", NO_TEXT},
    [FIELD_UPDATED_AT] = {"updated_at", NO_TEXT},
    [FIELD_UNSUBSCRIBED] = {"unsubscribed", NO_TEXT},
    [FIELD_PERMANENT_FAILED] = {"permanent_failed", NO_TEXT},
    [FIELD_COMPLAINED] = {"complained", NO_TEXT},
    [FIELD_LEGACY_ID] = {"legacy_id", offsetof(struct consumer, legacy_id)},
};

const char *consumer_field_name(enum consumer_field field)
{
    return fields[field].name;
}

enum consumer_field consumer_field_of(str name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (str_eq(name, str_of(fields[i].name)))
            return (enum consumer_field)i;
    return FIELD_COUNT;
}

str *consumer_text(struct consumer *c, enum consumer_field field)
{
    return fields[field].text == NO_TEXT ? NULL : (str *)((char *)c + fields[field].text);
}
