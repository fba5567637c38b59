/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/text_source.h"

#include "base/buf.h"
#include "base/charset.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "formats/wide_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 * 1024 };

struct text_source {
    int fd;
    char *raw; /* CHUNK_BYTES: what was read and not yet taken stands at [start, end) */
    size_t start, end;
    uint64_t offset; /* of raw[start] in the file */
    bool eof, had_bom;
    struct charset *charset; /* NULL: UTF-8 */
    struct buf converted;
    size_t converted_done;
    const char *encoding;
};

/* In this order: UTF-32LE's mark begins with UTF-16LE's. */
static const struct {
    const char *mark;
    size_t len;
    const char *encoding;
} marks[] = {
    {"\xEF\xBB\xBF", 3, "UTF-8"},        {"\xFF\xFE\x00\x00", 4, "UTF-32LE"},
    {"\x00\x00\xFE\xFF", 4, "UTF-32BE"}, {"\xFF\xFE", 2, "UTF-16LE"},
    {"\xFE\xFF", 2, "UTF-16BE"},
};

static bool fill(struct text_source *s, struct file_problem *problem, struct err *err)
{
    if (s->start) {
        memmove(s->raw, s->raw + s->start, s->end - s->start);
        s->end -= s->start;
        s->start = 0;
    }
    while (!s->eof && s->end < CHUNK_BYTES) {
        ssize_t n = read(s->fd, s->raw + s->end, CHUNK_BYTES - s->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_problem_errno(problem, "cannot read the file", err);
        s->eof = n == 0;
        s->end += (size_t)n;
    }
    return true;
}

static str pending(const struct text_source *s)
{
    return (str){s->raw + s->start, s->end - s->start};
}

static void take(struct text_source *s, size_t bytes)
{
    s->start += bytes;
    s->offset += bytes;
}

/* The length of the encoding's mark that bytes begin with; 0 when there is none. */
static size_t mark_bytes(str bytes, const char *encoding)
{
    for (size_t i = 0; i < COUNT(marks); i++)
        if (strcmp(marks[i].encoding, encoding) == 0 &&
            str_starts(bytes, (str){marks[i].mark, marks[i].len}))
            return marks[i].len;
    return 0;
}

static size_t unit_bytes(const struct text_source *s)
{
    str name = str_of(s->encoding);
    return str_starts(name, STR("UTF-16")) ? 2 : str_starts(name, STR("UTF-32")) ? 4 : 1;
}

/* Where a byte stands for a person: its line and column, counted anew from the file's start.  A
 * mark is no letter. */
static void locate(const struct text_source *s, uint64_t offset, uint64_t *line, uint64_t *column)
{
    char chunk[16 * 1024];
    uint64_t at = 0, bytes = 0; // of this line; in UTF-8 those that begin a letter
    size_t width = unit_bytes(s);
    bool after_cr = false;
    *line = 1;
    while (at < offset) {
        ssize_t n =
            pread(s->fd, chunk, (size_t)MIN((uint64_t)sizeof chunk, offset - at), (off_t)at);
        if (n <= 0)
            break;
        size_t i = at == 0 ? mark_bytes((str){chunk, (size_t)n}, s->encoding) : 0;
        for (; i < (size_t)n; i++) {
            char c = chunk[i];
            if (c == '\r' || (c == '\n' && !after_cr)) {
                ++*line;
                bytes = 0;
            } else if (c == '\n') { // its CR ended the line
                bytes = 0;
            } else if (s->charset || ((unsigned char)c & 0xC0) != 0x80) {
                bytes++;
            }
            if (c || width == 1) // the other bytes of a CR stand between it and its LF
                after_cr = c == '\r';
        }
        at += (uint64_t)n;
    }
    *column = bytes / width + 1;
}

static bool bad_byte(struct text_source *s, enum file_problem_code code, uint64_t offset,
                     struct file_problem *problem)
{
    unsigned char byte = 0;
    problem->offset = offset;
    if (pread(s->fd, &byte, 1, (off_t)offset) == 1)
        problem->byte = byte;
    locate(s, offset, &problem->line, &problem->column);
    return file_problem_set(
        problem, code, code == FILE_ENCODING_MISMATCH ? str_of(s->encoding) : (str){0}, (str){0});
}

/* The encodings in which a sample around the bad byte reads as Russian or Western text, most likely
 * first. */
static void name_candidates(struct text_source *s, uint64_t offset, struct file_problem *problem)
{
    static const char *const candidates[] = {"windows-1251", "KOI8-R", "IBM866", "windows-1252"};
    char sample[2048];
    AUTO(buf_done) struct buf list = {0};
    ssize_t n = pread(s->fd, sample, sizeof sample, (off_t)(offset > 256 ? offset - 256 : 0));
    for (size_t i = 0; i < COUNT(candidates) && n > 0; i++) {
        AUTO(charset_free) struct charset *c = NULL;
        AUTO(buf_done) struct buf out = {0};
        struct err err;
        str bytes = {sample, (size_t)n};
        if (!charset_open(candidates[i], &c, &err) || !charset_convert(c, &bytes, true, &out))
            continue;
        str text = buf_str(&out);
        bool control = false;
        while (text.len && !control) {
            uint32_t ch = utf8_next(&text);
            control =
                (ch < 0x20 && ch != '\t' && ch != '\r' && ch != '\n') || (ch >= 0x7F && ch < 0xA0);
        }
        if (control)
            continue;
        if (list.len)
            buf_add(&list, STR(", "));
        buf_add(&list, str_of(candidates[i]));
    }
    if (list.len)
        (void)file_problem_set(problem, problem->code, (str){0}, buf_str(&list));
}

static bool rewind_text(struct text_source *s, struct file_problem *problem, struct err *err)
{
    if (lseek(s->fd, 0, SEEK_SET) != 0)
        return file_problem_set(problem, FILE_UNREADABLE, (str){0}, STR("it cannot be read twice"));
    s->start = s->end = 0;
    s->offset = 0;
    s->eof = false;
    return fill(s, problem, err);
}

/* A pass over the whole file: is it UTF-8 without NUL bytes? */
static bool check_utf8(struct text_source *s, struct file_problem *problem, struct err *err)
{
    for (;;) {
        if (!fill(s, problem, err))
            return false;
        str bytes = pending(s);
        size_t valid = utf8_valid_prefix(bytes);
        const char *nul = valid ? memchr(bytes.ptr, 0, valid) : NULL;
        if (nul)
            return bad_byte(s, FILE_BINARY, s->offset + (uint64_t)(nul - bytes.ptr), problem);
        // Fewer than four bytes at the chunk's end may be a character cut in two.
        if (valid < bytes.len && (s->eof || bytes.len - valid >= 4)) {
            (void)bad_byte(s, FILE_ENCODING, s->offset + valid, problem);
            name_candidates(s, s->offset + valid, problem);
            return false;
        }
        take(s, valid);
        if (s->eof)
            break;
    }
    return rewind_text(s, problem, err);
}

/* Where in bytes the first NUL character stands. */
static size_t zero_unit(const struct text_source *s, str bytes)
{
    static const char zeros[4];
    size_t width = unit_bytes(s), i = 0;
    while (i + width < bytes.len && memcmp(bytes.ptr + i, zeros, width) != 0)
        i += width;
    return i;
}

static bool convert_more(struct text_source *s, struct file_problem *problem, struct err *err)
{
    buf_reset(&s->converted);
    s->converted_done = 0;
    if (!fill(s, problem, err))
        return false;
    str bytes = pending(s), rest = bytes;
    bool ok = charset_convert(s->charset, &rest, s->eof, &s->converted);
    if (!ok)
        return bad_byte(s, FILE_ENCODING_MISMATCH, s->offset + (bytes.len - rest.len), problem);
    str text = buf_str(&s->converted);
    if (text.len && memchr(text.ptr, 0, text.len))
        return bad_byte(s, FILE_BINARY, s->offset + zero_unit(s, bytes), problem);
    take(s, bytes.len - rest.len);
    return true;
}

/* Which bytes cannot be: what the encoding has no letter for, and NUL.  ICU reads the gaps of
 * Windows' pages as control characters U+0080 to U+009F, which these pages do not have. */
static void find_bad_bytes(const struct text_source *s, bool bad[256])
{
    bool windows = str_starts(str_of(s->encoding), STR("windows-"));
    for (int i = 0; i < 256; i++) {
        AUTO(buf_done) struct buf letter = {0};
        char byte = (char)i;
        str bytes = {&byte, 1};
        bad[i] = !i || !charset_convert(s->charset, &bytes, true, &letter);
        str text = buf_str(&letter);
        if (windows && text.len == 2 && text.ptr[0] == '\xC2' && (unsigned char)text.ptr[1] < 0xA0)
            bad[i] = true;
    }
}

static bool check_bytes(struct text_source *s, struct file_problem *problem, struct err *err)
{
    bool bad[256];
    find_bad_bytes(s, bad);
    do {
        if (!fill(s, problem, err))
            return false;
        str bytes = pending(s);
        for (size_t i = 0; i < bytes.len; i++)
            if (bad[(unsigned char)bytes.ptr[i]])
                return bad_byte(s, bytes.ptr[i] ? FILE_ENCODING_MISMATCH : FILE_BINARY,
                                s->offset + i, problem);
        take(s, bytes.len);
    } while (!s->eof);
    return true;
}

/* A pass over the whole file, as for UTF-8: is it text of the encoding? */
static bool check_converted(struct text_source *s, const char *encoding,
                            struct file_problem *problem, struct err *err)
{
    bool ok = true;
    if (charset_is_single_byte(s->charset))
        ok = check_bytes(s, problem, err);
    else
        do
            ok = convert_more(s, problem, err);
        while (ok && !(s->eof && s->start == s->end));
    buf_reset(&s->converted);
    charset_free(TAKE(s->charset)); // it may remember a mark, or half a letter
    return ok && charset_open(encoding, &s->charset, err) && rewind_text(s, problem, err);
}

/* Bytes of zero in what has no mark: it may still be text, of two or four bytes a letter. */
static bool choose_wide(struct text_source *s, struct file_problem *problem, struct err *err)
{
    const char *encoding = wide_text_encoding(s->fd);
    if (!encoding || !charset_open(encoding, &s->charset, err))
        return false;
    s->encoding = charset_name(s->charset);
    *problem = (struct file_problem){0};
    return rewind_text(s, problem, err);
}

static bool choose_encoding(struct text_source *s, const char *stated, struct file_problem *problem,
                            struct err *err)
{
    str bytes = pending(s);
    size_t mark = 0;
    while (mark < COUNT(marks) && !str_starts(bytes, (str){marks[mark].mark, marks[mark].len}))
        mark++;
    const char *encoding = stated ? stated : mark < COUNT(marks) ? marks[mark].encoding : "UTF-8";
    if (!charset_open(encoding, &s->charset, err))
        return file_problem_set(problem, FILE_ENCODING_UNKNOWN, str_of(encoding), (str){0});
    s->encoding = charset_name(s->charset);
    bool utf8 = strcmp(s->encoding, "UTF-8") == 0;
    if (utf8) {
        charset_free(TAKE(s->charset));
        if (!check_utf8(s, problem, err)) {
            if (!stated && problem->code == FILE_BINARY && choose_wide(s, problem, err))
                return true;
            if (stated && problem->code == FILE_ENCODING)
                (void)file_problem_set(problem, FILE_ENCODING_MISMATCH, STR("UTF-8"), (str){0});
            return false;
        }
    } else if (!check_converted(s, encoding, problem, err)) {
        return false;
    }
    // The mark of the encoding that is used is no text; ICU's plain "UTF-16" and "UTF-32" eat
    // theirs themselves.
    size_t len = mark_bytes(pending(s), s->encoding);
    s->had_bom = len > 0;
    take(s, len);
    return true;
}

bool text_source_open(const char *path, const char *encoding, struct text_source **ret_source,
                      struct file_problem *ret_problem, struct err *err)
{
    AUTO(text_source_free) struct text_source *s = mem_new(1, sizeof *s);
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0)
        return file_problem_errno(ret_problem, "cannot open the file", err);
    s->raw = mem_new(CHUNK_BYTES, 1);
    if (!fill(s, ret_problem, err) || !choose_encoding(s, encoding, ret_problem, err))
        return false;
    *ret_source = TAKE(s);
    return true;
}

