/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/rowio.h"

/* Added to the number of a customer's last change: 0 and a large number take the same room, so that
 * the first change of a customer does not move his neighbours to another page. */
#define TRAIL_BASE ((int64_t)1 << 40)

enum { FLAG_UNSUBSCRIBED = 1, FLAG_PERMANENT_FAILED = 2, FLAG_COMPLAINED = 4 };

void rowio_column(sqlite3_context *out, const struct consumer *c, int column)
{
    const str text[] = {[1] = c->external_id,
                        [2] = c->legacy_id,
                        [3] = c->email,
                        [4] = str_eq(c->email_key, c->email) ? (str){0} : c->email_key,
                        [5] = c->phone,
                        [6] = c->name,
                        [7] = c->first_name,
                        [8] = c->avatar_url,
                        [9] = c->custom_attributes};
    const int64_t flags = (c->unsubscribed ? FLAG_UNSUBSCRIBED : 0) |
                          (c->permanent_failed ? FLAG_PERMANENT_FAILED : 0) |
                          (c->complained ? FLAG_COMPLAINED : 0);
    const int64_t number[ROWIO_COLUMNS] = {
        [0] = c->id,      [10] = c->created_at_us,   [11] = c->updated_at_us,     [12] = flags,
        [13] = c->origin, [14] = (int64_t)c->record, [15] = c->trail + TRAIL_BASE};
    if (column >= 1 && column <= 9)
        db_result_str(out, text[column]);
    else
        sqlite3_result_int64(out, number[column]);
}

void rowio_read(sqlite3_stmt *s, int first, struct arena *a, struct consumer *ret)
{
    int64_t flags = sqlite3_column_int64(s, first + 12);
    *ret = (struct consumer){.id = sqlite3_column_int64(s, first + 0),
                             .external_id = db_column_str(s, first + 1, a),
                             .legacy_id = db_column_str(s, first + 2, a),
                             .email = db_column_str(s, first + 3, a),
                             .email_key = db_column_str(s, first + 4, a),
                             .phone = db_column_str(s, first + 5, a),
                             .name = db_column_str(s, first + 6, a),
                             .first_name = db_column_str(s, first + 7, a),
                             .avatar_url = db_column_str(s, first + 8, a),
                             .custom_attributes = db_column_str(s, first + 9, a),
                             .created_at_us = sqlite3_column_int64(s, first + 10),
                             .updated_at_us = sqlite3_column_int64(s, first + 11),
                             .unsubscribed = flags & FLAG_UNSUBSCRIBED,
                             .permanent_failed = flags & FLAG_PERMANENT_FAILED,
                             .complained = flags & FLAG_COMPLAINED,
                             .origin = sqlite3_column_int64(s, first + 13),
                             .record = (uint64_t)sqlite3_column_int64(s, first + 14),
                             .trail = sqlite3_column_int64(s, first + 15) - TRAIL_BASE};
    if (str_is_null(ret->email_key))
        ret->email_key = ret->email;
}
