/* A file that clients may take in parts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "http/http_priv.h"
#include "http/range.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the part is wanted of this very file: If-Range is a tag, or a date, which we give none
 * of. */
static bool range_holds(const struct http_request *r, str etag)
{
    str condition = http_header(r, "If-Range");
    return str_is_null(condition) || str_eq(str_trim(condition), etag);
}

static void add_content_range(struct http_request *r, enum range_kind kind, uint64_t from,
                              uint64_t length, uint64_t bytes)
{
    char text[80];
    if (kind == RANGE_PART)
        (void)snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)from,
                       (unsigned long long)(from + length - 1), (unsigned long long)bytes);
    else
        (void)snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)bytes);
    http_add_header(r, "Content-Range", text);
}

void http_answer_download(struct http_request *r, const char *content_type, int fd,
                          const char *etag)
{
    struct stat st;
    uint64_t from = 0, length = 0;
    enum range_kind kind = RANGE_WHOLE;
    str none = http_header(r, "If-None-Match"), range = http_header(r, "Range");
    uint64_t bytes = fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    http_add_header(r, "ETag", etag);
    http_add_header(r, "Accept-Ranges", "bytes");
    if (!str_is_null(none) && range_names_tag(none, str_of(etag), true)) {
        (void)close(fd);
        http_answer(r, 304, NULL, STR(""));
        return;
    }
    // A Range says something with GET alone (14.2).
    if (!str_is_null(range) && r->pass.method == HTTP_GET && range_holds(r, str_of(etag)))
        kind = range_read(range, bytes, &from, &length);
    if (kind != RANGE_WHOLE)
        add_content_range(r, kind, from, length, bytes);
    if (kind == RANGE_TOO_FAR) {
        (void)close(fd);
        http_answer(r, 416, NULL, STR(""));
        return;
    }
    http_answer_file(r, kind == RANGE_PART ? 206 : 200, content_type, fd);
    if (kind == RANGE_PART) {
        r->file_from = from;
        r->file_bytes = length;
    }
}
