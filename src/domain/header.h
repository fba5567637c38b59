/* header: the names people give to the columns of a file of customers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DOMAIN_HEADER_H
#define DOMAIN_HEADER_H

#include "domain/consumer.h"

/* The form in which headers are compared: trimmed, case folded, without spaces, '_', '-' and '.',
 * with е for ё. */
str header_normal(struct arena *a, str header);
/* The field a header in normal form names, exactly or by an alias; FIELD_COUNT when none. */
enum consumer_field header_field(str normal);
/* True for attributes of the record that a bare header does not reach (first_name, unsubscribed,
 * ...). */
bool header_is_reserved(str normal);
/* The known field a header is close to, or FIELD_COUNT: a slip or two in a longer word, or a
 * telling word inside ("Телефон клиента"). */
enum consumer_field header_near(str normal);
/* True when a bare header with this text is read as the custom attribute of that name, without a
 * question. */
bool header_is_custom(struct arena *a, str key);
/* The header of a custom attribute's column: its key where that is read as such, else
 * custom_attributes.KEY, or custom_attributes."KEY" (a JSON string) when the key's ends would be
 * trimmed. */
str header_of_attribute(struct arena *a, str key);
/* The key that a header of the form custom_attributes.KEY names; false when it is not one. */
bool header_names_attribute(struct arena *a, str header, str *ret_key);

/* The column that a file of failed rows has more than the file they came from. */
#define HEADER_ERROR "import_error"

#endif
