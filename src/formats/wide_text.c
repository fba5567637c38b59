/* The same bytes hardly ever read as text with line ends in two of these encodings: a line feed
 * with its bytes swapped is U+0A00, which no language has.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "formats/wide_text.h"

#include "base/mem.h"

#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct reading {
    const char *encoding;
    size_t width;
    bool big_endian;
    bool refused, line_end, half_pair;
};

static uint32_t unit_at(const struct reading *r, const unsigned char *p)
{
    uint32_t unit = 0;
    for (size_t i = 0; i < r->width; i++)
        unit = unit << 8 | p[r->big_endian ? i : r->width - 1 - i];
    return unit;
}

/* False for what no text holds: control characters, half a pair, what is no character. */
static bool is_text(struct reading *r, uint32_t unit)
{
    bool high = unit >= 0xD800 && unit <= 0xDBFF, low = unit >= 0xDC00 && unit <= 0xDFFF;
    if (r->width == 4 ? high || low || unit > 0x10FFFF : low != r->half_pair)
        return false;
    r->half_pair = high;
    r->line_end = r->line_end || unit == '\n' || unit == '\r';
    return (unit >= 0x20 || unit == '\t' || unit == '\n' || unit == '\r') &&
           !(unit >= 0x7F && unit < 0xA0 && unit != 0x85) && (unit & 0xFFFE) != 0xFFFE;
}

static void judge(struct reading *r, const unsigned char *bytes, size_t len)
{
    r->refused = r->refused || len % r->width != 0;
    for (size_t i = 0; i < len && !r->refused; i += r->width)
        r->refused = !is_text(r, unit_at(r, bytes + i));
}

const char *wide_text_encoding(int fd)
{
    struct reading reading[] = {{"UTF-16LE", 2, false, false, false, false},
                                {"UTF-16BE", 2, true, false, false, false},
                                {"UTF-32LE", 4, false, false, false, false},
                                {"UTF-32BE", 4, true, false, false, false}};
    AUTO(mem_free) unsigned char *chunk = mem_new(CHUNK_BYTES, 1);
    off_t at = 0;
    ssize_t n;
    size_t left = COUNT(reading);
    // A regular file is read in full chunks, but for the last.
    while (left && (n = pread(fd, chunk, CHUNK_BYTES, at)) > 0) {
        left = 0;
        for (size_t i = 0; i < COUNT(reading); i++) {
            judge(&reading[i], chunk, (size_t)n);
            left += !reading[i].refused;
        }
        at += n;
    }
    const char *found = NULL;
    for (size_t i = 0; i < COUNT(reading); i++) {
        if (reading[i].refused || reading[i].half_pair || !reading[i].line_end)
            continue;
        if (found)
            return NULL;
        found = reading[i].encoding;
    }
    return found;
}
