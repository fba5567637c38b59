/* columns: which of a customer's attributes a file has, and in which order.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORTER_COLUMNS_H
#define EXPORTER_COLUMNS_H

#include "store/store.h"

/* What was asked for; {0}: everything. */
struct export_fields {
    struct export_field {
        enum consumer_field field; /* FIELD_COUNT: our id; FIELD_CUSTOM_ATTRIBUTES: one or all */
        str key;                   /* of custom_attributes; {0}: all of them */
    } * field;
    size_t count;
};
/* Adds the attribute of that name: id, email, ..., custom_attributes, custom_attributes.KEY; one
 * that is there already is not added again.  Errors: ERR_INVALID names it and says what there is.
 */
MUST_CHECK bool export_fields_add(struct export_fields *f, struct arena *a, str name,
                                  struct err *err);
/* The same of a list, "id,email,custom_attributes.ltv"; a backslash before a comma or a backslash
 * makes it part of the name. */
MUST_CHECK bool export_fields_parse(struct export_fields *f, struct arena *a, str list,
                                    struct err *err);

#endif
