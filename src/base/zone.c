/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAY_S = 86400, MAX_TRANSITIONS = 4096 };
#define SECOND_US INT64_C(1000000)

struct rule { /* one end of daylight time, from the footer (RFC 8536 3.3, POSIX TZ with its
                 extension) */
    enum { RULE_MONTH, RULE_JULIAN, RULE_DAY } kind;
    int month, week, day;
    int32_t time_s; /* local seconds after midnight; may be negative or beyond a day */
};
struct zone {
    size_t count;
    int64_t *at_s;     /* moments of change, ascending */
    int32_t *offset_s; /* after each */
    int32_t first_s;   /* before the first */
    bool has_footer, has_daylight;
    int32_t standard_s, daylight_s;
    struct rule start, end;
};

/* --- civil dates: days since 1970-01-01 in the proleptic Gregorian calendar --- */

int64_t zone_days(int32_t year, uint32_t month, uint32_t day)
{
    // Years begin in March, so that the leap day is the last one; eras of 400 years have 146,097
    // days.
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static bool is_leap(int32_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

bool zone_date_exists(int32_t year, uint32_t month, uint32_t day)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (uint32_t)(month == 2 && is_leap(year));
}

void zone_date_of_days(int64_t days, int32_t *year, uint8_t *month, uint8_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1);
    *month = (uint8_t)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int32_t)(yoe + era * 400 + (*month <= 2));
}

/* --- the footer --- */

static bool parse_number(const char **p, int *ret)
{
    char *end;
    if (**p < '0' || **p > '9')
        return false;
    *ret = (int)strtol(*p, &end, 10);
    *p = end;
    return true;
}

