/* What several of the cabinet's lists read of a query, and write as people of the company see it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "cabinet/cabinet_priv.h"

bool query_refuse(struct http_request *r, const char *name, const char *text)
{
    error_say(r,
              &(struct error){.status = 422,
                              .code = "invalid_parameter",
                              .title = "Invalid query params",
                              .source = SOURCE_PARAMETER,
                              .where = str_of(name)},
              "%s: %s", name, text);
    return false;
}

bool query_number(struct http_request *r, const char *name, uint64_t max, uint64_t *ret)
{
    str text = http_query(r, name);
    uint64_t number;
    if (str_is_null(text))
        return true;
    if (!str_to_u64(text, &number) || number < 1 || number > max)
        return query_refuse(r, name,
                            arena_format(http_arena(r),
                                         SAY(r, "must be a number from 1 to %llu",
                                             "должно быть числом от 1 до %llu"),
                                         (unsigned long long)max)
                                .ptr);
    *ret = number;
    return true;
}

bool visit_company(struct visit *v, struct store_company **ret_company)
{
    return store_company_open(v->cabinet->config.store, v->company_id, ret_company, &v->err);
}

str visit_local(struct visit *v, const struct zone *zone, int64_t at_us)
{
    char text[ZONE_STAMP_BYTES];
    return at_us ? arena_str(&v->arena, (str){text, zone_stamp(zone, at_us, text)}) : (str){0};
}

str visit_day(struct visit *v, int64_t day)
{
    int32_t year;
    uint8_t month, of_month;
    zone_date_of_days(day, &year, &month, &of_month);
    return arena_format(&v->arena, "%04d-%02d-%02d", year, month, of_month);
}
