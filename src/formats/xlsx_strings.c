/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_strings.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <unistd.h>

#define MEMORY_BYTES (3 * MIB) /* of text and of offsets, each */

struct spool { /* bytes: the first in a file once there are many, the rest in memory */
    FILE *file;
    uint64_t in_file;
    struct buf tail;
    char window[4096]; /* of the file: [window_at, window_at + window_len) */
    uint64_t window_at;
    size_t window_len;
};
struct xlsx_strings {
    struct xlsx_part *part;    /* first: see xlsx_part_parse_all() */
    struct spool text, offset; /* offset: a uint64_t for the end of each string */
    uint64_t count;
    struct buf current;
    unsigned phonetic;
    bool in_item, in_text, failed;
};

static bool spool_add(struct spool *s, str bytes)
{
    buf_add(&s->tail, bytes);
    if (s->tail.len < MEMORY_BYTES)
        return true;
    if (!s->file && !(s->file = tmpfile()))
        return false;
    if (fwrite(s->tail.ptr, 1, s->tail.len, s->file) != s->tail.len || fflush(s->file) != 0)
        return false;
    s->in_file += s->tail.len;
    buf_reset(&s->tail);
    return true;
}

/* Reads from the file, through a window: cells mostly name their strings in order. */
static bool window_get(struct spool *s, uint64_t at, char *to, size_t len)
{
    if (len > sizeof s->window)
        return pread(fileno(s->file), to, len, (off_t)at) == (ssize_t)len;
    if (at < s->window_at || at + len > s->window_at + s->window_len) {
        size_t want = (size_t)MIN((uint64_t)sizeof s->window, s->in_file - at);
        ssize_t n = pread(fileno(s->file), s->window, want, (off_t)at);
        s->window_at = at;
        s->window_len = n > 0 ? (size_t)n : 0;
        if (s->window_len < len)
            return false;
    }
    memcpy(to, s->window + (at - s->window_at), len);
    return true;
}

static bool spool_get(struct spool *s, uint64_t at, char *to, size_t len)
{
    if (at < s->in_file) {
        size_t n = (size_t)MIN((uint64_t)len, s->in_file - at);
        if (!window_get(s, at, to, n))
            return false;
        at += n;
        to += n;
        len -= n;
    }
    if (len)
        memcpy(to, s->tail.ptr + (at - s->in_file), len);
    return true;
}

static void spool_done(struct spool *s)
{
    if (s->file)
        (void)fclose(s->file);
    buf_done(&s->tail);
}

static int escape_at(str s)
{
    return s.len >= 7 && s.ptr[0] == '_' && s.ptr[1] == 'x' && s.ptr[6] == '_'
               ? str_hex4(str_from(s, 2))
               : -1;
}

void xlsx_text_decode(struct buf *out, str text)
{
    size_t from = out->len; // what stands before it is another cell's
    while (text.len) {
        int code = escape_at(text);
        if (code >= 0xD800 && code <= 0xDBFF) {
            int low = escape_at(str_from(text, 7));
            if (low >= 0xDC00 && low <= 0xDFFF) {
                utf8_add(out,
                         0x10000u + ((uint32_t)(code - 0xD800) << 10) + (uint32_t)(low - 0xDC00));
                text = str_from(text, 14);
                continue;
            }
        }
        if (code > 0) { // half of a pair alone is no character
            utf8_add(out, code < 0xD800 || code > 0xDFFF ? (uint32_t)code : 0xFFFD);
            text = str_from(text, 7);
            continue; // _x000D__x000A_ are two characters that somebody meant
        }
        buf_add_char(out, text.ptr[0]);
        text = str_from(text, 1);
        if (out->len - from >= 2 && out->ptr[out->len - 1] == '\n' &&
            out->ptr[out->len - 2] == '\r') {
            out->ptr[out->len - 2] = '\n';
            out->len--;
        }
    }
}

void xlsx_text_encode(struct buf *out, str text)
{
    bool after_return = false; // of CR LF programs make LF
    while (text.len) {
        str rest = text;
        uint32_t c = utf8_next(&rest);
        if (escape_at(text) >= 0)
            buf_add(out, STR("_x005F_"));
        else if (c == 0xFFFE || c == 0xFFFF || (c == '\n' && after_return))
            buf_format(out, "_x%04X_", (unsigned)c);
        else
            buf_add(out, str_first(text, text.len - rest.len));
        after_return = c == '\r';
        text = rest;
    }
}

static void on_start(void *context, str name, const char **attributes)
{
    struct xlsx_strings *s = context;
    (void)attributes;
    if (str_eq(name, STR("si"))) {
        s->in_item = true;
        buf_reset(&s->current);
    } else if (str_eq(name, STR("rPh"))) {
        s->phonetic++;
    } else if (str_eq(name, STR("t"))) {
        s->in_text = s->in_item && !s->phonetic;
    }
}

static void on_end(void *context, str name)
{
    struct xlsx_strings *s = context;
    if (str_eq(name, STR("t"))) {
        s->in_text = false;
    } else if (str_eq(name, STR("rPh"))) {
        s->phonetic--;
    } else if (str_eq(name, STR("si"))) {
        AUTO(buf_done) struct buf text = {0};
        xlsx_text_decode(&text, buf_str(&s->current));
        s->in_item = false;
        s->count++;
        bool ok = spool_add(&s->text, buf_str(&text));
        uint64_t end = s->text.in_file + s->text.tail.len;
        if (!ok || !spool_add(&s->offset, (str){(const char *)&end, sizeof end}))
            xlsx_part_fail(s->part, FILE_WORKBOOK_LIMIT,
                           "no room for its strings in the folder for temporary files", 0);
    }
}

static void on_text(void *context, str text)
{
    struct xlsx_strings *s = context;
    if (!s->in_text)
        return;
    buf_add(&s->current, text);
    if (s->current.len > LIMIT_ROW_BYTES)
        xlsx_part_fail(s->part, FILE_WORKBOOK_LIMIT, "one string", LIMIT_ROW_BYTES);
}

bool xlsx_strings_open(struct xlsx_package *p, str part_name, struct xlsx_strings **ret_strings,
                       struct file_problem *ret_problem, struct err *err)
{
    static const struct xlsx_events events = {on_start, on_end, on_text};
    AUTO(xlsx_strings_free) struct xlsx_strings *s = mem_new(1, sizeof *s);
    if (!xlsx_part_parse_all(p, part_name, &events, s, ret_problem, err))
        return false;
    *ret_strings = TAKE(s);
    return true;
}

bool xlsx_strings_get(struct xlsx_strings *s, uint64_t i, struct buf *out)
{
    uint64_t ends[2] = {0};
    if (i >= s->count)
        return false;
    bool ok = i ? spool_get(&s->offset, (i - 1) * sizeof ends[0], (char *)ends, sizeof ends)
                : spool_get(&s->offset, 0, (char *)&ends[1], sizeof ends[1]);
    size_t len = (size_t)(ends[1] - ends[0]);
    if (ok && !len) // out may have no memory yet
        return true;
    if (!ok || !buf_reserve(out, len) || !spool_get(&s->text, ends[0], out->ptr + out->len, len))
        return false;
    out->len += len;
    return true;
}

void xlsx_strings_free(struct xlsx_strings *s)
{
    if (!s)
        return;
    spool_done(&s->text);
    spool_done(&s->offset);
    buf_done(&s->current);
    mem_free(s);
}