static bool parse_time(const char **p, int32_t *ret_s)
{
    int h, m = 0, s = 0, sign = 1;
    if (**p == '-' || **p == '+')
        sign = *(*p)++ == '-' ? -1 : 1;
    if (!parse_number(p, &h))
        return false;
    if (**p == ':' && ((*p)++, !parse_number(p, &m)))
        return false;
    if (**p == ':' && ((*p)++, !parse_number(p, &s)))
        return false;
    *ret_s = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool skip_name(const char **p)
{
    const char *start = *p;
    if (**p == '<') {
        while (**p && **p != '>')
            (*p)++;
        return *(*p)++ == '>';
    }
    while ((**p >= 'A' && **p <= 'Z') || (**p >= 'a' && **p <= 'z'))
        (*p)++;
    return *p > start;
}

static bool parse_rule(const char **p, struct rule *r)
{
    if (*(*p)++ != ',')
        return false;
    r->time_s = 2 * 3600;
    bool ok;
    if (**p == 'M') {
        (*p)++;
        r->kind = RULE_MONTH;
        ok = parse_number(p, &r->month) && *(*p)++ == '.' && parse_number(p, &r->week) &&
             *(*p)++ == '.' && parse_number(p, &r->day);
    } else {
        r->kind = **p == 'J' ? RULE_JULIAN : RULE_DAY;
        *p += **p == 'J';
        ok = parse_number(p, &r->day);
    }
    if (ok && **p == '/')
        ok = ((*p)++, parse_time(p, &r->time_s));
    return ok;
}

static bool parse_footer(struct zone *z, const char *p)
{
    int32_t west;
    if (!skip_name(&p) || !parse_time(&p, &west))
        return false;
    z->standard_s = -west;
    if (*p) {
        if (!skip_name(&p))
            return false;
        z->daylight_s = z->standard_s + 3600;
        if (*p && *p != ',') {
            if (!parse_time(&p, &west))
                return false;
            z->daylight_s = -west;
        }
        z->has_daylight = true;
        if (!parse_rule(&p, &z->start) || !parse_rule(&p, &z->end))
            return false;
    }
    z->has_footer = true;
    return true;
}

/* The local second, from 1970 without any offset, at which a rule acts in a year. */
static int64_t rule_local_s(const struct rule *r, int32_t year)
{
    int64_t days;
    if (r->kind == RULE_MONTH) {
        int64_t first = zone_days(year, (uint32_t)r->month, 1);
        int weekday = (int)(((first + 4) % 7 + 7) % 7); // 1970-01-01 was a Thursday
        days = first + (r->day - weekday + 7) % 7 + (r->week - 1) * 7;
        while (!zone_date_exists(year, (uint32_t)r->month, (uint32_t)(days - first + 1)))
            days -= 7; // week 5 is the last one
    } else if (r->kind == RULE_JULIAN) {
        days = zone_days(year, 1, 1) + r->day - 1 + (is_leap(year) && r->day >= 60);
    } else {
        days = zone_days(year, 1, 1) + r->day;
    }
    return days * DAY_S + r->time_s;
}

static int32_t footer_offset(const struct zone *z, int64_t at_s)
{
    if (!z->has_daylight)
        return z->standard_s;
    int32_t year;
    uint8_t month, day;
    int64_t local = at_s + z->standard_s;
    zone_date_of_days(local / DAY_S - (local % DAY_S < 0), &year, &month, &day);
    int64_t start = rule_local_s(&z->start, year) - z->standard_s;
    int64_t end = rule_local_s(&z->end, year) - z->daylight_s;
    bool daylight = start < end ? at_s >= start && at_s < end : at_s >= start || at_s < end;
    return daylight ? z->daylight_s : z->standard_s;
}

/* --- the file (RFC 8536 section 3) --- */

struct header {
    uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool read_header(str s, struct header *h)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (s.len < 44 || memcmp(p, "TZif", 4) != 0)
        return false;
    *h = (struct header){be32(p + 20), be32(p + 24), be32(p + 28),
                         be32(p + 32), be32(p + 36), be32(p + 40)};
    return h->time <= MAX_TRANSITIONS && h->type >= 1 && h->type <= 256 && h->chars <= 4096 &&
           h->leap <= 4096 && h->isut <= 256 && h->isstd <= 256;
}

static size_t body_bytes(const struct header *h, size_t time_size)
{
    return h->time * (time_size + 1) + h->type * 6 + h->chars + h->leap * (time_size + 4) +
           h->isstd + h->isut;
}

static bool read_body(struct zone *z, str s, const struct header *h, size_t time_size)
{
    const unsigned char *times = (const unsigned char *)s.ptr, *index = times + h->time * time_size,
                        *types = index + h->time;
    z->count = h->time;
    z->at_s = mem_new(h->time, sizeof *z->at_s);
    z->offset_s = mem_new(h->time, sizeof *z->offset_s);
    z->first_s = (int32_t)be32(types);
    for (size_t i = 0; i < h->time; i++) {
        if (index[i] >= h->type)
            return false;
        z->at_s[i] = time_size == 8 ? be64(times + i * 8) : (int32_t)be32(times + i * 4);
        z->offset_s[i] = (int32_t)be32(types + index[i] * 6);
        if (i && z->at_s[i] <= z->at_s[i - 1])
            return false;
    }
    return true;
}

static bool read_zone(struct zone *z, str s)
{
    struct header h;
    if (!read_header(s, &h))
        return false;
    bool second = s.ptr[4] >= '2';
    size_t size = 44 + body_bytes(&h, 4);
    if (s.len < size)
        return false;
    if (!second)
        return read_body(z, str_from(s, 44), &h, 4);
    s = str_from(s, size);
    if (!read_header(s, &h) || s.len < 44 + body_bytes(&h, 8) ||
        !read_body(z, str_from(s, 44), &h, 8))
        return false;
    str footer = str_from(s, 44 + body_bytes(&h, 8));
    char text[128];
    if (footer.len < 2 || footer.ptr[0] != '\n')
        return false;
    footer = str_first(str_from(footer, 1), str_find(str_from(footer, 1), '\n'));
    if (footer.len >= sizeof text)
        return false;
    (void)snprintf(text, sizeof text, "%.*s", STR_ARG(footer));
    return !text[0] || parse_footer(z, text);
}

static bool is_zone_name(const char *name)
{
    if (!name[0] || name[0] == '/' || strstr(name, "..") || strlen(name) > 64)
        return false;
    for (const char *p = name; *p; p++)
        if (!(*p == '/' || *p == '_' || *p == '-' || *p == '+' || (*p >= '0' && *p <= '9') ||
              (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')))
            return false;
    return true;
}

bool zone_open(const char *name, struct zone **ret_zone, struct err *err)
{
    AUTO(zone_free) struct zone *z = mem_new(1, sizeof *z);
    if (strcmp(name, "UTC") != 0) {
        AUTO(buf_done) struct buf bytes = {.max = 1 * MIB};
        const char *dir = getenv("TZDIR");
        char path[512];
        if (!is_zone_name(name))
            return err_set(err, ERR_NOT_FOUND, "there is no time zone of that name");
        (void)snprintf(path, sizeof path, "%s/%s", dir && dir[0] ? dir : "/usr/share/zoneinfo",
                       name);
        if (!file_read(path, &bytes, err))
            return err_set(err, ERR_NOT_FOUND,
                           "there is no time zone '%s' on this system (is tzdata installed?)",
                           name);
        if (!read_zone(z, buf_str(&bytes)))
            return err_set(err, ERR_INVALID, "the file of the time zone '%s' is damaged", name);
    }
    *ret_zone = TAKE(z);
    return true;
}

void zone_free(struct zone *z)
{
    if (!z)
        return;
    mem_free(z->at_s);
    mem_free(z->offset_s);
    mem_free(z);
}

/* --- use --- */

static int32_t offset_at(const struct zone *z, int64_t at_s)
{
    if (!z->count || at_s < z->at_s[0])
        return z->count || !z->has_footer ? z->first_s : footer_offset(z, at_s);
    if (at_s >= z->at_s[z->count - 1])
        return z->has_footer ? footer_offset(z, at_s) : z->offset_s[z->count - 1];
    size_t low = 0, high = z->count - 1; // at_s[low] <= at < at_s[high]
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (z->at_s[middle] <= at_s)
            low = middle;
        else
            high = middle;
    }
    return z->offset_s[low];
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t zone_offset_s(const struct zone *z, int64_t at_us)
{
    return offset_at(z, floor_div(at_us, SECOND_US));
}

int64_t zone_to_us(const struct zone *z, const struct zone_time *t, enum zone_fit *ret_fit)
{
    int64_t local =
        zone_days(t->year, t->month, t->day) * DAY_S + t->hour * 3600 + t->minute * 60 + t->second;
    int32_t before = offset_at(z, local - DAY_S), after = offset_at(z, local + DAY_S);
    bool fits_before = offset_at(z, local - before) == before,
         fits_after = offset_at(z, local - after) == after;
    int32_t offset = fits_before  ? before
                     : fits_after ? after
                                  : before; // the first of two; in a gap: forward
    *ret_fit = !fits_before && !fits_after                    ? ZONE_GAP
               : fits_before && fits_after && before != after ? ZONE_REPEATED
                                                              : ZONE_EXACT;
    return (local - offset) * SECOND_US + t->microsecond;
}

static struct zone_time time_with_offset(int64_t at_us, int32_t offset_s)
{
    struct zone_time t;
    int64_t at_s = floor_div(at_us, SECOND_US), local = at_s + offset_s,
            days = floor_div(local, DAY_S);
    int32_t second = (int32_t)(local - days * DAY_S);
    zone_date_of_days(days, &t.year, &t.month, &t.day);
    t.hour = (uint8_t)(second / 3600);
    t.minute = (uint8_t)(second / 60 % 60);
    t.second = (uint8_t)(second % 60);
    t.microsecond = (uint32_t)(at_us - at_s * SECOND_US);
    return t;
}

struct zone_time zone_from_us(const struct zone *z, int64_t at_us)
{
    return time_with_offset(at_us, zone_offset_s(z, at_us));
}

static void put(char *p, uint32_t n, int digits)
{
    while (digits-- > 0) {
        p[digits] = (char)('0' + n % 10);
        n /= 10;
    }
}

size_t zone_stamp(const struct zone *z, int64_t at_us, char ret_text[ZONE_STAMP_BYTES])
{
    // Before the zones a town's offset had seconds, for which RFC 3339 has no room: the time shown
    // is that of the offset shown, so that both together say the moment.
    int32_t offset = zone_offset_s(z, at_us) / 60 * 60,
            minutes = (offset < 0 ? -offset : offset) / 60;
    struct zone_time t = time_with_offset(at_us, offset);
    memcpy(ret_text, "0000-00-00T00:00:00.000000+00:00", ZONE_STAMP_BYTES);
    put(ret_text, (uint32_t)t.year, 4);
    put(ret_text + 5, t.month, 2);
    put(ret_text + 8, t.day, 2);
    put(ret_text + 11, t.hour, 2);
    put(ret_text + 14, t.minute, 2);
    put(ret_text + 17, t.second, 2);
    put(ret_text + 20, t.microsecond, 6);
    ret_text[26] = offset < 0 ? '-' : '+';
    put(ret_text + 27, (uint32_t)minutes / 60, 2);
    put(ret_text + 30, (uint32_t)minutes % 60, 2);
    return ZONE_STAMP_BYTES - 1;
}

bool zone_day_begins(const struct zone *z, str text, int64_t more, int64_t *ret_us)
{
    uint64_t part[3];
    enum zone_fit fit;
    str rest = text;
    for (size_t i = 0; i < 3; i++)
        if (!str_to_u64(str_split(&rest, '-'), &part[i]))
            return false;
    if (!str_is_null(rest) || text.len != 10 || part[0] < 1970 || part[0] > 9999 ||
        !zone_date_exists((int32_t)part[0], (uint32_t)part[1], (uint32_t)part[2]))
        return false;
    struct zone_time t = {0};
    zone_date_of_days(zone_days((int32_t)part[0], (uint32_t)part[1], (uint32_t)part[2]) + more,
                      &t.year, &t.month, &t.day);
    *ret_us = zone_to_us(z, &t, &fit);
    return true;
}