int64_t text_source_read(struct text_source *s, char *to, size_t room,
                         struct file_problem *ret_problem, struct err *err)
{
    if (!s->charset) {
        if (s->start == s->end && !fill(s, ret_problem, err))
            return -1;
        size_t n = MIN(room, s->end - s->start);
        memcpy(to, s->raw + s->start, n);
        take(s, n);
        return (int64_t)n;
    }
    while (s->converted_done == s->converted.len) {
        if (s->eof && s->start == s->end)
            return 0;
        if (!convert_more(s, ret_problem, err))
            return -1;
        if (s->eof && s->converted.len == 0)
            return 0;
    }
    size_t n = MIN(room, s->converted.len - s->converted_done);
    memcpy(to, s->converted.ptr + s->converted_done, n);
    s->converted_done += n;
    return (int64_t)n;
}

uint64_t text_source_bytes_done(const struct text_source *s)
{
    return s->offset;
}

const char *text_source_encoding(const struct text_source *s)
{
    return s->encoding;
}

bool text_source_had_bom(const struct text_source *s)
{
    return s->had_bom;
}

void text_source_free(struct text_source *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        (void)close(s->fd);
    charset_free(s->charset);
    buf_done(&s->converted);
    mem_free(s->raw);
    mem_free(s);
}
