/* SPDX-License-Identifier: Apache-2.0 */
#include "http/multipart.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "http/form.h"

enum state {
    PREAMBLE,  /* before the first boundary: thrown away */
    BODY,      /* in a part's data */
    BOUNDARY,  /* right behind a boundary: CR LF, or "--" */
    PADDING,   /* blanks behind a boundary */
    LINE_FEED, /* behind the CR that ends a boundary's line */
    CLOSING,   /* behind the first '-' of the closing "--" */
    HEADERS,
    EPILOGUE, /* behind the closing boundary: thrown away */
    FAILED
};
enum { BOUNDARY_BYTES_MAX = 70 }; /* RFC 2046 5.1.1 */

struct multipart {
    enum state state;
    // "\r\n--boundary".  Its CR stands nowhere else in it, so that when a match breaks off, what
    // matched is data and equals the delimiter's start: nothing needs to be kept aside.
    char delimiter[4 + BOUNDARY_BYTES_MAX];
    size_t delimiter_len, matched;
    size_t borrowed; /* of what matched: bytes that end the headers and are no data */
    size_t parts;
    bool part_open;
    struct multipart_events events;
    void *context;
    struct buf headers; /* of the part that begins */
    struct arena arena; /* of the part */
};

struct multipart *multipart_new(str boundary, const struct multipart_events *events, void *context)
{
    struct multipart *m = mem_new(1, sizeof *m);
    boundary = str_first(boundary, BOUNDARY_BYTES_MAX);
    memcpy(m->delimiter, "\r\n--", 4);
    if (boundary.len)
        memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
    m->delimiter_len = 4 + boundary.len;
    m->matched = 2; // the first boundary may stand at the very beginning
    m->headers.max = LIMIT_PART_HEADER_BYTES;
    m->events = *events;
    m->context = context;
    return m;
}

void multipart_free(struct multipart *m)
{
    if (!m)
        return;
    buf_done(&m->headers);
    arena_done(&m->arena);
    mem_free(m);
}

bool multipart_complete(const struct multipart *m)
{
    return m->state == EPILOGUE;
}

/* Takes a parameter's value off *rest: a token, or a quoted string in which a backslash escapes
 * quotes and backslashes only, since some clients send whole Windows paths as they are. */
static str take_value(struct arena *a, str *rest)
{
    if (!str_starts(*rest, STR("\""))) {
        str value = str_split(rest, ';');
        return str_trim(value);
    }
    char *to = ARENA_NEW(a, char, rest->len + 1);
    size_t len = 0, i = 1;
    for (; i < rest->len && rest->ptr[i] != '"'; i++) {
        bool escape = rest->ptr[i] == '\\' && i + 1 < rest->len &&
                      (rest->ptr[i + 1] == '"' || rest->ptr[i + 1] == '\\');
        i += escape;
        to[len++] = rest->ptr[i];
    }
    *rest = str_from(*rest, MIN(i + 1, rest->len));
    (void)str_split(rest, ';'); // blanks up to the next parameter
    return (str){to, len};
}

/* The parameter `name` of a header value such as `attachment; name="x"`; {0} when absent. */
static str parameter(struct arena *a, str value, str name)
{
    (void)str_split(&value, ';');
    while (!str_is_null(value)) {
        size_t equals = str_find(value, '='), semicolon = str_find(value, ';');
        if (semicolon < equals || equals == value.len) { // a flag without a value
            (void)str_split(&value, ';');
            continue;
        }
        str key = str_trim(str_first(value, equals));
        value = str_from(value, equals + 1);
        while (value.len && (value.ptr[0] == ' ' || value.ptr[0] == '\t'))
            value = str_from(value, 1);
        str text = take_value(a, &value);
        if (str_eq_nocase(key, name))
            return text;
    }
    return (str){0};
}

str multipart_boundary(struct arena *a, str content_type)
{
    str boundary = parameter(a, content_type, STR("boundary"));
    for (size_t i = 0; i < boundary.len; i++)
        if ((unsigned char)boundary.ptr[i] < ' ' || boundary.ptr[i] == 0x7f)
            return (str){0};
    if (boundary.len == 0 || boundary.len > BOUNDARY_BYTES_MAX)
        return (str){0};
    return boundary;
}

/* filename*=UTF-8''%D0%B0.csv (RFC 8187 3.2.1); {0} when it is absent or cannot be read. */
static str extended_file_name(struct arena *a, str disposition)
{
    str rest = parameter(a, disposition, STR("filename*")), name;
    str charset = str_split(&rest, '\'');
    (void)str_split(&rest, '\''); // the language
    if (str_is_null(rest) || !str_eq_nocase(charset, STR("UTF-8")) ||
        !form_decode(a, rest, false, &name) || !utf8_valid(name))
        return (str){0};
    return name;
}

/* A file's name is only ever shown: what is not UTF-8 in it becomes U+FFFD. */
static str shown_name(struct arena *a, str name)
{
    if (utf8_valid(name))
        return name;
    AUTO(buf_done) struct buf b = {0};
    while (name.len)
        utf8_add(&b, utf8_next(&name));
    return arena_str(a, buf_str(&b));
}

static bool read_disposition(struct arena *a, str value, struct multipart_part *part,
                             struct err *err)
{
    part->name = parameter(a, value, STR("name"));
    if (!utf8_valid(part->name) || utf8_has_control(part->name))
        return err_set(err, ERR_INVALID, "the name of a part is not readable UTF-8");
    part->file_name = extended_file_name(a, value);
    if (str_is_null(part->file_name))
        part->file_name = parameter(a, value, STR("filename"));
    if (!str_is_null(part->file_name))
        part->file_name = shown_name(a, part->file_name);
    return true;
}

