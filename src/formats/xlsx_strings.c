/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xlsx_strings.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <unistd.h>

/* Of texts and of their ends; beyond that they lie in files. */
#define TEXT_MEMORY_BYTES (16 * MIB)
#define END_MEMORY_BYTES  (4 * MIB)
#define MAX_TEXT_BYTES    ((uint64_t)UINT32_MAX) /* of all strings */

enum {
    PAGE_BYTES = 4096,
    PAGES = 256, /* of a file, in memory; a power of two */
    WRITE_BYTES = 64 * 1024,
};

struct page { /* bytes of the file from number * PAGE_BYTES on */
    uint64_t number;
    size_t len; /* 0: none */
    char bytes[PAGE_BYTES];
};
struct spool { /* bytes: the first in memory, those beyond a ceiling in a file */
    struct buf head;
    size_t head_max;
    FILE *file;
    uint64_t in_file;
    struct buf tail; /* behind the file's, not written yet */
    struct page *page;
};
struct xlsx_strings {
    struct xlsx_part *part; /* first: see xlsx_part_parse_all() */
    struct spool text, end; /* end: a uint32_t for the end of each string */
    uint64_t count, text_bytes;
    struct buf current, decoded;
    unsigned phonetic;
    bool in_item, in_text, failed;
};

static bool spool_flush(struct spool *s)
{
    struct err ignored;
    if (!s->file && !(s->file = tmpfile()))
        return false;
    if (!file_write_fd(fileno(s->file), buf_str(&s->tail), &ignored))
        return false;
    s->in_file += s->tail.len;
    buf_reset(&s->tail);
    return true;
}

static bool spool_add(struct spool *s, str bytes)
{
    size_t n = MIN(bytes.len, s->head_max - s->head.len);
    buf_add(&s->head, str_first(bytes, n));
    buf_add(&s->tail, str_from(bytes, n));
    return s->tail.len < WRITE_BYTES || spool_flush(s);
}

/* Cells mostly name their strings in order, and some strings again and again. */
static const struct page *spool_page(struct spool *s, uint64_t number)
{
    if (!s->page)
        s->page = mem_new(PAGES, sizeof *s->page);
    struct page *p = &s->page[number & (PAGES - 1)];
    if (!p->len || p->number != number) {
        ssize_t n = pread(fileno(s->file), p->bytes, PAGE_BYTES, (off_t)(number * PAGE_BYTES));
        p->number = number;
        p->len = n > 0 ? (size_t)n : 0;
    }
    return p;
}

/* The part of [at, at + len) that is found in the file. */
static bool spool_get_file(struct spool *s, uint64_t at, char *to, size_t len)
{
    while (len) {
        const struct page *p = spool_page(s, at / PAGE_BYTES);
        size_t skip = (size_t)(at % PAGE_BYTES);
        if (p->len <= skip)
            return false;
        size_t n = MIN(len, p->len - skip);
        memcpy(to, p->bytes + skip, n);
        at += n;
        to += n;
        len -= n;
    }
    return true;
}

static bool spool_get(struct spool *s, uint64_t at, char *to, size_t len)
{
    if (at + len <= s->head.len) {
        memcpy(to, s->head.ptr + at, len);
        return true;
    }
    size_t n = at < s->head.len ? (size_t)(s->head.len - at) : 0;
    if (n)
        memcpy(to, s->head.ptr + at, n);
    at += n;
    to += n;
    len -= n;
    uint64_t from = at - s->head.len;
    n = from < s->in_file ? (size_t)MIN((uint64_t)len, s->in_file - from) : 0;
    if (!spool_get_file(s, from, to, n))
        return false;
    if (len > n)
        memcpy(to + n, s->tail.ptr + (from + n - s->in_file), len - n);
    return true;
}

static void spool_done(struct spool *s)
{
    if (s->file)
        (void)fclose(s->file);
    mem_free(s->page);
    buf_done(&s->head);
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
    if (!text.len || (!memchr(text.ptr, '_', text.len) && !memchr(text.ptr, '\r', text.len))) {
        buf_add(out, text);
        return;
    }
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

static void end_item(struct xlsx_strings *s)
{
    buf_reset(&s->decoded);
    xlsx_text_decode(&s->decoded, buf_str(&s->current));
    s->text_bytes += s->decoded.len;
    if (s->text_bytes > MAX_TEXT_BYTES) {
        xlsx_part_fail(s->part, FILE_WORKBOOK_SIZE, "its texts", MAX_TEXT_BYTES);
        return;
    }
    uint32_t end = (uint32_t)s->text_bytes;
    s->count++;
    if (!spool_add(&s->text, buf_str(&s->decoded)) ||
        !spool_add(&s->end, (str){(const char *)&end, sizeof end}))
        xlsx_part_fail(s->part, FILE_WORKBOOK_SPACE, "", 0);
}

static void on_end(void *context, str name)
{
    struct xlsx_strings *s = context;
    if (str_eq(name, STR("t"))) {
        s->in_text = false;
    } else if (str_eq(name, STR("rPh"))) {
        s->phonetic--;
    } else if (str_eq(name, STR("si"))) {
        s->in_item = false;
        end_item(s);
    }
}

static void on_text(void *context, str text)
{
    struct xlsx_strings *s = context;
    if (!s->in_text)
        return;
    buf_add(&s->current, text);
    if (s->current.len > LIMIT_CELL_BYTES)
        xlsx_part_fail(s->part, FILE_CELL_TOO_LARGE, "", LIMIT_CELL_BYTES);
}

bool xlsx_strings_open(struct xlsx_package *p, str part_name, struct xlsx_strings **ret_strings,
                       struct file_problem *ret_problem, struct err *err)
{
    static const struct xlsx_events events = {on_start, on_end, on_text};
    AUTO(xlsx_strings_free) struct xlsx_strings *s = mem_new(1, sizeof *s);
    s->text.head_max = TEXT_MEMORY_BYTES;
    s->end.head_max = END_MEMORY_BYTES;
    if (!xlsx_part_parse_all(p, part_name, &events, s, ret_problem, err))
        return false;
    *ret_strings = TAKE(s);
    return true;
}

bool xlsx_strings_get(struct xlsx_strings *s, uint64_t i, struct buf *out)
{
    uint32_t ends[2] = {0};
    if (i >= s->count)
        return false;
    bool ok = i ? spool_get(&s->end, (i - 1) * sizeof ends[0], (char *)ends, sizeof ends)
                : spool_get(&s->end, 0, (char *)&ends[1], sizeof ends[1]);
    size_t len = ends[1] - ends[0];
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
    spool_done(&s->end);
    buf_done(&s->decoded);
    buf_done(&s->current);
    mem_free(s);
}
