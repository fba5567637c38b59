/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/rowio.h"

enum { FLAG_UNSUBSCRIBED = 1, FLAG_PERMANENT_FAILED = 2, FLAG_COMPLAINED = 4 };

void rowio_bind(sqlite3_stmt *s, const struct consumer *c)
{
    db_bind_int(s, 1, c->id);
    db_bind_str(s, 2, c->external_id);
    db_bind_str(s, 3, c->legacy_id);
    db_bind_str(s, 4, c->email);
    db_bind_str(s, 5, str_eq(c->email_key, c->email) ? (str){0} : c->email_key);
    db_bind_str(s, 6, c->phone);
    db_bind_str(s, 7, c->name);
    db_bind_str(s, 8, c->first_name);
    db_bind_str(s, 9, c->avatar_url);
    db_bind_str(s, 10, c->custom_attributes);
    db_bind_int(s, 11, c->created_at_us);
    db_bind_int(s, 12, c->updated_at_us);
    db_bind_int(s, 13,
                (c->unsubscribed ? FLAG_UNSUBSCRIBED : 0) |
                    (c->permanent_failed ? FLAG_PERMANENT_FAILED : 0) |
                    (c->complained ? FLAG_COMPLAINED : 0));
}

void rowio_read(sqlite3_stmt *s, struct arena *a, struct consumer *ret)
{
    int64_t flags = sqlite3_column_int64(s, 12);
    *ret = (struct consumer){.id = sqlite3_column_int64(s, 0),
                             .external_id = db_column_str(s, 1, a),
                             .legacy_id = db_column_str(s, 2, a),
                             .email = db_column_str(s, 3, a),
                             .email_key = db_column_str(s, 4, a),
                             .phone = db_column_str(s, 5, a),
                             .name = db_column_str(s, 6, a),
                             .first_name = db_column_str(s, 7, a),
                             .avatar_url = db_column_str(s, 8, a),
                             .custom_attributes = db_column_str(s, 9, a),
                             .created_at_us = sqlite3_column_int64(s, 10),
                             .updated_at_us = sqlite3_column_int64(s, 11),
                             .unsubscribed = flags & FLAG_UNSUBSCRIBED,
                             .permanent_failed = flags & FLAG_PERMANENT_FAILED,
                             .complained = flags & FLAG_COMPLAINED};
    if (str_is_null(ret->email_key))
        ret->email_key = ret->email;
}
