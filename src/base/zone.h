/* zone: local time from the system's time zone files (TZif, RFC 8536), in integer arithmetic.
 *
 * Threads: a zone is constant once opened; any thread may use it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/arena.h"
#include "base/err.h"

struct zone;
struct zone_time { /* a local date and time; Gregorian, no checks */
    int32_t year;
    uint8_t month, day, hour, minute, second;
    uint32_t microsecond;
};
enum zone_fit { ZONE_EXACT, ZONE_GAP /* moved forward */, ZONE_REPEATED /* the first was taken */ };
enum { ZONE_STAMP_BYTES = 33 }; /* "2026-09-25T14:03:11.482913+03:00" and a NUL */

/* Opens "Europe/Moscow" from /usr/share/zoneinfo (or $TZDIR); "UTC" always works.
 * Errors: ERR_NOT_FOUND (no such zone, or a name that is a path), ERR_INVALID (damaged file). */
MUST_CHECK bool zone_open(const char *name, struct zone **ret_zone, struct err *err);
/* Frees z; NULL is fine. */
void zone_free(struct zone *z);
DEFINE_AUTO(struct zone *, zone_free)

/* The offset from UTC in seconds at that moment. */
int32_t zone_offset_s(const struct zone *z, int64_t at_us);
/* The moment of a local time, microseconds since 1970 UTC; *ret_fit tells gaps and repeats (RFC
 * 8536 3.2). */
int64_t zone_to_us(const struct zone *z, const struct zone_time *local, enum zone_fit *ret_fit);
/* The local time of a moment. */
struct zone_time zone_from_us(const struct zone *z, int64_t at_us);
/* "2026-09-25T14:03:11.482913+03:00" (RFC 3339, six digits); returns its length. */
size_t zone_stamp(const struct zone *z, int64_t at_us, char ret_text[ZONE_STAMP_BYTES]);
/* Days since 1970-01-01 of a Gregorian date, and whether the date exists. */
int64_t zone_days(int32_t year, uint32_t month, uint32_t day);
/* The date that is `days` after 1970-01-01; the reverse of zone_days(). */
void zone_date_of_days(int64_t days, int32_t *ret_year, uint8_t *ret_month, uint8_t *ret_day);
/* The moment at which the day "2026-11-25", or the one that is `more` days later, begins in the
 * zone. False when the text is no date of 1970 to 9999. */
MUST_CHECK bool zone_day_begins(const struct zone *z, str text, int64_t more, int64_t *ret_us);
/* True when the Gregorian calendar has that date; month and day from 1. */
bool zone_date_exists(int32_t year, uint32_t month, uint32_t day);

#endif
