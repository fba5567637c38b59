/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"
#include "domain/consumer.h"

#define SECOND_US INT64_C(1000000)

/* Takes up to max digits off *s; false when there are fewer than min. */
static bool take_number(str *s, size_t min, size_t max, uint32_t *ret)
{
    uint32_t n = 0;
    size_t i = 0;
    for (; i < s->len && i < max && s->ptr[i] >= '0' && s->ptr[i] <= '9'; i++)
        n = n * 10 + (uint32_t)(s->ptr[i] - '0');
    if (i < min)
        return false;
    *s = str_from(*s, i);
    *ret = n;
    return true;
}

static bool take(str *s, char c)
{
    if (!s->len || s->ptr[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

/* ".482913": microseconds; digits beyond the sixth are dropped. */
static bool take_fraction(str *s, uint32_t *ret_us)
{
    uint32_t n = 0;
    size_t digits = 0;
    for (; s->len && s->ptr[0] >= '0' && s->ptr[0] <= '9'; *s = str_from(*s, 1), digits++)
        if (digits < 6)
            n = n * 10 + (uint32_t)(s->ptr[0] - '0');
    for (size_t i = digits; i < 6; i++)
        n *= 10;
    *ret_us = n;
    return digits > 0;
}

static bool take_offset(str *s, int32_t *ret_s)
{
    uint32_t h, m;
    if (take(s, 'Z') || take(s, 'z')) {
        *ret_s = 0;
        return true;
    }
    int sign = take(s, '+') ? 1 : take(s, '-') ? -1 : 0;
    if (!sign || !take_number(s, 2, 2, &h))
        return false;
    (void)take(s, ':');
    if (!take_number(s, 2, 2, &m) || h > 23 || m > 59)
        return false;
    *ret_s = sign * (int32_t)(h * 3600 + m * 60);
    return true;
}

bool consumer_date_from_rfc3339(str s, int64_t *ret_us)
{
    uint32_t year, month, day, hour, minute, second, us = 0;
    int32_t offset;
    if (!take_number(&s, 4, 4, &year) || !take(&s, '-') || !take_number(&s, 2, 2, &month) ||
        !take(&s, '-') || !take_number(&s, 2, 2, &day))
        return false;
    if (!take(&s, 'T') && !take(&s, 't') && !take(&s, ' '))
        return false;
    if (!take_number(&s, 2, 2, &hour) || !take(&s, ':') || !take_number(&s, 2, 2, &minute) ||
        !take(&s, ':') || !take_number(&s, 2, 2, &second) ||
        (take(&s, '.') && !take_fraction(&s, &us)) || !take_offset(&s, &offset))
        return false;
    // A leap second (23:59:60) is the next second's start, as POSIX counts.
    if (s.len || !zone_date_exists((int32_t)year, month, day) || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    int64_t at_s =
        zone_days((int32_t)year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    *ret_us = at_s * SECOND_US + us;
    return true;
}

struct text_date {
    uint32_t year, month, day, hour, minute, second, fraction_us;
    int64_t precision_us;
};

static bool take_time(str *s, struct text_date *d)
{
    if (!take_number(s, 1, 2, &d->hour) || !take(s, ':') || !take_number(s, 2, 2, &d->minute))
        return false;
    d->precision_us = 60 * SECOND_US;
    if (take(s, ':')) {
        if (!take_number(s, 2, 2, &d->second))
            return false;
        d->precision_us = SECOND_US;
        if (take(s, '.') && !take_fraction(s, &d->fraction_us)) // as databases print it
            return false;
        if (d->fraction_us)
            d->precision_us = 1;
    }
    return d->hour <= 23 && d->minute <= 59 && d->second <= 59;
}

static bool take_date(str *s, struct text_date *d)
{
    str start = *s;
    if (take_number(s, 4, 4, &d->year) && take(s, '-'))
        return take_number(s, 1, 2, &d->month) && take(s, '-') && take_number(s, 1, 2, &d->day);
    *s = start;
    return take_number(s, 1, 2, &d->day) && take(s, '.') && take_number(s, 1, 2, &d->month) &&
           take(s, '.') && take_number(s, 4, 4, &d->year);
}

static bool is_slashed(str s)
{
    uint32_t n;
    return take_number(&s, 1, 4, &n) && take(&s, '/') && take_number(&s, 1, 2, &n) &&
           take(&s, '/') && take_number(&s, 1, 4, &n);
}

/* 2018/1/31 is the same in both orders. */
static bool take_slashed(str *s, enum date_order order, struct text_date *d)
{
    str start = *s;
    if (take_number(s, 4, 4, &d->year) && take(s, '/'))
        return take_number(s, 1, 2, &d->month) && take(s, '/') && take_number(s, 1, 2, &d->day);
    *s = start;
    uint32_t *first = order == DATE_ORDER_DMY ? &d->day : &d->month,
             *second = order == DATE_ORDER_DMY ? &d->month : &d->day;
    return take_number(s, 1, 2, first) && take(s, '/') && take_number(s, 1, 2, second) &&
           take(s, '/') && take_number(s, 4, 4, &d->year);
}

/* 0000-00-00, 00.00.0000 and the like, with or without a time of zeros. */
static bool is_zeros(const struct text_date *d)
{
    return !d->year && !d->month && !d->day;
}

enum problem_code consumer_date_from_text(str s, const struct zone *zone, enum date_order order,
                                          int64_t *ret_us, int64_t *ret_precision_us,
                                          enum zone_fit *ret_fit)
{
    struct text_date d = {.precision_us = 86400 * SECOND_US};
    *ret_fit = ZONE_EXACT;
    if (consumer_date_from_rfc3339(s, ret_us)) {
        *ret_precision_us = 1;
        return PROBLEM_COUNT;
    }
    bool slashed = is_slashed(s);
    if (slashed && order == DATE_ORDER_UNSAID)
        return PROBLEM_DATE_AMBIGUOUS;
    if (slashed ? !take_slashed(&s, order, &d) : !take_date(&s, &d))
        return PROBLEM_DATE_INVALID;
    if (s.len && ((!take(&s, ' ') && !take(&s, 'T')) || !take_time(&s, &d)))
        return PROBLEM_DATE_INVALID;
    if (s.len)
        return PROBLEM_DATE_INVALID;
    if (is_zeros(&d))
        return PROBLEM_DATE_ZERO;
    if (!zone_date_exists((int32_t)d.year, d.month, d.day))
        return PROBLEM_DATE_INVALID;
    const struct zone_time t = {(int32_t)d.year, (uint8_t)d.month,  (uint8_t)d.day,
                                (uint8_t)d.hour, (uint8_t)d.minute, (uint8_t)d.second,
                                d.fraction_us};
    *ret_us = zone_to_us(zone, &t, ret_fit);
    *ret_precision_us = d.precision_us;
    return PROBLEM_COUNT;
}