static bool read_headers(struct multipart *m, struct multipart_part *part, struct err *err)
{
    str rest = arena_str(&m->arena, buf_str(&m->headers));
    while (rest.len) {
        str line = str_split(&rest, '\n');
        if (!str_ends(line, STR("\r")))
            return err_set(err, ERR_INVALID, "a part's header does not end in CR LF");
        line.len--;
        if (line.len == 0)
            break;
        size_t colon = str_find(line, ':');
        if (colon == 0 || colon == line.len || utf8_has_control(str_first(line, colon)))
            return err_set(err, ERR_INVALID, "a part's header has no name");
        str name = str_first(line, colon), value = str_trim(str_from(line, colon + 1));
        if (str_eq_nocase(name, STR("Content-Disposition"))) {
            if (!read_disposition(&m->arena, value, part, err))
                return false;
        } else if (str_eq_nocase(name, STR("Content-Type"))) {
            part->content_type = value;
        }
    }
    if (str_is_null(part->name))
        part->name = STR("");
    return true;
}

static bool part_begin(struct multipart *m, struct err *err)
{
    struct multipart_part part = {0};
    arena_reset(&m->arena);
    if (++m->parts > LIMIT_PARTS)
        return err_set(err, ERR_LIMIT, "over %d parts", LIMIT_PARTS);
    if (!read_headers(m, &part, err))
        return err_context(err, "part %zu: ", m->parts);
    buf_reset(&m->headers);
    m->part_open = true;
    m->state = BODY;
    m->matched = m->borrowed = 2; // a part without data may end with its headers' last CR LF
    return m->events.begin(m->context, &part);
}

static bool emit(struct multipart *m, str data)
{
    return m->state != BODY || data.len == 0 || m->events.data(m->context, data);
}

/* A whole delimiter was seen. */
static bool part_end(struct multipart *m)
{
    m->state = BOUNDARY;
    m->matched = m->borrowed = 0;
    if (!m->part_open)
        return true;
    m->part_open = false;
    return m->events.end(m->context);
}

/* Takes data up to a delimiter or the end of *bytes. */
static bool feed_data(struct multipart *m, str *bytes)
{
    while (bytes->len) {
        size_t i = 0;
        while (i < bytes->len && m->matched < m->delimiter_len &&
               bytes->ptr[i] == m->delimiter[m->matched]) {
            i++;
            m->matched++;
        }
        *bytes = str_from(*bytes, i);
        if (m->matched == m->delimiter_len)
            return part_end(m);
        if (bytes->len == 0)
            return true;
        str held = {m->delimiter + m->borrowed, m->matched - m->borrowed};
        m->matched = m->borrowed = 0;
        if (!emit(m, held))
            return false;
        size_t cr = str_find(*bytes, '\r');
        if (!emit(m, str_first(*bytes, cr)))
            return false;
        *bytes = str_from(*bytes, cr);
    }
    return true;
}

/* Takes the bytes between a delimiter and the headers or the end, one at a time. */
static bool feed_boundary(struct multipart *m, char c, struct err *err)
{
    if (m->state == BOUNDARY && c == '-')
        m->state = CLOSING;
    else if (m->state == CLOSING && c == '-')
        m->state = EPILOGUE;
    else if ((m->state == BOUNDARY || m->state == PADDING) && (c == ' ' || c == '\t'))
        m->state = PADDING;
    else if ((m->state == BOUNDARY || m->state == PADDING) && c == '\r')
        m->state = LINE_FEED;
    else if (m->state == LINE_FEED && c == '\n')
        m->state = HEADERS;
    else
        return err_set(err, ERR_INVALID, "something else stands behind a boundary");
    return true;
}

/* Takes a part's headers up to the empty line or the end of *bytes. */
static bool feed_headers(struct multipart *m, str *bytes, struct err *err)
{
    while (bytes->len) {
        size_t line = MIN(str_find(*bytes, '\n') + 1, bytes->len);
        buf_add(&m->headers, str_first(*bytes, line));
        *bytes = str_from(*bytes, line);
        if (buf_over(&m->headers))
            return err_set(err, ERR_LIMIT, "the headers of part %zu are over 16 KiB", m->parts + 1);
        str all = buf_str(&m->headers);
        if (str_eq(all, STR("\r\n")) || str_ends(all, STR("\r\n\r\n")))
            return part_begin(m, err);
    }
    return true;
}

static bool feed(struct multipart *m, str bytes, struct err *err)
{
    while (bytes.len && m->state != EPILOGUE) {
        if (m->state == PREAMBLE || m->state == BODY) {
            if (!feed_data(m, &bytes))
                return false;
        } else if (m->state == HEADERS) {
            if (!feed_headers(m, &bytes, err))
                return false;
        } else {
            if (!feed_boundary(m, bytes.ptr[0], err))
                return false;
            bytes = str_from(bytes, 1);
        }
    }
    return true;
}

bool multipart_feed(struct multipart *m, str bytes, struct err *err)
{
    if (m->state == FAILED)
        return err_set(err, ERR_INVALID, "the body was found malformed before");
    if (feed(m, bytes, err))
        return true;
    m->state = FAILED;
    return false;
}
